package storetest

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/waypost/waypost/internal/store"
	"github.com/waypost/waypost/internal/wa"
)

func templates() []promise {
	return []promise{
		{"ATemplateIsKeptAsItIs", aTemplateIsKeptAsItIs},
		{"AListReplacesWhatWasThere", aListReplacesWhatWasThere},
		{"AListLeavesWhatItConfirms", aListLeavesWhatItConfirms},
		{"WhatAListConfirmsIsAsNewAsTheList", whatAListConfirmsIsAsNewAsTheList},
		{"AVeryLongListIsKeptWhole", aVeryLongListIsKeptWhole},
		{"AListLeavesWhatIsNewer", aListLeavesWhatIsNewer},
		{"AnOldListChangesNothing", anOldListChangesNothing},
		{"AListDoesNotBringBackWhatWasForgotten", aListDoesNotBringBackWhatWasForgotten},
		{"ATemplateIsForgottenInOneLanguageOrAll", aTemplateIsForgottenInOneLanguageOrAll},
		{"TemplatesAreListedByFilterAndPage", templatesAreListedByFilterAndPage},
		{"TemplatesOfAnotherAccountOrWABAAreNotSeen", templatesOfAnotherAccountOrWABAAreNotSeen},
		{"ACallbackChangesATemplate", aCallbackChangesATemplate},
		{"ACallbackLeavesANewerCopy", aCallbackLeavesANewerCopy},
		{"ACallbackDeletesATemplate", aCallbackDeletesATemplate},
	}
}

func templateSyncs() []promise {
	return []promise{
		{"ANewSourceIsSynced", aNewSourceIsSynced},
		{"ASyncIsGivenToOneWorkerAndComesBack", aSyncIsGivenToOneWorkerAndComesBack},
		{"ASyncThatIsMadeDueMeanwhileIsDueAgain", aSyncThatIsMadeDueMeanwhileIsDueAgain},
		{"ASyncRestsWhateverHappens", aSyncRestsWhateverHappens},
		{"RecoveryFreesTemplateSyncs", recoveryFreesTemplateSyncs},
		{"WhatChangesATemplateMakesTheSyncDue", whatChangesATemplateMakesTheSyncDue},
		{"TheLastSourceTakesTheTemplatesAlong", theLastSourceTakesTheTemplatesAlong},
		{"SourcesAreFoundByWABA", sourcesAreFoundByWABA},
	}
}

func (k *kit) waba() string { return k.source.Number.WABAID }

// template makes a template without keeping it.
func (k *kit) template(name, language string) wa.StoredTemplate {
	return wa.StoredTemplate{
		AccountID: k.account, WABAID: k.waba(), ID: "id of " + name + " " + language, Name: name, Language: language,
		Category: "UTILITY", Status: wa.TemplateApproved, Quality: "GREEN", Reason: "",
		Components: json.RawMessage(`[{"type":"BODY","text":"Hëllo {{1}}"}]`),
		Definition: wa.TemplateDefinition{Body: "Hëllo {{1}}"}, UpdatedAt: k.clock.now(),
	}
}

func (k *kit) putTemplate(m wa.StoredTemplate) {
	k.Helper()
	k.ok(k.s.PutTemplate(k.Context(), m))
}

func (k *kit) replaceTemplates(asOf time.Time, list ...wa.StoredTemplate) {
	k.Helper()
	k.ok(k.s.ReplaceTemplates(k.Context(), k.account, k.waba(), list, asOf))
}

// copies returns the copies of a name in all languages.
func (k *kit) copies(name string) []wa.StoredTemplate {
	k.Helper()
	return must(k.s.TemplatesNamed(k.Context(), k.account, k.waba(), name))(k)
}

// listed returns name and language of what a filter chooses.
func (k *kit) listed(f wa.TemplateFilter) []string {
	k.Helper()
	list, total, err := k.s.ListTemplates(k.Context(), k.account, k.waba(), f, 100, 0)
	k.ok(err)
	k.equal("total", len(list), total)
	return each(list, func(m wa.StoredTemplate) string { return m.Name + " " + m.Language })
}

func aTemplateIsKeptAsItIs(k *kit) {
	m := k.template("welcome", "en_US")
	m.Quality, m.Reason, m.Status = "YELLOW", "ABUSIVE_CONTENT", wa.TemplateRejected
	m.Definition.Buttons = []wa.ButtonDefinition{{Kind: "URL", Text: "Go", URL: "https://shop.example/{{1}}"}}
	k.putTemplate(m)
	k.restart()
	k.equal("by name", m, only(k, k.copies("welcome")))
	k.equal("by id", m, must(k.s.TemplateByID(k.Context(), k.account, k.waba(), m.ID))(k))
	_, err := k.s.TemplateByID(k.Context(), k.account, k.waba(), "none")
	k.code(err, wa.CodeNotFound)
	k.equal("unknown name", 0, len(k.copies("none")))
}

func aListReplacesWhatWasThere(k *kit) {
	k.putTemplate(k.template("gone", "en"))
	stays := k.template("stays", "en")
	k.putTemplate(stays)
	k.clock.advance(time.Second)
	stays.Status = wa.TemplatePaused
	k.replaceTemplates(k.clock.now(), stays, k.template("new", "de"))
	k.equal("list", []string{"new de", "stays en"}, k.listed(wa.TemplateFilter{}))
	stays.UpdatedAt = k.clock.now()
	k.equal("replaced", stays, only(k, k.copies("stays")))
	k.equal("synced at", k.clock.now(), must(k.s.TemplateSync(k.Context(), k.account, k.waba()))(k).SyncedAt)
}

func aListLeavesWhatItConfirms(k *kit) {
	m := k.template("order", "en")
	k.putTemplate(m)
	k.clock.advance(time.Hour)
	k.replaceTemplates(k.clock.now(), m)
	k.equal("the copy, with its time", m, only(k, k.copies("order")))
	k.clock.advance(time.Hour)
	k.replaceTemplates(k.clock.now())
	k.equal("gone", []string{}, k.listed(wa.TemplateFilter{}))
}

func whatAListConfirmsIsAsNewAsTheList(k *kit) {
	m := k.template("order", "en")
	k.putTemplate(m)
	k.clock.advance(time.Second)
	older := k.template("order", "en")
	older.Status = wa.TemplatePaused
	k.keep()
	k.clock.advance(time.Second)
	k.replaceTemplates(k.clock.now(), m)
	k.putTemplate(older)
	k.equal("after what was read before", m, only(k, k.copies("order")))
	late := wa.Update{WABAID: k.waba(), Template: &wa.TemplateUpdate{ID: m.ID, Status: wa.TemplatePaused}}
	k.ok(k.s.SettleCallback(k.Context(), only(k, k.claimCallbacks(1)), []wa.AccountUpdates{{AccountID: k.account, Updates: []wa.Update{late}}}))
	k.equal("after a callback that came before", m, only(k, k.copies("order")))
}

func aVeryLongListIsKeptWhole(k *kit) {
	const many = 1200
	var list []wa.StoredTemplate
	for i := range many {
		list = append(list, k.template(fmt.Sprintf("order_%04d", i), "en"))
	}
	count := func() int {
		_, total, err := k.s.ListTemplates(k.Context(), k.account, k.waba(), wa.TemplateFilter{}, 1, 0)
		k.ok(err)
		return total
	}
	k.replaceTemplates(k.clock.now(), list...)
	k.equal("all of it", many, count())
	k.clock.advance(time.Second)
	k.replaceTemplates(k.clock.now(), append(list[:1:1], k.template("new", "en"))...)
	k.equal("what is left", []string{"new en", "order_0000 en"}, k.listed(wa.TemplateFilter{}))
}

func aListLeavesWhatIsNewer(k *kit) {
	begun := k.clock.now()
	old := k.template("order", "en")
	k.clock.advance(time.Second)
	newer := k.template("order", "en")
	newer.Status = wa.TemplatePaused
	k.putTemplate(newer)
	k.putTemplate(k.template("created", "en"))
	k.replaceTemplates(begun, old)
	k.equal("status", wa.TemplatePaused, only(k, k.copies("order")).Status)
	k.equal("list", []string{"created en", "order en"}, k.listed(wa.TemplateFilter{}))
	k.putTemplate(old)
	k.equal("an older copy", wa.TemplatePaused, only(k, k.copies("order")).Status)
}

func anOldListChangesNothing(k *kit) {
	begun := k.clock.now()
	k.clock.advance(time.Second)
	k.replaceTemplates(k.clock.now(), k.template("new", "en"))
	k.replaceTemplates(begun, k.template("old", "en"))
	k.equal("list", []string{"new en"}, k.listed(wa.TemplateFilter{}))
}

func aListDoesNotBringBackWhatWasForgotten(k *kit) {
	m := k.template("order", "en")
	k.putTemplate(m)
	begun := k.clock.now()
	k.clock.advance(time.Second)
	k.ok(k.s.ForgetTemplate(k.Context(), k.account, k.waba(), "order", "en", k.clock.now()))
	k.replaceTemplates(begun, m)
	k.equal("list", []string{}, k.listed(wa.TemplateFilter{}))
	k.clock.advance(time.Second)
	k.replaceTemplates(k.clock.now(), m)
	k.equal("a new list", []string{"order en"}, k.listed(wa.TemplateFilter{}))
}

func aTemplateIsForgottenInOneLanguageOrAll(k *kit) {
	for _, language := range []string{"de", "en", "fr"} {
		k.putTemplate(k.template("order", language))
	}
	k.putTemplate(k.template("other", "en"))
	k.ok(k.s.ForgetTemplate(k.Context(), k.account, k.waba(), "order", "en", k.clock.now()))
	k.equal("without en", []string{"order de", "order fr", "other en"}, k.listed(wa.TemplateFilter{}))
	k.ok(k.s.ForgetTemplate(k.Context(), k.account, k.waba(), "order", "", k.clock.now()))
	k.equal("without all", []string{"other en"}, k.listed(wa.TemplateFilter{}))
	k.ok(k.s.ForgetTemplate(k.Context(), k.account, k.waba(), "order", "", k.clock.now()))
}

func templatesAreListedByFilterAndPage(k *kit) {
	sale := k.template("spring_sale", "de")
	sale.Category, sale.Definition.Header = "MARKETING", &wa.HeaderDefinition{Format: wa.HeaderImage}
	paused := k.template("old_sale", "en")
	paused.Status = wa.TemplatePaused
	shop := k.template("shop", "en")
	shop.Definition.Buttons = []wa.ButtonDefinition{{Kind: "CATALOG"}}
	for _, m := range []wa.StoredTemplate{sale, paused, shop} {
		k.putTemplate(m)
	}
	for _, row := range []struct {
		name   string
		filter wa.TemplateFilter
		want   []string
	}{
		{"all", wa.TemplateFilter{}, []string{"old_sale en", "shop en", "spring_sale de"}},
		{"name", wa.TemplateFilter{NameHas: "SALE"}, []string{"old_sale en", "spring_sale de"}},
		{"a name that is no pattern", wa.TemplateFilter{NameHas: "%"}, []string{}},
		{"status", wa.TemplateFilter{Status: wa.TemplatePaused}, []string{"old_sale en"}},
		{"language", wa.TemplateFilter{Language: "en"}, []string{"old_sale en", "shop en"}},
		{"category", wa.TemplateFilter{Category: "MARKETING"}, []string{"spring_sale de"}},
		{"one kind", wa.TemplateFilter{Kinds: []wa.TemplateKind{wa.TemplateMedia}}, []string{"spring_sale de"}},
		{
			"two kinds",
			wa.TemplateFilter{Kinds: []wa.TemplateKind{wa.TemplateText, wa.TemplateCatalogue}},
			[]string{"old_sale en", "shop en"},
		},
		{"two conditions", wa.TemplateFilter{NameHas: "sale", Language: "de"}, []string{"spring_sale de"}},
	} {
		k.equal(row.name, row.want, k.listed(row.filter))
	}
	page, total, err := k.s.ListTemplates(k.Context(), k.account, k.waba(), wa.TemplateFilter{}, 1, 1)
	k.ok(err)
	k.equal("the second", "shop", only(k, page).Name)
	k.equal("of", 3, total)
	page, total, err = k.s.ListTemplates(k.Context(), k.account, k.waba(), wa.TemplateFilter{}, 10, 3)
	k.ok(err)
	k.equal("behind the end", 0, len(page))
	k.equal("still of", 3, total)
}

func templatesOfAnotherAccountOrWABAAreNotSeen(k *kit) {
	m := k.template("order", "en")
	k.putTemplate(m)
	stranger := k.newAccount()
	k.newSource(stranger, number2)
	for _, where := range []struct {
		account wa.AccountID
		waba    string
	}{{stranger, k.waba()}, {k.account, "1"}} {
		list, total, err := k.s.ListTemplates(k.Context(), where.account, where.waba, wa.TemplateFilter{}, 10, 0)
		k.ok(err)
		k.equal("list", 0, len(list)+total)
		k.equal("named", 0, len(must(k.s.TemplatesNamed(k.Context(), where.account, where.waba, "order"))(k)))
		_, err = k.s.TemplateByID(k.Context(), where.account, where.waba, m.ID)
		k.code(err, wa.CodeNotFound)
		k.ok(k.s.ForgetTemplate(k.Context(), where.account, where.waba, "order", "", k.clock.now()))
		k.ok(k.s.ReplaceTemplates(k.Context(), where.account, where.waba, nil, k.clock.now()))
	}
	k.equal("kept", m, only(k, k.copies("order")))
}

// tell applies a callback about a template of the kit's WABA.
func (k *kit) tell(u wa.TemplateUpdate) {
	k.Helper()
	k.apply(wa.Update{WABAID: k.waba(), Template: &u})
}

func aCallbackChangesATemplate(k *kit) {
	m, other := k.template("order", "en_US"), k.template("other", "en_US")
	other.ID = "99"
	k.putTemplate(m)
	k.putTemplate(other)
	k.clock.advance(time.Second)
	k.tell(wa.TemplateUpdate{ID: m.ID, Name: "order", Language: "en_US", Status: wa.TemplatePaused, Reason: "LOW"})
	want := m
	want.Status, want.Reason, want.UpdatedAt = wa.TemplatePaused, "LOW", k.clock.now()
	k.equal("paused", want, only(k, k.copies("order")))
	k.tell(wa.TemplateUpdate{ID: m.ID, Quality: "RED"})
	k.tell(wa.TemplateUpdate{ID: m.ID, Category: "MARKETING"})
	want.Quality, want.Category = "RED", "MARKETING"
	k.equal("quality and category", want, only(k, k.copies("order")))
	k.tell(wa.TemplateUpdate{Name: "order", Language: "en_US", Status: wa.TemplateApproved})
	want.Status, want.Reason = wa.TemplateApproved, ""
	k.equal("by name, and the reason goes", want, only(k, k.copies("order")))
	k.equal("other", other, only(k, k.copies("other")))
}

func aCallbackLeavesANewerCopy(k *kit) {
	m := k.template("order", "en")
	m.UpdatedAt = k.clock.now().Add(time.Second)
	k.putTemplate(m)
	k.tell(wa.TemplateUpdate{ID: m.ID, Status: wa.TemplatePaused})
	k.equal("template", m, only(k, k.copies("order")))
}

func aCallbackDeletesATemplate(k *kit) {
	m := k.template("order", "en")
	k.putTemplate(m)
	begun := k.clock.now()
	k.clock.advance(time.Second)
	k.tell(wa.TemplateUpdate{ID: m.ID, Status: wa.TemplateDeleted})
	k.replaceTemplates(begun, m)
	k.equal("list", []string{}, k.listed(wa.TemplateFilter{}))
}

func (k *kit) claimSyncs() []wa.TemplateSync {
	k.Helper()
	return must(k.s.ClaimTemplateSyncs(k.Context(), 10, lease))(k)
}

// rested claims the kit's sync and puts it off for a day.
func (k *kit) rested() {
	k.Helper()
	k.ok(k.s.SettleTemplateSync(k.Context(), only(k, k.claimSyncs()), 24*time.Hour, 0))
	k.equal("rests", 0, len(k.claimSyncs()))
}

func aNewSourceIsSynced(k *kit) {
	y := only(k, k.claimSyncs())
	k.equal("sync", wa.TemplateSync{AccountID: k.account, WABAID: k.waba(), Claim: 1}, y)
	k.ok(k.s.SettleTemplateSync(k.Context(), y, 24*time.Hour, 0))
	k.newSource(k.account, number2)
	k.equal("a second source", 2, only(k, k.claimSyncs()).Claim)
}

func aSyncIsGivenToOneWorkerAndComesBack(k *kit) {
	y := only(k, k.claimSyncs())
	k.equal("a second claim", 0, len(k.claimSyncs()))
	y.Attempts = 3
	k.ok(k.s.SettleTemplateSync(k.Context(), y, time.Hour, 0))
	k.lost(k.s.SettleTemplateSync(k.Context(), y, 0, 0))
	k.clock.advance(time.Hour - time.Microsecond)
	k.equal("too early", 0, len(k.claimSyncs()))
	k.clock.advance(time.Microsecond)
	again := only(k, k.claimSyncs())
	k.equal("attempts", 3, again.Attempts)
	k.clock.advance(lease)
	heir := only(k, k.claimSyncs())
	k.lost(k.s.SettleTemplateSync(k.Context(), again, 0, 0))
	k.ok(k.s.SettleTemplateSync(k.Context(), heir, 0, 0))
}

func aSyncThatIsMadeDueMeanwhileIsDueAgain(k *kit) {
	y := only(k, k.claimSyncs())
	k.ok(k.s.MakeTemplateSyncDue(k.Context(), k.account, k.waba()))
	k.tell(wa.TemplateUpdate{ID: "1", Status: wa.TemplatePaused})
	k.equal("while it is worked on", 0, len(k.claimSyncs()))
	k.ok(k.s.SettleTemplateSync(k.Context(), y, 24*time.Hour, time.Second))
	k.equal("while it rests", 0, len(k.claimSyncs()))
	k.clock.advance(time.Second)
	again := only(k, k.claimSyncs())
	k.equal("claim", y.Claim+1, again.Claim)
	k.ok(k.s.SettleTemplateSync(k.Context(), again, 24*time.Hour, time.Second))
	k.clock.advance(time.Hour)
	k.equal("due once", 0, len(k.claimSyncs()))
	k.ok(k.s.MakeTemplateSyncDue(k.Context(), k.account, "none"))
	_, err := k.s.TemplateSync(k.Context(), k.account, "none")
	k.code(err, wa.CodeNotFound)
}

func aSyncRestsWhateverHappens(k *kit) {
	k.ok(k.s.SettleTemplateSync(k.Context(), only(k, k.claimSyncs()), time.Hour, time.Hour))
	k.clock.advance(time.Minute)
	for _, change := range k.templateChanges() {
		change.make()
		k.equal(change.name, 0, len(k.claimSyncs()))
	}
	k.newSource(k.account, number2)
	k.equal("another source", 0, len(k.claimSyncs()))
	k.clock.advance(59*time.Minute - time.Microsecond)
	k.equal("too early", 0, len(k.claimSyncs()))
	k.clock.advance(time.Microsecond)
	k.equal("rested", 1, len(k.claimSyncs()))
}

func recoveryFreesTemplateSyncs(k *kit) {
	dead := only(k, k.claimSyncs())
	k.restart()
	k.equal("freed", 1, must(k.s.RecoverTemplateSyncs(k.Context()))(k))
	k.equal("freed twice", 0, must(k.s.RecoverTemplateSyncs(k.Context()))(k))
	k.lost(k.s.SettleTemplateSync(k.Context(), dead, 0, 0))
	k.equal("claimed", 1, len(k.claimSyncs()))
}

// templateChange is something that makes a sync due.
type templateChange struct {
	name string
	make func()
}

func (k *kit) templateChanges() []templateChange {
	return []templateChange{
		{"put", func() { k.putTemplate(k.template("order", "en")) }},
		{"forget", func() { k.ok(k.s.ForgetTemplate(k.Context(), k.account, k.waba(), "order", "", k.clock.now())) }},
		{"callback", func() { k.tell(wa.TemplateUpdate{ID: "1", Status: wa.TemplatePaused}) }},
		{"asked for", func() { k.ok(k.s.MakeTemplateSyncDue(k.Context(), k.account, k.waba())) }},
		{"new token", func() {
			k.source.Number.Token = wa.NewSecret("another token")
			k.ok(k.s.UpdateSource(k.Context(), k.source))
		}},
	}
}

func whatChangesATemplateMakesTheSyncDue(k *kit) {
	for _, change := range k.templateChanges() {
		k.rested()
		k.sleep()
		change.make()
		select {
		case <-k.s.Wake(store.StageTemplates):
		case <-time.After(10 * time.Second):
			k.Fatalf("%s does not wake the stage", change.name)
		}
		y := only(k, k.claimSyncs())
		k.ok(k.s.SettleTemplateSync(k.Context(), y, 0, 0))
	}
	k.rested()
	k.ok(k.s.UpdateSource(k.Context(), k.source))
	k.equal("the same token", 0, len(k.claimSyncs()))
}

func theLastSourceTakesTheTemplatesAlong(k *kit) {
	second := k.newSource(k.account, number2)
	k.putTemplate(k.template("order", "en"))
	k.ok(k.s.DeleteSource(k.Context(), k.account, k.source.ID))
	k.equal("with the second", 1, len(k.copies("order")))
	k.ok(k.s.DeleteSource(k.Context(), k.account, second.ID))
	k.equal("without", 0, len(k.copies("order")))
	k.equal("syncs", 0, len(k.claimSyncs()))
	k.replaceTemplates(k.clock.now(), k.template("order", "en"))
	k.equal("a list that came late", 0, len(k.copies("order")))
}

func sourcesAreFoundByWABA(k *kit) {
	second := k.newSource(k.account, number2)
	stranger := k.newSource(k.newAccount(), number2)
	elsewhere := k.buildSource(k.account, number2)
	elsewhere.Number.WABAID = "1"
	must(k.s.CreateSource(k.Context(), elsewhere))(k)
	got := each(must(k.s.SourcesByWABA(k.Context(), k.waba()))(k), func(src wa.Source) wa.SourceID { return src.ID })
	k.equal("sources", []wa.SourceID{k.source.ID, second.ID, stranger.ID}, got)
	k.equal("unknown", 0, len(must(k.s.SourcesByWABA(k.Context(), "none"))(k)))
}
