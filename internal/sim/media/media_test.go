package media_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/waypost/waypost/internal/sim/media"
)

func start() time.Time { return time.Date(2026, time.March, 2, 9, 0, 0, 0, time.UTC) }

func store(t *testing.T, seed uint64) (*media.Store, string) {
	t.Helper()
	dir := t.TempDir()
	s, err := media.New(dir, "http://graph.test/", seed)
	if err != nil {
		t.Fatal(err)
	}
	return s, dir
}

func keep(t *testing.T, s *media.Store, data string, m media.Item) *media.Item {
	t.Helper()
	st, err := s.Stage(strings.NewReader(data), media.MaxSize)
	if err != nil {
		t.Fatal(err)
	}
	kept, err := s.Keep(st, m)
	if err != nil {
		t.Fatal(err)
	}
	return kept
}

func TestIDsFollowFromTheSeed(t *testing.T) {
	one, _ := store(t, 7)
	two, _ := store(t, 7)
	other, _ := store(t, 8)
	a, b := keep(t, one, "a", media.Item{NumberID: "1"}), keep(t, one, "b", media.Item{NumberID: "1"})
	// The other way round, and the same ids.
	b2, a2 := keep(t, two, "b", media.Item{NumberID: "1"}), keep(t, two, "a", media.Item{NumberID: "1"})
	if a.ID != a2.ID || b.ID != b2.ID || a.ID == b.ID {
		t.Errorf("%s and %s, but %s and %s", a.ID, b.ID, a2.ID, b2.ID)
	}
	if again, elsewhere := keep(t, one, "a", media.Item{NumberID: "1"}), keep(t, one, "a", media.Item{NumberID: "2"}); again.ID == a.ID || elsewhere.ID == a.ID {
		t.Error("two media share an id")
	}
	if keep(t, other, "a", media.Item{NumberID: "1"}).ID == a.ID {
		t.Error("two seeds give the same id")
	}
	if err := one.Remove(a.ID); err != nil {
		t.Fatal(err)
	}
	if keep(t, one, "a", media.Item{NumberID: "1"}).ID == a.ID {
		t.Error("the id of a removed medium was given again")
	}
}

func TestDigestHasBothForms(t *testing.T) {
	s, _ := store(t, 7)
	m := keep(t, s, "some bytes", media.Item{})
	sum := sha256.Sum256([]byte("some bytes"))
	if m.SHA256 != hex.EncodeToString(sum[:]) || m.Digest() != base64.StdEncoding.EncodeToString(sum[:]) || m.Size != 10 {
		t.Errorf("got %+v, %s", m.Info, m.Digest())
	}
}

func TestLinkEndsAfterFiveMinutes(t *testing.T) {
	s, _ := store(t, 7)
	now := start()
	m := keep(t, s, "x", media.Item{Expires: now.Add(media.UploadLife)})
	link, err := url.Parse(s.Link(m, now))
	if err != nil || !strings.HasPrefix(link.String(), "http://graph.test"+media.Path+"?") || link.Query().Get("mid") != m.ID {
		t.Fatalf("link %s, %v", link, err)
	}
	key := link.Query().Get("key")
	if !s.Opens(m, key, now.Add(media.LinkLife-1)) || s.Opens(m, key, now.Add(media.LinkLife)) || s.Opens(m, "", now) {
		t.Error("the link does not live five minutes")
	}
	if second := s.Link(m, now); second == link.String() {
		t.Error("two links are the same")
	}
}

func TestMediumIsSeenUntilItExpires(t *testing.T) {
	s, dir := store(t, 7)
	now := start()
	m := keep(t, s, "some bytes", media.Item{Expires: now.Add(media.InboundLife)})
	if _, ok := s.Lookup(m.ID, now.Add(media.InboundLife-1)); !ok {
		t.Error("gone too early")
	}
	if _, ok := s.Lookup(m.ID, now.Add(media.InboundLife)); ok {
		t.Error("there too long")
	}
	body, err := s.Open(m)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Remove(m.ID); err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(body); string(got) != "some bytes" || err != nil {
		t.Errorf("a download under way got %q, %v", got, err)
	}
	_ = body.Close()
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("left %v, %v", left, err)
	}
	if err := s.Remove(m.ID); err != nil {
		t.Errorf("removed twice: %v", err)
	}
}

func TestTooManyBytesLeaveNothing(t *testing.T) {
	s, dir := store(t, 7)
	if _, err := s.Stage(bytes.NewReader(make([]byte, 11)), 10); !errors.Is(err, media.ErrTooLarge) {
		t.Errorf("got %v", err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("left %v, %v", left, err)
	}
	if st, err := s.Stage(bytes.NewReader(make([]byte, 10)), 10); err != nil || st.Size != 10 {
		t.Errorf("as many as allowed: %+v, %v", st, err)
	}
}

func TestKindsAndLimitsAreMetas(t *testing.T) {
	for mimeType, want := range map[string]struct {
		kind  string
		limit int64
	}{
		"audio/ogg": {media.Audio, 16 << 20}, "video/mp4": {media.Video, 16 << 20}, "image/png": {media.Image, 5 << 20},
		"image/webp": {media.Sticker, 100 << 10}, "application/pdf": {media.Document, 100 << 20},
	} {
		if kind := media.KindOf(mimeType); kind != want.kind || media.Limit(kind, false) != want.limit {
			t.Errorf("%s: %s, %d", mimeType, kind, media.Limit(kind, false))
		}
	}
	if media.KindOf("image/gif") != "" || media.Limit(media.Sticker, true) != 500<<10 {
		t.Error("a type that Meta does not take, or the limit of an animated sticker")
	}
	if media.BareType("audio/ogg; codecs=opus") != "audio/ogg" || media.BareType("") != "" {
		t.Error("the parameters of a type are not cut off")
	}
}
