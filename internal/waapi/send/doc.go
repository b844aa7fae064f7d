// Package send owns the reading of a send: from the JSON of a request, in the
// vendor's shape or in Meta's, to [wa.Message]s.
//
// It never looks into the store and never sends: what a source, a stored media
// or a template adds is filled in by the face, which is told by [Request.Where]
// how to name the place if that fails.
//
// It stands between lenient, which knows no field, and the face, which knows
// none of these. Limits and rules of a message are the nouns'.
//
// A body that does not hold is an error for failure.Of, with the place in front
// where there are several messages or attachments.
//
// To grow: a message type is one row in contents and one file with its decode
// function.
package send
