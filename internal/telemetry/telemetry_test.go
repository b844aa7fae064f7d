package telemetry

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

// logged returns what a logger of the format writes for one line.
func logged(t testing.TB, format Format, attrs ...slog.Attr) string {
	t.Helper()
	var b strings.Builder
	l, err := Logger(&b, slog.LevelInfo, format)
	if err != nil {
		t.Fatal(err)
	}
	l.LogAttrs(t.Context(), slog.LevelInfo, "test made", attrs...)
	line, found := strings.CutSuffix(b.String(), "\n")
	if !found || strings.ContainsAny(line, "\n\r") {
		t.Fatalf("%s: not one line: %.300q", format, b.String())
	}
	return line
}

// fields decodes a line of JSON, but for its time.
func fields(t testing.TB, line string) map[string]any {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal([]byte(line), &m); err != nil {
		t.Fatalf("%v: %.300s", err, line)
	}
	if _, ok := m["time"]; !ok {
		t.Errorf("no time: %.300s", line)
	}
	delete(m, "time")
	return m
}

type noError struct{}

func (*noError) Error() string { panic("asked nobody for a text") }

func TestFormats(t *testing.T) {
	attrs := []slog.Attr{slog.String("name", "two words"), slog.Int("attempt", 3), slog.Any("err", errors.New("no luck"))}
	if got, want := logged(t, Text, attrs...), `level=INFO msg="test made" name="two words" attempt=3 err="no luck"`; !strings.HasSuffix(got, want) {
		t.Errorf("got %s, want %s", got, want)
	}
	want := map[string]any{"level": "INFO", "msg": "test made", "name": "two words", "attempt": 3.0, "err": "no luck"}
	if diff := cmp.Diff(want, fields(t, logged(t, JSON, attrs...))); diff != "" {
		t.Error(diff)
	}
	for _, format := range []Format{"", "xml", "TEXT"} {
		if l, err := Logger(&strings.Builder{}, slog.LevelInfo, format); err == nil || l != nil {
			t.Errorf("%q makes %v, %v", format, l, err)
		}
	}
}

func TestLevel(t *testing.T) {
	levels := []slog.Level{slog.LevelDebug, slog.LevelInfo, slog.LevelWarn, slog.LevelError}
	for i, from := range levels {
		var b strings.Builder
		l, err := Logger(&b, from, Text)
		if err != nil {
			t.Fatal(err)
		}
		for _, level := range levels {
			l.LogAttrs(t.Context(), level, "test made")
		}
		if got, want := strings.Count(b.String(), "\n"), len(levels)-i; got != want {
			t.Errorf("from %s: %d lines, want %d", from, got, want)
		}
	}
}

func TestWhatSaysNothingIsLeftOut(t *testing.T) {
	var nobody *noError
	attrs := []slog.Attr{
		slog.String("text", ""), slog.Duration("wait", 0), slog.Any("err", nil), slog.Any("typed_err", nobody), slog.Time("due_at", time.Time{}),
		slog.Int("zero", 0), slog.Bool("known", false), slog.Duration("took", time.Millisecond), slog.Any("empty_err", errors.New("")),
	}
	want := map[string]any{"level": "INFO", "msg": "test made", "zero": 0.0, "known": false, "took": 1e6}
	if diff := cmp.Diff(want, fields(t, logged(t, JSON, attrs...))); diff != "" {
		t.Error(diff)
	}
	if got, want := logged(t, Text, attrs...), `msg="test made" zero=0 known=false took=1ms`; !strings.HasSuffix(got, want) {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestValueStaysOnItsLine(t *testing.T) {
	for _, v := range []string{
		"a\nlevel=ERROR msg=forged", "a\r\nb", "\x1b[2Jcleared", "nul\x00", "del\x7f", "csi\u009b2J", "next\u0085line", "line\u2028para\u2029", `quote" x=y`, "bad\xff\xc3(",
		"tab\t", "bell\a", "\ufeffmark",
	} {
		for _, attr := range []slog.Attr{
			slog.String("v", v), slog.Any("v", errors.New(v)), slog.Any("v", fmt.Errorf("wrapped: %w", errors.New(v))), slog.Any("v", []string{v}),
		} {
			line := logged(t, JSON, attr)
			if got := fields(t, line); len(got) != 3 {
				t.Errorf("%q is taken for more than a value: %s", v, line)
			}
			for _, r := range line {
				if r < ' ' || (r >= 0x7f && r < 0xa0) || r == '\u2028' {
					t.Errorf("%q: %U is written as it is", v, r)
				}
			}
			line = logged(t, Text, attr)
			if strings.ContainsAny(line, "\x00\x07\x1b\x7f\u0085\u009b\u2028\t") || strings.Contains(line, " level=ERROR") && !strings.Contains(line, `\nlevel=ERROR`) {
				t.Errorf("%q is written as it is: %q", v, line)
			}
		}
	}
	// The message is constant, but a value all the same.
	var b strings.Builder
	l, err := Logger(&b, slog.LevelInfo, Text)
	if err != nil {
		t.Fatal(err)
	}
	message := slog.NewRecord(time.Now(), slog.LevelInfo, "a\nb"+strings.Repeat("x", 1<<20), 0)
	if err := l.Handler().Handle(t.Context(), message); err != nil {
		t.Fatal(err)
	}
	if strings.Count(b.String(), "\n") != 1 || b.Len() > 2*longest {
		t.Errorf("message is written as %.200q", b.String())
	}
}

func TestLongValueIsCut(t *testing.T) {
	const mega = 1 << 20
	for _, format := range []Format{Text, JSON} {
		for name, attr := range map[string]slog.Attr{
			"text":          slog.String("v", strings.Repeat("x", mega)),
			"error":         slog.Any("v", errors.New(strings.Repeat("x", mega))),
			"wrapped error": slog.Any("v", fmt.Errorf("x: %w", errors.New(strings.Repeat("x", mega)))),
			"joined errors": slog.Any("v", errors.Join(errors.New(strings.Repeat("x", mega)), errors.New("y"))),
			"in a group":    slog.Group("g", slog.String("v", strings.Repeat("x", mega))),
			"list":          slog.Any("v", []string{strings.Repeat("x", mega)}),
			"bytes":         slog.Any("v", make([]byte, mega)),
			"control":       slog.String("v", strings.Repeat("\x01", mega)),
		} {
			line := logged(t, format, attr)
			if len(line) > 7*longest || !strings.Contains(line, "bytes") {
				t.Errorf("%s of %s: %d bytes, no mark: %.100s", format, name, len(line), line)
			}
		}
	}
	got := fields(t, logged(t, JSON, slog.String("v", strings.Repeat("x", longest)), slog.String("w", strings.Repeat("y", longest+1))))
	if got["v"] != strings.Repeat("x", longest) || got["w"] != strings.Repeat("y", longest)+"… (2049 bytes)" {
		t.Errorf("got %v and %v", got["v"], got["w"])
	}
	if got := logged(t, JSON, slog.Any("v", []int{1, 2})); !strings.HasSuffix(got, `"v":[1,2]}`) {
		t.Errorf("a short list is written as %s", got)
	}
}

func TestCutKeepsCharactersWhole(t *testing.T) {
	for shift := range 5 {
		for _, character := range []string{"é", "€", "😀"} {
			text := strings.Repeat("x", shift) + strings.Repeat(character, longest)
			got := cut(text)
			kept, _, found := strings.Cut(got, "…")
			if !found || !utf8.ValidString(got) || !strings.HasPrefix(text, kept) || len(kept) <= longest-utf8.UTFMax || len(kept) > longest {
				t.Errorf("%d before %s: kept %d bytes, valid %t", shift, character, len(kept), utf8.ValidString(got))
			}
		}
	}
	if got := cut(strings.Repeat("\x80", longest*2)); len(got) < longest-utf8.UTFMax || len(got) > longest+30 {
		t.Errorf("kept %d bytes of what is no UTF-8", len(got))
	}
}
