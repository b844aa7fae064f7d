package callback

import (
	"encoding/json"
	"time"

	"github.com/waypost/waypost/internal/cloudapi/node"
	"github.com/waypost/waypost/internal/wa"
)

// syncedObject is a message that the gateway did not carry.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/smb_message_echoes
// and …/history (read 2026-09)
type syncedObject struct {
	To       node.Text `json:"to"`
	ToUserID node.Text `json:"to_user_id"`
	ToParent node.Text `json:"to_parent_user_id"`
	History  struct {
		Status node.Text `json:"status"`
	} `json:"history_context"`
	messageObject
}

// leaves nothing for a kind that is kept whole.
func (o syncedObject) leaves(key string) bool { return o.messageObject.leaves(key) }

// synced reads a message that somebody on our side may have written, so the one
// contact is whoever of the two is not us.
func (v *value) synced(data json.RawMessage) wa.SyncedMessage {
	var o syncedObject
	v.read(data, &o)
	m := wa.SyncedMessage{Status: string(o.History.Status)}
	ours := *v // it has no contacts of those who write
	if v.ours(o.From) {
		ours.Contacts, ours.people = nil, people{}
		m.To, _ = v.person(o.To, o.ToUserID, o.ToParent)
	} else {
		m.To = wa.PersonIDs{Phone: string(o.To), UserID: string(o.ToUserID), ParentUserID: string(o.ToParent)}
	}
	m.Message = ours.message(data, o.messageObject)
	if m.Message.Raw == nil {
		m.Message.Rest = v.rest(data, o)
	}
	return m
}

// ours reports whether a number is the business's own.
func (v *value) ours(number node.Text) bool {
	return number != "" && node.OnlyDigits(string(number)) == node.OnlyDigits(string(v.Metadata.Display))
}

func (v *value) echo(data json.RawMessage) []wa.Update {
	if empty(data) || !node.IsObject(data) {
		return v.other(data)
	}
	m := v.synced(data)
	n := v.notice(wa.NoticeEcho, node.Text(m.Message.Type), m.Message.At)
	n.Message = &m
	return v.update(n)
}

// historyMedia is a media of a message that the history has only a place for.
func (v *value) historyMedia(data json.RawMessage) []wa.Update {
	all := v.echo(data)
	if n := all[0].Notice; n != nil && n.Kind == wa.NoticeEcho {
		n.Kind = wa.NoticeHistory
	}
	return all
}

// historyObject is one chunk of the history; it may be refused instead.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/history (read 2026-09)
type historyObject struct {
	Metadata struct {
		Phase    whole `json:"phase"`
		Chunk    whole `json:"chunk_order"`
		Progress whole `json:"progress"`
	} `json:"metadata"`
	Threads []json.RawMessage `json:"threads"`
	Errors  []statusError     `json:"errors"`
}

type threadObject struct {
	ID       node.Text         `json:"id"`
	Messages []json.RawMessage `json:"messages"`
}

// history is an update for each conversation of a chunk.
func (v *value) history(data json.RawMessage) []wa.Update {
	var h historyObject
	v.read(data, &h)
	chunk := wa.HistoryChunk{Phase: h.Metadata.Phase.Number(), Chunk: h.Metadata.Chunk.Number(), Progress: h.Metadata.Progress.Number()}
	begin := func() *wa.Notice {
		n := v.notice(wa.NoticeHistory, "", time.Time{})
		c := chunk
		n.History = &c
		return n
	}
	if v.updates += len(h.Threads); v.full() {
		return nil
	}
	var updates []wa.Update
	for _, data := range h.Threads {
		var t threadObject
		v.read(data, &t)
		n := begin()
		n.History.Thread = string(t.ID)
		for _, m := range t.Messages {
			n.History.Messages = append(n.History.Messages, v.synced(m))
		}
		n.Rest = v.rest(data, t)
		updates = append(updates, v.update(n)...)
	}
	if rest := v.rest(data, h); len(updates) == 0 || rest != nil || len(h.Errors) > 0 {
		n := begin()
		n.Failures, n.Rest = node.Each(h.Errors, statusError.failure), rest
		updates = append(updates, v.update(n)...)
	}
	return updates
}

// addressObject is one element of state_sync.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/smb_app_state_sync
// (read 2026-09)
type addressObject struct {
	Type    node.Text `json:"type"`
	Action  node.Text `json:"action"`
	Contact struct {
		FullName  node.Text `json:"full_name"`
		FirstName node.Text `json:"first_name"`
		Phone     node.Text `json:"phone_number"`
		UserID    node.Text `json:"user_id"`
		Parent    node.Text `json:"parent_user_id"`
		Username  node.Text `json:"username"`
	} `json:"contact"`
	Metadata struct {
		Timestamp stamp `json:"timestamp"`
	} `json:"metadata"`
}

func (o addressObject) leaves(key string) bool { return key == "type" && o.Type != "contact" }

func (v *value) addressBook(data json.RawMessage) []wa.Update {
	var o addressObject
	v.read(data, &o)
	if o.Type != "contact" {
		return v.other(data)
	}
	n := v.notice(wa.NoticeContact, o.Action, o.Metadata.Timestamp.Time())
	n.Contact = &wa.AddressBookChange{FirstName: string(o.Contact.FirstName), Person: wa.PersonIDs{
		Phone: string(o.Contact.Phone), UserID: string(o.Contact.UserID), ParentUserID: string(o.Contact.Parent),
		Username: string(o.Contact.Username), Name: string(o.Contact.FullName),
	}}
	n.Rest = v.rest(data, o)
	return v.update(n)
}

// preferenceObject is one element of user_preferences.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/user_preferences
// (read 2026-09)
type preferenceObject struct {
	WAID      node.Text `json:"wa_id"`
	UserID    node.Text `json:"user_id"`
	Parent    node.Text `json:"parent_user_id"`
	Detail    node.Text `json:"detail"`
	Category  node.Text `json:"category"`
	Value     node.Text `json:"value"`
	Timestamp stamp     `json:"timestamp"`
}

func (v *value) preference(data json.RawMessage) []wa.Update {
	var o preferenceObject
	v.read(data, &o)
	who, _ := v.person(o.WAID, o.UserID, o.Parent)
	if who == (wa.PersonIDs{}) {
		return v.other(data)
	}
	n := v.notice(wa.NoticePreference, o.Value, o.Timestamp.Time())
	n.Preference = &wa.Preference{Person: who, Category: string(o.Category), Value: string(o.Value), Detail: string(o.Detail)}
	n.Rest = v.rest(data, o)
	return v.update(n)
}
