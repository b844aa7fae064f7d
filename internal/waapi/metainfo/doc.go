// Package metainfo owns the vendor's calls about templates, numbers and
// profiles: their fields, their checks and what they answer. The paths and
// fields are those that the vendor's own client sends; what it answers is not
// public, and docs/template-api.md is the description of what we do.
//
// It never reads a request or writes an answer itself, and keeps nothing: what
// Meta is asked is handed on.
//
// It stands between the face, which knows paths and who calls, and the library
// of templates and Meta.
//
// What Meta refuses is a failure with Meta's words; without an answer of Meta's
// the client may come again. See [Failure].
package metainfo
