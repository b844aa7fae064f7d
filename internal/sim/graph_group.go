package sim

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/waypost/waypost/internal/sim/group"
	"github.com/waypost/waypost/internal/sim/phone"
	"github.com/waypost/waypost/internal/sim/rule"
)

// What happens to groups comes by callback, some time after the request was answered.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/group_lifecycle_update (read 2026-09)
const (
	fieldGroupLife     = "group_lifecycle_update"
	fieldGroupMembers  = "group_participants_update"
	fieldGroupSettings = "group_settings_update"
)

// groupRoutes are the routes of groups, but for those of every object.
func (s *Sim) groupRoutes() map[string]graphHandler {
	return map[string]graphHandler{
		"GET /{object}/groups": s.forNumber(func(_ context.Context, c call) (any, error) {
			return s.groups.Page(c.number.ID, c.query, c.address)
		}),
		"POST /{object}/groups": s.forNumber(s.createGroup),
		"GET /{object}/invite_link": s.forGroup(func(g group.Group, _ call) (any, error) {
			return map[string]any{"messaging_product": messagingProduct, "invite_link": g.InviteLink}, nil
		}),
		"POST /{object}/invite_link": s.forGroup(func(g group.Group, _ call) (any, error) {
			return map[string]any{"messaging_product": messagingProduct, "invite_link": s.groups.NewInvite(g.ID)}, nil
		}),
		"DELETE /{object}/invite_link": s.forGroup(func(g group.Group, _ call) (any, error) {
			s.groups.NewInvite(g.ID) // Graph has no group without one; the old one is void
			return map[string]any{"messaging_product": messagingProduct, "success": "true"}, nil
		}),
		"DELETE /{object}/participants": s.forGroup(s.removeMembers),
	}
}

// forGroup serves a managing call to a group of a number that the token may use.
func (s *Sim) forGroup(do func(g group.Group, c call) (any, error)) graphHandler {
	return func(w http.ResponseWriter, r *http.Request, token string) error {
		g, ok := s.groups.Get(r.PathValue("object"))
		n, own := s.accounts.Of(token, g.NumberID)
		if !ok || !own {
			return rule.NoObject(r.Method, r.PathValue("object"))
		}
		return s.manage(w, r, call{number: n, waba: n.WABAID, token: token}, func(_ context.Context, c call) (any, error) { return do(g, c) })
	}
}

// onGroup serves a call to a group itself, and says whether the object is one at all.
func (s *Sim) onGroup(w http.ResponseWriter, r *http.Request, token string) (bool, error) {
	if _, ok := s.groups.Get(r.PathValue("object")); !ok {
		return false, nil
	}
	return true, s.forGroup(func(g group.Group, c call) (any, error) {
		switch c.method {
		case http.MethodGet:
			return g.Node(c.query.Get("fields"))
		case http.MethodPost:
			return s.changeGroup(g, c)
		}
		s.groups.Delete(g.ID)
		s.tellGroup(g.NumberID, fieldGroupLife, c.now, map[string]any{"type": "group_delete", "group_id": g.ID, "request_id": s.groups.RequestID()})
		return success(nil)
	})(w, r, token)
}

// createGroup answers with the id of the request; the group's own comes by callback.
func (s *Sim) createGroup(_ context.Context, c call) (any, error) {
	g, err := s.groups.Create(c.number.ID, c.body, c.now)
	if err != nil {
		return nil, err
	}
	request := s.groups.RequestID()
	s.tellGroup(g.NumberID, fieldGroupLife, c.now, map[string]any{
		"type": "group_create", "group_id": g.ID, "request_id": request, "subject": g.Subject, "description": g.Description,
		"invite_link": g.InviteLink, "join_approval_mode": "auto_approve",
	})
	return map[string]any{"messaging_product": messagingProduct, "request_id": request}, nil
}

func (s *Sim) changeGroup(g group.Group, c call) (any, error) {
	changed, err := s.groups.Change(g.ID, c.body)
	if err != nil {
		return nil, err
	}
	request := s.groups.RequestID()
	event := map[string]any{"type": "group_settings_update", "group_id": g.ID, "request_id": request}
	for key, text := range changed {
		event[key] = map[string]any{"text": text, "update_successful": true}
	}
	s.tellGroup(g.NumberID, fieldGroupSettings, c.now, event)
	return map[string]any{"messaging_product": messagingProduct, "request_id": request}, nil
}

func (s *Sim) removeMembers(g group.Group, c call) (any, error) {
	r, err := s.groups.Remove(g.ID, c.body, plainPhone)
	if err != nil {
		return nil, err
	}
	request := s.groups.RequestID()
	event := map[string]any{"type": "group_participants_remove", "group_id": g.ID, "request_id": request, "initiated_by": "business"}
	persons := func(numbers []string) []any {
		list := []any{}
		for _, number := range numbers {
			list = append(list, map[string]any{"input": number, "wa_id": number})
		}
		return list
	}
	event["removed_participants"] = persons(r.Removed)
	if len(r.Failed) > 0 {
		event["failed_participants"] = persons(r.Failed)
	}
	s.tellGroup(g.NumberID, fieldGroupMembers, c.now, event)
	return map[string]any{"messaging_product": messagingProduct, "request_id": request}, nil
}

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
	s.tellGroup(g.NumberID, fieldGroupMembers, s.now(), map[string]any{
		"type": "group_participants_add", "group_id": g.ID, "reason": "invite_link", "added_participants": []any{map[string]any{"wa_id": plain}},
	})
	return nil
}

// tellGroup calls back what happened to a group.
func (s *Sim) tellGroup(numberID, field string, now time.Time, event map[string]any) {
	n, ok := s.accounts.ByID(numberID)
	if !ok {
		return
	}
	event["timestamp"] = unixText(now)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.emitField(Post{WABAID: n.WABAID, NumberID: n.ID, Field: field}, map[string]any{
		"messaging_product": messagingProduct, "metadata": metadata{Display: n.Display, NumberID: n.ID}, "groups": []any{event},
	}, now)
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
	updates := make([]statusUpdate, len(list))
	for i, who := range list {
		updates[i] = m.update(s, step, now)
		updates[i].Participant = who.phone.Number
		s.book.SetStatus(who.shown, step)
	}
	s.ledger.Climb(m.Send, Status{Name: step, At: now})
	s.emit(m.from, m.subject(step), value{Statuses: updates}, now)
}

func (s *Sim) showGroups(w http.ResponseWriter, _ *http.Request) error {
	return writeJSON(w, http.StatusOK, map[string][]group.Group{"groups": s.groups.All()})
}

// putMember is a phone that follows the invitation to a group.
func (s *Sim) putMember(w http.ResponseWriter, r *http.Request) error {
	err := s.JoinGroup(r.PathValue("id"), r.PathValue("number"))
	if errors.Is(err, ErrNotFound) {
		return err
	}
	if err != nil {
		return tell(http.StatusBadRequest, "%s", err)
	}
	g, _ := s.groups.Get(r.PathValue("id"))
	return writeJSON(w, http.StatusOK, g)
}
