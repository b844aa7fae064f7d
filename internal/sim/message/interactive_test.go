package message_test

import (
	"fmt"
	"strings"
	"testing"
)

// of makes an interactive object of a type, with a body and this action.
func of(kind, action string) string {
	return `{"type":"` + kind + `","body":{"text":"Hello"},"action":` + action + `}`
}

func button(id, title string) string {
	return `{"type":"reply","reply":{"id":"` + id + `","title":"` + title + `"}}`
}

func buttons(list ...string) string { return of("button", `{"buttons":[`+strings.Join(list, ",")+`]}`) }

func TestInteractiveForm(t *testing.T) {
	yes := `{"buttons":[` + button("y", "Yes") + `]}`
	run(t, "interactive", []tt{
		{"no type", `{"body":{"text":"x"},"action":{}}`, 131008},
		{"type nobody knows", of("dance", `{}`), 131009},
		{"type of another kind", `{"type":7}`, 100},
		{"unexpected key", `{"type":"button","body":{"text":"x"},"action":` + yes + `,"extra":1}`, 100},
		{"no body", `{"type":"button","action":` + yes + `}`, 131008},
		{"empty body", `{"type":"button","body":{"text":""},"action":` + yes + `}`, 131008},
		{"body as text", `{"type":"button","body":"x","action":` + yes + `}`, 100},
		{"longest body", `{"type":"button","body":{"text":"` + long(1024) + `"},"action":` + yes + `}`, 0},
		{"body too long", `{"type":"button","body":{"text":"` + long(1025) + `"},"action":` + yes + `}`, 131009},
		{"footer", `{"type":"button","body":{"text":"x"},"footer":{"text":"` + long(60) + `"},"action":` + yes + `}`, 0},
		{"footer too long", `{"type":"button","body":{"text":"x"},"footer":{"text":"` + long(61) + `"},"action":` + yes + `}`, 131009},
		{"no action", `{"type":"button","body":{"text":"x"}}`, 131008},
		{"header text", withHeader(`{"type":"text","text":"` + long(60) + `"}`), 0},
		{"header text too long", withHeader(`{"type":"text","text":"` + long(61) + `"}`), 131009},
		{"header video", withHeader(`{"type":"video","video":{"link":"https://example.com/a.mp4"}}`), 0},
		{"header of a type that is none", withHeader(`{"type":"audio","audio":{"id":"1"}}`), 131009},
		{"header lacks its object", withHeader(`{"type":"image","video":{"id":"1"}}`), 100},
		{"header with id and link", withHeader(`{"type":"image","image":{"id":"1","link":"https://example.com/a.png"}}`), 100},
		{"header with neither", withHeader(`{"type":"image","image":{}}`), 100},
		{"header link", withHeader(`{"type":"image","image":{"link":"example.com"}}`), 131009},
	})
}

func TestReplyButtons(t *testing.T) {
	run(t, "interactive", []tt{
		{"three", buttons(button("1", "One"), button("2", "Two"), button(long(256), long(20))), 0},
		{"none", buttons(), 131008},
		{"four", buttons(button("1", "1"), button("2", "2"), button("3", "3"), button("4", "4")), 131009},
		{"title too long", buttons(button("1", long(21))), 131009},
		{"id too long", buttons(button(long(257), "One")), 131009},
		{"no title", buttons(button("1", "")), 131008},
		{"same title", buttons(button("1", "One"), button("2", "One")), 131009},
		{"same id", buttons(button("1", "One"), button("1", "Two")), 131009},
		{"other type", buttons(`{"type":"url","reply":{"id":"1","title":"One"}}`), 131009},
		{"unexpected key", buttons(`{"type":"reply","reply":{"id":"1","title":"One","icon":"x"}}`), 100},
	})
}

func rows(from, to int) string {
	var list []string
	for i := from; i < to; i++ {
		list = append(list, fmt.Sprintf(`{"id":"row %d","title":"Row %d"}`, i, i))
	}
	return "[" + strings.Join(list, ",") + "]"
}

func sections(label string, list ...string) string {
	return of("list", `{"button":"`+label+`","sections":[`+strings.Join(list, ",")+`]}`)
}

func TestList(t *testing.T) {
	one := `{"rows":` + rows(0, 1) + `}`
	row := func(id, title, description string) string {
		return sections("Menu", `{"rows":[{"id":"`+id+`","title":"`+title+`","description":"`+description+`"}]}`)
	}
	run(t, "interactive", []tt{
		{"one section without a title", sections(long(20), one), 0},
		{"two sections", sections("Menu", `{"title":"`+long(24)+`","rows":`+rows(0, 5)+`}`, `{"title":"B","rows":`+rows(5, 10)+`}`), 0},
		{"limits of a row", row(long(200), long(24), long(72)), 0},
		{"body of 4096", `{"type":"list","body":{"text":"` + long(4096) + `"},"action":{"button":"Menu","sections":[` + one + `]}}`, 0},
		{"text header", `{"type":"list","header":{"type":"text","text":"H"},"body":{"text":"x"},"action":{"button":"Menu","sections":[` + one + `]}}`, 0},
		{"image header", `{"type":"list","header":{"type":"image","image":{"id":"1"}},"body":{"text":"x"},"action":{"button":"M","sections":[` + one + `]}}`, 131009},
		{"label too long", sections(long(21), one), 131009},
		{"no label", of("list", `{"sections":[`+one+`]}`), 131008},
		{"no sections", sections("Menu"), 131008},
		{"no rows", sections("Menu", `{"rows":[]}`), 131008},
		{"untitled among several", sections("Menu", `{"title":"A","rows":`+rows(0, 1)+`}`, `{"rows":`+rows(1, 2)+`}`), 131008},
		{"eleven rows in all", sections("Menu", `{"title":"A","rows":`+rows(0, 6)+`}`, `{"title":"B","rows":`+rows(6, 11)+`}`), 131009},
		{"eleven rows in one", sections("Menu", `{"rows":`+rows(0, 11)+`}`), 131009},
		{"same row id", sections("Menu", `{"title":"A","rows":`+rows(0, 1)+`}`, `{"title":"B","rows":`+rows(0, 1)+`}`), 131009},
		{"section title too long", sections("Menu", `{"title":"`+long(25)+`","rows":`+rows(0, 1)+`}`), 131009},
		{"row id too long", row(long(201), "x", ""), 131009},
		{"row title too long", row("1", long(25), ""), 131009},
		{"row description too long", row("1", "x", long(73)), 131009},
		{"rows of another kind", sections("Menu", `{"rows":{}}`), 100},
	})
}

func TestURLButtonLocationAndCalls(t *testing.T) {
	url := func(label, address string) string {
		return of("cta_url", `{"name":"cta_url","parameters":{"display_text":"`+label+`","url":"`+address+`"}}`)
	}
	call := func(parameters string) string {
		return of("voice_call", `{"name":"voice_call","parameters":`+parameters+`}`)
	}
	run(t, "interactive", []tt{
		{"url", url("See it", "https://example.com/a?b=c"), 0},
		{"label too long", url(long(21), "https://example.com"), 131009},
		{"no label", url("", "https://example.com"), 131008},
		{"no address", url("See it", "example.com"), 131009},
		{"name of another", of("cta_url", `{"name":"flow","parameters":{"display_text":"x","url":"https://example.com"}}`), 131009},
		{"no parameters", of("cta_url", `{"name":"cta_url"}`), 131008},
		{"location request", of("location_request_message", `{"name":"send_location"}`), 0},
		{"location request misnamed", of("location_request_message", `{"name":"location"}`), 131009},
		{"location request with a header", `{"type":"location_request_message","header":{"type":"text","text":"x"},"body":{"text":"x"},"action":{"name":"send_location"}}`, 100},
		{"voice call", call(`{"display_text":"Call us","ttl_minutes":100,"payload":"x"}`), 0},
		{"voice call that says nothing", of("voice_call", `{"name":"voice_call"}`), 0},
		{"voice call too late", call(`{"ttl_minutes":43201}`), 131009},
		{"voice call label", call(`{"display_text":"` + long(21) + `"}`), 131009},
		{"voice call payload", call(`{"payload":"` + long(513) + `"}`), 131009},
		{"voice call ttl as text", call(`{"ttl_minutes":"100"}`), 100},
		{"call permission", `{"type":"call_permission_request","action":{"name":"call_permission_request"}}`, 0},
		{"call permission misnamed", of("call_permission_request", `{"name":"call"}`), 131009},
		{"contact info", of("request_contact_info", `{"name":"request_contact_info"}`), 0},
		{"contact info without an action", `{"type":"request_contact_info","body":{"text":"x"}}`, 131008},
	})
}

func TestFlowAndAddress(t *testing.T) {
	flow := func(rest string) string {
		return of("flow", `{"name":"flow","parameters":{"flow_message_version":"3","flow_cta":"Open",`+rest+`}}`)
	}
	address := func(parameters string) string {
		return of("address_message", `{"name":"address_message","parameters":`+parameters+`}`)
	}
	run(t, "interactive", []tt{
		{"by id", flow(`"flow_id":"1","mode":"draft","flow_token":"t","flow_action":"navigate","flow_action_payload":{"screen":"S","data":{"a":1}}`), 0},
		{"by name", flow(`"flow_name":"sign_up","flow_action":"data_exchange"`), 0},
		{"neither", flow(`"mode":"draft"`), 131008},
		{"both", flow(`"flow_id":"1","flow_name":"sign_up"`), 100},
		{"mode", flow(`"flow_id":"1","mode":"test"`), 131009},
		{"no screen", flow(`"flow_id":"1","flow_action_payload":{"data":{}}`), 131008},
		{"version", of("flow", `{"name":"flow","parameters":{"flow_message_version":"2","flow_cta":"Open","flow_id":"1"}}`), 131009},
		{"label too long", of("flow", `{"name":"flow","parameters":{"flow_message_version":"3","flow_cta":"`+long(31)+`","flow_id":"1"}}`), 131009},
		{"label with emoji", of("flow", `{"name":"flow","parameters":{"flow_message_version":"3","flow_cta":"Go 🚀","flow_id":"1"}}`), 131009},
		{"address", address(`{"country":"IN","values":{"city":"X"},"saved_addresses":[{"id":"1","value":{"city":"X"}}],"validation_errors":{"city":"no"}}`), 0},
		{"address elsewhere", address(`{"country":"DE"}`), 131009},
		{"address nowhere", address(`{}`), 131008},
	})
}

func TestProducts(t *testing.T) {
	list := func(header, sections string) string {
		return `{"type":"product_list",` + header + `"body":{"text":"x"},"action":{"catalog_id":"c","sections":[` + sections + `]}}`
	}
	header := `"header":{"type":"text","text":"Our goods"},`
	items := func(n int) string {
		return `[` + strings.TrimSuffix(strings.Repeat(`{"product_retailer_id":"p"},`, n), ",") + `]`
	}
	run(t, "interactive", []tt{
		{"one product", `{"type":"product","action":{"catalog_id":"c","product_retailer_id":"p"}}`, 0},
		{"one product with a body", of("product", `{"catalog_id":"c","product_retailer_id":"p"}`), 0},
		{"no product", of("product", `{"catalog_id":"c"}`), 131008},
		{"product with a header", `{"type":"product","header":{"type":"text","text":"x"},"action":{"catalog_id":"c","product_retailer_id":"p"}}`, 100},
		{"list", list(header, `{"title":"A","product_items":`+items(30)+`}`), 0},
		{"list without a header", list("", `{"title":"A","product_items":`+items(1)+`}`), 131008},
		{"list with an image", list(`"header":{"type":"image","image":{"id":"1"}},`, `{"title":"A","product_items":`+items(1)+`}`), 131009},
		{"too many products", list(header, `{"title":"A","product_items":`+items(16)+`},{"title":"B","product_items":`+items(15)+`}`), 131009},
		{"untitled among several", list(header, `{"title":"A","product_items":`+items(1)+`},{"product_items":`+items(1)+`}`), 131008},
		{"catalog", of("catalog_message", `{"name":"catalog_message","parameters":{"thumbnail_product_retailer_id":"p"}}`), 0},
		{"catalog without a picture", of("catalog_message", `{"name":"catalog_message"}`), 0},
		{"catalog misnamed", of("catalog_message", `{"name":"catalog"}`), 131009},
	})
}

// order makes the parameters of an order, whose parts may be replaced.
func order(change ...string) string {
	text := `{"type":"order_details","body":{"text":"Your order"},"action":{"name":"review_and_pay","parameters":{"reference_id":"r-1",` +
		`"type":"digital-goods","payment_settings":[{"type":"payment_gateway"}],"currency":"INR","total_amount":{"value":1100,"offset":100},` +
		`"order":{"status":"pending","items":[{"retailer_id":"1","name":"Bread","amount":{"value":600,"offset":100},` +
		`"sale_amount":{"value":500,"offset":100},"quantity":2}],"subtotal":{"value":1000,"offset":100},"tax":{"value":100,"offset":100},` +
		`"shipping":{"value":100,"offset":100},"discount":{"value":100,"offset":100}}}}}`
	return strings.NewReplacer(change...).Replace(text)
}

// older puts an order into the shape of Meta's first payments API.
func older(order string, header ...string) string {
	_, bill, _ := strings.Cut(order, `"parameters":`)
	top := ""
	for _, h := range header {
		top = `"header":` + h + `,`
	}
	return `{"type":"order_details","order_details":{` + top + `"body":{"text":"Your order"},"action":` + strings.TrimSuffix(bill, `}}`) + `}}`
}

func TestOrders(t *testing.T) {
	status := func(order string) string {
		return of("order_status", `{"name":"review_order","parameters":{"reference_id":"r-1","order":`+order+`}}`)
	}
	run(t, "interactive", []tt{
		{"details", order(), 0},
		{"details in the older shape", older(order()), 0},
		{"details in the older shape do not add up", older(order(`"value":1100`, `"value":1101`)), 131009},
		{"details in the older shape with a provider", older(order(), `{"type":"image","image":{"link":"https://example.com/a.png","provider":{"name":"p"}}}`), 0},
		{"a provider in the newer shape", withHeader(`{"type":"image","image":{"link":"https://example.com/a.png","provider":{"name":"p"}}}`), 100},
		{"total does not add up", order(`"value":1100`, `"value":1101`), 131009},
		{"subtotal does not add up", order(`"quantity":2`, `"quantity":3`), 131009},
		{"no tax", order(`"tax"`, `"toll"`), 100},
		{"no payment", order(`"payment_settings":[{"type":"payment_gateway"}],`, ``), 131008},
		{"no reference", order(`"reference_id":"r-1",`, ``), 131008},
		{"reference too long", order(`r-1`, long(61)), 131009},
		{"offset", order(`{"value":1100,"offset":100}`, `{"value":1100,"offset":1000}`), 131009},
		{"fraction", order(`"value":1100`, `"value":1100.5`), 131009},
		{"status of another", order(`"pending"`, `"shipped"`), 131009},
		{"goods", order(`digital-goods`, `stolen-goods`), 131009},
		{"currency", order(`INR`, `RUPEE`), 131009},
		{"processing", status(`{"status":"processing","description":"soon"}`), 0},
		{"partially shipped", status(`{"status":"partially_shipped"}`), 0},
		{"status nobody knows", status(`{"status":"lost"}`), 131009},
		{"description too long", status(`{"status":"shipped","description":"` + long(121) + `"}`), 131009},
		{"no status", status(`{}`), 131008},
	})
}

// mediaCards makes a carousel of two cards with this image.
func mediaCards(image string, change ...string) string {
	card := func(i int) string {
		return fmt.Sprintf(`{"card_index":%d,"type":"cta_url","header":{"type":"image","image":%s},"body":{"text":"Card"},`+
			`"action":{"name":"cta_url","parameters":{"display_text":"Buy %d","url":"https://example.com/%d"}}}`, i, image, i, i)
	}
	return strings.NewReplacer(change...).Replace(of("carousel", `{"cards":[`+card(0)+`,`+card(1)+`]}`))
}

func TestCarousels(t *testing.T) {
	link := `{"link":"https://example.com/a.png"}`
	products := func(list ...string) string { return of("carousel", `{"cards":[`+strings.Join(list, ",")+`]}`) }
	card := func(i int, catalog string) string {
		return fmt.Sprintf(`{"card_index":%d,"type":"product","action":{"product_retailer_id":"p","catalog_id":"%s"}}`, i, catalog)
	}
	var eleven []string
	for i := range 11 {
		eleven = append(eleven, card(i%10, "c"))
	}
	quick := func(list string) string {
		one := `{"card_index":%d,"type":"cta_url","header":{"type":"video","video":{"id":"1"}},"action":{"buttons":[` + list + `]}}`
		return products(fmt.Sprintf(one, 0), fmt.Sprintf(one, 1))
	}
	run(t, "interactive", []tt{
		{"media", mediaCards(link), 0},
		{"quick replies", quick(`{"type":"quick_reply","quick_reply":{"id":"1","title":"A"}}`), 0},
		{"same quick reply", quick(`{"type":"quick_reply","quick_reply":{"id":"1","title":"A"}},{"type":"quick_reply","quick_reply":{"id":"1","title":"B"}}`), 131009},
		{"products", products(card(0, "c"), card(1, "c")), 0},
		{"one card", products(card(0, "c")), 131009},
		{"eleven cards", products(eleven...), 131009},
		{"two catalogs", products(card(0, "c"), card(1, "d")), 131009},
		{"mixed", products(card(0, "c"), strings.TrimSuffix(strings.SplitAfter(mediaCards(link), `"cards":[`)[1], `]}}`)), 131009},
		{"order of the cards", products(card(1, "c"), card(0, "c")), 131009},
		{"card body too long", mediaCards(link, `"Card"`, `"`+long(161)+`"`), 131009},
		{"card body of many lines", mediaCards(link, `"Card"`, `"a\nb\nc\nd"`), 131009},
		{"label too long", mediaCards(link, `Buy 1`, long(21)), 131009},
		{"no header", mediaCards(link, `"header":{"type":"image","image":`+link+`},`, ``), 131008},
		{"document header", mediaCards(link, `"image"`, `"document"`), 131009},
		{"footer", strings.Replace(mediaCards(link), `"action":{"cards"`, `"footer":{"text":"x"},"action":{"cards"`, 1), 100},
		{"type nobody knows", mediaCards(link, `"type":"cta_url"`, `"type":"poem"`), 131009},
	})
}
