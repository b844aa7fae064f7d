package conform

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/waypost/waypost/conformance"
)

const hello = `# What the file is about.

### a greeting
# Why it is so.
# needs: fixed_clock, colour
POST /api/{path}
Authorization: Bearer {token}

{"name":"{name}","text":"{{parameter}}"}

>>> 200
Content-Type: application/json
X-Other:

{"id":"{new}","of":"{owner}"}

### nothing to say
GET /

>>> 204
`

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestParse(t *testing.T) {
	f, err := Parse("hello", hello)
	check(t, err)
	if f.Name != "hello" || f.Head != "# What the file is about.\n\n" || len(f.Cases) != 2 {
		t.Fatalf("%+v", f)
	}
	c := f.Cases[0]
	if c.Title != "a greeting" || c.Head != "POST /api/{path}\nAuthorization: Bearer {token}" ||
		c.Body != `{"name":"{name}","text":"{{parameter}}"}` {
		t.Errorf("%+v", c)
	}
	if want := []string{"colour", "fixed_clock", "name", "owner", "path", "token"}; !slices.Equal(c.Needs, want) {
		t.Errorf("needs %v, want %v", c.Needs, want)
	}
	a := c.Answer
	if a.Status != 200 || !slices.Equal(a.Header, []Field{{"Content-Type", "application/json"}, {"X-Other", ""}}) ||
		a.Body != `{"id":"{new}","of":"{owner}"}` {
		t.Errorf("%+v", a)
	}
	if c := f.Cases[1]; c.Head != "GET /" || c.Body != "" || c.Answer.Status != 204 || c.Answer.Body != "" || len(c.Needs) > 0 {
		t.Errorf("%+v", c)
	}
}

// TestTextIsWhatWasParsed: a file whose answers are right is written as it was.
func TestTextIsWhatWasParsed(t *testing.T) {
	files, err := Load(conformance.Cases(), "")
	check(t, err)
	own, err := Parse("hello", hello)
	check(t, err)
	for _, f := range append(files, own) {
		var answers []string
		for _, c := range f.Cases {
			answers = append(answers, c.Answer.Text)
		}
		want := hello
		if f.Name != "hello" {
			text, err := fs.ReadFile(conformance.Cases(), f.Name+".http")
			check(t, err)
			want = string(text)
		}
		want = strings.TrimRight(want, "\n") + "\n"
		if got := f.Text(answers); got != want {
			t.Errorf("%s: %s", f.Name, firstDifference(got, want))
		}
	}
}

func firstDifference(got, want string) string {
	lines := strings.Split(want, "\n")
	for i, line := range strings.Split(got, "\n") {
		if i >= len(lines) || line != lines[i] {
			return fmt.Sprintf("line %d: %q", i+1, line)
		}
	}
	return "the end is missing"
}

func TestParseSaysWhatIsWrong(t *testing.T) {
	for text, want := range map[string]string{
		"":                                 "no case",
		"### empty\n":                      "method and path",
		"### half\nGET\n":                  "method and path",
		"### no status\nGET /\n\n>>> OK\n": "such as >>> 200",
		"### header\nGET /\n\n>>> 200\nnonsense\n": "has no colon",
	} {
		if _, err := Parse("x", text); err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "x.http: ") {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
	f, err := Parse("x", "### new\nGET /\n")
	check(t, err)
	if f.Cases[0].Answer.Status != 0 {
		t.Errorf("%+v", f)
	}
}

func TestLoad(t *testing.T) {
	dir := fstest.MapFS{
		"b.http": {Data: []byte("### b\nGET /b\n")}, "a.http": {Data: []byte("### a\nGET /a\n")}, "c.txt": {Data: []byte("no case")},
	}
	for glob, want := range map[string]string{"": "a b", "*": "a b", "b": "b", "b.http": "b", "[a]": "a"} {
		files, err := Load(dir, glob)
		check(t, err)
		var names []string
		for _, f := range files {
			names = append(names, f.Name)
		}
		if got := strings.Join(names, " "); got != want {
			t.Errorf("%q: got %q, want %q", glob, got, want)
		}
	}
	for _, glob := range []string{"c", "["} {
		if _, err := Load(dir, glob); err == nil {
			t.Errorf("%q: no error", glob)
		}
	}
	dir["d.http"] = &fstest.MapFile{Data: []byte("nothing")}
	if _, err := Load(dir, ""); err == nil {
		t.Error("a file without a case is no error")
	}
}

func TestEveryCaseHasATitleAndAnAnswer(t *testing.T) {
	files, err := Load(conformance.Cases(), "")
	check(t, err)
	for _, f := range files {
		for _, c := range f.Cases {
			if c.Title == "" || c.Answer.Status == 0 {
				t.Errorf("%s: %q has no title or no answer", f.Name, c.Title)
			}
		}
	}
}

func TestExpand(t *testing.T) {
	media := fstest.MapFS{"a.txt": {Data: []byte("file")}}
	names := Names{"token": "T", "last": "L"}
	for in, want := range map[string]string{
		"{token} {last} {none} {}":       "T L {none} {}",
		"{{token}} {\"a\":{token}}":      "{{token}} {\"a\":T}",
		"<<3 x ab>><<hex 4142>>":         "abababAB",
		"<<2 x {token}>> <<file a.txt>>": "TT file",
		"<<2 x {\"a\":>>1<<2 x }>> <<>>": `{"a":{"a":1}} <<>>`,
	} {
		if got, err := names.Expand(in, media); err != nil || got != want {
			t.Errorf("%s: got %q, %v, want %q", in, got, err, want)
		}
	}
	for _, in := range []string{"<<file none.txt>>", "<<hex 4>>", "<<999999999999 x x>>", "<<99999999999999999999 x x>>"} {
		if got, err := names.Expand(in, media); err == nil {
			t.Errorf("%s: got %q, want an error", in, got)
		}
	}
}

func TestTellPutsTheLongestNameIn(t *testing.T) {
	names := Names{"source": "abc", "beta_source": "beta_abc", "last": "abc", "empty": "", "source_name": "the"}
	if got, want := names.Tell("the abc and beta_abc"), "the {source} and {beta_source}"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
