package sim_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/waypost/waypost/internal/sim"
	"github.com/waypost/waypost/internal/sim/clock"
	"github.com/waypost/waypost/internal/sim/fault"
	"github.com/waypost/waypost/internal/sim/ledger"
)

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// sendTo sends a text from the first number.
func sendTo(s *sim.Sim, to string) *httptest.ResponseRecorder {
	return askJSON(s.Graph(), http.MethodPost, "/v23.0/"+numberID+"/messages", token, textTo(to, "hi"))
}

func TestMagicRecipientsGiveEveryCode(t *testing.T) {
	s := stage(t, func(*sim.Options) {})
	for _, c := range fault.Codes() {
		now, later := fault.Recipient(c.Code)
		var refused struct {
			Error struct {
				Message   string
				Code      int
				Transient bool `json:"is_transient"`
			}
		}
		decode(t, sendTo(s, now), c.HTTP, &refused)
		if refused.Error.Code != c.Code || refused.Error.Transient != c.Transient || !strings.Contains(refused.Error.Message, c.Title) {
			t.Errorf("%s: %+v", now, refused)
		}
		if later != "" {
			decode(t, sendTo(s, later), http.StatusOK, &struct{}{})
		}
	}
	check(t, s.Advance(t.Context(), time.Minute))
	for _, m := range s.Sends() {
		if len(m.Statuses) != 1 || m.Statuses[0].Name != "failed" || fmt.Sprintf("1555%07d", 5_000_000+m.Statuses[0].Code) != m.To {
			t.Errorf("%s: %+v", m.To, m.Statuses)
		}
	}
	if refused := s.Ledger().Messages(ledger.Filter{Outcome: ledger.Refused}); len(refused) != len(fault.Codes()) || refused[0].Fault != "error 0" {
		t.Errorf("%d refused in the ledger", len(refused))
	}
	broken := s.Ledger().Counts().Broken
	delete(broken, ledger.RuleThroughput) // so many at the same time
	if len(broken) > 0 {
		t.Errorf("the client is blamed for what it was told to get: %v", broken)
	}
}

// broken sends to a magic recipient over a real connection. It returns what the client saw, and whether the send was accepted
// before that.
func broken(t *testing.T, to string) (status int, body []byte, err error, accepted bool) {
	t.Helper()
	o := options(t, newReceiver())
	seen := make(chan struct{}, 1)
	o.OnSend = func(sim.Send) { seen <- struct{}{} }
	s := start(t, o)
	server := httptest.NewServer(s.Graph())
	t.Cleanup(server.Close)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/"+numberID+"/messages", strings.NewReader(textTo(to, "hi")))
	check(t, err)
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Content-Type", "application/json")
	// A body that cannot be sent twice: Go's client would repeat the request by itself.
	r.GetBody = nil
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, ResponseHeaderTimeout: time.Second}}
	resp, err := client.Do(r)
	if err == nil {
		defer func() { _ = resp.Body.Close() }()
		body, err = io.ReadAll(resp.Body)
		status = resp.StatusCode
	}
	return status, body, err, len(seen) == 1
}

func TestMagicRecipientsBreakTheConnection(t *testing.T) {
	for _, tt := range []struct {
		to       string
		name     string
		accepted bool
		check    func(status int, body []byte, err error) bool
	}{
		{"15559000001", "refuse", false, func(_ int, _ []byte, err error) bool { return errors.Is(err, io.EOF) }},
		{"15559000002", "hang", true, func(_ int, _ []byte, err error) bool { return err != nil && strings.Contains(err.Error(), "timeout") }},
		{"15559000003", "reset", true, func(_ int, _ []byte, err error) bool { return errors.Is(err, syscall.ECONNRESET) }},
		{"15559000004", "502", true, func(status int, body []byte, err error) bool {
			return err == nil && status == http.StatusBadGateway && bytes.HasPrefix(body, []byte("<html>"))
		}},
		{"15559000005", "cut", true, func(status int, body []byte, err error) bool {
			return errors.Is(err, io.ErrUnexpectedEOF) && status == http.StatusOK && len(body) > 0 && !json.Valid(body)
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			status, body, err, accepted := broken(t, tt.to)
			if accepted != tt.accepted || !tt.check(status, body, err) {
				t.Errorf("accepted %t, status %d, error %v, body %q", accepted, status, err, body)
			}
		})
	}
}

func TestSlowAnswersComeWhole(t *testing.T) {
	for _, to := range []string{"15559000006", "15559000007"} {
		synctest.Test(t, func(t *testing.T) {
			s, begin := start(t, options(t, newReceiver())), time.Now()
			var answer struct{ Messages []struct{ ID string } }
			decode(t, sendTo(s, to), http.StatusOK, &answer)
			if took := time.Since(begin); took < 4*time.Second || took > 6*time.Second || len(answer.Messages) != 1 {
				t.Errorf("%s took %s, %+v", to, took, answer)
			}
		})
	}
}

func TestStormEndsAfterThreeSends(t *testing.T) {
	s := stage(t, func(*sim.Options) {})
	var got []int
	for range 4 {
		got = append(got, sendTo(s, "15559000008").Code)
	}
	if !slices.Equal(got, []int{429, 429, 429, 200}) {
		t.Errorf("answers %v", got)
	}
}

func TestPausedTemplateByFault(t *testing.T) {
	c := newReceiver()
	s := stage(t, func(o *sim.Options) { o.Client = &http.Client{Transport: c} })
	body := `{"messaging_product":"whatsapp","to":"%s","type":"template","template":{"name":"hello_world","language":{"code":"en_US"}}}`
	for _, to := range []string{"15559000010", user} {
		var refused struct{ Error struct{ Code int } }
		w := askJSON(s.Graph(), http.MethodPost, "/"+numberID+"/messages", token, fmt.Sprintf(body, to))
		decode(t, w, http.StatusBadRequest, &refused)
		if refused.Error.Code != 132015 {
			t.Errorf("%s got %d", to, refused.Error.Code)
		}
	}
	check(t, s.Advance(t.Context(), time.Second))
	if got := c.all(); len(got) != 1 || !strings.Contains(string(got[0].body), `"event":"PAUSED"`) {
		t.Errorf("%d callbacks", len(got))
	}
}

func TestFaultsOfOtherRequests(t *testing.T) {
	s := stage(t, func(o *sim.Options) {
		o.Faults = []sim.Fault{
			{On: fault.OnUpload, Do: fault.Error, Code: 131053, Times: 1},
			{On: fault.OnGraph, Do: fault.Gateway, Times: 1},
			{On: fault.OnGraph, Do: fault.Error, Code: 190, Times: 1},
		}
	})
	kind, form := form(t, map[string]string{"messaging_product": "whatsapp"}, "a.png", "image/png", strings.NewReader("png"))
	if w := ask(s.Graph(), http.MethodPost, "/"+numberID+"/media", token, kind, form); w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), "131053") {
		t.Errorf("upload: %d %s", w.Code, w.Body)
	}
	for _, want := range []int{http.StatusBadGateway, http.StatusUnauthorized, http.StatusOK} {
		if w := ask(s.Graph(), http.MethodGet, "/"+numberID+"?fields=id", token, "", nil); w.Code != want {
			t.Errorf("got %d %s, want %d", w.Code, w.Body, want)
		}
	}
}

// told lists what the callbacks of a user told, in the order in which they arrived, with the seconds since the send.
func told(t *testing.T, c *receiver) (list []string) {
	t.Helper()
	for _, got := range c.all() {
		for _, e := range read(t, got).Entry {
			for _, change := range e.Changes {
				for _, status := range change.Value.Statuses {
					list = append(list, status.Status)
				}
			}
		}
	}
	return list
}

func TestMagicRecipientsMisleadByCallbacks(t *testing.T) {
	for to, want := range map[string]string{
		user:          "sent delivered read",
		"15559000011": "",
		"15559000012": "sent delivered read",
		"15559000013": "sent sent delivered delivered read read",
		"15559000014": "sent read delivered", // and the message of the phone after sent
		"15559000016": "sent delivered read",
		"15559000017": "sent sent delivered delivered read read", // each once badly and once well signed
		"15559000018": "sent sent sent delivered sent read sent", // the first beside the message of the phone
	} {
		t.Run(to, func(t *testing.T) {
			c := newReceiver()
			s := stage(t, func(o *sim.Options) {
				o.Client = &http.Client{Transport: c}
				o.Timing = sim.Timing{Sent: exact(2 * time.Second), Delivered: exact(2 * time.Second), Read: exact(2 * time.Second)}
				if to == "15559000016" {
					o.Timing = sim.Timing{Sent: exact(1), Delivered: exact(1), Read: exact(1)}
				}
			})
			_, err := s.Say(t.Context(), sim.Inbound{From: to, Text: "hello"})
			check(t, err)
			decode(t, sendTo(s, to), http.StatusOK, &struct{}{})
			check(t, s.Advance(t.Context(), time.Minute))
			if got := strings.Join(told(t, c), " "); got != want {
				t.Errorf("told %s, want %s", got, want)
			}
			badly := 0
			for _, got := range c.all() {
				mac := hmac.New(sha256.New, []byte(secret))
				mac.Write(got.body)
				if got.header.Get("X-Hub-Signature-256") != "sha256="+hex.EncodeToString(mac.Sum(nil)) {
					badly++
				}
			}
			forged := s.Ledger().Violations(ledger.Filter{Rule: ledger.RuleSignature})
			if want := map[string]int{"15559000017": 4}[to]; badly != want || len(forged) != want {
				t.Errorf("%d badly signed, %d taken by the receiver, want %d", badly, len(forged), want)
			}
		})
	}
}

func TestEarlyStatusComesBeforeTheAnswer(t *testing.T) {
	c := newReceiver()
	s := stage(t, func(o *sim.Options) { o.Client = &http.Client{Transport: c} })
	_, err := s.Say(t.Context(), sim.Inbound{From: "15559000015", Text: "hello"})
	check(t, err)
	decode(t, sendTo(s, "15559000015"), http.StatusOK, &struct{}{})
	if got := told(t, c); !slices.Equal(got, []string{"sent"}) {
		t.Errorf("when the answer was there: %v", got)
	}
	check(t, s.Advance(t.Context(), time.Minute))
	if got := told(t, c); !slices.Equal(got, []string{"sent", "delivered", "read"}) {
		t.Errorf("in the end: %v", got)
	}
}

func TestLostCallbackIsInTheLedger(t *testing.T) {
	c := newReceiver()
	s := stage(t, func(o *sim.Options) {
		o.Client, o.Faults = &http.Client{Transport: c}, []sim.Fault{{Do: fault.Lose, Type: "delivered"}}
	})
	_, err := s.Say(t.Context(), sim.Inbound{From: user, Text: "hello"})
	check(t, err)
	sendTo(s, user)
	check(t, s.Advance(t.Context(), time.Minute))
	lost := s.Ledger().Callbacks(ledger.Filter{Outcome: ledger.Lost})
	if got := told(t, c); !slices.Equal(got, []string{"sent", "read"}) || len(lost) != 1 || !strings.HasSuffix(lost[0].Updates[0], "delivered") {
		t.Errorf("told %v, lost %+v", got, lost)
	}
}

// A batch has at most a thousand updates and three megabytes; nothing in it is lost or told twice.
func TestBatchesKeepTheirLimits(t *testing.T) {
	c := newReceiver()
	s := stage(t, func(o *sim.Options) {
		o.Client, o.Faults = &http.Client{Transport: c}, []sim.Fault{{Do: fault.Batch, After: clock.Span(time.Second)}}
	})
	long, want := strings.Repeat("é", 4096), 0
	for i := range 1500 {
		text := "short"
		if i < 400 {
			text = long // 24 kB each, once they are escaped
		}
		_, err := s.Say(t.Context(), sim.Inbound{From: fmt.Sprintf("1556%07d", i), Text: text})
		check(t, err)
		want++
	}
	check(t, s.Advance(t.Context(), time.Minute))
	seen, largest := map[string]bool{}, 0
	for _, got := range c.all() {
		updates := 0
		if len(got.body) > 3<<20 {
			t.Errorf("a callback of %d bytes", len(got.body))
		}
		for _, e := range read(t, got).Entry {
			for _, change := range e.Changes {
				updates += len(change.Value.Messages)
				for _, m := range change.Value.Messages {
					seen[string(m["id"])] = true
				}
			}
		}
		largest = max(largest, updates)
	}
	if len(seen) != want || largest != 1000 || len(c.all()) > 7 {
		t.Errorf("%d of %d told in %d callbacks, the largest with %d", len(seen), want, len(c.all()), largest)
	}
}

func TestLimitsAreCountedAndEnforced(t *testing.T) {
	for _, enforce := range []bool{false, true} {
		s := stage(t, func(o *sim.Options) { o.EnforceLimits = &enforce })
		codes := map[string]int{}
		for i := range 100 {
			codes[fmt.Sprint("throughput ", sendTo(s, fmt.Sprintf("1556%07d", i)).Code)]++
		}
		check(t, s.Advance(t.Context(), time.Second))
		for range 50 {
			codes[fmt.Sprint("pair ", sendTo(s, user).Code)]++
		}
		want := map[string]int{"throughput 200": 100, "pair 200": 50}
		if enforce {
			want = map[string]int{"throughput 200": 80, "throughput 400": 20, "pair 200": 45, "pair 400": 5}
		}
		for key, n := range want {
			if codes[key] != n {
				t.Errorf("enforced %t: %v, want %v", enforce, codes, want)
			}
		}
		broken := s.Ledger().Counts().Broken
		if broken[ledger.RuleThroughput] != 20 || broken[ledger.RulePair] != 5 {
			t.Errorf("enforced %t: violations %v", enforce, broken)
		}
		refused := s.Ledger().Messages(ledger.Filter{Outcome: ledger.Refused})
		if enforce && (len(refused) != 25 || refused[0].Code != 130429 || refused[24].Code != 131056) {
			t.Errorf("refused %d: %+v", len(refused), refused)
		}
	}
}

func TestThroughputCountsWhatComesIn(t *testing.T) {
	s := stage(t, func(o *sim.Options) { o.Profile = "real" })
	for i := range 70 {
		_, err := s.Say(t.Context(), sim.Inbound{From: fmt.Sprintf("1556%07d", i), Text: "hello"})
		check(t, err)
	}
	accepted := 0
	for i := range 20 {
		if sendTo(s, fmt.Sprintf("1556%07d", i)).Code == http.StatusOK {
			accepted++
		}
	}
	if accepted != 10 {
		t.Errorf("%d accepted beside 70 that came in", accepted)
	}
}

func TestViolationsSayWhatAClientDid(t *testing.T) {
	s := stage(t, func(*sim.Options) {})
	post := func(body string) {
		askJSON(s.Graph(), http.MethodPost, "/"+numberID+"/messages", token, envelope(body))
	}
	askJSON(s.Graph(), http.MethodPost, "/"+numberID+"/messages", "wrong", textTo(user, "hi"))
	post(`"to":"15550100900","type":"text","text":{"body":"hi"},"ttl":5`)
	post(`"to":"15550100900","type":"text","text":{"bodi":"hi"}`)
	post(`"to":"15550100900","type":"image","image":{"id":"4711"}`)
	post(`"to":"15550100900","type":"text","text":{"body":""}`)
	check(t, s.Advance(t.Context(), time.Minute))
	var rules []string
	for _, v := range s.Ledger().Violations(ledger.Filter{}) {
		rules = append(rules, v.Rule)
		if v.Detail == "" || v.At.IsZero() || (v.Rule != ledger.RuleToken && v.Peer != user) {
			t.Errorf("violation %+v", v)
		}
	}
	want := []string{ledger.RuleToken, ledger.RuleUnknown, ledger.RuleWindow, ledger.RuleUnknown, ledger.RuleMedia, ledger.RuleInvalid}
	if !slices.Equal(rules, want) {
		t.Errorf("rules %v, want %v", rules, want)
	}
}
