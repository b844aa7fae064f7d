package limit

import "sync"

// Counter counts by key. Its methods may be called from many goroutines. A key that was once counted is never forgotten, because
// what comes next depends on it; it costs some forty bytes.
type Counter[K comparable] struct {
	mu    sync.Mutex
	count map[K]int32
}

// NewCounter makes a counter.
func NewCounter[K comparable]() *Counter[K] { return &Counter[K]{count: map[K]int32{}} }

// Next counts, and returns the how manyth it was for this key, from 1.
func (c *Counter[K]) Next(key K) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.count[key]++
	return int(c.count[key])
}

// Reset forgets everything.
func (c *Counter[K]) Reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.count)
}
