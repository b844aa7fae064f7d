package main

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/waypost/waypost/internal/cloudapi/fault"
	"github.com/waypost/waypost/internal/waapi"
)

var update = flag.Bool("update", false, "write generated pages")

func TestErrorsPageIsUpToDate(t *testing.T) {
	page := filepath.Join("..", "..", "docs", "errors.md")
	if *update {
		if err := os.WriteFile(page, []byte(errorsPage()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(errorsPage(), string(got)); diff != "" {
		t.Errorf("make gen writes it:\n%s", diff)
	}
}

// What the page says of a code is what happens: each that comes at once is the
// answer of a golden case, and no other is; each that comes by status is what a
// code of Meta's, or the gateway's own refusal before the send, comes to.
func TestCodesComeAsThePageSays(t *testing.T) {
	answered := map[string]bool{}
	files, err := filepath.Glob(filepath.Join("..", "..", "conformance", "cases", "*.http"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range regexp.MustCompile(`"error":\{"code":"(\d+)"`).FindAllSubmatch(text, -1) {
			answered[string(found[1])] = true
		}
	}
	// What the outbox itself refuses: consent, source and window.
	byStatus := map[string]bool{"8002": true, "8004": true, "8007": true}
	for _, c := range fault.MetaCodes() {
		byStatus[c.VendorCode] = true
	}
	var known []string
	for _, c := range waapi.ErrorCodes() {
		known = append(known, c.Code)
		if c.AtOnce != answered[c.Code] {
			t.Errorf("%s: the page says %v about coming at once, the golden cases %v", c.Code, c.AtOnce, answered[c.Code])
		}
		if c.ByStatus != byStatus[c.Code] {
			t.Errorf("%s: the page says %v about coming by status, the tables %v", c.Code, c.ByStatus, byStatus[c.Code])
		}
		if c.Meaning == "" || c.Remedy == "" {
			t.Errorf("%s is not explained", c.Code)
		}
		for _, text := range c.Texts {
			if text.Remedy == "" {
				t.Errorf("%s %q: no remedy", c.Code, text.Text)
			}
		}
	}
	for code := range answered {
		if !slices.Contains(known, code) {
			t.Errorf("%s is answered and not on the page", code)
		}
	}
}
