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
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/waypost/waypost/internal/sim/business"
	"github.com/waypost/waypost/internal/sim/rule"
	"github.com/waypost/waypost/internal/sim/template"
)

// Number is a business number as the Graph face knows it.
type Number struct {
	ID          string // phone_number_id
	WABAID      string // the WhatsApp Business Account it belongs to
	Display     string // the phone number itself, digits only
	AccessToken string // the token that may use it; numbers may share one
}

// Callback is where callbacks go and how they are signed. An empty URL means there is none yet: callbacks are then dropped,
// as Meta drops those of an app without a subscription.
type Callback struct {
	URL         string
	VerifyToken string
	AppSecret   string
}

// Range is a span of time from which a delay is drawn.
type Range struct{ Min, Max time.Duration }

// Timing says how long each step of a send takes, measured from the step before, and how long a template is under review. A
// zero Range stands for a small realistic one.
type Timing struct{ Sent, Delivered, Read, Review Range }

// Options are what New needs. GraphURL, Dir and at least one number are required.
type Options struct {
	GraphURL string       // base URL at which Graph is reached; media download URLs begin with it
	Dir      string       // an existing directory of its own, for the bytes of media
	Numbers  []Number     // the business numbers
	AppID    string       // the app that every token belongs to, in digits; empty is a fixed one
	Callback Callback     // taken as it is; only SetCallback asks the receiver to prove itself
	Timing   Timing       // pace of the statuses
	Seed     uint64       // the same seed and the same requests give the same delays and ids; 0 draws a seed
	Client   *http.Client // posts the callbacks; nil is a client with timeouts and no proxy
	Logger   *slog.Logger // nil discards
	OnSend   func(Send)   // called after a send was recorded and before it is answered; it may block
}

// Sim is one pretend Meta. Its methods may be called from many goroutines.
type Sim struct {
	graphURL string
	timing   Timing
	client   *http.Client
	ownHTTP  bool // the client is ours, so its idle connections are ours to close
	log      *slog.Logger
	onSend   func(Send)
	numbers  []Number
	appID    string
	running  atomic.Bool
	wake     chan struct{}

	mu       sync.Mutex // guards everything below; never held while bytes move
	random   *random
	callback Callback
	tasks    taskHeap
	ready    []*posting // posts that are due and wait for a free slot
	inFlight int
	posts    []*posting // the last keptPosts, oldest first
	posted   int
	phones   map[string]*phone
	sends    []*outbound
	messages map[string]*Message // both directions, by wamid

	// These have locks of their own, which may be taken with mu held and never the other way round.
	media     *mediaStore
	templates *template.Store
	records   *business.Records
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
	store, err := newMediaStore(o.Dir, o.GraphURL, seed)
	if err != nil {
		return nil, fmt.Errorf("simulator options: %w", err)
	}
	s := &Sim{
		graphURL: o.GraphURL,
		timing:   o.Timing.orDefault(),
		client:   o.Client,
		log:      o.Logger,
		onSend:   o.OnSend,
		numbers:  append([]Number(nil), o.Numbers...),
		wake:     make(chan struct{}, 1),
		random:   newRandom(seed),
		callback: o.Callback,
		phones:   map[string]*phone{},
		messages: map[string]*Message{},
		media:    store,

		appID:     cmp.Or(o.AppID, defaultAppID),
		records:   business.New(newRandom(seed + 3).hex),
		templates: template.NewStore(wabasOf(o.Numbers), templateIDs(seed)),
	}
	if s.client == nil {
		s.client, s.ownHTTP = newClient(), true
	}
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

// wabasOf lists each account once.
func wabasOf(numbers []Number) (ids []string) {
	for _, n := range numbers {
		if !slices.Contains(ids, n.WABAID) {
			ids = append(ids, n.WABAID)
		}
	}
	return ids
}

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
	if len(o.Numbers) == 0 {
		bad("numbers: give at least one")
	}
	seen := map[string]bool{}
	for i, n := range o.Numbers {
		if err := n.check(); err != nil {
			bad("number %d: %w", i+1, err)
		}
		if seen[n.ID] || seen[n.Display] {
			bad("number %d: id or display number is taken by an earlier one", i+1)
		}
		seen[n.ID], seen[n.Display] = true, true
	}
	if o.AppID != "" && !isDigits(o.AppID) {
		bad("app id %q: digits only", o.AppID)
	}
	if o.Callback.URL != "" {
		errs = append(errs, o.Callback.check())
	}
	return errors.Join(append(errs, o.Timing.check())...)
}

func (n Number) check() error {
	var errs []error
	if !isDigits(n.ID) {
		errs = append(errs, fmt.Errorf("id %q: digits only", n.ID))
	}
	if n.WABAID == "" {
		errs = append(errs, errors.New("waba id is missing"))
	}
	if !isPhone(n.Display) {
		errs = append(errs, fmt.Errorf("display %q: %d to %d digits", n.Display, phoneMin, phoneMax))
	}
	if n.AccessToken == "" {
		errs = append(errs, errors.New("access token is missing"))
	}
	return errors.Join(errs...)
}

func (c Callback) check() error {
	var errs []error
	if !rule.IsWebURL(c.URL) {
		errs = append(errs, fmt.Errorf("callback url %q: give an http or https address", c.URL))
	}
	if c.AppSecret == "" {
		errs = append(errs, errors.New("callback app secret is missing: callbacks are signed with it"))
	}
	return errors.Join(errs...)
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
		due, wait := s.advance(time.Now())
		for _, p := range due {
			inFlight.Go(func() { s.post(posting, p) })
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

// numberByID finds the business number with this phone_number_id.
func (s *Sim) numberByID(id string) (Number, bool) {
	for _, n := range s.numbers {
		if n.ID == id {
			return n, true
		}
	}
	return Number{}, false
}
