package sim

import (
	"net/http"
	"time"

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
	waba, err := s.ownWABA(r, token)
	if err != nil {
		return err
	}
	body, err := readBody(w, r)
	if err != nil {
		return err
	}
	t, err := s.templates.Create(waba, body)
	if err != nil {
		return err
	}
	s.review(t)
	return writeJSON(w, http.StatusOK, createdAnswer{ID: t.ID, Status: t.Status, Category: t.Category})
}

// review decides later about a template as it is now.
func (s *Sim) review(t template.Template) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.at(time.Now().Add(s.random.between(s.timing.Review)), func(now time.Time) {
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
	waba, err := s.ownWABA(r, token)
	if err != nil {
		return err
	}
	page, err := s.templates.Page(waba, r.URL.Query(), s.address(r))
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, page)
}

// address is where a client finds the list it is reading.
func (s *Sim) address(r *http.Request) string { return s.graphURL + r.URL.Path }

// editTemplate changes a template, which is then reviewed again.
func (s *Sim) editTemplate(w http.ResponseWriter, r *http.Request, token string) error {
	id := r.PathValue("object")
	t, ok := s.templates.Get(id)
	if !ok || !s.mayUse(t.WABAID, token) {
		return rule.NoObject(r.Method, id)
	}
	body, err := readBody(w, r)
	if err != nil {
		return err
	}
	t, err = s.templates.Edit(id, body)
	if err != nil {
		return err
	}
	s.review(t)
	return writeJSON(w, http.StatusOK, successAnswer{Success: true})
}

func (s *Sim) deleteTemplates(w http.ResponseWriter, r *http.Request, token string) error {
	waba, err := s.ownWABA(r, token)
	if err != nil {
		return err
	}
	query := r.URL.Query()
	if query.Get("name") == "" {
		return rule.BadParameter("the parameter name is required")
	}
	gone, err := s.templates.Delete(waba, query.Get("name"), query.Get("hsm_id"))
	if err != nil {
		return err
	}
	now := time.Now()
	s.mu.Lock()
	for _, t := range gone {
		s.emitUpdates(waba, now, template.StatusUpdate(t, template.Deleted, now))
	}
	s.mu.Unlock()
	return writeJSON(w, http.StatusOK, successAnswer{Success: true})
}
