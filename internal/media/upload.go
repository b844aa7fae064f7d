package media

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"sync/atomic"
	"time"

	"github.com/waypost/waypost/internal/store"
	"github.com/waypost/waypost/internal/wa"
)

// renewBefore is how long before Meta forgets an upload it is made anew: a
// message may wait for its turn after the id was asked for.
const renewBefore = 24 * time.Hour

// pendingAfter is when a message looks again for a media that is being fetched.
const pendingAfter = 5 * time.Second

// MetaID returns Meta's id of a media for a number, and uploads the media if
// Meta does not have it or will forget it soon. Callers who want the same at the
// same time share one upload. A *wa.OutcomeError says what it means for a
// message: rejected for a media that there is not, with the cause in Err if it
// was not deleted but lost; later for one still being fetched; else what the
// [Uploader] said.
func (l *Library) MetaID(ctx context.Context, n wa.Number, account wa.AccountID, id wa.MediaID) (string, error) {
	m, err := l.Stat(ctx, account, id)
	if wa.CodeOf(err) == wa.CodeNotFound {
		return "", gone()
	}
	if err != nil {
		return "", fmt.Errorf("meta id: %w", err)
	}
	switch m.State {
	case wa.MediaReady:
	case wa.MediaLost:
		return "", gone()
	case wa.MediaPending:
		return "", &wa.OutcomeError{Outcome: wa.Outcome{
			Kind: wa.OutcomeLater, After: pendingAfter,
			Failure: wa.Failure{Title: "the media is still being fetched"},
		}}
	}
	return l.uploads.do(ctx, keyOf(n, m), func(ctx context.Context) (string, error) {
		return l.upload(ctx, n, m)
	})
}

func keyOf(n wa.Number, m wa.StoredMedia) store.UploadKey {
	return store.UploadKey{AccountID: m.AccountID, NumberID: n.ID, SHA256: m.SHA256, MIMEType: m.MIMEType}
}

// gone is the outcome for a media that cannot be sent any more, in the vendor's
// words for it.
func gone() *wa.OutcomeError {
	return &wa.OutcomeError{Outcome: wa.Outcome{
		Kind:    wa.OutcomeRejected,
		Failure: wa.Failure{VendorCode: vendorMedia, Title: "Invalid Media id or bad media"},
	}}
}

// vendorMedia is the vendor's code for a media that is of no use.
const vendorMedia = "8008"

// errNoBytes is in the chain of the error for a media whose bytes are not in
// their place.
var errNoBytes = errors.New("the media has no bytes")

// missing is what there is to say of a media whose bytes are not in their place:
// it may have been deleted since its row was read, else they are lost.
func (l *Library) missing(ctx context.Context, m wa.StoredMedia) error {
	e := gone()
	if _, err := l.Stat(ctx, m.AccountID, m.ID); wa.CodeOf(err) != wa.CodeNotFound {
		e.Err = fmt.Errorf("the bytes of media %s: %w", m.ID, fs.ErrNotExist)
	}
	return fmt.Errorf("%w: %w", errNoBytes, e)
}

func (l *Library) upload(ctx context.Context, n wa.Number, m wa.StoredMedia) (string, error) {
	key := keyOf(n, m)
	u, err := l.o.Store.MetaUpload(ctx, key, l.o.Now().Add(renewBefore))
	if err == nil {
		return u.MetaID, nil
	}
	if wa.CodeOf(err) != wa.CodeNotFound {
		return "", fmt.Errorf("meta id: %w", err)
	}
	var notThere atomic.Bool
	file := wa.File{
		Name: m.Filename, MIMEType: m.MIMEType, Size: m.Size,
		Open: func() (io.ReadCloser, error) {
			body, err := l.o.Blobs.Open(ctx, m.SHA256)
			if errors.Is(err, fs.ErrNotExist) {
				notThere.Store(true)
			}
			return body, err
		},
	}
	if file.Name == "" {
		file.Name = "file" // a part of a form without a file name is no file
	}
	u, err = l.o.Uploader.UploadMedia(ctx, n, file)
	if err != nil && notThere.Load() {
		return "", l.missing(ctx, m)
	}
	if err != nil {
		return "", fmt.Errorf("upload media: %w", err)
	}
	if err := l.o.Store.SaveMetaUpload(ctx, key, u); err != nil {
		return "", fmt.Errorf("upload media: %w", err)
	}
	return u.MetaID, nil
}

// Forget drops an id that Meta no longer knows, so that the next MetaID uploads
// the media again. If the media has another id by now, it keeps that: many
// messages may be refused for one id.
func (l *Library) Forget(ctx context.Context, n wa.Number, account wa.AccountID, id wa.MediaID, metaID string) error {
	m, err := l.o.Store.Media(ctx, account, id)
	if wa.CodeOf(err) == wa.CodeNotFound {
		return nil // nobody will ask for it
	}
	if err == nil {
		_, err = l.o.Store.ForgetMetaUpload(ctx, keyOf(n, m), metaID)
	}
	if err != nil {
		return fmt.Errorf("forget upload: %w", err)
	}
	return nil
}
