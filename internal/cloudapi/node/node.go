// Package node owns the JSON of the Graph API as it really comes: numbers that are
// written as texts, fields that are missing, null or of another type.
//
// It never decides what a field means; it only keeps one odd field from costing
// the rest. It stands under the packages of Meta's JSON (encode, callback, fault)
// and the client.
package node

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"time"
)

// Text is a string that Meta also writes as a number here and there, and that
// may be null. What is neither is "".
type Text string

// UnmarshalJSON never fails: one odd field must not cost the rest.
func (t *Text) UnmarshalJSON(data []byte) error {
	switch c := data[0]; {
	case c == '"':
		var s string
		if err := json.Unmarshal(data, &s); err != nil {
			return nil //nolint:nilerr // see above
		}
		// NUL is legal in JSON, but not every database takes it in a text.
		*t = Text(strings.ReplaceAll(s, "\x00", "\uFFFD"))
	case c == '-' || '0' <= c && c <= '9':
		*t = Text(data)
	}
	return nil
}

// Time reads unix seconds; the zero time if it is none.
func (t Text) Time() time.Time {
	s, err := strconv.ParseInt(string(t), 10, 64)
	if err != nil || s <= 0 || s > maxUnix {
		return time.Time{}
	}
	return time.Unix(s, 0).UTC()
}

// maxUnix is the end of the year 9999, beyond which times cannot be written.
const maxUnix = 253402300799

// Read decodes what fits and leaves the rest: encoding/json goes on after a
// value of the wrong type and only reports it.
func Read(data []byte, into any) { _ = json.Unmarshal(data, into) }

// Degrees reads a latitude or longitude of at most limit; false if it is none.
func (t Text) Degrees(limit float64) (float64, bool) {
	v, err := strconv.ParseFloat(string(t), 64)
	return v, err == nil && -limit <= v && v <= limit
}

// Number reads a whole number; 0 if it is none.
func (t Text) Number() int {
	n, err := strconv.Atoi(string(t))
	if err != nil {
		return 0 // Atoi returns the largest number for one that is larger
	}
	return n
}

// First returns a, or b if a is empty.
func First(a, b Text) Text {
	if a != "" {
		return a
	}
	return b
}

// IsObject reports whether data begins like an object.
func IsObject(data []byte) bool {
	return bytes.HasPrefix(bytes.TrimLeft(data, " \t\r\n"), []byte("{"))
}

// OnlyDigits returns the digits of s.
func OnlyDigits(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}
