package fault

import (
	"encoding/json"
	"time"

	"github.com/waypost/waypost/internal/wa"
)

// Class is what the gateway does about a code of Meta's.
type Class string

// The classes.
const (
	// Never: the same request would be refused again, so the message fails.
	Never Class = "never"
	// Later: the message is sent again soon, with growing waits.
	Later Class = "later"
	// Wait: the same with waits of the code's own.
	Wait Class = "wait"
	// PauseNumber: nothing of the number is sent until the wait is over.
	PauseNumber Class = "pause_number"
	// PauseAccount: nothing of the WhatsApp Business Account is sent until the wait
	// is over.
	PauseAccount Class = "pause_account"
	// Configuration: a person has to act at Meta. Where the code holds for a
	// number or an account, its messages wait and one looks from time to time
	// whether it is mended; where it holds for the message alone, that one fails.
	Configuration Class = "configuration"
	// Uncertain: Meta itself failed. With an HTTP status from 500 on the message
	// may have been taken, so it is not sent again; with another one it is sent
	// again soon.
	Uncertain Class = "uncertain"
)

// Area is where a code can be met.
type Area string

// The areas. A message meets the codes of the first alone, in the answer to its
// send or in a status; the others are there to be explained.
const (
	Message      Area = "message"
	Group        Area = "group"        // calls that manage groups
	Calling      Area = "calling"      // calls by voice
	Registration Area = "registration" // of a number
	Flow         Area = "flow"         // calls that manage flows
	Management   Area = "management"   // templates, blocks, accounts, lists
	Username     Area = "username"     // of a business
	Inbound      Area = "inbound"      // in a message from a person
)

// Party is who can change what a code complains about.
type Party string

// The parties.
const (
	Sender    Party = "sender" // the API's client, with its message
	Operator  Party = "operator"
	Meta      Party = "meta"
	Recipient Party = "recipient"
)

// Delay grows by the factor from try to try, up to most.
type Delay struct {
	First  time.Duration
	Factor int
	Most   time.Duration
}

// After returns the wait after the try-th answer, from 1.
func (d Delay) After(try int) time.Duration {
	w := d.First
	for range try - 1 {
		if w *= time.Duration(d.Factor); w >= d.Most {
			return d.Most
		}
	}
	return w
}

// MarshalJSON writes the waits in seconds, and null if there is none.
func (d Delay) MarshalJSON() ([]byte, error) {
	if d == (Delay{}) {
		return []byte("null"), nil
	}
	return json.Marshal(struct {
		First  float64 `json:"first_seconds"`
		Factor int     `json:"factor"`
		Most   float64 `json:"most_seconds"`
	}{d.First.Seconds(), d.Factor, d.Most.Seconds()})
}

// MetaCode says what an error code of Meta's is and comes to.
type MetaCode struct {
	Code int `json:"code"`
	// Last is the end of a range of codes that mean the same; 0 for one alone.
	Last  int   `json:"last,omitempty"`
	Area  Area  `json:"area"`
	Class Class `json:"class"`
	// Outcome is what becomes of a message that is refused with it: rejected,
	// later or misconfigured.
	Outcome wa.OutcomeKind `json:"outcome"`
	// Wait is how long it waits for the next attempt.
	Wait Delay `json:"wait"`
	// Tries is with how many answers of this kind a message is refused; 0 for no
	// limit.
	Tries int `json:"tries,omitempty"`
	// Scope is what else waits.
	Scope wa.Scope `json:"scope,omitempty"`
	// Slowed: it came too fast, which does not count as an attempt.
	Slowed bool `json:"slowed,omitempty"`
	// VendorCode is the WaAPI's code, which stands at the beginning of
	// status_remark if the message fails.
	VendorCode string `json:"vendor_code"`
	// Meaning is what it is, Remedy what a person can do.
	Meaning string `json:"meaning"`
	Remedy  string `json:"remedy"`
	// Whose is who has to do it.
	Whose Party `json:"whose"`
	// Page is where Meta tells of it.
	Page string `json:"page"`
}

// Covers reports whether the row is about the code.
func (m MetaCode) Covers(code int) bool { return m.Code <= code && code <= max(m.Code, m.Last) }

// kind is what a complete refusal comes to, if the class alone decides.
func (m MetaCode) kind() wa.OutcomeKind {
	switch m.Class {
	case Never:
		return wa.OutcomeRejected
	case Later, Wait, PauseNumber, PauseAccount, Uncertain:
		return wa.OutcomeLater
	case Configuration:
		if m.Scope == wa.ScopeNumber || m.Scope == wa.ScopeAccount {
			return wa.OutcomeMisconfigured
		}
		return wa.OutcomeRejected
	}
	return ""
}

// explained is the meaning and the remedy in one text.
func (m MetaCode) explained() string {
	if m.Meaning == "" {
		return ""
	}
	return m.Meaning + ": " + m.Remedy
}
