package wa

import (
	"log/slog"
	"unique"
)

// Secret is a value that must not be seen: an access token, an app secret, a
// header of a customer's webhook. However it is printed, logged or encoded, it
// shows as "[secret]"; only [Secret.Reveal] gives the value. Secrets compare by
// value.
//
// The value is behind a handle because fmt calls no method on a field that is
// not exported, nor for verbs such as %d: it would print a string held here.
type Secret struct{ value unique.Handle[string] }

const secretMask = "[secret]"

// NewSecret wraps a value.
func NewSecret(value string) Secret {
	if value == "" {
		return Secret{}
	}
	return Secret{value: unique.Make(value)}
}

// Reveal returns the value, for the one place that has to use it.
func (s Secret) Reveal() string {
	if s.Empty() {
		return ""
	}
	return s.value.Value()
}

// Empty reports whether there is no value.
func (s Secret) Empty() bool { return s == Secret{} }

// String implements [fmt.Stringer].
func (s Secret) String() string { return secretMask }

// GoString implements [fmt.GoStringer], which %#v uses.
func (s Secret) GoString() string { return secretMask }

// MarshalText keeps the value out of JSON, YAML and everything else that
// encodes text.
func (s Secret) MarshalText() ([]byte, error) { return []byte(secretMask), nil }

// LogValue implements [slog.LogValuer].
func (s Secret) LogValue() slog.Value { return slog.StringValue(secretMask) }
