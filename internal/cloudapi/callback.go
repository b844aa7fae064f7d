package cloudapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/waypost/waypost/internal/wa"
)

// maxDepth bounds how deep a callback may be nested; Meta's deepest sample has
// less than half of it.
const maxDepth = 64

// fieldMessages is the field of a change that carries messages and statuses.
const fieldMessages = "messages"

// envelope is a callback. Every list is decoded element by element, so that one
// odd element does not cost its neighbours.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/overview (read 2026-09)
type envelope struct {
	Entry *json.RawMessage `json:"entry"`
}

type entry struct {
	Changes []json.RawMessage `json:"changes"`
}

type change struct {
	Field text            `json:"field"`
	Value json.RawMessage `json:"value"`
}

// value is what a change of the field "messages" carries.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages (read 2026-09)
type value struct {
	Metadata struct {
		Display  text `json:"display_phone_number"`
		NumberID text `json:"phone_number_id"`
	} `json:"metadata"`
	Contacts []contact         `json:"contacts"`
	Messages []json.RawMessage `json:"messages"`
	Statuses []json.RawMessage `json:"statuses"`
}

// contact has a wa_id, a user_id or both.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/business-scoped-user-ids (read 2026-09)
type contact struct {
	WAID    text `json:"wa_id"`
	UserID  text `json:"user_id"`
	Profile struct {
		Name     text `json:"name"`
		Username text `json:"username"`
	} `json:"profile"`
}

// DecodeCallback returns what a callback tells, one update for each message and
// status and one for each change that has neither. What is not known has an
// update with neither field set, and an inbound message of an unknown type is
// kept whole in Raw. Only what is no callback of Meta's at all is an error.
func DecodeCallback(raw []byte) ([]wa.Update, error) {
	if tooDeep(raw) {
		return nil, errors.New("decode callback: nested too deeply")
	}
	if !json.Valid(raw) {
		return nil, errors.New("decode callback: not JSON")
	}
	var top envelope
	if !isObject(raw) {
		return nil, errors.New("decode callback: not an object")
	}
	lenient(raw, &top)
	if top.Entry == nil {
		return nil, errors.New("decode callback: no entry")
	}
	var entries []json.RawMessage
	if err := json.Unmarshal(*top.Entry, &entries); err != nil {
		return nil, fmt.Errorf("decode callback: entry is no list: %w", err)
	}
	var updates []wa.Update
	for _, data := range entries {
		var e entry
		lenient(data, &e)
		for _, data := range e.Changes {
			updates = append(updates, decodeChange(data)...)
		}
	}
	return updates, nil
}

func decodeChange(data json.RawMessage) []wa.Update {
	var c change
	lenient(data, &c)
	if c.Field != fieldMessages {
		return []wa.Update{{}}
	}
	var v value
	lenient(c.Value, &v)
	updates := make([]wa.Update, 0, len(v.Messages)+len(v.Statuses))
	for _, m := range v.Messages {
		updates = append(updates, v.update(wa.Update{Inbound: v.inbound(m)}))
	}
	for _, s := range v.Statuses {
		updates = append(updates, v.update(wa.Update{Status: v.status(s)}))
	}
	if len(updates) == 0 {
		// Such as value.errors, which belong to no message.
		updates = append(updates, v.update(wa.Update{}))
	}
	return updates
}

func (v value) update(u wa.Update) wa.Update {
	u.NumberID = string(v.Metadata.NumberID)
	return u
}

// statusObject is one element of statuses. The participant of a group has two
// names in Meta's samples.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages/status
// (read 2026-09)
type statusObject struct {
	ID            text          `json:"id"`
	Type          text          `json:"type"`
	Status        text          `json:"status"`
	Timestamp     text          `json:"timestamp"`
	Recipient     text          `json:"recipient_id"`
	RecipientUser text          `json:"recipient_user_id"`
	Participant   text          `json:"recipient_participant_id"`
	Participant2  text          `json:"participant_recipient_id"`
	Tag           text          `json:"biz_opaque_callback_data"`
	Errors        []statusError `json:"errors"`
}

// statusError is an error in a status. Old samples have the details beside the
// code.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes (read 2026-09)
type statusError struct {
	Code    text      `json:"code"`
	Title   text      `json:"title"`
	Message text      `json:"message"`
	Data    errorData `json:"error_data"`
	Details text      `json:"details"`
}

// status returns nil for what is no status of a message: names that we do not
// know, and the statuses of payments and calls, which have the same shape and a
// "failed" of their own.
func (v value) status(data json.RawMessage) *wa.StatusReport {
	var s statusObject
	lenient(data, &s)
	reported := wa.Status(s.Status)
	switch {
	case !reported.Reported(), s.Type != "" && s.Type != "message", s.ID == "" && s.Tag == "":
		return nil
	}
	r := &wa.StatusReport{
		WAMID: string(s.ID), NumberID: string(v.Metadata.NumberID), Status: reported, At: s.Timestamp.time(),
		Recipient:   string(first(s.Recipient, s.RecipientUser)),
		Participant: string(first(s.Participant, s.Participant2)),
		Tag:         string(s.Tag),
	}
	if reported == wa.StatusFailed {
		f := s.failure()
		r.Failure = &f
	}
	return r
}

func (s statusObject) failure() wa.Failure {
	if len(s.Errors) == 0 {
		return wa.Failure{VendorCode: vendorWhatsApp, Title: "Meta gave no reason"}
	}
	e := s.Errors[0]
	code, _ := strconv.Atoi(string(e.Code))
	return FailureOf(code, string(first(e.Title, e.Message)), string(first(e.Data.Details, e.Details)))
}

// messageObject is one element of messages. The name of the object that holds
// the content is the type's.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages (read 2026-09)
type messageObject struct {
	ID         text `json:"id"`
	From       text `json:"from"`
	FromUserID text `json:"from_user_id"`
	GroupID    text `json:"group_id"`
	Timestamp  text `json:"timestamp"`
	Type       text `json:"type"`
	Context    struct {
		ID text `json:"id"`
	} `json:"context"`
	Text struct {
		Body text `json:"body"`
	} `json:"text"`
	Image    *mediaNode `json:"image"`
	Video    *mediaNode `json:"video"`
	Audio    *mediaNode `json:"audio"`
	Document *mediaNode `json:"document"`
	Sticker  *mediaNode `json:"sticker"`
}

// mediaNode is the media of a message. The url beside the id is not used: it is
// good for minutes, the id for a week.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages/image
// (read 2026-09)
type mediaNode struct {
	ID       text `json:"id"`
	MIMEType text `json:"mime_type"`
	SHA256   text `json:"sha256"`
	Caption  text `json:"caption"`
	Filename text `json:"filename"`
	Voice    bool `json:"voice"`
}

// inbound returns nil for what has no id: without one a repetition could not be
// told from the next message.
func (v value) inbound(data json.RawMessage) *wa.Inbound {
	var m messageObject
	lenient(data, &m)
	if m.ID == "" {
		return nil
	}
	in := &wa.Inbound{
		WAMID: string(m.ID), NumberID: string(v.Metadata.NumberID), To: onlyDigits(string(v.Metadata.Display)),
		GroupID: string(m.GroupID), At: m.Timestamp.time(), Type: string(m.Type), ReplyTo: string(m.Context.ID),
	}
	v.sender(in, m)
	switch {
	case m.Type == "text" && m.Text.Body != "":
		in.Text = string(m.Text.Body)
	case m.media() != nil && m.media().ID != "":
		in.Media = m.media().noun(wa.MediaKind(m.Type))
	default:
		in.Raw = bytes.Clone(data)
	}
	return in
}

// sender fills who wrote. From is a phone number or missing; a user id has been
// seen in its place. Both may be missing, and then the only contact tells.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/business-scoped-user-ids (read 2026-09)
func (v value) sender(in *wa.Inbound, m messageObject) {
	in.UserID = string(m.FromUserID)
	switch number := strings.TrimPrefix(string(m.From), "+"); {
	case wa.Digits(number):
		in.From = number
	case in.UserID == "":
		in.UserID = string(m.From)
	}
	c, found := v.contact(in.From, in.UserID)
	if !found {
		return
	}
	in.FromName = string(first(c.Profile.Name, c.Profile.Username))
	if in.UserID == "" {
		in.UserID = string(c.UserID)
	}
	if in.From == "" && in.UserID == "" && wa.Digits(string(c.WAID)) {
		in.From = string(c.WAID)
	}
}

// contact finds who wrote. The numbers need not be equal where Meta changes
// prefixes (Brazil, Mexico); with one contact there is no doubt.
func (v value) contact(from, userID string) (contact, bool) {
	for _, c := range v.Contacts {
		if from != "" && string(c.WAID) == from || userID != "" && string(c.UserID) == userID {
			return c, true
		}
	}
	if len(v.Contacts) == 1 {
		return v.Contacts[0], true
	}
	return contact{}, false
}

func (m messageObject) media() *mediaNode {
	switch wa.MediaKind(m.Type) {
	case wa.KindImage:
		return m.Image
	case wa.KindVideo:
		return m.Video
	case wa.KindAudio:
		return m.Audio
	case wa.KindDocument:
		return m.Document
	case wa.KindSticker:
		return m.Sticker
	}
	return nil
}

func (n mediaNode) noun(kind wa.MediaKind) *wa.InboundMedia {
	return &wa.InboundMedia{
		MetaID: string(n.ID), Kind: kind, MIMEType: string(n.MIMEType), SHA256: string(n.SHA256),
		Caption: string(n.Caption), Filename: string(n.Filename), Voice: n.Voice,
	}
}

// tooDeep looks before the decoder does, which goes 10,000 levels down.
func tooDeep(raw []byte) bool {
	depth, inString := 0, false
	for i := 0; i < len(raw); i++ {
		switch c := raw[i]; {
		case inString && c == '\\':
			i++
		case c == '"':
			inString = !inString
		case inString:
		case c == '{' || c == '[':
			if depth++; depth > maxDepth {
				return true
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return false
}

func isObject(data []byte) bool {
	return bytes.HasPrefix(bytes.TrimLeft(data, " \t\r\n"), []byte("{"))
}

func first(a, b text) text {
	if a != "" {
		return a
	}
	return b
}

func onlyDigits(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}
