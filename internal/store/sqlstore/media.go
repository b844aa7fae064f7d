package sqlstore

import (
	"context"
	"fmt"
	"time"

	"github.com/waypost/waypost/internal/store"
	"github.com/waypost/waypost/internal/wa"
)

const mediaColumns = `account_id, id, state, kind, mime_type, sha256, size, filename, created_at, meta_id, number_id, meta_sha256,
	claim, attempts, wamid, link_hash, link_at`

func scanMedia(row scanner) (m wa.StoredMedia, err error) {
	var created, linked int64
	var in wa.InboundFile
	var link wa.LinkOrigin
	err = row.Scan(&m.AccountID, &m.ID, &m.State, &m.Kind, &m.MIMEType, &m.SHA256, &m.Size, &m.Filename, &created,
		&in.MetaID, &in.NumberID, &in.SHA256, &m.Claim, &m.Attempts, &in.WAMID, &link.Hash, &linked)
	m.CreatedAt = fromMicros(created)
	if in.MetaID != "" {
		m.Inbound = &in
	}
	if link.Hash != "" {
		link.FetchedAt = fromMicros(linked)
		m.Link = &link
	}
	return m, err
}

// CreateMedia implements [store.Media].
func (s *Store) CreateMedia(ctx context.Context, m wa.StoredMedia) error {
	return s.writer.write(ctx, func(t *tx) error {
		_, err := t.exec(`INSERT INTO media (account_id, id, state, kind, mime_type, sha256, size, filename, created_at, due_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)`,
			m.AccountID, m.ID, wa.MediaReady, m.Kind, m.MIMEType, m.SHA256, m.Size, m.Filename, micros(m.CreatedAt))
		return wrap("create media", err)
	})
}

// Media implements [store.Media].
func (s *Store) Media(ctx context.Context, account wa.AccountID, id wa.MediaID) (wa.StoredMedia, error) {
	return found[wa.StoredMedia]("media")(scanMedia(s.reads.QueryRowContext(ctx,
		`SELECT `+mediaColumns+` FROM media WHERE account_id = $1 AND id = $2`, account, id)))
}

// SharesBytes implements [store.MediaRecords].
func (s *Store) SharesBytes(ctx context.Context, m wa.StoredMedia) (shared bool, err error) {
	err = s.reads.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM media WHERE sha256 = $1 AND sha256 <> ''
		AND (account_id || '' <> $2 OR id <> $3))`, m.SHA256, m.AccountID, m.ID).Scan(&shared)
	return shared, wrap("look for shared bytes", err)
}

// DeleteMedia implements [store.MediaRecords].
func (s *Store) DeleteMedia(ctx context.Context, account wa.AccountID, id wa.MediaID) error {
	return s.writer.write(ctx, func(t *tx) error {
		n, err := t.exec(`DELETE FROM media WHERE account_id = $1 AND id = $2`, account, id)
		return one("delete media", "media", n, err)
	})
}

// MetaUpload implements [store.Media].
func (s *Store) MetaUpload(ctx context.Context, key store.UploadKey, now time.Time) (wa.MetaUpload, error) {
	return found[wa.MetaUpload]("upload")(scanUpload(s.reads.QueryRowContext(ctx, `SELECT meta_id, expires_at FROM meta_uploads
		WHERE account_id = $1 AND number_id = $2 AND sha256 = $3 AND mime_type = $4 AND expires_at > $5`,
		key.AccountID, key.NumberID, key.SHA256, key.MIMEType, micros(now))))
}

func scanUpload(row scanner) (u wa.MetaUpload, err error) {
	var expires int64
	err = row.Scan(&u.MetaID, &expires)
	u.ExpiresAt = fromMicros(expires)
	return u, err
}

// SaveMetaUpload implements [store.Media].
func (s *Store) SaveMetaUpload(ctx context.Context, key store.UploadKey, u wa.MetaUpload) error {
	return s.writer.write(ctx, func(t *tx) error {
		_, err := t.exec(`INSERT INTO meta_uploads (account_id, number_id, sha256, mime_type, meta_id, expires_at)
			VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT (account_id, number_id, sha256, mime_type)
			DO UPDATE SET meta_id = excluded.meta_id, expires_at = excluded.expires_at`,
			key.AccountID, key.NumberID, key.SHA256, key.MIMEType, u.MetaID, micros(u.ExpiresAt))
		return wrap("save upload", err)
	})
}

// ForgetMetaUpload implements [store.Media].
func (s *Store) ForgetMetaUpload(ctx context.Context, key store.UploadKey, metaID string) (forgotten bool, err error) {
	err = s.writer.write(ctx, func(t *tx) error {
		n, err := t.exec(`DELETE FROM meta_uploads
			WHERE account_id = $1 AND number_id = $2 AND sha256 = $3 AND mime_type = $4 AND meta_id = $5`,
			key.AccountID, key.NumberID, key.SHA256, key.MIMEType, metaID)
		forgotten = n > 0
		return wrap("forget upload", err)
	})
	return forgotten, err
}

// RecoverFetches implements [store.Media].
func (s *Store) RecoverFetches(ctx context.Context) (int, error) {
	return s.free(ctx, `UPDATE media SET claimed = 0, due_at = $1 WHERE state = 'pending' AND claimed = 1`)
}

// ClaimFetches implements [store.Media].
func (s *Store) ClaimFetches(ctx context.Context, limit int, lease time.Duration) ([]wa.StoredMedia, error) {
	var claimed []wa.StoredMedia
	err := s.writer.write(ctx, func(t *tx) (err error) {
		now := s.now()
		claimed, err = collect(scanMedia)(t.query(`UPDATE media SET claim = claim + 1, claimed = 1, attempts = attempts + 1, due_at = $1
			WHERE (account_id, id) IN (SELECT account_id, id FROM media WHERE state = 'pending' AND due_at <= $2
				ORDER BY due_at LIMIT $3)
			RETURNING `+mediaColumns, micros(now.Add(lease)), micros(now), limit))
		return wrap("claim fetches", err)
	})
	return claimed, err
}

// SettleFetch implements [store.Media].
func (s *Store) SettleFetch(ctx context.Context, m wa.StoredMedia, after time.Duration) error {
	return s.writer.write(ctx, func(t *tx) error {
		n, err := t.exec(`UPDATE media SET state = $1, mime_type = $2, sha256 = $3, size = $4, claimed = 0, due_at = $5
			WHERE account_id = $6 AND id = $7 AND claim = $8 AND claimed = 1 AND state = 'pending'`,
			m.State, m.MIMEType, m.SHA256, m.Size, micros(s.now().Add(after)), m.AccountID, m.ID, m.Claim)
		if err == nil && n == 0 {
			return fmt.Errorf("settle fetch: %w", store.ErrLeaseLost)
		}
		if err == nil && m.State != wa.MediaPending {
			_, err = s.addEvent(t, mediaEvent(m, s.now()))
		}
		return wrap("settle fetch", err)
	})
}

// mediaEvent tells that the bytes of a received media are here, or lost.
func mediaEvent(m wa.StoredMedia, at time.Time) wa.Event {
	r := wa.MediaReport{MediaID: m.ID, State: m.State, MIMEType: m.MIMEType, SHA256: m.SHA256, Size: m.Size}
	if m.Inbound != nil {
		r.WAMID, r.NumberID = m.Inbound.WAMID, m.Inbound.NumberID
	}
	return wa.Event{ID: wa.NewID[wa.EventID](), AccountID: m.AccountID, Kind: wa.EventMedia, At: at, Media: &r}
}
