package wa

// Pin pins a message of a group at its top, or takes the pin away. A group has
// three; one more takes away the oldest. Only the number that made the group may
// pin.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/groups/groups-messaging
// (read 2026-09).
type Pin struct {
	// WAMID is Meta's id of the message that is pinned.
	WAMID string `json:"wamid"`
	// Unpin takes the pin away.
	Unpin bool `json:"unpin,omitempty"`
	// Days is how long the message stays pinned, 1 to 30; 0 where it is unpinned.
	Days int `json:"days,omitempty"`
}

// MaxPinDays is how many days a message can stay pinned.
const MaxPinDays = 30

func (Pin) content() {}

// Type implements [Content].
func (Pin) Type() ContentType { return TypePin }

// Validate implements [Content].
func (p Pin) Validate() []Problem {
	ps := needed("message_id", p.WAMID, MaxPartLength)
	switch {
	case p.Unpin && p.Days != 0:
		ps = append(ps, malformed("expiration_days", "cannot be given where a message is unpinned")...)
	case !p.Unpin:
		ps = append(ps, between("expiration_days", p.Days, MaxPinDays)...)
	}
	return ps
}
