package phone

import (
	"regexp"
	"slices"
	"strings"
)

// Query says which message is looked for; what is empty matches every message.
type Query struct {
	After     int // only messages with a greater Seq
	ID        string
	Direction string
	Phone     string
	NumberID  string
	Type      string
	Text      string // found in what a person can read, in either case
	Matches   *regexp.Regexp
	Template  string
	ReplyTo   string
	Statuses  []string // one of these
}

// Place is how far somebody has looked who waits for a message. The zero value is the beginning.
type Place struct{ seq, change int }

// First finds the first message that matches.
func (b *Book) First(q Query) (Message, bool) {
	m, _, ok := b.Look(q, Place{})
	return m, ok
}

// Look is First for somebody who asks the same again and again: it looks only at the messages that came or changed since it
// returned the place, when none matched.
func (b *Book) Look(q Query, from Place) (Message, Place, bool) {
	now := Place{seq: b.seq, change: b.changes.count}
	recent, known := b.changes.since(from.change)
	if !known {
		from.seq = 0 // too much has changed meanwhile
	}
	first := b.firstChanged(q, from.seq, recent)
	if first == nil {
		first = b.firstAfter(q, max(q.After, from.seq))
	}
	if first == nil {
		return Message{}, now, false
	}
	return first.shown(), now, true
}

// firstChanged finds the first match up to a place among those that changed; later ones are looked at in any case.
func (b *Book) firstChanged(q Query, upTo int, recent []change) (first *Message) {
	for _, c := range recent {
		if c.seq <= q.After || c.seq > upTo || (c.statusAlone && len(q.Statuses) == 0) || (first != nil && c.seq >= first.Seq) {
			continue
		}
		at, found := b.place(c.seq)
		if found && q.matches(b.log[at]) {
			first = b.log[at]
		}
	}
	return first
}

func (b *Book) firstAfter(q Query, seq int) *Message {
	from, _ := b.place(seq + 1)
	for _, m := range b.log[from:] {
		if q.matches(m) {
			return m
		}
	}
	return nil
}

// place is where in the log a message is, or would be.
func (b *Book) place(seq int) (int, bool) {
	return slices.BinarySearchFunc(b.log, seq, func(m *Message, seq int) int { return m.Seq - seq })
}

// All finds the messages that match, at most a number of them.
func (b *Book) All(q Query, most int) []Message {
	list := []Message{}
	for len(list) < most {
		m, ok := b.First(q)
		if !ok {
			break
		}
		list, q.After = append(list, m), m.Seq
	}
	return list
}

func (q Query) matches(m *Message) bool {
	same := func(want, got string) bool { return want == "" || want == got }
	if !same(q.ID, m.ID) || !same(q.Direction, m.Direction) || !same(q.Phone, m.Phone) || !same(q.NumberID, m.NumberID) ||
		!same(q.Type, m.Type) || !same(q.Template, m.Template) || !same(q.ReplyTo, m.ReplyTo) {
		return false
	}
	if len(q.Statuses) > 0 && !slices.Contains(q.Statuses, m.Status) {
		return false
	}
	if q.Text == "" && q.Matches == nil {
		return true
	}
	words := m.Words()
	return strings.Contains(strings.ToLower(words), strings.ToLower(q.Text)) && (q.Matches == nil || q.Matches.MatchString(words))
}
