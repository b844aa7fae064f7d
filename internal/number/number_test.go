package number_test

import (
	"bytes"
	"context"
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
	"github.com/waypost/waypost/internal/number"
	"github.com/waypost/waypost/internal/store"
	"github.com/waypost/waypost/internal/store/sqlstore"
	"github.com/waypost/waypost/internal/wa"
)

// meta plays Meta: it is a transport, so that a test in virtual time can use it.
type meta struct {
	mu sync.Mutex
	// refuse is what every call is answered with instead, by its token; "" is for
	// every token.
	refuse map[string]string
	tier   string
	// asked are method, path and token of every call, at is when.
	asked []string
	at    []time.Time
}

func (m *meta) RoundTrip(r *http.Request) (*http.Response, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	path := strings.TrimPrefix(r.URL.Path, "/v23.0")
	m.asked, m.at = append(m.asked, r.Method+" "+path+" "+token), append(m.at, time.Now())
	w := httptest.NewRecorder()
	refused := m.refuse[token]
	if refused == "" {
		refused = m.refuse[""]
	}
	switch {
	case refused != "":
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, refused)
	case r.Method == http.MethodGet && strings.Count(path, "/") == 1:
		_, _ = fmt.Fprintf(w, `{"id":%q,"display_phone_number":"+1 555 010 9999","verified_name":"Shop","status":"CONNECTED","messaging_limit_tier":%q,`+
			`"throughput":{"level":"STANDARD"},"quality_rating":"GREEN"}`, strings.Trim(path, "/"), m.tier)
	default:
		_, _ = io.WriteString(w, `{"success":true}`)
	}
	return w.Result(), nil
}

func (m *meta) answer(token, refusal string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.refuse[token] = refusal
}

func (m *meta) calls() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.asked)
}

// rig is a desk with a real store and a pretend Meta.
type rig struct {
	t       *testing.T
	meta    *meta
	db      *sqlstore.Store
	desk    *number.Desk
	account wa.AccountID
	log     bytes.Buffer
}

func newRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{t: t, meta: &meta{refuse: map[string]string{}, tier: "TIER_2K"}}
	keys, err := keyring.Open(filepath.Join(t.TempDir(), "keys.json"))
	r.check(err)
	logger := slog.New(slog.NewTextHandler(&r.log, nil))
	r.db, err = sqlstore.Open(t.Context(), sqlstore.Options{Path: filepath.Join(t.TempDir(), "waypost.db"), Cipher: keys, Logger: logger})
	r.check(err)
	t.Cleanup(func() { r.check(r.db.Close()) })
	client, err := cloudapi.New(cloudapi.Options{BaseURL: "https://graph.example", Version: "v23.0", Transport: r.meta})
	r.check(err)
	r.desk = number.New(number.Options{Store: r.db, Sources: r.db, Templates: r.db, Meta: client, Logger: logger, Wake: r.db.Wake(store.StageNumbers)})
	account := wa.Account{ID: wa.NewID[wa.AccountID](), Name: "shop", CreatedAt: time.Now()}
	r.check(r.db.CreateAccount(t.Context(), account))
	r.account = account.ID
	return r
}

func (r *rig) check(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) source(id wa.SourceID, numberID, token string) wa.Source {
	r.t.Helper()
	src, err := r.db.CreateSource(r.t.Context(), wa.Source{
		ID: id, AccountID: r.account, Name: string(id), CreatedAt: time.Now(), Number: wa.Number{
			ID: numberID, WABAID: "209", Display: "15550109999", Token: wa.NewSecret(token), AppSecret: wa.NewSecret("app"),
		},
	})
	r.check(err)
	return src
}

func (r *rig) state(numberID string) wa.NumberState {
	r.t.Helper()
	s, err := r.db.Number(r.t.Context(), r.account, numberID)
	r.check(err)
	return s
}

// run keeps the numbers fresh until the test is over.
func (r *rig) run() (stop func()) {
	ctx, cancel := context.WithCancel(r.t.Context())
	r.check(r.desk.Recover(ctx))
	done := make(chan struct{})
	go func() { r.desk.Run(ctx); close(done) }()
	return func() { cancel(); <-done }
}

func TestNumbersAreReadAtOnceAndEveryHour(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.source("one", "109", "token")
		defer r.run()()
		time.Sleep(15 * time.Second)
		if s := r.state("109"); s.Tier != "TIER_2K" || s.Throughput != wa.ThroughputStandard || s.VerifiedName != "Shop" || s.ReadAt.IsZero() {
			t.Errorf("after the start: %+v", s)
		}
		r.source("two", "110", "token")
		time.Sleep(15 * time.Second)
		if s := r.state("110"); s.Status != "CONNECTED" {
			t.Errorf("a new source: %+v", s)
		}
		before := len(r.meta.calls())
		time.Sleep(59 * time.Minute)
		if n := len(r.meta.calls()) - before; n != 0 {
			t.Errorf("%d calls within the hour", n)
		}
		time.Sleep(2 * time.Minute)
		if n := len(r.meta.calls()) - before; n != 2 {
			t.Errorf("%d calls after the hour, want one for each number", n)
		}
	})
}

func TestRefusedReadBacksOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.source("one", "109", "token")
		r.meta.answer("", `{"error":{"code":80007,"message":"(#80007) Rate limit hit"}}`)
		defer r.run()()
		time.Sleep(30 * time.Second)
		if n := len(r.meta.calls()); n != 1 {
			t.Errorf("%d calls although Meta wants fewer", n)
		}
		// Whatever makes it due, Meta is left alone.
		r.check(r.db.MakeNumberReadDue(t.Context(), r.account, "109"))
		time.Sleep(20 * time.Second)
		if n := len(r.meta.calls()); n != 1 {
			t.Errorf("%d calls within the wait", n)
		}
		r.meta.answer("", "")
		time.Sleep(10 * time.Minute)
		if s := r.state("109"); s.Status != "CONNECTED" {
			t.Errorf("after the wait: %+v\n%s", s, r.log.String())
		}
	})
}

func TestAnotherTokenIsTried(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.source("dead", "109", "dead")
		r.source("alive", "109", "alive")
		r.meta.answer("dead", `{"error":{"code":190,"message":"expired"}}`)
		defer r.run()()
		time.Sleep(15 * time.Second)
		if s := r.state("109"); s.Status != "CONNECTED" {
			t.Errorf("%+v, asked %v", s, r.meta.calls())
		}
	})
}

func TestChangeIsReadAfterwards(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		src := r.source("one", "109", "token")
		defer r.run()()
		time.Sleep(15 * time.Second)
		before := len(r.meta.calls())
		r.check(r.desk.Register(t.Context(), src, wa.Registration{PIN: wa.NewSecret("123456")}))
		time.Sleep(15 * time.Second)
		if got := r.meta.calls()[before:]; len(got) != 2 || got[0] != "POST /109/register token" || got[1] != "GET /109 token" {
			t.Errorf("asked %v", got)
		}
	})
}

func TestWrongValuesNeverReachMeta(t *testing.T) {
	r := newRig(t)
	src := r.source("one", "109", "token")
	ctx, long := t.Context(), strings.Repeat("x", 300)
	site := []string{"ftp://shop.example"}
	for name, do := range map[string]func() error{
		"pin": func() error { return r.desk.SetPIN(ctx, src, wa.NewSecret("12345")) },
		"register": func() error {
			return r.desk.Register(ctx, src, wa.Registration{PIN: wa.NewSecret("123456"), Region: "Germany"})
		},
		"method":   func() error { return r.desk.RequestCode(ctx, src, wa.CodeRequest{Method: "FAX", Language: "en"}) },
		"language": func() error { return r.desk.RequestCode(ctx, src, wa.CodeRequest{Method: "SMS", Language: "english"}) },
		"code":     func() error { return r.desk.VerifyCode(ctx, src, "12-34") },
		"confirm":  func() error { return r.desk.Deregister(ctx, src, "15550100000") },
		"empty":    func() error { return r.desk.Deregister(ctx, src, "") },
		"http":     func() error { return r.desk.SetCallback(ctx, src, override("http://gateway.example", "v")) },
		"token":    func() error { return r.desk.SetCallback(ctx, src, override("https://gateway.example", "")) },
		"long":     func() error { return r.desk.Subscribe(ctx, src, override("https://gateway.example/"+long, "v")) },
		"nobody":   func() error { _, err := r.desk.Block(ctx, src, nil); return err },
		"number":   func() error { _, err := r.desk.Add(ctx, src, wa.NewNumber{CountryCode: "01", Phone: "x"}); return err },
		"picture":  func() error { _, err := r.desk.UploadPicture(ctx, src, "logo.gif", []byte("GIF89a")); return err },
		"nothing":  func() error { _, err := r.desk.ChangeProfile(ctx, src, wa.ProfileChange{}); return err },
		"about":    func() error { _, err := r.desk.ChangeProfile(ctx, src, wa.ProfileChange{About: &long}); return err },
		"site":     func() error { _, err := r.desk.ChangeProfile(ctx, src, wa.ProfileChange{Websites: &site}); return err },
		"e-mail":   func() error { _, err := r.desk.ChangeProfile(ctx, src, wa.ProfileChange{Email: &site[0]}); return err },
		"vertical": func() error {
			_, err := r.desk.ChangeProfile(ctx, src, wa.ProfileChange{Vertical: &site[0]})
			return err
		},
	} {
		if err := do(); wa.CodeOf(err) != wa.CodeInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got := r.meta.calls(); len(got) != 0 {
		t.Errorf("Meta was asked: %v", got)
	}
}

func override(uri, token string) wa.CallbackOverride {
	return wa.CallbackOverride{URI: uri, VerifyToken: wa.NewSecret(token)}
}

func TestConfirmationMayBeWrittenAsPeopleDo(t *testing.T) {
	src := wa.Source{Number: wa.Number{Display: "15550109999"}}
	for text, want := range map[string]bool{"+1 (555) 010-9999": true, "15550109999": true, "5550109999": false, "": false} {
		if got := number.Confirms(src, text); got != want {
			t.Errorf("%q: %t", text, got)
		}
	}
}

func TestConnectAsksMetaFirst(t *testing.T) {
	r := newRig(t)
	r.meta.answer("dead", `{"error":{"code":190,"message":"expired"}}`)
	src := wa.Source{
		ID: "new", AccountID: r.account, CreatedAt: time.Now(),
		Number: wa.Number{ID: "111", WABAID: "209", Token: wa.NewSecret("dead"), AppSecret: wa.NewSecret("app")},
	}
	if _, _, err := r.desk.Connect(t.Context(), src); err == nil {
		t.Error("a source was made with a dead token")
	}
	if all, err := r.db.Sources(t.Context(), r.account); err != nil || len(all) != 0 {
		t.Errorf("%v, %v", all, err)
	}
	src.Number.Token = wa.NewSecret("alive")
	made, node, err := r.desk.Connect(t.Context(), src)
	if err != nil || made.Name != "Shop" || made.Number.Display != "15550109999" || !node.Registered() || !made.Default {
		t.Errorf("%+v, %+v, %v", made, node, err)
	}
	if s := r.state("111"); s.Status != "CONNECTED" {
		t.Errorf("kept %+v", s)
	}
}
