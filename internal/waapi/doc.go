// Package waapi owns the face that today's clients of the WaAPI v2 speak to:
// paths, tokens, limits of a request, one file per resource, and what is
// answered. With the packages below it, it is the only one that knows the
// vendor's JSON: lenient reads it, send knows the messages, metainfo the calls
// about templates and numbers, hook the webhooks, failure the error codes.
// Whether a message may come in, admission says.
//
// It never sends a message and keeps nothing itself: one is accepted when
// store.Intake has it, and the 200 with its id is written after that. Meta is
// asked, through Templates and Meta, only by the calls about templates, numbers
// and samples. Tokens, secrets, numbers and texts are neither logged nor echoed
// in errors.
//
// It stands at the way in: clients before it, store and media behind it. The
// packages below it do not know each other's subjects, and none knows HTTP.
//
// Handlers return errors; what a client is told of one is said by failure.Of,
// in one place, writeFailure. Of an error that is not a refusal the client
// learns nothing but whether to come again.
//
// A [Server] must be mounted so that nothing cleans or redirects paths before
// it, because clients turn a redirected POST into a GET: http.ServeMux answers
// /api/v2//message/ with a redirect, even for a pattern that covers it.
//
// To grow: a route is one row in routes.
package waapi
