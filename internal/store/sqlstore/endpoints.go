package sqlstore

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/waypost/waypost/internal/store"
	"github.com/waypost/waypost/internal/wa"
)

const selectEndpoints = `SELECT account_id, id, kind, source_id, name, url, headers, disabled, created_at FROM endpoints`

// PutEndpoint implements [store.Endpoints].
func (s *Store) PutEndpoint(ctx context.Context, e wa.Endpoint) (wa.Endpoint, error) {
	e.Name = cmp.Or(e.Name, string(e.Kind))
	err := s.writer.write(ctx, func(t *tx) error {
		var id wa.EndpointID
		var created int64
		err := t.row(`SELECT id, created_at FROM endpoints WHERE account_id = $1 AND kind = $2 AND source_id = $3`,
			[]any{e.AccountID, e.Kind, e.SourceID}, &id, &created)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return fmt.Errorf("put endpoint: %w", err)
		}
		if err == nil { // deliveries under way name it
			e.ID, e.CreatedAt = id, fromMicros(created)
		}
		headers, err := s.sealHeaders(e)
		if err != nil {
			return err
		}
		if !e.Disabled {
			t.wake(store.StageDeliveries) // for what waited while it was
		}
		_, err = t.exec(`INSERT INTO endpoints (account_id, id, kind, source_id, name, url, headers, disabled, created_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (account_id, id) DO UPDATE SET
				name = excluded.name, url = excluded.url, headers = excluded.headers, disabled = excluded.disabled`,
			e.AccountID, e.ID, e.Kind, e.SourceID, e.Name, e.URL, headers, e.Disabled, micros(e.CreatedAt))
		return wrap("put endpoint", err)
	})
	return e, err
}

// endpointsOf returns the endpoints that an event goes to.
func (t *tx) endpointsOf(e wa.Event) ([]wa.EndpointID, error) {
	ids := collect(func(row scanner) (id wa.EndpointID, err error) { return id, row.Scan(&id) })
	if e.Inbound != nil {
		return ids(t.query(`SELECT id FROM endpoints WHERE account_id = $1 AND kind = $2
				AND (source_id = '' OR source_id IN (SELECT id FROM sources WHERE number_id = $3 AND account_id = $1))`,
			e.AccountID, e.Kind, e.Inbound.NumberID))
	}
	return ids(t.query(`SELECT id FROM endpoints WHERE account_id = $1 AND kind = $2
			AND source_id IN ('', (SELECT source_id FROM messages WHERE account_id = $1 AND id = $3))`,
		e.AccountID, e.Kind, e.MessageID))
}

// sealHeaders keeps the headers as one encrypted JSON object.
func (s *Store) sealHeaders(e wa.Endpoint) ([]byte, error) {
	plain := make(map[string]string, len(e.Headers))
	for name, value := range e.Headers {
		plain[name] = value.Reveal()
	}
	text, err := json.Marshal(plain)
	if err != nil {
		return nil, fmt.Errorf("encode headers: %w", err)
	}
	return s.seal(wa.NewSecret(string(text)), "endpoints.headers", string(e.AccountID), string(e.ID))
}

func (s *Store) unsealHeaders(sealed []byte, e *wa.Endpoint) error {
	text, err := s.unseal(sealed, "endpoints.headers", string(e.AccountID), string(e.ID))
	if err != nil {
		return err
	}
	var plain map[string]string
	if err := json.Unmarshal([]byte(text.Reveal()), &plain); err != nil {
		return errors.New("decode headers: no JSON object") // the cause could quote a value
	}
	e.Headers = make(map[string]wa.Secret, len(plain))
	for name, value := range plain {
		e.Headers[name] = wa.NewSecret(value)
	}
	return nil
}

func (s *Store) scanEndpoint(row scanner) (e wa.Endpoint, err error) {
	var created int64
	var headers []byte
	if err = row.Scan(&e.AccountID, &e.ID, &e.Kind, &e.SourceID, &e.Name, &e.URL, &headers, &e.Disabled, &created); err != nil {
		return e, err
	}
	e.CreatedAt = fromMicros(created)
	return e, s.unsealHeaders(headers, &e)
}

// Endpoints implements [store.Endpoints].
func (s *Store) Endpoints(ctx context.Context, account wa.AccountID) ([]wa.Endpoint, error) {
	return collect(s.scanEndpoint)(s.reads.QueryContext(ctx, selectEndpoints+` WHERE account_id = $1 ORDER BY kind, source_id`, account))
}

// SetEndpointDisabled implements [store.Endpoints].
func (s *Store) SetEndpointDisabled(ctx context.Context, key store.EndpointKey, disabled bool) error {
	return s.writer.write(ctx, func(t *tx) error {
		n, err := t.exec(`UPDATE endpoints SET disabled = $1 WHERE account_id = $2 AND kind = $3 AND source_id = $4`,
			disabled, key.AccountID, key.Kind, key.SourceID)
		if !disabled {
			t.wake(store.StageDeliveries)
		}
		return one("set endpoint disabled", "webhook", n, err)
	})
}

// DeleteEndpoint implements [store.Endpoints].
func (s *Store) DeleteEndpoint(ctx context.Context, key store.EndpointKey) error {
	return s.writer.write(ctx, func(t *tx) error {
		var id wa.EndpointID
		err := t.row(`SELECT id FROM endpoints WHERE account_id = $1 AND kind = $2 AND source_id = $3`,
			[]any{key.AccountID, key.Kind, key.SourceID}, &id)
		if errors.Is(err, sql.ErrNoRows) {
			return wa.NotFound("webhook")
		}
		if err != nil {
			return fmt.Errorf("delete endpoint: %w", err)
		}
		// As in UpdateSource: what is due is looked at, not all there ever was.
		if _, err := t.exec(`DELETE FROM deliveries WHERE state = 'due' AND account_id || '' = $1 AND endpoint_id = $2`, key.AccountID, id); err != nil {
			return fmt.Errorf("delete endpoint: %w", err)
		}
		_, err = t.exec(`DELETE FROM endpoints WHERE account_id = $1 AND id = $2`, key.AccountID, id)
		return wrap("delete endpoint", err)
	})
}
