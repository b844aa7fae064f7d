package wa

import (
	"fmt"
	"time"
)

// Contacts is one or more address book entries.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/contacts-messages
// (read 2026-09).
type Contacts struct {
	Cards []ContactCard `json:"cards"`
}

// ContactCard is one entry of an address book.
type ContactCard struct {
	Name ContactName `json:"name"`
	// Birthday is YYYY-MM-DD.
	Birthday  string           `json:"birthday,omitempty"`
	Org       ContactOrg       `json:"org,omitzero"`
	Phones    []ContactPhone   `json:"phones,omitempty"`
	Emails    []ContactEmail   `json:"emails,omitempty"`
	URLs      []ContactURL     `json:"urls,omitempty"`
	Addresses []ContactAddress `json:"addresses,omitempty"`
}

// ContactName is a name in whole and in parts. Meta wants the whole name and
// at least one part.
type ContactName struct {
	Formatted string `json:"formatted"`
	First     string `json:"first,omitempty"`
	Last      string `json:"last,omitempty"`
	Middle    string `json:"middle,omitempty"`
	Suffix    string `json:"suffix,omitempty"`
	Prefix    string `json:"prefix,omitempty"`
}

// ContactOrg is where somebody works.
type ContactOrg struct {
	Company    string `json:"company,omitempty"`
	Department string `json:"department,omitempty"`
	Title      string `json:"title,omitempty"`
}

// ContactPhone is a number. With WAID the phone shows a button to write to it,
// without one to invite it.
type ContactPhone struct {
	Phone string `json:"phone,omitempty"`
	Type  string `json:"type,omitempty"`
	WAID  string `json:"wa_id,omitempty"`
}

// ContactEmail is an e-mail address.
type ContactEmail struct {
	Email string `json:"email,omitempty"`
	Type  string `json:"type,omitempty"`
}

// ContactURL is a web address.
type ContactURL struct {
	URL  string `json:"url,omitempty"`
	Type string `json:"type,omitempty"`
}

// ContactAddress is a postal address.
type ContactAddress struct {
	Street      string `json:"street,omitempty"`
	City        string `json:"city,omitempty"`
	State       string `json:"state,omitempty"`
	Zip         string `json:"zip,omitempty"`
	Country     string `json:"country,omitempty"`
	CountryCode string `json:"country_code,omitempty"`
	Type        string `json:"type,omitempty"`
}

func (Contacts) content() {}

// Type implements [Content].
func (Contacts) Type() ContentType { return TypeContacts }

// Limits of contacts.
const (
	// MaxContacts is Meta's.
	MaxContacts = 257
	// MaxContactEntries is ours: how many numbers, addresses and so on a card
	// may have of each.
	MaxContactEntries = 257
)

// Validate implements [Content].
func (c Contacts) Validate() []Problem {
	ps := count("contacts", len(c.Cards), MaxContacts)
	for i, card := range c.Cards {
		ps = append(ps, under(fmt.Sprintf("contacts[%d].", i), card.validate())...)
	}
	return ps
}

func (c ContactCard) validate() []Problem {
	ps := c.Name.validate()
	if c.Birthday != "" {
		if _, err := time.Parse(time.DateOnly, c.Birthday); err != nil {
			ps = append(ps, malformed("birthday", "must be a day written YYYY-MM-DD")...)
		}
	}
	ps = append(ps, text("org.company", c.Org.Company, MaxPartLength)...)
	ps = append(ps, text("org.department", c.Org.Department, MaxPartLength)...)
	ps = append(ps, text("org.title", c.Org.Title, MaxPartLength)...)
	ps = append(ps, entries("phones", c.Phones)...)
	ps = append(ps, entries("emails", c.Emails)...)
	ps = append(ps, entries("urls", c.URLs)...)
	return append(ps, entries("addresses", c.Addresses)...)
}

func (n ContactName) validate() []Problem {
	ps := needed("name.formatted_name", n.Formatted, MaxPartLength)
	if n.First+n.Last+n.Middle+n.Suffix+n.Prefix == "" && n.Formatted != "" {
		ps = append(ps, Problem{Field: "name.first_name", Rule: RuleRequired})
	}
	return append(ps, parts(
		"name.first_name", n.First, "name.last_name", n.Last, "name.middle_name", n.Middle, "name.suffix", n.Suffix, "name.prefix", n.Prefix,
	)...)
}

// entries checks a list of a card.
func entries[T interface{ validate() []Problem }](field string, list []T) (ps []Problem) {
	if len(list) > MaxContactEntries {
		ps = append(ps, Problem{Field: field, Rule: RuleTooMany, Limit: MaxContactEntries, Found: len(list)})
	}
	for i, e := range list {
		ps = append(ps, under(fmt.Sprintf("%s[%d].", field, i), e.validate())...)
	}
	return ps
}

func (p ContactPhone) validate() []Problem {
	ps := parts("phone", p.Phone, "type", p.Type, "wa_id", p.WAID)
	if p.WAID != "" && !Digits(p.WAID) {
		ps = append(ps, Problem{Field: "wa_id", Rule: RuleNotDigits})
	}
	return ps
}

func (e ContactEmail) validate() []Problem { return parts("email", e.Email, "type", e.Type) }

func (u ContactURL) validate() []Problem { return parts("url", u.URL, "type", u.Type) }

func (a ContactAddress) validate() []Problem {
	return parts(
		"street", a.Street, "city", a.City, "state", a.State, "zip", a.Zip,
		"country", a.Country, "country_code", a.CountryCode, "type", a.Type,
	)
}

// parts checks small texts, given as pairs of field and value.
func parts(pairs ...string) (ps []Problem) {
	for i := 0; i+1 < len(pairs); i += 2 {
		ps = append(ps, text(pairs[i], pairs[i+1], MaxPartLength)...)
	}
	return ps
}
