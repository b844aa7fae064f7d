package outbox

import (
	"sync"

	"github.com/waypost/waypost/internal/wa"
)

// misses counts how often Meta did not know the media of a message. The number
// of its attempts does not tell: one that was throttled has many. A restart
// forgets the count, so a few uploads more are made.
type misses struct {
	mu sync.Mutex
	of map[wa.MessageID]int
}

func newMisses() misses { return misses{of: map[wa.MessageID]int{}} }

func (c *misses) add(id wa.MessageID) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.of[id]++
	return c.of[id]
}

func (c *misses) forget(id wa.MessageID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.of, id)
}
