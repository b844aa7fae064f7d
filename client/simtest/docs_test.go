package simtest_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/waypost/waypost/client/simtest"
)

// shellBlocks are the examples of the page, as one script.
func shellBlocks(t *testing.T) string {
	t.Helper()
	page, err := os.ReadFile("../../docs/simulator.md")
	check(t, err)
	var script strings.Builder
	for _, block := range regexp.MustCompile("(?ms)^```sh\n(.*?)^```$").FindAllSubmatch(page, -1) {
		script.Write(block[1])
	}
	return script.String()
}

// TestPageRuns runs every curl of docs/simulator.md in the order of the page; one that fails ends it.
func TestPageRuns(t *testing.T) {
	for _, tool := range []string{"bash", "curl", "jq"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Logf("%s is not installed: the examples of the page were not run", tool)
			return
		}
	}
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.URL.Query().Get("hub.challenge"))
	}))
	defer receiver.Close()
	sim := simtest.Run(t, simtest.Options{})
	dir := t.TempDir()
	check(t, os.WriteFile(filepath.Join(dir, "receipt.pdf"), []byte("%PDF-1.4\n"), 0o600))
	script := "set -eu -o pipefail\ncurl() { command curl --silent --show-error --fail-with-body \"$@\"; echo; }\nset -x\n" +
		strings.ReplaceAll(shellBlocks(t), "http://127.0.0.1:8080/meta/callback", receiver.URL)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "bash", "-c", script)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GRAPH="+sim.GraphURL+"/v26.0", "CONTROL="+sim.ControlURL)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out[max(0, len(out)-3000):])
	}
}

// TestPageHasEveryRoute compares the page with what GET / of the control face lists.
func TestPageHasEveryRoute(t *testing.T) {
	sim := simtest.Run(t, simtest.Options{})
	resp, err := http.Get(sim.ControlURL + "/")
	check(t, err)
	defer resp.Body.Close()
	routes, err := io.ReadAll(resp.Body)
	check(t, err)
	script := shellBlocks(t)
	lines := strings.Split(strings.TrimSpace(string(routes)), "\n")
	if len(lines) < 30 {
		t.Fatalf("GET / lists %d routes", len(lines))
	}
	for _, line := range lines {
		path := strings.Fields(line)[1]
		pattern := regexp.MustCompile(`\\\{[a-z]+\\\}`).ReplaceAllString(regexp.QuoteMeta(path), `(\$$\(.*\)|\$$?[\w]+)`)
		if !regexp.MustCompile(`\$CONTROL` + pattern + `["'? \n]`).MatchString(script) {
			t.Errorf("docs/simulator.md has no curl for %s", path)
		}
	}
}
