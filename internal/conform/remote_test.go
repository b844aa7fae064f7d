package conform

import (
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/waypost/waypost/conformance"
)

// answers is a server and a simulator by what they answer to method and path;
// everything else is not there.
type answers struct {
	mu    sync.Mutex
	texts map[string]string
	// next is what comes instead the next times, in order.
	next  map[string][]string
	asked []string
}

func (a *answers) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	a.mu.Lock()
	defer a.mu.Unlock()
	key := r.Method + " " + r.URL.Path
	a.asked = append(a.asked, strings.TrimSpace(key+" "+string(body)))
	text, ok := a.texts[key]
	if more := a.next[key]; len(more) > 0 {
		text, ok, a.next[key] = more[0], true, more[1:]
	}
	if !ok || err != nil {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	io.WriteString(w, text)
}

func (a *answers) has(asked string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.ContainsFunc(a.asked, func(s string) bool { return strings.Contains(s, asked) })
}

const (
	success   = `{"status":"success"}`
	outside   = `{"status":"failure","error":{"code":"8007","message":"outside"}}`
	notYet    = `{"status":"failure","error":{"code":"8006","message":"not received"}}`
	oneSource = `{"status":"success","data":{"sources":[{"id":"s1","name":"A \u0026 B","phone_number_id":"1","waba_id":"2",` +
		`"display_phone_number":"3","default":true}]}}`
	listSources = "GET /api/v2/source/"
	makeSource  = "POST /api/v2/source/"
	upload      = "POST /api/v2/media/upload/"
	send        = "POST /api/v2/message/"
	callBack    = "POST /control/callbacks"
)

// oneTemplate is what the runs here want at Meta.
func oneTemplate() []Template {
	return []Template{{
		Key: "order_template", Name: "order", Language: "en", Category: "UTILITY", Status: "PAUSED", Components: json.RawMessage(`[ ]`),
	}}
}

func remote(t *testing.T, a *answers, change func(*Access)) *Remote {
	t.Helper()
	s := httptest.NewServer(a)
	t.Cleanup(s.Close)
	target, err := NewTarget(s.URL)
	check(t, err)
	access := Access{
		Target: target, Token: "T-token", Media: conformance.Media(), Client: s.Client(), Patience: patience, Simulator: s.URL + "/control",
		Templates: oneTemplate(),
	}
	if change != nil {
		change(&access)
	}
	return NewRemote(access)
}

// needing is a file whose only case needs these names.
func needing(names ...string) File { return File{Cases: []Case{{Needs: names}}} }

// why is the reason that a name has no value, and whether it is nobody's fault.
func why(t *testing.T, r *Remote, name string) (text string, fine bool) {
	t.Helper()
	names, reasons := r.Names(t.Context(), needing(name))
	if reasons[name] == nil {
		t.Fatalf("{%s} is %q", name, names[name])
	}
	_, fine = errors.AsType[NotKnown](reasons[name])
	return reasons[name].Error(), fine
}

// TestEveryNameIsFound asks for all that a server alone can give.
func TestEveryNameIsFound(t *testing.T) {
	a := &answers{
		texts: map[string]string{
			listSources: oneSource, upload: `{"status":"success","data":{"mediaId":17}}`, "DELETE /api/v2/media/17": success,
			makeSource: success, "POST /api/v2/consent/manage/": success, "POST /control/phones/15550100001/messages": `{"id":"wamid.1"}`, send: success,
			"POST /control/phones/15550100010/messages": `{"id":"wamid.1"}`, callBack: `{"id":1}`, listWebhooks: `{"status":"success","data":[]}`,
			metaTemplates:                `{"templates":[{"id":"77","status":"PAUSED","category":"UTILITY","quality":"GREEN","components":[]}]}`,
			"POST /api/v2/message/read/": success,
			listTemplates:                `{"status":"success","data":{"templates":[{"template_id":"77","template_name":"order","language":"en","status":"PAUSED"}]}}`,
		},
		next: map[string][]string{send: {outside, outside}, "POST /api/v2/message/read/": {notYet}},
	}
	r := remote(t, a, func(access *Access) {
		access.OtherToken = "B-token"
		access.Set = map[string]string{"colour": "red"}
	})
	wanted := slices.Collect(maps.Keys(r.ways))
	names, reasons := r.Names(t.Context(), needing(append(wanted, "colour", "last")...))
	for name, want := range map[string]string{
		"token": "T-token", "beta_token": "B-token", "colour": "red", "source": "s1", "only_source": "s1", "source_name": `A \u0026 B`,
		"number_id": "1", "waba_id": "2", "display_number": "3", "writer": "15550100001", "writer_spaced": "155 501 000 01",
		"image": "17", "deleted": "17", "beta_image": "17", "optedin": "15550100005", "host": r.Target.host, "talker": "15550100010",
		"just_in": "15550100002", "just_out": "15550100006", "group": "conform-group", "order_template": "77", "incoming": "wamid.1",
	} {
		if names[name] != want {
			t.Errorf("{%s} is %q, want %q: %v", name, names[name], want, reasons[name])
		}
	}
	inside := []string{
		"fixed_clock", "pending", "lost", "slow_review", "meta_figures", "meta_number", "meta_refuses", "empty_token", "revoked_token",
	}
	for name, reason := range reasons {
		if !slices.Contains(inside, name) {
			t.Errorf("{%s}: %v", name, reason)
		}
	}
	if !a.has(`"to":"1"`) || !a.has("DELETE /api/v2/media/17") || !a.has("POST /api/v2/consent/manage/") {
		t.Errorf("asked %q", a.asked)
	}
	if !strings.HasPrefix(names["beta_source"], "beta-run_") || names["beta_source"] != "beta-"+names["run"] {
		t.Errorf("beta_source %q, run %q", names["beta_source"], names["run"])
	}
	a.texts["DELETE /api/v2/source/"+names["beta_source"]] = success
	check(t, r.CleanUp(t.Context()))
	for _, want := range []string{"DELETE /api/v2/source/beta-run_", `POST /api/v2/consent/manage/ {"recipients":[{"recipient":"15550100005","source":"WEB"}],"type":"optout"}`} {
		if !a.has(want) {
			t.Errorf("did not ask %s: what was made is still there", want)
		}
	}
}

// TestEachFileHasItsOwn: media may be deleted, and the default source changed.
func TestEachFileHasItsOwn(t *testing.T) {
	two := func(first, second string) string {
		return `{"status":"success","data":{"sources":[{"id":"s1","default":` + first + `},{"id":"s2","default":` + second + `}]}}`
	}
	a := &answers{
		texts: map[string]string{upload: `{"status":"success","data":{"mediaId":"m2"}}`, "PATCH /api/v2/source/s2": success},
		next: map[string][]string{
			upload:      {`{"status":"success","data":{"mediaId":"m1"}}`},
			listSources: {two("false", "true"), two("true", "false")},
		},
	}
	r := remote(t, a, nil)
	f := needing("image", "run", "source", "only_source")
	before, _ := r.Names(t.Context(), f)
	if before["source"] != "s2" || before["image"] != "m1" || a.has("PATCH") {
		t.Errorf("%v, asked %q", before, a.asked)
	}
	after, reasons := r.Names(t.Context(), f)
	if after["source"] != "s2" || after["image"] != "m2" || after["run"] != before["run"] || !a.has(`PATCH /api/v2/source/s2 {"default":true}`) {
		t.Errorf("%v, asked %q", after, a.asked)
	}
	if reasons["only_source"] == nil || !strings.Contains(reasons["only_source"].Error(), "the account has 2 sources") {
		t.Errorf("%v", reasons)
	}
}

func TestWhyANameIsNotKnown(t *testing.T) {
	broken := `{"status":"failure","error":{"code":"8005","message":"T-token broke it"}}`
	for _, tt := range []struct {
		name   string
		texts  map[string]string
		change func(*Access)
		want   string
		fine   bool
	}{
		{"source", nil, nil, "lists no sources", true},
		{"source", map[string]string{listSources: broken}, nil, "was answered with 200", false},
		{"source", map[string]string{listSources: `nothing`}, nil, "was answered with 200 nothing", false},
		{"source", map[string]string{listSources: success}, nil, "no default source", false},
		{"image", nil, nil, "POST /api/v2/media/upload/ was answered with 404", false},
		{"image", map[string]string{upload: success}, nil, "without data.mediaId", false},
		{"deleted", map[string]string{upload: `{"status":"success","data":{"mediaId":"m"}}`}, nil, "DELETE /api/v2/media/m was answered", false},
		{"beta_image", nil, nil, "--other-token", true},
		{"beta_source", nil, nil, "--other-token", true},
		{"beta_source", nil, func(a *Access) { a.OtherToken = "B" }, "makes no sources", true},
		{"beta_source", map[string]string{makeSource: broken}, func(a *Access) { a.OtherToken = "B" }, "answered with 200", false},
		{"writer", nil, func(a *Access) { a.Simulator = "" }, "--simulator", true},
		{"writer_spaced", nil, func(a *Access) { a.Simulator = "" }, "--simulator", true},
		{"writer", map[string]string{listSources: oneSource}, nil, "was answered with 404", false},
		{"writer", map[string]string{listSources: oneSource}, func(a *Access) { a.Simulator = "http://127.0.0.1:1" }, "--simulator: ", false},
		{
			"writer",
			map[string]string{listSources: oneSource, "POST /control/phones/15550100001/messages": "{}", send: outside},
			func(a *Access) { a.Patience = 120 * time.Millisecond }, "did not learn of it", false,
		},
		{"writer", map[string]string{listSources: oneSource, "POST /control/phones/15550100001/messages": "{}", send: broken}, nil, "8005", false},
		{"optedin", map[string]string{"POST /api/v2/consent/manage/": broken}, nil, "8005", false},
		{"pending", nil, nil, "only a test of the gateway", true},
		{"group", nil, func(a *Access) { a.Simulator = "" }, "--set group=", true},
		{"just_in", nil, func(a *Access) { a.Simulator = "" }, "--set just_in=", true},
		{"group", map[string]string{listSources: oneSource}, nil, "POST /callbacks was answered with 404", false},
		{
			"just_in",
			map[string]string{listSources: oneSource, callBack: "{}", send: outside},
			func(a *Access) { a.Patience = 120 * time.Millisecond }, "did not learn of it", false,
		},
		{"colour", nil, nil, "--set colour=", true},
		{"revoked_token", nil, nil, "--set revoked_token=", true},
	} {
		got, fine := why(t, remote(t, &answers{texts: tt.texts}, tt.change), tt.name)
		if !strings.Contains(got, tt.want) || fine != tt.fine {
			t.Errorf("{%s}: %q, nobody's fault: %t, want %q", tt.name, got, fine, tt.want)
		}
	}
}

func TestWhoHasOptedInBeforeIsOptedIn(t *testing.T) {
	a := &answers{texts: map[string]string{"POST /api/v2/consent/manage/": `{"status":"failure"}`, "POST /api/v2/consent/": success}}
	names, reasons := remote(t, a, nil).Names(t.Context(), needing("optedin"))
	if names["optedin"] == "" || !a.has(`POST /api/v2/consent/ {"phone_number":"15550100005"}`) {
		t.Errorf("%v, asked %q", reasons, a.asked)
	}
}

func TestSetGoesFirst(t *testing.T) {
	a := &answers{texts: map[string]string{listSources: strings.Replace(oneSource, "true", "false", 1), "PATCH /api/v2/source/s1": success}}
	r := remote(t, a, func(access *Access) {
		access.Set = map[string]string{"source": "s1", "image": "m", "writer": "4915550100001"}
	})
	names, reasons := r.Names(t.Context(), needing("source", "image", "writer", "number_id"))
	if names["image"] != "m" || names["writer"] != "4915550100001" || names["number_id"] != "1" || a.has("upload") || len(reasons) != 1 {
		t.Errorf("%v, %v, asked %q", names, reasons, a.asked)
	}
}

// TestUnknownTokenIsWellFormed, or a server could refuse it without a look.
func TestUnknownTokenIsWellFormed(t *testing.T) {
	names, _ := remote(t, &answers{}, nil).Names(t.Context(), needing("unknown_token"))
	if token := names["unknown_token"]; !strings.HasPrefix(token, "wpt_") || len(token) < 30 {
		t.Errorf("%q", token)
	}
}

func TestRequestsOfThePreparationAreJSON(t *testing.T) {
	a := &answers{texts: map[string]string{listSources: oneSource}}
	remote(t, a, nil).Names(t.Context(), needing("optedin"))
	for _, asked := range a.asked {
		if _, body, ok := strings.Cut(asked, "{"); ok && !json.Valid([]byte("{"+body)) {
			t.Errorf("%s", asked)
		}
	}
}

// A name with a long number in it was hidden as if it were a phone number.
func TestTheNameOfARunHasNoDigits(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		run, err := new(Remote).newRun(t.Context())
		if err != nil || strings.ContainsAny(run, "0123456789") || len(run) != len("run_")+16 || seen[run] {
			t.Fatalf("%q, error %v", run, err)
		}
		seen[run] = true
	}
}
