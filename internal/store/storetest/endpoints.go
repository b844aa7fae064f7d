package storetest

import (
	"slices"
	"time"

	"github.com/waypost/waypost/internal/store"
	"github.com/waypost/waypost/internal/wa"
)

func endpoints() []promise {
	return []promise{
		{"AnEndpointIsReadAsItWasKept", anEndpointIsReadAsItWasKept},
		{"AnEndpointTakesThePlaceOfTheOneBefore", anEndpointTakesThePlaceOfTheOneBefore},
		{"DeliveriesUnderWayGoToTheNewAddress", deliveriesUnderWayGoToTheNewAddress},
		{"DeletingAnEndpointDropsItsDeliveries", deletingAnEndpointDropsItsDeliveries},
		{"AnEndpointWithoutANameIsNamedAfterItsKind", anEndpointWithoutANameIsNamedAfterItsKind},
		{"ASourceHasAnEndpointOfItsOwn", aSourceHasAnEndpointOfItsOwn},
		{"AStatusGoesToTheEndpointsOfItsSource", aStatusGoesToTheEndpointsOfItsSource},
		{"AnInboundMessageGoesToTheEndpointsOfItsNumber", anInboundMessageGoesToTheEndpointsOfItsNumber},
		{"ADisabledEndpointKeepsItsEvents", aDisabledEndpointKeepsItsEvents},
		{"DisablingFindsNoOtherEndpoint", disablingFindsNoOtherEndpoint},
	}
}

func (k *kit) listEndpoints() []wa.Endpoint {
	k.Helper()
	return must(k.s.Endpoints(k.Context(), k.account))(k)
}

func anEndpointIsReadAsItWasKept(k *kit) {
	incoming := k.newEndpoint(k.account, wa.EventIncoming)
	status := k.newEndpoint(k.account, wa.EventStatus)
	k.newEndpoint(k.newAccount(), wa.EventStatus)
	k.restart()
	k.equal("endpoints by kind", []wa.Endpoint{status, incoming}, k.listEndpoints())
}

func anEndpointTakesThePlaceOfTheOneBefore(k *kit) {
	k.newEndpoint(k.account, wa.EventStatus)
	incoming := k.newEndpoint(k.account, wa.EventIncoming)
	k.clock.advance(time.Hour)
	got := must(k.s.PutEndpoint(k.Context(), wa.Endpoint{
		ID: wa.NewID[wa.EndpointID](), AccountID: k.account, Kind: wa.EventStatus, CreatedAt: k.clock.now(),
		URL: "https://new.example/", Headers: map[string]wa.Secret{"Authorization": wa.NewSecret("Bearer new")},
	}))(k)
	// What is returned is what is kept.
	k.equal("endpoints", []wa.Endpoint{got, incoming}, k.listEndpoints())
	k.equal("address", "https://new.example/", got.URL)
}

func deliveriesUnderWayGoToTheNewAddress(k *kit) {
	k.newEndpoint(k.account, wa.EventIncoming)
	k.apply(k.wrote("wamid.in"))
	first := only(k, k.claimDeliveries(10))
	k.ok(k.s.SettleDelivery(k.Context(), first, wa.DeliveryResult{After: time.Minute}))
	put := must(k.s.PutEndpoint(k.Context(), wa.Endpoint{
		ID: wa.NewID[wa.EndpointID](), AccountID: k.account, Kind: wa.EventIncoming, URL: "https://new.example/",
		CreatedAt: k.clock.now(),
	}))(k)
	k.clock.advance(time.Minute)
	again := only(k, k.claimDeliveries(10))
	k.equal("delivery", first.ID, again.ID)
	k.equal("address", put.URL, again.Endpoint.URL)
	k.equal("headers", put.Headers, again.Endpoint.Headers)
}

func deletingAnEndpointDropsItsDeliveries(k *kit) {
	k.newEndpoint(k.account, wa.EventIncoming)
	k.newEndpoint(k.account, wa.EventStatus)
	k.apply(k.wrote("wamid.1"))
	held := only(k, k.claimDeliveries(10))
	m := k.sent("wamid.out")
	k.apply(k.wrote("wamid.2"), k.report("wamid.out", wa.StatusDelivered))

	k.ok(k.s.DeleteEndpoint(k.Context(), endpointKey(k.account, wa.EventIncoming)))
	k.equal("kinds left", []wa.EventKind{wa.EventStatus}, each(k.listEndpoints(), func(e wa.Endpoint) wa.EventKind { return e.Kind }))
	k.lost(k.s.SettleDelivery(k.Context(), held, wa.DeliveryResult{Done: true}))
	k.clock.advance(2 * lease)
	k.equal("delivery to the other endpoint", m.ID, only(k, k.claimDeliveries(10)).Event.MessageID)

	// A new endpoint does not inherit them.
	k.newEndpoint(k.account, wa.EventIncoming)
	k.equal("deliveries", 0, len(k.claimDeliveries(10)))
	k.code(k.s.DeleteEndpoint(k.Context(), endpointKey(k.newAccount(), wa.EventIncoming)), wa.CodeNotFound)
}

func anEndpointWithoutANameIsNamedAfterItsKind(k *kit) {
	k.equal("name", "incoming", k.newEndpoint(k.account, wa.EventIncoming).Name)
	k.equal("name kept", "incoming", only(k, k.listEndpoints()).Name)
}

func aSourceHasAnEndpointOfItsOwn(k *kit) {
	all := k.newEndpoint(k.account, wa.EventStatus)
	first := k.newSourceEndpoint(wa.EventStatus, "a")
	second := k.newSourceEndpoint(wa.EventStatus, "b")
	k.restart()
	k.equal("endpoints by kind and source", []wa.Endpoint{all, first, second}, k.listEndpoints())

	// Each takes the place of its own only.
	changed := first
	changed.ID, changed.URL, changed.Name, changed.Disabled = wa.NewID[wa.EndpointID](), "https://new.example/", "new", true
	first = must(k.s.PutEndpoint(k.Context(), changed))(k)
	changed.ID = first.ID
	k.equal("what is returned", changed, first)
	k.equal("one replaced", []wa.Endpoint{all, first, second}, k.listEndpoints())
	k.ok(k.s.DeleteEndpoint(k.Context(), endpointKey(k.account, wa.EventStatus)))
	k.equal("one deleted", []wa.Endpoint{first, second}, k.listEndpoints())
	k.ok(k.s.DeleteEndpoint(k.Context(), store.EndpointKey{AccountID: k.account, Kind: wa.EventStatus, SourceID: "b"}))
	k.equal("another deleted", []wa.Endpoint{first}, k.listEndpoints())
}

// toldTo returns the names of the endpoints that have something to be
// delivered, each as often as it has.
func (k *kit) toldTo() []string {
	k.Helper()
	names := each(k.claimDeliveries(100), func(d wa.Delivery) string { return d.Endpoint.Name })
	slices.Sort(names)
	return names
}

func aStatusGoesToTheEndpointsOfItsSource(k *kit) {
	k.newEndpoint(k.account, wa.EventStatus)
	k.newEndpoint(k.account, wa.EventIncoming)
	k.newSourceEndpoint(wa.EventStatus, k.source.ID)
	// Of the same number, and not what the message was sent from.
	k.newSourceEndpoint(wa.EventStatus, k.newSource(k.account, number).ID)
	k.newSourceEndpoint(wa.EventStatus, "gone")
	want := []string{"event", "of " + string(k.source.ID)}

	m := k.sent("wamid.1")
	k.apply(k.report("wamid.1", wa.StatusDelivered))
	k.equal("a status of Meta's", want, k.toldTo())
	k.apply(k.report("wamid.1", wa.StatusDelivered))
	k.equal("the same again", 0, len(k.toldTo()))
	k.ok(k.s.SettleMessage(k.Context(), k.begun(), wa.Outcome{Kind: wa.OutcomeRejected}))
	k.equal("a failure of ours", want, k.toldTo())

	k.ok(k.s.DeleteSource(k.Context(), k.account, m.SourceID))
	k.apply(k.report("wamid.1", wa.StatusRead))
	k.equal("a status after its source was deleted", want, k.toldTo())
}

func anInboundMessageGoesToTheEndpointsOfItsNumber(k *kit) {
	k.newEndpoint(k.account, wa.EventStatus)
	k.newEndpoint(k.account, wa.EventIncoming)
	k.newSourceEndpoint(wa.EventIncoming, k.source.ID)
	same, other := k.newSource(k.account, number), k.newSource(k.account, number2)
	k.newSourceEndpoint(wa.EventIncoming, same.ID)
	k.newSourceEndpoint(wa.EventIncoming, other.ID)
	theirs := k.newSource(k.newAccount(), number)
	k.newSourceEndpoint(wa.EventIncoming, theirs.ID)
	want := []string{"incoming", "of " + string(k.source.ID), "of " + string(same.ID)}
	slices.Sort(want)

	k.apply(k.wrote("wamid.in"))
	k.equal("a message to the number", want, k.toldTo())
	// An answer belongs to the number it came to, not to what it answers.
	k.sent("wamid.out")
	reply := k.wrote("wamid.reply")
	reply.Inbound.ReplyTo, reply.NumberID, reply.Inbound.NumberID = "wamid.out", number2, number2
	k.apply(reply)
	k.equal("an answer to another number", []string{"incoming", "of " + string(other.ID)}, k.toldTo())
}

func aDisabledEndpointKeepsItsEvents(k *kit) {
	e, ctx := k.newEndpoint(k.account, wa.EventIncoming), k.Context()
	open := k.newSourceEndpoint(wa.EventIncoming, k.source.ID)
	k.apply(k.wrote("wamid.0"))
	k.equal("deliveries", []string{"incoming", open.Name}, k.toldTo())
	key := endpointKey(k.account, wa.EventIncoming)
	k.ok(k.s.SetEndpointDisabled(ctx, key, true))
	k.ok(k.s.SetEndpointDisabled(ctx, key, true)) // twice is no error
	k.apply(k.wrote("wamid.1"), k.wrote("wamid.2"))
	e.Disabled = true
	k.equal("endpoints", []wa.Endpoint{e, open}, k.listEndpoints())
	k.restart()
	k.equal("only those of the other", []string{open.Name, open.Name}, k.toldTo())
	// Put in place of itself it stays what it is told to be.
	must(k.s.PutEndpoint(ctx, e))(k)
	k.equal("claimed", 0, len(k.claimDeliveries(10)))

	k.sleep()
	k.ok(k.s.SetEndpointDisabled(ctx, key, false))
	k.woken("enabling an endpoint", store.StageDeliveries)
	k.equal("what was kept", []string{"incoming", "incoming"}, k.toldTo())

	k.ok(k.s.SetEndpointDisabled(ctx, key, true))
	k.apply(k.wrote("wamid.3"))
	k.sleep()
	e.Disabled = false
	must(k.s.PutEndpoint(ctx, e))(k)
	k.woken("an enabled endpoint in place of a disabled one", store.StageDeliveries)
	k.equal("what was kept", []string{"incoming", open.Name}, k.toldTo())
}

func disablingFindsNoOtherEndpoint(k *kit) {
	e := k.newEndpoint(k.account, wa.EventIncoming)
	for _, key := range []store.EndpointKey{
		endpointKey(k.account, wa.EventStatus),
		endpointKey(k.newAccount(), wa.EventIncoming),
		{AccountID: k.account, Kind: wa.EventIncoming, SourceID: k.source.ID},
	} {
		k.code(k.s.SetEndpointDisabled(k.Context(), key, true), wa.CodeNotFound)
		k.code(k.s.DeleteEndpoint(k.Context(), key), wa.CodeNotFound)
	}
	k.equal("endpoints", []wa.Endpoint{e}, k.listEndpoints())
}
