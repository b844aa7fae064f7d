package waapi

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/waypost/waypost/conformance"
	"github.com/waypost/waypost/internal/conform"
)

var update = flag.Bool("update", false, "write what came out to the golden files")

// TestGolden plays conformance/cases/*.http, each file against a gateway of
// its own; conformance/README.md describes them. Answers are compared byte for
// byte. -update writes those that differ as they came.
func TestGolden(t *testing.T) {
	dir := filepath.Join("..", "..", "conformance", "cases")
	files, err := conform.Load(os.DirFS(dir), "")
	check(t, err)
	for _, file := range files {
		t.Run(file.Name, func(t *testing.T) {
			g := newGateway(t)
			var answers []string
			for _, c := range file.Cases {
				answers = append(answers, g.play(t, c))
			}
			if *update {
				check(t, os.WriteFile(filepath.Join(dir, file.Name+".http"), []byte(file.Text(answers)), 0o644))
			}
			g.noSecretsIn(t, g.logs.String())
		})
	}
}

// play plays one case and returns the answer that its file should have.
func (g *gateway) play(t *testing.T, c conform.Case) string {
	t.Helper()
	target, err := conform.NewTarget(g.http.URL)
	check(t, err)
	player := conform.Player{
		Target: target, Media: conformance.Media(), Rule: conform.Rule{Strict: true, FixedClock: true}, Timeout: patience,
	}
	r := player.Play(t.Context(), c, g.names)
	written := *update && r.Got != ""
	if r.Outcome != conform.Passed && !written {
		t.Errorf("%s: %s\n--- got\n%s\n--- want\n%s", c.Title, strings.Join(r.Why, "; "), r.Got, r.Want)
	}
	g.noSecretsIn(t, string(r.Answer.Body))
	if r.Got != "" && r.Answer.Header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("%s: no nosniff", c.Title)
	}
	if where := r.Answer.Header.Get("Location"); where != "" {
		t.Errorf("%s: redirected to %s", c.Title, where)
	}
	if r.Outcome == conform.Failed && written {
		return r.Got
	}
	return r.Want
}

// noSecretsIn looks for what must never be logged or answered.
func (g *gateway) noSecretsIn(t *testing.T, s string) {
	t.Helper()
	for _, secret := range []string{g.names["token"], g.names["beta_token"], "canary", writer, justOutOf, "panic"} {
		if strings.Contains(s, secret) {
			t.Errorf("found %q in %s", secret, s)
		}
	}
}

// expand puts names and macros of the case files in.
func (g *gateway) expand(t *testing.T, s string) string {
	t.Helper()
	text, err := g.names.Expand(s, conformance.Media())
	check(t, err)
	return text
}
