package storetest

import (
	"fmt"
	"time"

	"github.com/waypost/waypost/internal/store"
	"github.com/waypost/waypost/internal/wa"
)

func inbox() []promise {
	return []promise{
		{"AKeptCallbackIsClaimedAsItCame", aKeptCallbackIsClaimedAsItCame},
		{"ClaimGivesACallbackToOneWorkerOnly", claimGivesACallbackToOneWorkerOnly},
		{"ACallbackClaimRunsOutWithItsLease", aCallbackClaimRunsOutWithItsLease},
		{"AStepOfACallbackExtendsItsLease", aStepOfACallbackExtendsItsLease},
		{"RecoveryFreesCallbacks", recoveryFreesCallbacks},
		{"ASettledCallbackIsNotClaimedAgain", aSettledCallbackIsNotClaimedAgain},
		{"SettlingWithoutTheClaimAppliesNothing", settlingWithoutTheClaimAppliesNothing},
		{"ACallbackThatIsPutOffComesBack", aCallbackThatIsPutOffComesBack},
		{"AParkedCallbackIsNeverClaimedAgain", aParkedCallbackIsNeverClaimedAgain},
		{"PuttingOffTwiceChangesNothing", puttingOffTwiceChangesNothing},
		{"ACallbackIsAppliedToEachAccount", aCallbackIsAppliedToEachAccount},
		{"WhatTheGatewayDoesNotKnowIsNoError", whatTheGatewayDoesNotKnowIsNoError},
	}
}

func aKeptCallbackIsClaimedAsItCame(k *kit) {
	want := k.keep()
	k.restart()
	want.Claim, want.Attempts = 1, 1
	k.equal("callback", want, only(k, k.claimCallbacks(10)))
}

func claimGivesACallbackToOneWorkerOnly(k *kit) {
	for range 5 {
		k.keep()
	}
	first, second, third := k.claimCallbacks(3), k.claimCallbacks(10), k.claimCallbacks(10)
	if len(first) != 3 || len(second) != 2 || len(third) != 0 {
		k.Fatalf("got claims of %d, %d and %d, want 3, 2 and 0", len(first), len(second), len(third))
	}
}

func aCallbackClaimRunsOutWithItsLease(k *kit) {
	k.keep()
	dead := only(k, k.claimCallbacks(10))
	k.clock.advance(lease - time.Microsecond)
	k.equal("claimed within the lease", 0, len(k.claimCallbacks(10)))
	k.clock.advance(time.Microsecond)
	heir := only(k, k.claimCallbacks(10))
	k.equal("attempts", 2, heir.Attempts)
	k.lost(k.s.SettleCallback(k.Context(), dead, nil))
	k.lost(k.s.PutOffCallback(k.Context(), dead, 0, true, "late"))
	k.ok(k.s.SettleCallback(k.Context(), heir, nil))
}

// Its last step cannot be applied.
func aStepOfACallbackExtendsItsLease(k *kit) {
	k.keep()
	c := only(k, k.claimCallbacks(10))
	k.clock.advance(lease - time.Microsecond)
	all := wa.AccountUpdates{AccountID: k.account}
	for i := range 100 {
		all.Updates = append(all.Updates, k.wrote(fmt.Sprintf("wamid.%d", i)))
	}
	broken := k.wrote("wamid.broken")
	broken.Inbound.Rest = []byte("{")
	bad := wa.AccountUpdates{AccountID: k.account, Updates: []wa.Update{broken}}
	if err := k.s.SettleCallback(k.Context(), c, []wa.AccountUpdates{all, bad}); err == nil {
		k.Fatalf("an update that is no JSON was applied")
	}
	k.clock.advance(store.StepLease - time.Microsecond)
	k.equal("claimed within the lease", 0, len(k.claimCallbacks(10)))
	k.ok(k.s.SettleCallback(k.Context(), c, []wa.AccountUpdates{all}))
	k.clock.advance(1000 * store.StepLease)
	k.equal("claimed after the end", 0, len(k.claimCallbacks(10)))
}

func recoveryFreesCallbacks(k *kit) {
	k.keep()
	k.keep()
	dead := k.claimCallbacks(1)[0]
	k.restart()
	k.equal("freed", 1, must(k.s.RecoverCallbacks(k.Context()))(k))
	k.equal("freed twice", 0, must(k.s.RecoverCallbacks(k.Context()))(k))
	k.lost(k.s.SettleCallback(k.Context(), dead, nil))
	k.equal("callbacks", 2, len(k.claimCallbacks(10)))
}

func aSettledCallbackIsNotClaimedAgain(k *kit) {
	k.keep()
	c := only(k, k.claimCallbacks(10))
	k.ok(k.s.SettleCallback(k.Context(), c, nil))
	k.lost(k.s.SettleCallback(k.Context(), c, nil))
	k.lost(k.s.PutOffCallback(k.Context(), c, 0, false, "again"))
	k.clock.advance(1000 * lease)
	k.equal("claimed", 0, len(k.claimCallbacks(10)))
	k.equal("freed", 0, must(k.s.RecoverCallbacks(k.Context()))(k))
}

func settlingWithoutTheClaimAppliesNothing(k *kit) {
	m := k.sent("wamid.out")
	c := k.keep() // not claimed
	k.lost(k.s.SettleCallback(k.Context(), c, []wa.AccountUpdates{{
		AccountID: k.account, Updates: []wa.Update{k.report("wamid.out", wa.StatusRead), k.wrote("wamid.in")},
	}}))
	k.status(m, wa.StatusSent)
	k.equal("facts", []string(nil), k.facts(m))
	k.equal("window", "never", k.window(person))
}

func aCallbackThatIsPutOffComesBack(k *kit) {
	k.keep()
	c := only(k, k.claimCallbacks(10))
	k.ok(k.s.PutOffCallback(k.Context(), c, time.Hour, false, "the store of media is full"))
	k.clock.advance(time.Hour - time.Microsecond)
	k.equal("claimed too early", 0, len(k.claimCallbacks(10)))
	k.clock.advance(time.Microsecond)
	again := only(k, k.claimCallbacks(10))
	k.equal("callback", c.ID, again.ID)
	k.equal("body", c.Body, again.Body)
	k.equal("attempts", 2, again.Attempts)
}

func aParkedCallbackIsNeverClaimedAgain(k *kit) {
	k.keep()
	c := only(k, k.claimCallbacks(10))
	k.ok(k.s.PutOffCallback(k.Context(), c, 0, true, "no JSON"))
	k.clock.advance(1000 * lease)
	k.equal("claimed", 0, len(k.claimCallbacks(10)))
	k.equal("freed", 0, must(k.s.RecoverCallbacks(k.Context()))(k))
	k.lost(k.s.PutOffCallback(k.Context(), c, 0, false, "again"))
}

func puttingOffTwiceChangesNothing(k *kit) {
	k.keep()
	c := only(k, k.claimCallbacks(10))
	k.ok(k.s.PutOffCallback(k.Context(), c, time.Hour, false, "first"))
	k.lost(k.s.PutOffCallback(k.Context(), c, 0, false, "second"))
	k.lost(k.s.SettleCallback(k.Context(), c, nil))
	k.equal("claimed too early", 0, len(k.claimCallbacks(10)))
	k.clock.advance(time.Hour)
	k.equal("claimed", 1, len(k.claimCallbacks(10)))
}

func aCallbackIsAppliedToEachAccount(k *kit) {
	theirs := k.newAccount()
	k.newSource(theirs, number)
	k.applyTo(
		wa.AccountUpdates{AccountID: k.account, Updates: []wa.Update{k.wrote("wamid.in")}},
		wa.AccountUpdates{AccountID: theirs, Updates: []wa.Update{k.wrote("wamid.in")}},
	)
	k.equal("window", "0s", k.window(person))
	until := must(k.s.Window(k.Context(), theirs, number, person))(k)
	k.equal("their window", k.clock.now().Add(wa.WindowLength), until)
}

func whatTheGatewayDoesNotKnowIsNoError(k *kit) {
	k.apply(wa.Update{NumberID: number}, k.wrote("wamid.in"), wa.Update{})
	k.equal("window", "0s", k.window(person))
}
