package sim_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/waypost/waypost/internal/sim"
)

func TestControlAnswersEveryRoute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := options(t, newReceiver())
		o.Numbers = o.Numbers[:1]
		s := start(t, o)
		h := s.Control()
		for _, tt := range []struct {
			method, path, body string
			want               string // part of the answer
		}{
			{"GET", "/", "", "/phones/{number}/messages"},
			{"GET", "/healthz", "", `{"status":"ok"}`},
			{"GET", "/numbers", "", `{"id":"` + numberID + `","waba_id":"900001","display":"` + display + `","name":"Simulated Business","status":"CONNECTED"}`},
			{"GET", "/callback", "", `{"url":"http://gateway.test/callback"}`},
			{"PUT", "/callback", `{"url":"http://gateway.test/new","verify_token":"v","app_secret":"` + secret + `"}`, `{"url":"http://gateway.test/new"}`},
			{"GET", "/phones", "", `{"phones":[]}`},
			{"PUT", "/phones/+" + user, `{"name":"Ada"}`, `"receipts":true,"played":true,"online":true}`},
			{"PUT", "/phones/" + user, `{"receipts":false}`, `"receipts":false,"played":true,"online":true}`},
			{"GET", "/phones", "", `{"phones":[{"number":"` + user},
			{"GET", "/phones/" + user, "", `"name":"Ada"`},
			{"GET", "/phones/" + user + "/messages", "", `{"messages":[]}`},
			{"POST", "/phones/" + user + "/messages", `{"type":"text","text":"hello"}`, `{"id":"wamid.`},
			{"GET", "/phones/" + user + "/messages", "", `"direction":"from_phone","number_id":"` + numberID + `","type":"text","text":"hello","status":"sent"`},
			{"GET", "/sends", "", `{"sends":[]}`},
			{"GET", "/callbacks", "", `"attempts":1,`},
		} {
			w := askJSON(h, tt.method, tt.path, "", tt.body)
			if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), tt.want) {
				t.Errorf("%s %s: %d %s, want %s", tt.method, tt.path, w.Code, w.Body, tt.want)
			}
			time.Sleep(time.Second)
		}
	})
}

func TestControlShowsWhatBecameOfASend(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, options(t, newReceiver()))
		say(t, s, "hello")
		id := uploadFile(t, s, "image/png", []byte("png"))
		body := toUser(`"type":"image","image":{"id":"` + id + `","caption":"look"},"context":{"message_id":"wamid.x"}`)
		askJSON(s.Graph(), http.MethodPost, "/"+numberID+"/messages", token, body)
		time.Sleep(time.Minute)
		sends := askJSON(s.Control(), http.MethodGet, "/sends", "", "").Body.String()
		for _, want := range []string{`"number_id":"` + numberID, `"to":"` + user, `"recipient_type":"individual"`, `"type":"image"`, `"status":"read"`} {
			if !strings.Contains(sends, want) {
				t.Errorf("no %s in %s", want, sends)
			}
		}
		shown := askJSON(s.Control(), http.MethodGet, "/phones/"+user+"/messages", "", "").Body.String()
		for _, want := range []string{`"direction":"to_phone"`, `"caption":"look"`, `"mime_type":"image/png"`, `"reply_to":"wamid.x"`, `"status":"read"`} {
			if !strings.Contains(shown, want) {
				t.Errorf("no %s in %s", want, shown)
			}
		}
	})
}

func TestControlTakesAFileFromAPhone(t *testing.T) {
	c := newReceiver()
	s := start(t, options(t, c))
	quotedID := say(t, s, "hello")
	kind, body := form(t, map[string]string{"to": display, "caption": "look", "reply_to": quotedID}, "a.png", "image/png", strings.NewReader("png"))
	w := ask(s.Control(), http.MethodPost, "/phones/"+user+"/messages", "", kind, body)
	if w.Code != http.StatusOK {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	list, err := s.Messages(user)
	if err != nil || len(list) != 2 {
		t.Fatalf("%+v, %v", list, err)
	}
	got := list[1]
	if got.Type != "image" || got.Caption != "look" || got.ReplyTo != quotedID || got.Media == nil || got.Media.Filename != "a.png" {
		t.Fatalf("message %+v, media %+v", got, got.Media)
	}
	file := ask(s.Control(), http.MethodGet, "/media/"+got.Media.ID, "", "", nil)
	if file.Body.String() != "png" || file.Header().Get("Content-Type") != "image/png" || file.Header().Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("bytes %q, headers %v", file.Body, file.Header())
	}
}

func TestControlSaysWhatToDo(t *testing.T) {
	s := start(t, options(t, newReceiver()))
	h := s.Control()
	fileOf := func(fields map[string]string, data []byte) *httptest.ResponseRecorder {
		kind, body := form(t, fields, "a.png", "image/png", bytes.NewReader(data))
		return ask(h, http.MethodPost, "/phones/"+user+"/messages", "", kind, body)
	}
	kind, noFile := form(t, map[string]string{"to": display}, "", "", nil)
	for _, tt := range []struct {
		name   string
		got    *httptest.ResponseRecorder
		status int
		want   string
	}{
		{"unknown path", askJSON(h, "GET", "/nothing", "", ""), 404, "GET / lists the routes"},
		{"wrong method", askJSON(h, "DELETE", "/phones/1", "", ""), 405, "use GET or PUT"},
		{"unknown phone", askJSON(h, "GET", "/phones/15550100999", "", ""), 404, "phone"},
		{"messages of an unknown phone", askJSON(h, "GET", "/phones/15550100999/messages", "", ""), 404, "phone"},
		{"unknown medium", askJSON(h, "GET", "/media/1", "", ""), 404, "media"},
		{"no number", askJSON(h, "PUT", "/phones/ada", "", "{}"), 400, "digits"},
		{"business number", askJSON(h, "PUT", "/phones/"+display, "", "{}"), 400, "business number"},
		{"misspelt key", askJSON(h, "PUT", "/phones/"+user, "", `{"onlin":false}`), 400, "onlin"},
		{"no JSON", askJSON(h, "POST", "/phones/"+user+"/messages", "", `{`), 400, "JSON"},
		{"which number", askJSON(h, "POST", "/phones/"+user+"/messages", "", `{"text":"x"}`), 400, "say to which one"},
		{"unknown number", askJSON(h, "POST", "/phones/"+user+"/messages", "", `{"to":"4711","text":"x"}`), 404, "to: business number"},
		{"callback", askJSON(h, "PUT", "/callback", "", `{"url":"nowhere"}`), 422, "callback url"},
		{"callback of another kind", askJSON(h, "PUT", "/callback", "", `{"uri":"nowhere"}`), 400, "uri"},
		{"form without file", ask(h, "POST", "/phones/"+user+"/messages", "", kind, noFile), 400, "no part named file"},
		{"unknown field", fileOf(map[string]string{"too": "x"}, []byte("png")), 400, "unknown field"},
		{"file with errors", fileOf(map[string]string{"to": display, "type": "video"}, []byte("png")), 400, "image or document"},
		{"broken form", ask(h, "POST", "/phones/"+user+"/messages", "", "multipart/form-data", strings.NewReader("x")), 400, "broken"},
	} {
		var answer map[string]string
		decode(t, tt.got, tt.status, &answer)
		if !strings.Contains(answer["error"], tt.want) || len(answer) != 1 {
			t.Errorf("%s: %v, want %q", tt.name, answer, tt.want)
		}
	}
}

func TestPhonesReadFromGo(t *testing.T) {
	s := start(t, options(t, newReceiver()))
	if _, err := s.Phone(user); err == nil {
		t.Error("a phone nobody used is there")
	}
	say(t, s, "hello")
	p, err := s.Phone("+" + user)
	want := sim.Phone{Number: user, Name: "Phone 0900", UserID: p.UserID, Receipts: true, Played: true, Online: true}
	if err != nil || p != want || !strings.HasPrefix(p.UserID, "US.") {
		t.Errorf("got %+v, %v, want %+v", p, err, want)
	}
	if err := s.SetPhone(sim.Phone{Number: user, Online: true}); err != nil || s.Phones()[0].Name != "Phone 0900" {
		t.Errorf("%v, %+v", err, s.Phones())
	}
}
