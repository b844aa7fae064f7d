package storetest

import (
	"time"

	"github.com/waypost/waypost/internal/wa"
)

func doubts() []promise {
	return []promise{
		{"AnUncertainMessageIsDueToBeLookedAt", anUncertainMessageIsDueToBeLookedAt},
		{"WhatIsPutOffIsDueThen", whatIsPutOffIsDueThen},
		{"DoubtsAreListedByAccount", doubtsAreListedByAccount},
		{"SentByADecisionIsLikeAStatus", sentByADecisionIsLikeAStatus},
		{"FailedByADecisionTellsTheCustomer", failedByADecisionTellsTheCustomer},
		{"SentAgainIsTheNextAttempt", sentAgainIsTheNextAttempt},
		{"SentAgainKeepsItsPlace", sentAgainKeepsItsPlace},
		{"OnlyAnUncertainMessageIsResolved", onlyAnUncertainMessageIsResolved},
		{"AStatusAfterAResendStopsIt", aStatusAfterAResendStopsIt},
		{"AStatusProvesTheStream", aStatusProvesTheStream},
		{"AStatusOfAnEarlierAttemptProvesNothing", aStatusOfAnEarlierAttemptProvesNothing},
		{"ACallbackThatIsNotAppliedIsSeen", aCallbackThatIsNotAppliedIsSeen},
		{"TheIntakeIsRemembered", theIntakeIsRemembered},
		{"ADecisionWaitsForTheCallbacksBeforeIt", aDecisionWaitsForTheCallbacksBeforeIt},
		{"AProofThatLiesAheadIsReplaced", aProofThatLiesAheadIsReplaced},
		{"ANewPolicyIsLookedAtAtOnce", aNewPolicyIsLookedAtAtOnce},
		{"SentAgainGoesToThePersonsLine", sentAgainGoesToThePersonsLine},
		{"TheWAMIDOfACopyIsKnown", theWAMIDOfACopyIsKnown},
		{"AFailedCopyIsNoDuplicate", aFailedCopyIsNoDuplicate},
	}
}

// uncertain accepts a message and lets its attempt end without an answer.
func (k *kit) uncertain() wa.Message {
	k.Helper()
	m := k.begun()
	k.ok(k.s.SettleMessage(k.Context(), m, wa.Outcome{Kind: wa.OutcomeUnknown, Failure: wa.Failure{Title: "no answer"}}))
	return k.now(m)
}

// dueDoubts returns the messages that are due to be looked at.
func (k *kit) dueDoubts() []wa.Doubt {
	k.Helper()
	return must(k.s.DueDoubts(k.Context(), 100))(k)
}

func (k *kit) resolve(m wa.Message, r wa.Resolution) error {
	return k.s.ResolveMessage(k.Context(), m.AccountID, m.ID, r)
}

// taggedFor is tagged for one attempt.
func (k *kit) taggedFor(m wa.Message, attempt int, wamid string, status wa.Status) wa.Update {
	u := k.tagged(m, wamid, status)
	u.Attempt = attempt
	return u
}

func anUncertainMessageIsDueToBeLookedAt(k *kit) {
	k.sent("wamid.other")
	m := k.begun()
	began := k.clock.now()
	k.clock.advance(time.Second)
	k.ok(k.s.SettleMessage(k.Context(), m, wa.Outcome{
		Kind: wa.OutcomeUnknown, Soon: true, Trace: "trace", Failure: wa.Failure{Code: 131000, VendorCode: "8012", Title: "oops"},
	}))
	k.restart()
	d := only(k, k.dueDoubts())
	want := wa.Doubt{Message: k.now(m), Unanswered: 1, LookAt: k.clock.now(), Attempt: wa.Attempt{
		AccountID: k.account, MessageID: m.ID, Number: 1, NumberID: number, Person: d.Message.Person, BeganAt: began, EndedAt: k.clock.now(),
		Outcome: wa.OutcomeUnknown, Soon: true, Trace: "trace", Failure: wa.Failure{Code: 131000, VendorCode: "8012", Title: "oops"},
	}}
	k.equal("doubt", want, d)
	k.equal("the same one", want, must(k.s.Doubt(k.Context(), k.account, m.ID))(k))
	_, err := k.s.Doubt(k.Context(), k.newAccount(), m.ID)
	k.code(err, wa.CodeNotFound)
}

func whatIsPutOffIsDueThen(k *kit) {
	m, settled := k.uncertain(), k.uncertain()
	all := k.dueDoubts()
	k.equal("due", 2, len(all))
	for i := range all {
		all[i].LookAt = k.clock.now().Add(time.Minute)
	}
	k.apply(k.taggedFor(settled, 1, "wamid.1", wa.StatusSent))
	k.ok(k.s.PutOffDoubts(k.Context(), all))
	k.equal("due too early", 0, len(k.dueDoubts()))
	k.clock.advance(time.Minute)
	k.equal("message", m.ID, only(k, k.dueDoubts()).Message.ID)
	// Of another attempt by now.
	k.ok(k.resolve(m, wa.Resolution{As: wa.StatusAccepted, By: wa.DeciderPolicy}))
	again := must(k.s.BeginMessage(k.Context(), only(k, k.claim(10))))(k)
	k.ok(k.s.SettleMessage(k.Context(), again, wa.Outcome{Kind: wa.OutcomeUnknown}))
	for i := range all {
		all[i].LookAt = k.clock.now().Add(time.Hour)
	}
	k.ok(k.s.PutOffDoubts(k.Context(), all))
	d := only(k, k.dueDoubts())
	k.equal("unanswered", 2, d.Unanswered)
	k.equal("attempt", 2, d.Attempt.Number)
}

func doubtsAreListedByAccount(k *kit) {
	k.uncertain()
	k.sent("wamid.1")
	k.equal("doubts", 1, len(must(k.s.DoubtsOf(k.Context(), k.account, 10))(k)))
	k.equal("doubts of another", 0, len(must(k.s.DoubtsOf(k.Context(), k.newAccount(), 10))(k)))
}

func sentByADecisionIsLikeAStatus(k *kit) {
	k.newEndpoint(k.account, wa.EventStatus)
	m := k.uncertain()
	k.apply(k.report("wamid.1", wa.StatusDelivered)) // without a tag, so it is parked
	k.ok(k.resolve(m, wa.Resolution{As: wa.StatusSent, By: wa.DeciderHistory, Attempt: 1, WAMID: "wamid.1"}))
	k.restart()
	got := k.now(m)
	k.equal("status", wa.StatusDelivered, got.Status)
	k.equal("wamid", "wamid.1", got.WAMID)
	k.equal("facts", []string{"sent ", "delivered "}, k.facts(m))
	k.equal("who decided", wa.DeciderHistory, k.events(m)[0].Status.By)
	k.equal("deliveries", 2, len(k.claimDeliveries(10)))
	k.equal("wamid of the attempt", "wamid.1", only(k, k.attempts(m)).WAMID)
	k.equal("due", 0, len(k.dueDoubts()))
	k.equal("known", true, must(k.s.KnowsWAMID(k.Context(), k.account, "wamid.1"))(k))
	k.equal("known elsewhere", false, must(k.s.KnowsWAMID(k.Context(), k.newAccount(), "wamid.1"))(k))

	// Without the wamid, a status tells it.
	m = k.uncertain()
	k.ok(k.resolve(m, wa.Resolution{As: wa.StatusSent, By: wa.DeciderOperator}))
	k.apply(k.taggedFor(m, 1, "wamid.2", wa.StatusSent))
	k.equal("wamid", "wamid.2", k.now(m).WAMID)
	k.equal("facts", []string{"sent "}, k.facts(m))
}

func failedByADecisionTellsTheCustomer(k *kit) {
	k.newEndpoint(k.account, wa.EventStatus)
	m := k.uncertain()
	why := wa.Failure{VendorCode: "8012", Title: "uncertain"}
	k.ok(k.resolve(m, wa.Resolution{As: wa.StatusFailed, By: wa.DeciderPolicy, Attempt: 1, Failure: &why}))
	k.status(m, wa.StatusFailed)
	k.equal("failure", why, *only(k, k.claimDeliveries(10)).Event.Status.Failure)
	k.equal("due", 0, len(k.dueDoubts()))
	// It had arrived after all.
	k.apply(k.taggedFor(m, 1, "wamid.1", wa.StatusDelivered))
	k.status(m, wa.StatusDelivered)
}

func sentAgainIsTheNextAttempt(k *kit) {
	k.newEndpoint(k.account, wa.EventStatus)
	m := k.uncertain()
	k.ok(k.resolve(m, wa.Resolution{As: wa.StatusAccepted, By: wa.DeciderPolicy, Attempt: 1}))
	k.restart()
	k.status(m, wa.StatusAccepted)
	k.equal("due", 0, len(k.dueDoubts()))
	k.equal("facts", []string{"accepted "}, k.facts(m))
	k.equal("told", 0, len(k.claimDeliveries(10)))
	again := must(k.s.BeginMessage(k.Context(), only(k, k.claim(10))))(k)
	k.equal("attempt", 2, again.Attempt)
	k.ok(k.s.SettleMessage(k.Context(), again, wa.Outcome{Kind: wa.OutcomeSent, WAMID: "wamid.2"}))
	k.equal("duplicated", false, k.now(m).Duplicated)
	k.equal("outcomes", []wa.OutcomeKind{wa.OutcomeUnknown, wa.OutcomeSent},
		each(k.attempts(m), func(a wa.Attempt) wa.OutcomeKind { return a.Outcome }))
}

func sentAgainKeepsItsPlace(k *kit) {
	line := []wa.Message{k.buildTo(person), k.buildTo(person), k.buildTo(person)}
	k.ok(k.s.Accept(k.Context(), line))
	first := must(k.s.BeginMessage(k.Context(), only(k, k.claim(10))))(k)
	k.ok(k.s.SettleMessage(k.Context(), first, wa.Outcome{Kind: wa.OutcomeUnknown}))
	// The second is on its way when the first comes back.
	second := only(k, k.claim(10))
	k.equal("second", line[1].ID, second.ID)
	k.ok(k.resolve(first, wa.Resolution{As: wa.StatusAccepted, By: wa.DeciderPolicy}))
	k.equal("beside the second", 0, len(k.claim(10)))
	k.ok(k.s.SettleMessage(k.Context(), second, wa.Outcome{Kind: wa.OutcomeRejected}))
	got := only(k, k.claim(10))
	k.equal("before the third", first.ID, got.ID)
	k.ok(k.s.SettleMessage(k.Context(), got, wa.Outcome{Kind: wa.OutcomeRejected}))
	k.equal("the third", line[2].ID, only(k, k.claim(10)).ID)
}

func onlyAnUncertainMessageIsResolved(k *kit) {
	r := wa.Resolution{As: wa.StatusAccepted, By: wa.DeciderOperator}
	m := k.uncertain()
	other := r
	other.Attempt = 2
	k.code(k.resolve(m, other), wa.CodeConflict)
	k.code(k.resolve(m, wa.Resolution{As: wa.StatusRead, By: wa.DeciderOperator}), wa.CodeInvalid)
	k.status(m, wa.StatusUncertain)
	k.code(k.resolve(k.build(), r), wa.CodeNotFound)
	foreign := m
	foreign.AccountID = k.newAccount()
	k.code(k.resolve(foreign, r), wa.CodeNotFound)
	sent := k.sent("wamid.1")
	k.code(k.resolve(sent, r), wa.CodeConflict)
	k.status(sent, wa.StatusSent)
	k.equal("facts", 0, len(k.facts(m))+len(k.facts(sent)))
	k.ok(k.resolve(m, r))
	k.code(k.resolve(m, r), wa.CodeConflict)
}

func aStatusAfterAResendStopsIt(k *kit) {
	m := k.uncertain()
	k.ok(k.resolve(m, wa.Resolution{As: wa.StatusAccepted, By: wa.DeciderPolicy}))
	claimed := only(k, k.claim(10))
	k.apply(k.taggedFor(m, 1, "wamid.1", wa.StatusSent))
	_, err := k.s.BeginMessage(k.Context(), claimed)
	k.lost(err)
	k.status(m, wa.StatusSent)
	k.equal("duplicated", false, k.now(m).Duplicated)
	k.clock.advance(1000 * lease)
	k.equal("claimed again", 0, len(k.claim(10)))
}

// stream returns the status stream of the kit's number.
func (k *kit) stream() wa.Stream {
	k.Helper()
	return must(k.s.StatusStream(k.Context(), k.account, number))(k)
}

func aStatusProvesTheStream(k *kit) {
	k.equal("before anything", wa.Stream{}, k.stream())
	k.clock.advance(time.Second)
	first := k.sent("wamid.1")
	k.clock.advance(time.Second)
	second := k.sent("wamid.2")
	k.equal("an answer proves nothing", time.Time{}, k.stream().ProvenAt)
	k.apply(k.taggedFor(second, 1, "wamid.2", wa.StatusSent), k.taggedFor(first, 1, "wamid.1", wa.StatusSent))
	k.equal("proven", second.DispatchedAt, k.stream().ProvenAt)
	k.clock.advance(time.Second)
	k.apply(k.report("wamid.1", wa.StatusRead)) // of an older one
	k.restart()
	k.equal("proven", second.DispatchedAt, k.stream().ProvenAt)
	k.clock.advance(time.Second)
	third := k.uncertain()
	k.apply(k.taggedFor(third, 1, "wamid.3", wa.StatusSent))
	k.equal("proven by one that was uncertain", third.DispatchedAt, k.stream().ProvenAt)
	k.equal("of another account", wa.Stream{}, must(k.s.StatusStream(k.Context(), k.newAccount(), number))(k))
}

func aStatusOfAnEarlierAttemptProvesNothing(k *kit) {
	m := k.uncertain()
	k.ok(k.resolve(m, wa.Resolution{As: wa.StatusAccepted, By: wa.DeciderPolicy}))
	k.clock.advance(time.Minute)
	again := must(k.s.BeginMessage(k.Context(), only(k, k.claim(10))))(k)
	k.apply(k.taggedFor(again, 1, "wamid.1", wa.StatusSent))
	k.equal("proven", time.Time{}, k.stream().ProvenAt)
}

func aCallbackThatIsNotAppliedIsSeen(k *kit) {
	first := k.keep()
	k.clock.advance(time.Second)
	k.keep()
	k.equal("oldest", first.ReceivedAt, k.stream().Unapplied)
	for _, c := range k.claimCallbacks(10) {
		k.equal("oldest, claimed", first.ReceivedAt, k.stream().Unapplied)
		if c.ID != first.ID {
			k.ok(k.s.PutOffCallback(k.Context(), c, time.Hour, true, "cannot be read"))
		}
	}
	k.clock.advance(1000 * lease)
	k.ok(k.s.SettleCallback(k.Context(), only(k, k.claimCallbacks(10)), nil))
	k.equal("none", time.Time{}, k.stream().Unapplied)
}

func theIntakeIsRemembered(k *kit) {
	at := k.clock.now()
	k.ok(k.s.NoteIntake(k.Context(), at))
	k.equal("since", at, k.stream().IntakeSince)
	k.ok(k.s.NoteIntake(k.Context(), at.Add(time.Second)))
	k.restart()
	k.equal("since", at.Add(time.Second), k.stream().IntakeSince)
}

func aDecisionWaitsForTheCallbacksBeforeIt(k *kit) {
	m := k.uncertain()
	k.clock.advance(time.Minute)
	c := k.keep()
	again := wa.Resolution{As: wa.StatusAccepted, By: wa.DeciderPolicy, Deadline: c.ReceivedAt}
	k.code(k.resolve(m, again), wa.CodeConflict)
	k.status(m, wa.StatusUncertain)
	again.Deadline = c.ReceivedAt.Add(-time.Microsecond)
	k.ok(k.resolve(m, again)) // it came too late to count
	k.status(m, wa.StatusAccepted)
}

func aProofThatLiesAheadIsReplaced(k *kit) {
	const day = 24 * time.Hour
	k.clock.advance(day) // wrongly
	ahead := k.sent("wamid.1")
	k.apply(k.taggedFor(ahead, 1, "wamid.1", wa.StatusSent))
	k.clock.advance(-day)
	k.equal("proven", ahead.DispatchedAt, k.stream().ProvenAt)
	d := wa.Doubt{Message: k.begun()}
	s := k.stream()
	s.IntakeSince = k.clock.now()
	k.equal("waits for", wa.WaitStream, d.Wait(s, time.Minute, k.clock.now().Add(time.Hour)))
	now := k.sent("wamid.2")
	k.apply(k.taggedFor(now, 1, "wamid.2", wa.StatusSent))
	k.equal("proven", now.DispatchedAt, k.stream().ProvenAt)
}

func aNewPolicyIsLookedAtAtOnce(k *kit) {
	m := k.uncertain()
	d := only(k, k.dueDoubts())
	d.LookAt = k.clock.now().Add(time.Hour)
	k.ok(k.s.PutOffDoubts(k.Context(), []wa.Doubt{d}))
	k.equal("due", 0, len(k.dueDoubts()))
	src := must(k.s.Source(k.Context(), m.AccountID, m.SourceID))(k)
	src.Uncertain = map[wa.Category]wa.Policy{wa.CategoryService: wa.PolicyFail}
	k.ok(k.s.UpdateSource(k.Context(), src))
	k.equal("due", m.ID, only(k, k.dueDoubts()).Message.ID)
}

func sentAgainGoesToThePersonsLine(k *kit) {
	m := k.uncertain()
	k.apply(k.link(wa.PersonIDs{Phone: m.Recipient.ID, UserID: userID}))
	waiting := k.buildTo(m.Recipient.ID)
	k.ok(k.s.Accept(k.Context(), []wa.Message{waiting}))
	begun := must(k.s.BeginMessage(k.Context(), only(k, k.claim(10))))(k)
	k.equal("begun", waiting.ID, begun.ID)
	k.ok(k.resolve(m, wa.Resolution{As: wa.StatusAccepted, By: wa.DeciderPolicy}))
	k.equal("person", begun.Person, k.now(m).Person)
	k.equal("claimed beside it", 0, len(k.claim(10)))
	k.ok(k.s.SettleMessage(k.Context(), begun, wa.Outcome{Kind: wa.OutcomeSent, WAMID: "wamid.9"}))
	k.equal("claimed behind it", m.ID, only(k, k.claim(10)).ID)
}

func theWAMIDOfACopyIsKnown(k *kit) {
	m := k.again(k.uncertain())
	k.ok(k.s.SettleMessage(k.Context(), m, wa.Outcome{Kind: wa.OutcomeSent, WAMID: "wamid.2"}))
	k.apply(k.taggedFor(m, 1, "wamid.1", wa.StatusSent))
	k.equal("goes by", "wamid.2", k.now(m).WAMID)
	k.equal("known", true, must(k.s.KnowsWAMID(k.Context(), k.account, "wamid.1"))(k))
	k.equal("known elsewhere", false, must(k.s.KnowsWAMID(k.Context(), k.newAccount(), "wamid.1"))(k))
}

func aFailedCopyIsNoDuplicate(k *kit) {
	failed := func(m wa.Message) { k.apply(k.taggedFor(m, 1, "wamid.1"+string(m.ID), wa.StatusFailed)) }
	sent := func(m wa.Message) { k.apply(k.taggedFor(m, 2, "wamid.2"+string(m.ID), wa.StatusSent)) }
	answer := func(m wa.Message) {
		k.ok(k.s.SettleMessage(k.Context(), m, wa.Outcome{Kind: wa.OutcomeSent, WAMID: "wamid.2" + string(m.ID)}))
	}
	for _, order := range [][]func(wa.Message){
		{failed, answer, sent}, {failed, sent, answer}, {answer, failed, sent}, {answer, sent, failed}, {sent, failed, answer}, {sent, answer, failed},
	} {
		m := k.again(k.uncertain())
		for _, step := range order {
			step(m)
		}
		k.equal("duplicated", false, k.now(m).Duplicated)
		k.status(m, wa.StatusSent)
	}
}
