package sim_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/waypost/waypost/internal/sim"
)

// requests are Meta's own sample requests, kept beside the repository.
const requests = "../../../shared/fixtures/meta-send-requests.jsonl"

// request is one of them.
type request struct {
	Name    string
	Method  string
	URL     string
	Payload any
}

// TestMetasOwnRequestsAreAnswered plays every sample request of Meta's pages and compares the answer with Meta's sample of it, or
// with what every send gets. What a sample only hints at (a number, a medium, a template) is filled in.
func TestMetasOwnRequestsAreAnswered(t *testing.T) {
	lines := sampleLines(t, requests)
	player := newPlayer(t)
	var list []request
	for lines.Scan() {
		var q request
		if err := json.Unmarshal(lines.Bytes(), &q); err != nil {
			t.Fatal(err)
		}
		list = append(list, q)
	}
	// What others stand on comes first.
	for _, edge := range []string{"request_code", "verify_code", "message_templates", ""} {
		for _, q := range list {
			first := slices.Contains([]string{"request_code", "verify_code", "message_templates"}, edgeOf(q.URL))
			if edgeOf(q.URL) == edge || (edge == "" && !first) {
				player.play(t, q)
			}
		}
	}
	for kind, least := range map[string]int{
		"text": 5, "image": 4, "audio": 3, "video": 3, "document": 3, "sticker": 3, "location": 3, "contacts": 2, "reaction": 2,
		"interactive": 25, "template": 20, "receipt": 1, "message_templates": 8, "message_qrdls": 2, "register": 2,
	} {
		if player.played[kind] < least {
			t.Errorf("only %d of kind %s were played", player.played[kind], kind)
		}
	}
	for name := range unplayable() {
		if !player.unplayed[name] {
			t.Errorf("nothing is called %q any more", name)
		}
	}
}

// unplayable are samples that cannot be played, by a part of their name, each with the reason.
func unplayable() map[string]string {
	return map[string]string{
		"/Payments API - SG/":           "its amounts do not add up, and its time is a word",
		"grupos/groups_messaging.md":    "of a group, which has a test of its own",
		"/Media/Upload Audio":           "a form, written as JSON",
		"/Send Sample Issue Resolution": "it gives quick replies a text, where the pages have a payload",
	}
}

// player fills samples in and plays them.
type player struct {
	s        *sim.Sim
	media    map[string]string // id by kind
	inbound  string
	third    string // a number that was not verified yet
	qr       string // the code of a QR code
	handle   string // of an upload
	rejected string // a template that can be edited
	made     int    // templates of samples that name none
	played   map[string]int
	unplayed map[string]bool
}

func newPlayer(t *testing.T) *player {
	s := start(t, options(t, newReceiver()))
	p := &player{s: s, inbound: say(t, s, "hello"), played: map[string]int{}, unplayed: map[string]bool{}, media: map[string]string{}}
	for kind, mimeType := range map[string]string{
		"image": "image/png", "audio": "audio/ogg", "video": "video/mp4", "document": "application/pdf", "sticker": "image/webp",
	} {
		p.media[kind] = uploadFile(t, s, mimeType, []byte(kind))
	}
	var made struct{ ID, Code, H string }
	post := func(path, body string) {
		t.Helper()
		decode(t, askJSON(s.Graph(), "POST", path, token, body), 200, &made)
	}
	post("/"+numberID+"/message_qrdls", `{"prefilled_message":"Hi"}`)
	post("/900001/phone_numbers", `{"cc":"1","phone_number":"5550100003","verified_name":"Third"}`)
	p.qr, p.third = made.Code, made.ID
	post("/app/uploads?file_length=1&file_type=image/png", "")
	r := httptest.NewRequest(http.MethodPost, "/"+made.ID, strings.NewReader("x"))
	r.Header.Set("Authorization", "OAuth "+token)
	r.Header.Set("file_offset", "0")
	w := httptest.NewRecorder()
	s.Graph().ServeHTTP(w, r)
	decode(t, w, 200, &made)
	p.handle = made.H
	draft := strings.Replace(news, `"name":"news"`, `"waba_id":"900001","status":"REJECTED","name":"2023_april_promo"`, 1)
	draft = strings.Replace(draft, `"en"`, `"en_US"`, 1)
	decode(t, askJSON(s.Control(), "POST", "/templates", "", draft), 200, &made)
	p.rejected = made.ID
	return p
}

// placeholder is how the samples say that something has to be filled in.
var placeholder = regexp.MustCompile(`^(<.*>|\{.*\}|[A-Z]+(_[A-Z]+)+|6-digit-pin|template-name|language-and-locale-code|http\(s\):.*)$`)

func (p *player) play(t *testing.T, q request) {
	t.Helper()
	payload, ok := q.Payload.(map[string]any)
	if !ok {
		return // a fragment
	}
	for part := range unplayable() {
		if strings.Contains(q.Name, part) {
			p.unplayed[part] = true
			return
		}
	}
	method, path, kind := p.route(q, payload)
	if path == "" {
		return // a fragment too
	}
	p.fill(payload, kind)
	if kind == "template" {
		p.define(t, payload)
	}
	body, err := json.Marshal(payload)
	if err != nil {
		t.Fatal(err)
	}
	w := askJSON(p.s.Graph(), method, "/v23.0/"+path, token, string(body))
	if w.Code != http.StatusOK {
		t.Errorf("%s: %s\n%s", q.Name, w.Body, body)
		return
	}
	p.played[kind]++
	var answer map[string]any
	decode(t, w, 200, &answer)
	got := slices.Sorted(maps.Keys(shape("", answer)))
	if want := wanted(t, q.Name, kind); !slices.Equal(got, want) {
		t.Errorf("%s: keys %v, Meta's sample has %v", q.Name, got, want)
	}
}

// route says where a sample goes, and of what kind it is. Samples of the pages have no address: what has a type is a message.
func (p *player) route(q request, payload map[string]any) (method, path, kind string) {
	edge := edgeOf(q.URL)
	kind, isSend := payload["type"].(string)
	switch {
	case payload["status"] == "read":
		return cmp.Or(q.Method, "POST"), numberID + "/messages", "receipt"
	case isSend, edge == "messages":
		payload["messaging_product"], payload["to"] = "whatsapp", user
		delete(payload, "recipient_type")
		delete(payload, "context")
		return "POST", numberID + "/messages", cmp.Or(kind, "text")
	case edge == "":
		return "", "", ""
	case edge == "register", edge == "request_code", edge == "verify_code":
		return q.Method, p.third + "/" + edge, edge
	case edge == "{{Phone-Number-ID}}":
		return q.Method, p.third, "pin"
	case edge == "<TEMPLATE_ID>":
		return q.Method, p.rejected, "template_edit"
	case edge == "message_templates", edge == "subscribed_apps":
		return q.Method, "900001/" + edge, edge
	}
	return q.Method, numberID + "/" + edge, edge
}

func edgeOf(url string) string { return url[strings.LastIndex(url, "/")+1:] }

// wanted are the keys of Meta's answer: its sample if there is one, and else those of every send.
func wanted(t *testing.T, name, kind string) []string {
	t.Helper()
	_, title, _ := strings.Cut(name, ".json ")
	keys := map[string]bool{}
	switch {
	case kind == "template": // the samples of templates lack the status that the pages have
		keys = shape("", map[string]any{"messages": map[string]any{"message_status": "accepted"}})
		maps.Copy(keys, shape("", sample(t, "/Send Text Message#Send Text Message")))
	case kind == "pin" || kind == "register" || kind == "verify_code" || kind == "request_code" || kind == "receipt" || kind == "whatsapp_business_profile":
		keys["success"] = true
	case kind == "subscribed_apps": // the file has success too
		keys = shape("", sample(t, "#Override Callback URL"))
		keys["success"] = true
	case title != "" && !slices.Contains([]string{"text", "image", "audio", "video", "document", "sticker", "interactive", "contacts", "location", "reaction"}, kind):
		if keys = shape("", sampleOf(t, title)); len(keys) == 0 {
			keys = shape("", sample(t, "/Create catalog template#Example response"))
		}
	default:
		keys = shape("", sample(t, "/Send Text Message#Send Text Message"))
	}
	return slices.Sorted(maps.Keys(keys))
}

// sampleOf is Meta's answer to a request of its Postman collection, or nil.
func sampleOf(t *testing.T, title string) map[string]any {
	t.Helper()
	return findSample(t, func(name string) bool { return strings.HasPrefix(name, title+"#") })
}

// fill puts something real where a sample has a placeholder. kind is that of the object around v.
func (p *player) fill(v any, kind string) {
	switch v := v.(type) {
	case []any:
		for i, inner := range v {
			if text, ok := inner.(string); ok {
				v[i] = p.real(kind, kind, text)
			}
			p.fill(inner, kind)
		}
	case map[string]any:
		for key, inner := range v {
			if text, ok := inner.(string); ok {
				v[key] = p.real(kind, key, text)
			}
			p.fill(v[key], key)
		}
	}
}

// real is what a text stands for. kind is that of the object it is in.
func (p *player) real(kind, key, text string) any {
	switch {
	case key == "id" && p.media[kind] != "":
		return p.media[kind]
	case key == "message_id":
		return p.inbound
	case key == "header_handle", key == "profile_picture_handle":
		return p.handle
	case !placeholder.MatchString(text) && text != "JSON Payload":
		return text
	case text == "JSON Payload":
		return map[string]any{"country": "IN"}
	case text == "<ONE-TIME PASSWORD>":
		return "J$FpnYnP"
	case text == "<TYPE>" && kind == "parameters", text == "<HEADER_TYPE>":
		return "text"
	case key == "name" && kind == "message_templates":
		p.made++
		return "of_a_sample_" + strconv.Itoa(p.made)
	}
	for keys, value := range map[string]string{
		"link websites url override_callback_uri": "https://example.com/file", "emoji": "\U0001F600", "birthday": "1990-01-31",
		"latitude longitude": "37.48", "pin": "123456", "user": user, "country": "IN", "vertical": "RETAIL", "generate_qr_image": "SVG",
		"code": p.qr, "email": "a@example.com",
	} {
		if slices.Contains(strings.Fields(keys), key) {
			if key == "code" && kind == "verify_code" {
				return p.sms()
			}
			if kind == "language" {
				return "en_US"
			}
			return value
		}
	}
	return text
}

// sms is the code that the third number was sent.
func (p *player) sms() string {
	w := askJSON(p.s.Control(), http.MethodGet, "/numbers", "", "")
	_, code, _ := strings.Cut(w.Body.String(), `"verification_code":"`)
	code, _, _ = strings.Cut(code, `"`)
	return code
}

// define puts the template in place that a send is for, as far as the send tells.
func (p *player) define(t *testing.T, payload map[string]any) {
	t.Helper()
	send, _ := payload["template"].(map[string]any)
	send["name"] = strings.Trim(regexp.MustCompile(`[^a-z0-9_]+`).ReplaceAllString(strings.ToLower(fmt.Sprint(send["name"])), "_"), "_")
	language, _ := send["language"].(map[string]any)
	parts, _ := send["components"].([]any)
	components, named := defined(parts)
	draft := map[string]any{
		"waba_id": "900001", "name": send["name"], "language": language["code"], "category": "MARKETING", "components": components,
	}
	if named {
		draft["parameter_format"] = "NAMED"
	}
	if isCode(parts) {
		draft["category"], draft["components"] = "AUTHENTICATION", []any{
			map[string]any{"type": "BODY"}, map[string]any{"type": "BUTTONS", "buttons": []any{map[string]any{"type": "OTP", "otp_type": "COPY_CODE"}}},
		}
	}
	body, err := json.Marshal(draft)
	if err != nil {
		t.Fatal(err)
	}
	if w := askJSON(p.s.Control(), "POST", "/templates", "", string(body)); w.Code != 200 {
		t.Errorf("%s: %s", body, w.Body)
	}
}

// isCode says whether the same text is in the body and in the first button, as in every one-time password.
func isCode(parts []any) bool {
	text := func(i int) string {
		part, _ := parts[i].(map[string]any)
		list, _ := part["parameters"].([]any)
		if len(list) == 0 {
			return "<nil>"
		}
		first, _ := list[0].(map[string]any)
		return fmt.Sprint(first["text"])
	}
	return len(parts) == 2 && text(0) == text(1) && text(0) != "<nil>"
}

// defined turns the components of a send into those of its template.
func defined(parts []any) (components []any, named bool) {
	body := map[string]any{"type": "BODY", "text": "Hello."}
	var before, after, buttons []any
	for _, item := range parts {
		part, _ := item.(map[string]any)
		params, _ := part["parameters"].([]any)
		switch kind := strings.ToLower(fmt.Sprint(part["type"])); kind {
		case "header":
			first, _ := params[0].(map[string]any)
			header := map[string]any{"type": "HEADER", "format": strings.ToUpper(fmt.Sprint(first["type"]))}
			if header["format"] == "TEXT" {
				header["text"] = "Hello {{1}}!"
			}
			before = append(before, header)
		case "body":
			text := "We say"
			for i, param := range params {
				first, _ := param.(map[string]any)
				name, isNamed := first["parameter_name"].(string)
				if !isNamed {
					name = strconv.Itoa(i + 1)
				}
				named = named || isNamed
				text += " {{" + name + "}} and"
			}
			body["text"] = text + " more."
		case "button":
			index, _ := strconv.Atoi(fmt.Sprint(cmp.Or(part["index"], any("0"))))
			for len(buttons) < index {
				buttons = append(buttons, map[string]any{"type": "QUICK_REPLY", "text": "Reply " + strconv.Itoa(len(buttons))})
			}
			buttons = append(buttons, button(strings.ToUpper(fmt.Sprint(part["sub_type"])), len(buttons)))
		case "limited_time_offer":
			after = append(after, map[string]any{"type": "LIMITED_TIME_OFFER", "limited_time_offer": map[string]any{"text": "Hurry!", "has_expiration": true}})
		case "carousel":
			list, _ := part["cards"].([]any)
			cards := []any{}
			for _, card := range list {
				object, _ := card.(map[string]any)
				inner, _ := object["components"].([]any)
				of, _ := defined(inner)
				cards = append(cards, map[string]any{"components": of})
			}
			after = append(after, map[string]any{"type": "CAROUSEL", "cards": cards})
		}
	}
	components = append(append(before, body), after...)
	if len(buttons) > 0 {
		components = append(components, map[string]any{"type": "BUTTONS", "buttons": buttons})
	}
	return components, named
}

func button(kind string, at int) map[string]any {
	label := "Button " + strconv.Itoa(at)
	switch kind {
	case "URL":
		return map[string]any{"type": kind, "text": label, "url": "https://example.com/{{1}}"}
	case "COPY_CODE":
		return map[string]any{"type": kind, "example": "CODE"}
	case "FLOW":
		return map[string]any{"type": kind, "text": label, "flow_id": "1"}
	}
	return map[string]any{"type": kind, "text": label}
}
