package message

import (
	"github.com/waypost/waypost/internal/sim/rule"
)

const (
	maxReference   = 60 // Brazil; India takes 35
	maxExplanation = 120
	maxMoney       = 1e15
	leastCards     = 2
	maxCards       = 10
	maxCardBody    = 160
	maxCardBreaks  = 2
	moneyOffset    = 100
)

// https://developers.facebook.com/documentation/business-messaging/whatsapp/catalogs/share-products (read 2026-09)
func product() rule.Rule {
	return rule.Object(rule.Must("catalog_id", rule.Text(1, maxPart)), rule.Must("product_retailer_id", rule.Text(1, maxPart)))
}

func productList() rule.Rule {
	item := rule.Object(rule.Must("product_retailer_id", rule.Text(1, maxPart)))
	section := rule.Object(rule.May("title", rule.Text(0, maxSectionTitle)), rule.Must("product_items", rule.List(1, maxProducts, item)))
	sections := rule.Then(rule.List(1, maxSections, section), func(w *rule.Walk, path string, v any) error {
		list, _ := v.([]any) // the table has looked
		total := 0
		for _, s := range list {
			total += len(rule.Items(s, "product_items"))
		}
		if total > maxProducts {
			return rule.BadValue("%s has %d products in all, but takes %d", path, total, maxProducts)
		}
		return titled(w, path, v)
	})
	return rule.Object(rule.Must("catalog_id", rule.Text(1, maxPart)), rule.Must("sections", sections))
}

func catalog() rule.Rule {
	return rule.Object(rule.Must("name", rule.OneOf("catalog_message")),
		rule.May("parameters", rule.Object(rule.May("thumbnail_product_retailer_id", rule.Text(1, maxPart)))))
}

// money is an amount in hundredths, with keys that some amounts have beside it.
func money(more ...rule.Field) rule.Rule {
	return rule.Object(append(more, rule.Must("value", rule.Int(0, maxMoney)), rule.Must("offset", rule.Int(moneyOffset, moneyOffset)))...)
}

// orderDetails is a bill.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/payments/payments-in (read 2026-09)
func orderDetails() rule.Rule {
	described := money(rule.May("description", rule.Text(0, maxExplanation)), rule.May("discount_program_name", rule.Text(0, maxExplanation)))
	part := rule.Text(1, maxPart)
	item := rule.Object(
		rule.May("retailer_id", part), rule.Must("name", part), rule.Must("amount", money()), rule.May("sale_amount", money()),
		rule.Must("quantity", rule.Int(1, maxMoney)), rule.May("image", rule.Bag()), rule.May("country_of_origin", part),
		rule.May("importer_name", part), rule.May("importer_address", rule.Bag()),
	)
	order := rule.Object(
		rule.Must("status", rule.OneOf("pending")), rule.May("catalog_id", part), rule.Must("items", rule.List(1, maxPart, item)),
		rule.Must("subtotal", money()), rule.Must("tax", described), rule.May("shipping", described), rule.May("discount", described),
		rule.May("expiration", rule.Object(rule.Must("timestamp", rule.Numeral(0, maxMoney)), rule.May("description", rule.Text(0, maxExplanation)))),
		rule.May("type", part),
	)
	parameters := rule.Object(
		rule.Must("reference_id", rule.Text(1, maxReference)), rule.Must("type", rule.OneOf("digital-goods", "physical-goods")),
		rule.May("payment_type", part), rule.May("payment_configuration", part), rule.May("payment_settings", rule.List(1, maxPart, rule.Bag())),
		rule.May("beneficiaries", rule.List(1, maxPart, rule.Bag())), rule.May("shipping_info", rule.Bag()),
		rule.Must("currency", rule.Text(3, 3)), rule.Must("total_amount", money()), rule.Must("order", order),
	)
	return rule.Then(parameters, addsUp)
}

// orderMessage is a bill in either shape: that of the pages, or the older one of the payments API for Singapore, in which the
// whole message stands below order_details and the action is the bill itself.
// Meta's Postman collection (read 2025-09), "Payments API - SG"
func orderMessage() rule.Rule {
	plain := form(maxInteractiveBody, anyHeader(), named("review_and_pay", orderDetails()))
	provider := rule.May("provider", rule.Object(rule.Must("name", rule.Text(1, maxPart))))
	header := rule.Switch("type", false, map[string]rule.Rule{
		"text": headerText(), "image": mediaHeader("image", provider), "video": mediaHeader("video", provider), "document": mediaHeader("document", provider),
	})
	older := rule.Object(rule.Must("type", rule.Any()), rule.Must("order_details", rule.Object(
		rule.May("header", header), rule.Must("body", textOf(maxInteractiveBody)), rule.May("footer", textOf(maxFooter)),
		rule.Must("action", orderDetails()),
	)))
	return func(w *rule.Walk, path string, v any) error {
		if rule.Get(v, "order_details") != nil {
			return older(w, path, v)
		}
		return plain(w, path, v)
	}
}

// addsUp compares the total with its parts.
func addsUp(_ *rule.Walk, path string, v any) error {
	if rule.Get(v, "payment_type") == nil && rule.Get(v, "payment_settings") == nil {
		return rule.Missing(path + "['payment_settings']")
	}
	amount := func(keys ...string) float64 {
		n, _ := rule.Number(rule.Get(v, append(keys, "value")...))
		return n
	}
	var items float64
	for _, item := range rule.Items(v, "order", "items") {
		price, ok := rule.Number(rule.Get(item, "sale_amount", "value"))
		if !ok {
			price, _ = rule.Number(rule.Get(item, "amount", "value"))
		}
		quantity, _ := rule.Number(rule.Get(item, "quantity"))
		items += price * quantity
	}
	if subtotal := amount("order", "subtotal"); subtotal != items {
		return rule.BadValue("%s['order']['subtotal'] is %.0f, but its items make %.0f", path, subtotal, items)
	}
	sum := items + amount("order", "tax") + amount("order", "shipping") - amount("order", "discount")
	if total := amount("total_amount"); total != sum {
		return rule.BadValue("%s['total_amount'] is %.0f, but its parts make %.0f", path, total, sum)
	}
	return nil
}

func orderStatus() rule.Rule {
	states := rule.OneOf("processing", "partially_shipped", "partially-shipped", "shipped", "completed", "canceled")
	return rule.Object(
		rule.Must("reference_id", rule.Text(1, maxReference)),
		rule.Must("order", rule.Object(rule.Must("status", states), rule.May("description", rule.Text(0, maxExplanation)))),
		rule.May("payment", rule.Bag()),
	)
}

// carousel is of media cards or of products, and all its cards are alike.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/interactive-media-carousel-messages (read 2026-09)
func carousel() rule.Rule {
	card := rule.Switch("type", false, map[string]rule.Rule{"cta_url": mediaCard(), "product": productCard()})
	return rule.Object(rule.Must("cards", rule.Then(rule.List(leastCards, maxCards, card), alike)))
}

func productCard() rule.Rule {
	return rule.Object(rule.Must("card_index", rule.Index(maxCards-1)), rule.Must("type", rule.Any()), rule.Must("action", product()))
}

func mediaCard() rule.Rule {
	header := rule.Switch("type", false, map[string]rule.Rule{"image": mediaHeader("image"), "video": mediaHeader("video")})
	body := rule.Then(textOf(maxCardBody), func(_ *rule.Walk, path string, v any) error {
		if breaks(rule.String(v, "text")) > maxCardBreaks {
			return rule.BadValue("%s['text'] has more than %d line breaks", path, maxCardBreaks)
		}
		return nil
	})
	quick := rule.Object(rule.Must("type", rule.OneOf("quick_reply")), rule.Must("quick_reply", reply()))
	action := func(w *rule.Walk, path string, v any) error {
		if rule.Get(v, "buttons") == nil {
			return named("cta_url", urlButton())(w, path, v)
		}
		return rule.Object(rule.Must("buttons", rule.Then(rule.List(1, maxButtons, quick), unique("quick_reply", "id", "title"))))(w, path, v)
	}
	return rule.Object(
		rule.Must("card_index", rule.Index(maxCards-1)), rule.Must("type", rule.Any()), rule.Must("header", header),
		rule.May("body", body), rule.Must("action", action),
	)
}

// alike compares each card with the first.
func alike(_ *rule.Walk, path string, v any) error {
	cards, _ := v.([]any) // the table has looked
	for i, c := range cards {
		first := cards[0]
		if n, _ := rule.Number(rule.Get(c, "card_index")); int(n) != i {
			return rule.BadValue("%s: the card at place %d has card_index %.0f", path, i, n)
		}
		for _, same := range [][]string{{"type"}, {"header", "type"}, {"action", "name"}, {"action", "catalog_id"}} {
			if rule.String(c, same...) != rule.String(first, same...) {
				return rule.BadValue("%s: all cards must have the same %s %s", path, same[0], same[len(same)-1])
			}
		}
		if len(rule.Items(c, "action", "buttons")) != len(rule.Items(first, "action", "buttons")) {
			return rule.BadValue("%s: all cards must have the same buttons", path)
		}
	}
	return nil
}
