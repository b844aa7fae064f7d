package waapi

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/waypost/waypost/internal/wa"
)

func readProduct(r reader) *wa.Product {
	return &wa.Product{CatalogID: r.trimmed("catalog_id"), RetailerID: r.trimmed("product_retailer_id")}
}

// readProducts reads sections of articles. An article may be written as its id
// alone.
func readProducts(r reader) []wa.ProductSection {
	var list []wa.ProductSection
	for _, s := range r.list("sections") {
		section := wa.ProductSection{Title: s.text("title")}
		for i, v := range elements(s.o["product_items"]) {
			item, ok := v.object()
			if !ok {
				item = object{"product_retailer_id": v}
			}
			p := reader{o: item, path: fmt.Sprintf("%sproduct_items[%d].", s.path, i), bad: s.bad}
			section.RetailerIDs = append(section.RetailerIDs, p.trimmed("product_retailer_id"))
		}
		list = append(list, section)
	}
	return list
}

// readOrder reads a bill. What Meta has below order may stand beside it.
func readOrder(r reader) *wa.Order {
	order := r.without("type").with(r.part("order"))
	order.path = "order."
	o := &wa.Order{
		ReferenceID: r.trimmed("reference_id"), Goods: r.word("type"),
		PaymentType: r.trimmed("payment_type"), Configuration: r.trimmed("payment_configuration"), Settings: paymentSettings(r),
		Currency: strings.ToUpper(r.trimmed("currency")), Total: readAmount(r, "total_amount"),
		CatalogID: order.trimmed("catalog_id"), Subtotal: readAmount(order, "subtotal"), Tax: readAmount(order, "tax"),
		Shipping: readOptional(order, "shipping"), Discount: readOptional(order, "discount"),
	}
	if !order.has("tax") {
		o.Tax = wa.Amount{Offset: wa.AmountOffset} // Meta wants one
	}
	for _, item := range order.list("items") {
		o.Items = append(o.Items, wa.OrderItem{
			RetailerID: item.trimmed("retailer_id"), Name: item.text("name"), Amount: readAmount(item, "amount"),
			Sale: readOptional(item, "sale_amount"), Quantity: int(item.whole("quantity")),
		})
	}
	if order.has("expiration") {
		e := order.part("expiration")
		o.Expiration = &wa.Expiration{Timestamp: e.whole("timestamp"), Description: e.text("description")}
	}
	return o
}

// readAmount reads money. The offset may be left out, as there is only one.
func readAmount(r reader, field string) wa.Amount {
	if !r.has(field) {
		return wa.Amount{}
	}
	p := r.part(field)
	if !p.has("value") {
		p.refuse("value", wa.RuleRequired, "")
	}
	a := wa.Amount{Value: p.whole("value"), Offset: wa.AmountOffset, Description: p.text("description")}
	if p.has("offset") {
		a.Offset = p.whole("offset")
	}
	return a
}

func readOptional(r reader, field string) *wa.Amount {
	if !r.has(field) {
		return nil
	}
	a := readAmount(r, field)
	return &a
}

// paymentSettings is passed on as it is; one object stands for an array of one.
func paymentSettings(r reader) json.RawMessage {
	settings := r.json("payment_settings")
	if len(settings) > 0 && settings[0] == '{' {
		return json.RawMessage("[" + string(settings) + "]")
	}
	return settings
}

// readOrderStatus reads how far an order has come. status and description may
// stand in order, as Meta has them, or beside it.
func readOrderStatus(r reader) *wa.OrderStatus {
	order := r.with(r.part("order"))
	return &wa.OrderStatus{
		ReferenceID: r.trimmed("reference_id"), Status: strings.ReplaceAll(order.word("status"), "-", "_"),
		Description: order.text("description"),
	}
}

// readCards reads the cards of a carousel that is no template. A card is an
// article, or a media with a text and buttons; the media stands in a header, or
// beside the text as in a media_template.
func readCards(r reader) []wa.Card {
	var cards []wa.Card
	for _, c := range r.list("cards") {
		action := actionOf(c)
		settings := c.without("type", "url").with(action)
		if settings.has("product_retailer_id") {
			cards = append(cards, wa.Card{Product: readProduct(settings)})
			continue
		}
		card := wa.Card{Media: cardMedia(c), Body: c.prose("body")}
		if action.has("url") || action.has("display_text") {
			card.Link = readLink(reader{}, action)
		} else {
			card.Buttons = readReplies(settings)
		}
		cards = append(cards, card)
	}
	return cards
}

func cardMedia(card reader) *wa.Media {
	h := card
	if card.has("header") {
		h = card.part("header")
	}
	kind := h.word("type")
	switch kind {
	case "image", "video":
		return h.with(h.part(kind)).media(wa.MediaKind(kind))
	case "", "cta_url", "quick_reply": // a card as Meta has it, without a header
		return nil
	}
	h.refuse("type", wa.RuleUnknown, "can only be image or video")
	return nil
}
