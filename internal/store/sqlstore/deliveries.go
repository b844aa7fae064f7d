package sqlstore

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/waypost/waypost/internal/store"
	"github.com/waypost/waypost/internal/wa"
)

// RecoverDeliveries implements [store.Deliveries].
func (s *Store) RecoverDeliveries(ctx context.Context) (int, error) {
	return s.free(ctx, `UPDATE deliveries SET claimed = 0, due_at = $1 WHERE state = 'due' AND claimed = 1`)
}

// selectDueEndpoints steps from one endpoint to the next in the index, so that
// it costs the same whether an endpoint has one delivery due or a million. One
// that is disabled costs a step and a look, whatever waits for it.
const selectDueEndpoints = `SELECT id FROM (
		WITH RECURSIVE step(id) AS (
			SELECT min(endpoint_id) FROM deliveries WHERE state = 'due'
			UNION ALL
			SELECT (SELECT min(endpoint_id) FROM deliveries WHERE state = 'due' AND endpoint_id > step.id)
				FROM step WHERE step.id IS NOT NULL
		) SELECT id FROM step WHERE id IS NOT NULL
	) AS endpoint
	WHERE EXISTS (SELECT 1 FROM deliveries WHERE state = 'due' AND endpoint_id = endpoint.id AND due_at <= $1)
		AND NOT EXISTS (SELECT 1 FROM endpoints p WHERE p.id = endpoint.id AND p.disabled = 1)`

const selectDueOfEndpoint = `SELECT account_id, id, due_at FROM deliveries
	WHERE state = 'due' AND endpoint_id = $1 AND due_at <= $2 ORDER BY due_at, account_id, id LIMIT $3`

const selectDelivery = `SELECT d.account_id, d.id, d.attempts, d.created_at, d.claim,
		p.id, p.kind, p.source_id, p.name, p.url, p.headers, e.id, e.kind, e.message_id, e.at, e.data
	FROM deliveries d
	JOIN endpoints p ON p.account_id = d.account_id AND p.id = d.endpoint_id
	JOIN events e ON e.account_id = d.account_id AND e.id = d.event_id
	WHERE d.account_id = $1 AND d.id = $2`

// ClaimDeliveries implements [store.Deliveries].
func (s *Store) ClaimDeliveries(ctx context.Context, limit int, lease time.Duration, room store.Room) ([]wa.Delivery, error) {
	var rows []read[wa.Delivery]
	err := s.writer.write(ctx, func(t *tx) error {
		now := s.now()
		due, err := t.dueDeliveries(now, limit, room)
		if err != nil {
			return fmt.Errorf("claim deliveries: %w", err)
		}
		for _, d := range due {
			// One that cannot be read is claimed too: it must not be in front of
			// the others again at once.
			row, err := s.claimDelivery(t, d, now.Add(lease))
			if err != nil {
				return fmt.Errorf("claim deliveries: %w", err)
			}
			rows = append(rows, row...)
		}
		return nil
	})
	return readable(ctx, s.logger, rows), err
}

// dueDelivery is where a delivery is, and since when it is due.
type dueDelivery struct {
	account wa.AccountID
	id      wa.DeliveryID
	since   int64
}

// dueDeliveries returns up to limit deliveries, the longest due first, of each
// endpoint as many as there is room for.
func (t *tx) dueDeliveries(now time.Time, limit int, room store.Room) ([]dueDelivery, error) {
	endpoints, err := collect(func(row scanner) (id wa.EndpointID, err error) { return id, row.Scan(&id) })(
		t.query(selectDueEndpoints, micros(now)))
	if err != nil {
		return nil, err
	}
	var all []dueDelivery
	for _, endpoint := range endpoints {
		most := limit
		if room != nil {
			most = min(most, room(endpoint))
		}
		if most <= 0 {
			continue
		}
		due, err := collect(func(row scanner) (d dueDelivery, err error) { return d, row.Scan(&d.account, &d.id, &d.since) })(
			t.query(selectDueOfEndpoint, endpoint, micros(now), most))
		if err != nil {
			return nil, err
		}
		all = append(all, due...)
	}
	// Stable: what is due since the same moment stays in the order of its ids.
	slices.SortStableFunc(all, func(a, b dueDelivery) int { return cmp.Compare(a.since, b.since) })
	return all[:min(limit, len(all))], nil
}

// claimDelivery returns the delivery, or nothing if its endpoint or event is
// not there.
func (s *Store) claimDelivery(t *tx, d dueDelivery, until time.Time) ([]read[wa.Delivery], error) {
	if _, err := t.exec(`UPDATE deliveries SET claim = claim + 1, claimed = 1, due_at = $1 WHERE account_id = $2 AND id = $3`,
		micros(until), d.account, d.id); err != nil {
		return nil, err
	}
	rows, err := collect(tolerant(s.scanDelivery))(t.query(selectDelivery, d.account, d.id))
	for i := range rows {
		if row := &rows[i]; row.err == nil && row.value.Event.MessageID != "" {
			var m wa.Message
			m, row.err = t.message(d.account, row.value.Event.MessageID)
			row.value.Message = &m
		}
	}
	return rows, err
}

func (s *Store) scanDelivery(row scanner) (d wa.Delivery, err error) {
	var created, at int64
	var headers, data []byte
	if err = row.Scan(&d.AccountID, &d.ID, &d.Attempts, &created, &d.Claim,
		&d.Endpoint.ID, &d.Endpoint.Kind, &d.Endpoint.SourceID, &d.Endpoint.Name, &d.Endpoint.URL, &headers,
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
