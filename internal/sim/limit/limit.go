// Package limit counts how fast a business sends.
//
// It owns the two rates that Meta enforces on messages: the throughput of a number, and the rate between a number and one user, which
// may borrow from the future. It never refuses anything itself: it says whether a message is within the rate. It stands below package
// sim and has no clock.
package limit

import (
	"sync"
	"time"
)

// Rate is one message every so often, with so many ahead of time.
type Rate struct {
	Every time.Duration
	Burst int
}

// PerSecond is the rate of so many messages in a second, in any order within it.
func PerSecond(n int) Rate { return Rate{Every: time.Second / time.Duration(n), Burst: n} }

// Meter measures many things against rates, each by a key. Its methods may be called from many goroutines.
//
// For each key it keeps one time: when all that was counted would have been sent, had it been sent at the rate (the generic cell
// rate algorithm). A key whose time is past says no more than one that is not there, and is swept out now and then.
type Meter[K comparable] struct {
	mu    sync.Mutex
	until map[K]time.Time
	sweep int // how many keys there may be before the next sweep
}

// minSweep is how many keys are not worth sweeping.
const minSweep = 1024

// NewMeter makes a meter.
func NewMeter[K comparable]() *Meter[K] {
	return &Meter[K]{until: map[K]time.Time{}, sweep: minSweep}
}

// Take says whether a message of a key is within the rate, and counts it if it is.
func (m *Meter[K]) Take(key K, r Rate, now time.Time) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	until := m.until[key]
	if until.Before(now) {
		until = now
	}
	if until.Sub(now) > time.Duration(r.Burst-1)*r.Every {
		return false
	}
	m.until[key] = until.Add(r.Every)
	if len(m.until) > m.sweep {
		m.clean(now)
	}
	return true
}

// clean takes out what is past. The lock must be held.
func (m *Meter[K]) clean(now time.Time) {
	for key, until := range m.until {
		if !until.After(now) {
			delete(m.until, key)
		}
	}
	m.sweep = max(minSweep, 2*len(m.until))
}

// Reset forgets everything.
func (m *Meter[K]) Reset() {
	m.mu.Lock()
	defer m.mu.Unlock()
	clear(m.until)
	m.sweep = minSweep
}

// Len is how many keys there are.
func (m *Meter[K]) Len() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.until)
}
