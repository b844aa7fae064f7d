package template

import (
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/waypost/waypost/internal/sim/rule"
)

// The types of components, formats of headers and types of buttons, in upper case.
const (
	partHeader   = "HEADER"
	partBody     = "BODY"
	partFooter   = "FOOTER"
	partButtons  = "BUTTONS"
	partCarousel = "CAROUSEL"
	partOffer    = "LIMITED_TIME_OFFER"

	headerText = "TEXT"

	buttonURL      = "URL"
	buttonOTP      = "OTP"
	buttonQuick    = "QUICK_REPLY"
	buttonCopyCode = "COPY_CODE"
	buttonPhone    = "PHONE_NUMBER"
)

// component is a component of a template, decoded. Types and formats are in upper case.
type component struct {
	Type    string          `json:"type"`
	Format  string          `json:"format"`
	Text    string          `json:"text"`
	Example json.RawMessage `json:"example"`
	Buttons []button        `json:"buttons"`
	Cards   []struct {
		Components []component `json:"components"`
	} `json:"cards"`
	Offer struct {
		HasExpiration bool `json:"has_expiration"`
	} `json:"limited_time_offer"`
}

type button struct {
	Type    string `json:"type"`
	Text    string `json:"text"`
	URL     string `json:"url"`
	Example any    `json:"example"`
}

// parse decodes components that a table has looked at.
func parse(raw json.RawMessage) []component {
	var list []component
	if err := json.Unmarshal(raw, &list); err != nil {
		return nil
	}
	upper(list)
	return list
}

func upper(list []component) {
	for i := range list {
		c := &list[i]
		c.Type, c.Format = strings.ToUpper(c.Type), strings.ToUpper(c.Format)
		for b := range c.Buttons {
			c.Buttons[b].Type = strings.ToUpper(c.Buttons[b].Type)
		}
		for k := range c.Cards {
			upper(c.Cards[k].Components)
		}
	}
}

// part finds the component of a type.
func part(list []component, kind string) (component, bool) {
	for _, c := range list {
		if c.Type == kind {
			return c, true
		}
	}
	return component{}, false
}

var variable = regexp.MustCompile(`\{\{([^{}]*)\}\}`)

// variables are the names of the variables of a text, each once, in the order in which they appear.
func variables(text string) (names []string) {
	for _, found := range variable.FindAllStringSubmatch(text, -1) {
		if !slices.Contains(names, found[1]) {
			names = append(names, found[1])
		}
	}
	return names
}

// checkParts checks what a table cannot: which components go together, and the variables.
func (t *Template) checkParts(parts []component) error {
	seen := map[string]bool{}
	for _, p := range parts {
		if seen[p.Type] {
			return refuse(subcodeComponent, "Components Do Not Fit", "there are several components of type %s", p.Type)
		}
		seen[p.Type] = true
	}
	switch {
	case !seen[partBody]:
		return refuse(subcodeMissing, "A Part Is Missing", "components must have one of type BODY")
	case seen[partCarousel] && (seen[partHeader] || seen[partFooter] || seen[partButtons]):
		return refuse(subcodeComponent, "Components Do Not Fit", "a CAROUSEL goes with a BODY alone: its cards have headers and buttons")
	case (seen[partCarousel] || seen[partOffer]) && t.Category != Marketing:
		return refuse(subcodeComponent, "Components Do Not Fit", "CAROUSEL and LIMITED_TIME_OFFER are for MARKETING alone")
	case seen[partOffer] && seen[partFooter]:
		return refuse(subcodeComponent, "Components Do Not Fit", "a LIMITED_TIME_OFFER takes no FOOTER")
	}
	if err := t.checkCode(parts, seen); err != nil {
		return err
	}
	return t.checkEach(parts)
}

// checkCode wants the one button of a one-time password in an authentication template, and nowhere else.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/authentication-templates (read 2026-09)
func (t *Template) checkCode(parts []component, seen map[string]bool) error {
	buttons, _ := part(parts, partButtons)
	codes := 0
	for _, b := range buttons.Buttons {
		if b.Type == buttonOTP {
			codes++
		}
	}
	auth := t.Category == Authentication
	switch {
	case auth && (codes != 1 || len(buttons.Buttons) != 1 || seen[partHeader]):
		return refuse(subcodeComponent, "Components Do Not Fit", "AUTHENTICATION takes BODY, FOOTER and exactly one button, of type OTP")
	case !auth && codes > 0:
		return refuse(subcodeComponent, "Components Do Not Fit", "a button of type OTP is for AUTHENTICATION alone")
	}
	return nil
}

func (t *Template) checkEach(parts []component) error {
	for _, p := range parts {
		var err error
		switch p.Type {
		case partHeader:
			if len(variables(p.Text)) > 1 {
				return refuse(2388047, "Header Is Not Acceptable", "a HEADER takes one variable")
			}
			err = t.checkVariables(p, false)
		case partBody:
			err = t.checkVariables(p, t.Category != Authentication)
		case partFooter:
			if len(variables(p.Text)) > 0 {
				return refuse(2388073, "Footer Is Not Acceptable", "a FOOTER takes no variables")
			}
		case partButtons:
			err = checkButtons(p.Buttons)
		case partCarousel:
			err = t.checkCards(p)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// checkVariables wants {{1}}, {{2}} and so on, or names, and text around them.
func (t *Template) checkVariables(p component, around bool) error {
	if p.Type == partBody && p.Text == "" {
		return refuse(subcodeMissing, "A Part Is Missing", "a BODY must have a text")
	}
	text := strings.TrimSpace(p.Text)
	if around && (strings.HasPrefix(text, "{{") || strings.HasSuffix(text, "}}")) {
		return refuse(subcodeVariables, "Variables At The Edge", "the text of a %s must not begin or end with a variable", p.Type)
	}
	names := variables(p.Text)
	for i, name := range names {
		if t.Format == formatNamed {
			if !goodName.MatchString(name) || isNumber(name) {
				return refuse(subcodeComponent, "Variable Is Not Acceptable", "{{%s}}: a NAMED variable takes small letters, digits and underscores", name)
			}
		} else if !slices.Contains(names, strconv.Itoa(i+1)) {
			return refuse(subcodeComponent, "Variable Is Not Acceptable", "the variables of a %s must be {{1}} to {{%d}}", p.Type, len(names))
		}
	}
	return nil
}

func isNumber(name string) bool { return strings.Trim(name, "0123456789") == "" }

// checkButtons knows how many there may be of each type, and that quick replies stand together.
func checkButtons(buttons []button) error {
	count, groups := map[string]int{}, 0
	for i, b := range buttons {
		count[b.Type]++
		quick := b.Type == buttonQuick
		if i == 0 || quick != (buttons[i-1].Type == buttonQuick) {
			groups++
		}
		if names := variables(b.URL); len(names) > 1 || (len(names) == 1 && !strings.HasSuffix(b.URL, "}}")) {
			return refuse(subcodeComponent, "Button Is Not Acceptable", "the url of a button takes one variable, at its end")
		}
	}
	if groups > 2 {
		return refuse(subcodeComponent, "Buttons Do Not Fit", "buttons of type QUICK_REPLY must stand together")
	}
	for kind, most := range map[string]int{buttonURL: 2, buttonPhone: 1, buttonCopyCode: 1} {
		if count[kind] > most {
			return refuse(subcodeLength, "Too Many Buttons", "there are %d buttons of type %s, at most %d", count[kind], kind, most)
		}
	}
	return nil
}

// checkCards wants cards that are alike and have a picture, a film or a product on top.
func (t *Template) checkCards(carousel component) error {
	form := func(list []component) (forms []string) {
		for _, c := range list {
			forms = append(forms, c.Type, c.Format)
			for _, b := range c.Buttons {
				forms = append(forms, b.Type)
			}
		}
		return forms
	}
	first := form(carousel.Cards[0].Components)
	for i, card := range carousel.Cards {
		header, _ := part(card.Components, partHeader)
		if !slices.Contains([]string{"IMAGE", "VIDEO", "PRODUCT"}, header.Format) {
			return refuse(subcodeComponent, "Cards Do Not Fit", "card %d needs a HEADER of format IMAGE, VIDEO or PRODUCT", i)
		}
		if !slices.Equal(form(card.Components), first) {
			return refuse(subcodeComponent, "Cards Do Not Fit", "card %d has other components than the first", i)
		}
		if err := t.checkEach(card.Components); err != nil {
			return err
		}
	}
	return nil
}

// checkExamples wants an example for each variable and each medium.
func checkExamples(parts []component, format string) error {
	for _, p := range parts {
		if err := p.checkExample(format); err != nil {
			return err
		}
		for _, card := range p.Cards {
			if err := checkExamples(card.Components, format); err != nil {
				return err
			}
		}
	}
	return nil
}

func (p component) checkExample(format string) error {
	var example any
	_ = json.Unmarshal(p.Example, &example) // no example is an empty one
	given, want := 0, len(variables(p.Text))
	switch {
	case p.Type == partHeader && slices.Contains([]string{"IMAGE", "VIDEO", "DOCUMENT"}, p.Format):
		return checkHandle(rule.Items(example, "header_handle"))
	case format == formatNamed && p.Type == partHeader:
		given = len(rule.Items(example, "header_text_named_params"))
	case format == formatNamed:
		given = len(rule.Items(example, "body_text_named_params"))
	case p.Type == partHeader:
		given = len(rule.Items(example, "header_text"))
	case p.Type == partBody && len(rule.Items(example, "body_text")) > 0:
		row, _ := rule.Items(example, "body_text")[0].([]any) // no list is an empty one
		given = len(row)
	}
	authentication := strings.HasPrefix(p.Text, "*{{1}}*") // Meta's own text has its own example
	if want != given && want > 0 && !authentication {
		return refuse(subcodeMissing, "An Example Is Missing", "the %s has %d variables, but %d examples", p.Type, want, given)
	}
	for _, b := range p.Buttons {
		if (len(variables(b.URL)) > 0 || b.Type == buttonCopyCode) && b.Example == nil {
			return refuse(subcodeMissing, "An Example Is Missing", "the button %s of type %s needs an example", b.Text, b.Type)
		}
	}
	return nil
}

// checkHandle tells the handle of an upload from a media id or an address, which are often put in its place.
func checkHandle(handles []any) error {
	if len(handles) == 0 {
		return refuse(subcodeMissing, "An Example Is Missing", "a HEADER with a medium needs example['header_handle']")
	}
	handle, ok := handles[0].(string)
	if !ok || len(handles) != 1 || !strings.Contains(handle, ":") || strings.Contains(handle, "//") {
		return refuse(2388047, "Header Is Not Acceptable", "example['header_handle'] must be the one handle of a resumable upload")
	}
	return nil
}
