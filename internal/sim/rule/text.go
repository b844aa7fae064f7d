package rule

import (
	"errors"
	"mime"
	"strings"
)

// An international phone number has at most fifteen digits (E.164); shorter ones than seven with country code are not in use.
const (
	PhoneMin = 7
	PhoneMax = 15
)

// IsDigits says whether text is digits, and at least one.
func IsDigits(text string) bool {
	return text != "" && strings.Trim(text, "0123456789") == ""
}

// IsPhone says whether text is a phone number in digits alone.
func IsPhone(text string) bool {
	return IsDigits(text) && len(text) >= PhoneMin && len(text) <= PhoneMax
}

// PlainPhone takes out what people and Meta tolerate in a phone number.
func PlainPhone(text string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune("+-() ", r) {
			return -1
		}
		return r
	}, text)
}

// Plainly takes the sentence for people out of a refusal in Meta's shape.
func Plainly(err error) error {
	var refused *Error
	if errors.As(err, &refused) {
		return errors.New(refused.Details)
	}
	return err
}

// ErrNotFound is returned for a phone, number, message or medium that is not there.
var ErrNotFound = errors.New("not found")

// BareType cuts the parameters off a MIME type; it is empty for what is none.
func BareType(mimeType string) string {
	bare, _, err := mime.ParseMediaType(mimeType)
	if err != nil {
		return ""
	}
	return bare
}
