package sim

import (
	"strings"
	"time"

	"github.com/waypost/waypost/internal/sim/fault"
	"github.com/waypost/waypost/internal/sim/ledger"
	"github.com/waypost/waypost/internal/sim/message"
	"github.com/waypost/waypost/internal/sim/phone"
	"github.com/waypost/waypost/internal/sim/rule"
	"github.com/waypost/waypost/internal/sim/template"
	"github.com/waypost/waypost/internal/sim/wire"
)

// The steps of a send, as Meta names them. Accepted is ours: the time between the answer and the first callback.
const (
	statusAccepted  = ledger.StatusAccepted
	statusSent      = ledger.StatusSent
	statusDelivered = ledger.StatusDelivered
	statusRead      = ledger.StatusRead
	statusPlayed    = ledger.StatusPlayed // of voice messages only
	statusFailed    = ledger.StatusFailed
)

// window is how long after a user's message a business may write freely.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/send-messages (read 2026-09)
const window = 24 * time.Hour

// Send is one send, as the ledger keeps it.
type Send = ledger.Message

// Status is one step of a send that was called back, or would have been if there were a callback.
type Status = ledger.Status

// outbound is a Send on its way.
type outbound struct {
	*Send        // the ledger's own
	from         Number
	phone        *phone.State // nil for a group
	shown        *Message
	conversation string
	template     template.Template // zero for everything else
	inWindow     bool
	voice        bool          // a voice message, which is played beside being read
	delivery     time.Duration // delays are drawn at once, so that they depend on the order of sends alone
	reading      time.Duration
	call         fault.Call
	first        fault.Act // what is to be done to the callback of sent
	early        *posting  // that callback, when it is to be posted before the answer
	contact      message.Contact
	accepted     Send // a copy of the Send as it was accepted
}

// Sends returns every accepted send that the ledger still has, in order.
func (s *Sim) Sends() []Send {
	return s.ledger.Messages(ledger.Filter{Direction: ledger.Out, Outcome: ledger.Accepted})
}

// accept records a send and schedules what becomes of it.
func (s *Sim) accept(a *attempted, c outgoing) *outbound {
	from, q, now, key := a.from, a.q, a.call.At, a.call.Key
	s.mu.Lock()
	defer s.mu.Unlock()
	m := &outbound{
		Send: &Send{
			Direction: ledger.Out, Outcome: ledger.Accepted, Nth: a.call.Nth, WAMID: key.WAMID(q.To), NumberID: from.ID, To: q.To,
			RecipientType: q.RecipientType, Type: c.Type, TemplateID: c.template.ID, Tag: q.Tag, Body: a.body, At: now, Fault: a.act.Name,
		},
		from:         from,
		conversation: key.Text("conversation").Hex(),
		template:     c.template,
		inWindow:     true,
		voice:        c.Voice,
		call:         a.call,
		delivery:     s.timing.Delivered.draw(key.Text(statusDelivered)),
		reading:      s.timing.Read.draw(key.Text(statusRead)),
	}
	sending := now.Add(s.timing.Sent.draw(key.Text(statusSent)))
	m.shown = s.newSent(m.WAMID, from, c, now)
	if q.Context != nil {
		m.shown.ReplyTo = q.Context.MessageID
	}
	if c.Target != "" {
		m.shown.ReplyTo = c.Target
	}
	if q.RecipientType == message.RecipientIndividual {
		m.phone = s.book.Reach(q.To)
		m.inWindow = m.phone.MayReceive(from.ID, now)
	}
	s.book.Add(m.phone, m.shown)
	m.contact = s.contactOf(a.input, m)
	m.accepted = *m.Send
	m.accepted.Statuses = []Status{}
	s.ledger.AddMessage(m.Send)
	why := s.obstacle(m, c)
	if a.act.Do == fault.Error { // the other errors were refused
		why = wire.Because(a.act.Code.Code, a.act.Code.Title, "The simulator was told so.")
	}
	if why != nil {
		s.noteObstacle(m, why)
		s.later(sending, m.call.Key, func(now time.Time) { s.fail(m, why, now) })
		return m
	}
	if m.first = s.actOn(m.about(), m.subject(statusSent), wire.Update{}, now); m.first.Do == fault.Early {
		m.sent(s)(now)
	} else {
		s.later(sending, m.call.Key, m.sent(s))
	}
	return m
}

// obstacle is why an accepted send cannot arrive, or nil. The lock must be held.
func (s *Sim) obstacle(m *outbound, c outgoing) *wire.Error {
	if why := s.refused(m); why != nil {
		return why
	}
	target := s.book.Message(c.Target)
	switch {
	case s.records.Blocks(m.NumberID, m.To):
		return wire.Because(rule.CodeUndeliverable, "Message undeliverable", "The number has blocked this user.")
	case !m.inWindow && c.Type != message.TypeTemplate:
		return wire.Because(rule.CodeWindow, "Re-engagement message",
			"More than 24 hours have passed since this user last wrote to the number; send a template instead.")
	case c.Type == message.TypeReaction && target != nil && target.Type == message.TypeReaction:
		return wire.Because(rule.CodeValue, "Parameter value is not valid", "A reaction cannot be reacted to.")
	}
	return nil
}

// noteObstacle writes down a send that its sender could have known to be in vain.
func (s *Sim) noteObstacle(m *outbound, why *wire.Error) {
	broken := map[int]string{rule.CodeWindow: ledger.RuleWindow, rule.CodeStopped: ledger.RuleOptOut}[why.Code]
	if broken != "" && m.Fault == "" {
		s.violate(ledger.Violation{Rule: broken, NumberID: m.NumberID, Peer: m.To, WAMID: m.WAMID, Detail: why.Data.Details})
	}
}

// sent is the first step, and the only one of a reaction, and of a group that was not made here.
func (m *outbound) sent(s *Sim) func(time.Time) {
	return func(now time.Time) {
		s.climb(m, statusSent, now)
		if m.phone == nil && m.Type != message.TypeReaction {
			s.toGroup(m, now)
		}
		if m.phone == nil || m.phone.HasBlocked(m.NumberID) {
			return // what a phone has blocked stays at sent
		}
		if m.Type == message.TypeReaction {
			s.book.Apply(m.shown)
		} else {
			s.later(now.Add(m.delivery), m.call.Key, m.delivered(s))
		}
	}
}

// delivered waits for the phone to be online.
func (m *outbound) delivered(s *Sim) func(time.Time) {
	return func(now time.Time) {
		if !m.phone.Online {
			m.phone.Wait(func(now time.Time) { s.later(now.Add(m.delivery), m.call.Key, m.delivered(s)) })
			return
		}
		s.climb(m, statusDelivered, now)
		s.answer(m, now)
		s.later(now.Add(m.reading), m.call.Key, m.read(s))
	}
}

// read comes only from a phone that is online and tells when it has read.
func (m *outbound) read(s *Sim) func(time.Time) {
	return func(now time.Time) {
		switch {
		case !m.phone.Receipts:
		case !m.phone.Online:
			m.phone.Wait(func(now time.Time) { s.later(now.Add(m.reading), m.call.Key, m.read(s)) })
		default:
			s.climb(m, statusRead, now)
			if m.voice && m.phone.Played {
				s.later(now.Add(m.reading), m.call.Key, func(now time.Time) { s.climb(m, statusPlayed, now) })
			}
		}
	}
}

// climb records a step and calls it back. The lock must be held.
func (s *Sim) climb(m *outbound, step string, now time.Time) {
	update := m.update(s, step, now)
	switch step {
	case statusSent:
		update.Conversation = &wire.Conversation{
			ID: m.conversation, Expires: wire.Seconds(now.Add(window)), Origin: wire.Origin{Type: m.category()},
		}
		update.Pricing = m.price()
	case statusDelivered:
		update.Conversation = &wire.Conversation{ID: m.conversation, Origin: wire.Origin{Type: m.category()}}
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
func (m *outbound) price() *wire.Pricing {
	if m.template.ID == "" || (m.template.Category == template.Utility && m.inWindow) {
		return &wire.Pricing{Billable: false, Model: "PMP", Type: "free_customer_service", Category: m.category()}
	}
	return &wire.Pricing{Billable: true, Model: "PMP", Type: "regular", Category: m.category()}
}

// fail ends a send that cannot arrive. Meta accepts such a send and says only afterwards that it is not delivered.
func (s *Sim) fail(m *outbound, why *wire.Error, now time.Time) {
	update := m.update(s, statusFailed, now)
	update.Errors = []wire.Error{*why}
	s.record(m, Status{Name: statusFailed, At: now, Code: why.Code}, update)
}

func (m *outbound) update(s *Sim, step string, now time.Time) wire.Status {
	update := wire.Status{ID: m.WAMID, Status: step, Timestamp: wire.Seconds(now), RecipientID: m.To, Tag: m.Tag}
	if m.RecipientType == message.RecipientGroup {
		update.RecipientType = message.RecipientGroup
	}
	s.nameRecipient(m, &update)
	return update
}

// about is the callback of a step, and subject what it tells.
func (m *outbound) about() Post {
	return Post{WABAID: m.from.WABAID, NumberID: m.from.ID, Field: wire.FieldMessages}
}

func (m *outbound) subject(step string) subject {
	return subject{peer: m.To, nth: m.Nth, update: m.WAMID + " " + step, status: step}
}

func (s *Sim) record(m *outbound, step Status, update wire.Status) {
	s.ledger.Climb(m.Send, step)
	s.book.SetStatus(m.shown, step.Name)
	of := m.subject(step.Name)
	if step.Name == statusSent {
		of.act = &m.first
	}
	early := s.emit(m.from, of, wire.Value{Contacts: s.recipientOf(m, step), Statuses: []wire.Status{update}}, step.At)
	if early != nil { // only ever of the first step, while the send is being accepted; later steps must not touch what is read then
		m.early = early
	}
}
