package cloudapi

import (
	"errors"
	"math"
	"strconv"

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

// cardObject is one entry of an address book, on its way out and in.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/contacts-messages
// (read 2026-09)
type cardObject struct {
	Addresses []addressObject `json:"addresses,omitempty"`
	Birthday  text            `json:"birthday,omitempty"`
	Emails    []emailObject   `json:"emails,omitempty"`
	Name      nameObject      `json:"name"`
	Org       *orgObject      `json:"org,omitempty"`
	Phones    []phoneObject   `json:"phones,omitempty"`
	URLs      []urlObject     `json:"urls,omitempty"`
	// VCard is only there on the way in.
	VCard text `json:"vcard,omitempty"`
}

type nameObject struct {
	Formatted text `json:"formatted_name"`
	First     text `json:"first_name,omitempty"`
	Last      text `json:"last_name,omitempty"`
	Middle    text `json:"middle_name,omitempty"`
	Suffix    text `json:"suffix,omitempty"`
	Prefix    text `json:"prefix,omitempty"`
}

type orgObject struct {
	Company    text `json:"company,omitempty"`
	Department text `json:"department,omitempty"`
	Title      text `json:"title,omitempty"`
}

type phoneObject struct {
	Phone text `json:"phone,omitempty"`
	Type  text `json:"type,omitempty"`
	WAID  text `json:"wa_id,omitempty"`
}

type emailObject struct {
	Email text `json:"email,omitempty"`
	Type  text `json:"type,omitempty"`
}

type urlObject struct {
	URL  text `json:"url,omitempty"`
	Type text `json:"type,omitempty"`
}

type addressObject struct {
	Street      text `json:"street,omitempty"`
	City        text `json:"city,omitempty"`
	State       text `json:"state,omitempty"`
	Zip         text `json:"zip,omitempty"`
	Country     text `json:"country,omitempty"`
	CountryCode text `json:"country_code,omitempty"`
	Type        text `json:"type,omitempty"`
}

func newCards(c wa.Contacts) ([]cardObject, error) {
	if len(c.Cards) == 0 {
		return nil, errors.New("the message has no contacts")
	}
	return each(c.Cards, newCard), nil
}

func newCard(c wa.ContactCard) cardObject {
	o := cardObject{
		Birthday: text(c.Birthday),
		Name: nameObject{
			Formatted: text(c.Name.Formatted), First: text(c.Name.First), Last: text(c.Name.Last),
			Middle: text(c.Name.Middle), Suffix: text(c.Name.Suffix), Prefix: text(c.Name.Prefix),
		},
		Phones: each(c.Phones, func(p wa.ContactPhone) phoneObject {
			return phoneObject{Phone: text(p.Phone), Type: text(p.Type), WAID: text(p.WAID)}
		}),
		Emails: each(c.Emails, func(e wa.ContactEmail) emailObject { return emailObject{Email: text(e.Email), Type: text(e.Type)} }),
		URLs:   each(c.URLs, func(u wa.ContactURL) urlObject { return urlObject{URL: text(u.URL), Type: text(u.Type)} }),
		Addresses: each(c.Addresses, func(a wa.ContactAddress) addressObject {
			return addressObject{
				Street: text(a.Street), City: text(a.City), State: text(a.State), Zip: text(a.Zip),
				Country: text(a.Country), CountryCode: text(a.CountryCode), Type: text(a.Type),
			}
		}),
	}
	if c.Org != (wa.ContactOrg{}) {
		o.Org = &orgObject{Company: text(c.Org.Company), Department: text(c.Org.Department), Title: text(c.Org.Title)}
	}
	return o
}

// each turns a list into another; nil stays nil.
func each[A, B any](list []A, turn func(A) B) []B {
	if list == nil {
		return nil
	}
	out := make([]B, len(list))
	for i, v := range list {
		out[i] = turn(v)
	}
	return out
}
