package outbox

import (
	"context"
	"time"

	"github.com/waypost/waypost/internal/store"
	"github.com/waypost/waypost/internal/wa"
)

// maxAhead is how many messages in front of one are counted at most.
const maxAhead = 100_000

// When says when a message is likely to go: a guess, from what is known now. It
// reads the store three times at most.
func (o *Outbox) When(ctx context.Context, m wa.Message) (wa.Forecast, error) {
	switch m.Status {
	case wa.StatusAccepted:
	case wa.StatusDispatched:
		return wa.Forecast{Reason: wa.ForecastSending}, nil
	case wa.StatusUncertain:
		return wa.Forecast{Reason: wa.ForecastUncertain, Details: "Meta may have taken it: a status or a decision is awaited"}, nil
	case wa.StatusSent, wa.StatusDelivered, wa.StatusRead, wa.StatusPlayed, wa.StatusFailed, wa.StatusExpired:
		return wa.Forecast{Reason: wa.ForecastNone}, nil
	}
	place, err := o.Store.Place(ctx, m, maxAhead)
	if wa.CodeOf(err) == wa.CodeNotFound {
		return wa.Forecast{Reason: wa.ForecastNone}, nil // it has gone meanwhile
	}
	if err != nil {
		return wa.Forecast{}, err
	}
	return o.schedule.forecast(m, place), nil
}

// forecast guesses when a message goes from where it waits.
func (s *scheduler) forecast(m wa.Message, place store.Place) wa.Forecast {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.o.Now()
	l := s.lineOf(m.AccountID, m.NumberID)
	n := s.numbers[l]
	if n == nil { // it has never sent, so nothing is made of it
		n = newNumber(l)
	}
	f := wa.Forecast{
		Reason: wa.ForecastQueue, At: now, Ahead: place.Ahead + place.Urgent,
		More: place.More, PerSecond: n.pace.Rate(now),
	}
	if place.Claimed {
		f.Reason, f.Ahead = wa.ForecastSending, 0
	}
	wait := func(until time.Time, reason wa.ForecastReason, details string) {
		if until.After(f.At) {
			f.At, f.Reason, f.Details = until, reason, details
		}
	}
	for _, h := range s.holdsFor(n, m.AccountID) {
		until, why := h.Until()
		wait(until, wa.ForecastPaused, why)
		if f.Reason == wa.ForecastQueue { // one message asks now whether it is over
			f.Reason, f.Details = wa.ForecastPaused, why
		}
	}
	wait(s.pairFree(m, now), wa.ForecastPair, "the number has sent this person as much as WhatsApp lets it")
	if place.Last != nil && !place.Claimed && !place.Behind {
		wait(place.DueAt, wa.ForecastRetry, place.Last.Failure.Title)
	}
	share := f.PerSecond / float64(s.rivals(m, now))
	f.At = f.At.Add(time.Duration(float64(f.Ahead) / share * float64(time.Second)))
	return f
}

// rivals is how many accounts send from the number of a message, its own
// included. The lock must be held.
func (s *scheduler) rivals(m wa.Message, now time.Time) int {
	rivals, l := 1, s.lineOf(m.AccountID, m.NumberID)
	for _, q := range s.queues {
		if s.lineOf(q.AccountID, q.NumberID) == l && q.AccountID != m.AccountID && q.Urgent == m.Category.Urgent() &&
			!q.DueAt.IsZero() && !q.DueAt.After(now) {
			rivals++
		}
	}
	return rivals
}
