package wa

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
