package wa

import (
	"fmt"
	"math"
	"unicode"
	"unicode/utf8"
)

// Location is a place on the map, alone as a message, or in the header of a
// template.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/location-messages
// (read 2026-09).
type Location struct {
	// Latitude is -90 to 90 and Longitude -180 to 180, in degrees.
	Latitude  float64 `json:"latitude"`
	Longitude float64 `json:"longitude"`
	Name      string  `json:"name,omitempty"`
	Address   string  `json:"address,omitempty"`
}

// Reaction puts an emoji on a message of the conversation, or takes it away.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/reaction-messages
// (read 2026-09).
type Reaction struct {
	// WAMID is Meta's id of the message that is reacted to.
	WAMID string `json:"wamid"`
	// Emoji is "" to take a reaction away.
	Emoji string `json:"emoji,omitempty"`
}

func (Location) content() {}
func (Reaction) content() {}

// Type implements [Content].
func (Location) Type() ContentType { return TypeLocation }

// Type implements [Content].
func (Reaction) Type() ContentType { return TypeReaction }

// Validate implements [Content].
func (l Location) Validate() []Problem {
	ps := degrees("longitude", l.Longitude, 180)
	ps = append(ps, degrees("latitude", l.Latitude, 90)...)
	ps = append(ps, text("name", l.Name, MaxPartLength)...)
	return append(ps, text("address", l.Address, MaxPartLength)...)
}

// degrees is written so that what is not a number does not pass.
func degrees(field string, v float64, limit int) []Problem {
	if math.Abs(v) <= float64(limit) {
		return nil
	}
	return malformed(field, fmt.Sprintf("must be between -%d and %d", limit, limit))
}

// MaxEmojiLength is ours, in code points: more than the longest emoji that is
// joined of several.
const MaxEmojiLength = 16

// Validate implements [Content].
func (r Reaction) Validate() []Problem {
	ps := needed("message_id", r.WAMID, MaxPartLength)
	if r.Emoji == "" {
		return ps
	}
	if found := text("emoji", r.Emoji, MaxEmojiLength); found != nil {
		return append(ps, found...)
	}
	if !emoji(r.Emoji) {
		ps = append(ps, malformed("emoji", "must be one emoji, or empty to take the reaction away")...)
	}
	return ps
}

// emoji tells texts from what may be an emoji; it does not know every emoji,
// as each year brings new ones.
func emoji(s string) bool {
	symbol := false
	for _, c := range s {
		if unicode.IsSpace(c) || unicode.IsControl(c) || (c < utf8.RuneSelf && unicode.IsLetter(c)) {
			return false
		}
		symbol = symbol || (c >= utf8.RuneSelf && !unicode.IsLetter(c))
	}
	return symbol
}
