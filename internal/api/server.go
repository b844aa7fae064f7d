package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/waypost/waypost/internal/number"
	"github.com/waypost/waypost/internal/store"
	"github.com/waypost/waypost/internal/wa"
)

// Prefix is where everything is.
const Prefix = "/v1"

const (
	openAPIPath = Prefix + "/openapi.json"
	// maxBody is far above any request of this API.
	maxBody = 256 << 10
	// bodyTime is how long a body may take to come.
	bodyTime = 10 * time.Second
	// maxRequestID is the longest id of a caller's that is taken over.
	maxRequestID = 64
)

// Options are what a [Server] works with. All but Now, Remedy and Version must be set.
type Options struct {
	Accounts store.Accounts
	Numbers  *number.Desk
	// Narrator tells what became of messages.
	Narrator Narrator
	// Curator tells what is known of media.
	Curator Curator
	// When says when a message is likely to go.
	When   func(context.Context, wa.Message) (wa.Forecast, error)
	Logger *slog.Logger
	// Remedy says what a person can do about an error code of Meta's; "" if it is
	// not known.
	Remedy func(code int) string
	// Version is the program's.
	Version string
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Server answers everything under /v1/.
type Server struct {
	Options
	mux     *http.ServeMux
	api     huma.API
	openAPI []byte
}

var _ http.Handler = (*Server)(nil)

// New makes a server.
func New(o Options) (*Server, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Remedy == nil {
		o.Remedy = func(int) string { return "" }
	}
	s := &Server{Options: o, mux: http.NewServeMux()}
	config := huma.DefaultConfig("Waypost", o.Version)
	config.OpenAPIPath, config.DocsPath, config.SchemasPath, config.CreateHooks = "", "", "", nil
	config.Info.Description = "Waypost's own API. Errors are application/problem+json with a stable code (docs/errors.md)."
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"token": {Type: "http", Scheme: "bearer", Description: "An API token: waypost token create"},
	}
	config.Security = []map[string][]string{{"token": {}}}
	config.Transformers = append(config.Transformers, s.problems)
	s.api = humago.New(s.mux, config)
	s.register()
	var err error
	if s.openAPI, err = s.describe(); err != nil {
		return nil, err
	}
	return s, nil
}

// register adds the routes of every resource.
func (s *Server) register() {
	for _, resource := range [][]route{s.messageRoutes(), s.mediaRoutes(), s.numberRoutes()} {
		for _, r := range resource {
			r.add(s.api)
		}
	}
}

// describe makes the OpenAPI description.
func (s *Server) describe() ([]byte, error) {
	document := s.api.OpenAPI()
	// The library's own form of errors never goes out; see problems.
	delete(document.Components.Schemas.Map(), "ErrorModel")
	delete(document.Components.Schemas.Map(), "ErrorDetail")
	text, err := json.MarshalIndent(document, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("describe the api: %w", err)
	}
	return append(text, '\n'), nil
}

// OpenAPI is the description of the API, as JSON.
func (s *Server) OpenAPI() []byte { return s.openAPI }

// route is one row of a resource's table.
type route struct{ add func(huma.API) }

// at makes a row: what a method does at a path. The description is one sentence.
func at[I, O any](method, where, id, summary string, do func(context.Context, *I) (*O, error)) route {
	op := huma.Operation{
		OperationID: id, Method: method, Path: Prefix + where, Summary: summary, MaxBodyBytes: maxBody, BodyReadTimeout: bodyTime,
		RejectUnknownQueryParameters: true,
	}
	if resource, _, _ := strings.Cut(strings.TrimPrefix(where, "/"), "/"); resource != "" {
		op.Tags = []string{resource}
	}
	return route{func(api huma.API) {
		op.Responses = map[string]*huma.Response{"default": problemResponse(api)}
		huma.Register(api, op, do)
	}}
}

// problemResponse is what every route may answer instead.
func problemResponse(api huma.API) *huma.Response {
	schema := api.OpenAPI().Components.Schemas.Schema(problemType(), true, "Problem")
	return &huma.Response{Description: "Why it was not done", Content: map[string]*huma.MediaType{problemContentType: {Schema: schema}}}
}

// served is what is known of a request under way.
type served struct {
	id      string
	account wa.AccountID
	pattern string
	err     error
	// begun: an answer is on its way.
	begun bool
}

type servedKey struct{}

// accountOf returns the account of the request's token.
func accountOf(ctx context.Context) wa.AccountID {
	if line, ok := ctx.Value(servedKey{}).(*served); ok {
		return line.account
	}
	return ""
}

// ServeHTTP answers one request and logs one line.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	start, line := s.Now(), &served{id: requestID(r), pattern: "none"}
	a := &answer{ResponseWriter: w}
	a.Header().Set("X-Request-Id", line.id)
	a.Header().Set("X-Content-Type-Options", "nosniff")
	a.Header().Set("Cache-Control", "no-store")
	err := s.serve(a, r.WithContext(context.WithValue(r.Context(), servedKey{}, line)), line)
	if line.begun = a.status != 0; err != nil && !line.begun {
		s.writeProblem(a, line.id, err)
	}
	cut := err != nil && line.begun
	s.log(r, line, a.status, s.Now().Sub(start), errors.Join(err, line.err))
	if cut {
		// Half an answer is out; only a broken connection tells the client.
		panic(http.ErrAbortHandler)
	}
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request, line *served) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = wa.Recovered(p)
		}
	}()
	if r.URL.Path == openAPIPath && (r.Method == http.MethodGet || r.Method == http.MethodHead) {
		line.pattern = openAPIPath
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(s.openAPI) // the client went away
		return nil
	}
	if line.account, err = s.authenticate(r); err != nil {
		return err
	}
	if r.Header.Get("Content-Encoding") != "" {
		return &wa.Error{Code: wa.CodeInvalid, Message: "send the body without Content-Encoding"}
	}
	if path.Clean(r.URL.Path) != r.URL.Path {
		return errNoPath
	}
	_, pattern := s.mux.Handler(r)
	if pattern == "" {
		if allow := s.allowed(r); len(allow) > 0 {
			w.Header().Set("Allow", strings.Join(allow, ", "))
			return errNoMethod
		}
		return errNoPath
	}
	line.pattern = pattern
	s.mux.ServeHTTP(w, r)
	return nil
}

// allowed returns the methods that a path has.
func (s *Server) allowed(r *http.Request) (all []string) {
	for _, method := range []string{http.MethodDelete, http.MethodGet, http.MethodPatch, http.MethodPost, http.MethodPut} {
		other := r.Clone(r.Context())
		other.Method = method
		if _, pattern := s.mux.Handler(other); pattern != "" {
			all = append(all, method)
		}
	}
	return all
}

// authenticate returns the account of the request's token. Whatever is wrong with
// the token, the answer is the same.
func (s *Server) authenticate(r *http.Request) (wa.AccountID, error) {
	values := r.Header.Values("Authorization")
	if len(values) != 1 {
		return "", errToken
	}
	scheme, token, _ := strings.Cut(strings.TrimSpace(values[0]), " ")
	hash, ok := wa.ParseToken(strings.TrimSpace(token))
	if !strings.EqualFold(scheme, "Bearer") || !ok {
		return "", errToken
	}
	account, err := s.Accounts.Authenticate(r.Context(), hash)
	if wa.CodeOf(err) == wa.CodeUnauthorized {
		return "", errToken
	}
	return account, err
}

// requestID takes the caller's over if it is harmless, or makes one.
func requestID(r *http.Request) string {
	id := r.Header.Get("X-Request-Id")
	odd := func(c rune) bool {
		return (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && !strings.ContainsRune("-_.:", c)
	}
	if id != "" && len(id) <= maxRequestID && !strings.ContainsFunc(id, odd) {
		return id
	}
	return wa.NewID[string]()
}

func (s *Server) log(r *http.Request, line *served, status int, took time.Duration, err error) {
	level, method := slog.LevelInfo, r.Method
	if !slices.Contains([]string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}, method) {
		method = "other"
	}
	attrs := []slog.Attr{
		slog.String("method", method), slog.String("route", line.pattern), slog.Int("status", status), slog.String("request_id", line.id),
		slog.Float64("duration_ms", float64(took.Microseconds())/1000), slog.String("account", string(line.account)),
	}
	switch {
	case status >= http.StatusInternalServerError && status != http.StatusServiceUnavailable:
		level = slog.LevelError
	case status == http.StatusServiceUnavailable:
		level = slog.LevelWarn
	}
	if err != nil {
		attrs = append(attrs, slog.Any("err", err))
	}
	if p, ok := errors.AsType[*wa.Panic](err); ok {
		attrs = append(attrs, slog.String("stack", p.Stack))
	}
	s.Logger.LogAttrs(r.Context(), level, "v1 request served", attrs...)
}

// answer remembers the status that went out.
type answer struct {
	http.ResponseWriter
	status int
}

// WriteHeader implements [http.ResponseWriter].
func (a *answer) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
	a.ResponseWriter.WriteHeader(status)
}

// Write implements [http.ResponseWriter].
func (a *answer) Write(b []byte) (int, error) {
	if a.status == 0 {
		a.WriteHeader(http.StatusOK)
	}
	return a.ResponseWriter.Write(b)
}

// Unwrap is for [http.ResponseController].
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }
