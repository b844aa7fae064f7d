package callback

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/waypost/waypost/internal/wa"
)

// TestThePageNamesEveryField compares the table of docs/callbacks.md with the
// code, and the kinds in it with what the samples become.
func TestThePageNamesEveryField(t *testing.T) {
	page, err := os.ReadFile("../../../docs/callbacks.md")
	if err != nil {
		t.Fatal(err)
	}
	row := regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| ([^|]+) \\|")
	told := map[string][]string{}
	for _, m := range row.FindAllStringSubmatch(string(page), -1) {
		told[m[1]] = strings.Split(strings.NewReplacer("`", "", " ", "").Replace(m[2]), ",")
	}
	if want, got := slices.Sorted(maps.Keys(understood())), slices.Sorted(maps.Keys(told)); !slices.Equal(want, got) {
		t.Errorf("the page has %v, want %v", got, want)
	}
	kinds := map[string]bool{}
	files, err := filepath.Glob("testdata/callback/*.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		updates, err := Decode(raw)
		if err != nil {
			t.Fatal(err)
		}
		for _, u := range updates {
			if u.Notice == nil || u.Notice.Field == "" {
				continue
			}
			n := u.Notice
			kinds[string(n.Kind)] = true
			if row, known := told[n.Field]; known && n.Kind != wa.NoticeOther && !slices.Contains(row, string(n.Kind)) {
				t.Errorf("%s becomes %s, which is not in its row: %v", n.Field, n.Kind, row)
			}
		}
	}
	for _, kind := range noticeKinds() {
		if !kinds[string(kind)] {
			t.Errorf("no sample becomes %s", kind)
		}
	}
}
