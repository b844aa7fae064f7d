package doctor

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"syscall"
	"time"

	"github.com/waypost/waypost/internal/wa"
)

const (
	// silence is how long Meta may call nothing back before it is spoken of, and
	// staleFactor after how many times Refresh a copy of templates is late.
	silence     = 24 * time.Hour
	staleFactor = 4
	// maxEcho bounds what is read of an answer.
	maxEcho = 1024
)

// callbacks checks the way back: from Meta to the gateway.
func (v *visit) callbacks(ctx context.Context) {
	if v.VerifyToken.Empty() {
		v.fail("verify token", "meta.verify_token is not set: Meta cannot verify the callback address", Yours,
			"choose one, set WAYPOST_META_VERIFY_TOKEN for the gateway, and give the same to Meta: "+pageApp)
	}
	if v.Gateway == "" {
		v.warn("gateway", "it listens on a port that is not known here", Yours, "name its address: waypost doctor --gateway http://127.0.0.1:PORT")
	} else if v.handshake(ctx, "start it: waypost serve, or name its address with --gateway") {
		v.signature(ctx, v.Local, "signature", v.Gateway)
	}
	v.appSecret(ctx)
	v.atMeta(ctx)
}

// atMeta tries the address that Meta calls back.
func (v *visit) atMeta(ctx context.Context) {
	route := v.node.Callbacks
	switch to := route.Effective(); {
	case v.node.ID == "":
	case to == "":
		v.warn("callback address", "Meta does not say where callbacks go", Yours,
			"look whether the app has an address under WhatsApp, Configuration: "+pageApp)
	default:
		switch {
		case route.Number != "":
			v.ok("callback override", "the number's own address counts: "+shown(to))
		case route.WABA != "":
			v.ok("callback override", "the account's address counts: "+shown(to))
		default:
			v.ok("callback override", "none: callbacks go to the app's address")
		}
		mend := "make it reachable from the internet, or give Meta the right one: "
		if route.Number != "" {
			mend += v.command("number callback set URL")
		} else if route.WABA != "" {
			mend += v.command("number subscribe") + " --callback URL"
		} else {
			mend += pageApp
		}
		if v.stranger(ctx, to, mend) {
			v.signature(ctx, v.Guarded, "signature at Meta's address", to)
		}
	}
}

// stranger looks whether the gateway answers at an address of Meta's: it refuses a
// handshake with a wrong verify token. The right one is not shown there. Whoever has
// a token for the number can have Meta name any address, and that one may pass on to
// the gateway what would prove that it is the gateway.
func (v *visit) stranger(ctx context.Context, address, mend string) bool {
	const check = "callback address"
	challenge := rand.Text()
	status, body, err := v.greet(ctx, v.Guarded, address, challenge, rand.Text())
	at := shown(address)
	switch {
	case err != nil:
		v.fail(check, at+" does not answer: "+reason(err), Network, mend)
	case status == http.StatusForbidden:
		v.ok(check, at+" answers, and refuses a handshake with a wrong verify token")
		return true
	case status == http.StatusOK && body == challenge:
		v.fail(check, at+" answers a handshake with any verify token: it is not this gateway", Yours, mend)
	default:
		v.strange(check, at, status, mend)
	}
	return false
}

// strange reports an answer to a handshake that the gateway would not give.
func (v *visit) strange(check, at string, status int, mend string) {
	switch {
	case status/100 == 3:
		v.fail(check, fmt.Sprintf("%s redirects (%d), which Meta does not follow", at, status), Yours, mend)
	case status == http.StatusOK:
		v.fail(check, at+" answers, but it is not this gateway", Yours, mend)
	default:
		v.fail(check, fmt.Sprintf("%s answers %d", at, status), Yours, mend)
	}
}

// greet does what Meta does when it verifies an address.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/create-webhook-endpoint
// (read 2026-09)
func (v *visit) greet(ctx context.Context, client *http.Client, address, challenge, token string) (status int, body string, err error) {
	u, err := url.Parse(address)
	if err != nil {
		return 0, "", errors.New("it is no address")
	}
	q := u.Query()
	q.Set("hub.mode", "subscribe")
	q.Set("hub.challenge", challenge)
	q.Set("hub.verify_token", token)
	u.RawQuery = q.Encode()
	return fetch(ctx, client, http.MethodGet, u.String(), nil, "")
}

// handshake shows the gateway the verify token, at the address that the operator
// gave.
func (v *visit) handshake(ctx context.Context, mend string) bool {
	const check = "gateway"
	challenge := rand.Text()
	status, body, err := v.greet(ctx, v.Local, v.Gateway, challenge, v.VerifyToken.Reveal())
	at := shown(v.Gateway)
	switch {
	case err != nil:
		v.fail(check, at+" does not answer: "+reason(err), Yours, mend)
	case status == http.StatusOK && body == challenge:
		v.ok(check, at+" answers the handshake")
		return true
	case status == http.StatusForbidden:
		v.fail(check, at+" does not know this verify token", Yours,
			"start the gateway with the same meta.verify_token as waypost doctor; see waypost config")
	default:
		v.strange(check, at, status, mend)
	}
	return false
}

// emptyCallback says nothing, so that it changes nothing.
const emptyCallback = `{"object":"whatsapp_business_account","entry":[]}`

// signature posts an empty callback as Meta would, well signed and badly.
func (v *visit) signature(ctx context.Context, client *http.Client, check, address string) {
	at := shown(address)
	post := func(secret string) (int, error) {
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write([]byte(emptyCallback))
		status, _, err := fetch(ctx, client, http.MethodPost, address, []byte(emptyCallback), "sha256="+hex.EncodeToString(mac.Sum(nil)))
		return status, err
	}
	good, err := post(v.src.Number.AppSecret.Reveal())
	if err != nil {
		v.fail(check, at+" does not take a callback: "+reason(err), Network, "look at what stands between, such as a proxy that refuses POST")
		return
	}
	if good != http.StatusOK {
		v.fail(check, fmt.Sprintf("%s refuses a callback that is signed with the source's app secret (%d)", at, good), Yours,
			"see whether the gateway works on this data directory, and whether a proxy changes bodies")
		return
	}
	bad, err := post(rand.Text())
	if err != nil || bad != http.StatusForbidden {
		v.fail(check, fmt.Sprintf("%s takes a callback that is badly signed (%d)", at, bad), Yours, "something else than this gateway answers there")
		return
	}
	v.ok(check, at+" takes what is signed with the app secret, and nothing else")
}

// appSecret asks Meta whether the secret is that of the token's app: if it is not,
// no callback of Meta's has a signature that the gateway takes.
func (v *visit) appSecret(ctx context.Context) {
	if v.node.ID == "" {
		return
	}
	right, err := v.Meta.CheckAppSecret(ctx, v.src.Number)
	switch {
	case err != nil:
		v.warn("app secret", "Meta does not say whether it is right: "+said(err), Metas, "run waypost doctor again later")
	case !right:
		v.fail("app secret", "it is not that of the token's app: every callback of Meta's is refused", Yours,
			"copy it from "+pageApp+" (App settings, Basic) into the source (PATCH /api/v2/source/"+string(v.src.ID)+"/, docs/source-api.md)")
	default:
		v.ok("app secret", "it is that of the token's app")
	}
}

// fetch makes one request and reads the beginning of its answer.
func fetch(ctx context.Context, client *http.Client, method, address string, body []byte, signature string) (status int, text string, err error) {
	req, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err != nil {
		return 0, "", errors.New("it is no address")
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("X-Hub-Signature-256", signature)
	}
	resp, err := client.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxEcho))
	return resp.StatusCode, string(data), err
}

// reason says why a request failed, without its address, which has the verify token.
func reason(err error) string {
	var timeout net.Error
	switch {
	case errors.As(err, &timeout) && timeout.Timeout():
		return "not in time"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "the connection is refused, nothing listens there"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "the connection was closed"
	}
	if _, ok := errors.AsType[*net.DNSError](err); ok {
		return "the host name was not found"
	}
	if e, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return "the certificate is not trusted: " + e.Err.Error()
	}
	if e, ok := errors.AsType[*url.Error](err); ok {
		return e.Err.Error()
	}
	return err.Error()
}

// shown is an address without what may be secret in it.
func shown(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "the address"
	}
	return u.Scheme + "://" + u.Host + u.EscapedPath()
}

// kept looks at what the gateway itself has recorded.
func (v *visit) kept(ctx context.Context) {
	v.lastCallback(ctx)
	const check = "templates"
	y, err := v.Records.TemplateSync(ctx, v.src.AccountID, v.src.Number.WABAID)
	age := v.Now().Sub(y.SyncedAt)
	const serve = "see that waypost serve runs, and its log (\"templates synced\")"
	switch {
	case err != nil && wa.CodeOf(err) != wa.CodeNotFound:
		v.fail(check, err.Error(), Yours, "look at the data directory")
	case err != nil || y.SyncedAt.IsZero() && y.Attempts == 0:
		v.warn(check, "the list was never read", Yours, serve)
	case y.Attempts > 0:
		v.fail(check, fmt.Sprintf("the list could not be read, %d times in a row; the copy is of %s", y.Attempts, when(y.SyncedAt)), Yours, serve)
	case age > staleFactor*v.Refresh:
		v.warn(check, fmt.Sprintf("the copy is %s old, and should be read every %s", age.Round(time.Minute), v.Refresh), Yours, serve)
	default:
		v.ok(check, fmt.Sprintf("the copy is %s old", age.Round(time.Second)))
	}
}

func (v *visit) lastCallback(ctx context.Context) {
	const check = "last callback"
	last, err := v.Records.LastCallback(ctx, v.src.AccountID, v.src.Number.ID)
	if err != nil {
		v.fail(check, err.Error(), Yours, "look at the data directory")
		return
	}
	what := when(last)
	if state, err := v.Records.Number(ctx, v.src.AccountID, v.src.Number.ID); err == nil && !state.ProvenAt.IsZero() {
		what += "; statuses of this number have come for what was sent until " + when(state.ProvenAt)
	}
	switch {
	case last.IsZero():
		v.warn(check, "Meta has never called back about this number", Yours, "write to the number from a phone, and look at the checks above if nothing arrives")
	case v.Now().Sub(last) > silence:
		v.warn(check, what, Yours, "if people wrote since, look at the checks above")
	default:
		v.ok(check, what)
	}
}

func when(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return t.UTC().Format("2006-01-02 15:04:05 UTC")
}
