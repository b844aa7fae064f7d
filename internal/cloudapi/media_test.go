package cloudapi

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/waypost/waypost/internal/cloudapi/fault"
	"github.com/waypost/waypost/internal/wa"
)

// zeros is a file of n bytes that takes no memory.
func zeros(n int64) wa.File {
	return wa.File{Name: "a.png", MIMEType: "image/png", Size: n, Open: func() (io.ReadCloser, error) {
		return io.NopCloser(io.LimitReader(zeroReader{}, n)), nil
	}}
}

type zeroReader struct{}

func (zeroReader) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func bytesFile(s string) wa.File {
	return wa.File{Name: "a \"b\"\r\n.png", MIMEType: "image/png", Size: int64(len(s)), Open: func() (io.ReadCloser, error) {
		return io.NopCloser(strings.NewReader(s)), nil
	}}
}

func outcomeOf(tb testing.TB, err error) wa.Outcome {
	tb.Helper()
	oe, ok := errors.AsType[*wa.OutcomeError](err)
	if !ok {
		tb.Fatalf("error %v is no outcome", err)
	}
	if strings.Contains(fmt.Sprint(oe, oe.Outcome), canary) {
		tb.Errorf("the token is in %+v", oe.Outcome)
	}
	return oe.Outcome
}

func TestUploadMedia(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/v23.0/106540000000001/media" || r.Header.Get("Authorization") != "Bearer "+canary || r.ContentLength <= 0 {
			t.Errorf("%s with length %d", r.URL.Path, r.ContentLength)
		}
		_, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
		if err != nil {
			t.Error(err)
		}
		f, err := multipart.NewReader(r.Body, params["boundary"]).ReadForm(1 << 20)
		if err != nil {
			t.Error(err)
			return
		}
		if f.Value["messaging_product"][0] != "whatsapp" || f.Value["type"][0] != "image/png" {
			t.Errorf("fields %v", f.Value)
		}
		h := f.File["file"][0]
		file, err := h.Open()
		if err != nil {
			t.Error(err)
			return
		}
		if data, _ := io.ReadAll(file); string(data) != "picture" || h.Header.Get("Content-Type") != "image/png" {
			t.Errorf("file %q of %s", data, h.Header)
		}
		answerWith(200, `{"id":900000000000001}`)(w, r)
	})
	before := time.Now()
	got, err := client(t, Options{BaseURL: s.URL}).UploadMedia(t.Context(), testNumber(), bytesFile("picture"))
	if err != nil {
		t.Fatal(err)
	}
	if got.MetaID != "900000000000001" || got.ExpiresAt.Before(before.Add(uploadLifetime)) || got.ExpiresAt.After(time.Now().Add(uploadLifetime)) {
		t.Errorf("got %+v", got)
	}
}

func TestUploadMediaStreams(t *testing.T) {
	const size = 64 << 20
	var received atomic.Int64
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		n, _ := io.Copy(io.Discard, r.Body)
		received.Store(n)
		if n != r.ContentLength {
			t.Errorf("%d bytes, %d announced", n, r.ContentLength)
		}
		answerWith(200, `{"id":"1"}`)(w, r)
	})
	c := client(t, Options{BaseURL: s.URL})
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := c.UploadMedia(t.Context(), testNumber(), zeros(size)); err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	if received.Load() < size {
		t.Errorf("%d bytes arrived", received.Load())
	}
	// All that was ever allocated, on both sides.
	if used := after.TotalAlloc - before.TotalAlloc; used > 4<<20 {
		t.Errorf("%d bytes of memory for an upload", used)
	}
}

func TestUploadMediaErrors(t *testing.T) {
	tests := []struct {
		name    string
		handler http.HandlerFunc
		want    wa.OutcomeKind
		vendor  string
	}{
		{"refused type", answerWith(400, errorBody(100)), wa.OutcomeRejected, "8008"},
		{"token", answerWith(401, errorBody(190)), wa.OutcomeMisconfigured, "8015"},
		{"number gone", answerWith(400, `{"error":{"code":100,"error_subcode":33,"message":"Object with ID '106540000000001' does not exist"}}`), wa.OutcomeMisconfigured, "8015"},
		{"throttled", answerWith(400, errorBody(80007)), wa.OutcomeLater, "8012"},
		{"upload error", answerWith(400, errorBody(131053)), wa.OutcomeLater, "8008"},
		{"perhaps a bad request", answerWith(400, errorBody(1)), wa.OutcomeLater, "8008"},
		{"Meta's own", answerWith(500, errorBody(131000)), wa.OutcomeLater, "8012"},
		{"bad gateway", answerWith(502, "<html>"), wa.OutcomeLater, "8015"},
		{"too large", answerWith(413, "<html>"), wa.OutcomeRejected, "8008"},
		{"redirect", answerWith(302, ""), wa.OutcomeMisconfigured, "8015"},
		{"no id", answerWith(200, `{}`), wa.OutcomeLater, "8015"},
		{"id with a path", answerWith(200, `{"id":"../x"}`), wa.OutcomeLater, "8015"},
		{"no JSON", answerWith(200, `<html>`), wa.OutcomeLater, "8015"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := serve(t, func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				tt.handler(w, r)
			})
			_, err := client(t, Options{BaseURL: s.URL}).UploadMedia(t.Context(), testNumber(), bytesFile("x"))
			got := outcomeOf(t, err)
			if got.Kind != tt.want || got.Failure.VendorCode != tt.vendor {
				t.Errorf("got %+v, want %s %s", got, tt.want, tt.vendor)
			}
			if (got.Kind == wa.OutcomeLater || got.Kind == wa.OutcomeMisconfigured) != (got.After > 0) {
				t.Errorf("after %v", got.After)
			}
		})
	}
}

// TestUploadMediaSaysHowOftenItMayBeRefused: the same refusals came for ever.
func TestUploadMediaSaysHowOftenItMayBeRefused(t *testing.T) {
	for _, tt := range []struct {
		status, code, want int
	}{
		{400, 131052, fault.MediaTries},
		{400, 131053, fault.MediaTries},
		{400, 1, 5},
		{500, 1, 0},
		{500, 131000, 0},
		{400, 2, 0},
		{400, 80007, 0},
		{429, 131053, fault.MediaTries}, // the code decides
	} {
		s := serve(t, func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			answerWith(tt.status, errorBody(tt.code))(w, r)
		})
		_, err := client(t, Options{BaseURL: s.URL}).UploadMedia(t.Context(), testNumber(), bytesFile("x"))
		if got := outcomeOf(t, err); got.Kind != wa.OutcomeLater || got.Tries != tt.want {
			t.Errorf("%d with code %d: %+v, want later with %d tries", tt.status, tt.code, got, tt.want)
		}
	}
}

func TestUploadMediaOfABadFile(t *testing.T) {
	var whole atomic.Int32
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err == nil {
			whole.Add(1)
		}
		answerWith(200, `{"id":"1"}`)(w, r)
	})
	c := client(t, Options{BaseURL: s.URL})
	for name, tt := range map[string]struct {
		change func(*wa.File)
		want   wa.OutcomeKind
	}{
		"shorter than said": {func(f *wa.File) { f.Size++ }, wa.OutcomeRejected},
		"longer than said":  {func(f *wa.File) { f.Size-- }, wa.OutcomeRejected},
		"empty":             {func(f *wa.File) { f.Size = 0 }, wa.OutcomeRejected},
		"over the limit":    {func(f *wa.File) { f.Size = maxMedia + 1 }, wa.OutcomeRejected},
		"no type":           {func(f *wa.File) { f.MIMEType = "" }, wa.OutcomeRejected},
		"type with a line":  {func(f *wa.File) { f.MIMEType = "image/png;\r\n a=b" }, wa.OutcomeRejected},
		"cannot be opened":  {func(f *wa.File) { f.Open = func() (io.ReadCloser, error) { return nil, errors.New("gone") } }, wa.OutcomeLater},
		"cannot be read": {func(f *wa.File) {
			f.Open = func() (io.ReadCloser, error) { return io.NopCloser(brokenReader{}), nil }
		}, wa.OutcomeLater},
	} {
		f := bytesFile(strings.Repeat("x", 100<<10))
		tt.change(&f)
		_, err := c.UploadMedia(t.Context(), testNumber(), f)
		if got := outcomeOf(t, err); got.Kind != tt.want {
			t.Errorf("%s: %+v, want %s", name, got, tt.want)
		}
	}
	if n := whole.Load(); n != 0 {
		t.Errorf("%d bad files arrived whole", n)
	}
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, errors.New("disk") }

// TestUploadMediaMayBeMadeAgain: a lost answer to an upload is never unknown.
func TestUploadMediaMayBeMadeAgain(t *testing.T) {
	var calls atomic.Int32
	s, _ := wire(t, func(c net.Conn) {
		if calls.Add(1) > 1 {
			writes(response(200, `{"id":"2"}`))(c)
		}
	})
	c := client(t, Options{BaseURL: s.URL})
	_, err := c.UploadMedia(t.Context(), testNumber(), bytesFile("x"))
	if got := outcomeOf(t, err); got.Kind != wa.OutcomeLater {
		t.Errorf("first: %+v", got)
	}
	if got, err := c.UploadMedia(t.Context(), testNumber(), bytesFile("x")); err != nil || got.MetaID != "2" {
		t.Errorf("second: %+v, %v", got, err)
	}
}

// graph is a server with one media whose link is made by link.
func graph(tb testing.TB, link func(base string) string, download http.HandlerFunc) (base string) {
	tb.Helper()
	s := serve(tb, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer "+canary {
			tb.Errorf("%s without the token", r.URL.Path)
		}
		if r.URL.Path != "/v23.0/900000000000001" {
			download(w, r)
			return
		}
		answerWith(200, fmt.Sprintf(`{"messaging_product":"whatsapp","url":%q,"mime_type":"image/png","sha256":%q,"file_size":"7","id":"900000000000001"}`,
			link(base), "OoVDfKTzvB+tCL7Sh1JzEMRY2RWyYDDu8Q6u9yqdQ4o="))(w, r)
	})
	base = s.URL
	return base
}

func samePlace(base string) string { return base + "/download?mid=1&hash=x" }

func picture(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "image/png")
	_, _ = io.WriteString(w, "picture")
}

func TestFetchMedia(t *testing.T) {
	c := client(t, Options{BaseURL: graph(t, samePlace, picture)})
	got, err := c.FetchMedia(t.Context(), testNumber(), "900000000000001")
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(got.Body)
	if err != nil || got.Body.Close() != nil {
		t.Fatal(err)
	}
	if string(data) != "picture" || got.MIMEType != "image/png" || got.Size != 7 ||
		got.SHA256 != "3a85437ca4f3bc1fad08bed287527310c458d915b26030eef10eaef72a9d438a" {
		t.Errorf("got %q, %+v", data, got)
	}
}

func TestFetchMediaErrors(t *testing.T) {
	tests := []struct {
		name     string
		download http.HandlerFunc
		want     wa.OutcomeKind
	}{
		{"redirect", func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/download" {
				t.Errorf("redirect followed to %s", r.URL.Path)
			}
			http.Redirect(w, r, "/elsewhere", http.StatusFound)
		}, wa.OutcomeMisconfigured},
		{"expired for good", answerWith(404, ""), wa.OutcomeLater},
		{"server error", answerWith(500, ""), wa.OutcomeLater},
		{"a page", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			_, _ = io.WriteString(w, "<html>log in</html>")
		}, wa.OutcomeLater},
		{"JSON", answerWith(200, errorBody(100)), wa.OutcomeLater},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := client(t, Options{BaseURL: graph(t, samePlace, tt.download)})
			_, err := c.FetchMedia(t.Context(), testNumber(), "900000000000001")
			if got := outcomeOf(t, err); got.Kind != tt.want || got.After <= 0 {
				t.Errorf("got %+v, want %s", got, tt.want)
			}
		})
	}
}

func TestFetchMediaAsksForAFreshLink(t *testing.T) {
	var calls atomic.Int32
	c := client(t, Options{BaseURL: graph(t, samePlace, func(w http.ResponseWriter, r *http.Request) {
		if calls.Add(1) == 1 {
			answerWith(404, "")(w, r)
			return
		}
		picture(w, r)
	})})
	got, err := c.FetchMedia(t.Context(), testNumber(), "900000000000001")
	if err != nil {
		t.Fatal(err)
	}
	_ = got.Body.Close()
}

func TestFetchMediaThatIsGone(t *testing.T) {
	s := serve(t, answerWith(400, `{"error":{"message":"Unsupported get request. Object with ID '900000000000001' does not exist","code":100,"error_subcode":33}}`))
	_, err := client(t, Options{BaseURL: s.URL}).FetchMedia(t.Context(), testNumber(), "900000000000001")
	if got := outcomeOf(t, err); got.Kind != wa.OutcomeRejected || !got.MediaGone || got.Failure.VendorCode != "8008" {
		t.Errorf("got %+v", got)
	}
	for _, id := range []string{"", "..", "1/2", "1?x=y", strings.Repeat("1", 300)} {
		_, err := client(t, Options{BaseURL: s.URL}).FetchMedia(t.Context(), testNumber(), id)
		if got := outcomeOf(t, err); got.Kind != wa.OutcomeRejected || got.MediaGone {
			t.Errorf("id %q: %+v", id, got)
		}
	}
}

// TestFetchMediaKeepsTheTokenAtHome: a link to a host that is not Meta's gets
// no request at all, so no token.
func TestFetchMediaKeepsTheTokenAtHome(t *testing.T) {
	var foreign atomic.Int32
	other := serve(t, func(w http.ResponseWriter, r *http.Request) {
		foreign.Add(1)
		picture(w, r)
	})
	base := graph(t, func(string) string { return other.URL + "/x" }, picture)
	_, err := client(t, Options{BaseURL: base}).FetchMedia(t.Context(), testNumber(), "900000000000001")
	if got := outcomeOf(t, err); got.Kind != wa.OutcomeMisconfigured || foreign.Load() != 0 {
		t.Errorf("got %+v after %d requests", got, foreign.Load())
	}
	// The control: the same link, once the operator has allowed the host.
	allowed := client(t, Options{BaseURL: base, MediaHosts: []string{strings.TrimPrefix(other.URL, "http://")}})
	d, err := allowed.FetchMedia(t.Context(), testNumber(), "900000000000001")
	if err != nil || foreign.Load() != 1 {
		t.Fatalf("%v after %d requests", err, foreign.Load())
	}
	_ = d.Body.Close()
}

func TestMayFetch(t *testing.T) {
	c := client(t, Options{BaseURL: "https://graph.facebook.com", MediaHosts: []string{"Media.example.com", "127.0.0.1:9000"}})
	for address, want := range map[string]bool{
		"https://lookaside.fbsbx.com/whatsapp_business/attachments/?mid=1": true,
		"https://lookaside.fbsbx.com:443/x":                                true,
		"https://scontent.xx.fbcdn.net/x":                                  true,
		"https://mmg.whatsapp.net/x":                                       true,
		"https://graph.facebook.com/v23.0/x":                               true,
		"https://media.example.com/x":                                      true,
		"http://127.0.0.1:9000/x":                                          true,
		"http://127.0.0.1:9001/x":                                          false,
		"http://lookaside.fbsbx.com/x":                                     false,
		"http://graph.facebook.com/x":                                      false,
		"http://media.example.com/x":                                       false,
		"https://media.example.com:8443/x":                                 false,
		"https://lookaside.fbsbx.com:8443/x":                               false,
		"https://lookaside.fbsbx.com./x":                                   false,
		"https://lookaside.fbsbx.com.evil.example/x":                       false,
		"https://evilfbsbx.com/x":                                          false,
		"https://fbsbx.com/x":                                              false,
		"https://lookaside.fbsbx.com@evil.example/x":                       false,
		"https://u:p@lookaside.fbsbx.com/x":                                false,
		"https://evil.example/#lookaside.fbsbx.com":                        false,
		"//lookaside.fbsbx.com/x":                                          false,
		"file:///etc/passwd":                                               false,
		"":                                                                 false,
	} {
		if got := c.mayFetch(address); got != want {
			t.Errorf("%q: %v, want %v", address, got, want)
		}
	}
}

func TestFetchMediaIsBounded(t *testing.T) {
	base := graph(t, samePlace, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.Copy(w, io.LimitReader(zeroReader{}, maxMedia+1))
	})
	d, err := client(t, Options{BaseURL: base}).FetchMedia(t.Context(), testNumber(), "900000000000001")
	if err != nil {
		t.Fatal(err)
	}
	n, err := io.Copy(io.Discard, d.Body)
	if err == nil || n > maxMedia {
		t.Errorf("%d bytes, %v", n, err)
	}
	_ = d.Body.Close()
}

func TestHexHash(t *testing.T) {
	want := strings.Repeat("00", 32)
	for _, s := range []string{want, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="} {
		if got := hexHash(s); got != want {
			t.Errorf("%q: %q", s, got)
		}
	}
	for _, s := range []string{"", "00", "nothing of the kind", string(bytes.Repeat([]byte("A"), 44))} {
		if got := hexHash(s); got != "" {
			t.Errorf("%q: %q", s, got)
		}
	}
}
