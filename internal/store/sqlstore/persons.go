package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/waypost/waypost/internal/wa"
)

// A person is a set of ids: numbers, user ids, parent user ids. Windows, consent
// and the line of messages are the person's. Somebody of whom one id is known
// has no row: the person has the name of the id. Rows come with the first link,
// and every id is looked up in one place, so it costs a message one look-up by
// primary key whoever it is for.
//
// Ids are only ever brought together by what Meta says, in one transaction, and
// the result does not depend on the order in which Meta said it. What cannot be
// brought together within the bounds stays apart and is tried again when Meta
// says it again.

// Where a person's rows are looked for, the account is hidden from the planner,
// which would otherwise read all of the account by the primary key.

// personOfID is the person of the id $2 of the account $1, in a statement.
const personOfID = `COALESCE((SELECT person FROM person_ids WHERE account_id = $1 AND id = $2), $2)`

// joinedMessages is how many open messages are given to another person at a time
// at most.
const joinedMessages = 1000

// personOf returns the account's own id of somebody, whichever of the person's ids
// is given.
func (t *tx) personOf(account wa.AccountID, id string) (string, error) {
	person, _, err := t.listed(account, wa.ContactKey(id))
	return person, err
}

// personOf is the same for reads.
func (s *Store) personOf(ctx context.Context, account wa.AccountID, id string) (person string, err error) {
	err = s.reads.QueryRowContext(ctx, `SELECT `+personOfID, account, wa.ContactKey(id)).Scan(&person)
	return person, wrap("read person", err)
}

// listed returns the person of an id, and whether it has a row.
func (t *tx) listed(account wa.AccountID, key string) (person string, ok bool, err error) {
	err = t.row(`SELECT person FROM person_ids WHERE account_id = $1 AND id = $2`, []any{account, key}, &person)
	if errors.Is(err, sql.ErrNoRows) {
		return key, false, nil
	}
	return person, err == nil, wrap("read person", err)
}

// owner is who had an id when something was told of it.
type owner struct {
	wa.PersonID
	key, person string
	// left: the person has another number since.
	left bool
	// listed: the id has a row.
	listed bool
	// before are those who left the number a short while before.
	before []string
}

// lateNews is for how long what names a number together with another id of
// somebody who has left it is still about that person: Meta goes on reporting
// what was sent before. It is shorter than any operator keeps a number out of use.
const lateNews = 30 * 24 * time.Hour

// owners returns who had each of the ids at a time. The times of Meta are in
// seconds: what happened in the second of a change was before it.
func (t *tx) owners(account wa.AccountID, ids wa.PersonIDs, at time.Time) ([]owner, error) {
	all, err := t.ownersNow(account, ids)
	if err != nil {
		return nil, err
	}
	for i := range all {
		if all[i].Kind != wa.IDPhone {
			continue
		}
		if err := t.past(account, &all[i], at); err != nil {
			return nil, err
		}
	}
	for i, o := range all {
		for _, other := range all {
			if !o.left && slices.Contains(o.before, other.person) {
				all[i].person, all[i].left = other.person, true
			}
		}
	}
	return all, nil
}

// past turns the owner of a number into the one it had at a time.
func (t *tx) past(account wa.AccountID, o *owner, at time.Time) error {
	moves, err := collect(func(row scanner) (m move, err error) { return m, row.Scan(&m.person, &m.leftAt) })(t.query(
		`SELECT person, left_at FROM person_moves WHERE account_id = $1 AND id = $2 AND left_at > $3 ORDER BY left_at LIMIT $4`,
		account, o.key, micros(at.Add(-lateNews)), wa.MaxPersonIDs))
	for _, m := range moves {
		if m.leftAt >= micros(at) {
			o.person, o.left = m.person, true
			break
		}
		o.before = append(o.before, m.person)
	}
	return wrap("read person", err)
}

type move struct {
	person string
	leftAt int64
}

// ownersNow returns who has each of the ids by what is known now.
func (t *tx) ownersNow(account wa.AccountID, ids wa.PersonIDs) ([]owner, error) {
	var all []owner
	for _, id := range ids.Known() {
		o := owner{PersonID: id, key: wa.ContactKey(id.ID)}
		var err error
		if o.person, o.listed, err = t.listed(account, o.key); err != nil {
			return nil, err
		}
		all = append(all, o)
	}
	return all, nil
}

// learn notes that ids were one person's at a time, and returns the person; ""
// if there is none among them.
func (t *tx) learn(account wa.AccountID, ids wa.PersonIDs, at time.Time) (string, error) {
	all, err := t.owners(account, ids, at)
	if err != nil || len(all) == 0 {
		return "", err
	}
	if len(all) == 1 {
		return all[0].person, nil
	}
	return t.unite(account, all[0].person, all, at)
}

// unite makes a person and the owners of ids one, as far as the bounds allow, and
// returns that one.
func (t *tx) unite(account wa.AccountID, me string, all []owner, at time.Time) (string, error) {
	for i := range all {
		if all[i].person == me {
			continue
		}
		one, err := t.join(account, me, all[i].person)
		if err != nil {
			return "", err
		}
		if one == "" {
			continue // they stay apart
		}
		gone := all[i].person
		if gone == one {
			gone = me
		}
		for j := range all {
			if all[j].person == gone {
				all[j].person = one
			}
		}
		me = one
		// Now, because the next join counts.
		if err := t.list(account, me, all[:i+1], at); err != nil {
			return "", err
		}
	}
	return me, t.list(account, me, all, at)
}

// list gives the ids of a person rows.
func (t *tx) list(account wa.AccountID, me string, all []owner, at time.Time) error {
	for i, o := range all {
		if o.person != me || o.left || o.listed {
			continue
		}
		if err := t.putID(account, o.PersonID, me, at); err != nil {
			return err
		}
		all[i].listed = true
	}
	return nil
}

func (t *tx) putID(account wa.AccountID, id wa.PersonID, person string, at time.Time) error {
	_, err := t.exec(`INSERT INTO person_ids (account_id, id, person, kind, told, told_at) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (account_id, id) DO UPDATE SET person = excluded.person, told = excluded.told, told_at = excluded.told_at`,
		account, wa.ContactKey(id.ID), person, id.Kind, id.ID, micros(at))
	return wrap("keep person", err)
}

// toldStep is how often it is noted that an id was told again.
const toldStep = time.Hour

// seen notes that a person was seen under ids and with a name. Somebody of whom
// only one id is known has no row to note the former in.
func (t *tx) seen(account wa.AccountID, person string, ids wa.PersonIDs, at time.Time) error {
	for _, id := range ids.Known() {
		if _, err := t.exec(`UPDATE person_ids SET told = $1, told_at = $2
			WHERE account_id = $3 AND id = $4 AND person = $5 AND told_at < $6`,
			id.ID, micros(at), account, wa.ContactKey(id.ID), person, micros(at.Add(-toldStep))); err != nil {
			return fmt.Errorf("keep person: %w", err)
		}
	}
	if ids.Name == "" && ids.Username == "" {
		return nil
	}
	return t.name(account, person, ids.Name, ids.Username, micros(at))
}

func (t *tx) name(account wa.AccountID, person, name, username string, at int64) error {
	_, err := t.exec(`INSERT INTO persons (account_id, person, name, username, named_at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (account_id, person) DO UPDATE SET name = excluded.name, username = excluded.username, named_at = excluded.named_at
			WHERE named_at < excluded.named_at`, account, person, name, username, at)
	return wrap("keep person", err)
}

// size is how much belongs to a person: what a join would have to move. former
// counts what the person was: names in the ledger and numbers that were left.
type size struct{ ids, former, messages int }

// sizeOf counts. Of the messages it counts no more than may be moved, and one.
func (t *tx) sizeOf(account wa.AccountID, person string) (n size, err error) {
	err = t.row(`SELECT (SELECT count(*) FROM person_ids WHERE account_id || '' = $1 AND person = $2),
		(SELECT count(*) FROM person_aliases WHERE account_id || '' = $1 AND person = $2) +
		(SELECT count(*) FROM person_moves WHERE account_id || '' = $1 AND person = $2)`, []any{account, person}, &n.ids, &n.former)
	if err != nil {
		return n, fmt.Errorf("measure person: %w", err)
	}
	n.ids = max(n.ids, 1)
	err = t.row(`SELECT count(*) FROM (`+openOf+` LIMIT $3)`, []any{account, person, joinedMessages + 1}, &n.messages)
	return n, wrap("measure person", err)
}

// openOf selects the open messages to a person.
const openOf = `SELECT account_id, id FROM messages WHERE person = $2
	AND queue IN (SELECT id FROM queues WHERE account_id = $1) AND status IN ('accepted', 'dispatched')`

// join makes two persons one and returns which of the two that is; "" if they
// have to stay apart, because they have more ids or more messages under way than
// one person can have.
func (t *tx) join(account wa.AccountID, a, b string) (string, error) {
	sizeA, err := t.sizeOf(account, a)
	if err != nil {
		return "", err
	}
	sizeB, err := t.sizeOf(account, b)
	if err != nil {
		return "", err
	}
	if sizeA.ids+sizeB.ids > wa.MaxPersonIDs || sizeA.former+sizeB.former >= wa.MaxPersonIDs {
		return "", nil
	}
	to, from, moved := a, b, sizeB.messages
	if sizeA.messages < sizeB.messages || sizeA.messages == sizeB.messages && sizeA.ids < sizeB.ids {
		to, from, moved = b, a, sizeA.messages
	}
	if moved > joinedMessages {
		return "", nil
	}
	for _, step := range []func(account wa.AccountID, to, from string) error{
		t.joinWindows, t.joinConsents, t.joinNames, t.joinMessages, t.joinIDs,
	} {
		if err := step(account, to, from); err != nil {
			return "", fmt.Errorf("join persons: %w", err)
		}
	}
	return to, wrap("join persons", t.leaveForbidden(account, to))
}

func (t *tx) joinWindows(account wa.AccountID, to, from string) error {
	_, err := t.exec(`INSERT INTO windows (account_id, contact, number_id, wrote_at)
		SELECT account_id, $3, number_id, wrote_at FROM windows WHERE account_id = $1 AND contact = $2
		ON CONFLICT (account_id, contact, number_id) DO UPDATE SET wrote_at = max(wrote_at, excluded.wrote_at)`, account, from, to)
	if err != nil {
		return err
	}
	_, err = t.exec(`DELETE FROM windows WHERE account_id = $1 AND contact = $2`, account, from)
	return err
}

// joinConsents leaves the ledger as it is. Where a person has lines in it, the
// name under which they stand is kept.
func (t *tx) joinConsents(account wa.AccountID, to, from string) error {
	old, err := t.consentWithOptIn(account, from)
	if err != nil {
		return err
	}
	if _, err := t.exec(`UPDATE person_aliases SET person = $1 WHERE account_id || '' = $2 AND person = $3`, to, account, from); err != nil {
		return err
	}
	n, err := t.exec(`DELETE FROM consents WHERE account_id = $1 AND person = $2`, account, from)
	if err != nil || n == 0 {
		return err
	}
	if _, err := t.exec(`INSERT INTO person_aliases (account_id, alias, person) VALUES ($1, $2, $3)`, account, from, to); err != nil {
		return err
	}
	was, err := t.consentWithOptIn(account, to)
	if err != nil {
		return err
	}
	next := keptConsent{Consent: was.Join(old.Consent)}
	switch {
	case next.State != wa.ConsentIn:
	case next.OptIn.ID == old.OptIn.ID:
		next.optin = old.optin
	default:
		next.optin = was.optin
	}
	return t.keepConsent(account, to, next)
}

func (t *tx) consentWithOptIn(account wa.AccountID, person string) (keptConsent, error) {
	c, err := t.consentOf(account, person)
	if err != nil || c.optin == 0 {
		return c, err
	}
	stmt, err := t.w.stmt(t.ctx, optInRecord)
	if err != nil {
		return c, err
	}
	c.OptIn, err = scanConsentRecord(stmt.QueryRowContext(t.ctx, account, c.optin))
	return c, err
}

func (t *tx) joinNames(account wa.AccountID, to, from string) error {
	var name, username string
	var at int64
	err := t.row(`DELETE FROM persons WHERE account_id = $1 AND person = $2 RETURNING name, username, named_at`,
		[]any{account, from}, &name, &username, &at)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	return t.name(account, to, name, username, at)
}

// joinMessages moves the open messages, so that the line and the limits of the
// pair hold for all of them. Of two that had their turns the later one loses it,
// unless it is under way.
func (t *tx) joinMessages(account wa.AccountID, to, from string) error {
	n, err := t.exec(`UPDATE messages SET person = $3 WHERE (account_id, id) IN (`+openOf+`)`, account, from, to)
	if err != nil || n == 0 {
		return err
	}
	_, err = t.exec(`UPDATE messages SET turn = 0 WHERE (account_id, id) IN (`+openOf+` AND turn = 1 AND claimed = 0 AND status = 'accepted')
		AND EXISTS (SELECT 1 FROM messages AS o WHERE o.queue = messages.queue AND o.person = $2 AND o.status IN ('accepted', 'dispatched')
			AND o.turn = 1 AND (o.id < messages.id OR o.claimed = 1))`, account, to)
	return err
}

func (t *tx) joinIDs(account wa.AccountID, to, from string) error {
	if _, err := t.exec(`UPDATE person_ids SET person = $1 WHERE account_id || '' = $2 AND person = $3`, to, account, from); err != nil {
		return err
	}
	_, err := t.exec(`UPDATE person_moves SET person = $1 WHERE account_id || '' = $2 AND person = $3`, to, account, from)
	return err
}
