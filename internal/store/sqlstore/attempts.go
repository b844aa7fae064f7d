package sqlstore

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"github.com/waypost/waypost/internal/wa"
)

const attemptColumns = `account_id, message_id, attempt, number_id, person, began_at, ended_at, outcome, wamid, failure, trace, soon, held`

// keepAttempt writes the row of the last attempt of m. A status that came before
// the outcome may have written it already, with the wamid.
func (t *tx) keepAttempt(m wa.Message, ended time.Time, o wa.Outcome) error {
	failure := ""
	if o.Failure != (wa.Failure{}) {
		data, err := json.Marshal(o.Failure)
		if err != nil {
			return fmt.Errorf("keep attempt: %w", err)
		}
		failure = string(data)
	}
	_, err := t.exec(`INSERT INTO attempts (`+attemptColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
		ON CONFLICT (account_id, message_id, attempt) DO UPDATE SET ended_at = excluded.ended_at, outcome = excluded.outcome,
			wamid = CASE WHEN attempts.wamid = '' THEN excluded.wamid ELSE attempts.wamid END,
			failure = excluded.failure, trace = excluded.trace, soon = excluded.soon, held = excluded.held`,
		m.AccountID, m.ID, m.Attempt, m.NumberID, m.Person, micros(m.DispatchedAt), micros(ended), o.Kind, o.WAMID, failure, o.Trace, o.Soon,
		o.Held)
	return wrap("keep attempt", err)
}

// nameAttempt keeps the first wamid that is known of an attempt. The attempt may
// still be under way; then its row begins here.
func (t *tx) nameAttempt(m wa.Message, attempt int, wamid string) error {
	if attempt == 0 && m.Attempt == 1 {
		attempt = 1 // there is no other
	}
	if attempt == 0 || wamid == "" {
		return nil
	}
	if attempt == m.Attempt && m.Status == wa.StatusDispatched {
		_, err := t.exec(`INSERT INTO attempts (`+attemptColumns+`) VALUES ($1, $2, $3, $4, $5, $6, 0, '', $7, '', '', 0, '')
			ON CONFLICT (account_id, message_id, attempt) DO NOTHING`,
			m.AccountID, m.ID, attempt, m.NumberID, m.Person, micros(m.DispatchedAt), wamid)
		return wrap("name attempt", err)
	}
	_, err := t.exec(`UPDATE attempts SET wamid = $4 WHERE account_id = $1 AND message_id = $2 AND attempt = $3 AND wamid = ''`,
		m.AccountID, m.ID, attempt, wamid)
	return wrap("name attempt", err)
}

// takenOtherwise reports whether Meta is known to have taken another attempt of m
// than this one.
func (t *tx) takenOtherwise(m wa.Message, attempt int) (taken bool, err error) {
	if m.Attempt < 2 || attempt == 0 {
		return false, nil
	}
	err = t.row(`SELECT EXISTS (SELECT 1 FROM attempts WHERE account_id = $1 AND message_id = $2 AND attempt <> $3
		AND (wamid <> '' AND outcome <> 'rejected' OR outcome = 'sent'))`, []any{m.AccountID, m.ID, attempt}, &taken)
	return taken, wrap("look for another copy", err)
}

// isCopy reports whether a status speaks of another copy of m than the one that m
// goes by: Meta has given both a name. An earlier attempt that failed at Meta says
// nothing of a later one either.
func isCopy(m wa.Message, r wa.StatusReport) bool {
	earlier := 0 < r.Attempt && r.Attempt < m.Attempt
	return r.WAMID != "" && m.WAMID != "" && r.WAMID != m.WAMID || earlier && r.Status == wa.StatusFailed && r.WAMID != m.WAMID
}

// noteCopy keeps a status of another copy; the customer is not told. If the
// message goes by one copy already, it is a duplicate from here on.
func (s *Store) noteCopy(t *tx, m wa.Message, at time.Time, r wa.StatusReport) error {
	if err := t.nameAttempt(m, r.Attempt, r.WAMID); err != nil {
		return err
	}
	r.Copy = true
	if err := t.keepQuietly(statusEvent(m, at, r), "copy/"+r.WAMID+"/"+statusFact(r)); err != nil {
		return err
	}
	if r.Status == wa.StatusFailed {
		// It did not become a message, so it is no copy of one.
		_, err := t.exec(`UPDATE attempts SET outcome = 'rejected' WHERE account_id = $1 AND message_id = $2 AND attempt = $3 AND outcome = 'unknown'`,
			m.AccountID, m.ID, r.Attempt)
		return wrap("note failed copy", err)
	}
	twice := m.WAMID != ""
	if !twice {
		var err error
		if twice, err = t.takenOtherwise(m, r.Attempt); err != nil {
			return err
		}
	}
	if !twice {
		return nil
	}
	return s.markDuplicated(t, m)
}

// markDuplicated records that Meta has taken a message twice.
func (s *Store) markDuplicated(t *tx, m wa.Message) error {
	n, err := t.exec(`UPDATE messages SET duplicated = 1 WHERE account_id = $1 AND id = $2 AND duplicated = 0`, m.AccountID, m.ID)
	if n > 0 {
		s.logger.LogAttrs(t.ctx, slog.LevelWarn, "message duplicated", slog.String("message_id", string(m.ID)),
			slog.String("number_id", m.NumberID), slog.Int("attempt", m.Attempt))
	}
	return wrap("mark duplicate", err)
}

// keepQuietly keeps an event that no endpoint receives, once.
func (t *tx) keepQuietly(e wa.Event, fact string) error {
	data, err := json.Marshal(keptEvent{Status: e.Status})
	if err != nil {
		return fmt.Errorf("keep event: %w", err)
	}
	_, err = t.exec(`INSERT INTO events (account_id, id, kind, subject, fact, message_id, at, data)
		VALUES ($1, $2, $3, $4, $5, $4, $6, $7) ON CONFLICT (account_id, subject, fact) DO NOTHING`,
		e.AccountID, e.ID, e.Kind, e.MessageID, fact, micros(e.At), data)
	return wrap("keep event", err)
}

// prove notes that a status of m has come, so that whatever the number sent
// before m could have had one as well. It counts for the attempt that the message
// was dispatched for last only.
func (t *tx) prove(m wa.Message, u wa.Update) {
	if u.Attempt != m.Attempt && (u.Attempt != 0 || m.Attempt != 1) || m.DispatchedAt.IsZero() {
		return
	}
	key := numberKey{m.AccountID, m.NumberID}
	if t.proven == nil {
		t.proven = map[numberKey]time.Time{}
	}
	if m.DispatchedAt.After(t.proven[key]) {
		t.proven[key] = m.DispatchedAt
	}
}

// numberKey names a number of an account.
type numberKey struct {
	account wa.AccountID
	number  string
}

// keepProof records what was proven.
func (t *tx) keepProof(now time.Time) error {
	for key, at := range t.proven {
		// One that lies ahead is of a clock that was wrong.
		if _, err := t.exec(`UPDATE numbers SET proven_at = $3 WHERE account_id = $1 AND number_id = $2 AND (proven_at < $3 OR proven_at > $4)`,
			key.account, key.number, micros(at), micros(now)); err != nil {
			return fmt.Errorf("keep proof: %w", err)
		}
	}
	return nil
}

// Attempts implements [store.Journal].
func (s *Store) Attempts(ctx context.Context, account wa.AccountID, message wa.MessageID) ([]wa.Attempt, error) {
	all, err := collect(scanAttempt)(s.reads.QueryContext(ctx, `SELECT `+attemptColumns+` FROM attempts
		WHERE account_id = $1 AND message_id = $2 ORDER BY attempt`, account, message))
	return all, wrap("read attempts", err)
}

func scanAttempt(row scanner) (a wa.Attempt, err error) {
	var began, ended int64
	var failure []byte
	if err = row.Scan(&a.AccountID, &a.MessageID, &a.Number, &a.NumberID, &a.Person, &began, &ended, &a.Outcome, &a.WAMID, &failure,
		&a.Trace, &a.Soon, &a.Held); err != nil {
		return a, err
	}
	a.BeganAt, a.EndedAt = fromMicros(began), fromMicros(ended)
	if len(failure) == 0 {
		return a, nil
	}
	return a, json.Unmarshal(failure, &a.Failure)
}
