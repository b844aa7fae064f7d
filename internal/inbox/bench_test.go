package inbox

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/waypost/waypost/internal/cloudapi"
	"github.com/waypost/waypost/internal/cloudapi/callback"
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

const (
	numberA     = "100200300400500"
	numberB     = "100200300400501"
	secretA     = "app secret A"
	secretB     = "app secret B"
	verifyToken = "verify me"
	person      = "15550100001"
)

// bench is a store with an account that has number A and endpoints, and an
// inbox in front of it, with Meta's JSON and signatures read for real.
type bench struct {
	*testing.T
	in      *Inbox
	db      *sqlstore.Store
	path    string
	close   func()
	tagger  wa.Tagger
	log     *logged
	account wa.AccountID
}

// newBench must be called inside a bubble: the clock of the store is the
// bubble's.
func newBench(t *testing.T) *bench {
	t.Helper()
	path := filepath.Join(t.TempDir(), "waypost.db")
	keys := must(keyring.Open(filepath.Join(t.TempDir(), "keys.json")))(t)
	s := must(sqlstore.Open(t.Context(), sqlstore.Options{Path: path, Cipher: keys}))(t)
	closeOnce := sync.OnceFunc(func() { check(t, s.Close()) })
	t.Cleanup(closeOnce)
	key := make([]byte, 32)
	_, _ = rand.Read(key)
	b := &bench{T: t, db: s, path: path, tagger: wa.NewTagger(key), log: &logged{}, close: closeOnce}
	b.in = New(Options{
		Store: s, Sources: s, Tagger: b.tagger, Verify: cloudapi.VerifySignature, Decode: callback.Decode,
		VerifyToken: wa.NewSecret(verifyToken), Wake: s.Wake(store.StageInbox), Logger: slog.New(slog.NewJSONHandler(b.log, nil)),
	})
	b.account = b.newAccount("acme", numberA, secretA)
	return b
}

// newAccount makes an account with a source and both endpoints.
func (b *bench) newAccount(name, number, secret string) wa.AccountID {
	b.Helper()
	id := wa.NewID[wa.AccountID]()
	check(b, b.db.CreateAccount(b.Context(), wa.Account{ID: id, Name: name, CreatedAt: time.Now()}))
	b.newSource(id, number, secret)
	for _, kind := range []wa.EventKind{wa.EventStatus, wa.EventIncoming} {
		must(b.db.PutEndpoint(b.Context(), wa.Endpoint{
			ID: wa.NewID[wa.EndpointID](), AccountID: id, Kind: kind, URL: "https://" + name + ".example/", CreatedAt: time.Now(),
		}))(b)
	}
	return id
}

func (b *bench) newSource(account wa.AccountID, number, secret string) {
	b.Helper()
	must(b.db.CreateSource(b.Context(), wa.Source{
		ID: wa.NewID[wa.SourceID](), AccountID: account, Name: "source", CreatedAt: time.Now(),
		Number: wa.Number{
			ID: number, WABAID: "900800700", Display: "4915550100000",
			Token: wa.NewSecret("access token"), AppSecret: wa.NewSecret(secret),
		},
	}))(b)
}

// run starts the stage and returns what stops it and waits for its end.
func (b *bench) run() (stop func()) {
	b.Helper()
	check(b, b.in.Recover(b.Context()))
	ctx, cancel := context.WithCancel(b.Context())
	ended := make(chan struct{})
	go func() { b.in.Run(ctx); close(ended) }()
	stop = func() { cancel(); <-ended }
	b.Cleanup(stop)
	synctest.Wait()
	return stop
}

// sign is Meta's signature, made without the code under test.
func sign(body, secret string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(body))
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}

// callback posts a body with a signature and returns the status.
func (b *bench) callback(body, signature string) int {
	b.Helper()
	r := httptest.NewRequestWithContext(b.Context(), http.MethodPost, "/meta/callback", strings.NewReader(body))
	if signature != "" {
		r.Header.Set("X-Hub-Signature-256", signature)
	}
	rec := httptest.NewRecorder()
	b.in.ServeHTTP(rec, r)
	return rec.Code
}

// post posts a callback that secret signs and waits until it is applied, if the
// stage runs.
func (b *bench) post(body, secret string) {
	b.Helper()
	if status := b.callback(body, sign(body, secret)); status != http.StatusOK {
		b.Fatalf("the callback was answered %d", status)
	}
	synctest.Wait()
}

// object is any JSON object.
type object = map[string]any

// envelope is a callback about a number, with what is in its value.
func envelope(number string, value object) string {
	value["metadata"] = object{"display_phone_number": "+49 1555 0100000", "phone_number_id": number}
	data, err := json.Marshal(object{"object": "whatsapp_business_account", "entry": []object{
		{"id": "900800700", "changes": []object{{"field": "messages", "value": value}}},
	}})
	if err != nil {
		panic(err) // the test wrote what JSON cannot hold
	}
	return string(data)
}

// statuses is a callback with statuses of number A.
func statuses(all ...object) string { return envelope(numberA, object{"statuses": all}) }

func status(wamid, word string) object {
	return object{"id": wamid, "status": word, "timestamp": stamp(), "recipient_id": person}
}

func tagged(tag, wamid, word string) object {
	s := status(wamid, word)
	s["biz_opaque_callback_data"] = tag
	return s
}

// messages is a callback with messages to number A.
func messages(all ...object) string {
	return envelope(numberA, object{
		"messages": all, "contacts": []object{{"wa_id": person, "profile": object{"name": "Ada"}}},
	})
}

func message(wamid, kind string, content any) object {
	return object{"id": wamid, "from": person, "timestamp": stamp(), "type": kind, kind: content}
}

func text(wamid, body string) object { return message(wamid, "text", object{"body": body}) }

func stamp() string { return strconv.FormatInt(time.Now().Unix(), 10) }

// begun accepts a message and begins an attempt, as the outbox does.
func (b *bench) begun() wa.Message {
	b.Helper()
	return b.begunBy(b.account, numberA)
}

func (b *bench) begunBy(account wa.AccountID, number string) wa.Message {
	b.Helper()
	id := wa.NewID[wa.MessageID]()
	check(b, b.db.Accept(b.Context(), []wa.Message{{
		ID: id, AccountID: account, SourceID: "shop", NumberID: number,
		// To somebody else each time, so that none waits for another's turn.
		Recipient: wa.Recipient{Kind: wa.Individual, ID: "to " + string(id)}, Content: wa.Text{Body: "good day"},
		APIHeader: `{"order":"7"}`, Status: wa.StatusAccepted, AcceptedAt: time.Now(),
	}}))
	queue := must(b.db.Queues(b.Context()))(b)[0].ID
	claimed := must(b.db.ClaimMessages(b.Context(), []store.Share{{Queue: queue, Limit: 10}}, time.Hour))(b)
	if len(claimed) != 1 {
		b.Fatalf("%d messages are due, want 1", len(claimed))
	}
	return must(b.db.BeginMessage(b.Context(), claimed[0]))(b)
}

// sent accepts a message and takes it to where Meta has answered with a wamid.
func (b *bench) sent(wamid string) wa.Message {
	b.Helper()
	m := b.begun()
	b.settle(m, wamid)
	return m
}

func (b *bench) settle(m wa.Message, wamid string) {
	b.Helper()
	check(b, b.db.SettleMessage(b.Context(), m, wa.Outcome{Kind: wa.OutcomeSent, WAMID: wamid}))
}

func (b *bench) want(status wa.Status, m wa.Message) {
	b.Helper()
	if got := must(b.db.Message(b.Context(), m.AccountID, m.ID))(b).Status; got != status {
		b.Fatalf("the message is %s, want %s", got, status)
	}
}

// told is what waits for a customer.
type told struct {
	account wa.AccountID
	kind    wa.EventKind
	body    string
}

// told returns what waits for the customers and was not asked for before.
func (b *bench) told() []told {
	b.Helper()
	var all []told
	for _, d := range must(b.db.ClaimDeliveries(b.Context(), 10_000, 1000*time.Hour, nil))(b) {
		all = append(all, told{d.AccountID, d.Event.Kind, string(must(hook.Writer{}.Body(d))(b))})
	}
	return all
}

// kept is a callback as it is on disk.
type kept struct {
	Body, Signature, State, Reason string
	Attempts                       int
}

// kept reads all callbacks, which nobody but the stage is told of yet.
func (b *bench) kept() []kept {
	b.Helper()
	db := must(sql.Open("sqlite", "file:"+b.path+"?_pragma=query_only(1)"))(b)
	defer db.Close()
	rows := must(db.QueryContext(b.Context(), `SELECT body, signature, state, reason, attempts FROM callbacks ORDER BY id`))(b)
	defer rows.Close()
	var all []kept
	for rows.Next() {
		var k kept
		check(b, rows.Scan(&k.Body, &k.Signature, &k.State, &k.Reason, &k.Attempts))
		all = append(all, k)
	}
	check(b, rows.Err())
	return all
}

// last returns the newest callback.
func (b *bench) last() kept {
	b.Helper()
	all := b.kept()
	if len(all) == 0 {
		b.Fatal("no callback was kept")
	}
	return all[len(all)-1]
}

// number returns a number of the newest line with that message.
func (b *bench) number(msg, key string) int {
	b.Helper()
	lines := b.log.lines(b, msg)
	if len(lines) == 0 {
		b.Fatalf("no line says %s", msg)
	}
	n, ok := lines[len(lines)-1][key].(float64)
	if !ok {
		b.Fatalf("%s has no number %s", msg, key)
	}
	return int(n)
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
