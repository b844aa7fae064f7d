package sqlstore

import (
	"database/sql"
	"errors"
	"fmt"

	"github.com/waypost/waypost/internal/wa"
)

// sourceNumberChanged is the source of a record that follows from a number's
// being given up.
const sourceNumberChanged = "NUMBER_CHANGED"

// leaving is a number that a person has left.
type leaving struct {
	key, number, wamid string
	leftAt             int64
}

// leaveForbidden sees to it that what forbade to write to a person stays with the
// numbers that the person has left, as a line of its own in the ledger: whoever
// has them now has agreed to nothing, and a customer who goes on writing to them
// means the one who wanted no messages. It is what was said before the number was
// left, or under it. An opt-out stays even if the person agreed again: that is the
// person's, and nobody can agree for the next owner.
//
// It is done whenever there is something new to find, and finds nothing twice, so
// it makes no difference what was told first.
func (t *tx) leaveForbidden(account wa.AccountID, person string) error {
	left, err := collect(func(row scanner) (l leaving, err error) { return l, row.Scan(&l.key, &l.number, &l.wamid, &l.leftAt) })(t.query(
		`SELECT id, number, wamid, left_at FROM person_moves WHERE account_id || '' = $1 AND person = $2 ORDER BY left_at, id LIMIT $3`,
		account, person, wa.MaxPersonIDs))
	if err != nil {
		return fmt.Errorf("read numbers that were left: %w", err)
	}
	for _, l := range left {
		next, err := t.nextOwner(account, l)
		if err != nil {
			return err
		}
		if next == person {
			continue // who came back
		}
		if err := t.forbidNext(account, person, next, l); err != nil {
			return err
		}
	}
	return nil
}

// nextOwner is who had a number after it was left.
func (t *tx) nextOwner(account wa.AccountID, l leaving) (person string, err error) {
	err = t.row(`SELECT person FROM person_moves WHERE account_id = $1 AND id = $2 AND left_at > $3 ORDER BY left_at LIMIT 1`,
		[]any{account, l.key, l.leftAt}, &person)
	if errors.Is(err, sql.ErrNoRows) {
		return t.personOf(account, l.key)
	}
	return person, wrap("read person", err)
}

func (t *tx) forbidNext(account wa.AccountID, person, next string, l leaving) error {
	c, err := t.consentOf(account, person)
	if err != nil {
		return err
	}
	for _, kind := range []wa.ConsentKind{wa.ConsentBlock, wa.ConsentOptOut} {
		if kind == wa.ConsentBlock && !c.Blocked {
			continue // or no longer
		}
		stays := false
		if err := t.row(saidBefore, []any{account, person, kind, l.leftAt, l.key, l.number}, &stays); err != nil {
			return fmt.Errorf("read consent: %w", err)
		}
		if !stays {
			continue
		}
		if err := t.row(staysAlready, []any{account, next, kind, l.leftAt, sourceNumberChanged}, &stays); err != nil {
			return fmt.Errorf("read consent: %w", err)
		}
		if stays {
			continue
		}
		if _, err := t.recordConsent(next, wa.ConsentRecord{
			ID: wa.NewID[wa.ConsentID](), AccountID: account, Person: l.number, Kind: kind,
			Source: sourceNumberChanged, WAMID: l.wamid, At: fromMicros(l.leftAt),
		}); err != nil {
			return err
		}
	}
	return nil
}

const (
	// ofPerson are the lines of a kind $3 that the person $2 has in the ledger.
	ofPerson = `SELECT 1 FROM consent_records WHERE account_id = $1 AND person IN (
			SELECT $2 UNION ALL SELECT alias FROM person_aliases WHERE account_id || '' = $1 AND person = $2) AND kind = $3`
	// saidBefore: something was said before a number was left, or under it.
	saidBefore = `SELECT EXISTS (` + ofPerson + ` AND (at <= $4 OR number IN ($5, $6)))`
	// staysAlready: it was found before.
	staysAlready = `SELECT EXISTS (` + ofPerson + ` AND at = $4 AND source = $5)`
)
