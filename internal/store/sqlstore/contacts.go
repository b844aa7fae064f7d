package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/waypost/waypost/internal/wa"
)

// Contact implements [store.Contacts]. It is for looking at: what is learned
// while it reads may be in one part and not yet in another.
func (s *Store) Contact(ctx context.Context, account wa.AccountID, id string) (c wa.Contact, err error) {
	if c.Person, err = s.personOf(ctx, account, id); err != nil {
		return c, err
	}
	c.IDs, err = collect(scanPersonID)(s.reads.QueryContext(ctx,
		`SELECT kind, told, told_at FROM person_ids WHERE account_id || '' = $1 AND person = $2 ORDER BY told_at DESC, kind, id`, account, c.Person))
	if err != nil {
		return c, fmt.Errorf("read contact: %w", err)
	}
	if len(c.IDs) == 0 {
		c.IDs = []wa.PersonID{soleID(id)}
	}
	err = s.reads.QueryRowContext(ctx, `SELECT name, username FROM persons WHERE account_id = $1 AND person = $2`, account, c.Person).
		Scan(&c.Name, &c.Username)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return c, fmt.Errorf("read contact: %w", err)
	}
	c.Windows, err = collect(scanWindow)(s.reads.QueryContext(ctx,
		`SELECT number_id, wrote_at FROM windows WHERE account_id = $1 AND contact = $2 ORDER BY number_id`, account, c.Person))
	if err != nil {
		return c, fmt.Errorf("read contact: %w", err)
	}
	c.Consent, err = s.Consent(ctx, account, id)
	return c, err
}

// soleID is the only id that is known of somebody.
func soleID(id string) wa.PersonID {
	if wa.Digits(id) {
		return wa.PersonID{Kind: wa.IDPhone, ID: id}
	}
	return wa.PersonID{Kind: wa.IDUser, ID: id}
}

func scanPersonID(row scanner) (id wa.PersonID, err error) {
	var at int64
	err = row.Scan(&id.Kind, &id.ID, &at)
	id.ToldAt = fromMicros(at)
	return id, err
}

func scanWindow(row scanner) (w wa.NumberWindow, err error) {
	var wrote int64
	err = row.Scan(&w.NumberID, &wrote)
	w.Until = fromMicros(wrote).Add(wa.WindowLength)
	return w, err
}
