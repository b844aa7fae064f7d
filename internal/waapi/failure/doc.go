// Package failure owns the vendor's error codes and texts: from a broken rule to
// the code and text that the vendor has for it, from an error to what the client
// is told, and the remark of a message that failed.
//
// It never decides that something is wrong, and never writes an answer. Nothing
// of an error that is not meant for the client gets into a text: those all read
// the same.
//
// It stands between everybody in waapi who refuses something and the one place
// that answers. The page docs/errors.md is made from its tables.
//
// A rule without a row is our fault, and answered as such. To grow: an error is
// one row in rows.
package failure
