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
	"time"

	"github.com/waypost/waypost/internal/store"
	"github.com/waypost/waypost/internal/wa"
	"github.com/waypost/waypost/internal/work"
)

// Sources finds whose number a callback is about, and the secrets that sign.
type Sources interface {
	SourcesByNumber(ctx context.Context, numberID string) ([]wa.Source, error)
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

// byAccount gives each account the updates of its numbers, in their order.
// Updates of a number that nobody here has, or whose secret did not sign this
// callback, are counted as foreign: a valid signature of one app says nothing
// of another app's numbers.
func (in *Inbox) byAccount(ctx context.Context, c wa.Callback, updates []wa.Update) (all []wa.AccountUpdates, foreign int, err error) {
	owners := map[string][]wa.AccountID{}
	place := map[wa.AccountID]int{}
	for _, u := range updates {
		accounts, known := owners[u.NumberID]
		if !known {
			if accounts, err = in.owners(ctx, c, u.NumberID); err != nil {
				return nil, 0, err
			}
			owners[u.NumberID] = accounts
		}
		if len(accounts) == 0 {
			foreign++
		}
		for _, account := range accounts {
			i, ok := place[account]
			if !ok {
				i = len(all)
				place[account] = i
				all = append(all, wa.AccountUpdates{AccountID: account})
			}
			all[i].Updates = append(all[i].Updates, in.tagged(u))
		}
	}
	return all, foreign, nil
}

// owners returns the accounts that have a number and whose secret for it signed
// the callback.
func (in *Inbox) owners(ctx context.Context, c wa.Callback, numberID string) ([]wa.AccountID, error) {
	if numberID == "" {
		return nil, nil
	}
	sources, err := in.Sources.SourcesByNumber(ctx, numberID)
	if err != nil {
		return nil, err
	}
	var accounts []wa.AccountID
	for _, src := range sources { // sorted by account
		last := len(accounts) - 1
		if last >= 0 && accounts[last] == src.AccountID {
			continue
		}
		if in.Verify(c.Body, c.Signature, src.Number.AppSecret) {
			accounts = append(accounts, src.AccountID)
		}
	}
	return accounts, nil
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
