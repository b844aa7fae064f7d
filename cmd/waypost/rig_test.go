package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/waypost/waypost/internal/sim"
)

// patience is how long a test waits for what must happen; nothing is expected
// to take anywhere near it.
const patience = 60 * time.Second

// buildOnce builds the binary that the tests run, the way users get it.
var buildOnce = sync.OnceValues(func() (binary string, err error) {
	dir, err := os.MkdirTemp("", "waypost-test-")
	if err != nil {
		return "", err
	}
	builtIn = dir
	binary = filepath.Join(dir, "waypost")
	cmd := exec.Command("go", "build", "-trimpath", "-o", binary, ".")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build: %w\n%s", err, out)
	}
	return binary, nil
})

func TestMain(m *testing.M) {
	testscript.Main(cleanUp{m}, map[string]func(){"waypost": main})
}

// cleanUp removes the binary after the tests.
type cleanUp struct{ m *testing.M }

func (c cleanUp) Run() int {
	code := c.m.Run()
	os.RemoveAll(builtIn)
	return code
}

// builtIn is the directory of what buildOnce built, "" if it did not.
var builtIn string

// TestScripts runs the command line as a person would.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script", RequireExplicitExec: true, RequireUniqueNames: true,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"ledger": keepLedger(t.Context()), "uncertain": keepUncertain(t.Context()), "people": keepPeople(t.Context()), "status": keepStatus(t.Context()), "photo": keepPhoto(t.Context())},
	})
}

// rig is the world around one gateway: a simulated Meta, a customer and its
// receiver. The gateway is a process of the real binary that can be killed.
type rig struct {
	t       *testing.T
	binary  string
	data    string
	address string
	token   string
	source  string

	meta     *sim.Sim
	points   points
	receiver *inboxOfCustomer
	process  *process
}

// points are the places in a message's way at which a test can do something,
// once: what stands outside of the gateway calls reach when it gets there.
type points struct {
	mu   sync.Mutex
	once map[string]func()
	// deaf cuts Meta's callbacks off.
	deaf atomic.Bool
}

func (p *points) at(name string, do func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.once = map[string]func(){name: do}
}

func (p *points) reach(name string) {
	p.mu.Lock()
	do := p.once[name]
	delete(p.once, name)
	p.mu.Unlock()
	if do != nil {
		do()
	}
}

// newRig builds the world and starts the gateway, with more flags if need be.
func newRig(t *testing.T, flags ...string) *rig {
	t.Helper()
	binary, err := buildOnce()
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{t: t, binary: binary, data: filepath.Join(t.TempDir(), "data"), address: freeAddress(t)}
	r.receiver = startInboxOfCustomer(t, &r.points)
	graphURL := r.startMeta()
	r.waypost("account", "create", "shop")
	var token struct{ Token string }
	if err := json.Unmarshal(r.waypost("token", "create", "--account", "shop", "--json"), &token); err != nil {
		t.Fatal(err)
	}
	r.token = token.Token
	r.waypost("webhook", "set", "--account", "shop", "--url", r.receiver.url)
	r.start(append(flags, "--meta-base-url", graphURL, "--webhook-allow-networks", "127.0.0.0/8")...)
	r.source = r.post("/api/v2/source/", "application/json", strings.NewReader(fmt.Sprintf(
		`{"name":"Shop","phone_number_id":%q,"waba_id":%q,"display_phone_number":%q,"access_token":"access","app_secret":"app"}`,
		demoNumberID, demoWABAID, demoDisplay)))
	if err := r.meta.SetCallback(t.Context(), sim.Callback{URL: "http://" + r.address + "/meta/callback", VerifyToken: "verify", AppSecret: "app"}); err != nil {
		t.Fatal(err)
	}
	r.hello()
	return r
}

// startMeta runs the simulator in this process, behind the points.
func (r *rig) startMeta() string {
	graph := httptest.NewUnstartedServer(nil)
	url := "http://" + graph.Listener.Addr().String()
	quick := sim.Range{Min: 2 * time.Millisecond, Max: 15 * time.Millisecond}
	meta, err := sim.New(sim.Options{
		GraphURL: url, Dir: r.t.TempDir(), Timing: sim.Timing{Sent: quick, Delivered: quick, Read: quick},
		Numbers: []sim.Number{{ID: demoNumberID, WABAID: demoWABAID, Display: demoDisplay, AccessToken: "access"}},
		Client:  &http.Client{Timeout: 10 * time.Second, Transport: callbackPoints{&r.points, http.DefaultTransport}},
	})
	if err != nil {
		r.t.Fatal(err)
	}
	r.meta = meta
	graph.Config.Handler = graphPoints(&r.points, meta.Graph())
	graph.Start()
	r.t.Cleanup(graph.Close)
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- meta.Run(ctx) }()
	r.t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			r.t.Errorf("simulator: %v", err)
		}
	})
	return url
}

// graphPoints reaches "upload" and "send" with "arrives" before Meta knows of
// the request, "done" when it was carried out but not answered, and "answered".
func graphPoints(p *points, meta http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		what := ""
		switch {
		case strings.HasSuffix(req.URL.Path, "/media"):
			what = "upload"
		case strings.HasSuffix(req.URL.Path, "/messages"):
			what = "send"
		}
		p.reach(what + " arrives")
		answer := httptest.NewRecorder()
		meta.ServeHTTP(answer, req)
		p.reach(what + " done")
		for name, values := range answer.Header() {
			w.Header()[name] = values
		}
		w.WriteHeader(answer.Code)
		w.Write(answer.Body.Bytes())
		http.NewResponseController(w).Flush()
		p.reach(what + " answered")
	})
}

// callbackPoints does the same around Meta's callbacks.
type callbackPoints struct {
	points *points
	next   http.RoundTripper
}

func (c callbackPoints) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Method == http.MethodPost {
		c.points.reach("callback leaves")
		if c.points.deaf.Load() {
			return nil, errors.New("cut off by the test")
		}
	}
	resp, err := c.next.RoundTrip(req)
	if err == nil && req.Method == http.MethodPost && resp.StatusCode == http.StatusOK {
		c.points.reach("callback answered")
	}
	return resp, err
}

// inboxOfCustomer is the customer's receiver: it keeps every webhook.
type inboxOfCustomer struct {
	url string

	mu      sync.Mutex
	bodies  []string
	changed chan struct{}
}

func startInboxOfCustomer(t *testing.T, p *points) *inboxOfCustomer {
	c := &inboxOfCustomer{changed: make(chan struct{})}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		p.reach("webhook arrives")
		body, err := io.ReadAll(req.Body)
		if err != nil {
			return // the sender died
		}
		c.mu.Lock()
		c.bodies = append(c.bodies, string(body))
		close(c.changed)
		c.changed = make(chan struct{})
		c.mu.Unlock()
		http.NewResponseController(w).Flush()
		p.reach("webhook answered")
	}))
	t.Cleanup(server.Close)
	c.url = server.URL
	return c
}

// wait returns once the receiver has a webhook that holds all the words.
func (c *inboxOfCustomer) wait(t *testing.T, words ...string) {
	t.Helper()
	limit := time.After(patience)
	for {
		c.mu.Lock()
		changed, n := c.changed, len(c.bodies)
		has := c.has(words)
		c.mu.Unlock()
		if has {
			return
		}
		select {
		case <-changed:
		case <-limit:
			t.Fatalf("no webhook with %q among %d", words, n)
		}
	}
}

func (c *inboxOfCustomer) has(words []string) bool {
next:
	for _, body := range c.bodies {
		for _, word := range words {
			if !strings.Contains(body, word) {
				continue next
			}
		}
		return true
	}
	return false
}

// waypost runs a command of the binary to its end.
func (r *rig) waypost(args ...string) []byte {
	r.t.Helper()
	out, err := exec.Command(r.binary, append(args, "--data", r.data)...).Output()
	if err != nil {
		if failed, ok := errors.AsType[*exec.ExitError](err); ok {
			err = fmt.Errorf("%w: %s", err, failed.Stderr)
		}
		r.t.Fatalf("waypost %v: %v", args, err)
	}
	return out
}

// process is one life of the gateway.
type process struct {
	cmd  *exec.Cmd
	args []string
	log  logBuffer
	done chan struct{}
	err  error
}

// logBuffer is a log that can be read while the process writes it.
type logBuffer struct {
	mu    sync.Mutex
	lines strings.Builder
}

func (l *logBuffer) add(line string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines.WriteString(line + "\n")
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lines.String()
}

// start starts the gateway and returns once it is ready.
func (r *rig) start(args ...string) {
	r.t.Helper()
	p := &process{args: args, done: make(chan struct{})}
	p.cmd = exec.Command(r.binary, append([]string{"serve", "--data", r.data, "--listen", r.address}, args...)...)
	p.cmd.Env = append(os.Environ(), "WAYPOST_META_VERIFY_TOKEN=verify")
	stderr, err := p.cmd.StderrPipe()
	if err != nil {
		r.t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		r.t.Fatal(err)
	}
	ready := make(chan struct{})
	go func() {
		defer close(p.done)
		lines := bufio.NewScanner(stderr)
		for lines.Scan() {
			p.log.add(lines.Text())
			if strings.Contains(lines.Text(), "gateway ready") {
				close(ready)
			}
		}
		p.err = p.cmd.Wait()
	}()
	r.process = p
	r.t.Cleanup(func() {
		r.kill()
		if r.t.Failed() {
			r.t.Logf("log of process %d:\n%s", p.cmd.Process.Pid, p.log.String())
		}
	})
	select {
	case <-ready:
	case <-p.done:
		r.t.Fatalf("the gateway did not start: %v\n%s", p.err, p.log.String())
	case <-time.After(patience):
		r.t.Fatal("the gateway is not ready")
	}
}

// kill ends the gateway with SIGKILL and returns once it is gone.
func (r *rig) kill() {
	r.process.cmd.Process.Kill() // it may be gone already
	<-r.process.done
}

// restart starts the gateway again as it was started before.
func (r *rig) restart() {
	r.t.Helper()
	r.start(r.process.args...)
}

// hello lets the phone write, which opens the window.
func (r *rig) hello() {
	r.t.Helper()
	r.helloFrom(demoPhone)
}

// helloFrom lets a phone write.
func (r *rig) helloFrom(phone string) {
	r.t.Helper()
	if _, err := r.meta.Say(r.t.Context(), sim.Inbound{From: phone, Text: "hello"}); err != nil {
		r.t.Fatal(err)
	}
	r.receiver.wait(r.t, "incoming_message", phone)
}

// post calls the API and returns the id in the answer.
func (r *rig) post(path, contentType string, body io.Reader) string {
	r.t.Helper()
	req, err := http.NewRequest(http.MethodPost, "http://"+r.address+path, body)
	if err != nil {
		r.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+r.token)
	req.Header.Set("Content-Type", contentType)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		r.t.Fatalf("POST %s: %v", path, err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		r.t.Fatalf("POST %s: %v", path, err)
	}
	var answer struct {
		Status string
		Data   struct {
			ID      string
			MediaID string `json:"mediaId"`
		}
	}
	if err := json.Unmarshal(text, &answer); err != nil || answer.Status != "success" {
		r.t.Fatalf("POST %s: %d %s", path, resp.StatusCode, text)
	}
	return answer.Data.ID + answer.Data.MediaID
}

// upload uploads a document.
func (r *rig) upload(content io.Reader) string {
	r.t.Helper()
	reader, writer := io.Pipe()
	form := multipart.NewWriter(writer)
	go func() {
		part, err := form.CreateFormFile("file", "order.pdf")
		if err == nil {
			_, err = io.Copy(part, content)
		}
		if err == nil {
			err = form.Close()
		}
		writer.CloseWithError(err)
	}()
	return r.post("/api/v2/media/upload/", form.FormDataContentType(), reader)
}

// send sends a media with a caption that tells it from every other message.
func (r *rig) send(media, caption string) string {
	r.t.Helper()
	return r.sendTo(demoPhone, media, caption)
}

func (r *rig) sendTo(phone, media, caption string) string {
	r.t.Helper()
	return r.post("/api/v2/message/", "application/json", strings.NewReader(fmt.Sprintf(`{"message":[{"recipient_whatsapp":%q,
		"message_type":"media","recipient_type":"individual","source":%q,"x-apiheader":%q,
		"type_media":[{"attachments":[{"attachment_id":%q,"caption":%q}]}]}]}`, phone, r.source, caption, media, caption)))
}

// sends counts how often Meta took the message with a caption.
func (r *rig) sends(caption string) int {
	n := 0
	for _, s := range r.meta.Sends() {
		if bytes.Contains(s.Body, []byte(`"`+caption+`"`)) {
			n++
		}
	}
	return n
}

// awaitRead returns once all statuses of a message are at the receiver.
func (r *rig) awaitRead(id string) {
	r.t.Helper()
	for _, status := range []string{"sent", "delivered", "read"} {
		r.receiver.wait(r.t, id, `"status":"`+status+`"`)
	}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// document is a small PDF that differs from every other one.
func document(mark string) io.Reader {
	return io.MultiReader(bytes.NewReader(samplePDF), strings.NewReader("% "+mark+"\n"))
}
