package storetest

import (
	"time"

	"github.com/waypost/waypost/internal/wa"
)

func isolation() []promise {
	return []promise{
		{"ForeignAccountSeesNothing", foreignAccountSeesNothing},
		{"ForeignAccountChangesNothing", foreignAccountChangesNothing},
		{"ForeignAccountSettlesNothing", foreignAccountSettlesNothing},
		{"ForeignCallbackChangesNothing", foreignCallbackChangesNothing},
	}
}

// property is one of everything that the kit's account can have.
type property struct {
	token    wa.Token
	source   wa.Source
	endpoint wa.Endpoint
	message  wa.Message
	media    wa.StoredMedia
	upload   wa.MetaUpload
}

func (k *kit) property() property {
	k.Helper()
	p := property{
		token: k.newToken(k.account), source: k.source, endpoint: k.newEndpoint(k.account, wa.EventStatus),
		message: k.sent("wamid.mine"), media: k.newMedia(digest("a")), upload: k.saveUpload("mine", time.Hour),
	}
	k.apply(k.report("wamid.mine", wa.StatusDelivered), k.wrote("wamid.in"))
	p.message = k.now(p.message)
	return p
}

// untouched ends the test unless everything is as it was.
func (k *kit) untouched(p property) {
	k.Helper()
	k.authenticates(p.token)
	k.equal("source", p.source, k.readSource(p.source.ID))
	k.equal("default source", p.source.ID, k.defaultSource(k.account))
	k.equal("endpoints", []wa.Endpoint{p.endpoint}, k.listEndpoints())
	k.equal("message", p.message, k.now(p.message))
	k.equal("facts", []string{"delivered "}, k.facts(p.message))
	k.equal("window", "0s", k.window(person))
	k.equal("media", p.media, k.media(p.media.ID))
	k.equal("upload", p.upload, must(k.upload(number, digest("a")))(k))
}

func foreignAccountSeesNothing(k *kit) {
	p, theirs, ctx := k.property(), k.newAccount(), k.Context()
	key := k.uploadKey(number, digest("a"))
	key.AccountID = theirs
	for name, err := range map[string]error{
		"Source":        err2(k.s.Source(ctx, theirs, p.source.ID)),
		"DefaultSource": err2(k.s.DefaultSource(ctx, theirs)),
		"Message":       err2(k.s.Message(ctx, theirs, p.message.ID)),
		"Media":         err2(k.s.Media(ctx, theirs, p.media.ID)),
		"MetaUpload":    err2(k.s.MetaUpload(ctx, key, k.clock.now())),
	} {
		if wa.CodeOf(err) != wa.CodeNotFound {
			k.Errorf("%s: got error %v, want one with code %s", name, err, wa.CodeNotFound)
		}
	}
	for name, n := range map[string]int{
		"Tokens":    len(must(k.s.Tokens(ctx, theirs))(k)),
		"Sources":   len(must(k.s.Sources(ctx, theirs))(k)),
		"Endpoints": len(must(k.s.Endpoints(ctx, theirs))(k)),
		"Events":    len(must(k.s.Events(ctx, theirs, p.message.ID))(k)),
	} {
		if n != 0 {
			k.Errorf("%s: got %d, want none", name, n)
		}
	}
	if until := must(k.s.Window(ctx, theirs, number, person))(k); !until.IsZero() {
		k.Errorf("Window: got %v, want none", until)
	}
	k.untouched(p)
}

func err2[T any](_ T, err error) error { return err }

func foreignAccountChangesNothing(k *kit) {
	p, theirs, ctx := k.property(), k.newAccount(), k.Context()
	source := p.source
	source.AccountID, source.Name, source.Number.Token = theirs, "taken over", wa.NewSecret("theirs")
	errMedia := k.s.DeleteMedia(ctx, theirs, p.media.ID)
	for name, err := range map[string]error{
		"RevokeToken":    k.s.RevokeToken(ctx, theirs, p.token.ID, k.clock.now()),
		"UpdateSource":   k.s.UpdateSource(ctx, source),
		"DeleteSource":   k.s.DeleteSource(ctx, theirs, p.source.ID),
		"DeleteEndpoint": k.s.DeleteEndpoint(ctx, endpointKey(theirs, wa.EventStatus)),
		"DeleteMedia":    errMedia,
	} {
		if wa.CodeOf(err) != wa.CodeNotFound {
			k.Errorf("%s: got error %v, want one with code %s", name, err, wa.CodeNotFound)
		}
	}
	k.untouched(p)

	// What they keep under the same names is theirs.
	endpoint := p.endpoint
	endpoint.AccountID, endpoint.URL = theirs, "https://theirs.example/"
	must(k.s.PutEndpoint(ctx, endpoint))(k)
	must(k.s.CreateSource(ctx, source))(k)
	key := k.uploadKey(number, digest("a"))
	key.AccountID = theirs
	must(k.s.ForgetMetaUpload(ctx, key, "1"))(k)
	k.ok(k.s.SaveMetaUpload(ctx, key, wa.MetaUpload{MetaID: "theirs", ExpiresAt: k.clock.now()}))
	k.untouched(p)
	k.ok(k.s.DeleteEndpoint(ctx, endpointKey(theirs, wa.EventStatus)))
	k.ok(k.s.DeleteSource(ctx, theirs, source.ID))
	must(k.s.ForgetMetaUpload(ctx, key, "theirs"))(k)
	k.untouched(p)
}

func foreignAccountSettlesNothing(k *kit) {
	theirs, ctx := k.newAccount(), k.Context()
	k.deliver(1)
	claimed, begun := k.claimed(), k.begun()
	delivery := only(k, k.claimDeliveries(10))
	fetch := k.pending()

	claimed.AccountID, begun.AccountID, delivery.AccountID, fetch.AccountID = theirs, theirs, theirs, theirs
	_, err := k.s.BeginMessage(ctx, claimed)
	k.lost(err)
	_, err = k.s.CountRefusal(ctx, claimed)
	k.lost(err)
	k.lost(k.s.SettleMessage(ctx, begun, wa.Outcome{Kind: wa.OutcomeRejected}))
	k.lost(k.s.SettleDelivery(ctx, delivery, wa.DeliveryResult{Done: true}))
	k.lost(k.settleFetch(fetch, wa.MediaReady, 0))

	claimed.AccountID, begun.AccountID, delivery.AccountID, fetch.AccountID = k.account, k.account, k.account, k.account
	k.status(claimed, wa.StatusAccepted)
	k.status(begun, wa.StatusDispatched)
	k.equal("media", wa.MediaPending, k.media(fetch.ID).State)
	k.ok(k.s.SettleDelivery(ctx, delivery, wa.DeliveryResult{Done: true}))
}

func foreignCallbackChangesNothing(k *kit) {
	p, theirs := k.property(), k.newAccount()
	k.newSource(theirs, number)
	must(k.s.PutEndpoint(k.Context(), wa.Endpoint{
		ID: wa.NewID[wa.EndpointID](), AccountID: theirs, Kind: wa.EventIncoming, URL: "https://theirs.example/", CreatedAt: k.clock.now(),
	}))(k)
	k.claimDeliveries(10) // those of the kit's account
	reply := k.wrote("wamid.reply")
	reply.Inbound.ReplyTo = "wamid.mine"
	k.applyTo(wa.AccountUpdates{AccountID: theirs, Updates: []wa.Update{
		k.tagged(p.message, "wamid.mine", wa.StatusRead), k.report("wamid.mine", wa.StatusRead), reply,
	}})
	k.untouched(p)
	d := only(k, k.claimDeliveries(10))
	k.equal("account of the delivery", theirs, d.AccountID)
	k.equal("message that was answered", wa.MessageID(""), d.Event.MessageID)
}
