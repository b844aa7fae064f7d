package sim

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/waypost/waypost/internal/sim/inbound"
	"github.com/waypost/waypost/internal/sim/ledger"
	"github.com/waypost/waypost/internal/sim/limit"
	"github.com/waypost/waypost/internal/sim/media"
	"github.com/waypost/waypost/internal/sim/message"
	"github.com/waypost/waypost/internal/sim/phone"
	"github.com/waypost/waypost/internal/sim/rule"
	"github.com/waypost/waypost/internal/sim/wire"
)

// Inbound is a message that a phone writes to a business number.
type Inbound = inbound.Message

// Say lets a phone write. It returns the wamid once the callback is in line to be posted.
func (s *Sim) Say(ctx context.Context, in Inbound) (string, error) {
	if in.Media == nil {
		return s.SayStaged(in, nil)
	}
	st, err := s.media.Stage(media.Bound(ctx, in.Media), media.MaxSize)
	if err != nil {
		return "", fmt.Errorf("take medium: %w", err)
	}
	return s.SayStaged(in, &st)
}

// SayStaged is Say with the medium already on disk. It owns the staged bytes.
func (s *Sim) SayStaged(in Inbound, st *media.Staged) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.speak(in, st)
}

// speak is SayStaged with the lock held.
func (s *Sim) speak(in Inbound, st *media.Staged) (string, error) {
	if in.At.IsZero() {
		in.At = s.now()
	}
	n, err := s.checkInbound(&in, st)
	if err != nil {
		if st != nil {
			s.media.Discard(*st)
		}
		return "", err
	}
	c := message.Content{Type: in.Type, Text: in.Text, Caption: in.Caption, Filename: in.Filename}
	if inbound.Is(in.Type) {
		if c, err = s.readObject(&in); err != nil {
			return "", err
		}
	}
	var m *media.Item
	if st != nil {
		m, err = s.keepInbound(n, in, *st)
		if err != nil {
			return "", err
		}
		c.MediaID = m.ID
	}
	wamid := s.arrive(n, in, c, m)
	s.log.Debug("phone wrote", slog.String("wamid", wamid), slog.String("type", in.Type))
	return wamid, nil
}

// checkInbound checks a message and fills in what may be left out.
func (s *Sim) checkInbound(in *Inbound, st *media.Staged) (Number, error) {
	in.From = rule.PlainPhone(in.From)
	if !rule.IsPhone(in.From) {
		return Number{}, fmt.Errorf("from: a phone number has %d to %d digits, with country code", rule.PhoneMin, rule.PhoneMax)
	}
	n, err := s.Business(in.To)
	if err != nil {
		return Number{}, fmt.Errorf("to: %w", err)
	}
	if n.Display == in.From {
		return Number{}, errors.New("from: the business number cannot write to itself")
	}
	switch p := s.book.Find(in.From); {
	case p == nil:
	case p.Absent:
		return Number{}, errors.New("from: this number is not on WhatsApp")
	case p.HasBlocked(n.ID):
		return Number{}, errors.New("from: the phone has blocked this business number")
	}
	if s.records.Blocks(n.ID, in.From) {
		return Number{}, errors.New("from: the business number has blocked this phone")
	}
	if in.Referral != nil {
		if err := inbound.Referral(in.Referral); err != nil {
			return Number{}, rule.Plainly(err)
		}
	}
	if in.ReplyTo != "" && !s.knows(in.ReplyTo) {
		return Number{}, fmt.Errorf("reply_to: message %w", ErrNotFound)
	}
	switch {
	case st != nil && inbound.Is(in.Type):
		return n, fmt.Errorf("type %q: it takes no file", in.Type)
	case st == nil && inbound.Is(in.Type):
		return n, nil
	case st == nil:
		return n, in.CheckText()
	}
	return n, in.CheckMedium(*st)
}

// knows says whether there is such a message. The lock must be held.
func (s *Sim) knows(wamid string) bool {
	return s.book.Message(wamid) != nil
}

func (s *Sim) keepInbound(n Number, in Inbound, st media.Staged) (*media.Item, error) {
	m := media.Item{NumberID: n.ID, Expires: in.At.Add(media.InboundLife)}
	m.Kind, m.MIMEType, m.Filename = in.Type, in.MIMEType, in.Filename
	kept, err := s.media.Keep(st, m)
	if err != nil {
		s.media.Discard(st)
		return nil, err
	}
	s.at(kept.Expires, func(time.Time) { _ = s.media.Remove(kept.ID) }) // as [Sim.forgetAt] does
	return kept, nil
}

// arrive records the message, opens the window and puts the callback in line. The lock must be held.
func (s *Sim) arrive(n Number, in Inbound, c message.Content, m *media.Item) string {
	now, p := in.At, s.book.Open(in.From)
	who := s.person(p)
	nth, key := s.count(n.ID, in.From, ledger.In)
	wamid := key.WAMID(in.From)
	s.throughput.Take(n.ID, limit.PerSecond(int(s.perSecond.Load())), now) // what comes in counts too
	update := wire.Inbound{
		From: who.WAID, FromUser: who.UserID, ID: wamid, Timestamp: wire.Seconds(now), Type: c.Type, Referral: in.Referral,
		Origin: in.Origin, Context: s.contextOf(n, in, who),
	}
	switch {
	case c.Object != nil:
		inbound.Embed(&update, c)
	case m == nil:
		update.Text = &wire.Text{Body: c.Text}
	default:
		inbound.Attach(&update, m, c, s.media.Link(m, now))
	}
	shown := s.newMessage(wamid, phone.FromPhone, n, c, now)
	shown.ReplyTo = cmp.Or(in.ReplyTo, c.Target)
	s.book.Add(p, shown)
	s.ledger.AddMessage(&ledger.Message{
		Direction: ledger.In, Outcome: ledger.Accepted, Nth: nth, WAMID: wamid, NumberID: n.ID, From: in.From, Type: c.Type, At: now,
	})
	v := wire.Value{Messages: []wire.Inbound{update}}
	if c.Type != inbound.TypeSystem { // what the system says was not written by the user, and names no contact
		p.Wrote(n.ID, now)
		v.Contacts = []wire.Person{who}
	}
	s.emit(n, subject{peer: in.From, nth: nth, update: wamid + " " + c.Type, status: c.Type}, v, now)
	return wamid
}

// contextOf says what a message answers and whether it was passed on; nil when there is nothing to say. The lock must be held.
func (s *Sim) contextOf(n Number, in Inbound, who wire.Person) *wire.Context {
	c := wire.Context{Forwarded: in.Forwarded && !in.Often, Often: in.Often}
	if quotedMessage := s.book.Message(in.ReplyTo); quotedMessage != nil {
		c.From, c.ID = n.Display, in.ReplyTo
		if quotedMessage.Phone == in.From && quotedMessage.Direction == phone.FromPhone {
			c.From = who.WAID
		}
	}
	if c == (wire.Context{}) {
		return nil
	}
	return &c
}

// readObject reads what is neither a text nor a file, and finds what it is about.
func (s *Sim) readObject(in *Inbound) (message.Content, error) {
	c, err := inbound.Read(in.Type, in.Object)
	if err != nil {
		return message.Content{}, rule.Plainly(err)
	}
	if c.Target != "" && !s.knows(c.Target) {
		return message.Content{}, fmt.Errorf("%s: message %w", in.Type, ErrNotFound)
	}
	if in.Type == inbound.TypeSystem && c.Text == "" {
		c, err = s.idsChanged(in.From, in.Object)
	}
	return message.Content{Type: in.Type, Text: c.Text, Target: c.Target, Object: c.Object}, err
}

// idsChanged writes the sentence that comes with a changed number or user id. It does not tell a number that the user hides.
func (s *Sim) idsChanged(from string, raw json.RawMessage) (inbound.Content, error) {
	var change struct {
		Body     string `json:"body"`
		WAID     string `json:"wa_id,omitempty"`
		UserID   string `json:"user_id,omitempty"`
		ParentID string `json:"parent_user_id,omitempty"`
		Type     string `json:"type"`
	}
	if err := json.Unmarshal(raw, &change); err != nil {
		return inbound.Content{}, fmt.Errorf("system: %w", err)
	}
	p := s.book.Open(from)
	was, now := from, change.WAID
	if change.WAID == "" {
		was, now = p.UserID, change.UserID
	}
	change.Body = fmt.Sprintf("User %s changed from %s to %s", p.Name, was, now)
	object, err := json.Marshal(change)
	if err != nil {
		return inbound.Content{}, fmt.Errorf("system: %w", err)
	}
	return inbound.Content{Text: change.Body, Object: object}, nil
}
