package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/waypost/waypost/internal/store"
	"github.com/waypost/waypost/internal/wa"
)

const numberColumns = `account_id, number_id, throughput, tier, quality, status, name, name_status, coexistence,
	proven_at, read_at, told_at`

func scanNumber(row scanner) (n wa.NumberState, err error) {
	var proven, read, told int64
	err = row.Scan(&n.AccountID, &n.NumberID, &n.Throughput, &n.Tier, &n.Quality, &n.Status, &n.VerifiedName, &n.NameStatus,
		&n.Coexistence, &proven, &read, &told)
	n.ProvenAt, n.ReadAt, n.ToldAt = fromMicros(proven), fromMicros(read), fromMicros(told)
	return n, err
}

// Number implements [store.NumberStates].
func (s *Store) Number(ctx context.Context, account wa.AccountID, numberID string) (wa.NumberState, error) {
	return found[wa.NumberState]("number")(scanNumber(s.reads.QueryRowContext(ctx,
		`SELECT `+numberColumns+` FROM numbers WHERE account_id = $1 AND number_id = $2`, account, numberID)))
}

// Numbers implements [store.NumberStates].
func (s *Store) Numbers(ctx context.Context, account wa.AccountID) ([]wa.NumberState, error) {
	list, err := collect(scanNumber)(s.reads.QueryContext(ctx,
		`SELECT `+numberColumns+` FROM numbers WHERE account_id = $1 ORDER BY number_id`, account))
	return list, wrap("read numbers", err)
}

// PutNumber implements [store.NumberStates].
func (s *Store) PutNumber(ctx context.Context, n wa.NumberState) error {
	return s.writer.write(ctx, func(t *tx) error {
		_, err := t.exec(`UPDATE numbers SET throughput = CASE WHEN $3 = 0 THEN throughput ELSE $3 END,
				tier = CASE WHEN $4 = '' THEN tier ELSE $4 END, quality = CASE WHEN $5 = '' THEN quality ELSE $5 END,
				status = CASE WHEN $6 = '' THEN status ELSE $6 END, name = CASE WHEN $7 = '' THEN name ELSE $7 END,
				name_status = CASE WHEN $8 = '' THEN name_status ELSE $8 END, coexistence = $9, read_at = $10
			WHERE account_id = $1 AND number_id = $2 AND read_at <= $10 AND told_at <= $10`,
			n.AccountID, n.NumberID, n.Throughput, n.Tier, n.Quality, n.Status, n.VerifiedName, n.NameStatus, n.Coexistence, micros(n.ReadAt))
		return wrap("put number", err)
	})
}

// RecoverNumberReads implements [store.NumberReads].
func (s *Store) RecoverNumberReads(ctx context.Context) (int, error) {
	return s.free(ctx, `UPDATE numbers SET claimed = 0, due_at = $1 WHERE claimed = 1`)
}

func scanRead(row scanner) (r wa.NumberRead, err error) {
	var read int64
	err = row.Scan(&r.AccountID, &r.NumberID, &read, &r.Attempts, &r.Claim)
	r.ReadAt = fromMicros(read)
	return r, err
}

// ClaimNumberReads implements [store.NumberReads].
func (s *Store) ClaimNumberReads(ctx context.Context, limit int, lease time.Duration) ([]wa.NumberRead, error) {
	var claimed []wa.NumberRead
	err := s.writer.write(ctx, func(t *tx) (err error) {
		now := s.now()
		claimed, err = collect(scanRead)(t.query(`UPDATE numbers SET claim = claim + 1, claimed = 1, again = 0, due_at = $1
			WHERE (account_id, number_id) IN (SELECT account_id, number_id FROM numbers WHERE due_at <= $2 ORDER BY due_at LIMIT $3)
			RETURNING account_id, number_id, read_at, attempts, claim`, micros(now.Add(lease)), micros(now), limit))
		return wrap("claim number reads", err)
	})
	return claimed, err
}

// SettleNumberRead implements [store.NumberReads].
func (s *Store) SettleNumberRead(ctx context.Context, r wa.NumberRead, after, rest time.Duration) error {
	return s.writer.write(ctx, func(t *tx) error {
		now := s.now()
		n, err := t.exec(`UPDATE numbers SET attempts = $1, claimed = 0, again = 0, rest_until = $3,
				due_at = CASE WHEN again = 1 THEN $3 ELSE max($2, $3) END
			WHERE account_id = $4 AND number_id = $5 AND claim = $6 AND claimed = 1`,
			r.Attempts, micros(now.Add(after)), micros(now.Add(rest)), r.AccountID, r.NumberID, r.Claim)
		if err == nil && n == 0 {
			return fmt.Errorf("settle number read: %w", store.ErrLeaseLost)
		}
		return wrap("settle number read", err)
	})
}

// MakeNumberReadDue implements [store.NumberReads].
func (s *Store) MakeNumberReadDue(ctx context.Context, account wa.AccountID, numberID string) error {
	return s.writer.write(ctx, func(t *tx) error { return s.readDue(t, account, numberID) })
}

// readDue makes a number due as soon as it has rested. Whoever works on it is not
// disturbed.
func (s *Store) readDue(t *tx, account wa.AccountID, numberID string) error {
	t.wake(store.StageNumbers)
	_, err := t.exec(`UPDATE numbers SET again = claimed, due_at = CASE WHEN claimed = 1 THEN due_at ELSE max($1, rest_until) END
		WHERE account_id = $2 AND number_id = $3`, micros(s.now()), account, numberID)
	return wrap("make number read due", err)
}

// expectNumber makes a new source's number known, and has it read.
func (s *Store) expectNumber(t *tx, src wa.Source) error {
	_, err := t.exec(`INSERT INTO numbers (account_id, number_id, due_at) VALUES ($1, $2, $3)
		ON CONFLICT (account_id, number_id) DO NOTHING`, src.AccountID, src.Number.ID, micros(s.now()))
	if err != nil {
		return fmt.Errorf("expect number: %w", err)
	}
	return s.readDue(t, src.AccountID, src.Number.ID)
}

// readNumberOf has the number of a source read, whose new token may be the one that
// works.
func (s *Store) readNumberOf(t *tx, src wa.Source) error {
	var numberID string
	if err := t.row(`SELECT number_id FROM sources WHERE account_id = $1 AND id = $2`, []any{src.AccountID, src.ID}, &numberID); err != nil {
		return fmt.Errorf("make number read due: %w", err)
	}
	return s.readDue(t, src.AccountID, numberID)
}

// leaveNumbers forgets the numbers of which an account has no source.
func (t *tx) leaveNumbers(account wa.AccountID) error {
	_, err := t.exec(`DELETE FROM numbers WHERE account_id = $1
		AND number_id NOT IN (SELECT number_id FROM sources WHERE account_id = $1)`, account)
	return wrap("leave number", err)
}

// hear notes that a callback is about a number.
func (t *tx) hear(account wa.AccountID, numberID string, received time.Time) {
	if numberID == "" {
		return // it is about a whole WABA
	}
	if t.heard == nil {
		t.heard = map[numberKey]time.Time{}
	}
	if key := (numberKey{account, numberID}); received.After(t.heard[key]) {
		t.heard[key] = received
	}
}

// keepHeard records it, once for each number.
func (t *tx) keepHeard() error {
	for key, at := range t.heard {
		if _, err := t.exec(`UPDATE numbers SET heard_at = $3 WHERE account_id = $1 AND number_id = $2 AND heard_at < $3`,
			key.account, key.number, micros(at)); err != nil {
			return fmt.Errorf("keep last callback: %w", err)
		}
	}
	clear(t.heard)
	return nil
}

// LastCallback implements [store.Checkup].
func (s *Store) LastCallback(ctx context.Context, account wa.AccountID, numberID string) (time.Time, error) {
	var heard int64
	err := s.reads.QueryRowContext(ctx, `SELECT heard_at FROM numbers WHERE account_id = $1 AND number_id = $2`, account, numberID).Scan(&heard)
	if errors.Is(err, sql.ErrNoRows) {
		return time.Time{}, nil
	}
	return fromMicros(heard), wrap("read last callback", err)
}
