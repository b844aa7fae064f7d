// Package phone is the people's side of the pretend Meta: virtual phones, what they show, and what tapping on it answers.
//
// It owns the phones with their settings, the messages of both directions as a person sees them – with reactions, edits and
// revocations applied – and what a person decided: whom the phone blocks, whose marketing it stopped. It never posts a callback,
// never looks at the clock and decides no status: the simulator asks it and acts.
//
// It stands beside the packages message and template, which say what a message shows. Its Book is not safe for concurrent use;
// the simulator's lock guards it.
package phone
