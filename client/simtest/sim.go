package simtest

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"time"
)

// Callback is where callbacks go and how they are signed.
type Callback struct {
	URL         string `json:"url"`
	VerifyToken string `json:"verify_token"`
	AppSecret   string `json:"app_secret"`
}

// SetCallback moves the callbacks to a receiver, which must answer Meta's handshake first: it gets a GET with hub.challenge and
// must echo it with 200. An empty URL ends callbacks.
func (s *Sim) SetCallback(ctx context.Context, c Callback) error {
	return s.send(ctx, http.MethodPut, "/callback", c, nil)
}

// Settings are what holds for all phones.
type Settings struct {
	UnknownAbsent bool `json:"unknown_absent"` // a number that no phone has is not on WhatsApp; else a send makes a phone
	MarketingCap  int  `json:"marketing_cap"`  // marketing messages that a user gets within a day; 0 is no cap
	UserIDs       bool `json:"user_ids"`       // callbacks tell every user's business-scoped id beside the number
}

// SetSettings changes what holds for all phones.
func (s *Sim) SetSettings(ctx context.Context, settings Settings) error {
	return s.send(ctx, http.MethodPut, "/_sim/settings", settings, nil)
}

// Clock is the simulator's clock.
type Clock struct {
	Now    time.Time `json:"now"`
	Frozen bool      `json:"frozen"`
	Speed  float64   `json:"speed"` // simulated seconds in a real one
}

// Clock says what time it is in the simulator.
func (s *Sim) Clock(ctx context.Context) (Clock, error) {
	var c Clock
	err := s.get(ctx, "/_sim/clock", &c)
	return c, err
}

// Advance moves the simulator's clock forward. Everything that becomes due happens at its own time and in order, and each callback
// is posted before time goes on: when Advance returns, all of it has been done. So a frozen clock makes a test exact.
func (s *Sim) Advance(ctx context.Context, d time.Duration) error {
	return s.moveClock(ctx, map[string]any{"advance": d.String()})
}

// SetTime sets the simulator's clock, forward like Advance. Back, nothing happens.
func (s *Sim) SetTime(ctx context.Context, t time.Time) error {
	return s.moveClock(ctx, map[string]any{"set": t})
}

// Freeze stops the simulator's clock, so that nothing happens by itself; Thaw lets it go on.
func (s *Sim) Freeze(ctx context.Context) error {
	return s.moveClock(ctx, map[string]any{"freeze": true})
}

// Thaw lets a frozen clock go on from where it stands.
func (s *Sim) Thaw(ctx context.Context) error {
	return s.moveClock(ctx, map[string]any{"freeze": false})
}

// SetSpeed lets simulated time pass so many times as fast as the real one.
func (s *Sim) SetSpeed(ctx context.Context, times float64) error {
	return s.moveClock(ctx, map[string]any{"speed": times})
}

func (s *Sim) moveClock(ctx context.Context, wish map[string]any) error {
	return s.send(ctx, http.MethodPost, "/_sim/clock", wish, nil)
}

// Fault is one way to misbehave and when; docs/simulator.md lists what Do can be. All conditions that are given must hold.
type Fault struct {
	Name        string  `json:"name,omitempty"`
	Do          string  `json:"do"`                    // such as error, hang, reset, 502, cut; of callbacks lose, delay, double, reorder
	On          string  `json:"on,omitempty"`          // send, upload, graph or callback
	Code        int     `json:"code,omitempty"`        // Meta's, with error
	Status      int     `json:"status,omitempty"`      // with error: the HTTP status, 400 to 599, if not Meta's for the code
	Async       bool    `json:"async,omitempty"`       // with error: the send is accepted and fails later
	NumberID    string  `json:"number_id,omitempty"`   // of the business number
	To          string  `json:"to,omitempty"`          // the user's number, or the id of a group
	Type        string  `json:"type,omitempty"`        // of the message; of a callback its field or status
	Nth         []int   `json:"nth,omitempty"`         // which sends between number and user, from 1
	Calls       []int   `json:"calls,omitempty"`       // which of the calls that the fault would be about, from 1
	Probability float64 `json:"probability,omitempty"` // 0 is always
	Times       int     `json:"times,omitempty"`       // at most so often
	For         string  `json:"for,omitempty"`         // how long a storm goes on
	After       string  `json:"after,omitempty"`       // a span for what is done, such as "5s"
	UpTo        string  `json:"up_to,omitempty"`       // the span is drawn between After and this
	Max         int     `json:"max,omitempty"`         // with batch: at most so many in a callback; 0 is 1,000
}

// SetFaults puts faults in the place of those that were set; none ends them. Those of the profile stay. A fault that could never
// happen or says what means nothing is refused, and then none is set.
func (s *Sim) SetFaults(ctx context.Context, list ...Fault) error {
	return s.send(ctx, http.MethodPut, "/_sim/faults", append([]Fault{}, list...), nil)
}

// SetProfile changes how unpleasant the simulator is: calm, real or mean.
func (s *Sim) SetProfile(ctx context.Context, name string) error {
	return s.send(ctx, http.MethodPut, "/_sim/profile", map[string]any{"profile": name}, nil)
}

// Send is one message of the ledger, which is written before the simulator answers or misbehaves: compare it with what the
// program under test believes.
type Send struct {
	Seq       int             `json:"seq"`
	Direction string          `json:"direction"` // out, or in from a phone
	WAMID     string          `json:"wamid"`
	NumberID  string          `json:"number_id"`
	From      string          `json:"from"`
	To        string          `json:"to"`
	Type      string          `json:"type"`
	Tag       string          `json:"tag"`     // biz_opaque_callback_data
	Body      json.RawMessage `json:"body"`    // the request as it came
	Outcome   string          `json:"outcome"` // accepted or refused
	Code      int             `json:"code"`    // Meta's, with refused
	Fault     string          `json:"fault"`   // what was done to it
	At        time.Time       `json:"at"`
	Statuses  []Status        `json:"statuses"`
}

// Status is one step of a send.
type Status struct {
	Name string    `json:"status"`
	At   time.Time `json:"at"`
	Code int       `json:"code"` // with failed
}

// Ledger lists every message of both directions, oldest first. filter may be nil; docs/simulator.md says by what to filter.
func (s *Sim) Ledger(ctx context.Context, filter url.Values) ([]Send, error) {
	var answer struct {
		Messages []Send `json:"messages"`
	}
	err := s.get(ctx, "/_sim/messages?"+filter.Encode(), &answer)
	return answer.Messages, err
}

// CallbackPost is one callback of the ledger and how posting it went.
type CallbackPost struct {
	ID       int             `json:"id"`
	Field    string          `json:"field"`
	Updates  []string        `json:"updates"`
	Outcome  string          `json:"outcome"` // pending, delivered, dropped, lost or expired
	Fault    string          `json:"fault"`
	Attempts int             `json:"attempts"`
	Status   int             `json:"status"` // HTTP status of the last attempt
	Error    string          `json:"error"`
	Created  time.Time       `json:"created"`
	Body     json.RawMessage `json:"body"`
}

// Callbacks lists the callbacks of the ledger, oldest first. filter may be nil.
func (s *Sim) Callbacks(ctx context.Context, filter url.Values) ([]CallbackPost, error) {
	var answer struct {
		Callbacks []CallbackPost `json:"callbacks"`
	}
	err := s.get(ctx, "/_sim/callbacks?"+filter.Encode(), &answer)
	return answer.Callbacks, err
}

// Violation is a rule of Meta's that the program under test broke without being refused.
type Violation struct {
	Rule     string    `json:"rule"`
	NumberID string    `json:"number_id"`
	Peer     string    `json:"peer"` // the user
	WAMID    string    `json:"wamid"`
	Detail   string    `json:"detail"`
	At       time.Time `json:"at"`
}

// Violations lists the rules that were broken, oldest first.
func (s *Sim) Violations(ctx context.Context) ([]Violation, error) {
	var answer struct {
		Violations []Violation `json:"violations"`
	}
	err := s.get(ctx, "/_sim/violations", &answer)
	return answer.Violations, err
}

// Reset forgets phones, messages, media, groups, counts, scripts and faults, and has the templates of the start again, for the next
// test. Business numbers, the callback, the settings, the profile and the clock stay.
func (s *Sim) Reset(ctx context.Context) error {
	if err := s.send(ctx, http.MethodPost, "/_sim/reset", map[string]any{}, nil); err != nil {
		return err
	}
	return errors.Join(s.SetScripts(ctx), s.SetFaults(ctx))
}
