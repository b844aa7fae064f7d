package send

import (
	"strings"

	"github.com/waypost/waypost/internal/wa"
	"github.com/waypost/waypost/internal/waapi/lenient"
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
func decodeInteractive(m lenient.Object) (wa.Content, error) {
	r, err := lenient.ReadOne(m, "type_interactive")
	if err != nil {
		return nil, err
	}
	kind := wa.InteractiveKind(r.Word("type"))
	if kind == "" {
		r.Refuse("type", wa.RuleRequired, "")
	}
	// type is also a name among the parameters of an order.
	r = r.Without("type")
	if v := r.Value("order_details"); kind == wa.InteractiveOrderDetails && v.Nested() {
		return readOlderOrder(r.Part("order_details")), r.Failed()
	}
	return readInteractive(kind, r), r.Failed()
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
//	"message_type":"address_message","type_address_message":[{"body":"Where to?","country":"IN","values":{"city":"Mumbai"},
//	 "saved_addresses":[{"id":"home","value":{"city":"Mumbai"}}],"validation_errors":{"in_pin_code":"There is none"}}]
//	"message_type":"voice_call","type_voice_call":[{"body":"Talk to us","display_text":"Call","ttl_minutes":100,"payload":"order-1"}]
//	"message_type":"call_permission_request","type_call_permission_request":[{"body":"May we call you?"}]
//	"message_type":"request_contact_info","type_request_contact_info":[{"body":"What is your number?"}]
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
func decodeAction(kind wa.InteractiveKind, fields ...string) func(lenient.Object) (wa.Content, error) {
	return func(m lenient.Object) (wa.Content, error) {
		r, err := lenient.ReadOne(m, present(m, fields...))
		if err != nil {
			return nil, err
		}
		return readInteractive(kind, r), r.Failed()
	}
}

// catalogFields are the names that a catalog message may have.
func catalogFields() []string {
	return []string{"type_catalog", "type_catalogue", "type_catalog_message"}
}

// present is the first of several fields that is there, else the first.
func present(m lenient.Object, fields ...string) string {
	for _, f := range fields {
		if !m[f].Absent() {
			return f
		}
	}
	return fields[0]
}

// templateOr takes a message for a template message if it has a type_template.
func templateOr(decode func(lenient.Object) (wa.Content, error)) func(lenient.Object) (wa.Content, error) {
	return func(m lenient.Object) (wa.Content, error) {
		if !m["type_template"].Absent() {
			return decodeTemplate(m)
		}
		return decode(m)
	}
}

// readInteractive reads everything but the kind. What belongs to the action may
// stand in it, in its parameters or beside it.
func readInteractive(kind wa.InteractiveKind, r lenient.Reader) wa.Interactive {
	c := wa.Interactive{Kind: kind, Header: readHeader(r), Body: r.Prose("body"), Footer: r.Prose("footer")}
	settings := r.With(actionOf(r))
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
		c.Products = &wa.ProductList{CatalogID: settings.Trimmed("catalog_id"), Sections: readProducts(settings)}
	case wa.InteractiveCatalog:
		c.Thumbnail = settings.Trimmed("thumbnail_product_retailer_id")
	case wa.InteractiveOrderDetails:
		c.Order = readOrder(settings)
	case wa.InteractiveOrderStatus:
		c.OrderStatus = readOrderStatus(settings)
	case wa.InteractiveCarousel:
		c.Cards = readCards(settings)
	case wa.InteractiveAddress:
		c.Address = readAddress(settings)
	case wa.InteractiveVoiceCall:
		c.Call = &wa.CallButton{
			Label: settings.Text("display_text"), Minutes: minutes(settings), Payload: settings.Text("payload"),
		}
	case wa.InteractiveLocationRequest, wa.InteractiveCallPermission, wa.InteractiveContactInfo:
		// They have nothing but their body.
	}
	return c
}

// actionOf is the action with its parameters in it. Problems name its fields as
// if they stood in the message.
func actionOf(r lenient.Reader) lenient.Reader {
	action := r.Part("action")
	return r.Over(action.With(action.Part("parameters")).Object())
}

// readHeader reads a text or a media above the body. An empty one is none.
func readHeader(r lenient.Reader) *wa.Header {
	v := r.Value("header")
	if v.Absent() {
		return nil
	}
	if !v.Nested() {
		if r.Trimmed("header") == "" {
			return nil
		}
		return &wa.Header{Text: r.Text("header")}
	}
	h := r.Part("header")
	switch kind := h.Word("type"); kind {
	case "":
		if len(h.Object()) > 0 {
			h.Refuse("type", wa.RuleRequired, "")
		}
		return nil
	case "text":
		return &wa.Header{Text: h.Text("text")}
	case "url": // of a cta_url: the address of its button
		return nil
	case "image", "video", "document":
		return &wa.Header{Media: readMedia(h.With(h.Part(kind)), wa.MediaKind(kind))}
	default:
		h.Refuse("type", wa.RuleUnknown, "can only be text, image, video or document")
		return nil
	}
}

func readReplies(r lenient.Reader) []wa.ReplyButton {
	var list []wa.ReplyButton
	for _, b := range r.List("buttons") {
		b = b.With(b.Part("reply"), b.Part("quick_reply"))
		list = append(list, wa.ReplyButton{ID: b.Text("id"), Title: b.Text("title")})
	}
	return list
}

func readList(r lenient.Reader) *wa.List {
	l := &wa.List{Label: r.Text("button")}
	for _, s := range r.List("sections") {
		section := wa.ListSection{Title: s.Text("title")}
		for _, row := range s.List("rows") {
			section.Rows = append(section.Rows, wa.ListRow{
				ID: row.Text("id"), Title: row.Text("title"), Description: row.Text("description"),
			})
		}
		l.Sections = append(l.Sections, section)
	}
	return l
}

// readLink reads the button of a cta_url: from the parameters, as Meta has it,
// or from a header of type URL and the only button, as a client writes it.
func readLink(r, settings lenient.Reader) *wa.LinkButton {
	b := settings
	if settings.Has("buttons") {
		one := settings.Part("buttons")
		b = settings.With(one, one.Part("reply"))
	}
	link := &wa.LinkButton{Label: b.First("display_text", "title", "text"), URL: strings.TrimSpace(b.Text("url"))}
	if v := r.Value("header"); link.URL == "" && v.Nested() {
		if header := r.Part("header"); header.Word("type") == "url" {
			link.URL = strings.TrimSpace(header.First("url", "link"))
		}
	}
	return link
}

func readFlow(r lenient.Reader) *wa.Flow {
	f := &wa.Flow{
		ID: r.Trimmed("flow_id"), Name: r.Text("flow_name"), Label: r.Text("flow_cta"),
		Version: r.Trimmed("flow_message_version"), Token: r.Text("flow_token"),
	}
	switch r.Word("mode") {
	case "", "published":
	case "draft":
		f.Draft = true
	default:
		r.Refuse("mode", wa.RuleUnknown, "can only be draft or published")
	}
	switch r.Word("flow_action") {
	case "", "navigate":
	case "data_exchange":
		f.Exchange = true
	default:
		r.Refuse("flow_action", wa.RuleUnknown, "can only be navigate or data_exchange")
	}
	payload := r.Part("flow_action_payload")
	f.Screen, f.Data = payload.Text("screen"), payload.JSON("data")
	return f
}
