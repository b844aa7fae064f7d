package media

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"time"

	"github.com/waypost/waypost/internal/wa"
)

// Linker brings a file from an address that a customer names.
type Linker interface {
	// Fetch begins to fetch the file. An error, of the body's reads too, is a
	// *wa.OutcomeError that says what it means for the message.
	Fetch(ctx context.Context, link string) (wa.LinkedFile, error)
}

const (
	// linkLife is how long what a link gave stands for it. Meta keeps a link's
	// file for as long; whoever wants another file at once changes the query.
	// https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/media
	// (read 2026-09).
	linkLife = 10 * time.Minute
	// linkKept is how long the bytes are kept, so that an upload that was begun
	// at the end of that life finds them.
	linkKept  = 15 * time.Minute
	linkSweep = time.Minute
	sweepSize = 100
	// refusedFor is how long a link that gave nothing of use is not asked again.
	refusedFor = 10 * time.Second
)

// linkKey is what a link gave something for. The kind belongs to it, because the
// bytes alone do not always tell sound from pictures.
type linkKey struct {
	account wa.AccountID
	kind    wa.MediaKind
	hash    string
}

func keyOfLink(account wa.AccountID, m wa.Media) linkKey {
	sum := sha256.Sum256([]byte(m.Link))
	return linkKey{account, m.Kind, hex.EncodeToString(sum[:])}
}

// MetaLink returns Meta's id of what is behind the link of a message, for a
// number. What a link gave is remembered for ten minutes, also over a restart:
// in that time it is fetched once for an account, and uploaded once for each
// number, however many messages carry it. An error that is a *wa.OutcomeError
// says what it means for the message; later, uncounted, for a fetch that takes
// longer than a message is held up for: it goes on, and is asked for again.
func (l *Library) MetaLink(ctx context.Context, n wa.Number, account wa.AccountID, m wa.Media) (wa.MetaLink, error) {
	stored, err := l.linked(ctx, account, m)
	if err != nil {
		return wa.MetaLink{}, err
	}
	id, err := l.uploads.do(ctx, keyOf(n, stored), func(ctx context.Context) (string, error) {
		return l.upload(ctx, n, stored)
	})
	if errors.Is(err, errNoBytes) {
		// They were swept since the row was read: the link has them.
		err = errors.Join(waiting("the link is fetched again"), l.o.Store.ForgetLinked(ctx, account, stored.ID))
	}
	return wa.MetaLink{ID: id, Filename: stored.Filename}, err
}

// ForgetLink makes a link be fetched and uploaded again, because Meta no longer
// knows the id that it had. If it has another by now, it keeps that.
func (l *Library) ForgetLink(ctx context.Context, n wa.Number, account wa.AccountID, m wa.Media, metaID string) error {
	key := keyOfLink(account, m)
	stored, err := l.o.Store.LinkedMedia(ctx, account, key.kind, key.hash, time.Time{})
	if wa.CodeOf(err) == wa.CodeNotFound {
		return nil // the next message fetches it in any case
	}
	var forgotten bool
	if err == nil {
		forgotten, err = l.o.Store.ForgetMetaUpload(ctx, keyOf(n, stored), metaID)
	}
	if err == nil && forgotten {
		err = l.o.Store.ForgetLinked(ctx, account, stored.ID)
	}
	if err != nil {
		return fmt.Errorf("forget link: %w", err)
	}
	return nil
}

// linked returns the media that a link stands for.
func (l *Library) linked(ctx context.Context, account wa.AccountID, m wa.Media) (wa.StoredMedia, error) {
	key := keyOfLink(account, m)
	stored, err := l.rememberedLink(ctx, key)
	if wa.CodeOf(err) != wa.CodeNotFound {
		return stored, err
	}
	return l.links.do(ctx, key, hostOf(m.Link), func(ctx context.Context) (wa.StoredMedia, error) {
		// Another may have ended its fetch since we looked.
		if stored, err := l.rememberedLink(ctx, key); wa.CodeOf(err) != wa.CodeNotFound {
			return stored, err
		}
		return l.fetchLink(ctx, key, m.Link)
	})
}

func (l *Library) rememberedLink(ctx context.Context, key linkKey) (wa.StoredMedia, error) {
	m, err := l.o.Store.LinkedMedia(ctx, key.account, key.kind, key.hash, l.o.Now().Add(-linkLife))
	if err != nil {
		return m, fmt.Errorf("media of link: %w", err)
	}
	return m, nil
}

func hostOf(link string) string {
	u, err := url.Parse(link)
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Host)
}

// fetchLink brings the bytes here and keeps what they are.
func (l *Library) fetchLink(ctx context.Context, key linkKey, link string) (wa.StoredMedia, error) {
	began := l.o.Now()
	m, err := l.takeLink(ctx, key, link)
	what := outcomeReady
	if err != nil {
		what = outcomeAgain
		if e, ok := errors.AsType[*wa.OutcomeError](err); ok && e.Outcome.Kind == wa.OutcomeRejected {
			what = outcomeRefused
		}
	}
	// The address may hold a secret; its host is what an operator can act on.
	l.o.Logger.LogAttrs(ctx, slog.LevelInfo, "link fetched", slog.String("media_id", string(m.ID)), slog.String("host", hostOf(link)),
		slog.String("outcome", string(what)), slog.Int64("duration_ms", l.o.Now().Sub(began).Milliseconds()), slog.Any("err", err))
	return m, err
}

func (l *Library) takeLink(ctx context.Context, key linkKey, link string) (wa.StoredMedia, error) {
	d, err := l.o.Links.Fetch(ctx, link)
	if err != nil {
		return wa.StoredMedia{}, fmt.Errorf("fetch link: %w", err)
	}
	defer d.Body.Close()
	src := &source{r: d.Body}
	name, declared := claimOf(key.kind, d)
	f, staged, err := l.takeIn(ctx, src, name, declared, func(f format) error { return f.suits(key.kind, d.Size) })
	if err != nil {
		return wa.StoredMedia{}, linkRefusal(src.blame(err))
	}
	m := wa.StoredMedia{
		ID: wa.NewID[wa.MediaID](), AccountID: key.account, State: wa.MediaReady, Kind: f.kind, MIMEType: f.mime,
		SHA256: staged.SHA256, Size: staged.Size, Filename: cleanName(d.Name), CreatedAt: l.o.Now(),
		Link: &wa.LinkOrigin{Hash: key.hash, FetchedAt: l.o.Now()},
	}
	err = l.commit(ctx, staged, func(ctx context.Context) (err error) {
		m, err = l.o.Store.KeepLinked(ctx, m)
		return err
	})
	if err != nil {
		return wa.StoredMedia{}, fmt.Errorf("keep media of link: %w", err)
	}
	return m, nil
}

// claimOf is what counts where the bytes leave open what they are: for sound and
// pictures the kind of the message, because servers often call an MP4 file a
// video whatever is in it; else what the server says.
func claimOf(kind wa.MediaKind, d wa.LinkedFile) (name, declared string) {
	switch kind {
	case wa.KindAudio:
		return "", typeM4A
	case wa.KindVideo:
		return "", typeMP4
	case wa.KindImage, wa.KindDocument, wa.KindSticker:
	}
	return d.Name, d.MIMEType
}

// suits refuses a file that is not what the message calls it, or that is known
// to be too large before it is read. Size is -1 if it is not known.
func (f format) suits(kind wa.MediaKind, size int64) error {
	if f.kind != kind {
		return refused(fmt.Sprintf("the file behind the link is %s, which WhatsApp takes as %s and not as %s", f.mime, f.kind, kind))
	}
	if size > f.limit {
		return f.tooLarge()
	}
	return nil
}

// linkRefusal turns a refusal of the bytes into what it means for the message.
// Other errors stay what they are.
func linkRefusal(err error) error {
	refusal, ok := errors.AsType[*wa.Error](err)
	if !ok || len(refusal.Problems) == 0 {
		return err
	}
	return &wa.OutcomeError{Outcome: wa.Outcome{
		Kind: wa.OutcomeRejected, Failure: wa.Failure{VendorCode: vendorMedia, Title: refusal.Problems[0].Detail},
	}}
}

// waiting is the outcome for a message whose link is not here yet, through no
// fault of the link's.
func waiting(title string) *wa.OutcomeError {
	return &wa.OutcomeError{Outcome: wa.Outcome{Kind: wa.OutcomeLater, After: time.Second, Failure: wa.Failure{Title: title}}}
}

// sweepLinks removes, until ctx ends, what links gave and no message can want
// any more. Its upload at Meta stays known.
func (l *Library) sweepLinks(ctx context.Context) {
	ticker := time.NewTicker(linkSweep)
	defer ticker.Stop()
	for {
		l.links.prune()
		n, err := l.sweep(ctx)
		if n > 0 || (err != nil && ctx.Err() == nil) {
			l.o.Logger.LogAttrs(ctx, slog.LevelDebug, "links swept", slog.Int("count", n), slog.Any("err", err))
		}
		if n == sweepSize && err == nil {
			continue // there is more
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}

func (l *Library) sweep(ctx context.Context) (removed int, err error) {
	before := l.o.Now().Add(-linkKept)
	spent, err := l.o.Store.SpentLinks(ctx, before, sweepSize)
	for _, m := range spent {
		if ctx.Err() != nil {
			return removed, ctx.Err()
		}
		if err := l.sweepOne(ctx, m, before); err != nil {
			return removed, err
		}
		removed++
	}
	return removed, err
}

// sweepOne looks again once nobody else can change the row: the link may have
// given the same bytes a moment ago.
func (l *Library) sweepOne(ctx context.Context, m wa.StoredMedia, before time.Time) error {
	ctx = context.WithoutCancel(ctx)
	defer l.ids.lock(string(m.ID))()
	defer l.hashes.lock(m.SHA256)()
	m, err := l.o.Store.Media(ctx, m.AccountID, m.ID)
	if wa.CodeOf(err) == wa.CodeNotFound {
		return nil
	}
	if err != nil || m.Link == nil || !m.Link.FetchedAt.Before(before) {
		return err
	}
	return l.remove(ctx, m)
}
