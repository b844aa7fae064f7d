package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/waypost/waypost/internal/doctor"
	"github.com/waypost/waypost/internal/sim"
)

// desktop is a data directory with one number, and a simulated Meta; no gateway
// runs.
type desktop struct {
	t    *testing.T
	meta *sim.Sim
	env  []string
	dir  string
}

func newDesktop(t *testing.T) *desktop {
	t.Helper()
	d := &desktop{t: t, dir: t.TempDir()}
	var graph http.Handler
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { graph.ServeHTTP(w, r) }))
	t.Cleanup(server.Close)
	meta, err := sim.New(sim.Options{
		GraphURL: server.URL, Dir: t.TempDir(), Seed: 1,
		Numbers: []sim.Number{{ID: demoNumberID, WABAID: demoWABAID, Display: demoDisplay, AccessToken: "access-canary"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	d.meta, graph = meta, meta.Graph()
	d.env = []string{"WAYPOST_DATA=" + filepath.Join(d.dir, "data"), "WAYPOST_META_BASE_URL=" + server.URL, "WAYPOST_META_VERIFY_TOKEN=verify-canary"}
	for name, text := range map[string]string{"token": "access-canary\n", "secret": "app-canary", "pin": "123456\n"} {
		if err := os.WriteFile(d.file(name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	d.ok("account", "create", "shop")
	d.ok("number", "connect", "--account", "shop", "--id", "main", "--phone-number-id", demoNumberID, "--waba-id", demoWABAID,
		"--access-token-file", d.file("token"), "--app-secret-file", d.file("secret"))
	return d
}

func (d *desktop) file(name string) string { return filepath.Join(d.dir, name) }

// run runs a command and returns its exit code and all it prints. No secret is
// ever among it.
func (d *desktop) run(args ...string) (int, string) {
	d.t.Helper()
	var stdout, stderr bytes.Buffer
	code := run(d.t.Context(), args, &stdout, &stderr, d.env)
	if out := stdout.String() + stderr.String(); strings.Contains(out, "canary") {
		d.t.Errorf("%v shows a secret:\n%s", args, out)
	}
	return code, stdout.String() + stderr.String()
}

func (d *desktop) ok(args ...string) string {
	d.t.Helper()
	code, out := d.run(args...)
	if code != 0 {
		d.t.Fatalf("%v: %d\n%s", args, code, out)
	}
	return out
}

// number runs a command about the account's number.
func (d *desktop) number(words string) (int, string) {
	d.t.Helper()
	return d.run(append(append([]string{"number"}, strings.Fields(words)...), "--account", "shop")...)
}

func TestNumberCommandsSayWhatIsWrong(t *testing.T) {
	d := newDesktop(t)
	for _, tt := range []struct{ words, want string }{
		{"register --pin 12345", "pin: must be exactly six digits"},
		{"register", "at least one of the flags in the group [pin pin-file]"},
		{"request-code --method FAX", "method: must be SMS or VOICE"},
		{"request-code", "not eligible for verification"},
		{"verify 12", "code: must be the six digits"},
		{"verify", "waypost number verify CODE"},
		{"callback set http://gateway.example/meta/callback", "must be an https address"},
		{"callback set https://127.0.0.1:1/meta/callback", "Callback verification failed"},
		{"profile set", "name at least one field to change"},
		{"profile set --vertical SHOPS", "must be one of ALCOHOL"},
		{"block", "name people by their phone numbers"},
		{"block 15550100001", "1 of 1 were not blocked"},
		{"show --source none", `account shop has no source "none"`},
		{"show --number-id x", "use a phone_number_id of digits"},
		{"show --number-id 99", "Meta refused"},
		{"health --template-id " + demoWABAID, "template does not exist"},
		{"deregister", "nothing was done"},
		{"unsubscribe", "nothing was done"},
		{"add --country-code x --phone 1 --display-name y", "country_code: must be the country's calling code"},
		{"connect --phone-number-id 99", "Meta refused"},
		{"connect", "give --phone-number-id and --waba-id in digits"},
		{"connect --id main --phone-number-id " + demoNumberID, "a source of that id exists"},
	} {
		if code, out := d.number(tt.words); code != 1 || !strings.Contains(out, tt.want) {
			t.Errorf("%s: %d %q, want %q", tt.words, code, out, tt.want)
		}
	}
}

func TestHelpSaysWhoseVerifyTokenIsShown(t *testing.T) {
	d := newDesktop(t)
	for _, words := range []string{"callback set", "subscribe"} {
		out := d.ok(append(append([]string{"number"}, strings.Fields(words)...), "--help")...)
		if !strings.Contains(out, "the gateway's verify token: for one that is not this gateway's") {
			t.Errorf("%s: %s", words, out)
		}
	}
}

func TestNumberIsDeregisteredOnlyIfItIsWritten(t *testing.T) {
	d := newDesktop(t)
	ask := func(written string) int {
		t.Helper()
		var out bytes.Buffer
		a := &app{stdout: &out, stderr: &out, environ: d.env}
		root := a.root()
		root.SetArgs([]string{"number", "deregister", "--account", "shop"})
		root.SetIn(strings.NewReader(written + "\n"))
		root.SetOut(&out)
		if root.ExecuteContext(t.Context()) != nil {
			return 1
		}
		return 0
	}
	if ask("15550100000") == 0 || ask("") == 0 {
		t.Error("deregistered with another number")
	}
	if _, out := d.number("show"); !strings.Contains(out, "CONNECTED") {
		t.Errorf("got %s", out)
	}
	if ask("+1 (555) 010-9999") != 0 {
		t.Error("not deregistered")
	}
	if _, out := d.number("show --json"); !strings.Contains(out, `"status": "DISCONNECTED"`) {
		t.Errorf("got %s", out)
	}
	if code, out := d.number("register --pin-file " + d.file("pin")); code != 0 {
		t.Errorf("%d %s", code, out)
	}
	if code, out := d.number("register --pin 654321"); code != 1 || !strings.Contains(out, "133005") {
		t.Errorf("another PIN: %d %s", code, out)
	}
}

func TestFirstNumberNeedsCredentials(t *testing.T) {
	d := newDesktop(t)
	d.ok("account", "create", "empty")
	for words, want := range map[string]string{
		"show":                          "begin with waypost number connect --account empty",
		"connect --phone-number-id 1":   "give --waba-id, --access-token-file and --app-secret-file",
		"connect --access-token-file x": "give --waba-id, --access-token-file and --app-secret-file",
	} {
		args := append([]string{"number"}, strings.Fields(words)...)
		if code, out := d.run(append(args, "--account", "empty")...); code != 1 || !strings.Contains(out, want) {
			t.Errorf("%s: %d %s", words, code, out)
		}
	}
}

func TestDoctorExitsWithOneIfSomethingFails(t *testing.T) {
	d := newDesktop(t)
	code, out := d.run("doctor", "--json", "--gateway", "http://127.0.0.1:1")
	var got diagnosis
	if err := json.NewDecoder(strings.NewReader(out)).Decode(&got); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if code != 1 || got.Result != doctor.Fail || len(got.Parts) != 2 || got.Parts[1].Source != "main" {
		t.Errorf("%d %+v", code, got)
	}
	failed := map[string]bool{}
	for _, p := range got.Parts {
		for _, f := range p.Findings {
			if f.State == doctor.Fail {
				failed[f.Check] = true
			}
		}
	}
	if len(failed) != 1 || !failed["gateway"] {
		t.Errorf("failed: %v", failed)
	}
	if code, out := d.run("doctor"); code != 1 || !strings.Contains(out, "What to do: start it: waypost serve") || !strings.Contains(out, "checks failed") {
		t.Errorf("%d %s", code, out)
	}
}

func TestDoctorSaysWhatItCannotLookAt(t *testing.T) {
	d := newDesktop(t)
	for _, tt := range []struct{ flags, want string }{
		{"--data " + d.file("nowhere"), "there is no data in"},
		{"--source none", "there is no such source"},
		{"--account nobody", "account does not exist"},
		{"--allow-networks x", "use a form like 10.1.0.0/16"},
		{"--meta-version 1", "meta.version"},
	} {
		if code, out := d.run(append([]string{"doctor"}, strings.Fields(tt.flags)...)...); code != 1 || !strings.Contains(out, tt.want) {
			t.Errorf("%s: %d %s", tt.flags, code, out)
		}
	}
}

func TestSandboxTokensStayInTheSandbox(t *testing.T) {
	d := newDesktop(t)
	if err := os.WriteFile(filepath.Join(d.dir, "data", sandboxFile), []byte(`{"verify_token":"sandbox-canary"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	env := d.env
	d.env = env[:1] // the real Meta
	for _, command := range []string{"number show --account shop", "doctor"} {
		if code, out := d.run(strings.Fields(command)...); code != 1 || !strings.Contains(out, "is the data of a sandbox") {
			t.Errorf("%s: %d %s", command, code, out)
		}
	}
	d.env = env[:2] // the simulated one
	if code, out := d.run("number", "show", "--account", "shop"); code != 0 {
		t.Errorf("%d %s", code, out)
	}
	if _, out := d.run("doctor"); strings.Contains(out, "is not set") {
		t.Errorf("the sandbox's verify token is not used: %s", out)
	}
}

func TestGatewayIsFoundWhereItListens(t *testing.T) {
	for _, tt := range []struct{ listen, given, want string }{
		{"127.0.0.1:8080", "", "http://127.0.0.1:8080/meta/callback"},
		{":8080", "", "http://127.0.0.1:8080/meta/callback"},
		{"[::]:80", "", "http://127.0.0.1:80/meta/callback"},
		{"127.0.0.1:0", "", ""},
		{"127.0.0.1:0", "http://127.0.0.1:99", "http://127.0.0.1:99/meta/callback"},
		{"127.0.0.1:0", "http://127.0.0.1:99/hook", "http://127.0.0.1:99/hook"},
	} {
		if got := gatewayAddress(tt.listen, tt.given); got != tt.want {
			t.Errorf("%q, %q: got %q, want %q", tt.listen, tt.given, got, tt.want)
		}
	}
}

func TestRoomIsLookedAt(t *testing.T) {
	if f := room(t.TempDir()); f.State == doctor.Fail || f.What == "" {
		t.Errorf("%+v", f)
	}
	if f := room(filepath.Join(t.TempDir(), "none")); f.State != doctor.Warn {
		t.Errorf("%+v", f)
	}
}
