package inbox

import (
	"sync"
	"time"
)

// gap remembers when a callback last could not be kept or broke off. Meta sends it again, but
// not at once: until then what it says is not known here, and nobody may take the
// silence for an answer.
type gap struct {
	mu    sync.Mutex
	since time.Time
}

func (g *gap) at(t time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if t.After(g.since) {
		g.since = t
	}
}

// Since returns since when every callback that came was kept: the start of the
// process, if none was ever refused for a reason of ours and none broke off. One
// that cannot be decoded is kept too.
func (in *Inbox) Since() time.Time {
	in.gap.mu.Lock()
	defer in.gap.mu.Unlock()
	return in.gap.since
}
