package storetest

import (
	"fmt"
	"time"

	"github.com/waypost/waypost/internal/wa"
)

func deliveries() []promise {
	return []promise{
		{"ADeliveryCarriesAllItNeeds", aDeliveryCarriesAllItNeeds},
		{"ClaimGivesADeliveryToOneWorkerOnly", claimGivesADeliveryToOneWorkerOnly},
		{"ClaimTakesTheLongestDueDeliveryFirst", claimTakesTheLongestDueDeliveryFirst},
		{"AClaimKeepsToTheRoomForEachEndpoint", aClaimKeepsToTheRoomForEachEndpoint},
		{"ADeliveryClaimRunsOutWithItsLease", aDeliveryClaimRunsOutWithItsLease},
		{"RecoveryFreesDeliveries", recoveryFreesDeliveries},
		{"ADeliveryThatIsDoneIsOver", aDeliveryThatIsDoneIsOver},
		{"ADeliveryThatIsGivenUpIsOver", aDeliveryThatIsGivenUpIsOver},
		{"ADeliveryThatFailedComesBack", aDeliveryThatFailedComesBack},
		{"ASecondSettleOfADeliveryChangesNothing", aSecondSettleOfADeliveryChangesNothing},
	}
}

// deliver makes n deliveries, each due a second after the one before.
func (k *kit) deliver(n int) {
	k.Helper()
	k.newEndpoint(k.account, wa.EventIncoming)
	for i := range n {
		k.apply(k.wrote(fmt.Sprintf("wamid.%d", i)))
		k.clock.advance(time.Second)
	}
}

// delivery makes one delivery and claims it.
func (k *kit) delivery() wa.Delivery {
	k.Helper()
	k.deliver(1)
	return only(k, k.claimDeliveries(10))
}

func (k *kit) over() {
	k.Helper()
	k.clock.advance(1000 * lease)
	k.equal("claimed", 0, len(k.claimDeliveries(10)))
	k.equal("freed", 0, must(k.s.RecoverDeliveries(k.Context()))(k))
}

func aDeliveryCarriesAllItNeeds(k *kit) {
	endpoint := k.newEndpoint(k.account, wa.EventStatus)
	m := k.sent("wamid.1")
	k.apply(k.report("wamid.1", wa.StatusDelivered))
	k.restart()
	got := only(k, k.claimDeliveries(10))
	e, m := only(k, k.events(m)), k.now(m)
	want := wa.Delivery{ID: got.ID, AccountID: k.account, Endpoint: endpoint, Event: e, Message: &m, CreatedAt: e.At, Claim: 1}
	want.Endpoint.CreatedAt = got.Endpoint.CreatedAt // nobody who delivers needs it
	k.equal("delivery", want, got)
}

func claimGivesADeliveryToOneWorkerOnly(k *kit) {
	k.deliver(5)
	first, second, third := k.claimDeliveries(3), k.claimDeliveries(10), k.claimDeliveries(10)
	if len(first) != 3 || len(second) != 2 || len(third) != 0 {
		k.Fatalf("got claims of %d, %d and %d, want 3, 2 and 0", len(first), len(second), len(third))
	}
}

func claimTakesTheLongestDueDeliveryFirst(k *kit) {
	k.deliver(3)
	wamids := func(all []wa.Delivery) []string {
		return each(all, func(d wa.Delivery) string { return d.Event.Inbound.WAMID })
	}
	first := k.claimDeliveries(1)
	k.equal("first", []string{"wamid.0"}, wamids(first))
	k.ok(k.s.SettleDelivery(k.Context(), first[0], wa.DeliveryResult{After: time.Second}))
	k.clock.advance(time.Minute)
	k.equal("the others", []string{"wamid.1", "wamid.2", "wamid.0"}, wamids(k.claimDeliveries(10)))
}

func aClaimKeepsToTheRoomForEachEndpoint(k *kit) {
	full := k.newEndpoint(k.account, wa.EventIncoming)
	other := k.newAccount()
	k.newEndpoint(other, wa.EventIncoming)
	for i := range 4 {
		u := k.wrote(fmt.Sprintf("wamid.%d", i))
		k.applyTo(wa.AccountUpdates{AccountID: k.account, Updates: []wa.Update{u}},
			wa.AccountUpdates{AccountID: other, Updates: []wa.Update{u}})
		k.clock.advance(time.Second)
	}
	claim := func(limit int, room map[wa.EndpointID]int) (claimed []string) {
		for _, d := range must(k.s.ClaimDeliveries(k.Context(), limit, lease, func(id wa.EndpointID) int {
			if n, ok := room[id]; ok {
				return n
			}
			return 10
		}))(k) {
			who := "other "
			if d.Endpoint.ID == full.ID {
				who = "full "
			}
			claimed = append(claimed, who+d.Event.Inbound.WAMID)
		}
		return claimed
	}
	k.equal("one of an endpoint", []string{"full wamid.0"}, claim(1, map[wa.EndpointID]int{full.ID: 1}))
	// Those behind a full endpoint are not held up by it, however long its own
	// are due.
	k.equal("none of it", []string{"other wamid.0", "other wamid.1"}, claim(2, map[wa.EndpointID]int{full.ID: 0}))
	k.equal("less than none of it", []string{"other wamid.2"}, claim(1, map[wa.EndpointID]int{full.ID: -1}))
	k.equal("two of it", []string{"full wamid.1", "full wamid.2", "other wamid.3"}, claim(10, map[wa.EndpointID]int{full.ID: 2}))
	k.equal("the rest", []string{"full wamid.3"}, claim(10, nil))
}

func aDeliveryClaimRunsOutWithItsLease(k *kit) {
	dead := k.delivery()
	k.clock.advance(lease - time.Microsecond)
	k.equal("claimed within the lease", 0, len(k.claimDeliveries(10)))
	k.clock.advance(time.Microsecond)
	heir := only(k, k.claimDeliveries(10))
	k.lost(k.s.SettleDelivery(k.Context(), dead, wa.DeliveryResult{GiveUp: true}))
	k.ok(k.s.SettleDelivery(k.Context(), heir, wa.DeliveryResult{Done: true}))
}

func recoveryFreesDeliveries(k *kit) {
	k.deliver(2)
	dead := k.claimDeliveries(1)[0]
	k.restart()
	k.equal("freed", 1, must(k.s.RecoverDeliveries(k.Context()))(k))
	k.equal("freed twice", 0, must(k.s.RecoverDeliveries(k.Context()))(k))
	k.lost(k.s.SettleDelivery(k.Context(), dead, wa.DeliveryResult{Done: true}))
	k.equal("deliveries", 2, len(k.claimDeliveries(10)))
}

func aDeliveryThatIsDoneIsOver(k *kit) {
	d := k.delivery()
	k.ok(k.s.SettleDelivery(k.Context(), d, wa.DeliveryResult{Done: true, Status: 204, Took: time.Second}))
	k.over()
	k.lost(k.s.SettleDelivery(k.Context(), d, wa.DeliveryResult{}))
}

func aDeliveryThatIsGivenUpIsOver(k *kit) {
	d := k.delivery()
	k.ok(k.s.SettleDelivery(k.Context(), d, wa.DeliveryResult{GiveUp: true, Status: 410, Reason: "gone"}))
	k.over()
	k.lost(k.s.SettleDelivery(k.Context(), d, wa.DeliveryResult{}))
}

func aDeliveryThatFailedComesBack(k *kit) {
	d := k.delivery()
	k.equal("attempts", 0, d.Attempts)
	k.ok(k.s.SettleDelivery(k.Context(), d, wa.DeliveryResult{After: time.Hour, Status: 500, Reason: "HTTP 500"}))
	k.clock.advance(time.Hour - time.Microsecond)
	k.equal("claimed too early", 0, len(k.claimDeliveries(10)))
	k.clock.advance(time.Microsecond)
	again := only(k, k.claimDeliveries(10))
	k.equal("delivery", d.ID, again.ID)
	k.equal("event", d.Event, again.Event)
	k.equal("attempts", 1, again.Attempts)
}

func aSecondSettleOfADeliveryChangesNothing(k *kit) {
	d := k.delivery()
	k.ok(k.s.SettleDelivery(k.Context(), d, wa.DeliveryResult{After: time.Hour}))
	k.lost(k.s.SettleDelivery(k.Context(), d, wa.DeliveryResult{GiveUp: true}))
	k.lost(k.s.SettleDelivery(k.Context(), d, wa.DeliveryResult{}))
	k.equal("claimed too early", 0, len(k.claimDeliveries(10)))
	k.clock.advance(time.Hour)
	k.equal("attempts", 1, only(k, k.claimDeliveries(10)).Attempts)
}
