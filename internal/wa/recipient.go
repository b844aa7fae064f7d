package wa

import "strings"

// Recipient is whom a message goes to.
type Recipient struct {
	Kind RecipientKind
	// ID is a phone number in digits with its country code, a group id, or a
	// business-scoped user id.
	ID string
}

// RecipientKind says what a recipient is.
type RecipientKind string

// The kinds of recipient.
const (
	Individual RecipientKind = "individual"
	Group      RecipientKind = "group"
	// User is somebody of whom only the business-scoped user id is known.
	User RecipientKind = "user"
)

// Limits of a phone number in digits, country code included (waapi.md, error
// 8006), and of a group id in characters. Group ids are opaque to us.
const (
	MinPhoneDigits = 10
	MaxPhoneDigits = 15
	maxGroupID     = 256
)

// Validate returns what is wrong with the recipient.
func (r Recipient) Validate() []Problem {
	switch r.Kind {
	case Group:
		return r.validateGroup()
	case Individual:
		return digits("recipient", r.ID)
	case User:
		if !UserID(r.ID) {
			return []Problem{{Field: "recipient", Rule: RuleMalformed, Detail: "is not a business-scoped user id"}}
		}
		return nil
	}
	return []Problem{{Field: "recipient_type", Rule: RuleUnknown}}
}

// maxUserID is how many letters and digits a business-scoped user id has behind
// its country.
const maxUserID = 128

// UserID reports whether s is of the form of a business-scoped user id: a
// country, a dot, and letters and digits, such as US.13491208655302741918. The
// id of the same person for all portfolios of a business has "ENT." in between.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/business-scoped-user-ids
// (read 2026-09).
func UserID(s string) bool {
	country, id, ok := strings.Cut(s, ".")
	if !ok || len(country) != 2 || strings.Trim(country, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		return false
	}
	id = strings.TrimPrefix(id, "ENT.")
	return id != "" && len(id) <= maxUserID && !strings.ContainsFunc(id, func(c rune) bool {
		return (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z')
	})
}

func (r Recipient) validateGroup() []Problem {
	switch {
	case r.ID == "":
		return []Problem{{Field: "recipient", Rule: RuleRequired}}
	case len(r.ID) > maxGroupID:
		return []Problem{{Field: "recipient", Rule: RuleTooLong, Limit: maxGroupID, Found: len(r.ID)}}
	case strings.ContainsFunc(r.ID, notGroupID):
		return []Problem{{Field: "recipient", Rule: RuleMalformed, Detail: "is not a group id"}}
	}
	return nil
}

func notGroupID(c rune) bool {
	return (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && !strings.ContainsRune("-_=.:@", c)
}

// digits checks a phone number: 10 to 15 ASCII digits.
func digits(field, v string) []Problem {
	switch {
	case v == "":
		return []Problem{{Field: field, Rule: RuleRequired}}
	case !Digits(v):
		return []Problem{{Field: field, Rule: RuleNotDigits}}
	case len(v) < MinPhoneDigits:
		return []Problem{{Field: field, Rule: RuleTooShort, Limit: MinPhoneDigits, Found: len(v)}}
	case len(v) > MaxPhoneDigits:
		return []Problem{{Field: field, Rule: RuleTooLong, Limit: MaxPhoneDigits, Found: len(v)}}
	}
	return nil
}

// Digits reports whether s is one or more of the ASCII digits.
func Digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// MaskPhone keeps the last three characters, enough to recognise a number in a
// log without writing it there.
func MaskPhone(s string) string {
	if len(s) <= 3 {
		return "***"
	}
	return "***" + s[len(s)-3:]
}
