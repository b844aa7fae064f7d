package callback

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/waypost/waypost/internal/cloudapi/node"
	"github.com/waypost/waypost/internal/wa"
)

// value is what a change carries.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference (read 2026-09)
type value struct {
	*reader
	about

	wabaID, field string
	// at is the time of the entry; zero if it has none.
	at   time.Time
	data json.RawMessage
	// alone: the value tells of one thing only.
	alone bool
	// people finds the contacts.
	people people
}

// people is where each person stands first among the contacts: by key and by user
// id. There may be as many contacts as messages, so nobody walks through them.
type people struct{ byKey, byUser map[string]int }

func indexed(contacts []*contact) people {
	p := people{byKey: make(map[string]int, len(contacts)), byUser: make(map[string]int, len(contacts))}
	for i, c := range slices.Backward(contacts) {
		if c != nil {
			p.byKey[wa.ContactKey(string(c.WAID))] = i
			p.byUser[string(c.UserID)] = i
		}
	}
	return p
}

// find returns the place of the first contact with one of the ids.
func (p people) find(phone, userID string) (i int, found bool) {
	if phone != "" {
		i, found = p.byKey[wa.ContactKey(phone)]
	}
	if userID != "" {
		if j, is := p.byUser[userID]; is && (!found || j < i) {
			return j, true
		}
	}
	return i, found
}

// about is what stands beside the things that are told.
type about struct {
	Product  node.Text `json:"messaging_product"`
	Metadata struct {
		Display  node.Text `json:"display_phone_number"`
		NumberID node.Text `json:"phone_number_id"`
	} `json:"metadata"`
	// Display and Phone name the number where there is no id.
	Display  node.Text     `json:"display_phone_number"`
	Phone    node.Text     `json:"phone_number"`
	Contacts []*contact    `json:"contacts"`
	Errors   []statusError `json:"errors"`
}

func (a about) leaves(key string) bool {
	switch key {
	case "messaging_product":
		return a.Product != "whatsapp"
	case "phone_number":
		return a.Display != "" && a.Phone != a.Display
	}
	return false
}

// contact has a wa_id, a user_id or both.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/business-scoped-user-ids (read 2026-09)
type contact struct {
	WAID         node.Text `json:"wa_id"`
	UserID       node.Text `json:"user_id"`
	ParentUserID node.Text `json:"parent_user_id"`
	IdentityHash node.Text `json:"identity_key_hash"`
	Profile      struct {
		Name     node.Text `json:"name"`
		Username node.Text `json:"username"`
	} `json:"profile"`

	// used: something else holds the name; kept are the ids that it holds.
	used, hashed bool
	kept         wa.PersonIDs
}

func (c *contact) leaves(key string) bool {
	switch key {
	case "wa_id":
		return !c.used || string(c.WAID) != c.kept.Phone
	case "user_id":
		return !c.used || string(c.UserID) != c.kept.UserID
	case "parent_user_id":
		return !c.used || string(c.ParentUserID) != c.kept.ParentUserID
	case "identity_key_hash":
		return !c.hashed
	}
	return !c.used
}

// hash returns the hash of the person's keys, for who keeps it.
func (c *contact) hash() string {
	c.hashed = true
	return string(c.IdentityHash)
}

func (v *value) numberID() string { return string(v.Metadata.NumberID) }

// contact finds a person. With one contact and one thing that is told there is no
// doubt whose name it is, but its ids are the person's only if same is true: those
// of two people would be one person's from then on.
func (v *value) contact(phone, userID string) (c *contact, same bool) {
	if i, found := v.people.find(phone, userID); found {
		return v.Contacts[i], true
	}
	if len(v.Contacts) == 1 && v.alone && v.Contacts[0] != nil {
		return v.Contacts[0], v.Contacts[0].fits(phone, userID)
	}
	return nil, false
}

// fits reports whether a contact may be somebody with these ids.
func (c *contact) fits(phone, userID string) bool {
	waid, user := string(c.WAID), string(c.UserID)
	twoPhones := wa.Digits(phone) && wa.Digits(waid) && wa.ContactKey(phone) != wa.ContactKey(waid)
	twoUsers := wa.UserID(userID) && wa.UserID(user) && userID != user
	return !twoPhones && !twoUsers
}

// person returns all that is said of a person, and the contact that says it. A
// user id has been seen in the place of a number.
func (v *value) person(phone, userID, parent node.Text) (wa.PersonIDs, *contact) {
	p := wa.PersonIDs{Phone: string(phone), UserID: string(userID), ParentUserID: string(parent)}
	if phone != "" && userID == "" && !wa.Digits(string(phone)) {
		p.Phone, p.UserID = "", string(phone)
	}
	c, same := v.contact(p.Phone, p.UserID)
	if !same {
		return p, nil
	}
	p.Name, p.Username = string(c.Profile.Name), string(c.Profile.Username)
	p.Phone = string(node.First(node.Text(p.Phone), c.WAID))
	p.UserID = string(node.First(node.Text(p.UserID), c.UserID))
	p.ParentUserID = string(node.First(node.Text(p.ParentUserID), c.ParentUserID))
	c.used, c.kept = true, p
	return p, c
}

// notice begins a notice of what the value tells.
func (v *value) notice(kind wa.NoticeKind, event node.Text, at time.Time) *wa.Notice {
	if at.IsZero() {
		at = v.at
	}
	return &wa.Notice{
		Kind: kind, Field: v.field, Event: string(event), At: at, WABAID: v.wabaID, NumberID: v.numberID(),
		Phone: string(node.First(v.Display, node.First(v.Phone, v.Metadata.Display))),
	}
}

// update is the update of a notice.
func (v *value) update(n *wa.Notice) []wa.Update {
	return []wa.Update{{Notice: n, NumberID: n.NumberID, WABAID: n.WABAID}}
}

// finish is the update of a notice of the whole value, as it was read into from.
// It is about a WABA: what number else it names does not say whose it is.
func (v *value) finish(n *wa.Notice, from any) []wa.Update {
	n.Failures, n.Rest = node.Each(v.Errors, statusError.failure), v.rest(v.data, from)
	updates := v.update(n)
	if n.WABAID != "" {
		updates[0].NumberID = ""
	}
	return updates
}

// other is the update for what is not known; one without anything in it if data
// has nothing in it.
func (v *value) other(data json.RawMessage) []wa.Update {
	if empty(data) {
		return []wa.Update{{NumberID: v.numberID(), WABAID: v.wabaID}}
	}
	n := v.notice(wa.NoticeOther, "", time.Time{})
	n.Rest = data
	return v.update(n)
}

// list says how the elements of a list are read.
type list struct {
	key  string
	each func(*value, json.RawMessage) []wa.Update
}

// lists reads what is in lists, and keeps what else there is.
func (v *value) lists(lists []list) []wa.Update {
	var members map[string]json.RawMessage
	v.read(v.data, &members)
	elements := make([][]json.RawMessage, len(lists))
	count := 0
	for i, l := range lists {
		if data, is := members[l.key]; is && json.Unmarshal(data, &elements[i]) == nil {
			delete(members, l.key)
			count += len(elements[i])
		}
	}
	v.alone = count == 1
	if v.updates += max(1, count+len(v.Errors)); v.full() {
		return nil
	}
	var updates []wa.Update
	for i, l := range lists {
		for _, e := range elements[i] {
			updates = append(updates, l.each(v, e)...)
		}
	}
	rest := v.data
	if members != nil {
		rest = v.rest(encode(members), v.about)
	}
	switch {
	case len(v.Errors) > 0:
		n := v.notice(wa.NoticeErrors, "", time.Time{})
		n.Failures, n.Rest = node.Each(v.Errors, statusError.failure), rest
		updates = append(updates, v.update(n)...)
	case rest != nil, len(updates) == 0:
		updates = append(updates, v.other(rest)...)
	}
	return updates
}
