package control

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// guard keeps web pages away. The browser of somebody who visits one sends what the page wants, to loopback addresses too. It
// says so when the page is of another origin; a page whose name was made to point here is of the same, and is known by that name.
func (s *server) guard(next http.Handler, hosts []string) http.Handler {
	origin := http.NewCrossOriginProtection()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case !knownHost(r.Host, hosts):
			s.refuse(w, r, http.StatusForbidden, "this host is not known here: use an IP address or localhost, or start waypost sim with --control-host NAME")
		case foreign(origin, r):
			s.refuse(w, r, http.StatusForbidden, "a page of another origin sent this: use the address of the control face itself, or a program that is no browser")
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// foreign says whether a page of another origin sent the request. What only reads may be linked to, but not fetched from elsewhere:
// a wait holds a connection.
func foreign(origin *http.CrossOriginProtection, r *http.Request) bool {
	checked := r.Clone(r.Context())
	if r.Header.Get("Sec-Fetch-Mode") != "navigate" {
		checked.Method = http.MethodPost // those that read are not looked at otherwise
	}
	return origin.Check(checked) != nil
}

// knownHost says whether a Host header names an IP address, localhost or one of the names, with any port.
func knownHost(header string, names []string) bool {
	host, _, err := net.SplitHostPort(header)
	if err != nil {
		host = strings.Trim(header, "[]")
	}
	if _, err := netip.ParseAddr(host); err == nil || strings.EqualFold(host, "localhost") {
		return true
	}
	return slices.ContainsFunc(names, func(name string) bool { return strings.EqualFold(name, host) })
}
