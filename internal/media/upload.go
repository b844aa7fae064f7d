package media

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/waypost/waypost/internal/wa"
)

// renewBefore is how long before Meta forgets an upload it is made anew: a
// message may wait for its turn after the id was asked for.
const renewBefore = 24 * time.Hour

// pendingAfter is when a message looks again for a media that is being fetched.
const pendingAfter = 5 * time.Second

// uploadKey is what an upload at Meta is good for. An account has its own even
// where two share a number: each uploads with its own token.
type uploadKey struct {
	account  wa.AccountID
	numberID string
	sha256   string
}

// MetaID returns Meta's id of a media for a number, and uploads the media if
// Meta does not have it or will forget it soon. Callers who want the same at the
// same time share one upload. A *wa.OutcomeError says what it means for a
// message: rejected for a media that there is not, later for one still being
// fetched, else what the [Uploader] said.
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
	return l.uploads.do(ctx, uploadKey{account, n.ID, m.SHA256}, func(ctx context.Context) (string, error) {
		return l.upload(ctx, n, m)
	})
}

// gone is the outcome for a media that cannot be sent any more, in the vendor's
// words for it.
func gone() error {
	return &wa.OutcomeError{Outcome: wa.Outcome{
		Kind:    wa.OutcomeRejected,
		Failure: wa.Failure{VendorCode: "8008", Title: "Invalid Media id or bad media"},
	}}
}

func (l *Library) upload(ctx context.Context, n wa.Number, m wa.StoredMedia) (string, error) {
	u, err := l.o.Store.MetaUpload(ctx, m.AccountID, n.ID, m.SHA256, l.o.Now().Add(renewBefore))
	if err == nil {
		return u.MetaID, nil
	}
	if wa.CodeOf(err) != wa.CodeNotFound {
		return "", fmt.Errorf("meta id: %w", err)
	}
	file := wa.File{
		Name: m.Filename, MIMEType: m.MIMEType, Size: m.Size,
		Open: func() (io.ReadCloser, error) { return l.o.Blobs.Open(ctx, m.SHA256) },
	}
	if file.Name == "" {
		file.Name = "file" // a part of a form without a file name is no file
	}
	u, err = l.o.Uploader.UploadMedia(ctx, n, file)
	if err != nil {
		return "", fmt.Errorf("upload media: %w", err)
	}
	if err := l.o.Store.SaveMetaUpload(ctx, m.AccountID, n.ID, m.SHA256, u); err != nil {
		return "", fmt.Errorf("upload media: %w", err)
	}
	return u.MetaID, nil
}

// Forget drops what is known of a media at Meta, so that the next MetaID
// uploads it again.
func (l *Library) Forget(ctx context.Context, n wa.Number, account wa.AccountID, id wa.MediaID) error {
	m, err := l.o.Store.Media(ctx, account, id)
	if wa.CodeOf(err) == wa.CodeNotFound {
		return nil // nobody will ask for it
	}
	if err == nil {
		err = l.o.Store.ForgetMetaUpload(ctx, account, n.ID, m.SHA256)
	}
	if err != nil {
		return fmt.Errorf("forget upload: %w", err)
	}
	return nil
}
