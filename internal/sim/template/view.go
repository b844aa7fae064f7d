package template

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/waypost/waypost/internal/sim/message"
	"github.com/waypost/waypost/internal/sim/rule"
)

// Show makes the view of a template message: the template with the parameters of a send that Fit has accepted.
func (t *Template) Show(send json.RawMessage) *message.View {
	var v any
	if err := json.Unmarshal(send, &v); err != nil {
		return nil
	}
	view := t.show(t.parts, rule.Items(v, "components"))
	return &view
}

// show fills in the components of a template, or of a card.
func (t *Template) show(have []component, got []any) (view message.View) {
	for _, c := range have {
		switch c.Type {
		case partHeader:
			view.Header = t.showHeader(c, valuesOf(got, "header"))
		case partBody:
			view.Body = t.filled(c.Text, valuesOf(got, "body"))
		case partFooter:
			view.Footer = c.Text
		case partButtons:
			view.Buttons = showButtons(c.Buttons, got)
		case partCarousel:
			for i, card := range c.Cards {
				view.Cards = append(view.Cards, t.show(card.Components, cardOf(got, i)))
			}
		}
	}
	return view
}

// valuesOf are the parameters that were sent for a component.
func valuesOf(got []any, kind string) []any {
	for _, g := range got {
		if strings.EqualFold(rule.String(g, "type"), kind) {
			return rule.Items(g, "parameters")
		}
	}
	return nil
}

func cardOf(got []any, index int) []any {
	for _, g := range got {
		if cards := rule.Items(g, "cards"); strings.EqualFold(rule.String(g, "type"), partCarousel) && index < len(cards) {
			return rule.Items(cards[index], "components")
		}
	}
	return nil
}

func (t *Template) showHeader(c component, got []any) *message.Header {
	if c.Format == headerText || len(got) == 0 {
		return &message.Header{Type: strings.ToLower(c.Format), Text: t.filled(c.Text, got)}
	}
	return message.HeaderOf(got[0])
}

// filled puts parameters into a text. What has none stays as it is.
func (t *Template) filled(text string, got []any) string {
	values := map[string]string{}
	for i, p := range got {
		name := strconv.Itoa(i + 1)
		if t.Format == formatNamed {
			name = rule.String(p, "parameter_name")
		}
		values[name] = rule.String(p, "text") + rule.String(p, "currency", "fallback_value") + rule.String(p, "date_time", "fallback_value")
	}
	return variable.ReplaceAllStringFunc(text, func(v string) string {
		if value, ok := values[strings.Trim(v, "{}")]; ok {
			return value
		}
		return v
	})
}

// showButtons fills in the buttons. A quick reply without a payload of its own answers with its label.
func showButtons(have []button, got []any) (list []message.Button) {
	for i, b := range have {
		p := buttonValue(got, i)
		shown := message.Button{Type: strings.ToLower(b.Type), Text: b.Text}
		switch b.Type {
		case buttonQuick:
			shown.ID = b.Text
			if payload := rule.String(p, "payload"); payload != "" {
				shown.ID = payload
			}
		case buttonURL:
			shown.URL = variable.ReplaceAllLiteralString(b.URL, rule.String(p, "text"))
		case buttonOTP:
			shown.Type, shown.Code = message.TapCode, rule.String(p, "text")
		case buttonCopyCode:
			shown.Text, shown.Code = "Copy code", rule.String(p, "coupon_code")
		case "FLOW":
			shown.ID = rule.String(p, "action", "flow_token")
		case "MPM", "SPM", "CATALOG":
			shown.Type, shown.Catalog = message.TapProduct, rule.String(p, "action", "catalog_id")
			for _, section := range rule.Items(p, "action", "sections") {
				for _, item := range rule.Items(section, "product_items") {
					shown.Products = append(shown.Products, rule.String(item, "product_retailer_id"))
				}
			}
		}
		list = append(list, shown)
	}
	return list
}

// buttonValue is the first parameter of the button at an index; nil when none was sent.
func buttonValue(got []any, index int) any {
	for _, g := range got {
		if !strings.EqualFold(rule.String(g, "type"), "button") {
			continue
		}
		at, _ := rule.Number(rule.Get(g, "index")) // no index is the first
		if p := rule.Items(g, "parameters"); int(at) == index && len(p) > 0 {
			return p[0]
		}
	}
	return nil
}
