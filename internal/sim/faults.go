package sim

import (
	"errors"
	"net/http"
	"strings"

	"github.com/waypost/waypost/internal/sim/draw"
	"github.com/waypost/waypost/internal/sim/fault"
	"github.com/waypost/waypost/internal/sim/ledger"
	"github.com/waypost/waypost/internal/sim/limit"
	"github.com/waypost/waypost/internal/sim/message"
	"github.com/waypost/waypost/internal/sim/rule"
)

// defaultThroughput is how many messages a second a number may send and receive unless it was raised.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/throughput (read 2026-09)
const defaultThroughput = 80

// count counts a message between a number and a user and returns the how manyth it is, and the key of its chance.
func (s *Sim) count(numberID, peer, direction string) (nth int, key draw.Key) {
	key = s.seed.Text(numberID).Text(peer).Text(direction)
	nth = s.counter.Next(key)
	return nth, key.Int(nth)
}

// sendCall is a send as the faults see it. It counts.
func (s *Sim) sendCall(from Number, q *message.Request) fault.Call {
	peer := q.To
	if q.RecipientType != message.RecipientGroup {
		peer = rule.PlainPhone(q.To)
	}
	c := fault.Call{On: fault.OnSend, NumberID: from.ID, Peer: peer, Types: []string{q.Type}, At: s.now()}
	c.Nth, c.Key = s.count(from.ID, peer, ledger.Out)
	return c
}

// overLimit counts a send and says whether it is one too many.
func (s *Sim) overLimit(from Number, c fault.Call, group bool) error {
	broken, refusal := "", 0
	switch pair := s.seed.Text(from.ID).Text(c.Peer); {
	case !s.throughput.Take(from.ID, limit.PerSecond(int(s.perSecond.Load())), c.At):
		broken, refusal = ledger.RuleThroughput, rule.CodeThroughput
	case !group && !s.pairs.Take(pair, c.At):
		broken, refusal = ledger.RulePair, rule.CodePairRate
	default:
		return nil
	}
	enforced := s.EnforcesLimits()
	detail := "counted, and not refused"
	if enforced {
		detail = "refused"
	}
	s.violate(ledger.Violation{Rule: broken, NumberID: from.ID, Peer: c.Peer, Detail: detail})
	if !enforced {
		return nil
	}
	code, _ := fault.Find(refusal)
	return noted{code.Refusal("the simulator counted more messages than the limit allows; GET /_sim/limits shows it")}
}

// EnforcesLimits says whether sends beyond the limits are refused; they are counted in any case.
func (s *Sim) EnforcesLimits() bool {
	if forced := s.enforce.Load(); forced != nil {
		return *forced
	}
	return s.faults.Profile().EnforceLimits
}

// EnforceLimits says whether sends beyond the limits are refused; nil leaves that to the profile.
func (s *Sim) EnforceLimits(enforce *bool) { s.enforce.Store(enforce) }

// SetThroughput changes how many messages a second every number may send and receive.
func (s *Sim) SetThroughput(perSecond int) error {
	if perSecond < 1 || perSecond > 1_000_000 {
		return errors.New("throughput: give 1 to 1000000 messages a second")
	}
	s.perSecond.Store(int64(perSecond))
	return nil
}

// SetProfile changes the profile of faults: calm, real or mean.
func (s *Sim) SetProfile(name string) error {
	p, err := fault.Named(name)
	if err != nil {
		return err //nolint:wrapcheck // it says it all
	}
	s.faults.SetProfile(p)
	return nil
}

// ReadFaults reads a script of faults: a list of rules, as PUT /_sim/faults takes it.
func ReadFaults(data []byte) ([]Fault, error) { return fault.Read(data) }

// SetFaults replaces the script, whose rules come before those of the profile.
func (s *Sim) SetFaults(rules []fault.Rule) error {
	return s.faults.SetScript(rules) //nolint:wrapcheck // it names the rule
}

// noted is a refusal that is in the ledger already.
type noted struct{ error }

func (n noted) Unwrap() error { return n.error }

// breach is a refusal that breaks a rule with a name of its own.
type breach struct {
	error
	rule string
}

func (b breach) Unwrap() error { return b.error }

// violate records that a client broke a rule. It may be called with the lock held.
func (s *Sim) violate(v ledger.Violation) {
	v.At = s.now()
	s.ledger.AddViolation(v)
}

// blame records what a client did that Meta refuses, unless it is recorded already.
func (s *Sim) blame(err error, numberID, peer string) {
	var refused *rule.Error
	var seen noted
	if !errors.As(err, &refused) || errors.As(err, &seen) {
		return
	}
	broken := ledger.RuleInvalid
	var named breach
	switch {
	case errors.As(err, &named):
		broken = named.rule
	case refused.Code == rule.CodeToken:
		broken = ledger.RuleToken
	case strings.Contains(refused.Message, "Unexpected key"):
		broken = ledger.RuleUnknown
	}
	detail := refused.Message
	if refused.Details != "" {
		detail += ": " + refused.Details
	}
	s.violate(ledger.Violation{Rule: broken, NumberID: numberID, Peer: peer, Detail: detail})
}

// serveFaulty serves a request of the Graph face and does to it what is to be done. A send looks after itself, because its
// recipient has a say in it.
func (s *Sim) serveFaulty(w http.ResponseWriter, r *http.Request, serve func(http.ResponseWriter) error) error {
	isPost := r.Method == http.MethodPost
	if isPost && strings.HasSuffix(r.URL.Path, "/messages") {
		return serve(w)
	}
	c := fault.Call{On: fault.OnGraph, NumberID: r.PathValue("object"), At: s.now()}
	if isPost && strings.HasSuffix(r.URL.Path, "/media") {
		c.On = fault.OnUpload
	}
	key := s.seed.Text(c.On)
	c.Key = key.Int(s.counter.Next(key))
	act := s.faults.Of(c)
	switch act.Do {
	case "", fault.Pause:
		return serve(w)
	case fault.Refuse:
		return fault.Break(w, r, act, fault.Answer{})
	case fault.Error:
		return noted{act.Code.Refusal("the simulator was told to refuse this: " + act.Name)}
	}
	kept := fault.NewKept(w.Header())
	if err := serve(kept); err != nil {
		s.answerGraphError(kept, r, err)
	}
	return fault.Break(w, r, act, kept.Answer())
}
