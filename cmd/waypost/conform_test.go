package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/waypost/waypost/internal/conform"
)

// atLeast is how many cases have to pass against a gateway that is only known
// by its address.
const atLeast = 1000

// TestConformAgainstTheGateway runs the binary against the binary, twice: what
// a run leaves behind must not be in the way of the next.
func TestConformAgainstTheGateway(t *testing.T) {
	r := newRig(t)
	control := httptest.NewServer(r.meta.Control())
	t.Cleanup(control.Close)
	r.waypost("account", "create", "other")
	r.waypost("account", "create", "empty")
	other, _ := r.newToken("other")
	empty, _ := r.newToken("empty")
	revoked, id := r.newToken("shop")
	r.waypost("token", "revoke", id, "--account", "shop")
	args := []string{
		"--token", r.token, "--other-token", other, "--simulator", control.URL + "/", "--set", "revoked_token=" + revoked,
		"--set", "empty_token=" + empty,
	}
	for _, how := range []string{"--strict=false", "--codes", "--strict"} {
		view, stderr, err := r.conform(append(slices.Clone(args), how)...)
		if err != nil || view.Failed > 0 || view.Passed < atLeast {
			t.Errorf("%s: %v, %d passed, %d failed\n%s%s", how, err, view.Passed, view.Failed, stderr, failuresOf(view))
		}
		inside := []string{
			"{fixed_clock}", "{group}", "{just_in}", "{just_out}", "{lost}", "{meta_templates}", "{order_template}", "{pending}", "{webhooks}",
		}
		if got := notKnown(view); !slices.Equal(got, inside) {
			t.Errorf("%s: not known is\n%q, want\n%q", how, got, inside)
		}
	}
	for _, kind := range []string{"event", "incoming"} {
		r.waypost("webhook", "remove", "--account", "shop", "--kind", kind)
	}
	view, stderr, err := r.conform(append(slices.Clone(args), "--only", "webhook_config", "--set", "webhooks=yes")...)
	if err != nil || view.Failed > 0 || view.NotApplicable > 0 {
		t.Errorf("webhooks: %v, %d failed\n%s%s", err, view.Failed, stderr, failuresOf(view))
	}
	text, err := exec.Command(r.binary, append([]string{"conform", "http://" + r.address}, args...)...).CombinedOutput()
	if err != nil || !strings.Contains(string(text), "FILE ") || !strings.Contains(string(text), " passed, 0 failed, ") {
		t.Errorf("%v\n%s", err, text)
	}
	for _, secret := range []string{r.token, other, revoked, empty, "\x1b"} {
		if strings.Contains(string(text), secret) {
			t.Errorf("found %q in\n%s", secret, text)
		}
	}
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

// notKnown are the names without a value that cases would have needed.
func notKnown(view conformView) []string {
	var names []string
	for _, c := range notPassed(view) {
		if c.Outcome != conform.NotApplicable {
			continue
		}
		for _, why := range c.Why {
			name, _, _ := strings.Cut(why, " ")
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.DeleteFunc(slices.Compact(names), func(name string) bool { return strings.HasPrefix(name, "{last") })
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
	for _, tt := range []struct{ args, stdin, want string }{
		{"", "", "name the server by its address"},
		{server.URL, "", `required flag(s) "token" not set`},
		{"gateway.example --token x", "", "must begin with http"},
		{"http://127.0.0.1:1 --token x", "", "cannot be reached; is it the right address"},
		{server.URL + " --token x --set writer", "", "--set: write name=value"},
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
