package send

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/waypost/waypost/conformance"
	"github.com/waypost/waypost/internal/conform"
	"github.com/waypost/waypost/internal/wa"
)

const someID = "1fc380aa-6953-4e95-aef9-f220a22d51a3"

// contentOf decodes a message that has these fields beside its recipient.
func contentOf(t *testing.T, fields string) wa.Content {
	t.Helper()
	return decodeOne(t, `{"message":[{"recipient_whatsapp":"15550100001",`+fields+`}]}`).Content
}

func texts(list ...string) (ps []wa.Parameter) {
	for _, s := range list {
		ps = append(ps, wa.Parameter{Kind: wa.ParameterText, Text: s})
	}
	return ps
}

func bodyPart(list ...string) wa.Component {
	return wa.Component{Kind: wa.ComponentBody, Parameters: texts(list...)}
}

func headerPart(p wa.Parameter) wa.Component {
	return wa.Component{Kind: wa.ComponentHeader, Parameters: []wa.Parameter{p}}
}

func buttonPart(index int, kind wa.ButtonKind, p wa.Parameter) wa.Component {
	return wa.Component{Kind: wa.ComponentButton, Button: kind, Index: index, Parameters: []wa.Parameter{p}}
}

func imageAt(link string) *wa.Media { return &wa.Media{Kind: wa.KindImage, Link: link} }

type decoded struct {
	name   string
	fields string
	want   wa.Content
}

func (d decoded) run(t *testing.T) {
	t.Run(d.name, func(t *testing.T) {
		if diff := cmp.Diff(d.want, contentOf(t, d.fields)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

func TestDecodeSimpleTypes(t *testing.T) {
	ada := wa.ContactName{Formatted: "Ada", First: "Ada"}
	for _, tt := range []decoded{
		{
			"location", `"message_type":"location","type_location":[{"longitude":77.59,"latitude":-12.5,"name":"n","address":"a"}]`,
			wa.Location{Latitude: -12.5, Longitude: 77.59, Name: "n", Address: "a"},
		},
		{
			"location of strings", `"message_type":"LOCATION","type_location":{"longitude":" 7.759e1 ","latitude":"-12.5","name":null}`,
			wa.Location{Latitude: -12.5, Longitude: 77.59},
		},
		{"reaction", `"message_type":"reaction","type_reaction":[{"message_id":" wamid.A ","emoji":"👍"}]`, wa.Reaction{WAMID: "wamid.A", Emoji: "👍"}},
		{"reaction taken away", `"message_type":"reaction","type_reaction":{"message_id":"wamid.A","emoji":""}`, wa.Reaction{WAMID: "wamid.A"}},
		{"contact", `"message_type":"contact","type_contact":[{"name":"Ada"}]`, wa.Contacts{Cards: []wa.ContactCard{{Name: ada}}}},
		{
			"contacts as Meta has them", `"message_type":"contacts","type_contacts":{"contacts":[{"name":{"formatted_name":"Ada"}},{"name":{"formatted_name":"B","last_name":"b"}}]}`,
			wa.Contacts{Cards: []wa.ContactCard{{Name: ada}, {Name: wa.ContactName{Formatted: "B", Last: "b"}}}},
		},
		{
			"contact with everything", `"message_type":"contact","type_contact":[{
				"name":{"formatted_name":"f","first_name":"1","last_name":"2","middle_name":"3","suffix":"4","prefix":"5"},"birthday":" 2000-02-29 ",
				"org":{"company":"c","department":"d","title":"t"},"phones":[{"phone":15550100002,"type":"WORK","wa_id":"+1 5550100002"},{}],
				"emails":{"email":"e","type":"HOME"},"urls":[{"url":"u","type":"WORK"}],
				"addresses":[{"street":"s","city":"c","state":"st","zip":90000,"country":"co","country_code":"us","type":"HOME"}]}]`,
			wa.Contacts{Cards: []wa.ContactCard{{
				Name: wa.ContactName{Formatted: "f", First: "1", Last: "2", Middle: "3", Suffix: "4", Prefix: "5"}, Birthday: "2000-02-29",
				Org:    wa.ContactOrg{Company: "c", Department: "d", Title: "t"},
				Phones: []wa.ContactPhone{{Phone: "15550100002", Type: "WORK", WAID: "15550100002"}, {}},
				Emails: []wa.ContactEmail{{Email: "e", Type: "HOME"}}, URLs: []wa.ContactURL{{URL: "u", Type: "WORK"}},
				Addresses: []wa.ContactAddress{{Street: "s", City: "c", State: "st", Zip: "90000", Country: "co", CountryCode: "us", Type: "HOME"}},
			}}},
		},
		{
			"document", `"message_type":"document","type_document":[{"link":"https://h.example/a/b.pdf","caption":"c"}]`,
			wa.Media{Kind: wa.KindDocument, Link: "https://h.example/a/b.pdf", Filename: "b.pdf", Caption: "c"},
		},
		{
			"document by id", `"message_type":"document","type_document":{"id":"1FC380AA-6953-4e95-aef9-f220a22d51a3","filename":"x.pdf"}`,
			wa.Media{Kind: wa.KindDocument, MediaID: someID, Filename: "x.pdf"},
		},
		{
			"image", `"message_type":"image","type_image":[{"url":"https://h.example/a.png","id":"dummy","filename":"x"}]`,
			wa.Media{Kind: wa.KindImage, Link: "https://h.example/a.png"},
		},
	} {
		tt.run(t)
	}
}

func TestDecodeInteractive(t *testing.T) {
	yes := []wa.ReplyButton{{ID: "yes", Title: "Yes"}}
	row := wa.ListRow{ID: "r", Title: "t", Description: "d"}
	open := &wa.LinkButton{Label: "Open", URL: "https://h.example/"}
	of := func(kind wa.InteractiveKind, change func(*wa.Interactive)) wa.Interactive {
		i := wa.Interactive{Kind: kind, Body: "b"}
		change(&i)
		return i
	}
	cards := []wa.Card{
		{Media: imageAt("https://h.example/1"), Body: "1", Link: open},
		{Media: imageAt("https://h.example/2"), Link: open},
	}
	for _, tt := range []decoded{
		{
			"button", `"message_type":"interactive","type_interactive":[{"type":"button","header":{"type":"image","url":"https://h.example/a.png"},"body":"b",
				"footer":"f","action":[{"buttons":[{"type":"reply","reply":{"id":"yes","title":"Yes"}}]}]}]`,
			of(wa.InteractiveButton, func(i *wa.Interactive) {
				i.Header, i.Footer, i.Buttons = &wa.Header{Media: imageAt("https://h.example/a.png")}, "f", yes
			}),
		},
		{
			"button as Meta has it", `"message_type":"interactive","type_interactive":{"type":"BUTTON","header":{"type":"document","document":{"id":"` + someID + `","filename":"x"}},
				"body":{"text":"b"},"footer":{"text":"f"},"action":{"buttons":[{"type":"reply","reply":{"id":"yes","title":"Yes"}}]}}`,
			of(wa.InteractiveButton, func(i *wa.Interactive) {
				i.Header = &wa.Header{Media: &wa.Media{Kind: wa.KindDocument, MediaID: someID, Filename: "x"}}
				i.Footer, i.Buttons = "f", yes
			}),
		},
		{
			"button with nulls", `"message_type":"interactive","type_interactive":[{"type":"button","header":null,"body":"b","footer":null,
				"action":[{"button":null,"sections":null,"buttons":[{"reply":{"id":"yes","title":"Yes"}}]}]}]`,
			of(wa.InteractiveButton, func(i *wa.Interactive) { i.Buttons = yes }),
		},
		{
			"list", `"message_type":"interactive","type_interactive":[{"type":"list","header":{"type":"text","text":"h"},"body":"b",
				"action":[{"buttons":null,"button":"l","sections":[{"title":"s","rows":[{"id":"r","title":"t","description":"d"}]}]}]}]`,
			of(wa.InteractiveList, func(i *wa.Interactive) {
				i.Header, i.List = &wa.Header{Text: "h"}, &wa.List{Label: "l", Sections: []wa.ListSection{{Title: "s", Rows: []wa.ListRow{row}}}}
			}),
		},
		{
			"link", `"message_type":"interactive","type_interactive":[{"type":"cta_url","body":"b","action":[{"name":"cta_url","parameters":{"display_text":"Open","url":" https://h.example/ "}}]}]`,
			of(wa.InteractiveLink, func(i *wa.Interactive) { i.Link = open }),
		},
		{
			"link in the header", `"message_type":"interactive","type_interactive":[{"type":"cta_url","header":{"type":"URL","url":"https://h.example/"},"body":"b",
				"action":[{"buttons":[{"type":"reply","reply":{"id":"1","title":"Open"}}]}]}]`,
			of(wa.InteractiveLink, func(i *wa.Interactive) { i.Link = open }),
		},
		{
			"flow", `"message_type":"flow","type_flow":[{"body":"b","flow_id":300400,"flow_cta":"c","flow_message_version":3,"mode":"draft","flow_token":"t",
				"flow_action":"navigate","flow_action_payload":{"screen":"S","data":{ "a" : "<b>" }}}]`,
			of(wa.InteractiveFlow, func(i *wa.Interactive) {
				i.Flow = &wa.Flow{
					ID: "300400", Label: "c", Version: "3", Draft: true, Token: "t", Screen: "S", Data: json.RawMessage(`{"a":"\u003cb\u003e"}`),
				}
			}),
		},
		{
			"flow as Meta has it", `"message_type":"interactive","type_interactive":{"type":"flow","body":{"text":"b"},
				"action":{"name":"flow","parameters":{"flow_name":"n","flow_cta":"c","flow_action":"data_exchange"}}}`,
			of(wa.InteractiveFlow, func(i *wa.Interactive) { i.Flow = &wa.Flow{Name: "n", Label: "c", Exchange: true} }),
		},
		{
			"request for a place", `"message_type":"location_request","type_location_request":[{"body":"b"}]`,
			of(wa.InteractiveLocationRequest, func(*wa.Interactive) {}),
		},
		{
			"article", `"message_type":"product","type_product":[{"body":"b","catalog_id":1,"product_retailer_id":"p"}]`,
			of(wa.InteractiveProduct, func(i *wa.Interactive) { i.Product = &wa.Product{CatalogID: "1", RetailerID: "p"} }),
		},
		{
			"articles", `"message_type":"product_list","type_product_list":[{"header":"h","body":"b","catalog_id":"c",
				"sections":[{"title":"s","product_items":[{"product_retailer_id":"p"},"q",5]}]}]`,
			of(wa.InteractiveProductList, func(i *wa.Interactive) {
				i.Header = &wa.Header{Text: "h"}
				i.Products = &wa.ProductList{CatalogID: "c", Sections: []wa.ProductSection{{Title: "s", RetailerIDs: []string{"p", "q", "5"}}}}
			}),
		},
		{
			"catalog", `"message_type":"catalogue","type_catalog":[{"body":"b","thumbnail_product_retailer_id":"p"}]`,
			of(wa.InteractiveCatalog, func(i *wa.Interactive) { i.Thumbnail = "p" }),
		},
		{
			"status of an order", `"message_type":"order_status","type_order_status":[{"body":"b","reference_id":"r","order":{"status":"Partially-Shipped","description":"d"}}]`,
			of(wa.InteractiveOrderStatus, func(i *wa.Interactive) {
				i.OrderStatus = &wa.OrderStatus{ReferenceID: "r", Status: "partially_shipped", Description: "d"}
			}),
		},
		{
			"carousel", `"message_type":"carousel","type_carousel":[{"body":"b","cards":[
				{"header":{"type":"image","url":"https://h.example/1"},"body":"1","action":[{"name":"cta_url","parameters":{"display_text":"Open","url":"https://h.example/"}}]},
				{"type":"image","url":"https://h.example/2","action":{"parameters":{"display_text":"Open","url":"https://h.example/"}}}]}]`,
			of(wa.InteractiveCarousel, func(i *wa.Interactive) { i.Cards = cards }),
		},
		{
			"carousel of articles as Meta has it", `"message_type":"interactive","type_interactive":{"type":"carousel","body":{"text":"b"},"action":{"cards":[
				{"card_index":0,"type":"product","action":{"product_retailer_id":"p","catalog_id":"c"}},
				{"card_index":1,"type":"product","action":{"product_retailer_id":"q","catalog_id":"c"}}]}}`,
			of(wa.InteractiveCarousel, func(i *wa.Interactive) {
				i.Cards = []wa.Card{{Product: &wa.Product{CatalogID: "c", RetailerID: "p"}}, {Product: &wa.Product{CatalogID: "c", RetailerID: "q"}}}
			}),
		},
	} {
		tt.run(t)
	}
}

func TestDecodeOrder(t *testing.T) {
	money := func(v int64) wa.Amount { return wa.Amount{Value: v, Offset: 100} }
	sale, shipping := money(400), wa.Amount{Value: 10, Offset: 100, Description: "d"}
	order := wa.Order{
		ReferenceID: "r", Goods: "digital-goods", PaymentType: "upi", Configuration: "main", Currency: "INR", Total: money(430), CatalogID: "c",
		Items:    []wa.OrderItem{{RetailerID: "p", Name: "n", Amount: money(500), Sale: &sale, Quantity: 1}},
		Subtotal: money(400), Tax: money(20), Shipping: &shipping, Expiration: &wa.Expiration{Timestamp: 1790000000, Description: "e"},
	}
	bill := wa.Interactive{Kind: wa.InteractiveOrderDetails, Body: "b", Order: &order}
	const parameters = `"reference_id":"r","type":"digital-goods","payment_type":"upi","payment_configuration":"main","currency":"inr",
		"total_amount":{"value":430,"offset":100},"order":{"status":"pending","catalog_id":"c",
		"items":[{"retailer_id":"p","name":"n","amount":{"value":"500"},"sale_amount":{"value":400.0,"offset":"100"},"quantity":"1"}],
		"subtotal":{"value":400},"tax":{"value":20,"offset":100},"shipping":{"value":10,"description":"d"},
		"expiration":{"timestamp":"1790000000","description":"e"}}`
	small := wa.Interactive{Kind: wa.InteractiveOrderDetails, Body: "b", Order: &wa.Order{
		ReferenceID: "r", Goods: "physical-goods", Settings: json.RawMessage(`[{"type":"x"}]`), Currency: "INR", Total: money(5),
		Items: []wa.OrderItem{{Name: "n", Amount: money(5), Quantity: 1}}, Subtotal: money(5), Tax: money(0),
	}}
	for _, tt := range []decoded{
		{"order", `"message_type":"order_details","type_order_details":[{"body":"b",` + parameters + `}]`, bill},
		{"order as Meta has it", `"message_type":"interactive","type_interactive":{"type":"order_details","body":{"text":"b"},
			"action":{"name":"review_and_pay","parameters":{` + parameters + `}}}`, bill},
		{"order in one", `"message_type":"order_details","type_order_details":{"body":"b","reference_id":"r","type":"physical-goods","payment_settings":{"type":"x"},
			"currency":"INR","total_amount":{"value":5},"items":{"name":"n","amount":{"value":5},"quantity":1},"subtotal":{"value":5}}`, small},
		{
			"order of a template", `"message_type":"order_details","type_template":[{"name":"n","language":"en"}],"type_order_details":[{"index":"1",` + parameters + `}]`,
			wa.Template{Name: "n", Language: "en", Components: []wa.Component{
				buttonPart(1, wa.ButtonOrderDetails, wa.Parameter{Kind: wa.ParameterAction, Order: &order}),
			}},
		},
		{
			"order of a template as Meta has it", `"message_type":"template","type_template":[{"name":"n","language":"en","components":[{"type":"button","sub_type":"order_details","index":1,
				"parameters":[{"type":"action","action":{"order_details":{` + parameters + `}}}]}]}]`,
			wa.Template{Name: "n", Language: "en", Placed: true, Components: []wa.Component{
				buttonPart(1, wa.ButtonOrderDetails, wa.Parameter{Kind: wa.ParameterAction, Order: &order}),
			}},
		},
	} {
		tt.run(t)
	}
}

func TestDecodeTemplate(t *testing.T) {
	image := wa.Parameter{Kind: wa.ParameterImage, Media: imageAt("https://h.example/a.png")}
	of := func(cs ...wa.Component) wa.Template { return wa.Template{Name: "n", Language: "en", Components: cs} }
	const head = `"type_template":[{"name":"n","attributes":["a"],"language":{"locale":"en","policy":"deterministic"}}]`
	const bare = `"type_template":[{"name":"n","language":{"locale":"en"}}]`
	for _, tt := range []decoded{
		{"template", `"message_type":"template",` + head, of(bodyPart("a"))},
		{"template alone", `"message_type":"template","type_template":{"name":" n ","language":"en"}`, of()},
		{
			"attributes of all kinds", `"message_type":"template","type_template":[{"name":"n","attributes":["\"a\" 'b'",5,1.50,true],"language":{"code":"pt-BR","policy":"Fallback"}}]`,
			wa.Template{Name: "n", Language: "pt_BR", Fallback: true, Components: []wa.Component{bodyPart("\"a\" 'b'", "5", "1.50", "true")}},
		},
		{"one attribute", `"message_type":"template","type_template":[{"name":"n","attributes":"a","language":[{"locale":"en"}]}]`, of(bodyPart("a"))},
		{
			"media and buttons", `"message_type":"media_template",` + head + `,"type_media_template":{"type":"document","url":"https://h.example/a.pdf","media_id":"dummy",
				"filename":"","button":[{"index":"0","payload":"https://shop.example/x"},{"index":1,"payload":"yes"},{"index":2,"payload":42}]}`,
			of(
				headerPart(wa.Parameter{Kind: wa.ParameterDocument, Media: &wa.Media{Kind: wa.KindDocument, Link: "https://h.example/a.pdf", Filename: "a.pdf"}}),
				bodyPart("a"),
				buttonPart(0, wa.ButtonURL, wa.Parameter{Kind: wa.ParameterText, Text: "https://shop.example/x"}),
				buttonPart(1, wa.ButtonQuickReply, wa.Parameter{Kind: wa.ParameterPayload, Text: "yes"}),
				buttonPart(2, wa.ButtonQuickReply, wa.Parameter{Kind: wa.ParameterPayload, Text: "42"}),
			),
		},
		{"text above", `"message_type":"media_template",` + head + `,"type_media_template":[{"type":"text","url":"x"}]`, of(bodyPart("a"))},
		{
			"media by id", `"message_type":"template",` + bare + `,"type_media_template":{"type":"Video","media_id":"` + strings.ToUpper(someID) + `","filename":"x"}`,
			of(headerPart(wa.Parameter{Kind: wa.ParameterVideo, Media: &wa.Media{Kind: wa.KindVideo, MediaID: someID}})),
		},
		{
			"a place", `"message_type":"media_template",` + bare + `,"type_media_template":{"type":"location","longitude":1,"latitude":"2","name":"x"}`,
			of(headerPart(wa.Parameter{Kind: wa.ParameterLocation, Location: &wa.Location{Longitude: 1, Latitude: 2, Name: "x"}})),
		},
		{
			"buttons that say more", `"message_type":"media_template",` + bare + `,"type_media_template":{"button":[
				{"index":0,"sub_type":"copy_code","payload":"TEA"},{"index":1,"flow_token":"t","flow_action_data":{"a":[1]}},
				{"index":2,"thumbnail_product_retailer_id":"p"},{"index":3,"thumbnail_product_retailer_id":"p","sections":[{"product_items":["p"]}]}]}`,
			of(
				buttonPart(0, wa.ButtonCopyCode, wa.Parameter{Kind: wa.ParameterCouponCode, Text: "TEA"}),
				buttonPart(1, wa.ButtonFlow, wa.Parameter{Kind: wa.ParameterAction, Action: &wa.ButtonAction{FlowToken: "t", FlowData: json.RawMessage(`{"a":[1]}`)}}),
				buttonPart(2, wa.ButtonCatalog, wa.Parameter{Kind: wa.ParameterAction, Action: &wa.ButtonAction{Thumbnail: "p"}}),
				buttonPart(3, wa.ButtonProducts, wa.Parameter{Kind: wa.ParameterAction, Action: &wa.ButtonAction{
					Thumbnail: "p", Sections: []wa.ProductSection{{RetailerIDs: []string{"p"}}},
				}}),
			),
		},
		{
			"an offer", `"message_type":"limited_time_offer",` + bare + `,"type_limited_time_offer":[{"expiration_time_ms":"1790000000000","coupon_code":"TEA"}]`,
			of(
				wa.Component{Kind: wa.ComponentOffer, Parameters: []wa.Parameter{{Kind: wa.ParameterOffer, ExpiresAtMillis: 1790000000000}}},
				buttonPart(0, wa.ButtonCopyCode, wa.Parameter{Kind: wa.ParameterCouponCode, Text: "TEA"}),
			),
		},
		{
			"the status of an order", `"message_type":"order_status",` + bare + `,"type_order_status_template":{"reference_id":"r","status":"shipped"}`,
			of(wa.Component{Kind: wa.ComponentOrderStatus, Parameters: []wa.Parameter{
				{Kind: wa.ParameterOrderStatus, OrderStatus: &wa.OrderStatus{ReferenceID: "r", Status: "shipped"}},
			}}),
		},
		{
			"a carousel", `"message_type":"carousel",` + head + `,"type_carousel":[{"cards":[
				{"type":"image","url":"https://h.example/a.png","attributes":["c"],"button":[{"index":0,"payload":"yes"}]},{"type":"image","url":"https://h.example/a.png"}]}]`,
			of(bodyPart("a"), wa.Component{Kind: wa.ComponentCarousel, Cards: []wa.TemplateCard{
				{Components: []wa.Component{headerPart(image), bodyPart("c"), buttonPart(0, wa.ButtonQuickReply, wa.Parameter{Kind: wa.ParameterPayload, Text: "yes"})}},
				{Components: []wa.Component{headerPart(image)}},
			}}),
		},
		{
			"Meta's components", `"message_type":"template","type_template":{"name":"n","language":{"code":"en"},"attributes":["not these"],"components":[
				{"type":"HEADER","parameters":[{"type":"image","image":{"link":"https://h.example/a.png"}}]},{"type":"footer"},
				{"type":"body","parameters":[{"type":"text","parameter_name":"who","text":"a"},{"type":"currency","currency":{"fallback_value":"$1","code":"USD","amount_1000":"1000"}},
					{"type":"date_time","date_time":{"fallback_value":"now"}}]},
				{"type":"button","sub_type":"quick_reply","index":"0","parameters":[{"type":"text","text":"yes"}]},
				{"type":"button","sub_type":"copy_code","index":1,"parameters":[{"type":"coupon_code","coupon_code":"TEA"}]}]}`,
			wa.Template{Name: "n", Language: "en", Placed: true, Components: []wa.Component{
				headerPart(image),
				{Kind: wa.ComponentBody, Parameters: []wa.Parameter{
					{Kind: wa.ParameterText, Name: "who", Text: "a"},
					{Kind: wa.ParameterCurrency, Currency: &wa.Currency{Fallback: "$1", Code: "USD", Amount1000: 1000}},
					{Kind: wa.ParameterDateTime, Text: "now"},
				}},
				buttonPart(0, wa.ButtonQuickReply, wa.Parameter{Kind: wa.ParameterPayload, Text: "yes"}),
				buttonPart(1, wa.ButtonCopyCode, wa.Parameter{Kind: wa.ParameterCouponCode, Text: "TEA"}),
			}},
		},
	} {
		tt.run(t)
	}
}

// goldenBodies are the bodies of all golden sends, without the very long ones.
func goldenBodies(f *testing.F) (bodies []string) {
	files, err := conform.Load(os.DirFS(filepath.Join("..", "..", "..", "conformance", "cases")), "")
	check(f, err)
	names := conform.Names{"writer": "15550100001", "source": someID, "group": "group-1@g.us", "image": someID, "document": someID, "video": someID}
	for _, file := range files {
		for _, c := range file.Cases {
			if !strings.HasPrefix(c.Body, "{") {
				continue
			}
			if body, err := names.Expand(c.Body, conformance.Media()); err == nil && len(body) < 4096 {
				bodies = append(bodies, body)
			}
		}
	}
	return bodies
}
