package arch

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestTreeKeepsTheRules(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	tree, err := readTree(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, rule := range rules {
		t.Run(rule.name, func(t *testing.T) {
			for _, bad := range rule.check(tree) {
				t.Error(bad)
			}
		})
	}
}

// TestRulesCatchViolations breaks a tree that keeps the rules in one place at a time and wants exactly that place named.
func TestRulesCatchViolations(t *testing.T) {
	tests := []struct {
		name   string
		change map[string]string // file to new source; "" takes the file away
		want   []string
	}{
		{name: "nothing changed"},
		{
			name:   "new package",
			change: map[string]string{"internal/common/doc.go": documented("common")},
			want:   []string{"internal/common: is not in the table"},
		},
		{
			name:   "new package at the top",
			change: map[string]string{"store/doc.go": documented("store")},
			want:   []string{"store: is not in the table"},
		},
		{
			name:   "package gone",
			change: map[string]string{"internal/inbox/doc.go": ""},
			want:   []string{"internal/inbox: is in the table but not in the tree"},
		},
		{
			name:   "only test data left",
			change: map[string]string{"internal/inbox/doc.go": "", "internal/inbox/testdata/x.go": documented("inbox")},
			want:   []string{"internal/inbox: is in the table but not in the tree"},
		},
		{
			name:   "stage imports stage",
			change: importing("internal/outbox/send.go", ours("internal/webhook")),
			want:   []string{"internal/outbox/send.go: may not import internal/webhook"},
		},
		{
			name:   "nouns import",
			change: importing("internal/wa/id.go", ours("internal/work")),
			want:   []string{"internal/wa/id.go: may not import internal/work"},
		},
		{
			name:   "allowed import",
			change: importing("internal/outbox/send.go", ours("internal/store"), ours("internal/work")),
		},
		{
			name:   "behind a build tag",
			change: map[string]string{"internal/store/other.go": "//go:build plan9\n\npackage store\n\nimport _ \"" + ours("internal/config") + "\"\n"},
			want:   []string{"internal/store/other.go: may not import internal/config"},
		},
		{
			name:   "package we do not have",
			change: importing("internal/outbox/send.go", ours("internal/common")),
			want:   []string{"internal/outbox/send.go: may not import internal/common"},
		},
		{
			name:   "command imports all",
			change: importing("cmd/waypost/serve.go", ours("internal/outbox"), ours("internal/store/sqlstore"), ours("internal/sim")),
		},
		{
			name:   "command imports the proof",
			change: importing("cmd/waypost/serve.go", ours("internal/store/storetest")),
			want:   []string{"cmd/waypost/serve.go: may not import internal/store/storetest"},
		},
		{
			name:   "test imports another stage",
			change: importing("internal/outbox/send_test.go", ours("internal/store/sqlstore"), ours("internal/webhook"), ours("internal/outbox")),
		},
		{
			name:   "test imports the command",
			change: importing("internal/outbox/send_test.go", ours("cmd/waypost")),
			want:   []string{"internal/outbox/send_test.go: may not import cmd/waypost"},
		},
		{
			name:   "test of the nouns imports the nouns",
			change: importing("internal/wa/id_test.go", ours("internal/wa")),
		},
		{
			name:   "test of the nouns imports more",
			change: importing("internal/wa/id_test.go", ours("internal/store")),
			want:   []string{"internal/wa/id_test.go: imports internal/store; the tests of internal/wa import nothing else of ours"},
		},
		{
			name:   "simulator shares code",
			change: importing("internal/sim/graph.go", ours("internal/cloudapi")),
			want: []string{
				"internal/sim/graph.go: may not import internal/cloudapi",
				"internal/sim/graph.go: imports github.com/waypost/waypost/internal/cloudapi, which is not in the standard library",
			},
		},
		{
			name:   "simulator imports a module",
			change: importing("internal/sim/graph.go", "net/http", "github.com/google/uuid"),
			want: []string{
				"internal/sim/graph.go: imports github.com/google/uuid, which is not in the standard library",
				"internal/sim/graph.go: github.com/google/uuid does not enter through internal/sim",
			},
		},
		{
			name:   "simulator is compared with its counterpart",
			change: importing("internal/sim/graph_test.go", ours("internal/cloudapi"), ours("internal/sim")),
		},
		{
			name:   "keeper knows the driver",
			change: importing("internal/store/sqlstore/open.go", "database/sql", "modernc.org/sqlite", "github.com/pressly/goose/v3/database"),
		},
		{
			name:   "driver elsewhere",
			change: importing("internal/inbox/apply.go", "modernc.org/sqlite/lib"),
			want: []string{
				"internal/inbox/apply.go: imports modernc.org/sqlite/lib; only internal/store/sqlstore knows SQL drivers",
				"internal/inbox/apply.go: modernc.org/sqlite/lib does not enter through internal/inbox",
			},
		},
		{
			name:   "driver in a test elsewhere",
			change: importing("cmd/waypost/crash_test.go", "github.com/jackc/pgx/v5"),
			want: []string{
				"cmd/waypost/crash_test.go: imports github.com/jackc/pgx/v5; only internal/store/sqlstore knows SQL drivers",
				"cmd/waypost/crash_test.go: github.com/jackc/pgx/v5 does not enter through cmd/waypost",
			},
		},
		{
			name:   "testing in production",
			change: importing("internal/media/fake.go", "testing"),
			want:   []string{"internal/media/fake.go: imports testing outside a test"},
		},
		{
			name:   "fake time in production",
			change: importing("internal/work/loop.go", "testing/synctest"),
			want:   []string{"internal/work/loop.go: imports testing/synctest outside a test"},
		},
		{
			name:   "httptest in production",
			change: importing("internal/sim/graph.go", "net/http/httptest"),
			want:   []string{"internal/sim/graph.go: imports net/http/httptest outside a test"},
		},
		{
			name:   "testing in the proof and in tests",
			change: both(importing("internal/store/storetest/outbox.go", "testing", "github.com/google/go-cmp/cmp"), importing("internal/work/loop_test.go", "testing", "net/http/httptest")),
		},
		{
			name:   "module through the wrong package",
			change: importing("internal/waapi/routes.go", "github.com/spf13/cobra"),
			want:   []string{"internal/waapi/routes.go: github.com/spf13/cobra does not enter through internal/waapi"},
		},
		{
			name:   "module nobody decided on",
			change: importing("internal/waapi/routes.go", "github.com/gorilla/mux"),
			want:   []string{"internal/waapi/routes.go: github.com/gorilla/mux does not enter through internal/waapi"},
		},
		{
			name:   "module whose name begins alike",
			change: importing("internal/wa/id.go", "github.com/google/uuidx"),
			want:   []string{"internal/wa/id.go: github.com/google/uuidx does not enter through internal/wa"},
		},
		{
			name:   "modules where they are listed",
			change: both(importing("internal/config/load.go", "github.com/knadh/koanf/v2", "github.com/knadh/koanf/providers/file"), importing("internal/wa/id.go", "github.com/google/uuid")),
		},
		{
			name:   "test modules in tests",
			change: importing("internal/store/sqlstore/open_test.go", "modernc.org/sqlite", "github.com/google/go-cmp/cmp", "pgregory.net/rapid", "github.com/rogpeppe/go-internal/testscript", "github.com/anishathalye/porcupine"),
		},
		{
			name:   "assertion library in a test",
			change: importing("internal/outbox/send_test.go", "github.com/stretchr/testify/assert"),
			want:   []string{"internal/outbox/send_test.go: github.com/stretchr/testify/assert does not enter through internal/outbox"},
		},
		{
			name:   "test module in production",
			change: importing("internal/outbox/send.go", "github.com/google/go-cmp/cmp"),
			want:   []string{"internal/outbox/send.go: github.com/google/go-cmp/cmp does not enter through internal/outbox"},
		},
		{
			name:   "no comment",
			change: map[string]string{"internal/work/doc.go": "package work\n"},
			want:   []string{"internal/work: has no package comment"},
		},
		{
			name:   "comment in a test only",
			change: map[string]string{"internal/work/doc.go": "package work\n", "internal/work/loop_test.go": documented("work")},
			want:   []string{"internal/work: has no package comment"},
		},
		{
			name:   "licence is no comment",
			change: map[string]string{"internal/work/doc.go": "// Copyright owns never.\n\npackage work\n"},
			want:   []string{"internal/work: has no package comment"},
		},
		{
			name:   "comment without owns",
			change: map[string]string{"internal/work/doc.go": strings.Replace(documented("work"), "owns", "disowns", 1)},
			want:   []string{"internal/work: its comment does not say what it owns"},
		},
		{
			name:   "comment without never",
			change: map[string]string{"internal/work/doc.go": strings.Replace(documented("work"), "never", "seldom", 1)},
			want:   []string{"internal/work: its comment does not say what it never does"},
		},
		{
			name:   "comment too short",
			change: map[string]string{"internal/work/doc.go": "// Package work owns loops and never sleeps.\npackage work\n"},
			want:   []string{"internal/work: its comment is too short to say where it stands"},
		},
		{
			name:   "command without comment",
			change: map[string]string{"cmd/waypost/doc.go": "package main\n"},
			want:   []string{"cmd/waypost: has no package comment"},
		},
		{
			name: "four packages in a row",
			change: both(
				importing("internal/outbox/send.go", ours("internal/media")), importing("internal/media/intake.go", ours("internal/store")),
				importing("internal/store/outbox.go", ours("internal/wa")), importing("cmd/waypost/serve.go", ours("internal/outbox")),
			),
		},
		{
			name: "five packages in a row",
			change: both(
				importing("internal/outbox/send.go", ours("internal/media")), importing("internal/media/intake.go", ours("internal/store")),
				importing("internal/store/outbox.go", ours("internal/wa")), importing("internal/wa/id.go", ours("internal/work")),
			),
			want: []string{
				"internal/wa/id.go: may not import internal/work",
				"5 packages in a row, at most 4: internal/outbox → internal/media → internal/store → internal/wa → internal/work",
			},
		},
		{
			name: "circle",
			change: both(
				importing("internal/store/outbox.go", ours("internal/wa")), importing("internal/wa/id.go", ours("internal/store")),
			),
			want: []string{"internal/wa/id.go: may not import internal/store"},
		},
		{
			name: "what is not of this module is left alone",
			change: map[string]string{
				"tools/go.mod": "module github.com/waypost/waypost/tools\n", "tools/tools.go": "package tools\n",
				"internal/console/ui/node_modules/x/x.go": "package x\n", ".cache/x.go": "package x\n", "_old/x.go": "package x\n",
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			root := t.TempDir()
			files := tidyTree()
			maps.Copy(files, tt.change)
			write(t, root, files)
			tree, err := readTree(root)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, rule := range rules {
				got = append(got, rule.check(tree)...)
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("violations:\ngot  %s\nwant %s", strings.Join(got, "\n     "), strings.Join(tt.want, "\n     "))
			}
		})
	}
}

// TestUnreadableSourceIsReported keeps a file that does not parse from hiding its imports.
func TestUnreadableSourceIsReported(t *testing.T) {
	root := t.TempDir()
	write(t, root, map[string]string{"internal/wa/id.go": "package wa\n\nimport \"unfinished\n"})
	if tree, err := readTree(root); err == nil {
		t.Errorf("read %v, want an error", tree)
	}
}

// TestEverythingIsEverything keeps the row of cmd from falling behind the table.
func TestEverythingIsEverything(t *testing.T) {
	for _, r := range table {
		onlyForTests := r.pkg == proof || r.pkg == "internal/arch" || r.pkg == "internal/openapi"
		if want := strings.HasPrefix(r.pkg, "internal/") && !onlyForTests; slices.Contains(everything, r.pkg) != want {
			t.Errorf("%s among everything: %t, want %t", r.pkg, !want, want)
		}
	}
}

// tidyTree has every package of the table and keeps every rule.
func tidyTree() map[string]string {
	files := map[string]string{"go.mod": "module " + module + "\n"}
	for _, r := range table {
		name := filepath.Base(r.pkg)
		if strings.HasPrefix(r.pkg, "cmd/") {
			files[r.pkg+"/doc.go"] = "// Command " + name + " is where everything meets.\npackage main\n"
			continue
		}
		files[r.pkg+"/doc.go"] = documented(name)
	}
	return files
}

func documented(name string) string {
	return fmt.Sprintf("// Package %[1]s owns one thing and says which, at some length, as a reader would want it.\n"+
		"// It never does the work of its neighbours, and it stands between two of them.\npackage %[1]s\n", name)
}

// importing is one more file of an existing package.
func importing(name string, paths ...string) map[string]string {
	var b strings.Builder
	folder := filepath.Base(filepath.Dir(name))
	if strings.HasPrefix(name, "cmd/") {
		folder = "main"
	}
	fmt.Fprintf(&b, "package %s\n\nimport (\n", folder)
	for _, p := range paths {
		fmt.Fprintf(&b, "\t_ %q\n", p)
	}
	b.WriteString(")\n")
	return map[string]string{name: b.String()}
}

func both(changes ...map[string]string) map[string]string {
	all := make(map[string]string)
	for _, c := range changes {
		maps.Copy(all, c)
	}
	return all
}

func ours(folder string) string { return module + "/" + folder }

func write(t *testing.T, root string, files map[string]string) {
	t.Helper()
	for name, source := range files {
		if source == "" {
			continue
		}
		full := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(full), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, []byte(source), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// The lists in CONTRIBUTING.md send people to files; a list that names one that
// is gone is worse than none.
func TestContributingNamesFilesThatExist(t *testing.T) {
	root := "../.."
	text, err := os.ReadFile(filepath.Join(root, "CONTRIBUTING.md"))
	if err != nil {
		t.Fatal(err)
	}
	paths := regexp.MustCompile("`((?:internal|cmd|docs)/[^`*…]+)`").FindAllSubmatch(text, -1)
	if len(paths) < 20 {
		t.Errorf("found %d paths, fewer than the lists hold", len(paths))
	}
	for _, p := range paths {
		if _, err := os.Stat(filepath.Join(root, string(p[1]))); err != nil {
			t.Errorf("CONTRIBUTING.md names %s, which is not there", p[1])
		}
	}
}
