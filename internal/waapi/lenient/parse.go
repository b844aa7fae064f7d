package lenient

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/waypost/waypost/internal/wa"
)

// MaxDepth is how deeply arrays and objects may be nested. The deepest body of
// the vendor's has nine levels.
const MaxDepth = 32

// What is wrong with a text that is no JSON object at all.
var (
	ErrNotJSON   = unreadable("is not valid JSON")
	ErrNotUTF8   = unreadable("is not valid UTF-8")
	ErrTooDeep   = unreadable("is nested deeper than " + strconv.Itoa(MaxDepth) + " levels")
	ErrNotObject = unreadable("must be a JSON object")
)

func unreadable(detail string) error {
	return refuse(wa.Problem{Field: "Request body", Rule: wa.RuleMalformed, Detail: detail})
}

// refuse returns the error for a problem.
func refuse(p wa.Problem) error { return &wa.Error{Code: wa.CodeInvalid, Problems: []wa.Problem{p}} }

// Parse takes one JSON object and nothing after it. Its errors are those above.
func Parse(data []byte) (Object, error) {
	switch {
	case !utf8.Valid(data):
		return nil, ErrNotUTF8 // encoding/json would replace the bad bytes in silence
	case depth(data) > MaxDepth:
		return nil, ErrTooDeep
	case !json.Valid(data):
		return nil, ErrNotJSON
	}
	o, ok := Value(bytes.TrimSpace(data)).Object()
	if !ok {
		return nil, ErrNotObject
	}
	return o, nil
}

// depth returns how deeply arrays and objects are nested, without caring
// whether the text is JSON otherwise.
func depth(data []byte) int {
	deepest, level := 0, 0
	quoted, escaped := false, false
	for _, b := range data {
		switch {
		case escaped:
			escaped = false
		case quoted && b == '\\':
			escaped = true
		case b == '"':
			quoted = !quoted
		case quoted:
		case b == '{' || b == '[':
			level++
			deepest = max(deepest, level)
		case b == '}' || b == ']':
			level--
		}
	}
	return deepest
}

// WithoutTrailingCommas takes out each comma with nothing but space between it
// and the end of an object or array.
func WithoutTrailingCommas(data []byte) []byte {
	out := make([]byte, 0, len(data))
	comma := -1 // where a comma stands in out that nothing has come behind yet
	quoted, escaped := false, false
	for _, b := range data {
		switch {
		case escaped:
			escaped = false
		case quoted && b == '\\':
			escaped = true
		case b == '"':
			quoted, comma = !quoted, -1
		case quoted:
		case b == ',':
			comma = -1
			if closesValue(out) {
				comma = len(out)
			}
		case b == '}' || b == ']':
			if comma >= 0 {
				out = append(out[:comma], out[comma+1:]...)
			}
			comma = -1
		case !space(b):
			comma = -1
		}
		out = append(out, b)
	}
	return out
}

// closesValue reports whether text ends in something that a comma may follow.
func closesValue(text []byte) bool {
	for i := len(text) - 1; i >= 0; i-- {
		if !space(text[i]) {
			return !strings.ContainsRune("{[,:", rune(text[i]))
		}
	}
	return false
}

func space(b byte) bool { return b == ' ' || b == '\t' || b == '\n' || b == '\r' }
