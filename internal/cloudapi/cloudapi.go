// Package cloudapi owns the calls to Meta's Graph API: sends, media, templates and
// numbers, and the check of a callback's signature. Its packages below own the JSON:
// encode the bodies of sends, callback what Meta calls back, fault the error codes,
// node how leniently it is read.
//
// It never decides when something is sent, keeps nothing, and never repeats a
// send by itself: Meta has no idempotency key, so a second request is a second
// message. It says of every attempt what is known about it ([wa.Outcome]) and
// leaves the rest to who called.
//
// It stands between the outbox and Meta on the way out, and behind the inbox
// on the way back: [Client.Send] is called by the one, [VerifySignature] by the
// other.
//
// # Failure
//
// What an attempt came to is decided by what left the process:
//
//	no connection, no header written       later: it surely was not taken
//	complete Graph error                   by the table of codes (package fault)
//	429, and no code that tells more       later, and the number is paused
//	5xx, and Meta's own failure            unknown
//	any other answer without Graph JSON    unknown (a redirect: misconfigured)
//	no answer after the headers            unknown
//	2xx, readable or not                   sent (with a Graph error in it: unknown)
package cloudapi

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/waypost/waypost/internal/cloudapi/fault"
	"github.com/waypost/waypost/internal/wa"
)

// Options are what a [Client] is made of.
type Options struct {
	// BaseURL is where the Graph API is, such as "https://graph.facebook.com".
	// Plain http is for a loopback address only.
	BaseURL string
	// Version is the Graph API's, such as "v26.0".
	Version string
	// Transport carries the requests; nil for the package's own. Another one
	// has to report to net/http/httptrace, or a lost send counts as unknown
	// even if nothing was written.
	Transport http.RoundTripper
	// AnswerTimeout is how long a send may take; 0 for 60 seconds. A media
	// call gets as much again as its bytes need on a slow line.
	AnswerTimeout time.Duration
	// MediaHosts are further hosts, or host:port, that media may be fetched
	// from with a number's token. BaseURL's own and Meta's are known.
	MediaHosts []string
}

// Client calls the Graph API. It is safe for concurrent use.
type Client struct {
	base          *url.URL
	version       string
	transport     http.RoundTripper
	answerTimeout time.Duration
	mediaHosts    []string
}

// answerTimeout is long because giving up on an answer makes a message
// uncertain, which is dearer than waiting (RFC 1047 says the same of mail).
const answerTimeout = 60 * time.Second

var versionForm = regexp.MustCompile(`^v[0-9]{1,3}\.[0-9]{1,2}$`)

// New checks the options and returns a client. It says everything that is
// wrong with them at once.
func New(o Options) (*Client, error) {
	var wrong []error
	base, err := parseBase(o.BaseURL)
	if err != nil {
		wrong = append(wrong, err)
	}
	if !versionForm.MatchString(o.Version) {
		wrong = append(wrong, errors.New(`version must be of the form "v26.0"`))
	}
	if o.AnswerTimeout < 0 {
		wrong = append(wrong, errors.New("answer timeout must not be negative"))
	}
	hosts := make([]string, 0, len(o.MediaHosts))
	for _, h := range o.MediaHosts {
		if !plainHost(h) {
			wrong = append(wrong, fmt.Errorf("media host %q must be a host or host:port", h))
		}
		hosts = append(hosts, strings.ToLower(h))
	}
	if len(wrong) > 0 {
		return nil, fmt.Errorf("cloud api: %w", errors.Join(wrong...))
	}
	c := &Client{
		base: base, version: o.Version, transport: o.Transport,
		answerTimeout: o.AnswerTimeout, mediaHosts: hosts,
	}
	if c.transport == nil {
		c.transport = newTransport()
	}
	if c.answerTimeout == 0 {
		c.answerTimeout = answerTimeout
	}
	return c, nil
}

// parseBase never puts the address into an error: an operator may have written
// a password into it.
func parseBase(s string) (*url.URL, error) {
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Hostname() == "" || u.Opaque != "":
		return nil, errors.New("base url is not an address")
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return nil, errors.New("base url must have no user, query or fragment")
	case u.Scheme == "https", u.Scheme == "http" && loopback(u.Hostname()):
		u.Path = strings.TrimRight(u.Path, "/")
		return u, nil
	}
	return nil, errors.New("base url must be https, or http on a loopback address")
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func plainHost(h string) bool {
	u, err := url.Parse("https://" + h)
	return err == nil && u.Hostname() != "" && u.Host == h
}

// newTransport is made for at-most-once. It speaks HTTP/1.1 only, because there
// a connection that breaks leaves one message uncertain and not hundreds. It
// lets connections go before Meta does, because a request written into one that
// is being closed is uncertain too. It knows no proxy, because a proxy may
// repeat a POST.
func newTransport() *http.Transport {
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	return &http.Transport{
		DialContext:         (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
		TLSHandshakeTimeout: 10 * time.Second,
		IdleConnTimeout:     30 * time.Second,
		// At 350 ms a call, 500 connections carry 1,400 messages a second.
		MaxIdleConns:           1024,
		MaxIdleConnsPerHost:    512,
		MaxResponseHeaderBytes: 64 << 10,
		DisableCompression:     true, // no bombs, and a media's bytes as they are
		Protocols:              &protocols,
	}
}

// endpoint is the address of a node of the Graph API, and of its edge. The ids
// are checked before: they are digits and the like.
func (c *Client) endpoint(node ...string) string {
	return c.base.JoinPath(append([]string{c.version}, node...)...).String()
}

// unusable says that a number's own fields do not make a request: net/http
// would refuse it for ever, and nobody would learn why.
func unusable(n wa.Number) (wa.Outcome, bool) {
	switch {
	case !wa.Digits(n.ID):
		return fault.Misconfigured(fault.Ours("the number has no phone_number_id", "")), true
	case len(wa.ValidateSecret("access_token", n.Token)) > 0:
		return fault.Misconfigured(fault.Ours("the number has no usable access token", "")), true
	}
	return wa.Outcome{}, false
}
