package wa

import (
	"fmt"
	"maps"
	"net/http"
	"net/textproto"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// MaxEndpoints is how many endpoints an account may have of each kind. It is
// ours: each of them gets every event that it fits.
const MaxEndpoints = 20

// Endpoint is where a customer receives events of one kind. An account knows it
// by its kind and Name.
type Endpoint struct {
	ID        EndpointID
	AccountID AccountID
	Kind      EventKind
	// SourceID leaves it the events of one source: statuses of messages that
	// were sent from it, and messages to its number. "" is all sources.
	SourceID SourceID
	// Name is what customers call it, compared letter by letter.
	Name string
	URL  string
	// Headers are sent with every event; their values are secrets.
	Headers map[string]Secret
	// Disabled: its events are kept until it is enabled again.
	Disabled  bool
	CreatedAt time.Time
}

// Limits of an endpoint's headers. Those of lengths are ours, in bytes: a
// receiver's server takes a head of 8 to 16 KB.
const (
	MaxEndpointHeaders   = 20
	maxHeaderNameLength  = 100
	maxHeaderValueLength = 4096
)

// Validate returns everything that is wrong with the endpoint. One without a
// name is named after its kind when it is kept.
func (e Endpoint) Validate() []Problem {
	var ps []Problem
	if !e.Kind.Valid() {
		ps = append(ps, Problem{Field: "kind", Rule: RuleUnknown, Detail: "must be event or incoming"})
	}
	if e.Name != "" && !ValidName(e.Name) {
		ps = append(ps, Problem{Field: "name", Rule: RuleMalformed, Detail: "must be 1 to 100 printable characters"})
	}
	if e.SourceID != "" && !validSourceID(e.SourceID) {
		ps = append(ps, Problem{Field: "source", Rule: RuleUnknown, Detail: "does not exist"})
	}
	ps = append(ps, endpointURL(e.URL)...)
	return append(ps, endpointHeaders(e.Headers)...)
}

// SamePlace reports whether two endpoints have addresses with the same scheme,
// host and port. Headers are secrets of such a place: another one must not get
// them. An address that is none is nowhere.
func (e Endpoint) SamePlace(other Endpoint) bool {
	a, ok := place(e.URL)
	b, okOther := place(other.URL)
	return ok && okOther && a == b
}

func place(address string) (string, bool) {
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" {
		return "", false
	}
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return u.Scheme + " " + strings.ToLower(u.Hostname()) + " " + port, true
}

func endpointURL(v string) []Problem {
	switch n := utf8.RuneCountInString(v); {
	case v == "":
		return []Problem{{Field: "url", Rule: RuleRequired}}
	case n > MaxLinkLength:
		return []Problem{{Field: "url", Rule: RuleTooLong, Limit: MaxLinkLength, Found: n}}
	}
	u, err := url.Parse(v)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Hostname() == "" || u.User != nil || u.Fragment != "" ||
		!validPort(u.Port()) || strings.ContainsAny(v, "\\ \t\r\n") || !utf8.ValidString(v) {
		return []Problem{{
			Field: "url", Rule: RuleMalformed,
			Detail: "must be an http or https address without user, password and fragment",
		}}
	}
	return nil
}

func validPort(port string) bool {
	if port == "" {
		return true
	}
	n, err := strconv.ParseUint(port, 10, 16)
	return err == nil && n > 0
}

func endpointHeaders(headers map[string]Secret) []Problem {
	var ps []Problem
	if n := len(headers); n > MaxEndpointHeaders {
		ps = append(ps, Problem{Field: "headers", Rule: RuleTooMany, Limit: MaxEndpointHeaders, Found: n})
	}
	// In the order of the names, so that the same mistakes are told the same.
	names := slices.Sorted(maps.Keys(headers))
	seen := map[string]bool{}
	for _, name := range names {
		canonical := textproto.CanonicalMIMEHeaderKey(name)
		switch n := len(name); {
		case n > maxHeaderNameLength:
			ps = append(ps, malformed("headers", fmt.Sprintf("cannot have a name longer than %d bytes (found %d)", maxHeaderNameLength, n))...)
		case !headerAllowed(name):
			ps = append(ps, Problem{Field: "headers", Rule: RuleMalformed, Detail: "has a name that may not be set"})
		case seen[canonical]:
			ps = append(ps, Problem{Field: "headers", Rule: RuleMalformed, Detail: "has a name twice"})
		}
		seen[canonical] = true
		ps = append(ps, headerValue(headers[name])...)
	}
	return ps
}

// headerAllowed keeps a customer from setting what frames the request, what
// belongs to the connection and what a receiver trusts as ours.
func headerAllowed(name string) bool {
	canonical := textproto.CanonicalMIMEHeaderKey(name)
	if name == "" || strings.ContainsFunc(name, notHeaderName) ||
		strings.HasPrefix(canonical, "Webhook-") {
		return false
	}
	return !slices.Contains([]string{
		"Host", "Content-Length", "Content-Type", "Content-Encoding", "Transfer-Encoding", "Connection", "Keep-Alive",
		"Proxy-Authenticate", "Proxy-Authorization", "Proxy-Connection", "Te", "Trailer", "Upgrade",
	}, http.CanonicalHeaderKey(canonical))
}

func notHeaderName(c rune) bool {
	return (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && c != '-' && c != '_'
}

func headerValue(s Secret) []Problem {
	v := s.Reveal()
	if n := len(v); n > maxHeaderValueLength {
		return malformed("headers", fmt.Sprintf("cannot have a value longer than %d bytes (found %d)", maxHeaderValueLength, n))
	}
	for _, c := range []byte(v) {
		if (c < ' ' && c != '\t') || c == 0x7f {
			return []Problem{{Field: "headers", Rule: RuleMalformed, Detail: "has a value with a control character"}}
		}
	}
	return nil
}
