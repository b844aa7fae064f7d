package conform

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// largestAnswer bounds what is read of an answer, in bytes with its headers.
// The media of the cases are far smaller.
const largestAnswer = 16 << 20

// Target is a server, by its address.
type Target struct {
	tls  bool
	host string // as it is written in the Host header
	dial string // host and port
	base string // path before every path of a case, without a slash at the end
	// roots are trusted instead of the system's, if there are any.
	roots *x509.CertPool
}

// NewTarget takes an http or https address, which may have a path: the cases'
// paths are then below it.
func NewTarget(address string) (Target, error) {
	u, err := url.Parse(address)
	if err != nil {
		return Target{}, errors.New("the server's address is no URL; write it as https://host or http://host:port")
	}
	switch {
	case u.Scheme != "http" && u.Scheme != "https", u.Hostname() == "":
		return Target{}, errors.New("the server's address must begin with http:// or https:// and name a host")
	case u.User != nil, u.RawQuery != "", u.Fragment != "":
		return Target{}, errors.New("the server's address may have a path, but no user, query or fragment")
	}
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return Target{
		tls: u.Scheme == "https", host: u.Host, dial: net.JoinHostPort(u.Hostname(), port), base: strings.TrimRight(u.EscapedPath(), "/"),
	}, nil
}

// URL is the address without a slash at the end.
func (t Target) URL() string {
	scheme := "http://"
	if t.tls {
		scheme = "https://"
	}
	return scheme + t.host + t.base
}

// Answer is what came back.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// wire is the request of a case as it is sent.
func (t Target) wire(c Case, names Names, media fs.FS) (method string, request []byte, err error) {
	body := c.Body
	if strings.Contains(c.Head, "multipart/") || strings.Contains(c.Head, "chunked") {
		body = strings.ReplaceAll(body, "\n", "\r\n")
	}
	if body, err = names.Expand(body, media); err != nil {
		return "", nil, err
	}
	head, err := names.Expand(c.Head, media)
	if err != nil {
		return "", nil, err
	}
	lines := strings.Split(head, "\n")
	method, target, _ := strings.Cut(lines[0], " ")
	lines[0] = method + " " + t.below(target) + " HTTP/1.1"
	lines = append(lines, "Host: "+t.host, "Connection: close")
	if !strings.Contains(head, "Transfer-Encoding") && !strings.Contains(head, "Content-Length") {
		lines = append(lines, "Content-Length: "+strconv.Itoa(len(body)))
	}
	return method, []byte(strings.Join(lines, "\r\n") + "\r\n\r\n" + body), nil
}

// below puts the base before a path, which may be written with its host.
func (t Target) below(target string) string {
	if strings.HasPrefix(target, "/") {
		return t.base + target
	}
	scheme, rest, ok := strings.Cut(target, "://")
	host, path, slash := strings.Cut(rest, "/")
	if !ok || !slash {
		return target
	}
	return scheme + "://" + host + t.base + "/" + path
}

// Play sends the request of a case byte for byte, without a client that would
// tidy it, and returns the answer. It ends with the context; an answer that is
// larger than 16 MiB is an error.
func (t Target) Play(ctx context.Context, c Case, names Names, media fs.FS) (Answer, error) {
	method, request, err := t.wire(c, names, media)
	if err != nil {
		return Answer{}, err
	}
	conn, err := t.connect(ctx)
	if err != nil {
		return Answer{}, err
	}
	// A blocked read or write ends when the connection does.
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	written := make(chan struct{})
	// The server may answer and close before it has read everything: what
	// becomes of the write does not matter.
	go func() {
		defer close(written)
		_, _ = conn.Write(request)
	}()
	answer, err := readAnswer(conn, method)
	stop()
	_ = conn.Close()
	<-written
	if ctx.Err() != nil && err != nil {
		return Answer{}, fmt.Errorf("no whole answer in time: %w", ctx.Err())
	}
	return answer, err
}

// Reach says what to do when nobody answers at the address.
func (t Target) Reach(ctx context.Context) error {
	conn, err := t.connect(ctx)
	if err != nil {
		return fmt.Errorf("%s cannot be reached; is it the right address, and is the server running? %w", t.URL(), err)
	}
	return conn.Close()
}

func (t Target) connect(ctx context.Context) (net.Conn, error) {
	if !t.tls {
		return (&net.Dialer{}).DialContext(ctx, "tcp", t.dial)
	}
	// HTTP/2 has no bytes that one could write in a file.
	config := &tls.Config{NextProtos: []string{"http/1.1"}, MinVersion: tls.VersionTLS12, RootCAs: t.roots}
	return (&tls.Dialer{Config: config}).DialContext(ctx, "tcp", t.dial)
}

func readAnswer(conn io.Reader, method string) (Answer, error) {
	limited := &io.LimitedReader{R: conn, N: largestAnswer}
	answer, err := readResponse(bufio.NewReader(limited), method)
	if limited.N <= 0 {
		return Answer{}, fmt.Errorf("the answer is larger than %d MiB", largestAnswer>>20)
	}
	return answer, err
}

func readResponse(r *bufio.Reader, method string) (Answer, error) {
	for {
		resp, err := http.ReadResponse(r, &http.Request{Method: method})
		if err != nil {
			return Answer{}, fmt.Errorf("no answer by HTTP: %w", err)
		}
		body, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close() // everything has been read
		if err != nil {
			return Answer{}, fmt.Errorf("the answer breaks off: %w", err)
		}
		// 1xx announce an answer that is still to come.
		if resp.StatusCode >= http.StatusOK || resp.StatusCode == http.StatusSwitchingProtocols {
			return Answer{Status: resp.StatusCode, Header: resp.Header, Body: body}, nil
		}
	}
}
