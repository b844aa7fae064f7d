package wa

import (
	"cmp"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
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

// Attributes returns the variables of header and body in the order in which a
// message gives its attributes: those of the header first, numbers by their
// size, names as they appear.
func (d TemplateDefinition) Attributes() []string {
	return slices.Concat(d.places(valueOf(d.Header).Text), d.places(d.Body))
}

// places are the variables of one text in the order of their values.
func (d TemplateDefinition) places(text string) []string {
	names := Variables(text)
	if !d.Named {
		slices.SortStableFunc(names, func(a, b string) int { return cmp.Compare(number(a), number(b)) })
	}
	return names
}

// number puts what is none at the end.
func number(name string) int {
	n, err := strconv.Atoi(name)
	if err != nil {
		return math.MaxInt
	}
	return n
}

// filledIn returns how many characters a text has with its values. Those whose
// words Meta chooses count nothing.
func (d TemplateDefinition) filledIn(text string, values []Parameter) int {
	names := d.places(text)
	lengths := map[string]int{}
	for i, p := range values {
		name := p.Name
		if !d.Named && i < len(names) {
			name = names[i]
		}
		if p.Kind == ParameterText {
			lengths[name] = utf8.RuneCountInString(p.Text)
		}
	}
	n := utf8.RuneCountInString(variable.ReplaceAllString(text, ""))
	for _, m := range variable.FindAllStringSubmatch(text, -1) {
		n += lengths[m[1]]
	}
	return n
}

// tooLong checks header and body with their values.
func (d TemplateDefinition) tooLong(head, body []Parameter) []Problem {
	most := MaxTemplateBody
	if d.Header == nil && d.Footer == "" && len(d.Buttons) == 0 && len(d.Cards) == 0 && !d.Offer {
		most = MaxTemplateTexts // a body alone may have more
	}
	var ps []Problem
	for _, part := range []struct {
		field       string
		found, most int
	}{
		{"header", d.filledIn(valueOf(d.Header).Text, head), MaxHeaderText},
		{"body", d.filledIn(d.Body, body), most},
	} {
		if part.found > part.most {
			ps = append(ps, Problem{
				Field: part.field, Rule: RuleTemplateParameter, Limit: part.most, Found: part.found,
				Detail: fmt.Sprintf("has %d characters with its values, the limit is %d", part.found, part.most),
			})
		}
	}
	return ps
}

// tooLongCode checks the code of a template that carries one; where it stands
// says field.
func (d TemplateDefinition) tooLongCode(field, code string) []Problem {
	if n := utf8.RuneCountInString(code); d.Authentication && n > MaxTemplateCode {
		return []Problem{{
			Field: field, Rule: RuleTemplateParameter, Limit: MaxTemplateCode, Found: n,
			Detail: fmt.Sprintf("cannot be longer than %d characters (found %d)", MaxTemplateCode, n),
		}}
	}
	return nil
}
