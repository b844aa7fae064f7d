package weblink

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/waypost/waypost/internal/wa"
)

func loopback() []netip.Prefix {
	return []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}
}

func newClient() *Client { return New(Options{Allow: loopback()}) }

func serve(t *testing.T, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s
}

// whole fetches a link to its end.
func whole(t *testing.T, c *Client, link string) (wa.LinkedFile, []byte, error) {
	t.Helper()
	f, err := c.Fetch(t.Context(), link)
	if err != nil {
		return f, nil, err
	}
	data, err := io.ReadAll(f.Body)
	if closeErr := f.Body.Close(); closeErr != nil {
		t.Errorf("close: %v", closeErr)
	}
	return f, data, err
}

// outcome ends the test unless err says what it means for a message.
func outcome(t *testing.T, err error) wa.Outcome {
	t.Helper()
	e, ok := errors.AsType[*wa.OutcomeError](err)
	if !ok {
		t.Fatalf("got %v, want an outcome", err)
	}
	if f := e.Outcome.Failure; f.VendorCode != "8008" || f.Title == "" || f.Code != 0 {
		t.Errorf("the failure is %+v", f)
	}
	if e.Outcome.Kind == wa.OutcomeLater && (e.Outcome.Tries == 0 || e.Outcome.After == 0) {
		t.Errorf("later without an end: %+v", e.Outcome)
	}
	return e.Outcome
}

func wantRefused(t *testing.T, err error, title string) {
	t.Helper()
	if o := outcome(t, err); o.Kind != wa.OutcomeRejected || o.Failure.Title != title {
		t.Errorf("got %s %q, want rejected %q", o.Kind, o.Failure.Title, title)
	}
}

func wantLater(t *testing.T, err error, title string) {
	t.Helper()
	if o := outcome(t, err); o.Kind != wa.OutcomeLater || o.Failure.Title != title {
		t.Errorf("got %s %q, want later %q", o.Kind, o.Failure.Title, title)
	}
}

func TestAFileComesWithWhatTheServerSays(t *testing.T) {
	var header http.Header
	var asked string
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		header, asked = r.Header, r.RequestURI
		w.Header().Set("Content-Type", "application/pdf")
		w.Header().Set("Content-Disposition", `attachment; filename*=UTF-8''r%C3%A9sum%C3%A9.pdf`)
		w.Header().Set("Set-Cookie", "a=b")
		fmt.Fprint(w, "%PDF-1.7")
	})
	c := newClient()
	for range 2 { // the second time with whatever the first left behind
		f, data, err := whole(t, c, s.URL+"/a%20b.pdf?x=1&y=%2F#part")
		if err != nil {
			t.Fatal(err)
		}
		if string(data) != "%PDF-1.7" || f.MIMEType != "application/pdf" || f.Name != "résumé.pdf" || f.Size != 8 {
			t.Errorf("got %q and %+v", data, f)
		}
		if asked != "/a%20b.pdf?x=1&y=%2F" {
			t.Errorf("asked for %s", asked)
		}
		if got := header.Get("Accept-Encoding"); got != "identity" {
			t.Errorf("asked for the encoding %q", got)
		}
		for _, name := range []string{"Authorization", "Cookie", "Referer"} {
			if got := header.Values(name); got != nil {
				t.Errorf("%s is %q", name, got)
			}
		}
	}
}

func TestAFileIsNamedByTheLink(t *testing.T) {
	for path, want := range map[string]string{
		"/a/bill.pdf?x=/y.png": "bill.pdf", "/a%2Fb%20c.pdf": "b c.pdf", "/": "", "": "", "/dir/": "dir",
	} {
		s := serve(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Disposition", "inline") // names nothing
		})
		if f, _, err := whole(t, newClient(), s.URL+path); err != nil || f.Name != want {
			t.Errorf("%s: got %q, %v, want %q", path, f.Name, err, want)
		}
	}
}

func TestInternalAddressesAreRefused(t *testing.T) {
	var reached atomic.Int64
	s := serve(t, func(http.ResponseWriter, *http.Request) { reached.Add(1) })
	_, port, _ := net.SplitHostPort(s.Listener.Addr().String())
	c := New(Options{})
	for _, host := range []string{
		"127.0.0.1", "localhost", "[::1]", "[::]", "0.0.0.0", "[::ffff:127.0.0.1]", "[::127.0.0.1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]",
		"169.254.169.254", "[fd00:ec2::254]", "[fe80::1]", "100.100.100.200", "168.63.129.16", "10.0.0.1", "172.16.0.1", "192.168.1.1",
		"224.0.0.1", "255.255.255.255",
	} {
		_, err := c.Fetch(t.Context(), "http://"+host+":"+port+"/secret?token=abc")
		want := "the address of " + strings.Trim(host, "[]") + " is private or reserved; media.allow_networks can allow it"
		wantRefused(t, err, want)
	}
	// What these mean is the resolver's business; nothing comes of it.
	for _, host := range []string{"0", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "LOCALHOST."} {
		if _, err := c.Fetch(t.Context(), "http://"+host+":"+port+"/"); err == nil {
			t.Errorf("%s was reached", host)
		}
	}
	if n := reached.Load(); n != 0 {
		t.Errorf("the server was reached %d times", n)
	}
}

func TestTheGatewayItselfIsRefused(t *testing.T) {
	s := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("reached") })
	at := netip.MustParseAddrPort(s.Listener.Addr().String())
	for _, self := range []netip.AddrPort{at, netip.AddrPortFrom(netip.IPv4Unspecified(), at.Port()), netip.AddrPortFrom(netip.IPv6Unspecified(), at.Port())} {
		_, err := New(Options{Allow: loopback(), Self: self}).Fetch(t.Context(), s.URL)
		wantRefused(t, err, "the address of 127.0.0.1 is private or reserved")
	}
}

func TestALinkThatIsNoAddressIsRefused(t *testing.T) {
	for _, link := range []string{
		"", "file:///etc/passwd", "gopher://h.example/", "ftp://h.example/a", "//h.example/a", "http:///a", "http:a", "http://u:p@h.example/",
		"https://u@h.example/", "http://h.example\\@x/", "http://h.example/\na", "http://[::1/", "unix:///run/x",
	} {
		_, err := newClient().Fetch(t.Context(), link)
		wantRefused(t, err, "the link is no http or https address")
	}
}

func TestThreeRedirectsAreFollowed(t *testing.T) {
	var s *httptest.Server
	var asked []string
	s = serve(t, func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.Path)
		switch r.URL.Path {
		case "/dir/1":
			w.Header().Set("Location", "2#part")
			w.WriteHeader(http.StatusFound)
		case "/dir/2":
			http.Redirect(w, r, "/3", http.StatusPermanentRedirect)
		case "/3":
			http.Redirect(w, r, s.URL+"/4", http.StatusSeeOther)
		case "/4":
			fmt.Fprint(w, "here")
		}
	})
	f, data, err := whole(t, newClient(), s.URL+"/dir/1")
	if err != nil || string(data) != "here" || f.Name != "1" {
		t.Errorf("got %q named %q, %v", data, f.Name, err)
	}
	if got := strings.Join(asked, " "); got != "/dir/1 /dir/2 /3 /4" {
		t.Errorf("asked for %s", got)
	}
}

func TestARedirectLoopEnds(t *testing.T) {
	var asked int
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		asked++
		http.Redirect(w, r, "/again", http.StatusFound)
	})
	_, err := newClient().Fetch(t.Context(), s.URL)
	wantRefused(t, err, "the link redirects more than 3 times")
	if asked != 4 {
		t.Errorf("asked %d times", asked)
	}
}

// Where a redirect leads inside the operator's network is not the customer's to
// know.
func TestARedirectToAnInternalAddressIsRefusedWithoutNamingIt(t *testing.T) {
	inside := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("reached") })
	at := netip.MustParseAddrPort(inside.Listener.Addr().String())
	for _, to := range []string{
		"http://[::1]:" + fmt.Sprint(at.Port()) + "/", "http://169.254.169.254/latest/meta-data/", "http://10.0.0.1/", "https://[fd00:ec2::254]/",
		"http://localhost6.localdomain/",
	} {
		s := serve(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, to, http.StatusFound) })
		_, err := New(Options{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}}).Fetch(t.Context(), s.URL)
		if o := outcome(t, err); strings.ContainsAny(o.Failure.Title, "[]:0123456789") || strings.Contains(o.Failure.Title, "localdomain") {
			t.Errorf("%s: the customer is told %q", to, o.Failure.Title)
		} else if strings.HasSuffix(to, "localdomain/") {
			continue // there may be such a name here or not
		}
		wantRefused(t, err, "the link redirects to an address that is private or reserved; media.allow_networks can allow it")
	}
}

func TestARedirectToWhatIsNoAddressIsRefused(t *testing.T) {
	for _, to := range []string{"", "file:///etc/passwd", "gopher://127.0.0.1/", "http://u:p@127.0.0.1/", "http://", "http://[::1/"} {
		s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", to)
			w.WriteHeader(http.StatusFound)
		})
		_, err := newClient().Fetch(t.Context(), s.URL)
		wantRefused(t, err, "the link redirects to what is no http or https address")
	}
}

func TestARedirectFromHTTPSToHTTPIsRefused(t *testing.T) {
	plain := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("reached") })
	s := httptest.NewTLSServer(http.RedirectHandler(plain.URL, http.StatusFound))
	defer s.Close()
	c := newClient()
	_, err := c.Fetch(t.Context(), s.URL)
	wantRefused(t, err, "the certificate of the link's server is not valid")
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	c.transport.(*http.Transport).TLSClientConfig.RootCAs = roots
	_, err = c.Fetch(t.Context(), s.URL)
	wantRefused(t, err, "the link redirects from https to http")
}

func TestAnAnswerThatIsNoFileSaysWhatToDo(t *testing.T) {
	for _, tt := range []struct {
		status int
		header string
		kind   wa.OutcomeKind
		after  time.Duration
	}{
		{404, "", wa.OutcomeRejected, 0},
		{403, "", wa.OutcomeRejected, 0},
		{401, "", wa.OutcomeRejected, 0},
		{410, "", wa.OutcomeRejected, 0},
		{204, "", wa.OutcomeRejected, 0},
		{206, "", wa.OutcomeRejected, 0},
		{300, "", wa.OutcomeRejected, 0},
		{304, "", wa.OutcomeRejected, 0},
		{500, "", wa.OutcomeLater, firstWait},
		{502, "", wa.OutcomeLater, firstWait},
		{503, "60", wa.OutcomeLater, time.Minute},
		{503, "1", wa.OutcomeLater, firstWait},
		{503, "99999999999", wa.OutcomeLater, longestWait},
		{429, "-1", wa.OutcomeLater, firstWait},
		{408, "soon", wa.OutcomeLater, firstWait},
		{425, "", wa.OutcomeLater, firstWait},
	} {
		s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", tt.header)
			w.WriteHeader(tt.status)
		})
		_, err := newClient().Fetch(t.Context(), s.URL)
		if o := outcome(t, err); o.Kind != tt.kind || o.After != tt.after || !strings.HasPrefix(o.Failure.Title, fmt.Sprint("the link was answered with ", tt.status)) {
			t.Errorf("%d: got %s after %v: %s", tt.status, o.Kind, o.After, o.Failure.Title)
		}
	}
}

func TestACompressedAnswerIsRefused(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		z.Write(make([]byte, 1<<20))
		z.Close()
		w.Write(b.Bytes())
	})
	_, err := newClient().Fetch(t.Context(), s.URL)
	wantRefused(t, err, "the link's answer is compressed, which was not asked for")
}

// raw answers each connection with what write sends, and then closes it.
func raw(t *testing.T, write func(net.Conn)) string {
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

func TestACutFileIsFetchedAgain(t *testing.T) {
	for name, answer := range map[string]string{
		"short":   "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
		"chunked": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
	} {
		address := raw(t, func(conn net.Conn) { io.WriteString(conn, answer) })
		_, data, err := whole(t, newClient(), address)
		wantLater(t, err, "the link's server cut the file off")
		if string(data) != "half" {
			t.Errorf("%s: got %q", name, data)
		}
	}
}

func TestAServerWithoutAnAnswerIsAskedAgain(t *testing.T) {
	closed, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	for address, title := range map[string]string{
		"http://" + closed.Addr().String():                                    "the link's server gave no valid answer",
		raw(t, func(net.Conn) {}):                                             "the link's server gave no valid answer",
		raw(t, func(conn net.Conn) { io.WriteString(conn, "SSH-2.0-x\r\n") }): "the link's server gave no valid answer",
		raw(t, func(conn net.Conn) {
			io.WriteString(conn, "HTTP/1.1 200 OK\r\n"+strings.Repeat("X-Filler: "+strings.Repeat("a", 1000)+"\r\n", 100))
		}): "the link's server gave no valid answer",
		"http://no-such-host.invalid/": "the name in the link could not be resolved",
	} {
		_, err := newClient().Fetch(t.Context(), address)
		wantLater(t, err, title)
	}
}

func TestASilentServerIsLeft(t *testing.T) {
	const slow = "the link's server answers too slowly"
	c := newClient()
	c.idle = 50 * time.Millisecond
	_, err := c.Fetch(t.Context(), raw(t, func(conn net.Conn) { io.Copy(io.Discard, conn) }))
	wantLater(t, err, slow)
	_, data, err := whole(t, c, raw(t, func(conn net.Conn) {
		io.WriteString(conn, "HTTP/1.1 200 OK\r\n\r\nhalf")
		io.Copy(io.Discard, conn)
	}))
	wantLater(t, err, slow)
	if string(data) != "half" {
		t.Errorf("got %q", data)
	}
}

// drip gives so many bytes every second, without an end.
type drip int

func (d drip) Read(p []byte) (int, error) {
	time.Sleep(time.Second)
	return min(int(d), len(p)), nil
}

func (drip) Close() error { return nil }

func TestASlowDripIsLeftAfterItsGrace(t *testing.T) {
	for _, tt := range []struct {
		rate     drip
		from, to time.Duration
	}{
		{1, 30 * time.Second, 32 * time.Second},
		{slowest / 2, 58 * time.Second, 62 * time.Second},
		{slowest, 30 * time.Minute, 31 * time.Minute}, // longer than any file takes
	} {
		synctest.Test(t, func(t *testing.T) {
			b := newBody(t.Context(), idleTimeout)
			b.from = tt.rate
			began := time.Now()
			var err error
			for p := make([]byte, slowest); err == nil && time.Since(began) < tt.from+tt.to; {
				_, err = b.Read(p)
			}
			took := time.Since(began)
			if took < tt.from || took > tt.to {
				t.Errorf("%d bytes a second: %v after %v, want %v to %v", tt.rate, err, took, tt.from, tt.to)
			}
			wantLater(t, err, "the link's server answers too slowly")
			b.Close()
		})
	}
}

func TestACallerWhoLeavesIsToldJustThat(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	address := raw(t, func(conn net.Conn) { cancel(); io.Copy(io.Discard, conn) })
	if _, err := newClient().Fetch(ctx, address); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
