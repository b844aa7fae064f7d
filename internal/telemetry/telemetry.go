// Package telemetry owns how the gateway's log is written: what is left out of
// a line, and how long a value may be.
//
// It never logs by itself and keeps no logger: whoever logs is handed one.
//
// It stands beside the stages; only cmd uses it.
package telemetry

import (
	"fmt"
	"io"
	"log/slog"
	"reflect"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Format is how log lines look.
type Format string

// The formats.
const (
	Text Format = "text"
	JSON Format = "json"
)

// longest is how many bytes of a value are logged. Much of what is logged was
// written by others: Meta, customers' servers, whoever sends to us.
const longest = 2 << 10

// Logger returns a logger that writes lines of level and above to w. One call
// is one line, whatever is in the values. Groups are not for it: slog writes
// broken JSON when all that is in one was left out (Go 1.26).
func Logger(w io.Writer, level slog.Level, format Format) (*slog.Logger, error) {
	o := &slog.HandlerOptions{Level: level, ReplaceAttr: tidy}
	switch format {
	case Text:
		return slog.New(slog.NewTextHandler(w, o)), nil
	case JSON:
		return slog.New(slog.NewJSONHandler(w, o)), nil
	}
	return nil, fmt.Errorf("log format %.80q: use text or json", string(format))
}

// tidy leaves out what says nothing: an empty text, no time, no error. One wide
// line can then name everything that may matter. What is long it cuts.
func tidy(_ []string, a slog.Attr) slog.Attr {
	v := a.Value
	switch v.Kind() {
	case slog.KindString:
		return texted(a.Key, v.String())
	case slog.KindAny:
		return other(a)
	case slog.KindDuration:
		if v.Duration() == 0 {
			return slog.Attr{}
		}
	case slog.KindTime:
		if v.Time().IsZero() {
			return slog.Attr{}
		}
	case slog.KindBool, slog.KindInt64, slog.KindUint64, slog.KindFloat64, slog.KindGroup, slog.KindLogValuer:
	}
	return a
}

// other tidies a value that is neither text nor number. An error is its text.
func other(a slog.Attr) slog.Attr {
	v := a.Value.Any()
	if v == nil || (reflect.ValueOf(v).Kind() == reflect.Pointer && reflect.ValueOf(v).IsNil()) {
		return slog.Attr{}
	}
	if err, ok := v.(error); ok {
		return texted(a.Key, err.Error())
	}
	// To cut it would be to guess how the handler writes it.
	if text := fmt.Sprint(v); len(text) > longest || printable(text) != text {
		return slog.String(a.Key, fmt.Sprintf("[%d bytes left out]", len(text)))
	}
	return a
}

func texted(key, text string) slog.Attr {
	if text == "" {
		return slog.Attr{}
	}
	return slog.String(key, printable(cut(text)))
}

// cut shortens a text to what is logged of it, without splitting a character.
func cut(text string) string {
	if len(text) <= longest {
		return text
	}
	end := longest
	for end > longest-utf8.UTFMax && !utf8.RuneStart(text[end]) {
		end--
	}
	return fmt.Sprintf("%s… (%d bytes)", text[:end], len(text))
}

// printable replaces the control characters above ASCII's, which slog writes
// into JSON as they are. A terminal may obey them, and some programs take one
// for the end of a line.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r >= 0x7f && unicode.IsControl(r) {
			return unicode.ReplacementChar
		}
		return r
	}, text)
}
