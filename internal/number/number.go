// Package number owns what is done with a WhatsApp business number at Meta, beside
// sending: it keeps what is known of each number fresh, and carries out what the
// command line and the API are asked for, with the checks that both share.
//
// It never knows Meta's JSON (the calls are handed in), never decides whether a
// message goes, and never holds a transaction while Meta is called.
//
// It stands beside the stages: under the faces, which ask it, and above Meta and the
// store, where each number of an account has a job that reads it.
//
// Failure: what is known may be late. A number that cannot be read is tried again,
// less and less often and never before Meta wants it, with what was known still
// there. A change that Meta made and that was not read afterwards is found by the
// next read.
package number

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/waypost/waypost/internal/store"
	"github.com/waypost/waypost/internal/wa"
	"github.com/waypost/waypost/internal/work"
)

// Meta is the calls that a desk makes. Their errors are [*wa.OutcomeError]s.
type Meta interface {
	Reader
	Registrar
	Settler
	Blocker
}

// Reader reads.
type Reader interface {
	// NumberNode returns Meta's node of the number.
	NumberNode(context.Context, wa.Number) (wa.NumberNode, error)
	// NumbersOf returns the numbers of the number's WABA.
	NumbersOf(context.Context, wa.Number) ([]wa.NumberNode, error)
	// BusinessProfile returns what people see of the number.
	BusinessProfile(context.Context, wa.Number) (wa.BusinessProfile, error)
	// NumberHealth, WABAHealth and TemplateHealth return whether it can send.
	NumberHealth(context.Context, wa.Number) (wa.Health, error)
	WABAHealth(context.Context, wa.Number) (wa.Health, error)
	TemplateHealth(ctx context.Context, n wa.Number, id string) (wa.Health, error)
	// Subscriptions returns the apps that hear of what happens in the WABA.
	Subscriptions(context.Context, wa.Number) ([]wa.Subscription, error)
}

// Registrar makes a phone number one that sends.
type Registrar interface {
	// AddNumber gives the WABA another number and returns its phone_number_id.
	AddNumber(context.Context, wa.Number, wa.NewNumber) (string, error)
	// RequestCode has a code sent to the number, VerifyCode gives it to Meta.
	RequestCode(context.Context, wa.Number, wa.CodeRequest) error
	VerifyCode(ctx context.Context, n wa.Number, code string) error
	// Register lets the number send, Deregister ends that.
	Register(context.Context, wa.Number, wa.Registration) error
	Deregister(context.Context, wa.Number) error
	// SetPIN sets the PIN of the two-step verification.
	SetPIN(ctx context.Context, n wa.Number, pin wa.Secret) error
}

// Settler changes settings.
type Settler interface {
	// ChangeProfile changes what people see of the number.
	ChangeProfile(context.Context, wa.Number, wa.ProfileChange) error
	// UploadSample gives Meta a file and returns its handle.
	UploadSample(context.Context, wa.Number, wa.File) (string, error)
	// SetCallback gives the number an address of its own for its callbacks, or takes
	// it away.
	SetCallback(context.Context, wa.Number, wa.CallbackOverride) error
	// Subscribe subscribes the token's app to the WABA, Unsubscribe ends that.
	Subscribe(context.Context, wa.Number, wa.CallbackOverride) error
	Unsubscribe(context.Context, wa.Number) error
}

// Blocker blocks people.
type Blocker interface {
	Blocked(context.Context, wa.Number) ([]string, error)
	Block(ctx context.Context, n wa.Number, users []string) (wa.BlockResult, error)
	Unblock(ctx context.Context, n wa.Number, users []string) (wa.BlockResult, error)
}

// Sources finds the numbers.
type Sources interface {
	Sources(context.Context, wa.AccountID) ([]wa.Source, error)
	Source(context.Context, wa.AccountID, wa.SourceID) (wa.Source, error)
	DefaultSource(context.Context, wa.AccountID) (wa.Source, error)
	CreateSource(context.Context, wa.Source) (wa.Source, error)
}

// Templates is the account's copies of its templates.
type Templates interface {
	// TemplateByID returns the template with Meta's id; CodeNotFound.
	TemplateByID(ctx context.Context, account wa.AccountID, wabaID, id string) (wa.StoredTemplate, error)
}

// Options says what a [Desk] works with. All but Now, Every and Wake must be set.
type Options struct {
	Store   store.Numbers
	Sources Sources
	// Templates says which templates are the account's own.
	Templates Templates
	Meta      Meta
	Logger    *slog.Logger
	// Every is how long after a read the next one is made; 0 for an hour.
	Every time.Duration
	// Now is the clock; nil is time.Now.
	Now func() time.Time
	// Wake tells that a read may be due.
	Wake <-chan struct{}
}

const (
	defaultEvery = time.Hour
	poll         = 10 * time.Second
	lease        = 5 * time.Minute
	readTimeout  = time.Minute
	// rest is how long after a read a number is left alone: callbacks may come one
	// after another, and Meta allows 200 calls an hour for a WABA without a
	// registered number.
	rest        = 5 * time.Second
	firstWait   = 10 * time.Second
	longestWait = time.Hour
)

// Desk is where the numbers of all accounts are looked after.
type Desk struct{ Options }

// New returns a desk.
func New(o Options) *Desk {
	if o.Every == 0 {
		o.Every = defaultEvery
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Desk{Options: o}
}

// Recover takes over from the last process and has every number read soon; call it
// once, before Run.
func (d *Desk) Recover(ctx context.Context) error {
	_, err := d.Store.RecoverNumberReads(ctx)
	return err
}

// Run keeps what is known fresh until ctx ends: one number at a time, so that it
// takes little of what Meta allows.
func (d *Desk) Run(ctx context.Context) {
	work.Loop[wa.NumberRead]{
		Name: "numbers", Poll: poll, Width: 1, Wake: d.Wake, Logger: d.Logger,
		Claim: func(ctx context.Context, limit int) ([]wa.NumberRead, error) {
			return d.Store.ClaimNumberReads(ctx, limit, lease)
		},
		Do: func(job context.Context, r wa.NumberRead) {
			reading, cancel := context.WithTimeout(job, readTimeout)
			defer cancel()
			defer context.AfterFunc(ctx, cancel)()
			began := d.Now()
			node, err := d.read(reading, r)
			d.settle(job, r, node, began, err, ctx.Err() != nil)
		},
	}.Run(ctx)
}

// read asks with the token of each of the account's sources with the number until
// one works.
func (d *Desk) read(ctx context.Context, r wa.NumberRead) (wa.NumberNode, error) {
	sources, err := d.Sources.Sources(ctx, r.AccountID)
	if err != nil {
		return wa.NumberNode{}, err
	}
	err = wa.NotFound("source")
	tried := map[wa.Secret]bool{}
	for _, src := range sources {
		if src.Number.ID != r.NumberID || tried[src.Number.Token] {
			continue
		}
		tried[src.Number.Token] = true
		var node wa.NumberNode
		if node, err = d.readNode(ctx, src); err == nil || !misconfigured(err) {
			return node, err
		}
	}
	return wa.NumberNode{}, err
}

// readNode reads a number and keeps what it says.
func (d *Desk) readNode(ctx context.Context, src wa.Source) (wa.NumberNode, error) {
	asOf := d.Now()
	node, err := d.Meta.NumberNode(ctx, src.Number)
	if err != nil {
		return node, err
	}
	return node, d.Store.PutNumber(ctx, node.State(src.AccountID, asOf))
}

// misconfigured reports whether another token may do better.
func misconfigured(err error) bool {
	e, ok := errors.AsType[*wa.OutcomeError](err)
	return ok && e.Outcome.Kind == wa.OutcomeMisconfigured
}

// settle gives the job back and logs one line.
func (d *Desk) settle(ctx context.Context, r wa.NumberRead, node wa.NumberNode, began time.Time, err error, stopping bool) {
	level, outcome, after, pause := slog.LevelInfo, "read", d.Every, rest
	switch {
	case err == nil:
		r.Attempts = 0
	case stopping:
		outcome, after, pause = "broken off", 0, 0
	default:
		level, outcome = slog.LevelWarn, "again"
		r.Attempts++
		after = work.Backoff(r.Attempts, firstWait, longestWait)
		if asked := asked(err); asked > 0 {
			after = max(after, asked)
			pause = after
		}
	}
	settled := d.Store.SettleNumberRead(ctx, r, after, pause)
	if errors.Is(settled, store.ErrLeaseLost) {
		outcome, settled = outcome+", lease lost", nil // it took too long, or the account has left
	}
	if err = errors.Join(err, settled); settled != nil {
		level = slog.LevelError
	}
	attrs := []slog.Attr{
		slog.String("account", string(r.AccountID)), slog.String("number_id", r.NumberID), slog.String("outcome", outcome),
		slog.String("status", node.Status), slog.String("quality", node.Quality), slog.Int("throughput", node.Throughput()),
		slog.Int("failed", r.Attempts), slog.Int64("duration_ms", d.Now().Sub(began).Milliseconds()),
	}
	if err != nil {
		attrs = append(attrs, slog.Any("err", err))
	}
	d.Logger.LogAttrs(ctx, level, "number read", attrs...)
}

// asked returns how long Meta itself wants to be left alone, as it does after too
// many calls (80007); 0 if it did not say so.
func asked(err error) time.Duration {
	e, ok := errors.AsType[*wa.OutcomeError](err)
	if !ok || e.Outcome.Kind != wa.OutcomeLater || e.Outcome.Failure.Code == 0 {
		return 0
	}
	return max(e.Outcome.After, rest)
}
