package storetest

import (
	"time"

	"github.com/waypost/waypost/internal/wa"
)

func endpoints() []promise {
	return []promise{
		{"AnEndpointIsReadAsItWasKept", anEndpointIsReadAsItWasKept},
		{"AnEndpointTakesThePlaceOfTheOneBefore", anEndpointTakesThePlaceOfTheOneBefore},
		{"DeliveriesUnderWayGoToTheNewAddress", deliveriesUnderWayGoToTheNewAddress},
		{"DeletingAnEndpointDropsItsDeliveries", deletingAnEndpointDropsItsDeliveries},
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

	k.ok(k.s.DeleteEndpoint(k.Context(), k.account, wa.EventIncoming))
	k.equal("kinds left", []wa.EventKind{wa.EventStatus}, each(k.listEndpoints(), func(e wa.Endpoint) wa.EventKind { return e.Kind }))
	k.lost(k.s.SettleDelivery(k.Context(), held, wa.DeliveryResult{Done: true}))
	k.clock.advance(2 * lease)
	k.equal("delivery to the other endpoint", m.ID, only(k, k.claimDeliveries(10)).Event.MessageID)

	// A new endpoint does not inherit them.
	k.newEndpoint(k.account, wa.EventIncoming)
	k.equal("deliveries", 0, len(k.claimDeliveries(10)))
	k.code(k.s.DeleteEndpoint(k.Context(), k.newAccount(), wa.EventIncoming), wa.CodeNotFound)
}
