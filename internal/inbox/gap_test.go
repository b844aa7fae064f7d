package inbox

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/waypost/waypost/internal/store"
	"github.com/waypost/waypost/internal/wa"
)

// brokenStore cannot keep callbacks while it is broken.
type brokenStore struct {
	store.Inbox
	broken bool
}

func (s *brokenStore) KeepCallback(ctx context.Context, c wa.Callback) error {
	if s.broken {
		return &wa.Error{Code: wa.CodeUnavailable, Message: "the disk is full"}
	}
	return s.Inbox.KeepCallback(ctx, c)
}

func TestTheIntakeKnowsItsGaps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		keeper := &brokenStore{Inbox: b.db}
		b.in.Store = keeper
		b.run()
		since := func(what string, want time.Time) {
			t.Helper()
			if got := b.in.Since(); !got.Equal(want) {
				t.Errorf("%s: without a gap since %v, want %v", what, got, want)
			}
		}
		post := func(body, secret string, want int) {
			t.Helper()
			if got := b.callback(body, sign(body, secret)); got != want {
				t.Fatalf("answered %d, want %d", got, want)
			}
			synctest.Wait()
		}
		start := time.Now()
		since("at the start", start)
		time.Sleep(time.Minute)
		post(statuses(tagged("", "wamid.1", "sent")), secretA, http.StatusOK)
		post(statuses(tagged("", "wamid.1", "sent")), "nobody's secret", http.StatusForbidden)
		since("kept and refused", start)
		keeper.broken = true
		post(statuses(tagged("", "wamid.2", "sent")), secretA, http.StatusServiceUnavailable)
		first := time.Now()
		since("not kept", first)
		time.Sleep(time.Minute)
		post(statuses(tagged("", "wamid.2", "sent")), secretA, http.StatusServiceUnavailable)
		keeper.broken = false
		last := time.Now()
		time.Sleep(time.Minute)
		post(statuses(tagged("", "wamid.2", "sent")), secretA, http.StatusOK)
		since("kept at last", last)
		time.Sleep(time.Minute)
		post("{", secretA, http.StatusOK)
		since("cannot be decoded, which anybody with a source could bring about", last)
	})
}

func TestACallbackThatBreaksOffIsAGap(t *testing.T) {
	whole := statuses(tagged("", "wamid.1", "sent"))
	for _, c := range []struct {
		name, signature string
		body            io.Reader
		want            int
		gap             bool
	}{
		{"cut", sign(whole, secretA), io.MultiReader(strings.NewReader(whole[:20]), iotest.ErrReader(io.ErrUnexpectedEOF)), http.StatusBadRequest, true},
		{"too large", sign(whole, secretA), strings.NewReader(strings.Repeat(" ", maxBody+1)), http.StatusRequestEntityTooLarge, true},
		{"no signature", "", iotest.ErrReader(io.ErrUnexpectedEOF), http.StatusForbidden, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t)
				want := time.Now()
				time.Sleep(time.Minute)
				r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/meta/callback", c.body)
				r.Header.Set("X-Hub-Signature-256", c.signature)
				rec := httptest.NewRecorder()
				b.in.ServeHTTP(rec, r)
				if c.gap {
					want = time.Now()
				}
				if rec.Code != c.want || !b.in.Since().Equal(want) {
					t.Errorf("answered %d, without a gap since %v, want %d and %v", rec.Code, b.in.Since(), c.want, want)
				}
				if n := len(b.log.lines(t, "callback refused")); n != 1 {
					t.Errorf("%d lines say so, want 1", n)
				}
			})
		})
	}
}
