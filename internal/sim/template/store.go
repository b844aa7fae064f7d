package template

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/waypost/waypost/internal/sim/rule"
)

// What Meta calls the states, and the categories.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/message_template_status_update (read 2026-09)
const (
	Approved = "APPROVED"
	Pending  = "PENDING"
	Rejected = "REJECTED"
	Paused   = "PAUSED"
	Disabled = "DISABLED"
	Deleted  = "DELETED" // in callbacks only

	Reinstated = "REINSTATED" // in callbacks only: a pause has ended

	Marketing      = "MARKETING"
	Utility        = "UTILITY"
	Authentication = "AUTHENTICATION"

	formatNamed      = "NAMED"
	formatPositional = "POSITIONAL"
)

// ErrNotFound is returned for a template that is not there.
var ErrNotFound = errors.New("not found")

// Template is one template in one language. Values are copies; the store keeps the original.
type Template struct {
	ID               string          `json:"id"`
	WABAID           string          `json:"waba_id"`
	Name             string          `json:"name"`
	Language         string          `json:"language"`
	Category         string          `json:"category"`
	PreviousCategory string          `json:"previous_category,omitempty"`
	Status           string          `json:"status"`
	Quality          string          `json:"quality"` // GREEN, YELLOW, RED or UNKNOWN
	RejectedReason   string          `json:"rejected_reason"`
	Format           string          `json:"parameter_format"` // POSITIONAL or NAMED
	TTL              int             `json:"message_send_ttl_seconds,omitempty"`
	Components       json.RawMessage `json:"components"`

	parts []component // Components, decoded
	seq   int         // the order of lists
	draft int         // counts edits and changes of state, so that a review or a pause ends only what it began with

	edits    []time.Time // of the template while it was approved
	pauses   int         // for its quality
	approved bool        // it is, or once was
}

// Store keeps the templates. Its methods may be called from many goroutines.
type Store struct {
	mu    sync.Mutex
	list  []*Template // in order of creation
	made  int
	newID func() string
	gone  map[goneName]time.Time // approved templates that were deleted, and when
}

// NewStore makes a store in which every account has the usual templates. newID makes ids of digits; it is called under the
// store's lock.
func NewStore(wabas []string, newID func() string) *Store {
	s := &Store{}
	s.Reset(wabas, newID)
	return s
}

// Reset puts a store back to what NewStore makes.
func (s *Store) Reset(wabas []string, newID func() string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list, s.made, s.newID, s.gone = nil, 0, newID, map[goneName]time.Time{}
	for _, waba := range wabas {
		for _, t := range usual() {
			t.WABAID = waba
			s.add(t)
		}
	}
}

// add gives a template its id and keeps it. The lock must be held.
func (s *Store) add(t Template) Template {
	s.made++
	t.seq, t.ID = s.made, s.newID()
	for s.find(t.ID) != nil {
		t.ID = s.newID()
	}
	t.parts, t.approved = parse(t.Components), t.Status == Approved
	s.list = append(s.list, &t)
	return t
}

// find returns the template with this id, or nil. The lock must be held.
func (s *Store) find(id string) *Template {
	for _, t := range s.list {
		if t.ID == id {
			return t
		}
	}
	return nil
}

// named returns the template of this name and language, or nil. The lock must be held.
func (s *Store) named(waba, name, language string) *Template {
	for _, t := range s.list {
		if t.WABAID == waba && t.Name == name && t.Language == language {
			return t
		}
	}
	return nil
}

// Create takes a new template as Meta does; it is then PENDING. Every error is a *rule.Error.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/reference/whatsapp-business-account/template-api (read 2026-09)
func (s *Store) Create(waba string, raw json.RawMessage, now time.Time) (Template, error) {
	t, err := read(raw)
	if err != nil {
		return Template{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.named(waba, t.Name, t.Language) != nil {
		return Template{}, refuse(subcodeExists, "Content in This Language Already Exists",
			"there is already a template %s in %s: use another name or language, or edit the one there is", t.Name, t.Language)
	}
	if s.locked(waba, t.Name, t.Language, now) {
		return Template{}, refuse(subcodeLocked, "Message Template Language Is Being Deleted",
			"%s in %s was deleted within the last 30 days: use another name or language", t.Name, t.Language)
	}
	t.WABAID = waba
	return s.add(t), nil
}

// Put places a template at once, in any state, and takes away one of the same name and language. What Meta would refuse in it is
// refused here too, except that examples may be missing.
func (s *Store) Put(waba string, raw json.RawMessage, status string) (Template, error) {
	t, err := readLoosely(raw)
	if err != nil {
		return Template{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if old := s.named(waba, t.Name, t.Language); old != nil {
		s.remove(old)
	}
	t.WABAID, t.Status = waba, status
	return s.add(t), nil
}

// Get returns a template by its id.
func (s *Store) Get(id string) (Template, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t := s.find(id); t != nil {
		return *t, true
	}
	return Template{}, false
}

// Filter says which templates a list is to have; an empty field says nothing.
type Filter struct{ WABAID, Name, Language, Status, Category string }

// List returns the templates that pass, in order of creation.
func (s *Store) List(f Filter) []Template {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []Template
	pass := func(wish, have string) bool { return wish == "" || strings.EqualFold(wish, have) }
	for _, t := range s.list {
		if pass(f.WABAID, t.WABAID) && pass(f.Name, t.Name) && pass(f.Language, t.Language) &&
			pass(f.Status, t.Status) && pass(f.Category, t.Category) {
			list = append(list, *t)
		}
	}
	return list
}

// Edit changes components, category or time to live; the template is then PENDING again. An APPROVED template can be edited once
// in 24 hours and ten times in 30 days. Every error is a *rule.Error.
func (s *Store) Edit(id string, raw json.RawMessage, now time.Time) (Template, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.find(id)
	if t == nil {
		return Template{}, rule.NoObject(http.MethodPost, id)
	}
	if t.Status != Approved && t.Status != Rejected && t.Status != Paused {
		return Template{}, refuse(0, "Template cannot be edited", "only an APPROVED, REJECTED or PAUSED template can be edited, and this one is %s", t.Status)
	}
	changed, err := readEdit(*t, raw)
	if err != nil {
		return Template{}, err
	}
	if t.Status == Approved && changed.Category != t.Category {
		return Template{}, refuse(0, "Category cannot be changed", "the category of an APPROVED template cannot be edited")
	}
	if t.Status == Approved {
		if err := changed.spend(now); err != nil {
			return Template{}, err
		}
	}
	changed.Status, changed.RejectedReason = Pending, ""
	changed.draft++
	changed.parts = parse(changed.Components)
	*t = changed
	return changed, nil
}

// Delete removes the templates of a name in all languages, or only the one with the id. The name of one that was approved cannot be
// used for 30 days. Every error is a *rule.Error.
func (s *Store) Delete(waba, name, id string, now time.Time) ([]Template, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var gone []Template
	for _, t := range slices.Clone(s.list) {
		if t.WABAID == waba && t.Name == name && (id == "" || t.ID == id) {
			gone = append(gone, *t)
			if t.approved {
				s.gone[goneName{waba, t.Name, t.Language}] = now
			}
			s.remove(t)
		}
	}
	if len(gone) == 0 {
		return nil, refuse(subcodeNotFound, "Message Template Not Found", "there is no template with that name and id")
	}
	return gone, nil
}

func (s *Store) remove(old *Template) {
	s.list = slices.DeleteFunc(s.list, func(t *Template) bool { return t == old })
}

// Review ends the review of a template as it was then: it is rejected if its name says so, and approved otherwise. It returns
// false if there is nothing to review any more.
func (s *Store) Review(then Template) (Template, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.find(then.ID)
	if t == nil || t.Status != Pending || t.draft != then.draft {
		return Template{}, false
	}
	t.setStatus(Approved)
	if strings.Contains(t.Name, "reject") {
		t.setStatus(Rejected)
	}
	return *t, true
}

func (t *Template) setStatus(status string) {
	t.Status, t.RejectedReason = status, "NONE"
	t.approved = t.approved || status == Approved
	if status == Rejected {
		t.RejectedReason = reasonRejected
	}
}

// Change is what a person may do to a template from outside; nil leaves things as they are.
type Change struct {
	Status   *string `json:"status"`
	Category *string `json:"category"`
	Quality  *string `json:"quality"`
}

// Change changes a template and returns it as it was and as it is. It returns ErrNotFound if there is none.
func (s *Store) Change(id string, c Change) (before, after Template, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.find(id)
	if t == nil {
		return before, after, ErrNotFound
	}
	if err := c.check(); err != nil {
		return before, after, err
	}
	before = *t
	if c.Status != nil {
		t.setStatus(*c.Status)
		t.draft++
	}
	if c.Category != nil && *c.Category != t.Category {
		t.PreviousCategory, t.Category = t.Category, *c.Category
	}
	if c.Quality != nil {
		t.Quality = *c.Quality
	}
	return before, *t, nil
}

func (c Change) check() error {
	for _, wish := range []struct {
		name string
		got  *string
		may  []string
	}{
		{"status", c.Status, Statuses()},
		{"category", c.Category, categories()},
		{"quality", c.Quality, []string{"GREEN", "YELLOW", "RED", "UNKNOWN"}},
	} {
		if wish.got != nil && !slices.Contains(wish.may, *wish.got) {
			return errors.New(wish.name + ": give one of " + strings.Join(wish.may, ", "))
		}
	}
	return nil
}

// Statuses are the states that a template can be in.
func Statuses() []string {
	return []string{
		Approved, Pending, Rejected, Paused, Disabled, "IN_APPEAL", "LIMIT_EXCEEDED", "ARCHIVED", "FLAGGED", "LOCKED", "PENDING_DELETION",
	}
}

func categories() []string { return []string{Marketing, Utility, Authentication} }
