package sqlstore

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/waypost/waypost/internal/store"
	"github.com/waypost/waypost/internal/wa"
)

const templateColumns = `account_id, waba_id, name, language, meta_id, category, status, quality, reason, components, definition,
	updated_at`

func scanTemplate(row scanner) (m wa.StoredTemplate, err error) {
	var components, definition []byte
	var updated int64
	if err = row.Scan(&m.AccountID, &m.WABAID, &m.Name, &m.Language, &m.ID, &m.Category, &m.Status, &m.Quality, &m.Reason,
		&components, &definition, &updated); err != nil {
		return m, err
	}
	m.Components, m.UpdatedAt = components, fromMicros(updated)
	return m, json.Unmarshal(definition, &m.Definition)
}

// putTemplate keeps a template unless the copy is newer.
func (t *tx) putTemplate(m wa.StoredTemplate) error {
	definition, err := json.Marshal(m.Definition)
	if err != nil {
		return fmt.Errorf("put template: %w", err)
	}
	components := m.Components
	if len(components) == 0 {
		components = json.RawMessage("[]")
	}
	_, err = t.exec(`INSERT INTO templates
		(account_id, waba_id, name, language, meta_id, category, status, quality, reason, kind, components, definition, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
		ON CONFLICT (account_id, waba_id, name, language) DO UPDATE SET
			meta_id = excluded.meta_id, category = excluded.category, status = excluded.status, quality = excluded.quality,
			reason = excluded.reason, kind = excluded.kind, components = excluded.components, definition = excluded.definition,
			updated_at = excluded.updated_at
		WHERE templates.updated_at <= excluded.updated_at`,
		m.AccountID, m.WABAID, m.Name, m.Language, m.ID, m.Category, m.Status, m.Quality, m.Reason, m.Definition.Kind(),
		string(components), string(definition), micros(m.UpdatedAt))
	return wrap("put template", err)
}

// ReplaceTemplates implements [store.TemplateCopies].
func (s *Store) ReplaceTemplates(ctx context.Context, account wa.AccountID, wabaID string, list []wa.StoredTemplate, asOf time.Time) error {
	return s.writer.write(ctx, func(t *tx) error {
		n, err := t.exec(`UPDATE template_syncs SET synced_at = $1, fresh_from = $1
			WHERE account_id = $2 AND waba_id = $3 AND fresh_from <= $1`, micros(asOf), account, wabaID)
		if err != nil || n == 0 {
			return wrap("replace templates", err) // too old, or the account has left the WABA
		}
		for _, m := range list {
			m.AccountID, m.WABAID, m.UpdatedAt = account, wabaID, asOf
			if err := t.putTemplate(m); err != nil {
				return err
			}
		}
		// Whatever is in the list has at least its time by now.
		_, err = t.exec(`DELETE FROM templates WHERE account_id = $1 AND waba_id = $2 AND updated_at < $3`, account, wabaID, micros(asOf))
		return wrap("replace templates", err)
	})
}

// PutTemplate implements [store.TemplateCopies].
func (s *Store) PutTemplate(ctx context.Context, m wa.StoredTemplate) error {
	return s.writer.write(ctx, func(t *tx) error {
		if err := t.putTemplate(m); err != nil {
			return err
		}
		return s.syncDue(t, m.AccountID, m.WABAID)
	})
}

// ForgetTemplate implements [store.TemplateCopies].
func (s *Store) ForgetTemplate(ctx context.Context, account wa.AccountID, wabaID, name, language string, at time.Time) error {
	return s.writer.write(ctx, func(t *tx) error {
		_, err := t.exec(`DELETE FROM templates WHERE account_id = $1 AND waba_id = $2 AND name = $3 AND (language = $4 OR $4 = '')`,
			account, wabaID, name, language)
		if err != nil {
			return fmt.Errorf("forget template: %w", err)
		}
		if err := t.outdateLists(account, wabaID, at); err != nil {
			return err
		}
		return s.syncDue(t, account, wabaID)
	})
}

// outdateLists keeps a list that is under way from bringing back what is
// forgotten.
func (t *tx) outdateLists(account wa.AccountID, wabaID string, at time.Time) error {
	_, err := t.exec(`UPDATE template_syncs SET fresh_from = max(fresh_from, $1) WHERE account_id = $2 AND waba_id = $3`,
		micros(at), account, wabaID)
	return wrap("forget template", err)
}

// TemplateByID implements [store.TemplateCopies]. The account is compared as an
// expression, so that the id is looked up and not all that the account has.
func (s *Store) TemplateByID(ctx context.Context, account wa.AccountID, wabaID, id string) (wa.StoredTemplate, error) {
	return found[wa.StoredTemplate]("template")(scanTemplate(s.reads.QueryRowContext(ctx,
		`SELECT `+templateColumns+` FROM templates WHERE account_id || '' = $1 AND waba_id || '' = $2 AND meta_id = $3`, account, wabaID, id)))
}

// TemplatesNamed implements [store.TemplateCopies].
func (s *Store) TemplatesNamed(ctx context.Context, account wa.AccountID, wabaID, name string) ([]wa.StoredTemplate, error) {
	list, err := collect(scanTemplate)(s.reads.QueryContext(ctx, `SELECT `+templateColumns+` FROM templates
		WHERE account_id = $1 AND waba_id = $2 AND name = $3 ORDER BY language`, account, wabaID, name))
	return list, wrap("read templates", err)
}

// templateFilter takes the arguments 1 to 7 of filterArgs.
const templateFilter = ` FROM templates WHERE account_id = $1 AND waba_id = $2 AND ($3 = '' OR instr(name, $3) > 0)
	AND ($4 = '' OR status = $4) AND ($5 = '' OR language = $5) AND ($6 = '' OR category = $6)
	AND ($7 = '' OR instr($7, ',' || kind || ',') > 0)`

func filterArgs(account wa.AccountID, wabaID string, f wa.TemplateFilter) []any {
	var kinds strings.Builder
	for _, k := range f.Kinds {
		kinds.WriteString("," + string(k) + ",")
	}
	return []any{account, wabaID, strings.ToLower(f.NameHas), f.Status, f.Language, f.Category, kinds.String()}
}

// ListTemplates implements [store.TemplateCopies].
func (s *Store) ListTemplates(ctx context.Context, account wa.AccountID, wabaID string, f wa.TemplateFilter, limit, offset int) (
	list []wa.StoredTemplate, total int, err error,
) {
	args := filterArgs(account, wabaID, f)
	if err := s.reads.QueryRowContext(ctx, `SELECT count(*)`+templateFilter, args...).Scan(&total); err != nil {
		return nil, 0, fmt.Errorf("count templates: %w", err)
	}
	list, err = collect(scanTemplate)(s.reads.QueryContext(ctx,
		`SELECT `+templateColumns+templateFilter+` ORDER BY name, language LIMIT $8 OFFSET $9`, append(args, limit, offset)...))
	return list, total, wrap("list templates", err)
}

// RecoverTemplateSyncs implements [store.TemplateSyncs].
func (s *Store) RecoverTemplateSyncs(ctx context.Context) (int, error) {
	return s.free(ctx, `UPDATE template_syncs SET claimed = 0, due_at = $1 WHERE claimed = 1`)
}

const syncColumns = `account_id, waba_id, synced_at, attempts, claim`

func scanSync(row scanner) (y wa.TemplateSync, err error) {
	var synced int64
	err = row.Scan(&y.AccountID, &y.WABAID, &synced, &y.Attempts, &y.Claim)
	y.SyncedAt = fromMicros(synced)
	return y, err
}

// ClaimTemplateSyncs implements [store.TemplateSyncs].
func (s *Store) ClaimTemplateSyncs(ctx context.Context, limit int, lease time.Duration) ([]wa.TemplateSync, error) {
	var claimed []wa.TemplateSync
	err := s.writer.write(ctx, func(t *tx) (err error) {
		now := s.now()
		claimed, err = collect(scanSync)(t.query(`UPDATE template_syncs SET claim = claim + 1, claimed = 1, due_at = $1
			WHERE (account_id, waba_id) IN (SELECT account_id, waba_id FROM template_syncs WHERE due_at <= $2 ORDER BY due_at LIMIT $3)
			RETURNING `+syncColumns, micros(now.Add(lease)), micros(now), limit))
		return wrap("claim template syncs", err)
	})
	return claimed, err
}

// SettleTemplateSync implements [store.TemplateSyncs].
func (s *Store) SettleTemplateSync(ctx context.Context, y wa.TemplateSync, after time.Duration) error {
	return s.writer.write(ctx, func(t *tx) error {
		n, err := t.exec(`UPDATE template_syncs SET attempts = $1, claimed = 0, due_at = $2
			WHERE account_id = $3 AND waba_id = $4 AND claim = $5 AND claimed = 1`,
			y.Attempts, micros(s.now().Add(after)), y.AccountID, y.WABAID, y.Claim)
		if err == nil && n == 0 {
			return fmt.Errorf("settle template sync: %w", store.ErrLeaseLost)
		}
		return wrap("settle template sync", err)
	})
}

// TemplateSync implements [store.TemplateSyncs].
func (s *Store) TemplateSync(ctx context.Context, account wa.AccountID, wabaID string) (wa.TemplateSync, error) {
	return found[wa.TemplateSync]("template sync")(scanSync(s.reads.QueryRowContext(ctx,
		`SELECT `+syncColumns+` FROM template_syncs WHERE account_id = $1 AND waba_id = $2`, account, wabaID)))
}

// MakeTemplateSyncDue implements [store.TemplateSyncs].
func (s *Store) MakeTemplateSyncDue(ctx context.Context, account wa.AccountID, wabaID string) error {
	return s.writer.write(ctx, func(t *tx) error { return s.syncDue(t, account, wabaID) })
}

// syncDue makes a job due. Whoever works on it loses the claim.
func (s *Store) syncDue(t *tx, account wa.AccountID, wabaID string) error {
	t.wake(store.StageTemplates)
	_, err := t.exec(`UPDATE template_syncs SET claimed = 0, due_at = $1 WHERE account_id = $2 AND waba_id = $3`,
		micros(s.now()), account, wabaID)
	return wrap("make template sync due", err)
}

// expectTemplates makes the job of a new source's WABA, due now.
func (s *Store) expectTemplates(t *tx, src wa.Source) error {
	t.wake(store.StageTemplates)
	_, err := t.exec(`INSERT INTO template_syncs (account_id, waba_id, due_at) VALUES ($1, $2, $3)
		ON CONFLICT (account_id, waba_id) DO UPDATE SET claimed = 0, attempts = 0, due_at = excluded.due_at`,
		src.AccountID, src.Number.WABAID, micros(s.now()))
	return wrap("expect templates", err)
}

// syncTemplatesOf makes the job of a source due, whose new token may be the one
// that works. UpdateSource does not change the WABA, and its caller need not know
// it.
func (s *Store) syncTemplatesOf(t *tx, src wa.Source) error {
	var wabaID string
	if err := t.row(`SELECT waba_id FROM sources WHERE account_id = $1 AND id = $2`, []any{src.AccountID, src.ID}, &wabaID); err != nil {
		return fmt.Errorf("make template sync due: %w", err)
	}
	return s.syncDue(t, src.AccountID, wabaID)
}

// leaveWABAs removes what an account knows of WABAs in which it has no source.
func (t *tx) leaveWABAs(account wa.AccountID) error {
	_, err := t.exec(`DELETE FROM templates WHERE account_id = $1
		AND waba_id NOT IN (SELECT waba_id FROM sources WHERE account_id = $1)`, account)
	if err == nil {
		_, err = t.exec(`DELETE FROM template_syncs WHERE account_id = $1
			AND waba_id NOT IN (SELECT waba_id FROM sources WHERE account_id = $1)`, account)
	}
	return wrap("leave waba", err)
}

// applyTemplate applies what a callback says of a template.
func (s *Store) applyTemplate(t *tx, account wa.AccountID, received time.Time, wabaID string, u wa.TemplateUpdate) error {
	const which = ` WHERE account_id = $1 AND waba_id = $2 AND updated_at <= $3
		AND (($4 <> '' AND meta_id = $4) OR ($4 = '' AND name = $5 AND language = $6))`
	args := []any{account, wabaID, micros(received), u.ID, u.Name, u.Language}
	var err error
	if u.Status == wa.TemplateDeleted {
		if _, err = t.exec(`DELETE FROM templates`+which, args...); err == nil {
			err = t.outdateLists(account, wabaID, received)
		}
	} else {
		_, err = t.exec(`UPDATE templates SET status = CASE WHEN $7 = '' THEN status ELSE $7 END,
			reason = CASE WHEN $7 = '' THEN reason ELSE $8 END, category = CASE WHEN $9 = '' THEN category ELSE $9 END,
			quality = CASE WHEN $10 = '' THEN quality ELSE $10 END, updated_at = $3`+which,
			append(args, u.Status, u.Reason, u.Category, u.Quality)...)
	}
	if err != nil {
		return fmt.Errorf("apply template: %w", err)
	}
	return s.syncDue(t, account, wabaID)
}
