package ledger

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// Filter chooses entries. An empty field chooses all.
type Filter struct {
	Direction, NumberID, Peer, WAMID, Tag, Type, Outcome, Status, Fault, Field, Rule string

	Code  int
	After int // entries with a higher number alone
	Limit int // at most so many, the newest; 0 is no limit
}

// ReadFilter reads a filter from a query. It refuses a key that it does not know, because a misspelt one would choose everything.
func ReadFilter(query url.Values) (f Filter, err error) {
	texts := map[string]*string{
		"direction": &f.Direction, "number_id": &f.NumberID, "peer": &f.Peer, "to": &f.Peer, "from": &f.Peer, "wamid": &f.WAMID,
		"tag": &f.Tag, "type": &f.Type, "outcome": &f.Outcome, "status": &f.Status, "fault": &f.Fault, "field": &f.Field, "rule": &f.Rule,
	}
	numbers := map[string]*int{"code": &f.Code, "after": &f.After, "limit": &f.Limit}
	for key := range query {
		value := query.Get(key)
		switch {
		case key == "format":
		case texts[key] != nil:
			*texts[key] = value
		case numbers[key] != nil:
			n, err := strconv.Atoi(value)
			if err != nil || n < 0 {
				return f, fmt.Errorf("%s: give a number that is not negative", key)
			}
			*numbers[key] = n
		default:
			known := slices.Sorted(maps.Keys(texts))
			return f, errors.New(key + ": choose by code, after, limit, format, " + strings.Join(known, ", "))
		}
	}
	return f, nil
}

func is(wish, have string) bool { return wish == "" || wish == have }

func (f *Filter) message(m *Message) bool {
	return m.Seq > f.After && is(f.Direction, m.Direction) && is(f.NumberID, m.NumberID) && is(f.Peer, m.Peer()) &&
		is(f.WAMID, m.WAMID) && is(f.Tag, m.Tag) && is(f.Type, m.Type) && is(f.Outcome, m.Outcome) && is(f.Fault, m.Fault) &&
		(f.Code == 0 || f.Code == m.Code || slices.ContainsFunc(m.Statuses, func(s Status) bool { return s.Code == f.Code })) &&
		(f.Status == "" || slices.ContainsFunc(m.Statuses, func(s Status) bool { return s.Name == f.Status }))
}

func (f *Filter) callback(c *Callback) bool {
	tells := func(word string) bool {
		return word == "" || slices.ContainsFunc(c.Updates, func(u string) bool { return slices.Contains(strings.Fields(u), word) })
	}
	return c.ID > f.After && is(f.NumberID, c.NumberID) && is(f.Outcome, c.Outcome) && is(f.Fault, c.Fault) && is(f.Field, c.Field) && is(f.Peer, c.Peer) &&
		tells(f.WAMID) && tells(f.Status)
}

func (f *Filter) violation(v Violation) bool {
	return v.Seq > f.After && is(f.NumberID, v.NumberID) && is(f.Peer, v.Peer) && is(f.WAMID, v.WAMID) && is(f.Rule, v.Rule)
}

// choose copies what passes, the oldest first. An entry is looked at from the newest on, so that a limit is cheap.
func choose[T, U any](r *ring[T], limit int, pass func(T) bool, copied func(T) U) []U {
	list := []U{}
	for i := r.len() - 1; i >= 0 && (limit == 0 || len(list) < limit); i-- {
		if entry := r.at(i); pass(entry) {
			list = append(list, copied(entry))
		}
	}
	slices.Reverse(list)
	return list
}

// Messages returns the messages that pass, the oldest first.
func (l *Ledger) Messages(f Filter) []Message {
	l.mu.Lock()
	defer l.mu.Unlock()
	return choose(&l.messages, f.Limit, f.message, (*Message).copied)
}

// Message finds an accepted or inbound message by its id.
func (l *Ledger) Message(wamid string) (Message, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	m, ok := l.byID[wamid]
	if !ok {
		return Message{}, false
	}
	return m.copied(), true
}

func (m *Message) copied() Message {
	c := *m
	c.Statuses = append([]Status{}, m.Statuses...)
	return c
}

// Callbacks returns the callbacks that pass, the oldest first.
func (l *Ledger) Callbacks(f Filter) []Callback {
	l.mu.Lock()
	defer l.mu.Unlock()
	return choose(&l.callbacks, f.Limit, f.callback, func(c *Callback) Callback {
		out := *c
		out.Tries = slices.Clone(c.Tries)
		return out
	})
}

// Violations returns the violations that pass, the oldest first.
func (l *Ledger) Violations(f Filter) []Violation {
	l.mu.Lock()
	defer l.mu.Unlock()
	return choose(&l.violations, f.Limit, f.violation, func(v Violation) Violation { return v })
}

// Count is how much was ever recorded and how much of it had to give way.
type Count struct {
	Recorded int `json:"recorded"`
	Dropped  int `json:"dropped"`
}

// Counts says how much there is of everything, and how often each rule was broken.
type Counts struct {
	Messages   Count          `json:"messages"`
	Callbacks  Count          `json:"callbacks"`
	Violations Count          `json:"violations"`
	Broken     map[string]int `json:"broken"`
}

// Counts returns the counts.
func (l *Ledger) Counts() Counts {
	l.mu.Lock()
	defer l.mu.Unlock()
	return Counts{
		Messages:   Count{l.made.messages, l.messages.dropped},
		Callbacks:  Count{l.made.callbacks, l.callbacks.dropped},
		Violations: Count{l.made.violations, l.violations.dropped},
		Broken:     maps.Clone(l.broken),
	}
}

// Numbered finds a message by its number.
func (l *Ledger) Numbered(seq int) (Message, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := l.messages.len() - 1; i >= 0; i-- {
		if m := l.messages.at(i); m.Seq <= seq {
			return m.copied(), m.Seq == seq
		}
	}
	return Message{}, false
}
