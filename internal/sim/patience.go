package sim

import (
	"errors"
	"time"
)

// How long a receiver may take while the clock is moved, in real time: whoever moves it waits for each callback.
const (
	firstPatience = 2 * time.Second
	probePatience = 100 * time.Millisecond // of one that was silent the last time …
	probeEvery    = time.Second            // … and is asked no more often than this
)

// errSilent is the failure of an attempt that was not made.
var errSilent = errors.New("the receiver was silent a moment ago; it is not asked each time while the clock is moved")

// patience is how long each receiver may take. A nil one is that of a clock that nobody moves.
type patience struct {
	silent map[string]time.Time // until when a receiver, by its address, is taken for silent
}

// with is how long an attempt may take; 0 means that it is not to be made.
func (p *patience) with(url string) time.Duration {
	if p == nil {
		return postTimeout
	}
	until, silent := p.silent[url]
	switch {
	case !silent:
		return firstPatience
	case time.Now().Before(until):
		return 0
	}
	return probePatience
}

// note takes down whether a receiver was too slow.
func (p *patience) note(url string, slow bool, err error) {
	switch {
	case p == nil || errors.Is(err, errSilent):
	case slow:
		p.silent[url] = time.Now().Add(probeEvery)
	default:
		delete(p.silent, url)
	}
}
