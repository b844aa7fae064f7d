package sim

import (
	"time"

	"github.com/waypost/waypost/internal/sim/draw"
	"github.com/waypost/waypost/internal/sim/fault"
	"github.com/waypost/waypost/internal/sim/wire"
)

// batch is updates of one number that wait to go together.
type batch struct {
	about Post
	list  []wire.Update
	size  int
	key   draw.Key
}

// gather puts an update into the batch of its number, and lets the batch go when it is full or its time has come. The lock must
// be held.
func (s *Sim) gather(about Post, u wire.Update, act fault.Act, now time.Time) {
	where := about.WABAID + "/" + about.NumberID
	b := s.batches[where]
	if b != nil && b.size+u.Size() > wire.MaxSize {
		s.release(where, now)
		b = nil
	}
	if b == nil {
		b = &batch{about: about, key: act.Key}
		s.batches[where] = b
		s.later(now.Add(act.After), act.Key, func(now time.Time) {
			if s.batches[where] == b {
				s.release(where, now)
			}
		})
	} else {
		b.about.Updates = append(b.about.Updates, about.Updates...)
		if b.about.Field != about.Field {
			b.about.Field = "several"
		}
		b.about.Peer = ""
	}
	b.list, b.size = append(b.list, u), b.size+u.Size()
	if len(b.list) >= act.Max {
		s.release(where, now)
	}
}

// release puts a batch in line. The lock must be held.
func (s *Sim) release(where string, now time.Time) {
	b := s.batches[where]
	delete(s.batches, where)
	b.about.Created = now
	s.lineUp(s.newPosting(b.about, wire.Encode(b.about.WABAID, b.list, b.key.Below(wire.Ways), now), now))
}
