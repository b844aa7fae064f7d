package sim

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/waypost/waypost/internal/sim/message"
)

// ErrNotFound is returned for a phone, number, message or medium that is not there.
var ErrNotFound = errors.New("not found")

// The ways a message goes, seen from the phone.
const (
	toPhone   = "to_phone"
	fromPhone = "from_phone"
)

// Phone is a virtual phone with WhatsApp on it. Phones come to be on first use: online, and telling when they have read.
type Phone struct {
	Number   string `json:"number"` // digits
	Name     string `json:"name"`   // the profile name that businesses see
	Receipts bool   `json:"receipts"`
	Online   bool   `json:"online"`
}

// Message is one message of a phone, either way.
type Message struct {
	ID        string `json:"id"`
	Direction string `json:"direction"` // to_phone or from_phone
	NumberID  string `json:"number_id"` // the business number at the other end
	Type      string `json:"type"`
	Text      string `json:"text,omitempty"`
	Caption   string `json:"caption,omitempty"`
	Link      string `json:"link,omitempty"`
	Media     *Media `json:"media,omitempty"`

	// Content is the object that the type names, as it was sent; texts and media are told by the fields above alone.
	Content json.RawMessage `json:"content,omitempty"`

	ReplyTo string    `json:"reply_to,omitempty"`
	Status  string    `json:"status"` // to_phone: accepted, sent, delivered, read or failed; from_phone: sent or read
	At      time.Time `json:"at"`

	phone string // whose message it is
}

// phone is a Phone with its memory.
type phone struct {
	Phone
	messages []*Message
	wrote    map[string]time.Time  // when it last wrote, by id of the business number
	waiting  []func(now time.Time) // what happens when it comes online
}

// mayReceive says whether the phone wrote to the number within the window.
func (p *phone) mayReceive(numberID string, now time.Time) bool {
	last, ok := p.wrote[numberID]
	return ok && now.Sub(last) < window
}

// Phones returns every phone in the order of their numbers.
func (s *Sim) Phones() []Phone {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]Phone, 0, len(s.phones))
	for _, number := range slices.Sorted(maps.Keys(s.phones)) {
		list = append(list, s.phones[number].Phone)
	}
	return list
}

// Phone returns one phone. It returns ErrNotFound if the number was never used.
func (s *Sim) Phone(number string) (Phone, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, ok := s.phones[plainPhone(number)]
	if !ok {
		return Phone{}, fmt.Errorf("phone: %w", ErrNotFound)
	}
	return p.Phone, nil
}

// SetPhone creates a phone or changes it; an empty name keeps the one it has. A phone that comes online receives what was
// waiting for it.
func (s *Sim) SetPhone(want Phone) error {
	_, err := s.changePhone(want.Number, func(p *Phone) {
		p.Receipts, p.Online = want.Receipts, want.Online
		if want.Name != "" {
			p.Name = want.Name
		}
	})
	return err
}

// changePhone lets change edit a phone, which is created if need be.
func (s *Sim) changePhone(number string, change func(*Phone)) (Phone, error) {
	plain := plainPhone(number)
	if !isPhone(plain) {
		return Phone{}, fmt.Errorf("a phone number has %d to %d digits, with country code", phoneMin, phoneMax)
	}
	if _, err := s.business(plain); err == nil {
		return Phone{}, errors.New("this is a business number, not a phone")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.phone(plain)
	change(&p.Phone)
	p.Number = plain
	if p.Online {
		now := time.Now()
		for _, resume := range p.waiting {
			resume(now)
		}
		p.waiting = nil
	}
	return p.Phone, nil
}

// Messages returns what a phone received and wrote, oldest first. It returns ErrNotFound if the number was never used.
func (s *Sim) Messages(number string) ([]Message, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, ok := s.phones[plainPhone(number)]
	if !ok {
		return nil, fmt.Errorf("phone: %w", ErrNotFound)
	}
	list := make([]Message, len(p.messages))
	for i, m := range p.messages {
		list[i] = *m
	}
	return list, nil
}

// phone finds or creates a phone by its plain number. The lock must be held.
func (s *Sim) phone(number string) *phone {
	p, ok := s.phones[number]
	if !ok {
		p = &phone{
			Phone: Phone{Number: number, Name: "Phone " + number[len(number)-4:], Receipts: true, Online: true},
			wrote: map[string]time.Time{},
		}
		s.phones[number] = p
	}
	return p
}

// newMessage makes a message of either direction and remembers it by its id. The lock must be held.
func (s *Sim) newMessage(wamid, direction string, n Number, c message.Content, now time.Time) *Message {
	m := &Message{
		ID: wamid, Direction: direction, NumberID: n.ID, Type: c.Type, Text: c.Text, Caption: c.Caption, Link: c.Link,
		Content: c.Object, Status: statusSent, At: now,
	}
	if held, ok := s.media.lookup(c.MediaID, now); ok {
		media := held.Media
		if c.Filename != "" {
			media.Filename = c.Filename
		}
		m.Media = &media
	}
	s.messages[wamid] = m
	return m
}

// business finds a business number by id or display number; an empty name means the only one.
func (s *Sim) business(name string) (Number, error) {
	if name == "" && len(s.numbers) == 1 {
		return s.numbers[0], nil
	}
	plain := plainPhone(name)
	for _, n := range s.numbers {
		if n.ID == plain || n.Display == plain {
			return n, nil
		}
	}
	if name == "" {
		return Number{}, errors.New("there are several business numbers: say to which one")
	}
	return Number{}, fmt.Errorf("business number: %w", ErrNotFound)
}
