package pace

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func start() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }

// most counts the times in the fullest span of that length.
func most(times []time.Time, span time.Duration) (n int) {
	from := 0
	for i := range times {
		for times[i].Sub(times[from]) >= span {
			from++
		}
		n = max(n, i-from+1)
	}
	return n
}

// Whatever is taken and whenever: no second has more than the rate, counted from
// the times themselves; and who takes all the time gets nearly all of it.
func TestNoSecondHasMoreThanTheRate(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rate := rapid.SampledFrom([]int{1, 7, 20, 80, 1000}).Draw(t, "rate")
		n, now := NewNumber(rate), start()
		var went []time.Time
		for range rapid.IntRange(1, 300).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.Int64Range(0, int64(3*time.Second)/int64(rate)).Draw(t, "pause")))
			for range rapid.IntRange(0, 5).Draw(t, "takes") {
				at := n.Take(now)
				if at.Before(now) {
					t.Fatalf("at %v a place in the past was given: %v", now, at)
				}
				went = append(went, at)
			}
		}
		if !slices.IsSortedFunc(went, time.Time.Compare) {
			t.Fatal("places are not given in their order")
		}
		if got := most(went, time.Second); got > rate {
			t.Fatalf("%d messages in a second of a number with %d", got, rate)
		}
	})
	for _, rate := range []int{20, 80, 1000} {
		n := NewNumber(rate)
		var last time.Time
		for range 100 * rate {
			last = n.Take(start())
		}
		if took := last.Sub(start()); took > 102*time.Second {
			t.Errorf("%d a second: 100 seconds' worth took %v", rate, took)
		}
	}
}

func TestWhatComesInSlowsWhatGoesOut(t *testing.T) {
	n, now := NewNumber(80), start()
	n.Spend(40, now)
	if wait := n.Next(now).Sub(now); wait < 490*time.Millisecond || wait > 520*time.Millisecond {
		t.Errorf("after 40 inbound messages the next one goes in %v, want half a second", wait)
	}
	n.Spend(10_000, now)
	if wait := n.Next(now).Sub(now); wait > time.Second {
		t.Errorf("a flood of inbound messages stops what goes out for %v", wait)
	}
}

func TestARefusalLowersTheRateAndItGrowsAgain(t *testing.T) {
	n, now := NewNumber(80), start()
	if until := n.Refused(now, now); until.Sub(now) != time.Second {
		t.Errorf("the pause is %v", until.Sub(now))
	}
	if until := n.Refused(now.Add(-time.Millisecond), now.Add(time.Millisecond)); until.Sub(now) != time.Second || n.Rate(now) != 56 {
		t.Errorf("one that had left before counts again: %v, rate %v", until.Sub(now), n.Rate(now))
	}
	later := now.Add(time.Hour)
	if got := n.Rate(later); got != 56 {
		t.Errorf("without an answer the rate is %v, want 56", got)
	}
	n.Took(later, later)
	last := 0.0
	for after := time.Duration(0); after <= 25*time.Second; after += 100 * time.Millisecond {
		rate := n.Rate(later.Add(after))
		if rate < last || rate > 80 {
			t.Fatalf("after %v the rate is %v, before it was %v", after, rate, last)
		}
		last = rate
	}
	if last != 80 {
		t.Errorf("in the end the rate is %v", last)
	}
}

// However long it lasts, the rate is back within half a minute.
func TestTheRateIsBackSoonAfterAStorm(t *testing.T) {
	n, now := NewNumber(1000), start()
	for range 100 {
		until := n.Refused(now, now)
		if pause := until.Sub(now); pause < time.Second || pause > longestPause {
			t.Fatalf("a pause of %v", pause)
		}
		now = until
	}
	if rate := n.Rate(now); rate < 1 || rate > 50 {
		t.Errorf("after a hundred refusals the rate is %v", rate)
	}
	n.Took(now, now)
	if rate := n.Rate(now.Add(25 * time.Second)); rate != 1000 {
		t.Errorf("25 s later it is %v", rate)
	}
}

// naive is Meta's sentence about pairs, word for word, over all that was ever sent.
type naive struct{ sent []time.Time }

// may says whether one more is within the limits. It begins anew at each message at
// which nothing was owed.
func (p naive) may(now time.Time) bool {
	began := -1
	for i, at := range p.sent {
		if began < 0 || !at.Before(p.sent[began].Add(time.Duration(i-began)*6*time.Second)) {
			began = i
		}
	}
	if began < 0 {
		return true
	}
	n := len(p.sent) - began
	first := p.sent[began]
	return !now.Before(first.Add(time.Duration(n)*6*time.Second)) || n < 45 && now.Sub(first) < 6*time.Second
}

func TestPairsKeepToMetasSentence(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pairs, now := NewPairs(), start()
		model := map[Pair]*naive{}
		for range rapid.IntRange(1, 400).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.SampledFrom([]int{0, 0, 0, 1, 50, 500, 5_900, 6_100, 30_000, 300_000}).Draw(t, "ms")) * time.Millisecond)
			key := Pair{"1", rapid.SampledFrom([]string{"a", "b"}).Draw(t, "person")}
			urgent := rapid.Bool().Draw(t, "urgent")
			if model[key] == nil {
				model[key] = &naive{}
			}
			at := pairs.Next(key, urgent, now)
			if at.Before(now) {
				t.Fatalf("it may go in the past")
			}
			if at.After(now) {
				if again := pairs.Next(key, urgent, at); again.After(at) {
					t.Fatalf("it was to wait until %v, and then until %v", at, again)
				}
				continue
			}
			if !model[key].may(now) {
				t.Fatalf("a message goes that Meta does not allow: %v after %v", now.Sub(start()), model[key].sent)
			}
			model[key].sent = append(model[key].sent, now)
			pairs.Sent(key, now)
		}
	})
}

// run sends as fast as it may for a while and returns how many that were.
func run(pairs *Pairs, key Pair, urgent bool, span time.Duration) (n int) {
	for now := start(); now.Before(start().Add(span)); {
		if at := pairs.Next(key, urgent, now); at.After(now) {
			now = at
			continue
		}
		pairs.Sent(key, now)
		n++
	}
	return n
}

func TestAPairGetsWhatItMay(t *testing.T) {
	key := Pair{"1", "2"}
	if n := run(NewPairs(), key, true, 5*time.Second); n != 45 {
		t.Errorf("%d urgent messages at once, want 45", n)
	}
	if n := run(NewPairs(), key, false, 5*time.Second); n != bulkBurst {
		t.Errorf("%d others at once, want %d", n, bulkBurst)
	}
	for _, urgent := range []bool{true, false} {
		if n := run(NewPairs(), key, urgent, time.Hour); n < 588 {
			t.Errorf("%d messages in an hour, want 98 %% of 600 or more", n)
		}
	}
	pairs := NewPairs()
	for range bulkBurst {
		pairs.Sent(key, start())
	}
	if !pairs.Next(key, true, start()).Equal(start()) || pairs.Next(key, false, start()).Equal(start()) {
		t.Error("what is urgent may use what the rest may not")
	}
}

func TestARefusedPairWaitsFourTimesAsLongEachTime(t *testing.T) {
	pairs, key, now := NewPairs(), Pair{"1", "2"}, start()
	for _, seconds := range []int{4, 16, 64, 256, 1024, 3600, 3600} {
		want := time.Duration(seconds) * time.Second
		pairs.Sent(key, now)
		until := pairs.Refused(key, now, now)
		if until.Sub(now) != want {
			t.Fatalf("the wait is %v, want %v", until.Sub(now), want)
		}
		if same := pairs.Refused(key, now.Add(-time.Second), now.Add(time.Second)); !same.Equal(until) {
			t.Errorf("one that was on the way as well made it %v", same.Sub(now))
		}
		if at := pairs.Next(key, true, now); !at.Equal(until) {
			t.Errorf("the next may go %v later, want %v", at.Sub(now), until.Sub(now))
		}
		now = until
	}
	pairs.Sent(key, now)
	pairs.Took(key, now)
	if at := pairs.Next(key, true, now); at.Sub(now) != 6*time.Second+slack {
		t.Errorf("after that nothing is sent ahead: the next may go in %v", at.Sub(now))
	}
	if until := pairs.Refused(key, now, now); until.Sub(now) != 4*time.Second {
		t.Errorf("after a message that was taken the wait is %v", until.Sub(now))
	}
}

func TestPairsThatSayNothingAreForgotten(t *testing.T) {
	pairs := NewPairs()
	for i := range 100_000 {
		pairs.Sent(Pair{"1", fmt.Sprint(i)}, start().Add(time.Duration(i)*12500*time.Microsecond))
		if len(pairs.pairs) > 4*minSweep {
			t.Fatalf("%d pairs are known after %d messages, of which some 480 matter", len(pairs.pairs), i)
		}
	}
}

func TestAHoldLetsOneThroughWhenItsTimeIsOver(t *testing.T) {
	var h Hold
	now := start()
	if h.Room(now, 7) != 7 || !h.Passes(0, now) {
		t.Error("what holds nothing back holds something back")
	}
	before := h.Let()
	h.Put(now.Add(time.Minute), "why")
	if h.Room(now, 7) != 0 || h.Passes(before, now) {
		t.Error("it lets something through before its time")
	}
	h.Back(before, true)
	if !h.On() {
		t.Error("a message that had left before ended it")
	}
	now = now.Add(time.Minute)
	if h.Room(now, 7) != 1 {
		t.Error("after its time one is let through")
	}
	ask := h.Let()
	if h.Room(now, 7) != 0 || !h.Passes(ask, now) || h.Passes(before, now) {
		t.Error("after its time only the one is let through")
	}
	h.Back(ask, false)
	if h.Room(now, 7) != 1 {
		t.Error("after one that says nothing the next one is let through")
	}
	ask = h.Let()
	h.Put(now.Add(time.Minute), "still")
	h.Back(ask, false)
	if until, why := h.Until(); !until.Equal(now.Add(time.Minute)) || why != "still" || h.Room(now, 1) != 0 {
		t.Error("after a refusal it holds back anew")
	}
	now = now.Add(time.Minute)
	h.Back(h.Let(), true)
	if h.On() || h.Room(now, 7) != 7 {
		t.Error("after one that went it is over")
	}
}

func BenchmarkTake(b *testing.B) {
	n, pairs, now := NewNumber(1000), NewPairs(), start()
	keys := make([]Pair, 20_000)
	for i := range keys {
		keys[i] = Pair{"100200300400500", fmt.Sprint(15560000000 + i)}
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		now = n.Take(now)
		key := keys[i%len(keys)]
		if pairs.Next(key, false, now).Equal(now) {
			pairs.Sent(key, now)
		}
	}
}
