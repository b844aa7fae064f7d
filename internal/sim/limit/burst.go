package limit

import (
	"sync"
	"time"
)

// The rate between a number and one user: a message every so often. So many may go ahead of time within one such span, and then
// none until all of them would have gone one by one.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/about-the-platform (read 2026-09)
const (
	pairEvery = 6 * time.Second
	pairBurst = 45
)

// Pairs measures how fast a business sends to each user. Its methods may be called from many goroutines. A key that owes nothing
// says no more than one that is not there, and is swept out now and then.
type Pairs[K comparable] struct {
	mu    sync.Mutex
	owing map[K]burst
	sweep int // how many keys there may be before the next sweep
}

// burst is what was sent since a time at which nothing was owed.
type burst struct {
	began time.Time
	sent  int
}

func (b burst) paid() time.Time { return b.began.Add(time.Duration(b.sent) * pairEvery) }

// NewPairs makes a Pairs.
func NewPairs[K comparable]() *Pairs[K] { return &Pairs[K]{owing: map[K]burst{}, sweep: minSweep} }

// Take says whether a message of a key is within the rate, and counts it if it is.
func (p *Pairs[K]) Take(key K, now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	b := p.owing[key]
	switch {
	case !now.Before(b.paid()):
		b = burst{began: now}
	case b.sent >= pairBurst || !now.Before(b.began.Add(pairEvery)):
		return false
	}
	b.sent++
	p.owing[key] = b
	if len(p.owing) > p.sweep {
		p.clean(now)
	}
	return true
}

// clean takes out what owes nothing. The lock must be held.
func (p *Pairs[K]) clean(now time.Time) {
	for key, b := range p.owing {
		if !now.Before(b.paid()) {
			delete(p.owing, key)
		}
	}
	p.sweep = max(minSweep, 2*len(p.owing))
}

// Reset forgets everything.
func (p *Pairs[K]) Reset() {
	p.mu.Lock()
	defer p.mu.Unlock()
	clear(p.owing)
	p.sweep = minSweep
}

// Len is how many keys there are.
func (p *Pairs[K]) Len() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.owing)
}
