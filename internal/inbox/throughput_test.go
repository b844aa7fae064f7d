package inbox

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/waypost/waypost/internal/cloudapi"
	"github.com/waypost/waypost/internal/cloudapi/callback"
	"github.com/waypost/waypost/internal/keyring"
	"github.com/waypost/waypost/internal/store"
	"github.com/waypost/waypost/internal/store/sqlstore"
	"github.com/waypost/waypost/internal/wa"
)

// BenchmarkApply measures how fast kept callbacks are applied: statuses of
// different messages, with an endpoint that wants to hear of them.
//
//	go test ./internal/inbox -run '^$' -bench Apply -benchtime 1x
func BenchmarkApply(b *testing.B) {
	for _, c := range []struct{ callbacks, updates int }{{3000, 1}, {300, 10}, {3, 1000}} {
		b.Run(fmt.Sprintf("callbacks=%d/updates=%d", c.callbacks, c.updates), func(b *testing.B) {
			for range b.N {
				b.StopTimer()
				in, all := benchInbox(b, c.callbacks, c.updates)
				ctx, cancel := context.WithCancel(b.Context())
				ended := make(chan struct{})
				b.StartTimer()
				go func() { in.Run(ctx); close(ended) }()
				<-all
				b.StopTimer()
				cancel()
				<-ended
				b.StartTimer()
			}
			all := float64(c.callbacks * c.updates * b.N)
			b.ReportMetric(all/b.Elapsed().Seconds(), "updates/s")
		})
	}
}

// BenchmarkAccept measures how long a message waits to be accepted while the
// largest callbacks are applied.
//
//	go test ./internal/inbox -run '^$' -bench Accept -benchtime 1x
func BenchmarkAccept(b *testing.B) {
	var longest time.Duration
	waited, accepted := time.Duration(0), 0
	for range b.N {
		in, all := benchInbox(b, 5, 1000)
		ctx, cancel := context.WithCancel(b.Context())
		ended := make(chan struct{})
		go func() { in.Run(ctx); close(ended) }()
		account := must(in.Store.(*counting).store.Accounts(ctx))(b)[0].ID
		for busy := true; busy; {
			begin := time.Now()
			check(b, in.Store.(*counting).store.Accept(ctx, []wa.Message{benchMessage(account)}))
			took := time.Since(begin)
			longest, waited, accepted = max(longest, took), waited+took, accepted+1
			select {
			case <-all:
				busy = false
			default:
			}
		}
		cancel()
		<-ended
	}
	b.ReportMetric(float64(longest.Milliseconds()), "ms-longest")
	b.ReportMetric(float64(waited.Milliseconds())/float64(accepted), "ms-mean")
}

func benchMessage(account wa.AccountID) wa.Message {
	id := wa.NewID[wa.MessageID]()
	return wa.Message{
		ID: id, AccountID: account, SourceID: "shop", NumberID: numberA, Status: wa.StatusAccepted, AcceptedAt: time.Now(),
		Recipient: wa.Recipient{Kind: wa.Individual, ID: "to " + string(id)}, Content: wa.Text{Body: "good day"},
	}
}

// counting closes all when so many callbacks are settled.
type counting struct {
	store.Inbox

	store *sqlstore.Store
	left  atomic.Int64
	all   chan struct{}
}

func (c *counting) settled(n int) {
	if c.left.Add(-int64(n)) == 0 {
		close(c.all)
	}
}

func (c *counting) SettleCallback(ctx context.Context, k wa.Callback, all []wa.AccountUpdates) error {
	defer c.settled(1)
	return c.Inbox.SettleCallback(ctx, k, all)
}

func (c *counting) SettleCallbacks(ctx context.Context, all []store.Decoded) []error {
	defer c.settled(len(all))
	return c.Inbox.SettleCallbacks(ctx, all)
}

// benchInbox keeps callbacks with statuses of messages that were accepted, and
// returns what closes when they are applied.
func benchInbox(b *testing.B, callbacks, updates int) (*Inbox, <-chan struct{}) {
	b.Helper()
	dir := b.TempDir()
	keys := must(keyring.Open(filepath.Join(dir, "keys.json")))(b)
	s := must(sqlstore.Open(b.Context(), sqlstore.Options{Path: filepath.Join(dir, "waypost.db"), Cipher: keys}))(b)
	b.Cleanup(func() { check(b, s.Close()) })
	key := make([]byte, 32)
	_, _ = rand.Read(key)
	tagger := wa.NewTagger(key)
	account := wa.NewID[wa.AccountID]()
	check(b, s.CreateAccount(b.Context(), wa.Account{ID: account, Name: "acme", CreatedAt: time.Now()}))
	must(s.CreateSource(b.Context(), wa.Source{
		ID: "shop", AccountID: account, Name: "shop", CreatedAt: time.Now(), Number: wa.Number{
			ID: numberA, WABAID: "900800700", Display: "15550100000", Token: wa.NewSecret("access token"), AppSecret: wa.NewSecret(secretA),
		},
	}))(b)
	must(s.PutEndpoint(b.Context(), wa.Endpoint{
		ID: wa.NewID[wa.EndpointID](), AccountID: account, Kind: wa.EventStatus, URL: "https://acme.example/", CreatedAt: time.Now(),
	}))(b)
	for i := range callbacks {
		messages, reports := make([]wa.Message, updates), make([]object, updates)
		for j := range messages {
			messages[j] = benchMessage(account)
			reports[j] = tagged(tagger.Tag(messages[j].ID, 1), fmt.Sprintf("wamid.%d.%d", i, j), "sent")
		}
		check(b, s.Accept(b.Context(), messages))
		body := statuses(reports...)
		check(b, s.KeepCallback(b.Context(), wa.Callback{
			ID: wa.NewID[wa.CallbackID](), ReceivedAt: time.Now(), Body: []byte(body), Signature: sign(body, secretA),
		}))
	}
	c := &counting{Inbox: s, store: s, all: make(chan struct{})}
	c.left.Store(int64(callbacks))
	return New(Options{
		Store: c, Sources: s, Tagger: tagger, Verify: cloudapi.VerifySignature, Decode: callback.Decode,
		Wake: s.Wake(store.StageInbox), Logger: slog.New(slog.DiscardHandler),
	}), c.all
}
