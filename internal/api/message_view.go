package api

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/waypost/waypost/internal/wa"
)

// Message is a message with all that is known of it but what it says.
type Message struct {
	ID           wa.MessageID `json:"id" doc:"What the send returned"`
	Source       wa.SourceID  `json:"source"`
	NumberID     string       `json:"phone_number_id"`
	To           string       `json:"to" doc:"A phone number in digits, a group id or a business-scoped user id"`
	Category     wa.Category  `json:"category,omitempty" doc:"authentication, utility, marketing or service"`
	Status       wa.Status    `json:"status" doc:"How far it has come" example:"delivered"`
	WAMID        string       `json:"wamid,omitempty" doc:"Meta's id"`
	Duplicated   bool         `json:"duplicated" doc:"Meta is known to have taken it twice"`
	AcceptedAt   time.Time    `json:"accepted_at"`
	DispatchedAt *time.Time   `json:"dispatched_at,omitempty" doc:"When the last attempt was begun"`
	Uncertain    *Uncertain   `json:"uncertain,omitempty"`
	Attempts     []Attempt    `json:"attempts"`
	Events       []StatusLine `json:"events"`
}

// Uncertain is why a message is uncertain and what will be done about it.
type Uncertain struct {
	Since    time.Time `json:"since"`
	Why      string    `json:"why"`
	Policy   wa.Policy `json:"policy" doc:"hold, resend or fail"`
	Deadline time.Time `json:"deadline" doc:"Until when a status is waited for"`
	Waits    wa.Wait   `json:"waits_for,omitempty" doc:"What keeps the policy from acting: intake, deadline, stream or callbacks"`
	Next     string    `json:"next" doc:"What happens next, in words"`
	Look     time.Time `json:"next_look"`
}

// Attempt is one attempt to send a message.
type Attempt struct {
	Number  int            `json:"attempt"`
	Began   time.Time      `json:"began"`
	Ended   *time.Time     `json:"ended,omitempty"`
	Outcome wa.OutcomeKind `json:"outcome,omitempty"`
	Failure *wa.Failure    `json:"failure,omitempty"`
	Trace   string         `json:"trace,omitempty" doc:"Meta's fbtrace_id"`
	WAMID   string         `json:"wamid,omitempty"`
	Held    string         `json:"message_status,omitempty" doc:"Meta took it and has not sent it yet: held_for_quality_assessment or paused"`
}

// StatusLine is one status of a message, with all that it says.
type StatusLine struct {
	At      time.Time  `json:"at" doc:"When the gateway learned of it"`
	Status  wa.Status  `json:"status"`
	By      string     `json:"by" doc:"meta, gateway, policy, history or operator"`
	MetaAt  *time.Time `json:"meta_at,omitempty" doc:"When it was so, as Meta says"`
	Attempt int        `json:"attempt,omitempty"`
	Copy    bool       `json:"copy,omitempty" doc:"Of another copy of the message"`
	WAMID   string     `json:"wamid,omitempty"`

	Recipient    string        `json:"recipient,omitempty" doc:"Who Meta says it went to"`
	Participant  string        `json:"participant,omitempty" doc:"The member of a group that it is about"`
	Person       *wa.PersonIDs `json:"person,omitempty" doc:"All ids that Meta says of the recipient, or of the participant"`
	IdentityHash string        `json:"identity_hash,omitempty" doc:"Of the recipient's keys"`

	Failure  *wa.Failure  `json:"failure,omitempty" doc:"Why it failed: Meta's first error"`
	Failures []wa.Failure `json:"failures,omitempty" doc:"Meta's errors beside the first"`
	Conflict bool         `json:"conflict,omitempty" doc:"It contradicts another: failed and delivered"`

	Conversation *wa.Conversation `json:"conversation,omitempty"`
	Pricing      *wa.Pricing      `json:"pricing,omitempty" doc:"What Meta charges the message as"`
	Rest         json.RawMessage  `json:"rest,omitempty" doc:"What else Meta wrote, as it wrote it"`
}

// MessageOf makes a message presentable, without its attempts and events.
func MessageOf(m wa.Message) Message {
	return Message{
		ID: m.ID, Source: m.SourceID, NumberID: m.NumberID, To: m.Recipient.ID, Category: m.Category, Status: m.Status, WAMID: m.WAMID,
		Duplicated: m.Duplicated, AcceptedAt: m.AcceptedAt.UTC(), DispatchedAt: moment(m.DispatchedAt), Attempts: []Attempt{},
		Events: []StatusLine{},
	}
}

// AttemptOf makes an attempt presentable.
func AttemptOf(t wa.Attempt) Attempt {
	v := Attempt{
		Number: t.Number, Began: t.BeganAt.UTC(), Ended: moment(t.EndedAt), Outcome: t.Outcome, Trace: t.Trace, WAMID: t.WAMID, Held: t.Held,
	}
	if t.Failure != (wa.Failure{}) {
		v.Failure = &t.Failure
	}
	return v
}

func statusLine(e wa.Event) StatusLine {
	r := e.Status
	v := StatusLine{
		At: e.At.UTC(), Status: r.Status, By: string(r.By), Attempt: r.Attempt, Copy: r.Copy, WAMID: r.WAMID,
		Recipient: r.Recipient, Participant: r.Participant, IdentityHash: r.IdentityHash,
		Failure: r.Failure, Failures: r.Failures, Conflict: r.Conflict,
		Conversation: r.Conversation, Pricing: r.Pricing, Rest: r.Rest,
	}
	if r.By == "" {
		v.By, v.MetaAt = "meta", moment(r.At)
	}
	if r.Person != (wa.PersonIDs{}) {
		v.Person = &r.Person
	}
	return v
}

// Timeline is where messages and what became of them are kept.
type Timeline interface {
	Source(context.Context, wa.AccountID, wa.SourceID) (wa.Source, error)
	StatusStream(ctx context.Context, account wa.AccountID, numberID string) (wa.Stream, error)
	Doubt(context.Context, wa.AccountID, wa.MessageID) (wa.Doubt, error)
	Attempts(context.Context, wa.AccountID, wa.MessageID) ([]wa.Attempt, error)
	Events(context.Context, wa.AccountID, wa.MessageID) ([]wa.Event, error)
}

// Narrator tells what became of messages.
type Narrator struct {
	Kept Timeline
	// Patience is how long a status of an uncertain message is waited for.
	Patience time.Duration
	Now      func() time.Time
}

// Message returns a message with its attempts and events; wa.CodeNotFound, also for
// one of another account.
func (n Narrator) Message(ctx context.Context, account wa.AccountID, id wa.MessageID) (Message, error) {
	d, err := n.Kept.Doubt(ctx, account, id)
	if err != nil {
		return Message{}, err
	}
	v := MessageOf(d.Message)
	if d.Message.Status == wa.StatusUncertain {
		if v.Uncertain, err = n.Explain(ctx, d); err != nil {
			return v, err
		}
	}
	attempts, err := n.Kept.Attempts(ctx, account, id)
	if err != nil {
		return v, err
	}
	for _, t := range attempts {
		v.Attempts = append(v.Attempts, AttemptOf(t))
	}
	events, err := n.Kept.Events(ctx, account, id)
	if err != nil {
		return v, err
	}
	for _, e := range events {
		if e.Status != nil {
			v.Events = append(v.Events, statusLine(e))
		}
	}
	return v, nil
}

// Explain says why a message is uncertain and what will be done about it.
func (n Narrator) Explain(ctx context.Context, d wa.Doubt) (*Uncertain, error) {
	m := d.Message
	stream, err := n.Kept.StatusStream(ctx, m.AccountID, m.NumberID)
	if err != nil {
		return nil, err
	}
	policy := wa.PolicyHold
	src, err := n.Kept.Source(ctx, m.AccountID, m.SourceID)
	switch {
	case err == nil:
		policy = src.PolicyFor(m.Category)
	case wa.CodeOf(err) != wa.CodeNotFound:
		return nil, err
	}
	now := n.Now()
	v := &Uncertain{
		Since: cmp.Or(d.Attempt.EndedAt, d.Attempt.BeganAt).UTC(), Why: Why(d.Attempt.Failure), Policy: policy,
		Deadline: d.Deadline(stream, n.Patience).UTC(), Waits: d.Wait(stream, n.Patience, now), Look: d.LookAt.UTC(),
	}
	v.Next = next(d, stream, *v, now)
	return v, nil
}

// Why says in one line why an attempt came to what it did.
func Why(f wa.Failure) string {
	code := ""
	if f.Code != 0 {
		code = strconv.Itoa(f.Code)
	}
	parts := slices.DeleteFunc([]string{code, f.Title, f.Details}, func(s string) bool { return s == "" })
	return strings.Join(parts, ", ")
}

// next says what happens next to an uncertain message.
func next(d wa.Doubt, s wa.Stream, v Uncertain, now time.Time) string {
	gap := ""
	if s.IntakeSince.After(d.Message.DispatchedAt) {
		gap = "; callbacks could not be taken in before " + stamp(s.IntakeSince)
	}
	switch v.Waits {
	case wa.WaitIntake:
		return "waits for the gateway to run, which takes in statuses"
	case wa.WaitDeadline:
		return "waits for a status until " + stamp(v.Deadline) + gap
	case wa.WaitStream:
		return "waits for a status of anything that the number sent later: until then the statuses may be held up" + gap
	case wa.WaitCallbacks:
		return "waits for a callback to be applied that came in time"
	case wa.WaitNothing:
	}
	allowed := d.Allowed(v.Policy, now)
	switch {
	case allowed == wa.PolicyResend:
		return "will be sent again"
	case allowed == wa.PolicyFail:
		return "will be given up"
	case v.Policy == wa.PolicyResend && d.Unanswered >= wa.MaxUnanswered:
		return "held, because it was sent often enough: it waits for a status or a person"
	case v.Policy == wa.PolicyResend:
		return "held, because the time to send it is over: it waits for a status or a person"
	}
	return "held by the policy: it waits for a status or a person"
}

// stamp writes a time for people, in UTC.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }
