package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Every row of the page on compatibility names a golden case that is there.
func TestCompatibilityPageNamesCases(t *testing.T) {
	root := filepath.Join("..", "..")
	page, err := os.ReadFile(filepath.Join(root, "docs", "compatibility.md"))
	if err != nil {
		t.Fatal(err)
	}
	rows := 0
	for line := range strings.Lines(string(page)) {
		if !strings.HasPrefix(line, "| ") || strings.HasPrefix(line, "| the vendor's |") {
			continue
		}
		rows++
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), " | ")
		named := strings.Split(cells[len(cells)-1], ";")
		if len(cells) != 3 {
			t.Errorf("%d columns, want 3: %s", len(cells), line)
		}
		for _, name := range named {
			if problem := missingCase(root, strings.TrimSpace(name)); problem != "" {
				t.Errorf("%s\n\tin %s", problem, line)
			}
		}
	}
	if rows < 80 {
		t.Errorf("%d rows: the table was not read", rows)
	}
}

var caseName = regexp.MustCompile("^`([a-z0-9_]+)\\.(http|json)`(?: (.+))?$")

// missingCase says what is wrong with a reference, "" if nothing is.
func missingCase(root, name string) string {
	m := caseName.FindStringSubmatch(name)
	if m == nil {
		return "no case: " + name
	}
	file, title := m[1]+"."+m[2], m[3]
	dir := filepath.Join(root, "conformance", "cases")
	if m[2] == "json" {
		dir = filepath.Join(root, "internal", "waapi", "hook", "testdata")
	}
	text, err := os.ReadFile(filepath.Join(dir, file))
	switch {
	case err != nil:
		return "no file " + file
	case m[2] == "http" && !strings.Contains(string(text), "### "+title+"\n"):
		return "no case " + title + " in " + file
	}
	return ""
}
