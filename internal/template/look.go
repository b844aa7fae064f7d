package template

import (
	"context"
	"sync"
	"time"

	"github.com/waypost/waypost/internal/wa"
)

// lookTimeout bounds how long a message waits for a look at Meta's list.
const lookTimeout = 2 * time.Second

// Look is [Library.Named] for a name without a copy, which may have been made at
// Meta a moment ago: the list is made once more. There is no copy if it does not
// come within two seconds, if it was made a moment ago, or if the last looks
// found nothing: a client that goes on with a wrong name must not use up the
// calls that Meta allows. Without an answer of Meta's there is no error.
func (l *Library) Look(ctx context.Context, src wa.Source, name string) ([]wa.StoredTemplate, error) {
	waba := key(src.AccountID, src.Number.WABAID)
	waiting, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	unlock, err := l.listing.lock(waiting, waba)
	if err != nil {
		return nil, ctx.Err()
	}
	defer unlock()
	if err := l.look(waiting, src); err != nil {
		l.warn(ctx, src, "there was no look at an unknown name", err)
		if waiting.Err() != nil && ctx.Err() == nil {
			l.lookAgain(ctx, src) // a long list: the next message has it
		}
	}
	list, err := l.Named(ctx, src, name)
	if len(list) > 0 {
		l.looks.forget(waba)
	}
	return list, err
}

// look makes the list, unless it is too soon for it.
func (l *Library) look(ctx context.Context, src wa.Source) error {
	now := l.Now()
	y, err := l.Store.TemplateSync(ctx, src.AccountID, src.Number.WABAID)
	if err != nil || now.Sub(y.SyncedAt) < distance || !l.looks.may(key(src.AccountID, src.Number.WABAID), now) {
		return err
	}
	_, err = l.sync(ctx, src.AccountID, src.Number.WABAID)
	return err
}

// looks are the WABAs that were looked at for a name in vain. Each look in vain
// doubles the time to the next, from distance to longestDistance.
type looks struct {
	mu sync.Mutex
	m  map[string]look
}

type look struct {
	next time.Time
	wait time.Duration
}

// may reports whether a WABA may be looked at, and counts it as in vain until
// it is forgotten.
func (s *looks) may(key string, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	last := s.m[key]
	if now.Before(last.next) {
		return false
	}
	if now.Sub(last.next) > longestDistance {
		last.wait = 0
	}
	last.wait = min(max(2*last.wait, distance), longestDistance)
	last.next = now.Add(last.wait)
	s.m[key] = last
	return true
}

func (s *looks) forget(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.m, key)
}
