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
		if err := t.endpointSource(e); err != nil {
			return err
		}
		old, err := t.endpointNamed(e)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			if err := t.roomForEndpoint(e); err != nil {
				return err
			}
		case err != nil:
			return fmt.Errorf("put endpoint: %w", err)
		default:
			if e, err = s.replaced(old, e); err != nil {
				return err
			}
		}
		headers, err := s.sealHeaders(e)
		if err != nil {
			return err
		}
		_, err = t.exec(`INSERT INTO endpoints (account_id, id, kind, source_id, name, url, headers, disabled, created_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (account_id, id) DO UPDATE SET
				source_id = excluded.source_id, url = excluded.url, headers = excluded.headers`,
			e.AccountID, e.ID, e.Kind, e.SourceID, e.Name, e.URL, headers, e.Disabled, micros(e.CreatedAt))
		return wrap("put endpoint", err)
	})
	return e, err
}

// endpointSource refuses an endpoint for a source that is not there.
func (t *tx) endpointSource(e wa.Endpoint) error {
	if e.SourceID == "" {
		return nil
	}
	var n int
	err := t.row(`SELECT count(*) FROM sources WHERE account_id = $1 AND id = $2`, []any{e.AccountID, e.SourceID}, &n)
	if err == nil && n == 0 {
		return wa.NotFound("source")
	}
	return wrap("put endpoint", err)
}

// keptEndpoint is what an endpoint leaves the one that takes its place.
type keptEndpoint struct {
	wa.Endpoint
	headers []byte // encrypted
}

func (t *tx) endpointNamed(e wa.Endpoint) (old keptEndpoint, err error) {
	var created int64
	err = t.row(`SELECT id, url, headers, disabled, created_at FROM endpoints WHERE account_id = $1 AND kind = $2 AND name = $3`,
		[]any{e.AccountID, e.Kind, e.Name}, &old.ID, &old.URL, &old.headers, &old.Disabled, &created)
	old.AccountID, old.CreatedAt = e.AccountID, fromMicros(created)
	return old, err
}

// roomForEndpoint refuses one more endpoint than an account may have.
func (t *tx) roomForEndpoint(e wa.Endpoint) error {
	var n int
	err := t.row(`SELECT count(*) FROM endpoints WHERE account_id = $1 AND kind = $2`, []any{e.AccountID, e.Kind}, &n)
	if err == nil && n >= wa.MaxEndpoints {
		return &wa.Error{Code: wa.CodeInvalid, Problems: []wa.Problem{{
			Field: "webhooks of type " + string(e.Kind), Rule: wa.RuleTooMany, Limit: wa.MaxEndpoints, Found: n + 1,
		}}}
	}
	return wrap("put endpoint", err)
}

// replaced returns what an endpoint becomes in place of the old one. The id
// stays, because deliveries under way name it.
func (s *Store) replaced(old keptEndpoint, e wa.Endpoint) (wa.Endpoint, error) {
	e.ID, e.CreatedAt, e.Disabled = old.ID, old.CreatedAt, old.Disabled
	if e.Headers != nil || !e.SamePlace(old.Endpoint) {
		return e, nil
	}
	if err := s.unsealHeaders(old.headers, &old.Endpoint); err != nil {
		return e, fmt.Errorf("put endpoint: %w", err)
	}
	e.Headers = old.Headers
	return e, nil
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
	return collect(s.scanEndpoint)(s.reads.QueryContext(ctx, selectEndpoints+` WHERE account_id = $1 ORDER BY kind, name`, account))
}

// SetEndpointDisabled implements [store.Endpoints].
func (s *Store) SetEndpointDisabled(ctx context.Context, key store.EndpointKey, disabled bool) error {
	return s.writer.write(ctx, func(t *tx) error {
		n, err := t.exec(`UPDATE endpoints SET disabled = $1 WHERE account_id = $2 AND kind = $3 AND name = $4`,
			disabled, key.AccountID, key.Kind, key.Name)
		if !disabled {
			t.wake(store.StageDeliveries)
		}
		return one("set endpoint disabled", "webhook", n, err)
	})
}

// DeleteEndpoint implements [store.Endpoints].
func (s *Store) DeleteEndpoint(ctx context.Context, key store.EndpointKey) error {
	return s.writer.write(ctx, func(t *tx) error {
		old, err := t.endpointNamed(wa.Endpoint{AccountID: key.AccountID, Kind: key.Kind, Name: key.Name})
		if errors.Is(err, sql.ErrNoRows) {
			return wa.NotFound("webhook")
		}
		if err != nil {
			return fmt.Errorf("delete endpoint: %w", err)
		}
		return t.deleteEndpoint(key.AccountID, old.ID)
	})
}

// deleteEndpoint removes an endpoint with what waits for it.
func (t *tx) deleteEndpoint(account wa.AccountID, id wa.EndpointID) error {
	// As in UpdateSource: what is due is looked at, not all there ever was.
	if _, err := t.exec(`DELETE FROM deliveries WHERE state = 'due' AND account_id || '' = $1 AND endpoint_id = $2`, account, id); err != nil {
		return fmt.Errorf("delete endpoint: %w", err)
	}
	_, err := t.exec(`DELETE FROM endpoints WHERE account_id = $1 AND id = $2`, account, id)
	return wrap("delete endpoint", err)
}

// deleteEndpointsOf removes the endpoints for one source.
func (t *tx) deleteEndpointsOf(account wa.AccountID, source wa.SourceID) error {
	ids, err := collect(func(row scanner) (id wa.EndpointID, err error) { return id, row.Scan(&id) })(
		t.query(`SELECT id FROM endpoints WHERE account_id = $1 AND source_id = $2`, account, source))
	if err != nil {
		return fmt.Errorf("read endpoints: %w", err)
	}
	for _, id := range ids {
		if err := t.deleteEndpoint(account, id); err != nil {
			return err
		}
	}
	return nil
}
