package send

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/waypost/waypost/internal/wa"
	"github.com/waypost/waypost/internal/waapi/lenient"
)

func readProduct(r lenient.Reader) *wa.Product {
	return &wa.Product{CatalogID: r.Trimmed("catalog_id"), RetailerID: r.Trimmed("product_retailer_id")}
}

// readProducts reads sections of articles. An article may be written as its id
// alone.
func readProducts(r lenient.Reader) []wa.ProductSection {
	var list []wa.ProductSection
	for _, s := range r.List("sections") {
		section := wa.ProductSection{Title: s.Text("title")}
		items, found := lenient.Elements(s.Value("product_items"))
		if found > lenient.MaxElements {
			s.TooMany("product_items", lenient.MaxElements, found)
			return nil
		}
		for i, v := range items {
			item, ok := v.Object()
			if !ok {
				item = lenient.Object{"product_retailer_id": v}
			}
			p := s.Over(item).Named(fmt.Sprintf("%sproduct_items[%d].", s.Path(), i))
			section.RetailerIDs = append(section.RetailerIDs, p.Trimmed("product_retailer_id"))
		}
		list = append(list, section)
	}
	return list
}

// readOrder reads a bill. What Meta has below order may stand beside it.
func readOrder(r lenient.Reader) *wa.Order {
	order := r.Without("type").With(r.Part("order")).Named("order.")
	o := &wa.Order{
		ReferenceID: r.Trimmed("reference_id"), Goods: r.Word("type"),
		PaymentType: r.Trimmed("payment_type"), Configuration: r.Trimmed("payment_configuration"), Settings: paymentSettings(r),
		ShippingInfo: r.JSON("shipping_info"),
		Currency:     strings.ToUpper(r.Trimmed("currency")), Total: readAmount(r, "total_amount"),
		CatalogID: order.Trimmed("catalog_id"), DiscountProgram: order.Part("discount").Text("discount_program_name"), Subtotal: readAmount(order, "subtotal"), Tax: readAmount(order, "tax"),
		Shipping: readOptional(order, "shipping"), Discount: readOptional(order, "discount"),
	}
	if !order.Has("tax") {
		o.Tax = wa.Amount{Offset: wa.AmountOffset} // Meta wants one
	}
	for _, item := range order.List("items") {
		o.Items = append(o.Items, wa.OrderItem{
			RetailerID: item.Trimmed("retailer_id"), Name: item.Text("name"), Amount: readAmount(item, "amount"),
			Sale: readOptional(item, "sale_amount"), Quantity: int(item.Whole("quantity")), CountryOfOrigin: item.Text("country_of_origin"),
			ImporterName: item.Text("importer_name"), ImporterAddress: item.JSON("importer_address"),
		})
	}
	if order.Has("expiration") {
		e := order.Part("expiration")
		o.Expiration = &wa.Expiration{Timestamp: e.Whole("timestamp"), Description: e.Text("description")}
	}
	return o
}

// readOlderOrder reads a bill in the shape of Meta's first payments API, where the
// whole message stands below order_details and the action is the bill:
//
//	{"type":"order_details","order_details":{"body":{"text":"Your bill"},"action":{"reference_id":"order-1",…}}}
func readOlderOrder(r lenient.Reader) wa.Interactive {
	c := wa.Interactive{Kind: wa.InteractiveOrderDetails, Header: readHeader(r), Body: r.Prose("body"), Footer: r.Prose("footer")}
	c.Order = readOrder(r.Over(r.Part("action").Object()))
	c.Order.Older = true
	if h := r.Part("header"); c.Header != nil && c.Header.Media != nil {
		c.Header.Provider = h.Part(h.Word("type")).Part("provider").Text("name")
	}
	return c
}

// readAmount reads money. The offset may be left out, as there is only one.
func readAmount(r lenient.Reader, field string) wa.Amount {
	if !r.Has(field) {
		return wa.Amount{}
	}
	p := r.Part(field)
	if !p.Has("value") {
		p.Refuse("value", wa.RuleRequired, "")
	}
	a := wa.Amount{Value: p.Whole("value"), Offset: wa.AmountOffset, Description: p.Text("description")}
	if p.Has("offset") {
		a.Offset = p.Whole("offset")
	}
	return a
}

func readOptional(r lenient.Reader, field string) *wa.Amount {
	if !r.Has(field) {
		return nil
	}
	a := readAmount(r, field)
	return &a
}

// paymentSettings is passed on as it is; one object stands for an array of one.
func paymentSettings(r lenient.Reader) json.RawMessage {
	settings := r.JSON("payment_settings")
	if len(settings) > 0 && settings[0] == '{' {
		return json.RawMessage("[" + string(settings) + "]")
	}
	return settings
}

// readOrderStatus reads how far an order has come. status and description may
// stand in order, as Meta has them, or beside it.
func readOrderStatus(r lenient.Reader) *wa.OrderStatus {
	order := r.With(r.Part("order"))
	return &wa.OrderStatus{
		ReferenceID: r.Trimmed("reference_id"), Status: strings.ReplaceAll(order.Word("status"), "-", "_"),
		Description: order.Text("description"),
	}
}

// readCards reads the cards of a carousel that is no template. A card is an
// article, or a media with a text and buttons; the media stands in a header, or
// beside the text as in a media_template.
func readCards(r lenient.Reader) []wa.Card {
	var cards []wa.Card
	for _, c := range r.List("cards") {
		action := actionOf(c)
		settings := c.Without("type", "url").With(action)
		if settings.Has("product_retailer_id") {
			cards = append(cards, wa.Card{Product: readProduct(settings)})
			continue
		}
		card := wa.Card{Media: cardMedia(c), Body: c.Prose("body")}
		if action.Has("url") || action.Has("display_text") {
			card.Link = readLink(lenient.Reader{}, action)
		} else {
			card.Buttons = readReplies(settings)
		}
		cards = append(cards, card)
	}
	return cards
}

func cardMedia(card lenient.Reader) *wa.Media {
	h := card
	if card.Has("header") {
		h = card.Part("header")
	}
	kind := h.Word("type")
	switch kind {
	case "image", "video":
		return readMedia(h.With(h.Part(kind)), wa.MediaKind(kind))
	case "", "cta_url", "quick_reply": // a card as Meta has it, without a header
		return nil
	}
	h.Refuse("type", wa.RuleUnknown, "can only be image or video")
	return nil
}
