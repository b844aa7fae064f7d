package manage

import (
	"net/http"
	"net/url"

	"github.com/waypost/waypost/internal/sim/business"
	"github.com/waypost/waypost/internal/sim/face"
	"github.com/waypost/waypost/internal/sim/ledger"
	"github.com/waypost/waypost/internal/sim/media"
	"github.com/waypost/waypost/internal/sim/message"
	"github.com/waypost/waypost/internal/sim/rule"
)

// Ids that are not numbers of ours.
const (
	AppAlias     = "app"             // Meta takes it for the app of the token
	UploadPrefix = "upload:"         // of a resumable upload
	DefaultAppID = "900000000000009" // of the app that nobody named
)

// debugToken tells whose a token is; here every token is its own and of the one app.
// https://developers.facebook.com/docs/graph-api/reference/debug_token (read 2026-09)
func (s *Face) debugToken(w http.ResponseWriter, r *http.Request, _ string) error {
	asked := r.URL.Query().Get("input_token")
	return face.WriteJSON(w, http.StatusOK, map[string]any{"data": s.Accounts.TokenNode(asked)})
}

// listNumbersOf lists the numbers of an account.
// Meta's Postman collection, "Get Phone Numbers" (2025-09)
func (s *Face) listNumbersOf(w http.ResponseWriter, r *http.Request, token string) error {
	waba, err := s.OwnAccount(r, token)
	if err != nil {
		return err
	}
	page, err := s.Accounts.Page(token, waba, r.URL.Query(), s.ListAddress(r), s.Callback().URL)
	if err != nil {
		return err
	}
	return face.WriteJSON(w, http.StatusOK, page)
}

func (s *Face) getProfile(w http.ResponseWriter, r *http.Request, token string) error {
	n, err := s.OwnNumber(r, token)
	if err != nil {
		return err
	}
	node, err := s.Records.Profile(n.ID, r.URL.Query().Get("fields"))
	if err != nil {
		return err
	}
	delete(node, "id")
	return face.WriteJSON(w, http.StatusOK, map[string]any{"data": []any{node}})
}

func (s *Face) postProfile(w http.ResponseWriter, r *http.Request, token string) error {
	n, err := s.OwnNumber(r, token)
	if err != nil {
		return err
	}
	body, err := face.ReadBody(w, r)
	if err != nil {
		return err
	}
	if err := s.Records.SetProfile(n.ID, body); err != nil {
		return err
	}
	return face.WriteJSON(w, http.StatusOK, face.Success{Success: true})
}

func (s *Face) listBlocked(w http.ResponseWriter, r *http.Request, token string) error {
	n, err := s.OwnNumber(r, token)
	if err != nil {
		return err
	}
	page, err := s.Records.Blocked(n.ID, r.URL.Query(), s.ListAddress(r))
	if err != nil {
		return err
	}
	return face.WriteJSON(w, http.StatusOK, page)
}

// changeBlocked blocks with POST and unblocks with DELETE. When some users failed, the answer is a 400 that has both the error
// and what was done.
func (s *Face) changeBlocked(w http.ResponseWriter, r *http.Request, token string) error {
	n, err := s.OwnNumber(r, token)
	if err != nil {
		return err
	}
	body, err := face.ReadBody(w, r)
	if err != nil {
		return err
	}
	recent := s.Wrote(n)
	wrote := func(user string) bool { return recent[user] }
	b, err := s.Records.Block(n.ID, body, r.Method == http.MethodDelete, rule.PlainPhone, wrote)
	if err != nil {
		return err
	}
	if b.Err == nil {
		return face.WriteJSON(w, http.StatusOK, b)
	}
	return face.WriteJSON(w, b.Err.Status, struct {
		business.Blocking
		face.ErrorBody
	}{b, face.Refusal(b.Err, s.Trace())})
}

// beginUpload opens a resumable upload.
// https://developers.facebook.com/docs/graph-api/guides/upload (read 2026-09)
func (s *Face) beginUpload(w http.ResponseWriter, r *http.Request, token string) error {
	if id := r.PathValue("object"); id != AppAlias && id != s.AppID {
		return rule.NoObject(r.Method, id)
	}
	r.Body = http.MaxBytesReader(w, r.Body, face.MaxJSON)
	if err := r.ParseForm(); err != nil {
		return rule.BadParameter("the form is broken: %s", err)
	}
	id, err := s.Records.BeginUpload(r.Form, token)
	if err != nil {
		return err
	}
	return face.WriteJSON(w, http.StatusOK, map[string]string{"id": id})
}

// PutUpload goes on with a resumable upload.
func (s *Face) PutUpload(w http.ResponseWriter, r *http.Request, token string) error {
	body := http.MaxBytesReader(w, r.Body, media.MaxUpload)
	handle, err := s.Records.Upload(r.PathValue("object"), token, r.Header.Get("File_offset"), body)
	if err != nil {
		return err
	}
	return face.WriteJSON(w, http.StatusOK, map[string]string{"h": handle})
}

// ShowUpload says how much of a resumable upload has come.
func (s *Face) ShowUpload(w http.ResponseWriter, r *http.Request, token string) error {
	id := r.PathValue("object")
	have, err := s.Records.Offset(id, token)
	if err != nil {
		return err
	}
	if sig := r.URL.Query().Get("sig"); sig != "" {
		id += "?" + url.Values{"sig": {sig}}.Encode()
	}
	return face.WriteJSON(w, http.StatusOK, map[string]any{"id": id, "file_offset": have})
}

// countTemplates counts what became of the simulator's own sends.
func (s *Face) countTemplates(w http.ResponseWriter, r *http.Request, token string) error {
	waba, err := s.OwnAccount(r, token)
	if err != nil {
		return err
	}
	page, err := business.CountTemplates(r.URL.Query(), s.steps(waba))
	if err != nil {
		return err
	}
	return face.WriteJSON(w, http.StatusOK, page)
}

// steps lists every status of every template message of an account.
func (s *Face) steps(waba string) (list []business.Step) {
	for _, m := range s.Ledger.Messages(ledger.Filter{Type: message.TypeTemplate, Direction: ledger.Out, Outcome: ledger.Accepted}) {
		if n, ok := s.Accounts.ByID(m.NumberID); !ok || n.WABAID != waba {
			continue
		}
		for _, step := range m.Statuses {
			list = append(list, business.Step{TemplateID: m.TemplateID, Name: step.Name, At: step.At})
		}
	}
	return list
}
