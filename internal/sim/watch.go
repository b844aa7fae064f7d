package sim

import (
	"context"

	"github.com/waypost/waypost/internal/sim/ledger"
	"github.com/waypost/waypost/internal/sim/phone"
)

// Event is something that happened. One of the pointers is set.
type Event struct {
	Message  *Message // came to a phone or from one
	Refused  *Send    // a send that got no id
	Callback *Post    // an attempt to post was made
}

// setWatch lets somebody watch.
func (s *Sim) setWatch(watch func(Event)) {
	if watch == nil {
		return
	}
	s.book.SetWatch(func(m Message) { watch(Event{Message: &m}) })
	s.ledger.SetWatch(ledger.Watch{
		Refused: func(m Send) { watch(Event{Refused: &m}) },
		Tried:   func(c Post) { watch(Event{Callback: &c}) },
	})
}

// AwaitMessage returns the first message that matches as soon as there is one, or false when ctx ends before.
func (s *Sim) AwaitMessage(ctx context.Context, wish phone.Query) (Message, bool) {
	var from phone.Place
	for {
		var m Message
		var ok bool
		s.mu.Lock()
		m, from, ok = s.book.Look(wish, from)
		changed := s.book.Changed()
		s.mu.Unlock()
		if ok {
			return m, true
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return Message{}, false
		}
	}
}
