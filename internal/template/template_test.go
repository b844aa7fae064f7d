package template

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/waypost/waypost/internal/cloudapi"
	"github.com/waypost/waypost/internal/keyring"
	"github.com/waypost/waypost/internal/store"
	"github.com/waypost/waypost/internal/store/sqlstore"
	"github.com/waypost/waypost/internal/wa"
)

const waba = "209"

// meta plays Meta: it is a transport, so that a test in virtual time can use it.
// Its templates are by name and status.
type meta struct {
	mu    sync.Mutex
	names []string
	// down, busy and expired refuse: everything, everything for too many calls,
	// or the tokens that are named.
	down, busy bool
	expired    map[string]bool
	// hold, if it is set, is received from before a list is answered.
	hold chan struct{}
	// asked are method and path of every call, with the token of a list.
	asked []string
}

func (m *meta) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	body := ""
	if r.Body != nil {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		body = string(b)
	}
	m.mu.Lock()
	m.answer(w, r, body)
	hold := m.hold
	m.mu.Unlock()
	if hold != nil && r.Method == http.MethodGet {
		select {
		case <-hold:
		case <-r.Context().Done():
			return nil, r.Context().Err()
		}
	}
	return w.Result(), nil
}

func (m *meta) answer(w http.ResponseWriter, r *http.Request, body string) {
	token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	m.asked = append(m.asked, r.Method+" "+token)
	switch {
	case m.down:
		w.WriteHeader(http.StatusBadGateway)
	case m.busy:
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, `{"error":{"code":80008,"message":"too many calls"}}`)
	case m.expired[token]:
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = io.WriteString(w, `{"error":{"code":190,"message":"expired"}}`)
	case r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/message_templates"):
		var made struct{ Name string }
		if err := json.Unmarshal([]byte(body), &made); err != nil || made.Name == "bad" {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = io.WriteString(w, `{"error":{"code":100,"message":"Invalid parameter"}}`)
			return
		}
		m.names = append(m.names, made.Name)
		_, _ = fmt.Fprintf(w, `{"id":"id_%s","status":"PENDING"}`, made.Name)
	case r.Method == http.MethodPost:
		_, _ = io.WriteString(w, `{"success":true}`)
	case r.Method == http.MethodDelete:
		m.names = slices.DeleteFunc(m.names, func(name string) bool { return name == r.URL.Query().Get("name") })
		_, _ = io.WriteString(w, `{"success":true}`)
	case strings.HasSuffix(r.URL.Path, "/message_templates"):
		var list []string
		for _, name := range m.names {
			list = append(list, node(name))
		}
		_, _ = fmt.Fprintf(w, `{"data":[%s]}`, strings.Join(list, ","))
	default:
		_, name, _ := strings.Cut(r.URL.Path, "id_")
		_, _ = io.WriteString(w, node(name))
	}
}

func node(name string) string {
	status := "APPROVED"
	if strings.HasPrefix(name, "new_") {
		status = "PENDING"
	}
	return fmt.Sprintf(`{"id":"id_%s","name":%q,"language":"en","status":"`+status+`","category":"UTILITY","components":[{"type":"BODY","text":"Hi"}]}`, name, name)
}

func (m *meta) set(change func(*meta)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	change(m)
}

// calls returns what was asked since the last time.
func (m *meta) calls() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	asked := m.asked
	m.asked = nil
	return asked
}

// bench is a library over the real store.
type bench struct {
	t       *testing.T
	db      *sqlstore.Store
	meta    *meta
	lib     *Library
	account wa.AccountID
	source  wa.Source
	logs    *bytes.Buffer
}

func newBench(t *testing.T, names ...string) *bench {
	t.Helper()
	dir := t.TempDir()
	keys, err := keyring.Open(filepath.Join(dir, "keys.json"))
	check(t, err)
	db, err := sqlstore.Open(t.Context(), sqlstore.Options{Path: filepath.Join(dir, "db"), Cipher: keys})
	check(t, err)
	t.Cleanup(func() { check(t, db.Close()) })
	b := &bench{t: t, db: db, meta: &meta{names: names, expired: map[string]bool{}}, logs: &bytes.Buffer{}}
	client, err := cloudapi.New(cloudapi.Options{BaseURL: "http://127.0.0.1", Version: "v23.0", Transport: b.meta})
	check(t, err)
	b.lib = New(Options{
		Store: db, Sources: db, Meta: client, Logger: slog.New(slog.NewTextHandler(b.logs, nil)),
		Wake: db.Wake(store.StageTemplates),
	})
	b.account = wa.NewID[wa.AccountID]()
	check(t, db.CreateAccount(t.Context(), wa.Account{ID: b.account, Name: "shop", CreatedAt: time.Now()}))
	b.source = b.newSource("109", "first")
	return b
}

func (b *bench) newSource(number, token string) wa.Source {
	b.t.Helper()
	src, err := b.db.CreateSource(b.t.Context(), wa.Source{
		ID: wa.NewID[wa.SourceID](), AccountID: b.account, Name: number, CreatedAt: time.Now(), Number: wa.Number{
			ID: number, WABAID: waba, Display: "15550109999", Token: wa.NewSecret(token), AppSecret: wa.NewSecret("s"),
		},
	})
	check(b.t, err)
	return src
}

// start runs the library until the returned function is called.
func (b *bench) start() (stop func()) {
	ctx, cancel := context.WithCancel(b.t.Context())
	var running sync.WaitGroup
	running.Go(func() { b.lib.Run(ctx) })
	stop = func() { cancel(); running.Wait() }
	b.t.Cleanup(stop)
	return stop
}

// kept returns the names of the copies.
func (b *bench) kept() string {
	b.t.Helper()
	list, _, err := b.db.ListTemplates(b.t.Context(), b.account, waba, wa.TemplateFilter{}, 100, 0)
	check(b.t, err)
	var names []string
	for _, m := range list {
		names = append(names, m.Name)
	}
	return strings.Join(names, " ")
}

func (b *bench) want(what, names string) {
	b.t.Helper()
	if got := b.kept(); got != names {
		b.t.Errorf("%s: kept %q, want %q", what, got, names)
	}
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func change(name string) wa.TemplateChange {
	return wa.TemplateChange{
		"name": json.RawMessage(`"` + name + `"`), "language": json.RawMessage(`"en"`), "category": json.RawMessage(`"UTILITY"`),
		"components": json.RawMessage(`[{"type":"BODY","text":"Hi {{1}}"}]`),
	}
}

func TestANewSourceGetsItsTemplates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, "order", "sale")
		b.start()
		synctest.Wait()
		b.want("at once", "order sale")
	})
}

func TestTheCopyFollowsMeta(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, "order")
		b.start()
		synctest.Wait()
		b.meta.calls()
		b.meta.set(func(m *meta) { m.names = []string{"sale"} })
		time.Sleep(defaultRefresh - time.Second)
		b.want("before its time", "order")
		if calls := b.meta.calls(); len(calls) != 0 {
			t.Errorf("asked %v before it was time", calls)
		}
		time.Sleep(2*poll + time.Second)
		synctest.Wait()
		b.want("afterwards", "sale")
	})
}

func TestAPendingTemplateIsLookedAtSooner(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, "new_order")
		b.start()
		synctest.Wait()
		b.meta.set(func(m *meta) { m.names = []string{"order"} })
		time.Sleep(pendingWait + 2*poll)
		synctest.Wait()
		b.want("after the approval", "order")
	})
}

func TestACallbackBringsTheListForward(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, "order")
		b.start()
		synctest.Wait()
		b.meta.set(func(m *meta) { m.names = append(m.names, "sale") })
		b.callback()
		time.Sleep(distance + poll)
		synctest.Wait()
		b.want("after the callback", "order sale")
	})
}

// callback brings word of a template.
func (b *bench) callback() {
	b.t.Helper()
	check(b.t, b.db.KeepCallback(b.t.Context(), wa.Callback{ID: wa.NewID[wa.CallbackID](), ReceivedAt: time.Now(), Body: []byte("{}")}))
	cs, err := b.db.ClaimCallbacks(b.t.Context(), 1, time.Minute)
	check(b.t, err)
	check(b.t, b.db.SettleCallback(b.t.Context(), cs[0], []wa.AccountUpdates{{AccountID: b.account, Updates: []wa.Update{
		{WABAID: waba, Template: &wa.TemplateUpdate{ID: "id_sale", Status: wa.TemplateApproved}},
	}}}))
}

func TestABurstOfCallbacksMakesFewLists(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, "order")
		b.start()
		synctest.Wait()
		b.meta.calls()
		for range 60 {
			b.callback()
			time.Sleep(time.Second)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if n := len(b.meta.calls()); n < 2 || n > 20 {
			t.Errorf("listed %d times in a minute of callbacks", n)
		}
	})
}

func TestALongListIsNotMadeAgainSoon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, "order")
		hold := make(chan struct{})
		b.meta.hold = hold
		b.start()
		time.Sleep(20 * time.Second)
		b.meta.set(func(m *meta) { m.hold = nil })
		close(hold)
		synctest.Wait()
		for _, row := range []struct {
			wait  time.Duration
			calls int
		}{{39 * time.Second, 1}, {time.Second + 2*poll, 1}} {
			b.callback()
			time.Sleep(row.wait)
			synctest.Wait()
			if calls := b.meta.calls(); len(calls) != row.calls {
				t.Errorf("asked %v in %v", calls, row.wait)
			}
		}
	})
}

func TestCallbacksDuringAListAreOneMoreList(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, "order")
		hold := make(chan struct{})
		b.meta.hold = hold
		b.start()
		synctest.Wait()
		for range 20 {
			b.callback()
		}
		b.meta.set(func(m *meta) { m.hold, m.names = nil, []string{"sale"} })
		close(hold)
		time.Sleep(time.Minute)
		synctest.Wait()
		b.want("the second list", "sale")
		if n := len(b.meta.calls()); n != 2 {
			t.Errorf("listed %d times", n)
		}
	})
}

func TestMetaIsLeftAloneAsLongAsItAsks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, "order")
		b.meta.busy = true
		b.start()
		synctest.Wait()
		for range 50 { // of the minute that code 80008 asks for
			b.callback()
			if _, _, err := b.lib.List(t.Context(), b.source, wa.TemplateFilter{}, 10, 0); err == nil {
				t.Error("there is a list")
			}
			time.Sleep(time.Second)
		}
		if calls := b.meta.calls(); len(calls) != 1 {
			t.Errorf("asked %v", calls)
		}
		b.meta.set(func(m *meta) { m.busy = false })
		time.Sleep(10*time.Second + 2*poll)
		synctest.Wait()
		b.want("afterwards", "order")
	})
}

func TestARequestAndTheStageMakeOneList(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, "order")
		hold := make(chan struct{})
		b.meta.hold = hold
		var asking sync.WaitGroup
		asking.Go(func() {
			_, _, err := b.lib.List(t.Context(), b.source, wa.TemplateFilter{}, 10, 0)
			check(t, err)
		})
		synctest.Wait()
		b.start()
		synctest.Wait()
		close(hold)
		asking.Wait()
		synctest.Wait()
		if calls := b.meta.calls(); len(calls) != 1 {
			t.Errorf("asked %v", calls)
		}
	})
}

func TestAFailedListLeavesTheCopyAndIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, "order")
		b.start()
		synctest.Wait()
		b.meta.set(func(m *meta) { m.down, m.names = true, []string{"sale"} })
		b.meta.calls()
		time.Sleep(2 * time.Hour)
		synctest.Wait()
		b.want("while Meta is away", "order")
		if n := len(b.meta.calls()); n < 5 || n > 40 {
			t.Errorf("asked %d times in two hours", n)
		}
		b.meta.set(func(m *meta) { m.down = false })
		time.Sleep(longestWait + 2*poll)
		synctest.Wait()
		b.want("when it is back", "sale")
		if logs := b.logs.String(); !strings.Contains(logs, "level=WARN") || strings.Contains(logs, "first") {
			t.Errorf("logged %s", logs)
		}
	})
}

func TestAnyWorkingTokenOfTheWABAWillDo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, "order")
		b.newSource("110", "first")
		b.newSource("111", "second")
		b.meta.expired["first"] = true
		b.start()
		synctest.Wait()
		b.want("with the second token", "order")
		if got := strings.Join(b.meta.calls(), ", "); !strings.HasPrefix(got, "GET first, GET second") {
			t.Errorf("asked %s", got)
		}
	})
}

func TestAStopBreaksAListOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, "order")
		b.meta.hold = make(chan struct{})
		stop := b.start()
		synctest.Wait()
		begun := time.Now()
		stop()
		if took := time.Since(begun); took > time.Second {
			t.Errorf("the stop took %v", took)
		}
		b.want("nothing", "")
		b.meta.set(func(m *meta) { m.hold = nil })
		check(t, b.lib.Recover(t.Context()))
		b.start()
		time.Sleep(poll)
		synctest.Wait()
		b.want("after the next start", "order")
	})
}

func TestTheFirstQuestionWaitsForTheFirstList(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, "order")
		var asking sync.WaitGroup
		for range 5 {
			asking.Go(func() {
				list, total, err := b.lib.List(t.Context(), b.source, wa.TemplateFilter{}, 10, 0)
				if err != nil || total != 1 || len(list) != 1 || list[0].Name != "order" {
					t.Errorf("%v, %d, %v", list, total, err)
				}
			})
		}
		asking.Wait()
		if calls := b.meta.calls(); len(calls) != 1 {
			t.Errorf("asked %v", calls)
		}
		if list, err := b.lib.Find(t.Context(), b.source, "none"); wa.CodeOf(err) != wa.CodeNotFound {
			t.Errorf("%v, %v", list, err)
		}
		if _, err := b.lib.ByID(t.Context(), b.source, "none"); wa.CodeOf(err) != wa.CodeNotFound {
			t.Error(err)
		}
	})
}

func TestTheFirstQuestionDoesNotWaitForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, "order")
		b.meta.hold = make(chan struct{})
		begun := time.Now()
		var asking sync.WaitGroup
		for range 3 {
			asking.Go(func() {
				if _, _, err := b.lib.List(t.Context(), b.source, wa.TemplateFilter{}, 10, 0); err == nil {
					t.Error("there is a list")
				}
			})
		}
		asking.Wait()
		if took := time.Since(begun); took > firstTimeout {
			t.Errorf("it took %v", took)
		}
	})
}

func TestAChangeIsMadeAtMetaAndKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		ctx := t.Context()
		m, err := b.lib.Create(ctx, b.source, change("order"))
		check(t, err)
		if m.ID != "id_order" || m.Status != wa.TemplatePending || m.Definition.Body != "Hi {{1}}" {
			t.Errorf("made %+v", m)
		}
		b.want("made", "order")
		m, err = b.lib.Edit(ctx, b.source, m, wa.TemplateChange{"components": json.RawMessage(`[]`)})
		check(t, err)
		if kept, err := b.lib.Named(ctx, b.source, "order"); err != nil || len(kept) != 1 || kept[0].Status != wa.TemplateApproved || m.Definition.Body != "Hi" {
			t.Errorf("edited %+v, %v", kept, err)
		}
		nameless := m
		nameless.ID = ""
		if err := b.lib.Delete(ctx, b.source, nameless); wa.CodeOf(err) != wa.CodeNotFound {
			t.Errorf("deleted without an id, which is all languages: %v", err)
		}
		b.want("still there", "order")
		check(t, b.lib.Delete(ctx, b.source, m))
		b.want("deleted", "")
		b.meta.calls()
	})
}

func TestARefusedChangeChangesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		if _, err := b.lib.Create(t.Context(), b.source, change("bad")); err == nil {
			t.Error("taken")
		}
		b.want("nothing", "")
	})
}

func TestAListThatWasUnderWayDoesNotUndoAChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, "order")
		b.start()
		synctest.Wait()
		hold := make(chan struct{})
		b.meta.set(func(m *meta) { m.hold = hold })
		check(t, b.db.MakeTemplateSyncDue(t.Context(), b.account, waba))
		synctest.Wait() // the list has order in it and is on its way
		time.Sleep(time.Second)
		b.meta.set(func(m *meta) { m.hold = nil })
		check(t, b.lib.DeleteNamed(t.Context(), b.source, "order"))
		_, err := b.lib.Create(t.Context(), b.source, change("sale"))
		check(t, err)
		close(hold)
		synctest.Wait()
		b.want("the change", "sale")
	})
}

func TestACreateWithoutAnAnswerIsFoundByTheNextList(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.start()
		synctest.Wait()
		b.meta.set(func(m *meta) { m.down = true })
		if _, err := b.lib.Create(t.Context(), b.source, change("order")); err == nil {
			t.Error("there was an answer")
		}
		b.meta.set(func(m *meta) { m.down, m.names = false, []string{"order"} })
		time.Sleep(time.Minute)
		synctest.Wait()
		b.want("found", "order")
	})
}
