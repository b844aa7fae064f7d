package sim

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"

	"github.com/waypost/waypost/internal/sim/media"
	"github.com/waypost/waypost/internal/sim/message"
	"github.com/waypost/waypost/internal/sim/rule"
)

// Meta's limits on a send.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/send-messages (read 2026-09)
const (
	maxTag = 512 // bytes

	recipientIndividual = "individual"
	recipientGroup      = "group"
	typeText            = message.TypeText
)

// sendRequest is the envelope of POST /{phone-number-id}/messages. The object named by its type is read apart.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/send-messages (read 2026-09)
type sendRequest struct {
	Product       string  `json:"messaging_product"`
	RecipientType string  `json:"recipient_type"`
	To            string  `json:"to"`
	Recipient     string  `json:"recipient"` // a business-scoped user id; to goes before it
	Type          string  `json:"type"`
	Tag           string  `json:"biz_opaque_callback_data"`
	Context       *quoted `json:"context"`

	byUserID bool // to was found by recipient

	// A read receipt uses the same URL.
	// https://developers.facebook.com/docs/whatsapp/cloud-api/guides/mark-message-as-read (read 2026-09)
	Status    string `json:"status"`
	MessageID string `json:"message_id"`
	Typing    *struct {
		Type string `json:"type"`
	} `json:"typing_indicator"`
}

type quoted struct {
	MessageID string `json:"message_id"`
}

// readBody reads a JSON body into each of the targets. A body that does not say it is JSON is not read: Meta would look for
// form fields in it.
func readBody(w http.ResponseWriter, r *http.Request, targets ...any) (json.RawMessage, error) {
	if media.BareType(r.Header.Get("Content-Type")) != "application/json" {
		return nil, rule.BadParameter("send the body as application/json")
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxJSONBody))
	if err == nil {
		err = json.Unmarshal(body, &json.RawMessage{})
	}
	if err != nil {
		return nil, rule.BadParameter("the body is no JSON of at most %d bytes: %s", maxJSONBody, err)
	}
	for _, target := range targets {
		if err := json.Unmarshal(body, target); err != nil {
			return nil, rule.BadParameter("the body has a value of the wrong kind: %s", err)
		}
	}
	return bytes.Clone(body), nil // what was read has room to spare, and the ledger keeps it long
}

// checkEnvelope checks everything but the content and puts the recipient into one form.
func (q *sendRequest) checkEnvelope(from Number) error {
	switch q.RecipientType {
	case "":
		q.RecipientType = recipientIndividual
	case recipientIndividual, recipientGroup:
	default:
		return rule.BadParameter("recipient_type must be individual or group")
	}
	if q.To == "" {
		return rule.Missing("to")
	}
	if len(q.Tag) > maxTag {
		return rule.BadParameter("biz_opaque_callback_data must be at most %d bytes long", maxTag)
	}
	if q.Context != nil && q.Context.MessageID == "" {
		return rule.Missing("context['message_id']")
	}
	if q.Type == "" {
		q.Type = typeText
	}
	to := plainPhone(q.To)
	if q.RecipientType == recipientGroup {
		if isDigits(to) {
			return rule.BadParameter("recipient_type is group, but to is a phone number")
		}
		return nil
	}
	if !isPhone(to) {
		return rule.BadValue("to is no phone number with country code")
	}
	if to == from.Display {
		return rule.Refuse(rule.CodeSelf, "Recipient cannot be sender", "to is the business number itself")
	}
	q.To = to
	return nil
}
