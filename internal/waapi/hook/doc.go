// Package hook owns the body of the webhooks: what customers are told of a
// status and of an inbound message, in the vendor's JSON and, where the vendor
// sends nothing, in its style.
//
// It never posts anything, keeps nothing and drops nothing: a kind of message
// that it does not know is told by its bare envelope.
//
// It stands at the way out, called by whoever posts to customers.
//
// An event that cannot be told is an error, never half a body.
//
// To grow: an inbound kind is one row in inboundKinds.
package hook
