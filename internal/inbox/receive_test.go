package inbox

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/waypost/waypost/internal/wa"
)

func TestTheHandshakeIsAnsweredOnlyToWhoKnowsTheToken(t *testing.T) {
	for _, c := range []struct {
		name, configured, mode, token, challenge string
		want                                     int
	}{
		{"right", verifyToken, "subscribe", verifyToken, "1158201444", 200},
		{"letters", verifyToken, "subscribe", verifyToken, "aZ_9-x", 200},
		{"longest challenge", verifyToken, "subscribe", verifyToken, strings.Repeat("7", 128), 200},
		{"challenge too long", verifyToken, "subscribe", verifyToken, strings.Repeat("7", 129), 403},
		{"no challenge", verifyToken, "subscribe", verifyToken, "", 403},
		{"challenge with HTML", verifyToken, "subscribe", verifyToken, "<script>alert(1)</script>", 403},
		{"challenge with a line break", verifyToken, "subscribe", verifyToken, "1\r\nX-Evil: 1", 403},
		{"wrong mode", verifyToken, "unsubscribe", verifyToken, "1", 403},
		{"no mode", verifyToken, "", verifyToken, "1", 403},
		{"wrong token", verifyToken, "subscribe", verifyToken + "x", "1", 403},
		{"part of the token", verifyToken, "subscribe", verifyToken[:4], "1", 403},
		{"other case", verifyToken, "subscribe", strings.ToUpper(verifyToken), "1", 403},
		{"no token", verifyToken, "subscribe", "", "1", 403},
		{"nothing configured", "", "subscribe", "", "1", 403},
		{"nothing configured, some token", "", "subscribe", "x", "1", 403},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t)
				b.in.VerifyToken = wa.NewSecret(c.configured)
				q := url.Values{"hub.mode": {c.mode}, "hub.verify_token": {c.token}, "hub.challenge": {c.challenge}}
				rec := httptest.NewRecorder()
				b.in.ServeHTTP(rec, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/meta/callback?"+q.Encode(), nil))
				body := ""
				if c.want == 200 {
					body = c.challenge
				}
				if rec.Code != c.want || rec.Body.String() != body {
					t.Errorf("got %d %q, want %d %q", rec.Code, rec.Body, c.want, body)
				}
				h := rec.Header()
				if h.Get("X-Content-Type-Options") != "nosniff" || c.want == 200 && h.Get("Content-Type") != "text/plain; charset=utf-8" {
					t.Errorf("headers %v", h)
				}
			})
		})
	}
}

func TestOtherMethodsAreRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		for _, method := range []string{http.MethodPut, http.MethodDelete, http.MethodHead, http.MethodPatch, http.MethodOptions} {
			r := httptest.NewRequestWithContext(t.Context(), method, "/meta/callback", strings.NewReader("{}"))
			r.Header.Set("X-Hub-Signature-256", sign("{}", secretA))
			rec := httptest.NewRecorder()
			b.in.ServeHTTP(rec, r)
			if rec.Code != http.StatusMethodNotAllowed || rec.Header().Get("Allow") != "GET, POST" {
				t.Errorf("%s: got %d, Allow %q", method, rec.Code, rec.Header().Get("Allow"))
			}
		}
		if n := len(b.kept()); n != 0 {
			t.Errorf("%d callbacks were kept", n)
		}
	})
}

func TestOnlyWhatAnAppSecretSignsIsKept(t *testing.T) {
	// Meta writes what is not ASCII as escapes; the same text in another spelling
	// is another body.
	const escaped, plain = `{"entry":[],"x":"\u00fc"}`, `{"entry":[],"x":"ü"}`
	old := func(body, secret string) string {
		mac := hmac.New(sha1.New, []byte(secret))
		mac.Write([]byte(body))
		return "sha1=" + hex.EncodeToString(mac.Sum(nil))
	}
	right := sign(escaped, secretA)
	for _, c := range []struct {
		name, body, signature string
		want                  int
	}{
		{"right", escaped, right, 200},
		{"of another app that is known", escaped, sign(escaped, secretB), 200},
		{"not JSON but signed", "<html>", sign("<html>", secretA), 200},
		{"missing", escaped, "", 403},
		{"empty digest", escaped, "sha256=", 403},
		{"wrong", escaped, "sha256=" + strings.Repeat("0", 64), 403},
		{"no hex", escaped, "sha256=" + strings.Repeat("z", 64), 403},
		{"sha1", escaped, old(escaped, secretA), 403},
		{"sha1 named sha256", escaped, strings.Replace(old(escaped, secretA), "sha1", "sha256", 1), 403},
		{"without its name", escaped, strings.TrimPrefix(right, "sha256="), 403},
		{"upper case", escaped, "sha256=" + strings.ToUpper(strings.TrimPrefix(right, "sha256=")), 403},
		{"upper case name", escaped, strings.Replace(right, "sha", "SHA", 1), 403},
		{"truncated", escaped, right[:len(right)-2], 403},
		{"too long", escaped, right + "00", 403},
		{"of a secret that nobody has", escaped, sign(escaped, "another secret"), 403},
		{"of an empty secret", escaped, sign(escaped, ""), 403},
		{"of another spelling", plain, right, 403},
		{"of a changed body", escaped + " ", right, 403},
		{"empty body", "", "", 403},
		{"empty body, wrong", "", right, 403},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t)
				b.newAccount("other", numberB, secretB)
				// Validation keeps such a source out; if it ever does not, it must not
				// open the door.
				b.newSource(b.account, "3", "")
				if got := b.callback(c.body, c.signature); got != c.want {
					t.Errorf("got %d, want %d", got, c.want)
				}
				all := b.kept()
				if c.want != 200 {
					if len(all) != 0 {
						t.Errorf("kept %v", all)
					}
					return
				}
				if len(all) != 1 || all[0].Body != c.body || all[0].Signature != c.signature {
					t.Errorf("kept %v, want the body and its signature", all)
				}
			})
		})
	}
}

func TestABodyOfMoreThanFourMegabytesIsRefused(t *testing.T) {
	for _, c := range []struct{ size, want int }{{3 << 20, 200}, {4 << 20, 200}, {4<<20 + 1, 413}, {16 << 20, 413}} {
		t.Run(fmt.Sprint(c.size), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t)
				body := `{"entry":[],"x":"` + strings.Repeat("x", c.size-len(`{"entry":[],"x":""}`)) + `"}`
				if got := b.callback(body, sign(body, secretA)); got != c.want {
					t.Errorf("%d bytes got %d, want %d", len(body), got, c.want)
				}
				if kept := len(b.kept()) == 1; kept != (c.want == 200) {
					t.Errorf("kept: %v", kept)
				}
			})
		})
	}
}

func TestABodyThatBreaksOffIsNotKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/meta/callback",
			io.MultiReader(strings.NewReader("{}"), iotest.ErrReader(errors.New("reset"))))
		r.Header.Set("X-Hub-Signature-256", sign("{}", secretA))
		rec := httptest.NewRecorder()
		b.in.ServeHTTP(rec, r)
		if rec.Code != http.StatusBadRequest || len(b.kept()) != 0 {
			t.Errorf("got %d, kept %v", rec.Code, b.kept())
		}
	})
}

// atStatus looks at the world at the moment in which the status goes out.
type atStatus struct {
	http.ResponseWriter
	look func(status int)
}

func (w atStatus) WriteHeader(status int) {
	w.look(status)
	w.ResponseWriter.WriteHeader(status)
}

func TestACallbackIsOnDiskBeforeIts200(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		body := messages(text("wamid.1", "hello"))
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/meta/callback", strings.NewReader(body))
		r.Header.Set("X-Hub-Signature-256", sign(body, secretA))
		var seen []kept
		var answers int
		b.in.ServeHTTP(atStatus{httptest.NewRecorder(), func(int) {
			if answers++; answers == 1 {
				seen = b.kept()
			}
		}}, r)
		if answers != 1 || len(seen) != 1 || seen[0].Body != body || seen[0].State != "new" {
			t.Errorf("when the 200 went out the store had %v", seen)
		}
	})
}

func TestACallbackThatCannotBeKeptIsAnswered503(t *testing.T) {
	for _, c := range []struct {
		name  string
		spoil func(b, closed *bench)
	}{
		{"the secrets cannot be read", func(b, closed *bench) { b.in.Sources = closed.db }},
		{"the callback cannot be written", func(b, closed *bench) { b.in.Store = closed.db }},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b, closed := newBench(t), newBench(t)
				closed.close()
				body := messages(text("wamid.1", "hello"))
				if got := b.callback(body, sign(body, secretA)); got != http.StatusOK {
					t.Fatalf("before the fault: %d", got)
				}
				time.Sleep(rememberFor)
				c.spoil(b, closed)
				if got := b.callback(body, sign(body, secretA)); got != http.StatusServiceUnavailable {
					t.Errorf("got %d, want 503", got)
				}
				if n := len(b.log.lines(t, "callback not kept")); n != 1 {
					t.Errorf("%d lines say so, want 1", n)
				}
			})
		})
	}
}

func TestACallbackThatWasKeptOutlivesTheProcess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.post(messages(text("wamid.1", "one")), secretA)
		b.post(messages(text("wamid.2", "two")), secretA)
		must(b.db.ClaimCallbacks(t.Context(), 1, lease))(t)
		// Here the last process died, with one claimed.
		time.Sleep(time.Second)
		b.run()
		if got := b.told(); len(got) != 2 {
			t.Errorf("the customer is told %v", got)
		}
	})
}
