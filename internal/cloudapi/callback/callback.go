// Package callback owns what Meta calls back: it turns the raw body of a callback
// into updates in our nouns.
//
// It never refuses what it does not know, never applies anything, and never looks
// whose number an update is about. It stands behind the inbox, which is handed
// [Decode].
package callback

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/waypost/waypost/internal/cloudapi/fault"
	"github.com/waypost/waypost/internal/cloudapi/node"
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
	// ID is the WABA's.
	ID      node.Text         `json:"id"`
	Changes []json.RawMessage `json:"changes"`
}

type change struct {
	Field node.Text       `json:"field"`
	Value json.RawMessage `json:"value"`
}

// value is what a change of the field "messages" carries.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages (read 2026-09)
type value struct {
	Metadata struct {
		Display  node.Text `json:"display_phone_number"`
		NumberID node.Text `json:"phone_number_id"`
	} `json:"metadata"`
	Contacts []contact         `json:"contacts"`
	Messages []json.RawMessage `json:"messages"`
	Statuses []json.RawMessage `json:"statuses"`
}

// contact has a wa_id, a user_id or both.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/business-scoped-user-ids (read 2026-09)
type contact struct {
	WAID         node.Text `json:"wa_id"`
	UserID       node.Text `json:"user_id"`
	ParentUserID node.Text `json:"parent_user_id"`
	Profile      struct {
		Name     node.Text `json:"name"`
		Username node.Text `json:"username"`
	} `json:"profile"`
}

// Decode returns what a callback tells, one update for each message and
// status and one for each change that has neither. What is not known has an
// update with neither field set, and an inbound message of an unknown type is
// kept whole in Raw. Only what is no callback of Meta's at all is an error.
func Decode(raw []byte) ([]wa.Update, error) {
	if tooDeep(raw) {
		return nil, errors.New("decode callback: nested too deeply")
	}
	if !json.Valid(raw) {
		return nil, errors.New("decode callback: not JSON")
	}
	var top envelope
	if !node.IsObject(raw) {
		return nil, errors.New("decode callback: not an object")
	}
	node.Read(raw, &top)
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
		node.Read(data, &e)
		for _, data := range e.Changes {
			updates = append(updates, e.decode(data)...)
		}
	}
	return updates, nil
}

func (e entry) decode(data json.RawMessage) []wa.Update {
	var c change
	node.Read(data, &c)
	if c.Field != fieldMessages {
		return []wa.Update{e.template(c)}
	}
	var v value
	node.Read(c.Value, &v)
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
	ID            node.Text     `json:"id"`
	Type          node.Text     `json:"type"`
	Status        node.Text     `json:"status"`
	Timestamp     node.Text     `json:"timestamp"`
	Recipient     node.Text     `json:"recipient_id"`
	RecipientUser node.Text     `json:"recipient_user_id"`
	Participant   node.Text     `json:"recipient_participant_id"`
	Participant2  node.Text     `json:"participant_recipient_id"`
	Tag           node.Text     `json:"biz_opaque_callback_data"`
	Errors        []statusError `json:"errors"`
}

// statusError is an error in a status. Old samples have the details beside the
// code.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes (read 2026-09)
type statusError struct {
	Code    node.Text       `json:"code"`
	Title   node.Text       `json:"title"`
	Message node.Text       `json:"message"`
	Data    fault.ErrorData `json:"error_data"`
	Details node.Text       `json:"details"`
}

// status returns nil for what is no status of a message: names that we do not
// know, and the statuses of payments and calls, which have the same shape and a
// "failed" of their own.
func (v value) status(data json.RawMessage) *wa.StatusReport {
	var s statusObject
	node.Read(data, &s)
	reported := wa.Status(s.Status)
	switch {
	case !reported.Reported(), s.Type != "" && s.Type != "message", s.ID == "" && s.Tag == "":
		return nil
	}
	r := &wa.StatusReport{
		WAMID: string(s.ID), NumberID: string(v.Metadata.NumberID), Status: reported, At: s.Timestamp.Time(),
		Recipient:   string(node.First(s.Recipient, s.RecipientUser)),
		Participant: string(node.First(s.Participant, s.Participant2)),
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
		return wa.Failure{VendorCode: fault.VendorWhatsApp, Title: "Meta gave no reason"}
	}
	e := s.Errors[0]
	return fault.FailureOf(e.Code.Number(), string(node.First(e.Title, e.Message)), string(node.First(e.Data.Details, e.Details)))
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
