package sim

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"time"

	"github.com/waypost/waypost/internal/sim/face"
	"github.com/waypost/waypost/internal/sim/inbound"
	"github.com/waypost/waypost/internal/sim/message"
	"github.com/waypost/waypost/internal/sim/phone"
	"github.com/waypost/waypost/internal/sim/rule"
	"github.com/waypost/waypost/internal/sim/template"
	"github.com/waypost/waypost/internal/sim/wire"
)

// ErrNotFound is returned for a phone, number, message or medium that is not there.
var ErrNotFound = rule.ErrNotFound

// Phone is a virtual phone with WhatsApp on it. Phones come to be on first use: online, and telling when they have read.
type Phone = phone.Phone

// Message is one message of a phone, either way, as its owner sees it.
type Message = phone.Message

// PhoneSettings are what holds for all phones.
type PhoneSettings = phone.Settings

// Phones returns every phone in the order of their numbers.
func (s *Sim) Phones() []Phone {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := []Phone{}
	for _, p := range s.book.Phones() {
		list = append(list, p.Phone)
	}
	return list
}

// Phone returns one phone. It returns ErrNotFound if the number was never used.
func (s *Sim) Phone(number string) (Phone, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, err := s.knownPhone(number)
	if err != nil {
		return Phone{}, err
	}
	return p.Phone, nil
}

// knownPhone finds a phone that is there. The lock must be held.
func (s *Sim) knownPhone(number string) (*phone.State, error) {
	p := s.book.Find(rule.PlainPhone(number))
	if p == nil {
		return nil, fmt.Errorf("phone: %w", ErrNotFound)
	}
	return p, nil
}

// SetPhone creates a phone or changes it; an empty name keeps the one it has, and the user id follows from the number. A phone
// that comes online receives what was waiting for it.
func (s *Sim) SetPhone(want Phone) error {
	_, err := s.ChangePhone(want.Number, func(p *phone.State) error {
		if want.Name == "" {
			want.Name = p.Name
		}
		p.Phone = want
		return nil
	})
	return err
}

// ChangePhone lets change edit a phone, which is created if need be.
func (s *Sim) ChangePhone(number string, change func(*phone.State) error) (phone.Shown, error) {
	plain, err := s.phoneNumber(number)
	if err != nil {
		return phone.Shown{}, err
	}
	now := s.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.book.Open(plain)
	id := p.UserID
	if err := change(p); err != nil {
		return phone.Shown{}, err
	}
	p.Number, p.UserID = plain, id
	if p.Online {
		p.Resume(now)
	}
	return p.Shown(now), nil
}

// phoneNumber puts a phone's number into one form, or says why it is none.
func (s *Sim) phoneNumber(number string) (string, error) {
	plain := rule.PlainPhone(number)
	if !rule.IsPhone(plain) {
		return "", fmt.Errorf("a phone number has %d to %d digits, with country code", rule.PhoneMin, rule.PhoneMax)
	}
	if _, err := s.Business(plain); err == nil {
		return "", errors.New("this is a business number, not a phone")
	}
	return plain, nil
}

// Messages returns what a phone received and wrote, oldest first. It returns ErrNotFound if the number was never used.
func (s *Sim) Messages(number string) ([]Message, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, err := s.knownPhone(number)
	if err != nil {
		return nil, err
	}
	return s.book.Messages(p), nil
}

// newMessage makes a message of either direction.
func (s *Sim) newMessage(wamid, direction string, n Number, c message.Content, now time.Time) *Message {
	m := &Message{
		ID: wamid, Direction: direction, NumberID: n.ID, Type: c.Type, Text: c.Text, Caption: c.Caption, Link: c.Link,
		Content: c.Object, Status: statusSent, At: now,
	}
	if held, ok := s.media.Lookup(c.MediaID, now); ok {
		info := held.Info
		if c.Filename != "" {
			info.Filename = c.Filename
		}
		m.Media = &info
	}
	return m
}

// newSent makes the message that a phone shows of a send.
func (s *Sim) newSent(wamid string, n Number, c outgoing, now time.Time) *Message {
	m := s.newMessage(wamid, phone.ToPhone, n, c.Content, now)
	m.Status = statusAccepted
	switch c.Type {
	case message.TypeTemplate:
		m.Template = c.template.Name
		m.Show = func() *message.View { return c.template.Show(c.Object) }
	case message.TypeInteractive:
		m.Show = func() *message.View { return message.Show(c.Content) }
	}
	return m
}

// refused is why the owner of a phone, or Meta for the owner's sake, does not get an accepted send; nil when nothing speaks
// against it. It counts the marketing that gets through. The lock must be held.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes (read 2026-09)
func (s *Sim) refused(m *outbound) *wire.Error {
	p := m.phone
	switch {
	case p == nil:
		return nil
	case p.Absent:
		return wire.Because(rule.CodeUndeliverable, "Message undeliverable", "The number is not on WhatsApp.")
	case m.template.ID == "" || m.template.Category != template.Marketing:
		return nil
	case p.HasStopped(m.NumberID):
		return wire.Because(rule.CodeStopped, "Unable to deliver the message. This recipient has chosen to stop receiving marketing messages on WhatsApp from your business",
			"The user has stopped marketing messages of this business.")
	case s.book.MarketingCap > 0 && !p.Offer(s.book.MarketingCap, m.At):
		return wire.Because(rule.CodeCapped, "This message was not delivered to maintain healthy ecosystem engagement",
			"The user has had as much marketing as one day allows.")
	}
	return nil
}

// Tap lets a phone tap on a message that it received. It returns the wamid of the answer, or what the tap opens when a phone
// tells the business nothing of it.
func (s *Sim) Tap(number, wamid string, t phone.Tap) (id, opens string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, err := s.knownPhone(number)
	if err != nil {
		return "", "", err
	}
	return s.tap(p, wamid, t, s.now())
}

// tap is Tap with the lock held.
func (s *Sim) tap(p *phone.State, wamid string, t phone.Tap, now time.Time) (id, opens string, err error) {
	m := s.book.Message(wamid)
	if m == nil {
		return "", "", fmt.Errorf("message: %w", ErrNotFound)
	}
	answer, err := s.book.Tap(p, m, t)
	if err != nil || answer.Type == "" {
		return "", answer.Opens, err
	}
	id, err = s.speak(Inbound{
		From: p.Number, To: m.NumberID, Type: answer.Type, Object: answer.Object, ReplyTo: m.ID, Origin: answer.Origin, At: now,
	}, nil)
	return id, "", err
}

// preference is what a user said of a business's marketing. Its timestamp is a number, as Meta has it.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/user_preferences (read 2026-09)
type preference struct {
	WAID      string `json:"wa_id,omitempty"`
	UserID    string `json:"user_id,omitempty"`
	Detail    string `json:"detail"`
	Category  string `json:"category"`
	Value     string `json:"value"`
	Timestamp int64  `json:"timestamp"`
}

// StopMarketing lets a phone stop the marketing of a business number, or resume it, and calls that back when it is news.
func (s *Sim) StopMarketing(number, to string, stop bool) error {
	plain, err := s.phoneNumber(number)
	if err != nil {
		return err
	}
	n, err := s.Business(to)
	if err != nil {
		return fmt.Errorf("to: %w", err)
	}
	now := s.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.book.Open(plain)
	if !p.Stop(n.ID, stop) {
		return nil
	}
	word := "resume"
	if stop {
		word = "stop"
	}
	who := s.person(p)
	s.emitField(Post{WABAID: n.WABAID, NumberID: n.ID, Field: "user_preferences"}, map[string]any{
		"messaging_product": face.Product,
		"metadata":          wire.Metadata{Display: n.Display, NumberID: n.ID},
		"contacts":          []wire.Person{{WAID: who.WAID, UserID: who.UserID}},
		"user_preferences": []preference{{
			WAID: who.WAID, UserID: who.UserID, Detail: "User requested to " + word + " marketing messages",
			Category: "marketing_messages", Value: word, Timestamp: now.Unix(),
		}},
	}, now)
	return nil
}

// MovePhone gives a phone another number and tells every business number that it wrote to, as Meta does.
func (s *Sim) MovePhone(ctx context.Context, number, to string) error {
	plain, err := s.phoneNumber(to)
	if err != nil {
		return fmt.Errorf("to: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	p, err := s.knownPhone(number)
	if err != nil {
		return err
	}
	if taken := s.book.Find(plain); taken != nil && !taken.Absent {
		return errors.New("to: another phone has this number")
	}
	object, err := json.Marshal(s.moved(p, plain))
	if err != nil {
		return fmt.Errorf("encode system message: %w", err)
	}
	for _, id := range p.WroteTo() {
		if _, err := s.speak(Inbound{From: p.Number, To: id, Type: "system", Object: object}, nil); err != nil {
			s.log.DebugContext(ctx, "number change not told", slog.Any("err", err)) // the business has blocked the phone
		}
	}
	s.book.Move(p, plain)
	return nil
}

// moved is what businesses are told of a phone's new number: only what they would be told of the phone at all. The lock must be
// held.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/business-scoped-user-ids (read 2026-09)
func (s *Sim) moved(p *phone.State, to string) map[string]string {
	who, change := s.person(p), map[string]string{"type": inbound.ChangedNumber, "wa_id": to}
	if who.UserID != "" {
		change["user_id"] = phone.UserIDOf(to)
	}
	if who.WAID == "" {
		change["type"] = inbound.ChangedUserID
		delete(change, "wa_id")
	}
	return change
}

// person is how callbacks name the owner of a phone.
func (s *Sim) person(p *phone.State) wire.Person {
	who := wire.Person{Profile: &wire.Profile{Name: p.Name, Username: p.Username}, WAID: p.Number}
	if p.Username != "" || p.Hidden || s.book.UserIDs {
		who.UserID = p.UserID
	}
	if p.Hidden {
		who.WAID = ""
	}
	return who
}

// recentWriters are the users whose window is open. They are collected at once, because the records' lock is taken with the
// Sim's lock held and so never the other way round.
func (s *Sim) recentWriters(n Number) map[string]bool {
	now, recent := s.now(), map[string]bool{}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.book.Phones() {
		recent[p.Number] = p.MayReceive(n.ID, now)
	}
	return recent
}

// typed shows a typing indicator on the phone that wrote the message.
func (s *Sim) typed(n Number, m *Message) {
	if p := s.book.Find(m.Phone); p != nil {
		p.Type(n.ID, s.now())
	}
}

// Business finds a business number by id or display number; an empty name means the only one.
func (s *Sim) Business(name string) (Number, error) {
	if all := s.accounts.Numbers(); name == "" && len(all) == 1 {
		return all[0], nil
	}
	if n, ok := s.accounts.Find(rule.PlainPhone(name)); ok {
		return n, nil
	}
	if name == "" {
		return Number{}, errors.New("there are several business numbers: say to which one")
	}
	return Number{}, fmt.Errorf("business number: %w", ErrNotFound)
}

// nameRecipient says in a status who it is about: a user whose number is not told is named by the user id.
func (s *Sim) nameRecipient(m *outbound, update *wire.Status) {
	if m.phone == nil {
		return
	}
	who := s.person(m.phone)
	if update.RecipientUser = who.UserID; who.WAID == "" {
		update.RecipientID = ""
	}
}

// recipientOf names the recipient beside a status, as Meta does where there is a user id; not when the send failed.
func (s *Sim) recipientOf(m *outbound, step Status) []wire.Person {
	if m.phone == nil || step.Name == statusFailed {
		return nil
	}
	if who := s.person(m.phone); who.UserID != "" {
		return []wire.Person{who}
	}
	return nil
}

// userIDForm is what a business-scoped user id looks like: a country, a dot and up to 128 letters and digits.
var userIDForm = regexp.MustCompile(`^[A-Z]{2}\.(ENT\.)?[0-9A-Za-z]{1,128}$`)

// findRecipient puts the number of a business-scoped user id in the place of the recipient. The caller has seen that there is no
// number. An id that nobody has is refused as a number that is not on WhatsApp; Meta's pages do not say with what.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/business-scoped-user-ids (read 2026-09)
func (s *Sim) findRecipient(q *message.Request) error {
	if !userIDForm.MatchString(q.Recipient) {
		return rule.BadValue("recipient is no business-scoped user id")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.book.FindUser(q.Recipient)
	if p == nil {
		return rule.Refuse(rule.CodeUndeliverable, "Message undeliverable", "recipient: nobody has this user id")
	}
	q.To, q.ByUserID = p.Number, true
	return nil
}

// contactOf names the recipient in the answer to a send. The lock must be held.
func (s *Sim) contactOf(input string, accepted *outbound) message.Contact {
	c := message.Contact{Input: input, WAID: accepted.To}
	if p := s.book.Find(accepted.To); p != nil && accepted.RecipientType == message.RecipientIndividual {
		c.UserID = s.person(p).UserID
		if input == p.UserID {
			c.WAID, c.UserID = "", p.UserID
		}
	}
	return c
}

// Numbers returns every business number, those that were added at run time too, in order of creation.
func (s *Sim) Numbers() []Number { return s.accounts.Numbers() }
