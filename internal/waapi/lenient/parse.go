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

// MaxKeys is how many keys one object may have. The vendor's have some dozens;
// a key costs a hundred times its bytes once it is read.
const MaxKeys = 1000

// What is wrong with a text that is no JSON object at all.
var (
	ErrNotJSON   = unreadable("is not valid JSON")
	ErrNotUTF8   = unreadable("is not valid UTF-8")
	ErrTooDeep   = unreadable("is nested deeper than " + strconv.Itoa(MaxDepth) + " levels")
	ErrTooWide   = unreadable("has an object with more than " + strconv.Itoa(MaxKeys) + " keys")
	ErrNotObject = unreadable("must be a JSON object")
)

func unreadable(detail string) error {
	return refuse(wa.Problem{Field: "Request body", Rule: wa.RuleMalformed, Detail: detail})
}

// refuse returns the error for a problem.
func refuse(p wa.Problem) error { return &wa.Error{Code: wa.CodeInvalid, Problems: []wa.Problem{p}} }

// Parse takes one JSON object and nothing after it. Its errors are those above.
func Parse(data []byte) (Object, error) {
	if !utf8.Valid(data) {
		return nil, ErrNotUTF8 // encoding/json would replace the bad bytes in silence
	}
	switch levels, keys := size(data); {
	case levels > MaxDepth:
		return nil, ErrTooDeep
	case keys > MaxKeys:
		return nil, ErrTooWide
	case !json.Valid(data):
		return nil, ErrNotJSON
	}
	o, ok := Value(bytes.TrimSpace(data)).Object()
	if !ok {
		return nil, ErrNotObject
	}
	return o, nil
}

// size returns how deeply arrays and objects are nested and how many keys the
// largest object has, without caring whether the text is JSON otherwise. It
// stops at the first level below MaxDepth.
func size(data []byte) (levels, keys int) {
	var open []int // the keys so far of each array and object that is open
	quoted, escaped := false, false
	for _, b := range data {
		switch n := len(open); {
		case escaped:
			escaped = false
		case quoted && b == '\\':
			escaped = true
		case b == '"':
			quoted = !quoted
		case quoted:
		case b == '{' || b == '[':
			open = append(open, 0)
			if levels = max(levels, n+1); levels > MaxDepth {
				return levels, keys
			}
		case n == 0:
		case b == '}' || b == ']':
			open = open[:n-1]
		case b == ':':
			open[n-1]++
			keys = max(keys, open[n-1])
		}
	}
	return levels, keys
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
