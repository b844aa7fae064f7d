package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/knadh/koanf/parsers/yaml"
)

func TestFileIsReadStrictly(t *testing.T) {
	for _, tt := range []struct {
		name, yaml string
		want       []string
	}{
		{name: "empty"},
		{name: "comments only", yaml: "# nothing\n\n  # yet\n"},
		{name: "level with nothing below", yaml: "log:\nsend: {}\nwebhook:\n  # timeout: 5s\n"},
		{name: "marked beginning and end", yaml: "%YAML 1.1\n# ours\n---\nlog: {level: warn}\n...\n# the end\n"},
		{name: "with returns", yaml: "---\r\nlog:\r\n  level: warn\r\n"},
		{name: "numbers in quotes", yaml: `send: {concurrency: "5"}`},
		{name: "anchor", yaml: "webhook: {timeout: &t 5s}\nsend: {timeout: *t}\n"},
		{name: "marker in a text", yaml: "meta:\n  verify_token: |\n    ---\n    x\n"},

		{name: "unknown", yaml: "foo: {a: 1, b: 2}\n", want: []string{`file: there is no setting "foo"`}},
		{name: "wrong level", yaml: "level: x\n", want: []string{`file: there is no setting "level" (did you mean log.level?)`}},
		{name: "wrong nested level", yaml: "log: {concurrency: 5}\n", want: []string{`file: there is no setting "log.concurrency" (did you mean send.concurrency?)`}},
		{name: "too deep", yaml: "webhook: {send: {timeout: 5s}}\n", want: []string{`file: there is no setting "webhook.send"`}},
		{name: "two may be meant", yaml: "timeout: 5s\n", want: []string{`file: there is no setting "timeout" (did you mean webhook.timeout or send.timeout?)`}},
		{name: "slip of the pen", yaml: "lissten: x\nlog: {levl: x}\n", want: []string{
			`file: there is no setting "lissten" (did you mean listen?)`, `file: there is no setting "log.levl" (did you mean log.level?)`,
		}},
		{name: "other spelling", yaml: "stop-timeout: 1s\nmeta: {baseUrl: x}\n", want: []string{
			`file: there is no setting "meta.baseUrl" (did you mean meta.base_url?)`, `file: there is no setting "stop-timeout" (did you mean stop_timeout?)`,
		}},
		{name: "name that is no text", yaml: "log: {1: x, true: y}\n2: z\n", want: []string{
			`file: there is no setting "2"`, `file: there is no setting "log.1"`, `file: there is no setting "log.true"`,
		}},
		{name: "long name", yaml: strings.Repeat("x", 900) + ": 1\n", want: []string{`file: there is no setting "` + strings.Repeat("x", 80) + `"`}},
		{name: "dots in the name", yaml: "log.level: debug\n", want: []string{"file: log.level: write the part after a dot below the part before it"}},
		{name: "dots and levels", yaml: "log.level: debug\nlog: {level: warn}\n", want: []string{"file: log.level: write the part after a dot below the part before it"}},
		{name: "given twice", yaml: "data: a\nlog:\n  level: info\ndata: b\nlisten: c\nlisten: d\n", want: []string{
			"file: line 4: this name was given before, on line 1", "file: line 6: this name was given before, on line 5",
		}},
		{name: "given twice below a level", yaml: "log:\n  level: info\n  level: debug\n", want: []string{"file: line 3: this name was given before, on line 2"}},
		{name: "level given twice", yaml: "log: {level: info}\nlog: {format: json}\n", want: []string{"file: line 2: this name was given before, on line 1"}},

		{name: "no level", yaml: "log: debug\n", want: []string{"file: log: write its settings below it, one on a line"}},
		{name: "space forgotten", yaml: "meta:\n  verify_token:" + canary + "\n", want: []string{"file: meta: write its settings below it, one on a line"}},
		{name: "space forgotten in braces", yaml: "meta: {verify_token:" + canary + "}\n", want: []string{"file: meta.verify_token: write name: value, with a space after the colon"}},
		{name: "list", yaml: "- listen\n", want: []string{"file: write settings in the form name: value"}},
		{name: "text", yaml: canary + "\n", want: []string{"file: write settings in the form name: value"}},
		{name: "two documents", yaml: "data: a\n---\nnonsense: b\n", want: []string{"file: put all settings into one YAML document"}},

		{name: "number for a text", yaml: "listen: 8080\n", want: []string{`listen: use a text such as "127.0.0.1:8080", not 8080`}},
		{name: "list for a text", yaml: "data: [a, b]\n", want: []string{`data: use a text such as "./waypost-data", not a list`}},
		{name: "level for a text", yaml: "data: {a: b}\n", want: []string{`data: use a text such as "./waypost-data", not a level with names below it`}},
		{name: "other level for a text", yaml: "data: {1: b}\n", want: []string{`data: use a text such as "./waypost-data", not a level with names below it`}},
		{name: "claim for a text", yaml: "log: {level: true}\n", want: []string{`log.level: use a text such as "info", not true`}},
		{name: "date for a text", yaml: "data: 2026-11-01\n", want: []string{`data: use a text such as "./waypost-data", not a date`}},
		{name: "fraction for a text", yaml: "meta: {version: 23.5}\n", want: []string{`meta.version: use a text such as "v26.0", not 23.5`}},
		{name: "nothing for a text", yaml: "listen:\n", want: []string{`listen: use a text such as "127.0.0.1:8080", not nothing`}},
		{name: "text for a number", yaml: "send: {concurrency: many}\n", want: []string{`send.concurrency: use a whole number, not "many"`}},
		{name: "fraction for a number", yaml: "send: {concurrency: 2.5}\n", want: []string{"send.concurrency: use a whole number, not 2.5"}},
		{name: "huge number", yaml: "send: {concurrency: 18446744073709551615}\n", want: []string{"send.concurrency: use a whole number, not 18446744073709551615"}},
		{name: "list for a number", yaml: "send: {concurrency: [5]}\n", want: []string{"send.concurrency: use a whole number, not a list"}},
		{name: "number for a duration", yaml: "send: {timeout: 5}\n", want: []string{"send.timeout: use a duration such as 60s, not 5"}},
		{name: "bad duration", yaml: "send: {timeout: soon}\n", want: []string{`send.timeout: use a duration such as 60s, not "soon"`}},
		{name: "number in a list", yaml: "meta: {media_hosts: [a.example, 5]}\n", want: []string{"meta.media_hosts: use a list of texts, not a list"}},
		{name: "number for a list", yaml: "meta: {media_hosts: 5}\n", want: []string{"meta.media_hosts: use a list of texts, not 5"}},
		{name: "level for a list", yaml: "meta: {media_hosts: {a.example: }}\n", want: []string{"meta.media_hosts: use a list of texts, not a level with names below it"}},
		{name: "empty in a list", yaml: `meta: {media_hosts: [""]}`, want: []string{`meta.media_hosts: use a form like media.example.com or media.example.com:8443, not ""`}},

		{name: "number for a secret", yaml: "meta: {verify_token: 90125}\n", want: []string{"meta.verify_token: use a text in quotes"}},
		{name: "list for a secret", yaml: "meta: {verify_token: [" + canary + "]}\n", want: []string{"meta.verify_token: use a text in quotes"}},
		{name: "level for a secret", yaml: "meta: {verify_token: {" + canary + ": x}}\n", want: []string{"meta.verify_token: use a text in quotes"}},
		{name: "comment for a secret", yaml: "meta: {verify_token: #" + canary + "\n }\n", want: []string{"meta.verify_token: use a text in quotes"}},
		{name: "alias for a secret", yaml: "meta:\n  verify_token: *" + canary + "\n", want: []string{"file: not valid YAML: put a value that begins with * in quotes"}},
		{name: "kind for a secret", yaml: "meta:\n  verify_token: !!int " + canary + "\n", want: []string{"file: not valid YAML"}},
		{name: "alias of itself", yaml: "meta: &" + canary + " {verify_token: *" + canary + "}\n", want: []string{"file: not valid YAML"}},
		{name: "list as a name", yaml: "meta: {[" + canary + "]: x}\n", want: []string{"file: not valid YAML"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, mistakes(t, Input{File: write(t, tt.yaml)})); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestSyntaxErrorNamesFileAndLine(t *testing.T) {
	for name, text := range map[string]string{
		"tab":             "data: a\nlog:\n\tlevel: debug\n",
		"open quote":      "data: a\nlog:\n  level: \"debug\n",
		"open list":       "data: a\nmeta:\n  media_hosts: [a\n",
		"wrong indent":    "data: a\nlog:\n    level: info\n  format: text\n",
		"secret with @":   "data: a\nmeta:\n  verify_token: @" + canary + "\n",
		"secret with %":   "data: a\nmeta:\n  verify_token: %" + canary + "\n",
		"secret and text": "data: a\nmeta:\n  verify_token: \"" + canary + "\" " + canary + "\n",
	} {
		t.Run(name, func(t *testing.T) {
			got := mistakes(t, Input{File: write(t, text)})
			if len(got) != 1 || !strings.HasPrefix(got[0], "file: line ") || !strings.Contains(got[0], "not valid YAML: ") || strings.Contains(got[0], canary) {
				t.Errorf("got %q", got)
			}
		})
	}
}

func TestFileThatCannotBeReadIsReported(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing.yaml")
	got := mistakes(t, Input{File: missing, Flags: map[string]string{"log.format": "xml"}})
	want := []string{"file: there is no such file", `log.format: use text or json, not "xml"`}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	folder := t.TempDir()
	if _, err := Load(Input{File: folder}); err == nil || strings.Contains(err.Error(), "\n") || !strings.Contains(err.Error(), folder) {
		t.Errorf("a directory: %v, want one line that names it", err)
	}
}

// TestFileThatOthersCanWriteIsRead: who may write it is the operator's affair.
func TestFileThatOthersCanWriteIsRead(t *testing.T) {
	path := write(t, "data: /x\n")
	if err := os.Chmod(path, 0o666); err != nil {
		t.Fatal(err)
	}
	if got := mistakes(t, Input{File: path}); got != nil {
		t.Errorf("got %q", got)
	}
}

// FuzzFile wants no panic, and no piece of the secret in what is shown.
func FuzzFile(f *testing.F) {
	for _, seed := range []string{
		"meta:\n  verify_token: " + canary + "\n", "meta: {verify_token: " + canary + "}\nlisten: 8080\n", "log:\n", "a: &a [*a]\n",
		"meta: {verify_token: [" + canary + "]}", "meta: {verify_token: {" + canary + ": 1}}", "meta:\n  verify_token: *" + canary + "\n",
		"? [a]\n: b\n", "<<: {data: x}\n", "- a\n", "data: a\n---\nb", "log: {1: 2}", "data: !!binary aGk=", "send: {concurrency: .nan}", "data: 2026-11-01\n",
		"meta: {verify_token:" + canary + "}", "data: !!int " + canary, "~: x", "log.level: x\nlog: {level: y}",
	} {
		f.Add([]byte(seed))
	}
	folder := f.TempDir()
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(folder, "waypost.yaml")
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		e, err := Load(Input{File: path})
		var shown strings.Builder
		if err != nil {
			shown.WriteString(err.Error())
		}
		for _, r := range e.Rows() {
			shown.WriteString(r.Value)
		}
		if strings.Contains(shown.String(), canary) && !elsewhere(data) {
			t.Errorf("shows the secret: %s", shown.String())
		}
	})
}

// elsewhere reports whether the file has the canary where no secret stands.
func elsewhere(data []byte) bool {
	tree, err := yaml.Parser().Unmarshal(data)
	if err != nil {
		return false // of a file that is no YAML, nothing may be shown
	}
	if meta, ok := asLevel(tree["meta"]); ok {
		delete(meta, "verify_token")
	}
	return holds(tree)
}

func holds(v any) bool {
	if level, ok := asLevel(v); ok {
		for key, below := range level {
			if strings.Contains(key, canary) || holds(below) {
				return true
			}
		}
		return false
	}
	if list, ok := v.([]any); ok {
		for _, item := range list {
			if holds(item) {
				return true
			}
		}
		return false
	}
	text, ok := v.(string)
	return ok && strings.Contains(text, canary)
}
