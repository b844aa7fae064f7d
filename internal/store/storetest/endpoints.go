package storetest

import (
	"fmt"
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
		{"EndpointsAreKnownByTheirNames", endpointsAreKnownByTheirNames},
		{"AnEndpointMayGetTheEventsOfOneSource", anEndpointMayGetTheEventsOfOneSource},
		{"AnAccountHasSoManyEndpoints", anAccountHasSoManyEndpoints},
		{"HeadersStayWhereTheyWereGiven", headersStayWhereTheyWereGiven},
		{"DeletingASourceRemovesItsEndpoints", deletingASourceRemovesItsEndpoints},
		{"AnEventGoesToEveryEndpointThatItFitsOnce", anEventGoesToEveryEndpointThatItFitsOnce},
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
	was := k.newEndpoint(k.account, wa.EventStatus)
	incoming := k.newEndpoint(k.account, wa.EventIncoming)
	k.clock.advance(time.Hour)
	got := must(k.s.PutEndpoint(k.Context(), wa.Endpoint{
		ID: wa.NewID[wa.EndpointID](), AccountID: k.account, Kind: wa.EventStatus, CreatedAt: k.clock.now(),
		URL: "https://new.example/", Headers: map[string]wa.Secret{"Authorization": wa.NewSecret("Bearer new")},
	}))(k)
	// What is returned is what is kept.
	k.equal("endpoints", []wa.Endpoint{got, incoming}, k.listEndpoints())
	k.equal("address", "https://new.example/", got.URL)
	k.equal("id", was.ID, got.ID)
	k.equal("headers", map[string]wa.Secret{"Authorization": wa.NewSecret("Bearer new")}, got.Headers)
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

// put makes an endpoint with a name.
func (k *kit) put(kind wa.EventKind, name, url string, headers map[string]wa.Secret) wa.Endpoint {
	k.Helper()
	return must(k.s.PutEndpoint(k.Context(), wa.Endpoint{
		ID: wa.NewID[wa.EndpointID](), AccountID: k.account, Kind: kind, Name: name, URL: url, Headers: headers, CreatedAt: k.clock.now(),
	}))(k)
}

func endpointsAreKnownByTheirNames(k *kit) {
	secret := map[string]wa.Secret{"X-Key": wa.NewSecret("of b")}
	b := k.put(wa.EventStatus, "b", "https://b.example/", secret)
	a := k.put(wa.EventStatus, "a", "https://a.example/", nil)
	capital := k.put(wa.EventStatus, "B", "https://capital.example/", nil)
	other := k.put(wa.EventIncoming, "b", "https://in.example/", nil)
	k.restart()
	// A new one takes over nothing of those there are.
	k.equal("endpoints by kind and name", []wa.Endpoint{capital, a, b, other}, k.listEndpoints())
	k.equal("headers", secret, k.listEndpoints()[2].Headers)

	b = k.put(wa.EventStatus, "b", "https://new.example/", secret)
	k.equal("one replaced", []wa.Endpoint{capital, a, b, other}, k.listEndpoints())
	k.ok(k.s.DeleteEndpoint(k.Context(), store.EndpointKey{AccountID: k.account, Kind: wa.EventStatus, Name: "b"}))
	k.equal("one deleted", []wa.Endpoint{capital, a, other}, k.listEndpoints())
}

func anEndpointMayGetTheEventsOfOneSource(k *kit) {
	e := k.newEndpoint(k.account, wa.EventStatus)
	e.SourceID = k.source.ID
	e = must(k.s.PutEndpoint(k.Context(), e))(k)
	k.equal("endpoints", []wa.Endpoint{e}, k.listEndpoints())
	k.equal("source", k.source.ID, e.SourceID)
	for _, id := range []wa.SourceID{"none", k.newSource(k.newAccount(), number).ID} {
		bad := e
		bad.SourceID = id
		_, err := k.s.PutEndpoint(k.Context(), bad)
		k.code(err, wa.CodeNotFound)
	}
	k.equal("endpoints", []wa.Endpoint{e}, k.listEndpoints())
	e.SourceID = ""
	must(k.s.PutEndpoint(k.Context(), e))(k)
	k.equal("for all again", []wa.Endpoint{e}, k.listEndpoints())
}

func anAccountHasSoManyEndpoints(k *kit) {
	for i := range wa.MaxEndpoints {
		k.put(wa.EventStatus, fmt.Sprintf("%02d", i), "https://customer.example/", nil)
	}
	full := k.listEndpoints()
	_, err := k.s.PutEndpoint(k.Context(), wa.Endpoint{
		ID: wa.NewID[wa.EndpointID](), AccountID: k.account, Kind: wa.EventStatus, Name: "one more", URL: "https://customer.example/", CreatedAt: k.clock.now(),
	})
	k.code(err, wa.CodeInvalid)
	k.equal("endpoints", full, k.listEndpoints())
	// Those there are can be changed, and each kind and account has its own.
	k.put(wa.EventStatus, "07", "https://new.example/", nil)
	k.put(wa.EventIncoming, "first", "https://customer.example/", nil)
	k.newEndpoint(k.newAccount(), wa.EventStatus)
	k.ok(k.s.DeleteEndpoint(k.Context(), store.EndpointKey{AccountID: k.account, Kind: wa.EventStatus, Name: "00"}))
	k.put(wa.EventStatus, "one more", "https://customer.example/", nil)
}

// Headers are secrets of the place they were given for.
func headersStayWhereTheyWereGiven(k *kit) {
	given := map[string]wa.Secret{"X-Key": wa.NewSecret("of the place")}
	for _, step := range []struct {
		what, url string
		headers   map[string]wa.Secret
		want      map[string]wa.Secret
	}{
		{"created", "https://customer.example/a", given, given},
		{"another path", "https://customer.example/b?c=d", nil, given},
		{"the port spelled out, the host in capitals", "https://CUSTOMER.example:443/b", nil, given},
		{"emptied", "https://customer.example/b", map[string]wa.Secret{}, nil},
		{"given again", "https://customer.example/b", given, given},
		{"another host", "https://elsewhere.example/b", nil, nil},
		{"given for it", "https://elsewhere.example/b", given, given},
		{"another port", "https://elsewhere.example:8443/b", nil, nil},
		{"given for it", "https://elsewhere.example:8443/b", given, given},
		{"another scheme", "http://elsewhere.example:8443/b", nil, nil},
	} {
		got := k.put(wa.EventStatus, "name", step.url, step.headers)
		k.equal(step.what, step.want, got.Headers)
		k.equal(step.what+", as it is kept", []wa.Endpoint{got}, k.listEndpoints())
	}
}

func deletingASourceRemovesItsEndpoints(k *kit) {
	all := k.newEndpoint(k.account, wa.EventIncoming)
	other := k.newSourceEndpoint(wa.EventIncoming, k.newSource(k.account, number).ID)
	k.newSourceEndpoint(wa.EventIncoming, k.source.ID)
	k.newSourceEndpoint(wa.EventStatus, k.source.ID)
	k.apply(k.wrote("wamid.in"))
	k.ok(k.s.DeleteSource(k.Context(), k.account, k.source.ID))
	k.equal("endpoints", []wa.Endpoint{all, other}, k.listEndpoints())
	// What waited for it is not told to one that is made later.
	must(k.s.CreateSource(k.Context(), k.source))(k)
	k.newSourceEndpoint(wa.EventIncoming, k.source.ID)
	k.equal("deliveries", []string{all.Name, other.Name}, k.toldTo())
}

func anEventGoesToEveryEndpointThatItFitsOnce(k *kit) {
	k.put(wa.EventStatus, "b", "https://same.example/", nil)
	k.put(wa.EventStatus, "a", "https://same.example/", nil)
	k.newSourceEndpoint(wa.EventStatus, k.source.ID)
	second := k.newSourceEndpoint(wa.EventStatus, k.source.ID)
	second.Name = "second of " + string(k.source.ID)
	second.ID = wa.NewID[wa.EndpointID]()
	must(k.s.PutEndpoint(k.Context(), second))(k)
	k.sent("wamid.1")
	k.apply(k.report("wamid.1", wa.StatusDelivered))
	k.equal("told", []string{"a", "b", "of " + string(k.source.ID), second.Name}, k.toldTo())
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
	k.equal("a status after its source was deleted", want[:1], k.toldTo())
}

func anInboundMessageGoesToTheEndpointsOfItsNumber(k *kit) {
	k.newEndpoint(k.account, wa.EventStatus)
	k.newEndpoint(k.account, wa.EventIncoming)
	k.newSourceEndpoint(wa.EventIncoming, k.source.ID)
	same, other := k.newSource(k.account, number), k.newSource(k.account, number2)
	k.newSourceEndpoint(wa.EventIncoming, same.ID)
	k.newSourceEndpoint(wa.EventIncoming, other.ID)
	k.newSource(k.newAccount(), number)
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
	// Whoever changes its address may not have heard that it is disabled.
	was := e
	was.Disabled = false
	k.equal("what is kept", e, must(k.s.PutEndpoint(ctx, was))(k))
	k.equal("claimed", 0, len(k.claimDeliveries(10)))

	k.sleep()
	k.ok(k.s.SetEndpointDisabled(ctx, key, false))
	k.woken("enabling an endpoint", store.StageDeliveries)
	k.equal("what was kept", []string{"incoming", "incoming"}, k.toldTo())

	// Nor does a change disable it again.
	k.equal("enabled", was, must(k.s.PutEndpoint(ctx, e))(k))
}

func disablingFindsNoOtherEndpoint(k *kit) {
	e := k.newEndpoint(k.account, wa.EventIncoming)
	for _, key := range []store.EndpointKey{
		endpointKey(k.account, wa.EventStatus),
		endpointKey(k.newAccount(), wa.EventIncoming),
		{AccountID: k.account, Kind: wa.EventIncoming, Name: "Incoming"},
		{AccountID: k.account, Kind: wa.EventIncoming},
	} {
		k.code(k.s.SetEndpointDisabled(k.Context(), key, true), wa.CodeNotFound)
		k.code(k.s.DeleteEndpoint(k.Context(), key), wa.CodeNotFound)
	}
	k.equal("endpoints", []wa.Endpoint{e}, k.listEndpoints())
}
