package main

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/waypost/waypost/conformance"
	"github.com/waypost/waypost/internal/conform"
	simcontrol "github.com/waypost/waypost/internal/sim/control"
)

// atLeast is how many cases have to pass against a gateway that is only known
// by its address, and its simulator.
const atLeast = 1600

// notPlayed is how many cases need a name that no run has, and why: each is of
// a Meta that was made for a test, or of a moment that passes.
func notPlayed() map[string]int {
	return map[string]int{
		"{fixed_clock}": 1, "{lost}": 2, "{meta_figures}": 2, "{meta_number}": 3, "{meta_refuses}": 8, "{pending}": 2, "{slow_review}": 3,
	}
}

// mostNotPlayed bounds what notPlayed may come to.
const mostNotPlayed = 40

// TestConformAgainstTheGateway runs the binary against the binary again and
// again: what a run leaves behind must not be in the way of the next.
func TestConformAgainstTheGateway(t *testing.T) {
	r := newRig(t)
	control := httptest.NewServer(simcontrol.New(r.meta, nil))
	t.Cleanup(control.Close)
	r.waypost("account", "create", "other")
	r.waypost("account", "create", "empty")
	other, _ := r.newToken("other")
	empty, _ := r.newToken("empty")
	revoked, id := r.newToken("shop")
	r.waypost("token", "revoke", id, "--account", "shop")
	args := []string{
		"--token", r.token, "--other-token", other, "--simulator", control.URL + "/", "--set", "revoked_token=" + revoked,
		"--set", "empty_token=" + empty, "--set", "webhooks=yes",
	}
	before := r.leftBehind()
	for _, how := range []string{"--strict=false", "--codes", "--strict"} {
		view, stderr, err := r.conform(append(slices.Clone(args), how)...)
		if err != nil || view.Failed > 0 || view.Passed < atLeast || view.NotApplicable > mostNotPlayed {
			t.Errorf("%s: %v, %d passed, %d failed, %d not applicable\n%s%s", how, err, view.Passed, view.Failed, view.NotApplicable, stderr,
				failuresOf(view))
		}
		if got, want := notKnown(view), notPlayed(); !maps.Equal(got, want) {
			t.Errorf("%s: not known is\n%v, want\n%v", how, got, want)
		}
		if after := r.leftBehind(); after != before {
			t.Errorf("%s: left behind is\n%s\nbefore the run it was\n%s", how, after, before)
		}
	}
	// Without leave, the account's webhooks are not touched.
	out, err := exec.Command(r.binary, append([]string{"conform", "http://" + r.address, "--only", "webhook_config"}, args[:len(args)-2]...)...).CombinedOutput()
	text := string(out)
	if err != nil || !strings.Contains(text, "FILE ") || !strings.Contains(text, " passed, 0 failed, ") ||
		!strings.Contains(text, "lost are their headers") || r.leftBehind() != before {
		t.Errorf("%v\n%s", err, text)
	}
	for _, secret := range []string{r.token, other, revoked, empty, "\x1b"} {
		if strings.Contains(text, secret) {
			t.Errorf("found %q in\n%s", secret, text)
		}
	}
}

// leftBehind is what can be seen of an account: its sources, its webhooks, its
// templates, and who of the cases' people has opted in.
func (r *rig) leftBehind() string {
	r.t.Helper()
	var b strings.Builder
	for _, path := range []string{"/api/v2/source/", "/api/v3/metainfo/webhook/list_webhook", "/api/v3/metainfo/template/list?template_name=run_"} {
		b.WriteString(r.ask(http.MethodGet, path, "") + "\n")
	}
	for _, number := range consenting(r.t) {
		if answer := r.ask(http.MethodPost, "/api/v2/consent/", `{"phone_number":"`+number+`"}`); strings.Contains(answer, "success") {
			b.WriteString(answer + "\n")
		}
	}
	return b.String()
}

// consenting are the people of whom a case or the run says that they opted in.
func consenting(t *testing.T) []string {
	t.Helper()
	files, err := conform.Load(conformance.Cases(), "consent_*")
	if err != nil {
		t.Fatal(err)
	}
	numbers := []string{"15550100001", "15550100005", "15550100010"} // writer, optedin, talker
	recipient := regexp.MustCompile(`"recipient":\s*"?\+?([0-9 ]{10,})`)
	for _, f := range files {
		for _, c := range f.Cases {
			for _, m := range recipient.FindAllStringSubmatch(c.Body, -1) {
				numbers = append(numbers, strings.ReplaceAll(m[1], " ", ""))
			}
		}
	}
	slices.Sort(numbers)
	if numbers = slices.Compact(numbers); len(numbers) < 10 {
		t.Errorf("only %q opt in", numbers)
	}
	return numbers
}

// newToken makes a token and returns it with its id.
func (r *rig) newToken(account string) (token, id string) {
	r.t.Helper()
	var made struct{ ID, Token string }
	if err := json.Unmarshal(r.waypost("token", "create", "--account", account, "--json"), &made); err != nil {
		r.t.Fatal(err)
	}
	return made.Token, made.ID
}

// conform runs waypost conform against the gateway.
func (r *rig) conform(args ...string) (view conformView, stderr string, err error) {
	r.t.Helper()
	cmd := exec.Command(r.binary, append([]string{"conform", "http://" + r.address, "--json"}, args...)...)
	var out, log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &log
	err = cmd.Run()
	if bad := json.Unmarshal(out.Bytes(), &view); bad != nil {
		r.t.Fatalf("%v: %s%s", bad, out.String(), log.String())
	}
	return view, log.String(), err
}

func notPassed(view conformView) (list []caseView) {
	for _, f := range view.Files {
		list = append(list, f.Cases...)
	}
	return list
}

// notKnown are the names without a value, and how many cases would have needed
// them.
func notKnown(view conformView) map[string]int {
	names := map[string]int{}
	for _, c := range notPassed(view) {
		if c.Outcome != conform.NotApplicable {
			continue
		}
		for _, why := range c.Why {
			if name, _, _ := strings.Cut(why, " "); !strings.HasPrefix(name, "{last") {
				names[name]++
			}
		}
	}
	return names
}

func failuresOf(view conformView) string {
	var b strings.Builder
	for _, c := range notPassed(view) {
		if c.Outcome == conform.Failed {
			b.WriteString(c.Title + ": " + strings.Join(c.Why, "; ") + "\n" + c.Request + "\n" + c.Got + c.Want + "\n")
		}
	}
	return b.String()
}

// TestConformSeesAServerThatIsWrong plays against one that says yes to
// everything.
func TestConformSeesAServerThatIsWrong(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		io.Copy(io.Discard, io.LimitReader(req.Body, 1<<20))
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, `{"status":"success","message":"Request received successfully.","data":{"id":"1","said":"`+
			strings.TrimPrefix(req.Header.Get("Authorization"), "Bearer ")+`"}}`)
	}))
	t.Cleanup(server.Close)
	const token = "wpt_very-secret"
	var stdout, stderr bytes.Buffer
	code := run(t.Context(), []string{"conform", server.URL, "--token", token, "--set", "writer=15550100001", "--timeout", "500ms"}, &stdout, &stderr, nil)
	if code != 1 || !strings.Contains(stderr.String(), "answers otherwise than the cases: ") {
		t.Errorf("exit code %d, stderr %s", code, stderr.String())
	}
	for _, want := range []string{
		"FAILED text: content missing", `status: got "success", want "failure"`, "--- request", "--- got", "--- want", "{writer}",
		`data.said: got "{token}", want no such key`, "POST /api/v2/media/upload/ was answered without data.mediaId",
	} {
		if !strings.Contains(stdout.String(), want) {
			t.Errorf("no %q in the report", want)
		}
	}
	if strings.Contains(stdout.String()+stderr.String(), token) {
		t.Error("the token is shown")
	}
	if t.Failed() {
		t.Logf("%.5000s", stdout.String())
	}
}

func TestConformSaysWhatIsWrong(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(server.Close)
	closed := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }))
	t.Cleanup(closed.Close)
	for _, tt := range []struct{ args, stdin, want string }{
		{"", "", "name the server by its address"},
		{server.URL, "", `required flag(s) "token" not set`},
		{"gateway.example --token x", "", "must begin with http"},
		{"http://127.0.0.1:1 --token x", "", "cannot be reached; is it the right address"},
		{server.URL + " --token x --set writer", "", "--set: write name=value"},
		{server.URL + " --token x --set writter=1", "", "--set writter: no case needs it; the names are, nearest first, writer,"},
		{server.URL + " --token x --other-token y --set empty_token=y", "", "want this one to have none"},
		{server.URL + " --token x --other-token x", "", "give one of another account"},
		{closed.URL + " --token x", "", "the server answered 403 to the token of --token"},
		{server.URL + " --token x --simulator 127.0.0.1:9091", "", "--simulator: give the control address"},
		{server.URL + " --token x --only nonsense", "", "no case file matches"},
		{server.URL + " --token x --cases nowhere", "", "no case file matches"},
		{server.URL + " --token -", "", "no line on standard input"},
		{server.URL + " --token x --strict --codes", "", "strict"},
		{server.URL + " --token x --cases testdata/conform/cases --only colour", "", "no case could be played"},
		{server.URL + " --token - --only text --set writer=15550100001", "x\n", "answers otherwise"},
	} {
		var stdout, stderr bytes.Buffer
		a := &app{stdout: &stdout, stderr: &stderr}
		root := a.root()
		root.SetArgs(append([]string{"conform"}, strings.Fields(tt.args)...))
		root.SetIn(strings.NewReader(tt.stdin))
		err := root.ExecuteContext(t.Context())
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", tt.args, err, tt.want)
		}
	}
}

// TestConformPlaysADirectory plays cases of somebody else's.
func TestConformPlaysADirectory(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		io.WriteString(w, "hello "+req.Host+" "+req.URL.Path)
	}))
	t.Cleanup(server.Close)
	var out, stderr bytes.Buffer
	code := run(t.Context(), []string{"conform", server.URL + "/below", "--token", "x", "--cases", "testdata/conform/cases"}, &out, &stderr, nil)
	if code != 0 || !strings.Contains(out.String(), "2 passed, 0 failed, 1 not applicable") ||
		!strings.Contains(out.String(), "{colour} is not known: give it with --set colour=…") {
		t.Errorf("exit code %d\n%s%s", code, out.String(), stderr.String())
	}
}
