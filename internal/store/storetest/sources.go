package storetest

import (
	"fmt"
	"slices"
	"time"

	"github.com/waypost/waypost/internal/wa"
)

func sources() []promise {
	return []promise{
		{"ASourceIsReadAsItWasKept", aSourceIsReadAsItWasKept},
		{"TheFirstSourceBecomesTheDefault", theFirstSourceBecomesTheDefault},
		{"ASourceThatSaysSoBecomesTheDefault", aSourceThatSaysSoBecomesTheDefault},
		{"AnAccountMayHaveNoDefaultSource", anAccountMayHaveNoDefaultSource},
		{"ASourceIDIsTakenOnceInItsAccount", aSourceIDIsTakenOnceInItsAccount},
		{"ARefusedSourceTakesNothingAway", aRefusedSourceTakesNothingAway},
		{"SourcesAreListedOldestFirst", sourcesAreListedOldestFirst},
		{"UpdatingASourceChangesWhatItMay", updatingASourceChangesWhatItMay},
		{"RotatingATokenFreesWaitingMessages", rotatingATokenFreesWaitingMessages},
		{"AnUpdateWithTheSameTokenFreesNothing", anUpdateWithTheSameTokenFreesNothing},
		{"DeletingASourceRemovesItsCredentials", deletingASourceRemovesItsCredentials},
		{"SourcesByNumberSpansAccounts", sourcesByNumberSpansAccounts},
		{"AppSecretsAreDistinct", appSecretsAreDistinct},
		{"TheConsentSettingsOfASourceAreKept", theConsentSettingsOfASourceAreKept},
	}
}

func (k *kit) readSource(id wa.SourceID) wa.Source {
	k.Helper()
	return must(k.s.Source(k.Context(), k.account, id))(k)
}

func (k *kit) defaultSource(account wa.AccountID) wa.SourceID {
	k.Helper()
	return must(k.s.DefaultSource(k.Context(), account))(k).ID
}

func (k *kit) noDefaultSource(account wa.AccountID) {
	k.Helper()
	_, err := k.s.DefaultSource(k.Context(), account)
	k.code(err, wa.CodeNotFound)
}

func aSourceIsReadAsItWasKept(k *kit) {
	want := k.newSource(k.account, number2)
	k.restart()
	k.equal("source", want, k.readSource(want.ID))
	_, err := k.s.Source(k.Context(), k.account, wa.NewID[wa.SourceID]())
	k.code(err, wa.CodeNotFound)
}

func theFirstSourceBecomesTheDefault(k *kit) {
	account := k.newAccount()
	first := k.newSource(account, number)
	second := k.newSource(account, number)
	if !first.Default || second.Default {
		k.Fatalf("got defaults %v and %v, want true and false", first.Default, second.Default)
	}
	k.equal("default", first.ID, k.defaultSource(account))
}

func aSourceThatSaysSoBecomesTheDefault(k *kit) {
	says := k.buildSource(k.account, number2)
	says.Default = true
	k.equal("source", says, must(k.s.CreateSource(k.Context(), says))(k))
	k.equal("default", says.ID, k.defaultSource(k.account))
	defaults := each(must(k.s.Sources(k.Context(), k.account))(k), func(s wa.Source) bool { return s.Default })
	k.equal("defaults", []bool{false, true}, defaults)

	k.ok(k.s.UpdateSource(k.Context(), k.source)) // as it was returned: the default
	k.equal("default", k.source.ID, k.defaultSource(k.account))
}

func anAccountMayHaveNoDefaultSource(k *kit) {
	k.noDefaultSource(k.newAccount())
	k.newSource(k.account, number2)
	k.ok(k.s.DeleteSource(k.Context(), k.account, k.source.ID))
	k.noDefaultSource(k.account)
}

func aSourceIDIsTakenOnceInItsAccount(k *kit) {
	again := k.buildSource(k.account, number2)
	again.ID = k.source.ID
	_, err := k.s.CreateSource(k.Context(), again)
	k.code(err, wa.CodeConflict)
	k.equal("source", k.source, k.readSource(k.source.ID))

	again.AccountID = k.newAccount()
	theirs := must(k.s.CreateSource(k.Context(), again))(k)
	k.equal("source of the other account", theirs, must(k.s.Source(k.Context(), theirs.AccountID, theirs.ID))(k))
	k.equal("source", k.source, k.readSource(k.source.ID))
}

func aRefusedSourceTakesNothingAway(k *kit) {
	plain := k.newSource(k.account, number2)
	plain.Default = true
	_, err := k.s.CreateSource(k.Context(), plain)
	k.code(err, wa.CodeConflict)
	k.equal("default", k.source.ID, k.defaultSource(k.account))

	unknown := k.buildSource(k.account, number2)
	unknown.Default = true
	k.code(k.s.UpdateSource(k.Context(), unknown), wa.CodeNotFound)
	k.equal("default", k.source.ID, k.defaultSource(k.account))
}

func sourcesAreListedOldestFirst(k *kit) {
	want := []wa.Source{k.source}
	for _, id := range []wa.SourceID{"zebra", "ant", "Ünï cödé"} {
		k.clock.advance(time.Second)
		s := k.buildSource(k.account, number)
		s.ID = id
		want = append(want, must(k.s.CreateSource(k.Context(), s))(k))
	}
	k.newSource(k.newAccount(), number)
	k.equal("sources", want, must(k.s.Sources(k.Context(), k.account))(k))
}

func updatingASourceChangesWhatItMay(k *kit) {
	other := k.newSource(k.account, number2)
	want := k.source
	want.Name, want.Default = "renamed", false
	want.Number.Token, want.Number.AppSecret = wa.NewSecret("new token"), wa.NewSecret("new secret")
	want.Uncertain, want.Throughput = map[wa.Category]wa.Policy{wa.CategoryUtility: wa.PolicyFail}, 20
	k.ok(k.s.UpdateSource(k.Context(), want))
	k.restart()
	k.equal("source", want, k.readSource(want.ID))
	k.noDefaultSource(k.account)
	k.equal("the other source", other, k.readSource(other.ID))
	k.code(k.s.UpdateSource(k.Context(), k.buildSource(k.account, number)), wa.CodeNotFound)
}

func rotatingATokenFreesWaitingMessages(k *kit) {
	other := k.newSource(k.account, number2)
	theirs := k.build()
	theirs.SourceID, theirs.NumberID = other.ID, number2
	k.ok(k.s.Accept(k.Context(), []wa.Message{theirs}))
	mine := k.accept(1)[0]
	for _, m := range k.claim(10) {
		k.ok(k.s.SettleMessage(k.Context(), m, wa.Outcome{Kind: wa.OutcomeMisconfigured, After: time.Hour}))
	}
	if got := k.claim(10); len(got) != 0 {
		k.Fatalf("got %d messages before they are due, want none", len(got))
	}
	k.source.Number.Token = wa.NewSecret("new token")
	k.ok(k.s.UpdateSource(k.Context(), k.source))
	k.equal("freed message", mine.ID, only(k, k.claim(10)).ID)

	// One that a worker holds is not given to a second one.
	k.source.Number.Token = wa.NewSecret("newer token")
	k.ok(k.s.UpdateSource(k.Context(), k.source))
	k.equal("messages", 0, len(k.claim(10)))
}

// Meta may have asked for the wait, and a new name is no reason to cut it.
func anUpdateWithTheSameTokenFreesNothing(k *kit) {
	m := k.begun()
	k.ok(k.s.SettleMessage(k.Context(), m, wa.Outcome{Kind: wa.OutcomeLater, After: time.Hour}))
	k.source.Name, k.source.Number.AppSecret = "renamed", wa.NewSecret("new app secret")
	k.ok(k.s.UpdateSource(k.Context(), k.source))
	k.equal("source", k.source, k.readSource(k.source.ID))
	k.equal("messages before they are due", 0, len(k.claim(10)))
	k.clock.advance(time.Hour)
	k.equal("message", m.ID, only(k, k.claim(10)).ID)
}

func deletingASourceRemovesItsCredentials(k *kit) {
	kept := k.newSource(k.account, number2)
	k.ok(k.s.DeleteSource(k.Context(), k.account, k.source.ID))
	_, err := k.s.Source(k.Context(), k.account, k.source.ID)
	k.code(err, wa.CodeNotFound)
	k.equal("sources", []wa.Source{kept}, must(k.s.Sources(k.Context(), k.account))(k))
	k.equal("by number", []wa.Source(nil), must(k.s.SourcesByNumber(k.Context(), number))(k))
	k.equal("secrets", []wa.Secret{kept.Number.AppSecret}, must(k.s.AppSecrets(k.Context()))(k))
	k.code(k.s.DeleteSource(k.Context(), k.account, k.source.ID), wa.CodeNotFound)
}

func sourcesByNumberSpansAccounts(k *kit) {
	second := k.newSource(k.account, number)
	k.newSource(k.account, number2)
	theirs := k.newSource(k.newAccount(), number)
	got := each(must(k.s.SourcesByNumber(k.Context(), number))(k), func(s wa.Source) wa.SourceID { return s.ID })
	want := []wa.SourceID{k.source.ID, second.ID, theirs.ID}
	slices.Sort(got)
	slices.Sort(want)
	k.equal("sources", want, got)
	k.equal("of an unknown number", []wa.Source(nil), must(k.s.SourcesByNumber(k.Context(), "0"))(k))
}

func appSecretsAreDistinct(k *kit) {
	same := k.buildSource(k.newAccount(), number2)
	same.Number.AppSecret = k.source.Number.AppSecret
	must(k.s.CreateSource(k.Context(), same))(k)
	other := k.newSource(k.account, number2)
	got := each(must(k.s.AppSecrets(k.Context()))(k), wa.Secret.Reveal)
	want := []string{k.source.Number.AppSecret.Reveal(), other.Number.AppSecret.Reveal()}
	slices.Sort(got)
	slices.Sort(want)
	k.equal("secrets", want, got)
}

// A list of words that was never set is not the same as one that was set to
// nothing.
func theConsentSettingsOfASourceAreKept(k *kit) {
	settings := func(src wa.Source) string {
		return fmt.Sprintf("%v %#v %#v", src.SkipOptIn, src.StopWords, src.StartWords)
	}
	never := k.newSource(k.account, number2)
	set := k.buildSource(k.account, number2)
	set.SkipOptIn, set.StopWords, set.StartWords = true, []string{}, []string{"Los geht's", "はい"}
	must(k.s.CreateSource(k.Context(), set))(k)
	k.restart()
	k.equal("never set", settings(never), settings(k.readSource(never.ID)))
	k.equal("set", settings(set), settings(k.readSource(set.ID)))

	never.StopWords, set.StartWords, set.SkipOptIn = []string{"Halt"}, nil, false
	k.ok(k.s.UpdateSource(k.Context(), never))
	k.ok(k.s.UpdateSource(k.Context(), set))
	k.equal("changed", settings(never), settings(k.readSource(never.ID)))
	k.equal("changed", settings(set), settings(k.readSource(set.ID)))
}
