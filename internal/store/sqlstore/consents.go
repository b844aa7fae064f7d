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
			kept, err := t.recordConsent(r)
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
func (t *tx) saidConsent(account wa.AccountID, received time.Time, r wa.ConsentRecord) error {
	r.AccountID = account
	if r.At.IsZero() || r.At.After(received) {
		r.At = received
	}
	_, err := t.recordConsent(r)
	return err
}

// keptConsent is a row of consents.
type keptConsent struct {
	wa.Consent
	records int
	optin   int
}

const consentColumns = `records, state, blocked, optin, opted_out_at`

func scanConsent(row scanner) (c keptConsent, err error) {
	var out int64
	err = row.Scan(&c.records, &c.State, &c.Blocked, &c.optin, &out)
	c.OptedOutAt = fromMicros(out)
	if errors.Is(err, sql.ErrNoRows) {
		return keptConsent{Consent: wa.Consent{State: wa.ConsentNone}}, nil
	}
	return c, wrap("read consent", err)
}

// recordConsent appends one record and moves the person's state. It reports
// false if the record is not to be kept.
func (t *tx) recordConsent(r wa.ConsentRecord) (bool, error) {
	person := wa.ContactKey(r.Person)
	stmt, err := t.w.stmt(t.ctx, `SELECT `+consentColumns+` FROM consents WHERE account_id = $1 AND person = $2`)
	if err != nil {
		return false, err
	}
	was, err := scanConsent(stmt.QueryRowContext(t.ctx, r.AccountID, person))
	if err != nil {
		return false, err
	}
	now, kept := was.After(r)
	if !kept {
		return false, nil
	}
	seq, optin := was.records+1, was.optin
	switch {
	case now.State != wa.ConsentIn:
		optin = 0
	case was.State != wa.ConsentIn:
		optin = seq
	}
	if _, err := t.exec(`INSERT INTO consent_records
		(account_id, person, seq, id, number, kind, source, user_agent, ip, text, wamid, at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
		r.AccountID, person, seq, r.ID, r.Person, r.Kind, r.Source, r.UserAgent, r.IP, r.Text, r.WAMID, micros(r.At)); err != nil {
		return false, fmt.Errorf("record consent: %w", err)
	}
	_, err = t.exec(`INSERT INTO consents (account_id, person, records, state, blocked, optin, opted_out_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (account_id, person) DO UPDATE SET
			records = excluded.records, state = excluded.state, blocked = excluded.blocked,
			optin = excluded.optin, opted_out_at = excluded.opted_out_at`,
		r.AccountID, person, seq, now.State, now.Blocked, optin, micros(now.OptedOutAt))
	return true, wrap("record consent", err)
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
func (s *Store) Consent(ctx context.Context, account wa.AccountID, person string) (wa.Consent, error) {
	key := wa.ContactKey(person)
	c, err := scanConsent(s.reads.QueryRowContext(ctx,
		`SELECT `+consentColumns+` FROM consents WHERE account_id = $1 AND person = $2`, account, key))
	if err != nil || c.optin == 0 {
		return c.Consent, err
	}
	c.OptIn, err = scanConsentRecord(s.reads.QueryRowContext(ctx,
		`SELECT `+consentRecordColumns+` FROM consent_records WHERE account_id = $1 AND person = $2 AND seq = $3`,
		account, key, c.optin))
	return c.Consent, wrap("read opt-in", err)
}

// ConsentHistory implements [store.Consents].
func (s *Store) ConsentHistory(ctx context.Context, account wa.AccountID, person string) ([]wa.ConsentRecord, error) {
	records, err := collect(scanConsentRecord)(s.reads.QueryContext(ctx,
		`SELECT `+consentRecordColumns+` FROM consent_records WHERE account_id = $1 AND person = $2 ORDER BY seq`,
		account, wa.ContactKey(person)))
	return records, wrap("read consent history", err)
}
