package sim

import (
	"container/heap"
	"time"
)

const (
	maxInFlight   = 8                // callbacks posted at the same time
	idleWait      = time.Hour        // how long Run sleeps when nothing is scheduled; anything new wakes it
	shutdownGrace = 2 * time.Second  // how long posts in flight may take after Run's context ended
	postTimeout   = 10 * time.Second // how long a receiver may take
)

// task is something that happens later. It runs with the Sim's lock held and must not block.
type task struct {
	at  time.Time
	seq int // keeps the order of tasks that are due at the same instant
	do  func(now time.Time)
}

// taskHeap has the earliest task first.
type taskHeap struct {
	list []task
	seq  int
}

func (h *taskHeap) Len() int { return len(h.list) }

func (h *taskHeap) Less(i, j int) bool {
	a, b := h.list[i], h.list[j]
	if a.at.Equal(b.at) {
		return a.seq < b.seq
	}
	return a.at.Before(b.at)
}

func (h *taskHeap) Swap(i, j int) { h.list[i], h.list[j] = h.list[j], h.list[i] }

// Push is for container/heap alone; it takes tasks only.
func (h *taskHeap) Push(x any) {
	if t, ok := x.(task); ok {
		h.list = append(h.list, t)
	}
}

// Pop is for container/heap alone.
func (h *taskHeap) Pop() any {
	last := len(h.list) - 1
	t := h.list[last]
	h.list[last] = task{} // lets go of what the function holds
	h.list = h.list[:last]
	return t
}

// at puts do on the schedule. The lock must be held.
func (s *Sim) at(t time.Time, do func(now time.Time)) {
	s.tasks.seq++
	heap.Push(&s.tasks, task{at: t, seq: s.tasks.seq, do: do})
	s.rouse()
}

// rouse tells Run to look at the schedule again.
func (s *Sim) rouse() {
	select {
	case s.wake <- struct{}{}:
	default: // a wake-up is on its way already
	}
}

// advance runs what is due and returns the posts to start now and the time until there may be more to do.
func (s *Sim) advance(now time.Time) (start []*posting, wait time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.tasks.list) > 0 && !s.tasks.list[0].at.After(now) {
		if t, ok := heap.Pop(&s.tasks).(task); ok {
			t.do(now)
		}
	}
	free := min(maxInFlight-s.inFlight, len(s.ready))
	start = append(start, s.ready[:free]...)
	s.ready = append(s.ready[:0], s.ready[free:]...)
	s.inFlight += free
	if len(s.tasks.list) == 0 {
		return start, idleWait
	}
	return start, s.tasks.list[0].at.Sub(now)
}
