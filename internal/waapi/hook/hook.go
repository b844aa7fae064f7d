package hook

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/waypost/waypost/internal/wa"
	"github.com/waypost/waypost/internal/waapi/failure"
	"github.com/waypost/waypost/internal/waapi/lenient"
)

// Writer writes what customers are told.
type Writer struct {
	// DateForm writes the received_at of a status as a date, as the vendor's
	// pages show it. A client in use parses just unix seconds, so that is the
	// default.
	DateForm bool
}

// Body returns what is posted to the customer for one event:
//
//	{"delivery_status":[{…}]}   for a status
//	{"incoming_message":[{…}]}  for an inbound message
//
// always with one element, because clients in use read only the first. An
// event without the part that its kind needs, or with a status that is never
// told, is an error.
func (w Writer) Body(d wa.Delivery) ([]byte, error) {
	switch d.Event.Kind {
	case wa.EventStatus:
		if d.Event.Status == nil {
			return nil, errors.New("event has no status")
		}
		return w.statusBody(d)
	case wa.EventIncoming:
		if d.Event.Inbound == nil {
			return nil, errors.New("event has no inbound message")
		}
		return incomingBody(d)
	case wa.EventMedia, wa.EventNotice: // the vendor has no webhook for them
	}
	return nil, fmt.Errorf("unknown kind of event %q", d.Event.Kind)
}

type deliveryStatuses struct {
	DeliveryStatus []deliveryStatus `json:"delivery_status"`
}

// deliveryStatus has the keys of the vendor docs, and x-apiheader, which they
// promise for the mapping of messages and leave out of the sample.
type deliveryStatus struct {
	MessageID    wa.MessageID `json:"ncmessage_id"`
	Recipient    string       `json:"recipient"`
	Status       string       `json:"status"`
	StatusRemark string       `json:"status_remark"`
	// ReceivedAt is unix seconds in a string, or a date: see [Writer].
	ReceivedAt string      `json:"received_at"`
	Source     wa.SourceID `json:"source"`
	APIHeader  string      `json:"x-apiheader"`
}

func (w Writer) statusBody(d wa.Delivery) ([]byte, error) {
	report := *d.Event.Status
	word, err := statusWord(report.Status)
	if err != nil {
		return nil, err
	}
	s := deliveryStatus{
		MessageID: d.Event.MessageID, Recipient: report.Recipient, Status: word,
		ReceivedAt: w.receivedAt(report.At, d.Event.At), StatusRemark: statusRemark(report),
	}
	if m := d.Message; m != nil {
		// The number that was sent to, even if Meta reports its own id for it.
		s.Recipient, s.Source, s.APIHeader = m.Recipient.ID, m.SourceID, m.APIHeader
	}
	return lenient.Encode(deliveryStatuses{[]deliveryStatus{s}})
}

// statusWord is the vendor's word for a status. It has none for a voice
// message that was played, and none for one that came too late to be sent. A
// client in use takes every word it does not know for a failure: played is told
// as read, and expired as what it is to the sender.
func statusWord(s wa.Status) (string, error) {
	switch s {
	case wa.StatusSent, wa.StatusDelivered, wa.StatusRead, wa.StatusFailed:
		return string(s), nil
	case wa.StatusPlayed:
		return string(wa.StatusRead), nil
	case wa.StatusExpired:
		return string(wa.StatusFailed), nil
	case wa.StatusAccepted, wa.StatusDispatched, wa.StatusUncertain:
	}
	return "", fmt.Errorf("status %q is not told to customers", s)
}

// statusRemark says why a message did not arrive; "" if it did.
func statusRemark(r wa.StatusReport) string {
	switch {
	case r.Status == wa.StatusExpired:
		return "Message expired before it could be sent"
	case r.Status == wa.StatusFailed && r.Failure != nil:
		return failure.Remark(*r.Failure)
	}
	return ""
}

// receivedAt is when a status came about, in the form that is set.
func (w Writer) receivedAt(meta, ours time.Time) string {
	if w.DateForm {
		return happened(meta, ours).UTC().Format(time.DateTime)
	}
	return unixSeconds(meta, ours)
}

func unixSeconds(meta, ours time.Time) string {
	return strconv.FormatInt(happened(meta, ours).Unix(), 10)
}

// happened prefers Meta's time to ours.
func happened(meta, ours time.Time) time.Time {
	if meta.IsZero() {
		return ours
	}
	return meta
}
