package waapi

import "github.com/waypost/waypost/internal/wa"

// decodeLocation reads a place. Clients send the degrees as numbers and as
// strings:
//
//	"type_location":[{"longitude":77.59,"latitude":12.97,"name":"Office","address":"1 Main Street"}]
func decodeLocation(m object) (wa.Content, error) {
	r, err := readOne(m, "type_location")
	if err != nil {
		return nil, err
	}
	return readLocation(r), r.failed()
}

func readLocation(r reader) wa.Location {
	return wa.Location{
		Longitude: r.decimal("longitude"), Latitude: r.decimal("latitude"), Name: r.text("name"), Address: r.text("address"),
	}
}

// decodeReaction reads an emoji on a message, named by Meta's id or by ours; an
// empty one takes the reaction away. The emoji has to be there, or a mistyped
// key would take one away. This type is ours, in the vendor's style:
//
//	"type_reaction":[{"message_id":"wamid.HBgL","emoji":"👍"}]
func decodeReaction(m object) (wa.Content, error) {
	r, err := readOne(m, "type_reaction")
	if err != nil {
		return nil, err
	}
	if !r.has("emoji") {
		r.refuse("emoji", wa.RuleRequired, "")
	}
	return wa.Reaction{WAMID: r.trimmed("message_id"), Emoji: r.trimmed("emoji")}, r.failed()
}
