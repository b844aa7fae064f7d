// Package safehttp owns the HTTP client for addresses that a customer names.
// The check is made on the address that is really dialled, after the name was
// resolved, so neither a name that changes its answer nor a spelling of an
// address gets past it.
//
// It never follows a redirect, never goes through a proxy (the check would see
// the proxy only), never unpacks a compressed answer and never says to a
// customer which address a name led to. Bounding the body of an answer is the
// caller's part.
//
// It stands beside wa at the bottom, imports none of ours, and is used by
// whatever calls a customer's server: webhook and weblink.
package safehttp

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"sync/atomic"
	"syscall"
	"time"

	"code.dny.dev/ssrf"
)

// Options says what a client may do. The zero value reaches public addresses
// only.
type Options struct {
	// Timeout bounds a whole request, the body of the answer included; 30 s if
	// it is 0.
	Timeout time.Duration
	// Allow holds the private or reserved ranges that may be reached after all,
	// because the operator has receivers there.
	Allow []netip.Prefix
	// Setting is what the operator calls Allow, for the text of [Refused].
	Setting string
	// MaxResponseHeaderBytes bounds the header of an answer, interim answers
	// included; 64 KB if it is 0.
	MaxResponseHeaderBytes int64
	// Ports are those that public addresses may be reached on; nil is any. An
	// address in Allow is reached on any port.
	Ports []uint16
	// Self is an address that this process listens on, which is never reached,
	// whatever Allow says. Without a particular IP it is that port of every
	// address of the machine. The zero value is none.
	Self netip.AddrPort
	// Resolver looks names up; nil is the system's.
	Resolver *net.Resolver
}

const (
	defaultTimeout        = 30 * time.Second
	defaultMaxHeaderBytes = 64 << 10
	// dialTimeout covers the look-up of the name and all of its addresses.
	dialTimeout = 5 * time.Second
	// maxAddresses is how many addresses of a name are tried: one that has a
	// thousand is a way to have us call a thousand.
	maxAddresses = 8
	tlsTimeout   = 5 * time.Second
	idleTimeout  = 30 * time.Second
	idlePerHost  = 64
	idleInAll    = 1024
)

// Refused is the error for a host whose address may not be reached. It does
// not name the address: where a name leads inside the operator's network is not
// the customer's to know.
type Refused struct {
	// Host is the host as the customer named it.
	Host    string
	setting string
}

// RefusedPort is the error for a public address on a port that may not be
// reached.
type RefusedPort struct {
	// Host is the host as the customer named it.
	Host string
}

// Error implements the error interface.
func (e *RefusedPort) Error() string { return "the port of " + e.Host + " is not one that is called" }

// Error implements the error interface.
func (e *Refused) Error() string {
	text := "the address of " + e.Host + " is private or reserved"
	if e.setting != "" {
		text += "; " + e.setting + " can allow it"
	}
	return text
}

// NewClient returns a client that reaches public addresses and those in
// o.Allow, on any port. A refusal comes as a [*Refused] inside the *url.Error;
// the text of the latter holds the whole address, so it is for nobody's eyes.
//
// The client speaks HTTP/1.1: one slow answer must not hold up others of the
// same host, and of HTTP/2 nothing would be gained.
func NewClient(o Options) *http.Client {
	if o.Timeout == 0 {
		o.Timeout = defaultTimeout
	}
	if o.MaxResponseHeaderBytes == 0 {
		o.MaxResponseHeaderBytes = defaultMaxHeaderBytes
	}
	http1 := new(http.Protocols)
	http1.SetHTTP1(true)
	return &http.Client{
		Timeout: o.Timeout,
		// A redirect is the customer's answer like any other; following it
		// would take the request, signature and all, to somewhere else.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			Proxy:                  nil,
			DialContext:            dial(o),
			TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
			TLSHandshakeTimeout:    tlsTimeout,
			DisableCompression:     true,
			MaxIdleConns:           idleInAll,
			MaxIdleConnsPerHost:    idlePerHost,
			IdleConnTimeout:        idleTimeout,
			MaxResponseHeaderBytes: o.MaxResponseHeaderBytes,
			Protocols:              http1,
		},
	}
}

// dial checks each address in the dialer's Control, which is called with the
// address of the very socket that is about to connect.
func dial(o Options) func(ctx context.Context, network, addr string) (net.Conn, error) {
	look := control(o)
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		var tried atomic.Int32
		d := &net.Dialer{Timeout: dialTimeout, Resolver: o.Resolver}
		d.Control = func(network, address string, conn syscall.RawConn) error {
			if tried.Add(1) > maxAddresses {
				return errTooMany
			}
			return look(network, address, conn)
		}
		conn, err := d.DialContext(ctx, network, addr)
		switch {
		case errors.Is(err, ssrf.ErrProhibitedIP), errors.Is(err, ssrf.ErrProhibitedNetwork):
			return nil, &Refused{Host: hostOf(addr), setting: o.Setting}
		case errors.Is(err, errSelf):
			return nil, &Refused{Host: hostOf(addr)}
		case errors.Is(err, ssrf.ErrProhibitedPort):
			return nil, &RefusedPort{Host: hostOf(addr)}
		}
		return conn, err
	}
}

func hostOf(addr string) string {
	if host, _, err := net.SplitHostPort(addr); err == nil {
		return host
	}
	return addr
}

var (
	errSelf    = errors.New("this process listens there")
	errTooMany = errors.New("the name has too many addresses")
)

// control looks at an address before it is connected to.
func control(o Options) func(network, address string, conn syscall.RawConn) error {
	g := guard(o.Allow)
	return func(network, address string, conn syscall.RawConn) error {
		if err := g.Safe(network, address, conn); err != nil {
			return err
		}
		// The guard has parsed it already.
		to, err := netip.ParseAddrPort(address)
		if err != nil {
			return ssrf.ErrInvalidHostPort
		}
		allowed := slices.ContainsFunc(o.Allow, func(p netip.Prefix) bool { return p.Contains(to.Addr()) })
		switch {
		case o.isSelf(to):
			return errSelf
		case o.Ports != nil && !allowed && !slices.Contains(o.Ports, to.Port()):
			return ssrf.ErrProhibitedPort
		}
		return nil
	}
}

// isSelf reports whether to is where this process listens.
func (o Options) isSelf(to netip.AddrPort) bool {
	if o.Self.Port() == 0 || o.Self.Port() != to.Port() {
		return false
	}
	if !o.Self.Addr().IsUnspecified() {
		return o.Self.Addr().Unmap() == to.Addr().Unmap()
	}
	ip := to.Addr().Unmap()
	if ip.IsLoopback() || ip.IsUnspecified() {
		return true
	}
	// An address that cannot be told from ours is ours.
	ours, err := net.InterfaceAddrs()
	return err != nil || slices.ContainsFunc(ours, func(a net.Addr) bool {
		p, err := netip.ParsePrefix(a.String())
		return err == nil && p.Addr().Unmap() == ip
	})
}

func guard(allow []netip.Prefix) *ssrf.Guardian {
	var v4, v6 []netip.Prefix
	for _, p := range allow {
		if p.Addr().Is4() {
			v4 = append(v4, p)
		} else {
			v6 = append(v6, p)
		}
	}
	return ssrf.New(
		ssrf.WithAnyPort(),
		ssrf.WithAllowedV4Prefixes(v4...),
		ssrf.WithAllowedV6Prefixes(v6...),
		// A public address by the registry, but inside Azure the platform's own
		// services answer there, instance credentials among them.
		// https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16
		// (read 2026-09).
		ssrf.WithDeniedV4Prefixes(netip.PrefixFrom(netip.AddrFrom4([4]byte{168, 63, 129, 16}), 32)),
	)
}
