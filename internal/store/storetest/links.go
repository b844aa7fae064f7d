package storetest

import (
	"time"

	"github.com/waypost/waypost/internal/wa"
)

func links() []promise {
	return []promise{
		{"AMediaStandsForItsLinkForAWhile", aMediaStandsForItsLinkForAWhile},
		{"TheSameBytesOfALinkAreOneMedia", theSameBytesOfALinkAreOneMedia},
		{"TheLatestMediaStandsForALink", theLatestMediaStandsForALink},
		{"AForgottenLinkStandsForNothing", aForgottenLinkStandsForNothing},
		{"SpentLinksAreListedOldestFirst", spentLinksAreListedOldestFirst},
	}
}

// linked builds a media that a link gave just now.
func (k *kit) linked(link, sha256 string) wa.StoredMedia {
	now := k.clock.now()
	return wa.StoredMedia{
		ID: wa.NewID[wa.MediaID](), AccountID: k.account, State: wa.MediaReady, Kind: wa.KindImage, MIMEType: "image/png", SHA256: sha256,
		Size: 42, Filename: "a.png", CreatedAt: now, Link: &wa.LinkOrigin{Hash: link, FetchedAt: now},
	}
}

func (k *kit) keepLinked(m wa.StoredMedia) wa.StoredMedia {
	k.Helper()
	return must(k.s.KeepLinked(k.Context(), m))(k)
}

func (k *kit) linkedMedia(link string, since time.Time) (wa.StoredMedia, error) {
	return k.s.LinkedMedia(k.Context(), k.account, wa.KindImage, link, since)
}

func aMediaStandsForItsLinkForAWhile(k *kit) {
	link := digest("1")
	_, err := k.linkedMedia(link, time.Time{})
	k.code(err, wa.CodeNotFound)
	want := k.linked(link, digest("a"))
	k.equal("kept", want, k.keepLinked(want))
	k.restart()
	k.equal("linked", want, must(k.linkedMedia(link, want.Link.FetchedAt.Add(-time.Microsecond)))(k))
	k.equal("linked at any time", want, must(k.linkedMedia(link, time.Time{}))(k))
	k.equal("media", want, k.media(want.ID))
	_, err = k.linkedMedia(link, want.Link.FetchedAt)
	k.code(err, wa.CodeNotFound)
	_, err = k.linkedMedia(digest("2"), time.Time{})
	k.code(err, wa.CodeNotFound)
	_, err = k.s.LinkedMedia(k.Context(), k.account, wa.KindDocument, link, time.Time{})
	k.code(err, wa.CodeNotFound)
	_, err = k.s.LinkedMedia(k.Context(), k.newAccount(), wa.KindImage, link, time.Time{})
	k.code(err, wa.CodeNotFound)
	// Media of other origins stand for no link.
	k.newMedia(digest("a"))
	k.apply(k.photo("wamid.photo"))
	_, err = k.linkedMedia("", time.Time{})
	k.code(err, wa.CodeNotFound)
	k.equal("claimed", 1, len(k.claimFetches(10))) // the photo: this one is here
}

func theSameBytesOfALinkAreOneMedia(k *kit) {
	link := digest("1")
	first := k.keepLinked(k.linked(link, digest("a")))
	k.clock.advance(time.Hour)
	again := k.linked(link, digest("a"))
	again.Filename = "b.png"
	want := first
	want.Filename, want.Link = "b.png", &wa.LinkOrigin{Hash: link, FetchedAt: k.clock.now()}
	k.equal("kept again", want, k.keepLinked(again))
	_, err := k.s.Media(k.Context(), k.account, again.ID)
	k.code(err, wa.CodeNotFound)
	k.equal("shared", false, must(k.s.SharesBytes(k.Context(), want))(k))

	other := k.linked(link, digest("a"))
	other.AccountID = k.newAccount()
	k.equal("another account's", other, k.keepLinked(other))
	other = k.linked(digest("2"), digest("a"))
	k.equal("another link's", other, k.keepLinked(other))
	other = k.linked(link, digest("a"))
	other.MIMEType = "image/jpeg"
	k.equal("another type's", other, k.keepLinked(other))
}

func theLatestMediaStandsForALink(k *kit) {
	link := digest("1")
	old := k.keepLinked(k.linked(link, digest("a")))
	k.clock.advance(time.Second)
	k.equal("linked", k.keepLinked(k.linked(link, digest("b"))), must(k.linkedMedia(link, time.Time{}))(k))
	k.clock.advance(time.Second)
	back := k.keepLinked(k.linked(link, digest("a")))
	k.equal("the first again", old.ID, back.ID)
	k.equal("linked", back, must(k.linkedMedia(link, time.Time{}))(k))
}

func aForgottenLinkStandsForNothing(k *kit) {
	link := digest("1")
	m := k.keepLinked(k.linked(link, digest("a")))
	k.ok(k.s.ForgetLinked(k.Context(), k.newAccount(), m.ID))
	must(k.linkedMedia(link, time.Time{}))(k)
	k.ok(k.s.ForgetLinked(k.Context(), k.account, m.ID))
	k.ok(k.s.ForgetLinked(k.Context(), k.account, wa.NewID[wa.MediaID]()))
	_, err := k.linkedMedia(link, time.Time{})
	k.code(err, wa.CodeNotFound)
	k.equal("spent", m.ID, only(k, must(k.s.SpentLinks(k.Context(), k.clock.now().Add(-24*time.Hour), 10))(k)).ID)
	k.equal("fetched again", m.ID, k.keepLinked(k.linked(link, digest("a"))).ID)
	must(k.linkedMedia(link, time.Time{}))(k)
}

func spentLinksAreListedOldestFirst(k *kit) {
	k.newMedia(digest("a"))
	k.apply(k.photo("wamid.photo"))
	var want []wa.MediaID
	for _, link := range []string{"1", "2", "3"} {
		m := k.linked(digest(link), digest("a"))
		m.AccountID = k.newAccount()
		want = append(want, k.keepLinked(m).ID)
		k.clock.advance(time.Minute)
	}
	spent := func(before time.Time, limit int) []wa.MediaID {
		k.Helper()
		return each(must(k.s.SpentLinks(k.Context(), before, limit))(k), func(m wa.StoredMedia) wa.MediaID { return m.ID })
	}
	k.equal("all", want, spent(k.clock.now(), 10))
	k.equal("two", want[:2], spent(k.clock.now(), 2))
	k.equal("until the third", want[:2], spent(k.clock.now().Add(-time.Minute), 10))
	k.ok(k.s.DeleteMedia(k.Context(), must(k.s.SpentLinks(k.Context(), k.clock.now(), 1))(k)[0].AccountID, want[0]))
	k.equal("without the deleted one", want[1:], spent(k.clock.now(), 10))
}
