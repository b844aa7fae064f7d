package inbox

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"regexp"
	"time"

	"github.com/waypost/waypost/internal/wa"
)

const (
	// maxBody is above the 3 MB that Meta sends at most.
	// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/overview
	// (read 2026-09).
	maxBody = 4 << 20
	// readLimit is how long Meta may take to send a body.
	readLimit = 30 * time.Second
	// largeBodies and smallBodies are how many bodies are in memory at a time:
	// 64 MB of any size, and 16 MB of those that are announced as small. Nearly
	// all are, and they do not wait for somebody who sends large ones slowly.
	largeBodies = 16
	smallBodies = 256
	smallBody   = 64 << 10
	// turnLimit is how long a callback waits for its turn. Meta comes again.
	turnLimit = 5 * time.Second
	// maxChallenge is the longest challenge that is echoed.
	maxChallenge = 128
)

// ServeHTTP is the callback address: GET is Meta's handshake, POST a callback.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/create-webhook-endpoint
// (read 2026-09).
func (in *Inbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Content-Type-Options", "nosniff")
	switch r.Method {
	case http.MethodGet:
		in.handshake(w, r)
	case http.MethodPost:
		status := in.receive(w, r)
		w.WriteHeader(status)
	default:
		w.Header().Set("Allow", "GET, POST")
		w.WriteHeader(http.StatusMethodNotAllowed)
	}
}

// handshake echoes the challenge to whoever knows the verify token.
func (in *Inbox) handshake(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	challenge := q.Get("hub.challenge")
	if in.VerifyToken.Empty() {
		in.Logger.LogAttrs(r.Context(), slog.LevelWarn, "handshake refused", slog.String("reason", "meta.verify_token is not set"))
		w.WriteHeader(http.StatusForbidden)
		return
	}
	if q.Get("hub.mode") != "subscribe" || !same(q.Get("hub.verify_token"), in.VerifyToken.Reveal()) || !plain(challenge) {
		w.WriteHeader(http.StatusForbidden)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	// Meta asks again if it is lost.
	_, _ = io.WriteString(w, challenge) //nolint:gosec // plain has left letters and digits only
}

// same compares without telling by its time how much is right.
func same(a, b string) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}

// plain keeps what is echoed to letters and digits.
func plain(s string) bool {
	for _, c := range []byte(s) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && c != '_' && c != '-' {
			return false
		}
	}
	return s != "" && len(s) <= maxChallenge
}

// metaSigned is what a signature of Meta's looks like.
var metaSigned = regexp.MustCompile(`^sha256=[0-9a-f]{64}$`)

// receive keeps a callback and returns the status to answer with. Whoever shows
// no signature costs us a header.
func (in *Inbox) receive(w http.ResponseWriter, r *http.Request) int {
	// A server that cannot set a deadline here has one of its own.
	_ = http.NewResponseController(w).SetReadDeadline(in.Now().Add(readLimit))
	signature := r.Header.Get("X-Hub-Signature-256")
	if !metaSigned.MatchString(signature) {
		return in.unread(w, r, http.StatusForbidden, "no signature")
	}
	done, ok := in.turn(r)
	if !ok {
		in.gap.at(in.Now())
		return in.unread(w, r, http.StatusServiceUnavailable, "too many at a time")
	}
	defer done()
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		return in.broken(r, err, len(body))
	}
	// Whose numbers the app may speak of is decided when it is applied.
	ours, err := in.known(r.Context(), body, signature)
	if err != nil {
		return in.unavailable(r, err)
	}
	if !ours {
		return in.refuse(r, http.StatusForbidden, "no app secret signs it", len(body))
	}
	err = in.Store.KeepCallback(r.Context(), wa.Callback{
		ID: wa.NewID[wa.CallbackID](), ReceivedAt: in.Now(), Body: body, Signature: signature,
	})
	if err != nil {
		return in.unavailable(r, err)
	}
	return http.StatusOK
}

// turn waits until there is memory for the body.
func (in *Inbox) turn(r *http.Request) (done func(), ok bool) {
	turns := in.large
	if r.ContentLength >= 0 && r.ContentLength <= smallBody {
		turns = in.small
	}
	ctx, cancel := context.WithTimeout(r.Context(), turnLimit)
	defer cancel()
	select {
	case turns <- struct{}{}:
		return func() { <-turns }, true
	case <-ctx.Done():
		return nil, false
	}
}

// unread refuses a callback whose body was not looked at, and does not want to
// see the rest of it.
func (in *Inbox) unread(w http.ResponseWriter, r *http.Request, status int, reason string) int {
	w.Header().Set("Connection", "close")
	return in.refuse(r, status, reason, 0)
}

func (in *Inbox) refuse(r *http.Request, status int, reason string, read int) int {
	in.Logger.LogAttrs(r.Context(), slog.LevelWarn, "callback refused", slog.Int("status", status),
		slog.String("reason", reason), slog.Int("bytes", read))
	return status
}

// broken refuses a callback whose body did not come whole. What it would have said
// is not known, so it is a gap. Nobody can tell whether Meta sent it: whoever makes
// up a signature and hangs up can make resends wait, and nothing worse.
func (in *Inbox) broken(r *http.Request, err error, read int) int {
	in.gap.at(in.Now())
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return in.refuse(r, http.StatusRequestEntityTooLarge, "too large", read)
	}
	return in.refuse(r, http.StatusBadRequest, "broke off", read)
}

func (in *Inbox) unavailable(r *http.Request, err error) int {
	in.Logger.LogAttrs(r.Context(), slog.LevelError, "callback not kept", slog.Any("err", err))
	in.gap.at(in.Now())
	return http.StatusServiceUnavailable
}
