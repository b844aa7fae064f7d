package template

import (
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/waypost/waypost/internal/sim/rule"
)

// Fit checks a send against the template of its name and language. It returns the template and the text of the body as a phone
// shows it. Every error is a *rule.Error.
func (s *Store) Fit(waba string, m Send) (Template, string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.named(waba, m.Name, m.Language)
	if t == nil {
		return Template{}, "", missing("template name (%s) does not exist in %s", m.Name, m.Language)
	}
	switch t.Status {
	case Approved:
	case Paused:
		return Template{}, "", rule.Refuse(rule.CodeTemplatePaused, "Template is paused", "template %s is paused because of its quality", m.Name)
	case Disabled:
		return Template{}, "", rule.Refuse(rule.CodeTemplateDisabled, "Template is disabled", "template %s is disabled", m.Name)
	default:
		return Template{}, "", missing("template %s in %s is %s: only an APPROVED one can be sent", m.Name, m.Language, t.Status)
	}
	f := fitting{named: t.Format == formatNamed, code: t.Category == Authentication}
	if err := f.components("", t.parts, m.components); err != nil {
		return Template{}, "", err
	}
	return *t, f.text, nil
}

// missing is the one refusal of a send that is a 404.
func missing(format string, args ...any) *rule.Error {
	e := rule.Refuse(rule.CodeTemplateMissing, "Template name does not exist in the translation", format, args...)
	e.Status = http.StatusNotFound
	return e
}

func badFormat(format string, args ...any) *rule.Error {
	return rule.Refuse(rule.CodeTemplateFormat, "Parameter format does not match format in the created template", format, args...)
}

// fitting is one comparison of a send with its template.
type fitting struct {
	named bool
	code  bool // the template is for one-time passwords
	text  string
}

// components compares each component of a template, or of a card, with what was sent for it.
func (f *fitting) components(at string, have []component, got []sent) error {
	if err := only(at, have, got); err != nil {
		return err
	}
	for _, c := range have {
		var err error
		switch c.Type {
		case partHeader:
			err = f.header(at, c, parametersOf(got, "header"))
		case partBody:
			var text string
			text, err = f.fill(at+"body", c.Text, maxBody, parametersOf(got, "body"))
			if at == "" {
				f.text = text
			}
		case partButtons:
			err = f.buttons(at, c.Buttons, got)
		case partOffer:
			if c.Offer.HasExpiration && len(parametersOf(got, "limited_time_offer")) == 0 {
				err = rule.Missing(at + "limited_time_offer")
			}
		case partCarousel:
			err = f.cards(c, got)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// only refuses what was sent for components that the template does not have. Two of a send stand for none of the template's.
func only(at string, have []component, got []sent) error {
	seen := map[string]bool{}
	for _, g := range got {
		kind := strings.ToUpper(g.Type)
		if kind == "BUTTON" {
			kind = partButtons
		}
		if _, ok := part(have, kind); !ok && kind != "TAP_TARGET_CONFIGURATION" && kind != "ORDER_STATUS" {
			if kind == partHeader || kind == partBody {
				return count(at+strings.ToLower(kind), len(g.Parameters), 0)
			}
			return badFormat("%s%s: the template has no such component", at, strings.ToLower(g.Type))
		}
		if kind != partButtons && seen[kind] {
			return rule.BadParameter("%sthere are several components of type %s", at, strings.ToLower(kind))
		}
		seen[kind] = true
	}
	return nil
}

// count refuses another number of parameters than the template has variables.
func count(at string, got, want int) error {
	return rule.Refuse(rule.CodeTemplateCount, "Number of parameters does not match the expected number of params",
		"%s: number of localizable_params (%d) does not match the expected number of params (%d)", at, got, want)
}

func parametersOf(got []sent, kind string) []parameter {
	for _, g := range got {
		if strings.EqualFold(g.Type, kind) {
			return g.Parameters
		}
	}
	return nil
}

func (f *fitting) header(at string, c component, got []parameter) error {
	if c.Format == headerText {
		_, err := f.fill(at+"header", c.Text, maxHeader, got)
		return err
	}
	received := "UNKNOWN"
	if len(got) > 0 {
		received = strings.ToUpper(got[0].Type)
	}
	if len(got) != 1 || received != c.Format {
		return badFormat("%sheader: Format mismatch, expected %s, received %s", at, c.Format, received)
	}
	return nil
}

var uglySpace = regexp.MustCompile(`[\n\r\t]| {5}`)

// fill puts parameters into a text.
func (f *fitting) fill(at, text string, most int, got []parameter) (string, error) {
	names := variables(text)
	if len(names) != len(got) {
		return "", count(at, len(got), len(names))
	}
	values := map[string]string{}
	for i, p := range got {
		name := strconv.Itoa(i + 1)
		if f.named {
			name = p.Name
		}
		switch kind := strings.ToLower(p.Type); {
		case f.named && name == "":
			return "", rule.BadParameter("%s: parameter_name is missing or empty", at)
		case kind != "text" && kind != "currency" && kind != "date_time" && kind != "group_id":
			return "", badFormat("%s: parameter %d is of type %s, which is not for a text", at, i+1, kind)
		case f.code && utf8.RuneCountInString(p.value()) > maxCode:
			return "", rule.BadValue("%s: a code has at most %d characters", at, maxCode)
		case uglySpace.MatchString(p.value()):
			return "", rule.Refuse(rule.CodeTemplatePolicy, "Template format character policy violated",
				"%s: parameter %d has a line break, a tab or more than four spaces in a row", at, i+1)
		}
		values[name] = p.value()
	}
	for _, name := range names {
		if _, ok := values[name]; !ok {
			return "", badFormat("%s: there is no parameter for {{%s}}", at, name)
		}
	}
	text = variable.ReplaceAllStringFunc(text, func(v string) string { return values[strings.Trim(v, "{}")] })
	if utf8.RuneCountInString(text) > most {
		return "", rule.Refuse(rule.CodeTemplateLength, "Translated text too long", "%s: the text has more than %d characters", at, most)
	}
	return text, nil
}

// wish is what a type of button takes.
type wish struct {
	subType   string
	parameter string
	need      bool
}

// wishOf knows each type of button. An OTP button is sent as a url button with the code once more.
func wishOf(b button) wish {
	switch b.Type {
	case buttonURL:
		return wish{"url", "text", len(variables(b.URL)) > 0}
	case buttonOTP:
		return wish{"url", "text", true}
	case buttonCopyCode:
		return wish{"copy_code", "coupon_code", true}
	case buttonQuick:
		return wish{"quick_reply", "payload", false}
	case "MPM", "ORDER_DETAILS":
		return wish{strings.ToLower(b.Type), "action", true}
	case "FLOW", "CATALOG", "SPM":
		return wish{strings.ToLower(b.Type), "action", false}
	case "VOICE_CALL":
		return wish{"voice_call", "", false}
	}
	return wish{} // a phone number takes nothing
}

func (f *fitting) buttons(at string, have []button, got []sent) error {
	sentFor := map[int]sent{}
	for _, g := range got {
		if !strings.EqualFold(g.Type, "button") {
			continue
		}
		index, _ := rule.Number(g.Index) // no index is the first
		if _, twice := sentFor[int(index)]; twice || int(index) >= len(have) {
			return badFormat("%sbuttons: there is no button left at index %.0f", at, index)
		}
		sentFor[int(index)] = g
	}
	for i, b := range have {
		g, ok := sentFor[i]
		w := wishOf(b)
		switch {
		case !ok && w.need:
			return rule.Refuse(rule.CodeRequired, "Required parameter is missing",
				"%sbuttons: Button at index %d of type %s requires a parameter", at, i, b.Type)
		case !ok:
			continue
		case !strings.EqualFold(g.SubType, w.subType):
			return badFormat("%sbuttons: the button at index %d is of type %s and takes no sub_type %s", at, i, b.Type, g.SubType)
		case w.parameter != "" && !strings.EqualFold(g.Parameters[0].Type, w.parameter):
			return badFormat("%sbuttons: the button at index %d takes a parameter of type %s", at, i, w.parameter)
		case b.Type == buttonURL && !w.need:
			return count(fmt.Sprintf("%sbuttons: button at index %d", at, i), 1, 0)
		case b.Type == buttonOTP && utf8.RuneCountInString(g.Parameters[0].Text) > maxCode:
			return rule.BadValue("%sbuttons: a code has at most %d characters", at, maxCode)
		}
	}
	return nil
}

// cards compares a carousel card by card; their number was fixed when the template was made.
func (f *fitting) cards(carousel component, got []sent) error {
	for _, g := range got {
		if !strings.EqualFold(g.Type, partCarousel) {
			continue
		}
		if len(g.Cards) != len(carousel.Cards) {
			return badFormat("carousel: the template has %d cards, and %d were sent", len(carousel.Cards), len(g.Cards))
		}
		for i, card := range g.Cards {
			if index, _ := rule.Number(card.Index); int(index) != i {
				return rule.BadValue("carousel: the card at place %d has card_index %.0f", i, index)
			}
			if err := f.components(fmt.Sprintf("carousel card %d ", i), carousel.Cards[i].Components, card.Components); err != nil {
				return err
			}
		}
		return nil
	}
	return rule.Missing("carousel")
}
