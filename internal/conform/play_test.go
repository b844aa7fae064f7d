package conform

import (
	"bufio"
	"context"
	"crypto/x509"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

// patience is more than anything here takes.
const patience = 30 * time.Second

// server answers each connection with do, which gets the request as it came.
func server(t *testing.T, do func(conn net.Conn, request string)) Target {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			do(conn, readRequest(conn))
			conn.Close()
		}
	}()
	t.Cleanup(func() {
		l.Close()
		<-done
	})
	target, err := NewTarget("http://" + l.Addr().String() + "/base/")
	check(t, err)
	return target
}

// readRequest reads up to the end of a request that has a Content-Length, or
// of a chunked one.
func readRequest(conn net.Conn) string {
	var raw strings.Builder
	req, err := http.ReadRequest(bufio.NewReader(io.TeeReader(conn, &raw)))
	if err == nil {
		_, _ = io.Copy(io.Discard, req.Body)
	}
	return raw.String()
}

func oneCase(t *testing.T, text string) Case {
	t.Helper()
	f, err := Parse("x", "### x\n"+text)
	check(t, err)
	return f.Cases[0]
}

func TestRequestsGoOutAsTheyStand(t *testing.T) {
	var got string
	target := server(t, func(conn net.Conn, request string) {
		got = request
		io.WriteString(conn, "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nX-A: 1\r\nContent-Length: 2\r\n\r\nok")
	})
	host := target.host
	for _, tt := range []struct{ text, want string }{
		{
			"POST //a/./%2e//b?x=1\nz: 1\nA:2\nz: 3\n\n{\"t\":\"{token}\"}\n",
			"POST /base//a/./%2e//b?x=1 HTTP/1.1\r\nz: 1\r\nA:2\r\nz: 3\r\nHost: " + host + "\r\nConnection: close\r\nContent-Length: 9\r\n\r\n{\"t\":\"T\"}",
		},
		{
			"POST http://other.example/a\nContent-Length: 1\n\nx\n",
			"POST http://other.example/base/a HTTP/1.1\r\nContent-Length: 1\r\nHost: " + host + "\r\nConnection: close\r\n\r\nx",
		},
		{
			"POST /a\nContent-Type: multipart/form-data; boundary=b\n\n--b\n\n<<file f>>\n--b--\n",
			"POST /base/a HTTP/1.1\r\nContent-Type: multipart/form-data; boundary=b\r\nHost: " + host +
				"\r\nConnection: close\r\nContent-Length: 17\r\n\r\n--b\r\n\r\na\nb\r\n--b--",
		},
	} {
		a, err := target.Play(t.Context(), oneCase(t, tt.text), Names{"token": "T"}, fstest.MapFS{"f": {Data: []byte("a\nb")}})
		check(t, err)
		if got != tt.want {
			t.Errorf("got  %q\nwant %q", got, tt.want)
		}
		if a.Status != 200 || string(a.Body) != "ok" || a.Header.Get("X-A") != "1" {
			t.Errorf("%+v", a)
		}
	}
	if _, err := target.Play(t.Context(), oneCase(t, "GET /<<file none>>\n"), Names{}, fstest.MapFS{}); err == nil {
		t.Error("a file that is not there was sent")
	}
}

func TestServersThatDoNotAnswerWell(t *testing.T) {
	release := make(chan struct{})
	defer close(release)
	for _, tt := range []struct {
		name, want string
		do         func(conn net.Conn)
	}{
		{"silence", "no whole answer in time", func(net.Conn) { <-release }},
		{"half an answer", "no whole answer in time", func(conn net.Conn) {
			io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab")
			<-release
		}},
		{"goodbye", "no answer by HTTP", func(net.Conn) {}},
		{"no HTTP", "no answer by HTTP", func(conn net.Conn) { io.WriteString(conn, "220 ready\r\n\r\n") }},
		{"broken off", "the answer breaks off", func(conn net.Conn) { io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab") }},
		{"endless", "larger than 16 MiB", func(conn net.Conn) {
			io.WriteString(conn, "HTTP/1.1 200 OK\r\n\r\n")
			for b := make([]byte, 1<<20); ; {
				if _, err := conn.Write(b); err != nil {
					return
				}
			}
		}},
		{"endless headers", "larger than 16 MiB", func(conn net.Conn) {
			io.WriteString(conn, "HTTP/1.1 200 OK\r\n")
			for line := strings.Repeat("X: "+strings.Repeat("x", 1000)+"\r\n", 1000); ; {
				if _, err := io.WriteString(conn, line); err != nil {
					return
				}
			}
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			target := server(t, func(conn net.Conn, _ string) {
				if strings.Contains(tt.want, "in time") {
					go func() { // the connection is closed behind it
						tt.do(conn)
					}()
					io.Copy(io.Discard, conn) // until the other side gives up
					return
				}
				tt.do(conn)
			})
			limit := patience
			if strings.Contains(tt.want, "in time") {
				limit = 50 * time.Millisecond
			}
			p := Player{Target: target, Media: fstest.MapFS{}, Timeout: limit}
			names := Names{"last": "from before", "token": "secret"}
			r := p.Play(t.Context(), oneCase(t, "POST /\n\n{token}\n\n>>> 200\n\n{\"id\":\"{new}\"}\n"), names)
			if r.Outcome != Failed || len(r.Why) != 1 || !strings.Contains(r.Why[0], tt.want) || r.Got != "" {
				t.Errorf("%s %v", r.Outcome, r.Why)
			}
			if _, ok := names["last"]; ok {
				t.Error("the id from before is still the last")
			}
		})
	}
}

func TestPlayEndsWithTheContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	target := server(t, func(conn net.Conn, _ string) {
		cancel()
		io.Copy(io.Discard, conn)
	})
	p := Player{Target: target, Media: fstest.MapFS{}, Timeout: patience}
	if r := p.Play(ctx, oneCase(t, "GET /\n\n>>> 200\n"), Names{}); r.Outcome != Failed {
		t.Errorf("%+v", r)
	}
}

func TestNotApplicable(t *testing.T) {
	target, err := NewTarget("http://127.0.0.1:1")
	check(t, err)
	p := Player{Target: target, Media: fstest.MapFS{}, Timeout: patience, Reasons: map[string]error{"colour": NotKnown("ask secret")}}
	c := oneCase(t, "# needs: fixed_clock\nGET /{colour}/{token}\n\n>>> 200\n\n{\"id\":\"{new}\"}\n")
	names := Names{"token": "secret", "last": "from before"}
	r := p.Play(t.Context(), c, names)
	if r.Outcome != NotApplicable || strings.Join(r.Why, "|") != "{colour} is not known: ask {token}|{fixed_clock} is not known" {
		t.Errorf("%+v", r)
	}
	if r := p.Play(t.Context(), oneCase(t, "GET /{last}\n\n>>> 200\n"), names); r.Outcome != NotApplicable {
		t.Errorf("an id of a case that was not played: %+v", r)
	}
	// What went wrong is not the same as what nobody has.
	p.Reasons = map[string]error{"colour": errors.New("the upload was refused")}
	if r := p.Play(t.Context(), c, names); r.Outcome != Failed || !strings.Contains(r.Why[0], "the upload was refused") {
		t.Errorf("%+v", r)
	}
}

func TestCount(t *testing.T) {
	var c Count
	for _, o := range []Outcome{Passed, Passed, Passed, Failed, Failed, NotApplicable} {
		c.Add(o)
	}
	if c.String() != "3 passed, 2 failed, 1 not applicable" {
		t.Error(c.String())
	}
}

func TestTLS(t *testing.T) {
	s := httptest.NewUnstartedServer(http.NotFoundHandler())
	s.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	s.StartTLS()
	t.Cleanup(s.Close)
	target, err := NewTarget(s.URL)
	check(t, err)
	if target.URL() != s.URL {
		t.Errorf("%s, want %s", target.URL(), s.URL)
	}
	// Nobody has vouched for the test server, and nobody is trusted without.
	if err := target.Reach(t.Context()); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("%v", err)
	}
	target.roots = x509.NewCertPool()
	target.roots.AddCert(s.Certificate())
	check(t, target.Reach(t.Context()))
	a, err := target.Play(t.Context(), oneCase(t, "GET /\n\n>>> 404\n"), Names{}, fstest.MapFS{})
	if err != nil || a.Status != http.StatusNotFound {
		t.Errorf("%+v, %v", a, err)
	}
}

func TestTargets(t *testing.T) {
	for address, want := range map[string]string{
		"http://gateway.example":         "http://gateway.example dial gateway.example:80",
		"https://gateway.example/":       "https://gateway.example dial gateway.example:443",
		"https://gateway.example:8443/a": "https://gateway.example:8443/a dial gateway.example:8443",
		"http://[::1]/a%20b/":            "http://[::1]/a%20b dial [::1]:80",
	} {
		target, err := NewTarget(address)
		check(t, err)
		if got := target.URL() + " dial " + target.dial; got != want {
			t.Errorf("%s: got %s, want %s", address, got, want)
		}
	}
	for _, address := range []string{"", "gateway.example", "ftp://gateway.example", "http://", "http://a:b@gateway.example", "http://x/?a=1", "http://x/#a", "http://x:y"} {
		if _, err := NewTarget(address); err == nil || strings.Contains(err.Error(), "a:b") {
			t.Errorf("%q: %v", address, err)
		}
	}
}
