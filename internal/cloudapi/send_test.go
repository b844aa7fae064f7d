package cloudapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/waypost/waypost/internal/wa"
)

// wire is a server that reads a request whole and then does with the
// connection what a test wants.
func wire(tb testing.TB, then func(net.Conn)) (*httptest.Server, *atomic.Int32) {
	tb.Helper()
	var seen atomic.Int32
	s := serve(tb, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		seen.Add(1)
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			tb.Error(err)
			return
		}
		defer conn.Close()
		then(conn)
	})
	return s, &seen
}

func writes(s string) func(net.Conn) {
	return func(c net.Conn) { _, _ = io.WriteString(c, s) }
}

func response(status int, body string) string {
	return fmt.Sprintf("HTTP/1.1 %d %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
		status, http.StatusText(status), len(body), body)
}

const acceptedBody = `{"messaging_product":"whatsapp","contacts":[{"input":"+15550100001","wa_id":"15550100001"}],"messages":[{"id":"wamid.AAA"}]}`

// TestSendByWhatCameBack has one row for each row of the table in the package
// comment. Each send is one request, whatever came back.
func TestSendByWhatCameBack(t *testing.T) {
	tests := []struct {
		name string
		then func(net.Conn)
		want wa.OutcomeKind
		id   string
	}{
		{"200", writes(response(200, acceptedBody)), wa.OutcomeSent, "wamid.AAA"},
		{"200 held back", writes(response(200, `{"messages":[{"id":"wamid.B","message_status":"held_for_quality_assessment"}]}`)), wa.OutcomeSent, "wamid.B"},
		{"200 cut", writes(strings.TrimSuffix(response(200, acceptedBody), `AA"}]}`)), wa.OutcomeSent, ""},
		{"200 headers only", writes("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"), wa.OutcomeSent, ""},
		{"200 not JSON", writes(response(200, "<html>ok</html>")), wa.OutcomeSent, ""},
		{"200 without an id", writes(response(200, `{"messages":[]}`)), wa.OutcomeSent, ""},
		{"200 too long", writes(response(200, acceptedBody+strings.Repeat(" ", maxAnswer))), wa.OutcomeSent, ""},
		{"200 with an error", writes(response(200, errorBody(131000))), wa.OutcomeUnknown, ""},
		{"400 refused", writes(response(400, errorBody(131026))), wa.OutcomeRejected, ""},
		{"400 cut", writes(strings.TrimSuffix(response(400, errorBody(131026)), `"}}`)), wa.OutcomeUnknown, ""},
		{"400 not JSON", writes(response(400, "<html>bad request</html>")), wa.OutcomeUnknown, ""},
		{"400 other JSON", writes(response(400, `{"error":"no"}`)), wa.OutcomeUnknown, ""},
		{"401 token", writes(response(401, errorBody(190))), wa.OutcomeMisconfigured, ""},
		{"404 not JSON", writes(response(404, "not found")), wa.OutcomeUnknown, ""},
		{"429", writes(response(429, "")), wa.OutcomeLater, ""},
		{"500 Meta's own", writes(response(500, errorBody(131000))), wa.OutcomeUnknown, ""},
		{"500 a refusal", writes(response(500, errorBody(131045))), wa.OutcomeMisconfigured, ""},
		{"500 not JSON", writes(response(500, "oops")), wa.OutcomeUnknown, ""},
		{"502", writes(response(502, "<html>bad gateway</html>")), wa.OutcomeUnknown, ""},
		{"503 Meta's own", writes(response(503, errorBody(2))), wa.OutcomeUnknown, ""},
		{"504", writes(response(504, "")), wa.OutcomeUnknown, ""},
		{"redirect", writes("HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n"), wa.OutcomeMisconfigured, ""},
		{"redirect that keeps the method", writes("HTTP/1.1 307 Temporary Redirect\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n"), wa.OutcomeMisconfigured, ""},
		{"closed without an answer", func(net.Conn) {}, wa.OutcomeUnknown, ""},
		{"reset without an answer", reset, wa.OutcomeUnknown, ""},
		{"cut in the headers", writes("HTTP/1.1 200 OK\r\nContent-"), wa.OutcomeUnknown, ""},
		{"no HTTP", writes("SSH-2.0-nothing\r\n\r\n"), wa.OutcomeUnknown, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, seen := wire(t, tt.then)
			got := client(t, Options{BaseURL: s.URL}).Send(t.Context(), testNumber(), textDispatch())
			if got.Kind != tt.want || got.WAMID != tt.id {
				t.Errorf("got %+v, want %s %q", got, tt.want, tt.id)
			}
			if n := seen.Load(); n != 1 {
				t.Errorf("%d requests, want 1", n)
			}
			if got.Kind != wa.OutcomeSent && got.Failure.VendorCode == "" {
				t.Errorf("no failure in %+v", got)
			}
		})
	}
}

func reset(c net.Conn) {
	if tcp, ok := c.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
}

func TestSendTimesOutAsUnknown(t *testing.T) {
	stop := make(chan struct{})
	s, _ := wire(t, func(net.Conn) { <-stop })
	defer close(stop)
	// Long enough for a busy machine to connect, or the attempt never left.
	c := client(t, Options{BaseURL: s.URL, AnswerTimeout: 500 * time.Millisecond})
	if got := c.Send(t.Context(), testNumber(), textDispatch()); got.Kind != wa.OutcomeUnknown || got.Failure.Details != "not in time" {
		t.Errorf("got %+v", got)
	}
}

func TestSendGivenUpAfterItLeftIsUnknown(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	stop := make(chan struct{})
	s, _ := wire(t, func(net.Conn) { cancel(); <-stop })
	defer close(stop)
	if got := client(t, Options{BaseURL: s.URL}).Send(ctx, testNumber(), textDispatch()); got.Kind != wa.OutcomeUnknown {
		t.Errorf("got %+v", got)
	}
}

func TestSendThatNeverLeftIsLater(t *testing.T) {
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	t.Run("nobody listens", func(t *testing.T) {
		got := client(t, Options{BaseURL: gone.URL}).Send(t.Context(), testNumber(), textDispatch())
		if got.Kind != wa.OutcomeLater || got.After != 2*time.Second {
			t.Errorf("got %+v", got)
		}
	})
	t.Run("context over before", func(t *testing.T) {
		s, seen := wire(t, writes(response(200, acceptedBody)))
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		got := client(t, Options{BaseURL: s.URL}).Send(ctx, testNumber(), textDispatch())
		if got.Kind != wa.OutcomeLater || seen.Load() != 0 {
			t.Errorf("got %+v after %d requests", got, seen.Load())
		}
	})
	t.Run("no TLS", func(t *testing.T) {
		s := httptest.NewUnstartedServer(answerWith(200, acceptedBody))
		s.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
		s.StartTLS()
		defer s.Close()
		got := client(t, Options{BaseURL: s.URL}).Send(t.Context(), testNumber(), textDispatch())
		if got.Kind != wa.OutcomeLater || got.Failure.Details != "the certificate is not trusted" {
			t.Errorf("got %+v", got)
		}
	})
	t.Run("TLS never answers", func(t *testing.T) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		c := client(t, Options{BaseURL: "https://" + l.Addr().String(), AnswerTimeout: 50 * time.Millisecond})
		if got := c.Send(t.Context(), testNumber(), textDispatch()); got.Kind != wa.OutcomeLater {
			t.Errorf("got %+v", got)
		}
	})
}

// silent is a transport that reports nothing, and fails after the other side
// has the message.
type silent struct{ http.RoundTripper }

func (s silent) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := s.RoundTripper.RoundTrip(r.WithContext(context.WithoutCancel(context.Background())))
	if err != nil {
		return nil, err
	}
	_ = resp.Body.Close()
	return nil, errors.New("lost")
}

func TestSendDoesNotBelieveASilentTransport(t *testing.T) {
	s, _ := wire(t, writes(response(200, acceptedBody)))
	transport := newTransport()
	defer transport.CloseIdleConnections()
	c := client(t, Options{BaseURL: s.URL, Transport: silent{transport}})
	if got := c.Send(t.Context(), testNumber(), textDispatch()); got.Kind != wa.OutcomeUnknown {
		t.Errorf("got %+v", got)
	}
}

// trap is the server of the stale keep-alive: it answers the first request of a
// connection, reads the second whole and closes without a word.
func trap(tb testing.TB) (*httptest.Server, *atomic.Int32) {
	tb.Helper()
	var seen atomic.Int32
	type key struct{}
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		n := seen.Add(1)
		first, _ := r.Context().Value(key{}).(*atomic.Bool)
		if !first.Swap(true) || n > 2 {
			answerWith(200, acceptedBody)(w, r)
			return
		}
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			tb.Error(err)
			return
		}
		_ = conn.Close()
	}))
	s.Config.ConnContext = func(ctx context.Context, _ net.Conn) context.Context {
		return context.WithValue(ctx, key{}, new(atomic.Bool))
	}
	s.Start()
	tb.Cleanup(s.Close)
	return s, &seen
}

func TestSendOverAStaleConnectionIsNotRepeated(t *testing.T) {
	s, seen := trap(t)
	c := client(t, Options{BaseURL: s.URL})
	if got := c.Send(t.Context(), testNumber(), textDispatch()); got.Kind != wa.OutcomeSent {
		t.Fatalf("first: %+v", got)
	}
	if got := c.Send(t.Context(), testNumber(), textDispatch()); got.Kind != wa.OutcomeUnknown {
		t.Errorf("second: %+v", got)
	}
	if n := seen.Load(); n != 2 {
		t.Errorf("%d deliveries of 2 sends", n)
	}
}

// TestStaleConnectionTrapWorks is the control: what we leave out doubles a
// message in the same trap, and nobody is told.
func TestStaleConnectionTrapWorks(t *testing.T) {
	s, seen := trap(t)
	transport := newTransport()
	defer transport.CloseIdleConnections()
	for range 2 {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL, bytes.NewReader([]byte("{}")))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Idempotency-Key", "k")
		resp, err := transport.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
	}
	if n := seen.Load(); n != 3 {
		t.Errorf("%d deliveries; the trap should have made 3 of 2", n)
	}
}

func TestSendRequest(t *testing.T) {
	var got *http.Request
	var body []byte
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		got, body = r.Clone(context.WithoutCancel(r.Context())), nil
		body, _ = io.ReadAll(r.Body)
		answerWith(200, acceptedBody)(w, r)
	})
	c := client(t, Options{BaseURL: s.URL + "/", Version: "v25.0"})
	if o := c.Send(t.Context(), testNumber(), textDispatch()); o.Kind != wa.OutcomeSent {
		t.Fatalf("%+v", o)
	}
	if got.Method != http.MethodPost || got.URL.Path != "/v25.0/106540000000001/messages" {
		t.Errorf("%s %s", got.Method, got.URL.Path)
	}
	if got.Header.Get("Authorization") != "Bearer "+canary || got.Header.Get("Content-Type") != "application/json" {
		t.Errorf("headers %v", got.Header)
	}
	for name := range got.Header {
		if strings.Contains(strings.ToLower(name), "idempotency") {
			t.Errorf("header %s", name)
		}
	}
	if !json.Valid(body) || strings.Contains(string(body), canary) {
		t.Errorf("body %s", body)
	}
}

// TestSendRefusesWhatCannotBeSent: a row that no attempt can send must not be
// tried for ever.
func TestSendRefusesWhatCannotBeSent(t *testing.T) {
	s, seen := wire(t, writes(response(200, acceptedBody)))
	c := client(t, Options{BaseURL: s.URL})
	d := textDispatch()
	d.Message.Content = nil
	if got := c.Send(t.Context(), testNumber(), d); got.Kind != wa.OutcomeRejected {
		t.Errorf("no content: %+v", got)
	}
	for name, n := range map[string]wa.Number{
		"no id":          {Token: wa.NewSecret(canary)},
		"id with a path": {ID: "1/../2", Token: wa.NewSecret(canary)},
		"no token":       {ID: "106540000000001"},
		"token with CR":  {ID: "106540000000001", Token: wa.NewSecret("a\r\nb")},
	} {
		if got := c.Send(t.Context(), n, textDispatch()); got.Kind != wa.OutcomeMisconfigured || got.After <= 0 {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if n := seen.Load(); n != 0 {
		t.Errorf("%d requests", n)
	}
}

func TestNewChecksOptions(t *testing.T) {
	good := Options{BaseURL: "https://graph.facebook.com", Version: "v23.0", MediaHosts: []string{"cdn.example.com", "127.0.0.1:8080"}}
	if _, err := New(good); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*Options){
		"no base url":        func(o *Options) { o.BaseURL = "" },
		"plain http":         func(o *Options) { o.BaseURL = "http://graph.facebook.com" },
		"ftp":                func(o *Options) { o.BaseURL = "ftp://127.0.0.1" },
		"user":               func(o *Options) { o.BaseURL = "https://u:" + canary + "@graph.facebook.com" },
		"query":              func(o *Options) { o.BaseURL = "https://graph.facebook.com?a=b" },
		"no version":         func(o *Options) { o.Version = "" },
		"version of a path":  func(o *Options) { o.Version = "v23.0/x" },
		"negative timeout":   func(o *Options) { o.AnswerTimeout = -1 },
		"media host as url":  func(o *Options) { o.MediaHosts = []string{"https://cdn.example.com"} },
		"media host of path": func(o *Options) { o.MediaHosts = []string{"cdn.example.com/x"} },
		"empty media host":   func(o *Options) { o.MediaHosts = []string{""} },
	} {
		o := good
		change(&o)
		if _, err := New(o); err == nil || strings.Contains(err.Error(), canary) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, base := range []string{"http://127.0.0.1:80", "http://localhost:8080", "http://[::1]:8080/graph/"} {
		o := good
		o.BaseURL = base
		if _, err := New(o); err != nil {
			t.Errorf("%s: %v", base, err)
		}
	}
}

func TestTheAnswerSaysWhomItWentTo(t *testing.T) {
	for name, tt := range map[string]struct {
		contacts string
		want     wa.PersonIDs
	}{
		"number":         {`[{"input":"+15550100001","wa_id":"15550100001"}]`, wa.PersonIDs{Phone: "15550100001"}},
		"number and id":  {`[{"input":"x","wa_id":"15550100001","user_id":"US.1"}]`, wa.PersonIDs{Phone: "15550100001", UserID: "US.1"}},
		"hidden number":  {`[{"input":"US.1","user_id":"US.1","parent_user_id":"US.ENT.2"}]`, wa.PersonIDs{UserID: "US.1", ParentUserID: "US.ENT.2"}},
		"several":        {`[{"wa_id":"15550100001"},{"wa_id":"15550100002"}]`, wa.PersonIDs{}},
		"none":           {`[]`, wa.PersonIDs{}},
		"something else": {`"15550100001"`, wa.PersonIDs{}},
	} {
		t.Run(name, func(t *testing.T) {
			body := `{"messaging_product":"whatsapp","contacts":` + tt.contacts + `,"messages":[{"id":"wamid.AAA"}]}`
			got := accepted(answer{status: http.StatusOK, body: []byte(body), whole: true}, testNumber())
			if want := (wa.Outcome{Kind: wa.OutcomeSent, WAMID: "wamid.AAA", Contact: tt.want}); got != want {
				t.Errorf("got %+v, want %+v", got, want)
			}
		})
	}
}

func TestTheAnswerSaysWhatIsHeldBack(t *testing.T) {
	for status, want := range map[string]string{
		`"held_for_quality_assessment"`: "held_for_quality_assessment", `"paused"`: "paused", `"something new"`: "something new",
		`"accepted"`: "", `""`: "", `null`: "",
	} {
		body := `{"messages":[{"id":"wamid.AAA","message_status":` + status + `}]}`
		got := accepted(answer{status: http.StatusOK, body: []byte(body), whole: true}, testNumber())
		if got != (wa.Outcome{Kind: wa.OutcomeSent, WAMID: "wamid.AAA", Held: want}) {
			t.Errorf("%s: got %+v, want %q", status, got, want)
		}
	}
}
