package sim

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/waypost/waypost/internal/sim/message"
	"github.com/waypost/waypost/internal/sim/rule"
	"github.com/waypost/waypost/internal/sim/template"
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
	template     template.Template // zero for everything else
	inWindow     bool
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
func (s *Sim) accept(from Number, q sendRequest, c outgoing, body json.RawMessage) Send {
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
		template:     c.template,
		inWindow:     true,
	}
	first := s.random.between(s.timing.Sent)
	m.delivery, m.reading = s.random.between(s.timing.Delivered), s.random.between(s.timing.Read)
	m.shown = s.newMessage(m.WAMID, toPhone, from, c.Content, now)
	m.shown.Status = statusAccepted
	if q.Context != nil {
		m.shown.ReplyTo = q.Context.MessageID
	}
	if c.Target != "" {
		m.shown.ReplyTo = c.Target
	}
	if q.RecipientType == recipientIndividual {
		m.phone = s.phone(q.To)
		m.phone.messages = append(m.phone.messages, m.shown)
		m.inWindow = m.phone.mayReceive(from.ID, now)
	}
	s.sends = append(s.sends, m)
	if why := s.obstacle(m, c); why != nil {
		s.at(now.Add(first), func(now time.Time) { s.fail(m, why, now) })
	} else {
		s.at(now.Add(first), m.sent(s))
	}
	return m.Send
}

// obstacle is why an accepted send cannot arrive, or nil. The lock must be held.
func (s *Sim) obstacle(m *outbound, c outgoing) *statusError {
	target := s.messages[c.Target]
	switch {
	case s.records.Blocks(m.NumberID, m.To):
		return because(rule.CodeUndeliverable, "Message undeliverable", "The number has blocked this user.")
	case !m.inWindow && c.Type != message.TypeTemplate:
		return because(rule.CodeWindow, "Re-engagement message",
			"More than 24 hours have passed since this user last wrote to the number; send a template instead.")
	case c.Type == message.TypeReaction && target != nil && target.Type == message.TypeReaction:
		return because(rule.CodeValue, "Parameter value is not valid", "A reaction cannot be reacted to.")
	}
	return nil
}

func because(code int, title, details string) *statusError {
	return &statusError{Code: code, Title: title, Message: title, Href: rule.ErrorPage, Data: errorData{Details: details}}
}

// sent is the first step, and the only one of a reaction. A group gets no further here: its members are no phones of ours.
func (m *outbound) sent(s *Sim) func(time.Time) {
	return func(now time.Time) {
		s.climb(m, statusSent, now)
		if m.phone != nil && m.Type != message.TypeReaction {
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
			ID: m.conversation, Expires: unixText(now.Add(window)), Origin: origin{Type: m.category()},
		}
		update.Pricing = m.price()
	case statusDelivered:
		update.Conversation = &conversation{ID: m.conversation, Origin: origin{Type: m.category()}}
		update.Pricing = m.price()
	}
	s.record(m, Status{Name: step, At: now}, update)
}

// category is what a message is priced as: a template's own category, or service.
func (m *outbound) category() string {
	if m.template.ID == "" {
		return "service"
	}
	return strings.ToLower(m.template.Category)
}

// price comes with sent and with one later step. Inside the window only marketing and authentication cost.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/pricing (read 2026-09)
func (m *outbound) price() *pricing {
	if m.template.ID == "" || (m.template.Category == template.Utility && m.inWindow) {
		return &pricing{Billable: false, Model: "PMP", Type: "free_customer_service", Category: m.category()}
	}
	return &pricing{Billable: true, Model: "PMP", Type: "regular", Category: m.category()}
}

// fail ends a send that cannot arrive. Meta accepts such a send and says only afterwards that it is not delivered.
func (s *Sim) fail(m *outbound, why *statusError, now time.Time) {
	update := m.update(statusFailed, now)
	update.Errors = []statusError{*why}
	s.record(m, Status{Name: statusFailed, At: now, Code: why.Code}, update)
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
