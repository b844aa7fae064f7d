package clock_test

import (
	"math"
	"strings"
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
	for _, speed := range []float64{0, -1, 0.0009, 36_001, math.NaN(), math.Inf(1)} {
		if err := clock.New().SetSpeed(speed); err == nil {
			t.Errorf("speed %v was taken", speed)
		}
	}
}

func day(year int) time.Time { return time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC) }

func TestTimeHasBounds(t *testing.T) {
	c := clock.New()
	c.Freeze()
	for _, bad := range []time.Time{day(2000).Add(-1), day(2200).Add(1), {}, day(9999)} {
		if err := clock.CheckTime(bad); err == nil || !strings.Contains(err.Error(), "from 2000-01-01 to 2200-01-01") {
			t.Errorf("%s: %v", bad, err)
		}
		c.Jump(bad)
		if err := clock.CheckTime(c.Now()); err != nil {
			t.Errorf("it went to %s", c.Now())
		}
	}
	for _, good := range []time.Time{day(2000), day(2200)} {
		c.Jump(good)
		if err := clock.CheckTime(good); err != nil || !c.Now().Equal(good) {
			t.Errorf("%s: %s, %v", good, c.Now(), err)
		}
	}
}

func TestFastClockStopsAtItsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := clock.New()
		if err := c.SetSpeed(36_000); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2000 * time.Hour) // 8,000 years, which no duration can say
		if got := c.Now(); !got.Equal(day(2200)) {
			t.Errorf("it shows %s", got)
		}
		if _, ok := c.Wait(day(2200).Add(time.Hour)); ok {
			t.Error("a time after the end is waited for")
		}
		c.Jump(day(2000))
		if err := c.SetSpeed(0.001); err != nil {
			t.Fatal(err)
		}
		if wait, ok := c.Wait(day(2200)); !ok || wait <= 0 || wait > 366*24*time.Hour {
			t.Errorf("it waits for %s, %t", wait, ok)
		}
		if err := c.SetSpeed(1); err != nil {
			t.Fatal(err)
		}
		c.Jump(day(2200))
		time.Sleep(time.Hour)
		if got := c.Now(); !got.Equal(day(2200)) {
			t.Errorf("it shows %s", got)
		}
	})
}

func TestChangeIsCheckedAsAWhole(t *testing.T) {
	c := clock.New()
	c.Freeze()
	c.Jump(day(2100))
	before := c.State()
	span := func(d time.Duration) *clock.Span { return (*clock.Span)(&d) }
	for _, tt := range []struct {
		name string
		want clock.Change
		says []string
	}{
		{"both moves", clock.Change{Set: new(day(2101)), Advance: span(1)}, []string{"set or advance"}},
		{"back by advance", clock.Change{Freeze: new(false), Advance: span(-1)}, []string{"advance"}},
		{"advance beyond the end", clock.Change{Freeze: new(true), Advance: span(math.MaxInt64)}, []string{"2200-01-01"}},
		{"speed and time", clock.Change{Speed: new(0.0), Set: new(day(1999))}, []string{"speed", "2000-01-01"}},
	} {
		err := c.Check(tt.want)
		for _, says := range tt.says {
			if err == nil || !strings.Contains(err.Error(), says) {
				t.Errorf("%s: %v, want %q", tt.name, err, says)
			}
		}
	}
	if err := c.Check(clock.Change{Freeze: new(false), Speed: new(60.0), Advance: span(time.Hour)}); err != nil {
		t.Error(err)
	}
	if c.State() != before {
		t.Errorf("a look changed the clock to %+v", c.State())
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
	for _, text := range []string{"", "soon", "d", "-1d", "1d-1h", "9999999d", "65536d", "65535d2000000h", "3000000h"} {
		if got, err := clock.ParseSpan(text); err == nil {
			t.Errorf("%q was taken for %s", text, got)
		}
	}
	for _, text := range []string{"65536d", "65535d2000000h"} {
		if _, err := clock.ParseSpan(text); err == nil || !strings.Contains(err.Error(), "too long") {
			t.Errorf("%q: %v", text, err)
		}
	}
}
