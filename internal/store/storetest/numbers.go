package storetest

import (
	"time"

	"github.com/waypost/waypost/internal/store"
	"github.com/waypost/waypost/internal/wa"
)

func numbers() []promise {
	return []promise{
		{"ANumberIsKeptAsItIs", aNumberIsKeptAsItIs},
		{"ANewerNodeOfANumberIsKept", aNewerNodeOfANumberIsKept},
		{"NumbersOfAnotherAccountAreNotSeen", numbersOfAnotherAccountAreNotSeen},
		{"TheLastSourceTakesTheNumberAlong", theLastSourceTakesTheNumberAlong},
		{"ANewSourceHasItsNumberRead", aNewSourceHasItsNumberRead},
		{"ANumberIsGivenToOneReaderAndComesBack", aNumberIsGivenToOneReaderAndComesBack},
		{"ANumberThatIsMadeDueMeanwhileIsDueAgain", aNumberThatIsMadeDueMeanwhileIsDueAgain},
		{"RecoveryFreesNumberReads", recoveryFreesNumberReads},
		{"TheLastCallbackIsKnown", theLastCallbackIsKnown},
	}
}

func (k *kit) number() wa.NumberState {
	k.Helper()
	return must(k.s.Number(k.Context(), k.account, number))(k)
}

// node makes what Meta's node of the kit's number may say, without keeping it.
func (k *kit) node() wa.NumberState {
	return wa.NumberState{
		AccountID: k.account, NumberID: number, Throughput: wa.ThroughputCoexistence, Tier: "TIER_2K", Quality: "YELLOW",
		Status: "CONNECTED", VerifiedName: "Shöp", NameStatus: "APPROVED", Coexistence: true, ReadAt: k.clock.now(),
	}
}

func (k *kit) claimReads() []wa.NumberRead {
	k.Helper()
	return must(k.s.ClaimNumberReads(k.Context(), 10, lease))(k)
}

func aNumberIsKeptAsItIs(k *kit) {
	k.equal("before it is read", wa.NumberState{AccountID: k.account, NumberID: number}, k.number())
	node := k.node()
	k.ok(k.s.PutNumber(k.Context(), node))
	k.restart()
	k.equal("by number", node, k.number())
	k.newSource(k.account, number2)
	k.equal("all", []string{number, number2}, each(must(k.s.Numbers(k.Context(), k.account))(k), func(n wa.NumberState) string { return n.NumberID }))
	_, err := k.s.Number(k.Context(), k.account, "1")
	k.code(err, wa.CodeNotFound)
}

func aNewerNodeOfANumberIsKept(k *kit) {
	older := k.node()
	k.clock.advance(time.Second)
	newer := k.node()
	newer.Quality, newer.ProvenAt, newer.ToldAt = "RED", k.clock.now(), k.clock.now()
	k.ok(k.s.PutNumber(k.Context(), newer))
	newer.ProvenAt, newer.ToldAt = time.Time{}, time.Time{} // a node does not know them
	k.equal("kept", newer, k.number())
	k.ok(k.s.PutNumber(k.Context(), older))
	k.equal("after an older one", newer, k.number())
	k.clock.advance(time.Second)
	silent := wa.NumberState{AccountID: k.account, NumberID: number, ReadAt: k.clock.now(), Coexistence: true, Tier: "TIER_10K"}
	k.ok(k.s.PutNumber(k.Context(), silent))
	newer.ReadAt, newer.Tier = k.clock.now(), "TIER_10K"
	k.equal("after one that says little", newer, k.number())
	missing := k.node()
	missing.NumberID = "1"
	k.ok(k.s.PutNumber(k.Context(), missing))
	_, err := k.s.Number(k.Context(), k.account, "1")
	k.code(err, wa.CodeNotFound)
}

func numbersOfAnotherAccountAreNotSeen(k *kit) {
	other := k.newAccount()
	_, err := k.s.Number(k.Context(), other, number)
	k.code(err, wa.CodeNotFound)
	k.equal("all", 0, len(must(k.s.Numbers(k.Context(), other))(k)))
	theirs := k.newSource(other, number)
	k.ok(k.s.PutNumber(k.Context(), k.node()))
	k.equal("theirs", "", must(k.s.Number(k.Context(), other, theirs.Number.ID))(k).Status)
}

func theLastSourceTakesTheNumberAlong(k *kit) {
	second := k.newSource(k.account, number)
	k.ok(k.s.PutNumber(k.Context(), k.node()))
	k.ok(k.s.DeleteSource(k.Context(), k.account, k.source.ID))
	k.equal("with the second", "CONNECTED", k.number().Status)
	k.ok(k.s.DeleteSource(k.Context(), k.account, second.ID))
	_, err := k.s.Number(k.Context(), k.account, number)
	k.code(err, wa.CodeNotFound)
	k.equal("reads", 0, len(k.claimReads()))
}

func aNewSourceHasItsNumberRead(k *kit) {
	k.equal("the first source", number, only(k, k.claimReads()).NumberID)
	k.sleepNumbers()
	for _, change := range []templateChange{
		{"new source", func() { k.newSource(k.account, number2) }},
		{"new token", func() {
			k.source.Number.Token = wa.NewSecret("another token")
			k.ok(k.s.UpdateSource(k.Context(), k.source))
		}},
		{"asked for", func() { k.ok(k.s.MakeNumberReadDue(k.Context(), k.account, number2)) }},
	} {
		change.make()
		select {
		case <-k.s.Wake(store.StageNumbers):
		case <-time.After(10 * time.Second):
			k.Fatalf("%s does not wake the stage", change.name)
		}
		k.clock.advance(lease) // whatever was claimed before
		k.equal(change.name, true, len(k.claimReads()) > 0)
	}
}

// sleepNumbers takes what was told of numbers so far.
func (k *kit) sleepNumbers() {
	select {
	case <-k.s.Wake(store.StageNumbers):
	default:
	}
}

func aNumberIsGivenToOneReaderAndComesBack(k *kit) {
	r := only(k, k.claimReads())
	k.equal("to somebody else", 0, len(k.claimReads()))
	r.Attempts = 3
	k.ok(k.s.SettleNumberRead(k.Context(), r, time.Hour, 0))
	k.lost(k.s.SettleNumberRead(k.Context(), r, 0, 0))
	k.clock.advance(time.Hour - time.Microsecond)
	k.equal("too early", 0, len(k.claimReads()))
	k.clock.advance(time.Microsecond)
	again := only(k, k.claimReads())
	k.equal("attempts", 3, again.Attempts)
	k.clock.advance(lease)
	heir := only(k, k.claimReads())
	k.lost(k.s.SettleNumberRead(k.Context(), again, 0, 0))
	k.ok(k.s.SettleNumberRead(k.Context(), heir, 0, 0))
}

func aNumberThatIsMadeDueMeanwhileIsDueAgain(k *kit) {
	r := only(k, k.claimReads())
	k.ok(k.s.MakeNumberReadDue(k.Context(), k.account, number))
	k.equal("while it is worked on", 0, len(k.claimReads()))
	k.ok(k.s.SettleNumberRead(k.Context(), r, 24*time.Hour, time.Second))
	k.equal("while it rests", 0, len(k.claimReads()))
	k.clock.advance(time.Second)
	k.ok(k.s.SettleNumberRead(k.Context(), only(k, k.claimReads()), 24*time.Hour, time.Hour))
	k.ok(k.s.MakeNumberReadDue(k.Context(), k.account, number))
	k.equal("while it rests", 0, len(k.claimReads()))
	k.clock.advance(time.Hour)
	k.equal("rested", 1, len(k.claimReads()))
	k.ok(k.s.MakeNumberReadDue(k.Context(), k.account, "1"))
}

func recoveryFreesNumberReads(k *kit) {
	dead := only(k, k.claimReads())
	k.restart()
	k.equal("freed", 1, must(k.s.RecoverNumberReads(k.Context()))(k))
	k.equal("freed twice", 0, must(k.s.RecoverNumberReads(k.Context()))(k))
	k.lost(k.s.SettleNumberRead(k.Context(), dead, 0, 0))
	k.equal("claimed", 1, len(k.claimReads()))
}

func theLastCallbackIsKnown(k *kit) {
	last := func(account wa.AccountID, id string) time.Time {
		return must(k.s.LastCallback(k.Context(), account, id))(k)
	}
	other := k.newAccount()
	k.newSource(other, number)
	k.newSource(k.account, number2)
	k.equal("before any", time.Time{}, last(k.account, number))
	k.clock.advance(time.Second)
	came := k.clock.now()
	k.apply(k.wrote("wamid.1"))
	k.clock.advance(time.Second)
	k.applyTo(wa.AccountUpdates{AccountID: other, Updates: []wa.Update{k.wrote("wamid.2")}})
	k.apply()
	k.keep()
	k.equal("without those of others, empty ones, and what is not applied", came, last(k.account, number))
	k.equal("another account's", came.Add(time.Second), last(other, number))
	k.equal("another number's", time.Time{}, last(k.account, number2))
	k.equal("nobody's", time.Time{}, last(k.account, "1"))
}
