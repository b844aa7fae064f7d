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

// Accept implements [store.Intake].
func (s *Store) Accept(ctx context.Context, messages []wa.Message) error {
	return s.writer.write(ctx, func(t *tx) error {
		for _, m := range messages {
			if err := t.insertMessage(m); err != nil {
				return err
			}
		}
		t.wake(store.StageOutbox)
		return nil
	})
}

func (t *tx) insertMessage(m wa.Message) error {
	content, err := wa.EncodeSaid(m)
	if err != nil {
		return fmt.Errorf("accept message: %w", err)
	}
	if m.Person, err = t.personOf(m.AccountID, m.Recipient.ID); err != nil {
		return err
	}
	return t.enqueue(m, content)
}

// Window implements [store.Intake].
func (s *Store) Window(ctx context.Context, account wa.AccountID, numberID, contact string) (time.Time, error) {
	var wrote int64
	err := s.reads.QueryRowContext(ctx,
		`SELECT wrote_at FROM windows WHERE account_id = $1 AND contact = `+personOfID+` AND number_id = $3`,
		account, wa.ContactKey(contact), numberID).Scan(&wrote)
	if errors.Is(err, sql.ErrNoRows) {
		return time.Time{}, nil
	}
	if err != nil {
		return time.Time{}, fmt.Errorf("read window: %w", err)
	}
	return fromMicros(wrote).Add(wa.WindowLength), nil
}

const messageColumns = `account_id, id, source_id, number_id, recipient_kind, recipient, content, api_header,
	status, wamid, attempt, accepted_at, ttl, claim, person, reply_to, category, slowed, dispatched_at, duplicated`

func scanMessage(row scanner) (m wa.Message, err error) {
	var content []byte
	var accepted, ttl, dispatched int64
	if err = row.Scan(&m.AccountID, &m.ID, &m.SourceID, &m.NumberID, &m.Recipient.Kind, &m.Recipient.ID, &content, &m.APIHeader,
		&m.Status, &m.WAMID, &m.Attempt, &accepted, &ttl, &m.Claim, &m.Person, &m.ReplyTo, &m.Category, &m.Slowed, &dispatched,
		&m.Duplicated); err != nil {
		return m, err
	}
	m.AcceptedAt, m.TTL = fromMicros(accepted), time.Duration(ttl)*time.Microsecond
	if dispatched != 0 {
		m.DispatchedAt = fromMicros(dispatched)
	}
	err = wa.DecodeSaid(content, &m)
	return m, unreadable("message", string(m.ID), err)
}

// RecoverMessages implements [store.Outbox].
func (s *Store) RecoverMessages(ctx context.Context, left func(wa.MessageID, int) bool) (freed, uncertain int, err error) {
	err = s.writer.write(ctx, func(t *tx) error {
		n, err := t.exec(`UPDATE messages SET claimed = 0, claim = claim + 1, due_at = $1
			WHERE queue IN (SELECT id FROM queues) AND status = 'accepted' AND turn <> 0 AND claimed = 1`, micros(s.now()))
		if err != nil {
			return fmt.Errorf("recover messages: %w", err)
		}
		freed = int(n)
		dispatched, err := collect(tolerant(scanMessage))(t.query(
			`SELECT ` + messageColumns + ` FROM messages WHERE status = 'dispatched'`))
		if err != nil {
			return fmt.Errorf("recover messages: %w", err)
		}
		for _, row := range dispatched {
			m, status, o := row.value, wa.StatusAccepted, neverLeft()
			if left(m.ID, m.Attempt) {
				status, o = wa.StatusUncertain, brokeOff()
				uncertain++
			} else {
				freed++
			}
			if row.err == nil {
				if err := t.keepAttempt(m, s.now(), o); err != nil {
					return err
				}
			}
			if err := t.recoverDispatched(m, status, s.now()); err != nil {
				return err
			}
		}
		return nil
	})
	return freed, uncertain, err
}

// neverLeft and brokeOff are the outcomes of attempts that a process did not
// outlive.
func neverLeft() wa.Outcome {
	return wa.Outcome{Kind: wa.OutcomeLater, Failure: wa.Failure{Title: "the process ended before anything was sent"}}
}

func brokeOff() wa.Outcome {
	return wa.Outcome{Kind: wa.OutcomeUnknown, Failure: wa.Failure{Title: "Meta may have taken the message: the process ended during the send"}}
}

// recoverDispatched moves the claim on, so that nobody who still holds one can
// settle.
func (t *tx) recoverDispatched(m wa.Message, status wa.Status, due time.Time) error {
	if _, err := t.exec(`UPDATE messages SET status = $1, claimed = 0, claim = claim + 1, due_at = $2
		WHERE account_id = $3 AND id = $4`, status, micros(due), m.AccountID, m.ID); err != nil {
		return fmt.Errorf("recover messages: %w", err)
	}
	if !open(status) {
		return t.endTurn(m)
	}
	return nil
}

// BeginMessage implements [store.Outbox].
func (s *Store) BeginMessage(ctx context.Context, m wa.Message) (wa.Message, error) {
	now := s.now()
	err := s.writer.write(ctx, func(t *tx) error {
		n, err := t.exec(`UPDATE messages SET status = 'dispatched', attempt = attempt + 1, dispatched_at = $4
			WHERE account_id = $1 AND id = $2 AND status = 'accepted' AND claim = $3 AND claimed = 1`,
			m.AccountID, m.ID, m.Claim, micros(now))
		if err == nil && n == 0 {
			return store.ErrLeaseLost
		}
		return wrap("begin message", err)
	})
	if err == nil {
		m.Status, m.Attempt, m.DispatchedAt = wa.StatusDispatched, m.Attempt+1, now
	}
	return m, err
}

// CountRefusal implements [store.Outbox].
func (s *Store) CountRefusal(ctx context.Context, m wa.Message) (refusals int, err error) {
	err = s.writer.write(ctx, func(t *tx) error {
		err := t.row(`UPDATE messages SET refusals = refusals + 1 WHERE account_id = $1 AND id = $2 AND claim = $3 AND claimed = 1
			RETURNING refusals`, []any{m.AccountID, m.ID, m.Claim}, &refusals)
		if errors.Is(err, sql.ErrNoRows) {
			return store.ErrLeaseLost
		}
		return wrap("count refusal", err)
	})
	return refusals, err
}

// SettleMessage implements [store.Outbox].
func (s *Store) SettleMessage(ctx context.Context, m wa.Message, o wa.Outcome) error {
	return s.writer.write(ctx, func(t *tx) error {
		// The claim ends here, whatever the outcome: a second settle is refused.
		n, err := t.exec(`UPDATE messages SET claimed = 0 WHERE account_id = $1 AND id = $2 AND claim = $3 AND claimed = 1`,
			m.AccountID, m.ID, m.Claim)
		if err != nil {
			return fmt.Errorf("settle message: %w", err)
		}
		if n == 0 {
			return store.ErrLeaseLost
		}
		now, err := t.message(m.AccountID, m.ID)
		if err != nil {
			return err
		}
		if m.Status == wa.StatusDispatched { // as the caller has it: an attempt was begun under this claim
			if err := t.keepAttempt(now, s.now(), o); err != nil {
				return err
			}
		}
		return s.settle(t, now, o)
	})
}

func (t *tx) message(account wa.AccountID, id wa.MessageID) (wa.Message, error) {
	stmt, err := t.w.stmt(t.ctx, `SELECT `+messageColumns+` FROM messages WHERE account_id = $1 AND id = $2`)
	if err != nil {
		return wa.Message{}, err
	}
	return found[wa.Message]("message")(scanMessage(stmt.QueryRowContext(t.ctx, account, id)))
}

// settle applies an outcome to a message as it is now: a status that came
// before the answer may already have moved it on.
func (s *Store) settle(t *tx, m wa.Message, o wa.Outcome) error {
	switch o.Kind {
	case wa.OutcomeSent:
		if err := t.answered(m, o.Contact, s.now()); err != nil {
			return err
		}
		return s.settleSent(t, m, o.WAMID)
	case wa.OutcomeRejected:
		if open(m.Status) {
			return s.end(t, m, wa.StatusFailed, &o.Failure)
		}
	case wa.OutcomeExpired:
		if open(m.Status) {
			return s.end(t, m, wa.StatusExpired, nil)
		}
	case wa.OutcomeLater, wa.OutcomeMisconfigured:
		if open(m.Status) {
			return s.putOff(t, m, o)
		}
	case wa.OutcomeUnknown:
		if open(m.Status) {
			return s.release(t, m, wa.StatusUncertain, 0)
		}
	}
	return nil
}

// release lets go of a message whose claim has ended, and gives the turn on if
// it does not keep it.
func (s *Store) release(t *tx, m wa.Message, status wa.Status, after time.Duration) error {
	now := s.now()
	due := now.Add(after)
	if end := m.ExpiresAt(); !end.IsZero() && end.Before(due) {
		due = end // so that it is told in time
	}
	if _, err := t.exec(`UPDATE messages SET status = $1, due_at = $2 WHERE account_id = $3 AND id = $4`,
		status, micros(due), m.AccountID, m.ID); err != nil {
		return fmt.Errorf("settle message: %w", err)
	}
	if open(m.Status) && (!open(status) || after > turnHold) {
		return t.endTurn(m)
	}
	return nil
}

func (s *Store) settleSent(t *tx, m wa.Message, wamid string) error {
	if m.WAMID != "" && wamid != m.WAMID {
		// A status has named this attempt, or another one, before its answer came.
		now := s.now()
		r := wa.StatusReport{WAMID: wamid, NumberID: m.NumberID, Status: wa.StatusSent, At: now, Attempt: m.Attempt}
		if twice, err := t.takenOtherwise(m, m.Attempt); err != nil {
			return err
		} else if twice || wamid != "" {
			if err := s.noteCopy(t, m, now, r); err != nil {
				return err
			}
		}
	}
	if err := s.release(t, m, m.Status.After(wa.StatusSent), 0); err != nil {
		return err
	}
	if wamid == "" {
		return nil // the answer was cut; a status will tell
	}
	if err := t.learnWAMID(m, wamid); err != nil {
		return err
	}
	return s.unpark(t, m, wamid)
}

// learnWAMID keeps the first wamid that is known of a message.
func (t *tx) learnWAMID(m wa.Message, wamid string) error {
	_, err := t.exec(`UPDATE messages SET wamid = $1 WHERE account_id = $2 AND id = $3 AND wamid = ''`, wamid, m.AccountID, m.ID)
	return wrap("keep wamid", err)
}

// end ends a message that Meta never took.
func (s *Store) end(t *tx, m wa.Message, status wa.Status, f *wa.Failure) error {
	if err := s.release(t, m, status, 0); err != nil {
		return err
	}
	now := s.now()
	_, err := s.addEvent(t, statusEvent(m, now, wa.StatusReport{
		NumberID: m.NumberID, Status: status, At: now, By: wa.DeciderGateway, Failure: f,
	}))
	return err
}
