package storetest

import (
	"time"

	"github.com/waypost/waypost/internal/wa"
)

func outbox() []promise {
	return []promise{
		{"ClaimGivesARowToOneWorkerOnly", claimGivesARowToOneWorkerOnly},
		{"ClaimTakesTheLongestDueFirst", claimTakesTheLongestDueFirst},
		{"AClaimRunsOutWithItsLease", aClaimRunsOutWithItsLease},
		{"BeginRecordsTheAttempt", beginRecordsTheAttempt},
		{"BeginNeedsTheClaim", beginNeedsTheClaim},
		{"EachClaimIsCounted", eachClaimIsCounted},
		{"RefusalsAreCounted", refusalsAreCounted},
		{"ARefusalIsCountedByWhoHoldsTheMessage", aRefusalIsCountedByWhoHoldsTheMessage},
		{"ADispatchedMessageIsNeverClaimedAgain", aDispatchedMessageIsNeverClaimedAgain},
		{"RecoveryFreesWhatWasClaimed", recoveryFreesWhatWasClaimed},
		{"DispatchedBecomesUncertainOnRecovery", dispatchedBecomesUncertainOnRecovery},
		{"AnAttemptThatSurelyNeverLeftIsFreed", anAttemptThatSurelyNeverLeftIsFreed},
		{"RecoveryLeavesTheRestAlone", recoveryLeavesTheRestAlone},
	}
}

func claimGivesARowToOneWorkerOnly(k *kit) {
	k.accept(5)
	first, second, third := k.claim(3), k.claim(10), k.claim(10)
	if len(first) != 3 || len(second) != 2 || len(third) != 0 {
		k.Fatalf("got claims of %d, %d and %d, want 3, 2 and 0", len(first), len(second), len(third))
	}
	for _, a := range first {
		for _, b := range second {
			if a.ID == b.ID {
				k.Fatalf("message %s was claimed twice", a.ID)
			}
		}
	}
}

func claimTakesTheLongestDueFirst(k *kit) {
	var due []wa.MessageID
	for range 3 {
		due = append(due, k.accept(1)[0].ID)
		k.clock.advance(time.Second)
	}
	first := only(k, k.claim(1))
	k.equal("first", due[0], first.ID)
	// Put off, it is due after the others.
	k.ok(k.s.SettleMessage(k.Context(), first, wa.Outcome{Kind: wa.OutcomeLater, After: time.Second}))
	k.clock.advance(time.Minute)
	k.equal("second", due[1], only(k, k.claim(1)).ID)
	k.equal("third", due[2], only(k, k.claim(1)).ID)
	k.equal("put off", due[0], only(k, k.claim(1)).ID)
}

func aClaimRunsOutWithItsLease(k *kit) {
	dead := k.claimed()
	k.clock.advance(lease - time.Microsecond)
	k.equal("claimed within the lease", 0, len(k.claim(10)))
	k.clock.advance(time.Microsecond)
	heir := only(k, k.claim(10))
	k.equal("message", dead.ID, heir.ID)
	if heir.Claim == dead.Claim {
		k.Fatalf("both claims have the number %d", heir.Claim)
	}
	_, err := k.s.BeginMessage(k.Context(), dead)
	k.lost(err)
	for _, o := range outcomes() {
		k.lost(k.s.SettleMessage(k.Context(), dead, o))
	}
	k.equal("message", heir, k.now(heir))
	must(k.s.BeginMessage(k.Context(), heir))(k)
}

func beginRecordsTheAttempt(k *kit) {
	claimed := k.claimed()
	got := must(k.s.BeginMessage(k.Context(), claimed))(k)
	want := claimed
	want.Status, want.Attempt, want.DispatchedAt = wa.StatusDispatched, 1, k.clock.now()
	k.equal("returned", want, got)
	k.restart()
	k.equal("kept", want, k.now(want))

	k.ok(k.s.SettleMessage(k.Context(), got, wa.Outcome{Kind: wa.OutcomeLater}))
	got = must(k.s.BeginMessage(k.Context(), only(k, k.claim(1))))(k)
	k.equal("second attempt", 2, got.Attempt)
	k.equal("kept", got, k.now(got))
}

func beginNeedsTheClaim(k *kit) {
	begun := k.begun()
	_, err := k.s.BeginMessage(k.Context(), begun)
	k.lost(err) // twice
	k.equal("attempts", 1, k.now(begun).Attempt)

	never := k.accept(1)[0]
	_, err = k.s.BeginMessage(k.Context(), never)
	k.lost(err) // not claimed

	freed := only(k, k.claim(10))
	if _, _, err := k.s.RecoverMessages(k.Context(), func(wa.MessageID, int) bool { return true }); err != nil {
		k.Fatalf("recover: %v", err)
	}
	_, err = k.s.BeginMessage(k.Context(), freed)
	k.lost(err) // freed by a recovery
	k.status(freed, wa.StatusAccepted)
	_, err = k.s.BeginMessage(k.Context(), k.build())
	k.lost(err) // does not exist
}

// eachClaimIsCounted: a claim that led to no attempt raises the claim and not
// the attempt, so their difference says how often that was.
func eachClaimIsCounted(k *kit) {
	m := k.claimed()
	first := m.Claim
	for i := range 3 {
		k.equal("claims", first+i, m.Claim)
		k.ok(k.s.SettleMessage(k.Context(), m, wa.Outcome{Kind: wa.OutcomeLater}))
		m = only(k, k.claim(1))
	}
	k.equal("attempts", 0, m.Attempt)
}

func refusalsAreCounted(k *kit) {
	other := k.claimed()
	m := k.claimed()
	k.equal("first", 1, must(k.s.CountRefusal(k.Context(), m))(k))
	m = must(k.s.BeginMessage(k.Context(), m))(k)
	k.equal("begun", 2, must(k.s.CountRefusal(k.Context(), m))(k))
	k.equal("message", m, k.now(m))
	k.ok(k.s.SettleMessage(k.Context(), m, wa.Outcome{Kind: wa.OutcomeLater}))
	k.restart()
	m = only(k, k.claim(1))
	k.equal("after a restart", 3, must(k.s.CountRefusal(k.Context(), m))(k))
	k.equal("of another message", 1, must(k.s.CountRefusal(k.Context(), other))(k))
}

func aRefusalIsCountedByWhoHoldsTheMessage(k *kit) {
	dead := k.claimed()
	k.clock.advance(lease)
	heir := only(k, k.claim(10))
	_, err := k.s.CountRefusal(k.Context(), dead)
	k.lost(err)
	k.equal("refusals", 1, must(k.s.CountRefusal(k.Context(), heir))(k))
	k.ok(k.s.SettleMessage(k.Context(), heir, wa.Outcome{Kind: wa.OutcomeLater}))
	_, err = k.s.CountRefusal(k.Context(), heir)
	k.lost(err)
	_, err = k.s.CountRefusal(k.Context(), k.build())
	k.lost(err)
}

func aDispatchedMessageIsNeverClaimedAgain(k *kit) {
	m := k.begun()
	k.clock.advance(1000 * lease)
	k.equal("claimed", 0, len(k.claim(10)))
	k.status(m, wa.StatusDispatched)
	// Whoever sent it still holds it, however long that took.
	k.ok(k.s.SettleMessage(k.Context(), m, wa.Outcome{Kind: wa.OutcomeSent, WAMID: "wamid.late"}))
	k.status(m, wa.StatusSent)
}

// recoverMessages recovers as if every attempt may have left the process.
func (k *kit) recoverMessages(wantFreed, wantUncertain int) {
	k.Helper()
	freed, uncertain, err := k.s.RecoverMessages(k.Context(), func(wa.MessageID, int) bool { return true })
	k.ok(err)
	if freed != wantFreed || uncertain != wantUncertain {
		k.Fatalf("recovery: got %d freed and %d uncertain, want %d and %d", freed, uncertain, wantFreed, wantUncertain)
	}
}

func recoveryFreesWhatWasClaimed(k *kit) {
	k.accept(3)
	dead := k.claim(2)
	k.restart()
	k.recoverMessages(2, 0)
	k.recoverMessages(0, 0)
	id := func(m wa.Message) wa.MessageID { return m.ID }
	again := k.claim(10)
	k.equal("messages", 3, len(again))
	k.equal("freed", each(dead, id), each(again[:2], id))
	for _, m := range dead {
		k.lost(k.s.SettleMessage(k.Context(), m, wa.Outcome{Kind: wa.OutcomeRejected}))
	}
}

func dispatchedBecomesUncertainOnRecovery(k *kit) {
	dead := k.begun()
	k.restart()
	k.recoverMessages(0, 1)
	k.status(dead, wa.StatusUncertain)
	for _, o := range outcomes() {
		k.lost(k.s.SettleMessage(k.Context(), dead, o))
	}
	k.clock.advance(1000 * lease)
	k.equal("claimed", 0, len(k.claim(10)))
	k.recoverMessages(0, 0)

	k.apply(k.tagged(dead, "wamid.found", wa.StatusDelivered))
	k.status(dead, wa.StatusDelivered)
	k.equal("wamid", "wamid.found", k.now(dead).WAMID)
}

func anAttemptThatSurelyNeverLeftIsFreed(k *kit) {
	// The second attempt of this one was under way, and only its first had left.
	again := k.begun()
	k.ok(k.s.SettleMessage(k.Context(), again, wa.Outcome{Kind: wa.OutcomeLater}))
	again = must(k.s.BeginMessage(k.Context(), only(k, k.claim(1))))(k)
	gone, claimed := k.begun(), k.claimed()
	type attempt struct {
		id wa.MessageID
		n  int
	}
	left := map[attempt]bool{{again.ID, 1}: true, {again.ID, 2}: false, {gone.ID, 1}: true}
	k.restart()
	freed, uncertain, err := k.s.RecoverMessages(k.Context(), func(id wa.MessageID, n int) bool {
		may, asked := left[attempt{id, n}]
		if !asked {
			k.Errorf("asked for attempt %d of %s, which was not under way", n, id)
		}
		return may
	})
	k.ok(err)
	k.equal("freed and uncertain", []int{2, 1}, []int{freed, uncertain})
	k.status(gone, wa.StatusUncertain)
	k.status(again, wa.StatusAccepted)
	for _, m := range []wa.Message{again, gone, claimed} {
		k.lost(k.s.SettleMessage(k.Context(), m, wa.Outcome{Kind: wa.OutcomeRejected}))
	}
	id := func(m wa.Message) wa.MessageID { return m.ID }
	due := k.claim(10)
	k.equal("due", []wa.MessageID{again.ID, claimed.ID}, each(due, id))
	k.equal("next attempt", 3, must(k.s.BeginMessage(k.Context(), due[0]))(k).Attempt)
}

func recoveryLeavesTheRestAlone(k *kit) {
	sent := k.sent("wamid.sent")
	failed := k.begun()
	k.ok(k.s.SettleMessage(k.Context(), failed, wa.Outcome{Kind: wa.OutcomeRejected}))
	later := k.begun()
	k.ok(k.s.SettleMessage(k.Context(), later, wa.Outcome{Kind: wa.OutcomeLater, After: time.Hour}))
	moved := k.begun()
	k.apply(k.tagged(moved, "wamid.moved", wa.StatusRead))
	k.restart()
	k.recoverMessages(0, 0)
	k.status(sent, wa.StatusSent)
	k.status(failed, wa.StatusFailed)
	k.status(later, wa.StatusAccepted)
	k.status(moved, wa.StatusRead)
	k.equal("due before its time", 0, len(k.claim(10)))
}
