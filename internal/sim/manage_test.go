package sim_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/waypost/waypost/internal/sim"
)

// manage makes a managing call that must succeed.
func manage(t *testing.T, s *sim.Sim, method, path, body string) string {
	t.Helper()
	w := askJSON(s.Graph(), method, "/v23.0/"+path, token, body)
	if w.Code != http.StatusOK {
		t.Fatalf("%s %s %s: %d %s", method, path, body, w.Code, w.Body)
	}
	return w.Body.String()
}

func refusal(t *testing.T, s *sim.Sim, method, path, body string) int {
	t.Helper()
	var got graphFault
	if err := json.Unmarshal(askJSON(s.Graph(), method, "/v23.0/"+path, token, body).Body.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	return got.Error.Code
}

func TestNumberIsAddedAtRunTime(t *testing.T) {
	s := start(t, options(t, newReceiver()))
	var made struct{ ID string }
	if err := json.Unmarshal([]byte(manage(t, s, "POST", "900001/phone_numbers", `{"cc":"1","phone_number":"5550100003","verified_name":"Third"}`)), &made); err != nil {
		t.Fatal(err)
	}
	text := textTo(user, "hello")
	if got := refusal(t, s, "POST", made.ID+"/messages", text); got != 133010 {
		t.Errorf("a send of an unregistered number: %d", got)
	}
	manage(t, s, "POST", made.ID+"/request_code?code_method=SMS&language=en_US", "")
	var shown struct {
		Numbers []struct {
			ID   string
			Code string `json:"verification_code"`
		}
	}
	decode(t, askJSON(s.Control(), "GET", "/numbers", "", ""), 200, &shown)
	// A form is taken as well as JSON.
	form := ask(s.Graph(), "POST", "/"+made.ID+"/verify_code", token, "application/x-www-form-urlencoded", strings.NewReader("code="+shown.Numbers[2].Code))
	if shown.Numbers[2].ID != made.ID || form.Code != 200 {
		t.Fatalf("numbers %+v, verified %d %s", shown.Numbers, form.Code, form.Body)
	}
	manage(t, s, "POST", made.ID+"/register", `{"messaging_product":"whatsapp","pin":"123456"}`)
	manage(t, s, "POST", made.ID+"/messages", text)
	if got := get(t, s, "/900001/phone_numbers?fields=status"); !strings.Contains(got, `{"id":"`+made.ID+`","status":"CONNECTED"}`) {
		t.Errorf("numbers of the account: %s", got)
	}
	if _, err := s.Say(t.Context(), sim.Inbound{From: user, To: "15550100003", Text: "hello"}); err != nil {
		t.Errorf("nobody can write to it: %v", err)
	}
	manage(t, s, "POST", made.ID+"/deregister", "")
	if got := refusal(t, s, "POST", made.ID+"/messages", text); got != 133010 {
		t.Errorf("a send after deregistering: %d", got)
	}
}

func TestTokensOfSeveralNumbers(t *testing.T) {
	o := options(t, newReceiver())
	o.Tokens = []sim.Token{{Value: "both"}, {Value: "only-two", Numbers: []string{otherID}}}
	s := start(t, o)
	for _, tt := range []struct {
		token, number string
		want          int
	}{{"both", numberID, 200}, {"both", otherID, 200}, {"only-two", numberID, 400}, {"only-two", otherID, 200}} {
		if w := askJSON(s.Graph(), "POST", "/"+tt.number+"/messages", tt.token, textTo(user, "x")); w.Code != tt.want {
			t.Errorf("%s at %s: %d %s", tt.token, tt.number, w.Code, w.Body)
		}
	}
	o.Tokens[1].Numbers = []string{"4711"}
	if _, err := sim.New(o); err == nil || !strings.Contains(err.Error(), "token 2") {
		t.Errorf("a token for nothing: %v", err)
	}
}

// hosts are receivers by host name.
type hosts struct {
	mu   sync.Mutex
	seen []string // host, and what was asked of it
	deny string   // a host that does not know the verify token
}

func (h *hosts) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	h.mu.Lock()
	defer h.mu.Unlock()
	if r.Method == http.MethodGet {
		h.seen = append(h.seen, r.URL.Host+" "+r.URL.Query().Get("hub.verify_token"))
		if r.URL.Host != h.deny {
			_, _ = io.WriteString(w, r.URL.Query().Get("hub.challenge"))
		}
		return w.Result(), nil
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	signed := "unsigned"
	if strings.HasPrefix(r.Header.Get("X-Hub-Signature-256"), "sha256=") {
		signed = "signed"
	}
	for _, word := range []string{"hello", "PIN_CHANGED"} {
		if strings.Contains(string(body), word) {
			h.seen = append(h.seen, r.URL.Host+" "+word+" "+signed)
		}
	}
	return w.Result(), nil
}

func (h *hosts) take() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	text := strings.Join(h.seen, ", ")
	h.seen = nil
	return text
}

func TestOverridesMoveCallbacks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &hosts{deny: "deny.test"}
		o := options(t, nil)
		o.Client = &http.Client{Transport: h}
		s := start(t, o)
		hello := func(want string) {
			t.Helper()
			say(t, s, "hello")
			time.Sleep(time.Minute)
			if got := h.take(); got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		}
		override := func(host string) string {
			return fmt.Sprintf(`{"override_callback_uri":"http://%s/hook","verify_token":"let me in"}`, host)
		}
		hello("gateway.test hello signed")
		manage(t, s, "POST", "900001/subscribed_apps", override("waba.test"))
		hello("waba.test let me in, waba.test hello signed")
		manage(t, s, "POST", numberID, `{"webhook_configuration":`+override("number.test")+`}`)
		hello("number.test let me in, number.test hello signed")
		if got := get(t, s, "/"+numberID+"?fields=webhook_configuration"); !strings.Contains(got, `"phone_number":"http://number.test/hook","whatsapp_business_account":"http://waba.test/hook"`) {
			t.Errorf("read back: %s", got)
		}
		if got := get(t, s, "/900001/subscribed_apps"); !strings.Contains(got, `"override_callback_uri":"http://waba.test/hook"`) {
			t.Errorf("subscribed: %s", got)
		}
		if got := refusal(t, s, "POST", numberID, `{"webhook_configuration":`+override("deny.test")+`}`); got != 2200 {
			t.Errorf("a receiver that does not prove itself: %d", got)
		}
		h.take()
		manage(t, s, "POST", numberID, `{"pin":"123456"}`)
		time.Sleep(time.Minute)
		if got := h.take(); got != "waba.test PIN_CHANGED signed" {
			t.Errorf("about the account: %q", got)
		}
		manage(t, s, "POST", numberID, `{"webhook_configuration":{"override_callback_uri":""}}`)
		manage(t, s, "POST", "900001/subscribed_apps", "")
		hello("gateway.test hello signed")
		manage(t, s, "DELETE", "900001/subscribed_apps", "")
		hello("")
		if got := get(t, s, "/900001/subscribed_apps"); got != `{"data":[]}` {
			t.Errorf("unsubscribed: %s", got)
		}
	})
}

func TestHistoryTellsOfStatusesAndTheirCallbacks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newReceiver()
		s := start(t, options(t, c))
		say(t, s, "hello")
		wamid := send(t, s, "first")
		time.Sleep(10 * time.Minute)
		c.mu.Lock()
		c.answer = func(int) int { return http.StatusInternalServerError }
		c.mu.Unlock()
		second := send(t, s, "second")
		time.Sleep(5 * time.Second)
		type event struct {
			ID     string
			Status string `json:"delivery_status"`
			State  string `json:"webhook_update_state"`
			At     int64  `json:"timestamp"`
			URI    string `json:"webhook_uri"`
		}
		var page struct {
			Data []struct {
				ID      string
				Message string `json:"message_id"`
				Events  struct{ Data []event }
			}
		}
		history := func(query string) {
			t.Helper()
			page.Data = nil
			if err := json.Unmarshal([]byte(get(t, s, "/"+numberID+"/message_history"+query)), &page); err != nil {
				t.Fatal(err)
			}
		}
		history("")
		if len(page.Data) != 2 || page.Data[0].Message != second || page.Data[0].Events.Data[0].State != "RETRYING" {
			t.Fatalf("history %+v", page)
		}
		history("?message_id=" + wamid + "&fields=id,message_id,events{delivery_status}")
		var steps []string
		for _, e := range page.Data[0].Events.Data {
			steps = append(steps, e.Status)
			if e.State != "DELIVERED" || e.At == 0 || e.URI == "" {
				t.Errorf("event %+v", e)
			}
		}
		if got := strings.Join(steps, " "); len(page.Data) != 1 || got != "SENT DELIVERED READ" {
			t.Errorf("statuses %s of %d messages", got, len(page.Data))
		}
		got := get(t, s, "/"+page.Data[0].ID+"/events?status_filter=READ")
		if strings.Count(got, `"cursor"`) != 1 || !strings.Contains(got, `"delivery_status":"READ"`) || !strings.Contains(got, page.Data[0].Events.Data[2].ID) {
			t.Errorf("events %s", got)
		}
		if w := askJSON(s.Graph(), "GET", "/"+page.Data[0].ID+"/events", otherTok, ""); w.Code != http.StatusBadRequest {
			t.Errorf("another's token: %d", w.Code)
		}
	})
}

func TestTemplateIsPausedByTheClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newReceiver()
		s := start(t, options(t, c))
		var page struct{ Data []struct{ ID string } }
		decode(t, askJSON(s.Graph(), "GET", templates+"?name=hello_world", token, ""), 200, &page)
		id := page.Data[0].ID
		sending := toUser(`"type":"template","template":{"name":"hello_world","language":{"code":"en_US"}}`)
		pause := func() {
			t.Helper()
			decode(t, askJSON(s.Control(), "POST", "/templates/"+id+"/pause", "", ""), 200, &struct{}{})
			time.Sleep(time.Second)
		}
		pause()
		time.Sleep(3*time.Hour - time.Minute)
		if got := refusal(t, s, "POST", numberID+"/messages", sending); got != 132015 {
			t.Errorf("paused: %d", got)
		}
		time.Sleep(2 * time.Minute)
		manage(t, s, "POST", numberID+"/messages", sending)
		pause()
		manage(t, s, "POST", id+"/unpause", "")
		time.Sleep(time.Second)
		manage(t, s, "POST", numberID+"/messages", sending)
		pause()
		if got := refusal(t, s, "POST", numberID+"/messages", sending); got != 132016 {
			t.Errorf("disabled: %d", got)
		}
		time.Sleep(time.Minute)
		var titles []string
		for _, got := range fieldsOf(t, c) {
			var v struct {
				Event string
				Other struct{ Title string } `json:"other_info"`
			}
			if err := json.Unmarshal([]byte(got[1]), &v); err != nil {
				t.Fatal(err)
			}
			titles = append(titles, v.Event+" "+v.Other.Title)
		}
		want := "PAUSED FIRST_PAUSE, REINSTATED UNPAUSE, PAUSED SECOND_PAUSE, REINSTATED UNPAUSE, DISABLED DISABLED"
		if got := strings.Join(titles, ", "); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
		if w := askJSON(s.Control(), "POST", "/templates/"+id+"/pause", "", ""); w.Code != http.StatusConflict {
			t.Errorf("a disabled template was paused: %d", w.Code)
		}
		if w := askJSON(s.Control(), "POST", "/templates/1/pause", "", ""); w.Code != http.StatusNotFound {
			t.Errorf("nothing was paused: %d", w.Code)
		}
	})
}

func TestQRCodeHasAPicture(t *testing.T) {
	s := start(t, options(t, newReceiver()))
	var code struct {
		Code    string
		Picture string `json:"qr_image_url"`
	}
	if err := json.Unmarshal([]byte(manage(t, s, "POST", numberID+"/message_qrdls", `{"prefilled_message":"Hi","generate_qr_image":"SVG"}`)), &code); err != nil {
		t.Fatal(err)
	}
	w := ask(s.Graph(), "GET", code.Picture, "", "", nil)
	if w.Code != 200 || w.Header().Get("Content-Type") != "image/svg+xml" || !strings.HasPrefix(w.Body.String(), "<svg ") {
		t.Errorf("picture: %d %v", w.Code, w.Header())
	}
	manage(t, s, "DELETE", numberID+"/message_qrdls/"+code.Code, "")
	if w := ask(s.Graph(), "GET", code.Picture, "", "", nil); w.Code != 404 {
		t.Errorf("the picture of a deleted code: %d", w.Code)
	}
	if got := refusal(t, s, "GET", numberID+"/message_qrdls/"+code.Code, ""); got != 803 {
		t.Errorf("a deleted code: %d", got)
	}
}
