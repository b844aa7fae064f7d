package media

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/waypost/waypost/internal/store"
	"github.com/waypost/waypost/internal/store/sqlstore"
	"github.com/waypost/waypost/internal/wa"
)

// clearText is a cipher for tests that keep no secrets.
type clearText struct{}

func (clearText) Encrypt(plain, _ []byte) ([]byte, error)  { return plain, nil }
func (clearText) Decrypt(sealed, _ []byte) ([]byte, error) { return sealed, nil }

// meta is Meta as the tests want it to be.
type meta struct {
	upload   func(context.Context, wa.Number, wa.File) (wa.MetaUpload, error)
	download func(ctx context.Context, metaID string) (wa.Download, error)
}

func (m *meta) UploadMedia(ctx context.Context, n wa.Number, f wa.File) (wa.MetaUpload, error) {
	return m.upload(ctx, n, f)
}

func (m *meta) FetchMedia(ctx context.Context, _ wa.Number, metaID string) (wa.Download, error) {
	return m.download(ctx, metaID)
}

const testNumber = "1001"

// fixture is a library on a real store and a real directory.
type fixture struct {
	*Library
	t       testing.TB
	store   *sqlstore.Store
	dir     *Dir
	meta    *meta
	log     *logged
	account wa.AccountID
}

func newFixture(t testing.TB) *fixture {
	t.Helper()
	tmpDir := t.TempDir()
	s, err := sqlstore.Open(t.Context(), sqlstore.Options{Path: filepath.Join(tmpDir, "waypost.db"), Cipher: clearText{}})
	check(t, err)
	t.Cleanup(func() { check(t, s.Close()) })
	dir, err := OpenDir(filepath.Join(tmpDir, "media"))
	check(t, err)
	t.Cleanup(func() { check(t, dir.Close()) })
	f := &fixture{t: t, store: s, dir: dir, meta: &meta{}, log: &logged{}, account: wa.NewID[wa.AccountID]()}
	check(t, s.CreateAccount(t.Context(), wa.Account{ID: f.account, Name: "acme", CreatedAt: time.Now()}))
	f.Library = New(Options{
		Store: s, Blobs: dir, Uploader: f.meta, Downloader: f.meta, Wake: s.Wake(store.StageFetches),
		Sources: func(_ context.Context, _ wa.AccountID, numberID string) (wa.Number, error) {
			return wa.Number{ID: numberID}, nil
		},
		Logger: slog.New(f.log),
	})
	return f
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// logged keeps what was logged.
type logged struct {
	mu    sync.Mutex
	lines []slog.Record
}

func (l *logged) Enabled(context.Context, slog.Level) bool { return true }
func (l *logged) WithAttrs([]slog.Attr) slog.Handler       { return l }
func (l *logged) WithGroup(string) slog.Handler            { return l }
func (l *logged) Handle(_ context.Context, r slog.Record) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, r)
	return nil
}

// outcomes returns the outcomes of the fetches that were logged.
func (l *logged) outcomes() (out []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, r := range l.lines {
		r.Attrs(func(a slog.Attr) bool {
			if a.Key == "outcome" {
				out = append(out, r.Level.String()+" "+a.Value.String())
			}
			return true
		})
	}
	return out
}

func (f *fixture) put(name string, data []byte) wa.StoredMedia {
	f.t.Helper()
	m, err := f.Put(f.t.Context(), f.account, name, "", bytes.NewReader(data))
	check(f.t, err)
	return m
}

func (f *fixture) read(id wa.MediaID) (wa.StoredMedia, []byte, error) {
	m, body, err := f.Open(f.t.Context(), f.account, id)
	if err != nil {
		return m, nil, err
	}
	defer body.Close()
	data, err := io.ReadAll(body)
	return m, data, err
}

// files lists everything that is in the media directory.
func (f *fixture) files() []string { return filesIn(f.t, f.dir) }

func filesIn(t testing.TB, d *Dir) (names []string) {
	t.Helper()
	check(t, fs.WalkDir(d.root.FS(), ".", func(name string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			names = append(names, name)
		}
		return err
	}))
	return names
}

func (f *fixture) wantNothingStored() {
	f.t.Helper()
	if names := f.files(); len(names) != 0 {
		f.t.Errorf("files are left: %v", names)
	}
}

var aPDF = []byte("%PDF-1.7\n1 0 obj\n<< >>\nendobj\n")

func TestPutKeepsWhatOpenReturns(t *testing.T) {
	f := newFixture(t)
	m := f.put(`C:\letters\offer.pdf`, aPDF)
	got, data, err := f.read(m.ID)
	check(t, err)
	if !bytes.Equal(data, aPDF) {
		t.Errorf("got %d other bytes", len(data))
	}
	if got.Filename != "offer.pdf" || got.MIMEType != "application/pdf" || got.Kind != wa.KindDocument ||
		got.Size != int64(len(aPDF)) || got.State != wa.MediaReady || got.SHA256 != m.SHA256 {
		t.Errorf("got %+v", got)
	}
	stat, err := f.Stat(t.Context(), f.account, m.ID)
	check(t, err)
	if stat != got {
		t.Errorf("stat is %+v, open %+v", stat, got)
	}
}

func TestMediaOfAnotherAccountDoesNotExist(t *testing.T) {
	f := newFixture(t)
	m := f.put("a.pdf", aPDF)
	other := wa.NewID[wa.AccountID]()
	_, statErr := f.Stat(t.Context(), other, m.ID)
	_, _, openErr := f.Open(t.Context(), other, m.ID)
	deleteErr := f.Delete(t.Context(), other, m.ID)
	for what, err := range map[string]error{"stat": statErr, "open": openErr, "delete": deleteErr} {
		if wa.CodeOf(err) != wa.CodeNotFound {
			t.Errorf("%s: got %v, want not found", what, err)
		}
	}
	if _, _, err := f.read(m.ID); err != nil {
		t.Errorf("its owner gets %v", err)
	}
}

func TestDeleteRemovesBytesWithTheLastMedia(t *testing.T) {
	f := newFixture(t)
	one, two := f.put("one.pdf", aPDF), f.put("two.pdf", aPDF)
	if n := len(f.files()); n != 1 {
		t.Errorf("two media of the same bytes have %d files, want 1", n)
	}
	check(t, f.Delete(t.Context(), f.account, one.ID))
	if _, _, err := f.read(two.ID); err != nil {
		t.Errorf("the other media: %v", err)
	}
	check(t, f.Delete(t.Context(), f.account, two.ID))
	f.wantNothingStored()
	if err := f.Delete(t.Context(), f.account, two.ID); wa.CodeOf(err) != wa.CodeNotFound {
		t.Errorf("deleting twice: got %v, want not found", err)
	}
}

// TestADeleteThatWasBrokenOffCanBeRepeated takes the bytes away as a process
// does that dies in the middle of a Delete.
func TestADeleteThatWasBrokenOffCanBeRepeated(t *testing.T) {
	f := newFixture(t)
	m := f.put("one.pdf", aPDF)
	check(t, f.dir.Remove(t.Context(), m.SHA256))
	if _, _, err := f.read(m.ID); wa.CodeOf(err) != wa.CodeNotFound {
		t.Errorf("reading it: got %v, want not found", err)
	}
	check(t, f.Delete(t.Context(), f.account, m.ID))
	f.wantNothingStored()
}

// TestDeleteDoesNotTakeTheBytesOfAPut lets media of the same bytes come and go
// at once. Without the lock by hash, a Put between the row and the file of a
// Delete loses its bytes.
func TestDeleteDoesNotTakeTheBytesOfAPut(t *testing.T) {
	f := newFixture(t)
	rename := f.dir.rename
	f.dir.rename = func(from, to string) error { // leaves a Delete time to come in between
		err := rename(from, to)
		for range 1000 {
			runtime.Gosched()
		}
		return err
	}
	var workers sync.WaitGroup
	for range 8 {
		workers.Go(func() {
			for range 20 {
				m, err := f.Put(t.Context(), f.account, "a.pdf", "", bytes.NewReader(aPDF))
				if err != nil {
					t.Errorf("put: %v", err)
					return
				}
				if _, data, err := f.read(m.ID); err != nil || !bytes.Equal(data, aPDF) {
					t.Errorf("read: %v", err)
				}
				if err := f.Delete(t.Context(), f.account, m.ID); err != nil {
					t.Errorf("delete: %v", err)
				}
			}
		})
	}
	workers.Wait()
	f.wantNothingStored()
}

func TestMetaIDUploadsOnceForConcurrentCallers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		m := f.put("a.pdf", aPDF)
		var uploads []wa.File
		f.meta.upload = func(_ context.Context, _ wa.Number, file wa.File) (wa.MetaUpload, error) {
			uploads = append(uploads, file) // the race detector sees a second call at once
			time.Sleep(time.Minute)
			for range 2 { // the uploader may open it again
				body, err := file.Open()
				check(t, err)
				data, err := io.ReadAll(body)
				check(t, errors.Join(err, body.Close()))
				if !bytes.Equal(data, aPDF) {
					t.Error("other bytes go to Meta")
				}
			}
			return wa.MetaUpload{MetaID: "77", ExpiresAt: time.Now().Add(30 * 24 * time.Hour)}, nil
		}
		var callers sync.WaitGroup
		for range 20 {
			callers.Go(func() {
				if id, err := f.MetaID(t.Context(), wa.Number{ID: testNumber}, f.account, m.ID); id != "77" || err != nil {
					t.Errorf("got %q, %v", id, err)
				}
			})
		}
		callers.Wait()
		if len(uploads) != 1 {
			t.Fatalf("got %d uploads, want 1", len(uploads))
		}
		if u := uploads[0]; u.Name != "a.pdf" || u.MIMEType != "application/pdf" || u.Size != int64(len(aPDF)) {
			t.Errorf("got %+v", u)
		}
	})
}

func TestMetaIDIsRenewedForgottenAndKeptByNumber(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		m := f.put("a.pdf", aPDF)
		var uploads int
		f.meta.upload = func(context.Context, wa.Number, wa.File) (wa.MetaUpload, error) {
			uploads++
			return wa.MetaUpload{MetaID: fmt.Sprint(uploads), ExpiresAt: time.Now().Add(30 * 24 * time.Hour)}, nil
		}
		want := func(why, number, want string) {
			t.Helper()
			if id, err := f.MetaID(t.Context(), wa.Number{ID: number}, f.account, m.ID); id != want || err != nil {
				t.Errorf("%s: got %q, %v, want %q", why, id, err, want)
			}
		}
		want("first", testNumber, "1")
		want("kept", testNumber, "1")
		want("another number", "1002", "2")
		time.Sleep(29*24*time.Hour - time.Minute)
		want("a day before it expires", testNumber, "1")
		time.Sleep(2 * time.Minute)
		want("less than a day before it expires", testNumber, "3")
		check(t, f.Forget(t.Context(), wa.Number{ID: testNumber}, f.account, m.ID, "1"))
		want("an older id is refused", testNumber, "3")
		check(t, f.Forget(t.Context(), wa.Number{ID: testNumber}, f.account, m.ID, "3"))
		want("forgotten", testNumber, "4")
		check(t, f.Forget(t.Context(), wa.Number{ID: testNumber}, f.account, "no such media", "4"))
	})
}

func TestMetaIDOfMissingMediaIsRejected(t *testing.T) {
	f := newFixture(t)
	m := f.put("a.pdf", aPDF)
	check(t, f.Delete(t.Context(), f.account, m.ID))
	_, err := f.MetaID(t.Context(), wa.Number{ID: testNumber}, f.account, m.ID)
	e, ok := errors.AsType[*wa.OutcomeError](err)
	if !ok || e.Outcome.Kind != wa.OutcomeRejected || e.Outcome.Failure.VendorCode != "8008" {
		t.Errorf("got %v, want rejected with 8008", err)
	}
}

// Bytes that are gone from the disk do not come back: the message waited for
// them for ever, and nobody was told.
func TestMetaIDOfLostBytesIsRejectedWithTheCause(t *testing.T) {
	f := newFixture(t)
	f.meta.upload = func(_ context.Context, _ wa.Number, file wa.File) (wa.MetaUpload, error) {
		_, err := file.Open()
		if err == nil {
			t.Error("the bytes are there")
		}
		return wa.MetaUpload{}, &wa.OutcomeError{Outcome: wa.Outcome{Kind: wa.OutcomeLater, After: time.Second}}
	}
	m := f.put("a.pdf", aPDF)
	check(t, f.dir.Remove(t.Context(), m.SHA256))
	_, err := f.MetaID(t.Context(), wa.Number{ID: testNumber}, f.account, m.ID)
	e, ok := errors.AsType[*wa.OutcomeError](err)
	if !ok || e.Outcome.Kind != wa.OutcomeRejected || e.Outcome.Failure.VendorCode != "8008" || !errors.Is(e.Err, fs.ErrNotExist) {
		t.Errorf("got %v, want rejected with 8008 and the cause", err)
	}
}

func TestMetaIDOfMediaThatIsDeletedMeanwhileIsRejected(t *testing.T) {
	f := newFixture(t)
	m := f.put("a.pdf", aPDF)
	f.meta.upload = func(ctx context.Context, _ wa.Number, file wa.File) (wa.MetaUpload, error) {
		check(t, f.Delete(ctx, f.account, m.ID))
		_, err := file.Open()
		return wa.MetaUpload{}, &wa.OutcomeError{Outcome: wa.Outcome{Kind: wa.OutcomeLater}, Err: err}
	}
	_, err := f.MetaID(t.Context(), wa.Number{ID: testNumber}, f.account, m.ID)
	e, ok := errors.AsType[*wa.OutcomeError](err)
	if !ok || e.Outcome.Kind != wa.OutcomeRejected || e.Err != nil {
		t.Errorf("got %v, want rejected and nothing for a person to do", err)
	}
}

// Two media of the same bytes shared one id of Meta's, which refused it in turn
// for the one or the other.
func TestMetaIDIsKeptByType(t *testing.T) {
	f := newFixture(t)
	var types []string
	f.meta.upload = func(_ context.Context, _ wa.Number, file wa.File) (wa.MetaUpload, error) {
		types = append(types, file.MIMEType)
		return wa.MetaUpload{MetaID: fmt.Sprint(len(types)), ExpiresAt: time.Now().Add(48 * time.Hour)}, nil
	}
	video := f.put("a.pdf", aPDF)
	video.MIMEType = "video/mp4"
	audio := video
	audio.ID, audio.MIMEType = wa.NewID[wa.MediaID](), "audio/mp4"
	video.ID = wa.NewID[wa.MediaID]()
	for _, m := range []wa.StoredMedia{video, audio} {
		check(t, f.store.CreateMedia(t.Context(), m))
	}
	want := func(id wa.MediaID, want string) {
		t.Helper()
		if got, err := f.MetaID(t.Context(), wa.Number{ID: testNumber}, f.account, id); got != want || err != nil {
			t.Errorf("got %q, %v, want %q", got, err, want)
		}
	}
	want(video.ID, "1")
	want(audio.ID, "2")
	check(t, f.Forget(t.Context(), wa.Number{ID: testNumber}, f.account, video.ID, "1"))
	want(audio.ID, "2")
	want(video.ID, "3")
	if got := strings.Join(types, " "); got != "video/mp4 audio/mp4 video/mp4" {
		t.Errorf("uploaded as %s", got)
	}
}

func TestMetaIDPassesTheOutcomeOnAndKeepsNothing(t *testing.T) {
	f := newFixture(t)
	m := f.put("a.pdf", aPDF)
	fail := true
	f.meta.upload = func(context.Context, wa.Number, wa.File) (wa.MetaUpload, error) {
		if fail {
			return wa.MetaUpload{}, &wa.OutcomeError{Outcome: wa.Outcome{Kind: wa.OutcomeMisconfigured}}
		}
		return wa.MetaUpload{MetaID: "5", ExpiresAt: time.Now().Add(48 * time.Hour)}, nil
	}
	_, err := f.MetaID(t.Context(), wa.Number{ID: testNumber}, f.account, m.ID)
	if e, ok := errors.AsType[*wa.OutcomeError](err); !ok || e.Outcome.Kind != wa.OutcomeMisconfigured {
		t.Errorf("got %v, want misconfigured", err)
	}
	fail = false
	if id, err := f.MetaID(t.Context(), wa.Number{ID: testNumber}, f.account, m.ID); id != "5" || err != nil {
		t.Errorf("got %q, %v after it was mended", id, err)
	}
}

func TestUploadOutlivesTheCallerWhoBeganIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		m := f.put("a.pdf", aPDF)
		f.meta.upload = func(ctx context.Context, _ wa.Number, _ wa.File) (wa.MetaUpload, error) {
			select {
			case <-time.After(time.Minute):
				return wa.MetaUpload{MetaID: "9", ExpiresAt: time.Now().Add(48 * time.Hour)}, nil
			case <-ctx.Done():
				return wa.MetaUpload{}, ctx.Err()
			}
		}
		impatient, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		var callers sync.WaitGroup
		callers.Go(func() {
			_, err := f.MetaID(impatient, wa.Number{ID: testNumber}, f.account, m.ID)
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("the first caller got %v", err)
			}
		})
		time.Sleep(time.Millisecond)
		callers.Go(func() {
			if id, err := f.MetaID(t.Context(), wa.Number{ID: testNumber}, f.account, m.ID); id != "9" || err != nil {
				t.Errorf("the second caller got %q, %v", id, err)
			}
		})
		callers.Wait()
	})
}

func TestUploadThatNobodyWaitsForIsCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		m := f.put("a.pdf", aPDF)
		cancelled := make(chan struct{})
		f.meta.upload = func(ctx context.Context, _ wa.Number, _ wa.File) (wa.MetaUpload, error) {
			<-ctx.Done()
			close(cancelled)
			return wa.MetaUpload{}, ctx.Err()
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := f.MetaID(ctx, wa.Number{ID: testNumber}, f.account, m.ID); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		<-cancelled
	})
}

func TestPanicOfAnUploadIsAnErrorForAllCallers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		m := f.put("a.pdf", aPDF)
		f.meta.upload = func(context.Context, wa.Number, wa.File) (wa.MetaUpload, error) {
			time.Sleep(time.Second)
			panic("no such thing")
		}
		var callers sync.WaitGroup
		for range 3 {
			callers.Go(func() {
				if _, err := f.MetaID(t.Context(), wa.Number{ID: testNumber}, f.account, m.ID); wa.CodeOf(err) != wa.CodeInternal {
					t.Errorf("got %v, want an internal error", err)
				}
			})
		}
		callers.Wait()
		f.meta.upload = func(context.Context, wa.Number, wa.File) (wa.MetaUpload, error) {
			return wa.MetaUpload{MetaID: "3", ExpiresAt: time.Now().Add(48 * time.Hour)}, nil
		}
		if id, err := f.MetaID(t.Context(), wa.Number{ID: testNumber}, f.account, m.ID); id != "3" || err != nil {
			t.Errorf("afterwards: got %q, %v", id, err)
		}
	})
}

func TestCleanName(t *testing.T) {
	long := string(bytes.Repeat([]byte("n"), 300))
	tests := []struct{ name, in, want string }{
		{"plain", "offer.pdf", "offer.pdf"},
		{"spaces and accents", " été 2026.pdf ", "été 2026.pdf"},
		{"path", "../../etc/passwd", "passwd"},
		{"path of Windows", `C:\a\b.doc`, "b.doc"},
		{"line break", "a\r\nSet-Cookie: x.pdf", "aSet-Cookie: x.pdf"},
		{"NUL", "a\x00.pdf", "a.pdf"},
		{"written backwards", "invoice\u202efdp.exe", "invoicefdp.exe"},
		{"isolates", "\u2066a\u2069.pdf", "a.pdf"},
		{"joined emoji", "👩\u200d🚀.png", "👩\u200d🚀.png"},
		{"not UTF-8", "a\xff.pdf", "a.pdf"},
		{"dots", "..", ""},
		{"empty", "", ""},
		{"only a path", "a/b/", ""},
		{"long", long + ".pdf", long[:251] + ".pdf"},
		{"long extension", "a." + long, "a." + long[:253]},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := cleanName(tt.in); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
