package wa

import (
	"net/http"
	"net/textproto"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Endpoint is where a customer receives events of one kind.
type Endpoint struct {
	ID        EndpointID
	AccountID AccountID
	Kind      EventKind
	URL       string
	// Headers are sent with every event; their values are secrets.
	Headers   map[string]Secret
	CreatedAt time.Time
}

// MaxEndpointHeaders is how many headers an endpoint may have.
const MaxEndpointHeaders = 20

// Validate returns everything that is wrong with the endpoint.
func (e Endpoint) Validate() []Problem {
	var ps []Problem
	if !e.Kind.Valid() {
		ps = append(ps, Problem{Field: "kind", Rule: RuleUnknown, Detail: "must be event or incoming"})
	}
	ps = append(ps, endpointURL(e.URL)...)
	if len(e.Headers) > MaxEndpointHeaders {
		ps = append(ps, Problem{Field: "headers", Rule: RuleTooMany, Limit: MaxEndpointHeaders, Found: len(e.Headers)})
	}
	for name, value := range e.Headers {
		if !headerAllowed(name) {
			ps = append(ps, Problem{Field: "headers", Rule: RuleMalformed, Detail: "the header name is not one that may be set"})
		}
		ps = append(ps, headerValue(value)...)
	}
	return ps
}

func endpointURL(v string) []Problem {
	if v == "" {
		return []Problem{{Field: "url", Rule: RuleRequired}}
	}
	u, err := url.Parse(v)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Hostname() == "" || u.User != nil || u.Fragment != "" ||
		strings.ContainsAny(v, "\\ \t\r\n") || len(v) > MaxLinkLength {
		return []Problem{{
			Field: "url", Rule: RuleMalformed,
			Detail: "must be an http or https address without user, password and fragment",
		}}
	}
	return nil
}

// headerAllowed keeps a customer from setting what frames the request, what
// belongs to the connection and what a receiver trusts as ours.
func headerAllowed(name string) bool {
	canonical := textproto.CanonicalMIMEHeaderKey(name)
	if name == "" || strings.ContainsFunc(name, notHeaderName) || strings.HasPrefix(canonical, "Webhook-") {
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
	for _, c := range []byte(s.Reveal()) {
		if (c < ' ' && c != '\t') || c == 0x7f {
			return []Problem{{Field: "headers", Rule: RuleMalformed, Detail: "a value has a control character"}}
		}
	}
	return nil
}
