package ledger

import (
	"encoding/json"
	"time"
)

// The directions of a message, seen from the business.
const (
	Out = "out"
	In  = "in"
)

// The outcomes of a message and of a callback.
const (
	Accepted = "accepted" // the send got an id, whatever became of the answer
	Refused  = "refused"  // it got none

	Pending   = "pending"   // the callback was not answered with 200 yet
	Delivered = "delivered" // … it was
	Dropped   = "dropped"   // there was nobody to post it to
	Lost      = "lost"      // a fault swallowed it
	Expired   = "expired"   // it was retried for as long as Meta retries
)

// Message is one message of either direction. A send is one even if it was refused.
type Message struct {
	Seq           int             `json:"seq"`       // counts from 1, in order of arrival
	Direction     string          `json:"direction"` // out or in
	Nth           int             `json:"nth"`       // the how manyth between the two in this direction, from 1
	WAMID         string          `json:"wamid,omitempty"`
	NumberID      string          `json:"number_id"`
	From          string          `json:"from,omitempty"` // with in: the phone
	To            string          `json:"to,omitempty"`   // with out: digits, or a group id, or what was given
	RecipientType string          `json:"recipient_type,omitempty"`
	Type          string          `json:"type"`
	TemplateID    string          `json:"template_id,omitempty"`
	Tag           string          `json:"tag,omitempty"`  // biz_opaque_callback_data
	Body          json.RawMessage `json:"body,omitempty"` // with out: the request as it came
	At            time.Time       `json:"at,omitzero"`
	Outcome       string          `json:"outcome"`         // accepted or refused
	Code          int             `json:"code,omitempty"`  // Meta's code, with refused; 0 when there was no answer
	Fault         string          `json:"fault,omitempty"` // what was done to the answer, or to the send
	Statuses      []Status        `json:"statuses"`
}

// Peer is the other side of the business number.
func (m *Message) Peer() string {
	if m.Direction == In {
		return m.From
	}
	return m.To
}

// The steps of a send, as Meta names them. Accepted is ours: the time between the answer and the first callback.
const (
	StatusAccepted  = "accepted"
	StatusSent      = "sent"
	StatusDelivered = "delivered"
	StatusRead      = "read"
	StatusPlayed    = "played" // of voice messages only
	StatusFailed    = "failed"
)

// Status is one step of a send that was called back, or would have been if there were a callback.
type Status struct {
	Name string    `json:"status"`
	At   time.Time `json:"at,omitzero"`
	Code int       `json:"code,omitempty"` // Meta's error code, with failed
}

// Callback is one POST to the receiver and how it went so far.
type Callback struct {
	ID        int             `json:"id"` // counts from 1
	WABAID    string          `json:"waba_id"`
	NumberID  string          `json:"number_id,omitempty"` // absent when the callback is about the account
	Peer      string          `json:"peer,omitempty"`      // the user or group, when it is about one alone
	Field     string          `json:"field"`
	Updates   []string        `json:"updates,omitempty"` // what it tells: a wamid and a status, or a wamid, or a word on the event
	Created   time.Time       `json:"created,omitzero"`
	Outcome   string          `json:"outcome"`
	Fault     string          `json:"fault,omitempty"` // what was done to it
	Attempts  int             `json:"attempts"`
	LastTry   time.Time       `json:"last_try,omitzero"`
	Status    int             `json:"status"` // HTTP status of the last attempt, 0 when there was no answer
	Error     string          `json:"error,omitempty"`
	Delivered bool            `json:"delivered"`
	Tries     []Try           `json:"tries,omitempty"` // the last of them, at most keptTries
	Body      json.RawMessage `json:"body,omitempty"`  // kept until it is delivered, and of the newest beyond that

	forgotten bool // it had to give way
}

// Try is one attempt to post a callback.
type Try struct {
	At     time.Time `json:"at,omitzero"`
	Status int       `json:"status"`
	Error  string    `json:"error,omitempty"`
	Forged bool      `json:"forged,omitempty"` // it was badly signed
}

// Violation is a rule that a client broke.
type Violation struct {
	Seq      int       `json:"seq"` // counts from 1
	At       time.Time `json:"at,omitzero"`
	Rule     string    `json:"rule"` // one of the names in [Rules]
	NumberID string    `json:"number_id,omitempty"`
	Peer     string    `json:"peer,omitempty"`
	WAMID    string    `json:"wamid,omitempty"`
	Detail   string    `json:"detail"`
}

// The rules that a client can break.
const (
	RuleToken       = "token"        // no access token, an unknown one, or one of another number
	RuleThroughput  = "throughput"   // more messages in a second than the number may send
	RulePair        = "pair_rate"    // more messages to one user than Meta takes
	RuleWindow      = "window"       // a free message more than 24 hours after the user's last
	RuleOptOut      = "opt_out"      // marketing to a user who does not want it
	RuleMedia       = "media"        // a medium that expired, was deleted or never was
	RuleUnknown     = "unknown_key"  // a key that Meta does not know
	RuleInvalid     = "invalid"      // a request that Meta refuses for what it says
	RuleSignature   = "signature"    // a callback with a wrong signature was answered with 200
	RuleSlowReceipt = "slow_receipt" // a callback was answered too late to count
)

// Rules lists the rules in the order of the documentation, with what each says.
func Rules() [][2]string {
	return [][2]string{
		{RuleToken, "no access token, an unknown one, or one that may not use the object"},
		{RuleThroughput, "more messages in a second, inbound counted, than the number's throughput"},
		{RulePair, "more messages to one user than one in 6 s, with 45 ahead of time and a rest until they are paid back"},
		{RuleWindow, "a free message more than 24 hours after the user's last"},
		{RuleOptOut, "marketing to a user who stopped it"},
		{RuleMedia, "a medium that has expired, was deleted or never was"},
		{RuleUnknown, "a key in a send that Meta does not know"},
		{RuleInvalid, "any other request that Meta refuses for what it says"},
		{RuleSignature, "a callback with a wrong signature was answered with 200"},
		{RuleSlowReceipt, "a callback was not answered within 10 s"},
	}
}
