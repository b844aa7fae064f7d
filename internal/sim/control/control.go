package control

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"

	"github.com/waypost/waypost/internal/sim/account"
	"github.com/waypost/waypost/internal/sim/face"
	"github.com/waypost/waypost/internal/sim/ledger"
	"github.com/waypost/waypost/internal/sim/rule"
	"github.com/waypost/waypost/internal/sim/wire"
)

// controlRoute is one route of the control face. The table is also what GET / prints.
type controlRoute struct {
	pattern string
	help    string
	serve   func(w http.ResponseWriter, r *http.Request) error
}

// controlError is a refusal that says what to do.
type controlError struct {
	status int
	text   string
}

func (e *controlError) Error() string { return e.text }

func tell(status int, format string, args ...any) error {
	return &controlError{status: status, text: fmt.Sprintf(format, args...)}
}

func (s *server) controlRoutes() []controlRoute {
	return []controlRoute{
		{"GET /healthz", "is it up", s.showHealth},
		{"GET /_sim/messages", "every send and every message of a phone", s.showLedgerMessages},
		{"GET /_sim/callbacks", "every callback with its attempts", s.showLedgerCallbacks},
		{"GET /_sim/violations", "the rules that clients broke", s.showViolations},
		{"GET /_sim/snapshot", "the whole state, for comparison", s.showSnapshot},
		{"POST /_sim/reset", "begin the same run again: forget messages, phones, counts, media, templates, groups, QR codes and profiles", s.resetAll},
		{"GET /_sim/faults", "the profile and the script of faults", s.showFaults},
		{"PUT /_sim/faults", "replace the script of faults", s.putFaults},
		{"PUT /_sim/profile", "change the profile: calm, real or mean", s.putProfile},
		{"GET /_sim/limits", "throughput and pair rate", s.showLimits},
		{"PUT /_sim/limits", "change the throughput, or whether limits are enforced; null is as the profile says", s.putLimits},
		{"GET /_sim/clock", "the simulator's clock", s.showClock},
		{"POST /_sim/clock", "advance, set, freeze or speed up the clock", s.moveClock},
		{"GET /numbers", "the business numbers", s.listNumbers},
		{"PUT /numbers/{id}", "what Meta thinks of a number: quality, name, throughput, tier, health", s.putCondition},
		{"GET /callback", "where callbacks go", s.showCallback},
		{"PUT /callback", "move callbacks, after Meta's handshake", s.putCallback},
		{"GET /templates", "the message templates of every account", s.showTemplates},
		{"POST /templates", "put a template in place at once", s.putTemplate},
		{"PUT /templates/{id}", "change status, category or quality of a template", s.changeTemplate},
		{"POST /templates/{id}/pause", "let Meta pause a template for its quality: 3 h, then 6 h, then for good", s.pauseTemplate},
		{"GET /groups", "the groups and their members", s.showGroups},
		{"PUT /groups/{id}/members/{number}", "a phone follows the invitation to a group", s.putMember},
		{"POST /callbacks", "call back a field with a value of your own", s.postCallback},
		{"GET /callbacks", "the last callbacks and how posting them went", s.listCallbacks},
		{"GET /sends", "every accepted send with its statuses", s.listSends},
		{"GET /media/{id}", "the bytes of a medium", s.showMedia},
		{"GET /phones", "the virtual phones", s.listPhones},
		{"GET /phones/{number}", "one phone", s.showPhone},
		{"PUT /phones/{number}", "create or change a phone", s.putPhone},
		{"GET /phones/{number}/messages", "what a phone received and wrote", s.listMessages},
		{"POST /phones/{number}/messages", "the phone writes to a business number", s.postInbound},
		{"POST /phones/{number}/messages/{wamid}/tap", "the phone taps on a button, a row, a form or a product", s.tapMessage},
		{"POST /phones/{number}/tap", "the same, on the message that came last or is named", s.tapLast},
		{"PUT /phones/{number}/marketing", "the phone stops or resumes marketing", s.putMarketing},
		{"PUT /phones/{number}/number", "the phone gets another number", s.movePhone},
		{"GET /_sim/info", "addresses, numbers with their tokens, and how many messages there were", s.showInfo},
		{"GET /_sim/seen", "what phones received and wrote, as it is asked for", s.listSeen},
		{"GET /_sim/wait", "the first message that matches, as soon as it is there", s.waitMessage},
		{"GET /_sim/scripts", "the scripted answers", s.showScripts},
		{"PUT /_sim/scripts", "put scripted answers in place of those there are", s.putScripts},
		{"GET /_sim/settings", "what holds for all phones", s.showSettings},
		{"PUT /_sim/settings", "change what holds for all phones", s.putSettings},
	}
}

// New makes the face for people and tests of a simulator. It asks for no token and shows everything: it belongs on a loopback port
// of its own. So that no web page can use it through a visitor's browser, it refuses with 403 what a page of another origin sends,
// and requests to hosts other than IP addresses, localhost and the names given. A nil logger discards.
func New(of Sim, log *slog.Logger, hosts ...string) http.Handler {
	s := &server{Sim: of, log: log}
	if log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	mux := http.NewServeMux()
	routes := s.controlRoutes()
	for _, route := range routes {
		mux.Handle(route.pattern, s.controlHandler(route.serve))
	}
	mux.Handle("GET /{$}", s.controlHandler(func(w http.ResponseWriter, _ *http.Request) error {
		return printRoutes(w, routes)
	}))
	mux.Handle("/", s.controlHandler(func(_ http.ResponseWriter, r *http.Request) error {
		return noRoute(mux, r)
	}))
	return s.guard(mux, hosts)
}

func (s *server) controlHandler(serve func(http.ResponseWriter, *http.Request) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		err := serve(w, r)
		if err == nil {
			return
		}
		status := http.StatusInternalServerError
		var told *controlError
		switch {
		case errors.As(err, &told):
			status = told.status
		case errors.Is(err, rule.ErrNotFound):
			status = http.StatusNotFound
		default:
			s.log.ErrorContext(r.Context(), "control request failed", slog.String("path", r.URL.Path), slog.Any("err", err))
		}
		s.refuse(w, r, status, err.Error())
	})
}

func (s *server) refuse(w http.ResponseWriter, r *http.Request, status int, why string) {
	if err := face.WriteJSON(w, status, map[string]string{"error": why}); err != nil {
		s.log.DebugContext(r.Context(), "answer lost", slog.Any("err", err))
	}
}

func printRoutes(w http.ResponseWriter, routes []controlRoute) error {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	for _, route := range routes {
		method, where, _ := strings.Cut(route.pattern, " ")
		if _, err := fmt.Fprintf(w, "%-4s %-28s %s\n", method, where, route.help); err != nil {
			return fmt.Errorf("write routes: %w", err)
		}
	}
	return nil
}

// noRoute tells a wrong method from a wrong path.
func noRoute(mux *http.ServeMux, r *http.Request) error {
	var allowed []string
	for _, method := range []string{http.MethodGet, http.MethodPut, http.MethodPost} {
		probe := r.Clone(r.Context())
		probe.Method = method
		if _, pattern := mux.Handler(probe); pattern != "/" && pattern != "" {
			allowed = append(allowed, method)
		}
	}
	if len(allowed) > 0 {
		return tell(http.StatusMethodNotAllowed, "%s does not work here: use %s", r.Method, strings.Join(allowed, " or "))
	}
	return tell(http.StatusNotFound, "no such path: GET / lists the routes")
}

// readControl reads a JSON body and refuses keys nobody knows, because a misspelt one would silently do nothing.
func readControl(w http.ResponseWriter, r *http.Request, v any) error {
	raw, err := readValue(w, r)
	if err != nil {
		return err
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		return tell(http.StatusBadRequest, "send a JSON object with the documented keys: %s", err)
	}
	return nil
}

// readValue reads the one JSON value of a body.
func readValue(w http.ResponseWriter, r *http.Request) (raw json.RawMessage, err error) {
	dec := json.NewDecoder(http.MaxBytesReader(w, r.Body, face.MaxJSON))
	if err := dec.Decode(&raw); err != nil {
		return nil, tell(http.StatusBadRequest, "send a JSON object with the documented keys: %s", err)
	}
	if isNull(raw) {
		return nil, tell(http.StatusBadRequest, "send a JSON object with the documented keys, not null")
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, tell(http.StatusBadRequest, "send one JSON value and nothing after it")
	}
	return raw, nil
}

func isNull(raw json.RawMessage) bool { return string(raw) == "null" }

func (s *server) showHealth(w http.ResponseWriter, _ *http.Request) error {
	return face.WriteJSON(w, http.StatusOK, map[string]string{"status": "ok"})
}

func (s *server) listNumbers(w http.ResponseWriter, _ *http.Request) error {
	return face.WriteJSON(w, http.StatusOK, map[string][]account.View{"numbers": s.Accounts().Views()})
}

// putCondition changes what Meta thinks of a number; what is left out is as usual.
func (s *server) putCondition(w http.ResponseWriter, r *http.Request) error {
	var c account.Condition
	if err := readControl(w, r, &c); err != nil {
		return err
	}
	if err := s.Accounts().SetCondition(r.PathValue("id"), c); err != nil {
		return err
	}
	return s.listNumbers(w, r)
}

func (s *server) showCallback(w http.ResponseWriter, _ *http.Request) error {
	return face.WriteJSON(w, http.StatusOK, map[string]string{"url": s.Callback().URL})
}

func (s *server) putCallback(w http.ResponseWriter, r *http.Request) error {
	var c struct {
		URL         *string `json:"url"`
		VerifyToken string  `json:"verify_token"`
		AppSecret   string  `json:"app_secret"`
	}
	if err := readControl(w, r, &c); err != nil {
		return err
	}
	if c.URL == nil {
		return tell(http.StatusBadRequest, "url: say where callbacks go; an empty one ends them")
	}
	if err := s.SetCallback(r.Context(), wire.Callback{URL: *c.URL, VerifyToken: c.VerifyToken, AppSecret: c.AppSecret}); err != nil {
		return tell(http.StatusUnprocessableEntity, "%s", err)
	}
	return s.showCallback(w, r)
}

func (s *server) listCallbacks(w http.ResponseWriter, _ *http.Request) error {
	return face.WriteJSON(w, http.StatusOK, map[string][]ledger.Callback{"callbacks": s.Callbacks()})
}

func (s *server) listSends(w http.ResponseWriter, _ *http.Request) error {
	return face.WriteJSON(w, http.StatusOK, map[string][]ledger.Message{"sends": s.Sends()})
}

func (s *server) showMedia(w http.ResponseWriter, r *http.Request) error {
	m, body, err := s.OpenMedia(r.PathValue("id"))
	if err != nil {
		return err
	}
	defer func() { _ = body.Close() }()
	return face.ServeMedia(w, m.MIMEType, m.Size, body)
}
