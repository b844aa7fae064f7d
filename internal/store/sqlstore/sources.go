package sqlstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/waypost/waypost/internal/store"
	"github.com/waypost/waypost/internal/wa"
)

const selectSources = `SELECT account_id, id, name, number_id, waba_id, display, token, app_secret, is_default, created_at,
	skip_optin, stop_words, start_words, uncertain, throughput FROM sources`

// CreateSource implements [store.Sources].
func (s *Store) CreateSource(ctx context.Context, src wa.Source) (wa.Source, error) {
	token, secret, err := s.sealSource(src)
	if err != nil {
		return src, err
	}
	kept, err := encodeSource(src)
	if err != nil {
		return src, err
	}
	err = s.writer.write(ctx, func(t *tx) error {
		var others int
		if err := t.row(`SELECT count(*) FROM sources WHERE account_id = $1 AND is_default = 1`, []any{src.AccountID}, &others); err != nil {
			return fmt.Errorf("create source: %w", err)
		}
		if src.Default {
			if err := t.clearDefault(src.AccountID); err != nil {
				return err
			}
		}
		src.Default = src.Default || others == 0
		n, err := t.exec(`INSERT INTO sources (account_id, id, name, number_id, waba_id, display, token, app_secret, is_default, created_at,
				skip_optin, stop_words, start_words, uncertain, throughput)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) ON CONFLICT (account_id, id) DO NOTHING`,
			src.AccountID, src.ID, src.Name, src.Number.ID, src.Number.WABAID, src.Number.Display, token, secret,
			src.Default, micros(src.CreatedAt), src.SkipOptIn, kept.stop, kept.start, kept.uncertain, src.Throughput)
		if err == nil && n == 0 {
			return &wa.Error{Code: wa.CodeConflict, Message: "a source of that id exists"}
		}
		if err != nil {
			return fmt.Errorf("create source: %w", err)
		}
		if err := s.expectTemplates(t, src); err != nil {
			return err
		}
		if err := s.expectNumber(t, src); err != nil {
			return err
		}
		return s.freeWaiting(t, src) // of a source of that id that was deleted
	})
	return src, err
}

// sourceJSON is the settings of a source that are kept as JSON.
type sourceJSON struct{ stop, start, uncertain []byte }

// encodeSource keeps what tells a list that was never set (null) from one that
// was set to nothing ([]).
func encodeSource(src wa.Source) (kept sourceJSON, err error) {
	for _, part := range []struct {
		into  *[]byte
		value any
	}{{&kept.stop, src.StopWords}, {&kept.start, src.StartWords}, {&kept.uncertain, src.Uncertain}} {
		if *part.into, err = json.Marshal(part.value); err != nil {
			return kept, fmt.Errorf("encode source: %w", err)
		}
	}
	return kept, nil
}

// decode is the inverse of [encodeSource].
func (kept sourceJSON) decode(src *wa.Source) error {
	return errors.Join(json.Unmarshal(kept.stop, &src.StopWords), json.Unmarshal(kept.start, &src.StartWords),
		json.Unmarshal(kept.uncertain, &src.Uncertain))
}

func (t *tx) clearDefault(account wa.AccountID) error {
	_, err := t.exec(`UPDATE sources SET is_default = 0 WHERE account_id = $1 AND is_default = 1`, account)
	return wrap("clear default source", err)
}

func (s *Store) sealSource(src wa.Source) (token, secret []byte, err error) {
	if token, err = s.seal(src.Number.Token, "sources.token", string(src.AccountID), string(src.ID)); err != nil {
		return nil, nil, err
	}
	secret, err = s.seal(src.Number.AppSecret, "sources.app_secret", string(src.AccountID), string(src.ID))
	return token, secret, err
}

// scanSource reads a row of selectSources and decrypts its credentials.
func (s *Store) scanSource(row scanner) (src wa.Source, err error) {
	var created int64
	var token, secret []byte
	var kept sourceJSON
	if err = row.Scan(&src.AccountID, &src.ID, &src.Name, &src.Number.ID, &src.Number.WABAID, &src.Number.Display,
		&token, &secret, &src.Default, &created, &src.SkipOptIn, &kept.stop, &kept.start, &kept.uncertain, &src.Throughput); err != nil {
		return src, err
	}
	src.CreatedAt = fromMicros(created)
	if err := kept.decode(&src); err != nil {
		return src, unreadable("source", string(src.ID), err)
	}
	if src.Number.Token, err = s.unseal(token, "sources.token", string(src.AccountID), string(src.ID)); err == nil {
		src.Number.AppSecret, err = s.unseal(secret, "sources.app_secret", string(src.AccountID), string(src.ID))
	}
	return src, unreadable("source", string(src.ID), err)
}

// Sources implements [store.Sources].
func (s *Store) Sources(ctx context.Context, account wa.AccountID) ([]wa.Source, error) {
	return collect(s.scanSource)(s.reads.QueryContext(ctx, selectSources+` WHERE account_id = $1 ORDER BY created_at, id`, account))
}

// Source implements [store.Sources].
func (s *Store) Source(ctx context.Context, account wa.AccountID, id wa.SourceID) (wa.Source, error) {
	return found[wa.Source]("source")(s.scanSource(s.reads.QueryRowContext(ctx, selectSources+` WHERE account_id = $1 AND id = $2`, account, id)))
}

// DefaultSource implements [store.Sources].
func (s *Store) DefaultSource(ctx context.Context, account wa.AccountID) (wa.Source, error) {
	return found[wa.Source]("default source")(s.scanSource(s.reads.QueryRowContext(ctx,
		selectSources+` WHERE account_id = $1 AND is_default = 1`, account)))
}

// SourcesByNumber implements [store.Sources].
func (s *Store) SourcesByNumber(ctx context.Context, numberID string) ([]wa.Source, error) {
	// A damaged source must not stop the callbacks of everybody else's.
	rows, err := collect(tolerant(s.scanSource))(s.reads.QueryContext(ctx,
		selectSources+` WHERE number_id = $1 ORDER BY account_id, created_at, id`, numberID))
	return readable(ctx, s.logger, rows), wrap("read sources", err)
}

// SourcesByWABA implements [store.Sources].
func (s *Store) SourcesByWABA(ctx context.Context, wabaID string) ([]wa.Source, error) {
	rows, err := collect(tolerant(s.scanSource))(s.reads.QueryContext(ctx,
		selectSources+` WHERE waba_id = $1 ORDER BY account_id, created_at, id`, wabaID))
	return readable(ctx, s.logger, rows), wrap("read sources", err)
}

// AppSecrets implements [store.Sources].
func (s *Store) AppSecrets(ctx context.Context) ([]wa.Secret, error) {
	rows, err := collect(tolerant(s.scanSource))(s.reads.QueryContext(ctx, selectSources))
	if err != nil {
		return nil, fmt.Errorf("read app secrets: %w", err)
	}
	var distinct []wa.Secret
	seen := map[wa.Secret]bool{}
	for _, src := range readable(ctx, s.logger, rows) {
		if !seen[src.Number.AppSecret] {
			seen[src.Number.AppSecret] = true
			distinct = append(distinct, src.Number.AppSecret)
		}
	}
	return distinct, nil
}

// UpdateSource implements [store.Sources].
func (s *Store) UpdateSource(ctx context.Context, src wa.Source) error {
	token, secret, err := s.sealSource(src)
	if err != nil {
		return err
	}
	kept, err := encodeSource(src)
	if err != nil {
		return err
	}
	return s.writer.write(ctx, func(t *tx) error {
		if src.Default {
			if err := t.clearDefault(src.AccountID); err != nil {
				return err
			}
		}
		newToken, err := s.isNewToken(t, src)
		if err != nil {
			return err
		}
		n, err := t.exec(`UPDATE sources SET name = $1, token = $2, app_secret = $3, is_default = $4,
				skip_optin = $7, stop_words = $8, start_words = $9, uncertain = $10, throughput = $11
			WHERE account_id = $5 AND id = $6`,
			src.Name, token, secret, src.Default, src.AccountID, src.ID, src.SkipOptIn, kept.stop, kept.start,
			kept.uncertain, src.Throughput)
		if err := one("update source", "source", n, err); err != nil {
			return err
		}
		if err := s.lookAtUncertain(t, src); err != nil || !newToken {
			return err
		}
		if err := s.syncTemplatesOf(t, src); err != nil {
			return err
		}
		if err := s.readNumberOf(t, src); err != nil {
			return err
		}
		return s.freeWaiting(t, src)
	})
}

// lookAtUncertain has a source's uncertain messages looked at now: what is to be
// done about them may have changed.
func (s *Store) lookAtUncertain(t *tx, src wa.Source) error {
	_, err := t.exec(`UPDATE messages SET due_at = $1
		WHERE account_id || '' = $2 AND source_id = $3 AND status = 'uncertain' AND due_at > $1`, micros(s.now()), src.AccountID, src.ID)
	return wrap("look at uncertain messages", err)
}

// freeWaiting makes a source's waiting messages due now: they may have waited
// for just this token.
func (s *Store) freeWaiting(t *tx, src wa.Source) error {
	t.wake(store.StageOutbox)
	_, err := t.exec(`UPDATE messages SET due_at = $1
		WHERE queue IN (SELECT id FROM queues WHERE account_id = $2) AND source_id = $3 AND status = 'accepted'
			AND turn <> 0 AND claimed = 0 AND due_at > $1`, micros(s.now()), src.AccountID, src.ID)
	return wrap("free waiting messages", err)
}

// isNewToken reports whether a source would get another access token than it
// has. One that cannot be decrypted is another: the new one may have come to mend
// just that.
func (s *Store) isNewToken(t *tx, src wa.Source) (bool, error) {
	var sealed []byte
	err := t.row(`SELECT token FROM sources WHERE account_id = $1 AND id = $2`, []any{src.AccountID, src.ID}, &sealed)
	if errors.Is(err, sql.ErrNoRows) {
		return false, wa.NotFound("source")
	}
	if err != nil {
		return false, fmt.Errorf("read token: %w", err)
	}
	if old, err := s.unseal(sealed, "sources.token", string(src.AccountID), string(src.ID)); err == nil {
		return old != src.Number.Token, nil
	}
	return true, nil
}

// DeleteSource implements [store.Sources].
func (s *Store) DeleteSource(ctx context.Context, account wa.AccountID, id wa.SourceID) error {
	return s.writer.write(ctx, func(t *tx) error {
		n, err := t.exec(`DELETE FROM sources WHERE account_id = $1 AND id = $2`, account, id)
		if err := one("delete source", "source", n, err); err != nil {
			return err
		}
		if err := t.deleteEndpointsOf(account, id); err != nil {
			return err
		}
		if err := t.leaveNumbers(account); err != nil {
			return err
		}
		return t.leaveWABAs(account)
	})
}
