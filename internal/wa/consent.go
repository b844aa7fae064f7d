package wa

import (
	"net/netip"
	"time"
)

// ConsentID names a record of the consent ledger.
type ConsentID string

// ConsentKind says what a record does.
type ConsentKind string

// The kinds of records, by the vendor's words.
const (
	// ConsentOptIn: the person agreed to be written to.
	ConsentOptIn ConsentKind = "optin"
	// ConsentOptOut: the person wants no messages that a business begins.
	ConsentOptOut ConsentKind = "optout"
	// ConsentBlock: the account wants to send the person nothing at all.
	ConsentBlock ConsentKind = "blocklist"
	// ConsentUnblock takes a block back. What the person agreed to stays.
	ConsentUnblock ConsentKind = "whitelist"
)

// Valid reports whether k is one of the kinds.
func (k ConsentKind) Valid() bool {
	switch k {
	case ConsentOptIn, ConsentOptOut, ConsentBlock, ConsentUnblock:
		return true
	}
	return false
}

// blocks reports whether k is about the blocklist, whose numbers may be
// shorter.
func (k ConsentKind) blocks() bool { return k == ConsentBlock || k == ConsentUnblock }

// ConsentRecord is one line of the ledger: who agreed to what, where, and how
// it can be shown. It is never changed.
type ConsentRecord struct {
	ID        ConsentID
	AccountID AccountID
	// Person is the phone number as it was given, in digits, or a business-scoped
	// user id of somebody who shows no number. Consent belongs to the
	// person who has it, whichever ids that is; see [PersonIDs].
	Person string
	Kind   ConsentKind
	// Source is where it was said, in the customer's words, such as WEB; see
	// [ConsentByMessage].
	Source    string
	UserAgent string
	// IP is an address, or "".
	IP string
	// Text is what the person was shown or wrote; may be "".
	Text string
	// WAMID is the message in which the person said it; "" if it was said
	// elsewhere.
	WAMID string
	// At is when it was said.
	At time.Time
}

// ConsentByMessage is the source of a record that a person made by a message.
const ConsentByMessage = "WHATSAPP"

// Limits of a record, in characters: source by waapi.md, error 8006, user agent
// and the shortest number on the blocklist by the vendor's newer pages. The text
// is as long as a message can be.
const (
	MaxConsentSource    = 25
	MaxConsentUserAgent = 500
	MaxConsentText      = MaxTextLength
	MinBlockedDigits    = 6
)

// Validate returns everything that is wrong with a record that a customer
// brings.
func (r ConsentRecord) Validate() []Problem {
	var ps []Problem
	if !r.Kind.Valid() {
		ps = append(ps, Problem{Field: "consent.type", Rule: RuleUnknown})
	}
	ps = append(ps, r.validatePerson()...)
	if r.Source == "" {
		ps = append(ps, Problem{Field: "consent.source", Rule: RuleRequired})
	}
	ps = append(ps, text("consent.source", r.Source, MaxConsentSource)...)
	ps = append(ps, text("user_agent", r.UserAgent, MaxConsentUserAgent)...)
	if r.IP != "" && !plainIP(r.IP) {
		ps = append(ps, Problem{Field: "ip", Rule: RuleMalformed, Detail: "must be a valid IP address"})
	}
	return append(ps, text("text", r.Text, MaxConsentText)...)
}

func (r ConsentRecord) validatePerson() []Problem {
	const field = "consent.recipient"
	shortest := MinPhoneDigits
	if r.Kind.blocks() {
		shortest = MinBlockedDigits
	}
	switch n := len(r.Person); {
	case n == 0:
		return []Problem{{Field: field, Rule: RuleRequired}}
	case UserID(r.Person):
		return nil
	case !Digits(r.Person):
		return []Problem{{Field: field, Rule: RuleNotDigits}}
	case n < shortest:
		return []Problem{{Field: field, Rule: RuleTooShort, Limit: shortest, Found: n}}
	case n > MaxPhoneDigits:
		return []Problem{{Field: field, Rule: RuleTooLong, Limit: MaxPhoneDigits, Found: n}}
	}
	return nil
}

// plainIP takes an address without the zone that only its own machine knows.
func plainIP(s string) bool {
	a, err := netip.ParseAddr(s)
	return err == nil && a.Zone() == ""
}

// ConsentState says what a person has agreed to.
type ConsentState string

// The states.
const (
	// ConsentNone: nothing is known.
	ConsentNone ConsentState = "none"
	ConsentIn   ConsentState = "in"
	ConsentOut  ConsentState = "out"
)

// Consent is what the ledger comes to for one person. The zero value is
// somebody of whom nothing is known, with the state "".
type Consent struct {
	State   ConsentState
	Blocked bool
	// OptIn is the record that the state "in" rests on, else zero.
	OptIn ConsentRecord
	// OptedInAt is when the person last opted in, zero for never. It may be later
	// than OptIn, because an opt-in of somebody who is opted in may be left out.
	OptedInAt time.Time
	// OptedOutAt is when the person last opted out, zero for never.
	OptedOutAt time.Time
}

// After returns the consent once r is known. It reports false for an opt-in by
// the customer of somebody who is opted in: then r is not to be kept, but its
// time counts.
//
// What a customer brings holds from when it comes. Messages come in any order, so
// of what people say by them that holds which was said last, and within a second
// the opt-out; see [Consent.Join].
func (c Consent) After(r ConsentRecord) (Consent, bool) {
	switch r.Kind {
	case ConsentOptIn:
		return c.agree(r)
	case ConsentOptOut:
		if r.WAMID == "" || c.State != ConsentIn || !agreedAfter(c.OptedInAt, r.At) {
			c.State, c.OptIn = ConsentOut, ConsentRecord{}
		}
		c.OptedOutAt = later(c.OptedOutAt, r.At)
	case ConsentBlock:
		c.Blocked = true
	case ConsentUnblock:
		c.Blocked = false
	}
	return c, true
}

func (c Consent) agree(r ConsentRecord) (Consent, bool) {
	last := r.At.After(c.OptedInAt)
	c.OptedInAt = later(c.OptedInAt, r.At)
	switch in := c.State == ConsentIn; {
	case in && r.WAMID == "":
		return c, false
	case in && last, !in && (r.WAMID == "" || agreedAfter(r.At, c.OptedOutAt)):
		c.State, c.OptIn = ConsentIn, r
	}
	return c, true
}

// agreedAfter reports whether an opt-in came after an opt-out. The times of Meta
// are in seconds: within one the opt-out holds.
func agreedAfter(in, out time.Time) bool { return in.Truncate(time.Second).After(out) }

// MayWrite returns the rule that forbids to send a message, or "". Who is
// blocked gets nothing. In an open window a business answers, and needs no
// opt-in for it (waapi.md, 3.8); outside only templates may be sent, and a
// source may do without the opt-in. An opt-out holds for templates wherever they
// are sent from and whether or not the window is open: they are what the person
// does not want. A group is nobody's number.
func MayWrite(m Message, windowOpen bool, c Consent, src Source) Rule {
	_, template := m.Content.(Template)
	person := m.Recipient.Kind != Group
	switch {
	case person && c.Blocked:
		return RuleConsent
	case !template && windowOpen:
		return ""
	case !template:
		return RuleWindow
	case person && c.State == ConsentOut:
		return RuleConsent
	case person && !windowOpen && c.State != ConsentIn && !src.SkipOptIn:
		return RuleConsent
	}
	return ""
}

// Join returns the consent of two people who turn out to be one. Who was blocked
// under one id is blocked. Else what was said later holds, under whichever id; of
// an opt-in and an opt-out in the same second the opt-out does, because the times
// of Meta are in seconds.
func (c Consent) Join(o Consent) Consent {
	in := c.OptIn
	if in.At.IsZero() || o.OptIn.At.After(in.At) {
		in = o.OptIn
	}
	j := Consent{
		State: ConsentNone, Blocked: c.Blocked || o.Blocked,
		OptedInAt: later(c.OptedInAt, o.OptedInAt), OptedOutAt: later(c.OptedOutAt, o.OptedOutAt),
	}
	out := c.State == ConsentOut || o.State == ConsentOut
	switch agreed := c.State == ConsentIn || o.State == ConsentIn; {
	case agreed && (!out || agreedAfter(j.OptedInAt, j.OptedOutAt)):
		j.State, j.OptIn = ConsentIn, in
	case out:
		j.State = ConsentOut
	}
	return j
}
