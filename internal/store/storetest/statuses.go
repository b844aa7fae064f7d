package storetest

import (
	"slices"

	"pgregory.net/rapid"

	"github.com/waypost/waypost/internal/wa"
)

func statuses() []promise {
	return []promise{
		{"AStatusFindsItsMessageByTag", aStatusFindsItsMessageByTag},
		{"AStatusFindsItsMessageByWAMID", aStatusFindsItsMessageByWAMID},
		{"AStatusWithAnUnknownTagFindsItByWAMID", aStatusWithAnUnknownTagFindsItByWAMID},
		{"AnEarlyStatusIsParkedAndMatched", anEarlyStatusIsParkedAndMatched},
		{"AParkedStatusIsMatchedByATaggedOne", aParkedStatusIsMatchedByATaggedOne},
		{"AStatusOfAnotherNumberChangesNothing", aStatusOfAnotherNumberChangesNothing},
		{"AStatusOnlyMovesForward", aStatusOnlyMovesForward},
		{"EachNewStatusIsOneEventWithItsDeliveries", eachNewStatusIsOneEventWithItsDeliveries},
		{"ARepeatedCallbackChangesNothing", aRepeatedCallbackChangesNothing},
		{"StatusesInAnyOrderEndTheSame", statusesInAnyOrderEndTheSame},
	}
}

func aStatusFindsItsMessageByTag(k *kit) {
	other, m := k.begun(), k.begun()
	k.apply(k.tagged(m, "wamid.1", wa.StatusSent))
	k.status(m, wa.StatusSent)
	k.equal("wamid", "wamid.1", k.now(m).WAMID)
	k.status(other, wa.StatusDispatched)
}

func aStatusFindsItsMessageByWAMID(k *kit) {
	other, m := k.sent("wamid.1"), k.sent("wamid.2")
	k.apply(k.report("wamid.2", wa.StatusDelivered))
	k.status(m, wa.StatusDelivered)
	k.status(other, wa.StatusSent)
}

func aStatusWithAnUnknownTagFindsItByWAMID(k *kit) {
	m := k.sent("wamid.1")
	k.apply(k.tagged(k.build(), "wamid.1", wa.StatusDelivered))
	k.status(m, wa.StatusDelivered)
}

func anEarlyStatusIsParkedAndMatched(k *kit) {
	k.newEndpoint(k.account, wa.EventStatus)
	m := k.begun()
	early := []wa.Update{k.report("wamid.1", wa.StatusSent), k.report("wamid.1", wa.StatusDelivered)}
	early[1].Status.NumberID = "" // the update says it
	k.apply(early...)
	k.apply(early...)
	k.equal("facts before the answer", []string(nil), k.facts(m))
	k.equal("deliveries before the answer", 0, len(k.claimDeliveries(10)))

	k.restart()
	k.ok(k.s.SettleMessage(k.Context(), m, wa.Outcome{Kind: wa.OutcomeSent, WAMID: "wamid.1"}))
	k.status(m, wa.StatusDelivered)
	facts := k.facts(m)
	slices.Sort(facts)
	k.equal("facts", []string{"delivered ", "sent "}, facts)
	k.equal("deliveries", 2, len(k.claimDeliveries(10)))

	// Nothing is left of it: the same again is not new.
	k.apply(early...)
	k.equal("deliveries", 0, len(k.claimDeliveries(10)))
}

func aParkedStatusIsMatchedByATaggedOne(k *kit) {
	m := k.begun()
	k.ok(k.s.SettleMessage(k.Context(), m, wa.Outcome{Kind: wa.OutcomeUnknown}))
	k.apply(k.report("wamid.1", wa.StatusDelivered)) // without a tag
	k.status(m, wa.StatusUncertain)
	k.apply(k.tagged(m, "wamid.1", wa.StatusSent))
	k.status(m, wa.StatusDelivered)
	k.equal("facts", []string{"sent ", "delivered "}, k.facts(m))
}

func aStatusOfAnotherNumberChangesNothing(k *kit) {
	sent, early := k.sent("wamid.1"), k.begun()
	of := func(u wa.Update) wa.Update {
		u.NumberID, u.Status.NumberID = number2, number2
		return u
	}
	k.apply(of(k.report("wamid.1", wa.StatusRead)), of(k.tagged(sent, "wamid.1", wa.StatusRead)), of(k.report("wamid.2", wa.StatusRead)))
	k.status(sent, wa.StatusSent)
	k.ok(k.s.SettleMessage(k.Context(), early, wa.Outcome{Kind: wa.OutcomeSent, WAMID: "wamid.2"}))
	k.status(early, wa.StatusSent)
	k.equal("facts", 0, len(k.facts(sent))+len(k.facts(early)))
}

func aStatusOnlyMovesForward(k *kit) {
	m := k.sent("wamid.1")
	for _, step := range []struct{ reported, want wa.Status }{
		{wa.StatusRead, wa.StatusRead},
		{wa.StatusDelivered, wa.StatusRead},
		{wa.StatusSent, wa.StatusRead},
		{wa.StatusFailed, wa.StatusRead},
		{wa.StatusPlayed, wa.StatusPlayed},
	} {
		k.apply(k.report("wamid.1", step.reported))
		k.status(m, step.want)
	}
	k.equal("facts", []string{"read ", "delivered ", "sent ", "failed ", "played "}, k.facts(m))
}

func eachNewStatusIsOneEventWithItsDeliveries(k *kit) {
	k.newEndpoint(k.account, wa.EventStatus)
	m := k.sent("wamid.1")
	report := k.report("wamid.1", wa.StatusFailed)
	report.Status.Failure = &wa.Failure{Code: 131047, Title: "re-engagement", Details: "window closed"}
	report.Status.Participant = "15550100009"
	k.apply(report)
	k.restart()
	e := only(k, k.events(m))
	want := wa.Event{
		ID: e.ID, AccountID: k.account, Kind: wa.EventStatus, MessageID: m.ID, At: k.clock.now(), Status: report.Status,
	}
	k.equal("event", want, e)
	k.equal("event of the delivery", want, only(k, k.claimDeliveries(10)).Event)
}

func aRepeatedCallbackChangesNothing(k *kit) {
	k.newEndpoint(k.account, wa.EventStatus)
	k.newEndpoint(k.account, wa.EventIncoming)
	m := k.sent("wamid.out")
	photo := k.wrote("wamid.photo")
	photo.Inbound.Media = &wa.InboundMedia{MetaID: "77", Kind: wa.KindImage}
	updates := []wa.Update{
		k.report("wamid.out", wa.StatusDelivered), k.tagged(m, "wamid.out", wa.StatusRead),
		k.wrote("wamid.in"), photo, k.report("wamid.unknown", wa.StatusSent),
	}
	k.apply(updates...)
	before := k.now(m)
	k.equal("deliveries", 4, len(k.claimDeliveries(100)))
	k.equal("fetches", 1, len(k.claimFetches(100)))
	for range 3 {
		k.apply(updates...)
	}
	k.equal("message", before, k.now(m))
	k.equal("facts", []string{"delivered ", "read "}, k.facts(m))
	k.equal("new deliveries", 0, len(k.claimDeliveries(100)))
	k.equal("new fetches", 0, len(k.claimFetches(100)))
}

// statusesInAnyOrderEndTheSame shuffles the statuses of one message, doubles
// some, gives some a tag, and lets the answer to the send come anywhere among
// them or get lost.
func statusesInAnyOrderEndTheSame(k *kit) {
	t, ok := k.tester.(rapid.TB)
	if !ok {
		k.Fatalf("the property needs a *testing.T")
	}
	k.newEndpoint(k.account, wa.EventStatus)
	rapid.Check(t, func(rt *rapid.T) {
		k := &kit{tester: rt, s: k.s, clock: k.clock, account: k.account, source: k.source}
		k.endTheSame(drawStatuses(rt))
	})
}

// drawnStatuses are the statuses of one message in the order in which Meta
// reports them, with the answer to the send in front of the one at answerAt.
type drawnStatuses struct {
	reports  []drawnReport
	answerAt int
	answered bool
}

type drawnReport struct {
	status      wa.Status
	participant string
	tagged      bool
	alone       bool // starts a callback of its own
}

func drawStatuses(t *rapid.T) drawnStatuses {
	reports := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) drawnReport {
		return drawnReport{
			status: rapid.SampledFrom([]wa.Status{
				wa.StatusSent, wa.StatusDelivered, wa.StatusRead, wa.StatusPlayed, wa.StatusFailed,
			}).Draw(t, "status"),
			participant: rapid.SampledFrom([]string{"", "", "15550100009"}).Draw(t, "participant"),
			tagged:      rapid.Bool().Draw(t, "tagged"),
			alone:       rapid.Bool().Draw(t, "alone"),
		}
	}), 1, 6).Draw(t, "reports")
	reports = rapid.Permutation(append(reports, reports...)).Draw(t, "order")
	return drawnStatuses{
		reports:  reports,
		answerAt: rapid.IntRange(0, len(reports)).Draw(t, "answer at"),
		answered: rapid.Bool().Draw(t, "answered"),
	}
}

func (k *kit) endTheSame(d drawnStatuses) {
	k.Helper()
	m := k.begun()
	wamid := "wamid." + string(m.ID)
	answer := wa.Outcome{Kind: wa.OutcomeUnknown}
	if d.answered {
		answer = wa.Outcome{Kind: wa.OutcomeSent, WAMID: wamid}
	}
	var callback []wa.Update
	flush := func() {
		if len(callback) > 0 {
			k.apply(callback...)
			callback = nil
		}
	}
	for i, r := range d.reports {
		if i == d.answerAt {
			flush()
			k.ok(k.s.SettleMessage(k.Context(), m, answer))
		}
		if r.alone {
			flush()
		}
		u := k.report(wamid, r.status)
		u.Status.Participant = r.participant
		if r.tagged {
			u.MessageID = m.ID
		}
		callback = append(callback, u)
	}
	flush()
	if d.answerAt == len(d.reports) {
		k.ok(k.s.SettleMessage(k.Context(), m, answer))
	}

	wantStatus, wantFacts := d.end()
	gotFacts := k.facts(m)
	slices.Sort(gotFacts)
	k.equal("status", wantStatus, k.now(m).Status)
	k.equal("facts", wantFacts, gotFacts)
	told := 0
	for _, d := range k.claimDeliveries(100) {
		if d.Event.MessageID == m.ID {
			told++
		}
	}
	k.equal("deliveries", len(wantFacts), told)
}

// end is where the message ends, whatever the order was.
func (d drawnStatuses) end() (wa.Status, []string) {
	status := wa.StatusUncertain
	known := d.answered // the wamid, by the answer or by a tag
	if d.answered {
		status = wa.StatusSent
	}
	for _, r := range d.reports {
		known = known || r.tagged
	}
	if !known {
		return status, nil
	}
	var facts []string
	for _, r := range d.reports {
		status = status.After(r.status)
		facts = append(facts, string(r.status)+" "+r.participant)
	}
	slices.Sort(facts)
	return status, slices.Compact(facts)
}
