package wa

import "fmt"

// AddressForm asks for the address that something is delivered to. Meta has it
// for India only.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/address-messages
// (read 2026-09).
type AddressForm struct {
	// Country is an ISO 3166 code.
	Country string `json:"country"`
	// Values is what stands in the form at first, by Meta's names of the fields,
	// such as in_pin_code.
	Values map[string]string `json:"values,omitempty"`
	// Saved are addresses to choose from.
	Saved []SavedAddress `json:"saved,omitempty"`
	// Errors says of fields why their values will not do.
	Errors map[string]string `json:"errors,omitempty"`
}

// SavedAddress is an address that the customer knows.
type SavedAddress struct {
	ID     string            `json:"id"`
	Values map[string]string `json:"values"`
}

// CallButton is a button by which a person calls the number.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/calling/call-button-messages-deep-links
// (read 2026-09).
type CallButton struct {
	// Label is what it says; "" is Meta's "Call Now".
	Label string `json:"label,omitempty"`
	// Minutes is how long it works; 0 is Meta's 10,080, which is a week.
	Minutes int `json:"minutes,omitempty"`
	// Payload comes back with the call.
	Payload string `json:"payload,omitempty"`
}

// Limits of a [CallButton], and of an [AddressForm]. Of the latter all are ours.
const (
	MaxCallMinutes    = 43_200 // 30 days
	MaxCallPayload    = 512
	addressCountry    = "IN"
	maxAddressFields  = 50
	maxSavedAddresses = 30
)

func (b CallButton) validate() []Problem {
	ps := text("display_text", b.Label, MaxButtonLabel)
	if b.Minutes != 0 {
		ps = append(ps, between("ttl_minutes", b.Minutes, MaxCallMinutes)...)
	}
	return append(ps, text("payload", b.Payload, MaxCallPayload)...)
}

func (f AddressForm) validate() []Problem {
	ps := oneOf("country", f.Country, addressCountry)
	ps = append(ps, addressFields("values", f.Values)...)
	ps = append(ps, addressFields("validation_errors", f.Errors)...)
	if n := len(f.Saved); n > maxSavedAddresses {
		return append(ps, Problem{Field: "saved_addresses", Rule: RuleTooMany, Limit: maxSavedAddresses, Found: n})
	}
	for i, a := range f.Saved {
		ps = append(ps, needed(at("saved_addresses", i, "id"), a.ID, MaxPartLength)...)
		if len(a.Values) == 0 {
			ps = append(ps, Problem{Field: at("saved_addresses", i, "value"), Rule: RuleRequired})
		}
		ps = append(ps, addressFields(at("saved_addresses", i, "value"), a.Values)...)
	}
	return ps
}

// addressFields knows no names of fields: they differ by country, and Meta adds
// some.
func addressFields(field string, values map[string]string) []Problem {
	if n := len(values); n > maxAddressFields {
		return []Problem{{Field: field, Rule: RuleTooMany, Limit: maxAddressFields, Found: n}}
	}
	for name, v := range values {
		if text(field, name, MaxPartLength) != nil || text(field, v, MaxPartLength) != nil {
			return malformed(field, fmt.Sprintf("can only have texts of up to %d characters", MaxPartLength))
		}
	}
	return nil
}

// between checks a whole number from 1 on.
func between(field string, v, limit int) []Problem {
	if v < 1 || v > limit {
		return malformed(field, fmt.Sprintf("must be a whole number from 1 to %d", limit))
	}
	return nil
}
