package template_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/waypost/waypost/internal/sim/template"
)

// message makes the object of a template message.
func message(name, language string, components ...string) string {
	return `{"name":"` + name + `","language":{"code":"` + language + `"},"components":[` + strings.Join(components, ",") + `]}`
}

func texts(kind string, values ...string) string {
	var list []string
	for _, v := range values {
		list = append(list, `{"type":"text","text":"`+v+`"}`)
	}
	return `{"type":"` + kind + `","parameters":[` + strings.Join(list, ",") + `]}`
}

func header(kind, object string) string {
	return `{"type":"header","parameters":[{"type":"` + kind + `","` + kind + `":` + object + `}]}`
}

func press(subType, index, parameter string) string {
	return `{"type":"button","sub_type":"` + subType + `","index":` + index + `,"parameters":[` + parameter + `]}`
}

const (
	pdf      = `{"link":"https://example.com/a.pdf","filename":"a.pdf"}`
	photo    = `{"id":"77"}`
	path     = `{"type":"text","text":"7"}`
	coupon   = `{"type":"coupon_code","coupon_code":"FLASH25"}`
	deadline = `{"type":"limited_time_offer","parameters":[{"type":"limited_time_offer","limited_time_offer":{"expiration_time_ms":1790000000000}}]}`
)

func cards(list ...string) string {
	for i, c := range list {
		list[i] = `{"card_index":` + string(rune('0'+i)) + `,"components":[` + c + `]}`
	}
	return `{"type":"carousel","cards":[` + strings.Join(list, ",") + `]}`
}

func TestFit(t *testing.T) {
	deal := header("image", photo) + `,` + texts("body", "10%")
	for _, tt := range []struct {
		name, message string
		code          int
		text          string
	}{
		{"nothing to fill in", message("hello_world", "en_US"), 0, "This message shows"},
		{"no components", `{"name":"hello_world","language":{"code":"en_US","policy":"deterministic"}}`, 0, ""},
		{"two words", message("order_update", "en", texts("body", "Ada", "{{1}}")), 0, "Hi Ada, your order of {{1}} items is on its way."},
		{"another language", message("order_update", "hi", texts("BODY", "Ada", "3")), 0, "नमस्ते Ada"},
		{"money and date", message("order_update", "en", `{"type":"body","parameters":[{"type":"currency","currency":{"fallback_value":"$3","code":"USD","amount_1000":3000}},{"type":"date_time","date_time":{"fallback_value":"May 1"}}]}`), 0, "Hi $3, your order of May 1"},
		{"document and address", message("invoice_ready", "en", header("document", pdf), texts("body", "7"), press("url", `"0"`, path)), 0, "Your invoice 7 is ready."},
		{"picture", message("spring_sale", "en", header("image", photo), texts("body", "Ada")), 0, ""},
		{"payloads", message("spring_sale", "en", header("image", photo), texts("body", "Ada"), press("QUICK_REPLY", "1", `{"type":"payload","payload":"stop"}`)), 0, ""},
		{"password", message("login_code", "en", texts("body", "123456"), press("url", "0", `{"type":"text","text":"123456"}`)), 0, "*123456* is your verification code."},
		{"cards", message("deal_cards", "en", cards(deal, deal)), 0, "Our deals"},
		{"offer", message("flash_offer", "en", texts("body", "Ada"), deadline, press("copy_code", "0", coupon), press("url", "1", path)), 0, ""},

		{"no name", `{"language":{"code":"en"}}`, 131008, ""},
		{"no language", `{"name":"hello_world"}`, 131008, ""},
		{"no code", `{"name":"hello_world","language":{}}`, 131008, ""},
		{"language as text", `{"name":"hello_world","language":"en_US"}`, 100, ""},
		{"unexpected key", `{"name":"hello_world","language":{"code":"en_US"},"body":"x"}`, 100, ""},
		{"policy", `{"name":"hello_world","language":{"code":"en_US","policy":"fallback"}}`, 131009, ""},
		{"component nobody knows", message("hello_world", "en_US", `{"type":"side","parameters":[]}`), 131009, ""},
		{"parameter nobody knows", message("order_update", "en", `{"type":"body","parameters":[{"type":"smell"}]}`), 131009, ""},
		{"parameter without its object", message("order_update", "en", `{"type":"body","parameters":[{"type":"text"},{"type":"text","text":"3"}]}`), 131008, ""},
		{"coupon too long", message("flash_offer", "en", press("copy_code", "0", `{"type":"coupon_code","coupon_code":"`+long(21)+`"}`)), 131009, ""},

		{"unknown name", message("nobody", "en"), 132001, ""},
		{"unknown language", message("hello_world", "en"), 132001, ""},
		{"too few words", message("order_update", "en", texts("body", "Ada")), 132000, ""},
		{"no words", message("order_update", "en"), 132000, ""},
		{"too many words", message("order_update", "en", texts("body", "Ada", "3", "4")), 132000, ""},
		{"words for a template without", message("hello_world", "en_US", texts("body", "Ada")), 132000, ""},
		{"header for a template without", message("order_update", "en", header("image", photo), texts("body", "Ada", "3")), 132000, ""},
		{"two bodies", message("order_update", "en", texts("body", "Ada", "3"), texts("body", "Ada", "3")), 100, ""},
		{"picture in a text", message("order_update", "en", `{"type":"body","parameters":[{"type":"image","image":`+photo+`},{"type":"text","text":"3"}]}`), 132012, ""},
		{"line break", message("order_update", "en", texts("body", `A\nda`, "3")), 132007, ""},
		{"many spaces", message("order_update", "en", texts("body", "A     da", "3")), 132007, ""},
		{"too long in the end", message("order_update", "en", texts("body", long(1010), "3")), 132005, ""},
		{"picture for a document", message("invoice_ready", "en", header("image", photo), texts("body", "7"), press("url", "0", path)), 132012, ""},
		{"no document", message("invoice_ready", "en", texts("body", "7"), press("url", "0", path)), 132012, ""},
		{"no address", message("invoice_ready", "en", header("document", pdf), texts("body", "7")), 131008, ""},
		{"payload for an address", message("invoice_ready", "en", header("document", pdf), texts("body", "7"), press("url", "0", `{"type":"payload","payload":"7"}`)), 132012, ""},
		{"button of another type", message("invoice_ready", "en", header("document", pdf), texts("body", "7"), press("quick_reply", "0", path)), 132012, ""},
		{"button that is not there", message("invoice_ready", "en", header("document", pdf), texts("body", "7"), press("url", "1", path)), 132012, ""},
		{"button twice", message("invoice_ready", "en", header("document", pdf), texts("body", "7"), press("url", "0", path), press("url", "0", path)), 132012, ""},
		{"password without its button", message("login_code", "en", texts("body", "123456")), 131008, ""},
		{"password too long", message("login_code", "en", texts("body", strings.Repeat("1", 16)), press("url", "0", `{"type":"text","text":"1"}`)), 131009, ""},
		{"no cards", message("deal_cards", "en"), 131008, ""},
		{"one card", message("deal_cards", "en", cards(deal)), 132012, ""},
		{"card without a picture", message("deal_cards", "en", cards(deal, texts("body", "10%"))), 132012, ""},
		{"card without its word", message("deal_cards", "en", cards(deal, header("image", photo))), 132000, ""},
		{"variable for a fixed address", message("deal_cards", "en", cards(deal, deal+`,`+press("url", "0", path))), 132000, ""},
		{"cards for a template without", message("hello_world", "en_US", cards(deal, deal)), 132012, ""},
		{"offer without an end", message("flash_offer", "en", texts("body", "Ada"), press("copy_code", "0", coupon), press("url", "1", path)), 131008, ""},
		{"offer without a code", message("flash_offer", "en", texts("body", "Ada"), deadline, press("url", "1", path)), 131008, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var text string
			send, err := template.ReadSend(json.RawMessage(tt.message))
			if err == nil {
				_, text, err = store().Fit(waba, send)
			}
			if code, _ := codeOf(t, err); code != tt.code {
				t.Fatalf("%s\ngot %d (%v), want %d", tt.message, code, err, tt.code)
			}
			if !strings.Contains(text, tt.text) {
				t.Errorf("text %q, want %q", text, tt.text)
			}
		})
	}
}

func TestFitGoesByTheStatus(t *testing.T) {
	for status, want := range map[string]int{
		template.Approved: 0, template.Pending: 132001, template.Rejected: 132001, template.Paused: 132015, template.Disabled: 132016,
	} {
		s := store()
		if _, err := s.Put(waba, json.RawMessage(draft("UTILITY", wellPut)), status); err != nil {
			t.Fatal(err)
		}
		send, err := template.ReadSend(json.RawMessage(message("news", "en_US")))
		if err != nil {
			t.Fatal(err)
		}
		_, _, err = s.Fit(waba, send)
		if code, _ := codeOf(t, err); code != want {
			t.Errorf("%s: %d, want %d", status, code, want)
		}
	}
}

func TestFitOfNamedVariables(t *testing.T) {
	s := store()
	raw := `{"name":"named","language":"en","category":"UTILITY","parameter_format":"NAMED","components":[` + body("Hi {{first_name}}, {{what}} is here.") + `]}`
	if _, err := s.Put(waba, json.RawMessage(raw), template.Approved); err != nil {
		t.Fatal(err)
	}
	word := func(name, text string) string {
		return `{"type":"text","text":"` + text + `","parameter_name":"` + name + `"}`
	}
	for _, tt := range []struct {
		one, two string
		code     int
	}{
		{word("what", "spring"), word("first_name", "Ada"), 0},
		{word("what", "spring"), word("", "Ada"), 100},
		{word("what", "spring"), word("name", "Ada"), 132012},
	} {
		send, err := template.ReadSend(json.RawMessage(message("named", "en", `{"type":"body","parameters":[`+tt.one+`,`+tt.two+`]}`)))
		if err != nil {
			t.Fatal(err)
		}
		_, text, err := s.Fit(waba, send)
		if code, _ := codeOf(t, err); code != tt.code || (code == 0 && text != "Hi Ada, spring is here.") {
			t.Errorf("%s %s: %v, text %q, want %d", tt.one, tt.two, err, text, tt.code)
		}
	}
}

func TestMediaOfASendAreCollected(t *testing.T) {
	deal := header("image", photo) + `,` + texts("body", "10%")
	send, err := template.ReadSend(json.RawMessage(message("deal_cards", "en", cards(deal, deal))))
	if err != nil || len(send.Media) != 2 || send.Media[1].ID != "77" || send.Media[1].Kind != "image" {
		t.Errorf("%+v, %v", send.Media, err)
	}
}

func TestFitOfRareParts(t *testing.T) {
	s := store()
	raw := `{"name":"rare","language":"en","category":"MARKETING","components":[%HEADER%{"type":"BODY","text":"Look."},` + buttons(`%BUTTON%`) + `]}`
	action := `{"type":"action","action":{"flow_token":"t"}}`
	place := header("location", `{"latitude":1,"longitude":"2","name":"n","address":"a"}`)
	goods := header("product", `{"product_retailer_id":"p","catalog_id":"c"}`)
	for _, tt := range []struct {
		header, button string
		sent           []string
		code           int
	}{
		{"", `{"type":"FLOW","text":"Go","flow_id":"1"}`, []string{press("flow", "0", action)}, 0},
		{"", `{"type":"FLOW","text":"Go","flow_id":"1"}`, nil, 0},
		{"", `{"type":"FLOW","text":"Go","flow_id":"1"}`, []string{press("flow", "0", path)}, 132012},
		{"", `{"type":"CATALOG","text":"Go"}`, []string{press("CATALOG", "0", action)}, 0},
		{"", `{"type":"MPM","text":"Go"}`, nil, 131008},
		{"", `{"type":"MPM","text":"Go"}`, []string{press("mpm", "0", action)}, 0},
		{"", `{"type":"VOICE_CALL","text":"Go"}`, []string{press("voice_call", "0", `{"type":"ttl_minutes","ttl_minutes":100},{"type":"payload","payload":"x"}`)}, 0},
		{"", `{"type":"PHONE_NUMBER","text":"Go","phone_number":"1"}`, []string{press("phone_number", "0", path)}, 132012},
		{"LOCATION", `{"type":"QUICK_REPLY","text":"Go"}`, []string{place}, 0},
		{"LOCATION", `{"type":"QUICK_REPLY","text":"Go"}`, []string{goods}, 132012},
		{"PRODUCT", `{"type":"QUICK_REPLY","text":"Go"}`, []string{goods}, 0},
		{"PRODUCT", `{"type":"SPM","text":"Go"}`, nil, 132012},
	} {
		head := ""
		if tt.header != "" {
			head = `{"type":"HEADER","format":"` + tt.header + `"},`
		}
		if _, err := s.Put(waba, json.RawMessage(strings.NewReplacer("%HEADER%", head, "%BUTTON%", tt.button).Replace(raw)), template.Approved); err != nil {
			t.Fatal(err)
		}
		send, err := template.ReadSend(json.RawMessage(message("rare", "en", tt.sent...)))
		if err == nil {
			_, _, err = s.Fit(waba, send)
		}
		if code, _ := codeOf(t, err); code != tt.code {
			t.Errorf("%s %s %s: %v, want %d", tt.header, tt.button, tt.sent, err, tt.code)
		}
	}
}
