package webhook

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/waypost/waypost/internal/keyring"
	"github.com/waypost/waypost/internal/safehttp"
	"github.com/waypost/waypost/internal/store"
	"github.com/waypost/waypost/internal/store/sqlstore"
	"github.com/waypost/waypost/internal/wa"
	"github.com/waypost/waypost/internal/waapi/hook"
)

// logged is a log that can be read while it is written.
type logged struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// lines returns the lines with that message.
func (l *logged) lines(tb testing.TB, msg string) []map[string]any {
	tb.Helper()
	var all []map[string]any
	for line := range strings.Lines(l.String()) {
		var fields map[string]any
		check(tb, json.Unmarshal([]byte(line), &fields))
		if fields["msg"] == msg {
			all = append(all, fields)
		}
	}
	return all
}

// post is one request as an endpoint sees it.
type post struct {
	at     time.Time
	url    string
	header http.Header
	body   string
}

// world is every server there is: one handler, and what was posted to it. A
// handler that panics with an error is a connection that fails with it.
type world struct {
	mu     sync.Mutex
	handle http.HandlerFunc
	posts  []post
}

// set changes the world.
func (w *world) set(handle http.HandlerFunc) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.handle = handle
}

// RoundTrip implements [http.RoundTripper] without a network, so that virtual
// time goes on while an answer is waited for.
func (w *world) RoundTrip(r *http.Request) (resp *http.Response, err error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	w.mu.Lock()
	w.posts = append(w.posts, post{time.Now(), r.URL.String(), r.Header.Clone(), string(body)})
	handle := w.handle
	w.mu.Unlock()
	r = r.Clone(r.Context())
	r.Body = io.NopCloser(bytes.NewReader(body))
	rec := httptest.NewRecorder()
	defer func() {
		if p := recover(); p != nil {
			resp, err = nil, p.(error)
		}
	}()
	handle(rec, r)
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	return rec.Result(), nil
}

// got returns the posts so far.
func (w *world) got() []post {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]post(nil), w.posts...)
}

// answer answers every post with that status.
func answer(status int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }
}

// slow answers 200 after a while, or never if the client gives up before.
func slow(d time.Duration) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-time.After(d):
			w.WriteHeader(http.StatusOK)
		case <-r.Context().Done():
		}
	}
}

const (
	number  = "100200300400500"
	setting = "webhook.allow_networks"
	// timeout is what the configuration has by default.
	timeout = 15 * time.Second
)

// bench is a store with an account that has an endpoint for inbound messages,
// and the world in which the endpoint is.
type bench struct {
	*testing.T
	db       *sqlstore.Store
	path     string
	world    *world
	client   *http.Client
	log      *logged
	account  wa.AccountID
	endpoint wa.Endpoint
}

// newBench must be called inside a bubble: the clock of the store is the
// bubble's.
func newBench(t *testing.T, handle http.HandlerFunc) *bench {
	t.Helper()
	path := filepath.Join(t.TempDir(), "waypost.db")
	keys := must(keyring.Open(filepath.Join(t.TempDir(), "keys.json")))(t)
	s := must(sqlstore.Open(t.Context(), sqlstore.Options{Path: path, Cipher: keys}))(t)
	t.Cleanup(func() { check(t, s.Close()) })
	b := &bench{T: t, db: s, path: path, world: &world{handle: handle}, log: &logged{}}
	// The real client, but for the network.
	b.client = safehttp.NewClient(safehttp.Options{Timeout: timeout, Setting: setting})
	b.client.Transport = b.world
	b.account = b.newAccount("acme")
	b.endpoint = b.put(b.account, "https://acme.example/hook", nil)
	return b
}

func (b *bench) newAccount(name string) wa.AccountID {
	b.Helper()
	id := wa.NewID[wa.AccountID]()
	check(b, b.db.CreateAccount(b.Context(), wa.Account{ID: id, Name: name, CreatedAt: time.Now()}))
	return id
}

// put sets the endpoint for inbound messages.
func (b *bench) put(account wa.AccountID, url string, headers map[string]wa.Secret) wa.Endpoint {
	b.Helper()
	return must(b.db.PutEndpoint(b.Context(), wa.Endpoint{
		ID: wa.NewID[wa.EndpointID](), AccountID: account, Kind: wa.EventIncoming, URL: url, Headers: headers, CreatedAt: time.Now(),
	}))(b)
}

// wrote is a text from each person, in one callback, to the bench's account.
func (b *bench) wrote(text string, from ...string) {
	b.Helper()
	b.wroteTo(b.account, text, from...)
}

func (b *bench) wroteTo(account wa.AccountID, text string, from ...string) {
	b.Helper()
	var updates []wa.Update
	for _, person := range from {
		updates = append(updates, wa.Update{NumberID: number, Inbound: &wa.Inbound{
			WAMID: "wamid." + string(wa.NewID[wa.EventID]()), NumberID: number, To: "4915550100000",
			From: person, FromName: "Ada", At: time.Now(), Type: "text", Text: text,
		}})
	}
	c := wa.Callback{ID: wa.NewID[wa.CallbackID](), ReceivedAt: time.Now(), Body: []byte("{}")}
	check(b, b.db.KeepCallback(b.Context(), c))
	claimed := must(b.db.ClaimCallbacks(b.Context(), 1, time.Minute))(b)
	check(b, b.db.SettleCallback(b.Context(), claimed[0], []wa.AccountUpdates{{AccountID: account, Updates: updates}}))
}

// dispatcher makes a dispatcher on the store, as a new process would.
func (b *bench) dispatcher(width int) *Dispatcher {
	b.Helper()
	return New(Options{
		Store: b.db, Client: b.client, Encode: hook.Writer{}.Body, Wake: b.db.Wake(store.StageDeliveries),
		Logger: slog.New(slog.NewJSONHandler(b.log, nil)), Width: width,
	})
}

// run starts a dispatcher and returns what stops it and waits for its end.
func (b *bench) run(d *Dispatcher) (stop func()) {
	b.Helper()
	check(b, d.Recover(b.Context()))
	ctx, cancel := context.WithCancel(b.Context())
	ended := make(chan struct{})
	go func() { d.Run(ctx); close(ended) }()
	stop = func() { cancel(); <-ended }
	b.Cleanup(stop)
	synctest.Wait()
	return stop
}

// start runs a dispatcher of the usual width.
func (b *bench) start() (stop func()) {
	b.Helper()
	return b.run(b.dispatcher(0))
}

// seldom runs a dispatcher that looks for work only every five minutes and when
// it is woken, so that virtual days do not take real minutes.
func (b *bench) seldom() (stop func()) {
	b.Helper()
	d := b.dispatcher(0)
	d.poll = 5 * time.Minute
	return b.run(d)
}

// posts ends the test unless there were just so many, and returns them.
func (b *bench) posts(want int) []post {
	b.Helper()
	got := b.world.got()
	if len(got) != want {
		b.Fatalf("there were %d posts, want %d", len(got), want)
	}
	return got
}

// postsTo counts the posts to addresses that begin so.
func (b *bench) postsTo(prefix string) (n int) {
	for _, p := range b.world.got() {
		if strings.HasPrefix(p.url, prefix) {
			n++
		}
	}
	return n
}

// kept is what the store has of a delivery and tells nobody yet.
type kept struct {
	State, Reason    string
	Attempts, Status int
}

// deliveries reads all deliveries as they are on disk.
func (b *bench) deliveries() []kept {
	b.Helper()
	db := must(sql.Open("sqlite", "file:"+b.path+"?_pragma=query_only(1)"))(b)
	defer db.Close()
	rows := must(db.QueryContext(b.Context(), `SELECT state, last_reason, attempts, last_status FROM deliveries ORDER BY id`))(b)
	defer rows.Close()
	var all []kept
	for rows.Next() {
		var k kept
		check(b, rows.Scan(&k.State, &k.Reason, &k.Attempts, &k.Status))
		all = append(all, k)
	}
	check(b, rows.Err())
	return all
}

// want ends the test unless every delivery is in that state.
func (b *bench) want(state string) {
	b.Helper()
	all := b.deliveries()
	for _, k := range all {
		if k.State != state {
			b.Fatalf("a delivery is %+v, want %s", k, state)
		}
	}
	if len(all) == 0 {
		b.Fatal("there are no deliveries")
	}
}

// people returns n phone numbers.
func people(n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprint(15550100000 + i)
	}
	return all
}

func check(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

func must[T any](v T, err error) func(testing.TB) T {
	return func(tb testing.TB) T {
		tb.Helper()
		check(tb, err)
		return v
	}
}
