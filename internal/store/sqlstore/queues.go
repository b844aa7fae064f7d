package sqlstore

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/waypost/waypost/internal/store"
	"github.com/waypost/waypost/internal/wa"
)

// enqueue keeps a new message in its queue, with its turn if nobody in front of it
// waits for the same person. A queue is made with the first message.
func (t *tx) enqueue(m wa.Message, content []byte) error {
	insert := func() (int64, error) {
		return t.exec(`INSERT INTO messages
			(account_id, number_id, person, id, source_id, recipient_kind, recipient, content, api_header, status, accepted_at, due_at,
				ttl, reply_to, category, queue, turn)
			SELECT $1, $2, $4, $5, $6, $7, $8, $9, $10, 'accepted', $11, $11, $12, $13, $14, id,
				CASE WHEN EXISTS (SELECT 1 FROM messages WHERE queue = queues.id AND person = $4
					AND status IN ('accepted', 'dispatched') AND turn < 2) THEN 0 ELSE 1 END
			FROM queues WHERE account_id = $1 AND number_id = $2 AND urgency = $3`,
			m.AccountID, m.NumberID, urgency(m), m.Person, m.ID, m.SourceID, m.Recipient.Kind, m.Recipient.ID, content, m.APIHeader,
			micros(m.AcceptedAt), m.TTL.Microseconds(), m.ReplyTo, m.Category)
	}
	n, err := insert()
	if err != nil || n > 0 {
		return wrap("accept message", err)
	}
	if _, err := t.exec(`INSERT INTO queues (account_id, number_id, urgency, id)
		VALUES ($1, $2, $3, (SELECT coalesce(max(id), 0) + 1 FROM queues))`, m.AccountID, m.NumberID, urgency(m)); err != nil {
		return fmt.Errorf("make queue: %w", err)
	}
	_, err = insert()
	return wrap("accept message", err)
}

// selectQueues steps from one queue to the next in the index, so that it costs the
// same whether a queue has one message or a million, and nothing for one that is
// empty.
const selectQueues = `SELECT q.id, q.account_id, q.number_id, q.urgency,
		(SELECT min(due_at) FROM messages WHERE status = 'accepted' AND turn <> 0 AND queue = q.id)
	FROM (
		WITH RECURSIVE hop(id) AS (
			SELECT min(queue) FROM messages WHERE status = 'accepted' AND turn <> 0
			UNION ALL
			SELECT (SELECT min(queue) FROM messages WHERE status = 'accepted' AND turn <> 0 AND queue > hop.id)
				FROM hop WHERE hop.id IS NOT NULL
		) SELECT id FROM hop WHERE id IS NOT NULL
	) AS waiting JOIN queues q ON q.id = waiting.id`

// Queues implements [store.Outbox].
func (s *Store) Queues(ctx context.Context) ([]store.Queue, error) {
	all, err := collect(func(row scanner) (q store.Queue, err error) {
		var name string
		var due sql.NullInt64
		err = row.Scan(&q.ID, &q.AccountID, &q.NumberID, &name, &due)
		q.Urgent, q.DueAt = name == "urgent", fromMicros(due.Int64)
		return q, err
	})(s.reads.QueryContext(ctx, selectQueues))
	return all, wrap("read queues", err)
}

// ClaimMessages implements [store.Outbox].
func (s *Store) ClaimMessages(ctx context.Context, from []store.Share, lease time.Duration) ([]wa.Message, error) {
	var rows []read[wa.Message]
	err := s.writer.write(ctx, func(t *tx) error {
		now := s.now()
		for _, share := range from {
			claimed, err := collect(tolerant(scanMessage))(t.query(`UPDATE messages SET claim = claim + 1, claimed = 1, due_at = $1, turn = 1
				WHERE (account_id, id) IN (SELECT account_id, id FROM messages
					WHERE status = 'accepted' AND turn <> 0 AND queue = $2 AND due_at <= $3 ORDER BY due_at LIMIT $4)
				RETURNING `+messageColumns, micros(now.Add(lease)), share.Queue, micros(now), share.Limit))
			if err != nil {
				return fmt.Errorf("claim messages: %w", err)
			}
			rows = append(rows, claimed...)
		}
		return nil
	})
	claimed := readable(ctx, s.logger, rows)
	// RETURNING promises no order; ids are in the order of acceptance.
	slices.SortFunc(claimed, func(a, b wa.Message) int { return cmp.Compare(a.ID, b.ID) })
	return claimed, err
}

// PutOffMessages implements [store.Outbox].
func (s *Store) PutOffMessages(ctx context.Context, all []store.PutOff) error {
	return s.writer.write(ctx, func(t *tx) error {
		t.wake(store.StageOutbox)
		for _, p := range all {
			// The claim did not happen, so its number is free again: only its holder
			// can give it back, and does not settle after that.
			if _, err := t.exec(`UPDATE messages SET claim = claim - 1, claimed = 0, due_at = $1
				WHERE account_id = $2 AND id = $3 AND status = 'accepted' AND claim = $4 AND claimed = 1`,
				micros(inTime(p.Message, p.Until)), p.Message.AccountID, p.Message.ID, p.Message.Claim); err != nil {
				return fmt.Errorf("put off messages: %w", err)
			}
		}
		return nil
	})
}

// expiring are the messages that are not anybody's and expire once.
const expiring = `status = 'accepted' AND ttl > 0 AND claimed = 0`

// ExpireMessages implements [store.Outbox].
func (s *Store) ExpireMessages(ctx context.Context, limit int) (next time.Time, err error) {
	now := s.now()
	next, err = s.nextExpiry(ctx, time.Time{})
	if err != nil || next.IsZero() || next.After(now) {
		return next, err
	}
	var rows []read[wa.Message]
	err = s.writer.write(ctx, func(t *tx) (err error) {
		rows, err = collect(tolerant(scanMessage))(t.query(`SELECT `+messageColumns+` FROM messages
			WHERE `+expiring+` AND accepted_at + ttl <= $1 ORDER BY accepted_at + ttl LIMIT $2`, micros(now), limit))
		for _, row := range rows {
			if err == nil && row.err == nil {
				err = s.settle(t, row.value, wa.Outcome{Kind: wa.OutcomeExpired})
			}
		}
		return wrap("expire messages", err)
	})
	readable(ctx, s.logger, rows)
	if err != nil || len(rows) == limit {
		return now, err
	}
	return s.nextExpiry(ctx, now)
}

// nextExpiry is when the next message expires after that time.
func (s *Store) nextExpiry(ctx context.Context, after time.Time) (time.Time, error) {
	var at sql.NullInt64
	err := s.reads.QueryRowContext(ctx, `SELECT min(accepted_at + ttl) FROM messages
		WHERE `+expiring+` AND accepted_at + ttl > $1`, micros(after)).Scan(&at)
	return fromMicros(at.Int64), wrap("read next expiry", err)
}

// RecentAttempts implements [store.Outbox].
func (s *Store) RecentAttempts(ctx context.Context, since time.Time) ([]wa.Attempt, error) {
	all, err := collect(func(row scanner) (a wa.Attempt, err error) {
		var began int64
		err = row.Scan(&a.NumberID, &a.Person, &began)
		a.BeganAt = fromMicros(began)
		return a, err
	})(s.reads.QueryContext(ctx, `SELECT number_id, person, began_at FROM attempts
		WHERE began_at >= $1 AND began_at <= $2 AND outcome NOT IN ('later', 'misconfigured') ORDER BY began_at`,
		micros(since), micros(s.now())))
	return all, wrap("read recent attempts", err)
}

// selectAhead counts those of a queue that were accepted before a message, looking
// at no more than $3 of them.
const selectAhead = `SELECT count(*), coalesce(sum(CASE WHEN id < $2 THEN 1 ELSE 0 END), 0) FROM (
		SELECT id FROM messages WHERE queue = $1 AND status IN ('accepted', 'dispatched') LIMIT $3
	) AS waiting`

// selectUrgent counts no more than $3.
const selectUrgent = `SELECT count(*) FROM (
		SELECT id FROM messages WHERE queue = (SELECT id FROM queues WHERE account_id = $1 AND number_id = $2 AND urgency = 'urgent')
			AND status IN ('accepted', 'dispatched') LIMIT $3
	) AS waiting`

// Place implements [store.Outbox].
func (s *Store) Place(ctx context.Context, m wa.Message, most int) (p store.Place, err error) {
	var due, queue int64
	var turn, looked int
	err = s.reads.QueryRowContext(ctx, `SELECT queue, turn, claimed, due_at FROM messages
		WHERE account_id = $1 AND id = $2 AND status IN ('accepted', 'dispatched')`,
		m.AccountID, m.ID).Scan(&queue, &turn, &p.Claimed, &due)
	if err != nil {
		return found[store.Place]("waiting message")(p, err)
	}
	p.DueAt, p.Behind = fromMicros(due), turn == turnBehind
	if err := s.reads.QueryRowContext(ctx, selectAhead, queue, m.ID, most).Scan(&looked, &p.Ahead); err != nil {
		return p, fmt.Errorf("count messages ahead: %w", err)
	}
	p.More = looked >= most
	if !m.Category.Urgent() {
		if err := s.reads.QueryRowContext(ctx, selectUrgent, m.AccountID, m.NumberID, most).Scan(&p.Urgent); err != nil {
			return p, fmt.Errorf("count urgent messages: %w", err)
		}
		p.More = p.More || p.Urgent >= most
	}
	last, err := scanAttempt(s.reads.QueryRowContext(ctx, `SELECT `+attemptColumns+` FROM attempts
		WHERE account_id = $1 AND message_id = $2 ORDER BY attempt DESC LIMIT 1`, m.AccountID, m.ID))
	if errors.Is(err, sql.ErrNoRows) {
		return p, nil
	}
	p.Last = &last
	return p, wrap("read last attempt", err)
}
