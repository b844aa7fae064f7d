package inbox

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"io"
	"log/slog"
	"net/http"
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

// receive keeps a callback and returns the status to answer with.
func (in *Inbox) receive(w http.ResponseWriter, r *http.Request) int {
	// A server that cannot set a deadline here has one of its own.
	_ = http.NewResponseController(w).SetReadDeadline(in.Now().Add(readLimit))
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
			return http.StatusRequestEntityTooLarge
		}
		return http.StatusBadRequest
	}
	signature := r.Header.Get("X-Hub-Signature-256")
	secrets, err := in.Sources.AppSecrets(r.Context())
	if err != nil {
		return in.unavailable(r, err)
	}
	if !in.signed(body, signature, secrets) {
		in.Logger.LogAttrs(r.Context(), slog.LevelWarn, "callback refused", slog.String("reason", "no app secret signs it"),
			slog.Int("bytes", len(body)))
		return http.StatusForbidden
	}
	err = in.Store.KeepCallback(r.Context(), wa.Callback{
		ID: wa.NewID[wa.CallbackID](), ReceivedAt: in.Now(), Body: body, Signature: signature,
	})
	if err != nil {
		return in.unavailable(r, err)
	}
	return http.StatusOK
}

// signed reports whether any app known here signed the body. Whose numbers it
// may speak of is decided when it is applied.
func (in *Inbox) signed(body []byte, signature string, secrets []wa.Secret) bool {
	for _, secret := range secrets {
		if in.Verify(body, signature, secret) {
			return true
		}
	}
	return false
}

func (in *Inbox) unavailable(r *http.Request, err error) int {
	in.Logger.LogAttrs(r.Context(), slog.LevelError, "callback not kept", slog.Any("err", err))
	return http.StatusServiceUnavailable
}
