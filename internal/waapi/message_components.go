package waapi

import "github.com/waypost/waypost/internal/wa"

// readComponents reads the parts of a template, or of one of its cards, the way
// Meta has them. Parts that take no parameters are left out.
//
//	"components":[{"type":"header","parameters":[{"type":"image","image":{"link":"https://files.example/a.png"}}]},
//	 {"type":"body","parameters":[{"type":"text","text":"Ada"}]},
//	 {"type":"button","sub_type":"quick_reply","index":"0","parameters":[{"type":"payload","payload":"yes"}]}]
func readComponents(r reader) []wa.Component {
	var list []wa.Component
	for _, part := range r.list("components") {
		c := wa.Component{Kind: wa.ComponentKind(part.word("type"))}
		switch c.Kind {
		case wa.ComponentButton:
			c.Button, c.Index = wa.ButtonKind(part.word("sub_type")), readIndex(part, -1)
		case wa.ComponentCarousel:
			for _, card := range part.list("cards") {
				c.Cards = append(c.Cards, wa.TemplateCard{Components: readComponents(card)})
			}
		case wa.ComponentHeader, wa.ComponentBody, wa.ComponentOffer, wa.ComponentOrderStatus:
		case "footer":
			continue // it never takes parameters
		default:
			part.refuse("type", wa.RuleUnknown, "is not a part of a template")
		}
		for _, p := range part.list("parameters") {
			c.Parameters = append(c.Parameters, readMetaParameter(c, p))
		}
		if len(c.Parameters)+len(c.Cards) > 0 {
			list = append(list, c)
		}
	}
	return list
}

// readMetaParameter reads a parameter whose value stands below its type, such
// as {"type":"image","image":{…}}.
func readMetaParameter(of wa.Component, r reader) wa.Parameter {
	kind := wa.ParameterKind(r.word("type"))
	inner := r
	if v := r.o[string(kind)]; !v.absent() && v[0] == '{' {
		inner = r.part(string(kind))
	}
	p, ok := readParameter(kind, inner)
	if !ok {
		r.refuse("type", wa.RuleUnknown, "is not a type of parameter")
	}
	p.Name = r.text("parameter_name")
	// Samples of Meta's have a text as the payload of a quick reply.
	if of.Kind == wa.ComponentButton && kind == wa.ParameterText {
		p.Kind = textOfButton(of.Button)
	}
	return p
}

func textOfButton(k wa.ButtonKind) wa.ParameterKind {
	switch k {
	case wa.ButtonQuickReply:
		return wa.ParameterPayload
	case wa.ButtonCopyCode:
		return wa.ParameterCouponCode
	case wa.ButtonURL, wa.ButtonFlow, wa.ButtonCatalog, wa.ButtonProducts, wa.ButtonOrderDetails:
	}
	return wa.ParameterText
}

// readParameter reads the value of a parameter; false if there is no such kind.
func readParameter(kind wa.ParameterKind, r reader) (wa.Parameter, bool) {
	p := wa.Parameter{Kind: kind}
	switch kind {
	case wa.ParameterText, wa.ParameterPayload, wa.ParameterCouponCode:
		p.Text = r.text(string(kind))
	case wa.ParameterDateTime:
		p.Text = r.text("fallback_value")
	case wa.ParameterCurrency:
		p.Currency = &wa.Currency{Fallback: r.text("fallback_value"), Code: r.text("code"), Amount1000: r.whole("amount_1000")}
	case wa.ParameterImage, wa.ParameterVideo, wa.ParameterDocument:
		p.Media = r.media(wa.MediaKind(kind))
	case wa.ParameterLocation:
		l := readLocation(r)
		p.Location = &l
	case wa.ParameterProduct:
		p.Product = readProduct(r)
	case wa.ParameterAction:
		if order := r.with(r.part("order_details")); order.has("reference_id") {
			p.Order = readOrder(order)
		} else {
			p.Action = readButtonAction(r)
		}
	case wa.ParameterOffer:
		p.ExpiresAtMillis = r.whole("expiration_time_ms")
	case wa.ParameterOrderStatus:
		p.OrderStatus = readOrderStatus(r)
	default:
		return p, false
	}
	return p, true
}
