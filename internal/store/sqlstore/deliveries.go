package sqlstore

import (
	"context"
	"fmt"
	"time"

	"github.com/waypost/waypost/internal/store"
	"github.com/waypost/waypost/internal/wa"
)

// RecoverDeliveries implements [store.Deliveries].
func (s *Store) RecoverDeliveries(ctx context.Context) (int, error) {
	return s.free(ctx, `UPDATE deliveries SET claimed = 0, due_at = $1 WHERE state = 'due' AND claimed = 1`)
}

const selectDueDeliveries = `SELECT d.account_id, d.id, d.attempts, d.created_at, d.claim,
		p.id, p.kind, p.url, p.headers, e.id, e.kind, e.message_id, e.at, e.data
	FROM deliveries d
	JOIN endpoints p ON p.account_id = d.account_id AND p.id = d.endpoint_id
	JOIN events e ON e.account_id = d.account_id AND e.id = d.event_id
	WHERE d.state = 'due' AND d.due_at <= $1 ORDER BY d.due_at LIMIT $2`

// ClaimDeliveries implements [store.Deliveries].
func (s *Store) ClaimDeliveries(ctx context.Context, limit int, lease time.Duration) ([]wa.Delivery, error) {
	var rows []read[wa.Delivery]
	err := s.writer.write(ctx, func(t *tx) (err error) {
		now := s.now()
		rows, err = collect(tolerant(s.scanDelivery))(t.query(selectDueDeliveries, micros(now), limit))
		if err != nil {
			return fmt.Errorf("claim deliveries: %w", err)
		}
		for i := range rows {
			// One that cannot be read is claimed too: it must not be in front of
			// the others again at once.
			if err := t.claimDelivery(&rows[i], now.Add(lease)); err != nil {
				return err
			}
		}
		return nil
	})
	return readable(ctx, s.logger, rows), err
}

func (t *tx) claimDelivery(row *read[wa.Delivery], until time.Time) error {
	d := &row.value
	d.Claim++
	if row.err == nil && d.Event.MessageID != "" {
		var m wa.Message
		m, row.err = t.message(d.AccountID, d.Event.MessageID)
		d.Message = &m
	}
	_, err := t.exec(`UPDATE deliveries SET claim = $1, claimed = 1, due_at = $2 WHERE account_id = $3 AND id = $4`,
		d.Claim, micros(until), d.AccountID, d.ID)
	return wrap("claim deliveries", err)
}

func (s *Store) scanDelivery(row scanner) (d wa.Delivery, err error) {
	var created, at int64
	var headers, data []byte
	if err = row.Scan(&d.AccountID, &d.ID, &d.Attempts, &created, &d.Claim,
		&d.Endpoint.ID, &d.Endpoint.Kind, &d.Endpoint.URL, &headers,
		&d.Event.ID, &d.Event.Kind, &d.Event.MessageID, &at, &data); err != nil {
		return d, err
	}
	d.CreatedAt, d.Event.At = fromMicros(created), fromMicros(at)
	d.Endpoint.AccountID, d.Event.AccountID = d.AccountID, d.AccountID
	err = s.unsealHeaders(headers, &d.Endpoint)
	if err == nil {
		err = unkeep(data, &d.Event)
	}
	return d, unreadable("delivery", string(d.ID), err)
}

// SettleDelivery implements [store.Deliveries].
func (s *Store) SettleDelivery(ctx context.Context, d wa.Delivery, r wa.DeliveryResult) error {
	state, settled := "due", time.Time{}
	switch {
	case r.Done:
		state, settled = "done", s.now()
	case r.GiveUp:
		state, settled = "dead", s.now()
	}
	return s.writer.write(ctx, func(t *tx) error {
		n, err := t.exec(`UPDATE deliveries SET state = $1, attempts = attempts + 1, last_status = $2, last_reason = $3,
			settled_at = $4, claimed = 0, due_at = $5 WHERE account_id = $6 AND id = $7 AND claim = $8 AND claimed = 1 AND state = 'due'`,
			state, r.Status, r.Reason, micros(settled), micros(s.now().Add(r.After)), d.AccountID, d.ID, d.Claim)
		if err == nil && n == 0 {
			return store.ErrLeaseLost
		}
		return wrap("settle delivery", err)
	})
}
