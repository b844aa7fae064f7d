package ledger

import (
	"bytes"
	"cmp"
	"slices"
	"strings"
	"time"
)

// Snapshot is the record in an order that depends on what happened alone, and not on which connection was first: by business
// number, other side and how manyth. What counts arrivals is left out, and so are times unless they are simulated.
type Snapshot struct {
	Messages   []Message   `json:"messages"`
	Callbacks  []Callback  `json:"callbacks"`
	Violations []Violation `json:"violations"`
	Counts     Counts      `json:"counts"`
}

// Snapshot makes a snapshot. Bodies of callbacks are left out: which of them are still there is chance.
func (l *Ledger) Snapshot(times bool) Snapshot {
	s := Snapshot{
		Messages: l.Messages(Filter{}), Callbacks: l.Callbacks(Filter{}), Violations: l.Violations(Filter{}), Counts: l.Counts(),
	}
	for i := range s.Messages {
		m := &s.Messages[i]
		m.Seq = 0
		m.forgetTimes(times)
	}
	for i := range s.Callbacks {
		c := &s.Callbacks[i]
		c.ID, c.Body = 0, nil
		c.forgetTimes(times)
	}
	for i := range s.Violations {
		v := &s.Violations[i]
		v.Seq = 0
		if !times {
			v.At = time.Time{}
		}
	}
	slices.SortFunc(s.Messages, func(a, b Message) int {
		return cmp.Or(cmp.Compare(a.NumberID, b.NumberID), cmp.Compare(a.Peer(), b.Peer()), cmp.Compare(a.Direction, b.Direction),
			cmp.Compare(a.Nth, b.Nth), bytes.Compare(a.Body, b.Body))
	})
	slices.SortFunc(s.Callbacks, func(a, b Callback) int {
		return cmp.Or(cmp.Compare(a.WABAID, b.WABAID), cmp.Compare(a.NumberID, b.NumberID), slices.Compare(a.Updates, b.Updates),
			a.Created.Compare(b.Created), cmp.Compare(a.Field, b.Field), cmp.Compare(a.Fault, b.Fault), a.LastTry.Compare(b.LastTry))
	})
	slices.SortFunc(s.Violations, func(a, b Violation) int {
		return cmp.Or(cmp.Compare(a.NumberID, b.NumberID), cmp.Compare(a.Peer, b.Peer), a.At.Compare(b.At), strings.Compare(a.Rule, b.Rule),
			cmp.Compare(a.WAMID, b.WAMID), cmp.Compare(a.Detail, b.Detail))
	})
	return s
}

func (m *Message) forgetTimes(times bool) {
	if times {
		return
	}
	m.At = time.Time{}
	for i := range m.Statuses {
		m.Statuses[i].At = time.Time{}
	}
}

func (c *Callback) forgetTimes(times bool) {
	if times {
		return
	}
	c.Created, c.LastTry = time.Time{}, time.Time{}
	for i := range c.Tries {
		c.Tries[i].At = time.Time{}
	}
}
