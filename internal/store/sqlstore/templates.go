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

// encodeTemplate returns what is kept of a template as JSON.
func encodeTemplate(m wa.StoredTemplate) (components, definition string, err error) {
	data, err := json.Marshal(m.Definition)
	if err != nil {
		return "", "", fmt.Errorf("encode template: %w", err)
	}
	if len(m.Components) == 0 {
		return "[]", string(data), nil
	}
	return string(m.Components), string(data), nil
}

// putTemplate keeps a template unless the copy is newer. That may also be one
// that a newer list has only confirmed.
func (t *tx) putTemplate(m wa.StoredTemplate) error {
	components, definition, err := encodeTemplate(m)
	if err != nil {
		return err
	}
	_, err = t.exec(`INSERT INTO templates
		(account_id, waba_id, name, language, meta_id, category, status, quality, reason, kind, components, definition, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
		ON CONFLICT (account_id, waba_id, name, language) DO UPDATE SET
			meta_id = excluded.meta_id, category = excluded.category, status = excluded.status, quality = excluded.quality,
			reason = excluded.reason, kind = excluded.kind, components = excluded.components, definition = excluded.definition,
			updated_at = excluded.updated_at
		WHERE templates.updated_at <= excluded.updated_at AND excluded.updated_at >=
			coalesce((SELECT synced_at FROM template_syncs WHERE account_id = $1 AND waba_id = $2), 0)`,
		m.AccountID, m.WABAID, m.Name, m.Language, m.ID, m.Category, m.Status, m.Quality, m.Reason, m.Definition.Kind(),
		components, definition, micros(m.UpdatedAt))
	return wrap("put template", err)
}

// templatesAtOnce is how many templates one transaction writes, so that messages
// do not wait long behind a list.
const templatesAtOnce = 500

// ReplaceTemplates implements [store.TemplateCopies].
func (s *Store) ReplaceTemplates(ctx context.Context, account wa.AccountID, wabaID string, list []wa.StoredTemplate, asOf time.Time) error {
	d, err := s.templateChanges(ctx, account, wabaID, list, asOf)
	if err != nil {
		return fmt.Errorf("replace templates: %w", err)
	}
	for {
		n := min(len(d), templatesAtOnce)
		last, valid := n == len(d), false
		err := s.writer.write(ctx, func(t *tx) (err error) {
			if valid, err = t.beginList(account, wabaID, asOf, last); err != nil || !valid {
				return err
			}
			for _, change := range d[:n] {
				if err := change(t); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil || last || !valid {
			return err
		}
		d = d[n:]
	}
}

// beginList is false for a list that is too old, or whose account has left the
// WABA. With its last step a list becomes the last one.
func (t *tx) beginList(account wa.AccountID, wabaID string, asOf time.Time, last bool) (bool, error) {
	n, err := t.exec(`UPDATE template_syncs SET fresh_from = $1, synced_at = CASE WHEN $4 THEN $1 ELSE synced_at END
		WHERE account_id = $2 AND waba_id = $3 AND fresh_from <= $1`, micros(asOf), account, wabaID, last)
	return n > 0, wrap("replace templates", err)
}

type templateKey struct{ name, language string }

// templateChanges compares a list with the copy. What changes between this look
// and the writing is newer than the list, or makes the sync due.
func (s *Store) templateChanges(ctx context.Context, account wa.AccountID, wabaID string, list []wa.StoredTemplate, asOf time.Time) ([]func(*tx) error, error) {
	listed := make(map[templateKey]wa.StoredTemplate, len(list))
	for _, m := range list {
		m.AccountID, m.WABAID, m.UpdatedAt = account, wabaID, asOf
		listed[templateKey{m.Name, m.Language}] = m // of two the last one
	}
	rows, err := s.reads.QueryContext(ctx, `SELECT name, language, meta_id, category, status, quality, reason, components, definition
		FROM templates WHERE account_id = $1 AND waba_id = $2`, account, wabaID)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var gone []func(*tx) error
	for rows.Next() {
		var kept wa.StoredTemplate
		var components, definition string
		if err := rows.Scan(&kept.Name, &kept.Language, &kept.ID, &kept.Category, &kept.Status, &kept.Quality, &kept.Reason,
			&components, &definition); err != nil {
			return nil, err
		}
		key := templateKey{kept.Name, kept.Language}
		m, is := listed[key]
		if !is {
			gone = append(gone, func(t *tx) error { return t.dropTemplate(account, wabaID, key, asOf) })
			continue
		}
		if sameTemplate(kept, components, definition, m) {
			delete(listed, key)
		}
	}
	var changes []func(*tx) error
	for _, m := range listed {
		changes = append(changes, func(t *tx) error { return t.putTemplate(m) })
	}
	return append(changes, gone...), rows.Err()
}

// sameTemplate reports whether a row says what a list says.
func sameTemplate(kept wa.StoredTemplate, components, definition string, m wa.StoredTemplate) bool {
	c, d, err := encodeTemplate(m)
	return err == nil && c == components && d == definition && kept.ID == m.ID && kept.Category == m.Category &&
		kept.Status == m.Status && kept.Quality == m.Quality && kept.Reason == m.Reason
}

// dropTemplate removes what is in no list any more, unless it is newer.
func (t *tx) dropTemplate(account wa.AccountID, wabaID string, key templateKey, asOf time.Time) error {
	_, err := t.exec(`DELETE FROM templates WHERE account_id = $1 AND waba_id = $2 AND name = $3 AND language = $4 AND updated_at < $5`,
		account, wabaID, key.name, key.language, micros(asOf))
	return wrap("replace templates", err)
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
		claimed, err = collect(scanSync)(t.query(`UPDATE template_syncs SET claim = claim + 1, claimed = 1, again = 0, due_at = $1
			WHERE (account_id, waba_id) IN (SELECT account_id, waba_id FROM template_syncs WHERE due_at <= $2 ORDER BY due_at LIMIT $3)
			RETURNING `+syncColumns, micros(now.Add(lease)), micros(now), limit))
		return wrap("claim template syncs", err)
	})
	return claimed, err
}

// SettleTemplateSync implements [store.TemplateSyncs].
func (s *Store) SettleTemplateSync(ctx context.Context, y wa.TemplateSync, after, rest time.Duration) error {
	return s.writer.write(ctx, func(t *tx) error {
		now := s.now()
		n, err := t.exec(`UPDATE template_syncs SET attempts = $1, claimed = 0, again = 0, rest_until = $3,
				due_at = CASE WHEN again = 1 THEN $3 ELSE max($2, $3) END
			WHERE account_id = $4 AND waba_id = $5 AND claim = $6 AND claimed = 1`,
			y.Attempts, micros(now.Add(after)), micros(now.Add(rest)), y.AccountID, y.WABAID, y.Claim)
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

// syncDue makes a job due as soon as it has rested. Whoever works on it is not
// disturbed.
func (s *Store) syncDue(t *tx, account wa.AccountID, wabaID string) error {
	t.wake(store.StageTemplates)
	_, err := t.exec(`UPDATE template_syncs SET again = claimed, due_at = CASE WHEN claimed = 1 THEN due_at ELSE max($1, rest_until) END
		WHERE account_id = $2 AND waba_id = $3`, micros(s.now()), account, wabaID)
	return wrap("make template sync due", err)
}

// expectTemplates makes the job of a new source's WABA, due now.
func (s *Store) expectTemplates(t *tx, src wa.Source) error {
	_, err := t.exec(`INSERT INTO template_syncs (account_id, waba_id, due_at) VALUES ($1, $2, $3)
		ON CONFLICT (account_id, waba_id) DO NOTHING`, src.AccountID, src.Number.WABAID, micros(s.now()))
	if err != nil {
		return fmt.Errorf("expect templates: %w", err)
	}
	return s.syncDue(t, src.AccountID, src.Number.WABAID)
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

// applyTemplate applies what a callback says of a template. Callbacks come in any
// order, so of two that speak of the same the later one counts, by Meta's time.
func (s *Store) applyTemplate(t *tx, account wa.AccountID, received time.Time, wabaID string, u wa.TemplateUpdate) error {
	// What came before the last list was begun is in the list.
	const which = ` FROM templates WHERE account_id = $1 AND waba_id = $2 AND (updated_at <= $3 OR told <> '')
		AND $3 >= coalesce((SELECT synced_at FROM template_syncs WHERE account_id = $1 AND waba_id = $2), 0)
		AND (($4 <> '' AND meta_id = $4) OR ($4 = '' AND name = $5 AND language = $6))`
	args := []any{account, wabaID, micros(received), u.ID, u.Name, u.Language}
	if u.Status == wa.TemplateDeleted {
		_, err := t.exec(`DELETE`+which, args...)
		if err == nil {
			err = t.outdateLists(account, wabaID, received)
		}
		if err != nil {
			return fmt.Errorf("apply template: %w", err)
		}
		return s.syncDue(t, account, wabaID)
	}
	rows, err := collect(func(row scanner) (r toldTemplate, err error) { return r, row.Scan(&r.name, &r.language, &r.told) })(
		t.query(`SELECT name, language, told`+which, args...))
	if err != nil {
		return fmt.Errorf("apply template: %w", err)
	}
	for _, r := range rows {
		if err := t.tellTemplate(account, wabaID, r, received, u); err != nil {
			return fmt.Errorf("apply template: %w", err)
		}
	}
	return s.syncDue(t, account, wabaID)
}

// toldTemplate is a template with what callbacks have said of it.
type toldTemplate struct{ name, language, told string }

func (t *tx) tellTemplate(account wa.AccountID, wabaID string, r toldTemplate, received time.Time, u wa.TemplateUpdate) error {
	h, err := readHeard(r.told)
	if err != nil {
		return err
	}
	at, sure := micros(told(u.At, received)), !u.At.IsZero()
	if u.Status != "" && !h.take("status", string(u.Status)+" "+u.Reason, at, sure) {
		u.Status = ""
	}
	if u.Category != "" && !h.take("category", u.Category, at, sure) {
		u.Category = ""
	}
	if u.Quality != "" && !h.take("quality", u.Quality, at, sure) {
		u.Quality = ""
	}
	text, err := h.text()
	if err != nil {
		return err
	}
	_, err = t.exec(`UPDATE templates SET status = CASE WHEN $5 = '' THEN status ELSE $5 END,
			reason = CASE WHEN $5 = '' THEN reason ELSE $6 END, category = CASE WHEN $7 = '' THEN category ELSE $7 END,
			quality = CASE WHEN $8 = '' THEN quality ELSE $8 END, updated_at = max(updated_at, $9), told = $10
		WHERE account_id = $1 AND waba_id = $2 AND name = $3 AND language = $4`,
		account, wabaID, r.name, r.language, u.Status, u.Reason, u.Category, u.Quality, micros(received), text)
	return err
}
