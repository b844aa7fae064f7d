package sim

import (
	"errors"
	"fmt"
	"time"

	"github.com/waypost/waypost/internal/sim/group"
	"github.com/waypost/waypost/internal/sim/phone"
	"github.com/waypost/waypost/internal/sim/wire"
)

// JoinGroup lets a phone follow an invitation to a group, named by its id or link. It returns ErrNotFound if there is no such group.
func (s *Sim) JoinGroup(idOrLink, number string) error {
	plain, err := s.phoneNumber(number)
	if err != nil {
		return err
	}
	g, joined, err := s.groups.Join(idOrLink, plain)
	if errors.Is(err, group.ErrNotFound) {
		return fmt.Errorf("group: %w", ErrNotFound)
	}
	if err != nil || !joined {
		return err //nolint:wrapcheck // it says it all
	}
	s.manage.TellJoined(g, plain, s.now())
	return nil
}

// member is a phone in a group and the message as it shows it.
type member struct {
	phone *phone.State
	shown *Message
}

// toGroup lets a send arrive at the members of a group, if it is one that was made here. The lock must be held.
func (s *Sim) toGroup(m *outbound, now time.Time) {
	g, ok := s.groups.Get(m.To)
	if !ok || g.NumberID != m.NumberID {
		return
	}
	list := make([]member, len(g.Members))
	for i, number := range g.Members {
		list[i].phone = s.book.Open(number)
	}
	s.later(now.Add(m.delivery), m.call.Key, func(now time.Time) { s.arriveInGroup(m, list, now) })
}

// arriveInGroup delivers to the members that are online, at once and with one callback; each other one gets it when it comes
// online.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/groups/groups-messaging (read 2026-09)
func (s *Sim) arriveInGroup(m *outbound, list []member, now time.Time) {
	var there, receipts []member
	for _, who := range list {
		if !who.phone.Online {
			who.phone.Wait(func(now time.Time) {
				s.later(now.Add(m.delivery), m.call.Key, func(now time.Time) { s.arriveInGroup(m, []member{who}, now) })
			})
			continue
		}
		shown := *m.shown
		who.shown = &shown
		s.book.Add(who.phone, who.shown)
		if there = append(there, who); who.phone.Receipts {
			receipts = append(receipts, who)
		}
	}
	s.climbGroup(m, there, statusDelivered, now)
	if len(receipts) > 0 {
		s.later(now.Add(m.reading), m.call.Key, func(now time.Time) { s.climbGroup(m, receipts, statusRead, now) })
	}
}

// climbGroup records a step that some members have reached: one callback with a status for each of them.
func (s *Sim) climbGroup(m *outbound, list []member, step string, now time.Time) {
	if len(list) == 0 {
		return
	}
	updates := make([]wire.Status, len(list))
	for i, who := range list {
		updates[i] = m.update(s, step, now)
		updates[i].Participant = who.phone.Number
		s.book.SetStatus(who.shown, step)
	}
	s.ledger.Climb(m.Send, Status{Name: step, At: now})
	s.emit(m.from, m.subject(step), wire.Value{Statuses: updates}, now)
}
