package fault

import (
	"github.com/waypost/waypost/internal/sim/clock"
)

// What a rule can be about.
const (
	OnSend     = "send"     // POST …/messages that sends
	OnUpload   = "upload"   // POST …/media
	OnGraph    = "graph"    // any other request to the Graph face
	OnCallback = "callback" // a callback
)

// What can be done to a request.
const (
	Refuse  = "refuse" // the connection is closed before anything is done
	Error   = "error"  // an error with Meta's code; a send with "async" is accepted and fails later
	Hang    = "hang"   // it is done, but not answered until After, when the connection is closed
	Reset   = "reset"  // it is done, and the connection is reset
	Gateway = "502"    // it is done, and a proxy answers 502 in HTML
	Cut     = "cut"    // it is done, and the answer stops in the middle
	Drip    = "drip"   // it is done, and the answer comes in small pieces, for as long as After
	Slow    = "slow"   // it is done, and answered after After
	Pause   = "pause"  // the template is paused, and the send refused with 132015
)

// What can be done to a callback.
const (
	Lose    = "lose"    // it is never posted
	Delay   = "delay"   // it is posted after After
	Double  = "double"  // it is posted once more, after After
	Reorder = "reorder" // it is posted after the next one about the same user, or after After
	Early   = "early"   // the first status of a send is posted before the send is answered
	Batch   = "batch"   // it is posted with others, after After or when there are Max
	Forge   = "forge"   // its first attempt is badly signed
	Foreign = "foreign" // one about a number of somebody else is posted too
)

// Rule is one way to misbehave and when. All conditions that are given must hold; a rule without any always applies.
type Rule struct {
	Name string `json:"name,omitempty"` // for the ledger; the action if empty
	On   string `json:"on,omitempty"`   // send, upload, graph or callback; told by the action if it can be

	NumberID    string  `json:"number_id,omitempty"`   // the business number
	To          string  `json:"to,omitempty"`          // the user's number, or the id of a group; of send and callback
	Type        string  `json:"type,omitempty"`        // of the message; of a callback its field, or the status or message it tells
	Nth         []int   `json:"nth,omitempty"`         // which sends between number and user, from 1; of a callback: of its send
	Calls       []int   `json:"calls,omitempty"`       // which of the calls that this rule would be about, from 1, in order of arrival
	Probability float64 `json:"probability,omitempty"` // 0 is always, like 1
	Times       int     `json:"times,omitempty"`       // at most so often; 0 is no limit

	// For makes a storm of it: once it applies, it goes on for so long to every call. With a probability, time is cut into pieces of
	// that length, and each piece has the storm or has not.
	For clock.Span `json:"for,omitempty"`

	Do    string     `json:"do"`
	Code  int        `json:"code,omitempty"`   // with error: Meta's, and not 0
	HTTP  int        `json:"status,omitempty"` // with error that is not async: HTTP status from 400 to 599, if not Meta's for this code
	Async bool       `json:"async,omitempty"`  // with error of a send
	After clock.Span `json:"after,omitempty"`  // a span for hang, drip, slow, delay, double, reorder and batch; see there
	UpTo  clock.Span `json:"up_to,omitempty"`  // the span is drawn between After and this; 0 is just After
	Max   int        `json:"max,omitempty"`    // with batch: at most so many, 1,000 if 0
}

func onRequest() []string {
	return []string{Refuse, Error, Hang, Reset, Gateway, Cut, Drip, Slow, Pause}
}

func onCallback() []string {
	return []string{Lose, Delay, Double, Reorder, Early, Batch, Forge, Foreign}
}

// MaxBatch is the most updates in a callback.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/create-webhook-endpoint (read 2026-09)
const MaxBatch = 1000
