package encode

import (
	"encoding/json"

	"github.com/waypost/waypost/internal/wa"
)

// sendCases has every kind of content, and every kind of what is in them.
func sendCases() []sendCase {
	person := wa.Recipient{Kind: wa.Individual, ID: "15550100001"}
	group := wa.Recipient{Kind: wa.Group, ID: "Y2FwaV9ncm91cDoxNTU1MDEwMDAwMQZD"}
	user := wa.Recipient{Kind: wa.User, ID: "US.13491208655302741918"}
	media := func(kind wa.MediaKind, caption, filename string) wa.Media {
		return wa.Media{Kind: kind, MediaID: "m", Caption: caption, Filename: filename}
	}
	cases := []sendCase{
		{"text", person, wa.Text{Body: "hello <b> & \u2028 \U0001F44B"}},
		{"text_preview", person, wa.Text{Body: "see https://example.com/a?b=1&c=2", PreviewURL: true}},
		{"text_group", group, wa.Text{Body: "hello all"}},
		{"image_id", person, media(wa.KindImage, "a picture", "")},
		{"image_link", person, wa.Media{Kind: wa.KindImage, Link: "https://example.com/a.png?x=1&y=2"}},
		{"video_id", person, media(wa.KindVideo, "a film", "")},
		{"audio_without_caption", person, media(wa.KindAudio, "dropped", "")},
		{"document_id", person, media(wa.KindDocument, "a bill", "bill.pdf")},
		{"sticker_without_caption", person, media(wa.KindSticker, "dropped", "dropped")},
		{"image_without_filename", person, media(wa.KindImage, "", "dropped.png")},
		{"location", person, wa.Location{Latitude: 52.52, Longitude: -0.00000012, Name: "Here & there", Address: "1 Example Street"}},
		{"location_bare", person, wa.Location{Latitude: -90, Longitude: 180}},
		{"reaction", person, wa.Reaction{WAMID: "wamid.SYNTHETIC1", Emoji: "\U0001F44D"}},
		{"reaction_taken_away", person, wa.Reaction{WAMID: "wamid.SYNTHETIC1"}},
		{"audio_voice", person, wa.Media{Kind: wa.KindAudio, MediaID: "m", Voice: true}},
		{"text_user", user, wa.Text{Body: "hello"}},
		{"image_group", group, media(wa.KindImage, "a picture", "")},
		{"pin", group, wa.Pin{WAMID: "wamid.SYNTHETIC1", Days: 7}},
		{"pin_taken_away", group, wa.Pin{WAMID: "wamid.SYNTHETIC1", Unpin: true}},
		{"template_group", group, wa.Template{Name: "example_1", Language: "en_US", Components: []wa.Component{{
			Kind: wa.ComponentBody, Parameters: []wa.Parameter{{Kind: wa.ParameterGroupID, Text: group.ID}},
		}}}},
		{"contacts", person, wa.Contacts{Cards: []wa.ContactCard{fullCard(), {Name: wa.ContactName{Formatted: "Bo", First: "Bo"}}}}},
	}
	for _, c := range append(interactiveCases(), askingCases()...) {
		cases = append(cases, sendCase{"interactive_" + c.name, person, c.content})
	}
	for _, c := range templateCases() {
		cases = append(cases, sendCase{"template_" + c.name, person, c.content})
	}
	return cases
}

func fullCard() wa.ContactCard {
	return wa.ContactCard{
		Name:     wa.ContactName{Formatted: "Dr. Ada M. Example Jr.", First: "Ada", Last: "Example", Middle: "M.", Suffix: "Jr.", Prefix: "Dr."},
		Birthday: "1990-01-31",
		Org:      wa.ContactOrg{Company: "Example", Department: "Post", Title: "Clerk"},
		Phones:   []wa.ContactPhone{{Phone: "+1 555-010-0002", Type: "Mobile", WAID: "15550100002"}, {Phone: "+1 555-010-0003"}},
		Emails:   []wa.ContactEmail{{Email: "ada@example.com", Type: "Work"}},
		URLs:     []wa.ContactURL{{URL: "https://example.com", Type: "Work"}},
		Addresses: []wa.ContactAddress{{
			Street: "1 Example Street", City: "Exampletown", State: "EX", Zip: "00001", Country: "Exampleland", CountryCode: "ex", Type: "Home",
		}},
	}
}

func fullOrder() wa.Order {
	return wa.Order{
		ReferenceID: "order-1", Goods: "physical-goods", Currency: "INR",
		Settings: json.RawMessage(`[ {"type":"payment_gateway","payment_gateway":{"type":"example","configuration_name":"c"}} ]`),
		Total:    wa.Amount{Value: 1300, Offset: 100}, CatalogID: "700",
		Items: []wa.OrderItem{
			{RetailerID: "sku-1", Name: "Bread", Amount: wa.Amount{Value: 700, Offset: 100}, Sale: &wa.Amount{Value: 500, Offset: 100}, Quantity: 2},
			{Name: "Butter", Amount: wa.Amount{Value: 200, Offset: 100}, Quantity: 1},
		},
		Subtotal: wa.Amount{Value: 1200, Offset: 100}, Tax: wa.Amount{Value: 100, Offset: 100, Description: "VAT"},
		Shipping: &wa.Amount{Value: 100, Offset: 100}, Discount: &wa.Amount{Value: 100, Offset: 100, Description: "off"}, DiscountProgram: "spring",
		Expiration: &wa.Expiration{Timestamp: 1900000000, Description: "too late"},
	}
}

func interactiveCases() []sendCase {
	buttons := []wa.ReplyButton{{ID: "yes", Title: "Yes"}, {ID: "no", Title: "No"}}
	link := &wa.LinkButton{Label: "See", URL: "https://example.com/?a=1&b=2"}
	headed := func(m wa.Media) wa.Interactive {
		return wa.Interactive{Kind: wa.InteractiveButton, Header: &wa.Header{Media: &m}, Body: "b", Buttons: buttons}
	}
	sections := []wa.ProductSection{{Title: "One", RetailerIDs: []string{"sku-1", "sku-2"}}, {Title: "Two", RetailerIDs: []string{"sku-3"}}}
	order := fullOrder()
	return []sendCase{
		{name: "button", content: wa.Interactive{Kind: wa.InteractiveButton, Body: "Well?", Footer: "small", Buttons: buttons}},
		{name: "button_text_header", content: wa.Interactive{Kind: wa.InteractiveButton, Header: &wa.Header{Text: "Title"}, Body: "Well?", Buttons: buttons}},
		{name: "button_image", content: headed(wa.Media{Kind: wa.KindImage, MediaID: "m", Caption: "dropped", Filename: "dropped"})},
		{name: "button_video", content: headed(wa.Media{Kind: wa.KindVideo, Link: "https://example.com/a.mp4"})},
		{name: "button_document", content: headed(wa.Media{Kind: wa.KindDocument, MediaID: "n", Filename: "a.pdf"})},
		{name: "list", content: wa.Interactive{
			Kind: wa.InteractiveList, Header: &wa.Header{Text: "Title"}, Body: "Choose", Footer: "small",
			List: &wa.List{Label: "Menu", Sections: []wa.ListSection{
				{Title: "One", Rows: []wa.ListRow{{ID: "r1", Title: "First", Description: "the first"}, {ID: "r2", Title: "Second"}}},
				{Title: "Two", Rows: []wa.ListRow{{ID: "r3", Title: "Third"}}},
			}},
		}},
		{name: "list_one_section", content: wa.Interactive{
			Kind: wa.InteractiveList, Body: "Choose", List: &wa.List{Label: "Menu", Sections: []wa.ListSection{{Rows: []wa.ListRow{{ID: "r1", Title: "First"}}}}},
		}},
		{name: "cta_url", content: wa.Interactive{Kind: wa.InteractiveLink, Body: "Look", Link: link}},
		{name: "location_request", content: wa.Interactive{Kind: wa.InteractiveLocationRequest, Body: "Where are you?"}},
		{name: "flow_id", content: wa.Interactive{Kind: wa.InteractiveFlow, Body: "Fill in", Flow: &wa.Flow{
			ID: "800", Label: "Open", Token: "token-1", Screen: "FIRST", Data: json.RawMessage(`{"name": "<Ada>", "n": 1.50}`),
		}}},
		{name: "flow_draft_by_name", content: wa.Interactive{Kind: wa.InteractiveFlow, Body: "Fill in", Flow: &wa.Flow{
			Name: "signup", Label: "Open", Version: "3", Draft: true,
		}}},
		{name: "flow_exchange", content: wa.Interactive{Kind: wa.InteractiveFlow, Body: "Fill in", Flow: &wa.Flow{
			ID: "800", Label: "Open", Token: "token-1", Exchange: true,
		}}},
		{name: "product", content: wa.Interactive{Kind: wa.InteractiveProduct, Product: &wa.Product{CatalogID: "700", RetailerID: "sku-1"}}},
		{name: "product_list", content: wa.Interactive{
			Kind: wa.InteractiveProductList, Header: &wa.Header{Text: "Ours"}, Body: "Choose", Products: &wa.ProductList{CatalogID: "700", Sections: sections},
		}},
		{name: "catalog", content: wa.Interactive{Kind: wa.InteractiveCatalog, Body: "All of it"}},
		{name: "catalog_thumbnail", content: wa.Interactive{Kind: wa.InteractiveCatalog, Body: "All of it", Footer: "small", Thumbnail: "sku-1"}},
		{name: "order_details", content: wa.Interactive{Kind: wa.InteractiveOrderDetails, Body: "Please pay", Order: &order}},
		{name: "order_details_least", content: wa.Interactive{Kind: wa.InteractiveOrderDetails, Body: "Please pay", Order: &wa.Order{
			ReferenceID: "order-2", Goods: "digital-goods", PaymentType: "upi", Configuration: "c", Currency: "INR",
			Total: wa.Amount{Value: 100, Offset: 100}, Subtotal: wa.Amount{Value: 100, Offset: 100}, Tax: wa.Amount{Offset: 100},
			Items: []wa.OrderItem{{Name: "Song", Amount: wa.Amount{Value: 100, Offset: 100}, Quantity: 1}},
		}}},
		{name: "order_status", content: wa.Interactive{Kind: wa.InteractiveOrderStatus, Body: "On its way", OrderStatus: &wa.OrderStatus{
			ReferenceID: "order-1", Status: "shipped", Description: "by bicycle",
		}}},
		{name: "carousel_links", content: wa.Interactive{Kind: wa.InteractiveCarousel, Body: "New", Cards: []wa.Card{
			{Media: &wa.Media{Kind: wa.KindImage, MediaID: "m"}, Body: "one", Link: link},
			{Media: &wa.Media{Kind: wa.KindImage, Link: "https://example.com/b.png"}, Link: link},
		}}},
		{name: "carousel_buttons", content: wa.Interactive{Kind: wa.InteractiveCarousel, Body: "New", Cards: []wa.Card{
			{Media: &wa.Media{Kind: wa.KindVideo, MediaID: "m"}, Body: "one", Buttons: buttons},
			{Media: &wa.Media{Kind: wa.KindVideo, MediaID: "n"}, Body: "two", Buttons: buttons},
		}}},
		{name: "carousel_products", content: wa.Interactive{Kind: wa.InteractiveCarousel, Body: "New", Cards: []wa.Card{
			{Product: &wa.Product{CatalogID: "700", RetailerID: "sku-1"}}, {Product: &wa.Product{CatalogID: "700", RetailerID: "sku-2"}},
		}}},
	}
}

// askingCases ask for something else than a tap.
func askingCases() []sendCase {
	older := fullOrder()
	older.Older, older.PaymentType, older.Configuration, older.Settings = true, "p2m-lite:stripe", "c", nil
	imported := fullOrder()
	imported.ShippingInfo = json.RawMessage(`{"country":"IN","addresses":[{"name":"Ada","in_pin_code":"400051"}]}`)
	imported.Items[0].CountryOfOrigin, imported.Items[0].ImporterName = "India", "Example Imports"
	imported.Items[0].ImporterAddress = json.RawMessage(`{"address_line1":"1 Example Street","country_code":"IN"}`)
	return []sendCase{
		{name: "address", content: wa.Interactive{Kind: wa.InteractiveAddress, Body: "Where to?", Address: &wa.AddressForm{Country: "IN"}}},
		{name: "address_values", content: wa.Interactive{
			Kind: wa.InteractiveAddress, Header: &wa.Header{Text: "Title"}, Body: "Where to?", Footer: "small", Address: &wa.AddressForm{
				Country: "IN", Values: map[string]string{"name": "Ada", "in_pin_code": "666666", "building_name": ""},
				Saved:  []wa.SavedAddress{{ID: "home", Values: map[string]string{"city": "Mumbai", "address": "1 Example Street"}}},
				Errors: map[string]string{"in_pin_code": "There is no such code"},
			},
		}},
		{name: "voice_call", content: wa.Interactive{
			Kind: wa.InteractiveVoiceCall, Body: "Talk to us", Call: &wa.CallButton{Label: "Call", Minutes: 100, Payload: "order-1"},
		}},
		{name: "voice_call_bare", content: wa.Interactive{Kind: wa.InteractiveVoiceCall, Body: "Talk to us"}},
		{name: "call_permission", content: wa.Interactive{Kind: wa.InteractiveCallPermission, Body: "May we call you?"}},
		{name: "call_permission_bare", content: wa.Interactive{Kind: wa.InteractiveCallPermission}},
		{name: "contact_info", content: wa.Interactive{Kind: wa.InteractiveContactInfo, Body: "What is your number?"}},
		{name: "order_details_imported", content: wa.Interactive{Kind: wa.InteractiveOrderDetails, Body: "Please pay", Order: &imported}},
		{name: "order_details_older", content: wa.Interactive{
			Kind: wa.InteractiveOrderDetails, Body: "Please pay", Footer: "small", Order: &older, Header: &wa.Header{
				Media: &wa.Media{Kind: wa.KindImage, Link: "https://example.com/a.png"}, Provider: "example",
			},
		}},
	}
}

func templateCases() []sendCase {
	order := fullOrder()
	text := func(v string) wa.Parameter { return wa.Parameter{Kind: wa.ParameterText, Text: v} }
	part := func(kind wa.ComponentKind, ps ...wa.Parameter) wa.Component {
		return wa.Component{Kind: kind, Parameters: ps}
	}
	button := func(kind wa.ButtonKind, index int, ps ...wa.Parameter) wa.Component {
		return wa.Component{Kind: wa.ComponentButton, Button: kind, Index: index, Parameters: ps}
	}
	action := func(a wa.ButtonAction) wa.Parameter { return wa.Parameter{Kind: wa.ParameterAction, Action: &a} }
	header := func(kind wa.ParameterKind, m wa.Media) wa.Component {
		return part(wa.ComponentHeader, wa.Parameter{Kind: kind, Media: &m})
	}
	of := func(name string, cs ...wa.Component) sendCase {
		return sendCase{name: name, content: wa.Template{Name: "example_1", Language: "en_US", Components: cs}}
	}
	card := func(cs ...wa.Component) wa.TemplateCard { return wa.TemplateCard{Components: cs} }
	return []sendCase{
		of("bare"),
		of("body", part(wa.ComponentBody, text("Ada & <Bo>"), text("2"))),
		of("body_named", part(wa.ComponentBody, wa.Parameter{Kind: wa.ParameterText, Name: "who", Text: "Ada"})),
		of(
			"body_money_and_date", part(
				wa.ComponentBody,
				wa.Parameter{Kind: wa.ParameterCurrency, Currency: &wa.Currency{Fallback: "$1.50", Code: "USD", Amount1000: 1500}},
				wa.Parameter{Kind: wa.ParameterDateTime, Text: "31 January 2030"},
			),
		),
		of("header_text", part(wa.ComponentHeader, text("Title"))),
		of("header_image", header(wa.ParameterImage, wa.Media{Kind: wa.KindImage, MediaID: "m", Caption: "dropped"}), part(wa.ComponentBody, text("Ada"))),
		of("header_video", header(wa.ParameterVideo, wa.Media{Kind: wa.KindVideo, Link: "https://example.com/a.mp4"})),
		of("header_document", header(wa.ParameterDocument, wa.Media{Kind: wa.KindDocument, MediaID: "n", Filename: "a.pdf"})),
		of("header_location", part(wa.ComponentHeader, wa.Parameter{
			Kind: wa.ParameterLocation, Location: &wa.Location{Latitude: 1.5, Longitude: -2, Name: "Here", Address: "1 Example Street"},
		})),
		of("header_product", part(wa.ComponentHeader, wa.Parameter{Kind: wa.ParameterProduct, Product: &wa.Product{CatalogID: "700", RetailerID: "sku-1"}})),
		of(
			"buttons", button(wa.ButtonURL, 0, text("a/b?c=1")), button(wa.ButtonCopyCode, 1, wa.Parameter{Kind: wa.ParameterCouponCode, Text: "SAVE5"}),
			button(wa.ButtonQuickReply, 9, wa.Parameter{Kind: wa.ParameterPayload, Text: "no"}),
		),
		of("one_time_password", part(wa.ComponentBody, text("123456")), button(wa.ButtonURL, 0, text("123456"))),
		of("flow", button(wa.ButtonFlow, 0, action(wa.ButtonAction{FlowToken: "token-1", FlowData: json.RawMessage(`{"a": 1}`)}))),
		of("flow_bare", button(wa.ButtonFlow, 0, wa.Parameter{Kind: wa.ParameterAction})),
		of("catalog", button(wa.ButtonCatalog, 0, action(wa.ButtonAction{Thumbnail: "sku-1"}))),
		of("products", button(wa.ButtonProducts, 0, action(wa.ButtonAction{Thumbnail: "sku-1", Sections: []wa.ProductSection{
			{Title: "One", RetailerIDs: []string{"sku-1", "sku-2"}},
		}}))),
		of("offer", part(wa.ComponentOffer, wa.Parameter{Kind: wa.ParameterOffer, ExpiresAtMillis: 1900000000123})),
		of("order_details", button(wa.ButtonOrderDetails, 0, wa.Parameter{Kind: wa.ParameterAction, Order: &order})),
		of(
			"voice_call", button(
				wa.ButtonVoiceCall, 0, wa.Parameter{Kind: wa.ParameterMinutes, Minutes: 100}, wa.Parameter{Kind: wa.ParameterPayload, Text: "order-1"},
			),
		),
		of("payment_link", button(wa.ButtonURL, 0, wa.Parameter{Kind: wa.ParameterText, Text: "bill-1", LinkPreview: true})),
		of(
			"tap_target", header(wa.ParameterImage, wa.Media{Kind: wa.KindImage, MediaID: "m"}),
			part(wa.ComponentTapTarget, wa.Parameter{
				Kind: wa.ParameterTapTarget, TapTarget: &wa.LinkButton{Label: "Offer", URL: "https://example.com/?a=1&b=2"},
			}),
		),
		of("order_status", part(wa.ComponentOrderStatus, wa.Parameter{
			Kind: wa.ParameterOrderStatus, OrderStatus: &wa.OrderStatus{ReferenceID: "order-1", Status: "shipped"},
		})),
		of("carousel", part(wa.ComponentBody, text("Ada")), wa.Component{Kind: wa.ComponentCarousel, Cards: []wa.TemplateCard{
			card(header(wa.ParameterImage, wa.Media{Kind: wa.KindImage, MediaID: "m"}), part(wa.ComponentBody, text("one")), button(wa.ButtonURL, 0, text("a"))),
			card(header(wa.ParameterImage, wa.Media{Kind: wa.KindImage, MediaID: "n"}), part(wa.ComponentBody, text("two")), button(wa.ButtonURL, 0, text("b"))),
		}}),
	}
}
