package phone

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"time"
)

const (
	// window is how long after a user's message a business may write freely.
	// https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/send-messages (read 2026-09)
	window = 24 * time.Hour
	// typingLife is how long a typing indicator shows when no message ends it.
	// https://developers.facebook.com/documentation/business-messaging/whatsapp/typing-indicators (read 2026-09)
	typingLife = 25 * time.Second
	// capSpan is the time over which marketing messages to a user are counted. Meta does not publish its rule.
	capSpan = 24 * time.Hour
)

// Phone is what can be set on a virtual phone.
type Phone struct {
	Number   string `json:"number"` // digits
	Name     string `json:"name"`   // the profile name that businesses see
	About    string `json:"about,omitempty"`
	Picture  string `json:"picture,omitempty"`  // an address; nobody fetches it
	Username string `json:"username,omitempty"` // businesses are told it and the user id
	UserID   string `json:"user_id"`            // the business-scoped id; it follows from the number
	Hidden   bool   `json:"hidden,omitempty"`   // businesses are told the user id and not the number
	Absent   bool   `json:"absent,omitempty"`   // the number is not on WhatsApp
	Receipts bool   `json:"receipts"`           // tells when it has read
	Played   bool   `json:"played"`             // tells when a voice message was played, if it tells when it has read
	Online   bool   `json:"online"`
}

// Shown is a Phone with what its owner did and sees beside messages. Numbers are ids of business numbers.
type Shown struct {
	Phone
	Blocks  []string `json:"blocks,omitempty"`  // blocked by the phone
	Stopped []string `json:"stopped,omitempty"` // may send it no marketing
	Typing  []string `json:"typing,omitempty"`  // typing at present
}

// State is a Phone with its memory.
type State struct {
	Phone
	messages []*Message
	wrote    map[string]time.Time // when it last wrote, by id of the business number; so are the others
	blocks   map[string]bool
	stopped  map[string]bool
	typing   map[string]time.Time // until when
	offers   []time.Time          // marketing that came within the last span
	waiting  []func(now time.Time)
}

func newState(number string) *State {
	return &State{
		Phone: Phone{
			Number: number, Name: "Phone " + number[max(0, len(number)-4):], UserID: UserIDOf(number), Receipts: true, Played: true, Online: true,
		},
		wrote: map[string]time.Time{}, blocks: map[string]bool{}, stopped: map[string]bool{}, typing: map[string]time.Time{},
	}
}

// UserIDOf makes a business-scoped id, which changes with the number.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/business-scoped-user-ids (read 2026-09)
func UserIDOf(number string) string {
	sum := sha256.Sum256([]byte("user of " + number))
	return fmt.Sprintf("US.%020d", binary.BigEndian.Uint64(sum[:8]))
}

// Shown is the phone as its owner sees it.
func (p *State) Shown(now time.Time) Shown {
	shown := Shown{Phone: p.Phone, Blocks: slices.Sorted(maps.Keys(p.blocks)), Stopped: slices.Sorted(maps.Keys(p.stopped))}
	for _, number := range slices.Sorted(maps.Keys(p.typing)) {
		if now.Before(p.typing[number]) {
			shown.Typing = append(shown.Typing, number)
		}
	}
	return shown
}

// Wrote opens the window for a business number.
func (p *State) Wrote(numberID string, now time.Time) { p.wrote[numberID] = now }

// MayReceive says whether the phone wrote to the number within the window.
func (p *State) MayReceive(numberID string, now time.Time) bool {
	last, ok := p.wrote[numberID]
	return ok && now.Sub(last) < window
}

// WroteTo lists the business numbers that know the phone because it wrote to them, in the order of their ids.
func (p *State) WroteTo() []string { return slices.Sorted(maps.Keys(p.wrote)) }

// Block blocks a business number, or no longer.
func (p *State) Block(numberID string, on bool) { mark(p.blocks, numberID, on) }

// HasBlocked says whether the phone blocks the number.
func (p *State) HasBlocked(numberID string) bool { return p.blocks[numberID] }

// Stop stops the marketing of a business number, or no longer. It returns false when nothing changed.
func (p *State) Stop(numberID string, on bool) bool {
	changed := p.stopped[numberID] != on
	mark(p.stopped, numberID, on)
	return changed
}

// HasStopped says whether the number may send the phone no marketing.
func (p *State) HasStopped(numberID string) bool { return p.stopped[numberID] }

// Offer counts a marketing message, whoever it is from, unless most have come within the last day; then it returns false.
func (p *State) Offer(most int, now time.Time) bool {
	p.offers = slices.DeleteFunc(p.offers, func(at time.Time) bool { return now.Sub(at) >= capSpan })
	if len(p.offers) >= most {
		return false
	}
	p.offers = append(p.offers, now)
	return true
}

// Type shows that a business number is typing, until a message of it comes or the time is over.
func (p *State) Type(numberID string, now time.Time) { p.typing[numberID] = now.Add(typingLife) }

// Wait keeps something for the time when the phone is online again.
func (p *State) Wait(do func(now time.Time)) { p.waiting = append(p.waiting, do) }

// Resume does what waited for the phone to be online.
func (p *State) Resume(now time.Time) {
	waiting := p.waiting
	p.waiting = nil
	for _, do := range waiting {
		do(now)
	}
}

func mark(set map[string]bool, key string, on bool) {
	if on {
		set[key] = true
		return
	}
	delete(set, key)
}
