package wa

import (
	"fmt"
	"math"
	"strings"
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

// emoji tells one emoji from texts, and from several. It goes by the classes of
// Unicode and knows no list, as each year brings new ones: symbols that a joiner
// ties together are one, as are the two letters of a flag.
// https://www.unicode.org/reports/tr51/ (read 2026-11).
func emoji(s string) bool {
	const joiner, keycap, asEmoji = '\u200d', '\u20e3', '\ufe0f'
	halves := 0 // a symbol has two, a letter of a flag one
	joined := false
	all := []rune(s)
	for i, c := range all {
		shown := i+1 < len(all) && all[i+1] == asEmoji && c >= utf8.RuneSelf // such as the letter of U+2139
		switch {
		case c == joiner, c == keycap, unicode.Is(unicode.Mn, c), c >= 0xe0020 && c <= 0xe007f: // the last are tags of flags
		case c >= 0x1f3fb && c <= 0x1f3ff: // tones of skin
		case c >= 0x1f1e6 && c <= 0x1f1ff:
			halves++
		case emojiBase(c), shown:
			if !joined {
				halves += 2
			}
		case strings.ContainsRune("0123456789#*", c) && strings.ContainsRune(s, keycap):
			halves += 2
		default:
			return false
		}
		joined = c == joiner
	}
	return halves == 2
}

// emojiBase reports whether a character may be an emoji by itself.
func emojiBase(c rune) bool {
	return c != unicode.ReplacementChar && c >= utf8.RuneSelf &&
		(unicode.In(c, unicode.So, unicode.Sm) || strings.ContainsRune("\u203c\u2049\u3030", c))
}
