package outbox

import (
	"sync"
	"time"

	"github.com/waypost/waypost/internal/wa"
)

// pauses holds back numbers for which Meta will refuse everything until a
// person mends something, such as an expired token: without it, each waiting
// message would ask anew. A number with a new token is a new number here, so
// that it is tried at once.
type pauses struct {
	now func() time.Time

	mu    sync.Mutex
	until map[pauseKey]time.Time
}

type pauseKey struct {
	number string
	token  wa.Secret
}

func newPauses(now func() time.Time) pauses {
	return pauses{now: now, until: map[pauseKey]time.Time{}}
}

func (p *pauses) pause(n wa.Number, d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.until[pauseKey{n.ID, n.Token}] = p.now().Add(d)
}

// left returns how long a number is still paused, 0 if it is not.
func (p *pauses) left(n wa.Number) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	key := pauseKey{n.ID, n.Token}
	left := p.until[key].Sub(p.now())
	if left <= 0 {
		delete(p.until, key)
		return 0
	}
	return left
}
