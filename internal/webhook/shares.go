package webhook

import (
	"sync"
	"time"

	"github.com/waypost/waypost/internal/wa"
)

// shares limits how much of the width an endpoint may hold, so that posts that
// hang leave room for the others. A share counts what is claimed, because what
// is claimed but waits behind a slow post is held from others, too.
//
// An endpoint has a half of the width once it has taken an event promptly, for
// as long as it does, and an eighth before and otherwise. A half, not all: one
// that stops to answer fills its share until the first posts time out.
type shares struct {
	width int

	mu     sync.Mutex
	held   map[wa.EndpointID]int
	prompt map[wa.EndpointID]bool
}

// promptly is how long an endpoint may take and still be trusted with a half: a
// fifth of the client's usual time limit.
const promptly = 3 * time.Second

func newShares(width int) *shares {
	return &shares{width: width, held: map[wa.EndpointID]int{}, prompt: map[wa.EndpointID]bool{}}
}

// room is how many more deliveries an endpoint may be given.
func (s *shares) room(id wa.EndpointID) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	share := s.width / 8
	if s.prompt[id] {
		share = s.width / 2
	}
	return max(1, share) - s.held[id]
}

func (s *shares) take(id wa.EndpointID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held[id]++
}

func (s *shares) free(id wa.EndpointID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held[id]--; s.held[id] == 0 {
		delete(s.held, id)
	}
}

// judge takes an attempt as the sign of how the next ones will go.
func (s *shares) judge(id wa.EndpointID, r wa.DeliveryResult) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.Done && r.Took <= promptly {
		s.prompt[id] = true
	} else {
		delete(s.prompt, id)
	}
}
