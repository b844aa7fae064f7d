package storetest

import (
	"fmt"
	"time"

	"github.com/waypost/waypost/internal/wa"
)

func settle() []promise {
	return []promise{
		{"SentKeepsTheWAMID", sentKeepsTheWAMID},
		{"SentWithoutAWAMIDIsToldByAStatus", sentWithoutAWAMIDIsToldByAStatus},
		{"RejectedFailsTheMessage", rejectedFailsTheMessage},
		{"LaterAndMisconfiguredMakeItDueAgain", laterAndMisconfiguredMakeItDueAgain},
		{"UnknownMakesItUncertain", unknownMakesItUncertain},
		{"ExpiredEndsTheMessage", expiredEndsTheMessage},
		{"NoMessageIsPutOffBeyondItsExpiry", noMessageIsPutOffBeyondItsExpiry},
		{"AClaimThatWasNeverBegunMayBeSettled", aClaimThatWasNeverBegunMayBeSettled},
		{"ASecondSettleOfTheSameClaimChangesNothing", aSecondSettleOfTheSameClaimChangesNothing},
		{"AStatusIsNotTakenBackByALateAnswer", aStatusIsNotTakenBackByALateAnswer},
	}
}

// outcomes is one of each kind.
func outcomes() []wa.Outcome {
	failure := wa.Failure{Code: 131026, VendorCode: "8003", Title: "undeliverable", Details: "not on WhatsApp"}
	return []wa.Outcome{
		{Kind: wa.OutcomeSent, WAMID: "wamid.outcome"},
		{Kind: wa.OutcomeRejected, Failure: failure},
		{Kind: wa.OutcomeLater, After: time.Second, Failure: failure},
		{Kind: wa.OutcomeUnknown, Failure: failure},
		{Kind: wa.OutcomeMisconfigured, After: time.Second, Failure: failure},
		{Kind: wa.OutcomeExpired},
	}
}

func sentKeepsTheWAMID(k *kit) {
	m := k.begun()
	k.ok(k.s.SettleMessage(k.Context(), m, wa.Outcome{Kind: wa.OutcomeSent, WAMID: "wamid.1"}))
	k.restart()
	got := k.now(m)
	k.equal("status", wa.StatusSent, got.Status)
	k.equal("wamid", "wamid.1", got.WAMID)
	k.clock.advance(1000 * lease)
	k.equal("claimed", 0, len(k.claim(10)))
}

func sentWithoutAWAMIDIsToldByAStatus(k *kit) {
	m := k.begun()
	k.ok(k.s.SettleMessage(k.Context(), m, wa.Outcome{Kind: wa.OutcomeSent}))
	k.status(m, wa.StatusSent)
	k.apply(k.tagged(m, "wamid.told", wa.StatusDelivered))
	k.equal("wamid", "wamid.told", k.now(m).WAMID)
	k.apply(k.report("wamid.told", wa.StatusRead))
	k.status(m, wa.StatusRead)
}

func rejectedFailsTheMessage(k *kit) {
	endpoint := k.newEndpoint(k.account, wa.EventStatus)
	k.newEndpoint(k.account, wa.EventIncoming)
	m := k.begun()
	rejected := outcomes()[1]
	k.clock.advance(time.Second)
	k.ok(k.s.SettleMessage(k.Context(), m, rejected))
	k.restart()
	k.status(m, wa.StatusFailed)

	e := only(k, k.events(m))
	want := wa.Event{
		ID: e.ID, AccountID: k.account, Kind: wa.EventStatus, MessageID: m.ID, At: k.clock.now(),
		Status: &wa.StatusReport{
			NumberID: number, Status: wa.StatusFailed, At: k.clock.now(), By: wa.DeciderGateway, Failure: &rejected.Failure,
		},
	}
	k.equal("event", want, e)
	d := only(k, k.claimDeliveries(10))
	k.equal("event of the delivery", want, d.Event)
	k.equal("endpoint of the delivery", endpoint.URL, d.Endpoint.URL)
	k.clock.advance(1000 * lease)
	k.equal("claimed", 0, len(k.claim(10)))
}

func laterAndMisconfiguredMakeItDueAgain(k *kit) {
	for _, kind := range []wa.OutcomeKind{wa.OutcomeLater, wa.OutcomeMisconfigured} {
		m := k.begun()
		k.ok(k.s.SettleMessage(k.Context(), m, wa.Outcome{Kind: kind, After: time.Hour}))
		k.status(m, wa.StatusAccepted)
		k.equal("facts", []string(nil), k.facts(m))
		k.clock.advance(time.Hour - time.Microsecond)
		k.equal("claimed too early", 0, len(k.claim(10)))
		k.clock.advance(time.Microsecond)
		again := only(k, k.claim(10))
		k.equal("message", m.ID, again.ID)
		k.equal("attempts", 1, again.Attempt)
		k.ok(k.s.SettleMessage(k.Context(), again, wa.Outcome{Kind: wa.OutcomeRejected}))
	}
}

func unknownMakesItUncertain(k *kit) {
	m := k.begun()
	k.ok(k.s.SettleMessage(k.Context(), m, wa.Outcome{Kind: wa.OutcomeUnknown, After: time.Second}))
	k.status(m, wa.StatusUncertain)
	k.clock.advance(1000 * lease)
	k.equal("claimed", 0, len(k.claim(10)))
	k.apply(k.tagged(m, "wamid.1", wa.StatusSent))
	k.status(m, wa.StatusSent)
}

func expiredEndsTheMessage(k *kit) {
	k.newEndpoint(k.account, wa.EventStatus)
	m := k.claimed()
	k.clock.advance(time.Second)
	k.ok(k.s.SettleMessage(k.Context(), m, wa.Outcome{Kind: wa.OutcomeExpired}))
	k.restart()
	k.status(m, wa.StatusExpired)
	d := only(k, k.claimDeliveries(10))
	k.equal("status", wa.StatusReport{NumberID: number, Status: wa.StatusExpired, At: k.clock.now(), By: wa.DeciderGateway}, *d.Event.Status)
	k.clock.advance(1000 * lease)
	k.equal("claimed", 0, len(k.claim(10)))
}

func noMessageIsPutOffBeyondItsExpiry(k *kit) {
	m := k.build()
	m.TTL = time.Hour
	k.ok(k.s.Accept(k.Context(), []wa.Message{m}))
	claimed := only(k, k.claim(10))
	k.equal("expiry", m.ExpiresAt(), claimed.ExpiresAt())
	k.ok(k.s.SettleMessage(k.Context(), claimed, wa.Outcome{Kind: wa.OutcomeLater, After: 24 * time.Hour}))
	k.restart()
	k.clock.advance(time.Hour - time.Microsecond)
	k.equal("claimed too early", 0, len(k.claim(10)))
	k.clock.advance(time.Microsecond)
	k.equal("message", m.ID, only(k, k.claim(10)).ID)
}

func aClaimThatWasNeverBegunMayBeSettled(k *kit) {
	m := k.claimed()
	for _, kind := range []wa.OutcomeKind{wa.OutcomeLater, wa.OutcomeMisconfigured} {
		k.ok(k.s.SettleMessage(k.Context(), m, wa.Outcome{Kind: kind, After: time.Second}))
		k.status(m, wa.StatusAccepted)
		k.clock.advance(time.Second)
		m = only(k, k.claim(10))
		k.equal("attempts", 0, m.Attempt)
	}
	k.ok(k.s.SettleMessage(k.Context(), m, wa.Outcome{Kind: wa.OutcomeRejected}))
	k.status(m, wa.StatusFailed)
	k.equal("facts", []string{"failed "}, k.facts(m))
}

func aSecondSettleOfTheSameClaimChangesNothing(k *kit) {
	k.newEndpoint(k.account, wa.EventStatus)
	for _, first := range outcomes() {
		for _, second := range outcomes() {
			m := k.begun()
			k.ok(k.s.SettleMessage(k.Context(), m, first))
			settled, facts := k.now(m), k.facts(m)
			second.After += time.Hour
			k.lost(k.s.SettleMessage(k.Context(), m, second))
			pair := fmt.Sprintf("%s, then %s", first.Kind, second.Kind)
			k.equal(pair, settled, k.now(m))
			k.equal(pair, facts, k.facts(m))
			k.clock.advance(time.Second)
			for _, again := range k.claim(10) { // later: due when the first settle said
				k.equal(pair, m.ID, again.ID)
				k.ok(k.s.SettleMessage(k.Context(), again, wa.Outcome{Kind: wa.OutcomeUnknown}))
			}
		}
	}
}

func aStatusIsNotTakenBackByALateAnswer(k *kit) {
	for _, status := range []wa.Status{wa.StatusSent, wa.StatusDelivered, wa.StatusRead, wa.StatusPlayed, wa.StatusFailed} {
		for i, o := range outcomes() {
			m := k.begun()
			wamid := fmt.Sprintf("wamid.%s.%d", status, i)
			k.apply(k.tagged(m, wamid, status))
			k.status(m, status)
			if o.WAMID != "" {
				o.WAMID = wamid
			}
			k.ok(k.s.SettleMessage(k.Context(), m, o))
			pair := fmt.Sprintf("%s, then %s", status, o.Kind)
			got := k.now(m)
			k.equal(pair, status, got.Status)
			k.equal(pair, wamid, got.WAMID)
			k.equal(pair, []string{string(status) + " "}, k.facts(m))
			k.clock.advance(1000 * lease)
			k.equal(pair+": claimed again", 0, len(k.claim(10)))
		}
	}
}
