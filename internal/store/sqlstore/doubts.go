package sqlstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/waypost/waypost/internal/store"
	"github.com/waypost/waypost/internal/wa"
)

// doubtColumns are those of a message, and of its last attempt behind them.
const doubtColumns = messageColumns + `, due_at,
	(SELECT json_array(began_at, ended_at, outcome, wamid, failure, trace, soon, held) FROM attempts a
		WHERE a.account_id = messages.account_id AND a.message_id = messages.id AND a.attempt = messages.attempt),
	(SELECT count(*) FROM attempts a
		WHERE a.account_id = messages.account_id AND a.message_id = messages.id AND a.outcome = 'unknown')`

// behind lets scanMessage read the first columns of a longer row.
type behind struct {
	row  scanner
	rest []any
}

// Scan implements scanner.
func (b behind) Scan(into ...any) error { return b.row.Scan(append(into, b.rest...)...) }

func scanDoubt(row scanner) (d wa.Doubt, err error) {
	var due int64
	var last []byte
	if d.Message, err = scanMessage(behind{row, []any{&due, &last, &d.Unanswered}}); err != nil {
		return d, err
	}
	m := d.Message
	d.LookAt = fromMicros(due)
	d.Attempt = wa.Attempt{AccountID: m.AccountID, MessageID: m.ID, Number: m.Attempt, NumberID: m.NumberID, Person: m.Person, BeganAt: m.DispatchedAt}
	if len(last) == 0 {
		return d, nil
	}
	var began, ended, soon int64
	var failure string
	a := &d.Attempt
	if err := json.Unmarshal(last, &[]any{&began, &ended, &a.Outcome, &a.WAMID, &failure, &a.Trace, &soon, &a.Held}); err != nil {
		return d, unreadable("attempt of message", string(m.ID), err)
	}
	a.BeganAt, a.EndedAt, a.Soon = fromMicros(began), fromMicros(ended), soon != 0
	if failure != "" {
		err = json.Unmarshal([]byte(failure), &a.Failure)
	}
	return d, unreadable("attempt of message", string(m.ID), err)
}

// DueDoubts implements [store.Doubts].
func (s *Store) DueDoubts(ctx context.Context, limit int) ([]wa.Doubt, error) {
	rows, err := collect(tolerant(scanDoubt))(s.reads.QueryContext(ctx, `SELECT `+doubtColumns+` FROM messages
		WHERE status = 'uncertain' AND due_at <= $1 ORDER BY due_at LIMIT $2`, micros(s.now()), limit))
	return readable(ctx, s.logger, rows), wrap("read uncertain messages", err)
}

// DoubtsOf implements [store.Doubts].
func (s *Store) DoubtsOf(ctx context.Context, account wa.AccountID, limit int) ([]wa.Doubt, error) {
	// The account is hidden from the planner, which would otherwise read all
	// messages of the account.
	rows, err := collect(tolerant(scanDoubt))(s.reads.QueryContext(ctx, `SELECT `+doubtColumns+` FROM messages
		WHERE account_id || '' = $1 AND status = 'uncertain' AND due_at >= 0 ORDER BY due_at LIMIT $2`, account, limit))
	return readable(ctx, s.logger, rows), wrap("read uncertain messages", err)
}

// Doubt implements [store.Doubts].
func (s *Store) Doubt(ctx context.Context, account wa.AccountID, id wa.MessageID) (wa.Doubt, error) {
	return found[wa.Doubt]("message")(scanDoubt(s.reads.QueryRowContext(ctx,
		`SELECT `+doubtColumns+` FROM messages WHERE account_id = $1 AND id = $2`, account, id)))
}

// PutOffDoubts implements [store.Doubts].
func (s *Store) PutOffDoubts(ctx context.Context, doubts []wa.Doubt) error {
	return s.writer.write(ctx, func(t *tx) error {
		for _, d := range doubts {
			if _, err := t.exec(`UPDATE messages SET due_at = $1
				WHERE account_id = $2 AND id = $3 AND status = 'uncertain' AND attempt = $4`,
				micros(d.LookAt), d.Message.AccountID, d.Message.ID, d.Message.Attempt); err != nil {
				return fmt.Errorf("put off uncertain message: %w", err)
			}
		}
		return nil
	})
}

// ResolveMessage implements [store.Doubts].
func (s *Store) ResolveMessage(ctx context.Context, account wa.AccountID, id wa.MessageID, r wa.Resolution) error {
	return s.writer.write(ctx, func(t *tx) error {
		m, err := t.message(account, id)
		if err != nil {
			return err
		}
		if m.Status != wa.StatusUncertain || r.Attempt != 0 && r.Attempt != m.Attempt {
			return &wa.Error{Code: wa.CodeConflict, Message: fmt.Sprintf(
				"the message is %s at attempt %d: only one that is uncertain can be resolved", m.Status, m.Attempt)}
		}
		if err := t.applied(r.Deadline); err != nil {
			return err
		}
		now := s.now()
		report := wa.StatusReport{
			WAMID: r.WAMID, NumberID: m.NumberID, Status: r.As, At: now, Attempt: m.Attempt, By: r.By, Failure: r.Failure,
		}
		switch r.As { //nolint:exhaustive // the others are no resolutions
		case wa.StatusSent, wa.StatusFailed:
			return s.advance(t, m, now, report)
		case wa.StatusAccepted:
			if err := t.keepQuietly(statusEvent(m, now, report), "again/"+strconv.Itoa(m.Attempt)); err != nil {
				return err
			}
			return t.sendAgain(m, now)
		}
		return &wa.Error{Code: wa.CodeInvalid, Message: fmt.Sprintf("a message cannot be resolved as %s", r.As)}
	})
}

// applied returns an error if there is a callback that came until then and is not
// applied yet: the status that is waited for may be in it.
func (t *tx) applied(until time.Time) error {
	if until.IsZero() {
		return nil
	}
	var waiting bool
	err := t.row(`SELECT EXISTS (SELECT 1 FROM callbacks WHERE state = 'new' AND received_at <= $1)`, []any{micros(until)}, &waiting)
	if err == nil && waiting {
		return &wa.Error{Code: wa.CodeConflict, Message: "a callback that came in time is not applied yet"}
	}
	return wrap("look for callbacks", err)
}

// StatusStream implements [store.Doubts].
func (s *Store) StatusStream(ctx context.Context, account wa.AccountID, numberID string) (wa.Stream, error) {
	var proven, oldest int64
	err := s.reads.QueryRowContext(ctx, `SELECT proven_at FROM numbers WHERE account_id = $1 AND number_id = $2`,
		account, numberID).Scan(&proven)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return wa.Stream{}, fmt.Errorf("read status stream: %w", err)
	}
	if err := s.reads.QueryRowContext(ctx, `SELECT coalesce(min(received_at), 0) FROM callbacks WHERE state = 'new'`).Scan(&oldest); err != nil {
		return wa.Stream{}, fmt.Errorf("read status stream: %w", err)
	}
	since, err := s.intakeSince(ctx)
	return wa.Stream{ProvenAt: fromMicros(proven), IntakeSince: since, Unapplied: fromMicros(oldest)}, err
}

// intakeKey is the row of settings that says since when callbacks are taken in.
const intakeKey = "intake_since"

func (s *Store) intakeSince(ctx context.Context) (time.Time, error) {
	var value string
	err := s.reads.QueryRowContext(ctx, `SELECT value FROM settings WHERE name = $1`, intakeKey).Scan(&value)
	if errors.Is(err, sql.ErrNoRows) {
		return time.Time{}, nil
	}
	if err != nil {
		return time.Time{}, fmt.Errorf("read intake: %w", err)
	}
	us, err := strconv.ParseInt(value, 10, 64)
	return fromMicros(us), wrap("read intake", err)
}

// NoteIntake implements [store.Doubts].
func (s *Store) NoteIntake(ctx context.Context, since time.Time) error {
	return s.writer.write(ctx, func(t *tx) error {
		_, err := t.exec(`INSERT INTO settings (name, value) VALUES ($1, $2)
			ON CONFLICT (name) DO UPDATE SET value = excluded.value`, intakeKey, strconv.FormatInt(micros(since), 10))
		return wrap("note intake", err)
	})
}

// UnnamedAttempts implements [store.Doubts].
func (s *Store) UnnamedAttempts(ctx context.Context, account wa.AccountID, numberID string, since time.Time) ([]store.Unnamed, error) {
	// One that is under way has no row yet. It is asked for first: what ends in
	// between is then in both.
	flying, err := collect(scanUnnamed)(s.reads.QueryContext(ctx, `SELECT account_id, id, attempt, number_id, person, dispatched_at,
			recipient_kind, recipient FROM messages
		WHERE status = 'dispatched' AND account_id || '' = $1 AND number_id || '' = $2 AND dispatched_at >= $3`,
		account, numberID, micros(since)))
	if err != nil {
		return nil, fmt.Errorf("read attempts: %w", err)
	}
	ended, err := collect(scanUnnamed)(s.reads.QueryContext(ctx, `SELECT a.account_id, a.message_id, a.attempt, a.number_id, a.person, a.began_at,
			m.recipient_kind, m.recipient
		FROM attempts a JOIN messages m ON m.account_id = a.account_id AND m.id = a.message_id
		WHERE a.number_id = $2 AND a.wamid = '' AND a.outcome IN ('unknown', 'sent') AND a.account_id || '' = $1 AND a.began_at >= $3`,
		account, numberID, micros(since)))
	return append(flying, ended...), wrap("read attempts", err)
}

func scanUnnamed(row scanner) (u store.Unnamed, err error) {
	var began int64
	a := &u.Attempt
	err = row.Scan(&a.AccountID, &a.MessageID, &a.Number, &a.NumberID, &a.Person, &began, &u.Recipient.Kind, &u.Recipient.ID)
	a.BeganAt = fromMicros(began)
	return u, err
}

// KnowsWAMID implements [store.Doubts].
func (s *Store) KnowsWAMID(ctx context.Context, account wa.AccountID, wamid string) (known bool, err error) {
	// The second copy of a message has its name with the attempt only.
	err = s.reads.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM messages WHERE account_id = $1 AND wamid = $2 AND wamid <> '')
		OR EXISTS (SELECT 1 FROM attempts WHERE account_id = $1 AND wamid = $2 AND wamid <> '')`,
		account, wamid).Scan(&known)
	return known, wrap("look for wamid", err)
}

// Duplicates implements [store.Doubts].
func (s *Store) Duplicates(ctx context.Context, account wa.AccountID) (n int, err error) {
	err = s.reads.QueryRowContext(ctx, `SELECT count(*) FROM messages WHERE account_id = $1 AND duplicated = 1`, account).Scan(&n)
	return n, wrap("count duplicates", err)
}

var _ store.Doubts = (*Store)(nil)

// sendAgain puts an uncertain message back among those that wait. Its id keeps its
// place: it is older than those of the others, of whom the one that has the turn is
// let through.
func (t *tx) sendAgain(m wa.Message, now time.Time) (err error) {
	// Meanwhile the recipient may have turned out to be somebody who has a line.
	if m.Person, err = t.personOf(m.AccountID, m.Recipient.ID); err != nil {
		return err
	}
	var busy bool
	if err := t.row(`SELECT EXISTS (`+inLine+` AND turn = 1)`, []any{m.AccountID, m.NumberID, urgency(m), m.Person}, &busy); err != nil {
		return fmt.Errorf("send again: %w", err)
	}
	turn := turnHas
	if busy {
		turn = turnBehind
	}
	t.wake(store.StageOutbox)
	_, err = t.exec(`UPDATE messages SET status = 'accepted', claimed = 0, claim = claim + 1, due_at = $1, turn = $2, person = $5
		WHERE account_id = $3 AND id = $4`, micros(now), turn, m.AccountID, m.ID, m.Person)
	return wrap("send again", err)
}
