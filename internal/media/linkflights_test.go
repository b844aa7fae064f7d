package media

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/waypost/waypost/internal/wa"
)

// flightsAt are flights with a clock of their own; a fetch gives what is told.
type flightsAt struct {
	*linkFlights
	at      time.Time
	fetches int
}

func newFlightsAt() *flightsAt {
	f := &flightsAt{at: time.Now()}
	f.linkFlights = newLinkFlights(func() time.Time { return f.at })
	return f
}

func (f *flightsAt) ask(t *testing.T, link string, gives error) error {
	t.Helper()
	_, err := f.do(t.Context(), linkKey{hash: link}, "files.example", func(context.Context) (wa.StoredMedia, error) {
		f.fetches++
		return wa.StoredMedia{}, gives
	})
	return err
}

func TestASlowLinkHoldsNoMessageUpForLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newLinkFlights(time.Now)
		fetches := 0
		ask := func() error {
			_, err := g.do(t.Context(), linkKey{hash: "slow"}, "files.example", func(context.Context) (wa.StoredMedia, error) {
				fetches++
				time.Sleep(10 * time.Second)
				return wa.StoredMedia{}, nil
			})
			return err
		}
		began := time.Now()
		for range 3 { // the first waits for all of it, and nobody after that
			if o := wantOutcome(t, ask(), wa.OutcomeLater, "the link is being fetched"); o.Tries != 0 || time.Since(began) != linkPatience {
				t.Errorf("told after %v, counted %d", time.Since(began), o.Tries)
			}
		}
		time.Sleep(10 * time.Second) // the fetch goes on
		synctest.Wait()
		if fetches != 1 || len(g.all) != 0 {
			t.Errorf("%d fetches, %d under way", fetches, len(g.all))
		}
	})
}

func TestAFailureIsToldToOthersForAMomentOnly(t *testing.T) {
	later := wa.Outcome{Kind: wa.OutcomeLater, After: 8 * time.Second, Tries: 6, Failure: wa.Failure{Title: "503"}}
	refused := wa.Outcome{Kind: wa.OutcomeRejected, Failure: wa.Failure{Title: "404"}}
	for _, tt := range []struct {
		outcome wa.Outcome
		told    time.Duration
	}{{later, 6 * time.Second}, {refused, refusedFor}} {
		f := newFlightsAt()
		for range 50 {
			wantOutcome(t, f.ask(t, "a", &wa.OutcomeError{Outcome: tt.outcome}), tt.outcome.Kind, tt.outcome.Failure.Title)
		}
		f.at = f.at.Add(tt.told - 1)
		wantOutcome(t, f.ask(t, "a", nil), tt.outcome.Kind, tt.outcome.Failure.Title)
		if f.fetches != 1 {
			t.Errorf("asked %d times, want once", f.fetches)
		}
		f.at = f.at.Add(1)
		if err := f.ask(t, "a", nil); err != nil || f.fetches != 2 || f.refused != 0 || len(f.all) != 0 {
			t.Errorf("afterwards: %v, asked %d times, %d failures left", err, f.fetches, len(f.all))
		}
	}
}

func TestFailuresAreNotRememberedWithoutEnd(t *testing.T) {
	f := newFlightsAt()
	refused := &wa.OutcomeError{Outcome: wa.Outcome{Kind: wa.OutcomeRejected}}
	for i := range 3 * maxRefused {
		_ = f.ask(t, fmt.Sprint(i), refused)
	}
	if f.refused > maxRefused || len(f.all) != f.refused || len(f.load) != 0 {
		t.Errorf("%d failures are remembered, %d counted, %v under way", len(f.all), f.refused, f.load)
	}
	f.at = f.at.Add(refusedFor)
	f.prune()
	if len(f.all) != 0 || f.refused != 0 {
		t.Errorf("%d failures are remembered, %d counted", len(f.all), f.refused)
	}
}
