// Package conform plays golden cases against a server that speaks the WaAPI
// and says where it answers otherwise. conformance/README.md describes the
// files.
//
// It owns the format of the files, the raw requests, the comparison, and what
// a server that is only known by its address has to be prepared with.
//
// It never tidies a request: what stands in the file goes over the wire byte
// for byte. It never shows a token: answers are told with names for values.
//
// The tests of waapi play the files against a gateway whose names they know;
// cmd runs them against any address, for which [Remote] finds the names. It
// imports nothing of ours but the nouns, so that no rule of the gateway can
// decide what the gateway's answers should be.
package conform

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// File is a list of cases that are played one after the other.
type File struct {
	// Name is the file's name without .http.
	Name string
	// Head is what stands before the first case, as it is written.
	Head  string
	Cases []Case
}

// Case is one request with the answer to it.
type Case struct {
	// Title is what the case shows.
	Title string
	// Head is the request line and the headers, separated by \n.
	Head string
	// Body is the body before names and macros are put in.
	Body string
	// Answer is the expected answer; its Status is 0 when none is written yet.
	Answer Expected
	// Needs are the names without which the case cannot be played, in order.
	Needs []string
	// source is the case up to the answer as it is written.
	source string
}

// Expected is an answer as it is written in a file.
type Expected struct {
	Status int
	// Header lines are in the order of the file.
	Header []Field
	// Body is trimmed; "" means that it does not matter.
	Body string
	// Text is everything behind >>>, which is what strict comparison is about.
	Text string
}

// Field is one header of an answer.
type Field struct{ Name, Value string }

// Load reads the files of dir whose names end in .http and match glob (the
// syntax of [path.Match], with or without .http; "" is every file), by name.
// It is an error when none does.
func Load(dir fs.FS, glob string) ([]File, error) {
	paths, err := fs.Glob(dir, "*.http")
	if err != nil {
		return nil, fmt.Errorf("cases: %w", err)
	}
	slices.Sort(paths)
	pattern := strings.TrimSuffix(cmp.Or(glob, "*"), ".http")
	var files []File
	for _, p := range paths {
		name := strings.TrimSuffix(p, ".http")
		matches, err := path.Match(pattern, name)
		if err != nil {
			return nil, fmt.Errorf("pattern %q: %w", glob, err)
		}
		if !matches {
			continue
		}
		text, err := fs.ReadFile(dir, p)
		if err != nil {
			return nil, fmt.Errorf("cases: %w", err)
		}
		f, err := Parse(name, string(text))
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("no case file matches %q; there are %s", cmp.Or(glob, "*"), strings.Join(paths, ", "))
	}
	return files, nil
}

// Parse reads the text of one file. An answer may be missing: such a case can
// be written by [File.Text] once its answer is known, but not pass.
func Parse(name, text string) (File, error) {
	parts := strings.Split("\n"+text, "\n### ")
	f := File{Name: name, Head: strings.TrimPrefix(parts[0]+"\n", "\n")}
	for _, p := range parts[1:] {
		c, err := parseCase("### " + strings.TrimRight(p, "\n") + "\n")
		if err != nil {
			return File{}, fmt.Errorf("%s.http: %w", name, err)
		}
		f.Cases = append(f.Cases, c)
	}
	if len(f.Cases) == 0 {
		return File{}, fmt.Errorf("%s.http: no case; each begins with a line ### and what it shows", name)
	}
	return f, nil
}

func parseCase(block string) (Case, error) {
	request, answer, _ := strings.Cut(block, "\n>>>")
	c := Case{source: strings.TrimRight(request, "\n") + "\n\n"}
	title, rest, _ := strings.Cut(c.source, "\n")
	c.Title = strings.TrimSpace(strings.TrimPrefix(title, "### "))
	// A case may begin with lines of its own about it.
	for strings.HasPrefix(rest, "# ") {
		var line string
		line, rest, _ = strings.Cut(rest, "\n")
		if list, ok := strings.CutPrefix(line, "# needs: "); ok {
			c.Needs = strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' })
		}
	}
	c.Head, c.Body, _ = strings.Cut(rest, "\n\n")
	// The empty line before the answer belongs to the file, not to the body.
	c.Body = strings.TrimRight(c.Body, "\n")
	if words := strings.Fields(c.Head); len(words) < 2 {
		return c, fmt.Errorf("%s: the request begins with a line of method and path", c.Title)
	}
	var err error
	if c.Answer, err = parseAnswer(answer); err != nil {
		return c, fmt.Errorf("%s: %w", c.Title, err)
	}
	for _, name := range namesIn(c.Head + "\n" + c.Body + "\n" + c.Answer.Text) {
		if name != newID {
			c.Needs = append(c.Needs, name)
		}
	}
	slices.Sort(c.Needs)
	c.Needs = slices.Compact(c.Needs)
	return c, nil
}

func parseAnswer(text string) (Expected, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return Expected{}, nil
	}
	a := Expected{Text: text + "\n"}
	head, body, _ := strings.Cut(text, "\n\n")
	lines := strings.Split(head, "\n")
	if _, err := fmt.Sscanf(lines[0], "%d", &a.Status); err != nil {
		return a, errors.New("an answer begins with >>> and a status, such as >>> 200")
	}
	for _, line := range lines[1:] {
		name, value, ok := strings.Cut(line, ":")
		if !ok {
			return a, fmt.Errorf("the answer's header %q has no colon", line)
		}
		a.Header = append(a.Header, Field{Name: name, Value: strings.TrimSpace(value)})
	}
	a.Body = strings.TrimSpace(body)
	return a, nil
}

// value is the first header of a name, "" if there is none.
func (a Expected) value(name string) string {
	for _, f := range a.Header {
		if strings.EqualFold(f.Name, name) {
			return f.Value
		}
	}
	return ""
}

// Text is the file with answers in place of its own, one for each case, "" for
// none.
func (f File) Text(answers []string) string {
	var b strings.Builder
	b.WriteString(f.Head)
	for i, c := range f.Cases {
		b.WriteString(c.source)
		if answers[i] != "" {
			b.WriteString(">>> " + answers[i] + "\n")
		}
	}
	return strings.TrimRight(b.String(), "\n") + "\n"
}
