// Package encode owns the bodies of sends: it turns a [wa.Dispatch] into the JSON of
// POST /{phone-number-id}/messages.
//
// It never decides whether something may be sent and never calls Meta. It stands
// under the client (cloudapi), which posts what it returns.
package encode

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/waypost/waypost/internal/cloudapi/node"
	"github.com/waypost/waypost/internal/wa"
)

// sendBody is the body of POST /{phone-number-id}/messages.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/send-messages
// (read 2026-09)
type sendBody struct {
	Product       string `json:"messaging_product"`
	RecipientType string `json:"recipient_type"`
	To            string `json:"to,omitempty"`
	// Recipient is a business-scoped user id, in place of To.
	// https://developers.facebook.com/documentation/business-messaging/whatsapp/business-scoped-user-ids
	// (read 2026-09)
	Recipient string `json:"recipient,omitempty"`
	// IdentityHash is for a number that checks identities.
	// https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/phone-numbers
	// (read 2026-09)
	IdentityHash string         `json:"recipient_identity_key_hash,omitempty"`
	Context      *contextObject `json:"context,omitempty"`
	Type         string         `json:"type"`

	Text *textObject `json:"text,omitempty"`
	mediaSlots
	Location    *locationObject    `json:"location,omitempty"`
	Contacts    []node.Card        `json:"contacts,omitempty"`
	Reaction    *reactionObject    `json:"reaction,omitempty"`
	Pin         *pinObject         `json:"pin,omitempty"`
	Interactive *interactiveObject `json:"interactive,omitempty"`
	Template    *templateObject    `json:"template,omitempty"`

	// Tag comes back in every status of the message, whatever became of the
	// answer. Meta takes 512 characters.
	// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages/status
	// (read 2026-09)
	Tag string `json:"biz_opaque_callback_data,omitempty"`
}

// contextObject makes a message the answer to another.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/contextual-replies
// (read 2026-09)
type contextObject struct {
	MessageID string `json:"message_id"`
}

// textObject is the text of a text message.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/text-messages (read 2026-09)
type textObject struct {
	PreviewURL bool   `json:"preview_url"`
	Body       string `json:"body"`
}

// Product is the messaging_product of every call.
const Product = "whatsapp"

const maxTagLength = 512

// Send returns the JSON of a send. An error says what the dispatch lacks;
// it would lack it at the next attempt too.
func Send(d wa.Dispatch) ([]byte, error) {
	body, err := newSendBody(d)
	if err != nil {
		return nil, fmt.Errorf("encode send: %w", err)
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(body); err != nil {
		return nil, fmt.Errorf("encode send: %w", err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

func newSendBody(d wa.Dispatch) (sendBody, error) {
	body := sendBody{Product: Product, Tag: d.Tag, IdentityHash: d.Message.IdentityHash}
	if len(d.Tag) > maxTagLength {
		return body, errors.New("the tag is longer than Meta takes")
	}
	if err := body.address(d.Message.Recipient); err != nil {
		return body, err
	}
	if d.Message.ReplyTo != "" && answers(d.Message.Content) {
		body.Context = &contextObject{d.Message.ReplyTo}
	}
	return body, body.fill(d.Message.Content, encoder{d.MetaMedia, d.MetaLinks})
}

// answers reports whether a content can be the answer to a message: a reaction
// and a pin name one themselves.
func answers(c wa.Content) bool {
	switch c.(type) {
	case wa.Reaction, wa.Pin:
		return false
	case wa.Text, wa.Media, wa.Location, wa.Contacts, wa.Interactive, wa.Template:
	}
	return true
}

// encoder turns nouns into Meta's objects.
type encoder struct {
	// metaMedia has Meta's id for each media of ours.
	metaMedia map[wa.MediaID]string
	// metaLinks has Meta's id for each link that we have fetched.
	metaLinks map[string]string
}

// fill sets the type, and the object of the same name.
func (b *sendBody) fill(content wa.Content, e encoder) (err error) {
	switch c := content.(type) {
	case wa.Text:
		b.Type, b.Text = "text", &textObject{PreviewURL: c.PreviewURL, Body: c.Body}
		return nil
	case wa.Media:
		b.Type = string(c.Kind)
		return b.message(c, e)
	case wa.Location:
		b.Type = "location"
		b.Location, err = newLocation(c)
		return err
	case wa.Contacts:
		b.Type = "contacts"
		b.Contacts, err = newCards(c)
		return err
	case wa.Reaction:
		b.Type = "reaction"
		b.Reaction, err = newReaction(c)
		return err
	case wa.Pin:
		b.Type = "pin"
		b.Pin, err = newPin(c)
		return err
	case wa.Interactive:
		b.Type = "interactive"
		b.Interactive, err = e.interactive(c)
		return err
	case wa.Template:
		b.Type = "template"
		b.Template, err = e.template(c)
		return err
	}
	return errors.New("the message has no content that can be sent")
}

// address keeps the plus before a number: without it Meta may put the country
// code of the business before a number that it takes for a local one.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/send-messages (read 2026-09)
func (b *sendBody) address(r wa.Recipient) error {
	if r.ID == "" {
		return errors.New("the message has no recipient")
	}
	switch r.Kind {
	case wa.Individual:
		b.RecipientType, b.To = "individual", r.ID
		if wa.Digits(r.ID) {
			b.To = "+" + r.ID
		}
		return nil
	case wa.Group:
		b.RecipientType, b.To = "group", r.ID
		return nil
	case wa.User:
		b.RecipientType, b.Recipient = "individual", r.ID
		return nil
	}
	return errors.New("the recipient is of no kind")
}
