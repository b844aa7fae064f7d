package sim

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/waypost/waypost/internal/sim/business"
	"github.com/waypost/waypost/internal/sim/ledger"
	"github.com/waypost/waypost/internal/sim/message"
	"github.com/waypost/waypost/internal/sim/rule"
)

const (
	appAlias     = "app" // Meta takes it for the app of the token
	uploadPrefix = "upload:"
	defaultAppID = "900000000000009"
)

// getObject answers for whatever has this id: the app, an upload, a template, a number, an account, or else a medium.
func (s *Sim) getObject(w http.ResponseWriter, r *http.Request, token string) error {
	if ok, err := s.onGroup(w, r, token); ok {
		return err
	}
	id, fields := r.PathValue("object"), r.URL.Query().Get("fields")
	var node map[string]any
	var err error
	t, isTemplate := s.templates.Get(id)
	n, nerr := s.ownNumber(r, token)
	switch {
	case id == appAlias || id == s.appID:
		node, err = s.accounts.AppNode(fields)
	case strings.HasPrefix(id, uploadPrefix):
		return s.showUpload(w, r, token)
	case isTemplate && s.accounts.MayAccount(token, t.WABAID):
		node, err = t.Node(fields)
	case nerr == nil:
		node, err = s.accounts.NumberNode(n.ID, fields, s.Callback().URL)
	case s.accounts.MayAccount(token, id):
		node, err = s.accounts.AccountNode(id, fields)
	default:
		return s.getMedia(w, r, token)
	}
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, node)
}

// postObject goes on with an upload, changes a number, or edits a template.
func (s *Sim) postObject(w http.ResponseWriter, r *http.Request, token string) error {
	if strings.HasPrefix(r.PathValue("object"), uploadPrefix) {
		return s.putUpload(w, r, token)
	}
	if ok, err := s.onGroup(w, r, token); ok {
		return err
	}
	if _, err := s.ownNumber(r, token); err == nil {
		return s.forNumber(s.changeNumber)(w, r, token)
	}
	return s.editTemplate(w, r, token)
}

// debugToken tells whose a token is; here every token is its own and of the one app.
// https://developers.facebook.com/docs/graph-api/reference/debug_token (read 2026-09)
func (s *Sim) debugToken(w http.ResponseWriter, r *http.Request, _ string) error {
	asked := r.URL.Query().Get("input_token")
	return writeJSON(w, http.StatusOK, map[string]any{"data": map[string]any{
		"app_id": s.appID, "type": "SYSTEM_USER", "is_valid": s.accounts.Knows(asked), "expires_at": 0,
		"scopes": []string{"whatsapp_business_management", "whatsapp_business_messaging"},
	}})
}

// listNumbersOf lists the numbers of an account.
// Meta's Postman collection, "Get Phone Numbers" (2025-09)
func (s *Sim) listNumbersOf(w http.ResponseWriter, r *http.Request, token string) error {
	waba, err := s.ownWABA(r, token)
	if err != nil {
		return err
	}
	page, err := s.accounts.Page(token, waba, r.URL.Query(), s.address(r), s.Callback().URL)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, page)
}

func (s *Sim) getProfile(w http.ResponseWriter, r *http.Request, token string) error {
	n, err := s.ownNumber(r, token)
	if err != nil {
		return err
	}
	node, err := s.records.Profile(n.ID, r.URL.Query().Get("fields"))
	if err != nil {
		return err
	}
	delete(node, "id")
	return writeJSON(w, http.StatusOK, map[string]any{"data": []any{node}})
}

func (s *Sim) postProfile(w http.ResponseWriter, r *http.Request, token string) error {
	n, err := s.ownNumber(r, token)
	if err != nil {
		return err
	}
	body, err := readBody(w, r)
	if err != nil {
		return err
	}
	if err := s.records.SetProfile(n.ID, body); err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, successAnswer{Success: true})
}

func (s *Sim) listBlocked(w http.ResponseWriter, r *http.Request, token string) error {
	n, err := s.ownNumber(r, token)
	if err != nil {
		return err
	}
	page, err := s.records.Blocked(n.ID, r.URL.Query(), s.address(r))
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, page)
}

// changeBlocked blocks with POST and unblocks with DELETE. When some users failed, the answer is a 400 that has both the error
// and what was done.
func (s *Sim) changeBlocked(w http.ResponseWriter, r *http.Request, token string) error {
	n, err := s.ownNumber(r, token)
	if err != nil {
		return err
	}
	body, err := readBody(w, r)
	if err != nil {
		return err
	}
	recent := s.recentWriters(n)
	wrote := func(user string) bool { return recent[user] }
	b, err := s.records.Block(n.ID, body, r.Method == http.MethodDelete, plainPhone, wrote)
	if err != nil {
		return err
	}
	if b.Err == nil {
		return writeJSON(w, http.StatusOK, b)
	}
	return writeJSON(w, b.Err.Status, struct {
		business.Blocking
		errorBody
	}{b, s.errorAnswer(b.Err)})
}

// recentWriters are the users whose window is open. They are collected at once, because the records' lock is taken with the
// Sim's lock held and so never the other way round.
func (s *Sim) recentWriters(n Number) map[string]bool {
	now, recent := s.now(), map[string]bool{}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.book.Phones() {
		recent[p.Number] = p.MayReceive(n.ID, now)
	}
	return recent
}

// beginUpload opens a resumable upload.
// https://developers.facebook.com/docs/graph-api/guides/upload (read 2026-09)
func (s *Sim) beginUpload(w http.ResponseWriter, r *http.Request, token string) error {
	if id := r.PathValue("object"); id != appAlias && id != s.appID {
		return rule.NoObject(r.Method, id)
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxJSONBody)
	if err := r.ParseForm(); err != nil {
		return rule.BadParameter("the form is broken: %s", err)
	}
	id, err := s.records.BeginUpload(r.Form, token)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, map[string]string{"id": id})
}

func (s *Sim) putUpload(w http.ResponseWriter, r *http.Request, token string) error {
	body := http.MaxBytesReader(w, r.Body, maxUploadBody)
	handle, err := s.records.Upload(r.PathValue("object"), token, r.Header.Get("File_offset"), body)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, map[string]string{"h": handle})
}

func (s *Sim) showUpload(w http.ResponseWriter, r *http.Request, token string) error {
	id := r.PathValue("object")
	have, err := s.records.Offset(id, token)
	if err != nil {
		return err
	}
	if sig := r.URL.Query().Get("sig"); sig != "" {
		id += "?" + url.Values{"sig": {sig}}.Encode()
	}
	return writeJSON(w, http.StatusOK, map[string]any{"id": id, "file_offset": have})
}

// countTemplates counts what became of the simulator's own sends.
func (s *Sim) countTemplates(w http.ResponseWriter, r *http.Request, token string) error {
	waba, err := s.ownWABA(r, token)
	if err != nil {
		return err
	}
	page, err := business.CountTemplates(r.URL.Query(), s.steps(waba))
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, page)
}

// steps lists every status of every template message of an account.
func (s *Sim) steps(waba string) (list []business.Step) {
	for _, m := range s.ledger.Messages(ledger.Filter{Type: message.TypeTemplate, Direction: ledger.Out, Outcome: ledger.Accepted}) {
		if n, ok := s.accounts.ByID(m.NumberID); !ok || n.WABAID != waba {
			continue
		}
		for _, step := range m.Statuses {
			list = append(list, business.Step{TemplateID: m.TemplateID, Name: step.Name, At: step.At})
		}
	}
	return list
}
