package wa

import "strings"

// ContactKey returns what a contact is known under to the store. In three
// countries one mobile number is written in two ways, and Meta reports the one
// while customers send to the other: with and without a 9 in Brazil and
// Argentina, with and without a 1 in Mexico. Both have the same key. Anything
// else, a group or a user id among them, is its own key. The key is never sent
// to: which of the two ways reaches the phone is Meta's to know.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/phone-numbers
// (read 2026-09).
func ContactKey(contact string) string {
	if !Digits(contact) {
		return contact
	}
	for _, w := range []struct {
		prefix string
		at     int // where the optional digit stands
		digit  byte
		length int // with the digit
	}{
		{"55", 4, '9', 13},
		{"54", 2, '9', 13},
		{"52", 2, '1', 13},
	} {
		if strings.HasPrefix(contact, w.prefix) && len(contact) == w.length && contact[w.at] == w.digit {
			return contact[:w.at] + contact[w.at+1:]
		}
	}
	return contact
}
