package wa

import "log/slog"

// Secret is a value that must not be seen: an access token, an app secret, a
// header of a customer's webhook. However it is printed, logged or encoded, it
// shows as "[secret]"; only [Secret.Reveal] gives the value.
type Secret struct{ value string }

const secretMask = "[secret]"

// NewSecret wraps a value.
func NewSecret(value string) Secret { return Secret{value: value} }

// Reveal returns the value, for the one place that has to use it.
func (s Secret) Reveal() string { return s.value }

// Empty reports whether there is no value.
func (s Secret) Empty() bool { return s.value == "" }

// String implements [fmt.Stringer].
func (s Secret) String() string { return secretMask }

// GoString implements [fmt.GoStringer], which %#v uses.
func (s Secret) GoString() string { return secretMask }

// MarshalText keeps the value out of JSON, YAML and everything else that
// encodes text.
func (s Secret) MarshalText() ([]byte, error) { return []byte(secretMask), nil }

// LogValue implements [slog.LogValuer].
func (s Secret) LogValue() slog.Value { return slog.StringValue(secretMask) }
