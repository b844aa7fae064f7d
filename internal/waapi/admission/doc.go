// Package admission owns the question whether a message may come in, as far as
// only the store can answer it: which source it is from, whether its media are
// here, what its template looks like, whether the window is open and the person
// has agreed.
//
// It never keeps anything, and never waits for Meta: of a template that is not
// known here Meta decides.
//
// It stands between send, which has read the message, and store.Intake, which
// accepts it. The outbox asks again for window and consent before it sends.
//
// A message that may not come in is a failure with the place of the message in
// front; an error of the store is returned as it is.
package admission
