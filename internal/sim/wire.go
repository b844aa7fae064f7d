package sim

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"time"
	"unicode/utf16"
	"unicode/utf8"
)

// fieldMessages is the field of messages and statuses.
const fieldMessages = "messages"

// envelope is the body of every callback. One update each: Meta may batch them, and promises no batching.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages (read 2026-09)
type envelope struct {
	Object string  `json:"object"`
	Entry  []entry `json:"entry"`
}

type entry struct {
	ID      string   `json:"id"`             // the WhatsApp Business Account
	Time    int64    `json:"time,omitempty"` // with fields of the account only
	Changes []change `json:"changes"`
}

type change struct {
	Value any    `json:"value"`
	Field string `json:"field"`
}

type value struct {
	Product  string           `json:"messaging_product"`
	Metadata metadata         `json:"metadata"`
	Contacts []callbackPerson `json:"contacts,omitempty"`
	Messages []inboundMessage `json:"messages,omitempty"`
	Statuses []statusUpdate   `json:"statuses,omitempty"`
}

type metadata struct {
	Display  string `json:"display_phone_number"`
	NumberID string `json:"phone_number_id"`
}

type callbackPerson struct {
	Profile profile `json:"profile"`
	WAID    string  `json:"wa_id"`
}

type profile struct {
	Name string `json:"name"`
}

// inboundMessage is what a user wrote; one of the pointers is set, the one that Type names.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages (read 2026-09)
type inboundMessage struct {
	Context   *inboundContext `json:"context,omitempty"`
	From      string          `json:"from"`
	ID        string          `json:"id"`
	Timestamp string          `json:"timestamp"`
	Type      string          `json:"type"`
	Text      *inboundText    `json:"text,omitempty"`
	Image     *inboundMedia   `json:"image,omitempty"`
	Audio     *inboundMedia   `json:"audio,omitempty"`
	Video     *inboundMedia   `json:"video,omitempty"`
	Document  *inboundMedia   `json:"document,omitempty"`
	Sticker   *inboundMedia   `json:"sticker,omitempty"`
	Errors    []statusError   `json:"errors,omitempty"`
	Referral  json.RawMessage `json:"referral,omitempty"`
	inboundObjects
}

// inboundObjects are the objects that package inbound reads, under the names of their types. The control face takes them so too.
type inboundObjects struct {
	Location    json.RawMessage `json:"location,omitempty"`
	Persons     json.RawMessage `json:"contacts,omitempty"`
	Reaction    json.RawMessage `json:"reaction,omitempty"`
	Button      json.RawMessage `json:"button,omitempty"`
	Interactive json.RawMessage `json:"interactive,omitempty"`
	Order       json.RawMessage `json:"order,omitempty"`
	System      json.RawMessage `json:"system,omitempty"`
	Unsupported json.RawMessage `json:"unsupported,omitempty"`
	Edit        json.RawMessage `json:"edit,omitempty"`
	Revoke      json.RawMessage `json:"revoke,omitempty"`
}

type inboundContext struct {
	From      string `json:"from,omitempty"`
	ID        string `json:"id,omitempty"`
	Forwarded bool   `json:"forwarded,omitempty"`
	Often     bool   `json:"frequently_forwarded,omitempty"`
}

type inboundText struct {
	Body string `json:"body"`
}

// inboundMedia is any medium from a user. The digest is base64 here and hexadecimal when the id is looked up, as Meta has it.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages/image (read 2026-09)
type inboundMedia struct {
	Caption  string `json:"caption,omitempty"`
	Filename string `json:"filename,omitempty"`
	MIMEType string `json:"mime_type"`
	SHA256   string `json:"sha256"`
	ID       string `json:"id"`
	URL      string `json:"url"`
	Voice    *bool  `json:"voice,omitempty"`    // audio only
	Animated *bool  `json:"animated,omitempty"` // sticker only
}

// statusUpdate is a step of a send. conversation and pricing are as Graph v23 sends them; v24 leaves conversation out.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages/status (read 2026-09)
type statusUpdate struct {
	ID            string        `json:"id"`
	Status        string        `json:"status"`
	Timestamp     string        `json:"timestamp"`
	RecipientID   string        `json:"recipient_id"`
	RecipientType string        `json:"recipient_type,omitempty"` // for groups only
	Tag           string        `json:"biz_opaque_callback_data,omitempty"`
	Conversation  *conversation `json:"conversation,omitempty"`
	Pricing       *pricing      `json:"pricing,omitempty"`
	Errors        []statusError `json:"errors,omitempty"`
}

type conversation struct {
	ID      string `json:"id"`
	Expires string `json:"expiration_timestamp,omitempty"` // with sent only
	Origin  origin `json:"origin"`
}

type origin struct {
	Type string `json:"type"`
}

type pricing struct {
	Billable bool   `json:"billable"`
	Model    string `json:"pricing_model"`
	Type     string `json:"type"`
	Category string `json:"category"`
}

type statusError struct {
	Code    int       `json:"code"`
	Title   string    `json:"title"`
	Message string    `json:"message"`
	Data    errorData `json:"error_data"`
	Href    string    `json:"href,omitempty"` // not in the errors of a message
}

// encodeCallback makes the bytes of a callback. Meta escapes all that is not ASCII and signs the escaped bytes, so a receiver
// that checks the signature over anything but the raw body must fail here too.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/create-webhook-endpoint (read 2026-09)
func encodeCallback(wabaID, field string, v any, now time.Time) ([]byte, error) {
	e := entry{ID: wabaID, Changes: []change{{Value: v, Field: field}}}
	if field != fieldMessages {
		e.Time = now.Unix()
	}
	var plain bytes.Buffer
	enc := json.NewEncoder(&plain)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(envelope{Object: "whatsapp_business_account", Entry: []entry{e}}); err != nil {
		return nil, fmt.Errorf("encode callback: %w", err)
	}
	return escapeNonASCII(bytes.TrimSpace(plain.Bytes())), nil
}

// escapeNonASCII writes every character beyond ASCII as \uXXXX in lower case, as a surrogate pair where one is not enough.
func escapeNonASCII(text []byte) []byte {
	out := make([]byte, 0, len(text))
	for len(text) > 0 {
		r, size := utf8.DecodeRune(text)
		if r < utf8.RuneSelf {
			out = append(out, text[0])
		} else {
			for _, unit := range utf16.AppendRune(nil, r) {
				out = fmt.Appendf(out, `\u%04x`, unit)
			}
		}
		text = text[size:]
	}
	return out
}

// unixText is a time as Meta writes it in messages and statuses: a string of seconds.
func unixText(t time.Time) string { return strconv.FormatInt(t.Unix(), 10) }
