package conform

import (
	"context"
	"errors"
	"fmt"
	"net/http"
)

// webhook is a webhook as the API lists it. Headers are never shown.
type webhook struct {
	Name   string `json:"name"`
	URL    string `json:"url"`
	Status string `json:"status"`
	Type   string `json:"type"`
	Source string `json:"source,omitempty"`
}

// webhooks takes the account's webhooks away, for the cases begin without any.
// In the end they are what they were, but for their headers.
func (r *Remote) webhooks(ctx context.Context) (string, error) {
	list, err := r.listWebhooks(ctx)
	if err != nil {
		return "", err
	}
	if !r.webhooksKept {
		if len(list) > 0 && r.Set["webhooks"] == "" {
			return "", NotKnown(fmt.Sprintf("the account has webhooks (%d), which these cases take away and the run puts back; lost are their "+
				"headers, which cannot be read, and what waits for them: allow it with --set webhooks=yes", len(list)))
		}
		r.webhooksKept = true
		r.later(func(ctx context.Context) error { return r.restoreWebhooks(ctx, list) })
	}
	return "may be changed", r.removeWebhooks(ctx)
}

func (r *Remote) listWebhooks(ctx context.Context) ([]webhook, error) {
	answer, err := r.call(ctx, http.MethodGet, "/api/v3/metainfo/webhook/list_webhook", r.Token, nil)
	if no, ok := errors.AsType[*refused](err); ok && no.absent() {
		return nil, NotKnown("the server lists no webhooks")
	}
	return dataOf[[]webhook](answer), err
}

// removeWebhooks removes all there are. There is no call for it, but a webhook
// of a single source goes with the source.
func (r *Remote) removeWebhooks(ctx context.Context) error {
	list, err := r.listWebhooks(ctx)
	if err != nil || len(list) == 0 {
		return err
	}
	id, err := r.createSource(ctx, r.Token, "hooks-")
	if no, ok := errors.AsType[*refused](err); ok && no.absent() {
		return NotKnown("the server makes no sources, with which webhooks could be removed; take an account without webhooks")
	}
	if err != nil {
		return err
	}
	var failed error
	for _, w := range list {
		w.Source = id
		failed = errors.Join(failed, r.setWebhook(ctx, w))
	}
	if err := r.deleteSource(ctx, r.Token, id); err != nil || failed != nil {
		return errors.Join(failed, err)
	}
	if list, err = r.listWebhooks(ctx); err == nil && len(list) > 0 {
		err = NotKnown("the server keeps the webhooks of a source that was deleted; take an account without webhooks")
	}
	return err
}

// setWebhook changes the webhook of a name, or makes it.
func (r *Remote) setWebhook(ctx context.Context, w webhook) error {
	_, err := r.call(ctx, http.MethodPost, "/api/v3/metainfo/webhook/update_webhook", r.Token,
		map[string]string{"type": w.Type, "name": w.Name, "url": w.URL, "source": w.Source})
	if err != nil || w.Status != "disable" {
		return err
	}
	_, err = r.call(ctx, http.MethodPost, "/api/v2/metainfo/webhook/manage_webhook", r.Token,
		map[string]string{"type": w.Type, "webhook_name": w.Name, "status": w.Status})
	return err
}

// restoreWebhooks removes those of the cases and makes those that were there
// before, all that it can.
func (r *Remote) restoreWebhooks(ctx context.Context, before []webhook) error {
	failed := r.removeWebhooks(ctx)
	for _, w := range before {
		if err := r.setWebhook(ctx, w); err != nil {
			failed = errors.Join(failed, fmt.Errorf("put back the webhook %s (%s, to %s, %sd): %w", w.Name, w.Type, w.URL, w.Status, err))
		}
	}
	return failed
}
