package inbox

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/waypost/waypost/internal/wa"
)

// secrets remembers the app secrets for a moment: to read them, the store
// decrypts every source.
type secrets struct {
	mu    sync.Mutex
	known []wa.Secret
	reads int       // how often they were read
	read  time.Time // when last
	// sought is when they were last read although they were remembered.
	sought time.Time
}

const (
	// rememberFor is how long they are remembered. No harm comes of one whose
	// source is gone: what its app says is checked again when it is applied.
	rememberFor = 5 * time.Second
	// seekEvery is how often they are read for a signature that none of those
	// remembered has made. It may be of a new source, but anybody can send one.
	seekEvery = time.Second
)

// known reports whether any app known here signed the body.
func (in *Inbox) known(ctx context.Context, body []byte, signature string) (bool, error) {
	signs := func(secret wa.Secret) bool { return in.Verify(body, signature, secret) }
	remembered, reads := in.secrets.remembered(in.Now())
	if slices.ContainsFunc(remembered, signs) {
		return true, nil
	}
	newer, err := in.secrets.after(ctx, reads, in.Now(), in.Sources.AppSecrets)
	return slices.ContainsFunc(newer, signs), err
}

// remembered returns the secrets, or none if they are too old, and which read
// that was.
func (s *secrets) remembered(now time.Time) ([]wa.Secret, int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now.Sub(s.read) >= rememberFor {
		return nil, s.reads
	}
	return s.known, s.reads
}

// after returns the secrets of a later read than that one: somebody else's, or
// one of its own, or none if it is too early for that.
func (s *secrets) after(
	ctx context.Context, reads int, now time.Time, read func(context.Context) ([]wa.Secret, error),
) ([]wa.Secret, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.reads != reads {
		return s.known, nil
	}
	if now.Sub(s.read) < rememberFor {
		if now.Sub(s.sought) < seekEvery {
			return nil, nil
		}
		s.sought = now
	}
	all, err := read(ctx)
	if err != nil {
		return nil, err
	}
	s.known, s.read = all, now
	s.reads++
	return all, nil
}
