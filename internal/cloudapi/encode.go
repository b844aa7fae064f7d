package cloudapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/waypost/waypost/internal/wa"
)

// sendBody is the body of POST /{phone-number-id}/messages.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/send-messages
// (read 2026-09)
type sendBody struct {
	Product       string `json:"messaging_product"`
	RecipientType string `json:"recipient_type"`
	To            string `json:"to"`
	Type          string `json:"type"`

	Text     *textObject  `json:"text,omitempty"`
	Image    *mediaObject `json:"image,omitempty"`
	Video    *mediaObject `json:"video,omitempty"`
	Audio    *mediaObject `json:"audio,omitempty"`
	Document *mediaObject `json:"document,omitempty"`
	Sticker  *mediaObject `json:"sticker,omitempty"`

	// Tag comes back in every status of the message, whatever became of the
	// answer. Meta takes 512 characters.
	// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages/status
	// (read 2026-09)
	Tag string `json:"biz_opaque_callback_data,omitempty"`
}

// textObject is the text of a text message.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/text-messages (read 2026-09)
type textObject struct {
	PreviewURL bool   `json:"preview_url"`
	Body       string `json:"body"`
}

// mediaObject is the media of a media message, by id or by link.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/image-messages and its
// neighbours (read 2026-09)
type mediaObject struct {
	ID       string `json:"id,omitempty"`
	Link     string `json:"link,omitempty"`
	Caption  string `json:"caption,omitempty"`
	Filename string `json:"filename,omitempty"`
}

const (
	messagingProduct = "whatsapp"
	maxTagLength     = 512
)

// EncodeSend returns the JSON of a send. An error says what the dispatch lacks;
// it would lack it at the next attempt too.
func EncodeSend(d wa.Dispatch) ([]byte, error) {
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
	body := sendBody{Product: messagingProduct, Tag: d.Tag}
	if len(d.Tag) > maxTagLength {
		return body, errors.New("the tag is longer than Meta takes")
	}
	if err := body.address(d.Message.Recipient); err != nil {
		return body, err
	}
	switch c := d.Message.Content.(type) {
	case wa.Text:
		body.Type = "text"
		body.Text = &textObject{PreviewURL: c.PreviewURL, Body: c.Body}
		return body, nil
	case wa.Media:
		return body, body.attach(c, d.MetaMedia[c.MediaID])
	}
	return body, errors.New("the message has no content that can be sent")
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
	}
	return errors.New("the recipient is of no kind")
}

func (b *sendBody) attach(m wa.Media, metaID string) error {
	o := &mediaObject{Link: m.Link}
	if m.Link == "" {
		if metaID == "" {
			return errors.New("the media has neither a link nor an id of Meta's")
		}
		o.ID = metaID
	}
	if m.Kind.HasCaption() {
		o.Caption = m.Caption
	}
	b.Type = string(m.Kind)
	switch m.Kind {
	case wa.KindImage:
		b.Image = o
	case wa.KindVideo:
		b.Video = o
	case wa.KindAudio:
		b.Audio = o
	case wa.KindDocument:
		o.Filename = m.Filename
		b.Document = o
	case wa.KindSticker:
		b.Sticker = o
	default:
		return errors.New("the media is of no kind")
	}
	return nil
}
