package phone

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/waypost/waypost/internal/sim/message"
)

// What an order says of a product when the tap does not.
const (
	usualPrice    = 1
	usualCurrency = "USD"
	usualCatalog  = "1"
)

// Tap is a finger on a message.
type Tap struct {
	Button json.RawMessage `json:"button,omitempty"` // label or id of what is tapped, or its place, from 0; may be left out when there is one
	Card   *int            `json:"card,omitempty"`   // only on this card, from 0
	Data   json.RawMessage `json:"data,omitempty"`   // what was filled in: a form, an address, a place
	Items  []Item          `json:"items,omitempty"`  // what is ordered; empty: one of each product
	Text   string          `json:"text,omitempty"`   // words that go with an order
}

// Item is a line of an order.
type Item struct {
	Product  string  `json:"product_retailer_id"`
	Quantity int     `json:"quantity"`   // 0 is 1
	Price    float64 `json:"item_price"` // 0 is 1
	Currency string  `json:"currency"`   // empty is USD
}

// Answer is what the phone does when it was tapped: it writes a message, or opens something and writes nothing.
type Answer struct {
	Type   string          // empty when nothing is written
	Object json.RawMessage // what the callback has under the type's name
	Origin string          // of contacts: contact_request
	Opens  string          // the address, number or code
}

// Tap taps on a message. The error says what there is to tap on.
func (b *Book) Tap(p *State, m *Message, t Tap) (Answer, error) {
	if m.Direction != ToPhone || m.Phone != p.Number {
		return Answer{}, errors.New("this is no message that the phone received")
	}
	view := m.shown().View
	if view == nil {
		return Answer{}, fmt.Errorf("a message of type %s has nothing to tap on", m.Type)
	}
	button, err := t.find(view)
	if err != nil {
		return Answer{}, err
	}
	return t.answer(p, button)
}

// find looks for a button by its label, then its id, then its place.
func (t Tap) find(view *message.View) (message.Button, error) {
	list, cards := view.All()
	if t.Card != nil {
		var on []message.Button
		for i, b := range list {
			if cards[i] == *t.Card {
				on = append(on, b)
			}
		}
		list = on
	}
	if len(t.Button) == 0 && len(list) == 1 {
		return list[0], nil
	}
	var place int
	if json.Unmarshal(t.Button, &place) == nil && len(t.Button) > 0 {
		if place >= 0 && place < len(list) {
			return list[place], nil
		}
		return message.Button{}, fmt.Errorf("there is no button %d: tap on one of %s", place, strings.Join(view.Labels(), ", "))
	}
	var name string
	if len(t.Button) > 0 && json.Unmarshal(t.Button, &name) != nil {
		return message.Button{}, errors.New("button: give a label, an id or a place")
	}
	at := slices.IndexFunc(list, func(b message.Button) bool { return strings.EqualFold(b.Text, name) })
	if at < 0 {
		at = slices.IndexFunc(list, func(b message.Button) bool { return b.ID == name })
	}
	if name == "" || at < 0 {
		return message.Button{}, fmt.Errorf("there is no button %q: tap on one of %s", name, strings.Join(view.Labels(), ", "))
	}
	return list[at], nil
}

// answer makes what the phone sends.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages/interactive and its siblings (read 2026-09)
func (t Tap) answer(p *State, b message.Button) (Answer, error) {
	type object = map[string]any
	switch b.Type {
	case message.TapReply:
		return written("interactive", object{"type": "button_reply", "button_reply": object{"id": b.ID, "title": b.Text}})
	case message.TapRow:
		row := object{"id": b.ID, "title": b.Text}
		if b.Description != "" {
			row["description"] = b.Description
		}
		return written("interactive", object{"type": "list_reply", "list_reply": row})
	case message.TapQuick:
		return written("button", object{"payload": b.ID, "text": b.Text})
	case message.TapFlow:
		return t.form("flow", b)
	case message.TapAddress:
		return t.form("address_message", b)
	case message.TapLocation:
		if t.Data == nil {
			return Answer{}, errors.New("data: give the place, with latitude and longitude")
		}
		return Answer{Type: "location", Object: t.Data}, nil
	case message.TapContact:
		a, err := written("contacts", []any{object{
			"name": object{"formatted_name": p.Name, "first_name": p.Name}, "phones": []any{object{"phone": "+" + p.Number, "wa_id": p.Number}},
		}})
		a.Origin = "contact_request"
		return a, err
	case message.TapCall:
		return written("interactive", object{
			"type": "call_permission_reply", "call_permission_reply": object{"response": b.ID, "response_source": "user_action"},
		})
	case message.TapProduct:
		return t.order(b)
	}
	return Answer{Opens: cmp.Or(b.URL, b.Code, b.Text)}, nil
}

// form fills in a form; its token goes back with the data.
func (t Tap) form(name string, b message.Button) (Answer, error) {
	data := map[string]any{}
	if t.Data != nil && json.Unmarshal(t.Data, &data) != nil {
		return Answer{}, errors.New("data: give an object, which is what was filled in")
	}
	body := "Sent"
	if name == "address_message" {
		data, body = map[string]any{"values": data}, "Address"
	} else if _, given := data["flow_token"]; !given {
		data["flow_token"] = cmp.Or(b.ID, "unused")
	}
	response, err := json.Marshal(data)
	if err != nil {
		return Answer{}, fmt.Errorf("encode form: %w", err)
	}
	return written("interactive", map[string]any{
		"type": "nfm_reply", "nfm_reply": map[string]any{"name": name, "body": body, "response_json": string(response)},
	})
}

// order orders what the tap names, or one of each product that the message shows.
func (t Tap) order(b message.Button) (Answer, error) {
	items := slices.Clone(t.Items)
	if len(items) == 0 {
		for _, product := range b.Products {
			items = append(items, Item{Product: product})
		}
	}
	if len(items) == 0 {
		return Answer{}, errors.New("items: the message shows a whole catalog, so say what is ordered")
	}
	for i := range items {
		item := &items[i]
		if item.Quantity == 0 {
			item.Quantity = 1
		}
		if item.Price == 0 {
			item.Price = usualPrice
		}
		item.Currency = cmp.Or(item.Currency, usualCurrency)
	}
	return written("order", map[string]any{"catalog_id": cmp.Or(b.Catalog, usualCatalog), "text": t.Text, "product_items": items})
}

func written(kind string, v any) (Answer, error) {
	object, err := json.Marshal(v)
	if err != nil {
		return Answer{}, fmt.Errorf("encode %s: %w", kind, err)
	}
	return Answer{Type: kind, Object: object}, nil
}
