package hook

import "github.com/waypost/waypost/internal/wa"

// incomingCard is one entry of an address book, with Meta's keys.
type incomingCard struct {
	Name      incomingName      `json:"name"`
	Birthday  string            `json:"birthday,omitempty"`
	Org       *incomingOrg      `json:"org,omitempty"`
	Phones    []incomingPhone   `json:"phones,omitempty"`
	Emails    []incomingEmail   `json:"emails,omitempty"`
	URLs      []incomingURL     `json:"urls,omitempty"`
	Addresses []incomingAddress `json:"addresses,omitempty"`
	VCard     string            `json:"vcard,omitempty"`
}

type incomingName struct {
	Formatted string `json:"formatted_name"`
	First     string `json:"first_name,omitempty"`
	Last      string `json:"last_name,omitempty"`
	Middle    string `json:"middle_name,omitempty"`
	Suffix    string `json:"suffix,omitempty"`
	Prefix    string `json:"prefix,omitempty"`
}

type incomingOrg struct {
	Company    string `json:"company,omitempty"`
	Department string `json:"department,omitempty"`
	Title      string `json:"title,omitempty"`
}

type incomingPhone struct {
	Phone string `json:"phone,omitempty"`
	Type  string `json:"type,omitempty"`
	WAID  string `json:"wa_id,omitempty"`
}

type incomingEmail struct {
	Email string `json:"email,omitempty"`
	Type  string `json:"type,omitempty"`
}

type incomingURL struct {
	URL  string `json:"url,omitempty"`
	Type string `json:"type,omitempty"`
}

type incomingAddress struct {
	Street      string `json:"street,omitempty"`
	City        string `json:"city,omitempty"`
	State       string `json:"state,omitempty"`
	Zip         string `json:"zip,omitempty"`
	Country     string `json:"country,omitempty"`
	CountryCode string `json:"country_code,omitempty"`
	Type        string `json:"type,omitempty"`
}

func putContacts(m *incomingMessage, in wa.Inbound) bool {
	if in.Contacts == nil {
		return false
	}
	for _, c := range in.Contacts.Cards {
		m.Contacts = append(m.Contacts, card(c))
	}
	return true
}

// card copies field by field of the same name; a field that is added to the
// nouns does not compile until it is added here too.
func card(c wa.InboundCard) incomingCard {
	o := incomingCard{Name: incomingName(c.Name), Birthday: c.Birthday, VCard: c.VCard}
	if c.Org != (wa.ContactOrg{}) {
		org := incomingOrg(c.Org)
		o.Org = &org
	}
	for _, v := range c.Phones {
		o.Phones = append(o.Phones, incomingPhone(v))
	}
	for _, v := range c.Emails {
		o.Emails = append(o.Emails, incomingEmail(v))
	}
	for _, v := range c.URLs {
		o.URLs = append(o.URLs, incomingURL(v))
	}
	for _, v := range c.Addresses {
		o.Addresses = append(o.Addresses, incomingAddress(v))
	}
	return o
}
