// Package waapi owns the face that today's clients of the WaAPI v2 speak to:
// paths, tokens, lenient decoding, limits, the vendor's error codes, and the
// body of the webhooks. It is the only package that knows the vendor's JSON.
//
// It never sends anything, never calls Meta and keeps nothing itself: a message
// is accepted when store.Intake has it, and the 200 with its id is written
// after that. It decides nothing about a message but whether it may come in.
// Tokens, secrets, numbers and texts are neither logged nor echoed in errors.
//
// It stands at the way in: clients before it, store and media behind it.
// [Webhooks] stands at the way out, called by whoever posts to customers.
//
// A [Server] must be mounted so that nothing cleans or redirects paths before
// it, because clients turn a redirected POST into a GET: http.ServeMux answers
// /api/v2//message/ with a redirect, even for a pattern that covers it.
//
// To grow: a message type is one row in contents and one file with its decode
// function; an inbound kind is one row in inboundKinds; an error is one row in
// rows; a route is one row in routes. Nothing else has to change.
package waapi
