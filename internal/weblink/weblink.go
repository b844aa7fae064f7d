// Package weblink owns the fetch of a file from an address that a customer
// names: which addresses, how many redirects, how slow, and what a failure means
// for the message.
//
// It never looks into the bytes, never keeps them, and never tells a customer
// where a name or a redirect led. What the file is, whether its size will do and
// where it goes is the media library's part.
//
// It stands beside cloudapi at the edge: media is handed its [Client] and asks
// it for the links of messages.
package weblink

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/waypost/waypost/internal/safehttp"
	"github.com/waypost/waypost/internal/wa"
)

// Options says what a [Client] may reach. The zero value reaches public
// addresses on the ports 80 and 443.
type Options struct {
	// Allow holds the private networks that links may lead to; there, any port
	// is reached.
	Allow []netip.Prefix
	// Self is where this process listens; no link leads there.
	Self netip.AddrPort
	// Resolver looks names up; nil is the system's.
	Resolver *net.Resolver
}

// Setting is what the operator calls [Options.Allow].
const Setting = "media.allow_networks"

// Bounds of one fetch.
const (
	maxRedirects = 3
	// idleTimeout is how long nothing may come, the header included.
	idleTimeout = 15 * time.Second
	// A fetch that has come no further than slowest bytes for each second after
	// grace is given up: somebody holds the line.
	grace   = 30 * time.Second
	slowest = 64 << 10
	// longest bounds a fetch in any case.
	longest = 30 * time.Minute
	// maxHeader bounds the header of an answer, in bytes.
	maxHeader = 64 << 10
)

// A fault that may pass is met again: five times after the first, with waits
// that grow to a minute and a half.
const (
	tries       = 6
	firstWait   = 5 * time.Second
	longestWait = 5 * time.Minute
)

// Client fetches files.
type Client struct {
	// transport instead of a client: a client looks at redirects by itself.
	transport http.RoundTripper
	idle      time.Duration
}

// New returns a client.
func New(o Options) *Client {
	return &Client{idle: idleTimeout, transport: safehttp.NewClient(safehttp.Options{
		Allow: o.Allow, Setting: Setting, MaxResponseHeaderBytes: maxHeader,
		Ports: []uint16{80, 443}, Self: o.Self, Resolver: o.Resolver,
	}).Transport}
}

// Fetch begins to fetch what is behind a link, which may have up to three
// redirects: to https or http, from https to https only. The body ends with an
// error if it was cut or came too slowly; the caller closes it, and bounds it.
// Every error, of the body's reads too, is a [*wa.OutcomeError]: rejected for
// what another try would not change, later, counted, for what may pass.
func (c *Client) Fetch(ctx context.Context, link string) (wa.LinkedFile, error) {
	u, err := parse(link)
	if err != nil {
		return wa.LinkedFile{}, err
	}
	b := newBody(ctx, c.idle)
	resp, err := c.follow(b, u) //nolint:bodyclose // it is in the file that is returned
	if err != nil {
		err = b.blame(err)
		b.end()
		return wa.LinkedFile{}, err
	}
	b.from = resp.Body
	return wa.LinkedFile{Body: b, MIMEType: resp.Header.Get("Content-Type"), Size: resp.ContentLength, Name: nameOf(resp.Header, u)}, nil
}

// parse returns the address of a link. The message was checked when it was
// accepted, but what is fetched here is ours to answer for.
func parse(link string) (*url.URL, error) {
	u, err := url.Parse(link)
	if err != nil || !callable(u) {
		return nil, refuse("the link is no http or https address")
	}
	u.Fragment, u.RawFragment = "", ""
	return u, nil
}

func callable(u *url.URL) bool {
	return (u.Scheme == "https" || u.Scheme == "http") && u.Hostname() != "" && u.User == nil && u.Opaque == ""
}

// follow asks the address and those that it redirects to. Each is dialled
// through the guard.
func (c *Client) follow(b *body, u *url.URL) (*http.Response, error) {
	for hop := 0; ; hop++ {
		resp, err := c.get(b.ctx, u)
		if err != nil {
			return nil, unreachable(err, hop > 0)
		}
		b.alive()
		next, err := verdict(resp, u, hop)
		if err == nil && next == nil {
			return resp, nil
		}
		_ = resp.Body.Close() // nothing was read, and nothing will be
		if err != nil {
			return nil, err
		}
		u = next
	}
}

// get asks without anything that says who asks: no credentials, no cookies, no
// referrer.
func (c *Client) get(ctx context.Context, u *url.URL) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), http.NoBody)
	if err != nil {
		return nil, fmt.Errorf("make request: %w", err)
	}
	req.Header.Set("User-Agent", "Waypost")
	req.Header.Set("Accept", "*/*")
	req.Header.Set("Accept-Encoding", "identity")
	return c.transport.RoundTrip(req)
}

// verdict says what an answer means: nothing for a file, the next address for a
// redirect, or an error.
func verdict(resp *http.Response, u *url.URL, hop int) (next *url.URL, err error) {
	switch status := resp.StatusCode; {
	case status == http.StatusOK:
		return nil, checkEncoding(resp.Header)
	case redirects(status):
		return redirect(resp, u, hop)
	case status >= 500, status == http.StatusTooManyRequests, status == http.StatusRequestTimeout, status == http.StatusTooEarly:
		return nil, later(retryAfter(resp.Header), "the link was answered with "+describe(status))
	default:
		return nil, refuse("the link was answered with " + describe(status))
	}
}

// describe writes a status without the words of the server.
func describe(status int) string {
	return strings.TrimSpace(strconv.Itoa(status) + " " + http.StatusText(status))
}

// checkEncoding refuses what would have to be unpacked: nothing says how large
// that becomes, and it was not asked for.
func checkEncoding(h http.Header) error {
	if e := h.Get("Content-Encoding"); e != "" && !strings.EqualFold(e, "identity") {
		return refuse("the link's answer is compressed, which was not asked for")
	}
	return nil
}

func redirects(status int) bool {
	switch status {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return true
	}
	return false
}

func redirect(resp *http.Response, u *url.URL, hop int) (*url.URL, error) {
	if hop >= maxRedirects {
		return nil, refuse(fmt.Sprintf("the link redirects more than %d times", maxRedirects))
	}
	// An address without a host is relative to the one that was asked.
	next, err := u.Parse(resp.Header.Get("Location"))
	switch {
	case resp.Header.Get("Location") == "", err != nil, !callable(next):
		return nil, refuse("the link redirects to what is no http or https address")
	case u.Scheme == "https" && next.Scheme == "http":
		return nil, refuse("the link redirects from https to http")
	}
	next.Fragment, next.RawFragment = "", ""
	return next, nil
}

// retryAfter is how long the server asks to be left alone, in the form of
// seconds, as far as that is waited for.
func retryAfter(h http.Header) time.Duration {
	seconds, err := strconv.Atoi(h.Get("Retry-After"))
	if err != nil || seconds < 0 {
		return firstWait
	}
	return min(max(firstWait, time.Duration(min(seconds, int(longestWait/time.Second)))*time.Second), longestWait)
}

// nameOf returns what the server calls the file, or the end of the link's path.
// Whoever shows it makes it fit.
func nameOf(h http.Header, link *url.URL) string {
	if _, params, err := mime.ParseMediaType(h.Get("Content-Disposition")); err == nil && params["filename"] != "" {
		return params["filename"]
	}
	if name := path.Base(link.Path); name != "/" && name != "." {
		return name
	}
	return ""
}

var (
	errSilent = errors.New("nothing came for a while")
	errSlow   = errors.New("it came too slowly")
)

// body is a file on its way here. It ends with an error when nothing comes for
// too long, or too little.
type body struct {
	ctx    context.Context // of this one request, as http.Request has it
	cancel context.CancelCauseFunc
	from   io.ReadCloser
	timer  *time.Timer
	idle   time.Duration
	began  time.Time
	read   int64
}

func newBody(ctx context.Context, idle time.Duration) *body {
	ctx, stop := context.WithTimeoutCause(ctx, longest, errSlow)
	ctx, cancel := context.WithCancelCause(ctx)
	b := &body{ctx: ctx, idle: idle, began: time.Now(), cancel: func(cause error) { cancel(cause); stop() }}
	b.timer = time.AfterFunc(idle, func() { b.cancel(errSilent) })
	return b
}

// alive says that something came.
func (b *body) alive() {
	if b.ctx.Err() == nil {
		b.timer.Reset(b.idle)
	}
}

// Read implements [io.Reader].
func (b *body) Read(p []byte) (int, error) {
	n, err := b.from.Read(p)
	b.read += int64(n)
	if n > 0 {
		b.alive()
	}
	if err == nil && b.ctx.Err() != nil {
		err = context.Cause(b.ctx)
	}
	if err == nil && time.Since(b.began) > grace+time.Duration(b.read/slowest)*time.Second {
		b.cancel(errSlow)
		err = errSlow
	}
	if err != nil && !errors.Is(err, io.EOF) {
		err = b.blame(err)
	}
	return n, err
}

// Close implements [io.Closer].
func (b *body) Close() error {
	err := b.from.Close()
	b.end()
	return err
}

func (b *body) end() {
	b.timer.Stop()
	b.cancel(nil)
}

// blame says in words of ours why a fetch broke off.
func (b *body) blame(err error) error {
	if _, ok := errors.AsType[*wa.OutcomeError](err); ok && context.Cause(b.ctx) == nil {
		return err
	}
	switch cause := context.Cause(b.ctx); {
	case errors.Is(cause, errSilent), errors.Is(cause, errSlow):
		return later(firstWait, "the link's server answers too slowly")
	case cause != nil:
		return cause // whoever asked has ended it
	}
	return later(firstWait, "the link's server cut the file off")
}
