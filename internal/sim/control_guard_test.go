package sim_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/waypost/waypost/internal/sim"
)

func TestControlRefusesWebPages(t *testing.T) {
	h := start(t, options(t, newReceiver())).Control()
	for _, tt := range []struct {
		name, method, host string
		header             map[string]string
		status             int
	}{
		{"a program", "POST", "127.0.0.1:9091", nil, 200},
		{"a form that a program sends", "POST", "127.0.0.1:9091", map[string]string{"Content-Type": "application/x-www-form-urlencoded"}, 200},
		{"localhost", "POST", "LOCALHOST:9091", nil, 200},
		{"localhost without a port", "POST", "localhost", nil, 200},
		{"IPv6", "POST", "[::1]:9091", nil, 200},
		{"IPv6 without a port", "POST", "[::1]", nil, 200},
		{"a name that was given", "POST", "Example.com:9091", nil, 200},
		{"its own page", "POST", "127.0.0.1:9091", map[string]string{"Origin": "http://127.0.0.1:9091"}, 200},
		{"its own page, in a browser", "POST", "127.0.0.1:9091", map[string]string{"Sec-Fetch-Site": "same-origin"}, 200},
		{"an address that was typed in", "GET", "127.0.0.1:9091", map[string]string{"Sec-Fetch-Site": "none"}, 200},
		{"a link to it", "GET", "127.0.0.1:9091", map[string]string{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}, 200},
		{"a foreign page", "POST", "127.0.0.1:9091", map[string]string{"Origin": "http://evil.example"}, 403},
		{"a page without an origin", "POST", "127.0.0.1:9091", map[string]string{"Origin": "null"}, 403},
		{"a page of another port", "POST", "127.0.0.1:9091", map[string]string{"Origin": "http://127.0.0.1:3000"}, 403},
		{"a foreign page, in a browser", "POST", "127.0.0.1:9091", map[string]string{"Sec-Fetch-Site": "cross-site"}, 403},
		{"a form of a foreign page", "POST", "127.0.0.1:9091", map[string]string{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}, 403},
		{"a neighbor", "POST", "127.0.0.1:9091", map[string]string{"Sec-Fetch-Site": "same-site"}, 403},
		{"a picture in a foreign page", "GET", "127.0.0.1:9091", map[string]string{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}, 403},
		{"a name that points here", "GET", "evil.example", nil, 403},
		{"its page", "POST", "evil.example:9091", map[string]string{"Origin": "http://evil.example:9091", "Sec-Fetch-Site": "same-origin"}, 403},
		{"a name that only looks like an address", "GET", "127.0.0.1.evil.example", nil, 403},
	} {
		path, body := "/_sim/clock", `{"freeze":true}`
		if tt.method == "GET" {
			path, body = "/_sim/info", ""
		}
		r := httptest.NewRequest(tt.method, path, strings.NewReader(body))
		r.Host = tt.host
		for key, value := range tt.header {
			r.Header.Set(key, value)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != tt.status || (tt.status == http.StatusForbidden && (!strings.Contains(w.Body.String(), `{"error":"`) || strings.Contains(w.Body.String(), token))) {
			t.Errorf("%s: %d %s, want %d", tt.name, w.Code, w.Body, tt.status)
		}
	}
}

func TestControlWantsOneWholeValue(t *testing.T) {
	s := stage(t, func(*sim.Options) {})
	before := s.Clock()
	for _, tt := range []struct{ method, path, body, want string }{
		{"POST", "/_sim/clock", `{"freeze":false}{"advance":"1h"}`, "nothing after it"},
		{"POST", "/_sim/clock", `null`, "not null"},
		{"POST", "/_sim/clock", `{"freeze":false,"speed":2,"advance":"-1h"}`, "advance"},
		{"POST", "/_sim/clock", `{"freeze":false,"speed":2,"set":"9000-01-01T00:00:00Z"}`, "the clock goes from"},
		{"PUT", "/_sim/faults", `null`, "not null"},
		{"PUT", "/_sim/scripts", `{}`, "scripts: give a list"},
		{"PUT", "/_sim/scripts", `{"scripts":null}`, "scripts: give a list"},
		{"PUT", "/_sim/profile", `{}`, "profile: give its name"},
		{"PUT", "/_sim/limits", `{"throughput":0}`, "throughput: give 1 to"},
		{"PUT", "/_sim/limits", `{"enforce":"no"}`, "enforce: give true"},
		{"PUT", "/callback", `{}`, "url: say where"},
		{"PUT", "/phones/" + user, `null`, "not null"},
		{"POST", "/phones/" + user + "/messages", `{"text":"x"} x`, "nothing after it"},
	} {
		w := askJSON(s.Control(), tt.method, tt.path, "", tt.body)
		if w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), tt.want) {
			t.Errorf("%s %s %s: %d %s, want %q", tt.method, tt.path, tt.body, w.Code, w.Body, tt.want)
		}
	}
	if after := s.Clock(); after != before || s.Callback().URL == "" {
		t.Errorf("something was changed: clock %+v, before %+v", after, before)
	}
	control(t, s, http.MethodPut, "/callback", `{"url":""}`)
	if s.Callback().URL != "" {
		t.Error("callbacks were not ended")
	}
}

func TestLimitsChangeByName(t *testing.T) {
	s := stage(t, func(*sim.Options) {})
	for _, tt := range []struct{ body, want string }{
		{`{"enforce":true}`, `"enforce":true,"throughput":80`},
		{`{"throughput":5}`, `"enforce":true,"throughput":5`},
		{`{}`, `"enforce":true,"throughput":5`},
		{`{"enforce":null}`, `"enforce":false,"throughput":5`},
	} {
		if got := control(t, s, http.MethodPut, "/_sim/limits", tt.body); !strings.Contains(got, tt.want) {
			t.Errorf("%s: %s, want %s", tt.body, got, tt.want)
		}
	}
}
