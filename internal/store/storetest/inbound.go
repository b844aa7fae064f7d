package storetest

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"strings"
	"time"

	"github.com/waypost/waypost/internal/wa"
)

func inbound() []promise {
	return []promise{
		{"AnInboundMessageOpensTheWindow", anInboundMessageOpensTheWindow},
		{"AWindowIsOpenedForTheContact", aWindowIsOpenedForTheContact},
		{"AWindowNeverMovesBack", aWindowNeverMovesBack},
		{"AWindowIsNotOpenedFromTheFuture", aWindowIsNotOpenedFromTheFuture},
		{"AnInboundMessageIsOneEvent", anInboundMessageIsOneEvent},
		{"AReplyFindsItsMessage", aReplyFindsItsMessage},
		{"InboundMediaIsToBeFetched", inboundMediaIsToBeFetched},
	}
}

func anInboundMessageOpensTheWindow(k *kit) {
	u := k.wrote("wamid.in")
	k.clock.advance(time.Minute) // the callback took a minute
	k.apply(u)
	k.restart()
	// It counts from when the person wrote.
	k.equal("window", "-1m0s", k.window(person))
}

func aWindowIsOpenedForTheContact(k *kit) {
	group, named := k.wrote("wamid.1"), k.wrote("wamid.2")
	group.Inbound.GroupID = "group-1"
	group.Inbound.From = "15550100002"
	named.Inbound.From, named.Inbound.UserID = "", "user-7"
	k.apply(group, named)
	for contact, want := range map[string]string{"group-1": "0s", "15550100002": "never", "user-7": "0s", person: "never"} {
		k.equal("window of "+contact, want, k.window(contact))
	}
}

func aWindowNeverMovesBack(k *kit) {
	early := k.wrote("wamid.1")
	k.clock.advance(time.Hour)
	k.apply(k.wrote("wamid.2"))
	k.apply(early)
	k.equal("window", "0s", k.window(person))
	k.clock.advance(time.Hour)
	k.apply(k.wrote("wamid.3"))
	k.equal("window", "0s", k.window(person))
}

func aWindowIsNotOpenedFromTheFuture(k *kit) {
	u := k.wrote("wamid.1")
	u.Inbound.At = k.clock.now().Add(time.Hour)
	k.apply(u)
	k.equal("window", "0s", k.window(person))
	missing := k.wrote("wamid.2")
	missing.Inbound.At, missing.Inbound.From = time.Time{}, "15550100002"
	k.apply(missing)
	k.equal("window without a time", "0s", k.window("15550100002"))
}

func anInboundMessageIsOneEvent(k *kit) {
	endpoint := k.newEndpoint(k.account, wa.EventIncoming)
	k.newEndpoint(k.account, wa.EventStatus)
	u := k.wrote("wamid.in")
	u.Inbound.Raw = json.RawMessage(`{"type":"reaction"}`)
	k.apply(u)
	k.restart()
	d := only(k, k.claimDeliveries(10))
	want := wa.Event{
		ID: d.Event.ID, AccountID: k.account, Kind: wa.EventIncoming, At: k.clock.now(), Inbound: u.Inbound,
	}
	k.equal("event", want, d.Event)
	k.equal("endpoint", endpoint.URL, d.Endpoint.URL)
	if d.Message != nil {
		k.Fatalf("got message %s, want none", d.Message.ID)
	}
}

func aReplyFindsItsMessage(k *kit) {
	k.newEndpoint(k.account, wa.EventIncoming)
	m := k.sent("wamid.out")
	reply, stranger := k.wrote("wamid.1"), k.wrote("wamid.2")
	reply.Inbound.ReplyTo, stranger.Inbound.ReplyTo = "wamid.out", "wamid.not.ours"
	k.apply(reply)
	d := only(k, k.claimDeliveries(10))
	k.equal("message of the event", m.ID, d.Event.MessageID)
	k.equal("message of the delivery", &m, d.Message)
	k.apply(stranger)
	d = only(k, k.claimDeliveries(10))
	k.equal("message of the event", wa.MessageID(""), d.Event.MessageID)
}

func inboundMediaIsToBeFetched(k *kit) {
	k.newEndpoint(k.account, wa.EventIncoming)
	digest := []byte(strings.Repeat("\xfe", 32))
	u := k.wrote("wamid.1")
	u.Inbound.Type = "image"
	u.Inbound.Media = &wa.InboundMedia{
		MetaID: "7788", Kind: wa.KindDocument, MIMEType: "application/pdf", Filename: "a.pdf", Caption: "the contract",
		SHA256: base64.StdEncoding.EncodeToString(digest),
	}
	k.apply(u)
	if u.Inbound.Media.ID != "" {
		k.Fatalf("the update that was handed in has changed")
	}
	k.restart()
	got := only(k, k.claimFetches(10))
	want := wa.StoredMedia{
		ID: got.ID, AccountID: k.account, State: wa.MediaPending, Kind: wa.KindDocument, MIMEType: "application/pdf",
		Filename: "a.pdf", CreatedAt: k.clock.now(), Claim: 1, Attempts: 1,
		Inbound: &wa.InboundFile{MetaID: "7788", NumberID: number, SHA256: hex.EncodeToString(digest), WAMID: "wamid.1"},
	}
	k.equal("media", want, got)
	k.equal("media of the event", got.ID, only(k, k.claimDeliveries(10)).Event.Inbound.Media.ID)
	k.equal("media by id", want, k.media(got.ID))
}
