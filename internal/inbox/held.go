package inbox

import (
	"sync"
	"time"
)

// held are the batches that were claimed and have not ended. They end in the order
// in which they were claimed.
type held struct {
	mu sync.Mutex
	// since has for each a moment before its claim, on the clock of the wall, by
	// which leases run out.
	since []time.Time
}

func (h *held) begin(at time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.since = append(h.since, at.Round(0))
}

func (h *held) end() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.since = h.since[min(1, len(h.since)):]
}

// none forgets them all.
func (h *held) none() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.since = nil
}

// old reports whether the lease of one has half run out: who claims now might get
// what is still in hand.
func (h *held) old(now time.Time) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.since) > 0 && now.Round(0).Sub(h.since[0]) >= lease/2
}
