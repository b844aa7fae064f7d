package clock_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/waypost/waypost/internal/sim/clock"
)

func TestClockIsRealUntilItIsTouched(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := clock.New()
		time.Sleep(time.Hour)
		if !c.Now().Equal(time.Now()) || !c.State().Real {
			t.Errorf("it shows %s at %s", c.Now(), time.Now())
		}
		if wait, ok := c.Wait(time.Now().Add(time.Minute)); !ok || wait != time.Minute {
			t.Errorf("a minute takes %s, %t", wait, ok)
		}
	})
}

func TestClockFreezesMovesAndGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, begin := clock.New(), time.Now()
		want := func(after time.Duration) {
			t.Helper()
			if got := c.Now().Sub(begin); got != after {
				t.Errorf("%s after the beginning, want %s", got, after)
			}
		}
		c.Freeze()
		time.Sleep(time.Hour)
		want(0)
		if _, ok := c.Wait(begin.Add(time.Second)); ok {
			t.Error("a frozen clock is waited for")
		}
		if _, ok := c.Wait(begin); !ok {
			t.Error("what is due has to wait because the clock is frozen")
		}
		c.Jump(begin.Add(25 * time.Hour))
		want(25 * time.Hour)
		c.Thaw()
		time.Sleep(time.Minute)
		want(25*time.Hour + time.Minute)
		if err := c.SetSpeed(60); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		want(26*time.Hour + time.Minute)
		if wait, _ := c.Wait(c.Now().Add(time.Hour)); wait < time.Minute || wait > time.Minute+time.Millisecond {
			t.Errorf("an hour takes %s", wait)
		}
		c.Jump(begin)
		want(0)
	})
}

func TestClockStandsWhileItIsHeld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, begin := clock.New(), time.Now()
		release := c.Hold()
		time.Sleep(time.Hour)
		if !c.Now().Equal(begin) || c.State().Frozen {
			t.Error("it did not stand still, or says that it is frozen")
		}
		release()
		time.Sleep(time.Minute)
		if got := c.Now().Sub(begin); got != time.Minute {
			t.Errorf("it went on by %s", got)
		}
	})
}

func TestSpeedHasLimits(t *testing.T) {
	for _, speed := range []float64{0, -1, 36_001} {
		if err := clock.New().SetSpeed(speed); err == nil {
			t.Errorf("speed %v was taken", speed)
		}
	}
}

func TestScheduleRunsInOrder(t *testing.T) {
	var s clock.Schedule
	begin := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	var got []int
	note := func(n int) func(time.Time) {
		return func(now time.Time) {
			if !now.Equal(begin.Add(time.Duration(n/10) * time.Second)) {
				t.Errorf("%d ran at %s", n, now)
			}
			got = append(got, n)
		}
	}
	for _, n := range []int{30, 10, 20, 11, 21, 12, 0} { // the last digit is the order at the same time
		s.Add(begin.Add(time.Duration(n/10)*time.Second), n%2, 0, note(n))
	}
	s.Clear(1)
	if next, ok := s.Next(); !ok || !next.Equal(begin) {
		t.Errorf("next is %s", next)
	}
	for s.RunNext(begin.Add(2 * time.Second)) {
		continue
	}
	if want := []int{0, 10, 12, 20}; len(got) != 4 || got[0] != want[0] || got[1] != want[1] || got[2] != want[2] || got[3] != want[3] {
		t.Errorf("ran %v, want %v", got, want)
	}
	if s.Len() != 1 {
		t.Errorf("%d are left", s.Len())
	}
	got = nil
	s.Clear(0)
	for _, n := range []int{3, 1, 2} {
		s.Add(begin, 0, uint64(n), note(n))
	}
	for s.RunNext(begin) {
		continue
	}
	if got[0] != 1 || got[1] != 2 || got[2] != 3 {
		t.Errorf("at the same time ran %v", got)
	}
}

func TestSpansMayHaveDays(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"90s": 90 * time.Second, "25h": 25 * time.Hour, "7d": 168 * time.Hour, "1d12h": 36 * time.Hour, "-5m": -5 * time.Minute, "0": 0,
	} {
		if got, err := clock.ParseSpan(text); err != nil || got != want {
			t.Errorf("%q: %s, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "soon", "d", "-1d", "1d-1h", "9999999d"} {
		if got, err := clock.ParseSpan(text); err == nil {
			t.Errorf("%q was taken for %s", text, got)
		}
	}
}
