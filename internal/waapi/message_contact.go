package waapi

import (
	"fmt"
	"strings"

	"github.com/waypost/waypost/internal/wa"
)

// decodeContacts reads address book entries: the elements of type_contact, or
// the contacts in its only element, as Meta has them. Of the name only
// formatted_name has to be there, and the name may be that text:
//
//	"type_contact":[{"name":{"formatted_name":"Ada Example","first_name":"Ada"},
//	 "phones":[{"phone":"+1 555 010 0002","wa_id":"15550100002","type":"WORK"}],"emails":[{"email":"ada@example.com","type":"WORK"}],
//	 "org":{"company":"Example"},"birthday":"1990-01-31","urls":[{"url":"https://example.com"}],
//	 "addresses":[{"street":"1 Main Street","city":"Springfield","state":"CA","zip":"90000","country":"United States","country_code":"us"}]}]
func decodeContacts(m object) (wa.Content, error) {
	field := "type_contact"
	if m[field].absent() && !m["type_contacts"].absent() {
		field = "type_contacts"
	}
	r := newReader(m)
	cards := r.list(field)
	if len(cards) == 1 && cards[0].has("contacts") {
		cards = cards[0].list("contacts")
	}
	if len(cards) == 0 {
		r.refuse(field, wa.RuleRequired, "")
	}
	var c wa.Contacts
	for i, card := range cards {
		card.path = fmt.Sprintf("contacts[%d].", i)
		c.Cards = append(c.Cards, readCard(card))
	}
	return c, r.failed()
}

func readCard(r reader) wa.ContactCard {
	org := r.part("org")
	card := wa.ContactCard{
		Name: readName(r), Birthday: r.trimmed("birthday"),
		Org: wa.ContactOrg{Company: org.text("company"), Department: org.text("department"), Title: org.text("title")},
	}
	for _, p := range r.list("phones") {
		card.Phones = append(card.Phones, wa.ContactPhone{
			Phone: p.text("phone"), Type: p.text("type"), WAID: strings.NewReplacer("+", "", " ", "").Replace(p.text("wa_id")),
		})
	}
	for _, e := range r.list("emails") {
		card.Emails = append(card.Emails, wa.ContactEmail{Email: e.text("email"), Type: e.text("type")})
	}
	for _, u := range r.list("urls") {
		card.URLs = append(card.URLs, wa.ContactURL{URL: u.text("url"), Type: u.text("type")})
	}
	for _, a := range r.list("addresses") {
		card.Addresses = append(card.Addresses, wa.ContactAddress{
			Street: a.text("street"), City: a.text("city"), State: a.text("state"), Zip: a.text("zip"),
			Country: a.text("country"), CountryCode: a.text("country_code"), Type: a.text("type"),
		})
	}
	return card
}

// readName makes the whole name the first one if there is no part: Meta wants
// one at least.
func readName(card reader) wa.ContactName {
	if v := card.o["name"]; !v.absent() && v[0] != '{' && v[0] != '[' {
		name := card.text("name")
		return wa.ContactName{Formatted: name, First: name}
	}
	r := card.part("name")
	n := wa.ContactName{
		Formatted: r.text("formatted_name"), First: r.text("first_name"), Last: r.text("last_name"),
		Middle: r.text("middle_name"), Suffix: r.text("suffix"), Prefix: r.text("prefix"),
	}
	if n.First+n.Last+n.Middle+n.Suffix+n.Prefix == "" {
		n.First = n.Formatted
	}
	return n
}
