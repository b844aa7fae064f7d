package sim

import "strings"

// An international phone number has at most fifteen digits (E.164); shorter ones than seven with country code are not in use.
const (
	phoneMin = 7
	phoneMax = 15
)

func isDigits(text string) bool {
	return text != "" && strings.Trim(text, "0123456789") == ""
}

// isPhone says whether text is a phone number in digits alone.
func isPhone(text string) bool {
	return isDigits(text) && len(text) >= phoneMin && len(text) <= phoneMax
}

// plainPhone takes out what people and Meta tolerate in a phone number.
func plainPhone(text string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune("+-() ", r) {
			return -1
		}
		return r
	}, text)
}
