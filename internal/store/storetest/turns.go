package storetest

import (
	"fmt"
	"slices"
	"time"

	"pgregory.net/rapid"

	"github.com/waypost/waypost/internal/wa"
)

func turns() []promise {
	return []promise{
		{"OnlyTheFirstMessageToARecipientIsClaimed", onlyTheFirstMessageToARecipientIsClaimed},
		{"TheNextHasItsTurnOnceTheFirstIsSettled", theNextHasItsTurnOnceTheFirstIsSettled},
		{"AStatusEndsATurn", aStatusEndsATurn},
		{"AShortDelayKeepsTheTurn", aShortDelayKeepsTheTurn},
		{"ALongDelayLetsTheNextPass", aLongDelayLetsTheNextPass},
		{"ANewMessageDoesNotWaitBehindOneThatIsPutOff", aNewMessageDoesNotWaitBehindOneThatIsPutOff},
		{"RecoveryKeepsTheOrder", recoveryKeepsTheOrder},
		{"EveryMessageGetsItsTurn", everyMessageGetsItsTurn},
	}
}

// line accepts n messages to one recipient, each by itself.
func (k *kit) line(n int) []wa.Message {
	k.Helper()
	all := make([]wa.Message, n)
	for i := range all {
		all[i] = k.buildTo(person)
		k.ok(k.s.Accept(k.Context(), all[i:i+1]))
	}
	return all
}

// next claims the one message that has its turn, and expects it to be want.
func (k *kit) next(want wa.Message) wa.Message {
	k.Helper()
	got := only(k, k.claim(100))
	k.equal("message that has its turn", want.ID, got.ID)
	return got
}

func (k *kit) noneIsDue() {
	k.Helper()
	if due := k.claim(100); len(due) != 0 {
		k.Fatalf("%d messages were claimed, want none", len(due))
	}
}

func onlyTheFirstMessageToARecipientIsClaimed(k *kit) {
	line := k.line(3)
	k.ok(k.s.Accept(k.Context(), []wa.Message{k.buildTo(person), k.buildTo(person)})) // and two more at once
	other := k.buildTo("15550100077")
	k.ok(k.s.Accept(k.Context(), []wa.Message{other}))
	claimed := k.claim(100)
	k.equal("claimed", []wa.MessageID{line[0].ID, other.ID}, each(claimed, func(m wa.Message) wa.MessageID { return m.ID }))
	k.noneIsDue()
	must(k.s.BeginMessage(k.Context(), claimed[0]))(k)
	k.noneIsDue()
}

func theNextHasItsTurnOnceTheFirstIsSettled(k *kit) {
	final := []wa.Outcome{
		{Kind: wa.OutcomeSent, WAMID: "wamid.1"}, {Kind: wa.OutcomeSent}, {Kind: wa.OutcomeRejected}, {Kind: wa.OutcomeUnknown},
	}
	line := k.line(len(final) + 1)
	for i, o := range final {
		begun := must(k.s.BeginMessage(k.Context(), k.next(line[i])))(k)
		k.ok(k.s.SettleMessage(k.Context(), begun, o))
	}
	k.next(line[len(final)])
}

func aStatusEndsATurn(k *kit) {
	line := k.line(2)
	begun := must(k.s.BeginMessage(k.Context(), k.next(line[0])))(k)
	k.apply(k.tagged(begun, "wamid.1", wa.StatusDelivered))
	second := k.next(line[1])
	// The answer comes after all; the turn is not given twice.
	third := k.buildTo(person)
	k.ok(k.s.Accept(k.Context(), []wa.Message{third}))
	k.ok(k.s.SettleMessage(k.Context(), begun, wa.Outcome{Kind: wa.OutcomeSent, WAMID: "wamid.1"}))
	k.noneIsDue()
	k.ok(k.s.SettleMessage(k.Context(), second, wa.Outcome{Kind: wa.OutcomeRejected}))
	k.next(third)
}

func aShortDelayKeepsTheTurn(k *kit) {
	line := k.line(2)
	k.ok(k.s.SettleMessage(k.Context(), k.next(line[0]), wa.Outcome{Kind: wa.OutcomeLater, After: 10 * time.Second}))
	k.noneIsDue()
	k.clock.advance(10 * time.Second)
	k.next(line[0])
}

func aLongDelayLetsTheNextPass(k *kit) {
	line := k.line(3)
	k.ok(k.s.SettleMessage(k.Context(), k.next(line[0]), wa.Outcome{Kind: wa.OutcomeMisconfigured, After: lease / 2}))
	second := k.next(line[1])
	k.ok(k.s.SettleMessage(k.Context(), second, wa.Outcome{Kind: wa.OutcomeRejected}))
	third := k.next(line[2])
	k.clock.advance(lease / 2)
	k.next(line[0]) // it does not wait for those that passed it
	k.ok(k.s.SettleMessage(k.Context(), third, wa.Outcome{Kind: wa.OutcomeRejected}))
	k.noneIsDue()
}

func aNewMessageDoesNotWaitBehindOneThatIsPutOff(k *kit) {
	line := k.line(1)
	k.ok(k.s.SettleMessage(k.Context(), k.next(line[0]), wa.Outcome{Kind: wa.OutcomeLater, After: 24 * time.Hour}))
	k.next(k.line(1)[0])
}

func recoveryKeepsTheOrder(k *kit) {
	line := k.line(4)
	k.next(line[0]) // claimed by a process that dies
	k.restart()
	k.recoverMessages(1, 0)
	begun := must(k.s.BeginMessage(k.Context(), k.next(line[0])))(k)
	k.restart()
	k.recoverMessages(0, 1) // the attempt may have left
	k.status(begun, wa.StatusUncertain)
	begun = must(k.s.BeginMessage(k.Context(), k.next(line[1])))(k)
	k.restart()
	freed, _, err := k.s.RecoverMessages(k.Context(), func(wa.MessageID, int) bool { return false })
	k.ok(err)
	k.equal("freed", 1, freed) // the attempt has surely not left
	k.next(line[1])
	k.status(begun, wa.StatusAccepted)
}

// everyMessageGetsItsTurn: whatever becomes of the attempts, no message is
// forgotten, and without long delays Meta sees them in their order.
func everyMessageGetsItsTurn(k *kit) {
	const person1, person2 = "15550100011", "15550100012"
	t, ok := k.tester.(rapid.TB)
	if !ok {
		k.Fatalf("the property needs a *testing.T")
	}
	rapid.Check(t, func(t *rapid.T) {
		k := &kit{tester: t, s: k.s, clock: k.clock, account: k.account, source: k.source}
		waiting := map[string][]wa.MessageID{}
		for range rapid.IntRange(1, 12).Draw(t, "messages") {
			m := k.buildTo(rapid.SampledFrom([]string{person1, person2}).Draw(t, "to"))
			k.ok(k.s.Accept(k.Context(), []wa.Message{m}))
			waiting[m.Recipient.ID] = append(waiting[m.Recipient.ID], m.ID)
		}
		for round := 0; len(waiting[person1])+len(waiting[person2]) > 0; round++ {
			if round > 500 {
				t.Fatalf("messages without a turn: %v", waiting)
			}
			for _, m := range k.claim(100) {
				to := m.Recipient.ID
				if waiting[to][0] != m.ID {
					t.Fatalf("%s to %s had its turn, want %s", m.ID, to, waiting[to][0])
				}
				if k.oneAttempt(m, rapid.SampledFrom(outcomes()).Draw(t, fmt.Sprintf("outcome %d", round))) {
					waiting[to] = slices.Delete(waiting[to], 0, 1)
				}
			}
			k.clock.advance(5 * time.Second)
		}
	})
}

// oneAttempt sends a claimed message with an outcome, and reports whether that
// was the end of it.
func (k *kit) oneAttempt(m wa.Message, o wa.Outcome) (ended bool) {
	begun := must(k.s.BeginMessage(k.Context(), m))(k)
	o.After = min(o.After, 5*time.Second)
	k.ok(k.s.SettleMessage(k.Context(), begun, o))
	return o.Kind != wa.OutcomeLater && o.Kind != wa.OutcomeMisconfigured
}
