package media

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/waypost/waypost/internal/wa"
	"github.com/waypost/waypost/internal/weblink"
)

// files is a customer's server as a test wants it to be. Within a bubble it is
// a function, because a real server's clock is not the bubble's.
type files struct {
	serve func(ctx context.Context, link string) (wa.LinkedFile, error)
	mu    sync.Mutex
	asked []string
}

func (s *files) Fetch(ctx context.Context, link string) (wa.LinkedFile, error) {
	s.mu.Lock()
	s.asked = append(s.asked, link)
	s.mu.Unlock()
	return s.serve(ctx, link)
}

func (s *files) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.asked)
}

// gives makes a server that has this file behind every link.
func gives(mimeType string, data []byte) func(context.Context, string) (wa.LinkedFile, error) {
	return func(context.Context, string) (wa.LinkedFile, error) {
		return wa.LinkedFile{Body: closable{bytes.NewReader(data)}, MIMEType: mimeType, Name: "../a.pdf", Size: int64(len(data))}, nil
	}
}

type closable struct{ *bytes.Reader }

func (closable) Close() error { return nil }

// linkFixture counts the uploads of a library whose links lead to files.
type linkFixture struct {
	*fixture
	files   *files
	uploads atomic.Int64
}

func newLinkFixture(t *testing.T) *linkFixture {
	t.Helper()
	f := &linkFixture{fixture: newFixture(t), files: &files{serve: gives("application/pdf", aPDF)}}
	f.o.Links = f.files
	f.meta.upload = func(_ context.Context, n wa.Number, file wa.File) (wa.MetaUpload, error) {
		body, err := file.Open()
		if err != nil {
			return wa.MetaUpload{}, &wa.OutcomeError{Outcome: wa.Outcome{Kind: wa.OutcomeLater, After: time.Second}}
		}
		defer body.Close()
		return wa.MetaUpload{
			MetaID: fmt.Sprintf("%s/%d", n.ID, f.uploads.Add(1)), ExpiresAt: time.Now().Add(30 * 24 * time.Hour),
		}, nil
	}
	return f
}

func pdfAt(link string) wa.Media { return wa.Media{Kind: wa.KindDocument, Link: link} }

const billLink = "https://files.example/bill.pdf?token=secret"

func (f *linkFixture) link(m wa.Media) (wa.MetaLink, error) {
	return f.MetaLink(f.t.Context(), wa.Number{ID: testNumber}, f.account, m)
}

// want ends the test unless the link has this id at Meta.
func (f *linkFixture) want(why string, m wa.Media, id string) {
	f.t.Helper()
	if got, err := f.link(m); err != nil || got.ID != id {
		f.t.Fatalf("%s: got %+v, %v, want %s", why, got, err, id)
	}
}

func wantOutcome(t *testing.T, err error, kind wa.OutcomeKind, title string) wa.Outcome {
	t.Helper()
	e, ok := errors.AsType[*wa.OutcomeError](err)
	if !ok || e.Outcome.Kind != kind || !strings.Contains(e.Outcome.Failure.Title, title) {
		t.Fatalf("got %v, want %s because %q", err, kind, title)
	}
	return e.Outcome
}

func TestALinkIsFetchedAndUploadedOnceForManyMessages(t *testing.T) {
	f := newLinkFixture(t)
	var all sync.WaitGroup
	for range 200 {
		all.Go(func() {
			if got, err := f.link(pdfAt(billLink)); err != nil || got.ID != testNumber+"/1" || got.Filename != "a.pdf" {
				t.Errorf("got %+v, %v", got, err)
			}
		})
	}
	all.Wait()
	if f.files.count() != 1 || f.uploads.Load() != 1 {
		t.Errorf("%d fetches and %d uploads, want one of each", f.files.count(), f.uploads.Load())
	}
	if got, err := f.MetaLink(t.Context(), wa.Number{ID: "1002"}, f.account, pdfAt(billLink)); err != nil || got.ID != "1002/2" || f.files.count() != 1 {
		t.Errorf("another number: %+v, %v after %d fetches", got, err, f.files.count())
	}
	// Another link with the same bytes is one upload more for nobody.
	f.want("another link", pdfAt("https://files.example/other.pdf"), testNumber+"/1")
	if f.files.count() != 2 || len(f.files.asked) != 2 {
		t.Errorf("asked for %q", f.files.asked)
	}
	other := wa.NewID[wa.AccountID]()
	check(t, f.store.CreateAccount(t.Context(), wa.Account{ID: other, Name: "other", CreatedAt: time.Now()}))
	if _, err := f.MetaLink(t.Context(), wa.Number{ID: testNumber}, other, pdfAt(billLink)); err != nil || f.files.count() != 3 || f.uploads.Load() != 3 {
		t.Errorf("another account shares: %v, %d fetches, %d uploads", err, f.files.count(), f.uploads.Load())
	}
}

func TestALinkIsRememberedForTenMinutesAlsoOverARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newLinkFixture(t)
		f.want("first", pdfAt(billLink), testNumber+"/1")
		time.Sleep(linkLife - time.Minute)
		f.Library = New(f.o) // as a new process does
		f.want("after a restart", pdfAt(billLink), testNumber+"/1")
		if f.files.count() != 1 {
			t.Errorf("fetched %d times within its life", f.files.count())
		}
		time.Sleep(time.Minute)
		f.want("after its life, unchanged", pdfAt(billLink), testNumber+"/1")
		if f.files.count() != 2 || f.uploads.Load() != 1 {
			t.Errorf("%d fetches and %d uploads, want 2 and 1", f.files.count(), f.uploads.Load())
		}
		f.files.serve = gives("application/pdf", append(aPDF, "another page"...))
		time.Sleep(linkLife)
		f.want("after its life, changed", pdfAt(billLink), testNumber+"/2")
	})
}

func TestAnUploadOfALinkIsRenewedADayBeforeItExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newLinkFixture(t)
		f.want("first", pdfAt(billLink), testNumber+"/1")
		time.Sleep(29*24*time.Hour - time.Minute)
		f.want("a day before it expires", pdfAt(billLink), testNumber+"/1")
		time.Sleep(2 * time.Minute)
		f.want("less than a day before it expires", pdfAt(billLink), testNumber+"/2")
	})
}

// Many messages may be refused for one id: the first of them has it renewed, and
// the others must not have that undone.
func TestALinkThatMetaHasForgottenIsFetchedAndUploadedAgainOnce(t *testing.T) {
	f := newLinkFixture(t)
	number := wa.Number{ID: testNumber}
	f.want("first", pdfAt(billLink), testNumber+"/1")
	for range 3 {
		check(t, f.ForgetLink(t.Context(), number, f.account, pdfAt(billLink), testNumber+"/1"))
		f.want("forgotten", pdfAt(billLink), testNumber+"/2")
	}
	if f.files.count() != 2 || f.uploads.Load() != 2 {
		t.Errorf("%d fetches and %d uploads, want 2 of each", f.files.count(), f.uploads.Load())
	}
	check(t, f.ForgetLink(t.Context(), number, f.account, pdfAt("https://files.example/unknown"), "1"))
}

func TestWhatALinkGaveIsSweptWhenNobodyCanWantIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newLinkFixture(t)
		mine := f.put("mine.pdf", append([]byte("%PDF-1.7\n"), "mine"...))
		shared := f.put("a.pdf", aPDF)
		f.run()
		f.want("first", pdfAt(billLink), testNumber+"/1")
		f.files.serve = gives("application/pdf", append(aPDF, "more"...))
		f.want("another", pdfAt("https://files.example/other"), testNumber+"/2")
		if n := len(f.fixture.files()); n != 3 {
			t.Fatalf("%d files, want 3", n)
		}
		time.Sleep(linkKept - time.Minute)
		if n := len(f.fixture.files()); n != 3 {
			t.Errorf("%d files before their time, want 3", n)
		}
		time.Sleep(3 * time.Minute)
		synctest.Wait()
		if n := len(f.fixture.files()); n != 2 {
			t.Errorf("%d files are left, want the two of the account", n)
		}
		for _, m := range []wa.StoredMedia{mine, shared} {
			if _, _, err := f.read(m.ID); err != nil {
				t.Errorf("a media of the account is gone: %v", err)
			}
		}
		if spent, err := f.store.SpentLinks(t.Context(), time.Now(), 10); err != nil || len(spent) != 0 {
			t.Errorf("%d rows are left, %v", len(spent), err)
		}
		f.want("swept and wanted again", pdfAt("https://files.example/other"), testNumber+"/2")
	})
}

// The row was read, and then the sweep came.
func TestBytesThatWereSweptUnderAMessageAreFetchedAgain(t *testing.T) {
	f := newLinkFixture(t)
	f.want("first", pdfAt(billLink), testNumber+"/1")
	for _, name := range f.fixture.files() {
		check(t, f.dir.root.Remove(name))
	}
	_, err := f.MetaLink(t.Context(), wa.Number{ID: "1002"}, f.account, pdfAt(billLink))
	if o := wantOutcome(t, err, wa.OutcomeLater, "the link is fetched again"); o.Tries != 0 {
		t.Error("it counts as a fault of the link")
	}
	if got, err := f.MetaLink(t.Context(), wa.Number{ID: "1002"}, f.account, pdfAt(billLink)); err != nil || got.ID != "1002/2" || f.files.count() != 2 {
		t.Errorf("got %+v, %v after %d fetches", got, err, f.files.count())
	}
}

func TestSlowLinksOfOneAccountLeaveRoomForOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newLinkFixture(t)
		slow := make(chan struct{})
		f.files.serve = func(ctx context.Context, link string) (wa.LinkedFile, error) {
			if strings.Contains(link, "slow") {
				<-slow
			}
			return gives("application/pdf", aPDF)(ctx, link)
		}
		var all sync.WaitGroup
		for i := range 2 * maxLinksAccount {
			all.Go(func() {
				_, err := f.link(pdfAt(fmt.Sprintf("https://slow%d.example/", i)))
				wantOutcome(t, err, wa.OutcomeLater, "")
			})
		}
		all.Wait()
		if n := f.files.count(); n != maxLinksAccount {
			t.Errorf("%d fetches at a time, want %d", n, maxLinksAccount)
		}
		_, err := f.link(pdfAt(billLink))
		wantOutcome(t, err, wa.OutcomeLater, "waits until others are fetched")
		other := wa.NewID[wa.AccountID]()
		check(t, f.store.CreateAccount(t.Context(), wa.Account{ID: other, Name: "other", CreatedAt: time.Now()}))
		if _, err := f.MetaLink(t.Context(), wa.Number{ID: testNumber}, other, pdfAt(billLink)); err != nil {
			t.Errorf("another account: %v", err)
		}
		close(slow)
		synctest.Wait()
		f.want("afterwards", pdfAt(billLink), testNumber+"/2")
		f.links.mu.Lock()
		defer f.links.mu.Unlock()
		if len(f.links.load) != 0 || len(f.links.all) != 0 {
			t.Errorf("what is left: %v, %d fetches", f.links.load, len(f.links.all))
		}
	})
}

func TestAStopBreaksFetchesOffAndCountsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newLinkFixture(t)
		f.files.serve = func(ctx context.Context, _ string) (wa.LinkedFile, error) {
			<-ctx.Done()
			return wa.LinkedFile{}, ctx.Err()
		}
		stop := f.run()
		synctest.Wait()
		asked := make(chan error)
		go func() { _, err := f.link(pdfAt(billLink)); asked <- err }()
		synctest.Wait()
		stop()
		for _, err := range []error{<-asked, func() error { _, err := f.link(pdfAt(billLink)); return err }()} {
			if o := wantOutcome(t, err, wa.OutcomeLater, "the gateway is stopping"); o.Tries != 0 {
				t.Error("it counts as a fault of the link")
			}
		}
		f.wantNothingStored()
		f.files.serve = gives("application/pdf", aPDF)
		f.run()
		synctest.Wait()
		time.Sleep(refusedFor)
		f.want("after a start", pdfAt(billLink), testNumber+"/1")
	})
}

func TestAFetchThatPanicsEndsNothingElse(t *testing.T) {
	f := newLinkFixture(t)
	f.files.serve = func(context.Context, string) (wa.LinkedFile, error) { panic("15550100001") }
	if _, err := f.link(pdfAt(billLink)); err == nil || strings.Contains(err.Error(), "15550100001") {
		t.Errorf("got %v", err)
	}
	f.files.serve = gives("application/pdf", aPDF)
	f.want("afterwards", pdfAt(billLink), testNumber+"/1")
}

var aJPEG = []byte("\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00")

// What is behind a link is looked at like an upload, and has to be what the
// message calls it.
func TestWhatALinkGivesIsChecked(t *testing.T) {
	large := func(head []byte, size int) []byte { return append(slices.Clone(head), make([]byte, size-len(head))...) }
	video := []byte("\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isommp41\x00\x00\x00\x08free")
	for _, tt := range []struct {
		name     string
		kind     wa.MediaKind
		mimeType string
		data     []byte
		want     string // "" if it will do
		as       string // the type that Meta gets
	}{
		{"a picture", wa.KindImage, "image/jpeg", aJPEG, "", "image/jpeg"},
		{"a picture by another name", wa.KindImage, "text/html", aJPEG, "", "image/jpeg"},
		{"a page that says it is a picture", wa.KindImage, "image/jpeg", []byte("<!DOCTYPE html><html><script>1</script></html>"), "the file is text/html; WhatsApp takes", ""},
		{"a drawing with scripts", wa.KindImage, "image/png", []byte(`<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>`), "the file is image/svg+xml; WhatsApp takes", ""},
		{"nothing", wa.KindImage, "image/jpeg", nil, "the file is empty", ""},
		{"another kind", wa.KindDocument, "application/pdf", aJPEG, "the file behind the link is image/jpeg, which WhatsApp takes as image and not as document", ""},
		{"a sticker as a picture", wa.KindImage, "image/webp", []byte("RIFF\x1a\x00\x00\x00WEBPVP8L\x0d\x00\x00\x00\x2f\x00\x00\x00\x10\x07\x10\x11\x11\x88\x88\xfe\x07\x00"), "which WhatsApp takes as sticker and not as image", ""},
		{"a large picture", wa.KindImage, "image/jpeg", large(aJPEG, maxImage), "", "image/jpeg"},
		{"too large a picture", wa.KindImage, "image/jpeg", large(aJPEG, maxImage+1), "an image may have at most 5 MB", ""},
		{"a film", wa.KindVideo, "application/octet-stream", video, "", "video/mp4"},
		{"sound in a film's dress", wa.KindAudio, "video/mp4", video, "", "audio/mp4"},
		{"an archive", wa.KindDocument, "application/pdf", []byte("PK\x03\x04\x14\x00\x00\x00\x00\x00"), "the file is application/zip; WhatsApp takes", ""},
	} {
		for _, sized := range []bool{true, false} {
			f := newLinkFixture(t)
			f.files.serve = func(ctx context.Context, link string) (wa.LinkedFile, error) {
				file, err := gives(tt.mimeType, tt.data)(ctx, link)
				if !sized {
					file.Size = -1
				}
				return file, err
			}
			var as string
			upload := f.meta.upload
			f.meta.upload = func(ctx context.Context, n wa.Number, file wa.File) (wa.MetaUpload, error) {
				as = file.MIMEType
				return upload(ctx, n, file)
			}
			_, err := f.link(wa.Media{Kind: tt.kind, Link: billLink})
			if tt.want == "" {
				if err != nil || as != tt.as {
					t.Errorf("%s: %v, uploaded as %s", tt.name, err, as)
				}
				continue
			}
			if o := wantOutcome(t, err, wa.OutcomeRejected, tt.want); o.Failure.VendorCode != "8008" {
				t.Errorf("%s: %+v", tt.name, o.Failure)
			}
			f.wantNothingStored()
		}
	}
}

// With the real client: what breaks a fetch off leaves nothing behind, and says
// what it means for the message.
func TestLinksToARealServer(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("/whole", func(w http.ResponseWriter, _ *http.Request) { w.Write(aPDF) })
	mux.HandleFunc("/cut", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "9999999")
		w.Write(aPDF)
	})
	mux.HandleFunc("/endless", func(w http.ResponseWriter, _ *http.Request) {
		w.Write(aJPEG)
		for filler := make([]byte, 1<<20); ; {
			if _, err := w.Write(filler); err != nil {
				return
			}
		}
	})
	server := httptest.NewServer(mux)
	defer server.Close()
	f := newLinkFixture(t)
	f.o.Links = weblink.New(weblink.Options{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	f.want("whole", pdfAt(server.URL+"/whole"), testNumber+"/1")
	before := len(f.fixture.files())
	_, err := f.link(pdfAt(server.URL + "/cut"))
	if o := wantOutcome(t, err, wa.OutcomeLater, "the link's server cut the file off"); o.Tries == 0 {
		t.Error("it would be tried for ever")
	}
	_, err = f.link(wa.Media{Kind: wa.KindDocument, Link: server.URL + "/missing"})
	wantOutcome(t, err, wa.OutcomeRejected, "the link was answered with 404 Not Found")
	_, err = f.link(wa.Media{Kind: wa.KindImage, Link: server.URL + "/endless"})
	wantOutcome(t, err, wa.OutcomeRejected, "an image may have at most 5 MB")
	if after := len(f.fixture.files()); after != before {
		t.Errorf("%d files, before it were %d", after, before)
	}
	f.o.Links = weblink.New(weblink.Options{})
	_, err = f.link(pdfAt(server.URL + "/internal"))
	wantOutcome(t, err, wa.OutcomeRejected, "is private or reserved; media.allow_networks can allow it")
	for _, text := range f.log.texts() {
		if strings.Contains(text, "token=secret") || strings.Contains(text, "/whole") {
			t.Errorf("the log has the link: %s", text)
		}
	}
}

// texts returns what was logged, as text.
func (l *logged) texts() (all []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, r := range l.lines {
		text := r.Message
		r.Attrs(func(a slog.Attr) bool { text += " " + a.String(); return true })
		all = append(all, text)
	}
	return all
}
