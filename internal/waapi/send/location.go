package send

import (
	"github.com/waypost/waypost/internal/wa"
	"github.com/waypost/waypost/internal/waapi/lenient"
)

// decodeLocation reads a place. Clients send the degrees as numbers and as
// strings:
//
//	"type_location":[{"longitude":77.59,"latitude":12.97,"name":"Office","address":"1 Main Street"}]
func decodeLocation(m lenient.Object) (wa.Content, error) {
	r, err := lenient.ReadOne(m, "type_location")
	if err != nil {
		return nil, err
	}
	return readLocation(r), r.Failed()
}

func readLocation(r lenient.Reader) wa.Location {
	return wa.Location{
		Longitude: r.Decimal("longitude"), Latitude: r.Decimal("latitude"), Name: r.Text("name"), Address: r.Text("address"),
	}
}

// decodeReaction reads an emoji on a message, named by Meta's id or by ours; an
// empty one takes the reaction away. The emoji has to be there, or a mistyped
// key would take one away. This type is ours, in the vendor's style:
//
//	"type_reaction":[{"message_id":"wamid.HBgL","emoji":"👍"}]
func decodeReaction(m lenient.Object) (wa.Content, error) {
	r, err := lenient.ReadOne(m, "type_reaction")
	if err != nil {
		return nil, err
	}
	if !r.Has("emoji") {
		r.Refuse("emoji", wa.RuleRequired, "")
	}
	return wa.Reaction{WAMID: r.Trimmed("message_id"), Emoji: r.Trimmed("emoji")}, r.Failed()
}
