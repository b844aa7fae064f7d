package sqlstore

import (
	"context"
	"fmt"
	"time"

	"github.com/waypost/waypost/internal/wa"
)

// LinkedMedia implements [store.Links].
func (s *Store) LinkedMedia(ctx context.Context, account wa.AccountID, kind wa.MediaKind, hash string, since time.Time) (wa.StoredMedia, error) {
	return found[wa.StoredMedia]("media")(scanMedia(s.reads.QueryRowContext(ctx, `SELECT `+mediaColumns+` FROM media
		WHERE link_hash = $1 AND link_hash <> '' AND account_id || '' = $2 AND kind = $3 AND link_at > $4
		ORDER BY link_at DESC LIMIT 1`, hash, account, kind, max(0, micros(since)))))
}

// KeepLinked implements [store.Links].
func (s *Store) KeepLinked(ctx context.Context, m wa.StoredMedia) (kept wa.StoredMedia, err error) {
	err = s.writer.write(ctx, func(t *tx) error {
		same, err := collect(scanMedia)(t.query(`UPDATE media SET link_at = $1, filename = $2
			WHERE link_hash = $3 AND link_hash <> '' AND account_id || '' = $4 AND kind = $5 AND sha256 = $6 AND mime_type = $7
			RETURNING `+mediaColumns,
			micros(m.Link.FetchedAt), m.Filename, m.Link.Hash, m.AccountID, m.Kind, m.SHA256, m.MIMEType))
		if err != nil {
			return fmt.Errorf("keep linked media: %w", err)
		}
		if len(same) > 0 {
			kept = same[0]
			return nil
		}
		kept = m
		_, err = t.exec(`INSERT INTO media
			(account_id, id, state, kind, mime_type, sha256, size, filename, created_at, due_at, link_hash, link_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9, $10, $11)`,
			m.AccountID, m.ID, wa.MediaReady, m.Kind, m.MIMEType, m.SHA256, m.Size, m.Filename, micros(m.CreatedAt),
			m.Link.Hash, micros(m.Link.FetchedAt))
		return wrap("keep linked media", err)
	})
	return kept, err
}

// ForgetLinked implements [store.Links].
func (s *Store) ForgetLinked(ctx context.Context, account wa.AccountID, id wa.MediaID) error {
	return s.writer.write(ctx, func(t *tx) error {
		_, err := t.exec(`UPDATE media SET link_at = 0 WHERE account_id = $1 AND id = $2 AND link_hash <> ''`, account, id)
		return wrap("forget link", err)
	})
}

// SpentLinks implements [store.Links].
func (s *Store) SpentLinks(ctx context.Context, before time.Time, limit int) ([]wa.StoredMedia, error) {
	spent, err := collect(scanMedia)(s.reads.QueryContext(ctx, `SELECT `+mediaColumns+` FROM media
		WHERE link_hash <> '' AND link_at < $1 ORDER BY link_at LIMIT $2`, micros(before), limit))
	return spent, wrap("read spent links", err)
}
