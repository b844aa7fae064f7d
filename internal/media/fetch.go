package media

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"mime"
	"strings"
	"sync"
	"time"

	"github.com/waypost/waypost/internal/store"
	"github.com/waypost/waypost/internal/wa"
	"github.com/waypost/waypost/internal/work"
)

const (
	fetchWidth = 8
	fetchPoll  = 2 * time.Second // as short as the first wait
	// fetchTimeout bounds one fetch. A claimed media may wait that long behind
	// another, so the lease is more than twice as long.
	fetchTimeout = 10 * time.Minute
	fetchLease   = 30 * time.Minute
	firstWait    = 2 * time.Second
	longestWait  = 30 * time.Minute
)

// What Meta lets a person send, and for how long it knows the id of it: 7 days
// since 2025-10. When two of them are left, somebody should look why the bytes
// are not here.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/media
// (read 2026-09).
const (
	maxInbound = 100 << 20
	fetchFor   = 7 * 24 * time.Hour
	fetchAlarm = 5 * 24 * time.Hour
)

// outcome says what became of one fetch.
type outcome string

const (
	outcomeReady  outcome = "ready"
	outcomeAgain  outcome = "again"
	outcomeLost   outcome = "lost"
	outcomeLapsed outcome = "lapsed" // the media was deleted or is somebody else's now
	// outcomeRefused is of a link only: it gave nothing of use.
	outcomeRefused outcome = "refused"
)

// errNeverServed marks bytes that another fetch would not make better.
var errNeverServed = errors.New("the media cannot be served")

// Run fetches inbound media and removes what links gave, until ctx ends. A fetch
// that is under way then is broken off and begun anew at the next start;
// store.Media's RecoverFetches must have been called before.
func (l *Library) Run(ctx context.Context) {
	l.links.open()
	defer l.links.stop()
	var sweeping sync.WaitGroup
	sweeping.Go(func() { l.sweepLinks(ctx) })
	defer sweeping.Wait()
	work.Loop[wa.StoredMedia]{
		Name: "fetches",
		Claim: func(ctx context.Context, limit int) ([]wa.StoredMedia, error) {
			return l.o.Store.ClaimFetches(ctx, limit, fetchLease)
		},
		Do: func(job context.Context, m wa.StoredMedia) {
			fetching, cancel := context.WithTimeout(job, fetchTimeout)
			defer cancel()
			defer context.AfterFunc(ctx, cancel)()
			began := l.o.Now()
			err := l.fetch(fetching, m)
			what, after := l.judge(m, err)
			if what == outcomeAgain && ctx.Err() != nil {
				after = 0 // it was not the media's fault
			}
			l.settle(job, m, what, after, began, err)
		},
		Wake: l.o.Wake, Poll: fetchPoll, Width: fetchWidth, Logger: l.o.Logger,
	}.Run(ctx)
}

// fetch brings the bytes here and makes the media ready.
func (l *Library) fetch(ctx context.Context, m wa.StoredMedia) error {
	if m.Inbound == nil {
		return fmt.Errorf("%w: it has no id of Meta's", errNeverServed)
	}
	n, err := l.o.Sources(ctx, m.AccountID, m.Inbound.NumberID)
	if err != nil {
		return fmt.Errorf("number of media: %w", err)
	}
	d, err := l.o.Downloader.FetchMedia(ctx, n, m.Inbound.MetaID)
	if err != nil {
		return fmt.Errorf("fetch media: %w", err)
	}
	defer d.Body.Close()
	tooLarge := fmt.Errorf("%w: more than %d bytes", errNeverServed, maxInbound)
	if d.Size > maxInbound {
		return tooLarge
	}
	staged, err := l.o.Blobs.Stage(ctx, &capped{r: d.Body, left: maxInbound + 1, err: tooLarge})
	if err != nil {
		return fmt.Errorf("fetch media: %w", err)
	}
	if err := compare(staged, d, m.Inbound.SHA256); err != nil {
		return errors.Join(err, l.o.Blobs.Drop(context.WithoutCancel(ctx), staged))
	}
	if m.MIMEType == "" {
		m.MIMEType = d.MIMEType
	}
	m.State, m.MIMEType, m.SHA256, m.Size = wa.MediaReady, servedType(m.MIMEType), staged.SHA256, staged.Size
	// The row must not be deleted between its look and ours.
	defer l.ids.lock(string(m.ID))()
	return l.commit(ctx, staged, func(ctx context.Context) error { return l.o.Store.SettleFetch(ctx, m, 0) })
}

// compare checks the bytes against what Meta said of them. A wrong length is a
// cut download and worth another try; a wrong hash is not.
func compare(s Staged, d wa.Download, announced string) error {
	if s.Size == 0 || (d.Size >= 0 && d.Size != s.Size) {
		return fmt.Errorf("fetch media: %d bytes came, %d were announced", s.Size, d.Size)
	}
	for _, want := range []string{announced, d.SHA256} {
		if want != "" && !strings.EqualFold(want, s.SHA256) {
			return fmt.Errorf("%w: its hash is not the one that was announced", errNeverServed)
		}
	}
	return nil
}

// judge says what becomes of a media after a fetch, and when it is tried again.
func (l *Library) judge(m wa.StoredMedia, err error) (what outcome, after time.Duration) {
	switch {
	case err == nil:
		return outcomeReady, 0
	case errors.Is(err, store.ErrLeaseLost):
		return outcomeLapsed, 0
	case errors.Is(err, errNeverServed), l.o.Now().Sub(m.CreatedAt) >= fetchFor:
		return outcomeLost, 0
	}
	after = work.Backoff(m.Attempts, firstWait, longestWait)
	if e, ok := errors.AsType[*wa.OutcomeError](err); ok {
		after = max(after, e.Outcome.After)
	}
	return outcomeAgain, after
}

// settle records what is not recorded yet, tells those who wait, and logs.
func (l *Library) settle(ctx context.Context, m wa.StoredMedia, what outcome, after time.Duration, began time.Time, err error) {
	now, level := l.o.Now(), slog.LevelInfo
	switch what {
	case outcomeReady, outcomeLapsed, outcomeRefused:
	case outcomeLost:
		level = slog.LevelError
		m.State = wa.MediaLost
		err = errors.Join(err, l.o.Store.SettleFetch(ctx, m, 0))
	case outcomeAgain:
		if now.Sub(m.CreatedAt) >= fetchAlarm {
			level = slog.LevelWarn
		}
		err = errors.Join(err, l.o.Store.SettleFetch(ctx, m, after))
	}
	if what != outcomeAgain {
		l.arrivals.announce(m.ID)
	}
	attrs := []slog.Attr{
		slog.String("media_id", string(m.ID)), slog.Int("attempt", m.Attempts),
		slog.String("outcome", string(what)), slog.Int64("duration_ms", now.Sub(began).Milliseconds()),
	}
	if what == outcomeAgain {
		attrs = append(attrs, slog.Time("due_at", now.Add(after)))
	}
	if err != nil {
		attrs = append(attrs, slog.Any("err", err))
	}
	l.o.Logger.LogAttrs(ctx, level, "media fetched", attrs...)
}

// servedType is the type under which inbound bytes are served: as Meta said,
// "audio/ogg; codecs=opus" included, but only if a browser that is led to them
// would not run them. They reach the customer all the same.
func servedType(said string) string {
	base, params, err := mime.ParseMediaType(said)
	if err != nil || !harmless(base) {
		return typeUnknown
	}
	if t := mime.FormatMediaType(base, params); t != "" {
		return t
	}
	return base
}

func harmless(base string) bool {
	top, _, _ := strings.Cut(base, "/")
	switch top {
	case "image", "audio", "video":
		return !strings.Contains(base, "svg") && !strings.Contains(base, "xml") // an SVG has scripts
	}
	if _, sendable := formatOf(base); sendable {
		return true
	}
	switch base {
	case "text/csv", "text/vcard", "text/x-vcard", "text/calendar", "text/rtf", "application/rtf", "application/json",
		"application/zip", "application/x-zip-compressed", "application/gzip", "application/vnd.rar", "application/x-7z-compressed",
		"application/epub+zip", "application/vnd.oasis.opendocument.text", "application/vnd.oasis.opendocument.spreadsheet",
		"application/vnd.oasis.opendocument.presentation":
		return true
	}
	return false
}
