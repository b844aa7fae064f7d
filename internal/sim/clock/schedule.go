package clock

import "time"

// Schedule is what happens later, in order. It is not safe for concurrent use.
type Schedule struct {
	heap []task // the earliest first
	made int
}

type task struct {
	at    time.Time
	group int
	order uint64
	seq   int // keeps the order of tasks that are due at the same instant and have the same order
	do    func(now time.Time)
}

func (t task) before(u task) bool {
	switch {
	case !t.at.Equal(u.at):
		return t.at.Before(u.at)
	case t.order != u.order:
		return t.order < u.order
	}
	return t.seq < u.seq
}

// Len is how much is scheduled.
func (s *Schedule) Len() int { return len(s.heap) }

// Add schedules do, which is given the time for which it was scheduled. The group is for Clear. Of tasks for the same instant the
// one with the lower order runs first, and of those with the same order the one that was added first.
func (s *Schedule) Add(at time.Time, group int, order uint64, do func(now time.Time)) {
	s.made++
	s.push(task{at: at, group: group, order: order, seq: s.made, do: do})
}

func (s *Schedule) push(t task) {
	s.heap = append(s.heap, t)
	for i := len(s.heap) - 1; i > 0; {
		parent := (i - 1) / 2
		if !s.heap[i].before(s.heap[parent]) {
			return
		}
		s.heap[i], s.heap[parent] = s.heap[parent], s.heap[i]
		i = parent
	}
}

// Next is when the earliest task is due. It returns false if there is none.
func (s *Schedule) Next() (time.Time, bool) {
	if len(s.heap) == 0 {
		return time.Time{}, false
	}
	return s.heap[0].at, true
}

// RunNext takes the earliest task off the schedule and runs it, if it is due by now. It returns false if none is.
func (s *Schedule) RunNext(now time.Time) bool {
	if len(s.heap) == 0 || s.heap[0].at.After(now) {
		return false
	}
	first, last := s.heap[0], len(s.heap)-1
	s.heap[0] = s.heap[last]
	s.heap[last] = task{} // lets go of what the function holds
	s.heap = s.heap[:last]
	s.sink()
	first.do(first.at)
	return true
}

// Clear forgets what is scheduled in a group.
func (s *Schedule) Clear(group int) {
	old := s.heap
	s.heap = nil
	for _, t := range old {
		if t.group != group {
			s.push(t)
		}
	}
}

// sink puts the first task where it belongs.
func (s *Schedule) sink() {
	for i := 0; ; {
		least := i
		for child := 2*i + 1; child <= 2*i+2 && child < len(s.heap); child++ {
			if s.heap[child].before(s.heap[least]) {
				least = child
			}
		}
		if least == i {
			return
		}
		s.heap[i], s.heap[least] = s.heap[least], s.heap[i]
		i = least
	}
}
