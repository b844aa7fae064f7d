package send

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/waypost/waypost/internal/wa"
	"github.com/waypost/waypost/internal/waapi/lenient"
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
// articles; ttl_minutes of a call; payment_link_preview of a link to a payment.
// tap_target_configuration, with url and title, is what a tap on the header opens.
// Also ours is what a carousel, an offer or an order adds, each with a
// message_type of its own that may be template as well:
//
//	"message_type":"carousel","type_carousel":[{"cards":[{"type":"image","url":"https://files.example/1.png",
//	 "attributes":["Ada"],"button":[{"index":"0","payload":"yes"}]},{…}]}]
//	"message_type":"limited_time_offer","type_limited_time_offer":[{"expiration_time_ms":1790000000000,"coupon_code":"TEA10"}]
//	"message_type":"order_details","type_order_details":[{"index":"0","reference_id":"order-1",…}]
//	"message_type":"order_status","type_order_status":[{"reference_id":"order-1","order":{"status":"shipped"}}]
//
// Meta's own components instead of attributes are taken, too.
func decodeTemplate(m lenient.Object) (wa.Content, error) {
	r, err := lenient.ReadOne(m, "type_template")
	if err != nil {
		return nil, err
	}
	// Meta's names have no capitals; some clients write them so.
	t := wa.Template{Name: strings.ToLower(r.Trimmed("name"))}
	t.Language, t.Fallback = readLanguage(r)
	message := r.Over(m).Named("")
	if r.Has("components") {
		t.Components, t.Placed = readComponents(r), true
		return t, r.Failed()
	}
	t.Components = readFilling(r, message).Guess()
	return t, r.Failed()
}

// decodeOffer reads a limited-time offer, which is always a template.
func decodeOffer(m lenient.Object) (wa.Content, error) {
	if _, err := m.One("type_limited_time_offer"); err != nil {
		return nil, err
	}
	return decodeTemplate(m)
}

// readLanguage returns Meta's code, and whether another language will do.
// Clients also write en-US.
func readLanguage(template lenient.Reader) (code string, fallback bool) {
	if v := template.Value("language"); !v.Absent() && !v.Nested() {
		code = template.Trimmed("language")
	} else {
		l := template.Part("language")
		code = strings.TrimSpace(l.First("locale", "code"))
		switch l.Word("policy") {
		case "", "deterministic":
		case "fallback":
			fallback = true
		default:
			l.Refuse("policy", wa.RuleUnknown, "can only be deterministic or fallback")
		}
	}
	return strings.ReplaceAll(code, "-", "_"), fallback
}

// readFilling reads all that a message says of the places of a template.
func readFilling(template, message lenient.Reader) wa.Filling {
	f := wa.Filling{Texts: readTexts(template)}
	media := message.Part("type_media_template")
	f.Header, f.Buttons = readTop(media), readButtons(media)
	if media.Has(string(wa.ParameterTapTarget)) {
		f.TapTarget = readTapTarget(media)
	}
	if offer := message.Part("type_limited_time_offer"); offer.Object() != nil {
		if f.ExpiresAtMillis = offer.Whole("expiration_time_ms"); f.ExpiresAtMillis <= 0 && offer.Has("expiration_time_ms") {
			offer.Refuse("expiration_time_ms", wa.RuleMalformed, "must be a time in unix milliseconds")
		}
		if code := offer.Trimmed("coupon_code"); code != "" {
			f.Buttons = append(f.Buttons, wa.ButtonFilling{Index: readIndex(offer, 0), Kind: wa.ButtonCopyCode, Value: code})
		}
	}
	if order := message.Part(present(message.Object(), "type_order_details", "type_order_detail_template")); order.Object() != nil {
		f.Buttons = append(f.Buttons, wa.ButtonFilling{
			Index: readIndex(order, 0), Kind: wa.ButtonOrderDetails, Order: readOrder(order.With(actionOf(order))),
		})
	}
	if status := message.Part(present(message.Object(), "type_order_status", "type_order_status_template")); status.Object() != nil {
		f.OrderStatus = readOrderStatus(status.With(actionOf(status)))
	}
	for _, card := range message.Part("type_carousel").List("cards") {
		f.Cards = append(f.Cards, wa.Filling{Texts: readTexts(card), Header: readTop(card), Buttons: readButtons(card)})
	}
	return f
}

// readTexts reads attributes. A single text stands for an array of one.
func readTexts(r lenient.Reader) []wa.Parameter {
	values, found := lenient.Elements(r.Value("attributes"))
	if found > lenient.MaxElements {
		r.TooMany("attributes", lenient.MaxElements, found)
		return nil
	}
	var list []wa.Parameter
	for i, v := range values {
		text, ok := "", true
		switch {
		case v.Absent():
		case string(v) == "true" || string(v) == "false":
			text = string(v)
		default:
			text, ok = v.Text()
		}
		if !ok {
			r.Refuse("attributes["+strconv.Itoa(i)+"]", wa.RuleMalformed, "must be a string")
		}
		list = append(list, wa.Parameter{Kind: wa.ParameterText, Text: text})
	}
	return list
}

// readTop reads what stands above the body of a template or of a card.
func readTop(r lenient.Reader) *wa.Parameter {
	kind := wa.ParameterKind(r.Word("type"))
	if kind == "" && r.First("url", "media_id") != "" {
		r.Refuse("type", wa.RuleRequired, "")
	}
	if kind == "" || kind == wa.ParameterText {
		return nil
	}
	p, ok := readParameter(kind, r)
	if !ok || !p.Kind.Heads() {
		r.Refuse("type", wa.RuleUnknown, "can only be image, video, document or text")
		return nil
	}
	return &p
}

// readButtons reads what a message says of the buttons of a template.
func readButtons(r lenient.Reader) []wa.ButtonFilling {
	var list []wa.ButtonFilling
	for _, b := range r.List("button") {
		f := wa.ButtonFilling{Index: readIndex(b, -1), Kind: wa.ButtonKind(b.Word("sub_type")), Value: b.Text("payload")}
		f.LinkPreview, f.Minutes = b.Flag("payment_link_preview"), minutes(b)
		if f.Kind == "" && f.Minutes != 0 {
			f.Kind = wa.ButtonVoiceCall
		}
		if b.Has("flow_token") || b.Has("flow_action_data") || b.Has("thumbnail_product_retailer_id") || b.Has("sections") {
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

func readButtonAction(r lenient.Reader) *wa.ButtonAction {
	return &wa.ButtonAction{
		FlowToken: r.Text("flow_token"), FlowData: r.JSON("flow_action_data"),
		Thumbnail: r.Trimmed("thumbnail_product_retailer_id"), Sections: readProducts(r),
	}
}

// readIndex reads which button is meant. Without a default it has to be there.
func readIndex(r lenient.Reader, without int) int {
	if v := r.Value("index"); v.Absent() || string(v) == `""` {
		if without < 0 {
			r.Refuse("index", wa.RuleRequired, "")
		}
		return without
	}
	n := r.Whole("index")
	if n < 0 || n >= wa.MaxTemplateButtons {
		r.Refuse("index", wa.RuleMalformed, fmt.Sprintf("can only be 0 to %d (found %d)", wa.MaxTemplateButtons-1, n))
		return 0
	}
	return int(n)
}
