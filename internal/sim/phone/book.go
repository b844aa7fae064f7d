package phone

import (
	"maps"
	"slices"
)

const (
	keep        = 100_000 // how many messages are remembered in all; the oldest go first
	keepChanges = 4096    // how many changes of messages are remembered at least, for those who wait
)

// What a message can do to another.
const (
	typeReaction = "reaction"
	typeEdit     = "edit"
	typeRevoke   = "revoke"
)

// Settings are what holds for all phones.
type Settings struct {
	UnknownAbsent bool `json:"unknown_absent"` // a number that no phone has is not on WhatsApp; else a send makes a phone
	MarketingCap  int  `json:"marketing_cap"`  // marketing messages that a user gets within a day, from all numbers; 0 is no cap
	UserIDs       bool `json:"user_ids"`       // callbacks tell every user's business-scoped id beside the number
}

// Book has all phones and messages.
type Book struct {
	Settings
	phones   map[string]*State
	byUserID map[string]*State
	messages map[string]*Message
	log      []*Message // in the order of Seq
	seq      int
	changes  changes
	changed  chan struct{} // closed at the next change; nil when nobody waits
	watch    func(Message)
}

// NewBook makes an empty book.
func NewBook(s Settings) *Book {
	return &Book{Settings: s, phones: map[string]*State{}, byUserID: map[string]*State{}, messages: map[string]*Message{}}
}

// Reset forgets all phones and messages. The settings stay, and so does the count: whoever waits for what comes after a message
// must not wait for ever.
func (b *Book) Reset() {
	clear(b.phones)
	clear(b.byUserID)
	clear(b.messages)
	b.log = nil
	b.touch()
}

// Find returns the phone with this number in digits, or nil.
func (b *Book) Find(number string) *State { return b.phones[number] }

// FindUser returns the phone with this business-scoped id, or nil.
func (b *Book) FindUser(id string) *State { return b.byUserID[id] }

// Open finds or creates a phone by its number in digits.
func (b *Book) Open(number string) *State {
	p, ok := b.phones[number]
	if !ok {
		p = newState(number)
		b.put(p)
	}
	return p
}

// Reach is Open for somebody who sends to a number: where unknown numbers are not on WhatsApp, the phone it makes is absent.
func (b *Book) Reach(number string) *State {
	_, known := b.phones[number]
	p := b.Open(number)
	if !known && b.UnknownAbsent {
		p.Absent = true
	}
	return p
}

func (b *Book) put(p *State) { b.phones[p.Number], b.byUserID[p.UserID] = p, p }

// Phones lists the phones in the order of their numbers.
func (b *Book) Phones() []*State {
	list := make([]*State, 0, len(b.phones))
	for _, number := range slices.Sorted(maps.Keys(b.phones)) {
		list = append(list, b.phones[number])
	}
	return list
}

// Move gives a phone another number, which nobody else may have. The old number is then no longer on WhatsApp.
func (b *Book) Move(p *State, number string) {
	old := newState(p.Number)
	old.Absent = true
	delete(b.byUserID, p.UserID)
	p.Number, p.UserID = number, UserIDOf(number)
	for _, m := range p.messages {
		m.Phone = number
		b.changes.add(change{seq: m.Seq})
	}
	b.put(old)
	b.put(p)
	b.touch()
}

// Message returns the message with this id, or nil.
func (b *Book) Message(wamid string) *Message { return b.messages[wamid] }

// Add remembers a message and, if the phone is not nil, shows it there. What it does to another message is done to it.
func (b *Book) Add(p *State, m *Message) {
	b.seq++
	m.Seq = b.seq
	b.messages[m.ID] = m
	b.log = append(b.log, m)
	if p != nil {
		m.Phone = p.Number
		p.messages = append(p.messages, m)
		if m.Direction == ToPhone {
			delete(p.typing, m.NumberID)
		}
	}
	if m.Direction == FromPhone {
		b.Apply(m) // what a business sends is applied when it arrives
	}
	b.forget()
	b.touch()
	if b.watch != nil {
		b.watch(m.shown())
	}
}

// SetWatch says who is told of each message when it comes. What it is given must not block.
func (b *Book) SetWatch(watch func(Message)) { b.watch = watch }

// Apply does to another message what a reaction, an edit or a revocation says.
func (b *Book) Apply(m *Message) {
	target := b.messages[m.ReplyTo]
	if target == nil || target == m {
		return
	}
	switch m.Type {
	case typeReaction:
		by := "business"
		if m.Direction == FromPhone {
			by = "phone"
		}
		target.react(by, m.Text)
	case typeEdit:
		target.edit(m.Content)
	case typeRevoke:
		target.revoke()
	default:
		return
	}
	b.changes.add(change{seq: target.Seq})
	b.touch()
}

// forget drops the oldest message once there are too many, and lets its phone forget it, where it is the oldest too.
func (b *Book) forget() {
	if len(b.log) <= keep {
		return
	}
	oldest := b.log[0]
	b.log[0], b.log = nil, b.log[1:] // append moves what is left to another place now and then
	if b.messages[oldest.ID] == oldest {
		delete(b.messages, oldest.ID)
	}
	if p := b.phones[oldest.Phone]; p != nil && len(p.messages) > 0 && p.messages[0] == oldest {
		p.messages[0], p.messages = nil, p.messages[1:]
	}
}

// SetStatus changes the status of a message.
func (b *Book) SetStatus(m *Message, status string) {
	m.Status = status
	b.changes.add(change{seq: m.Seq, statusAlone: true})
	b.touch()
}

// Owns says whether the phone wrote the message.
func (b *Book) Owns(p *State, m *Message) bool {
	return m.Direction == FromPhone && m.Phone == p.Number
}

// Messages lists the messages of a phone, oldest first.
func (b *Book) Messages(p *State) []Message {
	list := make([]Message, len(p.messages))
	for i, m := range p.messages {
		list[i] = m.shown()
	}
	return list
}

// ReadBefore marks a message that a phone wrote as read, and those before it to the same business number.
func (b *Book) ReadBefore(m *Message, status string) {
	p := b.phones[m.Phone]
	if p == nil {
		return
	}
	for _, earlier := range p.messages {
		if earlier.Direction == FromPhone && earlier.NumberID == m.NumberID && earlier.Status != status {
			earlier.Status = status
			b.changes.add(change{seq: earlier.Seq, statusAlone: true})
		}
		if earlier == m {
			break
		}
	}
	b.touch()
}

// Seq is how many messages there have been.
func (b *Book) Seq() int { return b.seq }

// Changed returns a channel that is closed when a message comes or changes next.
func (b *Book) Changed() <-chan struct{} {
	if b.changed == nil {
		b.changed = make(chan struct{})
	}
	return b.changed
}

func (b *Book) touch() {
	if b.changed != nil {
		close(b.changed)
		b.changed = nil
	}
}
