package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/waypost/waypost/internal/store"
	"github.com/waypost/waypost/internal/wa"
)

// tester is what the kit needs of a *testing.T or a *rapid.T.
type tester interface {
	Helper()
	Context() context.Context
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// kit is an open store, its clock, and an account with a source, and the short
// words in which the promises are written.
type kit struct {
	tester
	s       store.Store
	clock   *clock
	restart func()
	account wa.AccountID
	source  wa.Source
	people  atomic.Int32 // how many recipients build has named
}

const (
	lease   = time.Minute
	number  = "100200300400500"
	number2 = "100200300400501"
	person  = "15550100001"
)

func newKit(t *testing.T, open Open) *kit {
	t.Helper()
	k := &kit{tester: t, clock: &clock{at: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}}
	s, reopen := open(t, k.clock.now)
	k.s = s
	k.restart = func() { k.s = reopen() }
	k.account = k.newAccount()
	k.source = k.newSource(k.account, number)
	return k
}

// clock is a clock that stands still until it is moved.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// ok ends the test unless err is nil.
func (k *kit) ok(err error) {
	k.Helper()
	if err != nil {
		k.Fatalf("got error %v, want none", err)
	}
}

// code ends the test unless err has that code.
func (k *kit) code(err error, want wa.Code) {
	k.Helper()
	if got := wa.CodeOf(err); got != want {
		k.Fatalf("got code %q (%v), want %q", got, err, want)
	}
}

// lost ends the test unless err says that the lease was lost.
func (k *kit) lost(err error) {
	k.Helper()
	if !errors.Is(err, store.ErrLeaseLost) {
		k.Fatalf("got error %v, want ErrLeaseLost", err)
	}
}

// equal ends the test unless got is want. Secrets are compared by value.
func (k *kit) equal(what string, want, got any) {
	k.Helper()
	secrets := cmp.Comparer(func(a, b wa.Secret) bool { return a.Reveal() == b.Reveal() })
	if diff := cmp.Diff(want, got, secrets, cmpopts.EquateEmpty()); diff != "" {
		k.Fatalf("%s (-want +got):\n%s", what, diff)
	}
}

// must returns v, or ends the test if err is not nil.
func must[T any](v T, err error) func(*kit) T {
	return func(k *kit) T {
		k.Helper()
		k.ok(err)
		return v
	}
}

// only returns the one element of all, or ends the test.
func only[T any](k *kit, all []T) T {
	k.Helper()
	if len(all) != 1 {
		k.Fatalf("got %d, want exactly 1: %+v", len(all), all)
	}
	return all[0]
}

// each maps a slice.
func each[T, U any](all []T, f func(T) U) []U {
	out := make([]U, 0, len(all))
	for _, v := range all {
		out = append(out, f(v))
	}
	return out
}

func (k *kit) newAccount() wa.AccountID {
	k.Helper()
	a := wa.Account{ID: wa.NewID[wa.AccountID](), CreatedAt: k.clock.now()}
	a.Name = "account " + string(a.ID)
	k.ok(k.s.CreateAccount(k.Context(), a))
	return a.ID
}

func (k *kit) newSource(account wa.AccountID, numberID string) wa.Source {
	k.Helper()
	return must(k.s.CreateSource(k.Context(), k.buildSource(account, numberID)))(k)
}

func (k *kit) buildSource(account wa.AccountID, numberID string) wa.Source {
	id := wa.NewID[wa.SourceID]()
	return wa.Source{
		ID: id, AccountID: account, Name: "source", CreatedAt: k.clock.now(),
		Number: wa.Number{
			ID: numberID, WABAID: "900800700", Display: "4915550100000",
			Token: wa.NewSecret("token of " + string(id)), AppSecret: wa.NewSecret("app secret of " + string(id)),
		},
	}
}

func (k *kit) newToken(account wa.AccountID) wa.Token {
	k.Helper()
	token, _ := wa.NewToken(account, "token", k.clock.now())
	k.ok(k.s.CreateToken(k.Context(), token))
	return token
}

func (k *kit) newEndpoint(account wa.AccountID, kind wa.EventKind) wa.Endpoint {
	k.Helper()
	return must(k.s.PutEndpoint(k.Context(), wa.Endpoint{
		ID: wa.NewID[wa.EndpointID](), AccountID: account, Kind: kind, CreatedAt: k.clock.now(),
		URL:     fmt.Sprintf("https://customer.example/%s", kind),
		Headers: map[string]wa.Secret{"X-Key": wa.NewSecret("endpoint key")},
	}))(k)
}

// endpointKey names the endpoint that is called by its kind.
func endpointKey(account wa.AccountID, kind wa.EventKind) store.EndpointKey {
	return store.EndpointKey{AccountID: account, Kind: kind, Name: string(kind)}
}

// newSourceEndpoint makes an endpoint for the events of one source.
func (k *kit) newSourceEndpoint(kind wa.EventKind, source wa.SourceID) wa.Endpoint {
	k.Helper()
	return must(k.s.PutEndpoint(k.Context(), wa.Endpoint{
		ID: wa.NewID[wa.EndpointID](), AccountID: k.account, Kind: kind, SourceID: source, Name: "of " + string(source),
		CreatedAt: k.clock.now(), URL: "https://customer.example/source",
	}))(k)
}

// build makes a message without accepting it. Each goes to somebody else, so
// that none waits for another's turn.
func (k *kit) build() wa.Message { return k.buildTo(fmt.Sprintf("1555%07d", k.people.Add(1))) }

func (k *kit) buildTo(recipient string) wa.Message {
	return wa.Message{
		ID: wa.NewID[wa.MessageID](), AccountID: k.account, SourceID: k.source.ID, NumberID: k.source.Number.ID,
		Recipient: wa.Recipient{Kind: wa.Individual, ID: recipient},
		Content:   wa.Text{Body: "good day, ünïcödé ✓"}, APIHeader: `{"order":"7"}`,
		Status: wa.StatusAccepted, AcceptedAt: k.clock.now(),
	}
}

// accept builds and accepts n messages.
func (k *kit) accept(n int) []wa.Message {
	k.Helper()
	all := make([]wa.Message, n)
	for i := range all {
		all[i] = k.build()
	}
	k.ok(k.s.Accept(k.Context(), all))
	return all
}

func (k *kit) claim(limit int) []wa.Message {
	k.Helper()
	return must(k.claimMessages(limit))(k)
}

// claimMessages claims what is due in whatever queue, the longest due first.
func (k *kit) claimMessages(limit int) ([]wa.Message, error) {
	queues, err := k.s.Queues(k.Context())
	if err != nil {
		return nil, err
	}
	slices.SortFunc(queues, func(a, b store.Queue) int { return a.DueAt.Compare(b.DueAt) })
	var all []wa.Message
	for _, q := range queues {
		if len(all) < limit {
			some, err := k.s.ClaimMessages(k.Context(), []store.Share{{Queue: q.ID, Limit: limit - len(all)}}, lease)
			if err != nil {
				return nil, err
			}
			all = append(all, some...)
		}
	}
	slices.SortFunc(all, func(a, b wa.Message) int { return strings.Compare(string(a.ID), string(b.ID)) })
	return all, nil
}

// claimed accepts a message and claims it.
func (k *kit) claimed() wa.Message {
	k.Helper()
	k.accept(1)
	return only(k, k.claim(10))
}

// begun accepts a message, claims it and begins an attempt.
func (k *kit) begun() wa.Message {
	k.Helper()
	return must(k.s.BeginMessage(k.Context(), k.claimed()))(k)
}

// sent accepts a message and takes it to where Meta has answered with a wamid.
func (k *kit) sent(wamid string) wa.Message {
	k.Helper()
	m := k.begun()
	k.ok(k.s.SettleMessage(k.Context(), m, wa.Outcome{Kind: wa.OutcomeSent, WAMID: wamid}))
	return k.now(m)
}

// now returns the message as it is kept.
func (k *kit) now(m wa.Message) wa.Message {
	k.Helper()
	return must(k.s.Message(k.Context(), m.AccountID, m.ID))(k)
}

func (k *kit) status(m wa.Message, want wa.Status) {
	k.Helper()
	if got := k.now(m).Status; got != want {
		k.Fatalf("the message is %s, want %s", got, want)
	}
}

func (k *kit) events(m wa.Message) []wa.Event {
	k.Helper()
	return must(k.s.Events(k.Context(), m.AccountID, m.ID))(k)
}

// facts returns what the events of a message say, oldest first.
func (k *kit) facts(m wa.Message) []string {
	k.Helper()
	return each(k.events(m), fact)
}

func fact(e wa.Event) string {
	if e.Inbound != nil {
		return "inbound " + e.Inbound.WAMID
	}
	return string(e.Status.Status) + " " + e.Status.Participant
}

// keep keeps a callback.
func (k *kit) keep() wa.Callback {
	k.Helper()
	c := wa.Callback{
		ID: wa.NewID[wa.CallbackID](), ReceivedAt: k.clock.now(),
		Body: []byte("{\"object\": \"\x00\xff\"}"), Signature: "sha256=00",
	}
	k.ok(k.s.KeepCallback(k.Context(), c))
	return c
}

func (k *kit) claimCallbacks(limit int) []wa.Callback {
	k.Helper()
	return must(k.s.ClaimCallbacks(k.Context(), limit, lease))(k)
}

// apply keeps, claims and settles a callback that tells the kit's account.
func (k *kit) apply(updates ...wa.Update) {
	k.Helper()
	k.applyTo(wa.AccountUpdates{AccountID: k.account, Updates: updates})
}

func (k *kit) applyTo(all ...wa.AccountUpdates) {
	k.Helper()
	k.keep()
	k.ok(k.s.SettleCallback(k.Context(), only(k, k.claimCallbacks(10)), all))
}

// report makes an update with a status of Meta's on the kit's number, without a
// tag.
func (k *kit) report(wamid string, status wa.Status) wa.Update {
	return wa.Update{NumberID: number, Status: &wa.StatusReport{
		WAMID: wamid, NumberID: number, Status: status, At: k.clock.now(), Recipient: person,
	}}
}

// tagged makes the same update with a tag that names the message.
func (k *kit) tagged(m wa.Message, wamid string, status wa.Status) wa.Update {
	u := k.report(wamid, status)
	u.MessageID = m.ID
	return u
}

// wrote makes an update with a text from a person on the kit's number.
func (k *kit) wrote(wamid string) wa.Update {
	return wa.Update{NumberID: number, Inbound: &wa.Inbound{
		WAMID: wamid, NumberID: number, To: "4915550100000", From: person, FromName: "Ada",
		At: k.clock.now(), Type: "text", Text: "hello",
	}}
}

func (k *kit) claimDeliveries(limit int) []wa.Delivery {
	k.Helper()
	return must(k.s.ClaimDeliveries(k.Context(), limit, lease, nil))(k)
}

func (k *kit) claimFetches(limit int) []wa.StoredMedia {
	k.Helper()
	return must(k.s.ClaimFetches(k.Context(), limit, lease))(k)
}

func (k *kit) newMedia(sha256 string) wa.StoredMedia {
	k.Helper()
	m := wa.StoredMedia{
		ID: wa.NewID[wa.MediaID](), AccountID: k.account, State: wa.MediaReady, Kind: wa.KindImage,
		MIMEType: "image/png", SHA256: sha256, Size: 1 << 33, Filename: "bïld.png", CreatedAt: k.clock.now(),
	}
	k.ok(k.s.CreateMedia(k.Context(), m))
	return m
}

func (k *kit) media(id wa.MediaID) wa.StoredMedia {
	k.Helper()
	return must(k.s.Media(k.Context(), k.account, id))(k)
}
