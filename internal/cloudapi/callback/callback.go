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
	"reflect"

	"github.com/waypost/waypost/internal/cloudapi/node"
	"github.com/waypost/waypost/internal/wa"
)

const (
	// maxDepth bounds how deep a callback may be nested; Meta's deepest sample has
	// less than half of it.
	maxDepth = 64
	// maxUpdates bounds what one callback tells. Meta batches up to 1,000.
	// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/overview
	// (read 2026-09).
	maxUpdates = 10_000
	// maxElements bounds the elements of all lists of a callback together, so that
	// what is made of them stays within some tens of MB: an update has a contact
	// and an error beside it at most, and few lists inside.
	maxElements = 5 * maxUpdates
)

// envelope is a callback. Every list is decoded element by element, so that one
// odd element does not cost its neighbours.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/overview (read 2026-09)
type envelope struct {
	Entry *json.RawMessage `json:"entry"`
}

// entry is what is told of one WABA.
type entry struct {
	// ID is the WABA's.
	ID      node.Text         `json:"id"`
	Time    stamp             `json:"time"`
	Changes []json.RawMessage `json:"changes"`
	// Field and Object are where samples of Meta's have them by mistake.
	Field  node.Text `json:"field"`
	Object node.Text `json:"object"`
}

func (e entry) leaves(key string) bool { return key == "object" && e.Object != object }

type change struct {
	Field node.Text       `json:"field"`
	Value json.RawMessage `json:"value"`
}

// object is what every callback about WhatsApp says of itself.
const object = "whatsapp_business_account"

// Decode returns what a callback tells: an update for each message, status and
// other thing, in their order. Nothing is lost: what is not known is a notice that
// holds it as it came, and what is known only in part has the other part in its
// Rest. Only what is no callback of Meta's at all is an error, and what tells of
// more than 10,000 things.
func Decode(raw []byte) ([]wa.Update, error) {
	if err := bounded(raw); err != nil {
		return nil, err
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
	r := &reader{fields: map[reflect.Type]map[string][]int{}}
	var updates []wa.Update
	for _, data := range entries {
		var e entry
		node.Read(data, &e)
		for _, data := range e.Changes {
			if updates = append(updates, r.change(e, data)...); r.full() {
				return nil, errTooMany
			}
		}
		if updates = append(updates, r.odd(e, "", r.rest(data, e))...); r.full() {
			return nil, errTooMany
		}
	}
	return updates, nil
}

func (r *reader) change(e entry, data json.RawMessage) []wa.Update {
	var c change
	node.Read(data, &c)
	if c.Field == "" && e.Field == "" { // so it is in a sample of Meta's
		var inside struct {
			Field node.Text `json:"field"`
		}
		r.read(c.Value, &inside)
		c.Field = inside.Field
	}
	v := &value{reader: r, wabaID: string(e.ID), field: string(node.First(c.Field, e.Field)), at: e.Time.Time(), data: c.Value}
	r.read(c.Value, &v.about)
	v.people = indexed(v.Contacts)
	how := understood()[v.field]
	updates := r.odd(e, v.field, r.rest(data, c))
	if how.whole != nil {
		r.updates++
		return append(how.whole(v), updates...)
	}
	return append(v.lists(how.lists), updates...)
}

// odd is an update for what stands where nothing is known to stand.
func (r *reader) odd(e entry, field string, rest json.RawMessage) []wa.Update {
	if rest == nil {
		return nil
	}
	r.updates++
	v := &value{reader: r, wabaID: string(e.ID), field: field, at: e.Time.Time()}
	return v.other(rest)
}

var (
	errTooDeep = errors.New("decode callback: nested too deeply")
	errTooMany = errors.New("decode callback: it tells of more than one callback of Meta's may")
)

// bounded looks before the decoder does, which goes 10,000 levels down and makes
// something of each element.
func bounded(raw []byte) error {
	var list [maxDepth + 1]bool // which levels are lists
	depth, elements, inString := 0, 0, false
	for i := 0; i < len(raw); i++ {
		switch c := raw[i]; {
		case inString && c == '\\':
			i++
		case c == '"':
			inString = !inString
		case inString:
		case c == '{' || c == '[':
			if depth++; depth > maxDepth {
				return errTooDeep
			}
			if list[depth] = c == '['; list[depth] {
				elements++
			}
		case c == '}' || c == ']':
			depth = max(depth-1, 0) // it may be no JSON at all
		case c == ',' && list[depth]:
			elements++
		}
	}
	if elements > maxElements {
		return errTooMany
	}
	return nil
}
