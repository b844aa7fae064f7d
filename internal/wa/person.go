package wa

import (
	"strings"
	"time"
)

// PersonIDs are the ids under which Meta knows somebody. Any of them may be
// missing.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/business-scoped-user-ids
// (read 2026-09).
type PersonIDs struct {
	// Phone is the wa_id: a phone number in digits.
	Phone string `json:"phone,omitempty"`
	// UserID is the business-scoped user id, such as US.13491208655302741918.
	UserID string `json:"user_id,omitempty"`
	// ParentUserID is the same for all portfolios of a business.
	ParentUserID string `json:"parent_user_id,omitempty"`
	Username     string `json:"username,omitempty"`
	Name         string `json:"name,omitempty"`
}

// IDKind says what an id of a person is.
type IDKind string

// The kinds of ids. A name is none: two people may have the same, and a user
// name may be given up and taken by somebody else.
const (
	IDPhone        IDKind = "phone"
	IDUser         IDKind = "user_id"
	IDParentUserID IDKind = "parent_user_id"
)

// PersonID is one id of somebody.
type PersonID struct {
	Kind IDKind `json:"kind"`
	// ID is as Meta wrote it.
	ID string `json:"id"`
	// ToldAt is when Meta last told that the id is this person's, to the hour;
	// zero for an id of which nothing else is known.
	ToldAt time.Time `json:"told_at,omitzero"`
}

// MaxPersonIDs is how many ids one person has at most, former ones included.
// People have three, and one or two more for each change of their number: what
// comes beyond it is odd, and is taken for somebody else.
const MaxPersonIDs = 16

// Known returns those ids that are of the form they must have, without the plus
// that may stand before a number. What is not of that form is nobody's id: it is
// never used to tell that two people are one.
func (p PersonIDs) Known() []PersonID {
	var ids []PersonID
	if phone := strings.TrimPrefix(p.Phone, "+"); Digits(phone) && len(phone) >= MinBlockedDigits && len(phone) <= MaxPhoneDigits {
		ids = append(ids, PersonID{Kind: IDPhone, ID: phone})
	}
	if UserID(p.UserID) {
		ids = append(ids, PersonID{Kind: IDUser, ID: p.UserID})
	}
	if UserID(p.ParentUserID) && p.ParentUserID != p.UserID {
		ids = append(ids, PersonID{Kind: IDParentUserID, ID: p.ParentUserID})
	}
	return ids
}

// IDsOf returns the one id that a recipient is named by; none for a group.
func IDsOf(r Recipient) PersonIDs {
	switch r.Kind {
	case Individual:
		return PersonIDs{Phone: r.ID}
	case User:
		return PersonIDs{UserID: r.ID}
	case Group:
	}
	return PersonIDs{}
}

// Contact is what an account knows of one person.
type Contact struct {
	// Person is the account's own id of the person. It tells nothing, and may be
	// another one once more is known.
	Person string
	// IDs are the latest told first. Somebody of whom nothing is known has the one
	// that was asked for.
	IDs            []PersonID
	Name, Username string
	// Windows are by the number's id.
	Windows []NumberWindow
	Consent Consent
}

// NumberWindow is until when a number may write to a person without a template.
type NumberWindow struct {
	NumberID string
	Until    time.Time
}

// Phone returns the number under which the person was last seen; "" if none is
// known.
func (c Contact) Phone() string {
	for _, id := range c.IDs {
		if id.Kind == IDPhone {
			return id.ID
		}
	}
	return ""
}
