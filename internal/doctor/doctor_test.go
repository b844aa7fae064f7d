package doctor_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/waypost/waypost/internal/cloudapi"
	"github.com/waypost/waypost/internal/doctor"
	"github.com/waypost/waypost/internal/inbox"
	"github.com/waypost/waypost/internal/keyring"
	"github.com/waypost/waypost/internal/safehttp"
	"github.com/waypost/waypost/internal/sim"
	"github.com/waypost/waypost/internal/sim/account"
	"github.com/waypost/waypost/internal/store/sqlstore"
	"github.com/waypost/waypost/internal/wa"
)

const (
	numberID = "106540000000001"
	waba     = "209000000000001"
	display  = "15550109999"
	verify   = "verify-canary"
	secret   = "secret-canary"
	token    = "token-canary"
)

// world is a gateway's callback face, its store, and a simulated Meta.
type world struct {
	t       *testing.T
	meta    *sim.Sim
	graph   *httptest.Server
	gateway *httptest.Server
	db      *sqlstore.Store
	src     wa.Source
	options doctor.Options
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t}
	logger := slog.New(slog.DiscardHandler)
	keys, err := keyring.Open(filepath.Join(t.TempDir(), "keys.json"))
	w.check(err)
	w.db, err = sqlstore.Open(t.Context(), sqlstore.Options{Path: filepath.Join(t.TempDir(), "waypost.db"), Cipher: keys, Logger: logger})
	w.check(err)
	t.Cleanup(func() { w.check(w.db.Close()) })
	in := inbox.New(inbox.Options{
		Store: w.db, Sources: w.db, Verify: cloudapi.VerifySignature, VerifyToken: wa.NewSecret(verify), Logger: logger,
		Decode: func([]byte) ([]wa.Update, error) { return nil, nil },
	})
	w.gateway = serve(t, in)
	var graph http.Handler
	w.graph = serve(t, http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { graph.ServeHTTP(rw, r) }))
	w.meta, err = sim.New(sim.Options{
		GraphURL: w.graph.URL, Dir: t.TempDir(), Logger: logger, Seed: 1,
		Numbers: []sim.Number{{ID: numberID, WABAID: waba, Display: display, AccessToken: token, Name: "Shop"}},
		Tokens: []account.Token{
			{Value: "soon", ExpiresAt: time.Now().Add(72 * time.Hour)},
			{Value: "narrow", Scopes: []string{wa.ScopeManagement}},
		},
	})
	w.check(err)
	graph = w.meta.Graph()
	w.callback(w.gateway.URL)
	w.src = wa.Source{ID: "one", AccountID: wa.NewID[wa.AccountID](), Name: "Shop", CreatedAt: time.Now(), Number: wa.Number{
		ID: numberID, WABAID: waba, Display: display, Token: wa.NewSecret(token), AppSecret: wa.NewSecret(secret),
	}}
	w.check(w.db.CreateAccount(t.Context(), wa.Account{ID: w.src.AccountID, Name: "shop", CreatedAt: time.Now()}))
	_, err = w.db.CreateSource(t.Context(), w.src)
	w.check(err)
	client, err := cloudapi.New(cloudapi.Options{BaseURL: w.graph.URL, Version: "v23.0"})
	w.check(err)
	loopback := []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	w.options = doctor.Options{
		Meta: client, Records: w.db, Gateway: w.gateway.URL, VerifyToken: wa.NewSecret(verify), Refresh: 15 * time.Minute, Account: "the shop",
		Local: http.DefaultClient, Guarded: safehttp.NewClient(safehttp.Options{Allow: loopback, Timeout: 5 * time.Second}),
	}
	w.heard(numberID)
	w.check(w.db.ReplaceTemplates(t.Context(), w.src.AccountID, waba, nil, time.Now()))
	return w
}

func serve(t *testing.T, h http.Handler) *httptest.Server {
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s
}

func (w *world) check(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// callback is where the simulated Meta calls back.
func (w *world) callback(url string) {
	w.t.Helper()
	w.check(w.meta.UseCallback(sim.Callback{URL: url, VerifyToken: verify, AppSecret: secret}))
}

// heard has a callback about a number applied.
func (w *world) heard(number string) {
	w.t.Helper()
	w.check(w.db.KeepCallback(w.t.Context(), wa.Callback{ID: wa.NewID[wa.CallbackID](), ReceivedAt: time.Now(), Body: []byte("{}")}))
	claimed, err := w.db.ClaimCallbacks(w.t.Context(), 1, time.Minute)
	w.check(err)
	w.check(w.db.SettleCallback(w.t.Context(), claimed[0], []wa.AccountUpdates{{AccountID: w.src.AccountID, Updates: []wa.Update{{NumberID: number}}}}))
}

func (w *world) condition(c account.Condition) {
	w.t.Helper()
	w.check(w.meta.Accounts().SetCondition(numberID, c))
}

// deregister and unsubscribe do it at Meta.
func (w *world) call(method, path string) {
	w.t.Helper()
	r, err := http.NewRequestWithContext(w.t.Context(), method, w.graph.URL+"/v23.0/"+path, strings.NewReader("{}"))
	w.check(err)
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(r)
	w.check(err)
	defer resp.Body.Close()
	if body, _ := io.ReadAll(resp.Body); resp.StatusCode != http.StatusOK {
		w.t.Fatalf("%s %s: %d %s", method, path, resp.StatusCode, body)
	}
}

func (w *world) examine() []doctor.Finding {
	w.t.Helper()
	all := doctor.New(w.options).Examine(w.t.Context(), w.src)
	for _, f := range all {
		if text := fmt.Sprint(f); strings.Contains(text, "canary") {
			w.t.Errorf("a secret is shown: %s", text)
		}
		if (f.State == doctor.OK) != (f.Do == "" && f.Whose == "") {
			w.t.Errorf("what to do does not fit: %+v", f)
		}
	}
	return all
}

func closedAddress(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return "http://" + l.Addr().String()
}

func TestEverythingIsOKAgainstTheSimulator(t *testing.T) {
	w := newWorld(t)
	all := w.examine()
	for _, f := range all {
		if f.State != doctor.OK {
			t.Errorf("%+v", f)
		}
	}
	if len(all) < 18 {
		t.Errorf("only %d checks", len(all))
	}
}

// TestEachFailureIsExplained breaks one thing at a time.
func TestEachFailureIsExplained(t *testing.T) {
	for _, tt := range []struct {
		name   string
		broken func(*world)
		check  string
		state  doctor.State
		// what and do are in what is said.
		what, do string
	}{
		{"dead token", func(w *world) { w.src.Number.Token = wa.NewSecret("dead") }, "access token", doctor.Fail, "190", "system_users"},
		{"token without form", func(w *world) { w.src.Number.Token = wa.NewSecret("a b") }, "access token", doctor.Fail, "token", "system_users"},
		{"token that ends", func(w *world) { w.src.Number.Token = wa.NewSecret("soon") }, "access token", doctor.Warn, "it ends at", "never ends"},
		{"missing permission", func(w *world) { w.src.Number.Token = wa.NewSecret("narrow") }, "permissions", doctor.Fail, wa.ScopeMessaging, "permissions"},
		{"no network", func(w *world) { w.graph.Close() }, "Meta is reachable", doctor.Fail, "refused", "meta.base_url"},
		{"unknown number", func(w *world) { w.src.Number.ID = "1" }, "phone_number_id", doctor.Fail, "there is no number 1", "phone_numbers"},
		{"unknown account", func(w *world) { w.src.Number.WABAID = "1" }, "WhatsApp Business Account", doctor.Fail, "cannot be listed", "number connect"},
		{"other phone number", func(w *world) { w.src.Number.Display = "15550100000" }, "phone number", doctor.Fail, "Meta says +15550109999", "number connect"},
		{"unregistered number", func(w *world) { w.call(http.MethodPost, numberID+"/deregister") }, "registration", doctor.Fail, "not registered", "waypost number register --account 'the shop' --source one"},
		{"health of it", func(w *world) { w.call(http.MethodPost, numberID+"/deregister") }, "health", doctor.Fail, "133010", "Register the phone number with its PIN."},
		{"declined name", func(w *world) { w.condition(account.Condition{NameStatus: "DECLINED"}) }, "display name", doctor.Fail, "DECLINED", "phone_numbers"},
		{"name under review", func(w *world) { w.condition(account.Condition{NameStatus: "PENDING_REVIEW"}) }, "display name", doctor.Warn, "still looking", "wait"},
		{"red quality", func(w *world) { w.condition(account.Condition{Quality: "RED"}) }, "quality", doctor.Fail, "RED", "fewer people"},
		{"yellow quality", func(w *world) { w.condition(account.Condition{Quality: "YELLOW"}) }, "quality", doctor.Warn, "YELLOW", "templates"},
		{"limited", func(w *world) { w.condition(account.Condition{CanSend: "LIMITED", Limit: "the name is not approved"}) }, "health", doctor.Warn, "the name is not approved", "phone_numbers"},
		{"blocked", func(w *world) {
			w.condition(account.Condition{CanSend: "BLOCKED", Problem: &account.Problem{Code: 141006, Description: "no payment", Solution: "add a card"}})
		}, "health", doctor.Fail, "no payment (141006)", "add a card"},
		{"no subscription", func(w *world) { w.call(http.MethodDelete, waba+"/subscribed_apps") }, "subscription", doctor.Fail, "nothing is called back", "waypost number subscribe --account 'the shop' --source one"},
		{"gateway down", func(w *world) { w.gateway.Close() }, "gateway", doctor.Fail, "nothing listens there", "waypost serve"},
		{"gateway unknown", func(w *world) { w.options.Gateway = "" }, "gateway", doctor.Warn, "not known", "--gateway"},
		{"other verify token", func(w *world) { w.options.VerifyToken = wa.NewSecret("other-canary") }, "gateway", doctor.Fail, "does not know this verify token", "meta.verify_token"},
		{"no verify token", func(w *world) { w.options.VerifyToken = wa.Secret{} }, "verify token", doctor.Fail, "not set", "WAYPOST_META_VERIFY_TOKEN"},
		{"wrong callback address", func(w *world) { w.callback(closedAddress(w.t)) }, "callback address", doctor.Fail, "nothing listens there", "developers.facebook.com/apps"},
		{"someone else's address", func(w *world) { w.callback(serve(w.t, http.NotFoundHandler()).URL) }, "callback address", doctor.Fail, "404", "apps"},
		{"an address that redirects", func(w *world) {
			w.callback(serve(w.t, http.RedirectHandler("https://www.example", http.StatusMovedPermanently)).URL)
		}, "callback address", doctor.Fail, "redirects (301)", "apps"},
		{"an address that echoes", func(w *world) { w.callback(serve(w.t, http.HandlerFunc(echo)).URL) }, "callback address", doctor.Fail, "any verify token", "apps"},
		{"an address that takes anything", func(w *world) { w.callback(serve(w.t, refusing(http.StatusOK)).URL) }, "signature at Meta's address", doctor.Fail, "badly signed", "something else"},
		{"a proxy that refuses POST", func(w *world) { w.callback(serve(w.t, refusing(http.StatusMethodNotAllowed)).URL) }, "signature at Meta's address", doctor.Fail, "405", "proxy"},
		{"private address", func(w *world) {
			w.options.Guarded = safehttp.NewClient(safehttp.Options{Setting: "the flag"})
		}, "callback address", doctor.Fail, "the flag can allow it", "internet"},
		{"no address at all", func(w *world) { w.check(w.meta.UseCallback(sim.Callback{})) }, "callback address", doctor.Warn, "does not say", "apps"},
		{"wrong app secret", func(w *world) { w.src.Number.AppSecret = wa.NewSecret("another-canary") }, "app secret", doctor.Fail, "every callback of Meta's is refused", "App settings"},
		{"secret of no source", func(w *world) { w.src.Number.AppSecret = wa.NewSecret("another-canary") }, "signature", doctor.Fail, "403", "data directory"},
		{"clock", func(w *world) { w.options.Now = func() time.Time { return time.Now().Add(time.Minute) } }, "clock", doctor.Warn, "from Meta's", "NTP"},
		{"clock far off", func(w *world) { w.options.Now = func() time.Time { return time.Now().Add(-time.Hour) } }, "clock", doctor.Fail, "windows", "NTP"},
		{"old templates", func(w *world) { w.options.Refresh = time.Nanosecond }, "templates", doctor.Warn, "old", "waypost serve"},
		{"templates that fail", func(w *world) {
			jobs, err := w.db.ClaimTemplateSyncs(w.t.Context(), 1, time.Minute)
			w.check(err)
			jobs[0].Attempts = 3
			w.check(w.db.SettleTemplateSync(w.t.Context(), jobs[0], time.Hour, 0))
		}, "templates", doctor.Fail, "3 times in a row", "templates synced"},
		{"silence", func(w *world) { w.options.Now = func() time.Time { return time.Now().Add(25 * time.Hour) } }, "last callback", doctor.Warn, "UTC", "wrote"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			tt.broken(w)
			all := w.examine()
			for _, f := range all {
				if f.Check == tt.check && f.State == tt.state && strings.Contains(f.What, tt.what) && strings.Contains(f.Do, tt.do) {
					return
				}
			}
			t.Errorf("no %s of %q with %q and %q in:", tt.state, tt.check, tt.what, tt.do)
			for _, f := range all {
				t.Logf("%+v", f)
			}
		})
	}
}

// echo answers every handshake and takes every callback.
func echo(w http.ResponseWriter, r *http.Request) {
	_, _ = io.WriteString(w, r.URL.Query().Get("hub.challenge"))
}

// refusing refuses every handshake, and answers every callback with a status.
func refusing(status int) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		w.WriteHeader(status)
	})
}

// TestVerifyTokenIsShownToNobodyElse: the address that Meta has is somebody else's,
// who answers everything, or passes everything on to the gateway.
func TestVerifyTokenIsShownToNobodyElse(t *testing.T) {
	for name, behind := range map[string]func(*world) http.Handler{
		"echo":  func(*world) http.Handler { return http.HandlerFunc(echo) },
		"relay": func(w *world) http.Handler { return w.gateway.Config.Handler },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			handler, saw := behind(w), make(chan string, 10)
			w.callback(serve(t, http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				r.Body = io.NopCloser(bytes.NewReader(body))
				saw <- fmt.Sprint(r.URL, r.Header, string(body))
				handler.ServeHTTP(rw, r)
			})).URL)
			w.examine()
			close(saw)
			asked := 0
			for text := range saw {
				asked++
				if strings.Contains(text, "canary") {
					t.Errorf("it was shown %s", text)
				}
			}
			if asked == 0 {
				t.Error("it was not examined")
			}
		})
	}
}

func TestFirstDayIsNoFailure(t *testing.T) {
	w := newWorld(t)
	other := wa.Source{ID: "two", AccountID: wa.NewID[wa.AccountID](), Name: "Two", CreatedAt: time.Now(), Number: w.src.Number}
	w.check(errors.Join(w.db.CreateAccount(t.Context(), wa.Account{ID: other.AccountID, Name: "two", CreatedAt: time.Now()})))
	_, err := w.db.CreateSource(t.Context(), other)
	w.check(err)
	w.src = other
	all := w.examine()
	if got := doctor.Worst(all); got != doctor.Warn {
		t.Errorf("%s: %+v", got, all)
	}
}

func TestAnotherNumbersCallbacksDoNotCount(t *testing.T) {
	w := newWorld(t)
	quiet := w.src
	quiet.ID, quiet.Number.ID = "quiet", "106540000000002"
	_, err := w.db.CreateSource(t.Context(), quiet)
	w.check(err)
	w.src = quiet
	for _, f := range w.examine() {
		if f.Check == "last callback" && (f.State != doctor.Warn || !strings.Contains(f.What, "never called back about this number")) {
			t.Errorf("%+v", f)
		}
	}
}

func TestNumberWithoutHintsIsNoFailure(t *testing.T) {
	w := newWorld(t)
	w.options.Meta = mute{w.options.Meta}
	if all := w.examine(); doctor.Worst(all) != doctor.OK {
		t.Errorf("%+v", all)
	}
}

// mute is a Meta that does not tell of tokens.
type mute struct{ doctor.Meta }

// TokenInfo implements doctor.Meta.
func (mute) TokenInfo(context.Context, wa.Number) (wa.TokenInfo, error) {
	return wa.TokenInfo{}, errors.New("not for this token")
}
