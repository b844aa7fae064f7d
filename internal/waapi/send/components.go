package send

import (
	"github.com/waypost/waypost/internal/wa"
	"github.com/waypost/waypost/internal/waapi/lenient"
)

// readComponents reads the parts of a template, or of one of its cards, the way
// Meta has them. Parts that take no parameters are left out.
//
//	"components":[{"type":"header","parameters":[{"type":"image","image":{"link":"https://files.example/a.png"}}]},
//	 {"type":"body","parameters":[{"type":"text","text":"Ada"}]},
//	 {"type":"button","sub_type":"quick_reply","index":"0","parameters":[{"type":"payload","payload":"yes"}]}]
func readComponents(r lenient.Reader) []wa.Component {
	var list []wa.Component
	for _, part := range r.List("components") {
		c := wa.Component{Kind: wa.ComponentKind(part.Word("type"))}
		switch c.Kind {
		case wa.ComponentButton:
			c.Button = wa.ButtonKind(part.Word("sub_type"))
			c.Index = readIndex(part, whereOnly(c.Button))
		case wa.ComponentCarousel:
			for _, card := range part.List("cards") {
				c.Cards = append(c.Cards, wa.TemplateCard{Components: readComponents(card)})
			}
		case wa.ComponentHeader, wa.ComponentBody, wa.ComponentOffer, wa.ComponentOrderStatus, wa.ComponentTapTarget:
		case "footer":
			continue // it never takes parameters
		default:
			part.Refuse("type", wa.RuleUnknown, "is not a part of a template")
		}
		for _, p := range part.List("parameters") {
			c.Parameters = append(c.Parameters, readMetaParameter(c, p))
		}
		if len(c.Parameters)+len(c.Cards) > 0 {
			list = append(list, c)
		}
	}
	return list
}

// whereOnly is the place of a button that has none: Meta's samples leave out that
// of a call, which is the only button of its template.
func whereOnly(k wa.ButtonKind) int {
	if k == wa.ButtonVoiceCall {
		return 0
	}
	return -1
}

// readMetaParameter reads a parameter whose value stands below its type, such
// as {"type":"image","image":{…}}.
func readMetaParameter(of wa.Component, r lenient.Reader) wa.Parameter {
	kind := wa.ParameterKind(r.Word("type"))
	inner := r
	if v := r.Value(string(kind)); !v.Absent() && v[0] == '{' {
		inner = r.Part(string(kind))
	}
	p, ok := readParameter(kind, inner)
	if !ok {
		r.Refuse("type", wa.RuleUnknown, "is not a type of parameter")
	}
	p.Name, p.LinkPreview = r.Text("parameter_name"), r.Flag("payment_link_preview")
	// Samples of Meta's have a text as the payload of a quick reply.
	if of.Kind == wa.ComponentButton && kind == wa.ParameterText {
		p.Kind = textOfButton(of.Button)
	}
	return p
}

// readTapTarget reads what a tap on the header opens: the only element of an
// array, as Meta has it.
func readTapTarget(r lenient.Reader) *wa.LinkButton {
	target := r
	if r.Has(string(wa.ParameterTapTarget)) {
		target = r.Part(string(wa.ParameterTapTarget))
	}
	return &wa.LinkButton{Label: target.Text("title"), URL: target.Trimmed("url")}
}

func textOfButton(k wa.ButtonKind) wa.ParameterKind {
	switch k {
	case wa.ButtonQuickReply:
		return wa.ParameterPayload
	case wa.ButtonCopyCode:
		return wa.ParameterCouponCode
	case wa.ButtonVoiceCall:
		return wa.ParameterPayload
	case wa.ButtonURL, wa.ButtonFlow, wa.ButtonCatalog, wa.ButtonProducts, wa.ButtonOrderDetails:
	}
	return wa.ParameterText
}

// readParameter reads the value of a parameter; false if there is no such kind.
func readParameter(kind wa.ParameterKind, r lenient.Reader) (wa.Parameter, bool) {
	p := wa.Parameter{Kind: kind}
	switch kind {
	case wa.ParameterText, wa.ParameterPayload, wa.ParameterCouponCode, wa.ParameterGroupID:
		p.Text = r.Text(string(kind))
	case wa.ParameterDateTime:
		p.Text = r.Text("fallback_value")
	case wa.ParameterCurrency:
		p.Currency = &wa.Currency{Fallback: r.Text("fallback_value"), Code: r.Text("code"), Amount1000: r.Whole("amount_1000")}
	case wa.ParameterImage, wa.ParameterVideo, wa.ParameterDocument:
		p.Media = readMedia(r, wa.MediaKind(kind))
	case wa.ParameterLocation:
		l := readLocation(r)
		p.Location = &l
	case wa.ParameterProduct:
		p.Product = readProduct(r)
	case wa.ParameterAction:
		if order := r.With(r.Part("order_details")); order.Has("reference_id") {
			p.Order = readOrder(order)
		} else {
			p.Action = readButtonAction(r)
		}
	case wa.ParameterOffer:
		p.ExpiresAtMillis = r.Whole("expiration_time_ms")
	case wa.ParameterOrderStatus:
		p.OrderStatus = readOrderStatus(r)
	case wa.ParameterMinutes:
		p.Minutes = minutes(r)
	case wa.ParameterTapTarget:
		p.TapTarget = readTapTarget(r)
	default:
		return p, false
	}
	return p, true
}
