package sim

import (
	"time"

	"github.com/waypost/waypost/internal/sim/draw"
)

const (
	maxInFlight   = 32               // callbacks posted at the same time
	idleWait      = time.Hour        // how long Run sleeps when nothing is scheduled; anything new wakes it
	shutdownGrace = 2 * time.Second  // how long posts in flight may take after Run's context ended
	postTimeout   = 10 * time.Second // how long a receiver may take, in real time
)

// The groups of what is scheduled.
const (
	upkeep  = iota // what goes on whatever is sent: reviews, lives of media
	traffic        // what becomes of messages; a reset gives it up
)

// at puts do on the schedule. It runs with the lock held, is given the time for which it was scheduled, and must not block. The
// lock must be held.
func (s *Sim) at(t time.Time, do func(now time.Time)) {
	s.schedule.Add(t, upkeep, 0, do)
	s.rouse()
}

// later is at for what becomes of a message or a callback, whose key decides who is first at the same time: who was put there first
// is chance.
func (s *Sim) later(t time.Time, key draw.Key, do func(now time.Time)) {
	s.schedule.Add(t, traffic, uint64(key), do)
	s.rouse()
}

// rouse tells Run to look at the schedule again.
func (s *Sim) rouse() {
	select {
	case s.wake <- struct{}{}:
	default: // a wake-up is on its way already
	}
}

// due runs what is due and returns the posts to start now and the time until there may be more to do. While the clock is being
// moved it leaves everything to whoever moves it.
func (s *Sim) due() (start []*posting, wait time.Duration) {
	select {
	case s.stepping <- struct{}{}:
	default:
		return nil, idleWait
	}
	defer func() { <-s.stepping }()
	s.runDue()
	s.mu.Lock()
	defer s.mu.Unlock()
	start = s.ready.take(max(0, min(maxInFlight-int(s.inFlight.Load()), s.ready.len())))
	s.inFlight.Add(int32(len(start))) //nolint:gosec // not that many
	next, ok := s.schedule.Next()
	if !ok {
		return start, idleWait
	}
	if wait, ok = s.clock.Wait(next); !ok {
		wait = idleWait
	}
	return start, min(wait, idleWait)
}

// runDue runs what is due, a little at a time, so that whoever sends meanwhile gets the lock too.
func (s *Sim) runDue() {
	const little = 16
	for now, more := s.now(), true; more; {
		s.mu.Lock()
		for n := 0; n < little && more; n++ {
			more = s.schedule.RunNext(now)
		}
		s.mu.Unlock()
	}
}
