package limit_test

import (
	"testing"
	"time"

	"github.com/waypost/waypost/internal/sim/limit"
)

func begin() time.Time { return time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC) }

// taken counts how many of n are within the rate.
func taken(m *limit.Meter[string], key string, r limit.Rate, at time.Time, n int) (within int) {
	for range n {
		if m.Take(key, r, at) {
			within++
		}
	}
	return within
}

func TestThroughputIsPerSecond(t *testing.T) {
	m, r := limit.NewMeter[string](), limit.PerSecond(80)
	if got := taken(m, "one", r, begin(), 100); got != 80 {
		t.Errorf("%d at once", got)
	}
	if got := taken(m, "two", r, begin(), 100); got != 80 {
		t.Errorf("%d of another number", got)
	}
	if got := taken(m, "one", r, begin().Add(500*time.Millisecond), 100); got != 40 {
		t.Errorf("%d half a second later", got)
	}
	if got := taken(m, "one", r, begin().Add(time.Hour), 100); got != 80 {
		t.Errorf("%d an hour later: what was not used is not saved up", got)
	}
}

func TestPairBorrowsFromTheFuture(t *testing.T) {
	m, r := limit.NewMeter[string](), limit.Pair()
	if got := taken(m, "pair", r, begin(), 100); got != 45 {
		t.Errorf("%d at once", got)
	}
	if got := taken(m, "pair", r, begin().Add(6*time.Second-1), 1); got != 0 {
		t.Error("one more before six seconds")
	}
	if got := taken(m, "pair", r, begin().Add(6*time.Second), 2); got != 1 {
		t.Errorf("%d after six seconds", got)
	}
	if got := taken(m, "pair", r, begin().Add(276*time.Second), 100); got != 45 {
		t.Errorf("%d once all was paid back", got)
	}
}

func TestMeterForgetsWhatIsPast(t *testing.T) {
	m := limit.NewMeter[int]()
	for i := range 100_000 {
		m.Take(i, limit.Pair(), begin().Add(time.Duration(i)*time.Second))
		if n := m.Len(); n > 3000 {
			t.Fatalf("%d keys after %d, of which 6 matter", n, i)
		}
	}
	m.Reset()
	if !m.Take(0, limit.Rate{Every: time.Hour, Burst: 1}, begin()) || m.Len() != 1 {
		t.Error("it was not reset")
	}
}

func TestCounterCountsByKey(t *testing.T) {
	c := limit.NewCounter[string]()
	c.Next("one")
	if got, other := c.Next("one"), c.Next("two"); got != 2 || other != 1 {
		t.Errorf("counted %d and %d", got, other)
	}
	c.Reset()
	if got := c.Next("one"); got != 1 {
		t.Errorf("counted %d after a reset", got)
	}
}
