package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/waypost/waypost/internal/wa"
)

// RecordConsents implements [store.Consents].
func (s *Store) RecordConsents(ctx context.Context, records []wa.ConsentRecord) (already []int, err error) {
	err = s.writer.write(ctx, func(t *tx) error {
		for i, r := range records {
			person, err := t.personOf(r.AccountID, r.Person)
			if err != nil {
				return err
			}
			kept, err := t.recordConsent(person, r)
			if err != nil {
				return err
			}
			if !kept {
				already = append(already, i)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return already, nil
}

// saidConsent records what a person said by a message. A time of Meta's that
// lies ahead of ours is cut, as that of a window.
func (t *tx) saidConsent(account wa.AccountID, person string, received time.Time, r wa.ConsentRecord) error {
	r.AccountID = account
	if r.At.IsZero() || r.At.After(received) {
		r.At = received
	}
	_, err := t.recordConsent(person, r)
	return err
}

// keptConsent is a row of consents.
type keptConsent struct {
	wa.Consent
	optin int
}

const consentColumns = `state, blocked, optin, opted_in_at, opted_out_at`

func scanConsent(row scanner) (c keptConsent, err error) {
	var in, out int64
	err = row.Scan(&c.State, &c.Blocked, &c.optin, &in, &out)
	c.OptedInAt, c.OptedOutAt = fromMicros(in), fromMicros(out)
	if errors.Is(err, sql.ErrNoRows) {
		return keptConsent{Consent: wa.Consent{State: wa.ConsentNone}}, nil
	}
	return c, wrap("read consent", err)
}

// consentOf returns what holds for a person, without the record of the opt-in.
func (t *tx) consentOf(account wa.AccountID, person string) (keptConsent, error) {
	stmt, err := t.w.stmt(t.ctx, `SELECT `+consentColumns+` FROM consents WHERE account_id = $1 AND person = $2`)
	if err != nil {
		return keptConsent{}, err
	}
	return scanConsent(stmt.QueryRowContext(t.ctx, account, person))
}

// recordConsent appends one record and moves the person's state. It reports
// false if the record is not to be kept.
func (t *tx) recordConsent(person string, r wa.ConsentRecord) (bool, error) {
	was, err := t.consentOf(r.AccountID, person)
	if err != nil {
		return false, err
	}
	now, kept := was.After(r)
	if !kept {
		return false, t.keepConsent(r.AccountID, person, keptConsent{Consent: now, optin: was.optin})
	}
	seq, err := t.appendConsent(person, r)
	if err != nil {
		return false, err
	}
	next := keptConsent{Consent: now, optin: was.optin}
	switch {
	case now.State != wa.ConsentIn:
		next.optin = 0
	case now.OptIn.ID == r.ID:
		next.optin = seq
	}
	if err := t.keepConsent(r.AccountID, person, next); err != nil {
		return false, err
	}
	if r.Kind == wa.ConsentOptOut || r.Kind == wa.ConsentBlock {
		return true, t.leaveForbidden(r.AccountID, person)
	}
	return true, nil
}

// appendConsent adds a line to the ledger and returns its place. The lines of an
// account are counted together, so that those of two persons who turn out to be
// one have an order.
func (t *tx) appendConsent(person string, r wa.ConsentRecord) (int, error) {
	last := 0
	err := t.row(`SELECT seq FROM consent_records WHERE account_id = $1 AND seq > 0 ORDER BY seq DESC LIMIT 1`, []any{r.AccountID}, &last)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return 0, fmt.Errorf("record consent: %w", err)
	}
	_, err = t.exec(`INSERT INTO consent_records
		(account_id, person, seq, id, number, kind, source, user_agent, ip, text, wamid, at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
		r.AccountID, person, last+1, r.ID, r.Person, r.Kind, r.Source, r.UserAgent, r.IP, r.Text, r.WAMID, micros(r.At))
	return last + 1, wrap("record consent", err)
}

func (t *tx) keepConsent(account wa.AccountID, person string, c keptConsent) error {
	_, err := t.exec(`INSERT INTO consents (account_id, person, state, blocked, optin, opted_in_at, opted_out_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (account_id, person) DO UPDATE SET
			state = excluded.state, blocked = excluded.blocked, optin = excluded.optin,
			opted_in_at = excluded.opted_in_at, opted_out_at = excluded.opted_out_at`,
		account, person, c.State, c.Blocked, c.optin, micros(c.OptedInAt), micros(c.OptedOutAt))
	return wrap("record consent", err)
}

const consentRecordColumns = `account_id, id, number, kind, source, user_agent, ip, text, wamid, at`

func scanConsentRecord(row scanner) (r wa.ConsentRecord, err error) {
	var at int64
	err = row.Scan(&r.AccountID, &r.ID, &r.Person, &r.Kind, &r.Source, &r.UserAgent, &r.IP, &r.Text, &r.WAMID, &at)
	r.At = fromMicros(at)
	return r, err
}

// Consent implements [store.Consents]. A record that a state rests on is there
// for good, so it may be read after the state.
func (s *Store) Consent(ctx context.Context, account wa.AccountID, id string) (wa.Consent, error) {
	c, err := scanConsent(s.reads.QueryRowContext(ctx,
		`SELECT `+consentColumns+` FROM consents WHERE account_id = $1 AND person = `+personOfID, account, wa.ContactKey(id)))
	if err != nil || c.optin == 0 {
		return c.Consent, err
	}
	c.OptIn, err = scanConsentRecord(s.reads.QueryRowContext(ctx, optInRecord, account, c.optin))
	return c.Consent, wrap("read opt-in", err)
}

// optInRecord reads the record that a state rests on.
const optInRecord = `SELECT ` + consentRecordColumns + ` FROM consent_records WHERE account_id = $1 AND seq = $2`

// ConsentHistory implements [store.Consents]. Ordered by the bare seq, SQLite
// would rather read the whole ledger of the account.
func (s *Store) ConsentHistory(ctx context.Context, account wa.AccountID, id string) ([]wa.ConsentRecord, error) {
	records, err := collect(scanConsentRecord)(s.reads.QueryContext(ctx,
		`SELECT `+consentRecordColumns+` FROM consent_records WHERE account_id = $1 AND person IN (
			SELECT `+personOfID+` UNION ALL SELECT alias FROM person_aliases WHERE account_id || '' = $1 AND person = `+personOfID+`) ORDER BY seq + 0`,
		account, wa.ContactKey(id)))
	return records, wrap("read consent history", err)
}
