package wa

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
