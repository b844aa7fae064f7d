package sim_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/waypost/waypost/internal/sim"
)

func TestCallbackIsSignedOverItsRawBytes(t *testing.T) {
	c := newReceiver()
	s := start(t, options(t, c))
	if err := s.SetPhone(sim.Phone{Number: user, Name: "Zoë 🙂", Receipts: true, Online: true}); err != nil {
		t.Fatal(err)
	}
	wamid := say(t, s, "Grüße, 世界 <&> \u2028 \t 👍🏽")
	got := c.first(t)
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(got.body)
	if want := "sha256=" + hex.EncodeToString(mac.Sum(nil)); got.header.Get("X-Hub-Signature-256") != want {
		t.Errorf("signature %q, want %q", got.header.Get("X-Hub-Signature-256"), want)
	}
	if got.header.Get("Content-Type") != "application/json" {
		t.Errorf("headers %v", got.header)
	}
	for _, b := range got.body {
		if b > 0x7e || b < 0x20 {
			t.Fatalf("byte %#x in %s", b, got.body)
		}
	}
	for _, want := range []string{`Zo\u00eb \ud83d\ude42`, `Gr\u00fc\u00dfe, \u4e16\u754c <&> \u2028 \t \ud83d\udc4d\ud83c\udffd`} {
		if !strings.Contains(string(got.body), want) {
			t.Errorf("no %s in %s", want, got.body)
		}
	}
	value := read(t, got).Entry[0].Changes[0].Value
	if string(value.Messages[0]["id"]) != `"`+wamid+`"` || value.Contacts[0].Profile.Name != "Zoë 🙂" || value.Contacts[0].WAID != user {
		t.Errorf("value %+v", value)
	}
}

func TestCallbackEnvelopeNamesTheNumber(t *testing.T) {
	c := newReceiver()
	s := start(t, options(t, c))
	say(t, s, "hello")
	body := read(t, c.first(t))
	value := body.Entry[0].Changes[0].Value
	if body.Object != "whatsapp_business_account" || body.Entry[0].ID != "900001" || body.Entry[0].Changes[0].Field != "messages" ||
		value.Product != "whatsapp" || value.Metadata.Display != display || value.Metadata.ID != numberID {
		t.Errorf("envelope %+v", body)
	}
}

func TestCallbackIsRetriedWithTheSameBytes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newReceiver()
		c.answer = func(attempt int) int {
			if attempt <= 8 {
				return []int{500, 404, 302, 201, 204, 503, 500, 500}[attempt-1]
			}
			return http.StatusOK
		}
		s := start(t, options(t, c))
		say(t, s, "hello")
		time.Sleep(time.Hour)
		got := c.all()
		if len(got) != 9 {
			t.Fatalf("%d attempts, want 9", len(got))
		}
		waits := []int{200, 400, 800, 1600, 3200, 6400, 12800, 25600}
		for i, wait := range waits {
			if gap := got[i+1].at.Sub(got[i].at); gap.Milliseconds() != int64(wait) {
				t.Errorf("attempt %d came after %s, want %d ms", i+2, gap, wait)
			}
			if string(got[i+1].body) != string(got[0].body) {
				t.Errorf("attempt %d has other bytes", i+2)
			}
		}
		log := s.Callbacks()
		if len(log) != 1 || log[0].Attempts != 9 || !log[0].Delivered || log[0].Status != 200 {
			t.Errorf("log %+v", log)
		}
	})
}

// slowLine takes a second for everything and counts what is under way.
type slowLine struct {
	next http.RoundTripper
	now  atomic.Int64
}

func (l *slowLine) RoundTrip(r *http.Request) (*http.Response, error) {
	l.now.Add(1)
	defer l.now.Add(-1)
	select {
	case <-time.After(time.Second):
		return l.next.RoundTrip(r)
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
}

type brokenLine struct {
	next  http.RoundTripper
	fails int
}

func (b *brokenLine) RoundTrip(r *http.Request) (*http.Response, error) {
	if b.fails > 0 {
		b.fails--
		return nil, errors.New("connection reset")
	}
	return b.next.RoundTrip(r)
}

func TestCallbackSurvivesTransportErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newReceiver()
		o := options(t, c)
		o.Client = &http.Client{Transport: &brokenLine{next: c, fails: 3}}
		s := start(t, o)
		say(t, s, "hello")
		time.Sleep(300 * time.Millisecond)
		if log := s.Callbacks()[0]; log.Delivered || log.Status != 0 || !strings.Contains(log.Error, "connection reset") {
			t.Errorf("while it fails: %+v", log)
		}
		time.Sleep(time.Minute)
		if log := s.Callbacks()[0]; !log.Delivered || log.Attempts != 4 || log.Error != "" {
			t.Errorf("in the end: %+v", log)
		}
	})
}

func TestCallbacksInFlightAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newReceiver()
		o := options(t, c)
		slow := &slowLine{next: c}
		o.Client = &http.Client{Transport: slow}
		s := start(t, o)
		for i := range 100 {
			say(t, s, fmt.Sprint("message ", i))
		}
		synctest.Wait()
		if slow.now.Load() != 32 {
			t.Errorf("%d in flight", slow.now.Load())
		}
		time.Sleep(time.Minute)
		if got := c.all(); len(got) != 100 {
			t.Errorf("%d arrived", len(got))
		}
	})
}

func TestCallbackLogIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := options(t, newReceiver())
		o.Callback = sim.Callback{}
		s := start(t, o)
		for range 1005 {
			say(t, s, "hello")
		}
		log := s.Callbacks()
		if len(log) != 1000 || log[0].ID != 6 || log[999].ID != 1005 || !strings.Contains(log[0].Error, "no callback is set") {
			t.Errorf("%d kept, first %+v", len(log), log[0])
		}
	})
}

func TestRunWaitsForPostsInFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newReceiver()
		o := options(t, c)
		slow := &slowLine{next: c}
		o.Client = &http.Client{Transport: slow}
		s, err := sim.New(o)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- s.Run(ctx) }()
		say(t, s, "hello")
		synctest.Wait()
		cancel()
		if err := <-done; err != nil || len(c.all()) != 1 {
			t.Errorf("run ended with %v, %d callbacks arrived", err, len(c.all()))
		}
	})
}

func TestCallbackMovesAfterTheHandshake(t *testing.T) {
	c := newReceiver()
	o := options(t, c)
	o.Callback, o.Client = sim.Callback{}, nil
	s := start(t, o)
	var verified, leaked string
	gateway := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		if r.Method == http.MethodGet && q.Get("hub.verify_token") != "right" {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		if r.Method == http.MethodGet {
			verified = q.Get("hub.mode") + q.Get("kept")
		}
		leaked += r.Header.Get("Authorization")
		c.ServeHTTP(w, r)
	}))
	t.Cleanup(gateway.Close)
	liar := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok")) }))
	t.Cleanup(liar.Close)

	for _, tt := range []struct {
		name string
		to   sim.Callback
		want string
	}{
		{"wrong token", sim.Callback{URL: gateway.URL, VerifyToken: "wrong", AppSecret: secret}, "answered 403"},
		{"no echo", sim.Callback{URL: liar.URL, VerifyToken: "right", AppSecret: secret}, "did not echo"},
		{"nobody there", sim.Callback{URL: "http://127.0.0.1:1", VerifyToken: "right", AppSecret: secret}, "does not answer"},
		{"no secret", sim.Callback{URL: gateway.URL, VerifyToken: "right"}, "app secret"},
		{"no address", sim.Callback{URL: "gateway", VerifyToken: "right", AppSecret: secret}, "callback url"},
	} {
		err := s.SetCallback(t.Context(), tt.to)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
		if err != nil && strings.Contains(err.Error(), "hub.verify_token") {
			t.Errorf("%s: the error carries the token: %v", tt.name, err)
		}
	}
	if s.Callback().URL != "" {
		t.Fatal("a refused callback was taken")
	}
	to := sim.Callback{URL: gateway.URL + "/cb?kept=yes", VerifyToken: "right", AppSecret: secret}
	if err := s.SetCallback(t.Context(), to); err != nil {
		t.Fatal(err)
	}
	say(t, s, "hello")
	c.first(t)
	if verified != "subscribeyes" || leaked != "" {
		t.Errorf("handshake saw %q, authorization %q", verified, leaked)
	}
}

func TestCallbackFollowsNoRedirect(t *testing.T) {
	paths := make(chan string, 2)
	var asked atomic.Int64
	gateway := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		paths <- r.URL.Path
		if asked.Add(1) == 1 {
			http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
		}
	}))
	t.Cleanup(gateway.Close)
	o := options(t, newReceiver())
	o.Callback.URL, o.Client = gateway.URL+"/callback", nil
	s := start(t, o)
	say(t, s, "hello")
	deadline := time.After(20 * time.Second)
	for range 2 {
		select {
		case got := <-paths:
			if got != "/callback" {
				t.Errorf("posted to %s", got)
			}
		case <-deadline:
			t.Fatal("no second attempt")
		}
	}
}

func TestInboundMediaCarriesWhatMetaSends(t *testing.T) {
	for _, tt := range []struct {
		in       sim.Inbound
		data     string
		kind     string
		mimeType string
		extra    string // a key that only this kind has, with its value
	}{
		{sim.Inbound{MIMEType: "image/jpeg", Caption: "look"}, "jpeg", "image", "image/jpeg", `"caption":"look"`},
		{sim.Inbound{MIMEType: "video/mp4", Caption: "look"}, "mp4", "video", "video/mp4", `"caption":"look"`},
		{sim.Inbound{MIMEType: "audio/ogg; codecs=opus"}, "OggS", "audio", "audio/ogg; codecs=opus", `"voice":true`},
		{sim.Inbound{MIMEType: "audio/mpeg"}, "mp3", "audio", "audio/mpeg", `"voice":false`},
		{sim.Inbound{MIMEType: "image/webp"}, string(webp(2, 30)), "sticker", "image/webp", `"animated":true`},
		{sim.Inbound{MIMEType: "application/zip", Filename: "a.zip"}, "PK", "document", "application/zip", `"filename":"a.zip"`},
		{sim.Inbound{Filename: "b.pdf"}, "%PDF-1.7", "document", "application/pdf", `"filename":"b.pdf"`},
		{sim.Inbound{Type: "document", MIMEType: "image/png", Filename: "c.png"}, "png", "document", "image/png", `"filename":"c.png"`},
	} {
		t.Run(tt.kind+" "+tt.mimeType, func(t *testing.T) {
			c := newReceiver()
			s := start(t, options(t, c))
			in := tt.in
			in.From, in.To, in.Media = user, display, strings.NewReader(tt.data)
			if _, err := s.Say(t.Context(), in); err != nil {
				t.Fatal(err)
			}
			message := read(t, c.first(t)).Entry[0].Changes[0].Value.Messages[0]
			raw := message[tt.kind]
			var object struct {
				ID, URL, SHA256 string
				MIMEType        string `json:"mime_type"`
			}
			if err := json.Unmarshal(raw, &object); err != nil || string(message["type"]) != `"`+tt.kind+`"` {
				t.Fatalf("message %s, %v", message, err)
			}
			sum := sha256.Sum256([]byte(tt.data))
			if object.SHA256 != base64.StdEncoding.EncodeToString(sum[:]) || object.MIMEType != tt.mimeType || !strings.Contains(string(raw), tt.extra) {
				t.Errorf("object %s", raw)
			}
			w := ask(s.Graph(), http.MethodGet, object.URL, token, "", nil)
			if w.Body.String() != tt.data || mediaInfo(t, s, object.ID).SHA256 != hex.EncodeToString(sum[:]) {
				t.Errorf("bytes behind the address: %d %q", w.Code, w.Body)
			}
		})
	}
}

func TestReplyNamesWhatItAnswers(t *testing.T) {
	c := newReceiver()
	s := start(t, options(t, c))
	first := say(t, s, "hello")
	answer := send(t, s, "hi")
	for quotedID, from := range map[string]string{first: user, answer: display} {
		wamid, err := s.Say(t.Context(), sim.Inbound{From: user, To: numberID, Text: "about that", ReplyTo: quotedID})
		if err != nil {
			t.Fatal(err)
		}
		want := fmt.Sprintf(`"context":{"from":"%s","id":"%s"}`, from, quotedID)
		found := false
		for _, p := range s.Callbacks() {
			found = found || strings.Contains(string(p.Body), wamid) && strings.Contains(string(p.Body), want)
		}
		if !found {
			t.Errorf("no callback with %s", want)
		}
	}
}

func TestSayRefusesWhatNoPhoneSends(t *testing.T) {
	o := options(t, newReceiver())
	s := start(t, o)
	file := func() *strings.Reader { return strings.NewReader("data") }
	for _, tt := range []struct {
		name string
		in   sim.Inbound
		want string
	}{
		{"no phone", sim.Inbound{To: numberID, Text: "x"}, "from"},
		{"which business number", sim.Inbound{From: user, Text: "x"}, "say to which one"},
		{"unknown business number", sim.Inbound{From: user, To: "4711", Text: "x"}, "not found"},
		{"to itself", sim.Inbound{From: display, To: numberID, Text: "x"}, "itself"},
		{"no text", sim.Inbound{From: user, To: numberID}, "text"},
		{"text too long", sim.Inbound{From: user, To: numberID, Text: strings.Repeat("x", 4097)}, "text"},
		{"image without file", sim.Inbound{From: user, To: numberID, Type: "image"}, "type"},
		{"reply to nothing", sim.Inbound{From: user, To: numberID, Text: "x", ReplyTo: "wamid.x"}, "reply_to"},
		{"kind does not fit", sim.Inbound{From: user, To: numberID, Type: "video", MIMEType: "image/png", Media: file()}, "image or document"},
		{"empty file", sim.Inbound{From: user, To: numberID, Media: strings.NewReader("")}, "empty"},
		{"caption too long", sim.Inbound{From: user, To: numberID, Media: file(), Caption: strings.Repeat("x", 1025)}, "caption"},
	} {
		_, err := s.Say(t.Context(), tt.in)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
	}
	if len(s.Callbacks()) != 0 {
		t.Error("a refused message was called back")
	}
}
