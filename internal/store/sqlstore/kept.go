package sqlstore

import (
	"context"
	"database/sql"
	"errors"

	"github.com/waypost/waypost/internal/store"
	"github.com/waypost/waypost/internal/wa"
)

// newest stands for the id of what is to come, when the newest are asked for.
const newest = "~"

const keptColumns = `id, received_at, signature, state, reason, attempts, length(body)`

func scanKept(row scanner) (c wa.KeptCallback, err error) {
	var received int64
	err = row.Scan(&c.ID, &received, &c.Signature, &c.State, &c.Reason, &c.Attempts, &c.Size)
	c.ReceivedAt = fromMicros(received)
	return c, err
}

// Callbacks implements [store.Callbacks].
func (s *Store) Callbacks(ctx context.Context, before wa.CallbackID, limit int) ([]wa.KeptCallback, error) {
	list, err := collect(scanKept)(s.reads.QueryContext(ctx,
		`SELECT `+keptColumns+` FROM callbacks WHERE id < $1 ORDER BY id DESC LIMIT $2`, orNewest(string(before)), limit))
	return list, wrap("list callbacks", err)
}

// ParkedCallbacks implements [store.Callbacks].
func (s *Store) ParkedCallbacks(ctx context.Context, before wa.CallbackID, limit int) ([]wa.KeptCallback, error) {
	list, err := collect(scanKept)(s.reads.QueryContext(ctx,
		`SELECT `+keptColumns+` FROM callbacks WHERE state = 'parked' AND id < $1 ORDER BY id DESC LIMIT $2`, orNewest(string(before)), limit))
	return list, wrap("list callbacks", err)
}

func orNewest(id string) string {
	if id == "" {
		return newest
	}
	return id
}

// Callback implements [store.Callbacks].
func (s *Store) Callback(ctx context.Context, id wa.CallbackID) (wa.KeptCallback, error) {
	c, err := found[wa.KeptCallback]("callback")(scanKept(s.reads.QueryRowContext(ctx,
		`SELECT `+keptColumns+` FROM callbacks WHERE id = $1`, id)))
	if err != nil {
		return c, err
	}
	err = s.reads.QueryRowContext(ctx, `SELECT body FROM callbacks WHERE id = $1`, id).Scan(&c.Body)
	return c, wrap("read callback", err)
}

// RetryCallback implements [store.Callbacks].
func (s *Store) RetryCallback(ctx context.Context, id wa.CallbackID) error {
	return s.writer.write(ctx, func(t *tx) error {
		n, err := t.exec(`UPDATE callbacks SET state = 'new', claimed = 0, attempts = 0, reason = '', due_at = $1
			WHERE id = $2 AND state IN ('done', 'parked')`, micros(s.now()), id)
		if err != nil {
			return wrap("retry callback", err)
		}
		if n > 0 {
			t.wake(store.StageInbox)
			return nil
		}
		var state wa.CallbackState
		err = t.row(`SELECT state FROM callbacks WHERE id = $1`, []any{id}, &state)
		if errors.Is(err, sql.ErrNoRows) {
			return wa.NotFound("callback")
		}
		if err != nil {
			return wrap("retry callback", err)
		}
		return &wa.Error{Code: wa.CodeConflict, Message: "the callback waits to be applied already"}
	})
}

// RetryParkedCallbacks implements [store.Callbacks].
func (s *Store) RetryParkedCallbacks(ctx context.Context) (int, error) {
	const atOnce = 500
	total := 0
	for {
		var n int64
		err := s.writer.write(ctx, func(t *tx) (err error) {
			n, err = t.exec(`UPDATE callbacks SET state = 'new', claimed = 0, attempts = 0, reason = '', due_at = $1
				WHERE id IN (SELECT id FROM callbacks WHERE state = 'parked' AND id > '' ORDER BY id LIMIT $2)`, micros(s.now()), atOnce)
			t.wake(store.StageInbox)
			return wrap("retry callbacks", err)
		})
		total += int(n)
		if err != nil || n < atOnce {
			return total, err
		}
	}
}

// Notices implements [store.Journal].
func (s *Store) Notices(ctx context.Context, account wa.AccountID, before wa.EventID, limit int) ([]wa.Event, error) {
	events, err := collect(scanEvent)(s.reads.QueryContext(ctx, `SELECT account_id, id, kind, message_id, at, data FROM events
		WHERE account_id = $1 AND kind = 'notice' AND id < $2 ORDER BY id DESC LIMIT $3`, account, orNewest(string(before)), limit))
	return events, wrap("list notices", err)
}

// UnmatchedStatuses implements [store.Journal].
func (s *Store) UnmatchedStatuses(ctx context.Context, account wa.AccountID, limit int) ([]wa.UnmatchedStatus, error) {
	list, err := collect(func(row scanner) (wa.UnmatchedStatus, error) {
		p, err := scanParked(row)
		return wa.UnmatchedStatus{At: fromMicros(p.at), Status: p.report}, err
	})(s.reads.QueryContext(ctx, `SELECT parked_at, data FROM parked_statuses WHERE account_id = $1
		ORDER BY parked_at DESC LIMIT $2`, account, limit))
	return list, wrap("list unmatched statuses", err)
}
