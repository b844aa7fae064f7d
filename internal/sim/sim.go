package sim

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/waypost/waypost/internal/sim/account"
	"github.com/waypost/waypost/internal/sim/business"
	"github.com/waypost/waypost/internal/sim/clock"
	"github.com/waypost/waypost/internal/sim/draw"
	"github.com/waypost/waypost/internal/sim/fault"
	"github.com/waypost/waypost/internal/sim/group"
	"github.com/waypost/waypost/internal/sim/ledger"
	"github.com/waypost/waypost/internal/sim/limit"
	"github.com/waypost/waypost/internal/sim/manage"
	"github.com/waypost/waypost/internal/sim/media"
	"github.com/waypost/waypost/internal/sim/phone"
	"github.com/waypost/waypost/internal/sim/qr"
	"github.com/waypost/waypost/internal/sim/rule"
	"github.com/waypost/waypost/internal/sim/script"
	"github.com/waypost/waypost/internal/sim/template"
	"github.com/waypost/waypost/internal/sim/wire"
)

// Number is a business number as the Graph face knows it.
type Number = account.Number

// Token is one more token, for some numbers or for all.
type Token = account.Token

// Callback is where callbacks go and how they are signed.
type Callback = wire.Callback

// Range is a span of time from which a delay is drawn.
type Range struct{ Min, Max time.Duration }

// Timing says how long each step of a send takes, measured from the step before, and how long a template is under review. A
// zero Range stands for a small realistic one.
type Timing struct{ Sent, Delivered, Read, Review Range }

// Options are what New needs. GraphURL, Dir and at least one number are required.
type Options struct {
	GraphURL      string        // base URL at which Graph is reached; media download URLs begin with it
	Dir           string        // an existing directory of its own, for the bytes of media
	Numbers       []Number      // the business numbers
	Tokens        []Token       // more tokens than those of the numbers
	Throughput    int           // messages a second that each number may send and receive; 0 is 80
	EnforceLimits *bool         // refuse what is beyond throughput and pair rate; nil is what the profile says
	AppID         string        // the app that every token belongs to, in digits; empty is a fixed one
	Callback      Callback      // taken as it is; only SetCallback asks the receiver to prove itself
	Timing        Timing        // pace of the statuses
	Seed          uint64        // the same seed and the same requests give the same delays and ids; 0 draws a seed
	Client        *http.Client  // posts the callbacks; nil is a client with timeouts and no proxy
	Logger        *slog.Logger  // nil discards
	Phones        PhoneSettings // what holds for all phones
	Keep          int           // how many messages the ledger keeps; 0 is enough for 100,000 sends and what comes back
	Watch         func(Event)   // called when something happens, maybe with a lock held: it must not block, nor ask the Sim
	Profile       string        // of faults: calm, real or mean; empty is calm
	Faults        []Fault       // the script of faults, whose rules come before those of the profile
	OnSend        func(Send)    // called after a send was recorded and before it is answered; it may block
}

// Fault is one way to misbehave and when.
type Fault = fault.Rule

// Sim is one pretend Meta. Its methods may be called from many goroutines.
type Sim struct {
	graphURL string
	timing   Timing
	client   *http.Client
	ownHTTP  bool // the client is ours, so its idle connections are ours to close
	log      *slog.Logger
	onSend   func(Send)
	appID    string
	base     uint64 // what every stream of chance is made from
	seed     draw.Key
	running  atomic.Bool
	wake     chan struct{}
	clock    *clock.Clock
	stepping chan struct{} // has room for whoever runs the schedule: Run, or who moves the clock; taken before mu
	settled  chan struct{} // a post has ended
	inFlight atomic.Int32  // posts that have not
	callback atomic.Pointer[Callback]

	mu       sync.Mutex // guards everything below; never held while bytes move
	random   *random
	schedule clock.Schedule
	ready    line                  // posts that are due and wait for a free slot
	held     map[draw.Key]*posting // one that waits to be overtaken, by number and user
	batches  map[string]*batch     // by account and number
	moves    map[*move]bool        // of the clock, under way or waiting for their turn
	book     *phone.Book
	scripts  *script.Book

	// These have locks of their own, which may be taken with mu held and never the other way round.
	ledger     *ledger.Ledger
	faults     *fault.Faults
	counter    *limit.Counter[draw.Key] // of messages by number, user and direction, and of other calls
	throughput *limit.Meter[string]     // by number
	pairs      *limit.Pairs[draw.Key]   // by number and user
	perSecond  atomic.Int64             // the throughput of each number
	enforce    atomic.Pointer[bool]     // nil is what the profile says
	accounts   *account.Directory
	media      *media.Store
	groups     *group.Store
	codes      *qr.Store
	templates  *template.Store
	records    *business.Records
	manage     *manage.Face
}

// New makes a Sim, or reports every mistake in the options at once.
func New(o Options) (*Sim, error) {
	if err := o.check(); err != nil {
		return nil, fmt.Errorf("simulator options: %w", err)
	}
	seed := o.Seed
	for seed == 0 {
		var b [8]byte
		_, _ = rand.Read(b[:]) // never fails since Go 1.24
		seed = binary.LittleEndian.Uint64(b[:])
	}
	profile, err := fault.Named(o.Profile)
	if err != nil {
		return nil, fmt.Errorf("simulator options: %w", err)
	}
	store, err := media.New(o.Dir, o.GraphURL, seed)
	if err != nil {
		return nil, fmt.Errorf("simulator options: %w", err)
	}
	s := &Sim{
		base:     seed,
		graphURL: o.GraphURL,
		timing:   o.Timing.orDefault(),
		client:   o.Client,
		log:      o.Logger,
		onSend:   o.OnSend,
		wake:     make(chan struct{}, 1),
		clock:    clock.New(),
		stepping: make(chan struct{}, 1),
		settled:  make(chan struct{}, 1),
		random:   newRandom(seed),
		book:     phone.NewBook(o.Phones),
		scripts:  &script.Book{},
		media:    store,
		ledger:   ledger.New(o.Keep),

		seed:       draw.New(seed),
		held:       map[draw.Key]*posting{},
		batches:    map[string]*batch{},
		moves:      map[*move]bool{},
		counter:    limit.NewCounter[draw.Key](),
		faults:     fault.New(draw.New(seed).Text("faults"), profile),
		throughput: limit.NewMeter[string](),
		pairs:      limit.NewPairs[draw.Key](),

		appID:   cmp.Or(o.AppID, manage.DefaultAppID),
		records: business.New(recordIDs(seed)),
	}
	s.groups, s.codes = group.New(seed), qr.New(o.GraphURL, seed)
	s.callback.Store(&o.Callback)
	s.accounts = account.New(s.appID, seed, o.Numbers, o.Tokens)
	s.manage = &manage.Face{Parts: manage.Parts{
		GraphURL: s.graphURL, AppID: s.appID, Accounts: s.accounts, Codes: s.codes, Records: s.records,
		Groups: s.groups, Ledger: s.ledger, Media: s.media,
		Now: s.now, Trace: s.trace, Callback: s.Callback, Prove: s.shakeHands, Tell: s.tell, Wrote: s.recentWriters, Forget: s.forgetAt,
	}}
	s.templates = template.NewStore(s.accounts.Accounts(), templateIDs(seed))
	if err := errors.Join(s.SetThroughput(cmp.Or(o.Throughput, defaultThroughput)), s.SetFaults(o.Faults)); err != nil {
		return nil, fmt.Errorf("simulator options: %w", err)
	}
	s.EnforceLimits(o.EnforceLimits)
	if s.client == nil {
		s.client, s.ownHTTP = newClient(), true
	}
	s.setWatch(o.Watch)
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.onSend == nil {
		s.onSend = func(Send) {}
	}
	return s, nil
}

// templateIDs makes the ids of templates. They are a stream of their own, as those of media are, and short enough that every
// client reads them from a JSON number without loss.
func templateIDs(seed uint64) func() string {
	r := newRandom(seed + 2)
	return func() string { return r.digits()[:15] }
}

// recordIDs makes what business records are called by. It is a stream of its own too.
func recordIDs(seed uint64) func() string { return newRandom(seed + 3).hex }

// newClient makes the client for callbacks. It follows no redirect, because Meta counts anything but 200 as a failure.
func newClient() *http.Client {
	return &http.Client{
		Timeout: postTimeout,
		Transport: &http.Transport{
			DialContext:         (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
			TLSHandshakeTimeout: 5 * time.Second,
			MaxIdleConnsPerHost: maxInFlight,
			IdleConnTimeout:     30 * time.Second,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

func (o Options) check() error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if !rule.IsWebURL(o.GraphURL) {
		bad("graph url %q: give an http or https address", o.GraphURL)
	}
	if info, err := os.Stat(o.Dir); err != nil {
		bad("directory for media: %w", err)
	} else if !info.IsDir() {
		bad("directory for media: %s is no directory", o.Dir)
	}
	errs = append(errs, account.Check(o.Numbers, o.Tokens))
	if o.AppID != "" && !rule.IsDigits(o.AppID) {
		bad("app id %q: digits only", o.AppID)
	}
	if o.Callback.URL != "" {
		errs = append(errs, o.Callback.Check())
	}
	return errors.Join(append(errs, o.Timing.check())...)
}

func (t Timing) check() error {
	var errs []error
	for _, step := range []struct {
		name string
		span Range
	}{{"sent", t.Sent}, {"delivered", t.Delivered}, {"read", t.Read}, {"review", t.Review}} {
		if step.span.Min < 0 || step.span.Max < step.span.Min {
			errs = append(errs, fmt.Errorf("timing %s: %s to %s is no range", step.name, step.span.Min, step.span.Max))
		}
	}
	return errors.Join(errs...)
}

func (t Timing) orDefault() Timing {
	if t.Sent == (Range{}) {
		t.Sent = Range{80 * time.Millisecond, 250 * time.Millisecond}
	}
	if t.Delivered == (Range{}) {
		t.Delivered = Range{200 * time.Millisecond, 600 * time.Millisecond}
	}
	if t.Read == (Range{}) {
		t.Read = Range{400 * time.Millisecond, 1200 * time.Millisecond}
	}
	if t.Review == (Range{}) {
		t.Review = Range{300 * time.Millisecond, 900 * time.Millisecond}
	}
	return t
}

// Run takes from the schedule and posts callbacks until ctx ends, then waits for the posts in flight. Only one Run at a time.
func (s *Sim) Run(ctx context.Context) error {
	if !s.running.CompareAndSwap(false, true) {
		return errors.New("simulator is already running")
	}
	defer s.running.Store(false)
	if s.ownHTTP {
		defer s.client.CloseIdleConnections()
	}
	// A post in flight when ctx ends may have reached the receiver: it gets a moment to hear the answer.
	posting, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	var inFlight sync.WaitGroup
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		due, wait := s.due()
		for _, p := range due {
			inFlight.Go(func() { s.post(posting, p, nil) })
		}
		timer.Reset(wait)
		select {
		case <-ctx.Done():
			grace := time.AfterFunc(shutdownGrace, cancel)
			defer grace.Stop()
			inFlight.Wait()
			return nil
		case <-s.wake:
		case <-timer.C:
		}
	}
}
