// Package inbox owns what Meta calls back: it checks the signature, keeps the
// raw callback, answers 200, and applies it afterwards.
//
// It never knows Meta's JSON (the decoder is handed in), never answers 200
// before the callback is on disk, and never lets a callback speak of a number
// whose own app secret did not sign it.
//
// It stands between Meta and the store: receive (receive.go) is the HTTP face,
// apply (this file) the stage behind it.
//
// Failure: a callback that cannot be kept is answered 503, and Meta sends it
// again for days. One that is kept is applied at least once; applying it twice
// changes nothing. One that cannot be decoded is parked with the reason and
// stays in the store; Meta is not asked to send it again, because it would be
// the same.
package inbox

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"github.com/waypost/waypost/internal/store"
	"github.com/waypost/waypost/internal/wa"
	"github.com/waypost/waypost/internal/work"
)

// Sources finds whose number a callback is about, and the secrets that sign.
type Sources interface {
	SourcesByNumber(ctx context.Context, numberID string) ([]wa.Source, error)
	SourcesByWABA(ctx context.Context, wabaID string) ([]wa.Source, error)
	AppSecrets(context.Context) ([]wa.Secret, error)
}

// Options says what an Inbox works with. All fields but VerifyToken, Failed, Came
// and Now must be set.
type Options struct {
	Store   store.Inbox
	Sources Sources
	Tagger  wa.Tagger
	// Verify checks the signature header over the raw body.
	Verify func(body []byte, header string, appSecret wa.Secret) bool
	// Decode reads a callback. It must be lenient: what it refuses is parked.
	Decode func(body []byte) ([]wa.Update, error)
	// VerifyToken is what Meta shows in its handshake; if it is empty, every
	// handshake is refused.
	VerifyToken wa.Secret
	// Failed is told of each error in a callback that was applied; nil for nobody.
	// A callback that is applied again tells it again.
	Failed func(context.Context, Told)
	// Came is told how many messages a callback that was applied brought to a
	// number just now, for each account: those that share a number get the same
	// ones. Nil for nobody.
	Came   func(numberID string, messages map[wa.AccountID]int)
	Wake   <-chan struct{}
	Logger *slog.Logger
	// Now is the clock; nil is time.Now.
	Now func() time.Time
}

// Inbox receives and applies callbacks.
type Inbox struct {
	Options
	secrets secrets
	// small and large hold a token for each body in memory; see bodies.
	small, large chan struct{}
	gap          gap
	held         held
}

const (
	poll  = time.Second
	lease = 5 * time.Minute
	// width is how many callbacks are applied together; twice as many are
	// claimed.
	width = 32
	// firstRetry to lastRetry is how long a callback waits that could not be
	// applied.
	firstRetry = time.Second
	lastRetry  = 5 * time.Minute
)

// New makes an inbox.
func New(o Options) *Inbox {
	if o.Now == nil {
		o.Now = time.Now
	}
	in := &Inbox{Options: o, small: make(chan struct{}, smallBodies), large: make(chan struct{}, largeBodies)}
	in.gap.at(o.Now()) // nobody was here before
	return in
}

// Recover takes over from the last process; call it once, before Run.
func (in *Inbox) Recover(ctx context.Context) error {
	_, err := in.Store.RecoverCallbacks(ctx)
	return err
}

// Run applies callbacks until ctx ends, and returns once those in hand are
// settled.
func (in *Inbox) Run(ctx context.Context) {
	in.held.none()
	work.Loop[[]wa.Callback]{
		Name: "inbox", Poll: poll, Width: 1, Wake: in.Wake, Logger: in.Logger,
		// In the order they came: the customer then hears of sent before
		// delivered, if Meta said so.
		Lane:  func([]wa.Callback) string { return "" },
		Claim: in.claim, Do: in.apply,
	}.Run(ctx)
}

// putOff has a callback wait or parks it. A parked one is no gap of the intake: what
// Meta sends can be decoded, and anybody whose app secret is known here can sign
// what cannot. Were it a gap, they could keep the uncertain messages of every
// account from being decided.
func (in *Inbox) putOff(ctx context.Context, c wa.Callback, after time.Duration, park bool, cause error) {
	in.Logger.LogAttrs(ctx, slog.LevelWarn, "callback put off", slog.String("callback_id", string(c.ID)),
		slog.Bool("parked", park), slog.Int("attempt", c.Attempts), slog.Any("err", cause))
	if err := in.Store.PutOffCallback(ctx, c, after, park, cause.Error()); err != nil {
		in.Logger.LogAttrs(ctx, slog.LevelError, "callback not put off", slog.String("callback_id", string(c.ID)), slog.Any("err", err))
	}
}

// subject is what an update is about: a number, or a WhatsApp Business Account.
type subject struct{ numberID, wabaID string }

// byAccount gives each account the updates of its numbers, in their order.
// Updates of a number that nobody here has, or whose secret did not sign this
// callback, are counted as foreign: a valid signature of one app says nothing
// of another app's numbers. The same holds for what is about a WABA.
func (in *Inbox) byAccount(ctx context.Context, c wa.Callback, updates []wa.Update, sources Sources) (
	all []wa.AccountUpdates, foreign int, err error,
) {
	owners := map[subject][]owner{}
	place := map[wa.AccountID]int{}
	for _, u := range updates {
		about := subject{u.NumberID, u.WABAID}
		whose, known := owners[about]
		if !known {
			if whose, err = in.owners(ctx, c, about, sources); err != nil {
				return nil, 0, err
			}
			owners[about] = whose
		}
		if len(whose) == 0 {
			foreign++
		}
		for _, o := range whose {
			i, ok := place[o.account]
			if !ok {
				i = len(all)
				place[o.account] = i
				all = append(all, wa.AccountUpdates{AccountID: o.account})
			}
			all[i].Updates = append(all[i].Updates, withConsent(in.tagged(u), o.sources))
		}
	}
	return all, foreign, nil
}

// owner is an account with its sources for a number.
type owner struct {
	account wa.AccountID
	sources []wa.Source
	// signed: the secret of one of the sources signed the callback.
	signed bool
}

// owners returns the accounts that have a number and whose secret for it signed
// the callback.
func (in *Inbox) owners(ctx context.Context, c wa.Callback, about subject, find Sources) ([]owner, error) {
	var sources []wa.Source
	var err error
	switch {
	case about.numberID != "":
		sources, err = find.SourcesByNumber(ctx, about.numberID)
	case about.wabaID != "":
		sources, err = find.SourcesByWABA(ctx, about.wabaID)
	}
	if err != nil {
		return nil, err
	}
	var all []owner
	for _, src := range sources { // sorted by account
		if n := len(all); n == 0 || all[n-1].account != src.AccountID {
			all = append(all, owner{account: src.AccountID})
		}
		o := &all[len(all)-1]
		o.sources = append(o.sources, src)
		o.signed = o.signed || in.Verify(c.Body, c.Signature, src.Number.AppSecret)
	}
	return slices.DeleteFunc(all, func(o owner) bool { return !o.signed }), nil
}

// tagged adds the message and the attempt that a status's tag names, if the tag
// is ours.
func (in *Inbox) tagged(u wa.Update) wa.Update {
	if u.Status == nil || u.Status.Tag == "" {
		return u
	}
	if id, attempt, ok := in.Tagger.Parse(u.Status.Tag); ok {
		u.MessageID, u.Attempt = id, attempt
	}
	return u
}
