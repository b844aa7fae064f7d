package send

import (
	"fmt"
	"strings"

	"github.com/waypost/waypost/internal/wa"
	"github.com/waypost/waypost/internal/waapi/lenient"
)

// decodeContacts reads address book entries: the elements of type_contact, or
// the contacts in its only element, as Meta has them. Of the name only
// formatted_name has to be there, and the name may be that text:
//
//	"type_contact":[{"name":{"formatted_name":"Ada Example","first_name":"Ada"},
//	 "phones":[{"phone":"+1 555 010 0002","wa_id":"15550100002","type":"WORK"}],"emails":[{"email":"ada@example.com","type":"WORK"}],
//	 "org":{"company":"Example"},"birthday":"1990-01-31","urls":[{"url":"https://example.com"}],
//	 "addresses":[{"street":"1 Main Street","city":"Springfield","state":"CA","zip":"90000","country":"United States","country_code":"us"}]}]
func decodeContacts(m lenient.Object) (wa.Content, error) {
	field := "type_contact"
	if m[field].Absent() && !m["type_contacts"].Absent() {
		field = "type_contacts"
	}
	r := lenient.NewReader(m)
	cards := r.List(field)
	if len(cards) == 1 && cards[0].Has("contacts") {
		cards = cards[0].List("contacts")
	}
	if len(cards) == 0 {
		r.Refuse(field, wa.RuleRequired, "")
	}
	var c wa.Contacts
	for i, card := range cards {
		c.Cards = append(c.Cards, readCard(card.Named(fmt.Sprintf("contacts[%d].", i))))
	}
	return c, r.Failed()
}

func readCard(r lenient.Reader) wa.ContactCard {
	org := r.Part("org")
	card := wa.ContactCard{
		Name: readName(r), Birthday: r.Trimmed("birthday"),
		Org: wa.ContactOrg{Company: org.Text("company"), Department: org.Text("department"), Title: org.Text("title")},
	}
	for _, p := range r.List("phones") {
		card.Phones = append(card.Phones, wa.ContactPhone{
			Phone: p.Text("phone"), Type: p.Text("type"), WAID: strings.NewReplacer("+", "", " ", "").Replace(p.Text("wa_id")),
		})
	}
	for _, e := range r.List("emails") {
		card.Emails = append(card.Emails, wa.ContactEmail{Email: e.Text("email"), Type: e.Text("type")})
	}
	for _, u := range r.List("urls") {
		card.URLs = append(card.URLs, wa.ContactURL{URL: u.Text("url"), Type: u.Text("type")})
	}
	for _, a := range r.List("addresses") {
		card.Addresses = append(card.Addresses, wa.ContactAddress{
			Street: a.Text("street"), City: a.Text("city"), State: a.Text("state"), Zip: a.Text("zip"),
			Country: a.Text("country"), CountryCode: a.Text("country_code"), Type: a.Text("type"),
		})
	}
	return card
}

// readName makes the whole name the first one if there is no part: Meta wants
// one at least.
func readName(card lenient.Reader) wa.ContactName {
	if v := card.Value("name"); !v.Absent() && !v.Nested() {
		name := card.Text("name")
		return wa.ContactName{Formatted: name, First: name}
	}
	r := card.Part("name")
	n := wa.ContactName{
		Formatted: r.Text("formatted_name"), First: r.Text("first_name"), Last: r.Text("last_name"),
		Middle: r.Text("middle_name"), Suffix: r.Text("suffix"), Prefix: r.Text("prefix"),
	}
	if n.First+n.Last+n.Middle+n.Suffix+n.Prefix == "" {
		n.First = n.Formatted
	}
	return n
}
