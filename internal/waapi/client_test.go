package waapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
)

// Requests as the vendor's documentation and its own client send them, and as
// the clients do that are named by the short names of the wire reference
// (waapi.md), played by a real HTTP client.

// clientCall is one call of a client and what that client reads of the answer.
type clientCall struct {
	who, method, path string
	// header comes on top of the usual ones, in the letter case given here.
	header map[string]string
	// body has names as in the case files.
	body string
	// reads are paths into the answer, such as data.id or data.0.name: each has
	// to be there and not be empty.
	reads []string
	// strict is a client that fails on every key it does not know.
	strict bool
}

// client never follows a redirect: clients would turn their POST into a GET.
func client() *http.Client {
	return &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return errors.New("redirected") }}
}

// arrived is an answer as a client has it.
type arrived struct {
	status int
	header http.Header
	// length is the Content-Length, -1 if there is none.
	length int64
	body   []byte
}

func read(t *testing.T, c *http.Client, r *http.Request) arrived {
	t.Helper()
	resp, err := c.Do(r)
	check(t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	check(t, err)
	return arrived{resp.StatusCode, resp.Header, resp.ContentLength, body}
}

func (g *gateway) request(t *testing.T, method, path string, header map[string]string, body io.Reader) arrived {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, g.http.URL+path, body)
	check(t, err)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+g.names["token"])
	for name, value := range header {
		r.Header.Del(name)
		r.Header[name] = []string{g.expand(t, value)}
	}
	return read(t, client(), r)
}

// play plays the call and checks what every client checks: HTTP 200 exactly
// and the word success, and then what this one reads.
func (c clientCall) play(t *testing.T, g *gateway) {
	t.Helper()
	got := g.request(t, c.method, g.expand(t, c.path), c.header, strings.NewReader(g.expand(t, c.body)))
	var answer map[string]any
	if err := json.Unmarshal(got.body, &answer); err != nil || got.status != http.StatusOK || answer["status"] != "success" {
		t.Fatalf("%d %s", got.status, got.body)
	}
	if ct := got.header.Get("Content-Type"); ct != "application/json" || got.length != int64(len(got.body)) {
		t.Errorf("Content-Type %q, Content-Length %d of %d", ct, got.length, len(got.body))
	}
	for _, path := range c.reads {
		if v := lookUp(answer, path); v == nil || v == "" {
			t.Errorf("no %s in %s", path, got.body)
		}
	}
	if c.strict {
		onlyKnown(t, answer, "status", "message", "data")
		if inner, ok := answer["data"].(map[string]any); ok {
			onlyKnown(t, inner, "id")
		}
	}
}

func lookUp(v any, path string) any {
	for step := range strings.SplitSeq(path, ".") {
		switch in := v.(type) {
		case map[string]any:
			v = in[step]
		case []any:
			i, err := strconv.Atoi(step)
			if err != nil || i >= len(in) {
				return nil
			}
			v = in[i]
		default:
			return nil
		}
	}
	return v
}

func onlyKnown(t *testing.T, o map[string]any, known ...string) {
	t.Helper()
	for key := range o {
		if !strings.Contains(" "+strings.Join(known, " ")+" ", " "+key+" ") {
			t.Errorf("the client does not know %q", key)
		}
	}
}

// sends are sends to /api/v2/message and its aliases. Each reads the id.
func sends() []clientCall {
	const path = "/api/v2/message/"
	return []clientCall{
		{who: "the vendor's page, text", path: path, body: `{"message":[{"recipient_whatsapp":"{writer}","recipient_type":"individual","message_type":"text",
			"source":"{source}","x-apiheader":"order-42","type_text":[{"preview_url":"false","content":"hello"}]}]}`},
		{who: "the vendor's page, media by id", path: path, body: `{"message":[{"recipient_whatsapp":"{writer}","message_type":"media","recipient_type":"individual",
			"source":"{source}","x-apiheader":"order-42","type_media":[{"attachments":[{"attachment_id":"{document}","caption":"hi"}]}]}]}`},
		{who: "the vendor's page, media by URL", path: path, body: `{"message":[{"recipient_whatsapp":"{writer}","recipient_type":"individual","message_type":"media",
			"type_media":[{"attachments":[{"attachment_url":"https://files.example/p.jpg","attachment_type":"image","caption":"hi"}]}]}]}`},
		{who: "the vendor's page, location", path: path, body: `{"message":[{"recipient_whatsapp":"{writer}","recipient_type":"individual","message_type":"location",
			"source":"{source}","type_location":[{"longitude":77.59,"latitude":12.97,"name":"Office","address":"1 Main Street"}]}]}`},
		{who: "the vendor's page, template with ttl", path: path, body: `{"message":[{"recipient_whatsapp":"{optedin}","message_type":"template","recipient_type":"individual",
			"source":"{source}","ttl":1,"type_template":[{"name":"order_update","attributes":["Ada","5"],"language":{"locale":"en","policy":"deterministic"}}]}]}`},
		{who: "MCP1 text", path: "/api/v2/message/nc", body: `{"message":[{"recipient_whatsapp":"{writer}","message_type":"text","recipient_type":"individual",
			"source":"","x-apiheader":"","type_text":[{"preview_url":"true","content":"see https://shop.example"}]}]}`},
		{who: "MCP1 template", path: "/api/v2/message/nc/priority", body: `{"message":[{"recipient_whatsapp":"{optedin}","message_type":"template","recipient_type":"individual",
			"source":"","x-apiheader":"","cta_link_track":1,"type_template":[{"name":"order_update","attributes":["Ada","5"],"language":{"locale":"en","policy":"deterministic"}}]}]}`},
		{who: "MCP2 media_template", path: path, body: `{"message":[{"recipient_whatsapp":"{optedin}","recipient_type":"individual","message_type":"media_template","source":"",
			"cta_link_track":"1","type_media_template":{"type":"document","url":"https://files.example/a.pdf","filename":"a.pdf","button":[{"index":"0","payload":"https://shop.example/x"}]},
			"type_template":[{"name":"invoice_ready","attributes":["March"],"language":{"locale":"en","policy":"deterministic"}}]}]}`},
		{who: "MCP2 media_template without media", path: path, body: `{"message":[{"recipient_whatsapp":"{optedin}","message_type":"media_template",
			"type_template":[{"name":"hello_world","language":{"locale":"en_US"}}]}]}`},
		{who: "UCI text", path: "/api/v2//message/", strict: true, body: `{"message":[{"recipient_whatsapp":"{writer}","recipient_type":"individual","message_type":"text","source":"{source}",
			"x-apiheader":null,"type_text":[{"preview_url":"false","content":"hello"}],"type_media":null,"type_template":null,"type_interactive":null,"type_location":null,
			"type_media_template":null,"details":null,"status":null}]}`},
		{who: "UCI media", path: "/api/v2//message/", strict: true, body: `{"message":[{"recipient_whatsapp":"{writer}","message_type":"media","type_text":null,
			"type_media":[{"attachments":[{"attachment_url":"https://files.example/p.jpg","attachment_type":"image","caption":null}]}],"details":null}]}`},
		{who: "UCI buttons", path: "/api/v2//message/", strict: true, body: `{"message":[{"recipient_whatsapp":"{writer}","message_type":"interactive","type_text":null,
			"type_interactive":[{"type":"button","header":null,"body":"Well?","footer":null,"action":[{"button":null,"sections":null,
			"buttons":[{"type":"reply","reply":{"id":"yes","title":"Yes"}},{"type":"reply","reply":{"id":"no","title":"No"}}]}]}]}]}`},
		{who: "UCI list", path: "/api/v2//message/", strict: true, body: `{"message":[{"recipient_whatsapp":"{writer}","message_type":"interactive",
			"type_interactive":[{"type":"list","body":"Well?","action":[{"button":"Menu","buttons":null,
			"sections":[{"title":"Drinks","rows":[{"id":"tea","title":"Tea","description":null}]}]}]}]}]}`},
		{
			who: "PHPC", path: "/api/v2/message/", header: map[string]string{"authorization": "Bearer {token}", "accept": "*/*", "cache-control": "no-cache", "Content-Type": "text/plain"},
			body: `{"message":[{"recipient_whatsapp":"{writer}","message_type":"text","type_text":[{"content":"hello"}]}]}`,
		},
		{who: "BUS text", path: "/api/v2/message", body: `{"message":[{"recipient_whatsapp":"{writer}","message_type":"text","recipient_type":"individual","type_text":[{"content":"hello"}]}]}`},
		{who: "BUS media_template with an uploaded media", path: path, body: `{"message":[{"recipient_whatsapp":"{optedin}","message_type":"media_template",
			"type_media_template":{"type":"image","media_id":"{image}"},"type_template":[{"name":"spring_sale","attributes":["March"],"language":{"locale":"en","policy":"deterministic"}}]}]}`},
		{who: "ABL template as an object, with Meta's components", path: path, body: `{"message":[{"recipient_whatsapp":"{optedin}","message_type":"template","source":"{source}",
			"type_template":{"name":"order_update","language":{"code":"en","policy":"deterministic"},
			"components":[{"type":"body","parameters":[{"type":"text","text":"Ada"},{"type":"text","text":"5"}]}]}}]}`},
		{who: "ABL interactive as an object, in Meta's shape", path: path, body: `{"message":[{"recipient_whatsapp":"{writer}","message_type":"interactive",
			"type_interactive":{"type":"button","body":{"text":"Well?"},"action":{"buttons":[{"type":"reply","reply":{"id":"yes","title":"Yes"}}]}}}]}`},
		{who: "ARY text", path: path, body: `{"message":[{"recipient_whatsapp":"{writer}","message_type":"Text","type_text":[{"content":"hello"}]}]}`},
		{who: "ARY media with a dummy id", path: path, body: `{"message":[{"recipient_whatsapp":"{writer}","message_type":"media",
			"type_media":[{"attachments":[{"attachment_url":"https://files.example/p.jpg","attachment_type":"image","attachment_id":"00000000-0000-4000-8000-000000000009"}]}]}]}`},
		{who: "ARY list with a row id in two sections", path: path, body: `{"message":[{"recipient_whatsapp":"{writer}","message_type":"interactive",
			"type_interactive":[{"type":"list","body":"Well?","footer":"Tap","action":[{"button":"Menu","sections":[
			{"title":"Hot","rows":[{"id":"tea","title":"Tea"}]},{"title":"Cold","rows":[{"id":"tea","title":"Iced tea"}]}]}]}]}]}`},
		{who: "DJP", path: path, body: `{"message":[{"recipient_whatsapp":{writer},"message_type":"text","recipient_type":"individual","source":"{source}","type_text":[{"content":"hello"}]}]}`},
		{who: "EASY", path: path, body: `{"message":[{"recipient_whatsapp":"{writer}","message_type":"text","type_text":[{"content":"hello","preview_url":false}]}]}`},
		{who: "CSH media_template", path: path, body: `{"message":[{"recipient_whatsapp":"{optedin}","message_type":"media_template","source":"{source}",
			"type_media_template":{"type":"image","url":"https://files.example/p.jpg","filename":"","button":[{"index":"0","payload":"x"}]},
			"type_template":[{"name":"spring_sale","attributes":["Ada"],"language":{"locale":"en","policy":"deterministic"}}]}]}`},
		{who: "WOL", path: path, body: `{"message":[{"recipient_whatsapp":"{optedin}","message_type":"template",
			"type_template":[{"name":"order_update","attributes":["\"Ada\"","it's"],"language":{"locale":"en","policy":"fallback"}}]}]}`},
		{who: "PAN document", path: path, body: `{"message":[{"recipient_whatsapp":"{writer}","message_type":"document","type_document":[{"link":"https://files.example/a.pdf","filename":"a.pdf"}]}]}`},
		{who: "a Node client", path: "/api/v2/message/nc/message/", body: `{"message":[{"recipient_whatsapp":"{writer}","message_type":"text","type_text":[{"content":"hello"}]}]}`},
	}
}

func TestClientsSend(t *testing.T) {
	g := newGateway(t)
	for _, c := range sends() {
		t.Run(c.who, func(t *testing.T) {
			c.method, c.reads = http.MethodPost, []string{"message", "data.id"}
			c.play(t, g)
		})
	}
}

// TestClientsManage plays the management calls in an order in which each has
// what it needs.
func TestClientsManage(t *testing.T) {
	const consent, webhook = "/api/v2/consent/", "/api/v3/metainfo/webhook/"
	g := newGateway(t)
	for _, c := range []clientCall{
		{
			who: "MCP1 optin", method: "POST", path: consent + "manage/", reads: []string{"message"},
			body: `{"type":"optin","recipients":[{"recipient":"15550100021","source":"WEB","user_agent":"Mozilla","ip":"192.0.2.7"}]}`,
		},
		{
			who: "MCP1 lookup", method: "POST", path: consent, body: `{"phone_number":"15550100021"}`,
			reads: []string{"data.ip", "data.phone_number", "data.optin_source", "data.user_agent", "data.created_date"},
		},
		{
			who: "MCP1 optout", method: "POST", path: consent + "manage/", reads: []string{"message"},
			body: `{"type":"optout","recipients":[{"recipient":"15550100021","source":"WEB"}]}`,
		},
		{
			who: "MCP2 blocklist", method: "POST", path: consent + "blocklist", reads: []string{"data.processed_count", "data.failed_recipients"},
			body: `{"type":"blocklist","recipients":[{"recipient":"15550100021","source":"MOBILE_APP"}]}`,
		},
		{
			who: "MCP2 whitelist", method: "POST", path: consent + "blocklist", reads: []string{"data.processed_count", "data.failed_recipients"},
			body: `{"type":"whitelist","recipients":[{"recipient":"15550100021","source":"WEB"}]}`,
		},
		{
			who: "UCI optin", method: "POST", path: "/api/v2//consent/manage", reads: []string{"message"},
			body: `{"type":"optin","recipients":[{"recipient":"15550100022","source":"WEB","user_agent":null,"ip":null}]}`,
		},
		{
			who: "PHPC optin of integers", method: "POST", path: consent + "manage", header: map[string]string{"authorization": "Bearer {token}", "cache-control": "no-cache"},
			reads: []string{"message"}, body: `{"type":"optin","recipients":[{"recipient":15550100023,"source":"WEB"}]}`,
		},

		{
			who: "MCP2 update webhook", method: "POST", path: webhook + "update_webhook", reads: []string{"message"},
			body: `{"type":"event","name":"Orders","url":"https://shop.example/statuses","headers":"{\"X-Key\":\"v\"}"}`,
		},
		{
			who: "MCP2 update webhook of a source", method: "POST", path: webhook + "update_webhook", reads: []string{"message"},
			body: `{"type":"incoming","name":"Messages","url":"https://shop.example/messages","source":"{source}"}`,
		},
		{
			who: "MCP2 list webhooks", method: "GET", path: webhook + "list_webhook?type=event",
			reads: []string{"data.0.name", "data.0.url", "data.0.status", "data.0.type"},
		},
		{
			who: "MCP2 manage webhook", method: "POST", path: "/api/v2/metainfo/webhook/manage_webhook", reads: []string{"message"},
			body: `{"type":"event","webhook_name":"Orders","status":"disable"}`,
		},

		{
			who: "MCP2 conversation", method: "POST", path: "/api/v3/metainfo/messages", reads: []string{"data.message_id"},
			body: `{"to":"{writer}","type":"text","text":{"body":"hello"}}`,
		},
		{who: "MCP2 settings", method: "GET", path: "/settings", reads: []string{"data.linktrack", "data.skipoptin"}},
	} {
		t.Run(c.who, func(t *testing.T) { c.play(t, g) })
	}
}

// TestClientsManageTemplates plays the calls of both versions of the vendor's
// client.
func TestClientsManageTemplates(t *testing.T) {
	const v2, v3 = "/api/v2/metainfo/template/", "/api/v3/metainfo/template/"
	one := []string{"data.template_id", "data.template_name", "data.language", "data.status"}
	g := newGateway(t)
	for _, c := range []clientCall{
		{who: "MCP1 status", method: "GET", path: v2 + "status?templatename=order_update", reads: one},
		{who: "MCP1 preview", method: "GET", path: v2 + "preview?templatename=order_update", reads: append(one, "data.components")},
		{
			who: "MCP1 list", method: "GET", path: v2 + "list?limit=10&offset=0&status=Approved&language=English&template_type=1,2",
			reads: []string{"data.templates.0.template_id", "data.templates.0.template_name", "data.templates.0.status"},
		},
		{who: "MCP1 create", method: "POST", path: v2 + "create", reads: one, body: `{"category":"MARKETING","name":"winter_sale","language":"en_US",
			"allow_category_change":true,"components":[{"type":"BODY","text":"Winter is here, {{1}}!","example":{"body_text":[["Ada"]]}}]}`},
		{
			who: "MCP2 list", method: "GET", path: v3 + "list?template_name=order_update&status=approved&limit=10&offset=0",
			reads: []string{"data.templates.0.template_id", "data.templates.1.template_id"},
		},
		{who: "MCP2 create", method: "POST", path: v3 + "create", reads: one, body: `{"meta_payload":{"name":"autumn_sale","language":"en","category":"MARKETING",
			"components":[{"type":"BODY","text":"Autumn is here!"}]},"nc_payload":{"tags":["sale"]}}`},
		{who: "MCP2 edit", method: "PUT", path: v3 + "edit", reads: []string{"message"}, body: `{"meta_payload":{"name":"autumn_sale","language":"en","category":"MARKETING",
			"components":[{"type":"BODY","text":"Autumn is here, and everything golden is cheaper!"}]}}`},
		{who: "MCP2 status by id", method: "GET", path: v3 + "status?templateid={order_template}", reads: one},
		{who: "MCP2 preview by id", method: "GET", path: v3 + "preview?templateid={order_template}", reads: append(one, "data.components")},
		{who: "MCP2 categories", method: "GET", path: v3 + "categorylist", reads: []string{"data"}},
		{who: "MCP2 languages", method: "GET", path: v3 + "languagelist", reads: []string{"data"}},
		{who: "MCP2 number", method: "GET", path: v3 + "display_number_details", reads: []string{
			"data.verified_status", "data.quality_rating", "data.messaging_limit", "data.whatsapp_number", "data.business_name", "data.business_profile_logo",
		}},
		{who: "MCP2 profile", method: "GET", path: v3 + "profiledetails", reads: []string{"data.client_name", "data.client_profile_url"}},
		{
			who: "MCP2 category", method: "POST", path: v3 + "edit_category?template_name=autumn_sale", reads: []string{"message"},
			body: `{"new_category":"UTILITY","stop_at_cc":false,"template_save_mode":"publish"}`,
		},
		{
			who: "MCP2 analytics", method: "GET", path: v3 + "analytics?template_id={order_template}&date_start=2026-08-01&date_end=2026-08-31&granularity=DAILY",
			reads: []string{"data"},
		},
		{who: "MCP2 delete", method: "POST", path: v3 + "delete", reads: []string{"message"}, body: `{"name":"autumn_sale","language":"en"}`},
	} {
		t.Run(c.who, func(t *testing.T) { c.play(t, g) })
	}
}

// fileForm is a file with fields before it, as clients write it: the file has no
// type of its own.
func fileForm(t *testing.T, file string, fields map[string]string) (contentType string, body *bytes.Buffer) {
	t.Helper()
	body = &bytes.Buffer{}
	w := multipart.NewWriter(body)
	for name, v := range fields {
		check(t, w.WriteField(name, v))
	}
	part, err := w.CreateFormFile("file", file)
	check(t, err)
	_, err = part.Write(sample(t, file))
	check(t, err)
	check(t, w.Close())
	return w.FormDataContentType(), body
}

// TestClientsUploadASample is MCP2's create_media_handler.
func TestClientsUploadASample(t *testing.T) {
	g := newGateway(t)
	kind, body := fileForm(t, "image.png", map[string]string{"format": "image"})
	got := g.request(t, http.MethodPost, "/api/v3/metainfo/template/create_media_handler", map[string]string{"Content-Type": kind}, body)
	var answer map[string]any
	check(t, json.Unmarshal(got.body, &answer))
	for _, path := range []string{"data.sample_id", "data.url"} {
		if v, ok := lookUp(answer, path).(string); got.status != http.StatusOK || answer["status"] != "success" || !ok || v == "" {
			t.Errorf("no %s in %d %s", path, got.status, got.body)
		}
	}
}

// TestClientsUseMedia uploads as BUS and MCP2 do and gets the bytes as UCI and
// ABL do.
func TestClientsUseMedia(t *testing.T) {
	g := newGateway(t)
	data := sample(t, "document.pdf")
	for _, path := range []string{"/api/v2/media/upload/", "/api/v2/media/upload"} {
		kind, body := fileForm(t, "document.pdf", nil)
		sent := g.request(t, http.MethodPost, path, map[string]string{"Content-Type": kind}, body)
		var answer struct {
			Status string
			Data   struct {
				MediaID string `json:"mediaId"`
			}
		}
		check(t, json.Unmarshal(sent.body, &answer))
		if sent.status != http.StatusOK || answer.Status != "success" || answer.Data.MediaID == "" {
			t.Fatalf("%s: %d %s", path, sent.status, sent.body)
		}

		got := g.request(t, http.MethodGet, "/api/v2/media/"+answer.Data.MediaID, nil, nil)
		// UCI takes an answer without a length for no file, ABL goes by the type.
		if got.status != http.StatusOK || got.length != int64(len(data)) || got.header.Get("Content-Type") != "application/pdf" {
			t.Errorf("%d, %d bytes, %s", got.status, got.length, got.header.Get("Content-Type"))
		}
		if !bytes.Equal(got.body, data) {
			t.Error("other bytes came back")
		}
	}
	// ABL and PAN want no 2xx for a file that is not there.
	if got := g.request(t, http.MethodGet, "/api/v2/media/00000000-0000-4000-8000-000000000009", nil, nil); got.status != http.StatusNotFound {
		t.Errorf("no such media: %d", got.status)
	}
}

// TestClientsReadFailures reads them as clients do: the code is a text, there
// is no message at the top, and the HTTP status is 200 but for a token.
func TestClientsReadFailures(t *testing.T) {
	g := newGateway(t)
	got := g.request(t, http.MethodPost, "/api/v2/message/", nil, strings.NewReader(`{"message":[{"recipient_whatsapp":"15550100001"}]}`))
	var answer map[string]any
	check(t, json.Unmarshal(got.body, &answer))
	if got.status != http.StatusOK || answer["status"] != "failure" || lookUp(answer, "error.code") != "8006" || len(answer) != 2 {
		t.Errorf("%d %s", got.status, got.body)
	}
	got = g.request(t, http.MethodPost, "/api/v2/message/", map[string]string{"Authorization": "{token}"}, strings.NewReader("{}"))
	answer = nil
	check(t, json.Unmarshal(got.body, &answer))
	if got.status != http.StatusForbidden || answer["error"] != "Forbidden" || answer["status"] != float64(http.StatusForbidden) {
		t.Errorf("%d %s", got.status, got.body)
	}
}

// TestClientsComeThroughAProxySetting: a client whose base URL cannot be changed
// is pointed here by HTTP_PROXY.
func TestClientsComeThroughAProxySetting(t *testing.T) {
	g := newGateway(t)
	gatewayURL, err := url.Parse(g.http.URL)
	check(t, err)
	transport := &http.Transport{Proxy: http.ProxyURL(gatewayURL)}
	t.Cleanup(transport.CloseIdleConnections)
	c := client()
	c.Transport = transport
	post := func(address string) *http.Request {
		body := strings.NewReader(g.expand(t, `{"message":[{"recipient_whatsapp":"{writer}","message_type":"text","type_text":[{"content":"hello"}]}]}`))
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, body)
		check(t, err)
		r.Header.Set("Authorization", "Bearer "+g.names["token"])
		return r
	}
	for _, address := range []string{"http://waapi.example/api/v2/message/", "http://waapi.example:8080/api/v2//message"} {
		if got := read(t, c, post(address)); got.status != http.StatusOK || !strings.Contains(string(got.body), `"status":"success"`) {
			t.Errorf("%s: %d %s", address, got.status, got.body)
		}
	}
	// With an address of https the client asks for a tunnel, which is refused.
	resp, err := c.Do(post("https://waapi.example/api/v2/message/"))
	if err == nil {
		resp.Body.Close()
	}
	if err == nil || !strings.Contains(err.Error(), "Method Not Allowed") {
		t.Errorf("a tunnel: %v, want it refused", err)
	}
}
