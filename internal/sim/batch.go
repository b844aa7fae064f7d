package sim

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/waypost/waypost/internal/sim/draw"
	"github.com/waypost/waypost/internal/sim/fault"
)

// maxCallback is the most bytes in a callback.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/overview (read 2026-09)
const maxCallback = 3 << 20

// update is one thing that a callback tells.
type update struct {
	field string
	value any
	raw   []byte // the value, encoded and escaped
}

func newUpdate(field string, v any) (update, error) {
	var plain bytes.Buffer
	enc := json.NewEncoder(&plain)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return update{}, fmt.Errorf("encode callback: %w", err)
	}
	return update{field: field, value: v, raw: escapeNonASCII(bytes.TrimSpace(plain.Bytes()))}, nil
}

// The ways in which several updates go into one callback. Meta's pages show all of them.
const (
	asChanges = iota // changes of one entry
	asEntries        // entries with one change each
	asArrays         // in the arrays of one value, where they are of one kind
	waysToBatch
)

// encodeUpdates makes the bytes of a callback. Meta escapes all that is not ASCII and signs the escaped bytes, so a receiver that
// checks the signature over anything but the raw body must fail here too. The time is there with fields of the account only.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/create-webhook-endpoint (read 2026-09)
func encodeUpdates(waba string, list []update, way int, now time.Time) []byte {
	if way == asArrays {
		list = merge(list)
	}
	size := 128
	for _, u := range list {
		size += len(u.raw) + 128
	}
	b := append(make([]byte, 0, size), `{"object":"whatsapp_business_account","entry":[`...)
	for i, u := range list {
		switch {
		case i == 0:
			b = openEntry(b, waba, u.field, now)
		case way == asEntries || (u.field == fieldMessages) != (list[i-1].field == fieldMessages):
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
	if field != fieldMessages {
		b = strconv.AppendInt(append(b, `,"time":`...), now.Unix(), 10)
	}
	return append(b, `,"changes":[`...)
}

// merge puts neighbours that are statuses, or messages, of one number into one value.
func merge(list []update) (out []update) {
	for len(list) > 0 {
		n, v := 1, mergeable(list[0])
		for v != nil && n < len(list) && v.takes(mergeable(list[n])) {
			n++
		}
		u := list[0]
		if n > 1 {
			if merged, err := newUpdate(u.field, *v); err == nil { // it was encoded before, in parts
				u = merged
			}
		}
		out, list = append(out, u), list[n:]
	}
	return out
}

// mergeable copies the value of an update, if it is one of the field messages.
func mergeable(u update) *value {
	v, ok := u.value.(value)
	if !ok {
		return nil
	}
	return &v
}

// takes puts another value of the same number and kind into v. It returns false for any other.
func (v *value) takes(other *value) bool {
	if other == nil || v.Metadata != other.Metadata || (len(v.Statuses) > 0) != (len(other.Statuses) > 0) {
		return false
	}
	v.Statuses, v.Messages = slices.Concat(v.Statuses, other.Statuses), slices.Concat(v.Messages, other.Messages)
	for _, who := range other.Contacts {
		if !slices.ContainsFunc(v.Contacts, func(c callbackPerson) bool { return c.WAID == who.WAID && c.UserID == who.UserID }) {
			v.Contacts = append(slices.Clip(v.Contacts), who)
		}
	}
	return true
}

// batch is updates of one number that wait to go together.
type batch struct {
	about Post
	list  []update
	size  int
	key   draw.Key
}

// gather puts an update into the batch of its number, and lets the batch go when it is full or its time has come. The lock must
// be held.
func (s *Sim) gather(about Post, u update, act fault.Act, now time.Time) {
	where := about.WABAID + "/" + about.NumberID
	b := s.batches[where]
	if b != nil && b.size+len(u.raw)+128 > maxCallback {
		s.release(where, now)
		b = nil
	}
	if b == nil {
		b = &batch{about: about, key: act.Key}
		s.batches[where] = b
		s.later(now.Add(act.After), act.Key, func(now time.Time) {
			if s.batches[where] == b {
				s.release(where, now)
			}
		})
	} else {
		b.about.Updates = append(b.about.Updates, about.Updates...)
		if b.about.Field != about.Field {
			b.about.Field = "several"
		}
		b.about.Peer = ""
	}
	b.list, b.size = append(b.list, u), b.size+len(u.raw)+128
	if len(b.list) >= act.Max {
		s.release(where, now)
	}
}

// release puts a batch in line. The lock must be held.
func (s *Sim) release(where string, now time.Time) {
	b := s.batches[where]
	delete(s.batches, where)
	b.about.Created = now
	s.lineUp(s.newPosting(b.about, encodeUpdates(b.about.WABAID, b.list, b.key.Below(waysToBatch), now), now))
}
