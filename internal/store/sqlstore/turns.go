package sqlstore

import (
	"fmt"
	"time"

	"github.com/waypost/waypost/internal/store"
	"github.com/waypost/waypost/internal/wa"
)

// Messages of one queue to one person go out one after another: the first that
// is open (accepted or dispatched) has its turn, and those behind it are not due,
// however long they have waited. When a message has had its turn, the next one
// gets it in the same transaction. So a person who is slow, or has a thousand
// messages waiting, holds up nobody else: a claim never sees more than one of
// them.
//
// A message that is put off for longer than turnHold lets the others pass: nobody
// should wait a day behind another message. It keeps its turn if the reason is one
// for which the others could not go either (see wa.Scope).
const turnHold = 10 * time.Second

// What messages.turn says.
const (
	turnBehind  = 0 // somebody else has the turn
	turnHas     = 1
	turnLetPass = 2 // it was put off and waits for nobody, nor does anybody for it
)

// theQueue is the queue of $1 to $3, account, number and urgency.
const theQueue = `(SELECT id FROM queues WHERE account_id = $1 AND number_id = $2 AND urgency = $3)`

// inLine selects the open messages of a queue to $4, a person.
const inLine = `SELECT account_id, id FROM messages WHERE queue = ` + theQueue + ` AND person = $4
	AND status IN ('accepted', 'dispatched')`

// urgency is the part of a message's queue that does not stand in the message.
func urgency(m wa.Message) string {
	if m.Category.Urgent() {
		return "urgent"
	}
	return "bulk"
}

// endTurn gives the turn to the next message behind m, which has had its own. A
// status may have ended it before its answer did, so somebody may have it.
func (t *tx) endTurn(m wa.Message) error {
	n, err := t.exec(`UPDATE messages SET turn = 1
		WHERE (account_id, id) = (`+inLine+` AND turn = 0 ORDER BY id LIMIT 1) AND NOT EXISTS (`+inLine+` AND turn = 1)`,
		m.AccountID, m.NumberID, urgency(m), m.Person)
	if n > 0 {
		t.wake(store.StageOutbox)
	}
	return wrap("end turn", err)
}

// putOff makes a message due again later, with its turn or without.
func (s *Store) putOff(t *tx, m wa.Message, o wa.Outcome) error {
	turn, slowed := turnHas, 0
	if o.After > turnHold && o.Scope == wa.ScopeMessage {
		turn = turnLetPass
	}
	if o.Slowed {
		slowed = 1
	}
	if _, err := t.exec(`UPDATE messages SET status = 'accepted', due_at = $1, turn = $2, slowed = slowed + $3
		WHERE account_id = $4 AND id = $5`, micros(inTime(m, s.now().Add(o.After))), turn, slowed, m.AccountID, m.ID); err != nil {
		return fmt.Errorf("put off message: %w", err)
	}
	t.wake(store.StageOutbox) // which learns when it is due
	if turn == turnHas {
		return nil
	}
	return t.endTurn(m)
}

// inTime is when a message that may go from due on is looked at: when it expires
// at the latest, so that it is told in time.
func inTime(m wa.Message, due time.Time) time.Time {
	if end := m.ExpiresAt(); !end.IsZero() && end.Before(due) {
		return end
	}
	return due
}

// open reports whether a message still has its turn or waits for it.
func open(s wa.Status) bool { return s == wa.StatusAccepted || s == wa.StatusDispatched }
