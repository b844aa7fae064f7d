package manage

import (
	"context"
	"net/http"
	"time"

	"github.com/waypost/waypost/internal/sim/face"
	"github.com/waypost/waypost/internal/sim/group"
	"github.com/waypost/waypost/internal/sim/ledger"
	"github.com/waypost/waypost/internal/sim/rule"
	"github.com/waypost/waypost/internal/sim/wire"
)

// What happens to groups comes by callback, some time after the request was answered.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/group_lifecycle_update (read 2026-09)
const (
	fieldGroupLife     = "group_lifecycle_update"
	fieldGroupMembers  = "group_participants_update"
	fieldGroupSettings = "group_settings_update"
)

// groupRoutes are the routes of groups, but for those of every object.
func (s *Face) groupRoutes() map[string]Handler {
	return map[string]Handler{
		"GET /{object}/groups": s.forNumber(func(_ context.Context, c call) (any, error) {
			return s.Groups.Page(c.number.ID, c.query, c.address)
		}),
		"POST /{object}/groups": s.forNumber(s.createGroup),
		"GET /{object}/invite_link": s.forGroup(func(g group.Group, _ call) (any, error) {
			return map[string]any{"messaging_product": face.Product, "invite_link": g.InviteLink}, nil
		}),
		"POST /{object}/invite_link": s.forGroup(func(g group.Group, _ call) (any, error) {
			return map[string]any{"messaging_product": face.Product, "invite_link": s.Groups.NewInvite(g.ID)}, nil
		}),
		"DELETE /{object}/invite_link": s.forGroup(func(g group.Group, _ call) (any, error) {
			s.Groups.NewInvite(g.ID) // Graph has no group without one; the old one is void
			return map[string]any{"messaging_product": face.Product, "success": "true"}, nil
		}),
		"DELETE /{object}/participants": s.forGroup(s.removeMembers),
	}
}

// forGroup serves a managing call to a group of a number that the token may use.
func (s *Face) forGroup(do func(g group.Group, c call) (any, error)) Handler {
	return func(w http.ResponseWriter, r *http.Request, token string) error {
		g, ok := s.Groups.Get(r.PathValue("object"))
		n, own := s.Accounts.Of(token, g.NumberID)
		if !ok || !own {
			return rule.NoObject(r.Method, r.PathValue("object"))
		}
		return s.serve(w, r, call{number: n, waba: n.WABAID, token: token}, func(_ context.Context, c call) (any, error) { return do(g, c) })
	}
}

// OnGroup serves a call to a group itself, and says whether the object is one at all.
func (s *Face) OnGroup(w http.ResponseWriter, r *http.Request, token string) (bool, error) {
	if _, ok := s.Groups.Get(r.PathValue("object")); !ok {
		return false, nil
	}
	return true, s.forGroup(func(g group.Group, c call) (any, error) {
		switch c.method {
		case http.MethodGet:
			return g.Node(c.query.Get("fields"))
		case http.MethodPost:
			return s.changeGroup(g, c)
		}
		s.Groups.Delete(g.ID)
		s.tellGroup(g.NumberID, fieldGroupLife, c.now, map[string]any{"type": "group_delete", "group_id": g.ID, "request_id": s.Groups.RequestID()})
		return success(nil)
	})(w, r, token)
}

// createGroup answers with the id of the request; the group's own comes by callback.
func (s *Face) createGroup(_ context.Context, c call) (any, error) {
	g, err := s.Groups.Create(c.number.ID, c.body, c.now)
	if err != nil {
		return nil, err
	}
	request := s.Groups.RequestID()
	s.tellGroup(g.NumberID, fieldGroupLife, c.now, map[string]any{
		"type": "group_create", "group_id": g.ID, "request_id": request, "subject": g.Subject, "description": g.Description,
		"invite_link": g.InviteLink, "join_approval_mode": "auto_approve",
	})
	return map[string]any{"messaging_product": face.Product, "request_id": request}, nil
}

func (s *Face) changeGroup(g group.Group, c call) (any, error) {
	changed, err := s.Groups.Change(g.ID, c.body)
	if err != nil {
		return nil, err
	}
	request := s.Groups.RequestID()
	event := map[string]any{"type": "group_settings_update", "group_id": g.ID, "request_id": request}
	for key, text := range changed {
		event[key] = map[string]any{"text": text, "update_successful": true}
	}
	s.tellGroup(g.NumberID, fieldGroupSettings, c.now, event)
	return map[string]any{"messaging_product": face.Product, "request_id": request}, nil
}

func (s *Face) removeMembers(g group.Group, c call) (any, error) {
	r, err := s.Groups.Remove(g.ID, c.body, rule.PlainPhone)
	if err != nil {
		return nil, err
	}
	request := s.Groups.RequestID()
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
	return map[string]any{"messaging_product": face.Product, "request_id": request}, nil
}

// tellGroup calls back what happened to a group.
func (s *Face) tellGroup(numberID, field string, now time.Time, event map[string]any) {
	n, ok := s.Accounts.ByID(numberID)
	if !ok {
		return
	}
	event["timestamp"] = wire.Seconds(now)
	s.Tell(ledger.Callback{WABAID: n.WABAID, NumberID: n.ID, Field: field}, map[string]any{
		"messaging_product": face.Product, "metadata": wire.Metadata{Display: n.Display, NumberID: n.ID}, "groups": []any{event},
	}, now)
}

// TellJoined calls back that a phone has followed the invitation to a group.
func (s *Face) TellJoined(g group.Group, number string, now time.Time) {
	s.tellGroup(g.NumberID, fieldGroupMembers, now, map[string]any{
		"type": "group_participants_add", "group_id": g.ID, "reason": "invite_link", "added_participants": []any{map[string]any{"wa_id": number}},
	})
}
