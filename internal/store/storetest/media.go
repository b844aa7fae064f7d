package storetest

import (
	"strings"
	"time"

	"github.com/waypost/waypost/internal/store"
	"github.com/waypost/waypost/internal/wa"
)

func media() []promise {
	return []promise{
		{"AMediaIsReadAsItWasKept", aMediaIsReadAsItWasKept},
		{"ADeletedMediaIsGone", aDeletedMediaIsGone},
		{"SharedBytesAreReported", sharedBytesAreReported},
		{"AnUploadIsGoodUntilItExpires", anUploadIsGoodUntilItExpires},
		{"AnUploadTakesThePlaceOfAnOlderOne", anUploadTakesThePlaceOfAnOlderOne},
		{"AForgottenUploadIsGone", aForgottenUploadIsGone},
		{"AnUploadIsGoodForItsOwnTypeOnly", anUploadIsGoodForItsOwnTypeOnly},
	}
}

func aMediaIsReadAsItWasKept(k *kit) {
	want := k.newMedia(digest("a"))
	k.restart()
	k.equal("media", want, k.media(want.ID))
	_, err := k.s.Media(k.Context(), k.account, wa.NewID[wa.MediaID]())
	k.code(err, wa.CodeNotFound)
	k.equal("fetches", 0, len(k.claimFetches(10))) // its bytes are here
}

// digest is a SHA-256 in hex that is easy to tell from another.
func digest(digit string) string { return strings.Repeat(digit, 64) }

func aDeletedMediaIsGone(k *kit) {
	want := k.newMedia(digest("a"))
	k.ok(k.s.DeleteMedia(k.Context(), k.account, want.ID))
	_, err := k.s.Media(k.Context(), k.account, want.ID)
	k.code(err, wa.CodeNotFound)
	k.code(k.s.DeleteMedia(k.Context(), k.account, want.ID), wa.CodeNotFound)
}

func sharedBytesAreReported(k *kit) {
	mine, other, alone := k.newMedia(digest("a")), k.newMedia(digest("a")), k.newMedia(digest("b"))
	theirs := mine
	theirs.ID, theirs.AccountID = wa.NewID[wa.MediaID](), k.newAccount()
	k.ok(k.s.CreateMedia(k.Context(), theirs))
	k.apply(k.photo("wamid.pending"))
	pending := only(k, k.claimFetches(10))
	for _, step := range []struct {
		name   string
		media  wa.StoredMedia
		shared bool
	}{
		{"shared within the account", mine, true},
		{"shared with another account", other, true},
		{"alone", alone, false},
		{"the last of three", theirs, false},
		{"without bytes", pending, false},
	} {
		k.equal(step.name, step.shared, must(k.s.SharesBytes(k.Context(), step.media))(k))
		k.ok(k.s.DeleteMedia(k.Context(), step.media.AccountID, step.media.ID))
	}
}

func (k *kit) uploadKey(numberID, sha256 string) store.UploadKey {
	return store.UploadKey{AccountID: k.account, NumberID: numberID, SHA256: sha256, MIMEType: "image/png"}
}

func (k *kit) upload(numberID, sha256 string) (wa.MetaUpload, error) {
	return k.s.MetaUpload(k.Context(), k.uploadKey(numberID, sha256), k.clock.now())
}

func (k *kit) saveUpload(metaID string, good time.Duration) wa.MetaUpload {
	k.Helper()
	u := wa.MetaUpload{MetaID: metaID, ExpiresAt: k.clock.now().Add(good)}
	k.ok(k.s.SaveMetaUpload(k.Context(), k.uploadKey(number, digest("a")), u))
	return u
}

func anUploadIsGoodUntilItExpires(k *kit) {
	want := k.saveUpload("1", time.Hour)
	k.restart()
	k.equal("upload", want, must(k.upload(number, digest("a")))(k))
	_, err := k.upload(number2, digest("a"))
	k.code(err, wa.CodeNotFound)
	_, err = k.upload(number, digest("b"))
	k.code(err, wa.CodeNotFound)
	k.clock.advance(time.Hour - time.Microsecond)
	must(k.upload(number, digest("a")))(k)
	k.clock.advance(time.Microsecond)
	_, err = k.upload(number, digest("a"))
	k.code(err, wa.CodeNotFound)
}

func anUploadTakesThePlaceOfAnOlderOne(k *kit) {
	k.saveUpload("1", time.Hour)
	k.clock.advance(time.Minute)
	want := k.saveUpload("2", 2*time.Hour)
	k.equal("upload", want, must(k.upload(number, digest("a")))(k))
}

func aForgottenUploadIsGone(k *kit) {
	k.saveUpload("1", time.Hour)
	forget := func(numberID, sha256, metaID string) bool {
		k.Helper()
		return must(k.s.ForgetMetaUpload(k.Context(), k.uploadKey(numberID, sha256), metaID))(k)
	}
	k.equal("other bytes", false, forget(number, digest("b"), "1"))
	k.equal("another number", false, forget(number2, digest("a"), "1"))
	k.equal("an older id", false, forget(number, digest("a"), "0"))
	must(k.upload(number, digest("a")))(k)
	k.equal("forgotten", true, forget(number, digest("a"), "1"))
	_, err := k.upload(number, digest("a"))
	k.code(err, wa.CodeNotFound)
	k.equal("forgotten twice", false, forget(number, digest("a"), "1"))
}

// The same bytes may be a video to one customer and a sound to another.
func anUploadIsGoodForItsOwnTypeOnly(k *kit) {
	video, audio := k.uploadKey(number, digest("a")), k.uploadKey(number, digest("a"))
	video.MIMEType, audio.MIMEType = "video/mp4", "audio/mp4"
	asVideo := wa.MetaUpload{MetaID: "1", ExpiresAt: k.clock.now().Add(time.Hour)}
	asAudio := wa.MetaUpload{MetaID: "2", ExpiresAt: k.clock.now().Add(2 * time.Hour)}
	k.ok(k.s.SaveMetaUpload(k.Context(), video, asVideo))
	_, err := k.s.MetaUpload(k.Context(), audio, k.clock.now())
	k.code(err, wa.CodeNotFound)
	k.ok(k.s.SaveMetaUpload(k.Context(), audio, asAudio))
	k.equal("video", asVideo, must(k.s.MetaUpload(k.Context(), video, k.clock.now()))(k))
	k.equal("forgotten", true, must(k.s.ForgetMetaUpload(k.Context(), video, "1"))(k))
	k.equal("audio", asAudio, must(k.s.MetaUpload(k.Context(), audio, k.clock.now()))(k))
}
