package sim

import (
	"encoding/json"
	"net/http"
	"time"

	"github.com/waypost/waypost/internal/sim/message"
	"github.com/waypost/waypost/internal/sim/rule"
	"github.com/waypost/waypost/internal/sim/template"
)

// sendAnswer is what an accepted send gets. Accepted is all it means; the outcome comes by callback.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/send-messages (read 2026-09)
type sendAnswer struct {
	Product  string        `json:"messaging_product"`
	Contacts []sendContact `json:"contacts"`
	Messages []sendMessage `json:"messages"`
}

type sendContact struct {
	Input string `json:"input"`
	WAID  string `json:"wa_id"`
}

type sendMessage struct {
	ID     string `json:"id"`
	Status string `json:"message_status,omitempty"` // templates only
}

type successAnswer struct {
	Success bool `json:"success"`
}

// postMessages takes a send or a read receipt.
func (s *Sim) postMessages(w http.ResponseWriter, r *http.Request, token string) error {
	from, err := s.ownNumber(r, token)
	if err != nil {
		return err
	}
	var q sendRequest
	var objects map[string]json.RawMessage
	body, err := readBody(w, r, &q, &objects)
	if err != nil {
		return err
	}
	if q.Product != messagingProduct {
		return rule.BadParameter("messaging_product must be whatsapp")
	}
	if q.Status != "" {
		return s.markRead(w, from, q)
	}
	input := q.To
	if err := q.checkEnvelope(from); err != nil {
		return err
	}
	c, err := s.readContent(from, q, objects)
	if err != nil {
		return err
	}
	accepted := s.accept(from, q, c, body)
	s.onSend(accepted)
	answer := sendMessage{ID: accepted.WAMID}
	if c.Type == message.TypeTemplate {
		answer.Status = statusAccepted
	}
	return writeJSON(w, http.StatusOK, sendAnswer{
		Product:  messagingProduct,
		Contacts: []sendContact{{Input: input, WAID: accepted.To}},
		Messages: []sendMessage{answer},
	})
}

// outgoing is what a business sends; a template comes with the one it was made of.
type outgoing struct {
	message.Content
	template template.Template
}

// readContent checks the object that the type names, and whatever it names in turn.
func (s *Sim) readContent(from Number, q sendRequest, objects map[string]json.RawMessage) (c outgoing, err error) {
	if q.RecipientType == recipientGroup && q.Type == message.TypeInteractive {
		return c, rule.Refuse(rule.CodeUnsupported, "Unsupported message type", "a group takes no messages of type %s", q.Type)
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
	c.template, c.Content = t, message.Content{Type: q.Type, Text: text, Media: send.Media, Object: raw}
	if len(send.Media) > 0 {
		c.MediaID = send.Media[0].ID
	}
	return c, s.checkMedia(from, c.Media)
}

// checkMedia refuses a media id that is gone, was never there, belongs to another number or is of another kind. Meta's pages
// do not say which code an unknown id gets in the answer; a value that does not hold is 131009, and so it is here.
func (s *Sim) checkMedia(from Number, media []rule.Medium) error {
	for _, named := range media {
		m, ok := s.media.lookup(named.ID, time.Now())
		if !ok || m.numberID != from.ID {
			return rule.BadValue("%s['id'] is no media id of this number", named.Path)
		}
		if m.Kind != named.Kind {
			return rule.BadValue("%s['id'] is of kind %s", named.Path, m.Kind)
		}
	}
	return nil
}

// markRead turns the ticks of an inbound message blue, and of those before it in the same conversation.
// https://developers.facebook.com/docs/whatsapp/cloud-api/guides/mark-message-as-read (read 2026-09)
func (s *Sim) markRead(w http.ResponseWriter, n Number, q sendRequest) error {
	if q.Status != statusRead {
		return rule.BadParameter("status must be read")
	}
	if q.MessageID == "" {
		return rule.Missing("message_id")
	}
	if q.Typing != nil && q.Typing.Type != typeText {
		return rule.BadParameter("typing_indicator['type'] must be text")
	}
	if !s.readByBusiness(n, q.MessageID) {
		return rule.BadValue("message_id is no message that this number received")
	}
	return writeJSON(w, http.StatusOK, successAnswer{Success: true})
}

func (s *Sim) readByBusiness(n Number, wamid string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	m, ok := s.messages[wamid]
	if !ok || m.Direction != fromPhone || m.NumberID != n.ID {
		return false
	}
	for _, earlier := range s.phone(m.phone).messages {
		if earlier.Direction == fromPhone && earlier.NumberID == n.ID {
			earlier.Status = statusRead
		}
		if earlier == m {
			break
		}
	}
	return true
}
