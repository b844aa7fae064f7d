package wire

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/waypost/waypost/internal/sim/rule"
)

// FieldMessages is the field of messages and statuses.
const FieldMessages = "messages"

// Value is what a callback of the field messages tells.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages (read 2026-09)
type Value struct {
	Product  string    `json:"messaging_product"`
	Metadata Metadata  `json:"metadata"`
	Contacts []Person  `json:"contacts,omitempty"`
	Messages []Inbound `json:"messages,omitempty"`
	Statuses []Status  `json:"statuses,omitempty"`
}

// Metadata names the business number.
type Metadata struct {
	Display  string `json:"display_phone_number"`
	NumberID string `json:"phone_number_id"`
}

// Person is a user. Who has a username is told by the business-scoped user id too, or by that alone.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/business-scoped-user-ids (read 2026-09)
type Person struct {
	Profile *Profile `json:"profile,omitempty"`
	WAID    string   `json:"wa_id,omitempty"`
	UserID  string   `json:"user_id,omitempty"`
}

// Profile is what a user shows of themself.
type Profile struct {
	Name     string `json:"name"`
	Username string `json:"username,omitempty"`
}

// Inbound is what a user wrote; one of the pointers is set, the one that Type names.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages (read 2026-09)
type Inbound struct {
	Context   *Context        `json:"context,omitempty"`
	From      string          `json:"from,omitempty"`         // absent for a user whose number is not told
	FromUser  string          `json:"from_user_id,omitempty"` // … and this is there
	ID        string          `json:"id"`
	Timestamp string          `json:"timestamp"`
	Type      string          `json:"type"`
	Text      *Text           `json:"text,omitempty"`
	Image     *Media          `json:"image,omitempty"`
	Audio     *Media          `json:"audio,omitempty"`
	Video     *Media          `json:"video,omitempty"`
	Document  *Media          `json:"document,omitempty"`
	Sticker   *Media          `json:"sticker,omitempty"`
	Errors    []Error         `json:"errors,omitempty"`
	Referral  json.RawMessage `json:"referral,omitempty"`
	Origin    string          `json:"origin,omitempty"` // with contacts that were asked for
	Objects
}

// Objects are the objects that package inbound reads, under the names of their types. The control face takes them so too.
type Objects struct {
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

// Context is what a message answers and whether it was passed on.
type Context struct {
	From      string `json:"from,omitempty"`
	ID        string `json:"id,omitempty"`
	Forwarded bool   `json:"forwarded,omitempty"`
	Often     bool   `json:"frequently_forwarded,omitempty"`
}

// Text is the object of a text.
type Text struct {
	Body string `json:"body"`
}

// Media is any medium from a user. The digest is base64 here and hexadecimal when the id is looked up, as Meta has it.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages/image (read 2026-09)
type Media struct {
	Caption  string `json:"caption,omitempty"`
	Filename string `json:"filename,omitempty"`
	MIMEType string `json:"mime_type"`
	SHA256   string `json:"sha256"`
	ID       string `json:"id"`
	URL      string `json:"url"`
	Voice    *bool  `json:"voice,omitempty"`    // audio only
	Animated *bool  `json:"animated,omitempty"` // sticker only
}

// Status is a step of a send. conversation and pricing are as Graph v23 sends them; v24 leaves conversation out.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages/status (read 2026-09)
type Status struct {
	ID            string        `json:"id"`
	Status        string        `json:"status"`
	Timestamp     string        `json:"timestamp"`
	RecipientID   string        `json:"recipient_id,omitempty"`
	RecipientUser string        `json:"recipient_user_id,omitempty"`
	RecipientType string        `json:"recipient_type,omitempty"`           // for groups only
	Participant   string        `json:"recipient_participant_id,omitempty"` // the member of the group
	Tag           string        `json:"biz_opaque_callback_data,omitempty"`
	Conversation  *Conversation `json:"conversation,omitempty"`
	Pricing       *Pricing      `json:"pricing,omitempty"`
	Errors        []Error       `json:"errors,omitempty"`
}

// Conversation is what Meta once charged by.
type Conversation struct {
	ID      string `json:"id"`
	Expires string `json:"expiration_timestamp,omitempty"` // with sent only
	Origin  Origin `json:"origin"`
}

// Origin says what opened a conversation.
type Origin struct {
	Type string `json:"type"`
}

// Pricing says what a message costs.
type Pricing struct {
	Billable bool   `json:"billable"`
	Model    string `json:"pricing_model"`
	Type     string `json:"type"`
	Category string `json:"category"`
}

// Error is an error inside of a callback.
type Error struct {
	Code    int       `json:"code"`
	Title   string    `json:"title"`
	Message string    `json:"message"`
	Data    ErrorData `json:"error_data"`
	Href    string    `json:"href,omitempty"` // not in the errors of a message
}

// ErrorData says more of an error.
type ErrorData struct {
	Details string `json:"details"`
}

// Because makes the error of a status.
func Because(code int, title, details string) *Error {
	return &Error{Code: code, Title: title, Message: title, Href: rule.ErrorPage, Data: ErrorData{Details: details}}
}

// escapeNonASCII writes every character beyond ASCII as an escape (\u and four digits) in lower case, as a surrogate pair where one is not enough.
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

// Seconds is a time as Meta writes it in messages and statuses: a string of seconds.
func Seconds(t time.Time) string { return strconv.FormatInt(t.Unix(), 10) }
