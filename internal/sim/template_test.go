package sim_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/waypost/waypost/internal/sim"
)

const (
	templates = "/v23.0/900001/message_templates"
	news      = `{"name":"news","language":"en","category":"MARKETING","components":[{"type":"BODY","text":"Hello."}]}`
)

// fieldsOf lists the callbacks that are not about messages, as field and value.
func fieldsOf(t *testing.T, c *receiver) (list [][2]string) {
	t.Helper()
	for _, got := range c.all() {
		var body struct {
			Object string
			Entry  []struct {
				ID      string
				Time    int64
				Changes []struct {
					Field string
					Value json.RawMessage
				}
			}
		}
		if err := json.Unmarshal(got.body, &body); err != nil {
			t.Fatal(err)
		}
		e := body.Entry[0]
		if e.Changes[0].Field == "messages" {
			continue
		}
		if body.Object != "whatsapp_business_account" || e.ID != "900001" || e.Time != got.at.Unix() {
			t.Errorf("envelope %s", got.body)
		}
		list = append(list, [2]string{e.Changes[0].Field, string(e.Changes[0].Value)})
	}
	return list
}

func TestTemplateLivesFromReviewToDeletion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newReceiver()
		s := start(t, options(t, c))
		var made struct{ ID, Status, Category string }
		decode(t, askJSON(s.Graph(), "POST", templates, token, news), 200, &made)
		if made.Status != "PENDING" || made.Category != "MARKETING" {
			t.Errorf("made %+v", made)
		}
		refused := `{"name":"reject_me","language":"en","category":"UTILITY","components":[{"type":"BODY","text":"Hello."}]}`
		decode(t, askJSON(s.Graph(), "POST", templates, token, refused), 200, &made)
		time.Sleep(time.Second)
		callbacks := fieldsOf(t, c)
		var all strings.Builder
		for _, u := range callbacks {
			all.WriteString(u[0] + " " + u[1] + "\n")
		}
		for _, want := range []string{`"event":"APPROVED","message_template_id":`, `"event":"REJECTED","message_template_id":` + made.ID + `,`, `"reason":"NONE","message_template_category":"MARKETING"`} {
			if !strings.Contains(all.String(), want) || len(callbacks) != 2 || strings.Contains(all.String(), "phone_number_id") {
				t.Errorf("no %s in\n%s", want, all.String())
			}
		}
		var node struct{ Status, Name string }
		decode(t, askJSON(s.Graph(), "GET", "/v23.0/"+made.ID, token, ""), 200, &node)
		if node.Status != "REJECTED" || node.Name != "reject_me" {
			t.Errorf("node %+v", node)
		}
		var done struct{ Success bool }
		decode(t, askJSON(s.Graph(), "POST", "/v23.0/"+made.ID, token, `{"components":[{"type":"BODY","text":"Better."}]}`), 200, &done)
		decode(t, askJSON(s.Graph(), "GET", "/"+made.ID, token, ""), 200, &node)
		if !done.Success || node.Status != "PENDING" {
			t.Errorf("edited %+v, %+v", done, node)
		}
		time.Sleep(time.Second)
		decode(t, askJSON(s.Graph(), "DELETE", templates+"?name=news", token, ""), 200, &done)
		time.Sleep(time.Second)
		if callbacks = fieldsOf(t, c); len(callbacks) != 4 || !strings.Contains(callbacks[3][1], `"event":"DELETED"`) {
			t.Errorf("callbacks %v", callbacks)
		}
	})
}

func TestTemplatesBelongToTheirAccount(t *testing.T) {
	s := start(t, options(t, newReceiver()))
	var page struct{ Data []struct{ ID, Name string } }
	decode(t, askJSON(s.Graph(), "GET", templates, token, ""), 200, &page)
	if len(page.Data) != 8 {
		t.Fatalf("%d from the start", len(page.Data))
	}
	id := page.Data[0].ID
	for name, got := range map[string]int{
		"list of another":   askJSON(s.Graph(), "GET", templates, otherTok, "").Code,
		"create in another": askJSON(s.Graph(), "POST", templates, otherTok, news).Code,
		"read":              askJSON(s.Graph(), "GET", "/"+id, otherTok, "").Code,
		"edit":              askJSON(s.Graph(), "POST", "/"+id, otherTok, `{}`).Code,
		"delete":            askJSON(s.Graph(), "DELETE", templates+"?name=hello_world", otherTok, "").Code,
		"delete without":    askJSON(s.Graph(), "DELETE", templates, token, "").Code,
		"unknown field":     askJSON(s.Graph(), "GET", "/"+id+"?fields=color", token, "").Code,
		"no JSON":           ask(s.Graph(), "POST", templates, token, "text/plain", strings.NewReader(news)).Code,
	} {
		if got != http.StatusBadRequest {
			t.Errorf("%s: %d", name, got)
		}
	}
	var fault struct {
		Error struct {
			Code    int
			Subcode int    `json:"error_subcode"`
			Title   string `json:"error_user_title"`
			Text    string `json:"error_user_msg"`
		}
	}
	askJSON(s.Graph(), "POST", templates, token, news)
	decode(t, askJSON(s.Graph(), "POST", templates, token, news), 400, &fault)
	if e := fault.Error; e.Code != 100 || e.Subcode != 2388024 || e.Title == "" || e.Text == "" {
		t.Errorf("the name is taken: %+v", e)
	}
}

func TestTemplateIsSentOutsideTheWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newReceiver()
		s := start(t, options(t, c))
		pic := uploadFile(t, s, "image/png", []byte("png"))
		wamid := map[string]string{}
		send := func(name, language, components string) {
			t.Helper()
			body := toUser(`"type":"template","template":{"name":"` + name + `","language":{"code":"` + language + `"},"components":[` + components + `]}`)
			var answer struct {
				Messages []struct {
					ID     string
					Status string `json:"message_status"`
				}
			}
			decode(t, askJSON(s.Graph(), "POST", "/"+numberID+"/messages", token, body), 200, &answer)
			if answer.Messages[0].Status != "accepted" {
				t.Errorf("answer %+v", answer)
			}
			wamid[answer.Messages[0].ID] = name
		}
		send("order_update", "en", `{"type":"body","parameters":[{"type":"text","text":"Ada"},{"type":"text","text":"3"}]}`)
		say(t, s, "hello")
		send("hello_world", "en_US", "")
		send("spring_sale", "en", `{"type":"header","parameters":[{"type":"image","image":{"id":"`+pic+`"}}]},{"type":"body","parameters":[{"type":"text","text":"Ada"}]}`)
		time.Sleep(time.Minute)
		want := map[string]string{
			"order_update": `"origin":{"type":"utility"}},"pricing":{"billable":true,"pricing_model":"PMP","type":"regular","category":"utility"}`,
			"hello_world":  `"origin":{"type":"utility"}},"pricing":{"billable":false,"pricing_model":"PMP","type":"free_customer_service","category":"utility"}`,
			"spring_sale":  `"origin":{"type":"marketing"}},"pricing":{"billable":true,"pricing_model":"PMP","type":"regular","category":"marketing"}`,
		}
		priced := 0
		for _, got := range c.all() {
			for id, name := range wamid {
				text := string(got.body)
				if strings.Contains(text, id) && !strings.Contains(text, `"status":"read"`) {
					priced++
					if !strings.Contains(text, want[name]) {
						t.Errorf("%s: %s", name, text)
					}
				}
			}
		}
		if priced != 6 {
			t.Errorf("%d statuses with a price", priced)
		}
		shown, _ := s.Messages(user)
		if m := shown[0]; m.Text != "Hi Ada, your order of 3 items is on its way." || m.Type != "template" || m.Status != "read" || len(m.Content) == 0 {
			t.Errorf("the phone shows %+v", m)
		}
		if m := shown[3]; m.Media == nil || m.Media.ID != pic {
			t.Errorf("the phone shows %+v", m)
		}
	})
}

func TestTemplateIsRefused(t *testing.T) {
	s := start(t, options(t, newReceiver()))
	pdf := uploadFile(t, s, "application/pdf", []byte("%PDF-1.7"))
	for _, tt := range []struct {
		name, template string
		status, code   int
	}{
		{"unknown", `{"name":"nobody","language":{"code":"en"}}`, 404, 132001},
		{"no object", `null`, 400, 131008},
		{"medium of another kind", `{"name":"spring_sale","language":{"code":"en"},"components":[{"type":"header","parameters":[{"type":"image","image":{"id":"` + pdf + `"}}]},{"type":"body","parameters":[{"type":"text","text":"Ada"}]}]}`, 400, 131009},
		{"count", `{"name":"order_update","language":{"code":"en"}}`, 400, 132000},
	} {
		var got graphFault
		decode(t, askJSON(s.Graph(), "POST", "/"+numberID+"/messages", token, toUser(`"type":"template","template":`+tt.template)), tt.status, &got)
		if got.Error.Code != tt.code {
			t.Errorf("%s: %+v", tt.name, got.Error)
		}
	}
}

func TestControlMovesTemplates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newReceiver()
		s := start(t, options(t, c))
		var put struct{ ID, Status string }
		decode(t, askJSON(s.Control(), "POST", "/templates", "", `{"waba_id":"900001","status":"PAUSED",`+news[1:]), 200, &put)
		var list struct {
			Templates []struct{ ID, Name, Quality string }
		}
		decode(t, askJSON(s.Control(), "GET", "/templates?waba_id=900001&name=news", "", ""), 200, &list)
		if put.Status != "PAUSED" || len(list.Templates) != 1 || list.Templates[0].ID != put.ID {
			t.Fatalf("%+v, %+v", put, list)
		}
		sending := toUser(`"type":"template","template":{"name":"news","language":{"code":"en"}}`)
		var got graphFault
		decode(t, askJSON(s.Graph(), "POST", "/"+numberID+"/messages", token, sending), 400, &got)
		if got.Error.Code != 132015 {
			t.Errorf("paused: %+v", got.Error)
		}
		decode(t, askJSON(s.Control(), "PUT", "/templates/"+put.ID, "", `{"status":"APPROVED","category":"UTILITY","quality":"YELLOW"}`), 200, &put)
		time.Sleep(time.Second)
		var fields []string
		for _, u := range fieldsOf(t, c) {
			fields = append(fields, u[0])
		}
		if want := "message_template_status_update template_category_update message_template_quality_update"; len(fields) != 3 ||
			!strings.Contains(want, fields[0]) || !strings.Contains(want, fields[1]) || !strings.Contains(want, fields[2]) {
			t.Errorf("callbacks %v", fields)
		}
		if w := askJSON(s.Graph(), "POST", "/"+numberID+"/messages", token, sending); w.Code != 200 {
			t.Errorf("approved: %s", w.Body)
		}
		for _, tt := range []struct {
			method, path, body string
			status             int
		}{
			{"POST", "/templates", news, 400}, // which account?
			{"POST", "/templates", `{"waba_id":"4711",` + news[1:], 404},
			{"POST", "/templates", `{"waba_id":"900001","status":"GREAT",` + news[1:], 400},
			{"POST", "/templates", `{"waba_id":"900001","name":"News"}`, 400},
			{"PUT", "/templates/1", `{"status":"PAUSED"}`, 404},
			{"PUT", "/templates/" + put.ID, `{"status":"GREAT"}`, 400},
			{"POST", "/callbacks", `{"waba_id":"900001","field":"security"}`, 400},
			{"POST", "/callbacks", `{"waba_id":"900001","field":"security","value":[]}`, 400},
			{"POST", "/callbacks", `{"waba_id":"900001","value":{}}`, 400},
		} {
			if w := askJSON(s.Control(), tt.method, tt.path, "", tt.body); w.Code != tt.status {
				t.Errorf("%s %s %s: %d %s", tt.method, tt.path, tt.body, w.Code, w.Body)
			}
		}
	})
}

func TestControlCallsBackAnything(t *testing.T) {
	c := newReceiver()
	s := start(t, options(t, c))
	value := `{"display_phone_number":"15550100001","event":"PIN_CHANGED","requester":"Ada <é>"}`
	var answer struct{ ID int }
	decode(t, askJSON(s.Control(), "POST", "/callbacks", "", `{"waba_id":"900001","field":"security","value":`+value+`}`), 200, &answer)
	c.first(t)
	got := fieldsOf(t, c)
	if len(got) != 1 || got[0][0] != "security" || got[0][1] != strings.Replace(value, "é", `\u00e9`, 1) {
		t.Errorf("got %v", got)
	}
	if log := s.Callbacks(); log[0].ID != answer.ID || log[0].Field != "security" || log[0].WABAID != "900001" || log[0].NumberID != "" {
		t.Errorf("log %+v", log[0])
	}
}

func TestReactionIsOnlySent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, options(t, newReceiver()))
		wamid := say(t, s, "hello")
		reply := func(target string) {
			t.Helper()
			body := toUser(`"type":"reaction","reaction":{"message_id":"` + target + `","emoji":"👍"}`)
			if w := askJSON(s.Graph(), "POST", "/"+numberID+"/messages", token, body); w.Code != 200 {
				t.Fatal(w.Body)
			}
		}
		reply(wamid)
		reply(s.Sends()[0].WAMID)
		time.Sleep(time.Hour)
		sends := s.Sends()
		if got := sends[0].Statuses; len(got) != 1 || got[0].Name != "sent" {
			t.Errorf("statuses %+v", got)
		}
		if got := sends[1].Statuses; len(got) != 1 || got[0].Name != "failed" || got[0].Code != 131009 {
			t.Errorf("statuses of a reaction to a reaction %+v", got)
		}
		if list, _ := s.Messages(user); list[1].Text != "👍" || list[1].ReplyTo != wamid {
			t.Errorf("shown %+v", list[1])
		}
	})
}

func TestEverythingElseWaitsForTheUser(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, options(t, newReceiver()))
		bodies := []string{
			`"type":"location","location":{"latitude":1,"longitude":2}`,
			`"type":"contacts","contacts":[{"name":{"formatted_name":"Ada"}}]`,
			`"type":"reaction","reaction":{"message_id":"wamid.x","emoji":"👍"}`,
			`"type":"interactive","interactive":{"type":"location_request_message","body":{"text":"Where?"},"action":{"name":"send_location"}}`,
		}
		for _, body := range bodies {
			if w := askJSON(s.Graph(), "POST", "/"+numberID+"/messages", token, toUser(body)); w.Code != 200 {
				t.Errorf("%s: %s", body, w.Body)
			}
		}
		group := envelope(`"to":"R3JvdXA=","recipient_type":"group",` + bodies[3])
		if w := askJSON(s.Graph(), "POST", "/"+numberID+"/messages", token, group); w.Code != 400 {
			t.Errorf("interactive to a group: %s", w.Body)
		}
		time.Sleep(time.Minute)
		for _, m := range s.Sends() {
			if len(m.Statuses) != 1 || m.Statuses[0].Code != 131047 {
				t.Errorf("%s: %+v", m.Type, m.Statuses)
			}
		}
	})
}

func TestMediaNamedInsideAreChecked(t *testing.T) {
	s := start(t, options(t, newReceiver()))
	png := uploadFile(t, s, "image/png", []byte("png"))
	header := func(kind, id string) string {
		return toUser(`"type":"interactive","interactive":{"type":"button","header":{"type":"` + kind + `","` + kind + `":{"id":"` + id + `"}},` +
			`"body":{"text":"x"},"action":{"buttons":[{"type":"reply","reply":{"id":"1","title":"One"}}]}}`)
	}
	for body, want := range map[string]int{header("image", png): 200, header("video", png): 400, header("image", "4711"): 400} {
		if w := askJSON(s.Graph(), "POST", "/"+numberID+"/messages", token, body); w.Code != want {
			t.Errorf("%s: %d %s", body, w.Code, w.Body)
		}
	}
	if list, _ := s.Messages(user); len(list) != 1 || list[0].Media == nil || list[0].Text != "x" {
		t.Errorf("shown %+v", list)
	}
}

func TestReviewTimingIsChecked(t *testing.T) {
	o := options(t, newReceiver())
	o.Timing.Review = sim.Range{Min: 2, Max: 1}
	o.AppID = "my app"
	_, err := sim.New(o)
	if err == nil || !strings.Contains(err.Error(), "timing review") || !strings.Contains(err.Error(), "app id") {
		t.Errorf("got %v", err)
	}
}
