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

// Options says what an Inbox works with. All fields but VerifyToken and Now
// must be set.
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
	Wake        <-chan struct{}
	Logger      *slog.Logger
	// Now is the clock; nil is time.Now.
	Now func() time.Time
}

// Inbox receives and applies callbacks.
type Inbox struct {
	Options
	secrets secrets
	// small and large hold a token for each body in memory; see bodies.
	small, large chan struct{}
}

const (
	poll  = time.Second
	lease = 5 * time.Minute
	// width bounds how many callbacks are claimed at a time; they are applied
	// one after another.
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
	return &Inbox{Options: o, small: make(chan struct{}, smallBodies), large: make(chan struct{}, largeBodies)}
}

// Recover takes over from the last process; call it once, before Run.
func (in *Inbox) Recover(ctx context.Context) error {
	_, err := in.Store.RecoverCallbacks(ctx)
	return err
}

// Run applies callbacks until ctx ends, and returns once the one in hand is
// settled.
func (in *Inbox) Run(ctx context.Context) {
	work.Loop[wa.Callback]{
		Name: "inbox", Poll: poll, Width: width, Wake: in.Wake, Logger: in.Logger,
		Claim: func(ctx context.Context, limit int) ([]wa.Callback, error) {
			return in.Store.ClaimCallbacks(ctx, limit, lease)
		},
		// In the order they came: the customer then hears of sent before
		// delivered, if Meta said so.
		Lane: func(wa.Callback) string { return "" },
		Do:   in.apply,
	}.Run(ctx)
}

func (in *Inbox) apply(ctx context.Context, c wa.Callback) {
	updates, err := in.Decode(c.Body)
	if err != nil {
		in.putOff(ctx, c, 0, true, err)
		return
	}
	all, foreign, err := in.byAccount(ctx, c, updates)
	if err == nil {
		err = in.Store.SettleCallback(ctx, c, all)
	}
	if err != nil {
		in.putOff(ctx, c, work.Backoff(c.Attempts, firstRetry, lastRetry), false, err)
		return
	}
	in.Logger.LogAttrs(ctx, slog.LevelInfo, "callback applied", slog.String("callback_id", string(c.ID)),
		slog.Int("updates", len(updates)), slog.Int("foreign", foreign), slog.Int("attempt", c.Attempts),
		slog.Int64("age_ms", in.Now().Sub(c.ReceivedAt).Milliseconds()))
}

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
func (in *Inbox) byAccount(ctx context.Context, c wa.Callback, updates []wa.Update) (all []wa.AccountUpdates, foreign int, err error) {
	owners := map[subject][]owner{}
	place := map[wa.AccountID]int{}
	for _, u := range updates {
		about := subject{u.NumberID, u.WABAID}
		whose, known := owners[about]
		if !known {
			if whose, err = in.owners(ctx, c, about); err != nil {
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
func (in *Inbox) owners(ctx context.Context, c wa.Callback, about subject) ([]owner, error) {
	var sources []wa.Source
	var err error
	switch {
	case about.numberID != "":
		sources, err = in.Sources.SourcesByNumber(ctx, about.numberID)
	case about.wabaID != "":
		sources, err = in.Sources.SourcesByWABA(ctx, about.wabaID)
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

// tagged adds the message that a status's tag names, if the tag is ours.
func (in *Inbox) tagged(u wa.Update) wa.Update {
	if u.Status == nil || u.Status.Tag == "" {
		return u
	}
	if id, _, ok := in.Tagger.Parse(u.Status.Tag); ok {
		u.MessageID = id
	}
	return u
}
