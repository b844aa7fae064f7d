// Package outbox owns the way out: it takes accepted messages from the store,
// hands each to Meta at most once at a time, and records what became of it.
//
// It never accepts a message, never knows Meta's JSON, and never sends again
// what may have been sent.
//
// It stands between the faces, which accept, and the inbox, which learns what
// happened next; it meets both only in the store.
//
//	accepted ─claim─▶ media ready at Meta ─begin─▶ dispatched ─send─▶ outcome
//	    ▲                    │                                           │
//	    └──── later ─────────┴───────────────────────────────────────────┤
//	                              sent · failed · uncertain ◀────settle──┘
//
// Whether the person may be written to is asked once more before the attempt is
// begun: consent may have been taken back and the window closed while the
// message waited.
//
// Failure: the attempt is durable before its first byte goes out. A process
// that dies before that has sent nothing, and the message is claimed again. One
// that dies after it leaves the message dispatched. The next start sends it
// again if no byte of the attempt has left (see Wire), and else makes it
// uncertain: then a status that carries the attempt's tag settles it. An
// uncertain message is never sent again on a timer.
//
// A media that cannot be brought to Meta is tried again with growing waits: for
// ever if the fault may pass, and only so often if Meta refuses the media
// itself. Both counts are in the store, so that they outlast a restart.
package outbox

import (
	"context"
	"errors"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/waypost/waypost/internal/store"
	"github.com/waypost/waypost/internal/wa"
	"github.com/waypost/waypost/internal/work"
)

// Sender hands one attempt to Meta and says what became of it. It is not
// interrupted when the gateway stops.
type Sender interface {
	Send(context.Context, wa.Number, wa.Dispatch) wa.Outcome
}

// Media brings a media of ours to Meta.
type Media interface {
	// MetaID returns Meta's id of a media for a number, uploading it first if
	// need be. An error that is a *wa.OutcomeError says what it means for the
	// message.
	MetaID(context.Context, wa.Number, wa.AccountID, wa.MediaID) (string, error)
	// Forget drops an id that Meta no longer knows.
	Forget(context.Context, wa.Number, wa.AccountID, wa.MediaID) error
}

// Sources finds the number and credentials of a message.
type Sources interface {
	Source(context.Context, wa.AccountID, wa.SourceID) (wa.Source, error)
}

// Consents tells whether somebody may still be written to.
type Consents interface {
	Consent(ctx context.Context, account wa.AccountID, person string) (wa.Consent, error)
	Window(ctx context.Context, account wa.AccountID, numberID, contact string) (time.Time, error)
}

// Options says what an Outbox works with. All fields but Wire, Width and Now
// must be set.
type Options struct {
	Store    store.Outbox
	Sources  Sources
	Consents Consents
	Media    Media
	Sender   Sender
	Tagger   wa.Tagger
	Wake     <-chan struct{}
	Logger   *slog.Logger
	// Wire tells the next process which attempts have left this one. Without it,
	// every attempt that was begun counts as one that has.
	Wire *Wire
	// Width is how many messages are sent at a time; 0 is 64.
	Width int
	// Now is the clock; nil is time.Now.
	Now func() time.Time
}

// Outbox sends messages.
type Outbox struct {
	Options
	pauses pauses
	poll   time.Duration
}

const (
	defaultWidth = 64
	poll         = time.Second
	// lease outlasts the longest attempt: a slow upload of 100 MB and the time
	// that Meta may take to answer.
	lease = 30 * time.Minute
	// localRetry is how soon to look again when something was not ready before
	// the send, and longestRetry how late, if it is so again and again.
	localRetry   = 5 * time.Second
	longestRetry = 5 * time.Minute
	// settleTries is how often it is tried to record an outcome, over about six
	// minutes.
	settleTries = 10
)

// New makes an outbox.
func New(o Options) *Outbox {
	if o.Width == 0 {
		o.Width = defaultWidth
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Outbox{Options: o, pauses: newPauses(o.Now), poll: poll}
}

// Recover takes over from the last process; call it once, before Run.
func (o *Outbox) Recover(ctx context.Context) error {
	freed, uncertain, err := o.Store.RecoverMessages(ctx, o.Wire.Left)
	if err == nil {
		// Only now: until the store knows, the marks are all there is.
		err = o.Wire.Reset()
	}
	if err != nil {
		return err
	}
	if freed+uncertain > 0 {
		level := slog.LevelInfo
		if uncertain > 0 {
			level = slog.LevelWarn // nobody but Meta's status can settle them
		}
		o.Logger.LogAttrs(ctx, level, "messages recovered", slog.Int("freed", freed), slog.Int("uncertain", uncertain))
	}
	return nil
}

// Run sends until ctx ends, and returns once the sends in flight are settled.
func (o *Outbox) Run(ctx context.Context) {
	work.Loop[wa.Message]{
		Name: "outbox", Poll: o.poll, Width: o.Width, Wake: o.Wake, Logger: o.Logger,
		Claim: func(ctx context.Context, limit int) ([]wa.Message, error) {
			return o.Store.ClaimMessages(ctx, limit, lease)
		},
		// The store gives out one message at a time to each recipient of a
		// number; one that was put off for long may come beside it.
		Lane: func(m wa.Message) string { return string(m.AccountID) + "/" + m.NumberID + "/" + m.Recipient.ID },
		Do:   o.send,
	}.Run(ctx)
}

func (o *Outbox) send(ctx context.Context, m wa.Message) {
	start := o.Now()
	leaving := departure{wire: o.Wire}
	m, outcome, err := o.attempt(ctx, m, &leaving)
	if err == nil {
		err = o.settle(ctx, m, outcome)
	}
	if err == nil {
		leaving.settled()
	}
	o.Logger.LogAttrs(ctx, levelOf(outcome, err), "send attempted",
		slog.String("message_id", string(m.ID)), slog.String("number_id", m.NumberID), slog.Int("attempt", m.Attempt),
		slog.String("outcome", string(outcome.Kind)), slog.Int("code", outcome.Failure.Code), slog.String("title", outcome.Failure.Title),
		slog.String("trace", outcome.Trace), slog.Duration("after", outcome.After),
		slog.Int64("duration_ms", o.Now().Sub(start).Milliseconds()), slog.Any("err", err))
}

// levelOf says who should hear of an attempt: a number that cannot send wakes
// somebody, an uncertain message will be missed soon.
func levelOf(outcome wa.Outcome, err error) slog.Level {
	switch {
	case err != nil || outcome.Kind == wa.OutcomeMisconfigured:
		return slog.LevelError
	case outcome.Kind == wa.OutcomeUnknown:
		return slog.LevelWarn
	}
	return slog.LevelInfo
}

// settle records an outcome. A store that cannot be written for a while, such
// as on a full disk, is waited for: nobody else knows the outcome.
func (o *Outbox) settle(ctx context.Context, m wa.Message, outcome wa.Outcome) error {
	for try := 1; ; try++ {
		err := o.Store.SettleMessage(ctx, m, outcome)
		if wa.CodeOf(err) != wa.CodeUnavailable || try == settleTries {
			return err
		}
		o.Logger.LogAttrs(ctx, slog.LevelWarn, "outcome not kept", slog.String("message_id", string(m.ID)),
			slog.Int("try", try), slog.Any("err", err))
		select {
		case <-time.After(work.Backoff(try, localRetry, time.Minute)):
		case <-ctx.Done():
			return err
		}
	}
}

// hand gives an attempt to the sender. One that breaks off may have sent it.
func (o *Outbox) hand(ctx context.Context, n wa.Number, d wa.Dispatch) (outcome wa.Outcome) {
	defer func() {
		if p := recover(); p != nil {
			o.Logger.LogAttrs(ctx, slog.LevelError, "sender panicked", slog.String("message_id", string(d.Message.ID)),
				slog.String("panic", wa.PanicText(p)), slog.String("stack", string(debug.Stack())))
			outcome = wa.Outcome{Kind: wa.OutcomeUnknown, Failure: wa.Failure{Title: "the attempt broke off"}}
		}
	}()
	return o.Sender.Send(ctx, n, d)
}

// attempt brings a message to Meta. An error means that nothing is to be
// settled: the message is another's now, or the store does not answer.
func (o *Outbox) attempt(ctx context.Context, m wa.Message, leaving *departure) (wa.Message, wa.Outcome, error) {
	if m.Expired(o.Now()) {
		return m, wa.Outcome{Kind: wa.OutcomeExpired}, nil
	}
	src, err := o.Sources.Source(ctx, m.AccountID, m.SourceID)
	if wa.CodeOf(err) == wa.CodeNotFound {
		return m, sourceGone(), nil
	}
	if err != nil {
		return m, wa.Outcome{}, err
	}
	if src.Number.ID != m.NumberID {
		// The source was made again under its old id, with a number that the
		// message was not accepted for.
		return m, sourceGone(), nil
	}
	if wait := o.pauses.left(src.Number); wait > 0 {
		return m, wa.Outcome{Kind: wa.OutcomeLater, After: wait, Failure: wa.Failure{Title: "the number is paused"}}, nil
	}
	d := wa.Dispatch{}
	if d.MetaMedia, err = o.metaMedia(ctx, src.Number, m); err != nil {
		return m, o.notReady(ctx, src.Number, m, err), nil
	}
	// As late as can be: the upload may have taken a while.
	rule, err := o.forbidden(ctx, m, src)
	if err != nil {
		return m, o.notReady(ctx, src.Number, m, err), nil
	}
	if rule != "" {
		return m, notAllowed(rule), nil
	}
	if m, err = o.Store.BeginMessage(ctx, m); err != nil {
		return m, wa.Outcome{}, err
	}
	d.Message, d.Tag = m, o.Tagger.Tag(m.ID, m.Attempt)
	d.OnWire = func() { leaving.mark(m) }
	return m, o.review(ctx, src.Number, m, o.hand(ctx, src.Number, d)), nil
}

// forbidden returns the rule that has come to forbid a message since it was
// accepted, or "".
func (o *Outbox) forbidden(ctx context.Context, m wa.Message, src wa.Source) (wa.Rule, error) {
	until, err := o.Consents.Window(ctx, m.AccountID, m.NumberID, m.Recipient.ID)
	if err != nil {
		return "", err
	}
	var consent wa.Consent
	if m.Recipient.Kind != wa.Group {
		if consent, err = o.Consents.Consent(ctx, m.AccountID, m.Recipient.ID); err != nil {
			return "", err
		}
	}
	return wa.MayWrite(m, until.After(o.Now()), consent, src), nil
}

// notAllowed fails a message with the code that it would have been refused with.
func notAllowed(rule wa.Rule) wa.Outcome {
	f := wa.Failure{VendorCode: "8002", Title: "the person opted out, is blocked or did not opt in"}
	if rule == wa.RuleWindow {
		f = wa.Failure{VendorCode: "8007", Title: "the 24-hour window closed before the message was sent"}
	}
	return wa.Outcome{Kind: wa.OutcomeRejected, Failure: f}
}

func sourceGone() wa.Outcome {
	return wa.Outcome{Kind: wa.OutcomeRejected, Failure: wa.Failure{VendorCode: "8004", Title: "the source was deleted"}}
}

// metaMedia returns Meta's ids of the media of ours that a message carries.
func (o *Outbox) metaMedia(ctx context.Context, n wa.Number, m wa.Message) (map[wa.MediaID]string, error) {
	var ids map[wa.MediaID]string
	for _, id := range wa.StoredMediaOf(m.Content) {
		metaID, err := o.Media.MetaID(ctx, n, m.AccountID, id)
		if err != nil {
			return nil, err
		}
		if ids == nil {
			ids = map[wa.MediaID]string{}
		}
		ids[id] = metaID
	}
	return ids, nil
}

// notReady says what an error before the send means: nothing has gone out.
func (o *Outbox) notReady(ctx context.Context, n wa.Number, m wa.Message, err error) wa.Outcome {
	outcome := wa.Outcome{Kind: wa.OutcomeLater, After: localRetry, Failure: wa.Failure{Title: err.Error()}}
	if refused, ok := errors.AsType[*wa.OutcomeError](err); ok {
		outcome = refused.Outcome
		if refused.Err != nil {
			o.Logger.LogAttrs(ctx, slog.LevelError, "media broken", slog.String("message_id", string(m.ID)), slog.Any("err", refused.Err))
		}
	}
	if outcome.Kind == wa.OutcomeUnknown || outcome.Kind == wa.OutcomeSent {
		// Of an upload that may or may not have happened: it does no harm twice.
		outcome.Kind, outcome.After = wa.OutcomeLater, localRetry
	}
	outcome = o.count(ctx, m, o.pause(ctx, n, m, outcome))
	if outcome.Kind == wa.OutcomeLater {
		// Claims that led to no attempt: the store counts them, so a restart does
		// not begin with short waits again.
		claims := m.Claim - m.Attempt
		outcome.After = max(outcome.After, work.Backoff(claims, localRetry, longestRetry))
	}
	return outcome
}

// review acts on what an outcome says beyond this one message.
func (o *Outbox) review(ctx context.Context, n wa.Number, m wa.Message, outcome wa.Outcome) wa.Outcome {
	for _, id := range wa.StoredMediaOf(m.Content) {
		if !outcome.MediaGone {
			break
		}
		// Meta does not say which one it is.
		if err := o.Media.Forget(ctx, n, m.AccountID, id); err != nil {
			o.Logger.LogAttrs(ctx, slog.LevelWarn, "upload kept", slog.String("message_id", string(m.ID)), slog.Any("err", err))
		}
	}
	return o.count(ctx, m, o.pause(ctx, n, m, outcome))
}

// count makes a refusal of an answer that a message got too often. One that the
// store cannot count does not end a message.
func (o *Outbox) count(ctx context.Context, m wa.Message, outcome wa.Outcome) wa.Outcome {
	if outcome.Kind != wa.OutcomeLater || outcome.Tries == 0 {
		return outcome
	}
	got, err := o.Store.CountRefusal(ctx, m)
	if err != nil {
		o.Logger.LogAttrs(ctx, slog.LevelWarn, "refusal not counted", slog.String("message_id", string(m.ID)), slog.Any("err", err))
		return outcome
	}
	if got >= outcome.Tries {
		outcome.Kind, outcome.After = wa.OutcomeRejected, 0
	}
	return outcome
}

// pause holds a number back whose token Meta refuses. A new token frees the
// messages that wait, but not one that was under way with the old one: that is
// seen here.
func (o *Outbox) pause(ctx context.Context, n wa.Number, m wa.Message, outcome wa.Outcome) wa.Outcome {
	if outcome.Kind != wa.OutcomeMisconfigured {
		return outcome
	}
	o.pauses.pause(n, outcome.After)
	if src, err := o.Sources.Source(ctx, m.AccountID, m.SourceID); err == nil && src.Number.Token != n.Token {
		outcome.After = 0
	}
	return outcome
}
