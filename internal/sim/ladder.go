package sim

import (
	"encoding/json"
	"slices"
	"time"
)

// The steps of a send, as Meta names them. Accepted is ours: the time between the answer and the first callback.
const (
	statusAccepted  = "accepted"
	statusSent      = "sent"
	statusDelivered = "delivered"
	statusRead      = "read"
	statusFailed    = "failed"
)

// window is how long after a user's message a business may write freely.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/send-messages (read 2026-09)
const window = 24 * time.Hour

// Send is one accepted send, as the ledger keeps it.
type Send struct {
	WAMID         string          `json:"wamid"`
	NumberID      string          `json:"number_id"`
	To            string          `json:"to"` // digits, or a group id
	RecipientType string          `json:"recipient_type"`
	Type          string          `json:"type"`
	Tag           string          `json:"tag,omitempty"` // biz_opaque_callback_data
	Body          json.RawMessage `json:"body"`          // the request as it came
	At            time.Time       `json:"at"`
	Statuses      []Status        `json:"statuses"`
}

// Status is one step of a send that was called back, or would have been if there were a callback.
type Status struct {
	Name string    `json:"status"`
	At   time.Time `json:"at"`
	Code int       `json:"code,omitempty"` // Meta's error code, with failed
}

// outbound is a Send on its way.
type outbound struct {
	Send
	from         Number
	phone        *phone // nil for a group
	shown        *Message
	conversation string
	delivery     time.Duration // delays are drawn at once, so that they depend on the order of sends alone
	reading      time.Duration
}

// Sends returns every accepted send in order.
func (s *Sim) Sends() []Send {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]Send, len(s.sends))
	for i, m := range s.sends {
		list[i] = m.Send
		list[i].Statuses = slices.Clone(m.Statuses)
	}
	return list
}

// accept records a send and schedules what becomes of it.
func (s *Sim) accept(from Number, q sendRequest, c content, body json.RawMessage) Send {
	now := time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	m := &outbound{
		Send: Send{
			WAMID: s.random.wamid(q.To), NumberID: from.ID, To: q.To, RecipientType: q.RecipientType, Type: c.Type,
			Tag: q.Tag, Body: body, At: now, Statuses: []Status{},
		},
		from:         from,
		conversation: s.random.hex(),
	}
	first := s.random.between(s.timing.Sent)
	m.delivery, m.reading = s.random.between(s.timing.Delivered), s.random.between(s.timing.Read)
	m.shown = s.newMessage(m.WAMID, toPhone, from, c, now)
	m.shown.Status = statusAccepted
	if q.Context != nil {
		m.shown.ReplyTo = q.Context.MessageID
	}
	open := true
	if q.RecipientType == recipientIndividual {
		m.phone = s.phone(q.To)
		m.phone.messages = append(m.phone.messages, m.shown)
		open = m.phone.mayReceive(from.ID, now)
	}
	s.sends = append(s.sends, m)
	if open {
		s.at(now.Add(first), m.sent(s))
	} else {
		s.at(now.Add(first), func(now time.Time) { s.fail(m, now) })
	}
	return m.Send
}

// sent is the first step. A group gets no further here: its members are no phones of ours.
func (m *outbound) sent(s *Sim) func(time.Time) {
	return func(now time.Time) {
		s.climb(m, statusSent, now)
		if m.phone != nil {
			s.at(now.Add(m.delivery), m.delivered(s))
		}
	}
}

// delivered waits for the phone to be online.
func (m *outbound) delivered(s *Sim) func(time.Time) {
	return func(now time.Time) {
		if !m.phone.Online {
			m.phone.waiting = append(m.phone.waiting, func(now time.Time) { s.at(now.Add(m.delivery), m.delivered(s)) })
			return
		}
		s.climb(m, statusDelivered, now)
		s.at(now.Add(m.reading), m.read(s))
	}
}

// read comes only from a phone that is online and tells when it has read.
func (m *outbound) read(s *Sim) func(time.Time) {
	return func(now time.Time) {
		switch {
		case !m.phone.Receipts:
		case !m.phone.Online:
			m.phone.waiting = append(m.phone.waiting, func(now time.Time) { s.at(now.Add(m.reading), m.read(s)) })
		default:
			s.climb(m, statusRead, now)
		}
	}
}

// climb records a step and calls it back. The lock must be held.
func (s *Sim) climb(m *outbound, step string, now time.Time) {
	update := m.update(step, now)
	switch step {
	case statusSent:
		update.Conversation = &conversation{
			ID: m.conversation, Expires: unixText(now.Add(window)), Origin: origin{Type: "service"},
		}
		update.Pricing = servicePrice()
	case statusDelivered:
		update.Conversation = &conversation{ID: m.conversation, Origin: origin{Type: "service"}}
		update.Pricing = servicePrice()
	}
	s.record(m, Status{Name: step, At: now}, update)
}

// servicePrice is the price of a free-form message inside the window. It comes with sent and with one later step.
func servicePrice() *pricing {
	return &pricing{Billable: false, Model: "PMP", Type: "free_customer_service", Category: "service"}
}

// fail ends a send outside the window. Meta accepts such a send and says only afterwards that it is not delivered.
func (s *Sim) fail(m *outbound, now time.Time) {
	const title = "Re-engagement message"
	update := m.update(statusFailed, now)
	update.Errors = []statusError{{
		Code: codeWindow, Title: title, Message: title, Href: errorPage,
		Data: errorData{Details: "More than 24 hours have passed since this user last wrote to the number; send a template instead."},
	}}
	s.record(m, Status{Name: statusFailed, At: now, Code: codeWindow}, update)
}

func (m *outbound) update(step string, now time.Time) statusUpdate {
	update := statusUpdate{ID: m.WAMID, Status: step, Timestamp: unixText(now), RecipientID: m.To, Tag: m.Tag}
	if m.RecipientType == recipientGroup {
		update.RecipientType = recipientGroup
	}
	return update
}

func (s *Sim) record(m *outbound, step Status, update statusUpdate) {
	m.Statuses = append(m.Statuses, step)
	m.shown.Status = step.Name
	s.emit(m.from, value{Statuses: []statusUpdate{update}}, step.At)
}
