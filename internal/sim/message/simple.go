package message

import (
	"time"
	"unicode"

	"github.com/waypost/waypost/internal/sim/rule"
)

const (
	maxContacts = 257
	maxPart     = 1024 // characters of a part whose limit Meta does not say
)

// tableOf is the rule of every type that is neither text, medium nor template.
func tableOf(kind string) rule.Rule {
	switch kind {
	case "location":
		return location()
	case "contacts":
		return Contacts()
	case TypeReaction:
		return reaction()
	case TypePin:
		return pin()
	case TypeInteractive:
		return interactive()
	}
	return nil
}

// location takes numbers and numerals, since Meta's pages show both.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/location-messages (read 2026-09)
func location() rule.Rule {
	return rule.Object(
		rule.Must("latitude", rule.Numeral(-90, 90)), rule.Must("longitude", rule.Numeral(-180, 180)),
		rule.May("name", rule.Text(0, maxPart)), rule.May("address", rule.Text(0, maxPart)),
	)
}

// Contacts is the rule of a list of contacts, which phones send in the same shape.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/contacts-messages (read 2026-09)
func Contacts() rule.Rule {
	part := rule.Text(0, maxPart)
	list := func(fields ...rule.Field) rule.Rule { return rule.List(0, maxContacts, rule.Object(fields...)) }
	return rule.List(1, maxContacts, rule.Object(
		rule.Must("name", rule.Object(
			rule.Must("formatted_name", rule.Text(1, maxPart)), rule.May("first_name", part), rule.May("last_name", part),
			rule.May("middle_name", part), rule.May("suffix", part), rule.May("prefix", part),
		)),
		rule.May("addresses", list(rule.May("street", part), rule.May("city", part), rule.May("state", part), rule.May("zip", part),
			rule.May("country", part), rule.May("country_code", part), rule.May("type", part))),
		rule.May("birthday", birthday()),
		rule.May("emails", list(rule.May("email", part), rule.May("type", part))),
		rule.May("org", rule.Object(rule.May("company", part), rule.May("department", part), rule.May("title", part))),
		rule.May("phones", list(rule.May("phone", part), rule.May("type", part), rule.May("wa_id", part))),
		rule.May("urls", list(rule.May("url", part), rule.May("type", part))),
	))
}

func birthday() rule.Rule {
	return rule.Then(rule.Text(0, maxPart), func(_ *rule.Walk, path string, v any) error {
		text := rule.String(map[string]any{"": v}, "")
		if _, err := time.Parse(time.DateOnly, text); err != nil && text != "" {
			return rule.BadValue("%s must be written YYYY-MM-DD", path)
		}
		return nil
	})
}

// reaction takes an empty emoji, which removes the reaction, but not a missing one.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/reaction-messages (read 2026-09)
func reaction() rule.Rule {
	emoji := rule.Then(rule.Text(0, maxEmoji), func(_ *rule.Walk, path string, v any) error {
		if text := rule.String(map[string]any{"": v}, ""); text != "" && !isEmoji(text) {
			return rule.BadValue("%s must be one emoji", path)
		}
		return nil
	})
	return rule.Object(rule.Must("message_id", rule.Text(1, maxPart)), rule.Must("emoji", emoji))
}

// pin takes a number of days where a message is pinned, and none where it is unpinned.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/groups/groups-messaging (read 2026-09)
func pin() rule.Rule {
	kind, id := rule.Must("type", rule.Any()), rule.Must("message_id", rule.Text(1, maxPart))
	return rule.Switch("type", false, map[string]rule.Rule{
		"pin":   rule.Object(kind, id, rule.Must("expiration_days", rule.Int(1, maxPinDays))),
		"unpin": rule.Object(kind, id),
	})
}

// maxPinDays is how long a message can be pinned.
const maxPinDays = 30

// maxEmoji is more than the longest emoji that is joined of several.
const maxEmoji = 16

// isEmoji tells a text from what may be an emoji; it does not know every emoji.
func isEmoji(text string) bool {
	for _, r := range text {
		if r > unicode.MaxASCII && !unicode.IsLetter(r) {
			return true
		}
	}
	return false
}
