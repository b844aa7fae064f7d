package sim

import (
	"encoding/json"
	"fmt"

	"github.com/waypost/waypost/internal/sim/account"
	"github.com/waypost/waypost/internal/sim/fault"
	"github.com/waypost/waypost/internal/sim/group"
	"github.com/waypost/waypost/internal/sim/media"
	"github.com/waypost/waypost/internal/sim/phone"
	"github.com/waypost/waypost/internal/sim/template"
)

// The methods of this file are for package control, which shows and changes what a Sim is made of.

// Accounts returns the business accounts and numbers.
func (s *Sim) Accounts() *account.Directory { return s.accounts }

// Templates returns the message templates. What is changed there is not called back.
func (s *Sim) Templates() *template.Store { return s.templates }

// Groups returns the groups.
func (s *Sim) Groups() *group.Store { return s.groups }

// Faults returns the profile and the script of faults.
func (s *Sim) Faults() *fault.Faults { return s.faults }

// MediaStore returns the bytes of media.
func (s *Sim) MediaStore() *media.Store { return s.media }

// Address returns where Graph is reached and the app that every token belongs to.
func (s *Sim) Address() (graphURL, appID string) { return s.graphURL, s.appID }

// Throughput is how many messages a second each number may send and receive.
func (s *Sim) Throughput() int64 { return s.perSecond.Load() }

// SnapshotJSON is the snapshot as JSON.
func (s *Sim) SnapshotJSON() ([]byte, error) {
	data, err := json.Marshal(s.Snapshot())
	if err != nil {
		return nil, fmt.Errorf("encode snapshot: %w", err)
	}
	return data, nil
}

// ShownPhones returns every phone as it is shown, in the order of their numbers.
func (s *Sim) ShownPhones() []phone.Shown {
	now, list := s.now(), []phone.Shown{}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.book.Phones() {
		list = append(list, p.Shown(now))
	}
	return list
}

// SeePhone returns a phone as it is shown. It returns ErrNotFound if the number was never used.
func (s *Sim) SeePhone(number string) (phone.Shown, error) {
	now := s.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	p, err := s.knownPhone(number)
	if err != nil {
		return phone.Shown{}, err
	}
	return p.Shown(now), nil
}

// Seen lists the first messages of all phones that match, at most so many.
func (s *Sim) Seen(wish phone.Query, most int) []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.book.All(wish, most)
}

// Seq is the number of the last message.
func (s *Sim) Seq() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.book.Seq()
}

// Settings returns what holds for all phones.
func (s *Sim) Settings() PhoneSettings {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.book.Settings
}

// SetSettings changes what holds for all phones.
func (s *Sim) SetSettings(settings PhoneSettings) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.book.Settings = settings
}

// Scripts returns the scripted answers.
func (s *Sim) Scripts() []Script {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.scripts.List()
}

// CallBack calls back any field of an account with a value. It returns the number of the callback in the ledger; 0 if it has none yet.
func (s *Sim) CallBack(waba, field string, value json.RawMessage) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.emitField(Post{WABAID: waba, Field: field}, value, s.now())
}

// ChangeTemplate does what Meta does to a template by itself, and calls it back. It returns template.ErrNotFound if there is none.
func (s *Sim) ChangeTemplate(id string, wish template.Change) (template.Template, error) {
	before, after, err := s.templates.Change(id, wish)
	if err != nil {
		return after, err
	}
	now := s.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.emitUpdates(after.WABAID, now, template.Updates(before, after, now)...)
	return after, nil
}
