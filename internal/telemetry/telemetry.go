// Package telemetry owns how the gateway's log is written.
//
// It never logs by itself and keeps no logger: whoever logs is handed one.
//
// It stands beside the stages; only cmd uses it.
package telemetry

import (
	"fmt"
	"io"
	"log/slog"
)

// Format is how log lines look.
type Format string

// The formats.
const (
	Text Format = "text"
	JSON Format = "json"
)

// Logger returns a logger that writes lines of level and above to w.
func Logger(w io.Writer, level slog.Level, format Format) (*slog.Logger, error) {
	o := &slog.HandlerOptions{Level: level, ReplaceAttr: dropEmpty}
	switch format {
	case Text:
		return slog.New(slog.NewTextHandler(w, o)), nil
	case JSON:
		return slog.New(slog.NewJSONHandler(w, o)), nil
	}
	return nil, fmt.Errorf("log format %q: use text or json", format)
}

// dropEmpty leaves out what says nothing: an empty text, a zero number, no
// error. One wide line can then name everything that may matter.
func dropEmpty(_ []string, a slog.Attr) slog.Attr {
	switch a.Value.Kind() {
	case slog.KindString:
		if a.Value.String() == "" {
			return slog.Attr{}
		}
	case slog.KindAny:
		if a.Value.Any() == nil {
			return slog.Attr{}
		}
	case slog.KindDuration:
		if a.Value.Duration() == 0 {
			return slog.Attr{}
		}
	}
	return a
}
