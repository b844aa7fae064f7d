package sim

import (
	"net/http"
	"path"
	"regexp"
	"strings"
)

// A media upload may be as large as the largest document, with room for the multipart frame around it.
const (
	maxJSONBody   = 1 << 20
	maxUploadBody = maxMedia + 1<<20
)

// versionPrefix is the optional first segment of a Graph path, as in /v23.0/123/messages.
var versionPrefix = regexp.MustCompile(`^/v[0-9]+\.[0-9]+(/|$)`)

// graphHandler serves one Graph route. The token is known by then; whose object it may touch is for the handler to check.
type graphHandler func(w http.ResponseWriter, r *http.Request, token string) error

// Graph is Meta's face. Every path is served with and without a version prefix.
func (s *Sim) Graph() http.Handler {
	mux := http.NewServeMux()
	for pattern, serve := range map[string]graphHandler{
		"POST /{object}/messages": s.postMessages,
		"POST /{object}/media":    s.postMedia,
		"GET /{object}":           s.getObject,
		"DELETE /{object}":        s.deleteObject,
		"GET " + attachmentPath:   s.getAttachment,
		"/":                       s.unknownPath,
	} {
		mux.Handle(pattern, s.graphRoute(serve))
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		bare := r.Clone(r.Context())
		bare.URL.Path = path.Clean("/" + versionPrefix.ReplaceAllString(r.URL.Path, "/"))
		bare.URL.RawPath = ""
		mux.ServeHTTP(w, bare)
	})
}

// graphRoute puts the token check before a handler and turns its error into an answer.
func (s *Sim) graphRoute(serve graphHandler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token, err := s.token(r)
		if err == nil {
			err = serve(w, r, token)
		}
		if err != nil {
			s.answerGraphError(w, r, err)
		}
	})
}

// token returns the bearer token of a request, if it belongs to any number.
func (s *Sim) token(r *http.Request) (string, error) {
	scheme, token, ok := strings.Cut(r.Header.Get("Authorization"), " ")
	token = strings.TrimSpace(token)
	if !ok || !strings.EqualFold(scheme, "Bearer") || token == "" {
		return "", badToken("An access token is required to request this resource")
	}
	for _, n := range s.numbers {
		if n.AccessToken == token {
			return token, nil
		}
	}
	return "", badToken("Invalid OAuth access token - the token is unknown, expired or withdrawn")
}

// ownNumber finds the number named in the path, if the token may use it.
func (s *Sim) ownNumber(r *http.Request, token string) (Number, error) {
	id := r.PathValue("object")
	n, ok := s.numberByID(id)
	if !ok || n.AccessToken != token {
		return Number{}, noObject(r.Method, id)
	}
	return n, nil
}

// numberAnswer is a business number read back.
// Meta's Postman collection, "Get Phone Number By ID" (2025-09)
type numberAnswer struct {
	VerifiedName  string `json:"verified_name"`
	Display       string `json:"display_phone_number"`
	ID            string `json:"id"`
	QualityRating string `json:"quality_rating"`
}

// getObject answers for whatever has this id: a number, or else a medium.
func (s *Sim) getObject(w http.ResponseWriter, r *http.Request, token string) error {
	n, err := s.ownNumber(r, token)
	if err != nil {
		return s.getMedia(w, r, token)
	}
	return writeJSON(w, http.StatusOK, numberAnswer{
		VerifiedName: "Simulated Business", Display: n.Display, ID: n.ID, QualityRating: "GREEN",
	})
}

// unknownPath tells a path that never works from a method that an object does not know.
func (s *Sim) unknownPath(_ http.ResponseWriter, r *http.Request, _ string) error {
	object, edge, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	if isDigits(object) && (edge == "" || edge == "messages" || edge == "media") {
		return noObject(r.Method, object)
	}
	return &graphError{
		status: http.StatusBadRequest, code: codePath, kind: errorTypeOAuth,
		message: "Unknown path components: " + r.URL.Path,
	}
}
