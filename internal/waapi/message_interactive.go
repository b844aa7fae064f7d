package waapi

import (
	"strings"

	"github.com/waypost/waypost/internal/wa"
)

// decodeInteractive reads a message that is answered by a tap. In the vendor's
// form body and footer are strings and action is an array of one; Meta's own
// form is taken, too: body and footer {"text":…}, action an object. The kinds
// beyond button, list and cta_url have a message_type of their own as well, see
// [decodeAction].
//
//	"type_interactive":[{"type":"button","header":{"type":"image","url":"https://files.example/a.png"},"body":"Well?","footer":"Tap one",
//	 "action":[{"buttons":[{"type":"reply","reply":{"id":"yes","title":"Yes"}}]}]}]
//	"type_interactive":[{"type":"list","body":"Well?","action":[{"button":"Menu",
//	 "sections":[{"title":"Drinks","rows":[{"id":"tea","title":"Tea","description":"Hot"}]}]}]}]
//	"type_interactive":[{"type":"cta_url","body":"See","action":[{"name":"cta_url",
//	 "parameters":{"display_text":"Open","url":"https://shop.example/"}}]}]
func decodeInteractive(m object) (wa.Content, error) {
	r, err := readOne(m, "type_interactive")
	if err != nil {
		return nil, err
	}
	kind := wa.InteractiveKind(r.word("type"))
	if kind == "" {
		r.refuse("type", wa.RuleRequired, "")
	}
	// type is also a name among the parameters of an order.
	return readInteractive(kind, r.without("type")), r.failed()
}

// decodeAction reads a kind of interactive message that has a message_type of
// its own. These types are ours, in the vendor's style: what Meta has below
// action and parameters stands beside the body.
//
//	"message_type":"product","type_product":[{"body":"This one","catalog_id":"100200","product_retailer_id":"sku-1"}]
//	"message_type":"product_list","type_product_list":[{"header":"Offers","body":"Have a look","catalog_id":"100200",
//	 "sections":[{"title":"Tea","product_items":[{"product_retailer_id":"sku-1"}]}]}]
//	"message_type":"catalog","type_catalog":[{"body":"All we have","thumbnail_product_retailer_id":"sku-1"}]
//	"message_type":"flow","type_flow":[{"body":"Book","flow_id":"300400","flow_cta":"Book now","flow_token":"t-1",
//	 "flow_action":"navigate","flow_action_payload":{"screen":"FIRST","data":{"day":"Monday"}}}]
//	"message_type":"location_request","type_location_request":[{"body":"Where are you?"}]
//	"message_type":"order_details","type_order_details":[{"body":"Your bill","reference_id":"order-1","type":"digital-goods",
//	 "payment_type":"upi","payment_configuration":"main","currency":"INR","total_amount":{"value":1250,"offset":100},
//	 "order":{"items":[{"retailer_id":"sku-1","name":"Tea","amount":{"value":1250,"offset":100},"quantity":1}],
//	 "subtotal":{"value":1250,"offset":100},"tax":{"value":0,"offset":100}}}]
//	"message_type":"order_status","type_order_status":[{"body":"On its way","reference_id":"order-1","order":{"status":"shipped"}}]
//	"message_type":"carousel","type_carousel":[{"body":"Look","cards":[{"header":{"type":"image","url":"https://files.example/1.png"},
//	 "body":"One","action":[{"name":"cta_url","parameters":{"display_text":"Open","url":"https://shop.example/1"}}]},{…}]}]
//
// With a type_template, carousel, order_details and order_status are template
// messages; see [decodeTemplate].
func decodeAction(kind wa.InteractiveKind, fields ...string) func(object) (wa.Content, error) {
	return func(m object) (wa.Content, error) {
		r, err := readOne(m, present(m, fields...))
		if err != nil {
			return nil, err
		}
		return readInteractive(kind, r), r.failed()
	}
}

// catalogFields are the names that a catalog message may have.
func catalogFields() []string {
	return []string{"type_catalog", "type_catalogue", "type_catalog_message"}
}

// present is the first of several fields that is there, else the first.
func present(m object, fields ...string) string {
	for _, f := range fields {
		if !m[f].absent() {
			return f
		}
	}
	return fields[0]
}

// templateOr takes a message for a template message if it has a type_template.
func templateOr(decode func(object) (wa.Content, error)) func(object) (wa.Content, error) {
	return func(m object) (wa.Content, error) {
		if !m["type_template"].absent() {
			return decodeTemplate(m)
		}
		return decode(m)
	}
}

// readInteractive reads everything but the kind. What belongs to the action may
// stand in it, in its parameters or beside it.
func readInteractive(kind wa.InteractiveKind, r reader) wa.Interactive {
	c := wa.Interactive{Kind: kind, Header: readHeader(r), Body: r.prose("body"), Footer: r.prose("footer")}
	settings := r.with(actionOf(r))
	switch kind {
	case wa.InteractiveButton:
		c.Buttons = readReplies(settings)
	case wa.InteractiveList:
		c.List = readList(settings)
	case wa.InteractiveLink:
		c.Link = readLink(r, settings)
	case wa.InteractiveFlow:
		c.Flow = readFlow(settings)
	case wa.InteractiveProduct:
		c.Product = readProduct(settings)
	case wa.InteractiveProductList:
		c.Products = &wa.ProductList{CatalogID: settings.trimmed("catalog_id"), Sections: readProducts(settings)}
	case wa.InteractiveCatalog:
		c.Thumbnail = settings.trimmed("thumbnail_product_retailer_id")
	case wa.InteractiveOrderDetails:
		c.Order = readOrder(settings)
	case wa.InteractiveOrderStatus:
		c.OrderStatus = readOrderStatus(settings)
	case wa.InteractiveCarousel:
		c.Cards = readCards(settings)
	case wa.InteractiveLocationRequest:
		// It has nothing but its body.
	}
	return c
}

// actionOf is the action with its parameters in it. Problems name its fields as
// if they stood in the message.
func actionOf(r reader) reader {
	action := r.part("action")
	return reader{o: action.with(action.part("parameters")).o, path: r.path, bad: r.bad}
}

// readHeader reads a text or a media above the body. An empty one is none.
func readHeader(r reader) *wa.Header {
	v := r.o["header"]
	if v.absent() {
		return nil
	}
	if v[0] != '{' && v[0] != '[' {
		if r.trimmed("header") == "" {
			return nil
		}
		return &wa.Header{Text: r.text("header")}
	}
	h := r.part("header")
	switch kind := h.word("type"); kind {
	case "":
		if len(h.o) > 0 {
			h.refuse("type", wa.RuleRequired, "")
		}
		return nil
	case "text":
		return &wa.Header{Text: h.text("text")}
	case "url": // of a cta_url: the address of its button
		return nil
	case "image", "video", "document":
		return &wa.Header{Media: h.with(h.part(kind)).media(wa.MediaKind(kind))}
	default:
		h.refuse("type", wa.RuleUnknown, "can only be text, image, video or document")
		return nil
	}
}

func readReplies(r reader) []wa.ReplyButton {
	var list []wa.ReplyButton
	for _, b := range r.list("buttons") {
		b = b.with(b.part("reply"), b.part("quick_reply"))
		list = append(list, wa.ReplyButton{ID: b.text("id"), Title: b.text("title")})
	}
	return list
}

func readList(r reader) *wa.List {
	l := &wa.List{Label: r.text("button")}
	for _, s := range r.list("sections") {
		section := wa.ListSection{Title: s.text("title")}
		for _, row := range s.list("rows") {
			section.Rows = append(section.Rows, wa.ListRow{
				ID: row.text("id"), Title: row.text("title"), Description: row.text("description"),
			})
		}
		l.Sections = append(l.Sections, section)
	}
	return l
}

// readLink reads the button of a cta_url: from the parameters, as Meta has it,
// or from a header of type URL and the only button, as a client writes it.
func readLink(r, settings reader) *wa.LinkButton {
	b := settings
	if settings.has("buttons") {
		one := settings.part("buttons")
		b = settings.with(one, one.part("reply"))
	}
	link := &wa.LinkButton{Label: b.first("display_text", "title", "text"), URL: strings.TrimSpace(b.text("url"))}
	if v := r.o["header"]; link.URL == "" && !v.absent() && (v[0] == '{' || v[0] == '[') {
		if header := r.part("header"); header.word("type") == "url" {
			link.URL = strings.TrimSpace(header.first("url", "link"))
		}
	}
	return link
}

func readFlow(r reader) *wa.Flow {
	f := &wa.Flow{
		ID: r.trimmed("flow_id"), Name: r.text("flow_name"), Label: r.text("flow_cta"),
		Version: r.trimmed("flow_message_version"), Token: r.text("flow_token"),
	}
	switch r.word("mode") {
	case "", "published":
	case "draft":
		f.Draft = true
	default:
		r.refuse("mode", wa.RuleUnknown, "can only be draft or published")
	}
	switch r.word("flow_action") {
	case "", "navigate":
	case "data_exchange":
		f.Exchange = true
	default:
		r.refuse("flow_action", wa.RuleUnknown, "can only be navigate or data_exchange")
	}
	payload := r.part("flow_action_payload")
	f.Screen, f.Data = payload.text("screen"), payload.json("data")
	return f
}
