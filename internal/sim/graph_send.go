package sim

import (
	"encoding/json"
	"net/http"
	"time"
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
	ID string `json:"id"`
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
		return badParameter("messaging_product must be whatsapp")
	}
	if q.Status != "" {
		return s.markRead(w, from, q)
	}
	input := q.To
	if err := q.checkEnvelope(from); err != nil {
		return err
	}
	c, err := readContent(q.Type, objects)
	if err != nil {
		return err
	}
	if err := s.checkMedium(from, c); err != nil {
		return err
	}
	accepted := s.accept(from, q, c, body)
	s.onSend(accepted)
	return writeJSON(w, http.StatusOK, sendAnswer{
		Product:  messagingProduct,
		Contacts: []sendContact{{Input: input, WAID: accepted.To}},
		Messages: []sendMessage{{ID: accepted.WAMID}},
	})
}

// checkMedium refuses a media id that is gone, was never there, belongs to another number or is of another kind. Meta's pages
// do not say which code an unknown id gets in the answer; a value that does not hold is 131009, and so it is here.
func (s *Sim) checkMedium(from Number, c content) error {
	if c.MediaID == "" {
		return nil
	}
	m, ok := s.media.lookup(c.MediaID, time.Now())
	if !ok || m.numberID != from.ID {
		return badValue("%s['id'] is no media id of this number", c.Type)
	}
	if m.Kind != c.Type {
		return badValue("%s['id'] is of kind %s", c.Type, m.Kind)
	}
	return nil
}

// markRead turns the ticks of an inbound message blue, and of those before it in the same conversation.
// https://developers.facebook.com/docs/whatsapp/cloud-api/guides/mark-message-as-read (read 2026-09)
func (s *Sim) markRead(w http.ResponseWriter, n Number, q sendRequest) error {
	if q.Status != statusRead {
		return badParameter("status must be read")
	}
	if q.MessageID == "" {
		return missing("message_id")
	}
	if q.Typing != nil && q.Typing.Type != typeText {
		return badParameter("typing_indicator['type'] must be text")
	}
	if !s.readByBusiness(n, q.MessageID) {
		return badValue("message_id is no message that this number received")
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
