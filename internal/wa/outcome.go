package wa

import (
	"fmt"
	"time"
)

// OutcomeKind says what became of an attempt to send, and so what to do next.
type OutcomeKind string

// The outcomes of an attempt.
const (
	// OutcomeSent: Meta took it; WAMID is set, unless the answer was cut.
	OutcomeSent OutcomeKind = "sent"
	// OutcomeRejected: Meta refused it for good.
	OutcomeRejected OutcomeKind = "rejected"
	// OutcomeLater: it surely was not taken; try again after After.
	OutcomeLater OutcomeKind = "later"
	// OutcomeExpired: it was not sent within Message.TTL, and never will
	// be.
	OutcomeExpired OutcomeKind = "expired"
	// OutcomeUnknown: it may have been taken. Never send it again on a timer.
	OutcomeUnknown OutcomeKind = "unknown"
	// OutcomeMisconfigured: surely not taken, and nothing of this number will
	// be until a person mends something, such as an expired token.
	OutcomeMisconfigured OutcomeKind = "misconfigured"
)

// Scope is what an answer holds for, beyond the message that got it. Nothing in it
// is sent before Outcome.After is over.
type Scope string

// The scopes.
const (
	ScopeMessage Scope = ""
	// ScopePair: every message of the number to this person.
	ScopePair Scope = "pair"
	// ScopeNumber: every message of the number.
	ScopeNumber Scope = "number"
	// ScopeAccount: every message of the WhatsApp Business Account.
	ScopeAccount Scope = "account"
)

// Outcome is what became of one attempt to send a message.
type Outcome struct {
	Kind OutcomeKind
	// WAMID is Meta's id of the message.
	WAMID string
	// After is how long to wait before the next attempt (later, misconfigured).
	After time.Duration
	// Failure is why, for every kind but sent.
	Failure Failure
	// MediaGone: Meta does not know the media id any more, so the media has to
	// be uploaded again.
	MediaGone bool
	// Tries, unless it is 0, is how many such answers a message may get (later):
	// the last of them counts as a refusal. The number of attempts does not tell,
	// because one that was only asked to be slower has many.
	Tries int
	// Scope is what else the answer holds for (later, misconfigured).
	Scope Scope
	// Slowed: refused only because it came too fast, so it is not counted as an
	// attempt (later).
	Slowed bool
	// Unlisted: Meta's code is not in our table, so somebody should look.
	Unlisted bool
	// Soon: an answer that Meta's own failure explains, so that a status is
	// expected soon or never (unknown).
	Soon bool
	// Held is Meta's word for what it took and has not sent yet, such as
	// held_for_quality_assessment or paused; "" if it goes out (sent).
	Held string
	// Contact is what the answer says of whom the message went to (sent).
	Contact PersonIDs
	// Trace is Meta's fbtrace_id, for a question to Meta's support.
	Trace string
}

// OutcomeError is the error of a call to Meta other than a send, with what it
// means for the message that needed it: rejected, later or misconfigured.
type OutcomeError struct {
	Outcome Outcome
	// Err is what is broken on our side and will not mend by itself; nil if
	// nothing is.
	Err error
}

// Error implements the error interface.
func (e *OutcomeError) Error() string {
	f := e.Outcome.Failure
	return fmt.Sprintf("%s: %d %s", e.Outcome.Kind, f.Code, f.Title)
}

// Unwrap returns what is broken on our side.
func (e *OutcomeError) Unwrap() error { return e.Err }

// Failure says why a message failed.
type Failure struct {
	// Code is Meta's error code; 0 if the failure is ours.
	Code int `json:"code,omitempty"`
	// VendorCode is the WaAPI's code for it, such as "8003".
	VendorCode string `json:"vendor_code,omitempty"`
	Title      string `json:"title,omitempty"`
	Details    string `json:"details,omitempty"`
}

// Dispatch is one attempt as it goes to Meta.
type Dispatch struct {
	Message Message
	// Tag goes into biz_opaque_callback_data; see [Tagger].
	Tag string
	// MetaMedia has Meta's id for each media of ours that the message carries.
	MetaMedia map[MediaID]string
	// MetaLinks has Meta's id for each link that the message carries and that we
	// have fetched; a link without one is passed on.
	MetaLinks map[string]string
	// OnWire, if it is set, is called before the first byte of the attempt may
	// leave the process, perhaps more than once. What it returns from has
	// happened before that byte.
	OnWire func()
}
