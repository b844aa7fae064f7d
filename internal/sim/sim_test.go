package sim_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/waypost/waypost/internal/sim"
)

const (
	numberID  = "155501000001"
	display   = "15550100001"
	token     = "token-one"
	otherID   = "155501000002"
	otherTok  = "token-two"
	user      = "15550100900"
	secret    = "app-secret"
	graphBase = "http://graph.test"
)

// receiver stands for the gateway's callback endpoint. It is a transport, so that it works inside a bubble too.
type receiver struct {
	mu     sync.Mutex
	answer func(attempt int) int // HTTP status of the nth callback, from 1
	got    []received
	change chan struct{}
}

type received struct {
	body   []byte
	header http.Header
	at     time.Time
}

func newReceiver() *receiver {
	return &receiver{answer: func(int) int { return http.StatusOK }, change: make(chan struct{}, 1000)}
}

func (c *receiver) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	c.ServeHTTP(w, r)
	return w.Result(), nil
}

func (c *receiver) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodGet {
		_, _ = io.WriteString(w, r.URL.Query().Get("hub.challenge"))
		return
	}
	body, _ := io.ReadAll(r.Body)
	c.mu.Lock()
	c.got = append(c.got, received{body, r.Header.Clone(), time.Now()})
	status := c.answer(len(c.got))
	c.mu.Unlock()
	w.WriteHeader(status)
	c.change <- struct{}{}
}

func (c *receiver) all() []received {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]received(nil), c.got...)
}

// first returns the first callback once it is there.
func (c *receiver) first(t *testing.T) received {
	t.Helper()
	select {
	case <-c.change:
	case <-time.After(20 * time.Second):
		t.Fatal("no callback came")
	}
	return c.all()[0]
}

func options(t *testing.T, c *receiver) sim.Options {
	t.Helper()
	return sim.Options{
		GraphURL: graphBase,
		Dir:      t.TempDir(),
		Numbers: []sim.Number{
			{ID: numberID, WABAID: "900001", Display: display, AccessToken: token},
			{ID: otherID, WABAID: "900002", Display: "15550100002", AccessToken: otherTok},
		},
		Callback: sim.Callback{URL: "http://gateway.test/callback", VerifyToken: "verify", AppSecret: secret},
		Seed:     7,
		Client:   &http.Client{Transport: c},
	}
}

// start makes a Sim and runs it until the test ends.
func start(t testing.TB, o sim.Options) *sim.Sim {
	t.Helper()
	s, err := sim.New(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("run: %v", err)
		}
	})
	return s
}

// ask sends one request to a handler and returns its answer.
func ask(h http.Handler, method, path, bearer, contentType string, body io.Reader) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, body)
	if bearer != "" {
		r.Header.Set("Authorization", "Bearer "+bearer)
	}
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func askJSON(h http.Handler, method, path, bearer, body string) *httptest.ResponseRecorder {
	return ask(h, method, path, bearer, "application/json", strings.NewReader(body))
}

func textTo(to, body string) string {
	data, err := json.Marshal(map[string]any{
		"messaging_product": "whatsapp", "to": to, "type": "text", "text": map[string]string{"body": body},
		"biz_opaque_callback_data": "tag-1",
	})
	if err != nil {
		panic(err)
	}
	return string(data)
}

// send sends a text to the user and returns its wamid.
func send(t *testing.T, s *sim.Sim, body string) string {
	t.Helper()
	w := askJSON(s.Graph(), http.MethodPost, "/v23.0/"+numberID+"/messages", token, textTo(user, body))
	var answer struct {
		Messages []struct{ ID string }
	}
	decode(t, w, http.StatusOK, &answer)
	return answer.Messages[0].ID
}

func decode(t *testing.T, w *httptest.ResponseRecorder, status int, v any) {
	t.Helper()
	if w.Code != status {
		t.Fatalf("status %d, want %d: %s", w.Code, status, w.Body)
	}
	if err := json.Unmarshal(w.Body.Bytes(), v); err != nil {
		t.Fatalf("answer %s: %v", w.Body, err)
	}
}

// say lets the user write, which opens the window.
func say(t *testing.T, s *sim.Sim, text string) string {
	t.Helper()
	wamid, err := s.Say(t.Context(), sim.Inbound{From: user, To: numberID, Text: text})
	if err != nil {
		t.Fatal(err)
	}
	return wamid
}

// form makes a multipart body with one file.
func form(t *testing.T, fields map[string]string, name, mimeType string, file io.Reader) (string, *bytes.Buffer) {
	t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for key, value := range fields {
		if err := w.WriteField(key, value); err != nil {
			t.Fatal(err)
		}
	}
	if file != nil {
		part, err := w.CreatePart(filePart(name, mimeType))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(part, file); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return w.FormDataContentType(), &body
}

func filePart(name, mimeType string) textproto.MIMEHeader {
	h := textproto.MIMEHeader{"Content-Disposition": {`form-data; name="file"; filename="` + name + `"`}}
	if mimeType != "" {
		h.Set("Content-Type", mimeType)
	}
	return h
}

// uploadFile uploads a file and returns its media id.
func uploadFile(t *testing.T, s *sim.Sim, mimeType string, data []byte) string {
	t.Helper()
	kind, body := form(t, map[string]string{"messaging_product": "whatsapp"}, "file.bin", mimeType, bytes.NewReader(data))
	w := ask(s.Graph(), http.MethodPost, "/v23.0/"+numberID+"/media", token, kind, body)
	var answer struct{ ID string }
	decode(t, w, http.StatusOK, &answer)
	return answer.ID
}

func TestNewReportsEveryMistakeAtOnce(t *testing.T) {
	_, err := sim.New(sim.Options{
		GraphURL: "graph",
		Dir:      t.TempDir() + "/missing",
		Numbers:  []sim.Number{{ID: "x"}, {ID: "x"}},
		Callback: sim.Callback{URL: "ftp://gateway"},
		Timing:   sim.Timing{Read: sim.Range{Min: 2, Max: 1}},
	})
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{
		"graph url", "directory for media", "number 1: id", "waba id", "display", "access token",
		"number 2: id or display number is taken", "callback url", "app secret", "timing read",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error does not speak of %q:\n%v", want, err)
		}
	}
}

func TestNewAsksForANumber(t *testing.T) {
	_, err := sim.New(sim.Options{GraphURL: graphBase, Dir: t.TempDir()})
	if err == nil || !strings.Contains(err.Error(), "give at least one") {
		t.Fatalf("got %v", err)
	}
}

func TestRunOnlyOnce(t *testing.T) {
	c := newReceiver()
	s := start(t, options(t, c))
	say(t, s, "a sign that it runs")
	c.first(t)
	if err := s.Run(t.Context()); err == nil {
		t.Fatal("a second Run was let in")
	}
}

func TestSameSeedSameIDs(t *testing.T) {
	one, two := ids(t, 7), ids(t, 7)
	if one != two {
		t.Errorf("seed 7 gave %s and %s", one, two)
	}
	if drawn, again := ids(t, 0), ids(t, 0); drawn == again {
		t.Error("seed 0 gave the same ids twice")
	}
}

func ids(t *testing.T, seed uint64) string {
	t.Helper()
	o := options(t, newReceiver())
	o.Seed = seed
	s, err := sim.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return send(t, s, "hello") + " " + uploadFile(t, s, "image/png", []byte("png"))
}

// query returns one query value of an address.
func query(t *testing.T, address, key string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u.Query().Get(key)
}
