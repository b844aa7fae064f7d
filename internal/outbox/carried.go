package outbox

import (
	"context"
	"log/slog"

	"github.com/waypost/waypost/internal/wa"
)

// Media brings media to Meta.
type Media interface {
	// MetaID returns Meta's id of a media of ours for a number, uploading it first
	// if need be. An error that is a *wa.OutcomeError says what it means for the
	// message.
	MetaID(context.Context, wa.Number, wa.AccountID, wa.MediaID) (string, error)
	// Forget drops an id that Meta no longer knows.
	Forget(ctx context.Context, n wa.Number, account wa.AccountID, id wa.MediaID, metaID string) error
	// MetaLink returns Meta's id of what is behind the link of a media, fetching
	// and uploading it first if need be; for errors see MetaID.
	MetaLink(context.Context, wa.Number, wa.AccountID, wa.Media) (wa.MetaLink, error)
	// ForgetLink drops an id that Meta no longer knows, and what the link gave.
	ForgetLink(ctx context.Context, n wa.Number, account wa.AccountID, m wa.Media, metaID string) error
}

// bring has the media that a message carries brought to Meta, and returns a
// dispatch with their ids, and the message with the names that documents got.
func (o *Outbox) bring(ctx context.Context, n wa.Number, m wa.Message) (d wa.Dispatch, named wa.Message, err error) {
	d.MetaMedia, d.MetaLinks = map[wa.MediaID]string{}, map[string]string{}
	for _, id := range wa.StoredMediaOf(m.Content) {
		if d.MetaMedia[id], err = o.Media.MetaID(ctx, n, m.AccountID, id); err != nil {
			return d, m, err
		}
	}
	m.Content, err = wa.EachMedia(m.Content, func(c *wa.Media) error {
		if c.Link == "" || o.PassLinks {
			return nil
		}
		link, err := o.Media.MetaLink(ctx, n, m.AccountID, *c)
		if err != nil {
			return err
		}
		d.MetaLinks[c.Link] = link.ID
		if c.Kind == wa.KindDocument && c.Filename == "" {
			c.Filename = link.Filename // Meta would have asked the link's server
		}
		return nil
	})
	return d, m, err
}

// forget drops the ids of a dispatch if Meta no longer knows one of them: it does
// not say which.
func (o *Outbox) forget(ctx context.Context, n wa.Number, d wa.Dispatch, outcome wa.Outcome) {
	if !outcome.MediaGone {
		return
	}
	// One that could not be forgotten costs a try, no more.
	kept := func(err error) {
		if err != nil {
			o.Logger.LogAttrs(ctx, slog.LevelWarn, "upload kept", slog.String("message_id", string(d.Message.ID)), slog.Any("err", err))
		}
	}
	for id, metaID := range d.MetaMedia {
		kept(o.Media.Forget(ctx, n, d.Message.AccountID, id, metaID))
	}
	// The visit never fails.
	_, _ = wa.EachMedia(d.Message.Content, func(c *wa.Media) error {
		if metaID := d.MetaLinks[c.Link]; metaID != "" {
			kept(o.Media.ForgetLink(ctx, n, d.Message.AccountID, *c, metaID))
		}
		return nil
	})
}
