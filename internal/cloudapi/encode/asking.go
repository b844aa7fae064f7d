package encode

import (
	"errors"

	"github.com/waypost/waypost/internal/cloudapi/node"
	"github.com/waypost/waypost/internal/wa"
)

// addressParameters are of a form for an address, which Meta has for India.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/address-messages
// (read 2026-09)
type addressParameters struct {
	Country string            `json:"country"`
	Values  map[string]string `json:"values,omitempty"`
	Saved   []savedAddress    `json:"saved_addresses,omitempty"`
	Errors  map[string]string `json:"validation_errors,omitempty"`
}

type savedAddress struct {
	ID     string            `json:"id"`
	Values map[string]string `json:"value"`
}

// callParameters are of a button that calls.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/calling/call-button-messages-deep-links
// (read 2026-09)
type callParameters struct {
	Label   string `json:"display_text,omitempty"`
	Minutes int    `json:"ttl_minutes,omitempty"`
	Payload string `json:"payload,omitempty"`
}

// pinObject pins a message of a group.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/groups/groups-messaging
// (read 2026-09)
type pinObject struct {
	Type      string `json:"type"`
	MessageID string `json:"message_id"`
	Days      int    `json:"expiration_days,omitempty"`
}

func addressAction(f *wa.AddressForm) (*actionObject, error) {
	if f == nil {
		return nil, errors.New("the interactive message has no form for an address")
	}
	p := addressParameters{Country: f.Country, Values: f.Values, Errors: f.Errors}
	p.Saved = node.Each(f.Saved, func(a wa.SavedAddress) savedAddress { return savedAddress(a) })
	return &actionObject{Name: "address_message", Parameters: p}, nil
}

// callAction is without parameters where nothing is said: all of them have
// defaults.
func callAction(b *wa.CallButton) *actionObject {
	a := &actionObject{Name: "voice_call"}
	if b != nil && *b != (wa.CallButton{}) {
		a.Parameters = callParameters(*b)
	}
	return a
}

func newPin(p wa.Pin) (*pinObject, error) {
	if p.WAMID == "" {
		return nil, errors.New("the pin names no message")
	}
	if p.Unpin {
		return &pinObject{Type: "unpin", MessageID: p.WAMID}, nil
	}
	return &pinObject{Type: "pin", MessageID: p.WAMID, Days: p.Days}, nil
}
