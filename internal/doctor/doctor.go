// Package doctor owns the examination of one number: whether everything between a
// customer's phone and this gateway is as it must be, and if not, what is wrong,
// whose part it is, and what mends it.
//
// It never changes anything, here or at Meta, but for two empty callbacks that it
// posts to the gateway as Meta would; and it never shows a secret, but for the verify
// token to Gateway. An address that Meta has is anybody's.
//
// It stands beside the stages, for the command line: the calls to Meta and the HTTP
// clients are handed in.
package doctor

import (
	"context"
	"net/http"
	"time"

	"github.com/waypost/waypost/internal/wa"
)

// State is what a check found.
type State string

// The states.
const (
	OK   State = "ok"
	Warn State = "warn"
	Fail State = "fail"
)

// Whose is whose part it is to mend something.
type Whose string

// The parts.
const (
	Yours   Whose = "you"
	Metas   Whose = "Meta"
	Network Whose = "the network"
)

// Finding is the result of one check.
type Finding struct {
	// Check is its name, such as "access token".
	Check string `json:"check"`
	State State  `json:"state"`
	// What was found, in a sentence.
	What string `json:"what"`
	// Whose part it is to mend it; "" if nothing is wrong.
	Whose Whose `json:"whose,omitempty"`
	// Do is the command or page that mends it.
	Do string `json:"do,omitempty"`
}

// Meta is the calls that are made. Their errors are [*wa.OutcomeError]s.
type Meta interface {
	NumberNode(context.Context, wa.Number) (wa.NumberNode, error)
	NumbersOf(context.Context, wa.Number) ([]wa.NumberNode, error)
	NumberHealth(context.Context, wa.Number) (wa.Health, error)
	Subscriptions(context.Context, wa.Number) ([]wa.Subscription, error)
	TokenInfo(context.Context, wa.Number) (wa.TokenInfo, error)
	CheckAppSecret(context.Context, wa.Number) (bool, error)
}

// Records is what the gateway has kept.
type Records interface {
	// TemplateSync returns the job that keeps the templates in step; CodeNotFound.
	TemplateSync(ctx context.Context, account wa.AccountID, wabaID string) (wa.TemplateSync, error)
	// LastCallback returns when Meta last called back about a number; the zero time
	// if never.
	LastCallback(ctx context.Context, account wa.AccountID, numberID string) (time.Time, error)
	// Number returns what is known of a number; CodeNotFound.
	Number(ctx context.Context, account wa.AccountID, numberID string) (wa.NumberState, error)
}

// Options says what a [Doctor] works with. All but Now must be set.
type Options struct {
	Meta    Meta
	Records Records
	// Gateway is the address of the gateway's own callback face; "" if it is not
	// known.
	Gateway string
	// Local calls Gateway, Guarded any address that Meta has.
	Local, Guarded *http.Client
	// VerifyToken is the gateway's own.
	VerifyToken wa.Secret
	// Refresh is how often templates are listed.
	Refresh time.Duration
	// Account is the name that commands take.
	Account string
	// Now is the clock; nil is time.Now.
	Now func() time.Time
}

// Doctor examines numbers.
type Doctor struct{ Options }

// New returns a doctor.
func New(o Options) *Doctor {
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Doctor{o}
}

// visit is one examination.
type visit struct {
	*Doctor
	src      wa.Source
	node     wa.NumberNode
	token    *wa.TokenInfo
	findings []Finding
}

// Examine makes all checks of a source's number that can be made. What hangs on a
// check that failed is left out.
func (d *Doctor) Examine(ctx context.Context, src wa.Source) []Finding {
	v := &visit{Doctor: d, src: src}
	if v.reached(ctx) {
		v.permissions(ctx)
		v.belongs(ctx)
		v.number()
		v.health(ctx)
		v.subscription(ctx)
		v.clock()
	}
	v.callbacks(ctx)
	v.kept(ctx)
	return v.findings
}

func (v *visit) ok(check, what string) {
	v.findings = append(v.findings, Finding{Check: check, State: OK, What: what})
}

func (v *visit) warn(check, what string, whose Whose, do string) {
	v.findings = append(v.findings, Finding{check, Warn, what, whose, do})
}

func (v *visit) fail(check, what string, whose Whose, do string) {
	v.findings = append(v.findings, Finding{check, Fail, what, whose, do})
}

// command is a command about this number.
func (v *visit) command(words string) string {
	return "waypost " + words + " --account " + quoted(v.Account) + " --source " + quoted(string(v.src.ID))
}

// Worst returns the worst state of findings.
func Worst(all []Finding) State {
	worst := OK
	for _, f := range all {
		switch f.State {
		case Fail:
			return Fail
		case Warn:
			worst = Warn
		case OK:
		}
	}
	return worst
}
