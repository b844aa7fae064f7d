package sqlstore

import (
	"cmp"
	"fmt"
	"time"

	"github.com/waypost/waypost/internal/wa"
)

// What Meta tells of people comes with inbound messages, with statuses and with
// the answers to sends.

// Meta's names of notices that somebody has other ids now, and of cards that
// were asked for.
const (
	changedNumber  = "user_changed_number"
	changedUserID  = "user_changed_user_id"
	contactRequest = "contact_request"
)

// told is when something was told. A time of Meta's that lies ahead of ours is
// cut, and one that is missing is ours.
func told(at, received time.Time) time.Time {
	if at.IsZero() || at.After(received) {
		return received
	}
	return at
}

// heardFrom notes what an inbound message tells of who wrote it, and returns the
// person; "" if it does not say who that is.
func (t *tx) heardFrom(account wa.AccountID, received time.Time, in wa.Inbound) (string, error) {
	at := told(in.At, received)
	ids := wa.PersonIDs{
		Phone: cmp.Or(in.From, in.WAID), UserID: in.UserID, ParentUserID: in.ParentUserID, Username: in.Username, Name: in.FromName,
	}
	if in.System != nil {
		return t.heardChange(account, at, ids, in)
	}
	person, err := t.learn(account, ids, at)
	if err != nil {
		return "", err
	}
	if person == "" {
		// Of no form that Meta documents, but it is all there is.
		writer := in
		writer.GroupID = ""
		return t.personOf(account, writer.Contact())
	}
	if own := sharedNumber(in); own != "" {
		shared, err := t.owners(account, wa.PersonIDs{Phone: own}, at)
		if err != nil {
			return "", err
		}
		if person, err = t.unite(account, person, shared, at); err != nil {
			return "", err
		}
	}
	return person, t.seen(account, person, ids, at)
}

// sharedNumber is the number that a person gave when asked for it; "" if there is
// none, or no telling which it is.
func sharedNumber(in wa.Inbound) string {
	if in.GroupID != "" || in.Contacts == nil || in.Contacts.Origin != contactRequest ||
		len(in.Contacts.Cards) != 1 || len(in.Contacts.Cards[0].Phones) != 1 {
		return ""
	}
	return in.Contacts.Cards[0].Phones[0].WAID
}

// heardChange follows somebody to a new number or user id. The old number goes
// back to where numbers come from; the old user id does not, nobody else gets it.
func (t *tx) heardChange(account wa.AccountID, at time.Time, was wa.PersonIDs, in wa.Inbound) (string, error) {
	// Who had the old ids before this.
	person, err := t.learn(account, was, at)
	if err != nil || person == "" {
		return "", err
	}
	if in.System.Kind != changedNumber && in.System.Kind != changedUserID {
		return person, nil
	}
	now := wa.PersonIDs{Phone: in.System.WAID, UserID: in.System.UserID, ParentUserID: in.System.ParentUserID}
	all, err := t.ownersNow(account, now)
	if err != nil || len(all) == 0 {
		return person, err // who has no new id has the old one
	}
	if in.System.Kind == changedNumber && in.From != "" && wa.ContactKey(in.From) != wa.ContactKey(now.Phone) {
		again, err := t.leaveOnce(account, person, in, all, at)
		if err != nil || again {
			return person, err
		}
	}
	if person, err = t.unite(account, person, all, at); err != nil {
		return "", err
	}
	return person, t.seen(account, person, now, at)
}

// leaveOnce takes the number that a notice came from off a person, unless another
// number of the account was told before. It reports whether that is so and the new
// ids are the person's too, so that there is nothing left to do.
func (t *tx) leaveOnce(account wa.AccountID, person string, in wa.Inbound, now []owner, at time.Time) (done bool, err error) {
	again, err := t.hasLeft(account, in.From, now)
	if err != nil || again {
		return again, err
	}
	owner, err := t.personOf(account, in.From)
	if err != nil || owner != person {
		return false, err
	}
	return false, t.leave(account, person, in.From, at, in.WAMID)
}

// hasLeft reports whether whoever has the new ids is known to have had the old
// number, and not to have it any more.
func (t *tx) hasLeft(account wa.AccountID, old string, now []owner) (bool, error) {
	owner, err := t.personOf(account, old)
	if err != nil {
		return false, err
	}
	for _, o := range now {
		var left bool
		if err := t.row(`SELECT EXISTS (SELECT 1 FROM person_moves WHERE account_id = $1 AND id = $2 AND left_at > 0 AND person = $3)`,
			[]any{account, wa.ContactKey(old), o.person}, &left); err != nil {
			return false, fmt.Errorf("read person: %w", err)
		}
		if left && o.person != owner {
			return true, nil
		}
	}
	return false, nil
}

// leave takes a number off a person. Its next owner is somebody else, of whom
// nothing is known: no window, no opt-in. But what forbids to write stays with
// the number too.
func (t *tx) leave(account wa.AccountID, person, number string, at time.Time, wamid string) error {
	next := string(wa.NewID[wa.ConsentID]())
	if _, err := t.exec(`INSERT INTO person_moves (account_id, id, left_at, person, number, wamid) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (account_id, id, left_at) DO NOTHING`, account, wa.ContactKey(number), micros(at), person, number, wamid); err != nil {
		return fmt.Errorf("keep person: %w", err)
	}
	if err := t.putID(account, wa.PersonID{Kind: wa.IDPhone, ID: number}, next, at); err != nil {
		return err
	}
	return t.leaveForbidden(account, person)
}

// heardOf notes what a status tells of whom it is about.
func (t *tx) heardOf(account wa.AccountID, received time.Time, r wa.StatusReport) error {
	_, err := t.learn(account, r.Person, told(r.At, received))
	return err
}

// heardIn notes what a notice tells of whom it is about.
func (t *tx) heardIn(account wa.AccountID, received time.Time, n wa.Notice) error {
	var who wa.PersonIDs
	switch {
	case n.Preference != nil:
		who = n.Preference.Person
	case n.Call != nil:
		who = n.Call.Person
	}
	_, err := t.learn(account, who, told(n.At, received))
	return err
}

// answered notes what the answer to a send tells of whom it went to: Meta may
// write the number in another way, and names the user id.
func (t *tx) answered(m wa.Message, answer wa.PersonIDs, at time.Time) error {
	if m.Recipient.Kind == wa.Group || answer == (wa.PersonIDs{}) {
		return nil
	}
	all, err := t.owners(m.AccountID, wa.IDsOf(m.Recipient), at)
	if err != nil || len(all) == 0 {
		return err
	}
	more, err := t.owners(m.AccountID, answer, at)
	if err != nil {
		return err
	}
	for _, o := range more {
		if o.key != all[0].key {
			all = append(all, o)
		}
	}
	if len(all) == 1 {
		return nil
	}
	_, err = t.unite(m.AccountID, all[0].person, all, at)
	return err
}
