package sqlstore

import (
	"time"

	"github.com/waypost/waypost/internal/store"
	"github.com/waypost/waypost/internal/wa"
)

// Messages to one recipient of a number go out one after another: the first
// that is open (accepted or dispatched) has its turn, and those behind it are
// not due, however long they have waited. When a message has had its turn, the
// next one gets it in the same transaction. So a recipient who is slow, or has
// a thousand messages waiting, holds up nobody else: a claim never sees more
// than one of them.
//
// A message that is put off for longer than turnHold lets the next one pass:
// nobody should wait a day behind another message.
const turnHold = 10 * time.Second

// inLine selects the open messages to one recipient: $1 to $3 are account,
// number and recipient. The account is hidden from the planner, which would
// otherwise read all messages of the account by the primary key.
const inLine = `SELECT account_id, id FROM messages WHERE account_id || '' = $1 AND number_id = $2 AND recipient = $3
	AND status IN ('accepted', 'dispatched')`

// hasTurn narrows inLine to a message whose turn it is: it is being sent, or
// will be before $4, the end of turnHold.
const hasTurn = inLine + ` AND behind = 0 AND (claimed = 1 OR status = 'dispatched' OR due_at <= $4)`

// isBehind narrows inLine to those that wait for their turn.
const isBehind = inLine + ` AND behind = 1`

// mustWait reports whether a new message has others in front of it.
func (t *tx) mustWait(m wa.Message) (bool, error) {
	var wait bool
	err := t.row(`SELECT EXISTS (`+hasTurn+`) OR EXISTS (`+isBehind+`)`,
		[]any{m.AccountID, m.NumberID, m.Recipient.ID, micros(m.AcceptedAt.Add(turnHold))}, &wait)
	return wait, wrap("look for a turn", err)
}

// endTurn gives the turn to the next message behind m, which has had its own.
func (t *tx) endTurn(m wa.Message, now time.Time) error {
	n, err := t.exec(`UPDATE messages SET behind = 0
		WHERE (account_id, id) = (`+isBehind+` ORDER BY id LIMIT 1) AND NOT EXISTS (`+hasTurn+`)`,
		m.AccountID, m.NumberID, m.Recipient.ID, micros(now.Add(turnHold)))
	if n > 0 {
		t.wake(store.StageOutbox)
	}
	return wrap("end turn", err)
}

// open reports whether a message still has its turn or waits for it.
func open(s wa.Status) bool { return s == wa.StatusAccepted || s == wa.StatusDispatched }
