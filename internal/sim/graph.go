package sim

import (
	"maps"
	"net/http"
	"path"
	"regexp"
	"strings"

	"github.com/waypost/waypost/internal/sim/media"
	"github.com/waypost/waypost/internal/sim/qr"
	"github.com/waypost/waypost/internal/sim/rule"
)

// A media upload may be as large as the largest document, with room for the multipart frame around it.
const (
	maxJSONBody   = 1 << 20
	maxUploadBody = media.MaxSize + 1<<20
)

// versionPrefix is the optional first segment of a Graph path, as in /v23.0/123/messages.
var versionPrefix = regexp.MustCompile(`^/v[0-9]+\.[0-9]+(/|$)`)

// graphHandler serves one Graph route. The token is known by then; whose object it may touch is for the handler to check.
type graphHandler func(w http.ResponseWriter, r *http.Request, token string) error

// Graph is Meta's face. Every path is served with and without a version prefix.
func (s *Sim) Graph() http.Handler {
	mux := http.NewServeMux()
	routes := s.graphRoutes()
	maps.Copy(routes, s.manageRoutes())
	maps.Copy(routes, s.groupRoutes())
	known := edgesOf(routes)
	routes["/"] = func(_ http.ResponseWriter, r *http.Request, _ string) error { return unknownPath(r, known) }
	for pattern, serve := range routes {
		mux.Handle(pattern, s.graphRoute(serve))
	}
	mux.HandleFunc("GET "+qr.Path, s.showPicture)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		bare, address := *r, *r.URL
		bare.URL = &address
		address.Path, address.RawPath = path.Clean("/"+versionPrefix.ReplaceAllString(r.URL.Path, "/")), ""
		mux.ServeHTTP(w, &bare)
	})
}

// graphRoutes are the routes of messages, media, templates and objects; manageRoutes has the rest.
func (s *Sim) graphRoutes() map[string]graphHandler {
	return map[string]graphHandler{
		"POST /{object}/messages": s.postMessages,
		"PUT /{object}/messages":  s.postMessages, // so do older samples mark as read
		"POST /{object}/media":    s.postMedia,
		"GET /{object}":           s.getObject,
		"POST /{object}":          s.postObject,
		"DELETE /{object}":        s.deleteObject,

		"GET /{object}/message_templates":    s.listTemplates,
		"POST /{object}/message_templates":   s.postTemplate,
		"DELETE /{object}/message_templates": s.deleteTemplates,

		"GET " + media.Path: s.getAttachment,
		"GET /debug_token":  s.debugToken,

		"GET /{object}/phone_numbers":              s.listNumbersOf,
		"GET /{object}/template_analytics":         s.countTemplates,
		"GET /{object}/whatsapp_business_profile":  s.getProfile,
		"POST /{object}/whatsapp_business_profile": s.postProfile,
		"GET /{object}/block_users":                s.listBlocked,
		"POST /{object}/block_users":               s.changeBlocked,
		"DELETE /{object}/block_users":             s.changeBlocked,
		"POST /{object}/uploads":                   s.beginUpload,
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
		return token, nil
	}
	return "", badToken("Invalid OAuth access token - the token is unknown, expired or withdrawn")
}

// ownNumber finds the number named in the path, if the token may use it.
func (s *Sim) ownNumber(r *http.Request, token string) (Number, error) {
	id := r.PathValue("object")
	n, ok := s.accounts.Of(token, id)
	if !ok {
		return Number{}, rule.NoObject(r.Method, id)
	}
	return n, nil
}

// ownWABA finds the account named in the path, if the token may use a number of it.
func (s *Sim) ownWABA(r *http.Request, token string) (string, error) {
	id := r.PathValue("object")
	if !s.accounts.MayAccount(token, id) {
		return "", rule.NoObject(r.Method, id)
	}
	return id, nil
}

// edgesOf lists the paths below an object that some object has.
func edgesOf(routes map[string]graphHandler) map[string]bool {
	known := map[string]bool{"": true}
	for pattern := range routes {
		if _, edge, ok := strings.Cut(pattern, "/{object}/"); ok {
			edge, _, _ = strings.Cut(edge, "/")
			known[edge] = true
		}
	}
	return known
}

// unknownPath tells a path that never works from a method that an object does not know.
func unknownPath(r *http.Request, known map[string]bool) error {
	object, edge, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	edge, _, _ = strings.Cut(edge, "/")
	if isDigits(object) && known[edge] {
		return rule.NoObject(r.Method, object)
	}
	return &rule.Error{
		Status: http.StatusBadRequest, Code: rule.CodePath, Kind: rule.TypeOAuth,
		Message: "Unknown path components: " + r.URL.Path,
	}
}
