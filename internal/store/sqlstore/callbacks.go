package sqlstore

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/waypost/waypost/internal/store"
	"github.com/waypost/waypost/internal/wa"
)

// KeepCallback implements [store.Inbox].
func (s *Store) KeepCallback(ctx context.Context, c wa.Callback) error {
	return s.writer.write(ctx, func(t *tx) error {
		t.wake(store.StageInbox)
		_, err := t.exec(`INSERT INTO callbacks (id, received_at, body, signature, state, due_at) VALUES ($1, $2, $3, $4, 'new', $2)`,
			c.ID, micros(c.ReceivedAt), c.Body, c.Signature)
		return wrap("keep callback", err)
	})
}

// RecoverCallbacks implements [store.Inbox].
func (s *Store) RecoverCallbacks(ctx context.Context) (int, error) {
	return s.free(ctx, `UPDATE callbacks SET claimed = 0, due_at = $1 WHERE state = 'new' AND claimed = 1`)
}

// free makes the claimed rows of a dead process due now.
func (s *Store) free(ctx context.Context, update string) (int, error) {
	var n int64
	err := s.writer.write(ctx, func(t *tx) (err error) {
		n, err = t.exec(update, micros(s.now()))
		return wrap("recover", err)
	})
	return int(n), err
}

// ClaimCallbacks implements [store.Inbox].
func (s *Store) ClaimCallbacks(ctx context.Context, limit int, lease time.Duration) ([]wa.Callback, error) {
	var claimed []wa.Callback
	err := s.writer.write(ctx, func(t *tx) (err error) {
		now := s.now()
		claimed, err = collect(scanCallback)(t.query(`UPDATE callbacks
			SET claim = claim + 1, claimed = 1, attempts = attempts + 1, due_at = $1
			WHERE id IN (SELECT id FROM callbacks WHERE state = 'new' AND due_at <= $2 ORDER BY due_at LIMIT $3)
			RETURNING id, received_at, body, signature, claim, attempts`, micros(now.Add(lease)), micros(now), limit))
		return wrap("claim callbacks", err)
	})
	slices.SortFunc(claimed, func(a, b wa.Callback) int { return cmp.Compare(a.ID, b.ID) })
	return claimed, err
}

func scanCallback(row scanner) (c wa.Callback, err error) {
	var received int64
	err = row.Scan(&c.ID, &received, &c.Body, &c.Signature, &c.Claim, &c.Attempts)
	c.ReceivedAt = fromMicros(received)
	return c, err
}

// PutOffCallback implements [store.Inbox].
func (s *Store) PutOffCallback(ctx context.Context, c wa.Callback, after time.Duration, park bool, reason string) error {
	state := "new"
	if park {
		state = "parked"
	}
	return s.writer.write(ctx, func(t *tx) error {
		n, err := t.exec(`UPDATE callbacks SET state = $1, reason = $2, claimed = 0, due_at = $3
			WHERE id = $4 AND claim = $5 AND claimed = 1 AND state = 'new'`, state, reason, micros(s.now().Add(after)), c.ID, c.Claim)
		if err == nil && n == 0 {
			return store.ErrLeaseLost
		}
		return wrap("put off callback", err)
	})
}

// apply applies one update of a callback.
func (s *Store) apply(t *tx, account wa.AccountID, c wa.Callback, u wa.Update) error {
	switch {
	case u.Status != nil:
		return s.applyStatus(t, account, c.ReceivedAt, u)
	case u.Inbound != nil:
		return s.applyInbound(t, account, c.ReceivedAt, u)
	case u.Template != nil:
		if err := s.applyTemplate(t, account, c.ReceivedAt, u.WABAID, *u.Template); err != nil {
			return err
		}
	}
	if u.Notice != nil {
		return s.applyNotice(t, account, c.ReceivedAt, u)
	}
	return nil
}

func (s *Store) applyStatus(t *tx, account wa.AccountID, received time.Time, u wa.Update) error {
	if err := t.heardOf(account, received, *u.Status); err != nil {
		return err
	}
	m, err := t.messageOf(account, u)
	if wa.CodeOf(err) == wa.CodeNotFound {
		if u.MessageID != "" || u.Status.WAMID == "" {
			// It names a message, and this account has no such one; or it names
			// none, and nothing that comes later can match it.
			return nil
		}
		return t.park(account, received, u)
	}
	if err != nil {
		return err
	}
	if m.NumberID != u.NumberID {
		// A status of one number cannot speak of a message of another.
		return nil
	}
	t.prove(m, u)
	r := *u.Status
	r.Attempt = u.Attempt
	return s.advance(t, m, received, r)
}

// messageOf finds the message of a status: by the tag that the send carried,
// else by Meta's id.
func (t *tx) messageOf(account wa.AccountID, u wa.Update) (wa.Message, error) {
	if u.MessageID != "" {
		m, err := t.message(account, u.MessageID)
		if wa.CodeOf(err) != wa.CodeNotFound {
			return m, err
		}
	}
	var id wa.MessageID
	err := t.row(`SELECT id FROM messages WHERE account_id = $1 AND wamid = $2 AND wamid <> ''`, []any{account, u.Status.WAMID}, &id)
	if err != nil {
		return found[wa.Message]("message")(wa.Message{}, err)
	}
	return t.message(account, id)
}

// advance records a status of a message and moves it forward.
func (s *Store) advance(t *tx, m wa.Message, at time.Time, r wa.StatusReport) error {
	if isCopy(m, r) {
		if err := s.noteCopy(t, m, at, r); err != nil || r.Status == wa.StatusFailed {
			return err // the other copy may still arrive
		}
	}
	added, err := s.addEvent(t, statusEvent(m, at, r))
	if err != nil {
		return err
	}
	if next := m.Status.After(r.Status); added && next != m.Status {
		// The claim is left as it is: whoever sends this message now still
		// settles it, and settling does not take the status back.
		if _, err := t.exec(`UPDATE messages SET status = $1 WHERE account_id = $2 AND id = $3`, next, m.AccountID, m.ID); err != nil {
			return fmt.Errorf("advance message: %w", err)
		}
		if open(m.Status) && !open(next) {
			if err := t.endTurn(m); err != nil {
				return err
			}
		}
	}
	if r.WAMID == "" || m.WAMID != "" {
		return nil
	}
	if err := t.learnWAMID(m, r.WAMID); err != nil {
		return err
	}
	if err := t.nameAttempt(m, r.Attempt, r.WAMID); err != nil {
		return err
	}
	if twice, err := t.takenOtherwise(m, r.Attempt); err != nil {
		return err
	} else if twice {
		if err := s.markDuplicated(t, m); err != nil {
			return err
		}
	}
	return s.unpark(t, m, r.WAMID)
}

func (t *tx) park(account wa.AccountID, at time.Time, u wa.Update) error {
	r := *u.Status
	r.NumberID = u.NumberID // whoever finds the message later has only the report
	data, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("park status: %w", err)
	}
	_, err = t.exec(`INSERT INTO parked_statuses (account_id, wamid, fact, parked_at, data) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT DO NOTHING`, account, r.WAMID, statusFact(r), micros(at), data)
	return wrap("park status", err)
}

type parkedStatus struct {
	at     int64
	report wa.StatusReport
}

// unpark applies the statuses that came before the wamid was known.
func (s *Store) unpark(t *tx, m wa.Message, wamid string) error {
	parked, err := collect(scanParked)(t.query(
		`SELECT parked_at, data FROM parked_statuses WHERE account_id = $1 AND wamid = $2`, m.AccountID, wamid))
	if err != nil || len(parked) == 0 {
		return wrap("match parked statuses", err)
	}
	// The customer hears of them in Meta's order, not in that of the key.
	slices.SortStableFunc(parked, func(a, b parkedStatus) int {
		return cmp.Or(a.report.At.Compare(b.report.At), a.report.Status.Compare(b.report.Status), cmp.Compare(a.at, b.at))
	})
	for _, p := range parked {
		if p.report.NumberID != m.NumberID {
			continue
		}
		now, err := t.message(m.AccountID, m.ID)
		if err != nil {
			return err
		}
		if err := s.advance(t, now, fromMicros(p.at), p.report); err != nil {
			return err
		}
	}
	_, err = t.exec(`DELETE FROM parked_statuses WHERE account_id = $1 AND wamid = $2`, m.AccountID, wamid)
	return wrap("match parked statuses", err)
}

func scanParked(row scanner) (p parkedStatus, err error) {
	var data []byte
	if err = row.Scan(&p.at, &data); err != nil {
		return p, err
	}
	return p, json.Unmarshal(data, &p.report)
}

func (s *Store) applyInbound(t *tx, account wa.AccountID, received time.Time, u wa.Update) error {
	in := *u.Inbound
	e := wa.Event{ID: wa.NewID[wa.EventID](), AccountID: account, Kind: wa.EventIncoming, At: received, Inbound: &in}
	if in.Media != nil {
		file := *in.Media // what the caller handed in stays as it is
		file.ID = wa.NewID[wa.MediaID]()
		in.Media = &file
	}
	if in.ReplyTo != "" {
		err := t.row(`SELECT id FROM messages WHERE account_id = $1 AND wamid = $2 AND wamid <> ''`, []any{account, in.ReplyTo}, &e.MessageID)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return fmt.Errorf("match reply: %w", err)
		}
	}
	added, err := s.addEvent(t, e)
	if err != nil || !added {
		return err
	}
	person, err := t.heardFrom(account, received, in)
	if err != nil {
		return err
	}
	if err := t.openWindow(account, person, received, in); err != nil {
		return err
	}
	if u.Consent != nil && person != "" {
		if err := t.saidConsent(account, person, received, *u.Consent); err != nil {
			return err
		}
	}
	if in.Media != nil {
		return t.expectMedia(account, received, in)
	}
	return nil
}

// openWindow notes when a person, or somebody in a group, last wrote. A time of
// Meta's that lies ahead of ours would open the window for longer than 24 hours,
// so it is cut. A notice was not written by the person.
func (t *tx) openWindow(account wa.AccountID, person string, received time.Time, in wa.Inbound) error {
	contact := person
	if in.GroupID != "" {
		contact = wa.ContactKey(in.GroupID)
	}
	if contact == "" || in.System != nil {
		return nil
	}
	_, err := t.exec(`INSERT INTO windows (account_id, contact, number_id, wrote_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (account_id, contact, number_id) DO UPDATE SET wrote_at = max(wrote_at, excluded.wrote_at)`,
		account, contact, in.NumberID, micros(told(in.At, received)))
	return wrap("open window", err)
}

// expectMedia makes the fetch of an inbound media a job.
func (t *tx) expectMedia(account wa.AccountID, received time.Time, in wa.Inbound) error {
	m := in.Media
	t.wake(store.StageFetches)
	_, err := t.exec(`INSERT INTO media
		(account_id, id, state, kind, mime_type, sha256, size, filename, created_at, meta_id, number_id, meta_sha256, wamid, due_at)
		VALUES ($1, $2, 'pending', $3, $4, '', 0, $5, $6, $7, $8, $9, $10, $6)`,
		account, m.ID, m.Kind, m.MIMEType, m.Filename, micros(received), m.MetaID, in.NumberID, hexDigest(m.SHA256), in.WAMID)
	return wrap("expect media", err)
}

// hexDigest takes a SHA-256 as Meta writes it, base64 in callbacks and hex in
// answers, and returns it in lower-case hex; "" if it is neither.
func hexDigest(v string) string {
	const size = 32
	if raw, err := hex.DecodeString(v); err == nil && len(raw) == size {
		return hex.EncodeToString(raw)
	}
	if raw, err := base64.StdEncoding.DecodeString(v); err == nil && len(raw) == size {
		return hex.EncodeToString(raw)
	}
	return ""
}
