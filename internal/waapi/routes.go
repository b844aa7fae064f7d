package waapi

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// handler serves one route for one account. What it returns becomes the answer
// in handle.go.
type handler func(w http.ResponseWriter, r *http.Request, c caller) error

// route is one row of the table: a path without slash at the end, in which
// {name} stands for one segment, and what each method does; nil for what the
// vendor has there and we do not.
type route struct {
	pattern string
	methods map[string]handler
}

// routes is everything there is. The first pattern that fits wins.
func (s *Server) routes() []route {
	send := map[string]handler{http.MethodPost: s.postMessage}
	all := []route{
		// Clients send to any of these; the vendor takes them for the same.
		{"/api/v2/message", send},
		{"/api/v2/message/nc", send},
		{"/api/v2/message/read", map[string]handler{http.MethodPost: s.postRead}},
		{"/api/v2/message/nc/priority", send},
		{"/api/v2/message/nc/message", send},
		{"/api/v2/media/upload", map[string]handler{http.MethodPost: s.postMedia}},
		{"/api/v2/media/{id}", map[string]handler{http.MethodGet: s.getMedia, http.MethodDelete: s.deleteMedia}},
		{"/api/v2/source", map[string]handler{http.MethodGet: s.listSources, http.MethodPost: s.postSource}},
		{"/api/v2/source/{id}", map[string]handler{
			http.MethodGet: s.getSource, http.MethodPatch: s.patchSource, http.MethodDelete: s.deleteSource,
		}},
	}
	return slices.Concat(all, s.consentRoutes(), s.webhookRoutes(), s.otherRoutes(), s.metainfoRoutes())
}

// find returns the row for a request's path and puts the {name} segments into
// the request. Slashes may be doubled or trail: clients join base and path in
// every way there is, and a redirect would break their POST.
func find(table []route, r *http.Request) (route, bool) {
	path, ok := segments(r.URL)
	if !ok {
		return route{}, false
	}
	for _, rt := range table {
		if rt.fits(path, r) {
			return rt, true
		}
	}
	return route{}, false
}

// segments splits a path and decodes each part. A part that names a directory
// (".", "..", in whatever spelling) or hides a slash is no part of any path of
// ours.
func segments(u *url.URL) ([]string, bool) {
	var out []string
	for part := range strings.SplitSeq(u.EscapedPath(), "/") {
		if part == "" {
			continue
		}
		part, err := url.PathUnescape(part)
		if err != nil || part == "." || part == ".." || strings.ContainsAny(part, `/\`) {
			return nil, false
		}
		out = append(out, part)
	}
	return out, true
}

func (rt route) fits(path []string, r *http.Request) bool {
	pattern := strings.Split(rt.pattern[1:], "/")
	if len(pattern) != len(path) {
		return false
	}
	for i, part := range pattern {
		if !placeholder(part) && part != path[i] {
			return false
		}
	}
	for i, part := range pattern {
		if placeholder(part) {
			r.SetPathValue(strings.Trim(part, "{}"), path[i])
		}
	}
	return true
}

func placeholder(part string) bool { return strings.HasPrefix(part, "{") }

// handler returns what serves a method; HEAD is served wherever GET is.
func (rt route) handler(method string) (handler, bool) {
	if method == http.MethodHead {
		method = http.MethodGet
	}
	h, ok := rt.methods[method]
	return h, ok
}

// allow is the Allow header of a 405.
func (rt route) allow() string {
	names := slices.Collect(maps.Keys(rt.methods))
	if _, ok := rt.methods[http.MethodGet]; ok {
		names = append(names, http.MethodHead)
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}
