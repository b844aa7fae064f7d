// Package pace owns how fast messages may go: the rate of a number, the rate
// between a number and one person, and what is held back until something is over.
//
// It never sends, never waits and has no clock: each call is told the time, and
// says when. It keeps everything in memory, which is exact because one process has
// a number; whoever starts tells it what was sent of late.
//
// It stands beside the outbox, which asks it before it claims and before it sends,
// and tells it what Meta answered. Nothing here may be used by two goroutines at a
// time.
//
// Failure: a limit of Meta's that is not as documented shows in refusals. A number
// then goes slower and tries again to go faster; a pair waits longer each time. No
// refusal for rate is anybody's fault, and none is counted as an attempt.
package pace

import (
	"math"
	"time"
)

const (
	// margin is the share of a number's rate that is not used, so that messages
	// which are late or early on the way do not add up to more than the rate in some
	// second of Meta's.
	margin = 0.01
	// cut is what is left of the rate after a refusal.
	cut = 0.7
	// approach is how long it takes to come back to the rate that was refused, and
	// beyond how long after that it takes to come from nothing to the ceiling.
	approach = 4 * time.Second
	beyond   = 16 * time.Second
	// slowest is the share of the ceiling below which the rate is never cut.
	slowest = 0.02
	// firstPause to longestPause is how long nothing goes after a refusal. It is short
	// because one message asks whether it is over.
	firstPause   = time.Second
	longestPause = 5 * time.Second
	// inboundShare is how far ahead inbound messages may push what goes out, so that
	// a flood of them leaves some of the rate.
	inboundShare = 900 * time.Millisecond
)

// Number is the pace of one number: messages go out one by one at even distances,
// and what comes in counts as well, because Meta counts it.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/throughput (read 2026-09).
type Number struct {
	ceiling float64 // messages a second
	// paid is when everything that was taken would have gone, at the rate.
	paid time.Time
	// knee is the rate that was refused last, 0 if the ceiling holds; start is where
	// the rate went then, and from is since when it grows: zero until one was taken.
	knee, start float64
	from        time.Time
	refusedAt   time.Time
	pausedUntil time.Time
	refusals    int // in a row
}

// NewNumber makes the pace of a number that may send and get so many messages a
// second, at least 1.
func NewNumber(perSecond int) *Number { return &Number{ceiling: float64(max(1, perSecond))} }

// SetCeiling changes how many messages a second there may be.
func (n *Number) SetCeiling(perSecond int) { n.ceiling = float64(max(1, perSecond)) }

// Rate is how many messages a second may go now: the ceiling, or less after a
// refusal.
func (n *Number) Rate(now time.Time) float64 {
	if n.knee == 0 {
		return n.ceiling
	}
	passed := time.Duration(0)
	if !n.from.IsZero() {
		passed = now.Sub(n.from)
	}
	rate := n.start
	switch {
	case passed >= approach:
		// Flat where it was refused, and then ever steeper.
		rate = n.knee + n.ceiling*math.Pow(float64(passed-approach)/float64(beyond), 3)
	case passed > 0:
		rate += (n.knee - n.start) * float64(passed) / float64(approach)
	}
	if rate >= n.ceiling {
		n.knee = 0
		return n.ceiling
	}
	return rate
}

// every is the distance of messages.
func (n *Number) every(now time.Time) time.Duration {
	return time.Duration(float64(time.Second) / (n.Rate(now) * (1 - margin)))
}

// burst is how many messages may go at once. With it, no second has more than the
// rate.
func (n *Number) burst(now time.Time) int { return max(1, int(n.Rate(now)*margin)) }

// Next is when the next message may go.
func (n *Number) Next(now time.Time) time.Time {
	ahead := time.Duration(n.burst(now)-1) * n.every(now)
	if at := n.paid.Add(-ahead); at.After(now) {
		return at
	}
	return now
}

// Take takes the next place and returns its time.
func (n *Number) Take(now time.Time) time.Time {
	at := n.Next(now)
	if n.paid.Before(at) {
		n.paid = at
	}
	n.paid = n.paid.Add(n.every(now))
	return at
}

// Spend counts messages that came in. They delay what goes out, but never stop it.
func (n *Number) Spend(messages int, now time.Time) {
	if n.paid.Before(now) {
		n.paid = now
	}
	to := n.paid.Add(time.Duration(messages) * n.every(now))
	if most := now.Add(inboundShare); to.After(most) {
		to = most
	}
	if to.After(n.paid) {
		n.paid = to
	}
}

// Refused tells that a message that had left at that time came too fast for Meta
// (130429). It returns until when nothing should go; then one message should ask.
// Several that had left before the rate was cut count once.
func (n *Number) Refused(left, now time.Time) time.Time {
	if left.Before(n.refusedAt) {
		return n.pausedUntil
	}
	rate := n.Rate(now)
	n.refusals++
	pause := longestPause
	if n.refusals < 4 { // the fourth would be longer
		pause = min(pause, firstPause<<(n.refusals-1))
	}
	n.knee, n.start, n.from = rate, max(1, n.ceiling*slowest, rate*cut), time.Time{}
	n.start = min(n.start, n.ceiling)
	n.refusedAt, n.pausedUntil = now, now.Add(pause)
	return n.pausedUntil
}

// Took tells that Meta took, or refused for another reason, a message that had
// left at that time: the rate may grow.
func (n *Number) Took(left, now time.Time) {
	if left.Before(n.refusedAt) {
		return
	}
	n.refusals = 0
	if n.knee != 0 && n.from.IsZero() {
		n.from = now
	}
}
