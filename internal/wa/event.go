package wa

import "time"

// EventKind says what an event tells of. An endpoint receives one kind.
type EventKind string

// The kinds of event. They are the vendor's two kinds of webhook.
const (
	// EventStatus: a message of ours came further.
	EventStatus EventKind = "event"
	// EventIncoming: a person wrote to a number.
	EventIncoming EventKind = "incoming"
)

// Valid reports whether k is one of the kinds.
func (k EventKind) Valid() bool { return k == EventStatus || k == EventIncoming }

// Event is something that happened and is told to the customer. It is kept
// once, however often Meta reports it.
type Event struct {
	ID        EventID
	AccountID AccountID
	Kind      EventKind
	// MessageID is the message of ours that a status is about, or that an
	// inbound message answers; "" if there is none.
	MessageID MessageID
	// At is when the gateway learned of it.
	At time.Time
	// Status is set for EventStatus, Inbound for EventIncoming.
	Status  *StatusReport
	Inbound *Inbound
}

// StatusReport is one status of one message, by Meta or, for a failure before
// Meta had the message, by the gateway.
type StatusReport struct {
	WAMID    string    `json:"wamid,omitempty"`
	NumberID string    `json:"number_id,omitempty"`
	Status   Status    `json:"status"`
	At       time.Time `json:"at"`
	// Recipient is who Meta says it went to; may be missing.
	Recipient string `json:"recipient,omitempty"`
	// Participant is the member of a group that the status is about.
	Participant string `json:"participant,omitempty"`
	// Tag is what the send carried in biz_opaque_callback_data; see [Tagger].
	Tag     string   `json:"tag,omitempty"`
	Failure *Failure `json:"failure,omitempty"`
}
