package waapi

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/waypost/waypost/internal/wa"
)

// WebhookBody returns what is posted to the customer for one event:
//
//	{"delivery_status":[{…}]}   for a status
//	{"incoming_message":[{…}]}  for an inbound message
//
// always with one element, because clients in use read only the first. An
// event without the part that its kind needs, or with a status that is never
// told, is an error.
func WebhookBody(d wa.Delivery) ([]byte, error) {
	switch d.Event.Kind {
	case wa.EventStatus:
		if d.Event.Status == nil {
			return nil, errors.New("event has no status")
		}
		return statusBody(d)
	case wa.EventIncoming:
		if d.Event.Inbound == nil {
			return nil, errors.New("event has no inbound message")
		}
		return incomingBody(d)
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
	// ReceivedAt is unix seconds in a string: a client in use parses just that,
	// though the vendor docs show a date.
	ReceivedAt string      `json:"received_at"`
	Source     wa.SourceID `json:"source"`
	APIHeader  string      `json:"x-apiheader"`
}

func statusBody(d wa.Delivery) ([]byte, error) {
	report := *d.Event.Status
	word, err := statusWord(report.Status)
	if err != nil {
		return nil, err
	}
	s := deliveryStatus{
		MessageID: d.Event.MessageID, Recipient: report.Recipient, Status: word,
		ReceivedAt: unixSeconds(report.At, d.Event.At),
	}
	if report.Status == wa.StatusFailed && report.Failure != nil {
		s.StatusRemark = remark(*report.Failure)
	}
	if m := d.Message; m != nil {
		// The number that was sent to, even if Meta reports its own id for it.
		s.Recipient, s.Source, s.APIHeader = m.Recipient.ID, m.SourceID, m.APIHeader
	}
	return encode(deliveryStatuses{[]deliveryStatus{s}})
}

// statusWord is the vendor's word for a status. It has none for a voice
// message that was played, and a client in use takes every word it does not
// know for a failure: played is told as read.
func statusWord(s wa.Status) (string, error) {
	switch s {
	case wa.StatusSent, wa.StatusDelivered, wa.StatusRead, wa.StatusFailed:
		return string(s), nil
	case wa.StatusPlayed:
		return string(wa.StatusRead), nil
	case wa.StatusAccepted, wa.StatusDispatched, wa.StatusUncertain:
	}
	return "", fmt.Errorf("status %q is not told to customers", s)
}

// remark says why a message failed, in a form that may be relied on:
//
//	<vendor code> <vendor text> (Meta <code>: <title>)
//
// Without a vendor code, what is in the parentheses stands alone; a failure of
// our own has no "Meta <code>: ".
func remark(f wa.Failure) string {
	cause := f.Title
	if f.Code != 0 {
		cause = strings.TrimSuffix("Meta "+strconv.Itoa(f.Code)+": "+f.Title, ": ")
	}
	if f.VendorCode == "" {
		return cause
	}
	vendor := strings.TrimSpace(f.VendorCode + " " + vendorText(f.VendorCode))
	if cause == "" {
		return vendor
	}
	return vendor + " (" + cause + ")"
}

// unixSeconds prefers Meta's time to ours.
func unixSeconds(meta, ours time.Time) string {
	if meta.IsZero() {
		meta = ours
	}
	return strconv.FormatInt(meta.Unix(), 10)
}
