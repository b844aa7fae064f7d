package waapi

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"
)

// TestGolden runs conformance/cases/*.http, each against a gateway of its own.
// A file is a list of requests with the answer to each:
//
//	### what is shown
//	POST /api/v2/message/
//	Authorization: Bearer {token}
//
//	{"message":[…]}
//
//	>>> 200
//	Content-Type: application/json
//
//	{"status":"success",…}
//
// {name} is an id or token of the fixture, {last} the last new id that an
// answer had; a new id in an answer is written {new}. <<3 x ab>> is ababab,
// <<hex ff>> a byte, <<file image.png>> a file of conformance/media.
// -update writes the answers as they came.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("..", "..", "conformance", "cases", "*.http"))
	check(t, err)
	if len(files) == 0 {
		t.Fatal("no files")
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".http"), func(t *testing.T) {
			g := newGateway(t)
			text, err := os.ReadFile(file)
			check(t, err)
			head, blocks := splitCases(string(text))
			out := []string{head}
			for _, block := range blocks {
				c := parseCase(t, block)
				got := g.play(t, c)
				if got != c.answer && !*update {
					t.Errorf("%s\n--- got\n%s\n--- want\n%s", c.title, got, c.answer)
				}
				out = append(out, c.request+">>> "+got+"\n")
			}
			if *update {
				check(t, os.WriteFile(file, []byte(strings.Join(out, "")), 0o644))
			}
			g.noSecretsIn(t, g.logs.String())
		})
	}
}

// noSecretsIn looks for what must never be logged or answered.
func (g *gateway) noSecretsIn(t *testing.T, s string) {
	t.Helper()
	for _, secret := range []string{g.names["token"], g.names["beta_token"], "canary", writer, justOutOf, "panic"} {
		if strings.Contains(s, secret) {
			t.Errorf("found %q in %s", secret, s)
		}
	}
}

// exchange is one case: request as it stands in the file, and its answer.
type exchange struct{ title, request, answer string }

func splitCases(text string) (head string, blocks []string) {
	parts := strings.Split("\n"+text, "\n### ")
	for _, p := range parts[1:] {
		blocks = append(blocks, "### "+strings.TrimRight(p, "\n")+"\n")
	}
	return strings.TrimPrefix(parts[0]+"\n", "\n"), blocks
}

func parseCase(t *testing.T, block string) exchange {
	t.Helper()
	title, _, _ := strings.Cut(block, "\n")
	request, answer, ok := strings.Cut(block, "\n>>>")
	if !ok && !*update {
		t.Fatalf("%s: no answer", title)
	}
	return exchange{title: title, request: strings.TrimRight(request, "\n") + "\n\n", answer: strings.TrimSpace(answer) + "\n"}
}

// play sends the request byte for byte, without a client that would tidy it,
// and returns the answer as it is written in the file.
func (g *gateway) play(t *testing.T, c exchange) string {
	t.Helper()
	_, text, _ := strings.Cut(c.request, "\n")
	head, body, _ := strings.Cut(text, "\n\n")
	// The empty line before the answer belongs to the file, not to the body.
	body = strings.TrimRight(body, "\n")
	if strings.Contains(head, "multipart/") || strings.Contains(head, "chunked") {
		body = strings.ReplaceAll(body, "\n", "\r\n")
	}
	body = g.expand(t, body)
	lines := strings.Split(g.expand(t, head), "\n")
	lines[0] += " HTTP/1.1"
	lines = append(lines, "Host: gateway.example", "Connection: close")
	if !strings.Contains(head, "Transfer-Encoding") && !strings.Contains(head, "Content-Length") {
		lines = append(lines, "Content-Length: "+strconv.Itoa(len(body)))
	}
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", g.http.Listener.Addr().String())
	check(t, err)
	defer conn.Close()
	method, _, _ := strings.Cut(lines[0], " ")
	// The server may answer and close before it has read everything.
	go func() { _, _ = io.WriteString(conn, strings.Join(lines, "\r\n")+"\r\n\r\n"+body) }()
	resp, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
	check(t, err)
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	check(t, err)
	if resp.Header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("%s: no nosniff", c.title)
	}
	if resp.Header.Get("Location") != "" {
		t.Errorf("%s: redirected to %s", c.title, resp.Header.Get("Location"))
	}
	return g.show(t, resp, got)
}

func (g *gateway) show(t *testing.T, resp *http.Response, body []byte) string {
	t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "%d\n", resp.StatusCode)
	names := []string{
		"Allow", "Cache-Control", "Content-Disposition", "Content-Range", "Content-Security-Policy", "Content-Type", "Etag", "Retry-After",
	}
	if !strings.HasPrefix(resp.Header.Get("Content-Type"), "application/json") {
		names = append(names, "Content-Length")
	}
	for _, name := range names {
		if v := resp.Header.Get(name); v != "" {
			fmt.Fprintf(&b, "%s: %s\n", name, v)
		}
	}
	if len(body) == 0 {
		return b.String()
	}
	g.noSecretsIn(t, string(body))
	return b.String() + "\n" + strings.TrimSpace(g.anonymous(t, body)) + "\n"
}

var (
	uuids  = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)
	names  = regexp.MustCompile(`\{[a-z_]+\}`)
	macros = regexp.MustCompile(`<<(?:(\d+) x (.*?)|hex ([0-9a-f]+)|file ([a-z.]+))>>`)
)

// anonymous writes ids by their names, so that answers do not change.
func (g *gateway) anonymous(t *testing.T, body []byte) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", "..", "conformance", "media", "*"))
	check(t, err)
	for _, f := range files {
		if name := filepath.Base(f); bytes.Equal(sample(t, name), body) {
			return "<<file " + name + ">>"
		}
	}
	if !utf8.Valid(body) {
		return fmt.Sprintf("<<%d bytes>>", len(body))
	}
	text := string(body)
	// Longest first: one id may be part of another.
	for _, name := range slices.SortedFunc(maps.Keys(g.names), func(a, b string) int {
		return cmp.Or(cmp.Compare(len(g.names[b]), len(g.names[a])), cmp.Compare(a, b))
	}) {
		if !strings.HasPrefix(name, "last") {
			text = strings.ReplaceAll(text, g.names[name], "{"+name+"}")
		}
	}
	return uuids.ReplaceAllStringFunc(text, func(id string) string {
		g.names["last"], g.names["last_in_capitals"] = id, strings.ToUpper(id)
		return "{new}"
	})
}

func (g *gateway) expand(t *testing.T, s string) string {
	t.Helper()
	s = names.ReplaceAllStringFunc(s, func(name string) string {
		if v, ok := g.names[strings.Trim(name, "{}")]; ok {
			return v
		}
		return name
	})
	return macros.ReplaceAllStringFunc(s, func(m string) string {
		part := macros.FindStringSubmatch(m)
		switch {
		case part[1] != "":
			n, err := strconv.Atoi(part[1])
			check(t, err)
			return strings.Repeat(part[2], n)
		case part[3] != "":
			b, err := hex.DecodeString(part[3])
			check(t, err)
			return string(b)
		default:
			return string(sample(t, part[4]))
		}
	})
}
