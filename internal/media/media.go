// Package media owns the bytes: it takes uploads in and says what they are,
// keeps each content once under its hash, fetches what people sent from Meta,
// and knows under which id Meta has a media for a number.
//
// It never unpacks or decodes a file beyond its header, never believes a
// declared type or a file name over the bytes, and never knows Meta's or the
// vendor's JSON: calls to Meta are handed in.
//
// It stands between the faces, which put and open media, and the outbox, which
// asks for Meta's id of a media or of what is behind a link. The rows are in the
// store, the bytes in [Blobs]; the fetch of inbound media is a stage of its own
// that the inbox's commit wakes.
//
// Failure: bytes are durable before their row is written and go after their
// row, so a row never points at nothing. A crash in between leaves bytes that
// no row names; they cost space, nothing else. A fetch that fails is tried
// again until Meta forgets the media; one that is cut by a stop or a crash is
// begun anew. Bytes that do not have the hash that Meta named are never served.
// The fetch of a link is nobody's job but the message's that wants it: one that
// is cut is begun anew with the message's next turn. What links gave is removed
// after a quarter of an hour.
package media

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"time"

	"github.com/waypost/waypost/internal/store"
	"github.com/waypost/waypost/internal/wa"
)

// Blobs keeps bytes under their SHA-256 in lower-case hex. [Dir] keeps them on
// disk.
type Blobs interface {
	// Stage reads r to its end and makes the bytes durable without giving them
	// their place. If it fails, nothing is left of them, and a failure of r's is
	// in the error's chain.
	Stage(ctx context.Context, r io.Reader) (Staged, error)
	// Keep gives staged bytes their place, durably; created is false if the
	// same bytes were there already. If it fails, the bytes are still staged or
	// gone, and there is nothing new in the place.
	Keep(context.Context, Staged) (created bool, err error)
	// Drop throws staged bytes away; those that are gone are no error.
	Drop(context.Context, Staged) error
	// Open returns the bytes; fs.ErrNotExist.
	Open(ctx context.Context, sha256 string) (io.ReadSeekCloser, error)
	// Remove removes the bytes for good; those that are gone are no error.
	Remove(ctx context.Context, sha256 string) error
}

// Staged is bytes that have no place yet.
type Staged struct {
	SHA256 string
	Size   int64
	// Temp is where they are until then, in the words of the [Blobs].
	Temp string
}

// Uploader brings a media to Meta.
type Uploader interface {
	// UploadMedia uploads the file for the number. A *wa.OutcomeError says what
	// a failure means for the message that needs the media.
	UploadMedia(context.Context, wa.Number, wa.File) (wa.MetaUpload, error)
}

// Downloader brings a media from Meta.
type Downloader interface {
	// FetchMedia begins a download. The body ends with an error if it was cut.
	FetchMedia(ctx context.Context, n wa.Number, metaID string) (wa.Download, error)
}

// Options says what a [Library] works with. Store, Blobs, Uploader, Downloader,
// Sources and Logger must be set, and Links if it is asked for links.
type Options struct {
	Store      store.Media
	Blobs      Blobs
	Uploader   Uploader
	Downloader Downloader
	Links      Linker
	// Sources returns the number of an account, with its token.
	Sources func(ctx context.Context, account wa.AccountID, numberID string) (wa.Number, error)
	Logger  *slog.Logger
	// Now is the clock; nil is time.Now.
	Now func() time.Time
	// Wake tells that there may be media to fetch.
	Wake <-chan struct{}
	// FetchWait is how long Open waits for a media that is still being fetched;
	// 10 s if it is 0.
	FetchWait time.Duration
}

const defaultFetchWait = 10 * time.Second

// Library is all media of all accounts.
type Library struct {
	o Options
	// ids holds a media's row still while its hash is looked up and locked;
	// hashes keeps a Delete from removing bytes that a Put is about to point at.
	// They are taken in this order. Both guard one process: several that share
	// a place for blobs would need more.
	ids, hashes stripes
	uploads     flights[store.UploadKey, string]
	links       *linkFlights
	arrivals    arrivals
}

// New returns a library.
func New(o Options) *Library {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.FetchWait == 0 {
		o.FetchWait = defaultFetchWait
	}
	return &Library{o: o, links: newLinkFlights(o.Now)}
}

// Stat returns what is known of a media; CodeNotFound.
func (l *Library) Stat(ctx context.Context, account wa.AccountID, id wa.MediaID) (wa.StoredMedia, error) {
	m, err := l.o.Store.Media(ctx, account, id)
	m.Filename = cleanName(m.Filename) // an inbound one is as Meta wrote it
	return m, err
}

// Open returns a media and its bytes, which the caller closes. For one that is
// still being fetched it waits until the fetch has ended, for a limited time.
// CodeNotFound, also for a media that was lost; CodeUnavailable if it is not
// here yet.
func (l *Library) Open(ctx context.Context, account wa.AccountID, id wa.MediaID) (wa.StoredMedia, io.ReadSeekCloser, error) {
	m, err := l.await(ctx, account, id)
	if err != nil {
		return wa.StoredMedia{}, nil, err
	}
	switch m.State {
	case wa.MediaReady:
	case wa.MediaLost:
		return wa.StoredMedia{}, nil, wa.NotFound("media")
	case wa.MediaPending:
		return wa.StoredMedia{}, nil, &wa.Error{Code: wa.CodeUnavailable, Message: "the media is still being fetched", Err: ctx.Err()}
	}
	body, err := l.o.Blobs.Open(ctx, m.SHA256)
	if errors.Is(err, fs.ErrNotExist) {
		// Deleted since its row was read, or half deleted when the process died.
		// Whatever it was, somebody may want to know.
		l.o.Logger.LogAttrs(ctx, slog.LevelWarn, "media without bytes", slog.String("media_id", string(id)))
		return wa.StoredMedia{}, nil, wa.NotFound("media")
	}
	if err != nil {
		return wa.StoredMedia{}, nil, fmt.Errorf("open media: %w", err)
	}
	return m, body, nil
}

// await returns a media once it is no longer pending, or as it is when the time
// is up.
func (l *Library) await(ctx context.Context, account wa.AccountID, id wa.MediaID) (wa.StoredMedia, error) {
	m, err := l.Stat(ctx, account, id)
	if err != nil || m.State != wa.MediaPending {
		return m, err
	}
	arrived, leave := l.arrivals.join(id)
	defer leave()
	// Looked at again, because it may have arrived before the join.
	m, err = l.Stat(ctx, account, id)
	if err != nil || m.State != wa.MediaPending {
		return m, err
	}
	timer := time.NewTimer(l.o.FetchWait)
	defer timer.Stop()
	select {
	case <-arrived:
	case <-timer.C: // another node may have fetched it, so look all the same
	case <-ctx.Done():
		return m, nil
	}
	return l.Stat(ctx, account, id)
}

// Delete removes a media, and its bytes if no other media shares them. Meta
// keeps what was uploaded until it expires. CodeNotFound.
//
// The bytes go first: if the process dies in between, what is left is a row
// without bytes, which the customer can delete again, and not bytes that nobody
// can.
func (l *Library) Delete(ctx context.Context, account wa.AccountID, id wa.MediaID) error {
	ctx = context.WithoutCancel(ctx) // half a delete is of no use
	defer l.ids.lock(string(id))()
	m, err := l.o.Store.Media(ctx, account, id)
	if err != nil {
		return err
	}
	defer l.hashes.lock(m.SHA256)()
	return l.remove(ctx, m)
}

// remove is called with both locks held.
func (l *Library) remove(ctx context.Context, m wa.StoredMedia) error {
	if m.SHA256 != "" {
		if err := l.removeBytes(ctx, m); err != nil {
			return err
		}
	}
	if err := l.o.Store.DeleteMedia(ctx, m.AccountID, m.ID); err != nil {
		return err
	}
	l.arrivals.announce(m.ID)
	return nil
}

func (l *Library) removeBytes(ctx context.Context, m wa.StoredMedia) error {
	shared, err := l.o.Store.SharesBytes(ctx, m)
	if err != nil || shared {
		return err
	}
	if err := l.o.Blobs.Remove(ctx, m.SHA256); err != nil {
		return fmt.Errorf("remove media: %w", err)
	}
	return nil
}

// commit gives staged bytes their place and then writes the row that names
// them. If that surely failed, the bytes go again.
func (l *Library) commit(ctx context.Context, s Staged, row func(context.Context) error) error {
	ctx = context.WithoutCancel(ctx)
	defer l.hashes.lock(s.SHA256)()
	created, err := l.o.Blobs.Keep(ctx, s)
	if err != nil {
		return errors.Join(unavailable(err), l.o.Blobs.Drop(ctx, s))
	}
	err = row(ctx)
	if err != nil && created && wa.CodeOf(err) != wa.CodeUnavailable { // unavailable: the row may have been kept
		err = errors.Join(err, l.o.Blobs.Remove(ctx, s.SHA256))
	}
	return err
}

// unavailable is the error for blobs that cannot be written, as on a full disk.
func unavailable(err error) error {
	return &wa.Error{Code: wa.CodeUnavailable, Message: "media cannot be stored now", Err: err}
}
