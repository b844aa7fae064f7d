package node

import "github.com/waypost/waypost/internal/wa"

// Card is one entry of an address book, on its way out and in.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/contacts-messages
// (read 2026-09)
type Card struct {
	Addresses []cardAddress `json:"addresses,omitempty"`
	Birthday  Text          `json:"birthday,omitempty"`
	Emails    []cardEmail   `json:"emails,omitempty"`
	Name      cardName      `json:"name"`
	Org       *cardOrg      `json:"org,omitempty"`
	Phones    []cardPhone   `json:"phones,omitempty"`
	URLs      []cardURL     `json:"urls,omitempty"`
	// VCard is only there on the way in.
	VCard Text `json:"vcard,omitempty"`
}

type cardName struct {
	Formatted Text `json:"formatted_name"`
	First     Text `json:"first_name,omitempty"`
	Last      Text `json:"last_name,omitempty"`
	Middle    Text `json:"middle_name,omitempty"`
	Suffix    Text `json:"suffix,omitempty"`
	Prefix    Text `json:"prefix,omitempty"`
}

type cardOrg struct {
	Company    Text `json:"company,omitempty"`
	Department Text `json:"department,omitempty"`
	Title      Text `json:"title,omitempty"`
}

type cardPhone struct {
	Phone Text `json:"phone,omitempty"`
	Type  Text `json:"type,omitempty"`
	WAID  Text `json:"wa_id,omitempty"`
}

type cardEmail struct {
	Email Text `json:"email,omitempty"`
	Type  Text `json:"type,omitempty"`
}

type cardURL struct {
	URL  Text `json:"url,omitempty"`
	Type Text `json:"type,omitempty"`
}

type cardAddress struct {
	Street      Text `json:"street,omitempty"`
	City        Text `json:"city,omitempty"`
	State       Text `json:"state,omitempty"`
	Zip         Text `json:"zip,omitempty"`
	Country     Text `json:"country,omitempty"`
	CountryCode Text `json:"country_code,omitempty"`
	Type        Text `json:"type,omitempty"`
}

// NewCard is a card on its way out.
func NewCard(c wa.ContactCard) Card {
	o := Card{
		Birthday: Text(c.Birthday),
		Name: cardName{
			Formatted: Text(c.Name.Formatted), First: Text(c.Name.First), Last: Text(c.Name.Last),
			Middle: Text(c.Name.Middle), Suffix: Text(c.Name.Suffix), Prefix: Text(c.Name.Prefix),
		},
		Phones: Each(c.Phones, func(p wa.ContactPhone) cardPhone {
			return cardPhone{Phone: Text(p.Phone), Type: Text(p.Type), WAID: Text(p.WAID)}
		}),
		Emails: Each(c.Emails, func(e wa.ContactEmail) cardEmail { return cardEmail{Email: Text(e.Email), Type: Text(e.Type)} }),
		URLs:   Each(c.URLs, func(u wa.ContactURL) cardURL { return cardURL{URL: Text(u.URL), Type: Text(u.Type)} }),
		Addresses: Each(c.Addresses, func(a wa.ContactAddress) cardAddress {
			return cardAddress{
				Street: Text(a.Street), City: Text(a.City), State: Text(a.State), Zip: Text(a.Zip),
				Country: Text(a.Country), CountryCode: Text(a.CountryCode), Type: Text(a.Type),
			}
		}),
	}
	if c.Org != (wa.ContactOrg{}) {
		o.Org = &cardOrg{Company: Text(c.Org.Company), Department: Text(c.Org.Department), Title: Text(c.Org.Title)}
	}
	return o
}

// Noun is a card on its way in.
func (o Card) Noun() wa.InboundCard {
	c := wa.InboundCard{VCard: string(o.VCard)}
	c.Name = wa.ContactName{
		Formatted: string(o.Name.Formatted), First: string(o.Name.First), Last: string(o.Name.Last),
		Middle: string(o.Name.Middle), Suffix: string(o.Name.Suffix), Prefix: string(o.Name.Prefix),
	}
	c.Birthday = string(o.Birthday)
	if o.Org != nil {
		c.Org = wa.ContactOrg{Company: string(o.Org.Company), Department: string(o.Org.Department), Title: string(o.Org.Title)}
	}
	c.Phones = Each(o.Phones, func(p cardPhone) wa.ContactPhone {
		return wa.ContactPhone{Phone: string(p.Phone), Type: string(p.Type), WAID: string(p.WAID)}
	})
	c.Emails = Each(o.Emails, func(e cardEmail) wa.ContactEmail {
		return wa.ContactEmail{Email: string(e.Email), Type: string(e.Type)}
	})
	c.URLs = Each(o.URLs, func(u cardURL) wa.ContactURL { return wa.ContactURL{URL: string(u.URL), Type: string(u.Type)} })
	c.Addresses = Each(o.Addresses, func(a cardAddress) wa.ContactAddress {
		return wa.ContactAddress{
			Street: string(a.Street), City: string(a.City), State: string(a.State), Zip: string(a.Zip),
			Country: string(a.Country), CountryCode: string(a.CountryCode), Type: string(a.Type),
		}
	})
	return c
}

// Each turns a list into another; nil stays nil.
func Each[A, B any](list []A, turn func(A) B) []B {
	if list == nil {
		return nil
	}
	out := make([]B, len(list))
	for i, v := range list {
		out[i] = turn(v)
	}
	return out
}
