package outbox

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/waypost/waypost/internal/keyring"
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

// call is one attempt as Meta sees it.
type call struct {
	at     time.Time
	number wa.Number
	wa.Dispatch
}

// meta is Meta as a test wants it to be.
type meta struct {
	answer func(context.Context, call) wa.Outcome

	mu    sync.Mutex
	calls []call
}

func (m *meta) Send(ctx context.Context, n wa.Number, d wa.Dispatch) wa.Outcome {
	c := call{time.Now(), n, d}
	m.mu.Lock()
	m.calls = append(m.calls, c)
	answer := m.answer
	m.mu.Unlock()
	return answer(ctx, c)
}

// answers changes the answer while messages may be on their way.
func (m *meta) answers(answer func(context.Context, call) wa.Outcome) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.answer = answer
}

// got returns the attempts so far.
func (m *meta) got() []call {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]call(nil), m.calls...)
}

// uploads stands for the media at Meta; without a function it is not asked for
// any.
type uploads struct {
	metaID func(context.Context, wa.Number, wa.MediaID) (string, error)
	forget func(wa.MediaID) error
	link   func(context.Context, wa.Number, wa.Media) (wa.MetaLink, error)
	unlink func(m wa.Media, metaID string) error
}

func (u *uploads) MetaID(ctx context.Context, n wa.Number, _ wa.AccountID, id wa.MediaID) (string, error) {
	return u.metaID(ctx, n, id)
}

func (u *uploads) Forget(_ context.Context, _ wa.Number, _ wa.AccountID, id wa.MediaID, _ string) error {
	return u.forget(id)
}

func (u *uploads) MetaLink(ctx context.Context, n wa.Number, _ wa.AccountID, m wa.Media) (wa.MetaLink, error) {
	return u.link(ctx, n, m)
}

func (u *uploads) ForgetLink(_ context.Context, _ wa.Number, _ wa.AccountID, m wa.Media, metaID string) error {
	return u.unlink(m, metaID)
}

// talkers are people who write all the time, so that no window closes while a
// test waits for virtual months. What they agreed to is in the store.
type talkers struct{ *sqlstore.Store }

func (talkers) Window(context.Context, wa.AccountID, string, string) (time.Time, error) {
	return time.Now().Add(wa.WindowLength), nil
}

const (
	numberA = "100200300400500"
	numberB = "100200300400501"
)

// bench is a store with an account, a source and a webhook, and Meta behind it.
type bench struct {
	*testing.T
	db      *sqlstore.Store
	meta    *meta
	uploads *uploads
	tagger  wa.Tagger
	log     *logged
	account wa.AccountID
	source  wa.Source
}

// newBench must be called inside a bubble: the clock of the store is the
// bubble's.
func newBench(t *testing.T, answer func(context.Context, call) wa.Outcome) *bench {
	t.Helper()
	keys := must(keyring.Open(filepath.Join(t.TempDir(), "keys.json")))(t)
	s := must(sqlstore.Open(t.Context(), sqlstore.Options{Path: filepath.Join(t.TempDir(), "waypost.db"), Cipher: keys}))(t)
	t.Cleanup(func() { check(t, s.Close()) })
	key := make([]byte, 32)
	_, _ = rand.Read(key)
	b := &bench{
		T: t, db: s, meta: &meta{answer: answer}, uploads: &uploads{}, tagger: wa.NewTagger(key), log: &logged{},
		account: wa.NewID[wa.AccountID](),
	}
	check(t, s.CreateAccount(t.Context(), wa.Account{ID: b.account, Name: "acme", CreatedAt: time.Now()}))
	b.source = b.newSource("shop", numberA)
	must(s.PutEndpoint(t.Context(), wa.Endpoint{
		ID: wa.NewID[wa.EndpointID](), AccountID: b.account, Kind: wa.EventStatus, URL: "https://customer.example/", CreatedAt: time.Now(),
	}))(t)
	return b
}

func (b *bench) newSource(id wa.SourceID, number string) wa.Source {
	b.Helper()
	return must(b.db.CreateSource(b.Context(), wa.Source{
		ID: id, AccountID: b.account, Name: "source", CreatedAt: time.Now(),
		Number: wa.Number{
			ID: number, WABAID: "900800700", Display: "4915550100000",
			Token: wa.NewSecret("old token"), AppSecret: wa.NewSecret("app secret"),
		},
		Throughput: 100_000, // so that only tests of the pace notice it
	}))(b)
}

// newToken gives the source another access token.
func (b *bench) newToken(src wa.Source, token string) {
	b.Helper()
	src.Number.Token = wa.NewSecret(token)
	check(b, b.db.UpdateSource(b.Context(), src))
}

// accept accepts a text to each recipient, in this order.
func (b *bench) accept(recipients ...string) []wa.Message {
	b.Helper()
	return b.acceptFrom(b.source, wa.Text{Body: "good day"}, recipients...)
}

func (b *bench) acceptFrom(src wa.Source, c wa.Content, recipients ...string) []wa.Message {
	b.Helper()
	var all []wa.Message
	for _, to := range recipients {
		all = append(all, wa.Message{
			ID: wa.NewID[wa.MessageID](), AccountID: src.AccountID, SourceID: src.ID, NumberID: src.Number.ID,
			Recipient: wa.Recipient{Kind: wa.Individual, ID: to}, Content: c, APIHeader: `{"order":"7"}`,
			Status: wa.StatusAccepted, AcceptedAt: time.Now(),
		})
	}
	check(b, b.db.Accept(b.Context(), all))
	return all
}

// outbox makes an outbox on the store, as a new process would.
func (b *bench) outbox(width int) *Outbox {
	b.Helper()
	return New(Options{
		Store: b.db, Sources: b.db, Consents: talkers{b.db}, Media: b.uploads, Sender: b.meta, Tagger: b.tagger,
		Wake: b.db.Wake(store.StageOutbox), Logger: slog.New(slog.NewJSONHandler(b.log, nil)), Width: width,
	})
}

// claimSome claims up to limit messages of all queues, as another process would.
func (b *bench) claimSome(limit int) []wa.Message {
	b.Helper()
	var all []wa.Message
	for _, q := range must(b.db.Queues(b.Context()))(b) {
		all = append(all, must(b.db.ClaimMessages(b.Context(), []store.Share{{Queue: q.ID, Limit: limit - len(all)}}, lease))(b)...)
	}
	return all
}

// run starts an outbox and returns what stops it and waits for its end.
func (b *bench) run(o *Outbox) (stop func()) {
	b.Helper()
	check(b, o.Recover(b.Context()))
	ctx, cancel := context.WithCancel(b.Context())
	ended := make(chan struct{})
	go func() { o.Run(ctx); close(ended) }()
	stop = func() { cancel(); <-ended }
	b.Cleanup(stop)
	synctest.Wait()
	return stop
}

// start runs an outbox of the usual width.
func (b *bench) start() {
	b.Helper()
	b.run(b.outbox(0))
}

// seldom runs an outbox that looks for work only once an hour and when it is
// woken, so that virtual weeks do not take real minutes.
func (b *bench) seldom() (stop func()) {
	b.Helper()
	o := b.outbox(0)
	o.poll = time.Hour
	return b.run(o)
}

func (b *bench) now(m wa.Message) wa.Message {
	b.Helper()
	return must(b.db.Message(b.Context(), m.AccountID, m.ID))(b)
}

func (b *bench) want(status wa.Status, messages ...wa.Message) {
	b.Helper()
	for i, m := range messages {
		if got := b.now(m).Status; got != status {
			b.Fatalf("message %d is %s, want %s", i, got, status)
		}
	}
}

// calls ends the test unless Meta saw just so many attempts, and returns them.
func (b *bench) calls(want int) []call {
	b.Helper()
	got := b.meta.got()
	if len(got) != want {
		b.Fatalf("Meta saw %d attempts, want %d", len(got), want)
	}
	return got
}

// report applies a status of Meta's as the inbox would.
func (b *bench) report(ctx context.Context, u wa.Update) {
	b.Helper()
	c := wa.Callback{ID: wa.NewID[wa.CallbackID](), ReceivedAt: time.Now(), Body: []byte("{}")}
	check(b, b.db.KeepCallback(ctx, c))
	claimed := must(b.db.ClaimCallbacks(ctx, 10, time.Minute))(b)
	if len(claimed) != 1 {
		b.Fatalf("%d callbacks are due, want 1", len(claimed))
	}
	check(b, b.db.SettleCallback(ctx, claimed[0], []wa.AccountUpdates{{AccountID: b.account, Updates: []wa.Update{u}}}))
}

func status(wamid string, s wa.Status) wa.Update {
	return wa.Update{NumberID: numberA, Status: &wa.StatusReport{WAMID: wamid, NumberID: numberA, Status: s, At: time.Now()}}
}

func tagged(id wa.MessageID, wamid string, s wa.Status) wa.Update {
	u := status(wamid, s)
	u.MessageID = id
	return u
}

// told returns the bodies that wait for the customer, oldest first.
func (b *bench) told() []string {
	b.Helper()
	var bodies []string
	for _, d := range must(b.db.ClaimDeliveries(b.Context(), 10_000, time.Hour, nil))(b) {
		bodies = append(bodies, string(must(hook.Writer{}.Body(d))(b)))
	}
	return bodies
}

// facts returns the statuses that are in a message's events.
func (b *bench) facts(m wa.Message) string {
	b.Helper()
	var all []string
	for _, e := range must(b.db.Events(b.Context(), m.AccountID, m.ID))(b) {
		all = append(all, string(e.Status.Status))
	}
	return strings.Join(all, " ")
}

// sent is the answer of a Meta that takes everything.
func sent(_ context.Context, c call) wa.Outcome {
	return wa.Outcome{Kind: wa.OutcomeSent, WAMID: "wamid." + string(c.Message.ID)}
}

// in answers the attempts one after another with these outcomes, and then with
// the last one.
func in(outcomes ...wa.Outcome) func(context.Context, call) wa.Outcome {
	var mu sync.Mutex
	return func(context.Context, call) wa.Outcome {
		mu.Lock()
		defer mu.Unlock()
		o := outcomes[0]
		if len(outcomes) > 1 {
			outcomes = outcomes[1:]
		}
		return o
	}
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

// counting is a store that counts what is asked of it.
type counting struct {
	*sqlstore.Store
	queues, claims int
}

func (c *counting) Queues(ctx context.Context) ([]store.Queue, error) {
	c.queues++
	return c.Store.Queues(ctx)
}

func (c *counting) ClaimMessages(ctx context.Context, from []store.Share, lease time.Duration) ([]wa.Message, error) {
	c.claims++
	return c.Store.ClaimMessages(ctx, from, lease)
}
