package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/waypost/waypost/internal/wa"
)

// CreateAccount implements [store.Accounts].
func (s *Store) CreateAccount(ctx context.Context, a wa.Account) error {
	return s.writer.write(ctx, func(t *tx) error {
		n, err := t.exec(`INSERT INTO accounts (id, name, created_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`,
			a.ID, a.Name, micros(a.CreatedAt))
		if err != nil {
			return fmt.Errorf("create account: %w", err)
		}
		if n == 0 {
			return &wa.Error{Code: wa.CodeConflict, Message: "an account of that name exists"}
		}
		return nil
	})
}

const selectAccounts = `SELECT id, name, created_at FROM accounts`

// AccountByName implements [store.Accounts].
func (s *Store) AccountByName(ctx context.Context, name string) (wa.Account, error) {
	return found[wa.Account]("account")(scanAccount(s.reads.QueryRowContext(ctx, selectAccounts+` WHERE name = $1`, name)))
}

// Accounts implements [store.Accounts].
func (s *Store) Accounts(ctx context.Context) ([]wa.Account, error) {
	return collect(scanAccount)(s.reads.QueryContext(ctx, selectAccounts+` ORDER BY name`))
}

func scanAccount(row scanner) (a wa.Account, err error) {
	var created int64
	err = row.Scan(&a.ID, &a.Name, &created)
	a.CreatedAt = fromMicros(created)
	return a, err
}

// CreateToken implements [store.Accounts].
func (s *Store) CreateToken(ctx context.Context, k wa.Token) error {
	return s.writer.write(ctx, func(t *tx) error {
		_, err := t.exec(`INSERT INTO tokens (account_id, id, name, hint, hash, created_at) VALUES ($1, $2, $3, $4, $5, $6)`,
			k.AccountID, k.ID, k.Name, k.Hint, k.Hash, micros(k.CreatedAt))
		return wrap("create token", err)
	})
}

// Tokens implements [store.Accounts].
func (s *Store) Tokens(ctx context.Context, account wa.AccountID) ([]wa.Token, error) {
	return collect(scanToken)(s.reads.QueryContext(ctx,
		`SELECT account_id, id, name, hint, hash, created_at, revoked_at FROM tokens WHERE account_id = $1 ORDER BY id`, account))
}

func scanToken(row scanner) (k wa.Token, err error) {
	var created, revoked int64
	err = row.Scan(&k.AccountID, &k.ID, &k.Name, &k.Hint, &k.Hash, &created, &revoked)
	k.CreatedAt, k.RevokedAt = fromMicros(created), fromMicros(revoked)
	return k, err
}

// RevokeToken implements [store.Accounts].
func (s *Store) RevokeToken(ctx context.Context, account wa.AccountID, id wa.TokenID, at time.Time) error {
	return s.writer.write(ctx, func(t *tx) error {
		n, err := t.exec(`UPDATE tokens SET revoked_at = CASE revoked_at WHEN 0 THEN $1 ELSE revoked_at END
			WHERE account_id = $2 AND id = $3`, micros(at), account, id)
		return one("revoke token", "token", n, err)
	})
}

// Authenticate implements [store.Accounts].
func (s *Store) Authenticate(ctx context.Context, hash wa.TokenHash) (id wa.AccountID, err error) {
	err = s.reads.QueryRowContext(ctx, `SELECT account_id FROM tokens WHERE hash = $1 AND revoked_at = 0`, hash).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return "", &wa.Error{Code: wa.CodeUnauthorized, Message: "the token is unknown or revoked"}
	}
	return id, wrap("authenticate", err)
}

// found turns "no row" into CodeNotFound and wraps every other error with what
// was being read.
func found[T any](thing string) func(T, error) (T, error) {
	return func(v T, err error) (T, error) {
		if errors.Is(err, sql.ErrNoRows) {
			return v, wa.NotFound(thing)
		}
		return v, wrap("read "+thing, err)
	}
}

// one expects a change to have met its row.
func one(doing, thing string, n int64, err error) error {
	if err == nil && n == 0 {
		return wa.NotFound(thing)
	}
	return wrap(doing, err)
}

func wrap(doing string, err error) error {
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	return nil
}
