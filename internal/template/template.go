// Package template owns the copy of a customer's templates: it keeps it in step
// with Meta, and changes a template at Meta first and here afterwards.
//
// It never knows Meta's JSON or the vendor's (the calls are handed in), never
// decides whether a message goes with its template, and never holds a
// transaction while Meta is called.
//
// It stands between the face, which asks it for templates, and Meta. The rows
// are in the store; each WhatsApp Business Account (WABA) of an account has a
// job there, which a callback, a change through the gateway or a new access
// token makes due, and which comes due by itself now and then.
//
// Failure: the copy may be late: nothing that is newer than a list is
// overwritten, and what is gone goes with the last step of a list that is kept.
// A WABA that cannot be listed is tried again, less and less often and never
// before Meta wants it, with what was known of it still there. A
// change at Meta that cannot be kept here is found by the next list.
package template

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/waypost/waypost/internal/store"
	"github.com/waypost/waypost/internal/wa"
	"github.com/waypost/waypost/internal/work"
)

// Meta is the calls that a library makes. Their errors are [*wa.OutcomeError]s.
type Meta interface {
	// ListTemplates returns all templates of the number's WABA.
	ListTemplates(context.Context, wa.Number) ([]wa.StoredTemplate, error)
	// ReadTemplate returns one by Meta's id.
	ReadTemplate(ctx context.Context, n wa.Number, id string) (wa.StoredTemplate, error)
	// CreateTemplate makes one and returns it as it is then.
	CreateTemplate(context.Context, wa.Number, wa.TemplateChange) (wa.StoredTemplate, error)
	// EditTemplate changes one.
	EditTemplate(ctx context.Context, n wa.Number, id string, change wa.TemplateChange) error
	// DeleteTemplate deletes the one with Meta's id, or all of the name if id is
	// "".
	DeleteTemplate(ctx context.Context, n wa.Number, name, id string) error
}

// Sources finds the numbers whose tokens may list a WABA.
type Sources interface {
	Sources(context.Context, wa.AccountID) ([]wa.Source, error)
}

// Options says what a [Library] works with. All but Now, Refresh and Wake must
// be set.
type Options struct {
	Store   store.Templates
	Sources Sources
	Meta    Meta
	Logger  *slog.Logger
	// Refresh is how long after a list the next one is made; 0 for 15 minutes.
	Refresh time.Duration
	// Now is the clock; nil is time.Now.
	Now func() time.Time
	// Wake tells that a sync may be due.
	Wake <-chan struct{}
}

const (
	defaultRefresh = 15 * time.Minute
	poll           = 2 * time.Second
	lease          = 10 * time.Minute
	// distance and longestDistance bound how long after a list a WABA is left
	// alone, in which it is twice as long as the list took: an import of templates
	// brings a callback for each.
	distance        = 3 * time.Second
	longestDistance = time.Minute
	// width is how many WABAs are listed at a time.
	width = 4
	// listTimeout bounds one list: 6,000 templates are some 120 calls.
	listTimeout = 3 * time.Minute
	// firstTimeout bounds the list that a request waits for.
	firstTimeout = 20 * time.Second
	// pendingWait is how long after a list with a pending template the next one
	// is made: the customer waits for the approval, and not every app has
	// subscribed to the callback that tells it.
	pendingWait = 2 * time.Minute
	firstWait   = 5 * time.Second
	longestWait = 30 * time.Minute
)

// Library is the templates of all accounts.
type Library struct {
	Options
	// listing is held while a WABA is listed, so that the others that want it
	// listed wait instead of listing it, too.
	listing keys
	resting resting
	looks   looks
}

// New returns a library.
func New(o Options) *Library {
	if o.Refresh == 0 {
		o.Refresh = defaultRefresh
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Library{
		Options: o, listing: keys{held: map[string]chan struct{}{}}, resting: resting{m: map[string]rest{}},
		looks: looks{m: map[string]look{}},
	}
}

// Recover takes over from the last process; call it once, before Run.
func (l *Library) Recover(ctx context.Context) error {
	_, err := l.Store.RecoverTemplateSyncs(ctx)
	return err
}

// Run keeps the copies in step until ctx ends. A list that is under way then is
// broken off and made anew at the next start.
func (l *Library) Run(ctx context.Context) {
	work.Loop[wa.TemplateSync]{
		Name: "templates", Poll: poll, Width: width, Wake: l.Wake, Logger: l.Logger,
		Claim: func(ctx context.Context, limit int) ([]wa.TemplateSync, error) {
			return l.Store.ClaimTemplateSyncs(ctx, limit, lease)
		},
		Lane: func(y wa.TemplateSync) string { return y.WABAID },
		Do: func(job context.Context, y wa.TemplateSync) {
			listing, cancel := context.WithTimeout(job, listTimeout)
			defer cancel()
			defer context.AfterFunc(ctx, cancel)()
			began := l.Now()
			list, err := l.turn(listing, y)
			l.settle(job, y, list, began, err, ctx.Err() != nil)
		},
	}.Run(ctx)
}

// errListed is for a job that somebody else has done.
var errListed = errors.New("a request has listed it")

// turn makes the list of a job, unless a request has made it meanwhile.
func (l *Library) turn(ctx context.Context, y wa.TemplateSync) ([]wa.StoredTemplate, error) {
	unlock, err := l.listing.lock(ctx, key(y.AccountID, y.WABAID))
	if err != nil {
		return nil, err
	}
	defer unlock()
	now, err := l.Store.TemplateSync(ctx, y.AccountID, y.WABAID)
	if err != nil {
		return nil, err
	}
	if now.SyncedAt.After(y.SyncedAt) {
		return nil, errListed
	}
	return l.sync(ctx, y.AccountID, y.WABAID)
}

// sync makes one list and keeps it, unless Meta asked to wait.
func (l *Library) sync(ctx context.Context, account wa.AccountID, wabaID string) ([]wa.StoredTemplate, error) {
	asOf, waba := l.Now(), key(account, wabaID)
	if err := l.resting.reason(waba, asOf); err != nil {
		return nil, err
	}
	list, err := l.list(ctx, account, wabaID)
	if err != nil {
		if wait := asked(err); wait > 0 {
			l.resting.until(waba, l.Now().Add(wait), err)
		}
		return nil, err
	}
	return list, l.Store.ReplaceTemplates(ctx, account, wabaID, list, asOf)
}

// asked returns how long Meta itself wants to be left alone; 0 if it did not
// say so.
func asked(err error) time.Duration {
	e, ok := errors.AsType[*wa.OutcomeError](err)
	if !ok || e.Outcome.Kind != wa.OutcomeLater || e.Outcome.Failure.Code == 0 {
		return 0
	}
	return max(e.Outcome.After, distance)
}

// list asks with the token of each of the account's sources in the WABA until
// one works.
func (l *Library) list(ctx context.Context, account wa.AccountID, wabaID string) ([]wa.StoredTemplate, error) {
	sources, err := l.Sources.Sources(ctx, account)
	if err != nil {
		return nil, err
	}
	err = wa.NotFound("source")
	tried := map[wa.Secret]bool{}
	for _, src := range sources {
		if src.Number.WABAID != wabaID || tried[src.Number.Token] {
			continue
		}
		tried[src.Number.Token] = true
		var list []wa.StoredTemplate
		if list, err = l.Meta.ListTemplates(ctx, src.Number); err == nil || !misconfigured(err) {
			return list, err
		}
	}
	return nil, err
}

// misconfigured reports whether another token may do better.
func misconfigured(err error) bool {
	e, ok := errors.AsType[*wa.OutcomeError](err)
	return ok && e.Outcome.Kind == wa.OutcomeMisconfigured
}

// settle gives the job back and logs one line.
func (l *Library) settle(ctx context.Context, y wa.TemplateSync, list []wa.StoredTemplate, began time.Time, err error, stopping bool) {
	level, outcome, after := slog.LevelInfo, "synced", l.Refresh
	rest := min(max(distance, 2*l.Now().Sub(began)), longestDistance)
	switch {
	case errors.Is(err, errListed):
		// Whatever made the job due may be newer than that list.
		outcome, after, err = "listed for a request", rest, nil
	case err == nil:
		y.Attempts = 0
		if slices.ContainsFunc(list, func(m wa.StoredTemplate) bool { return m.Status == wa.TemplatePending }) {
			after = min(after, pendingWait)
		}
	case stopping:
		outcome, after, rest = "broken off", 0, 0
	default:
		level, outcome = slog.LevelWarn, "again"
		y.Attempts++
		after = work.Backoff(y.Attempts, firstWait, longestWait)
		if e, ok := errors.AsType[*wa.OutcomeError](err); ok && !misconfigured(err) {
			after = max(after, e.Outcome.After)
		}
		if asked(err) > 0 {
			rest = max(rest, after)
		}
	}
	settled := l.Store.SettleTemplateSync(ctx, y, after, rest)
	if errors.Is(settled, store.ErrLeaseLost) {
		outcome, settled = outcome+", lease lost", nil // it took too long, or the account has left
	}
	if err = errors.Join(err, settled); settled != nil {
		level = slog.LevelError
	}
	attrs := []slog.Attr{
		slog.String("account", string(y.AccountID)), slog.String("waba_id", y.WABAID), slog.String("outcome", outcome),
		slog.Int("templates", len(list)), slog.Int("failed", y.Attempts), slog.Int64("duration_ms", l.Now().Sub(began).Milliseconds()),
	}
	if err != nil {
		attrs = append(attrs, slog.Any("err", err))
	}
	l.Logger.LogAttrs(ctx, level, "templates synced", attrs...)
}

// key names a WABA of an account.
func key(account wa.AccountID, wabaID string) string { return string(account) + " " + wabaID }

// resting are the WABAs that Meta does not want to list for a while, and why.
type resting struct {
	mu sync.Mutex
	m  map[string]rest
}

type rest struct {
	until time.Time
	why   error
}

func (r *resting) until(key string, t time.Time, why error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.m[key] = rest{t, why}
}

// reason returns what Meta said; nil if the WABA may be listed.
func (r *resting) reason(key string, now time.Time) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if now.Before(r.m[key].until) {
		return r.m[key].why
	}
	delete(r.m, key)
	return nil
}

// keys is a lock for each key.
type keys struct {
	mu   sync.Mutex
	held map[string]chan struct{}
}

// lock waits for its turn, but not longer than ctx.
func (k *keys) lock(ctx context.Context, key string) (unlock func(), err error) {
	for {
		k.mu.Lock()
		busy, taken := k.held[key]
		if !taken {
			free := make(chan struct{})
			k.held[key] = free
			k.mu.Unlock()
			return func() {
				k.mu.Lock()
				delete(k.held, key)
				k.mu.Unlock()
				close(free)
			}, nil
		}
		k.mu.Unlock()
		select {
		case <-busy:
		case <-ctx.Done():
			return nil, &wa.Error{Code: wa.CodeUnavailable, Message: "the templates are still being listed", Err: ctx.Err()}
		}
	}
}
