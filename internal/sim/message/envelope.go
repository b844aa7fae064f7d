package message

import "github.com/waypost/waypost/internal/sim/rule"

// Meta's limits on a send.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/send-messages (read 2026-09)
const (
	maxTag = 512 // bytes

	RecipientIndividual = "individual" // recipient_type of a phone number
	RecipientGroup      = "group"      // … and of a group
)

// Request is the envelope of POST /{phone-number-id}/messages. The object named by its type is read apart.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/send-messages (read 2026-09)
type Request struct {
	Product       string  `json:"messaging_product"`
	RecipientType string  `json:"recipient_type"`
	To            string  `json:"to"`
	Recipient     string  `json:"recipient"` // a business-scoped user id; to goes before it
	Type          string  `json:"type"`
	Tag           string  `json:"biz_opaque_callback_data"`
	Context       *Quoted `json:"context"`

	ByUserID bool `json:"-"` // to was found by recipient

	// A read receipt uses the same URL.
	// https://developers.facebook.com/docs/whatsapp/cloud-api/guides/mark-message-as-read (read 2026-09)
	Status    string `json:"status"`
	MessageID string `json:"message_id"`
	Typing    *struct {
		Type string `json:"type"`
	} `json:"typing_indicator"`
}

// Quoted is the message that a send answers.
type Quoted struct {
	MessageID string `json:"message_id"`
}

// Check checks everything but the content and puts the recipient into one form.
func (q *Request) Check(display string) error {
	switch q.RecipientType {
	case "":
		q.RecipientType = RecipientIndividual
	case RecipientIndividual, RecipientGroup:
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
		q.Type = TypeText
	}
	to := rule.PlainPhone(q.To)
	if q.RecipientType == RecipientGroup {
		if rule.IsDigits(to) {
			return rule.BadParameter("recipient_type is group, but to is a phone number")
		}
		return nil
	}
	if !rule.IsPhone(to) {
		return rule.BadValue("to is no phone number with country code")
	}
	if to == display {
		return rule.Refuse(rule.CodeSelf, "Recipient cannot be sender", "to is the business number itself")
	}
	q.To = to
	return nil
}

// Answer is what an accepted send gets. Accepted is all it means; the outcome comes by callback.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/send-messages (read 2026-09)
type Answer struct {
	Product  string     `json:"messaging_product"`
	Contacts []Contact  `json:"contacts"`
	Messages []Accepted `json:"messages"`
}

// Contact is the recipient of a send, as it was given and as Meta knows it.
type Contact struct {
	Input  string `json:"input"`
	WAID   string `json:"wa_id,omitempty"`   // absent when the input is a user id
	UserID string `json:"user_id,omitempty"` // of a user who has one to tell
}

// Accepted is the message that a send became.
type Accepted struct {
	ID     string `json:"id"`
	Status string `json:"message_status,omitempty"` // templates only
}
