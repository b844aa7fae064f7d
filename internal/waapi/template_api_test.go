package waapi

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/waypost/waypost/internal/wa"
)

// sent sends one message as the fixture's writer and returns what was accepted.
func (g *gateway) sent(t *testing.T, rest string) wa.Content {
	t.Helper()
	w := g.do(http.MethodPost, "/api/v2/message/", "token", `{"message":[{"recipient_whatsapp":"`+writer+`",`+rest+`}]}`)
	if !strings.Contains(w.Body.String(), `"success"`) {
		t.Fatalf("%s: %s", rest, w.Body)
	}
	ms := g.waiting()
	if len(ms) != 1 {
		t.Fatalf("%d messages wait", len(ms))
	}
	return ms[0].Content
}

// What was guessed without the template is put right with it.
func TestAKnownTemplateSaysWhereValuesBelong(t *testing.T) {
	texts := func(values ...string) []wa.Parameter {
		var list []wa.Parameter
		for _, v := range values {
			list = append(list, wa.Parameter{Kind: wa.ParameterText, Text: v})
		}
		return list
	}
	button := func(kind wa.ButtonKind, index int, p wa.Parameter) wa.Component {
		return wa.Component{Kind: wa.ComponentButton, Button: kind, Index: index, Parameters: []wa.Parameter{p}}
	}
	image := &wa.Media{Kind: wa.KindImage, Link: "https://files.example/p.png"}
	for _, row := range []struct {
		name, rest string
		want       wa.Template
	}{
		{
			"the link of a button", `"message_type":"media_template","type_template":[{"name":"invoice_ready","attributes":["7"],"language":{"locale":"en"}}],` +
				`"type_media_template":{"type":"document","url":"https://files.example/a.pdf","button":[{"index":"0","payload":"https://shop.example/pay/7"}]}`,
			wa.Template{Name: "invoice_ready", Language: "en", Components: []wa.Component{
				{Kind: wa.ComponentHeader, Parameters: []wa.Parameter{{Kind: wa.ParameterDocument, Media: &wa.Media{
					Kind: wa.KindDocument, Link: "https://files.example/a.pdf", Filename: "a.pdf",
				}}}},
				{Kind: wa.ComponentBody, Parameters: texts("7")},
				button(wa.ButtonURL, 0, wa.Parameter{Kind: wa.ParameterText, Text: "7"}),
			}},
		},
		{
			"a payload that looks like a link", `"message_type":"media_template","type_template":[{"name":"spring_sale","attributes":["Ada"],"language":{"locale":"en"}}],` +
				`"type_media_template":{"type":"image","url":"https://files.example/p.png","button":[{"index":"1","payload":"order/7"}]}`,
			wa.Template{Name: "spring_sale", Language: "en", Components: []wa.Component{
				{Kind: wa.ComponentHeader, Parameters: []wa.Parameter{{Kind: wa.ParameterImage, Media: image}}},
				{Kind: wa.ComponentBody, Parameters: texts("Ada")},
				button(wa.ButtonQuickReply, 1, wa.Parameter{Kind: wa.ParameterPayload, Text: "order/7"}),
			}},
		},
		{
			"a code", `"message_type":"template","type_template":[{"name":"login_code","attributes":["123456"],"language":{"locale":"en"}}]`,
			wa.Template{Name: "login_code", Language: "en", Components: []wa.Component{
				{Kind: wa.ComponentBody, Parameters: texts("123456")},
				button(wa.ButtonURL, 0, wa.Parameter{Kind: wa.ParameterText, Text: "123456"}),
			}},
		},
		{
			"a code in Meta's components", `"message_type":"template","type_template":{"name":"login_code","language":{"code":"en"},"components":[` +
				`{"type":"body","parameters":[{"type":"text","text":"123456"}]},{"type":"button","sub_type":"url","index":"0","parameters":[{"type":"text","text":"123456"}]}]}`,
			wa.Template{Name: "login_code", Language: "en", Components: []wa.Component{
				{Kind: wa.ComponentBody, Parameters: texts("123456")},
				button(wa.ButtonURL, 0, wa.Parameter{Kind: wa.ParameterText, Text: "123456"}),
			}},
		},
		{
			"components, the body first", `"message_type":"template","type_template":{"name":"visit_reminder","language":{"code":"en"},"components":[` +
				`{"type":"body","parameters":[{"type":"text","text":"Ada"},{"type":"text","text":"Monday"}]},{"type":"header","parameters":[{"type":"text","text":"the shop"}]}]}`,
			wa.Template{Name: "visit_reminder", Language: "en", Components: []wa.Component{
				{Kind: wa.ComponentHeader, Parameters: texts("the shop")}, {Kind: wa.ComponentBody, Parameters: texts("Ada", "Monday")},
			}},
		},
		{
			"attributes for names", `"message_type":"template","type_template":[{"name":"tour_reminder","attributes":["the shop","Ada","Monday"],"language":{"locale":"en"}}]`,
			wa.Template{Name: "tour_reminder", Language: "en", Components: []wa.Component{
				{Kind: wa.ComponentHeader, Parameters: []wa.Parameter{{Kind: wa.ParameterText, Name: "place", Text: "the shop"}}},
				{Kind: wa.ComponentBody, Parameters: []wa.Parameter{
					{Kind: wa.ParameterText, Name: "who", Text: "Ada"}, {Kind: wa.ParameterText, Name: "day", Text: "Monday"},
				}},
			}},
		},
		{
			"components of an unknown template, and that they are is forgotten", `"message_type":"template","type_template":{"name":"no_such",` +
				`"language":{"code":"en"},"components":[{"type":"body","parameters":[{"type":"text","text":"Ada"}]}]}`,
			wa.Template{Name: "no_such", Language: "en", Components: []wa.Component{{Kind: wa.ComponentBody, Parameters: texts("Ada")}}},
		},
		{
			"another language", `"message_type":"template","type_template":[{"name":"order_update","attributes":["Ada","3"],"language":{"locale":"en_GB","policy":"fallback"}}]`,
			wa.Template{Name: "order_update", Language: "en", Components: []wa.Component{{Kind: wa.ComponentBody, Parameters: texts("Ada", "3")}}},
		},
		{
			"unknown, and fallback is forgotten", `"message_type":"template","type_template":[{"name":"no_such","language":{"locale":"en_GB","policy":"fallback"}}]`,
			wa.Template{Name: "no_such", Language: "en_GB"},
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			g := newGateway(t)
			if diff := cmp.Diff(wa.Content(row.want), g.sent(t, row.rest)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// Whole addresses as payloads need the template: Meta takes the end of one. So a
// name that is not here is looked for at Meta before it is guessed at.
func TestAnUnknownTemplateIsLookedForOnce(t *testing.T) {
	g := newGateway(t)
	const source = `{"id":"new","name":"New","phone_number_id":"1099195","waba_id":"2195","display_phone_number":"15550108895","skip_optin":true,"access_token":"canary-NEW","app_secret":"canary-0123"}`
	if w := g.do(http.MethodPost, "/api/v2/source/", "token", source); !strings.Contains(w.Body.String(), `"success"`) {
		t.Fatal(w.Body)
	}
	g.graph.asked = nil
	got, ok := g.sent(t, `"source":"new","message_type":"media_template","type_template":[{"name":"invoice_ready","attributes":["7"],"language":{"locale":"en"}}],`+
		`"type_media_template":{"type":"document","url":"https://files.example/a.pdf","button":[{"index":"0","payload":"https://shop.example/pay/7"}]}`).(wa.Template)
	if last := got.Components[len(got.Components)-1]; !ok || last.Button != wa.ButtonURL || last.Parameters[0].Text != "7" {
		t.Errorf("sent %+v", got)
	}
	pages := len(g.graph.asked)
	if want := (len(g.graph.list) + 2) / 3; pages != want {
		t.Errorf("Meta was asked %d times, want %d pages", pages, want)
	}
	const unknown = `{"recipient_whatsapp":"` + writer + `","source":"new","message_type":"template","type_template":[{"name":"no_such","language":{"locale":"en"}}]}`
	w := g.do(http.MethodPost, "/api/v2/message/", "token", `{"message":[`+unknown+`,`+unknown+`]}`)
	if !strings.Contains(w.Body.String(), `"success"`) || len(g.graph.asked) != pages {
		t.Errorf("Meta was asked %d times more: %s", len(g.graph.asked)-pages, w.Body)
	}
}

// A copy is an account's own, even where two share a WABA.
func TestTemplatesOfAnotherAccountAreNotChanged(t *testing.T) {
	g := newGateway(t)
	const made = `{"name":"mine","language":"en","category":"UTILITY","components":[{"type":"BODY","text":"Hi"}]}`
	if w := g.do(http.MethodPost, "/api/v2/metainfo/template/create", "token", made); !strings.Contains(w.Body.String(), `"success"`) {
		t.Fatal(w.Body)
	}
	if w := g.do(http.MethodGet, "/api/v2/metainfo/template/status?templatename=mine", "beta_token", ""); !strings.Contains(w.Body.String(), `"8009"`) {
		t.Errorf("beta sees %s", w.Body)
	}
}

// Whatever Meta has no field for is for us, wherever it stands: the call carries
// the source's token. Of a field that is in query and body the body's counts.
func TestOnlyMetasFieldsGoToMeta(t *testing.T) {
	g := newGateway(t)
	for path, body := range map[string]string{
		"create?nonce=1&source=" + seedSource: `{"name":"mine","language":"en","category":"UTILITY","components":[],"nc_payload":{},"message_send_ttl_seconds":60,"fields":"access_token","access_token":"x","id":"9"}`,
		"create?nonce=2":                      `{"meta_payload":{"name":"theirs","language":"en","category":"UTILITY","components":[],"method":"delete"}}`,
		"create?name=ours&language=en&category=MARKETING&parameter_format=NAMED&access_token=x":                                                                   `{"category":"UTILITY","components":[]}`,
		"create?name=true&language=fr&message_send_ttl_seconds=60&allow_category_change=true&components=%5B%7B%22type%22%3A%22BODY%22%7D%5D&source=" + seedSource: `{"meta_payload":{"category":"UTILITY","language":"en"}}`,
		"edit?message_send_ttl_seconds=1&name=order_update&language=hi":                                                                                           `{"name":"order_update","language":"en","meta_payload":{"message_send_ttl_seconds":90}}`,
		"edit?nonce=1&template_id=7000000000000001":                                                                                                               `{"components":[],"message_send_ttl_seconds":60,"app_id":"1"}`,
	} {
		if w := g.do(http.MethodPost, "/api/v3/metainfo/template/"+path, "token", body); !strings.Contains(w.Body.String(), `"success"`) {
			t.Errorf("%s: %s", path, w.Body)
		}
	}
	want := []string{
		`{"category":"UTILITY","components":[],"language":"en","message_send_ttl_seconds":60,"name":"mine"}`,
		`{"category":"UTILITY","components":[],"language":"en","name":"theirs"}`,
		`{"category":"UTILITY","components":[],"language":"en","name":"ours","parameter_format":"NAMED"}`,
		`{"allow_category_change":true,"category":"UTILITY","components":[{"type":"BODY"}],"language":"en","message_send_ttl_seconds":60,"name":"true"}`,
		`{"components":[],"message_send_ttl_seconds":60}`,
		`{"message_send_ttl_seconds":90}`,
	}
	slices.Sort(want)
	slices.Sort(g.graph.changes)
	if diff := cmp.Diff(want, g.graph.changes); diff != "" {
		t.Errorf("Meta got (-want +got):\n%s", diff)
	}
}

// Every word is served under both versions, with the word template and without.
func TestMetainfoPaths(t *testing.T) {
	g := newGateway(t)
	for _, base := range []string{"/api/v2/metainfo/", "/api/v3/metainfo/", "/api/v2/metainfo/template/", "//api/v3//metainfo/template//"} {
		for _, path := range []string{
			"list", "status?templatename=order_update", "preview/?templateid=7000000000000001", "categorylist", "languagelist",
			"display_number_details", "profiledetails/", "analytics?template_id=7000000000000001&date_start=2026-08-01",
		} {
			if w := g.do(http.MethodGet, base+path, "token", ""); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), `"success"`) {
				t.Errorf("%s%s: %d %s", base, path, w.Code, w.Body)
			}
		}
	}
}

// The list goes to the client as Meta wrote it; the token that is in Meta's own
// paging does not.
func TestNothingOfATokenIsListed(t *testing.T) {
	g := newGateway(t)
	w := g.do(http.MethodGet, "/api/v2/metainfo/template/list", "token", "")
	g.noSecretsIn(t, w.Body.String())
	g.noSecretsIn(t, g.logs.String())
	if calls, pages := len(g.graph.asked), (len(g.graph.list)+2)/3; calls != 2*pages {
		t.Errorf("Meta was asked %d times, want %d pages for each account", calls, pages)
	}
}
