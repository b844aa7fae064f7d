package send

import (
	"math"
	"strings"

	"github.com/waypost/waypost/internal/wa"
	"github.com/waypost/waypost/internal/waapi/lenient"
)

// decodePin reads a pin on a message of a group, named by Meta's id or by ours.
// This type is ours, in the vendor's style; type may be left out and is pin then:
//
//	"recipient_type":"group","message_type":"pin","type_pin":[{"type":"pin","message_id":"wamid.HBgL","expiration_days":7}]
//	"recipient_type":"group","message_type":"pin","type_pin":[{"type":"unpin","message_id":"wamid.HBgL"}]
func decodePin(m lenient.Object) (wa.Content, error) {
	r, err := lenient.ReadOne(m, "type_pin")
	if err != nil {
		return nil, err
	}
	p := wa.Pin{WAMID: r.Trimmed("message_id"), Days: small(r, "expiration_days")}
	switch r.Word("type") {
	case "", "pin":
	case "unpin":
		p.Unpin = true
		p.Days = 0 // Meta has none there, and clients may write one
	default:
		r.Refuse("type", wa.RuleUnknown, "can only be pin or unpin")
	}
	return p, r.Failed()
}

// readAddress reads a form for an address. Its fields have Meta's names.
func readAddress(r lenient.Reader) *wa.AddressForm {
	f := &wa.AddressForm{
		Country: strings.ToUpper(r.Trimmed("country")), Values: readTextsByName(r, "values"), Errors: readTextsByName(r, "validation_errors"),
	}
	for _, a := range r.List("saved_addresses") {
		f.Saved = append(f.Saved, wa.SavedAddress{ID: a.Text("id"), Values: readTextsByName(a, "value")})
	}
	return f
}

// readTextsByName reads an object with nothing but texts in it.
func readTextsByName(r lenient.Reader, field string) map[string]string {
	part := r.Part(field)
	var texts map[string]string
	for name := range part.Object() {
		if texts == nil {
			texts = map[string]string{}
		}
		texts[name] = part.Text(name)
	}
	return texts
}

// minutes reads how long a call button works.
func minutes(r lenient.Reader) int { return small(r, "ttl_minutes") }

// small reads a whole number of which only small ones hold; a larger one stays
// too large on every machine.
func small(r lenient.Reader, field string) int {
	return int(max(math.MinInt32, min(r.Whole(field), math.MaxInt32)))
}
