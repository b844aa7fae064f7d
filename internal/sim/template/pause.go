package template

import (
	"slices"
	"time"

	"github.com/waypost/waypost/internal/sim/rule"
)

// Pausing and quotas.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/template-pausing (read 2026-09)
// https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/template-management (read 2026-09)
const (
	firstPause  = 3 * time.Hour
	secondPause = 6 * time.Hour
	lastPause   = 3 // the one that has no end

	maxEdits  = 10 // of an approved template …
	editsSpan = 30 * 24 * time.Hour
	editEvery = 24 * time.Hour

	nameLock = 30 * 24 * time.Hour // how long the name of a deleted template that was approved is taken
)

// Pause pauses an approved template as Meta does when its quality falls: the first time for three hours, the second time for
// six, and the third time for good, when it is DISABLED. It returns the template as it was and as it is, and the end of the
// pause, which is zero if there is none. It returns ErrNotFound if there is no such template, and false if it is not approved.
func (s *Store) Pause(id string, now time.Time) (before, after Template, until time.Time, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.find(id)
	if t == nil {
		return before, after, until, ErrNotFound
	}
	if t.Status != Approved {
		return *t, *t, until, rule.BadParameter("only an APPROVED template is paused, and this one is %s", t.Status)
	}
	before = *t
	t.pauses++
	t.draft++
	switch t.pauses {
	case 1:
		until = now.Add(firstPause)
	case 2:
		until = now.Add(secondPause)
	}
	t.setStatus(Paused)
	if t.pauses >= lastPause {
		t.setStatus(Disabled)
	}
	return before, *t, until, nil
}

// Resume ends a pause as it was then, if it is still that one.
func (s *Store) Resume(then Template) (Template, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.find(then.ID)
	if t == nil || t.Status != Paused || t.draft != then.draft {
		return Template{}, false
	}
	t.setStatus(Approved)
	return *t, true
}

// Unpause ends a pause because the business asks for it. Every error is a *rule.Error.
func (s *Store) Unpause(id string) (Template, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.find(id)
	if t == nil || t.Status != Paused {
		return Template{}, refuse(0, "Template Is Not Paused", "only a PAUSED template can be unpaused")
	}
	t.draft++
	t.setStatus(Approved)
	return *t, nil
}

// spend counts an edit of an approved template, or refuses it.
func (t *Template) spend(now time.Time) error {
	edits := slices.DeleteFunc(slices.Clone(t.edits), func(at time.Time) bool { return now.Sub(at) >= editsSpan })
	if n := len(edits); n > 0 && now.Sub(edits[n-1]) < editEvery {
		return refuse(0, "Message Templates Can Be Edited Once a Day", "an APPROVED template can be edited once in 24 hours")
	}
	if len(edits) >= maxEdits {
		return refuse(0, "Message Template Edit Limit Reached", "an APPROVED template can be edited %d times in 30 days", maxEdits)
	}
	t.edits = append(edits, now)
	return nil
}

// locked says whether a name is still taken by a template that was deleted. The lock must be held.
func (s *Store) locked(waba, name, language string, now time.Time) bool {
	gone, ok := s.gone[goneName{waba, name, language}]
	return ok && now.Sub(gone) < nameLock
}

// goneName is a name in a language that a deleted template had.
type goneName struct{ waba, name, language string }
