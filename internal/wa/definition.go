package wa

import (
	"regexp"
	"slices"
	"strings"
)

// TemplateDefinition is what Meta has approved under a template's name: the
// texts with the places that a message fills. The zero value is a template of
// nothing; what a template has not got is empty.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/components
// (read 2026-09).
type TemplateDefinition struct {
	// Named says that the variables have names instead of numbers (Meta's
	// parameter_format NAMED).
	Named bool `json:"named,omitempty"`
	// Authentication says that the template carries a code of one use, which
	// Meta wants twice: in the body and in the button.
	Authentication bool              `json:"authentication,omitempty"`
	Header         *HeaderDefinition `json:"header,omitempty"`
	// Body is the text with its variables, such as "Hello {{1}}".
	Body    string             `json:"body,omitempty"`
	Footer  string             `json:"footer,omitempty"`
	Buttons []ButtonDefinition `json:"buttons,omitempty"`
	// Cards are the cards of a carousel. A card has a header, a body and
	// buttons of its own, never cards.
	Cards []TemplateDefinition `json:"cards,omitempty"`
	// Offer says that the template is a limited-time offer, and OfferExpires
	// that a message has to say until when.
	Offer        bool `json:"offer,omitempty"`
	OfferExpires bool `json:"offer_expires,omitempty"`
}

// HeaderDefinition is the header of a template.
type HeaderDefinition struct {
	Format HeaderFormat `json:"format"`
	// Text has at most one variable; for HeaderText only.
	Text string `json:"text,omitempty"`
}

// known reports whether it is known what a message brings for the header; of no
// header it is.
func (d *HeaderDefinition) known() bool {
	return d == nil || d.Format == HeaderText || ParameterKind(strings.ToLower(string(d.Format))).Heads()
}

// HeaderFormat names what a header is by Meta's word for it.
type HeaderFormat string

// The formats of a header.
const (
	HeaderText     HeaderFormat = "TEXT"
	HeaderImage    HeaderFormat = "IMAGE"
	HeaderVideo    HeaderFormat = "VIDEO"
	HeaderDocument HeaderFormat = "DOCUMENT"
	HeaderLocation HeaderFormat = "LOCATION"
	HeaderProduct  HeaderFormat = "PRODUCT"
)

// ButtonDefinition is one button of a template.
type ButtonDefinition struct {
	// Kind is Meta's word for it, such as QUICK_REPLY, URL, PHONE_NUMBER,
	// COPY_CODE, OTP, FLOW, CATALOG, MPM or ORDER_DETAILS.
	Kind string `json:"kind"`
	Text string `json:"text,omitempty"`
	// URL may have one variable, at its end.
	URL   string `json:"url,omitempty"`
	Phone string `json:"phone,omitempty"`
}

// variable is {{1}} or {{name}}. Spaces inside are tolerated.
var variable = regexp.MustCompile(`\{\{\s*([A-Za-z0-9_]+)\s*\}\}`)

// Variables returns the names of the places in a text that a message fills,
// each once, in the order in which they first appear: "1" for {{1}}.
func Variables(text string) []string {
	var names []string
	for _, m := range variable.FindAllStringSubmatch(text, -1) {
		if !slices.Contains(names, m[1]) {
			names = append(names, m[1])
		}
	}
	return names
}
