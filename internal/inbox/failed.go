package inbox

import (
	"context"
	"time"

	"github.com/waypost/waypost/internal/wa"
)

// Told is an error that Meta told of in a callback.
type Told struct {
	AccountID wa.AccountID
	// NumberID is what it is about; empty if that is the WABA.
	NumberID, WABAID string
	// At is Meta's time, or that of receipt if it gave none or one that lies ahead:
	// how long something holds counts from it.
	At      time.Time
	Failure wa.Failure
}

// tellFailed hands on the errors in updates that were applied: each may say
// something of the number or of its account.
func (in *Inbox) tellFailed(ctx context.Context, c wa.Callback, all []wa.AccountUpdates) {
	if in.Failed == nil {
		return
	}
	for _, account := range all {
		for _, u := range account.Updates {
			for _, told := range failuresOf(u) {
				told.AccountID, told.NumberID, told.WABAID = account.AccountID, u.NumberID, u.WABAID
				if told.At.IsZero() || told.At.After(c.ReceivedAt) {
					told.At = c.ReceivedAt
				}
				in.Failed(ctx, told)
			}
		}
	}
}

// failuresOf returns the errors in an update: why a message failed, what was odd
// about one that came, and what has nothing to do with a message.
func failuresOf(u wa.Update) []Told {
	var all []Told
	switch {
	case u.Status != nil && u.Status.Failure != nil:
		for _, f := range append([]wa.Failure{*u.Status.Failure}, u.Status.Failures...) {
			all = append(all, Told{At: u.Status.At, Failure: f})
		}
	case u.Inbound != nil:
		for _, f := range u.Inbound.Failures {
			all = append(all, Told{At: u.Inbound.At, Failure: f})
		}
	case u.Notice != nil:
		for _, f := range u.Notice.Failures {
			all = append(all, Told{At: u.Notice.At, Failure: f})
		}
	}
	return all
}
