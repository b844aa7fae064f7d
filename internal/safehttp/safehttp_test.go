package safehttp

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"code.dny.dev/ssrf"
)

func loopback() []netip.Prefix {
	return []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}
}

type answer struct {
	status int
	body   []byte
}

func get(t *testing.T, c *http.Client, address string) (answer, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := c.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return answer{resp.StatusCode, body}, err
}

// TestGuardRefusesWhatIsNotPublic asks the check that the dialer makes, because
// most of these addresses could not be dialled here anyway.
func TestGuardRefusesWhatIsNotPublic(t *testing.T) {
	g := guard(nil)
	for _, addr := range []string{
		"169.254.169.254", "fd00:ec2::254", "100.100.100.200", "168.63.129.16",
		"127.0.0.1", "127.255.255.254", "0.0.0.0", "0.0.0.1", "::", "::1",
		"::ffff:127.0.0.1", "::ffff:169.254.169.254", "::ffff:8.8.8.8", "::127.0.0.1",
		"64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::7f00:1",
		"2002:7f00:1::", "2002:a9fe:a9fe::1", "2001:0:7f00:1::1",
		"fec0::1", "5f00::1", "fe80::1", "fc00::1", "ff02::1", "100::1", "2001:db8::1", "3fff::1",
		"10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "192.0.0.192", "198.18.0.1",
		"224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
	} {
		network := "tcp4"
		if netip.MustParseAddr(addr).Is6() {
			network = "tcp6"
		}
		if err := g.Safe(network, net.JoinHostPort(addr, "443"), nil); err == nil {
			t.Errorf("%s: allowed, want refused", addr)
		}
	}
}

func TestGuardAllowsPublicAddressesOnAnyPort(t *testing.T) {
	g := guard(nil)
	for network, addr := range map[string]string{"tcp4": "8.8.8.8:443", "tcp6": "[2606:4700:4700::1111]:8443"} {
		if err := g.Safe(network, addr, nil); err != nil {
			t.Errorf("%s: %v, want allowed", addr, err)
		}
	}
}

// TestClientRefusesEverySpelling goes through the whole client: whatever a
// spelling means to the resolver, no connection to this machine comes of it.
func TestClientRefusesEverySpelling(t *testing.T) {
	var reached atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Add(1) }))
	defer server.Close()
	_, port, err := net.SplitHostPort(server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	c := NewClient(Options{Setting: "allow_private"})
	for _, host := range []string{
		"127.0.0.1", "0", "0.0.0.0", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "[::1]", "[::]",
		"[::ffff:127.0.0.1]", "[::127.0.0.1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "localhost", "LOCALHOST.",
	} {
		_, err := get(t, c, "http://"+host+":"+port+"/")
		if err == nil {
			t.Errorf("%s: reached, want refused", host)
		}
	}
	if n := reached.Load(); n != 0 {
		t.Errorf("the server was reached %d times, want 0", n)
	}
}

func TestRefusedNamesTheSettingAndNothingElse(t *testing.T) {
	c := NewClient(Options{Setting: "webhook.allow_private"})
	_, err := get(t, c, "http://localhost:1/secret?token=abc")
	refused, ok := errors.AsType[*Refused](err)
	if !ok {
		t.Fatalf("got %v, want a *Refused", err)
	}
	want := "the address of localhost is private or reserved; webhook.allow_private can allow it"
	if got := refused.Error(); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestRebindingIsRefused uses a name that was public when it was looked at and
// leads to this machine when it is dialled: only the dialled address counts.
func TestRebindingIsRefused(t *testing.T) {
	var reached atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Add(1) }))
	defer server.Close()
	_, port, _ := net.SplitHostPort(server.Listener.Addr().String())

	// Control: with loopback allowed the name does lead here.
	resp, err := get(t, NewClient(Options{Allow: loopback()}), "http://localhost:"+port)
	if err != nil || resp.status != http.StatusOK {
		t.Fatalf("control: %v, want the server reached", err)
	}
	_, err = get(t, NewClient(Options{}), "http://localhost:"+port)
	if _, ok := errors.AsType[*Refused](err); !ok {
		t.Errorf("got %v, want a *Refused", err)
	}
	if n := reached.Load(); n != 1 {
		t.Errorf("the server was reached %d times, want 1 (the control)", n)
	}
}

func TestRedirectIsNotFollowed(t *testing.T) {
	var reached atomic.Int64
	target := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Add(1) }))
	defer target.Close()
	server := httptest.NewServer(http.RedirectHandler(target.URL, http.StatusTemporaryRedirect))
	defer server.Close()
	resp, err := get(t, NewClient(Options{Allow: loopback()}), server.URL)
	if err != nil {
		t.Fatal(err)
	}
	if resp.status != http.StatusTemporaryRedirect || reached.Load() != 0 {
		t.Errorf("got status %d and %d requests at the target, want 307 and 0", resp.status, reached.Load())
	}
}

func TestProxyOfTheEnvironmentIsNotUsed(t *testing.T) {
	var proxied atomic.Int64
	proxy := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { proxied.Add(1) }))
	defer proxy.Close()
	t.Setenv("HTTP_PROXY", proxy.URL)
	t.Setenv("http_proxy", proxy.URL)
	// Loopback would bypass a proxy by itself, so the target is another name.
	_, err := get(t, NewClient(Options{Timeout: time.Second, Allow: loopback()}), "http://10.0.0.1/")
	if _, ok := errors.AsType[*Refused](err); !ok {
		t.Errorf("got %v, want a *Refused", err)
	}
	if n := proxied.Load(); n != 0 {
		t.Errorf("the proxy was asked %d times, want 0", n)
	}
}

func TestCompressedAnswerIsNotInflated(t *testing.T) {
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	z.Write(make([]byte, 10<<20))
	z.Close()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Accept-Encoding") != "" {
			t.Error("the client asked for compression")
		}
		w.Header().Set("Content-Encoding", "gzip")
		w.Write(bomb.Bytes())
	}))
	defer server.Close()
	resp, err := get(t, NewClient(Options{Allow: loopback()}), server.URL)
	if err != nil {
		t.Fatal(err)
	}
	if len(resp.body) != bomb.Len() {
		t.Errorf("got %d bytes, want the %d of the wire", len(resp.body), bomb.Len())
	}
}

// serveRaw answers the first request of each connection with what write sends.
func serveRaw(t *testing.T, write func(net.Conn)) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				conn.Read(make([]byte, 4096))
				write(conn)
			}()
		}
	}()
	return "http://" + l.Addr().String()
}

func TestEndlessHeaderIsBounded(t *testing.T) {
	var sent atomic.Int64
	line := "X-Filler: " + strings.Repeat("a", 1000) + "\r\n"
	address := serveRaw(t, func(conn net.Conn) {
		io.WriteString(conn, "HTTP/1.1 200 OK\r\n")
		for {
			n, err := io.WriteString(conn, line)
			sent.Add(int64(n))
			if err != nil {
				return
			}
		}
	})
	_, err := get(t, NewClient(Options{Allow: loopback(), MaxResponseHeaderBytes: 8 << 10}), address)
	if err == nil || !strings.Contains(err.Error(), "header") {
		t.Errorf("got %v, want an error about the header", err)
	}
}

func TestSilentServerIsLeft(t *testing.T) {
	address := serveRaw(t, func(conn net.Conn) { io.Copy(io.Discard, conn) })
	_, err := get(t, NewClient(Options{Timeout: 50 * time.Millisecond, Allow: loopback()}), address)
	if ue, ok := errors.AsType[*url.Error](err); !ok || !ue.Timeout() {
		t.Errorf("got %v, want a timeout", err)
	}
}

func TestCertificateIsChecked(t *testing.T) {
	server := httptest.NewTLSServer(http.NotFoundHandler())
	defer server.Close()
	_, err := get(t, NewClient(Options{Allow: loopback()}), server.URL)
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); !ok {
		t.Errorf("got %v, want a certificate error", err)
	}
}

func TestConnectionsAreReused(t *testing.T) {
	var conns atomic.Int64
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			conns.Add(1)
		}
	}
	server.Start()
	defer server.Close()
	c := NewClient(Options{Allow: loopback()})
	for range 5 {
		if _, err := get(t, c, server.URL); err != nil {
			t.Fatal(err)
		}
	}
	if n := conns.Load(); n != 1 {
		t.Errorf("got %d connections, want 1", n)
	}
}

// TestAllowIsNoWiderThanItSays allows one range and asks for its neighbour.
func TestAllowIsNoWiderThanItSays(t *testing.T) {
	g := guard([]netip.Prefix{netip.MustParsePrefix("10.1.0.0/16"), netip.MustParsePrefix("fd12::/16")})
	allowed := []string{"10.1.2.3", "fd12::1"}
	for _, addr := range append(slices.Clone(allowed), "10.2.0.1", "127.0.0.1", "fd13::1") {
		err := g.SafeAddr(netip.MustParseAddr(addr))
		if got, want := err == nil, slices.Contains(allowed, addr); got != want {
			t.Errorf("%s: allowed is %t, want %t", addr, got, want)
		}
	}
}

func TestContextEndsTheDial(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	req, _ := http.NewRequestWithContext(ctx, http.MethodGet, "http://example.invalid/", nil)
	resp, err := NewClient(Options{}).Do(req)
	if err == nil {
		resp.Body.Close()
	}
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the context's error", err)
	}
}

// TestPortsHoldForPublicAddressesOnly asks the check itself, because nothing
// public can be dialled here.
func TestPortsHoldForPublicAddressesOnly(t *testing.T) {
	check := control(Options{Ports: []uint16{80, 443}, Allow: []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16"), netip.MustParsePrefix("2001:db8::/32")}})
	for address, want := range map[string]error{
		"8.8.8.8:443": nil, "8.8.8.8:80": nil, "8.8.8.8:8080": ssrf.ErrProhibitedPort, "8.8.8.8:22": ssrf.ErrProhibitedPort,
		"[2606:4700:4700::1111]:443": nil, "[2606:4700:4700::1111]:25": ssrf.ErrProhibitedPort,
		"10.1.0.1:8080": nil, "[2001:db8::1]:8080": nil, "10.2.0.1:443": ssrf.ErrProhibitedIP,
	} {
		network := "tcp4"
		if strings.HasPrefix(address, "[") {
			network = "tcp6"
		}
		if err := check(network, address, nil); !errors.Is(err, want) {
			t.Errorf("%s: got %v, want %v", address, err, want)
		}
	}
}

func TestOurOwnAddressIsNeverReached(t *testing.T) {
	everything := []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0")}
	for _, tt := range []struct {
		self, to string
		refused  bool
	}{
		{"127.0.0.1:8080", "127.0.0.1:8080", true},
		{"127.0.0.1:8080", "127.0.0.1:8081", false},
		{"127.0.0.1:8080", "127.0.0.2:8080", false},
		{"[::ffff:127.0.0.1]:8080", "127.0.0.1:8080", true},
		{"0.0.0.0:8080", "127.0.0.2:8080", true},
		{"0.0.0.0:8080", "8.8.8.8:8080", false},
		{"[::]:8080", "127.0.0.1:8080", true},
		{"[::]:8080", "[::1]:8080", true},
		{"[::]:8080", "0.0.0.0:8080", true},
		{"[::]:8080", "[::1]:80", false},
	} {
		network := "tcp4"
		if strings.HasPrefix(tt.to, "[") {
			network = "tcp6"
		}
		err := control(Options{Allow: everything, Self: netip.MustParseAddrPort(tt.self)})(network, tt.to, nil)
		if errors.Is(err, errSelf) != tt.refused {
			t.Errorf("listening on %s, calling %s: %v", tt.self, tt.to, err)
		}
	}
	// Whatever address this machine has, it is ours.
	ours, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range ours {
		to := netip.AddrPortFrom(netip.MustParsePrefix(a.String()).Addr(), 8080)
		if !(Options{Self: netip.MustParseAddrPort("[::]:8080")}).isSelf(to) {
			t.Errorf("%s is not taken for ours", to)
		}
	}
}
