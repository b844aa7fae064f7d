package waapi

import (
	"strconv"
	"strings"

	"github.com/waypost/waypost/internal/wa"
)

// decodeTemplate reads a message made from a template. The vendor's form says
// the texts in order and not where they belong; what is not known of the
// template is guessed here (see [wa.Filling.Guess]) and put right at admission,
// if the template is known.
//
//	"type_template":[{"name":"order_update","attributes":["Ada","5"],"language":{"locale":"en","policy":"deterministic"}}]
//
// attributes may be left out. Numbers and booleans are taken for texts, and
// null for an empty one, which is then refused as Meta would. language may be a
// string, and locale may be called code. Meta has only the policy deterministic;
// fallback is settled at admission.
//
// With type_media_template the template has a header or buttons, whether
// message_type is media_template or template. type text means no header; url
// wins over media_id; index is the button's place, from 0, as string or number:
//
//	"type_media_template":{"type":"document","url":"https://files.example/a.pdf","filename":"a.pdf",
//	 "button":[{"index":"0","payload":"https://shop.example/x"}]}
//
// Ours, in the vendor's style, are the types location (longitude, latitude,
// name, address) and product (catalog_id, product_retailer_id) of
// type_media_template, and these of its buttons: sub_type, if the template may
// not be known; flow_token and flow_action_data of a flow;
// thumbnail_product_retailer_id of a catalog; that and sections of several
// articles. Also ours is what a carousel, an offer or an order adds, each with a
// message_type of its own that may be template as well:
//
//	"message_type":"carousel","type_carousel":[{"cards":[{"type":"image","url":"https://files.example/1.png",
//	 "attributes":["Ada"],"button":[{"index":"0","payload":"yes"}]},{…}]}]
//	"message_type":"limited_time_offer","type_limited_time_offer":[{"expiration_time_ms":1790000000000,"coupon_code":"TEA10"}]
//	"message_type":"order_details","type_order_details":[{"index":"0","reference_id":"order-1",…}]
//	"message_type":"order_status","type_order_status":[{"reference_id":"order-1","order":{"status":"shipped"}}]
//
// Meta's own components instead of attributes are taken, too.
func decodeTemplate(m object) (wa.Content, error) {
	r, err := readOne(m, "type_template")
	if err != nil {
		return nil, err
	}
	t := wa.Template{Name: r.trimmed("name")}
	t.Language, t.Fallback = readLanguage(r)
	message := reader{o: m, bad: r.bad}
	if r.has("components") {
		t.Components = readComponents(r)
		return t, r.failed()
	}
	t.Components = readFilling(r, message).Guess()
	return t, r.failed()
}

// decodeOffer reads a limited-time offer, which is always a template.
func decodeOffer(m object) (wa.Content, error) {
	if _, err := m.one("type_limited_time_offer"); err != nil {
		return nil, err
	}
	return decodeTemplate(m)
}

// readLanguage returns Meta's code, and whether another language will do.
// Clients also write en-US.
func readLanguage(template reader) (code string, fallback bool) {
	if v := template.o["language"]; !v.absent() && v[0] != '{' && v[0] != '[' {
		code = template.trimmed("language")
	} else {
		l := template.part("language")
		code = strings.TrimSpace(l.first("locale", "code"))
		switch l.word("policy") {
		case "", "deterministic":
		case "fallback":
			fallback = true
		default:
			l.refuse("policy", wa.RuleUnknown, "can only be deterministic or fallback")
		}
	}
	return strings.ReplaceAll(code, "-", "_"), fallback
}

// readFilling reads all that a message says of the places of a template.
func readFilling(template, message reader) wa.Filling {
	f := wa.Filling{Texts: readTexts(template)}
	media := message.part("type_media_template")
	f.Header, f.Buttons = readTop(media), readButtons(media)
	if offer := message.part("type_limited_time_offer"); offer.o != nil {
		if f.ExpiresAtMillis = offer.whole("expiration_time_ms"); f.ExpiresAtMillis <= 0 && offer.has("expiration_time_ms") {
			offer.refuse("expiration_time_ms", wa.RuleMalformed, "must be a time in unix milliseconds")
		}
		if code := offer.trimmed("coupon_code"); code != "" {
			f.Buttons = append(f.Buttons, wa.ButtonFilling{Index: readIndex(offer, 0), Kind: wa.ButtonCopyCode, Value: code})
		}
	}
	if order := message.part(present(message.o, "type_order_details", "type_order_detail_template")); order.o != nil {
		f.Buttons = append(f.Buttons, wa.ButtonFilling{
			Index: readIndex(order, 0), Kind: wa.ButtonOrderDetails, Order: readOrder(order.with(actionOf(order))),
		})
	}
	if status := message.part(present(message.o, "type_order_status", "type_order_status_template")); status.o != nil {
		f.OrderStatus = readOrderStatus(status.with(actionOf(status)))
	}
	for _, card := range message.part("type_carousel").list("cards") {
		f.Cards = append(f.Cards, wa.Filling{Texts: readTexts(card), Header: readTop(card), Buttons: readButtons(card)})
	}
	return f
}

// readTexts reads attributes. A single text stands for an array of one.
func readTexts(r reader) []wa.Parameter {
	values := elements(r.o["attributes"])
	if len(values) > maxElements {
		r.tooMany("attributes", maxElements, len(values))
		return nil
	}
	var list []wa.Parameter
	for i, v := range values {
		text, ok := "", true
		switch {
		case v.absent():
		case string(v) == "true" || string(v) == "false":
			text = string(v)
		default:
			text, ok = v.text()
		}
		if !ok {
			r.refuse("attributes["+strconv.Itoa(i)+"]", wa.RuleMalformed, "must be a string")
		}
		list = append(list, wa.Parameter{Kind: wa.ParameterText, Text: text})
	}
	return list
}

// readTop reads what stands above the body of a template or of a card.
func readTop(r reader) *wa.Parameter {
	kind := wa.ParameterKind(r.word("type"))
	if kind == "" && r.first("url", "media_id") != "" {
		r.refuse("type", wa.RuleRequired, "")
	}
	if kind == "" || kind == wa.ParameterText {
		return nil
	}
	p, ok := readParameter(kind, r)
	if !ok || !p.Kind.Heads() {
		r.refuse("type", wa.RuleUnknown, "can only be image, video, document or text")
		return nil
	}
	return &p
}

// readButtons reads what a message says of the buttons of a template.
func readButtons(r reader) []wa.ButtonFilling {
	var list []wa.ButtonFilling
	for _, b := range r.list("button") {
		f := wa.ButtonFilling{Index: readIndex(b, -1), Kind: wa.ButtonKind(b.word("sub_type")), Value: b.text("payload")}
		if b.has("flow_token") || b.has("flow_action_data") || b.has("thumbnail_product_retailer_id") || b.has("sections") {
			f.Action = readButtonAction(b)
			f.Kind = actionKind(f)
		}
		list = append(list, f)
	}
	return list
}

// actionKind says what a button with more than a payload is.
func actionKind(f wa.ButtonFilling) wa.ButtonKind {
	switch {
	case f.Kind != "":
		return f.Kind
	case f.Action.Sections != nil:
		return wa.ButtonProducts
	case f.Action.Thumbnail != "":
		return wa.ButtonCatalog
	}
	return wa.ButtonFlow
}

func readButtonAction(r reader) *wa.ButtonAction {
	return &wa.ButtonAction{
		FlowToken: r.text("flow_token"), FlowData: r.json("flow_action_data"),
		Thumbnail: r.trimmed("thumbnail_product_retailer_id"), Sections: readProducts(r),
	}
}

// readIndex reads which button is meant. Without a default it has to be there.
func readIndex(r reader, without int) int {
	if v := r.o["index"]; v.absent() || string(v) == `""` {
		if without < 0 {
			r.refuse("index", wa.RuleRequired, "")
		}
		return without
	}
	n := r.whole("index")
	if n < 0 || n >= wa.MaxTemplateButtons {
		r.refuse("index", wa.RuleMalformed, "can only be 0 to 9")
		return 0
	}
	return int(n)
}
