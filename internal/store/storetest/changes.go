package storetest

import (
	"fmt"
	"time"

	"pgregory.net/rapid"

	"github.com/waypost/waypost/internal/wa"
)

func changes() []promise {
	return []promise{
		{"WhoChangesTheNumberKeepsEverything", whoChangesTheNumberKeepsEverything},
		{"TheOldNumberIsSomebodyElses", theOldNumberIsSomebodyElses},
		{"WhatForbidsStaysWithTheOldNumber", whatForbidsStaysWithTheOldNumber},
		{"WhatForbidsStaysWheneverItIsTold", whatForbidsStaysWheneverItIsTold},
		{"WhatIsToldLateIsAboutWhoItWasThen", whatIsToldLateIsAboutWhoItWasThen},
		{"LateStatusesDoNotBringTheOldNumberBack", lateStatusesDoNotBringTheOldNumberBack},
		{"AChangeThatIsToldTwiceIsOne", aChangeThatIsToldTwiceIsOne},
		{"AChangedUserIDIsTheSamePerson", aChangedUserIDIsTheSamePerson},
		{"ANoticeWithoutNewIDsChangesNothing", aNoticeWithoutNewIDsChangesNothing},
		{"InAnyOrderAChangeComesToTheSame", inAnyOrderAChangeComesToTheSame},
	}
}

// changed makes a notice that whoever has the old ids has new ones.
func (k *kit) changed(wamid, kind string, was, now wa.PersonIDs) wa.Update {
	u := k.from(wamid, was)
	u.Inbound.Type, u.Inbound.Text = "system", ""
	u.Inbound.System = &wa.SystemNotice{Kind: kind, WAID: now.Phone, UserID: now.UserID, ParentUserID: now.ParentUserID}
	return u
}

func whoChangesTheNumberKeepsEverything(k *kit) {
	was, now := wa.PersonIDs{Phone: person, UserID: userID}, wa.PersonIDs{Phone: phone2, UserID: userID2}
	in := k.said(person, wa.ConsentOptIn)
	k.record(in)
	k.apply(k.from("wamid.1", was))
	k.clock.advance(time.Hour)
	k.apply(k.changed("wamid.2", "user_changed_number", was, now))
	k.restart()
	for _, id := range []string{phone2, userID2, userID} {
		k.equal("window of "+id, "-1h0m0s", k.window(id)) // the notice opened none
		k.equal("consent of "+id, wa.Consent{State: wa.ConsentIn, OptIn: in, OptedInAt: in.At}, k.consent(id))
		k.equal("ledger of "+id, []wa.ConsentRecord{in}, k.ledger(id))
	}
}

func theOldNumberIsSomebodyElses(k *kit) {
	for i, was := range []wa.PersonIDs{{Phone: person, UserID: userID}, {Phone: "15550100003"}} {
		now := wa.PersonIDs{Phone: fmt.Sprintf("1555010030%d", i)}
		k.record(k.said(was.Phone, wa.ConsentOptIn))
		k.apply(k.from(fmt.Sprintf("wamid.a%d", i), was))
		k.apply(k.changed(fmt.Sprintf("wamid.b%d", i), "user_changed_number", was, now))
		k.apart(was.Phone, now.Phone)
		k.equal("window", "never", k.window(was.Phone))
		k.equal("consent", wa.Consent{State: wa.ConsentNone}, k.consent(was.Phone))
		k.equal("ledger", 0, len(k.ledger(was.Phone)))
		// Its next owner makes a beginning.
		k.clock.advance(time.Minute)
		stop := k.from(fmt.Sprintf("wamid.c%d", i), wa.PersonIDs{Phone: was.Phone})
		r := k.said(was.Phone, wa.ConsentOptOut)
		stop.Consent = &r
		k.apply(stop)
		k.equal("state of the next owner", wa.ConsentOut, k.consent(was.Phone).State)
		k.equal("state of who left", wa.ConsentIn, k.consent(now.Phone).State)
		k.equal("window of the next owner", "0s", k.window(was.Phone))
		k.equal("window of who left", "-1m0s", k.window(now.Phone))
	}
}

func whatForbidsStaysWithTheOldNumber(k *kit) {
	was, now := wa.PersonIDs{Phone: person}, wa.PersonIDs{Phone: phone2}
	k.record(k.said(person, wa.ConsentOptIn), k.said(person, wa.ConsentOptOut), k.said(person, wa.ConsentBlock))
	k.apply(k.changed("wamid.1", "user_changed_number", was, now))
	for _, id := range []string{person, phone2} {
		if c := k.consent(id); c.State != wa.ConsentOut || !c.Blocked {
			k.Fatalf("%s: %+v", id, c)
		}
	}
	kinds := each(k.ledger(person), func(r wa.ConsentRecord) string { return string(r.Kind) + " " + r.Source + " " + r.WAMID })
	k.equal("why", []string{"blocklist NUMBER_CHANGED wamid.1", "optout NUMBER_CHANGED wamid.1"}, kinds)
	k.equal("ledger of who left", 3, len(k.ledger(phone2)))
}

// whatForbidsStaysWheneverItIsTold: the old number gets no messages, whether the
// STOP, the link or the change is told first; what was said later is about who
// left it only.
func whatForbidsStaysWheneverItIsTold(k *kit) {
	both := wa.PersonIDs{Phone: person, UserID: userID}
	for name, ids := range map[string]wa.PersonIDs{"number": {Phone: person}, "user id": {UserID: userID}, "both": both} {
		for _, early := range []bool{true, false} {
			for i, order := range [][]int{{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}} {
				k := &kit{tester: k.tester, s: k.s, clock: k.clock, account: k.newAccount(), source: k.source}
				stop := k.says("wamid.stop", ids, wa.ConsentOptOut)
				link := k.link(both)
				k.clock.advance(time.Minute)
				change := k.changed("wamid.change", "user_changed_number", wa.PersonIDs{Phone: person}, wa.PersonIDs{Phone: phone2})
				k.clock.advance(time.Minute)
				if !early {
					stop = k.says("wamid.stop", ids, wa.ConsentOptOut)
				}
				all := []wa.Update{stop, link, change}
				for _, step := range order {
					k.apply(all[step])
				}
				want := wa.ConsentOut
				if !early && name == "user id" {
					want = wa.ConsentNone
				}
				if !early && name == "number" {
					continue // its next owner
				}
				k.equal(fmt.Sprintf("%s, order %d, early %t: who left", name, i, early), wa.ConsentOut, k.consent(phone2).State)
				k.equal(fmt.Sprintf("%s, order %d, early %t: the old number", name, i, early), want, k.consent(person).State)
				k.apply(k.changed("wamid.again", "user_changed_number", wa.PersonIDs{Phone: person}, wa.PersonIDs{Phone: phone2}))
				k.equal("lines of the old number", want == wa.ConsentOut, len(k.ledger(person)) == 1)
			}
		}
	}
}

func whatIsToldLateIsAboutWhoItWasThen(k *kit) {
	late := k.from("wamid.late", wa.PersonIDs{Phone: person, UserID: userID})
	word := k.said(person, wa.ConsentOptOut)
	late.Consent = &word
	k.clock.advance(time.Minute)
	k.apply(k.changed("wamid.1", "user_changed_number", wa.PersonIDs{Phone: person}, wa.PersonIDs{Phone: phone2}))
	// Who that was then turns out to be somebody of whom more is known.
	k.apply(k.link(wa.PersonIDs{UserID: userID2, ParentUserID: parentID}), k.link(wa.PersonIDs{Phone: phone2, ParentUserID: parentID}))
	k.apply(late)
	k.one(phone2, userID)
	k.apart(person, userID)
	k.equal("window of who left", "-1m0s", k.window(phone2))
	k.equal("window of the number", "never", k.window(person))
	k.equal("consent of who left", wa.ConsentOut, k.consent(phone2).State)
}

// lateStatusesDoNotBringTheOldNumberBack: what was sent to it is read after the
// change, and Meta names both ids.
func lateStatusesDoNotBringTheOldNumberBack(k *kit) {
	was, now := wa.PersonIDs{Phone: person, UserID: userID}, wa.PersonIDs{Phone: phone2, UserID: userID2}
	k.apply(k.from("wamid.1", was))
	k.apply(k.changed("wamid.2", "user_changed_number", was, now), k.link(was)) // in the same second
	k.apart(person, userID)
	k.clock.advance(29 * 24 * time.Hour)
	k.apply(k.link(was))
	k.apart(person, userID)
	k.one(userID, phone2, userID2)
	// By then the number may be in use again.
	k.clock.advance(2 * 24 * time.Hour)
	k.apply(k.link(wa.PersonIDs{Phone: person, UserID: "US.50"}))
	k.one(person, "US.50")
	k.apart(person, phone2)
}

func aChangeThatIsToldTwiceIsOne(k *kit) {
	was, now := wa.PersonIDs{Phone: person}, wa.PersonIDs{Phone: phone2}
	k.record(k.said(person, wa.ConsentBlock), k.said(person, wa.ConsentOptIn))
	k.apply(k.changed("wamid.1", "user_changed_number", was, now))
	k.clock.advance(time.Second)
	again := k.changed("wamid.2", "user_changed_number", was, now)
	again.NumberID, again.Inbound.NumberID = number2, number2
	k.apply(again)
	k.apart(person, phone2)
	k.equal("state", wa.ConsentIn, k.consent(phone2).State)
	k.equal("of the old number", wa.Consent{State: wa.ConsentNone, Blocked: true}, k.consent(person))
	k.equal("its ledger", 1, len(k.ledger(person)))
	k.equal("ledger", 2, len(k.ledger(phone2)))
	k.equal("ids", []string{phone2}, ids(k.contact(phone2)))

	// And back again.
	k.clock.advance(time.Second)
	k.apply(k.changed("wamid.3", "user_changed_number", now, was))
	k.equal("state", wa.ConsentIn, k.consent(person).State)
	k.apart(person, phone2)
}

func aChangedUserIDIsTheSamePerson(k *kit) {
	k.apply(k.from("wamid.1", wa.PersonIDs{UserID: userID}))
	k.apply(k.changed("wamid.2", "user_changed_user_id", wa.PersonIDs{UserID: userID}, wa.PersonIDs{UserID: userID2}))
	k.one(userID, userID2)
	k.equal("window", "0s", k.window(userID2))
	// Other notices change nobody, and one from nobody tells nothing.
	k.apply(
		k.changed("wamid.3", "customer_identity_changed", wa.PersonIDs{Phone: person}, wa.PersonIDs{Phone: phone2}),
		k.changed("wamid.4", "user_changed_number", wa.PersonIDs{}, wa.PersonIDs{Phone: phone2}),
	)
	k.apart(person, phone2)
}

func aNoticeWithoutNewIDsChangesNothing(k *kit) {
	was := wa.PersonIDs{Phone: person, UserID: userID}
	k.apply(k.from("wamid.1", was))
	for i, now := range []wa.PersonIDs{{}, {Phone: "nobody", UserID: "nothing"}, {Phone: person}} {
		k.apply(k.changed(fmt.Sprintf("wamid.n%d", i), "user_changed_number", was, now))
		k.one(person, userID)
		k.equal("window", "0s", k.window(person))
	}
	// A new user id alone is enough: the new number is not told to everybody.
	k.apply(k.changed("wamid.2", "user_changed_number", was, wa.PersonIDs{UserID: userID2}))
	k.one(userID, userID2)
	k.apart(person, userID)
}

// inAnyOrderAChangeComesToTheSame: what was said before, after and of a change, in
// any order. What forbids is what was said before; an opt-in stays with nobody but
// the person.
func inAnyOrderAChangeComesToTheSame(k *kit) {
	t, ok := k.tester.(rapid.TB)
	if !ok {
		k.Fatalf("the property needs a *testing.T")
	}
	begin := k.clock.now()
	k.clock.advance(100 * time.Hour)
	old, now := wa.PersonIDs{Phone: person, UserID: userID}, wa.PersonIDs{Phone: phone2, UserID: userID2}
	rapid.Check(t, func(rt *rapid.T) {
		wrote := func(i int, at time.Duration, ids wa.PersonIDs) learned {
			return func(k *kit) {
				u := k.from(fmt.Sprintf("wamid.%d", i), ids)
				u.Inbound.At = begin.Add(at)
				k.apply(u)
			}
		}
		moved := func(i int, was wa.PersonIDs) learned {
			return func(k *kit) {
				u := k.changed(fmt.Sprintf("wamid.%d", i), "user_changed_number", was, now)
				u.Inbound.At = begin.Add(time.Hour)
				k.apply(u)
			}
		}
		facts := []learned{wrote(1, time.Minute, old), moved(2, old), moved(3, wa.PersonIDs{Phone: person}), wrote(4, 2*time.Hour, now)}
		for i := range rapid.IntRange(0, 3).Draw(rt, "more") {
			ids := rapid.SampledFrom([]wa.PersonIDs{old, {Phone: person}, {UserID: userID}}).Draw(rt, "old")
			facts = append(facts, wrote(10+i, time.Duration(i)*time.Minute, ids))
		}
		words, state, ofNumber := drawWords(rt, begin, old, now)
		facts = append(facts, words...)
		k := &kit{tester: rt, s: k.s, clock: k.clock, account: k.newAccount(), source: k.source}
		for _, f := range rapid.Permutation(facts).Draw(rt, "order") {
			f(k)
		}
		k.one(phone2, userID2, userID)
		k.apart(person, phone2)
		k.equal("window of who left", begin.Add(2*time.Hour+wa.WindowLength), must(k.s.Window(k.Context(), k.account, number, userID))(k))
		k.equal("window of the old number", true, must(k.s.Window(k.Context(), k.account, number, person))(k).IsZero())
		k.equal("ids", []string{phone2, userID2, userID}, ids(k.contact(userID)))
		k.equal("state of who left", state, k.consent(phone2).State)
		k.equal("state of the old number", ofNumber, k.consent(person).State)
	})
}

// drawWords draws what somebody says about consent in the minutes before a change
// of the number, which is after an hour, and then after it; and what that comes to
// for the person and for the old number.
func drawWords(rt *rapid.T, begin time.Time, old, now wa.PersonIDs) (words []learned, state, ofNumber wa.ConsentState) {
	state, ofNumber = wa.ConsentNone, wa.ConsentNone
	before := rapid.IntRange(0, 3).Draw(rt, "words before")
	for i := range before + rapid.IntRange(0, 2).Draw(rt, "words after") {
		at, by := begin.Add(time.Duration(i)*time.Minute), []wa.PersonIDs{old, {Phone: old.Phone}, {UserID: old.UserID}}
		if i >= before {
			at, by = at.Add(61*time.Minute), []wa.PersonIDs{now, {Phone: now.Phone}, {UserID: old.UserID}}
		}
		ids := rapid.SampledFrom(by).Draw(rt, "who")
		kind := rapid.SampledFrom([]wa.ConsentKind{wa.ConsentOptIn, wa.ConsentOptOut}).Draw(rt, "word")
		switch state = wa.ConsentIn; {
		case kind == wa.ConsentOptOut && i < before:
			state, ofNumber = wa.ConsentOut, wa.ConsentOut
		case kind == wa.ConsentOptOut:
			state = wa.ConsentOut
		}
		words = append(words, func(k *kit) { k.apply(k.saysAt(fmt.Sprintf("wamid.word %d", i), ids, kind, at)) })
	}
	return words, state, ofNumber
}
