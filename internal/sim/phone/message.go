package phone

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/waypost/waypost/internal/sim/media"
	"github.com/waypost/waypost/internal/sim/message"
)

// The ways a message goes, seen from the phone.
const (
	ToPhone   = "to_phone"
	FromPhone = "from_phone"
)

// Message is one message of a phone, either way, as its owner sees it.
type Message struct {
	ID        string      `json:"id"`
	Seq       int         `json:"seq"`             // counts the messages of all phones from 1
	Phone     string      `json:"phone,omitempty"` // whose message it is; absent for a group
	Direction string      `json:"direction"`       // to_phone or from_phone
	NumberID  string      `json:"number_id"`       // the business number at the other end
	Type      string      `json:"type"`
	Text      string      `json:"text,omitempty"`
	Caption   string      `json:"caption,omitempty"`
	Link      string      `json:"link,omitempty"`
	Media     *media.Info `json:"media,omitempty"`

	// Content is the object that the type names, as it was sent; texts and media are told by the fields above alone.
	Content json.RawMessage `json:"content,omitempty"`

	Template  string        `json:"template,omitempty"` // name of the template
	View      *message.View `json:"view,omitempty"`     // of interactive and template messages; made when it is asked for
	ReplyTo   string        `json:"reply_to,omitempty"`
	Reactions []Reaction    `json:"reactions,omitempty"`
	Edited    bool          `json:"edited,omitempty"`
	Revoked   bool          `json:"revoked,omitempty"`
	Status    string        `json:"status"` // to_phone: accepted, sent, delivered, read, played or failed; from_phone: sent or read
	At        time.Time     `json:"at"`

	Show func() *message.View `json:"-"` // makes View; nil where there is none
}

// Reaction is an emoji on a message.
type Reaction struct {
	By    string `json:"by"` // phone or business
	Emoji string `json:"emoji"`
}

// shown is a copy with its view.
func (m *Message) shown() Message {
	c := *m
	if m.Show != nil && !m.Revoked {
		c.View = m.Show()
	}
	c.Reactions = append([]Reaction(nil), m.Reactions...)
	return c
}

// Words are all that a person can read of a message, on lines of their own.
func (m *Message) Words() string {
	words := []string{m.Text, m.Caption}
	if view := m.shown().View; view != nil {
		if view.Header != nil {
			words = append(words, view.Header.Text)
		}
		words = append(words, view.Body, view.Footer, view.Menu)
		buttons, _ := view.All()
		for _, b := range buttons {
			words = append(words, b.Text)
		}
		for _, card := range view.Cards {
			words = append(words, card.Body)
		}
	}
	return strings.Join(words, "\n")
}

// react puts an emoji on the message; each side has one at most, and an empty one takes it away.
func (m *Message) react(by, emoji string) {
	kept := m.Reactions[:0]
	for _, r := range m.Reactions {
		if r.By != by {
			kept = append(kept, r)
		}
	}
	if m.Reactions = kept; emoji != "" {
		m.Reactions = append(m.Reactions, Reaction{By: by, Emoji: emoji})
	}
}

// edit puts other words into the message: a text or a caption.
func (m *Message) edit(object json.RawMessage) {
	var edit struct {
		Message struct {
			Text struct {
				Body string `json:"body"`
			} `json:"text"`
			Image, Video, Document struct {
				Caption string `json:"caption"`
			}
		} `json:"message"`
	}
	if json.Unmarshal(object, &edit) != nil {
		return // package inbound has read it
	}
	m.Edited = true
	if m.Media == nil {
		m.Text = edit.Message.Text.Body
		return
	}
	m.Caption = edit.Message.Image.Caption + edit.Message.Video.Caption + edit.Message.Document.Caption
}

// revoke takes everything away that the message said.
func (m *Message) revoke() {
	m.Revoked, m.Text, m.Caption, m.Link, m.Media, m.Content = true, "", "", "", nil, nil
}
