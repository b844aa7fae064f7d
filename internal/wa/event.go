package wa

import (
	"encoding/json"
	"time"
)

// EventKind says what an event tells of. An endpoint receives one kind.
type EventKind string

// The kinds of event. The first two are the vendor's two kinds of webhook; the
// others are in the journal only.
const (
	// EventStatus: a message of ours came further.
	EventStatus EventKind = "event"
	// EventIncoming: a person wrote to a number.
	EventIncoming EventKind = "incoming"
	// EventMedia: the bytes of a received media are here, or never will be.
	EventMedia EventKind = "media"
	// EventNotice: Meta told of something else; see [Notice].
	EventNotice EventKind = "notice"
)

// Valid reports whether k is one of the kinds that an endpoint can receive.
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
	// Status is set for EventStatus, Inbound for EventIncoming, Media for
	// EventMedia, Notice for EventNotice.
	Status  *StatusReport
	Inbound *Inbound
	Media   *MediaReport
	Notice  *Notice
}

// UnmatchedStatus is a status of a message that is not known.
type UnmatchedStatus struct {
	// At is when it came.
	At     time.Time
	Status StatusReport
}

// MarkConflicts marks the statuses of one message that contradict each other: it
// has failed, and it has arrived. Each participant of a group is looked at alone,
// and so is another copy of the message.
func MarkConflicts(events []Event) {
	type word struct {
		participant  string
		copy, failed bool
	}
	said := map[word]bool{}
	for _, e := range events {
		if e.Status != nil && decisive(e.Status.Status) {
			said[word{e.Status.Participant, e.Status.Copy, e.Status.Status == StatusFailed}] = true
		}
	}
	for _, e := range events {
		if e.Status != nil && decisive(e.Status.Status) {
			e.Status.Conflict = said[word{e.Status.Participant, e.Status.Copy, e.Status.Status != StatusFailed}]
		}
	}
}

// decisive reports whether a status says that a message has arrived, or that it
// never will.
func decisive(s Status) bool { return s.Compare(StatusFailed) >= 0 }

// MediaReport is what became of a media that a person sent.
type MediaReport struct {
	MediaID MediaID `json:"media_id"`
	// WAMID is the message that it came with, NumberID the number it came to.
	WAMID    string `json:"wamid,omitempty"`
	NumberID string `json:"number_id,omitempty"`
	// State is ready or lost.
	State MediaState `json:"state"`
	// MIMEType, SHA256 (lower-case hex) and Size (bytes) are of the bytes; only
	// the type is known of a media that is lost.
	MIMEType string `json:"mime_type,omitempty"`
	SHA256   string `json:"sha256,omitempty"`
	Size     int64  `json:"size,omitempty"`
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
	Tag string `json:"tag,omitempty"`
	// Attempt is the attempt that the tag names; 0 if there is no tag of ours.
	Attempt int `json:"attempt,omitempty"`
	// Copy: it speaks of another copy of the message than the one that the message
	// goes by, so the customer is not told.
	Copy bool `json:"copy,omitempty"`
	// By is who decided that it is so; "" if it is a status of Meta's.
	By Decider `json:"by,omitempty"`
	// Failure is why a message failed; Meta's first error.
	Failure *Failure `json:"failure,omitempty"`
	// Failures are Meta's errors beside Failure, in its order.
	Failures []Failure `json:"failures,omitempty"`
	// Person is all that Meta says of the recipient's ids, or of the participant's
	// in a group.
	Person PersonIDs `json:"person,omitzero"`
	// IdentityHash is of the recipient's keys; see [Identity].
	IdentityHash string        `json:"identity_hash,omitempty"`
	Conversation *Conversation `json:"conversation,omitempty"`
	Pricing      *Pricing      `json:"pricing,omitempty"`
	// Rest is what Meta's object has that no field here holds.
	Rest json.RawMessage `json:"rest,omitempty"`
	// Conflict: another event says the opposite: that the message has failed, or
	// that it has arrived. It is found when events are read, and not kept.
	Conflict bool `json:"conflict,omitempty"`
}
