package sim_test

import (
	"encoding/json"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/waypost/waypost/internal/openapi"
	"github.com/waypost/waypost/internal/sim"
)

// openAPI is Meta's own description of the Graph API, kept beside the repository.
const openAPI = "../../../shared/reference/meta-openapi-v23.yaml"

// spec is the description, and what was found to differ.
type spec struct {
	*openapi.Doc
	found []string
}

func readSpec(t *testing.T) *spec {
	t.Helper()
	text, err := os.ReadFile(openAPI)
	if os.IsNotExist(err) {
		t.Skip("Meta's OpenAPI file is not there: " + openAPI)
	}
	if err != nil {
		t.Fatal(err)
	}
	doc, err := openapi.Parse(string(text))
	if err != nil {
		t.Fatal(err)
	}
	return &spec{Doc: doc}
}

// answer checks one answer of an operation.
func (s *spec) answer(t *testing.T, path, method string, w *httptest.ResponseRecorder) {
	t.Helper()
	var v any
	if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
		t.Errorf("%s %s: %s: %v", method, path, w.Body, err)
		return
	}
	where := method + " " + path
	operation := []string{"paths", "/{Version}" + path, strings.ToLower(method)}
	if s.At(operation...) == nil {
		t.Errorf("%s: the file has no such operation", where)
		return
	}
	if w.Code != 200 {
		s.found = append(s.found, s.Check(s.At("components", "schemas", "GraphAPIError"), v, "error")...)
		return
	}
	schema := s.At(append(operation, "responses", "200", "content", "application/json", "schema")...)
	if schema == nil {
		t.Logf("%s: the file says nothing of the answer", where)
		return
	}
	s.found = append(s.found, s.Check(schema, v, where)...)
}

// gaps are the places where the simulator differs from the file on purpose, each with the reason. A gap covers every difference
// that begins so.
func gaps() map[string]string {
	return map[string]string{
		"GET /{Media-ID}.file_size is no string":                     "Graph answers with a number; clients have to read both",
		"GET /{Phone-Number-ID}/message_qrdls/{QR-Code-ID} has data": "the file's own examples, and the samples, have the code in a list",
		"GET /{Phone-Number-ID}/message_qrdls/{QR-Code-ID} has no ":  "the same",
		"GET /{Phone-Number-ID}/whatsapp_business_profile.data[] has ": "the pages have the fields in data itself; business_profile is of the " +
			"retired API",
		"GET /{WABA-ID} has message_template_namespace":           "Meta's sample of the same call has it",
		"GET /{WABA-ID}/message_templates.data[].components[]":    "the file describes the components of its examples only",
		"GET /{WABA-ID}/phone_numbers.data[].status is CONNECTED": "the pages have CONNECTED for a registered number; the file lists states of another API",
		"GET /{WABA-ID}/subscribed_apps.data[] has ":              "Meta's samples and the file's examples have these keys, its schema does not",
		"POST /{WABA-ID}/subscribed_apps.data[] has ":             "the same",
		"error.error has error_data":                              "every error of the WhatsApp API has it; the file describes those of Graph",
		"error has block_users":                                   "an answer to blocking has both what was done and the error",
		"error has messaging_product":                             "the same",
	}
}

// notInFile are the routes that the file does not have, each with where they come from.
func notInFile() map[string]string {
	return map[string]string{
		"GET /debug_token":                   "Graph's own, for every product",
		"PUT /{object}/messages":             "Meta's Postman collection marks messages as read with it",
		"GET /simulated/attachments":         "Meta has another address there; a client follows what it is given",
		"GET /{object}/invite_link":          "the pages on groups; the file has the other two methods",
		"POST /{object}/uploads":             "Graph's resumable upload, for every product",
		"GET /{object}/template_analytics":   "the pages on analytics",
		"POST /{object}/unpause":             "the page on template pausing",
		"GET /{object}/username":             "the page on business-scoped user ids, newer than the file",
		"POST /{object}/username":            "the same",
		"DELETE /{object}/username":          "the same",
		"GET /{object}/username_suggestions": "the same",
	}
}

func TestAnswersFitMetasOpenAPIFile(t *testing.T) {
	file, left := readSpec(t), map[string]bool{}
	synctest.Test(t, func(t *testing.T) {
		s := start(t, options(t, newReceiver()))
		for _, route := range s.GraphRoutes() {
			left[route] = notInFile()[route] == ""
			if !left[route] {
				delete(left, route)
			}
		}
		for _, op := range operations(t, s) {
			path, method, url := op.spec, op.method, op.url()
			w := ask(s.Graph(), method, "/v23.0/"+url, op.token(), op.contentType(), strings.NewReader(op.body))
			if w.Code != op.want() {
				t.Errorf("%s %s (%s): %d %s", method, path, url, w.Code, w.Body)
				continue
			}
			file.answer(t, path, method, w)
			time.Sleep(time.Second)
			delete(left, method+" "+routeOf(url))
		}
	})
	for route := range left {
		t.Errorf("%s is not compared with the file", route)
	}
	used := map[string]bool{}
	slices.Sort(file.found)
	for _, difference := range slices.Compact(file.found) {
		known := false
		for gap := range gaps() {
			if strings.HasPrefix(difference, gap) {
				known, used[gap] = true, true
			}
		}
		if !known {
			t.Error(difference)
		}
	}
	for gap := range gaps() {
		if !used[gap] {
			t.Errorf("no such gap any more: %s", gap)
		}
	}
}

// routeOf is the route that an address belongs to.
func routeOf(url string) string {
	path, _, _ := strings.Cut(url, "?")
	parts := strings.Split(path, "/")
	parts[0] = "{object}"
	if len(parts) > 2 {
		parts[2] = "{part}"
	}
	return "/" + strings.Join(parts, "/")
}

// operation is one request that is sent, and the path that the file has for it.
type operation struct {
	spec, method string
	url          func() string
	body         string
	status       int    // 0 is 200
	kind         string // Content-Type; empty is JSON
	bearer       string // empty is the first token
}

func (o operation) want() int {
	if o.status == 0 {
		return 200
	}
	return o.status
}

func (o operation) token() string {
	if o.bearer == "" {
		return token
	}
	return o.bearer
}

func (o operation) contentType() string {
	if o.kind == "" {
		return "application/json"
	}
	return o.kind
}

// operations play every route that the file knows, in an order in which each finds what it needs.
func operations(t *testing.T, s *sim.Sim) (list []operation) {
	say(t, s, "hello")
	png := uploadFile(t, s, "image/png", []byte("png"))
	kind, file := form(t, map[string]string{"messaging_product": "whatsapp"}, "a.png", "image/png", strings.NewReader("png"))
	field := func(path, list, key string) func() string {
		return func() string {
			var page struct{ Data []map[string]any }
			decode(t, askJSON(s.Graph(), "GET", "/"+path, token, ""), 200, &page)
			if len(page.Data) == 0 {
				t.Fatalf("%s is empty", path)
			}
			text, ok := page.Data[0][key].(string)
			if !ok {
				t.Fatalf("%s has no %s", path, key)
			}
			return strings.ReplaceAll(list, "*", text)
		}
	}
	fixed := func(text string) func() string { return func() string { return text } }
	number := func(edge string) (string, func() string) { return "/{Phone-Number-ID}" + edge, fixed(numberID + edge) }
	account := func(edge string) (string, func() string) { return "/{WABA-ID}" + edge, fixed("900001" + edge) }
	add := func(spec string, url func() string, method, body string) *operation {
		list = append(list, operation{spec: spec, method: method, url: url, body: body})
		return &list[len(list)-1]
	}
	onNumber := func(method, edge, body string) *operation {
		spec, url := number(edge)
		return add(spec, url, method, body)
	}
	onAccount := func(method, edge, body string) *operation {
		spec, url := account(edge)
		return add(spec, url, method, body)
	}
	for _, body := range []string{
		textTo(user, "x"), toUser(`"type":"image","image":{"id":"` + png + `"}`),
		toUser(`"type":"template","template":{"name":"hello_world","language":{"code":"en_US"}}`),
	} {
		onNumber("POST", "/messages", body)
	}
	onNumber("POST", "/messages", toUser(`"type":"poem"`)).status = 400
	onNumber("POST", "/messages", "{}").bearer = "nobody"
	list[len(list)-1].status = 401
	onNumber("POST", "/media", file.String()).kind = kind
	add("/{Media-ID}", fixed(png), "GET", "")
	add("/{Media-ID}", fixed(png), "DELETE", "")
	add("/{Media-ID}", fixed(png), "GET", "").status = 400
	onNumber("GET", "/message_history", "")
	add("/{Message-History-ID}/events", field(numberID+"/message_history", "*/events", "id"), "GET", "")
	onNumber("GET", "", "")
	onNumber("POST", "", `{"pin":"123456"}`)
	onNumber("POST", "/conversational_automation", `{"enable_welcome_message":true}`)
	onNumber("GET", "/settings", "")
	onNumber("POST", "/settings", `{"storage_configuration":{"status":"default"}}`)
	onNumber("GET", "/whatsapp_business_profile", "")
	onNumber("POST", "/whatsapp_business_profile", envelope(`"about":"We are here","websites":["https://example.com"],"vertical":"RETAIL","email":"a@example.com"`))
	onNumber("GET", "/whatsapp_business_profile", "")
	onNumber("POST", "/block_users", envelope(`"block_users":[{"user":"`+user+`"}]`))
	onNumber("GET", "/block_users", "")
	onNumber("DELETE", "/block_users", envelope(`"block_users":[{"user":"`+user+`"}]`))
	onNumber("DELETE", "/block_users", envelope(`"block_users":[{"user":"`+user+`"}]`)).status = 400
	onNumber("POST", "/message_qrdls", `{"prefilled_message":"Hi","generate_qr_image":"SVG"}`)
	onNumber("GET", "/message_qrdls", "")
	onNumber("GET", "/message_qrdls", "").url = fixed(numberID + "/message_qrdls?fields=code,prefilled_message,deep_link_url,creation_time,qr_image_url.format(PNG)")
	code := "/{Phone-Number-ID}/message_qrdls/{QR-Code-ID}"
	add(code, field(numberID+"/message_qrdls", numberID+"/message_qrdls/*", "code"), "GET", "")
	add(code, field(numberID+"/message_qrdls", numberID+"/message_qrdls/*", "code"), "DELETE", "")
	add(code, fixed(numberID+"/message_qrdls/NONE"), "GET", "").status = 404
	onNumber("POST", "/groups", envelope(`"subject":"Friends"`))
	onNumber("GET", "/groups", "")
	inGroup := func(spec, method, edge, body string) {
		add(spec, func() string {
			var all struct{ Groups []struct{ ID string } }
			decode(t, askJSON(s.Control(), "GET", "/groups", "", ""), 200, &all)
			return all.Groups[0].ID + edge
		}, method, body)
	}
	inGroup("/{group_id}", "GET", "", "")
	inGroup("/{group_id}", "POST", "", envelope(`"subject":"Better"`))
	for _, method := range []string{"POST", "DELETE"} {
		inGroup("/{group_id}/invite_link", method, "/invite_link", `{"messaging_product":"whatsapp"}`)
	}
	inGroup("/{group_id}/participants", "DELETE", "/participants", envelope(`"participants":[{"user":"`+user+`"}]`))
	inGroup("/{group_id}", "DELETE", "", "")
	onAccount("GET", "", "")
	onAccount("GET", "/phone_numbers", "").url = fixed("900001/phone_numbers?fields=id,display_phone_number,verified_name,status,quality_rating,code_verification_status,account_mode,is_official_business_account,username")
	onAccount("POST", "/phone_numbers", `{"cc":"1","phone_number":"5550100003","verified_name":"Third"}`)
	third := func(edge string) func() string {
		return func() string {
			numbers := s.Numbers()
			return numbers[len(numbers)-1].ID + edge
		}
	}
	add("/{Phone-Number-ID}/request_code", third("/request_code"), "POST", `{"code_method":"SMS","language":"en_US"}`)
	list = append(list, operation{spec: "/{Phone-Number-ID}/verify_code", method: "POST", url: func() string {
		var shown struct {
			Numbers []struct {
				Code string `json:"verification_code"`
			}
		}
		decode(t, askJSON(s.Control(), "GET", "/numbers", "", ""), 200, &shown)
		return third("/verify_code?code=" + shown.Numbers[len(shown.Numbers)-1].Code)()
	}})
	add("/{Phone-Number-ID}/verify_code", third("/verify_code"), "POST", `{"code":"000000"}`).status = 422
	add("/{Phone-Number-ID}/register", third("/register"), "POST", `{"messaging_product":"whatsapp","pin":"123456"}`)
	add("/{Phone-Number-ID}/register", third("/register"), "POST", `{"messaging_product":"whatsapp","pin":"654321"}`).status = 400
	add("/{Phone-Number-ID}/deregister", third("/deregister"), "POST", "")
	onAccount("POST", "/subscribed_apps", "")
	onAccount("POST", "/subscribed_apps", `{"override_callback_uri":"http://gateway.test/other","verify_token":"v"}`)
	onAccount("GET", "/subscribed_apps", "")
	onAccount("DELETE", "/subscribed_apps", "")
	onAccount("POST", "/message_templates", news)
	onAccount("POST", "/message_templates", news).status = 400
	onAccount("GET", "/message_templates", "")
	one := field("900001/message_templates", "*", "id")
	add("/{TEMPLATE_ID}", one, "GET", "")
	add("/{TEMPLATE_ID}", one, "POST", `{"components":[{"type":"BODY","text":"Better."}]}`)
	onAccount("DELETE", "/message_templates", "").url = fixed("900001/message_templates?name=hello_world")
	return list
}
