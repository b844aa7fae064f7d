// Package api owns Waypost's own API under /v1: what the vendor's face never had. It
// is described by OpenAPI 3.1, generated from the code and served at
// /v1/openapi.json.
//
// It never decides what is right: it reads requests, asks the packages that know
// (number, the store), and writes answers and errors in one form.
//
// It stands beside waapi, between clients and the store. Each resource has a file
// with its routes as a table; view.go says what its things look like, also for the
// command line.
package api
