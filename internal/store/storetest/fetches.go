package storetest

import (
	"fmt"
	"time"

	"github.com/waypost/waypost/internal/wa"
)

func fetches() []promise {
	return []promise{
		{"ClaimGivesAFetchToOneWorkerOnly", claimGivesAFetchToOneWorkerOnly},
		{"AFetchClaimRunsOutWithItsLease", aFetchClaimRunsOutWithItsLease},
		{"RecoveryFreesFetches", recoveryFreesFetches},
		{"AFetchedMediaIsReady", aFetchedMediaIsReady},
		{"ALostMediaIsNotFetchedAgain", aLostMediaIsNotFetchedAgain},
		{"AFetchThatFailedComesBack", aFetchThatFailedComesBack},
		{"ASecondSettleOfAFetchChangesNothing", aSecondSettleOfAFetchChangesNothing},
		{"ADeletedMediaIsNotFetched", aDeletedMediaIsNotFetched},
		{"OneEventTellsThatAMediaIsHere", oneEventTellsThatAMediaIsHere},
		{"OneEventTellsThatAMediaIsLost", oneEventTellsThatAMediaIsLost},
	}
}

// photo makes an update with a photo from a person.
func (k *kit) photo(wamid string) wa.Update {
	u := k.wrote(wamid)
	u.Inbound.Type, u.Inbound.Text = "image", ""
	u.Inbound.Media = &wa.InboundMedia{MetaID: "meta " + wamid, Kind: wa.KindImage, MIMEType: "image/jpeg"}
	return u
}

// pending makes a media that is to be fetched and claims it.
func (k *kit) pending() wa.StoredMedia {
	k.Helper()
	k.apply(k.photo("wamid.photo"))
	return only(k, k.claimFetches(10))
}

func (k *kit) settleFetch(m wa.StoredMedia, state wa.MediaState, after time.Duration) error {
	m.State = state
	if state == wa.MediaReady {
		m.SHA256, m.Size, m.MIMEType = digest("c"), 42, "image/webp"
	}
	return k.s.SettleFetch(k.Context(), m, after)
}

func claimGivesAFetchToOneWorkerOnly(k *kit) {
	for i := range 5 {
		k.apply(k.photo(fmt.Sprintf("wamid.%d", i)))
	}
	first, second, third := k.claimFetches(3), k.claimFetches(10), k.claimFetches(10)
	if len(first) != 3 || len(second) != 2 || len(third) != 0 {
		k.Fatalf("got claims of %d, %d and %d, want 3, 2 and 0", len(first), len(second), len(third))
	}
}

func aFetchClaimRunsOutWithItsLease(k *kit) {
	dead := k.pending()
	k.clock.advance(lease - time.Microsecond)
	k.equal("claimed within the lease", 0, len(k.claimFetches(10)))
	k.clock.advance(time.Microsecond)
	heir := only(k, k.claimFetches(10))
	k.equal("attempts", 2, heir.Attempts)
	k.lost(k.settleFetch(dead, wa.MediaLost, 0))
	k.equal("state", wa.MediaPending, k.media(dead.ID).State)
	k.ok(k.settleFetch(heir, wa.MediaReady, 0))
}

func recoveryFreesFetches(k *kit) {
	dead := k.pending()
	k.restart()
	k.equal("freed", 1, must(k.s.RecoverFetches(k.Context()))(k))
	k.equal("freed twice", 0, must(k.s.RecoverFetches(k.Context()))(k))
	k.lost(k.settleFetch(dead, wa.MediaReady, 0))
	k.equal("media", dead.ID, only(k, k.claimFetches(10)).ID)
}

func (k *kit) noFetchLeft() {
	k.Helper()
	k.clock.advance(1000 * lease)
	k.equal("claimed", 0, len(k.claimFetches(10)))
	k.equal("freed", 0, must(k.s.RecoverFetches(k.Context()))(k))
}

func aFetchedMediaIsReady(k *kit) {
	m := k.pending()
	k.ok(k.settleFetch(m, wa.MediaReady, 0))
	k.restart()
	want := m
	want.State, want.SHA256, want.Size, want.MIMEType = wa.MediaReady, digest("c"), 42, "image/webp"
	k.equal("media", want, k.media(m.ID))
	k.noFetchLeft()
	k.lost(k.settleFetch(m, wa.MediaLost, 0))
}

func aLostMediaIsNotFetchedAgain(k *kit) {
	m := k.pending()
	k.ok(k.settleFetch(m, wa.MediaLost, 0))
	k.equal("state", wa.MediaLost, k.media(m.ID).State)
	k.noFetchLeft()
	k.lost(k.settleFetch(m, wa.MediaReady, 0))
}

func aFetchThatFailedComesBack(k *kit) {
	m := k.pending()
	k.ok(k.settleFetch(m, wa.MediaPending, time.Hour))
	k.clock.advance(time.Hour - time.Microsecond)
	k.equal("claimed too early", 0, len(k.claimFetches(10)))
	k.clock.advance(time.Microsecond)
	again := only(k, k.claimFetches(10))
	k.equal("media", m.ID, again.ID)
	k.equal("attempts", 2, again.Attempts)
}

func aSecondSettleOfAFetchChangesNothing(k *kit) {
	m := k.pending()
	k.ok(k.settleFetch(m, wa.MediaPending, time.Hour))
	k.lost(k.settleFetch(m, wa.MediaLost, 0))
	k.lost(k.settleFetch(m, wa.MediaPending, 0))
	k.equal("state", wa.MediaPending, k.media(m.ID).State)
	k.equal("claimed too early", 0, len(k.claimFetches(10)))
}

func aDeletedMediaIsNotFetched(k *kit) {
	m := k.pending()
	err := k.s.DeleteMedia(k.Context(), k.account, m.ID)
	k.ok(err)
	k.lost(k.settleFetch(m, wa.MediaReady, 0))
	k.equal("events", 0, len(k.mediaEvents(m)))
	k.noFetchLeft()
}

func (k *kit) mediaEvents(m wa.StoredMedia) []wa.Event {
	k.Helper()
	return must(k.s.MediaEvents(k.Context(), m.AccountID, m.ID))(k)
}

func oneEventTellsThatAMediaIsHere(k *kit) {
	k.put(wa.EventStatus, "", "https://customer.example/", nil)
	k.put(wa.EventIncoming, "", "https://customer.example/", nil)
	m := k.pending()
	k.equal("deliveries of the message", 1, len(k.claimDeliveries(10)))
	k.ok(k.settleFetch(m, wa.MediaPending, time.Second))
	k.equal("events while it is pending", 0, len(k.mediaEvents(m)))
	k.clock.advance(time.Second)
	m = only(k, k.claimFetches(10))
	k.ok(k.settleFetch(m, wa.MediaReady, 0))
	k.lost(k.settleFetch(m, wa.MediaReady, 0))
	k.lost(k.settleFetch(m, wa.MediaLost, 0))
	k.restart()
	e := only(k, k.mediaEvents(m))
	k.equal("event", wa.Event{
		ID: e.ID, AccountID: k.account, Kind: wa.EventMedia, At: k.clock.now(), Media: &wa.MediaReport{
			MediaID: m.ID, WAMID: "wamid.photo", NumberID: number, State: wa.MediaReady, MIMEType: "image/webp", SHA256: digest("c"), Size: 42,
		},
	}, e)
	k.equal("deliveries", 0, len(k.claimDeliveries(10))) // no endpoint receives this kind
	k.equal("events for another account", 0, len(must(k.s.MediaEvents(k.Context(), k.newAccount(), m.ID))(k)))
}

func oneEventTellsThatAMediaIsLost(k *kit) {
	m := k.pending()
	k.ok(k.settleFetch(m, wa.MediaLost, 0))
	e := only(k, k.mediaEvents(m))
	k.equal("report", &wa.MediaReport{MediaID: m.ID, WAMID: "wamid.photo", NumberID: number, State: wa.MediaLost, MIMEType: "image/jpeg"}, e.Media)
}
