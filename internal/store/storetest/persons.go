package storetest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"pgregory.net/rapid"

	"github.com/waypost/waypost/internal/wa"
)

func persons() []promise {
	return []promise{
		{"WhoHasOneIDIsThatID", whoHasOneIDIsThatID},
		{"ALinkCarriesTheWindow", aLinkCarriesTheWindow},
		{"WithoutALinkTheWindowStays", withoutALinkTheWindowStays},
		{"ALinkCarriesTheConsent", aLinkCarriesTheConsent},
		{"TheLedgerHasTheRecordsOfAllIDs", theLedgerHasTheRecordsOfAllIDs},
		{"TheStricterBlockAndTheLaterStatementHold", theStricterBlockAndTheLaterStatementHold},
		{"ANameIsNoLink", aNameIsNoLink},
		{"AnIDOfAnotherFormIsNoLink", anIDOfAnotherFormIsNoLink},
		{"AStatusTellsWhoItIs", aStatusTellsWhoItIs},
		{"ANoticeTellsWhoItIs", aNoticeTellsWhoItIs},
		{"TheAnswerTellsWhoItIs", theAnswerTellsWhoItIs},
		{"ANumberThatWasAskedForIsThePersons", aNumberThatWasAskedForIsThePersons},
		{"TwoUserIDsOfOneParentAreOnePerson", twoUserIDsOfOneParentAreOnePerson},
		{"APersonHasOneLine", aPersonHasOneLine},
		{"AccountsHavePeopleOfTheirOwn", accountsHavePeopleOfTheirOwn},
		{"APersonIsBounded", aPersonIsBounded},
		{"TwoLongLinesStayTwo", twoLongLinesStayTwo},
		{"AContactShowsWhatIsKnown", aContactShowsWhatIsKnown},
		{"InAnyOrderThePeopleAreTheSame", inAnyOrderThePeopleAreTheSame},
	}
}

const (
	userID   = "US.10000000000000000001"
	userID2  = "BR.10000000000000000002"
	parentID = "US.ENT.20000000000000000001"
	phone2   = "15550100002"
)

// from makes an update with a text from whoever has these ids.
func (k *kit) from(wamid string, ids wa.PersonIDs) wa.Update {
	u := k.wrote(wamid)
	u.Inbound.From, u.Inbound.UserID, u.Inbound.ParentUserID = ids.Phone, ids.UserID, ids.ParentUserID
	u.Inbound.FromName, u.Inbound.Username = ids.Name, ids.Username
	return u
}

// link tells by a status that ids are one person's, which opens no window.
func (k *kit) link(ids wa.PersonIDs) wa.Update {
	u := k.report("wamid.unknown", wa.StatusDelivered)
	u.Status.Recipient, u.Status.Person = "", ids
	return u
}

func (k *kit) contact(id string) wa.Contact {
	k.Helper()
	return must(k.s.Contact(k.Context(), k.account, id))(k)
}

// one ends the test unless all ids are one person's.
func (k *kit) one(ids ...string) {
	k.Helper()
	for _, id := range ids[1:] {
		k.equal("person of "+id, k.contact(ids[0]).Person, k.contact(id).Person)
	}
}

// apart ends the test if two ids are one person's.
func (k *kit) apart(a, b string) {
	k.Helper()
	if k.contact(a).Person == k.contact(b).Person {
		k.Fatalf("%s and %s are one person", a, b)
	}
}

// ids are those of a contact without the times, sorted.
func ids(c wa.Contact) []string {
	all := each(c.IDs, func(id wa.PersonID) string { return id.ID })
	slices.Sort(all)
	return all
}

func whoHasOneIDIsThatID(k *kit) {
	k.apply(k.from("wamid.1", wa.PersonIDs{Phone: "5521987650001"}), k.from("wamid.2", wa.PersonIDs{UserID: userID}))
	k.one("5521987650001", "552187650001")
	k.apart("552187650001", userID)
	k.equal("ids", []string{userID}, ids(k.contact(userID)))
	k.equal("a stranger", []string{phone2}, ids(k.contact(phone2)))
}

// aLinkCarriesTheWindow: whichever comes first.
func aLinkCarriesTheWindow(k *kit) {
	both := wa.PersonIDs{Phone: person, UserID: userID}
	k.apply(k.from("wamid.1", wa.PersonIDs{UserID: userID}))
	k.equal("before", "never", k.window(person))
	k.apply(k.link(both))
	k.equal("of the number", "0s", k.window(person))
	k.clock.advance(time.Hour)
	k.apply(k.from("wamid.2", wa.PersonIDs{Phone: person}))
	k.restart()
	k.equal("of the user id", "0s", k.window(userID))

	// Each had one, and the later holds.
	other := wa.PersonIDs{Phone: phone2, UserID: userID2}
	k.apply(k.from("wamid.3", wa.PersonIDs{UserID: userID2}))
	k.clock.advance(time.Hour)
	k.apply(k.from("wamid.4", wa.PersonIDs{Phone: phone2}))
	k.apply(k.link(other))
	k.equal("of the user id", "0s", k.window(userID2))
	k.equal("of the number", "0s", k.window(phone2))
}

// withoutALinkTheWindowStays is the control of the promise above.
func withoutALinkTheWindowStays(k *kit) {
	k.apply(k.from("wamid.1", wa.PersonIDs{UserID: userID}))
	k.apply(k.link(wa.PersonIDs{Phone: person}), k.link(wa.PersonIDs{UserID: userID}))
	k.equal("of the number", "never", k.window(person))
	k.apart(person, userID)
}

func aLinkCarriesTheConsent(k *kit) {
	both := wa.PersonIDs{Phone: person, UserID: userID}
	in := k.said(person, wa.ConsentOptIn)
	k.record(in)
	k.apply(k.link(both))
	k.equal("of the user id", wa.Consent{State: wa.ConsentIn, OptIn: in, OptedInAt: in.At}, k.consent(userID))
	k.clock.advance(time.Minute)
	stop := k.from("wamid.stop", wa.PersonIDs{UserID: userID})
	r := k.said(userID, wa.ConsentOptOut)
	stop.Consent = &r
	k.apply(stop)
	k.equal("of the number", wa.ConsentOut, k.consent(person).State)
}

func theLedgerHasTheRecordsOfAllIDs(k *kit) {
	var want []wa.ConsentRecord
	for _, id := range []string{person, userID, person, phone2, userID} {
		k.clock.advance(time.Second)
		r := k.said(id, wa.ConsentOptOut)
		k.record(r)
		if id != phone2 {
			want = append(want, r)
		}
	}
	k.apply(k.link(wa.PersonIDs{Phone: person, UserID: userID}))
	last := k.said(userID, wa.ConsentOptIn)
	k.record(last)
	want = append(want, last)
	k.restart()
	k.equal("by number", want, k.ledger(person))
	k.equal("by user id", want, k.ledger(userID))
	k.equal("of somebody else", 1, len(k.ledger(phone2)))
	k.equal("state", wa.Consent{State: wa.ConsentIn, OptIn: last, OptedInAt: last.At, OptedOutAt: want[len(want)-2].At}, k.consent(person))
}

func theStricterBlockAndTheLaterStatementHold(k *kit) {
	for i, tt := range []struct {
		first, second []wa.ConsentKind // of the number, then of the user id
		want          wa.ConsentState
		blocked       bool
	}{
		{[]wa.ConsentKind{wa.ConsentOptIn}, nil, wa.ConsentIn, false},
		{nil, []wa.ConsentKind{wa.ConsentOptOut}, wa.ConsentOut, false},
		{[]wa.ConsentKind{wa.ConsentOptIn}, []wa.ConsentKind{wa.ConsentOptOut}, wa.ConsentOut, false},
		{[]wa.ConsentKind{wa.ConsentOptOut}, []wa.ConsentKind{wa.ConsentOptIn}, wa.ConsentIn, false},
		{[]wa.ConsentKind{wa.ConsentBlock}, []wa.ConsentKind{wa.ConsentOptIn}, wa.ConsentIn, true},
		{[]wa.ConsentKind{wa.ConsentBlock}, []wa.ConsentKind{wa.ConsentUnblock}, wa.ConsentNone, true},
	} {
		ids := wa.PersonIDs{Phone: fmt.Sprintf("1555010020%d", i), UserID: fmt.Sprintf("US.30%d", i)}
		for id, kinds := range map[string][]wa.ConsentKind{ids.Phone: tt.first, ids.UserID: tt.second} {
			for _, kind := range kinds {
				r := k.said(id, kind)
				if id == ids.UserID {
					r.At = r.At.Add(time.Second)
				}
				k.record(r)
			}
		}
		k.apply(k.link(ids))
		got := k.consent(ids.UserID)
		if got.State != tt.want || got.Blocked != tt.blocked {
			k.Fatalf("case %d: %s, blocked %t", i, got.State, got.Blocked)
		}
		k.equal("of the number", got, k.consent(ids.Phone))
	}
}

func aNameIsNoLink(k *kit) {
	k.apply(
		k.from("wamid.1", wa.PersonIDs{Phone: person, Username: "@ada", Name: "Ada"}),
		k.from("wamid.2", wa.PersonIDs{UserID: userID, Username: "@ada", Name: "Ada"}),
	)
	k.apart(person, userID)
	k.equal("name", "Ada @ada", k.contact(userID).Name+" "+k.contact(userID).Username)
}

func anIDOfAnotherFormIsNoLink(k *kit) {
	for _, odd := range []string{"user-7", "uUS.10000000000000000001", "US.", "US." + strings.Repeat("1", 129), "u.1"} {
		k.apply(k.link(wa.PersonIDs{Phone: person, UserID: odd}), k.link(wa.PersonIDs{Phone: odd, UserID: userID}))
		k.apart(person, odd)
		k.apart(userID, odd)
	}
	k.equal("ids", []string{person}, ids(k.contact(person)))
}

func aStatusTellsWhoItIs(k *kit) {
	m := k.sent("wamid.out")
	u := k.report("wamid.out", wa.StatusRead)
	u.Status.Person = wa.PersonIDs{Phone: m.Recipient.ID, UserID: userID}
	k.apply(u, u)
	k.one(m.Recipient.ID, userID)
	k.status(m, wa.StatusRead)
}

func aNoticeTellsWhoItIs(k *kit) {
	k.apply(
		wa.Update{NumberID: number, Notice: &wa.Notice{
			Kind: wa.NoticePreference, NumberID: number, At: k.clock.now(),
			Preference: &wa.Preference{Person: wa.PersonIDs{Phone: person, UserID: userID}, Value: "stop"},
		}},
		wa.Update{NumberID: number, Notice: &wa.Notice{
			Kind: wa.NoticeCall, NumberID: number, At: k.clock.now(),
			Call: &wa.Call{ID: "wacid.1", Person: wa.PersonIDs{Phone: phone2, UserID: userID2}},
		}},
	)
	k.one(person, userID)
	k.one(phone2, userID2)
	k.apart(person, phone2)
}

func theAnswerTellsWhoItIs(k *kit) {
	m := k.begun()
	// Meta writes the number in a way that we do not know of.
	answer := wa.PersonIDs{Phone: "1777" + m.Recipient.ID[4:], UserID: userID}
	k.ok(k.s.SettleMessage(k.Context(), m, wa.Outcome{Kind: wa.OutcomeSent, WAMID: "wamid.1", Contact: answer}))
	k.one(m.Recipient.ID, answer.Phone, userID)

	group := k.build()
	group.Recipient = wa.Recipient{Kind: wa.Group, ID: "group-1"}
	k.ok(k.s.Accept(k.Context(), []wa.Message{group}))
	begun := must(k.s.BeginMessage(k.Context(), only(k, k.claim(10))))(k)
	k.ok(k.s.SettleMessage(k.Context(), begun, wa.Outcome{Kind: wa.OutcomeSent, WAMID: "wamid.2", Contact: wa.PersonIDs{Phone: phone2, UserID: userID2}}))
	k.apart(phone2, "group-1")
}

func aNumberThatWasAskedForIsThePersons(k *kit) {
	card := func(numbers ...string) wa.InboundCard {
		var c wa.InboundCard
		for _, n := range numbers {
			c.Phones = append(c.Phones, wa.ContactPhone{Phone: "+" + n, WAID: n})
		}
		return c
	}
	share := func(wamid, origin string, cards ...wa.InboundCard) wa.Update {
		u := k.from(wamid, wa.PersonIDs{UserID: userID})
		u.Inbound.Type, u.Inbound.Contacts = "contacts", &wa.InboundContacts{Origin: origin, Cards: cards}
		return u
	}
	k.apply(
		share("wamid.1", "other", card(person)),
		share("wamid.2", "contact_request", card(person, phone2)),
		share("wamid.3", "contact_request", card(person), card(phone2)),
		share("wamid.4", "contact_request"),
	)
	k.apart(person, userID)
	k.apply(share("wamid.5", "contact_request", card(person)))
	k.one(person, userID)
	k.equal("window of the number", "0s", k.window(person))
}

func twoUserIDsOfOneParentAreOnePerson(k *kit) {
	k.apply(k.from("wamid.1", wa.PersonIDs{UserID: userID, ParentUserID: parentID}))
	k.apply(k.from("wamid.2", wa.PersonIDs{UserID: userID2, ParentUserID: parentID}))
	k.one(userID, userID2, parentID)
	k.equal("ids", []string{userID2, userID, parentID}, ids(k.contact(userID)))
}

// aPersonHasOneLine: messages to two ids that turn out to be one person's go out
// one after another, in the order in which they were accepted.
func aPersonHasOneLine(k *kit) {
	toUser := func() wa.Message {
		m := k.buildTo(userID)
		m.Recipient.Kind = wa.User
		return m
	}
	line := []wa.Message{k.buildTo(person), toUser(), toUser(), k.buildTo(person)}
	for i := range line {
		k.ok(k.s.Accept(k.Context(), line[i:i+1]))
	}
	k.apply(k.link(wa.PersonIDs{Phone: person, UserID: userID}))
	line = append(line, toUser())
	k.ok(k.s.Accept(k.Context(), line[4:]))
	for _, m := range line {
		begun := must(k.s.BeginMessage(k.Context(), k.next(m)))(k)
		k.noneIsDue()
		k.ok(k.s.SettleMessage(k.Context(), begun, wa.Outcome{Kind: wa.OutcomeSent, WAMID: "wamid." + string(m.ID)}))
	}
	k.noneIsDue()
}

func accountsHavePeopleOfTheirOwn(k *kit) {
	theirs := k.newAccount()
	k.newSource(theirs, number)
	link := k.link(wa.PersonIDs{Phone: person, UserID: userID})
	k.apply(k.from("wamid.1", wa.PersonIDs{UserID: userID}))
	k.applyTo(wa.AccountUpdates{AccountID: theirs, Updates: []wa.Update{link}})
	k.apart(person, userID)
	k.equal("window", "never", k.window(person))
	until := must(k.s.Window(k.Context(), theirs, number, person))(k)
	k.equal("their window", true, until.IsZero())
	c := must(k.s.Contact(k.Context(), theirs, person))(k)
	k.equal("their ids", []string{person, userID}, ids(c))
}

// aPersonIsBounded: whatever a callback links.
func aPersonIsBounded(k *kit) {
	for i := range 60 {
		k.record(k.said(fmt.Sprintf("155501010%02d", i), wa.ConsentOptOut))
		k.apply(k.link(wa.PersonIDs{Phone: fmt.Sprintf("155501010%02d", i), UserID: userID}))
	}
	k.apply(k.link(wa.PersonIDs{Phone: "15550101059", UserID: userID2, ParentUserID: userID}))
	c := k.contact(userID)
	k.equal("ids", wa.MaxPersonIDs, len(c.IDs))
	k.one(userID, "15550101000")
	k.apart(userID, "15550101059")
	k.equal("the state of who stayed apart", wa.ConsentOut, k.consent("15550101059").State)

	// Two large persons stay two.
	for i := range 10 {
		k.apply(
			k.link(wa.PersonIDs{Phone: fmt.Sprintf("155501020%02d", i), UserID: "US.41"}),
			k.link(wa.PersonIDs{Phone: fmt.Sprintf("155501030%02d", i), UserID: "US.42"}),
		)
	}
	k.apply(k.link(wa.PersonIDs{UserID: "US.41", ParentUserID: "US.42"}))
	k.apart("US.41", "US.42")
}

// twoLongLinesStayTwo: a join moves no more than a thousand messages. It is made up
// for when one of the lines has become shorter.
func twoLongLinesStayTwo(k *kit) {
	const many = 1001
	link := k.link(wa.PersonIDs{Phone: person, UserID: userID})
	var all []wa.Message
	for range many {
		m := k.buildTo(userID)
		m.Recipient.Kind = wa.User
		all = append(all, k.buildTo(person), m)
	}
	k.ok(k.s.Accept(k.Context(), all))
	k.apply(link)
	k.apart(person, userID)
	k.ok(k.s.SettleMessage(k.Context(), k.claim(10)[0], wa.Outcome{Kind: wa.OutcomeRejected}))
	k.apply(link)
	k.one(person, userID)
	waiting := map[string]int{}
	for _, m := range all {
		if now := k.now(m); now.Status == wa.StatusAccepted {
			waiting[now.Person]++
		}
	}
	k.equal("in one line", map[string]int{k.contact(person).Person: 2*many - 1}, waiting)
}

func aContactShowsWhatIsKnown(k *kit) {
	full := wa.PersonIDs{Phone: person, UserID: userID, ParentUserID: parentID, Username: "@ada", Name: "Ada"}
	k.apply(k.from("wamid.1", full))
	first := k.clock.now()
	k.clock.advance(2 * time.Hour)
	later := k.from("wamid.2", wa.PersonIDs{UserID: userID, Name: "Ada B."})
	later.NumberID, later.Inbound.NumberID = number2, number2
	k.apply(later)
	late := k.from("wamid.3", wa.PersonIDs{UserID: userID, Name: "old"})
	late.Inbound.At = first
	k.apply(late)
	in := k.said(person, wa.ConsentOptIn)
	k.record(in)
	k.restart()
	for _, id := range []string{person, userID, parentID} {
		c := k.contact(id)
		want := wa.Contact{
			Person: c.Person, Name: "Ada B.",
			IDs: []wa.PersonID{
				{Kind: wa.IDUser, ID: userID, ToldAt: k.clock.now()},
				{Kind: wa.IDParentUserID, ID: parentID, ToldAt: first},
				{Kind: wa.IDPhone, ID: person, ToldAt: first},
			},
			Windows: []wa.NumberWindow{{NumberID: number, Until: first.Add(wa.WindowLength)}, {NumberID: number2, Until: k.clock.now().Add(wa.WindowLength)}},
			Consent: wa.Consent{State: wa.ConsentIn, OptIn: in, OptedInAt: in.At},
		}
		slices.SortFunc(want.IDs[1:], func(a, b wa.PersonID) int { return strings.Compare(string(a.Kind), string(b.Kind)) })
		k.equal("contact", want, c)
		k.equal("number", person, c.Phone())
	}
}

// learned is one thing that is told, in a property.
type learned func(k *kit)

// inAnyOrderThePeopleAreTheSame: links and messages in any order, with words about
// consent or between the same statements of the customer, give the same people.
func inAnyOrderThePeopleAreTheSame(k *kit) {
	t, ok := k.tester.(rapid.TB)
	if !ok {
		k.Fatalf("the property needs a *testing.T")
	}
	begin := k.clock.now()
	rapid.Check(t, func(rt *rapid.T) {
		facts, statements, whole := drawFacts(rt, begin)
		var want string
		for round := range 2 {
			k.clock.advance(100 * time.Hour)
			k := &kit{tester: rt, s: k.s, clock: k.clock, account: k.newAccount(), source: k.source}
			rest := statements
			for _, f := range rapid.Permutation(facts).Draw(rt, fmt.Sprintf("order %d", round)) {
				for range rapid.IntRange(0, len(rest)).Draw(rt, "statements") {
					rest[0](k)
					rest = rest[1:]
				}
				f(k)
			}
			for _, s := range rest {
				s(k)
			}
			got := k.everything(begin, whole)
			if round > 0 && got != want {
				rt.Fatalf("got\n%swant\n%s", got, want)
			}
			want = got
		}
	})
}

// everybody is the ids of a property.
func everybody() []string { return []string{person, phone2, userID, userID2, parentID} }

// drawFacts draws what is told in any order and what the customer says between it.
// It reports whether all of the latter is in the ledger.
func drawFacts(rt *rapid.T, begin time.Time) (facts, statements []learned, whole bool) {
	some := rapid.Custom(func(rt *rapid.T) wa.PersonIDs {
		return wa.PersonIDs{
			Phone:        rapid.SampledFrom([]string{"", person, phone2}).Draw(rt, "phone"),
			UserID:       rapid.SampledFrom([]string{"", userID, userID2}).Draw(rt, "user id"),
			ParentUserID: rapid.SampledFrom([]string{"", parentID}).Draw(rt, "parent"),
		}
	})
	words := rapid.Bool().Draw(rt, "words") // what the customer says counts when it comes, so it is one or the other
	for i := range rapid.IntRange(1, 6).Draw(rt, "facts") {
		ids, at := some.Draw(rt, "ids"), begin.Add(time.Duration(i)*time.Minute)
		wrote := rapid.Bool().Draw(rt, "wrote")
		kind := rapid.SampledFrom([]wa.ConsentKind{"", wa.ConsentOptIn, wa.ConsentOptOut}).Draw(rt, "word")
		facts = append(facts, func(k *kit) {
			if !wrote {
				k.apply(k.link(ids))
				return
			}
			u := k.from(fmt.Sprintf("wamid.%d", i), ids)
			if words && kind != "" {
				u = k.saysAt(fmt.Sprintf("wamid.%d", i), ids, kind, at)
			}
			u.Inbound.At = at
			k.apply(u)
		})
	}
	if words {
		return facts, nil, true
	}
	statements, whole = drawStatements(rt, begin)
	return facts, statements, whole
}

func drawStatements(rt *rapid.T, begin time.Time) (statements []learned, whole bool) {
	optins := 0
	for i := range rapid.IntRange(0, 4).Draw(rt, "statements") {
		id := rapid.SampledFrom(everybody()).Draw(rt, "who")
		kind := rapid.SampledFrom([]wa.ConsentKind{wa.ConsentOptIn, wa.ConsentOptOut, wa.ConsentBlock}).Draw(rt, "kind")
		if kind == wa.ConsentOptIn {
			optins++
		}
		at := begin.Add(time.Duration(i) * time.Second)
		statements = append(statements, func(k *kit) {
			r := k.said(id, kind)
			r.At = at
			k.record(r)
		})
	}
	return statements, optins <= 1
}

// everything says who is one, and what holds for them. Where an opt-in may have been
// left out, it is not the same lines that prove it.
func (k *kit) everything(begin time.Time, whole bool) string {
	k.Helper()
	var b strings.Builder
	for _, id := range everybody() {
		c := k.contact(id)
		until := must(k.s.Window(k.Context(), k.account, number, id))(k)
		open := "never"
		if !until.IsZero() {
			open = until.Sub(begin).String()
		}
		consent := k.consent(id)
		fmt.Fprintln(&b, id, ids(c), open, consent.State, consent.Blocked, consent.OptedInAt.Sub(begin))
		if whole {
			fmt.Fprintln(&b, consent.OptIn.At.Sub(begin), len(k.ledger(id)))
		}
	}
	return b.String()
}
