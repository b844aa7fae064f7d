package wa

import (
	"encoding/json"
	"time"
)

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

// Inbound is a message that a person wrote.
type Inbound struct {
	WAMID    string `json:"wamid"`
	NumberID string `json:"number_id"`
	// To is the display number it was written to, in digits.
	To string `json:"to,omitempty"`
	// From is the phone number of who wrote; missing for a person who shows
	// only a user name, who then has a UserID.
	From     string `json:"from,omitempty"`
	UserID   string `json:"user_id,omitempty"`
	FromName string `json:"from_name,omitempty"`
	// GroupID is set when it was written in a group.
	GroupID string    `json:"group_id,omitempty"`
	At      time.Time `json:"at"`
	// Type is Meta's name of the type: text, image, …
	Type string `json:"type"`
	Text string `json:"text,omitempty"`
	// Media is set for the types that carry one.
	Media *InboundMedia `json:"media,omitempty"`
	// ReplyTo is the wamid of the message it answers.
	ReplyTo string `json:"reply_to,omitempty"`
	// Raw is Meta's object, for the types that have no field here.
	Raw json.RawMessage `json:"raw,omitempty"`
}

// Contact is who the 24-hour window is opened for: the group, or the person by
// number, or by user id where the number is not shown.
func (in Inbound) Contact() string {
	switch {
	case in.GroupID != "":
		return in.GroupID
	case in.From != "":
		return in.From
	default:
		return in.UserID
	}
}

// InboundMedia is a media in an inbound message.
type InboundMedia struct {
	// ID is the media of ours under which the customer gets the bytes.
	ID     MediaID   `json:"id,omitempty"`
	MetaID string    `json:"meta_id"`
	Kind   MediaKind `json:"kind"`
	// MIMEType may carry parameters, such as "audio/ogg; codecs=opus".
	MIMEType string `json:"mime_type,omitempty"`
	// SHA256 is as Meta wrote it: base64 in callbacks.
	SHA256   string `json:"sha256,omitempty"`
	Caption  string `json:"caption,omitempty"`
	Filename string `json:"filename,omitempty"`
	Voice    bool   `json:"voice,omitempty"`
}
