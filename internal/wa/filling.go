package wa

import (
	"fmt"
	"slices"
	"strings"
)

// Filling is what a message brings for the places of a template, as the vendor's
// API has it: in order, without saying which place each value belongs to.
type Filling struct {
	// Texts are for the variable of the header first, if it has one, and then
	// for those of the body.
	Texts []Parameter
	// Header is the media, place or article above the body.
	Header  *Parameter
	Buttons []ButtonFilling
	// ExpiresAtMillis is until when a limited-time offer holds, in unix
	// milliseconds; 0 if the message does not say.
	ExpiresAtMillis int64
	OrderStatus     *OrderStatus
	// Cards are what the cards of a carousel bring.
	Cards []Filling
}

// ButtonFilling is what a message brings for a button.
type ButtonFilling struct {
	Index int
	// Kind is "" if the message does not say it, and of no weight once the
	// template is known.
	Kind ButtonKind
	// Value is a link or the end of one, a payload, a code or a token.
	Value  string
	Action *ButtonAction
	Order  *Order
}

// Guess makes the parts of a template of which nothing is known: all texts
// belong to the body, and a button without a kind is a link if its value looks
// like one.
func (f Filling) Guess() []Component {
	var cs []Component
	if f.Header != nil {
		cs = append(cs, Component{Kind: ComponentHeader, Parameters: []Parameter{*f.Header}})
	}
	if len(f.Texts) > 0 {
		cs = append(cs, Component{Kind: ComponentBody, Parameters: f.Texts})
	}
	cs = append(cs, f.extras()...)
	for _, b := range f.Buttons {
		if b.Kind == "" {
			b.Kind = guessButton(b.Value)
		}
		cs = append(cs, b.component())
	}
	if len(f.Cards) > 0 {
		carousel := Component{Kind: ComponentCarousel}
		for _, card := range f.Cards {
			carousel.Cards = append(carousel.Cards, TemplateCard{Components: card.Guess()})
		}
		cs = append(cs, carousel)
	}
	return cs
}

// extras are the parts that are what they are, whatever the template.
func (f Filling) extras() []Component {
	var cs []Component
	if f.ExpiresAtMillis != 0 {
		cs = append(cs, Component{Kind: ComponentOffer, Parameters: []Parameter{{Kind: ParameterOffer, ExpiresAtMillis: f.ExpiresAtMillis}}})
	}
	if f.OrderStatus != nil {
		cs = append(cs, Component{Kind: ComponentOrderStatus, Parameters: []Parameter{{Kind: ParameterOrderStatus, OrderStatus: f.OrderStatus}}})
	}
	return cs
}

// guessButton takes for a link, or the end of one, what has no space and no
// brace and has one of / ? = & in it. Everything else is the payload of a quick
// reply.
func guessButton(value string) ButtonKind {
	if strings.ContainsAny(value, "/?=&") && !strings.ContainsAny(value, " \t\r\n{}[]") {
		return ButtonURL
	}
	return ButtonQuickReply
}

// component makes the part for a button whose kind is known.
func (b ButtonFilling) component() Component {
	p := Parameter{Kind: b.Kind.parameter()}
	switch b.Kind {
	case ButtonURL, ButtonQuickReply, ButtonCopyCode:
		p.Text = b.Value
	case ButtonFlow:
		action := valueOf(b.Action)
		if action.FlowToken == "" {
			action.FlowToken = b.Value
		}
		p.Action = &action
	case ButtonCatalog, ButtonProducts:
		action := valueOf(b.Action)
		if action.Thumbnail == "" {
			action.Thumbnail = b.Value
		}
		p.Action = &action
	case ButtonOrderDetails:
		p.Order = b.Order
	}
	return Component{Kind: ComponentButton, Button: b.Kind, Index: b.Index, Parameters: []Parameter{p}}
}

// Fit makes the parts of a template that is known, and says what does not go
// with it: every problem is a [RuleTemplateParameter].
func (f Filling) Fit(d TemplateDefinition) ([]Component, []Problem) {
	cs, ps := f.fitHeader(d.Header)
	texts, found := f.fitTexts(d)
	cs, ps = append(cs, texts...), append(ps, found...)
	cs = append(cs, f.extras()...)
	ps = append(ps, f.fitOffer(d)...)
	buttons, found := f.fitButtons(d)
	cs, ps = append(cs, buttons...), append(ps, found...)
	if len(f.Cards) != len(d.Cards) {
		return cs, append(ps, miscounted("cards", len(d.Cards), len(f.Cards)))
	}
	if len(d.Cards) == 0 {
		return cs, ps
	}
	carousel := Component{Kind: ComponentCarousel}
	for i, card := range f.Cards {
		parts, found := card.Fit(d.Cards[i])
		carousel.Cards = append(carousel.Cards, TemplateCard{Components: parts})
		ps = append(ps, under(fmt.Sprintf("cards[%d].", i), found)...)
	}
	return append(cs, carousel), ps
}

func miscounted(field string, wanted, found int) Problem {
	return Problem{
		Field: field, Rule: RuleTemplateParameter, Limit: wanted, Found: found,
		Detail: fmt.Sprintf("has %d values, the template takes %d", found, wanted),
	}
}

// fitHeader makes the header if it is not a text: that one is fitTexts's.
func (f Filling) fitHeader(d *HeaderDefinition) ([]Component, []Problem) {
	const field = "type_media_template"
	wanted := ParameterKind(strings.ToLower(string(valueOf(d).Format)))
	switch {
	case !wanted.Heads() && f.Header != nil:
		return nil, parameter(field, "cannot be given, the header of the template takes none")
	case !wanted.Heads():
		return nil, nil
	case f.Header == nil:
		return nil, parameter(field, fmt.Sprintf("is needed, the header of the template is of type %s", wanted))
	case f.Header.Kind != wanted:
		return nil, parameter(field+".type", fmt.Sprintf("can only be %s, as the header of the template is", wanted))
	}
	return []Component{{Kind: ComponentHeader, Parameters: []Parameter{*f.Header}}}, nil
}

// fitTexts gives the first text to the header, if that has a variable, and the
// others to the body. Variables with numbers are filled by their numbers, those
// with names in the order of the text.
func (f Filling) fitTexts(d TemplateDefinition) ([]Component, []Problem) {
	var head []string
	if valueOf(d.Header).Format == HeaderText {
		head = Variables(d.Header.Text)
	}
	body := Variables(d.Body)
	if d.Authentication && len(body) == 0 {
		body = []string{"1"} // Meta does not always tell the text of these
	}
	if wanted := len(head) + len(body); len(f.Texts) != wanted {
		return nil, []Problem{miscounted("attributes", wanted, len(f.Texts))}
	}
	texts := slices.Clone(f.Texts)
	if d.Named {
		if ps := nameTexts(texts, slices.Concat(head, body)); ps != nil {
			return nil, ps
		}
	}
	var cs []Component
	if len(head) > 0 {
		cs = append(cs, Component{Kind: ComponentHeader, Parameters: texts[:len(head):len(head)]})
	}
	if len(body) > 0 {
		cs = append(cs, Component{Kind: ComponentBody, Parameters: texts[len(head):]})
	}
	return cs, nil
}

// nameTexts gives the texts the names of the variables, in order. A message may
// also say the names itself.
func nameTexts(texts []Parameter, names []string) []Problem {
	var ps []Problem
	for i := range texts {
		switch {
		case texts[i].Name == "":
			texts[i].Name = names[i]
		case !slices.Contains(names, texts[i].Name):
			ps = append(ps, parameter(fmt.Sprintf("attributes[%d].parameter_name", i), "is not a variable of the template")...)
		}
	}
	return ps
}

func (f Filling) fitOffer(d TemplateDefinition) []Problem {
	switch {
	case f.ExpiresAtMillis != 0 && !d.Offer:
		return parameter("expiration_time_ms", "cannot be given, the template is no limited-time offer")
	case f.ExpiresAtMillis == 0 && d.OfferExpires:
		return parameter("expiration_time_ms", "is needed, the offer of the template ends")
	}
	return nil
}

func (f Filling) fitButtons(d TemplateDefinition) (cs []Component, ps []Problem) {
	given := map[int]bool{}
	for _, b := range f.Buttons {
		if b.Index < 0 || b.Index >= len(d.Buttons) {
			ps = append(ps, parameter(fmt.Sprintf("button[%d]", b.Index), fmt.Sprintf("is not there, the template has %d buttons", len(d.Buttons)))...)
			continue
		}
		given[b.Index] = true
		c, problem := b.fit(d.Buttons[b.Index])
		if problem != "" {
			ps = append(ps, parameter(fmt.Sprintf("button[%d]", b.Index), problem)...)
			continue
		}
		cs = append(cs, c)
	}
	for i, b := range d.Buttons {
		if given[i] || !b.needsValue() {
			continue
		}
		if d.Authentication && len(f.Texts) > 0 && b.kind() == ButtonURL {
			// Meta wants the code twice.
			cs = append(cs, ButtonFilling{Index: i, Kind: ButtonURL, Value: f.Texts[0].Text}.component())
			continue
		}
		ps = append(ps, parameter(fmt.Sprintf("button[%d]", i), "is needed, this button of the template takes a value")...)
	}
	return cs, ps
}

// fit makes the part for a button, or says why the value does not go with it.
// The kind that the message says or was guessed gives way to the button's.
func (b ButtonFilling) fit(d ButtonDefinition) (Component, string) {
	b.Kind = d.kind()
	switch b.Kind {
	case ButtonURL, ButtonQuickReply, ButtonCopyCode:
		if b.Value == "" {
			return Component{}, "needs a value"
		}
	case ButtonProducts:
		if len(valueOf(b.Action).Sections) == 0 {
			return Component{}, "needs sections"
		}
	case ButtonOrderDetails:
		if b.Order == nil {
			return Component{}, "needs an order"
		}
	case ButtonFlow, ButtonCatalog:
	default:
		return Component{}, "cannot be given, this button of the template takes no value"
	}
	if fixed, _, variable := strings.Cut(d.URL, "{{"); b.Kind == ButtonURL && variable && b.Value != fixed {
		// Clients send the whole address; Meta takes what stands for the variable.
		b.Value = strings.TrimPrefix(b.Value, fixed)
	}
	return b.component(), ""
}

// kind is how a message fills a button; "" if it takes no value.
func (d ButtonDefinition) kind() ButtonKind {
	switch strings.ToUpper(d.Kind) {
	case "QUICK_REPLY":
		return ButtonQuickReply
	case "URL":
		if len(Variables(d.URL)) > 0 {
			return ButtonURL
		}
	case "OTP":
		return ButtonURL
	case "COPY_CODE":
		return ButtonCopyCode
	case "FLOW":
		return ButtonFlow
	case "CATALOG":
		return ButtonCatalog
	case "MPM":
		return ButtonProducts
	case "ORDER_DETAILS":
		return ButtonOrderDetails
	}
	return ""
}

// needsValue reports whether Meta refuses a message without a value for the
// button. A quick reply answers with its label, a flow and a catalog open by
// themselves.
func (d ButtonDefinition) needsValue() bool {
	switch d.kind() {
	case ButtonURL, ButtonCopyCode, ButtonProducts, ButtonOrderDetails:
		return true
	case ButtonQuickReply, ButtonFlow, ButtonCatalog:
	}
	return false
}

// FillingOf is the inverse of [Filling.Guess].
func FillingOf(cs []Component) Filling {
	var f Filling
	for _, c := range cs {
		for _, p := range c.Parameters {
			switch c.Kind {
			case ComponentHeader, ComponentBody:
				if p.Kind.Heads() {
					f.Header = &p
				} else {
					f.Texts = append(f.Texts, p)
				}
			case ComponentButton:
				f.Buttons = append(f.Buttons, ButtonFilling{
					Index: c.Index, Kind: c.Button, Value: p.Text, Action: p.Action, Order: p.Order,
				})
			case ComponentOffer:
				f.ExpiresAtMillis = p.ExpiresAtMillis
			case ComponentOrderStatus:
				f.OrderStatus = p.OrderStatus
			case ComponentCarousel:
			}
		}
		for _, card := range c.Cards {
			f.Cards = append(f.Cards, FillingOf(card.Components))
		}
	}
	return f
}
