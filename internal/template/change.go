package template

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/waypost/waypost/internal/wa"
)

// Named returns the copies of a name in all languages, by language. It never
// asks Meta.
func (l *Library) Named(ctx context.Context, src wa.Source, name string) ([]wa.StoredTemplate, error) {
	return l.Store.TemplatesNamed(ctx, src.AccountID, src.Number.WABAID, name)
}

// List returns what the filter chooses, limit of them from offset on, and how
// many there are. A WABA that was never listed is listed first, for a limited
// time: a *wa.OutcomeError if that fails.
func (l *Library) List(ctx context.Context, src wa.Source, f wa.TemplateFilter, limit, offset int) ([]wa.StoredTemplate, int, error) {
	if err := l.known(ctx, src); err != nil {
		return nil, 0, err
	}
	return l.Store.ListTemplates(ctx, src.AccountID, src.Number.WABAID, f, limit, offset)
}

// Find is Named for somebody who may wait; see [Library.List]. CodeNotFound if
// there is none.
func (l *Library) Find(ctx context.Context, src wa.Source, name string) ([]wa.StoredTemplate, error) {
	if err := l.known(ctx, src); err != nil {
		return nil, err
	}
	list, err := l.Named(ctx, src, name)
	if err == nil && len(list) == 0 {
		err = wa.NotFound("template")
	}
	return list, err
}

// ByID returns the copy with Meta's id; see [Library.List]. CodeNotFound.
func (l *Library) ByID(ctx context.Context, src wa.Source, id string) (wa.StoredTemplate, error) {
	if err := l.known(ctx, src); err != nil {
		return wa.StoredTemplate{}, err
	}
	return l.Store.TemplateByID(ctx, src.AccountID, src.Number.WABAID, id)
}

// known lists a WABA that was never listed.
func (l *Library) known(ctx context.Context, src wa.Source) error {
	if done, err := l.synced(ctx, src); done || err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, firstTimeout)
	defer cancel()
	unlock, err := l.listing.lock(ctx, key(src.AccountID, src.Number.WABAID))
	if err != nil {
		return err
	}
	defer unlock()
	if done, err := l.synced(ctx, src); done || err != nil {
		return err
	}
	_, err = l.sync(ctx, src.AccountID, src.Number.WABAID)
	return err
}

func (l *Library) synced(ctx context.Context, src wa.Source) (bool, error) {
	y, err := l.Store.TemplateSync(ctx, src.AccountID, src.Number.WABAID)
	return !y.SyncedAt.IsZero(), err
}

// Create makes a template at Meta and returns it as it is then, mostly pending.
// Without an answer of Meta's it may have been made: the next list tells.
func (l *Library) Create(ctx context.Context, src wa.Source, change wa.TemplateChange) (wa.StoredTemplate, error) {
	ctx = context.WithoutCancel(ctx) // half a change is of no use
	m, err := l.Meta.CreateTemplate(ctx, src.Number, change)
	if err != nil {
		if !refused(err) {
			l.lookAgain(ctx, src)
		}
		return m, err
	}
	l.keep(ctx, src, &m, l.Now())
	return m, nil
}

// refused reports whether Meta surely did nothing.
func refused(err error) bool {
	e, ok := errors.AsType[*wa.OutcomeError](err)
	return ok && e.Outcome.Kind != wa.OutcomeLater
}

// Edit changes a template at Meta and returns it as Meta has it then.
func (l *Library) Edit(ctx context.Context, src wa.Source, m wa.StoredTemplate, change wa.TemplateChange) (wa.StoredTemplate, error) {
	ctx = context.WithoutCancel(ctx)
	if err := l.Meta.EditTemplate(ctx, src.Number, m.ID, change); err != nil {
		l.lookAgain(ctx, src)
		return m, err
	}
	asked := l.Now()
	now, err := l.Meta.ReadTemplate(ctx, src.Number, m.ID)
	if err != nil {
		// It was changed; what it has become comes with the next list.
		l.warn(ctx, src, "the edited one was not read", err)
		l.lookAgain(ctx, src)
		return m, nil
	}
	l.keep(ctx, src, &now, asked)
	return now, nil
}

// Delete deletes exactly this template at Meta, in its one language.
func (l *Library) Delete(ctx context.Context, src wa.Source, m wa.StoredTemplate) error {
	if m.ID == "" || m.Language == "" {
		return wa.NotFound("template") // without them Meta would delete all languages
	}
	return l.drop(ctx, src, m)
}

// DeleteNamed deletes a name at Meta in all its languages.
func (l *Library) DeleteNamed(ctx context.Context, src wa.Source, name string) error {
	return l.drop(ctx, src, wa.StoredTemplate{Name: name})
}

func (l *Library) drop(ctx context.Context, src wa.Source, m wa.StoredTemplate) error {
	ctx = context.WithoutCancel(ctx)
	if err := l.Meta.DeleteTemplate(ctx, src.Number, m.Name, m.ID); err != nil {
		l.lookAgain(ctx, src)
		return err
	}
	if err := l.Store.ForgetTemplate(ctx, src.AccountID, src.Number.WABAID, m.Name, m.Language, l.Now()); err != nil {
		l.warn(ctx, src, "the deleted one was not forgotten", err)
	}
	return nil
}

// keep keeps what Meta said. Meta has it whether that works or not.
func (l *Library) keep(ctx context.Context, src wa.Source, m *wa.StoredTemplate, at time.Time) {
	m.AccountID, m.WABAID, m.UpdatedAt = src.AccountID, src.Number.WABAID, at
	if err := l.Store.PutTemplate(ctx, *m); err != nil {
		l.warn(ctx, src, "it was not kept", err)
	}
}

// lookAgain has the list made anew: nobody knows what has become of a change.
func (l *Library) lookAgain(ctx context.Context, src wa.Source) {
	err := l.Store.MakeTemplateSyncDue(ctx, src.AccountID, src.Number.WABAID)
	if err != nil && !errors.Is(err, context.Canceled) {
		l.warn(ctx, src, "the list was not made due", err)
	}
}

// warn says that Meta knows more than the copy, until the next list.
func (l *Library) warn(ctx context.Context, src wa.Source, reason string, err error) {
	l.Logger.LogAttrs(ctx, slog.LevelWarn, "template copy is late", slog.String("reason", reason),
		slog.String("account", string(src.AccountID)), slog.String("waba_id", src.Number.WABAID), slog.Any("err", err))
}
