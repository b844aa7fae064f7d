package sqlstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/waypost/waypost/internal/wa"
)

// PutEndpoint implements [store.Endpoints].
func (s *Store) PutEndpoint(ctx context.Context, e wa.Endpoint) (wa.Endpoint, error) {
	err := s.writer.write(ctx, func(t *tx) error {
		var id wa.EndpointID
		var created int64
		err := t.row(`SELECT id, created_at FROM endpoints WHERE account_id = $1 AND kind = $2`, []any{e.AccountID, e.Kind}, &id, &created)
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
		_, err = t.exec(`INSERT INTO endpoints (account_id, id, kind, url, headers, created_at) VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT (account_id, id) DO UPDATE SET url = excluded.url, headers = excluded.headers`,
			e.AccountID, e.ID, e.Kind, e.URL, headers, micros(e.CreatedAt))
		return wrap("put endpoint", err)
	})
	return e, err
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
	if err = row.Scan(&e.AccountID, &e.ID, &e.Kind, &e.URL, &headers, &created); err != nil {
		return e, err
	}
	e.CreatedAt = fromMicros(created)
	return e, s.unsealHeaders(headers, &e)
}

// Endpoints implements [store.Endpoints].
func (s *Store) Endpoints(ctx context.Context, account wa.AccountID) ([]wa.Endpoint, error) {
	return collect(s.scanEndpoint)(s.reads.QueryContext(ctx,
		`SELECT account_id, id, kind, url, headers, created_at FROM endpoints WHERE account_id = $1 ORDER BY kind`, account))
}

// DeleteEndpoint implements [store.Endpoints].
func (s *Store) DeleteEndpoint(ctx context.Context, account wa.AccountID, kind wa.EventKind) error {
	return s.writer.write(ctx, func(t *tx) error {
		var id wa.EndpointID
		err := t.row(`SELECT id FROM endpoints WHERE account_id = $1 AND kind = $2`, []any{account, kind}, &id)
		if errors.Is(err, sql.ErrNoRows) {
			return wa.NotFound("webhook")
		}
		if err != nil {
			return fmt.Errorf("delete endpoint: %w", err)
		}
		// As in UpdateSource: what is due is looked at, not all there ever was.
		if _, err := t.exec(`DELETE FROM deliveries WHERE state = 'due' AND account_id || '' = $1 AND endpoint_id = $2`, account, id); err != nil {
			return fmt.Errorf("delete endpoint: %w", err)
		}
		_, err = t.exec(`DELETE FROM endpoints WHERE account_id = $1 AND id = $2`, account, id)
		return wrap("delete endpoint", err)
	})
}
