package clock

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Span is a length of time that is written as in Go, and may begin with days: 90s, 25h, 7d, 1d12h.
type Span time.Duration

// maxDays is the most days that a span may begin with.
const maxDays = 65535

// ParseSpan reads a span. What is longer than a [time.Duration] can say, which is some 292 years, is refused.
func ParseSpan(text string) (time.Duration, error) {
	days, rest, ok := strings.Cut(text, "d")
	if !ok {
		days, rest = "0", text
	}
	n, err := strconv.ParseUint(days, 10, 16)
	if errors.Is(err, strconv.ErrRange) {
		return 0, fmt.Errorf("%q is too long: give at most %dd", text, maxDays)
	}
	if err != nil {
		return 0, fmt.Errorf("%q is no length of time: write it like 90s, 25h or 7d", text)
	}
	span := time.Duration(n) * 24 * time.Hour
	if rest == "" && ok {
		return span, nil
	}
	more, err := time.ParseDuration(rest)
	if err != nil || (ok && more < 0) {
		return 0, fmt.Errorf("%q is no length of time: write it like 90s, 25h or 7d", text)
	}
	if more > math.MaxInt64-span {
		return 0, fmt.Errorf("%q is too long: give at most %dd", text, maxDays)
	}
	return span + more, nil
}

// UnmarshalText implements [encoding.TextUnmarshaler].
func (s *Span) UnmarshalText(text []byte) error {
	span, err := ParseSpan(string(text))
	*s = Span(span)
	return err
}

// String implements [fmt.Stringer].
func (s Span) String() string { return time.Duration(s).String() }

// MarshalText implements [encoding.TextMarshaler].
func (s Span) MarshalText() ([]byte, error) { return []byte(s.String()), nil }
