// Package outbox owns the way out: it takes accepted messages from the store,
// hands each to Meta at most once at a time, and records what became of it.
//
// It never accepts a message, never knows Meta's JSON, and never sends again what
// may have been sent, unless a policy or a person says so (resolve.go).
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
// uncertain: then a status that carries the attempt's tag settles it, or Meta's
// list of messages, or, once no status can be on its way any more, the policy of
// the source.
//
// A media that cannot be brought to Meta is tried again with growing waits: for
// ever if the fault may pass, and only so often if Meta refuses the media
// itself, or if its link gives nothing. Both counts are in the store, so that they outlast a restart.
package outbox

import (
	"context"
	"errors"
	"log/slog"
	"runtime/debug"
	"strconv"
	"sync"
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

// Sources finds the number and credentials of a message.
type Sources interface {
	Source(context.Context, wa.AccountID, wa.SourceID) (wa.Source, error)
	SourcesByNumber(ctx context.Context, numberID string) ([]wa.Source, error)
}

// Numbers finds what is known of a number.
type Numbers interface {
	Number(ctx context.Context, account wa.AccountID, numberID string) (wa.NumberState, error)
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
	// PassLinks leaves it to Meta to fetch what links name.
	PassLinks bool
	// Doubts is what is done about uncertain messages; nil: nothing, they wait for
	// a status.
	Doubts store.Doubts
	// History is Meta's list of messages; nil: it is not asked for.
	History History
	// IntakeSince returns since when callbacks are taken in without a gap. Without
	// it no policy acts, because a status may have been missed.
	IntakeSince func() time.Time
	// UncertainAfter is how long a status of an uncertain message is waited for; 0
	// is two minutes.
	UncertainAfter time.Duration
	// Numbers tells how fast numbers may be and whose they are; without it all are as
	// Meta's usual ones are, unless their sources say otherwise, and everybody's who
	// has a source with them.
	Numbers Numbers
	// Meaning says what an error code of Meta's is; "" if it is not known. Nil: none
	// is.
	Meaning func(code int) string
	// Width is how many messages are sent at a time; 0 is 64.
	Width int
	// Now is the clock; nil is time.Now.
	Now func() time.Time
}

// Outbox sends messages.
type Outbox struct {
	Options
	schedule *scheduler
	poll     time.Duration
	stopping <-chan struct{} // closed when Run is to end; nil before it
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
	// settleTries is how often it is tried at least to record an outcome, over about
	// six minutes.
	settleTries = 10
	// unreadFor is how late to look again when a source cannot be read.
	unreadFor = time.Minute
)

// New makes an outbox.
func New(o Options) *Outbox {
	if o.Width == 0 {
		o.Width = defaultWidth
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.UncertainAfter == 0 {
		o.UncertainAfter = uncertainAfter
	}
	out := &Outbox{Options: o, poll: poll}
	out.schedule = newScheduler(out)
	return out
}

// Recover takes over from the last process; call it once, before Run.
func (o *Outbox) Recover(ctx context.Context) error {
	freed, uncertain, err := o.Store.RecoverMessages(ctx, o.Wire.Left)
	if err == nil {
		// Only now: until the store knows, the marks are all there is.
		err = o.Wire.Reset()
	}
	if err == nil {
		err = o.schedule.remember(ctx)
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

// Came counts messages that came in to a number, by the accounts that got them: Meta
// counts them like those that go out.
func (o *Outbox) Came(numberID string, messages map[wa.AccountID]int) {
	o.schedule.came(numberID, messages)
}

// Run sends until ctx ends, and returns once the sends in flight are settled.
// Beside it uncertain messages are settled.
func (o *Outbox) Run(ctx context.Context) {
	o.stopping = ctx.Done()
	var resolving sync.WaitGroup
	resolving.Go(func() { o.resolve(ctx) })
	defer resolving.Wait()
	resolving.Go(func() { o.schedule.listen(ctx) })
	work.Loop[*ticket]{
		Name: "outbox", Poll: o.poll, Next: o.schedule.idle, Width: o.Width, Wake: o.schedule.ping, Logger: o.Logger,
		Claim: o.schedule.claim,
		// The store gives out one message at a time to each recipient of a
		// number; one that was put off for long may come beside it.
		Lane: func(t *ticket) string {
			return string(t.AccountID) + "/" + t.NumberID + "/" + strconv.FormatBool(t.Category.Urgent()) + "/" + t.Person
		},
		Do: o.send,
	}.Run(ctx)
}

func (o *Outbox) send(ctx context.Context, t *ticket) {
	defer o.schedule.end(t)
	start := o.Now()
	leaving := departure{wire: o.Wire}
	m, outcome, err := o.attempt(ctx, t, &leaving)
	if errors.Is(err, errGivenBack) {
		return
	}
	if err == nil {
		err = o.settle(ctx, m, outcome)
	}
	if err == nil {
		leaving.settled()
	}
	o.Logger.LogAttrs(ctx, levelOf(outcome, err), "send attempted",
		slog.String("message_id", string(m.ID)), slog.String("number_id", m.NumberID), slog.Int("attempt", m.Attempt),
		slog.String("outcome", string(outcome.Kind)), slog.Int("code", outcome.Failure.Code), slog.String("title", outcome.Failure.Title),
		slog.Bool("unlisted", outcome.Unlisted), slog.String("held", outcome.Held), slog.String("trace", outcome.Trace),
		slog.Duration("after", outcome.After), slog.Int64("duration_ms", o.Now().Sub(start).Milliseconds()), slog.Any("err", err))
}

// levelOf says who should hear of an attempt: a number that cannot send wakes
// somebody, and so does a code that nobody has heard of; an uncertain message
// will be missed soon.
func levelOf(outcome wa.Outcome, err error) slog.Level {
	switch {
	case err != nil || outcome.Kind == wa.OutcomeMisconfigured || outcome.Unlisted:
		return slog.LevelError
	case outcome.Kind == wa.OutcomeUnknown:
		return slog.LevelWarn
	}
	return slog.LevelInfo
}

// settle records an outcome. A store that cannot be written for a while, such
// as on a full disk, is waited for, however long: nobody else knows the outcome.
// Only a gateway that is to stop gives up, and leaves it to the next start.
func (o *Outbox) settle(ctx context.Context, m wa.Message, outcome wa.Outcome) error {
	stopping := o.stopping
	for try := 1; ; try++ {
		err := o.Store.SettleMessage(ctx, m, outcome)
		if err == nil || errors.Is(err, store.ErrLeaseLost) {
			return err
		}
		// Of another error than that it is not time alone that mends it.
		forever := stopping != nil && wa.CodeOf(err) == wa.CodeUnavailable
		if try >= settleTries && !forever {
			return err
		}
		o.Logger.LogAttrs(ctx, slog.LevelWarn, "outcome not kept", slog.String("message_id", string(m.ID)),
			slog.Int("try", try), slog.Any("err", err))
		select {
		case <-time.After(work.Backoff(try, localRetry, time.Minute)):
		case <-stopping:
			stopping = nil
		case <-ctx.Done():
			return err
		}
	}
}

// hand gives an attempt that was begun to the sender, when it is its turn, and says
// what became of it. One that breaks off may have been sent.
func (o *Outbox) hand(ctx context.Context, t *ticket, n wa.Number, d wa.Dispatch) (outcome wa.Outcome) {
	defer func() {
		if p := recover(); p != nil {
			o.Logger.LogAttrs(ctx, slog.LevelError, "sender panicked", slog.String("message_id", string(d.Message.ID)),
				slog.String("panic", wa.PanicText(p)), slog.String("stack", string(debug.Stack())))
			if outcome.Kind == "" {
				outcome = wa.Outcome{Kind: wa.OutcomeUnknown, Failure: wa.Failure{Title: "the attempt broke off"}}
			}
		}
	}()
	if found, blocked := o.schedule.depart(ctx, t, n); blocked {
		return found.outcome(o.Now())
	}
	outcome = o.Sender.Send(ctx, n, d)
	o.forget(ctx, n, d, outcome)
	return o.review(ctx, t, n, outcome)
}

// attempt brings a message to Meta. An error means that nothing is to be
// settled: the message is another's now, or given back, or the store does not
// answer.
func (o *Outbox) attempt(ctx context.Context, t *ticket, leaving *departure) (wa.Message, wa.Outcome, error) {
	m := t.Message
	if m.Expired(o.Now()) {
		return m, wa.Outcome{Kind: wa.OutcomeExpired}, nil
	}
	src, err := o.Sources.Source(ctx, m.AccountID, m.SourceID)
	if wa.CodeOf(err) == wa.CodeNotFound {
		return m, sourceGone(), nil
	}
	if err != nil {
		return m, o.unread(ctx, m, err), nil
	}
	if src.Number.ID != m.NumberID {
		// The source was made again under its old id, with a number that the
		// message was not accepted for.
		return m, sourceGone(), nil
	}
	d, m, err := o.prepare(ctx, t, src.Number)
	if err != nil {
		return m, o.notReady(ctx, t, src.Number, err), nil
	}
	// As late as can be: the upload may have taken a while.
	rule, err := o.forbidden(ctx, m, src)
	if err != nil {
		return m, o.notReady(ctx, t, src.Number, err), nil
	}
	if rule != "" {
		return m, notAllowed(rule), nil
	}
	if found, blocked := o.schedule.check(t, src.Number); blocked {
		o.schedule.giveBack(ctx, putOff(m, found.until))
		return m, wa.Outcome{}, errGivenBack
	}
	if m.Expired(o.Now()) { // meanwhile
		return m, wa.Outcome{Kind: wa.OutcomeExpired}, nil
	}
	begun, err := o.Store.BeginMessage(ctx, m)
	if errors.Is(err, store.ErrLeaseLost) {
		return m, wa.Outcome{}, err
	}
	if err != nil {
		// Whether it was begun or not: nothing was sent.
		return m, o.unread(ctx, m, err), nil
	}
	d.Message, d.Tag = begun, o.Tagger.Tag(m.ID, begun.Attempt)
	d.OnWire = func() { leaving.mark(begun) }
	return begun, o.hand(ctx, t, src.Number, d), nil
}

// unread says what an error of the store before the attempt means: the message is
// looked at again soon, and not when its lease is over.
func (o *Outbox) unread(ctx context.Context, m wa.Message, err error) wa.Outcome {
	o.Logger.LogAttrs(ctx, slog.LevelError, "attempt not begun", slog.String("message_id", string(m.ID)), slog.Any("err", err))
	return wa.Outcome{
		Kind: wa.OutcomeLater, After: work.Backoff(m.Claim-m.Attempt, localRetry, unreadFor),
		Failure: wa.Failure{Title: "it could not be read what it takes to send"},
	}
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

// notReady says what an error before the send means: nothing has gone out.
func (o *Outbox) notReady(ctx context.Context, t *ticket, n wa.Number, err error) wa.Outcome {
	m := t.Message
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
	outcome = o.review(ctx, t, n, outcome)
	if outcome.Kind == wa.OutcomeLater && outcome.Scope == wa.ScopeMessage {
		// Claims that led to no attempt: the store counts them, so a restart does
		// not begin with short waits again.
		claims := m.Claim - m.Attempt
		outcome.After = max(outcome.After, work.Backoff(claims, localRetry, longestRetry))
	}
	return outcome
}

// review acts on what an outcome says beyond this one message.
func (o *Outbox) review(ctx context.Context, t *ticket, n wa.Number, outcome wa.Outcome) wa.Outcome {
	return o.count(ctx, t.Message, o.renewed(ctx, n, t.Message, o.schedule.answered(t, n, outcome)))
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

// renewed lets a message go at once whose number has another token by now. A new
// token frees the messages that wait, but not one that was under way with the old
// one.
func (o *Outbox) renewed(ctx context.Context, n wa.Number, m wa.Message, outcome wa.Outcome) wa.Outcome {
	if outcome.Kind != wa.OutcomeMisconfigured {
		return outcome
	}
	if src, err := o.Sources.Source(ctx, m.AccountID, m.SourceID); err == nil && src.Number.Token != n.Token {
		outcome.After = 0
	}
	return outcome
}
