package waapi

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/waypost/waypost/conformance"
	"github.com/waypost/waypost/internal/conform"
)

// TestFailureStatus plays golden cases against a gateway that answers refusals
// with 400: those have it, and nothing else is different.
func TestFailureStatus(t *testing.T) {
	if *update {
		return // the files are being written
	}
	for _, name := range []string{"body", "media", "source", "text", "webhook_config"} {
		t.Run(name, func(t *testing.T) {
			files, err := conform.Load(os.DirFS(filepath.Join("..", "..", "conformance", "cases")), name)
			check(t, err)
			g := newGateway(t)
			g.face.failureStatus = http.StatusBadRequest
			target, err := conform.NewTarget(g.http.URL)
			check(t, err)
			player := conform.Player{
				Target: target, Media: conformance.Media(), Rule: conform.Rule{Strict: true, FixedClock: true}, Timeout: patience,
			}
			refused := 0
			for _, c := range files[0].Cases {
				if rest, ok := strings.CutPrefix(c.Answer.Text, "200\n"); ok && strings.Contains(rest, `{"status":"failure"`) {
					c.Answer.Status, c.Answer.Text = http.StatusBadRequest, "400\n"+rest
					refused++
				}
				if r := player.Play(t.Context(), c, g.names); r.Outcome != conform.Passed {
					t.Errorf("%s: %s\n--- got\n%s\n--- want\n%s", c.Title, strings.Join(r.Why, "; "), r.Got, r.Want)
				}
			}
			if refused == 0 {
				t.Error("no case is refused")
			}
		})
	}
}
