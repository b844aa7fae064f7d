package storetest

import (
	"slices"
	"time"

	"github.com/waypost/waypost/internal/store"
	"github.com/waypost/waypost/internal/wa"
)

func attempts() []promise {
	return []promise{
		{"EachAttemptThatWasBegunIsKept", eachAttemptThatWasBegunIsKept},
		{"AClaimThatWasNotBegunIsNoAttempt", aClaimThatWasNotBegunIsNoAttempt},
		{"ARecoveredAttemptIsKept", aRecoveredAttemptIsKept},
		{"AStatusNamesItsAttempt", aStatusNamesItsAttempt},
		{"AStatusOfBothCopiesMakesADuplicate", aStatusOfBothCopiesMakesADuplicate},
		{"ALateAnswerOfASecondCopyMakesADuplicate", aLateAnswerOfASecondCopyMakesADuplicate},
		{"ASecondCopyWithoutAWAMIDMakesADuplicate", aSecondCopyWithoutAWAMIDMakesADuplicate},
		{"AFailureOfAnEarlierCopyIsNotTheMessages", aFailureOfAnEarlierCopyIsNotTheMessages},
		{"UnnamedAttemptsAreThoseThatMayHaveAWAMID", unnamedAttemptsAreThoseThatMayHaveAWAMID},
	}
}

func (k *kit) attempts(m wa.Message) []wa.Attempt {
	k.Helper()
	return must(k.s.Attempts(k.Context(), m.AccountID, m.ID))(k)
}

func eachAttemptThatWasBegunIsKept(k *kit) {
	m := k.claimed()
	var want []wa.Attempt
	for i, o := range []wa.Outcome{
		{Kind: wa.OutcomeLater, After: time.Second, Failure: wa.Failure{Code: 130429, VendorCode: "8012", Title: "slow", Details: "down"}, Trace: "AbC"},
		{Kind: wa.OutcomeSent, WAMID: "wamid.1", Held: "paused"},
	} {
		m = must(k.s.BeginMessage(k.Context(), m))(k)
		began := k.clock.now()
		k.clock.advance(time.Second)
		want = append(want, wa.Attempt{
			AccountID: k.account, MessageID: m.ID, Number: i + 1, NumberID: number, Person: k.now(m).Person, BeganAt: began,
			EndedAt: k.clock.now(), Outcome: o.Kind, WAMID: o.WAMID, Failure: o.Failure, Trace: o.Trace, Held: o.Held,
		})
		k.ok(k.s.SettleMessage(k.Context(), m, o))
		k.clock.advance(time.Second)
		if i == 0 {
			m = only(k, k.claim(10))
		}
	}
	k.restart()
	k.equal("attempts", want, k.attempts(m))
	k.equal("the last of them", want[1], must(k.s.Doubt(k.Context(), k.account, m.ID))(k).Attempt)
	foreign := m
	foreign.AccountID = k.newAccount()
	k.equal("of another account", 0, len(k.attempts(foreign)))
}

func aClaimThatWasNotBegunIsNoAttempt(k *kit) {
	m := k.begun()
	k.ok(k.s.SettleMessage(k.Context(), m, wa.Outcome{Kind: wa.OutcomeLater, Trace: "first"}))
	k.ok(k.s.SettleMessage(k.Context(), only(k, k.claim(10)), wa.Outcome{Kind: wa.OutcomeRejected, Trace: "second"}))
	k.equal("trace", "first", only(k, k.attempts(m)).Trace)
}

func aRecoveredAttemptIsKept(k *kit) {
	m, unsent := k.begun(), k.begun()
	k.clock.advance(time.Minute)
	k.restart()
	_, _, err := k.s.RecoverMessages(k.Context(), func(id wa.MessageID, _ int) bool { return id == m.ID })
	k.ok(err)
	a := only(k, k.attempts(m))
	k.equal("outcome", wa.OutcomeUnknown, a.Outcome)
	k.equal("ended", k.clock.now(), a.EndedAt)
	k.equal("outcome of what never left", wa.OutcomeLater, only(k, k.attempts(unsent)).Outcome)
	k.equal("doubt", m.ID, only(k, k.dueDoubts()).Message.ID)
}

func aStatusNamesItsAttempt(k *kit) {
	// Before the outcome, and the answer is lost.
	m := k.begun()
	k.apply(k.taggedFor(m, 1, "wamid.1", wa.StatusSent))
	k.equal("named under way", "wamid.1", only(k, k.attempts(m)).WAMID)
	k.ok(k.s.SettleMessage(k.Context(), m, wa.Outcome{Kind: wa.OutcomeUnknown}))
	a := only(k, k.attempts(m))
	k.equal("wamid", "wamid.1", a.WAMID)
	k.equal("outcome", wa.OutcomeUnknown, a.Outcome)
	// After it.
	m = k.uncertain()
	k.apply(k.taggedFor(m, 1, "wamid.2", wa.StatusSent))
	k.equal("wamid", "wamid.2", only(k, k.attempts(m)).WAMID)
	k.equal("attempt of the event", 1, only(k, k.events(m)).Status.Attempt)
}

// again takes an uncertain message to its second attempt.
func (k *kit) again(m wa.Message) wa.Message {
	k.Helper()
	k.ok(k.resolve(m, wa.Resolution{As: wa.StatusAccepted, By: wa.DeciderPolicy}))
	return must(k.s.BeginMessage(k.Context(), only(k, k.claim(10))))(k)
}

// otherCopies returns the events of a message that are about another copy.
func (k *kit) otherCopies(m wa.Message) []string {
	k.Helper()
	var all []string
	for _, e := range k.events(m) {
		if e.Status.Copy {
			all = append(all, e.Status.WAMID+" "+string(e.Status.Status))
		}
	}
	slices.Sort(all)
	return all
}

func (k *kit) duplicated(m wa.Message, copies ...string) {
	k.Helper()
	k.equal("duplicated", true, k.now(m).Duplicated)
	k.equal("copies", copies, k.otherCopies(m))
	k.equal("duplicates of the account", 1, must(k.s.Duplicates(k.Context(), k.account))(k))
	k.equal("duplicates of another", 0, must(k.s.Duplicates(k.Context(), k.newAccount()))(k))
}

func aStatusOfBothCopiesMakesADuplicate(k *kit) {
	k.newEndpoint(k.account, wa.EventStatus)
	m := k.again(k.uncertain())
	k.ok(k.s.SettleMessage(k.Context(), m, wa.Outcome{Kind: wa.OutcomeSent, WAMID: "wamid.2"}))
	k.equal("duplicates", 0, must(k.s.Duplicates(k.Context(), k.account))(k))
	updates := []wa.Update{
		k.taggedFor(m, 2, "wamid.2", wa.StatusSent), k.taggedFor(m, 1, "wamid.1", wa.StatusSent),
		k.taggedFor(m, 1, "wamid.1", wa.StatusDelivered), k.taggedFor(m, 2, "wamid.2", wa.StatusDelivered),
	}
	k.apply(updates...)
	k.apply(updates...)
	k.duplicated(m, "wamid.1 delivered", "wamid.1 sent")
	k.equal("told", 2, len(k.claimDeliveries(10))) // sent and delivered, once
	k.equal("wamid", "wamid.2", k.now(m).WAMID)
	k.equal("wamids of the attempts", []string{"wamid.1", "wamid.2"}, each(k.attempts(m), func(a wa.Attempt) string { return a.WAMID }))
}

func aLateAnswerOfASecondCopyMakesADuplicate(k *kit) {
	m := k.again(k.uncertain())
	k.apply(k.taggedFor(m, 1, "wamid.1", wa.StatusSent)) // while the second is under way
	k.equal("duplicated", false, k.now(m).Duplicated)
	k.ok(k.s.SettleMessage(k.Context(), m, wa.Outcome{Kind: wa.OutcomeSent, WAMID: "wamid.2"}))
	k.duplicated(m, "wamid.2 sent")
}

func aSecondCopyWithoutAWAMIDMakesADuplicate(k *kit) {
	m := k.again(k.uncertain())
	k.ok(k.s.SettleMessage(k.Context(), m, wa.Outcome{Kind: wa.OutcomeSent})) // the answer was cut
	k.apply(k.taggedFor(m, 1, "wamid.1", wa.StatusSent))
	k.duplicated(m)
}

func aFailureOfAnEarlierCopyIsNotTheMessages(k *kit) {
	k.newEndpoint(k.account, wa.EventStatus)
	m := k.again(k.uncertain())
	k.apply(k.taggedFor(m, 1, "wamid.1", wa.StatusFailed))
	k.status(m, wa.StatusDispatched)
	k.ok(k.s.SettleMessage(k.Context(), m, wa.Outcome{Kind: wa.OutcomeSent, WAMID: "wamid.2"}))
	k.status(m, wa.StatusSent)
	k.equal("told", 0, len(k.claimDeliveries(10)))
	k.equal("copies", []string{"wamid.1 failed"}, k.otherCopies(m))
}

func unnamedAttemptsAreThoseThatMayHaveAWAMID(k *kit) {
	k.uncertain() // of long ago
	k.clock.advance(time.Minute)
	since := k.clock.now()
	line := make([]wa.Message, 5)
	outcomes := []wa.Outcome{
		{Kind: wa.OutcomeUnknown}, {Kind: wa.OutcomeSent}, {Kind: wa.OutcomeSent, WAMID: "wamid.1"}, {Kind: wa.OutcomeRejected},
	}
	for i := range line {
		line[i] = k.buildTo(person)
		k.clock.advance(time.Second)
	}
	k.ok(k.s.Accept(k.Context(), line))
	for i := range line {
		m := must(k.s.BeginMessage(k.Context(), only(k, k.claim(10))))(k)
		if i < len(outcomes) {
			k.ok(k.s.SettleMessage(k.Context(), m, outcomes[i]))
		}
	}
	unnamed := func() []wa.MessageID {
		all := must(k.s.UnnamedAttempts(k.Context(), k.account, number, since))(k)
		ids := each(all, func(u store.Unnamed) wa.MessageID {
			k.equal("recipient", person, u.Recipient.ID)
			return u.Attempt.MessageID
		})
		slices.Sort(ids)
		return ids
	}
	k.equal("unnamed", []wa.MessageID{line[0].ID, line[1].ID, line[4].ID}, unnamed())
	k.apply(k.taggedFor(line[1], 1, "wamid.2", wa.StatusSent))
	k.equal("unnamed", []wa.MessageID{line[0].ID, line[4].ID}, unnamed())
}
