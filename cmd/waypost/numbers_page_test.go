package main

import (
	"context"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/waypost/waypost/internal/sim"
	simcontrol "github.com/waypost/waypost/internal/sim/control"
)

// TestNumbersPageRuns runs every command of docs/numbers.md in the order of the
// page, beside a gateway and a simulated Meta; one that fails ends it.
func TestNumbersPageRuns(t *testing.T) {
	for _, tool := range []string{"bash", "curl", "jq"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Logf("%s is not installed: the commands of the page were not run", tool)
			return
		}
	}
	binary, err := buildOnce()
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{t: t, binary: binary, data: filepath.Join(t.TempDir(), "data"), address: freeAddress(t)}
	graph := r.startMeta()
	control := httptest.NewServer(simcontrol.New(r.meta, nil))
	t.Cleanup(control.Close)
	r.start("--meta-base-url", graph)
	callback := "http://" + r.address + "/meta/callback"
	if err := r.meta.SetCallback(t.Context(), sim.Callback{URL: callback, VerifyToken: "verify", AppSecret: "app"}); err != nil {
		t.Fatal(err)
	}
	if _, err := r.meta.Say(t.Context(), sim.Inbound{From: "15550100001", To: demoDisplay, Text: "hello"}); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, text := range map[string]string{"token.txt": "access\n", "app-secret.txt": "app\n", "logo.png": "\x89PNG\r\n\x1a\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	script := "set -eu -o pipefail\ncurl() { command curl --silent --show-error --fail-with-body \"$@\"; echo; }\nset -x\n" + strings.NewReplacer(
		"https://gateway.example/meta/callback", callback,
		"http://127.0.0.1:8080", "http://"+r.address,
		"CODE=123456 ", "CODE=$(curl "+control.URL+"/numbers | jq -r '.numbers[-1].verification_code') ",
	).Replace(shellOf(t, "../../docs/numbers.md"))
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, "bash", "-c", script)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "PATH="+filepath.Dir(binary)+":"+os.Getenv("PATH"), "WAYPOST_DATA="+r.data, "WAYPOST_LISTEN="+r.address,
		"WAYPOST_META_BASE_URL="+graph, "WAYPOST_META_VERIFY_TOKEN=verify", "WAYPOST_WEBHOOK_ALLOW_NETWORKS=127.0.0.0/8")
	cmd.WaitDelay = time.Second
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out[max(0, len(out)-4000):])
	}
	for _, want := range []string{"+15550100003", "Open 9 to 5", "the app hears of the account", "CONNECTED", `"source":"fourth"`} {
		if !strings.Contains(string(out), want) {
			t.Errorf("no %q in what the commands print", want)
		}
	}
}

// shellOf are the examples of a page, as one script.
func shellOf(t *testing.T, page string) string {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	var script strings.Builder
	for _, block := range regexp.MustCompile("(?ms)^```sh\n(.*?)^```$").FindAllSubmatch(text, -1) {
		script.Write(block[1])
	}
	return script.String()
}
