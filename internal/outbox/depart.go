package outbox

import (
	"context"
	"errors"
	"time"

	"github.com/waypost/waypost/internal/pace"
	"github.com/waypost/waypost/internal/wa"
)

// obstacle is why a message may not go now, and until when.
type obstacle struct {
	until time.Time
	scope wa.Scope
	why   string
}

// outcome is that of an attempt that was begun and not made.
func (o obstacle) outcome(now time.Time) wa.Outcome {
	return wa.Outcome{
		Kind: wa.OutcomeLater, After: max(0, o.until.Sub(now)), Scope: o.scope, Slowed: true,
		Failure: wa.Failure{Title: o.why, Details: "it was not sent"},
	}
}

// errGivenBack ends an attempt without an outcome.
var errGivenBack = errors.New("the message was given back")

// prepare has the media of a message brought to Meta.
func (o *Outbox) prepare(ctx context.Context, t *ticket, n wa.Number) (wa.Dispatch, wa.Message, error) {
	carries := false
	_, _ = wa.EachMedia(t.Content, func(*wa.Media) error { // never fails
		carries = true
		return nil
	})
	if carries {
		defer o.schedule.aside(t)()
	}
	return o.bring(ctx, n, t.Message)
}

// inTheWay says what keeps a message from going now, if something does. If nothing
// else does, it is the one that asks whether a hold is over: only here it is known
// which hold it meets, and that it goes at once. The lock must be held.
func (s *scheduler) inTheWay(t *ticket, n wa.Number, now time.Time) (obstacle, bool) {
	t.number.meets(t.AccountID, n.WABAID)
	holds := s.holdsOf(t.number.line, t.AccountID, n.WABAID, n.Token)
	for _, h := range holds {
		if !h.Passes(t.asks[h], now) && h.Room(now, 1) == 0 {
			until, why := h.Until()
			// Another one asks whether it is over; its answer is soon there.
			if soon := now.Add(time.Second); until.Before(soon) {
				until = soon
			}
			return obstacle{until, wa.ScopeNumber, why}, true
		}
	}
	if at := s.pairFree(t.Message, now); at.After(now) {
		return obstacle{at, wa.ScopePair, "the number has sent this person as much as WhatsApp lets it"}, true
	}
	for _, h := range holds {
		if !h.Passes(t.asks[h], now) {
			t.ask(h)
		}
	}
	return obstacle{}, false
}

// ask lets a message through a hold. The lock must be held.
func (t *ticket) ask(h *pace.Hold) {
	if t.asks == nil {
		t.asks = map[*pace.Hold]pace.Ask{}
	}
	t.asks[h] = h.Let()
}

// check says what keeps a message from going, before its attempt is begun.
func (s *scheduler) check(t *ticket, n wa.Number) (obstacle, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.inTheWay(t, n, s.o.Now())
}

// depart waits for the message's turn at the pace of its number and counts it. An
// obstacle may have come up since the attempt was begun.
func (s *scheduler) depart(ctx context.Context, t *ticket, n wa.Number) (obstacle, bool) {
	if wait := s.place(t); wait > 0 {
		timer := time.NewTimer(wait)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.o.Now()
	if o, blocked := s.inTheWay(t, n, now); blocked {
		return o, true
	}
	t.left = now
	s.ready(t, false)
	if t.Recipient.Kind != wa.Group {
		s.pairs.Sent(s.pairOf(t.Message), now)
	}
	return obstacle{}, false
}

// place takes a place at the pace of a message's number, and returns how far it is.
func (s *scheduler) place(t *ticket) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.o.Now()
	return t.number.pace.Take(now).Sub(now)
}

// ready notes whether a message waits for its turn, and wakes the loop when so few
// do that more can be claimed. The lock must be held.
func (s *scheduler) ready(t *ticket, ready bool) {
	if t.ready == ready {
		return
	}
	t.ready = ready
	if ready {
		t.number.waiting++
		return
	}
	t.number.waiting--
	if len(t.probes) > 0 {
		s.noProbe(t)
	}
	if 2*t.number.waiting <= lookahead(t.number, s.o.Now()) {
		s.wake()
	}
}

// noProbe notes that a message is no longer about to meet a hold: another one may
// be claimed for it. The lock must be held.
func (s *scheduler) noProbe(t *ticket) {
	for _, h := range t.probes {
		if s.probing[h]--; s.probing[h] <= 0 {
			delete(s.probing, h)
		}
	}
	t.probes = nil
	s.wake()
}

// aside notes that a message waits for something else than its turn, and back that
// it does no more: an upload must not keep others from being claimed.
func (s *scheduler) aside(t *ticket) (back func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ready(t, false)
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.ready(t, true)
	}
}

// end gives a ticket back.
func (s *scheduler) end(t *ticket) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ready(t, false)
	s.inFlight--
	t.number.inFlight--
	for h, ask := range t.asks {
		h.Back(ask, t.over)
	}
}

// answered draws the conclusions from an outcome for what comes after, and returns
// it with the wait that follows from the pace.
func (s *scheduler) answered(t *ticket, n wa.Number, o wa.Outcome) wa.Outcome {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.o.Now()
	left := t.left
	if left.IsZero() {
		left = now // the media did not get through
	}
	scope, token := o.Scope, wa.Secret{}
	switch o.Kind {
	case wa.OutcomeMisconfigured:
		if scope == wa.ScopeMessage || scope == wa.ScopePair {
			scope = wa.ScopeNumber
		}
		if scope == wa.ScopeNumber {
			token = n.Token // a new one frees what waits
		}
		o.Scope = scope
	case wa.OutcomeSent, wa.OutcomeRejected:
		s.took(t, left, now)
		return o
	case wa.OutcomeLater:
	case wa.OutcomeUnknown, wa.OutcomeExpired:
		return o
	}
	switch until := now.Add(o.After); {
	case scope == wa.ScopePair && o.Slowed:
		t.over = true // Meta answered, and not about the number
		o.After = s.pairs.Refused(s.pairOf(t.Message), left, now).Sub(now)
	case scope == wa.ScopeNumber && o.Slowed:
		until = t.number.pace.Refused(left, now)
		o.After = until.Sub(now)
		s.put(numberHold(t.number.line, token), until, s.reason(o))
	case scope == wa.ScopeNumber:
		s.put(numberHold(t.number.line, token), until, s.reason(o))
	case scope == wa.ScopeAccount:
		s.put(accountHold(t.AccountID, n.WABAID), until, s.reason(o))
	case o.Failure.Code != 0:
		t.number.pace.Took(left, now) // Meta answered, and not that it was too fast
		t.over = true
	}
	return o
}

// took notes that Meta took a message, or refused it for what it is. The lock must
// be held.
func (s *scheduler) took(t *ticket, left, now time.Time) {
	if t.left.IsZero() {
		return // it never got to Meta
	}
	t.over = true
	t.number.pace.Took(left, now)
	s.pairs.Took(s.pairOf(t.Message), left)
}
