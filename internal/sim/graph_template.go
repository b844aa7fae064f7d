package sim

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/waypost/waypost/internal/sim/face"
	"github.com/waypost/waypost/internal/sim/rule"
	"github.com/waypost/waypost/internal/sim/template"
)

// createdAnswer is what a new template gets.
// Meta's Postman collection, "Create template …" (2025-09)
type createdAnswer struct {
	ID       string `json:"id"`
	Status   string `json:"status"`
	Category string `json:"category"`
}

// postTemplate takes a new template and puts its review on the schedule.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/reference/whatsapp-business-account/template-api (read 2026-09)
func (s *Sim) postTemplate(w http.ResponseWriter, r *http.Request, token string) error {
	waba, err := s.manage.OwnAccount(r, token)
	if err != nil {
		return err
	}
	body, err := face.ReadBody(w, r)
	if err != nil {
		return err
	}
	t, err := s.templates.Create(waba, body, s.now())
	if err != nil {
		return err
	}
	s.review(t)
	return face.WriteJSON(w, http.StatusOK, createdAnswer{ID: t.ID, Status: t.Status, Category: t.Category})
}

// review decides later about a template as it is now.
func (s *Sim) review(t template.Template) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.at(s.now().Add(s.timing.Review.draw(s.seed.Text("review").Text(t.ID))), func(now time.Time) {
		if after, ok := s.templates.Review(t); ok {
			s.emitUpdates(after.WABAID, now, template.StatusUpdate(after, after.Status, now))
		}
	})
}

// emitUpdates calls back about templates. The lock must be held.
func (s *Sim) emitUpdates(waba string, now time.Time, list ...template.Update) {
	for _, u := range list {
		s.emitField(Post{WABAID: waba, Field: u.Field}, u.Value, now)
	}
}

func (s *Sim) listTemplates(w http.ResponseWriter, r *http.Request, token string) error {
	waba, err := s.manage.OwnAccount(r, token)
	if err != nil {
		return err
	}
	page, err := s.templates.Page(waba, r.URL.Query(), s.manage.ListAddress(r))
	if err != nil {
		return err
	}
	return face.WriteJSON(w, http.StatusOK, page)
}

// editTemplate changes a template, which is then reviewed again.
func (s *Sim) editTemplate(w http.ResponseWriter, r *http.Request, token string) error {
	id := r.PathValue("object")
	t, ok := s.templates.Get(id)
	if !ok || !s.accounts.MayAccount(token, t.WABAID) {
		return rule.NoObject(r.Method, id)
	}
	body, err := face.ReadBody(w, r)
	if err != nil {
		return err
	}
	t, err = s.templates.Edit(id, body, s.now())
	if err != nil {
		return err
	}
	s.review(t)
	return face.WriteJSON(w, http.StatusOK, face.Success{Success: true})
}

func (s *Sim) deleteTemplates(w http.ResponseWriter, r *http.Request, token string) error {
	waba, err := s.manage.OwnAccount(r, token)
	if err != nil {
		return err
	}
	query := r.URL.Query()
	if query.Get("name") == "" {
		return rule.BadParameter("the parameter name is required")
	}
	now := s.now()
	gone, err := s.templates.Delete(waba, query.Get("name"), query.Get("hsm_id"), now)
	if err != nil {
		return err
	}
	s.mu.Lock()
	for _, t := range gone {
		s.emitUpdates(waba, now, template.StatusUpdate(t, template.Deleted, now))
	}
	s.mu.Unlock()
	return face.WriteJSON(w, http.StatusOK, face.Success{Success: true})
}

// PauseTemplate pauses an approved template as Meta does when its quality falls: three hours, then six, then for good. The pause
// ends by the simulator's clock. It returns ErrNotFound if there is no such template.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/template-pausing (read 2026-09)
func (s *Sim) PauseTemplate(id string) error {
	now := s.now()
	before, after, until, err := s.templates.Pause(id, now)
	if errors.Is(err, template.ErrNotFound) {
		return fmt.Errorf("template: %w", ErrNotFound)
	}
	if err != nil {
		return rule.Plainly(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.emitUpdates(after.WABAID, now, template.Updates(before, after, now)...)
	if !until.IsZero() {
		s.at(until, func(now time.Time) {
			if resumed, ok := s.templates.Resume(after); ok {
				s.emitUpdates(resumed.WABAID, now, template.StatusUpdate(resumed, template.Reinstated, now))
			}
		})
	}
	return nil
}

// unpauseTemplate ends a pause before its time.
func (s *Sim) unpauseTemplate(w http.ResponseWriter, r *http.Request, token string) error {
	id := r.PathValue("object")
	t, ok := s.templates.Get(id)
	if !ok || !s.accounts.MayAccount(token, t.WABAID) {
		return rule.NoObject(r.Method, id)
	}
	after, err := s.templates.Unpause(id)
	if err != nil {
		return err
	}
	now := s.now()
	s.mu.Lock()
	s.emitUpdates(after.WABAID, now, template.StatusUpdate(after, template.Reinstated, now))
	s.mu.Unlock()
	return face.WriteJSON(w, http.StatusOK, face.Success{Success: true})
}
