package sim

import (
	"encoding/json"
	"net/http"

	"github.com/waypost/waypost/internal/sim/face"
	"github.com/waypost/waypost/internal/sim/ledger"
	"github.com/waypost/waypost/internal/sim/message"
	"github.com/waypost/waypost/internal/sim/phone"
	"github.com/waypost/waypost/internal/sim/rule"
	"github.com/waypost/waypost/internal/sim/template"
)

// postMessages takes a send or a read receipt.
func (s *Sim) postMessages(w http.ResponseWriter, r *http.Request, token string) error {
	from, err := s.manage.OwnNumber(r, token)
	if err != nil {
		return err
	}
	var q message.Request
	var objects map[string]json.RawMessage
	body, err := face.ReadBody(w, r, &q, &objects)
	if err != nil {
		return err
	}
	if q.Product != face.Product {
		return rule.BadParameter("messaging_product must be whatsapp")
	}
	if err := s.accounts.Ready(from.ID); err != nil {
		return err
	}
	if q.Status != "" {
		return s.markRead(w, from, q)
	}
	return s.takeSend(w, r, &attempted{from: from, q: q, objects: objects, body: body})
}

// outgoing is what a business sends; a template comes with the one it was made of.
type outgoing struct {
	message.Content
	template template.Template
}

// readContent checks the object that the type names, and whatever it names in turn.
func (s *Sim) readContent(from Number, q message.Request, objects map[string]json.RawMessage) (c outgoing, err error) {
	if q.RecipientType == message.RecipientGroup && q.Type == message.TypeInteractive {
		return c, rule.Refuse(rule.CodeUnsupported, "Unsupported message type", "a group takes no messages of type %s", q.Type)
	}
	if q.RecipientType != message.RecipientGroup && q.Type == message.TypePin {
		return c, rule.Refuse(rule.CodeUnsupported, "Unsupported message type", "messages of type %s are for groups", q.Type)
	}
	if q.Type != message.TypeTemplate {
		c.Content, err = message.Read(q.Type, objects)
		if err != nil {
			return c, err
		}
		return c, s.checkMedia(from, c.Media)
	}
	raw := objects[q.Type]
	send, err := template.ReadSend(raw)
	if err != nil {
		return c, err
	}
	t, text, err := s.templates.Fit(from.WABAID, send)
	if err != nil {
		return c, err
	}
	if q.ByUserID && t.Category == template.Authentication {
		return c, rule.Refuse(rule.CodeUserID, "Business-scoped user ID recipients are not supported for this message",
			"a one-time password goes to a number: give to")
	}
	c.template, c.Content = t, message.Content{Type: q.Type, Text: text, Media: send.Media, Object: raw}
	if len(send.Media) > 0 {
		c.MediaID = send.Media[0].ID
	}
	return c, s.checkMedia(from, c.Media)
}

// checkMedia refuses a media id that is gone, was never there, belongs to another number or is of another kind. Meta's pages
// do not say which code an unknown id gets in the answer; a value that does not hold is 131009, and so it is here.
func (s *Sim) checkMedia(from Number, list []rule.Medium) error {
	for _, named := range list {
		m, ok := s.media.Lookup(named.ID, s.now())
		if !ok || m.NumberID != from.ID {
			return breach{rule.BadValue("%s['id'] is no media id of this number", named.Path), ledger.RuleMedia}
		}
		if m.Kind != named.Kind {
			return rule.BadValue("%s['id'] is of kind %s", named.Path, m.Kind)
		}
	}
	return nil
}

// markRead turns the ticks of an inbound message blue, and of those before it in the same conversation.
// https://developers.facebook.com/docs/whatsapp/cloud-api/guides/mark-message-as-read (read 2026-09)
func (s *Sim) markRead(w http.ResponseWriter, n Number, q message.Request) error {
	if q.Status != statusRead {
		return rule.BadParameter("status must be read")
	}
	if q.MessageID == "" {
		return rule.Missing("message_id")
	}
	if q.Typing != nil && q.Typing.Type != message.TypeText {
		return rule.BadParameter("typing_indicator['type'] must be text")
	}
	if !s.readByBusiness(n, q.MessageID, q.Typing != nil) {
		return rule.BadValue("message_id is no message that this number received")
	}
	return face.WriteJSON(w, http.StatusOK, face.Success{Success: true})
}

func (s *Sim) readByBusiness(n Number, wamid string, typing bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.book.Message(wamid)
	if m == nil || m.Direction != phone.FromPhone || m.NumberID != n.ID {
		return false
	}
	s.book.ReadBefore(m, statusRead)
	if typing {
		s.typed(n, m)
	}
	return true
}
