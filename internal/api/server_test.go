package api_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/waypost/waypost/internal/api"
	"github.com/waypost/waypost/internal/cloudapi"
	"github.com/waypost/waypost/internal/keyring"
	"github.com/waypost/waypost/internal/media"
	"github.com/waypost/waypost/internal/number"
	"github.com/waypost/waypost/internal/outbox"
	"github.com/waypost/waypost/internal/sim"
	"github.com/waypost/waypost/internal/store/sqlstore"
	"github.com/waypost/waypost/internal/wa"
)

const (
	numberID = "106540000000001"
	waba     = "209000000000001"
	display  = "15550109999"
	phone    = "15550100001"
	token    = "token-canary"
)

// world is the API over a real store and a simulated Meta, with two accounts.
type world struct {
	t      *testing.T
	meta   *sim.Sim
	db     *sqlstore.Store
	face   *api.Server
	log    bytes.Buffer
	mine   string
	theirs string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t}
	logger := slog.New(slog.NewTextHandler(&w.log, nil))
	keys, err := keyring.Open(filepath.Join(t.TempDir(), "keys.json"))
	w.check(err)
	db, err := sqlstore.Open(t.Context(), sqlstore.Options{Path: filepath.Join(t.TempDir(), "waypost.db"), Cipher: keys, Logger: logger})
	w.check(err)
	t.Cleanup(func() { w.check(db.Close()) })
	w.db = db
	var graph http.Handler
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { graph.ServeHTTP(rw, r) }))
	t.Cleanup(server.Close)
	w.meta, err = sim.New(sim.Options{
		GraphURL: server.URL, Dir: t.TempDir(), Logger: slog.New(slog.DiscardHandler), Seed: 1,
		Numbers: []sim.Number{{ID: numberID, WABAID: waba, Display: display, AccessToken: token, Name: "Shop"}},
	})
	w.check(err)
	graph = w.meta.Graph()
	client, err := cloudapi.New(cloudapi.Options{BaseURL: server.URL, Version: "v23.0"})
	w.check(err)
	way := outbox.New(outbox.Options{Store: db, Sources: db, Consents: db, Numbers: db, Sender: client, Logger: logger})
	w.face, err = api.New(api.Options{
		Narrator: api.Narrator{Kept: db, Patience: time.Minute, Now: time.Now}, When: way.When,
		Curator:  api.Curator{Library: media.New(media.Options{Store: db}), Journal: db},
		Accounts: db, Logger: logger, Version: "test",
		Numbers: number.New(number.Options{Store: db, Sources: db, Templates: db, Meta: client, Logger: logger}),
		Remedy:  func(code int) string { return fmt.Sprintf("remedy of %d", code) },
	})
	w.check(err)
	w.mine, w.theirs = w.account(db, "mine", numberID), w.account(db, "theirs", "106540000000099")
	return w
}

// account makes an account with a source and returns its API token.
func (w *world) account(db *sqlstore.Store, name, id string) string {
	w.t.Helper()
	a := wa.Account{ID: wa.NewID[wa.AccountID](), Name: name, CreatedAt: time.Now()}
	w.check(db.CreateAccount(w.t.Context(), a))
	kept, secret := wa.NewToken(a.ID, "", time.Now())
	w.check(db.CreateToken(w.t.Context(), kept))
	_, err := db.CreateSource(w.t.Context(), wa.Source{
		ID: "source", AccountID: a.ID, Name: name, CreatedAt: time.Now(), Number: wa.Number{
			ID: id, WABAID: waba, Display: display, Token: wa.NewSecret(token), AppSecret: wa.NewSecret("app"),
		},
	})
	w.check(err)
	return secret.Reveal()
}

func (w *world) check(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// ask makes a request. No answer may show a secret.
func (w *world) ask(method, path, bearer, body string) *httptest.ResponseRecorder {
	w.t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	if bearer != "" {
		r.Header.Set("Authorization", "Bearer "+bearer)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	answer := httptest.NewRecorder()
	w.face.ServeHTTP(answer, r)
	if strings.Contains(answer.Body.String()+w.log.String(), "canary") {
		w.t.Errorf("%s %s shows a secret: %s\n%s", method, path, answer.Body, w.log.String())
	}
	if answer.Header().Get("X-Request-Id") == "" {
		w.t.Errorf("%s %s has no request id", method, path)
	}
	return answer
}

// want asks and wants a status and a text in the answer.
func (w *world) want(status int, text, method, path, body string) {
	w.t.Helper()
	got := w.ask(method, "/v1/numbers/"+numberID+path, w.mine, body)
	if got.Code != status || !strings.Contains(got.Body.String(), text) {
		w.t.Errorf("%s %s: %d %s, want %d with %s", method, path, got.Code, got.Body, status, text)
	}
}

// problem reads an answer that says why not.
func (w *world) problem(answer *httptest.ResponseRecorder) (p api.Problem) {
	w.t.Helper()
	if ct := answer.Header().Get("Content-Type"); ct != "application/problem+json" {
		w.t.Errorf("Content-Type %q: %d %s", ct, answer.Code, answer.Body)
	}
	w.check(json.Unmarshal(answer.Body.Bytes(), &p))
	if p.Status != answer.Code || p.RequestID != answer.Header().Get("X-Request-Id") || !strings.HasSuffix(p.Type, "docs/errors.md#v1-"+p.Code) || p.Detail == "" || p.Title == "" {
		w.t.Errorf("problem %+v with status %d", p, answer.Code)
	}
	if !slices.ContainsFunc(api.Codes(), func(c api.Code) bool { return c.Code == p.Code }) {
		w.t.Errorf("code %q is not in the list", p.Code)
	}
	return p
}

func TestNumberIsLookedAfter(t *testing.T) {
	w := newWorld(t)
	w.want(200, `"display_phone_number":"15550109999"`, "GET", "", "")
	w.want(200, `"throughput":80`, "POST", "/refresh", "")
	w.want(200, `"messaging_limit_tier":"TIER_2K"`, "GET", "", "")
	w.want(204, "", "POST", "/pin", `{"pin":"123456"}`)
	w.want(200, `"about":"Open"`, "PUT", "/profile", `{"about":"Open","websites":["https://shop.example"]}`)
	w.want(200, `"websites":["https://shop.example"]`, "GET", "/profile", "")
	w.want(200, `"can_send_message":"AVAILABLE"`, "GET", "/health", "")
	w.want(200, `"app_name":"Simulated App"`, "GET", "/subscription", "")
	w.want(204, "", "DELETE", "/subscription", "")
	w.want(200, `{"apps":[]}`, "GET", "/subscription", "")
	w.want(204, "", "POST", "/subscription", "")
	w.want(204, "", "POST", "/subscription", "{}")
	w.want(204, "", "DELETE", "/callback", "")
	w.want(422, `"code":"invalid"`, "POST", "/deregister", `{"confirm":"15550100000"}`)
	w.want(204, "", "POST", "/deregister", `{"confirm":"+1 555 010 9999"}`)
	w.want(200, `"status":"DISCONNECTED"`, "POST", "/refresh", "")
	w.want(422, `"code":"meta_refused"`, "POST", "/request-code", `{}`) // it is verified
	w.want(422, `"remedy":"remedy of 133005"`, "POST", "/register", `{"pin":"654321"}`)
	w.want(204, "", "POST", "/register", `{"pin":"123456","data_localization_region":"DE"}`)
	w.want(422, "six digits", "POST", "/verify-code", `{"code":"12"}`)
	list := w.ask("GET", "/v1/numbers", w.mine, "")
	if list.Code != 200 || strings.Count(list.Body.String(), `"id"`) != 1 {
		t.Errorf("list: %d %s", list.Code, list.Body)
	}
}

func TestBlockingTellsOfEach(t *testing.T) {
	w := newWorld(t)
	w.check(w.meta.SetPhone(sim.Phone{Number: phone, Name: "Ada", Online: true}))
	_, err := w.meta.Say(t.Context(), sim.Inbound{From: phone, To: display, Text: "hello"})
	w.check(err)
	w.want(200, `{"done":[{"input":"15550100001","wa_id":"15550100001"}],"failed":[{"input":"15550100777","meta_code":139100`, "POST", "/blocked",
		`{"users":["+1 (555) 010-0001","15550100777"]}`)
	w.want(200, `{"blocked":["15550100001"]}`, "GET", "/blocked", "")
	w.want(200, `"failed":[]`, "DELETE", "/blocked", `{"users":["15550100001"]}`)
	w.want(200, `{"blocked":[]}`, "GET", "/blocked", "")
	w.want(422, `"rule":"required"`, "POST", "/blocked", `{"users":[]}`)
}

func TestOtherAccountsNumbersAreNotThere(t *testing.T) {
	w := newWorld(t)
	var described struct {
		Paths map[string]map[string]struct {
			RequestBody json.RawMessage `json:"requestBody"`
		}
	}
	w.check(json.Unmarshal(w.face.OpenAPI(), &described))
	tried := 0
	for path, methods := range described.Paths {
		if !strings.Contains(path, "{id}") {
			continue
		}
		for method := range methods {
			tried++
			body := map[string]string{
				"pin": `{"pin":"123456"}`, "register": `{"pin":"123456"}`, "verify-code": `{"code":"123456"}`, "deregister": `{"confirm":"` + display + `"}`,
				"request-code": `{}`, "profile": `{"about":"x"}`, "blocked": `{"users":["1"]}`, "callback": `{"override_callback_uri":"https://a.example"}`,
			}[path[strings.LastIndex(path, "/")+1:]]
			if method == "get" || method == "delete" && !strings.HasSuffix(path, "/blocked") {
				body = ""
			}
			answer := w.ask(strings.ToUpper(method), strings.ReplaceAll(path, "{id}", numberID), w.theirs, body)
			if p := w.problem(answer); p.Code != "not_found" {
				t.Errorf("%s %s: %+v", method, path, p)
			}
		}
	}
	if tried != 21 {
		t.Errorf("tried %d routes, want 21", tried)
	}
	if n := strings.Count(w.ask("GET", "/v1/numbers", w.theirs, "").Body.String(), numberID); n != 0 {
		t.Error("the list has another account's number")
	}
}

func TestProblems(t *testing.T) {
	w := newWorld(t)
	one := "/v1/numbers/" + numberID
	for _, tt := range []struct {
		name, method, path, token, body string
		status                          int
		code, detail                    string
	}{
		{"no token", "GET", "/v1/numbers", "", "", 401, "unauthorized", "Bearer"},
		{"wrong token", "GET", "/v1/numbers", w.mine + "x", "", 401, "unauthorized", "Bearer"},
		{"no token, no path", "GET", "/v1/nothing", "", "", 401, "unauthorized", "Bearer"},
		{"no path", "GET", "/v1/nothing", w.mine, "", 404, "not_found", "openapi.json"},
		{"trailing slash", "GET", "/v1/numbers/", w.mine, "", 404, "not_found", "openapi.json"},
		{"no method", "PATCH", one + "/profile", w.mine, "", 405, "method_not_allowed", "Allow"},
		{"no digits", "GET", "/v1/numbers/abc", w.mine, "", 422, "invalid", ""},
		{"no body", "POST", one + "/pin", w.mine, "", 400, "invalid", "body"},
		{"no JSON", "POST", one + "/pin", w.mine, "{", 400, "invalid", ""},
		{"unknown key", "POST", one + "/pin", w.mine, `{"pin":"123456","pim":"secret-canary"}`, 422, "invalid", ""},
		{"wrong type", "POST", one + "/pin", w.mine, `{"pin":["secret-canary"]}`, 422, "invalid", ""},
		{"unknown query", "GET", one + "/health?template=1", w.mine, "", 422, "invalid", ""},
		{"too large", "POST", one + "/pin", w.mine, `{"pin":"` + strings.Repeat("1", 300<<10) + `"}`, 413, "too_large", ""},
		{"a rule", "PUT", one + "/profile", w.mine, `{"about":"` + strings.Repeat("x", 140) + `"}`, 422, "invalid", "about"},
		{"Meta refuses", "POST", one + "/request-code", w.mine, "{}", 422, "meta_refused", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			answer := w.ask(tt.method, tt.path, tt.token, tt.body)
			p := w.problem(answer)
			if answer.Code != tt.status || p.Code != tt.code || !strings.Contains(p.Detail, tt.detail) {
				t.Errorf("got %d %+v", answer.Code, p)
			}
			if tt.status == 401 && answer.Header().Get("WWW-Authenticate") == "" {
				t.Error("no WWW-Authenticate")
			}
			if tt.status == 405 && answer.Header().Get("Allow") != "GET, PUT" {
				t.Errorf("Allow is %q", answer.Header().Get("Allow"))
			}
		})
	}
}

func TestRequestIDIsTakenOverIfItIsHarmless(t *testing.T) {
	w := newWorld(t)
	for id, want := range map[string]bool{"order-7:1_a.b": true, "a b": false, strings.Repeat("x", 65): false, "a\"b": false} {
		r := httptest.NewRequest(http.MethodGet, "/v1/numbers", nil)
		r.Header.Set("X-Request-Id", id)
		answer := httptest.NewRecorder()
		w.face.ServeHTTP(answer, r)
		if got := answer.Header().Get("X-Request-Id"); (got == id) != want || got == "" {
			t.Errorf("%q became %q", id, got)
		}
	}
}

func TestDescriptionNeedsNoToken(t *testing.T) {
	w := newWorld(t)
	answer := w.ask("GET", "/v1/openapi.json", "", "")
	var d struct {
		OpenAPI    string
		Paths      map[string]map[string]struct{ Summary string }
		Components struct{ Schemas map[string]any }
	}
	w.check(json.Unmarshal(answer.Body.Bytes(), &d))
	if answer.Code != 200 || !strings.HasPrefix(d.OpenAPI, "3.1") || len(d.Paths) < 13 || d.Components.Schemas["Problem"] == nil || d.Components.Schemas["ErrorModel"] != nil {
		t.Errorf("%d, %s, %d paths, schemas %v", answer.Code, d.OpenAPI, len(d.Paths), slices.Sorted(maps.Keys(d.Components.Schemas)))
	}
	for path, methods := range d.Paths {
		for method, op := range methods {
			if op.Summary == "" {
				t.Errorf("%s %s has no summary", method, path)
			}
		}
	}
}
