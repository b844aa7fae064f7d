package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/waypost/waypost/internal/conform"
)

// caseView is a case that did not pass as it is printed.
type caseView struct {
	Title   string          `json:"title"`
	Outcome conform.Outcome `json:"outcome"`
	Why     []string        `json:"why"`
	Request string          `json:"request,omitempty"`
	Got     string          `json:"got,omitempty"`
	Want    string          `json:"want,omitempty"`
}

// countView is how many cases came to what.
type countView struct {
	Passed        int   `json:"passed"`
	Failed        int   `json:"failed"`
	NotApplicable int   `json:"not_applicable"`
	TookMS        int64 `json:"took_ms"`
}

// fileView is a file as it is printed; Cases are those that did not pass.
type fileView struct {
	File string `json:"file"`
	countView
	Cases []caseView `json:"cases"`
}

// conformView is the whole run as JSON.
type conformView struct {
	Server string `json:"server"`
	countView
	Files []fileView `json:"files"`
}

// conformReport prints a run while it goes on, a line for each file.
type conformReport struct {
	app    *app
	view   conformView
	width  int
	total  int // cases of the present file
	played int
	count  conform.Count // of the present file
	all    conform.Count
	began  time.Time // the present file
	start  time.Time
	// progress tells how far the present file is; it is nothing but on a terminal.
	progress io.Writer
}

func newConformReport(a *app, server string, files []conform.File) *conformReport {
	r := &conformReport{app: a, view: conformView{Server: server}, width: len("FILE"), start: time.Now(), progress: io.Discard}
	for _, f := range files {
		r.width = max(r.width, len(f.Name))
	}
	if a.json {
		return r
	}
	if terminal(a.stdout) {
		r.progress = a.stdout
	}
	fmt.Fprintf(a.stdout, "%-*s  %6s  %6s  %14s  %8s\n", r.width, "FILE", "PASSED", "FAILED", "NOT APPLICABLE", "TIME")
	return r
}

// terminal reports whether a person is looking.
func terminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

func (r *conformReport) begin(f conform.File) {
	r.view.Files = append(r.view.Files, fileView{File: f.Name, Cases: []caseView{}})
	r.total, r.played, r.count, r.began = len(f.Cases), 0, conform.Count{}, time.Now()
	fmt.Fprintf(r.progress, "%-*s  preparing", r.width, f.Name)
}

func (r *conformReport) add(c conform.Result) {
	r.played++
	r.count.Add(c.Outcome)
	r.all.Add(c.Outcome)
	file := &r.view.Files[len(r.view.Files)-1]
	fmt.Fprintf(r.progress, "\r\x1b[K%-*s  %d of %d", r.width, file.File, r.played, r.total)
	if c.Outcome == conform.Passed {
		return
	}
	v := caseView{Title: c.Title, Outcome: c.Outcome, Why: c.Why}
	if c.Outcome == conform.Failed {
		v.Request, v.Got, v.Want = c.Request, c.Got, c.Want
	}
	file.Cases = append(file.Cases, v)
}

// finish prints the line of the present file.
func (r *conformReport) finish() {
	file := &r.view.Files[len(r.view.Files)-1]
	file.countView = viewOf(r.count, r.began)
	fmt.Fprint(r.progress, "\r\x1b[K")
	if !r.app.json {
		r.line(file.File, file.countView)
	}
}

func viewOf(c conform.Count, since time.Time) countView {
	return countView{c.Passed, c.Failed, c.NotApplicable, time.Since(since).Milliseconds()}
}

func (r *conformReport) line(name string, c countView) {
	failed := fmt.Sprintf("%6d", c.Failed)
	if c.Failed > 0 {
		failed = r.paint(red, failed)
	}
	fmt.Fprintf(r.app.stdout, "%-*s  %6d  %s  %14d  %7.2fs\n", r.width, name, c.Passed, failed, c.NotApplicable,
		(time.Duration(c.TookMS) * time.Millisecond).Seconds())
}

// red is the colour of what failed, as a terminal takes it.
const red = "31"

func (r *conformReport) paint(colour, text string) string {
	if !r.app.colours() {
		return text
	}
	return "\x1b[" + colour + "m" + text + "\x1b[0m"
}

// end prints what did not pass and returns an error if something failed.
func (r *conformReport) end() error {
	r.view.countView = viewOf(r.all, r.start)
	if r.app.json {
		out := json.NewEncoder(r.app.stdout)
		out.SetIndent("", "  ")
		out.SetEscapeHTML(false)
		if err := out.Encode(r.view); err != nil {
			return fmt.Errorf("report: %w", err)
		}
		return r.verdict()
	}
	r.line("total", r.view.countView)
	r.reasons()
	r.failures()
	if r.all.Failed == 0 && r.all.Passed > 0 {
		fmt.Fprintln(r.app.stdout, "\n"+r.paint(green, r.all.String()))
	}
	return r.verdict()
}

func (r *conformReport) verdict() error {
	switch {
	case r.all.Failed > 0:
		return fmt.Errorf("%s answers otherwise than the cases: %s", r.view.Server, r.all.String())
	case r.all.Passed == 0:
		return errors.New("no case could be played; see which names are not known and give them with --set")
	default:
		return nil
	}
}

// reasons tells once for each why cases could not be played.
func (r *conformReport) reasons() {
	var order []string
	counts := map[string]int{}
	for _, f := range r.view.Files {
		for _, c := range f.Cases {
			if c.Outcome != conform.NotApplicable {
				continue
			}
			for _, why := range c.Why {
				if counts[why]++; counts[why] == 1 {
					order = append(order, why)
				}
			}
		}
	}
	if len(order) > 0 {
		fmt.Fprintln(r.app.stdout, "\nnot applicable")
	}
	for _, why := range order {
		fmt.Fprintf(r.app.stdout, "  %4d  %s\n", counts[why], why)
	}
}

func (r *conformReport) failures() {
	for _, f := range r.view.Files {
		for _, c := range f.Cases {
			if c.Outcome != conform.Failed {
				continue
			}
			fmt.Fprintf(r.app.stdout, "\n%s %s: %s\n", r.paint(red, "FAILED"), f.File, c.Title)
			for _, why := range c.Why {
				fmt.Fprintf(r.app.stdout, "  %s\n", printable(why))
			}
			r.block("request", c.Request)
			r.block("got", c.Got)
			r.block("want", c.Want)
		}
	}
}

// shownLines and shownColumns bound what is printed of a request or an answer.
const (
	shownLines   = 40
	shownColumns = 1000
)

func (r *conformReport) block(name, text string) {
	if text == "" {
		return
	}
	fmt.Fprintf(r.app.stdout, "  --- %s\n", name)
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	for i, line := range lines {
		if i == shownLines {
			fmt.Fprintf(r.app.stdout, "      … %d more lines\n", len(lines)-i)
			return
		}
		fmt.Fprintf(r.app.stdout, "      %s\n", printable(line))
	}
}

// printable keeps a server from writing to the terminal by its answers.
func printable(line string) string {
	runes := []rune(line)
	if len(runes) > shownColumns {
		runes = append(runes[:shownColumns], '…')
	}
	for i, c := range runes {
		if c < ' ' && c != '\t' || c == 0x7f || c >= 0x80 && c < 0xa0 {
			runes[i] = '�'
		}
	}
	return string(runes)
}
