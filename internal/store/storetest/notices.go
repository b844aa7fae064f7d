package storetest

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/waypost/waypost/internal/store"
	"github.com/waypost/waypost/internal/wa"
)

func notices() []promise {
	return []promise{
		{"ANoticeIsOneEventThatNobodyIsSent", aNoticeIsOneEventThatNobodyIsSent},
		{"NoticesOfAnotherAccountAreNotSeen", noticesOfAnotherAccountAreNotSeen},
		{"ANoticeChangesWhatIsKnownOfANumber", aNoticeChangesWhatIsKnownOfANumber},
		{"ANoticeOfAWABAIsForAllItsNumbers", aNoticeOfAWABAIsForAllItsNumbers},
		{"ANoticeByPhoneNumberIsForThatOne", aNoticeByPhoneNumberIsForThatOne},
		{"AnOlderNoticeOverridesNothing", anOlderNoticeOverridesNothing},
		{"ANumberThatTheAppUsesIsSlow", aNumberThatTheAppUsesIsSlow},
		{"ANoticeHasTheNumberRead", aNoticeHasTheNumberRead},
		{"AnOlderCallbackLeavesATemplate", anOlderCallbackLeavesATemplate},
		{"StatusesThatContradictAreMarked", statusesThatContradictAreMarked},
		{"UnmatchedStatusesAreListed", unmatchedStatusesAreListed},
		{"ALargeCallbackIsAppliedWhole", aLargeCallbackIsAppliedWhole},
		{"CallbacksAreSettledInTheirOrder", callbacksAreSettledInTheirOrder},
		{"OneCallbackDoesNotKeepTheOthers", oneCallbackDoesNotKeepTheOthers},
		{"KeptCallbacksAreListed", keptCallbacksAreListed},
		{"ACallbackCanBeAppliedAgain", aCallbackCanBeAppliedAgain},
		{"ParkedCallbacksCanBeAppliedAgain", parkedCallbacksCanBeAppliedAgain},
	}
}

// notice makes an update with a notice about the kit's WABA.
func (k *kit) notice(n wa.Notice) wa.Update {
	n.WABAID, n.Field = k.waba(), "field"
	if n.At.IsZero() {
		n.At = k.clock.now()
	}
	return wa.Update{WABAID: n.WABAID, Notice: &n}
}

func (k *kit) noticed() []wa.Event {
	k.Helper()
	return must(k.s.Notices(k.Context(), k.account, "", 100))(k)
}

func aNoticeIsOneEventThatNobodyIsSent(k *kit) {
	k.newEndpoint(k.account, wa.EventStatus)
	k.newEndpoint(k.account, wa.EventIncoming)
	first := k.notice(wa.Notice{Kind: wa.NoticeOther, Rest: json.RawMessage(`{"a":1,"b":[2.50]}`)})
	k.apply(first)
	k.restart()
	want := wa.Event{AccountID: k.account, Kind: wa.EventNotice, At: k.clock.now(), Notice: first.Notice}
	got := only(k, k.noticed())
	want.ID = got.ID
	k.equal("event", want, got)

	again := *first.Notice
	again.Rest = json.RawMessage(`{"b": [2.50], "a": 1}`) // Meta's order of keys varies
	k.clock.advance(time.Hour)
	k.apply(wa.Update{WABAID: k.waba(), Notice: &again}, first)
	k.equal("the same again", 1, len(k.noticed()))
	other := *first.Notice
	other.Rest = json.RawMessage(`{"a":1,"b":[2.51]}`)
	k.apply(wa.Update{WABAID: k.waba(), Notice: &other})
	all := k.noticed()
	k.equal("another", 2, len(all))
	k.equal("the newest is first", string(other.Rest), string(all[0].Notice.Rest))
	k.equal("the next page", 1, len(must(k.s.Notices(k.Context(), k.account, all[0].ID, 100))(k)))
	k.equal("deliveries", 0, len(k.claimDeliveries(10)))
}

func noticesOfAnotherAccountAreNotSeen(k *kit) {
	theirs := k.newAccount()
	k.newSource(theirs, number)
	k.apply(k.notice(wa.Notice{Kind: wa.NoticeReview, Event: "APPROVED"}))
	k.equal("theirs", 0, len(must(k.s.Notices(k.Context(), theirs, "", 10))(k)))
	k.apply(k.notice(wa.Notice{Kind: wa.NoticeAccount, Event: "ACCOUNT_DELETED", Account: &wa.AccountChange{}}))
	k.equal("their number", "", must(k.s.Number(k.Context(), theirs, number))(k).Status)
	k.equal("ours", "DELETED", k.number().Status)
}

func aNoticeChangesWhatIsKnownOfANumber(k *kit) {
	limit := func(event string, l wa.LimitChange) wa.Notice {
		return wa.Notice{Kind: wa.NoticeLimit, Event: event, Limit: &l}
	}
	name := func(event string) wa.Notice {
		return wa.Notice{Kind: wa.NoticeName, Event: event, Name: &wa.NameDecision{Requested: "Shop " + event}}
	}
	account := func(event string, c wa.AccountChange) wa.Notice {
		return wa.Notice{Kind: wa.NoticeAccount, Event: event, Account: &c}
	}
	capability := func(c wa.Capability) wa.Notice { return wa.Notice{Kind: wa.NoticeCapability, Capability: &c} }
	var want wa.NumberState
	for _, step := range []struct {
		what   string
		notice wa.Notice
		change func(*wa.NumberState)
	}{
		{"tier", limit("ONBOARDING", wa.LimitChange{Tier: "TIER_250"}), func(n *wa.NumberState) { n.Tier = "TIER_250" }},
		{"no tier", limit("ONBOARDING", wa.LimitChange{Tier: "TIER_NOT_SET"}), func(*wa.NumberState) {}},
		{"of the business", limit("UPGRADE", wa.LimitChange{Tier: "TIER_250", PeoplePerDay: 2000}), func(n *wa.NumberState) { n.Tier = "TIER_2K" }},
		{"of the business by name", limit("UPGRADE", wa.LimitChange{BusinessTier: "TIER_10K"}), func(n *wa.NumberState) { n.Tier = "TIER_10K" }},
		{
			"throughput", limit("THROUGHPUT_UPGRADE", wa.LimitChange{Tier: "TIER_UNLIMITED"}),
			func(n *wa.NumberState) { n.Throughput, n.Tier = wa.ThroughputHigh, "TIER_UNLIMITED" },
		},
		{"flagged", limit("FLAGGED", wa.LimitChange{}), func(n *wa.NumberState) { n.Status = "FLAGGED" }},
		{"unflagged", limit("UNFLAGGED", wa.LimitChange{}), func(n *wa.NumberState) { n.Status = "CONNECTED" }},
		{"capability", capability(wa.Capability{PeoplePerDay: 100_000}), func(n *wa.NumberState) { n.Tier = "TIER_100K" }},
		{"no limit", capability(wa.Capability{PeoplePerDay: -1}), func(n *wa.NumberState) { n.Tier = "TIER_UNLIMITED" }},
		{"of the number", capability(wa.Capability{PeoplePerDayAndNumber: 250}), func(n *wa.NumberState) { n.Tier = "TIER_250" }},
		{"only numbers", capability(wa.Capability{NumbersPerWABA: 25}), func(*wa.NumberState) {}},
		{"name", name("APPROVED"), func(n *wa.NumberState) { n.NameStatus, n.VerifiedName = "APPROVED", "Shop APPROVED" }},
		{"refused name", name("REJECTED"), func(n *wa.NumberState) { n.NameStatus = "DECLINED" }},
		{"banned soon", account("DISABLED_UPDATE", wa.AccountChange{BanState: "SCHEDULE_FOR_DISABLE"}), func(*wa.NumberState) {}},
		{"banned", account("DISABLED_UPDATE", wa.AccountChange{BanState: "DISABLE"}), func(n *wa.NumberState) { n.Status = "BANNED" }},
		{"back", account("DISABLED_UPDATE", wa.AccountChange{BanState: "REINSTATE"}), func(n *wa.NumberState) { n.Status = "CONNECTED" }},
		{"no calls", account("ACCOUNT_RESTRICTION", wa.AccountChange{
			Restrictions: []wa.Restriction{{Type: "RESTRICTED_USER_INITIATED_CALLING"}},
		}), func(*wa.NumberState) {}},
		{"restricted", account("ACCOUNT_RESTRICTION", wa.AccountChange{
			Restrictions: []wa.Restriction{{Type: "RESTRICTED_BIZ_INITIATED_MESSAGING"}},
		}), func(n *wa.NumberState) { n.Status = "RESTRICTED" }},
		{"away", account("ACCOUNT_OFFBOARDED", wa.AccountChange{}), func(n *wa.NumberState) { n.Status = "DISCONNECTED" }},
		{"here again", account("ACCOUNT_RECONNECTED", wa.AccountChange{}), func(n *wa.NumberState) { n.Status = "CONNECTED" }},
		{"deleted", account("ACCOUNT_DELETED", wa.AccountChange{}), func(n *wa.NumberState) { n.Status = "DELETED" }},
		{"violation", account("ACCOUNT_VIOLATION", wa.AccountChange{Violation: "SCAM"}), func(*wa.NumberState) {}},
	} {
		want = k.number()
		k.clock.advance(time.Second)
		step.change(&want)
		k.apply(k.notice(step.notice))
		got := k.number()
		if want.ToldAt = got.ToldAt; got != want {
			k.Fatalf("%s: it is %+v, want %+v", step.what, got, want)
		}
	}
	if k.number().ToldAt.IsZero() {
		k.Fatalf("it does not say that it was told")
	}
}

func aNoticeOfAWABAIsForAllItsNumbers(k *kit) {
	k.newSource(k.account, number2)
	elsewhere := k.buildSource(k.account, "300")
	elsewhere.Number.WABAID = "1"
	must(k.s.CreateSource(k.Context(), elsewhere))(k)
	k.apply(k.notice(wa.Notice{Kind: wa.NoticeCapability, Capability: &wa.Capability{PeoplePerDay: 2000}}))
	for id, want := range map[string]string{number: "TIER_2K", number2: "TIER_2K", "300": ""} {
		k.equal("tier of "+id, want, must(k.s.Number(k.Context(), k.account, id))(k).Tier)
	}
}

func aNoticeByPhoneNumberIsForThatOne(k *kit) {
	second := k.buildSource(k.account, number2)
	second.Number.Display = "4915550100001"
	must(k.s.CreateSource(k.Context(), second))(k)
	k.apply(k.notice(wa.Notice{Kind: wa.NoticeLimit, Phone: "+49 1555 0100001", Limit: &wa.LimitChange{Tier: "TIER_10K"}}))
	k.apply(k.notice(wa.Notice{Kind: wa.NoticeLimit, Phone: "+49 1555 0199999", Limit: &wa.LimitChange{Tier: "TIER_50"}}))
	k.equal("the other", "", k.number().Tier)
	k.equal("this one", "TIER_10K", must(k.s.Number(k.Context(), k.account, number2))(k).Tier)
}

func anOlderNoticeOverridesNothing(k *kit) {
	tier := func(tier string) wa.Update {
		return k.notice(wa.Notice{Kind: wa.NoticeLimit, Limit: &wa.LimitChange{Tier: tier}})
	}
	first := tier("TIER_250")
	name := k.notice(wa.Notice{Kind: wa.NoticeName, Event: "APPROVED", Name: &wa.NameDecision{Requested: "Shop"}})
	k.clock.advance(time.Second)
	second := tier("TIER_2K")
	k.clock.advance(time.Second)
	k.apply(second)
	k.apply(first)
	k.equal("tier", "TIER_2K", k.number().Tier)
	k.apply(name)
	k.equal("another column", "Shop", k.number().VerifiedName)

	// Of two at once it is the same one in whichever order they come.
	k.apply(tier("TIER_50"))
	k.apply(tier("TIER_10K"))
	one := k.number().Tier
	k.clock.advance(time.Second)
	k.apply(tier("TIER_10K"))
	k.apply(tier("TIER_50"))
	k.equal("tier", one, k.number().Tier)

	// What Meta's node said later is newer, and what is told after that is newer.
	before := tier("TIER_1K")
	k.clock.advance(time.Second)
	k.ok(k.s.PutNumber(k.Context(), k.node()))
	k.apply(before)
	k.equal("after the node", k.node().Tier, k.number().Tier)
	k.clock.advance(time.Second)
	k.apply(tier("TIER_100K"))
	k.equal("told after the node", "TIER_100K", k.number().Tier)
}

func aNumberThatTheAppUsesIsSlow(k *kit) {
	echo := k.notice(wa.Notice{Kind: wa.NoticeEcho, NumberID: number, Message: &wa.SyncedMessage{Message: wa.Inbound{WAMID: "wamid.1"}}})
	echo.NumberID = number
	k.apply(echo)
	if n := k.number(); !n.Coexistence || n.Throughput != wa.ThroughputCoexistence {
		k.Fatalf("it is %+v", n)
	}
	k.clock.advance(time.Second)
	k.apply(k.notice(wa.Notice{Kind: wa.NoticeLimit, Event: "THROUGHPUT_UPGRADE", Limit: &wa.LimitChange{}}))
	k.equal("after an upgrade", wa.ThroughputCoexistence, k.number().Throughput)
}

func aNoticeHasTheNumberRead(k *kit) {
	r := only(k, k.claimReads())
	k.ok(k.s.SettleNumberRead(k.Context(), r, 1000*time.Hour, time.Minute))
	k.clock.advance(time.Hour)
	u := k.notice(wa.Notice{Kind: wa.NoticeLimit, Limit: &wa.LimitChange{Tier: "TIER_2K"}})
	k.apply(u)
	k.equal("due", 1, len(k.claimReads()))
}

func anOlderCallbackLeavesATemplate(k *kit) {
	m := k.template("order", "en")
	k.putTemplate(m)
	say := func(after time.Duration, u wa.TemplateUpdate) {
		u.ID, u.At = m.ID, k.clock.now().Add(after)
		k.tell(u)
	}
	start := k.clock.now()
	k.clock.advance(time.Hour)
	say(-time.Minute, wa.TemplateUpdate{Status: wa.TemplatePaused, Reason: "LOW"})
	say(-2*time.Minute, wa.TemplateUpdate{Status: wa.TemplateApproved})
	say(-3*time.Minute, wa.TemplateUpdate{Quality: "RED"})
	say(-4*time.Minute, wa.TemplateUpdate{Quality: "GREEN", Category: "MARKETING"})
	got := only(k, k.copies("order"))
	k.equal("template", []string{"PAUSED", "LOW", "RED", "MARKETING"}, []string{string(got.Status), got.Reason, got.Quality, got.Category})
	if !got.UpdatedAt.After(start) {
		k.Fatalf("it was updated at %v", got.UpdatedAt)
	}
}

func statusesThatContradictAreMarked(k *kit) {
	marked := func(m wa.Message) map[string]bool {
		all := map[string]bool{}
		for _, e := range k.events(m) {
			all[fact(e)] = e.Status.Conflict
		}
		return all
	}
	want := map[string]bool{"sent ": false, "delivered ": true, "failed ": true}
	for i, order := range [][]wa.Status{
		{wa.StatusSent, wa.StatusDelivered, wa.StatusFailed},
		{wa.StatusFailed, wa.StatusSent, wa.StatusDelivered},
	} {
		wamid := fmt.Sprint("wamid.", i)
		m := k.sent(wamid)
		for _, status := range order {
			k.apply(k.report(wamid, status))
		}
		k.equal("marked", want, marked(m))
		k.status(m, wa.StatusDelivered)
	}
	// In a group it may fail for one and reach another.
	m := k.sent("wamid.group")
	for participant, status := range map[string]wa.Status{"15550100003": wa.StatusDelivered, "15550100004": wa.StatusFailed} {
		u := k.report("wamid.group", status)
		u.Status.Participant = participant
		k.apply(u)
	}
	k.equal("in a group", map[string]bool{"delivered 15550100003": false, "failed 15550100004": false}, marked(m))
}

func unmatchedStatusesAreListed(k *kit) {
	list := func(account wa.AccountID) []wa.UnmatchedStatus {
		return must(k.s.UnmatchedStatuses(k.Context(), account, 10))(k)
	}
	m := k.begun()
	k.apply(k.report("wamid.1", wa.StatusDelivered))
	k.clock.advance(time.Second)
	k.apply(k.report("wamid.2", wa.StatusRead))
	k.restart()
	all := list(k.account)
	k.equal("unmatched", []string{"wamid.2", "wamid.1"}, each(all, func(u wa.UnmatchedStatus) string { return u.Status.WAMID }))
	k.equal("when", k.clock.now(), all[0].At)
	k.equal("limited", 1, len(must(k.s.UnmatchedStatuses(k.Context(), k.account, 1))(k)))
	k.equal("of another account", 0, len(list(k.newAccount())))
	k.ok(k.s.SettleMessage(k.Context(), m, wa.Outcome{Kind: wa.OutcomeSent, WAMID: "wamid.1"}))
	k.equal("left", "wamid.2", only(k, list(k.account)).Status.WAMID)
}

func aLargeCallbackIsAppliedWhole(k *kit) {
	const updates = 1000
	var all []wa.Update
	for i := range updates {
		all = append(all, k.wrote(fmt.Sprint("wamid.", i)))
		all[i].Inbound.From = strconv.Itoa(15550100000 + i)
	}
	k.keep()
	c := only(k, k.claimCallbacks(10))
	accounts := []wa.AccountUpdates{{AccountID: k.account, Updates: all}}
	stale := c
	stale.Claim++
	k.lost(k.s.SettleCallback(k.Context(), stale, accounts))
	k.equal("with another's claim", "never", k.window("15550100000"))
	k.ok(k.s.SettleCallback(k.Context(), c, accounts))
	for _, i := range []int{0, 99, 100, 500, updates - 1} {
		k.equal("window", "0s", k.window(strconv.Itoa(15550100000+i)))
	}
	k.lost(k.s.SettleCallback(k.Context(), c, accounts))
}

func callbacksAreSettledInTheirOrder(k *kit) {
	k.newEndpoint(k.account, wa.EventIncoming)
	const callbacks = 300
	for range callbacks {
		k.keep()
	}
	var all []store.Decoded
	var want []string
	for i, c := range k.claimCallbacks(callbacks) {
		u := k.wrote(fmt.Sprintf("wamid.%03d", i))
		all = append(all, store.Decoded{Callback: c, Updates: []wa.AccountUpdates{{AccountID: k.account, Updates: []wa.Update{u}}}})
		want = append(want, "inbound "+u.Inbound.WAMID)
	}
	for _, err := range k.s.SettleCallbacks(k.Context(), all) {
		k.ok(err)
	}
	k.equal("told", want, each(k.claimDeliveries(callbacks), func(d wa.Delivery) string { return fact(d.Event) }))
	k.equal("nothing to do", 0, len(k.s.SettleCallbacks(k.Context(), nil)))
}

func oneCallbackDoesNotKeepTheOthers(k *kit) {
	for range 3 {
		k.keep()
	}
	var all []store.Decoded
	for i, c := range k.claimCallbacks(10) {
		u := k.wrote(fmt.Sprint("wamid.", i))
		u.Inbound.From = strconv.Itoa(15550100010 + i)
		all = append(all, store.Decoded{Callback: c, Updates: []wa.AccountUpdates{{AccountID: k.account, Updates: []wa.Update{u}}}})
	}
	all[1].Callback.Claim++
	errs := k.s.SettleCallbacks(k.Context(), all)
	k.equal("errors", 3, len(errs))
	k.ok(errs[0])
	k.lost(errs[1])
	k.ok(errs[2])
	for i, want := range []string{"0s", "never", "0s"} {
		k.equal("window", want, k.window(strconv.Itoa(15550100010+i)))
	}
}

func keptCallbacksAreListed(k *kit) {
	first, second, third := k.keep(), k.keep(), k.keep()
	claimed := k.claimCallbacks(2)
	k.ok(k.s.SettleCallback(k.Context(), claimed[0], nil))
	k.ok(k.s.PutOffCallback(k.Context(), claimed[1], 0, true, "no JSON"))
	k.restart()
	state := func(c wa.KeptCallback) string { return string(c.ID) + " " + string(c.State) + " " + c.Reason }
	all := must(k.s.Callbacks(k.Context(), "", 10))(k)
	k.equal("all", []string{string(third.ID) + " new ", string(second.ID) + " parked no JSON", string(first.ID) + " done "}, each(all, state))
	k.equal("the next page", []string{string(first.ID) + " done "}, each(must(k.s.Callbacks(k.Context(), second.ID, 10))(k), state))
	parked := only(k, must(k.s.ParkedCallbacks(k.Context(), "", 10))(k))
	k.equal("parked", string(second.ID)+" parked no JSON", state(parked))
	k.equal("without its body", 0, len(parked.Body))
	k.equal("but its size", len(second.Body), parked.Size)
	k.equal("before", 0, len(must(k.s.ParkedCallbacks(k.Context(), second.ID, 10))(k)))
	one := must(k.s.Callback(k.Context(), second.ID))(k)
	k.equal("body", second.Body, one.Body)
	k.equal("received", second.ReceivedAt, one.ReceivedAt)
	_, err := k.s.Callback(k.Context(), "none")
	k.code(err, wa.CodeNotFound)
}

func aCallbackCanBeAppliedAgain(k *kit) {
	c := k.keep()
	k.code(k.s.RetryCallback(k.Context(), c.ID), wa.CodeConflict)
	k.code(k.s.RetryCallback(k.Context(), "none"), wa.CodeNotFound)
	k.ok(k.s.SettleCallback(k.Context(), only(k, k.claimCallbacks(10)), nil))
	k.clock.advance(time.Hour)
	k.ok(k.s.RetryCallback(k.Context(), c.ID))
	again := only(k, k.claimCallbacks(10))
	k.equal("the same", c.ID, again.ID)
	k.equal("it counts from one", 1, again.Attempts)
	k.code(k.s.RetryCallback(k.Context(), c.ID), wa.CodeConflict)
}

func parkedCallbacksCanBeAppliedAgain(k *kit) {
	const parked = 501 // more than one step
	for range parked + 1 {
		k.keep()
	}
	all := k.claimCallbacks(parked + 1)
	for _, c := range all[:parked] {
		k.ok(k.s.PutOffCallback(k.Context(), c, 0, true, "no JSON"))
	}
	k.ok(k.s.SettleCallback(k.Context(), all[parked], nil))
	k.equal("parked", parked, must(k.s.RetryParkedCallbacks(k.Context()))(k))
	k.equal("claimed", parked, len(k.claimCallbacks(1000)))
	k.equal("nothing is left", 0, must(k.s.RetryParkedCallbacks(k.Context()))(k))
}
