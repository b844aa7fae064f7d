package pace

import "time"

// Hold keeps something from sending until a time, and after that lets one message
// through at a time until one has shown that it is over. The zero value holds
// nothing back.
type Hold struct {
	on    bool
	until time.Time
	why   string
	round int // counts the holds
	out   int // those that were let through in this round and are not back
}

// Ask is what a message that is let through shows when it is back.
type Ask int

// Put holds back until that time, or longer if it did already.
func (h *Hold) Put(until time.Time, why string) {
	if h.on && !until.After(h.until) {
		return // a message that had left before tells of the same
	}
	h.on, h.until, h.why, h.out = true, until, why, 0
	h.round++
}

// On reports whether something is held back, or only one let through.
func (h *Hold) On() bool { return h.on }

// Until is when the next may go and why not before; the time is zero, or in the
// past, if one may.
func (h *Hold) Until() (time.Time, string) {
	if !h.on {
		return time.Time{}, ""
	}
	return h.until, h.why
}

// Room is how many messages may be let through now, at most the given number.
func (h *Hold) Room(now time.Time, most int) int {
	switch {
	case !h.on:
		return most
	case now.Before(h.until):
		return 0
	}
	return min(most, max(0, 1-h.out))
}

// Let counts one that is let through.
func (h *Hold) Let() Ask {
	h.out++
	return Ask(h.round)
}

// Back takes back one that was let through. If it has shown that nothing is in the
// way, the hold is over; unless it was let through before the hold.
func (h *Hold) Back(a Ask, over bool) {
	if int(a) != h.round {
		return
	}
	h.out = max(0, h.out-1)
	if over {
		h.on = false
	}
}

// Passes reports whether one that was let through, or not, may go now.
func (h *Hold) Passes(a Ask, now time.Time) bool {
	return !h.on || int(a) == h.round && !now.Before(h.until)
}
