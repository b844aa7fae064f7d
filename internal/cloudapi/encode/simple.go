package encode

import (
	"errors"
	"math"
	"strconv"

	"github.com/waypost/waypost/internal/cloudapi/node"
	"github.com/waypost/waypost/internal/wa"
)

// locationObject has its degrees as strings, as in all of Meta's samples.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/location-messages
// (read 2026-09)
type locationObject struct {
	Latitude  string `json:"latitude"`
	Longitude string `json:"longitude"`
	Name      string `json:"name,omitempty"`
	Address   string `json:"address,omitempty"`
}

func newLocation(l wa.Location) (*locationObject, error) {
	for _, v := range []float64{l.Latitude, l.Longitude} {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, errors.New("the location is nowhere")
		}
	}
	return &locationObject{Latitude: degrees(l.Latitude), Longitude: degrees(l.Longitude), Name: l.Name, Address: l.Address}, nil
}

// degrees never has an exponent.
func degrees(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// reactionObject takes a reaction away with an emoji that is "", not absent.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/reaction-messages
// (read 2026-09)
type reactionObject struct {
	MessageID string `json:"message_id"`
	Emoji     string `json:"emoji"`
}

func newReaction(r wa.Reaction) (*reactionObject, error) {
	if r.WAMID == "" {
		return nil, errors.New("the reaction names no message")
	}
	return &reactionObject{MessageID: r.WAMID, Emoji: r.Emoji}, nil
}

func newCards(c wa.Contacts) ([]node.Card, error) {
	if len(c.Cards) == 0 {
		return nil, errors.New("the message has no contacts")
	}
	return node.Each(c.Cards, node.NewCard), nil
}
