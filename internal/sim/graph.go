package sim

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"net/http"
	"path"
	"regexp"
	"strings"

	"github.com/waypost/waypost/internal/sim/face"
	"github.com/waypost/waypost/internal/sim/manage"
	"github.com/waypost/waypost/internal/sim/media"
	"github.com/waypost/waypost/internal/sim/qr"
	"github.com/waypost/waypost/internal/sim/rule"
)

// versionPrefix is the optional first segment of a Graph path, as in /v23.0/123/messages.
var versionPrefix = regexp.MustCompile(`^/v[0-9]+\.[0-9]+(/|$)`)

// graphHandler serves one Graph route.
type graphHandler = manage.Handler

// Graph is Meta's face. Every path is served with and without a version prefix.
func (s *Sim) Graph() http.Handler {
	mux := http.NewServeMux()
	routes := s.graphRoutes()
	maps.Copy(routes, s.manage.Routes())
	known := manage.EdgesOf(routes)
	routes["/"] = func(_ http.ResponseWriter, r *http.Request, _ string) error { return manage.UnknownPath(r, known) }
	for pattern, serve := range routes {
		mux.Handle(pattern, s.graphRoute(serve))
	}
	mux.HandleFunc("GET "+qr.Path, s.manage.ShowPicture)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		bare, address := *r, *r.URL
		bare.URL = &address
		address.Path, address.RawPath = path.Clean("/"+versionPrefix.ReplaceAllString(r.URL.Path, "/")), ""
		mux.ServeHTTP(w, &bare)
	})
}

// graphRoutes are the routes of messages, media, templates and objects; package manage has the rest.
func (s *Sim) graphRoutes() map[string]graphHandler {
	return map[string]graphHandler{
		"POST /{object}/messages": s.postMessages,
		"PUT /{object}/messages":  s.postMessages, // so do older samples mark as read
		"POST /{object}/media":    s.manage.PostMedia,
		"GET /{object}":           s.getObject,
		"POST /{object}":          s.postObject,
		"DELETE /{object}":        s.deleteObject,

		"GET /{object}/message_templates":    s.listTemplates,
		"POST /{object}/message_templates":   s.postTemplate,
		"DELETE /{object}/message_templates": s.deleteTemplates,
		"POST /{object}/unpause":             s.unpauseTemplate,

		"GET " + media.Path: s.manage.GetAttachment,
	}
}

// graphRoute puts the token check before a handler and turns its error into an answer.
func (s *Sim) graphRoute(serve graphHandler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token, err := s.token(r)
		if err == nil {
			err = s.serveFaulty(w, r, func(w http.ResponseWriter) error { return serve(w, r, token) })
		}
		if err != nil {
			s.blame(err, r.PathValue("object"), "")
			s.answerGraphError(w, r, err)
		}
	})
}

// token returns the token of a request, if it belongs to any number. Graph takes the scheme OAuth too, and its upload pages
// show no other.
func (s *Sim) token(r *http.Request) (string, error) {
	scheme, token, ok := strings.Cut(r.Header.Get("Authorization"), " ")
	token = strings.TrimSpace(token)
	if !ok || token == "" || (!strings.EqualFold(scheme, "Bearer") && !strings.EqualFold(scheme, "OAuth")) {
		return "", badToken("An access token is required to request this resource")
	}
	if s.accounts.Knows(token) {
		return token, s.checkProof(r, token)
	}
	return "", badToken("Invalid OAuth access token - the token is unknown, expired or withdrawn")
}

// checkProof refuses a wrong proof that the caller knows the app secret. A right one is never wanted, as long as the app does not
// ask for it in its settings.
// https://developers.facebook.com/docs/graph-api/guides/secure-requests (read 2026-09)
func (s *Sim) checkProof(r *http.Request, token string) error {
	proof, secret := r.URL.Query().Get("appsecret_proof"), s.Callback().AppSecret
	if proof == "" || secret == "" {
		return nil
	}
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(token))
	if hmac.Equal([]byte(proof), []byte(hex.EncodeToString(mac.Sum(nil)))) {
		return nil
	}
	return &rule.Error{
		Status: http.StatusBadRequest, Code: rule.CodeParameter, Kind: rule.TypeMethod,
		Message: "Invalid appsecret_proof provided in the API argument",
	}
}

// getObject answers for whatever has this id: the app, an upload, a template, a number, an account, or else a medium.
func (s *Sim) getObject(w http.ResponseWriter, r *http.Request, token string) error {
	if ok, err := s.manage.OnGroup(w, r, token); ok {
		return err
	}
	id, fields := r.PathValue("object"), r.URL.Query().Get("fields")
	var node map[string]any
	var err error
	t, isTemplate := s.templates.Get(id)
	n, nerr := s.manage.OwnNumber(r, token)
	switch {
	case id == manage.AppAlias || id == s.appID:
		node, err = s.accounts.AppNode(fields)
	case strings.HasPrefix(id, manage.UploadPrefix):
		return s.manage.ShowUpload(w, r, token)
	case isTemplate && s.accounts.MayAccount(token, t.WABAID):
		node, err = t.Node(fields)
	case nerr == nil:
		node, err = s.accounts.NumberNode(n.ID, fields, s.Callback().URL)
	case s.accounts.MayAccount(token, id):
		node, err = s.accounts.AccountNode(id, fields)
	default:
		return s.manage.GetMedia(w, r, token)
	}
	if err != nil {
		return err
	}
	return face.WriteJSON(w, http.StatusOK, node)
}

// postObject goes on with an upload, changes a number, or edits a template.
func (s *Sim) postObject(w http.ResponseWriter, r *http.Request, token string) error {
	if strings.HasPrefix(r.PathValue("object"), manage.UploadPrefix) {
		return s.manage.PutUpload(w, r, token)
	}
	if ok, err := s.manage.OnGroup(w, r, token); ok {
		return err
	}
	if _, err := s.manage.OwnNumber(r, token); err == nil {
		return s.manage.PostNumber(w, r, token)
	}
	return s.editTemplate(w, r, token)
}
