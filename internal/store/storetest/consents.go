package storetest

import (
	"slices"
	"strconv"
	"time"

	"pgregory.net/rapid"

	"github.com/waypost/waypost/internal/wa"
)

func consents() []promise {
	return []promise{
		{"OfAStrangerNothingIsKnown", ofAStrangerNothingIsKnown},
		{"AConsentRecordIsKeptAsItCame", aConsentRecordIsKeptAsItCame},
		{"TheLedgerIsInTheOrderOfRecording", theLedgerIsInTheOrderOfRecording},
		{"TheStateFollowsTheLedger", theStateFollowsTheLedger},
		{"AnOptInOfWhoIsOptedInIsLeftOut", anOptInOfWhoIsOptedInIsLeftOut},
		{"OnePersonInTwoSpellingsHasOneConsent", onePersonInTwoSpellingsHasOneConsent},
		{"AccountsHaveConsentsOfTheirOwn", accountsHaveConsentsOfTheirOwn},
		{"ConsentsAreRecordedAllOrNone", consentsAreRecordedAllOrNone},
		{"AWordIsRecordedOnceWithItsMessage", aWordIsRecordedOnceWithItsMessage},
		{"ALateStartDoesNotUndoAStop", aLateStartDoesNotUndoAStop},
		{"OfWordsTheOneSaidLastHolds", ofWordsTheOneSaidLastHolds},
		{"AnOptInThatIsLeftOutCounts", anOptInThatIsLeftOutCounts},
		{"AWordDoesNotCloseTheWindow", aWordDoesNotCloseTheWindow},
		{"TheStateIsWhatTheLedgerComesTo", theStateIsWhatTheLedgerComesTo},
	}
}

func (k *kit) said(person string, kind wa.ConsentKind) wa.ConsentRecord {
	return wa.ConsentRecord{
		ID: wa.NewID[wa.ConsentID](), AccountID: k.account, Person: person, Kind: kind, Source: "WEB", At: k.clock.now(),
	}
}

// record keeps records and returns the places of those that were left out.
func (k *kit) record(records ...wa.ConsentRecord) []int {
	k.Helper()
	return must(k.s.RecordConsents(k.Context(), records))(k)
}

func (k *kit) consent(person string) wa.Consent {
	k.Helper()
	return must(k.s.Consent(k.Context(), k.account, person))(k)
}

func (k *kit) ledger(person string) []wa.ConsentRecord {
	k.Helper()
	return must(k.s.ConsentHistory(k.Context(), k.account, person))(k)
}

func ofAStrangerNothingIsKnown(k *kit) {
	k.record(k.said("15550100002", wa.ConsentOptIn))
	k.equal("consent", wa.Consent{State: wa.ConsentNone}, k.consent(person))
	k.equal("ledger", 0, len(k.ledger(person)))
}

func aConsentRecordIsKeptAsItCame(k *kit) {
	want := k.said("5521987650001", wa.ConsentOptIn)
	want.Source, want.UserAgent, want.IP = "Geschäft 😀", "Mozilla/5.0 (ünïcödé)", "2001:db8::7"
	want.Text, want.WAMID = "Ja, ich möchte\nNachrichten \"hier\"", "wamid.in"
	k.equal("left out", 0, len(k.record(want)))
	k.restart()
	k.equal("ledger", []wa.ConsentRecord{want}, k.ledger(want.Person))
	k.equal("consent", wa.Consent{State: wa.ConsentIn, OptIn: want, OptedInAt: want.At}, k.consent(want.Person))
}

func theLedgerIsInTheOrderOfRecording(k *kit) {
	var want []wa.ConsentRecord
	for i, kind := range []wa.ConsentKind{wa.ConsentOptOut, wa.ConsentBlock, wa.ConsentOptIn, wa.ConsentUnblock, wa.ConsentOptOut, wa.ConsentOptOut} {
		r := k.said(person, kind)
		r.ID = wa.ConsentID(strconv.Itoa(9 - i)) // neither ids nor times decide
		r.At = r.At.Add(-time.Duration(i) * time.Hour)
		want = append(want, r)
	}
	k.record(want[:2]...)
	k.record(k.said("15550100002", wa.ConsentOptIn))
	k.record(want[2:]...)
	k.equal("ledger", want, k.ledger(person))
	k.restart()
	last := k.said(person, wa.ConsentBlock)
	k.record(last)
	k.equal("ledger", append(want, last), k.ledger(person))
}

func theStateFollowsTheLedger(k *kit) {
	first := k.said(person, wa.ConsentOptIn)
	k.clock.advance(time.Minute)
	out := k.said(person, wa.ConsentOptOut)
	k.clock.advance(time.Minute)
	second := k.said(person, wa.ConsentOptIn)
	for _, step := range []struct {
		record wa.ConsentRecord
		want   wa.Consent
	}{
		{k.said(person, wa.ConsentBlock), wa.Consent{State: wa.ConsentNone, Blocked: true}},
		{first, wa.Consent{State: wa.ConsentIn, OptIn: first, OptedInAt: first.At, Blocked: true}},
		{k.said(person, wa.ConsentUnblock), wa.Consent{State: wa.ConsentIn, OptIn: first, OptedInAt: first.At}},
		{out, wa.Consent{State: wa.ConsentOut, OptedInAt: first.At, OptedOutAt: out.At}},
		{k.said(person, wa.ConsentBlock), wa.Consent{State: wa.ConsentOut, OptedInAt: first.At, OptedOutAt: out.At, Blocked: true}},
		{second, wa.Consent{State: wa.ConsentIn, OptIn: second, OptedInAt: second.At, OptedOutAt: out.At, Blocked: true}},
	} {
		k.record(step.record)
		k.restart()
		k.equal("consent after "+string(step.record.Kind), step.want, k.consent(person))
	}
}

func anOptInOfWhoIsOptedInIsLeftOut(k *kit) {
	first := k.said(person, wa.ConsentOptIn)
	k.record(first)
	again, other := k.said(person, wa.ConsentOptIn), k.said("15550100002", wa.ConsentOptIn)
	twice := k.said("15550100002", wa.ConsentOptIn)
	k.equal("left out", []int{0, 2}, k.record(again, other, twice))
	k.equal("ledger", []wa.ConsentRecord{first}, k.ledger(person))
	k.equal("consent", first, k.consent(person).OptIn)
	k.equal("ledger of the other", []wa.ConsentRecord{other}, k.ledger("15550100002"))

	// Nothing else is left out.
	out := k.said(person, wa.ConsentOptOut)
	outAgain := k.said(person, wa.ConsentOptOut)
	k.equal("left out", 0, len(k.record(out, outAgain)))
	k.equal("ledger", []wa.ConsentRecord{first, out, outAgain}, k.ledger(person))
}

func onePersonInTwoSpellingsHasOneConsent(k *kit) {
	for _, pair := range [][2]string{
		{"5521987650001", "552187650001"},
		{"5491123450001", "541123450001"},
		{"5215512340001", "525512340001"},
	} {
		in := k.said(pair[0], wa.ConsentOptIn)
		k.record(in)
		k.equal("consent", in, k.consent(pair[1]).OptIn)
		k.equal("left out", []int{0}, k.record(k.said(pair[1], wa.ConsentOptIn)))
		out := k.said(pair[1], wa.ConsentOptOut)
		k.record(out)
		k.equal("state", wa.ConsentOut, k.consent(pair[0]).State)
		k.equal("ledger", []wa.ConsentRecord{in, out}, k.ledger(pair[0]))
	}
}

func accountsHaveConsentsOfTheirOwn(k *kit) {
	mine, theirs := k.said(person, wa.ConsentOptIn), k.said(person, wa.ConsentOptOut)
	theirs.AccountID, theirs.ID = k.newAccount(), mine.ID
	k.record(mine)
	k.equal("of nobody", wa.Consent{State: wa.ConsentNone}, must(k.s.Consent(k.Context(), theirs.AccountID, person))(k))
	k.equal("ledger", 0, len(must(k.s.ConsentHistory(k.Context(), theirs.AccountID, person))(k)))
	k.record(theirs)
	k.equal("mine", wa.ConsentIn, k.consent(person).State)
	k.equal("ledger", []wa.ConsentRecord{mine}, k.ledger(person))
	k.equal("theirs", wa.ConsentOut, must(k.s.Consent(k.Context(), theirs.AccountID, person))(k).State)
	k.equal("their ledger", []wa.ConsentRecord{theirs}, must(k.s.ConsentHistory(k.Context(), theirs.AccountID, person))(k))
}

func consentsAreRecordedAllOrNone(k *kit) {
	before := k.said(person, wa.ConsentOptIn)
	k.record(before)
	out, other := k.said(person, wa.ConsentOptOut), k.said("15550100002", wa.ConsentOptIn)
	taken := k.said("15550100003", wa.ConsentOptIn)
	taken.ID = before.ID
	if _, err := k.s.RecordConsents(k.Context(), []wa.ConsentRecord{out, other, taken}); err == nil {
		k.Fatalf("an id was kept twice")
	}
	k.equal("consent", wa.Consent{State: wa.ConsentIn, OptIn: before, OptedInAt: before.At}, k.consent(person))
	k.equal("ledger", []wa.ConsentRecord{before}, k.ledger(person))
	k.equal("of the other", wa.ConsentNone, k.consent("15550100002").State)
	k.equal("of the third", wa.ConsentNone, k.consent("15550100003").State)
}

// word makes an update with a text that says something about consent.
func (k *kit) word(wamid string, kind wa.ConsentKind) wa.Update {
	u := k.wrote(wamid)
	r := k.said(person, kind)
	r.AccountID, r.Source, r.WAMID, r.Text, r.At = "", wa.ConsentByMessage, wamid, u.Inbound.Text, u.Inbound.At
	u.Consent = &r
	return u
}

func aWordIsRecordedOnceWithItsMessage(k *kit) {
	u := k.word("wamid.stop", wa.ConsentOptOut)
	k.clock.advance(time.Minute)
	k.apply(u)
	again := k.word("wamid.stop", wa.ConsentOptOut) // the callback came twice
	k.apply(again)
	k.restart()
	want := *u.Consent
	want.AccountID = k.account
	k.equal("ledger", []wa.ConsentRecord{want}, k.ledger(person))
	k.equal("state", wa.ConsentOut, k.consent(person).State)

	ahead := k.word("wamid.start", wa.ConsentOptIn)
	ahead.Consent.At = k.clock.now().Add(time.Hour)
	k.apply(ahead)
	k.equal("time of the opt-in", k.clock.now(), k.consent(person).OptIn.At)

	// A callback that is not settled leaves nothing.
	k.lost(k.s.SettleCallback(k.Context(), k.keep(), []wa.AccountUpdates{{
		AccountID: k.account, Updates: []wa.Update{k.word("wamid.lost", wa.ConsentOptOut)},
	}}))
	k.equal("state", wa.ConsentIn, k.consent(person).State)
	k.equal("records", 2, len(k.ledger(person)))
}

// says makes a message in which whoever has these ids says something about
// consent.
func (k *kit) says(wamid string, ids wa.PersonIDs, kind wa.ConsentKind) wa.Update {
	return k.saysAt(wamid, ids, kind, k.clock.now())
}

func (k *kit) saysAt(wamid string, ids wa.PersonIDs, kind wa.ConsentKind, at time.Time) wa.Update {
	u := k.from(wamid, ids)
	u.Inbound.At = at
	r := k.said(u.Inbound.Contact(), kind)
	r.AccountID, r.Source, r.WAMID, r.At = "", wa.ConsentByMessage, wamid, at
	u.Consent = &r
	return u
}

// ofWordsTheOneSaidLastHolds: in whatever order the messages come, and the link.
func ofWordsTheOneSaidLastHolds(k *kit) {
	both := wa.PersonIDs{Phone: person, UserID: userID}
	for _, tt := range []struct {
		words []wa.ConsentKind // a second apart, in turn by the number and the user id
		want  wa.ConsentState
	}{
		{[]wa.ConsentKind{wa.ConsentOptOut, wa.ConsentOptIn}, wa.ConsentIn},
		{[]wa.ConsentKind{wa.ConsentOptIn, wa.ConsentOptOut}, wa.ConsentOut},
		{[]wa.ConsentKind{wa.ConsentOptIn, wa.ConsentOptOut, wa.ConsentOptIn}, wa.ConsentIn},
		{[]wa.ConsentKind{wa.ConsentOptOut, wa.ConsentOptIn, wa.ConsentOptOut}, wa.ConsentOut},
	} {
		for turn := range len(tt.words) + 1 {
			for _, back := range []bool{false, true} {
				k := &kit{tester: k.tester, s: k.s, clock: k.clock, account: k.newAccount(), source: k.source}
				var all []wa.Update
				for i, kind := range tt.words {
					k.clock.advance(time.Second)
					all = append(all, k.says("wamid."+strconv.Itoa(i), []wa.PersonIDs{{Phone: person}, {UserID: userID}}[i%2], kind))
				}
				all = append(all, k.link(both))
				all = append(all[turn:], all[:turn]...)
				if back {
					slices.Reverse(all)
				}
				k.apply(all...)
				k.equal("state", tt.want, k.consent(person).State)
				k.equal("lines", len(tt.words), len(k.ledger(person)))
				if tt.want == wa.ConsentIn {
					k.equal("opt-in", k.clock.now(), k.consent(person).OptIn.At)
				}
			}
		}
	}

	// Within a second the opt-out holds.
	for i, kinds := range [][]wa.ConsentKind{{wa.ConsentOptIn, wa.ConsentOptOut}, {wa.ConsentOptOut, wa.ConsentOptIn}} {
		ids := wa.PersonIDs{Phone: "1555010030" + strconv.Itoa(i)}
		k.apply(k.says(ids.Phone+".1", ids, kinds[0]), k.says(ids.Phone+".2", ids, kinds[1]))
		k.equal("state", wa.ConsentOut, k.consent(ids.Phone).State)
	}
}

// anOptInThatIsLeftOutCounts: it was said after a STOP that is told later.
func anOptInThatIsLeftOutCounts(k *kit) {
	k.record(k.said(person, wa.ConsentOptIn))
	k.clock.advance(time.Minute)
	stop := k.says("wamid.stop", wa.PersonIDs{UserID: userID}, wa.ConsentOptOut)
	k.clock.advance(time.Minute)
	k.equal("left out", []int{0}, k.record(k.said(person, wa.ConsentOptIn)))
	k.restart()
	k.apply(stop, k.link(wa.PersonIDs{Phone: person, UserID: userID}))
	k.equal("state", wa.ConsentIn, k.consent(userID).State)
	// What the customer says counts when it comes.
	out := k.said(person, wa.ConsentOptOut)
	out.At = stop.Inbound.At
	k.record(out)
	k.equal("state", wa.ConsentOut, k.consent(userID).State)
}

func aLateStartDoesNotUndoAStop(k *kit) {
	start := k.word("wamid.start", wa.ConsentOptIn)
	k.clock.advance(time.Minute)
	k.apply(k.word("wamid.stop", wa.ConsentOptOut))
	k.apply(start)
	k.equal("state", wa.ConsentOut, k.consent(person).State)
	k.equal("records", 2, len(k.ledger(person)))
	k.clock.advance(time.Minute)
	k.apply(k.word("wamid.start again", wa.ConsentOptIn))
	k.equal("state", wa.ConsentIn, k.consent(person).State)
}

func aWordDoesNotCloseTheWindow(k *kit) {
	k.apply(k.word("wamid.stop", wa.ConsentOptOut))
	k.equal("window", "0s", k.window(person))
}

// theStateIsWhatTheLedgerComesTo compares the store with a model: a list of what
// was recorded, and the state that follows from it.
func theStateIsWhatTheLedgerComesTo(k *kit) {
	t, ok := k.tester.(rapid.TB)
	if !ok {
		k.Fatalf("the property needs a *testing.T")
	}
	rapid.Check(t, func(rt *rapid.T) {
		k := &kit{tester: rt, s: k.s, clock: k.clock, account: k.newAccount(), source: k.source}
		model := consentModel{map[string][]wa.ConsentRecord{}, map[string]time.Time{}}
		for range rapid.IntRange(1, 8).Draw(rt, "batches") {
			k.clock.advance(time.Second)
			var batch []wa.ConsentRecord
			for range rapid.IntRange(1, 4).Draw(rt, "records") {
				batch = append(batch, k.said(
					rapid.SampledFrom([]string{person, "5521987650001", "552187650001"}).Draw(rt, "person"),
					rapid.SampledFrom([]wa.ConsentKind{wa.ConsentOptIn, wa.ConsentOptOut, wa.ConsentBlock, wa.ConsentUnblock}).Draw(rt, "kind"),
				))
			}
			k.equal("left out", model.record(batch), k.record(batch...))
		}
		for _, p := range []string{person, "5521987650001", "552187650001"} {
			k.equal("ledger", model.ledger[shortest(p)], k.ledger(p))
			k.equal("consent", model.consent(shortest(p)), k.consent(p))
		}
	})
}

// consentModel is by person the ledger, and when the person last opted in.
type consentModel struct {
	ledger map[string][]wa.ConsentRecord
	agreed map[string]time.Time
}

// shortest is the one spelling of the numbers that the property draws.
func shortest(number string) string {
	if number == "5521987650001" {
		return "552187650001"
	}
	return number
}

func (m consentModel) record(batch []wa.ConsentRecord) (already []int) {
	for i, r := range batch {
		p := shortest(r.Person)
		if r.Kind == wa.ConsentOptIn {
			m.agreed[p] = r.At // the clock of the property only advances
		}
		if r.Kind == wa.ConsentOptIn && m.consent(p).State == wa.ConsentIn {
			already = append(already, i)
			continue
		}
		m.ledger[p] = append(m.ledger[p], r)
	}
	return already
}

// consent reads the ledger from its end: what was said last holds.
func (m consentModel) consent(person string) wa.Consent {
	c := wa.Consent{State: wa.ConsentNone, OptedInAt: m.agreed[person]}
	agreed, listed := false, false
	for i := len(m.ledger[person]) - 1; i >= 0; i-- {
		r := m.ledger[person][i]
		switch r.Kind {
		case wa.ConsentOptIn:
			if !agreed {
				agreed, c.State, c.OptIn = true, wa.ConsentIn, r
			}
		case wa.ConsentOptOut:
			if !agreed {
				agreed, c.State = true, wa.ConsentOut
			}
			if c.OptedOutAt.IsZero() {
				c.OptedOutAt = r.At
			}
		case wa.ConsentBlock, wa.ConsentUnblock:
			if !listed {
				listed, c.Blocked = true, r.Kind == wa.ConsentBlock
			}
		}
	}
	return c
}
