package wa

import (
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// chars is a text of n characters that is longer in bytes.
func chars(n int) string { return strings.Repeat("é", n) }

func changed[T any](v T, change func(*T)) T { change(&v); return v }

func TestLocationLimits(t *testing.T) {
	check(t, []validation{
		{"corner", Location{Latitude: -90, Longitude: 180, Name: chars(MaxPartLength), Address: chars(MaxPartLength)}, nil},
		{"nowhere", Location{Latitude: math.NaN(), Longitude: math.Inf(1)}, []string{"longitude malformed", "latitude malformed"}},
		{"everything wrong", Location{Latitude: 90.1, Longitude: -180.1, Name: chars(MaxPartLength + 1), Address: "\x00"}, []string{
			"longitude malformed", "latitude malformed", "name too_long", "address malformed",
		}},
	})
}

func TestReactionLimits(t *testing.T) {
	rows := []validation{
		{"taken away", Reaction{WAMID: "wamid.A"}, nil},
		{"nothing", Reaction{}, []string{"message_id required"}},
		{"everything wrong", Reaction{WAMID: chars(MaxPartLength + 1), Emoji: strings.Repeat("👍", MaxEmojiLength+1)}, []string{"message_id too_long", "emoji too_long"}},
	}
	for _, s := range []string{"👍", "👍🏽", "❤️", "1️⃣", "🇮🇳", "👨‍👩‍👧‍👦", "👩🏽‍❤️‍💋‍👨🏿", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "ℹ️", "©"} {
		rows = append(rows, validation{s, Reaction{WAMID: "wamid.A", Emoji: s}, nil})
	}
	for _, s := range []string{"a", "é", "1", " ", "👍 ", "👍a", "👍\n", ":)", "ok 👍", "…", "£", "👍👎", "\u200b", "\u202e👍", "\ufffd", "🇮", "🇮🇳🇩🇪"} {
		rows = append(rows, validation{s, Reaction{WAMID: "wamid.A", Emoji: s}, []string{"emoji malformed"}})
	}
	check(t, rows)
}

func TestPinLimits(t *testing.T) {
	check(t, []validation{
		{"a month", Pin{WAMID: "wamid.A", Days: MaxPinDays}, nil},
		{"unpinned", Pin{WAMID: "wamid.A", Unpin: true}, nil},
		{"for no time", Pin{WAMID: "wamid.A"}, []string{"expiration_days malformed"}},
		{"everything wrong", Pin{Days: MaxPinDays + 1}, []string{"message_id required", "expiration_days malformed"}},
		{"unpinned for a day", Pin{WAMID: "wamid.A", Unpin: true, Days: 1}, []string{"expiration_days malformed"}},
	})
}

func TestVoiceIsAnAudio(t *testing.T) {
	check(t, []validation{
		{"audio", Media{Kind: KindAudio, MediaID: "m", Voice: true}, nil},
		{"video", Media{Kind: KindVideo, MediaID: "m", Voice: true}, []string{"voice malformed"}},
	})
}

func TestAddressLimits(t *testing.T) {
	of := func(f *AddressForm) Interactive { return Interactive{Kind: InteractiveAddress, Body: "b", Address: f} }
	fields := func(n int) map[string]string {
		m := map[string]string{}
		for i := range n {
			m[strconv.Itoa(i)] = ""
		}
		return m
	}
	check(t, []validation{
		{"bare", of(&AddressForm{Country: "IN"}), nil},
		{"all", of(&AddressForm{
			Country: "IN", Values: fields(50), Errors: map[string]string{"city": chars(MaxPartLength)},
			Saved: slices.Repeat([]SavedAddress{{"a", fields(1)}}, 30),
		}), nil},
		{"nothing", of(nil), []string{"country required"}},
		{"another country", of(&AddressForm{Country: "SG"}), []string{"country unknown"}},
		{"too many", of(&AddressForm{Country: "IN", Values: fields(51), Saved: make([]SavedAddress, 31)}), []string{
			"values too_many", "saved_addresses too_many",
		}},
		{"everything wrong", of(&AddressForm{
			Country: "IN", Values: map[string]string{"a": chars(MaxPartLength + 1)}, Errors: map[string]string{"\x00": ""}, Saved: []SavedAddress{{}},
		}), []string{"values malformed", "validation_errors malformed", "saved_addresses[0].id required", "saved_addresses[0].value required"}},
		{"a text above", changed(of(&AddressForm{Country: "IN"}), func(i *Interactive) { i.Header = &Header{Text: "h"} }), nil},
	})
}

func TestCallLimits(t *testing.T) {
	of := func(b *CallButton) Interactive { return Interactive{Kind: InteractiveVoiceCall, Body: "b", Call: b} }
	button := func(ps ...Parameter) Template {
		return Template{Name: "n", Language: "en", Components: []Component{{Kind: ComponentButton, Button: ButtonVoiceCall, Parameters: ps}}}
	}
	minutes := func(n int) Parameter { return Parameter{Kind: ParameterMinutes, Minutes: n} }
	said := func(s string) Parameter { return Parameter{Kind: ParameterPayload, Text: s} }
	check(t, []validation{
		{"bare", of(nil), nil},
		{"longest", of(&CallButton{chars(MaxButtonLabel), MaxCallMinutes, chars(MaxCallPayload)}), nil},
		{"everything wrong", of(&CallButton{chars(MaxButtonLabel + 1), MaxCallMinutes + 1, chars(MaxCallPayload + 1)}), []string{
			"display_text too_long", "ttl_minutes malformed", "payload too_long",
		}},
		{"a header", changed(of(nil), func(i *Interactive) { i.Header = &Header{Text: "h"} }), []string{"header malformed"}},
		{"permission without a body", Interactive{Kind: InteractiveCallPermission}, nil},
		{"contact without a body", Interactive{Kind: InteractiveContactInfo}, []string{"body required"}},
		{"contact", Interactive{Kind: InteractiveContactInfo, Body: "b"}, nil},
		{"a template's", button(minutes(MaxCallMinutes), said(chars(MaxCallPayload))), nil},
		{"a template's payload", button(said("a")), nil},
		{"a template's nothing", button(), []string{"button[0].payload template_parameter"}},
		{"a template's everything wrong", button(minutes(0), said(chars(MaxCallPayload+1)), minutes(1), Parameter{Kind: ParameterText}), []string{
			"button[0].ttl_minutes malformed", "button[0].payload too_long", "button[0].sub_type malformed", "button[0].parameters malformed",
		}},
	})
}

func TestTapTargetAndGroupLimits(t *testing.T) {
	tap := func(b *LinkButton) Template {
		return Template{Name: "n", Language: "en", Components: []Component{
			{Kind: ComponentTapTarget, Parameters: []Parameter{{Kind: ParameterTapTarget, TapTarget: b}}},
		}}
	}
	check(t, []validation{
		{"good", tap(&LinkButton{"a", "https://h.example/"}), nil},
		{"nothing", tap(nil), []string{"tap_target_configuration required"}},
		{"empty", tap(&LinkButton{}), []string{"tap_target_configuration.title required", "tap_target_configuration.url required"}},
		{"no address", tap(&LinkButton{"a", "h.example"}), []string{"tap_target_configuration.url malformed"}},
		{"group", Template{Name: "n", Language: "en", Components: []Component{
			{Kind: ComponentBody, Parameters: []Parameter{{Kind: ParameterGroupID, Text: "g"}, {Kind: ParameterGroupID}}},
		}}, []string{"attributes[1] template_parameter"}},
	})
}

func TestContactLimits(t *testing.T) {
	name := ContactName{Formatted: "Ada", First: "Ada"}
	many := make([]ContactCard, MaxContacts)
	for i := range many {
		many[i].Name = name
	}
	one := func(c ContactCard) Contacts { c.Name = name; return Contacts{Cards: []ContactCard{c}} }
	check(t, []validation{
		{"as many as Meta takes", Contacts{Cards: many}, nil},
		{"one more", Contacts{Cards: slices.Concat(many, many[:1])}, []string{"contacts too_many"}},
		{"none", Contacts{}, []string{"contacts required"}},
		{"no name", Contacts{Cards: []ContactCard{{}}}, []string{"contacts[0].name.formatted_name required"}},
		{"a whole name alone", Contacts{Cards: []ContactCard{{Name: ContactName{Formatted: "Ada"}}}}, []string{"contacts[0].name.first_name required"}},
		{"a leap day", one(ContactCard{Birthday: "2000-02-29"}), nil},
		{"no leap day", one(ContactCard{Birthday: "2001-02-29"}), []string{"contacts[0].birthday malformed"}},
		{"longest parts", one(ContactCard{Org: ContactOrg{Company: chars(MaxPartLength)}, URLs: []ContactURL{{URL: chars(MaxPartLength)}}}), nil},
		{"too many numbers", one(ContactCard{Phones: make([]ContactPhone, MaxContactEntries+1)}), []string{"contacts[0].phones too_many"}},
		{"everything wrong", one(ContactCard{
			Org:    ContactOrg{Company: "\x00", Department: "\xff", Title: chars(MaxPartLength + 1)},
			Phones: []ContactPhone{{}, {Phone: "\x00", WAID: "+1"}}, Emails: []ContactEmail{{Email: "\x00"}}, URLs: []ContactURL{{Type: "\x00"}},
			Addresses: []ContactAddress{{Street: "\x00", CountryCode: "\xff"}},
		}), []string{
			"contacts[0].org.company malformed", "contacts[0].org.department malformed", "contacts[0].org.title too_long",
			"contacts[0].phones[1].phone malformed", "contacts[0].phones[1].wa_id not_digits", "contacts[0].emails[0].email malformed",
			"contacts[0].urls[0].type malformed", "contacts[0].addresses[0].street malformed", "contacts[0].addresses[0].country_code malformed",
		}},
	})
}

func TestReplyButtonLimits(t *testing.T) {
	i := Interactive{Kind: InteractiveButton, Body: "b", Buttons: []ReplyButton{{"1", "A"}, {"2", "B"}, {"3", "C"}}}
	with := func(change func(*Interactive)) Interactive { return changed(i, change) }
	check(t, []validation{
		{"three", i, nil},
		{"longest", Interactive{
			Kind: InteractiveButton, Header: &Header{Text: chars(MaxHeaderText)}, Body: chars(MaxInteractiveBody), Footer: chars(MaxFooter),
			Buttons: []ReplyButton{{chars(MaxReplyID), chars(MaxButtonLabel)}},
		}, nil},
		{"a character more everywhere", Interactive{
			Kind: InteractiveButton, Header: &Header{Text: chars(MaxHeaderText + 1)}, Body: chars(MaxInteractiveBody + 1), Footer: chars(MaxFooter + 1),
			Buttons: []ReplyButton{{chars(MaxReplyID + 1), chars(MaxButtonLabel + 1)}},
		}, []string{"header.text too_long", "body too_long", "footer too_long", "buttons[0].id too_long", "buttons[0].title too_long"}},
		{"nothing", Interactive{Kind: InteractiveButton}, []string{"body required", "buttons required"}},
		{"no kind", Interactive{Body: "b"}, []string{"type unknown"}},
		{"blank", with(func(i *Interactive) { i.Body, i.Buttons = "\n", []ReplyButton{{}, {}} }), []string{
			"body required", "buttons[0].id required", "buttons[0].title required", "buttons[1].id required", "buttons[1].title required",
		}},
		{"four", with(func(i *Interactive) { i.Buttons = append(i.Buttons, ReplyButton{"4", "D"}) }), []string{"buttons too_many"}},
		{"twice", with(func(i *Interactive) { i.Buttons = []ReplyButton{{"1", "A"}, {"1", "B"}, {"2", "A"}} }), []string{
			"buttons[1].id malformed", "buttons[2].title malformed",
		}},
		{"header of media", with(func(i *Interactive) { i.Header = &Header{Media: &Media{Kind: KindVideo, MediaID: "m"}} }), nil},
		{"empty header", with(func(i *Interactive) { i.Header = &Header{} }), []string{"header.text required"}},
		{"header of both", with(func(i *Interactive) { i.Header = &Header{Text: "t", Media: &Media{}} }), []string{"header malformed"}},
		{"header of audio", with(func(i *Interactive) { i.Header = &Header{Media: &Media{Kind: KindAudio, Link: "https://h.example/"}} }), []string{"header.type unknown"}},
		{"header of nothing", with(func(i *Interactive) { i.Header = &Header{Media: &Media{Kind: KindImage}} }), []string{"header.url required"}},
		{"header of two media", with(func(i *Interactive) {
			i.Header = &Header{Media: &Media{Kind: KindImage, MediaID: "m", Link: "https://h.example/"}}
		}), []string{"header.url malformed"}},
	})
}

func TestListLimits(t *testing.T) {
	rows := func(n int) (out []ListRow) {
		for i := range n {
			out = append(out, ListRow{ID: strconv.Itoa(i), Title: "t"})
		}
		return out
	}
	list := func(sections ...ListSection) Interactive {
		return Interactive{Kind: InteractiveList, Body: "b", List: &List{Label: "l", Sections: sections}}
	}
	check(t, []validation{
		{"ten rows", list(ListSection{Rows: rows(10)}), nil},
		{"longest", Interactive{
			Kind: InteractiveList, Header: &Header{Text: "t"}, Body: chars(MaxListBody),
			List: &List{Label: chars(MaxButtonLabel), Sections: []ListSection{{chars(MaxSectionTitle), []ListRow{
				{chars(MaxRowID), chars(MaxRowTitle), chars(MaxRowDescription)},
			}}}},
		}, nil},
		{"a character more everywhere", Interactive{
			Kind: InteractiveList, Body: chars(MaxListBody + 1),
			List: &List{Label: chars(MaxButtonLabel + 1), Sections: []ListSection{{chars(MaxSectionTitle + 1), []ListRow{
				{chars(MaxRowID + 1), chars(MaxRowTitle + 1), chars(MaxRowDescription + 1)},
			}}}},
		}, []string{
			"body too_long", "button too_long", "sections[0].title too_long", "sections[0].rows[0].id too_long",
			"sections[0].rows[0].title too_long", "sections[0].rows[0].description too_long",
		}},
		{"no list", Interactive{Kind: InteractiveList, Body: "b"}, []string{"button required", "sections required"}},
		{"media above", changed(list(ListSection{Rows: rows(1)}), func(i *Interactive) { i.Header = &Header{Media: &Media{}} }), []string{"header.type malformed"}},
		{"eleven rows", list(ListSection{"a", rows(10)}, ListSection{"b", rows(1)}), []string{"rows too_many"}},
		{"ids of two sections", list(ListSection{"a", rows(2)}, ListSection{"b", rows(2)}), nil},
		{"ids of one section", list(ListSection{Rows: []ListRow{{ID: "1", Title: "t"}, {ID: "1", Title: "t"}}}), []string{"sections[0].rows[1].id malformed"}},
		{"no rows and no titles", list(ListSection{}, ListSection{}), []string{
			"sections[0].title required", "sections[0].rows required", "sections[1].title required", "sections[1].rows required",
		}},
	})
}

func TestActionLimits(t *testing.T) {
	of := func(kind InteractiveKind, change func(*Interactive)) Interactive {
		return changed(Interactive{Kind: kind, Body: "b"}, change)
	}
	flow := Flow{ID: "1", Label: "l"}
	withFlow := func(change func(*Flow)) Interactive {
		f := changed(flow, change)
		return of(InteractiveFlow, func(i *Interactive) { i.Flow = &f })
	}
	sections := func(n, each int) []ProductSection {
		out := make([]ProductSection, n)
		for i := range out {
			out[i] = ProductSection{Title: "t", RetailerIDs: strings.Split(strings.TrimSuffix(strings.Repeat("a,", each), ","), ",")}
		}
		return out
	}
	header := &Header{Text: "h"}
	check(t, []validation{
		{"link", of(InteractiveLink, func(i *Interactive) { i.Link = &LinkButton{chars(MaxButtonLabel), "https://h.example/"} }), nil},
		{"no link", of(InteractiveLink, func(*Interactive) {}), []string{"display_text required", "url required"}},
		{"bad link", of(InteractiveLink, func(i *Interactive) { i.Link = &LinkButton{chars(MaxButtonLabel + 1), "h.example"} }), []string{"display_text too_long", "url malformed"}},

		{"flow", withFlow(func(f *Flow) { f.Label, f.Screen, f.Data = chars(MaxFlowLabel), "S", json.RawMessage(`{"a":1}`) }), nil},
		{"flow by name", withFlow(func(f *Flow) { f.ID, f.Name = "", "n" }), nil},
		{"no flow", of(InteractiveFlow, func(*Interactive) {}), []string{"flow_id required", "flow_cta required"}},
		{"flow with everything wrong", withFlow(func(f *Flow) {
			f.Name, f.Label, f.Token, f.Exchange, f.Data = "n", chars(MaxFlowLabel+1), "\x00", true, json.RawMessage(`[]`)
		}), []string{
			"flow_name malformed", "flow_token malformed", "flow_cta too_long", "flow_action_payload malformed",
			"flow_action_payload.screen required", "flow_action_payload.data malformed",
		}},

		{"request for a place", of(InteractiveLocationRequest, func(i *Interactive) { i.Footer = "f" }), nil},
		{"request for a place with a header", of(InteractiveLocationRequest, func(i *Interactive) { i.Header = header }), []string{"header malformed"}},

		{"product without body", Interactive{Kind: InteractiveProduct, Product: &Product{"c", "p"}}, nil},
		{"no product", Interactive{Kind: InteractiveProduct}, []string{"catalog_id required", "product_retailer_id required"}},
		{"products", of(InteractiveProductList, func(i *Interactive) { i.Header, i.Products = header, &ProductList{"c", sections(10, 3)} }), nil},
		{"no products", of(InteractiveProductList, func(*Interactive) {}), []string{"header required", "catalog_id required", "sections required"}},
		{"too many products", of(InteractiveProductList, func(i *Interactive) { i.Header, i.Products = header, &ProductList{"c", sections(11, 3)} }), []string{
			"sections too_many", "product_items too_many",
		}},
		{"empty sections", of(InteractiveProductList, func(i *Interactive) {
			i.Header, i.Products = header, &ProductList{"c", []ProductSection{{}, {Title: chars(MaxSectionTitle + 1), RetailerIDs: []string{""}}}}
		}), []string{
			"sections[0].title required", "sections[0].product_items required", "sections[1].title too_long",
			"sections[1].product_items[0].product_retailer_id required",
		}},
		{"catalog", of(InteractiveCatalog, func(*Interactive) {}), nil},
		{"catalog with a long id", of(InteractiveCatalog, func(i *Interactive) { i.Thumbnail = chars(MaxPartLength + 1) }), []string{"thumbnail_product_retailer_id too_long"}},
	})
}

func TestOrderLimits(t *testing.T) {
	money := func(v int64) Amount { return Amount{Value: v, Offset: AmountOffset} }
	sale, shipping, discount := money(400), money(30), money(50)
	order := Order{
		ReferenceID: chars(MaxReferenceID), Goods: "physical-goods", PaymentType: "upi", Currency: "INR", Total: money(1000),
		Items:    []OrderItem{{Name: "a", Amount: money(500), Sale: &sale, Quantity: 2}, {Name: "b", Amount: money(200), Quantity: 1}},
		Subtotal: money(1000), Tax: money(20), Shipping: &shipping, Discount: &discount,
		Expiration: &Expiration{Timestamp: 1, Description: chars(MaxOrderText)},
	}
	with := func(change func(*Order)) Order { return changed(order, change) }
	check(t, []validation{
		{"good", order, nil},
		{"nothing", Order{}, []string{
			"reference_id required", "type required", "payment_settings required", "currency required", "total_amount required",
			"order.items required", "order.subtotal required", "order.tax required",
		}},
		{"everything wrong", Order{
			ReferenceID: chars(MaxReferenceID + 1), Goods: "x", Settings: json.RawMessage(`{}`), Currency: "inr",
			Total: Amount{Value: -1, Offset: 10}, Items: []OrderItem{{Sale: &Amount{}}}, Subtotal: money(MaxAmount + 1),
			Tax: Amount{Offset: 100, Description: chars(MaxOrderText + 1)}, Expiration: &Expiration{Description: chars(MaxOrderText + 1)},
		}, []string{
			"reference_id too_long", "type unknown", "payment_settings malformed", "currency malformed",
			"total_amount.value malformed", "total_amount.offset malformed",
			"order.items[0].name required", "order.items[0].amount required", "order.items[0].sale_amount required", "order.items[0].quantity malformed",
			"order.subtotal.value malformed", "order.tax.description too_long", "order.expiration.timestamp malformed", "order.expiration.description too_long",
		}},
		{"imported goods", with(func(o *Order) {
			o.ShippingInfo = json.RawMessage(`{"country":"IN"}`)
			o.Items[0].CountryOfOrigin, o.Items[0].ImporterName, o.Items[0].ImporterAddress = "India", chars(MaxPartLength), json.RawMessage(`{}`)
		}), nil},
		{"imported goods with everything wrong", Order{
			ReferenceID: "r", Goods: "physical-goods", PaymentType: "upi", Currency: "INR", Total: money(5), Subtotal: money(5), Tax: money(0),
			ShippingInfo: json.RawMessage(`[]`), Items: []OrderItem{{
				Name: "a", Amount: money(5), Quantity: 1,
				CountryOfOrigin: "\x00", ImporterName: chars(MaxPartLength + 1), ImporterAddress: json.RawMessage(`"a"`),
			}},
		}, []string{
			"order.items[0].country_of_origin malformed", "order.items[0].importer_name too_long", "order.items[0].importer_address malformed",
			"shipping_info malformed",
		}},
		{"a provider", Interactive{Kind: InteractiveOrderDetails, Body: "b", Header: &Header{
			Media: &Media{Kind: KindImage, Link: "https://h.example/"}, Provider: "p",
		}, Order: &order}, []string{"header.provider malformed"}},
		{"another total", with(func(o *Order) { o.Total = money(1001) }), []string{"total_amount malformed"}},
		{"another subtotal", with(func(o *Order) { o.Subtotal = money(999) }), []string{"order.subtotal malformed"}},
		{"more than fits", with(func(o *Order) { o.Items = []OrderItem{{Name: "a", Amount: money(MaxAmount), Quantity: MaxAmount}} }), []string{"order.items malformed"}},
		{"more than fits together", with(func(o *Order) {
			o.Items = []OrderItem{{Name: "a", Amount: money(MaxAmount), Quantity: 1}, {Name: "b", Amount: money(1), Quantity: 1}}
		}), []string{"order.items malformed"}},
		{"status", OrderStatus{ReferenceID: "r", Status: "partially_shipped", Description: chars(MaxOrderText)}, nil},
		{"bad status", OrderStatus{Status: "lost", Description: chars(MaxOrderText + 1)}, []string{
			"reference_id required", "order.status unknown", "order.description too_long",
		}},
	})
}

func TestCarouselLimits(t *testing.T) {
	image := &Media{Kind: KindImage, Link: "https://h.example/a.png"}
	card := Card{Media: image, Body: chars(MaxCardBody), Link: &LinkButton{"l", "https://h.example/"}}
	of := func(cards ...Card) Interactive {
		return Interactive{Kind: InteractiveCarousel, Body: "b", Cards: cards}
	}
	with := func(change func(*Card)) Card { return changed(card, change) }
	check(t, []validation{
		{"two", of(card, card), nil},
		{"articles", of(Card{Product: &Product{"c", "1"}}, Card{Product: &Product{"c", "2"}}), nil},
		{"none", of(), []string{"cards required"}},
		{"one", of(card), []string{"cards malformed"}},
		{"eleven", of(card, card, card, card, card, card, card, card, card, card, card), []string{"cards too_many"}},
		{"a footer", changed(of(card, card), func(i *Interactive) { i.Footer = "f" }), []string{"footer malformed"}},
		{"a longer text", of(card, with(func(c *Card) { c.Body = chars(MaxCardBody + 1) })), []string{"cards[1].body too_long"}},
		{"three line breaks", of(card, with(func(c *Card) { c.Body = "\n\n\na" })), []string{"cards[1].body malformed"}},
		{"a document", of(card, with(func(c *Card) { c.Media = &Media{Kind: KindDocument, Link: "https://h.example/"} })), []string{"cards[1].header.type unknown", "cards[1] malformed"}},
		{"a link and replies", of(card, with(func(c *Card) { c.Buttons = []ReplyButton{{"1", "a"}} })), []string{"cards[1].buttons malformed", "cards[1] malformed"}},
		{"empty cards", of(Card{}, Card{}), []string{"cards[0].header required", "cards[0].buttons required", "cards[1].header required", "cards[1].buttons required"}},
		{"two catalogs", of(Card{Product: &Product{"c", "1"}}, Card{Product: &Product{"d", "2"}}), []string{"cards[1] malformed"}},
		{"an article with a text", of(Card{Product: &Product{"c", "1"}}, Card{Product: &Product{"c", "2"}, Body: "x"}), []string{"cards[1].product_retailer_id malformed"}},
	})
}

func TestTemplateLimits(t *testing.T) {
	texts := func(list ...string) (ps []Parameter) {
		for _, s := range list {
			ps = append(ps, Parameter{Kind: ParameterText, Text: s})
		}
		return ps
	}
	of := func(cs ...Component) Template { return Template{Name: "n", Language: "en", Components: cs} }
	button := func(kind ButtonKind, p Parameter) Component {
		return Component{Kind: ComponentButton, Button: kind, Parameters: []Parameter{p}}
	}
	image := Component{Kind: ComponentHeader, Parameters: []Parameter{{Kind: ParameterImage, Media: &Media{Kind: KindImage, MediaID: "m"}}}}
	body := Component{Kind: ComponentBody, Parameters: texts("a")}
	offer := func(at int64) Component {
		return Component{Kind: ComponentOffer, Parameters: []Parameter{{Kind: ParameterOffer, ExpiresAtMillis: at}}}
	}
	card := TemplateCard{Components: []Component{image, body}}
	check(t, []validation{
		{"bare", of(), nil},
		{"nothing", Template{}, []string{"name required", "locale required"}},
		{"longest", Template{Name: strings.Repeat("a", MaxTemplateName), Language: "zh_Hant_HK", Components: []Component{
			{Kind: ComponentBody, Parameters: texts(chars(MaxTemplateTexts))},
		}}, nil},
		{"too long", Template{Name: strings.Repeat("a", MaxTemplateName+1), Language: "english_of_texas_", Components: []Component{
			{Kind: ComponentBody, Parameters: texts("a", chars(MaxTemplateTexts))},
		}}, []string{"name too_long", "locale language", "attributes too_long"}},
		{"name and language of other letters", Template{Name: "ä", Language: "e n"}, []string{"name malformed", "locale language"}},
		{"texts are counted through header and body", of(
			Component{Kind: ComponentHeader, Parameters: texts("a")}, Component{Kind: ComponentBody, Parameters: texts("b", "", "\x00")},
		), []string{"attributes[2] template_parameter", "attributes[3] malformed"}},
		{"quotes and four spaces", of(Component{Kind: ComponentBody, Parameters: texts("\"a\"    'b'")}), nil},
		{"texts of several lines", of(
			Component{Kind: ComponentHeader, Parameters: texts("a\nb")}, Component{Kind: ComponentBody, Parameters: texts("a\rb", "a\tb", "a     b")},
		), []string{"attributes[0] template_parameter", "attributes[1] template_parameter", "attributes[2] template_parameter", "attributes[3] template_parameter"}},
		{"a time of several lines", of(Component{Kind: ComponentBody, Parameters: []Parameter{{Kind: ParameterDateTime, Text: "a\nb"}}}), nil},
		{"twice", of(body, body, button(ButtonURL, texts("a")[0]), button(ButtonURL, texts("a")[0])), []string{"body malformed", "button[0] malformed"}},
		{"headers of other kinds", of(Component{Kind: ComponentHeader, Parameters: []Parameter{{Kind: ParameterLocation, Location: &Location{Latitude: 91}}}}), []string{
			"type_media_template.latitude malformed",
		}},
		{"a header of a product", of(Component{Kind: ComponentHeader, Parameters: []Parameter{{Kind: ParameterProduct}}}), []string{
			"type_media_template.catalog_id required", "type_media_template.product_retailer_id required",
		}},
		{"a header of nothing", of(Component{Kind: ComponentHeader}), []string{"header template_parameter"}},
		{"a header of a payload", of(Component{Kind: ComponentHeader, Parameters: []Parameter{{Kind: ParameterPayload}}}), []string{"header unknown"}},
		{"a body of media", of(Component{Kind: ComponentBody, Parameters: image.Parameters}), []string{"body unknown"}},
		{"money", of(Component{Kind: ComponentBody, Parameters: []Parameter{{Kind: ParameterCurrency, Currency: &Currency{Fallback: "$1", Code: "USD"}}, {Kind: ParameterDateTime, Text: "now"}}}), nil},
		{"no money", of(Component{Kind: ComponentBody, Parameters: []Parameter{{Kind: ParameterCurrency}}}), []string{"attributes[0] template_parameter", "attributes[0].code required"}},

		{"button texts at their limits", of(
			button(ButtonURL, Parameter{Kind: ParameterText, Text: chars(MaxURLParameter)}),
			changed(button(ButtonQuickReply, Parameter{Kind: ParameterPayload, Text: chars(MaxPartLength)}), func(c *Component) { c.Index = 1 }),
			changed(button(ButtonCopyCode, Parameter{Kind: ParameterCouponCode, Text: chars(MaxCouponCode)}), func(c *Component) { c.Index = 9 }),
		), nil},
		{"button texts a character longer", of(
			button(ButtonURL, Parameter{Kind: ParameterText, Text: chars(MaxURLParameter + 1)}),
			changed(button(ButtonQuickReply, Parameter{Kind: ParameterPayload, Text: chars(MaxPartLength + 1)}), func(c *Component) { c.Index = 1 }),
			changed(button(ButtonCopyCode, Parameter{Kind: ParameterCouponCode, Text: chars(MaxCouponCode + 1)}), func(c *Component) { c.Index = 10 }),
		), []string{"button[0].payload too_long", "button[1].payload too_long", "button[10].index malformed", "button[10].payload too_long"}},
		{"a button of no kind", of(button("", Parameter{})), []string{"button[0].sub_type unknown"}},
		{"a button with another's parameter", of(button(ButtonURL, Parameter{Kind: ParameterPayload})), []string{"button[0].sub_type malformed"}},
		{"a button without parameter", of(Component{Kind: ComponentButton, Button: ButtonURL}), []string{"button[0].payload template_parameter"}},
		{"a flow", of(button(ButtonFlow, Parameter{Kind: ParameterAction, Action: &ButtonAction{FlowData: json.RawMessage(`1`)}})), []string{"button[0].flow_action_data malformed"}},
		{"articles", of(button(ButtonProducts, Parameter{Kind: ParameterAction})), []string{"button[0].thumbnail_product_retailer_id required", "button[0].sections required"}},
		{"an order", of(button(ButtonOrderDetails, Parameter{Kind: ParameterAction, Order: &Order{}})), rules(under("button[0].", Order{}.Validate()))},

		{"offers", of(offer(1_577_836_800_000)), nil},
		{"offers till 2100", of(offer(4_102_444_800_000)), nil},
		{"an offer till long ago", of(offer(1_577_836_799_999)), []string{"expiration_time_ms malformed"}},
		{"an offer in seconds", of(offer(1_790_000_000)), []string{"expiration_time_ms malformed"}},
		{"an offer in microseconds", of(offer(1_790_000_000_000_000)), []string{"expiration_time_ms malformed"}},
		{"an offer of nothing", of(Component{Kind: ComponentOffer}), []string{"expiration_time_ms malformed"}},
		{"an order's status", of(Component{Kind: ComponentOrderStatus, Parameters: []Parameter{{Kind: ParameterOrderStatus, OrderStatus: &OrderStatus{ReferenceID: "r", Status: "shipped"}}}}), nil},
		{"an order's status of no kind", of(Component{Kind: ComponentOrderStatus, Parameters: []Parameter{{OrderStatus: &OrderStatus{ReferenceID: "r", Status: "shipped"}}}}), []string{"order_status required"}},
		{"no order's status", of(Component{Kind: ComponentOrderStatus}), []string{"order_status required"}},
		{"a part of no kind", of(Component{Kind: "tail"}), []string{"type unknown"}},

		{"cards", of(Component{Kind: ComponentCarousel, Cards: []TemplateCard{card, card}}), nil},
		{"one card", of(Component{Kind: ComponentCarousel, Cards: []TemplateCard{card}}), []string{"cards malformed"}},
		{"bad cards", of(Component{Kind: ComponentCarousel, Cards: []TemplateCard{card, {Components: []Component{
			{Kind: ComponentHeader, Parameters: []Parameter{{Kind: ParameterVideo, Media: &Media{Kind: KindImage}}}},
			{Kind: ComponentBody, Parameters: texts("")},
			{Kind: ComponentCarousel},
		}}}}), []string{"cards[1].url required", "cards[1].type unknown", "cards[1].attributes[0] template_parameter", "cards[1].carousel malformed"}},
	})
}

// What a group does not take is known before anything is sent.
func TestGroupsTakeLess(t *testing.T) {
	product := []Parameter{{Kind: ParameterProduct, Product: &Product{"c", "p"}}}
	header := Component{Kind: ComponentHeader, Parameters: product}
	for name, tt := range map[string]struct {
		c    Content
		want bool
	}{
		"text":        {Text{Body: "a"}, true},
		"location":    {Location{}, true},
		"reaction":    {Reaction{}, true},
		"contacts":    {Contacts{}, true},
		"template":    {Template{Components: []Component{{Kind: ComponentBody}}}, true},
		"interactive": {Interactive{}, false},
		"article":     {Template{Components: []Component{header}}, false},
		"catalog":     {Template{Components: []Component{{Kind: ComponentButton, Button: ButtonCatalog}}}, false},
		"pin":         {Pin{}, true},
		"call":        {Template{Components: []Component{{Kind: ComponentButton, Button: ButtonVoiceCall}}}, false},
		"order":       {Template{Components: []Component{{Kind: ComponentOrderStatus}}}, false},
		"cards":       {Template{Components: []Component{{Kind: ComponentCarousel, Cards: []TemplateCard{{[]Component{header}}}}}}, false},
	} {
		if got := ForGroups(tt.c); got != tt.want {
			t.Errorf("%s: got %v, want %v", name, got, tt.want)
		}
	}
	m := Message{Recipient: Recipient{Group, "g"}, Content: Interactive{Kind: InteractiveCatalog, Body: "b"}}
	if diff := cmp.Diff([]string{"recipient_type malformed"}, rules(m.Validate())); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A problem is shown to whoever sent the request and written into logs; the
// values are not.
func TestProblemsDoNotHoldValues(t *testing.T) {
	const canary = "canary\x00"
	for _, c := range []Content{
		Location{Name: canary},
		Reaction{WAMID: canary, Emoji: canary},
		Pin{WAMID: canary},
		Interactive{Kind: InteractiveAddress, Body: "b", Address: &AddressForm{Country: canary, Values: map[string]string{canary: canary}}},
		Contacts{Cards: []ContactCard{{Name: ContactName{Formatted: canary}, Birthday: canary}}},
		Interactive{Kind: canary, Header: &Header{Text: canary}, Body: canary},
		Interactive{Kind: InteractiveButton, Body: "b", Buttons: []ReplyButton{{canary, canary}, {canary, canary}}},
		Interactive{Kind: InteractiveOrderDetails, Order: &Order{Goods: canary, Currency: canary}},
		Template{Name: canary, Language: canary, Components: []Component{{Kind: ComponentButton, Button: canary, Parameters: []Parameter{{Text: canary}}}}},
	} {
		ps := c.Validate()
		if len(ps) == 0 {
			t.Errorf("%#v: no problem", c)
		}
		for _, p := range ps {
			if strings.Contains(p.String(), "canary") {
				t.Errorf("%q holds the value", p)
			}
		}
	}
}
