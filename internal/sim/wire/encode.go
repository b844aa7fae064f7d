package wire

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// MaxSize is the most bytes in a callback.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/overview (read 2026-09)
const MaxSize = 3 << 20

// Update is one thing that a callback tells.
type Update struct {
	field string
	value any
	raw   []byte // the value, encoded and escaped
}

// NewUpdate encodes what a callback tells. It fails for what JSON cannot hold.
func NewUpdate(field string, v any) (Update, error) {
	var plain bytes.Buffer
	enc := json.NewEncoder(&plain)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return Update{}, fmt.Errorf("encode callback: %w", err)
	}
	return Update{field: field, value: v, raw: escapeNonASCII(bytes.TrimSpace(plain.Bytes()))}, nil
}

// Size is how many bytes u takes in a callback, with room for what stands around it.
func (u Update) Size() int { return len(u.raw) + around }

// Raw is the value as it is posted.
func (u Update) Raw() string { return string(u.raw) }

// around is the most bytes that stand around one update.
const around = 128

// The ways in which several updates go into one callback. Meta's pages show all of them.
const (
	AsChanges = iota // changes of one entry
	AsEntries        // entries with one change each
	AsArrays         // in the arrays of one value, where they are of one kind
	Ways             // how many there are
)

// Encode makes the bytes of a callback. Meta escapes all that is not ASCII and signs the escaped bytes, so a receiver that
// checks the signature over anything but the raw body must fail here too. The time is there with fields of the account only.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/create-webhook-endpoint (read 2026-09)
func Encode(waba string, list []Update, way int, now time.Time) []byte {
	if way == AsArrays {
		list = merge(list)
	}
	size := around
	for _, u := range list {
		size += u.Size()
	}
	b := append(make([]byte, 0, size), `{"object":"whatsapp_business_account","entry":[`...)
	for i, u := range list {
		switch {
		case i == 0:
			b = openEntry(b, waba, u.field, now)
		case way == AsEntries || (u.field == FieldMessages) != (list[i-1].field == FieldMessages):
			b = openEntry(append(b, "]},"...), waba, u.field, now)
		default:
			b = append(b, ',')
		}
		b = append(append(b, `{"value":`...), u.raw...)
		b = append(strconv.AppendQuoteToASCII(append(b, `,"field":`...), u.field), '}')
	}
	return append(b, "]}]}"...)
}

func openEntry(b []byte, waba, field string, now time.Time) []byte {
	b = strconv.AppendQuoteToASCII(append(b, `{"id":`...), waba)
	if field != FieldMessages {
		b = strconv.AppendInt(append(b, `,"time":`...), now.Unix(), 10)
	}
	return append(b, `,"changes":[`...)
}

// merge puts neighbours that are statuses, or messages, of one number into one value.
func merge(list []Update) (out []Update) {
	for len(list) > 0 {
		n, v := 1, mergeable(list[0])
		for v != nil && n < len(list) && v.takes(mergeable(list[n])) {
			n++
		}
		u := list[0]
		if n > 1 {
			if merged, err := NewUpdate(u.field, *v); err == nil { // it was encoded before, in parts
				u = merged
			}
		}
		out, list = append(out, u), list[n:]
	}
	return out
}

// mergeable copies the value of an update, if it is one of the field messages.
func mergeable(u Update) *Value {
	v, ok := u.value.(Value)
	if !ok {
		return nil
	}
	return &v
}

// takes puts another value of the same number and kind into v. It returns false for any other.
func (v *Value) takes(other *Value) bool {
	if other == nil || v.Metadata != other.Metadata || (len(v.Statuses) > 0) != (len(other.Statuses) > 0) {
		return false
	}
	v.Statuses, v.Messages = slices.Concat(v.Statuses, other.Statuses), slices.Concat(v.Messages, other.Messages)
	for _, who := range other.Contacts {
		if !slices.ContainsFunc(v.Contacts, func(c Person) bool { return c.WAID == who.WAID && c.UserID == who.UserID }) {
			v.Contacts = append(slices.Clip(v.Contacts), who)
		}
	}
	return true
}
