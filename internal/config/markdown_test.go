package config

import (
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write docs/config.md")

const page = "../../docs/config.md"

func TestReferencePageIsUpToDate(t *testing.T) {
	want := Markdown()
	if *update {
		if err := os.WriteFile(page, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("make gen writes it:\n%s", diff)
	}
}

func TestReferencePageIsComplete(t *testing.T) {
	for _, s := range Settings() {
		if !strings.Contains(Markdown(), "| `"+s.Name+"` | `"+s.Env()+"` |") {
			t.Errorf("%s is missing", s.Name)
		}
		if s.Secret && strings.Contains(Markdown(), "--"+s.Flag()) {
			t.Errorf("%s is a secret and must be no flag", s.Name)
		}
		if strings.Contains(s.Help+s.Default, "|") {
			t.Errorf("%s breaks the table", s.Name)
		}
	}
}

// TestExampleOnThePageWorks reads the example as an operator would paste it.
func TestExampleOnThePageWorks(t *testing.T) {
	_, example, _ := strings.Cut(Markdown(), "```yaml\n")
	example, _, found := strings.Cut(example, "```")
	if !found {
		t.Fatal("there is no example")
	}
	if got := mistakes(t, Input{File: write(t, example)}); got != nil {
		t.Errorf("got %q", got)
	}
}
