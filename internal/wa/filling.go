package wa

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Filling is what a message brings for the places of a template.
type Filling struct {
	// Placed says that the message names the place of each text, as Meta's
	// components do. Those of the vendor's API only have an order.
	Placed bool
	// HeaderTexts are for the variable of the header, if the texts are placed.
	HeaderTexts []Parameter
	// Texts are for the variables of the body. If they are not placed, the first
	// is for the variable of the header, if there is one.
	Texts []Parameter
	// Header is the media, place or article above the body.
	Header  *Parameter
	Buttons []ButtonFilling
	// ExpiresAtMillis is until when a limited-time offer holds, in unix
	// milliseconds; 0 if the message does not say.
	ExpiresAtMillis int64
	OrderStatus     *OrderStatus
	// TapTarget is what a tap on the header opens.
	TapTarget *LinkButton
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
	// LinkPreview is for a link to a payment, Minutes for a call.
	LinkPreview bool
	Minutes     int
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
	if f.TapTarget != nil {
		cs = append(cs, Component{Kind: ComponentTapTarget, Parameters: []Parameter{{Kind: ParameterTapTarget, TapTarget: f.TapTarget}}})
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
	case ButtonURL:
		p.Text, p.LinkPreview = b.Value, b.LinkPreview
	case ButtonQuickReply, ButtonCopyCode:
		p.Text = b.Value
	case ButtonVoiceCall:
		return b.call()
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

// call makes the part for a button that calls.
func (b ButtonFilling) call() Component {
	c := Component{Kind: ComponentButton, Button: b.Kind, Index: b.Index}
	if b.Minutes != 0 {
		c.Parameters = append(c.Parameters, Parameter{Kind: ParameterMinutes, Minutes: b.Minutes})
	}
	if b.Value != "" {
		c.Parameters = append(c.Parameters, Parameter{Kind: ParameterPayload, Text: b.Value})
	}
	return c
}

// Fit makes the parts of a template that is known, and says what does not go
// with it: every problem is a [RuleTemplateParameter]. Parts without a problem
// keep the limits of a [Template].
func (f Filling) Fit(d TemplateDefinition) ([]Component, []Problem) {
	cs, ps := f.fit(d)
	if len(ps) == 0 {
		// A value may have become something else than it was taken for, with other
		// limits.
		ps = misfits(validateComponents(cs, false))
	}
	return cs, ps
}

// misfits says of problems that they are with a template's values.
func misfits(ps []Problem) []Problem {
	for i, p := range ps {
		switch {
		case p.Detail != "":
		case p.Rule == RuleRequired:
			p.Detail = "is needed"
		case p.Rule == RuleTooLong:
			p.Detail = fmt.Sprintf("cannot be longer than %d characters (found %d)", p.Limit, p.Found)
		case p.Rule == RuleTooMany:
			p.Detail = fmt.Sprintf("has %d elements, the limit is %d", p.Found, p.Limit)
		default:
			p.Detail = "does not hold"
		}
		p.Rule = RuleTemplateParameter
		ps[i] = p
	}
	return ps
}

// fit does not look at what the parts have become.
func (f Filling) fit(d TemplateDefinition) ([]Component, []Problem) {
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
		parts, found := card.fit(d.Cards[i])
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

// fitHeader makes the header if it is not a text: that one is fitTexts's. Of a
// header of an unknown kind Meta knows what goes into it.
func (f Filling) fitHeader(d *HeaderDefinition) ([]Component, []Problem) {
	const field = "type_media_template"
	wanted := ParameterKind(strings.ToLower(string(valueOf(d).Format)))
	switch {
	case f.Header == nil && !wanted.Heads():
		return nil, nil
	case f.Header == nil:
		return nil, parameter(field, fmt.Sprintf("is needed, the header of the template is of type %s", wanted))
	case !d.known():
	case !wanted.Heads():
		return nil, parameter(field, "cannot be given, the header of the template takes none")
	case f.Header.Kind != wanted:
		return nil, parameter(field+".type", fmt.Sprintf("can only be %s, as the header of the template is", wanted))
	}
	return []Component{{Kind: ComponentHeader, Parameters: []Parameter{*f.Header}}}, nil
}

// fitTexts fills the variables of header and body. Those with numbers are filled
// by their numbers.
func (f Filling) fitTexts(d TemplateDefinition) (cs []Component, ps []Problem) {
	inHeader, inBody := d.places(valueOf(d.Header).Text), d.places(d.Body)
	if d.Authentication && len(inBody) == 0 {
		inBody = []string{"1"} // Meta does not always tell the text of these
	}
	head, body := f.HeaderTexts, f.Texts
	if f.Placed {
		if d.Header.known() {
			ps = placed("header", head, inHeader, d.Named)
		}
		ps = append(ps, placed("body", body, inBody, d.Named)...)
	} else {
		head, body, ps = split(f.Texts, inHeader, inBody, d.Named)
	}
	if len(ps) == 0 {
		ps = d.tooLong(head, body)
	}
	for i, p := range f.Texts {
		ps = append(ps, d.tooLongCode(fmt.Sprintf("attributes[%d]", i), p.Text)...)
	}
	if len(ps) > 0 {
		return nil, ps
	}
	if len(head) > 0 {
		cs = append(cs, Component{Kind: ComponentHeader, Parameters: head})
	}
	if len(body) > 0 {
		cs = append(cs, Component{Kind: ComponentBody, Parameters: body})
	}
	return cs, nil
}

// split gives texts without a place to the variables in order: first the
// header's, then the body's.
func split(texts []Parameter, inHeader, inBody []string, named bool) (head, body []Parameter, ps []Problem) {
	variables := slices.Concat(inHeader, inBody)
	if len(texts) != len(variables) {
		return nil, nil, []Problem{miscounted("attributes", len(variables), len(texts))}
	}
	texts = slices.Clone(texts)
	for i := range texts {
		texts[i].Name = ""
		if named {
			texts[i].Name = variables[i]
		}
	}
	n := len(inHeader)
	return texts[:n:n], texts[n:], nil
}

// placed checks the texts of one part, which have to fill its variables: in
// order, or by their names.
func placed(part string, texts []Parameter, variables []string, named bool) []Problem {
	if len(texts) != len(variables) {
		return []Problem{miscounted(part, len(variables), len(texts))}
	}
	var ps []Problem
	seen := map[string]bool{}
	for i, p := range texts {
		problem := ""
		switch {
		case !named && p.Name != "":
			problem = "cannot be given, the variables of the template have no names"
		case !named:
		case p.Name == "":
			problem = "is needed, the variables of the template have names"
		case !slices.Contains(variables, p.Name):
			problem = "is not a variable of this part of the template"
		case seen[p.Name]:
			problem = "is there twice"
		}
		if problem != "" {
			ps = append(ps, parameter(fmt.Sprintf("%s.parameters[%d].parameter_name", part, i), problem)...)
		}
		seen[p.Name] = true
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
		for _, p := range c.Parameters {
			ps = append(ps, d.tooLongCode(fmt.Sprintf("button[%d]", b.Index), p.Text)...)
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
	said := b.Kind
	b.Kind = d.kind()
	switch b.Kind {
	case ButtonURL, ButtonQuickReply, ButtonCopyCode:
		if b.Value == "" {
			return Component{}, "needs a value"
		}
		if n := utf8.RuneCountInString(b.Value); b.Kind == ButtonQuickReply && n > MaxReplyPayload {
			return Component{}, fmt.Sprintf("cannot be longer than %d characters (found %d)", MaxReplyPayload, n)
		}
	case ButtonProducts:
		if len(valueOf(b.Action).Sections) == 0 {
			return Component{}, "needs sections"
		}
	case ButtonOrderDetails:
		if b.Order == nil {
			return Component{}, "needs an order"
		}
	case ButtonVoiceCall:
		if b.Value == "" && b.Minutes == 0 {
			return Component{}, "needs a payload or ttl_minutes"
		}
	case ButtonFlow, ButtonCatalog:
	default:
		if d.known() {
			return Component{}, "cannot be given, this button of the template takes no value"
		}
		if b.Kind = said; said == "" {
			b.Kind = guessButton(b.Value)
		}
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
	case "VOICE_CALL":
		return ButtonVoiceCall
	}
	return ""
}

// known reports whether it is known what the button takes. Meta knows of the
// others.
func (d ButtonDefinition) known() bool {
	kind := strings.ToUpper(d.Kind)
	return kind == "URL" || kind == "PHONE_NUMBER" || d.kind() != ""
}

// needsValue reports whether Meta refuses a message without a value for the
// button. A quick reply answers with its label, a flow and a catalog open by
// themselves.
func (d ButtonDefinition) needsValue() bool {
	switch d.kind() {
	case ButtonURL, ButtonCopyCode, ButtonProducts, ButtonOrderDetails:
		return true
	case ButtonQuickReply, ButtonFlow, ButtonCatalog, ButtonVoiceCall:
	}
	return false
}

// FillingOf returns what a message brings; for a template that is not placed it
// is the inverse of [Filling.Guess].
func FillingOf(t Template) Filling { return fillingOf(t.Components, t.Placed) }

func fillingOf(cs []Component, placed bool) Filling {
	f := Filling{Placed: placed}
	for _, c := range cs {
		if c.Kind == ComponentButton && len(c.Parameters) > 0 {
			f.Buttons = append(f.Buttons, c.fillingOfButton())
		}
		for _, p := range c.Parameters {
			switch c.Kind {
			case ComponentHeader, ComponentBody:
				f = f.withValue(c.Kind, p)
			case ComponentOffer:
				f.ExpiresAtMillis = p.ExpiresAtMillis
			case ComponentOrderStatus:
				f.OrderStatus = p.OrderStatus
			case ComponentTapTarget:
				f.TapTarget = p.TapTarget
			case ComponentButton, ComponentCarousel:
			}
		}
		for _, card := range c.Cards {
			f.Cards = append(f.Cards, fillingOf(card.Components, placed))
		}
	}
	return f
}

// fillingOfButton is what the parameters of a button bring. But for a call there
// is one.
func (c Component) fillingOfButton() ButtonFilling {
	f := ButtonFilling{Index: c.Index, Kind: c.Button}
	for _, p := range c.Parameters {
		if p.Text != "" {
			f.Value = p.Text
		}
		if p.Minutes != 0 {
			f.Minutes = p.Minutes
		}
		f.Action, f.Order, f.LinkPreview = p.Action, p.Order, p.LinkPreview
	}
	return f
}

// withValue takes a parameter of header or body.
func (f Filling) withValue(of ComponentKind, p Parameter) Filling {
	switch {
	case p.Kind.Heads():
		f.Header = &p
	case of == ComponentHeader && f.Placed:
		f.HeaderTexts = append(f.HeaderTexts, p)
	default:
		f.Texts = append(f.Texts, p)
	}
	return f
}
