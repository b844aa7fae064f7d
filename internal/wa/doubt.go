package wa

import "time"

// Doubt is an uncertain message, with what is known of why it is so.
type Doubt struct {
	Message Message
	// Attempt is the last one, whose answer did not come or did not tell.
	Attempt Attempt
	// Unanswered counts the attempts of the message that ended like that.
	Unanswered int
	// LookAt is when it is to be looked at again.
	LookAt time.Time
}

// Stream is how surely Meta's statuses of a number reach us.
type Stream struct {
	// ProvenAt is as in [NumberState].
	ProvenAt time.Time
	// IntakeSince is since when callbacks are taken in without a gap; zero if none
	// are.
	IntakeSince time.Time
	// Unapplied is when the oldest callback came that is kept and not applied yet;
	// zero if there is none.
	Unapplied time.Time
}

// Wait says what still keeps a policy from acting on a doubt.
type Wait string

// What there is to wait for.
const (
	// WaitNothing: the time is over.
	WaitNothing Wait = ""
	// WaitIntake: callbacks are not taken in at all.
	WaitIntake Wait = "intake"
	// WaitDeadline: a status may still come in its time.
	WaitDeadline Wait = "deadline"
	// WaitStream: no status has come yet of anything that the number sent later,
	// so that the statuses may be held up on their way.
	WaitStream Wait = "stream"
	// WaitCallbacks: a callback that came in time is not applied yet.
	WaitCallbacks Wait = "callbacks"
)

const (
	// shortPatience is the part of the patience that is enough once an answer has
	// come: if Meta took the message, its status is already on its way.
	shortPatience = 4
	// maxCatchUp is the longest that is waited for callbacks behind a gap.
	maxCatchUp = time.Hour
	// MaxUnanswered is how many attempts without an answer a message may have.
	// After the last of them a policy no longer sends it again: each may have been
	// a copy.
	MaxUnanswered = 3
)

// from is the moment after which everything that happens can be seen.
func (d Doubt) from(s Stream) time.Time { return later(d.Message.DispatchedAt, s.IntakeSince) }

// Deadline returns until when a status is waited for: for as long as patience
// since the attempt was begun, or since callbacks are taken in without a gap, if
// that is later. A quarter of it is enough after a failure that Meta explained
// itself (Attempt.Soon), and is left in any case after the attempt has ended,
// which may have taken long. Behind a gap it is as long as the status may have
// been kept from us, up to maxCatchUp: Meta repeats a callback that was refused
// after waits that grow like that.
func (d Doubt) Deadline(s Stream, patience time.Duration) time.Time {
	short := later(d.Attempt.EndedAt, d.from(s)).Add(patience / shortPatience)
	if gap := s.IntakeSince.Sub(d.Message.DispatchedAt); gap > 0 {
		short = later(short, s.IntakeSince.Add(min(gap, maxCatchUp)))
	}
	if d.Attempt.Soon {
		return short
	}
	return later(d.from(s).Add(patience), short)
}

// Wait returns what is waited for before a policy may act.
func (d Doubt) Wait(s Stream, patience time.Duration, now time.Time) Wait {
	deadline := d.Deadline(s, patience)
	switch {
	case s.IntakeSince.IsZero():
		return WaitIntake
	case now.Before(deadline):
		return WaitDeadline
	case !s.ProvenAt.After(d.from(s)), s.ProvenAt.After(now): // one that lies ahead is of a clock that was wrong
		return WaitStream
	case !s.Unapplied.IsZero() && !s.Unapplied.After(deadline):
		return WaitCallbacks
	}
	return WaitNothing
}

// Allowed returns what may be done under a policy: a message whose time is over,
// or that was sent often enough, is not sent again.
func (d Doubt) Allowed(p Policy, now time.Time) Policy {
	if p == PolicyResend && (d.Unanswered >= MaxUnanswered || d.Message.Expired(now)) {
		return PolicyHold
	}
	return p
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// Decider is who decided what became of a message, if it was not a status of Meta's.
type Decider string

// Who decides.
const (
	// DeciderGateway: the message ended before Meta had taken it.
	DeciderGateway Decider = "gateway"
	// DeciderPolicy is the source's policy.
	DeciderPolicy Decider = "policy"
	// DeciderHistory is Meta's list of messages.
	DeciderHistory Decider = "history"
	// DeciderOperator is a person.
	DeciderOperator Decider = "operator"
)

// Resolution is what becomes of an uncertain message.
type Resolution struct {
	// As is sent, failed, or accepted: it is sent again.
	As Status
	By Decider
	// Attempt is the one that was looked at; 0 for whichever was the last.
	Attempt int
	// Deadline is until when callbacks came that all have to be applied before it
	// counts; zero if it does not depend on them.
	Deadline time.Time
	// WAMID is Meta's id, if it is known (sent).
	WAMID string
	// Failure is why (failed).
	Failure *Failure
}

// HistoryEntry is a message as Meta's list of a number's messages has it. It does
// not say to whom it went, nor with which tag.
type HistoryEntry struct {
	WAMID string
	// Digits is the phone number that stands in the wamid, as far as one can be
	// read there. It is a hint only: Meta documents no form of a wamid.
	Digits string
	// First is the time of its first event; zero if it has none.
	First time.Time
}

// History is a list of a number's messages, as far back as asked for, or not.
type History struct {
	Entries []HistoryEntry
	// Whole: it goes back as far as was asked for, so that what is not in it did
	// not happen.
	Whole bool
}

// Unconfirmed is why a message failed of which Meta never said whether it took it.
func Unconfirmed() *Failure {
	return &Failure{
		VendorCode: "8012", Title: "WhatsApp did not confirm the message",
		Details: "no answer and no status came in time; it may have arrived all the same",
	}
}
