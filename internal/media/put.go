package media

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/waypost/waypost/internal/wa"
)

// Put takes a file in. The bytes say what it is; the declared type and the name
// may be missing. Nothing is kept of a file that is refused or does not arrive
// whole. CodeInvalid, CodeTooLarge, CodeUnavailable; an error of r's is in the
// chain of what is returned.
func (l *Library) Put(ctx context.Context, account wa.AccountID, filename, declaredType string, r io.Reader) (wa.StoredMedia, error) {
	src := &source{r: r}
	f, staged, err := l.takeIn(ctx, src, filename, declaredType, func(format) error { return nil })
	if err != nil {
		return wa.StoredMedia{}, src.blame(err)
	}
	m := wa.StoredMedia{
		ID: wa.NewID[wa.MediaID](), AccountID: account, State: wa.MediaReady, Kind: f.kind, MIMEType: f.mime,
		SHA256: staged.SHA256, Size: staged.Size, Filename: cleanName(filename), CreatedAt: l.o.Now(),
	}
	if err := l.commit(ctx, staged, func(ctx context.Context) error { return l.o.Store.CreateMedia(ctx, m) }); err != nil {
		return wa.StoredMedia{}, fmt.Errorf("put media: %w", err)
	}
	return m, nil
}

// takeIn stages what is read, unless it is nothing that Meta takes, or nothing
// that suits.
func (l *Library) takeIn(ctx context.Context, r io.Reader, filename, declared string, suits func(format) error) (format, Staged, error) {
	head, err := io.ReadAll(io.LimitReader(r, sniffLength))
	if err != nil {
		return format{}, Staged{}, err
	}
	f, err := sniff(head, filename, declared)
	if err == nil {
		err = suits(f)
	}
	if err != nil {
		return format{}, Staged{}, err
	}
	whole := io.MultiReader(bytes.NewReader(head), r)
	body, err := checkPixels(f, &capped{r: whole, left: f.limit + 1, err: f.tooLarge()})
	if err != nil {
		return format{}, Staged{}, err
	}
	staged, err := l.o.Blobs.Stage(ctx, body)
	return f, staged, err
}

// source remembers with what error a reader ended, so that it can be told from
// an error of the disk, and repeats it.
type source struct {
	r   io.Reader
	err error
}

func (s *source) Read(p []byte) (int, error) {
	if s.err != nil {
		return 0, s.err
	}
	n, err := s.r.Read(p)
	s.err = err
	return n, err
}

// blame says whose error it was: the file's, the reader's or the disk's.
func (s *source) blame(err error) error {
	if refusal, ok := errors.AsType[*wa.Error](err); ok {
		return refusal
	}
	if (s.err != nil && !errors.Is(s.err, io.EOF)) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("read media: %w", err)
	}
	return unavailable(err)
}

// capped ends with err as soon as more has come than may; left is one byte more
// than that.
type capped struct {
	r    io.Reader
	left int64
	err  error
}

func (c *capped) Read(p []byte) (int, error) {
	if c.left <= 0 {
		return 0, c.err
	}
	n, err := c.r.Read(p[:min(int64(len(p)), c.left)])
	if c.left -= int64(n); c.left <= 0 {
		return n, c.err
	}
	return n, err
}
