package outbox

import (
	"context"
	"time"

	"github.com/waypost/waypost/internal/wa"
)

// Heed takes into account what Meta said to an account of a number or of its WABA
// elsewhere than in an answer to a send, such as in a status, at that time: nothing
// of it is sent until Outcome.After has passed since then; a time that lies ahead
// counts as now. What holds for a message or a pair alone changes nothing, and what
// one account was told holds for others only where it was shown that they share the
// number: anybody can sign a callback about any number.
func (o *Outbox) Heed(ctx context.Context, account wa.AccountID, n wa.Number, outcome wa.Outcome, at time.Time) error {
	if outcome.Scope != wa.ScopeAccount && outcome.Scope != wa.ScopeNumber {
		return nil
	}
	s, now := o.schedule, o.Now()
	if outcome.Scope == wa.ScopeNumber {
		if _, err := s.prove(ctx, account, n.ID); err != nil {
			return err
		}
	}
	if at.After(now) {
		at = now
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	until := at.Add(outcome.After)
	if outcome.Scope == wa.ScopeAccount {
		if until.After(now) {
			s.put(accountHold(account, n.WABAID), until, s.reason(outcome))
		}
		return nil
	}
	l, token := s.lineOf(account, n.ID), wa.Secret{}
	if outcome.Kind == wa.OutcomeMisconfigured {
		token = n.Token // a new one frees what waits
	}
	if outcome.Slowed {
		until = s.number(l).pace.Refused(at, now)
	}
	if until.After(now) {
		s.put(numberHold(l, token), until, s.reason(outcome))
	}
	return nil
}

// reason is why something is held back, for everybody who shares it: in words of
// ours, because Meta's are for the account that got them, and those in a callback
// may be anybody's.
func (s *scheduler) reason(o wa.Outcome) string {
	if s.o.Meaning != nil {
		if means := s.o.Meaning(o.Failure.Code); means != "" {
			return means
		}
	}
	if o.Scope == wa.ScopeAccount {
		return "Meta lets the WhatsApp Business Account send nothing now"
	}
	return "Meta lets the number send nothing now"
}
