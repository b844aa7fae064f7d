package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/waypost/waypost/internal/cloudapi"
	"github.com/waypost/waypost/internal/cloudapi/callback"
	"github.com/waypost/waypost/internal/inbox"
	"github.com/waypost/waypost/internal/keyring"
	"github.com/waypost/waypost/internal/media"
	"github.com/waypost/waypost/internal/outbox"
	"github.com/waypost/waypost/internal/sim"
	"github.com/waypost/waypost/internal/sim/fault"
	"github.com/waypost/waypost/internal/sim/ledger"
	"github.com/waypost/waypost/internal/store"
	"github.com/waypost/waypost/internal/store/sqlstore"
	"github.com/waypost/waypost/internal/template"
	"github.com/waypost/waypost/internal/wa"
	"github.com/waypost/waypost/internal/waapi"
	"github.com/waypost/waypost/internal/waapi/hook"
	"github.com/waypost/waypost/internal/webhook"
)

// faultRig is the gateway's stages in a bubble of virtual time, with the simulator
// before them and a customer's receiver behind them. It is wired as serve wires
// it, but for the sockets, which a bubble cannot have.
type faultRig struct {
	*testing.T
	db      *sqlstore.Store
	sql     *sql.DB // the same database
	meta    *sim.Sim
	face    http.Handler
	account wa.AccountID
	token   wa.Secret
	tagger  wa.Tagger
	log     logBuffer
	numbers []sim.Number

	mu   sync.Mutex
	told map[string][]toldStatus
}

// toldStatus is a status as the customer's receiver got it.
type toldStatus struct {
	ID     string `json:"ncmessage_id"`
	Status string `json:"status"`
	Remark string `json:"status_remark"`
}

// direct answers requests without a network.
type direct struct{ http.Handler }

func (d direct) RoundTrip(r *http.Request) (*http.Response, error) {
	if trace := httptrace.ContextClientTrace(r.Context()); trace != nil {
		if trace.GetConn != nil {
			trace.GetConn(r.URL.Host)
		}
		if trace.GotConn != nil {
			trace.GotConn(httptrace.GotConnInfo{})
		}
		if trace.WroteHeaders != nil {
			trace.WroteHeaders()
		}
	}
	asked := r.Clone(r.Context())
	if asked.Body == nil {
		asked.Body = http.NoBody
	}
	w := httptest.NewRecorder()
	d.ServeHTTP(w, asked)
	return w.Result(), nil
}

const faultSecret = "app secret"

// newFaultRig starts everything. It must be called inside a bubble.
func newFaultRig(t *testing.T, numbers []sim.Number, script []fault.Rule) *faultRig {
	t.Helper()
	r := &faultRig{T: t, numbers: numbers, told: map[string][]toldStatus{}}
	logger := slog.New(slog.NewJSONHandler(&r.log, nil))
	keys, err := keyring.Open(filepath.Join(t.TempDir(), "keys.json"))
	r.check(err)
	path := filepath.Join(t.TempDir(), "waypost.db")
	r.db, err = sqlstore.Open(t.Context(), sqlstore.Options{Path: path, Cipher: keys})
	r.check(err)
	t.Cleanup(func() { r.check(r.db.Close()) })
	r.sql, err = sql.Open("sqlite", "file:"+path+"?_pragma=query_only(1)")
	r.check(err)
	t.Cleanup(func() { r.check(r.sql.Close()) })
	callbacks := &later{}
	r.meta, err = sim.New(sim.Options{
		GraphURL: "http://127.0.0.1:1", Dir: t.TempDir(), Numbers: numbers, Throughput: 1_000_000, Seed: 7,
		// What comes after sent is of no interest here.
		Timing: sim.Timing{
			Sent:      sim.Range{Min: 100 * time.Millisecond, Max: 200 * time.Millisecond},
			Delivered: sim.Range{Min: 24 * time.Hour, Max: 24 * time.Hour},
		},
		Callback: sim.Callback{URL: "http://127.0.0.1:2/meta/callback", AppSecret: faultSecret, VerifyToken: "verify"},
		Client:   &http.Client{Transport: direct{callbacks}}, Faults: script,
	})
	r.check(err)
	r.setUp()
	meta, err := cloudapi.New(cloudapi.Options{BaseURL: "http://127.0.0.1:1", Version: "v23.0", Transport: direct{r.meta.Graph()}})
	r.check(err)
	r.tagger = wa.NewTagger(keys.TagKey())
	stages := r.wire(meta, logger, callbacks)
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	for _, stage := range stages {
		running.Go(func() { stage(ctx) })
	}
	t.Cleanup(func() { stop(); running.Wait() })
	return r
}

// later is a handler that is set after it was handed out.
type later struct{ http.Handler }

// setUp makes an account with a source for every number and a webhook.
func (r *faultRig) setUp() {
	r.Helper()
	ctx, now := r.Context(), time.Now()
	r.account = wa.NewID[wa.AccountID]()
	r.check(r.db.CreateAccount(ctx, wa.Account{ID: r.account, Name: "acme", CreatedAt: now}))
	token, secret := wa.NewToken(r.account, "test", now)
	r.token = secret
	r.check(r.db.CreateToken(ctx, token))
	each(r.numbers, func(n sim.Number) {
		_, err := r.db.CreateSource(ctx, wa.Source{
			ID: wa.SourceID(n.ID), AccountID: r.account, Name: "source", CreatedAt: now,
			Number: wa.Number{
				ID: n.ID, WABAID: n.WABAID, Display: n.Display,
				Token: wa.NewSecret(n.AccessToken), AppSecret: wa.NewSecret(faultSecret),
			},
		})
		if err != nil {
			r.Error(err)
		}
	})
	_, err := r.db.PutEndpoint(ctx, wa.Endpoint{
		ID: wa.NewID[wa.EndpointID](), AccountID: r.account, Kind: wa.EventStatus, URL: "https://customer.example/", CreatedAt: now,
	})
	r.check(err)
}

// wire makes the stages and returns what runs them.
func (r *faultRig) wire(meta *cloudapi.Client, logger *slog.Logger, callbacks *later) []func(context.Context) {
	r.Helper()
	blobs, err := media.OpenDir(r.TempDir())
	r.check(err)
	r.Cleanup(func() { r.check(blobs.Close()) })
	library := media.New(media.Options{Store: r.db, Blobs: blobs, Uploader: meta, Downloader: meta, Sources: numbers(r.db), Logger: logger})
	r.face = waapi.New(waapi.Options{
		Accounts: r.db, Sources: r.db, Endpoints: r.db, Intake: r.db, Journal: r.db, Consents: r.db, Contacts: r.db, Media: library, Meta: meta, Logger: logger,
		Templates: template.New(template.Options{Store: r.db, Sources: r.db, Meta: meta, Logger: logger}),
	})
	var in *inbox.Inbox
	out := outbox.New(outbox.Options{
		Store: r.db, Sources: r.db, Consents: r.db, Media: library, Sender: meta, Tagger: r.tagger, Doubts: r.db, History: meta,
		IntakeSince: func() time.Time { return in.Since() }, UncertainAfter: time.Hour, Numbers: r.db,
		Wake: r.db.Wake(store.StageOutbox), Logger: logger,
	})
	in = inbox.New(inbox.Options{
		Store: r.db, Sources: r.db, Tagger: r.tagger, Verify: cloudapi.VerifySignature, Decode: callback.Decode,
		VerifyToken: wa.NewSecret("verify"), Failed: heed(numbers(r.db), out.Heed, logger), Wake: r.db.Wake(store.StageInbox), Logger: logger,
	})
	callbacks.Handler = in
	hooks := webhook.New(webhook.Options{
		Store: r.db, Encode: hook.Writer{}.Body, Wake: r.db.Wake(store.StageDeliveries), Logger: logger,
		Client: &http.Client{Transport: direct{http.HandlerFunc(r.receive)}},
	})
	r.check(out.Recover(r.Context()))
	return []func(context.Context){out.Run, in.Run, hooks.Run, func(ctx context.Context) { _ = r.meta.Run(ctx) }}
}

// each does something with all of a list at the same time, so that the store can
// keep it with few commits.
func each[T any](list []T, do func(T)) {
	var all sync.WaitGroup
	for _, x := range list {
		all.Go(func() { do(x) })
	}
	all.Wait()
}

func (r *faultRig) check(err error) {
	r.Helper()
	if err != nil {
		r.Fatal(err)
	}
}

// receive is the customer's receiver.
func (r *faultRig) receive(_ http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(req.Body)
	var got struct {
		Statuses []toldStatus `json:"delivery_status"`
	}
	if err == nil {
		err = json.Unmarshal(body, &got)
	}
	if err != nil {
		r.Errorf("webhook %s: %v", body, err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range got.Statuses {
		r.told[s.ID] = append(r.told[s.ID], s)
	}
}

// failures returns the remarks with which the customer was told that a message
// failed.
func (r *faultRig) failures(id wa.MessageID) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var all []string
	for _, s := range r.told[string(id)] {
		if s.Status == "failed" {
			all = append(all, s.Remark)
		}
	}
	return all
}

// greet lets a person write to a number, which opens the window.
func (r *faultRig) greet(n sim.Number, person string) {
	r.Helper()
	_, err := r.meta.Say(r.Context(), sim.Inbound{To: n.ID, From: person, Text: "hello"})
	r.check(err)
}

// send sends a text through the API and returns its id.
func (r *faultRig) send(n sim.Number, person string) wa.MessageID {
	r.Helper()
	body := fmt.Sprintf(`{"message":[{"recipient_whatsapp":%q,"message_type":"text","recipient_type":"individual","source":%q,`+
		`"x-apiheader":"h","type_text":[{"content":"good day"}]}]}`, person, n.ID)
	req := httptest.NewRequestWithContext(r.Context(), http.MethodPost, "/api/v2/message/", strings.NewReader(body))
	req.Header.Set("Authorization", "Bearer "+r.token.Reveal())
	req.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	r.face.ServeHTTP(w, req)
	var answer struct {
		Data struct {
			ID wa.MessageID `json:"id"`
		} `json:"data"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || answer.Data.ID == "" {
		r.Errorf("send: %d %s", w.Code, w.Body)
	}
	return answer.Data.ID
}

// message returns what is known of a message.
func (r *faultRig) message(id wa.MessageID) wa.Message {
	r.Helper()
	m, err := r.db.Message(r.Context(), r.account, id)
	r.check(err)
	return m
}

// due returns when a message is to be tried again.
func (r *faultRig) due(id wa.MessageID) time.Time {
	r.Helper()
	var due int64
	r.check(r.sql.QueryRowContext(r.Context(), "SELECT due_at FROM messages WHERE account_id = ? AND id = ?", r.account, id).Scan(&due))
	return time.UnixMicro(due)
}

// attempts returns the sends of a message as Meta saw them.
func (r *faultRig) attempts(id wa.MessageID) []ledger.Message {
	m := r.message(id)
	all := r.meta.Ledger().Messages(ledger.Filter{Direction: ledger.Out, NumberID: m.NumberID, Peer: m.Recipient.ID})
	return slices.DeleteFunc(all, func(seen ledger.Message) bool {
		tagged, _, ok := r.tagger.Parse(seen.Tag)
		return !ok || tagged != id
	})
}

// pass lets virtual time pass, until everything waits.
func (r *faultRig) pass(d time.Duration) {
	r.Helper()
	select {
	case <-time.After(d):
	case <-r.Context().Done():
	}
	synctest.Wait()
}

// Write takes a line of the log.
func (l *logBuffer) Write(p []byte) (int, error) {
	l.add(strings.TrimSuffix(string(p), "\n"))
	return len(p), nil
}
