package template

import "encoding/json"

// usual are the templates that every account has from the start.
func usual() []Template {
	const (
		order = `[{"type":"BODY","text":"Hi {{1}}, your order of {{2}} items is on its way.","example":{"body_text":[["Ada","3"]]}}]`
		hindi = `[{"type":"BODY","text":"नमस्ते {{1}}, आपके {{2}} सामान का ऑर्डर रास्ते में है।","example":{"body_text":[["Ada","3"]]}}]`
		hello = `[{"type":"HEADER","format":"TEXT","text":"Hello World"},{"type":"BODY","text":"This message shows that the number ` +
			`can send. Thank you for trying it."},{"type":"FOOTER","text":"The simulator"}]`
		invoice = `[{"type":"HEADER","format":"DOCUMENT","example":{"header_handle":["4:c2FtcGxl"]}},` +
			`{"type":"BODY","text":"Your invoice {{1}} is ready.","example":{"body_text":[["2026-001"]]}},` +
			`{"type":"BUTTONS","buttons":[{"type":"URL","text":"Pay now","url":"https://shop.example/pay/{{1}}","example":["https://shop.example/pay/7"]}]}]`
		spring = `[{"type":"HEADER","format":"IMAGE","example":{"header_handle":["4:c2FtcGxl"]}},` +
			`{"type":"BODY","text":"Spring is here, {{1}}! Everything green is cheaper.","example":{"body_text":[["Ada"]]}},` +
			`{"type":"BUTTONS","buttons":[{"type":"QUICK_REPLY","text":"Show me"},{"type":"QUICK_REPLY","text":"No more offers"}]}]`
		login = `[{"type":"BODY","text":"*{{1}}* is your verification code.","add_security_recommendation":true,"example":{"body_text":[["123456"]]}},` +
			`{"type":"FOOTER","code_expiration_minutes":10},` +
			`{"type":"BUTTONS","buttons":[{"type":"OTP","otp_type":"COPY_CODE","text":"Copy code"}]}]`
		card = `{"components":[{"type":"HEADER","format":"IMAGE","example":{"header_handle":["4:c2FtcGxl"]}},` +
			`{"type":"BODY","text":"Only today: {{1}} off.","example":{"body_text":[["10%"]]}},` +
			`{"type":"BUTTONS","buttons":[{"type":"URL","text":"See it","url":"https://shop.example/deals"}]}]}`
		deals = `[{"type":"BODY","text":"Our deals of the week."},{"type":"CAROUSEL","cards":[` + card + `,` + card + `]}]`
		flash = `[{"type":"LIMITED_TIME_OFFER","limited_time_offer":{"text":"Ends soon!","has_expiration":true}},` +
			`{"type":"BODY","text":"Hi {{1}}, the code is good for a short time only.","example":{"body_text":[["Ada"]]}},` +
			`{"type":"BUTTONS","buttons":[{"type":"COPY_CODE","example":"FLASH25"},` +
			`{"type":"URL","text":"Shop now","url":"https://shop.example/flash?c={{1}}","example":["https://shop.example/flash?c=7"]}]}]`
	)
	list := []Template{
		{Name: "hello_world", Language: "en_US", Category: Utility, Components: json.RawMessage(hello)},
		{Name: "order_update", Language: "en", Category: Utility, Components: json.RawMessage(order)},
		{Name: "order_update", Language: "hi", Category: Utility, Components: json.RawMessage(hindi)},
		{Name: "invoice_ready", Language: "en", Category: Utility, Components: json.RawMessage(invoice)},
		{Name: "spring_sale", Language: "en", Category: Marketing, Components: json.RawMessage(spring)},
		{Name: "login_code", Language: "en", Category: Authentication, Components: json.RawMessage(login)},
		{Name: "deal_cards", Language: "en", Category: Marketing, Components: json.RawMessage(deals)},
		{Name: "flash_offer", Language: "en", Category: Marketing, Components: json.RawMessage(flash)},
	}
	for i := range list {
		list[i].Format, list[i].Quality = formatPositional, "GREEN"
		list[i].setStatus(Approved)
	}
	return list
}
