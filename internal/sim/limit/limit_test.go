package limit_test

import (
	"testing"
	"time"

	"github.com/waypost/waypost/internal/sim/limit"
)

func begin() time.Time { return time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC) }

// taken counts how many of a hundred are within the rate.
func taken(m *limit.Meter[string], key string, r limit.Rate, at time.Time) (within int) {
	for range 100 {
		if m.Take(key, r, at) {
			within++
		}
	}
	return within
}

func TestThroughputIsPerSecond(t *testing.T) {
	m, r := limit.NewMeter[string](), limit.PerSecond(80)
	if got := taken(m, "one", r, begin()); got != 80 {
		t.Errorf("%d at once", got)
	}
	if got := taken(m, "two", r, begin()); got != 80 {
		t.Errorf("%d of another number", got)
	}
	if got := taken(m, "one", r, begin().Add(500*time.Millisecond)); got != 40 {
		t.Errorf("%d half a second later", got)
	}
	if got := taken(m, "one", r, begin().Add(time.Hour)); got != 80 {
		t.Errorf("%d an hour later: what was not used is not saved up", got)
	}
}

func TestPairBorrowsFromTheFuture(t *testing.T) {
	m := limit.NewPairs[string]()
	taken := func(key string, after time.Duration, n int) (within int) {
		for range n {
			if m.Take(key, begin().Add(after)) {
				within++
			}
		}
		return within
	}
	if got := taken("pair", 0, 20) + taken("pair", 6*time.Second-1, 80); got != 45 {
		t.Errorf("%d within six seconds", got)
	}
	for _, after := range []time.Duration{6 * time.Second, time.Minute, 270*time.Second - 1} {
		if got := taken("pair", after, 1); got != 0 {
			t.Errorf("one more after %v: nothing is paid back before all is", after)
		}
	}
	if got := taken("pair", 270*time.Second, 100); got != 45 {
		t.Errorf("%d once all was paid back", got)
	}
	if got := taken("steady", 0, 1) + taken("steady", 6*time.Second, 1) + taken("steady", 12*time.Second, 1); got != 3 {
		t.Errorf("%d of 3, one in six seconds", got)
	}
	if got := taken("two", 0, 2) + taken("two", 6*time.Second, 1); got != 2 {
		t.Errorf("%d: the second was ahead of time, and is owed until twelve seconds", got)
	}
}

func TestMeterForgetsWhatIsPast(t *testing.T) {
	m, pairs := limit.NewMeter[int](), limit.NewPairs[int]()
	six := limit.Rate{Every: 6 * time.Second, Burst: 45}
	for i := range 100_000 {
		now := begin().Add(time.Duration(i) * time.Second)
		m.Take(i, six, now)
		pairs.Take(i, now)
		if n := max(m.Len(), pairs.Len()); n > 3000 {
			t.Fatalf("%d keys after %d, of which 6 matter", n, i)
		}
	}
	pairs.Reset()
	if pairs.Len() != 0 {
		t.Error("the pairs were not reset")
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
