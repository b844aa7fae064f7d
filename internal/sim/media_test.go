package sim_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/waypost/waypost/internal/sim"
)

type mediaBody struct {
	Product  string `json:"messaging_product"`
	URL      string
	MIMEType string `json:"mime_type"`
	SHA256   string
	Size     int64 `json:"file_size"`
	ID       string
}

func mediaInfo(t *testing.T, s *sim.Sim, id string) mediaBody {
	t.Helper()
	var got mediaBody
	decode(t, ask(s.Graph(), http.MethodGet, "/v23.0/"+id+"?phone_number_id="+numberID, token, "", nil), http.StatusOK, &got)
	return got
}

func TestUploadIsReadBackByteForByte(t *testing.T) {
	s := start(t, options(t, newReceiver()))
	data := []byte("%PDF-1.7 and more")
	id := uploadFile(t, s, "application/pdf", data)
	info := mediaInfo(t, s, id)
	sum := sha256.Sum256(data)
	want := mediaBody{"whatsapp", info.URL, "application/pdf", hex.EncodeToString(sum[:]), int64(len(data)), id}
	if info != want || !strings.HasPrefix(info.URL, graphBase) {
		t.Fatalf("got %+v, want %+v", info, want)
	}
	w := ask(s.Graph(), http.MethodGet, info.URL, token, "", nil)
	if w.Code != http.StatusOK || !bytes.Equal(w.Body.Bytes(), data) {
		t.Fatalf("download: %d %q", w.Code, w.Body)
	}
	if h := w.Header(); h.Get("Content-Type") != "application/pdf" || h.Get("Content-Length") != "17" {
		t.Errorf("headers %v", h)
	}
	again := mediaInfo(t, s, id)
	if query(t, again.URL, "key") == query(t, info.URL, "key") {
		t.Error("two addresses share a key")
	}
}

func TestDownloadNeedsTokenAndKey(t *testing.T) {
	s := start(t, options(t, newReceiver()))
	link := mediaInfo(t, s, uploadFile(t, s, "image/png", []byte("png"))).URL
	for _, tt := range []struct {
		name, link, token string
		status            int
	}{
		{"no token", link, "", 401},
		{"unknown token", link, "nobody", 401},
		{"token of another number", link, otherTok, 404},
		{"wrong key", link + "0", token, 404},
		{"key missing", strings.Split(link, "?")[0] + "?mid=" + query(t, link, "mid"), token, 404},
		{"no such medium", strings.Split(link, "?")[0] + "?mid=../../etc/passwd", token, 404},
		{"right", link, token, 200},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if w := ask(s.Graph(), http.MethodGet, tt.link, tt.token, "", nil); w.Code != tt.status {
				t.Errorf("status %d, want %d: %s", w.Code, tt.status, w.Body)
			}
		})
	}
}

func TestDownloadAddressEndsAfterFiveMinutes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, options(t, newReceiver()))
		id := uploadFile(t, s, "image/png", []byte("png"))
		link := mediaInfo(t, s, id).URL
		time.Sleep(5*time.Minute - 1)
		if w := ask(s.Graph(), http.MethodGet, link, token, "", nil); w.Code != http.StatusOK {
			t.Errorf("within five minutes: %d", w.Code)
		}
		time.Sleep(time.Nanosecond)
		if w := ask(s.Graph(), http.MethodGet, link, token, "", nil); w.Code != http.StatusNotFound {
			t.Errorf("after five minutes: %d", w.Code)
		}
		link = mediaInfo(t, s, id).URL
		if w := ask(s.Graph(), http.MethodGet, link, token, "", nil); w.Code != http.StatusOK {
			t.Errorf("a new address: %d", w.Code)
		}
	})
}

func TestMediaLivesAsLongAsMetaSays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newReceiver()
		o := options(t, c)
		s := start(t, o)
		uploaded := uploadFile(t, s, "image/png", []byte("png"))
		if _, err := s.Say(t.Context(), sim.Inbound{From: user, To: numberID, Media: strings.NewReader("png"), MIMEType: "image/png"}); err != nil {
			t.Fatal(err)
		}
		list, err := s.Messages(user)
		if err != nil {
			t.Fatal(err)
		}
		inbound := list[0].Media.ID
		const day = 24 * time.Hour
		for _, tt := range []struct {
			name string
			wait time.Duration
			id   string
			gone bool
		}{
			{"inbound, day 7", 7*day - time.Second, inbound, false},
			{"inbound, later", time.Second, inbound, true},
			{"upload, day 30", 23*day - time.Second, uploaded, false},
			{"upload, later", time.Second, uploaded, true},
		} {
			time.Sleep(tt.wait)
			synctest.Wait()
			w := ask(s.Graph(), http.MethodGet, "/"+tt.id, token, "", nil)
			if gone := w.Code == http.StatusBadRequest; gone != tt.gone {
				t.Errorf("%s: status %d", tt.name, w.Code)
			}
		}
		if left, err := os.ReadDir(o.Dir); err != nil || len(left) != 0 {
			t.Errorf("left on disk: %v, %v", left, err)
		}
	})
}

func TestDeletedMediaIsGone(t *testing.T) {
	o := options(t, newReceiver())
	s := start(t, o)
	id := uploadFile(t, s, "image/png", []byte("png"))
	link := mediaInfo(t, s, id).URL
	if w := ask(s.Graph(), http.MethodDelete, "/v23.0/"+id, otherTok, "", nil); w.Code != http.StatusBadRequest {
		t.Fatalf("another number's token deleted it: %d", w.Code)
	}
	var done map[string]bool
	decode(t, ask(s.Graph(), http.MethodDelete, "/v23.0/"+id, token, "", nil), http.StatusOK, &done)
	if !done["success"] {
		t.Errorf("answer %v", done)
	}
	for _, path := range []string{"/v23.0/" + id, link} {
		if w := ask(s.Graph(), http.MethodGet, path, token, "", nil); w.Code == http.StatusOK {
			t.Errorf("GET %s still answers", path)
		}
	}
	if w := ask(s.Graph(), http.MethodDelete, "/v23.0/"+id, token, "", nil); w.Code != http.StatusBadRequest {
		t.Errorf("deleted twice: %d", w.Code)
	}
	if left, err := os.ReadDir(o.Dir); err != nil || len(left) != 0 {
		t.Errorf("left on disk: %v, %v", left, err)
	}
}

// webp makes the head of an extended WebP file.
func webp(flags byte, size int) []byte {
	data := make([]byte, size)
	copy(data, "RIFF\x00\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00")
	data[20] = flags
	return data
}

func TestUploadLimits(t *testing.T) {
	product := map[string]string{"messaging_product": "whatsapp"}
	typed := func(mimeType string) map[string]string {
		return map[string]string{"messaging_product": "whatsapp", "type": mimeType}
	}
	const kb, mb = 1 << 10, 1 << 20
	o := options(t, newReceiver())
	s := start(t, o)
	for _, tt := range []struct {
		name     string
		fields   map[string]string
		mimeType string
		data     []byte
		code     int // 0: accepted
	}{
		{"image at the limit", product, "image/jpeg", make([]byte, 5*mb), 0},
		{"image over it", product, "image/jpeg", make([]byte, 5*mb+1), 131053},
		{"audio over it", product, "audio/mpeg", make([]byte, 16*mb+1), 131053},
		{"still sticker over it", product, "image/webp", webp(0, 100*kb+1), 131053},
		{"animated sticker", product, "image/webp", webp(2, 500*kb), 0},
		{"animated sticker over it", product, "image/webp", webp(2, 500*kb+1), 131053},
		{"type nobody takes", product, "image/svg+xml", []byte("<svg/>"), 100},
		{"type from the field", typed("text/plain"), "application/octet-stream", []byte("text"), 0},
		{"type missing", product, "", []byte("text"), 100},
		{"types disagree", typed("image/png"), "image/jpeg", []byte("jpeg"), 100},
		{"no product", map[string]string{"type": "text/plain"}, "text/plain", []byte("text"), 100},
		{"no file", product, "", nil, 131008},
		{"empty file", product, "text/plain", []byte{}, 100},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var file io.Reader
			if tt.data != nil {
				file = bytes.NewReader(tt.data)
			}
			kind, body := form(t, tt.fields, "file.bin", tt.mimeType, file)
			w := ask(s.Graph(), http.MethodPost, "/v23.0/"+numberID+"/media", token, kind, body)
			var got graphFault
			if tt.code == 0 {
				decode(t, w, http.StatusOK, &got)
				return
			}
			decode(t, w, http.StatusBadRequest, &got)
			if got.Error.Code != tt.code || got.Error.Data == nil {
				t.Errorf("got %+v, want code %d", got.Error, tt.code)
			}
		})
	}
	if left, err := os.ReadDir(o.Dir); err != nil || len(left) != 3 {
		t.Errorf("%d files on disk for 3 uploads that were accepted, %v", len(left), err)
	}
}

func TestUploadThatIsNoForm(t *testing.T) {
	s := start(t, options(t, newReceiver()))
	for name, body := range map[string]string{"json": "{}", "cut off": "--x\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nhalf"} {
		kind := "application/json"
		if name == "cut off" {
			kind = "multipart/form-data; boundary=x"
		}
		w := ask(s.Graph(), http.MethodPost, "/v23.0/"+numberID+"/media", token, kind, strings.NewReader(body))
		if w.Code != http.StatusBadRequest {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
}

// counting gives or takes n bytes and notes the highest heap it sees meanwhile.
type counting struct {
	left int
	peak *atomic.Uint64
}

func (c *counting) Read(p []byte) (int, error) {
	if c.left == 0 {
		return 0, io.EOF
	}
	n := min(len(p), c.left)
	c.pass(n)
	return n, nil
}

func (c *counting) Write(p []byte) (int, error) {
	c.pass(len(p))
	return len(p), nil
}

// pass notes the heap once in eight megabytes.
func (c *counting) pass(n int) {
	const often = 8 << 20
	if c.left/often != (c.left-n)/often {
		note(c.peak)
	}
	c.left -= n
}

func note(peak *atomic.Uint64) {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	peak.Store(max(peak.Load(), m.HeapAlloc))
}

func TestLargeUploadAndDownloadKeepMemoryFlat(t *testing.T) {
	const size = 64 << 20
	s := start(t, options(t, newReceiver()))
	server := httptest.NewServer(s.Graph())
	t.Cleanup(server.Close)

	var before, peak atomic.Uint64
	note(&before)
	status, answer := uploadStream(t, server.URL, &counting{size, &peak})
	if status != http.StatusOK {
		t.Fatalf("upload: %d %s", status, answer)
	}
	id := strings.Trim(strings.TrimPrefix(answer, `{"id":`), `"}`)
	link := strings.Replace(mediaInfo(t, s, id).URL, graphBase, server.URL, 1)
	sink := &counting{size, &peak}
	if status := roundTrip(t, http.MethodGet, link, "", nil, sink); status != http.StatusOK || sink.left != 0 {
		t.Fatalf("download: %d, %d bytes missing", status, sink.left)
	}
	if grown := int64(peak.Load()) - int64(before.Load()); grown > size/4 {
		t.Errorf("the heap grew by %d bytes for a file of %d", grown, size)
	}
}

// uploadStream uploads a document without holding it in memory on this side either.
func uploadStream(t *testing.T, base string, file io.Reader) (status int, answer string) {
	t.Helper()
	reader, writer := io.Pipe()
	fields := multipart.NewWriter(writer)
	go func() {
		_ = fields.WriteField("messaging_product", "whatsapp")
		part, _ := fields.CreatePart(filePart("large.pdf", "application/pdf"))
		_, err := io.CopyBuffer(part, file, make([]byte, 32<<10))
		_ = fields.Close()
		_ = writer.CloseWithError(err)
	}()
	var body strings.Builder
	status = roundTrip(t, http.MethodPost, base+"/v23.0/"+numberID+"/media", fields.FormDataContentType(), reader, &body)
	return status, body.String()
}

// roundTrip sends one request over a real connection and copies the answer into sink.
func roundTrip(t *testing.T, method, address, contentType string, body io.Reader, sink io.Writer) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, address, body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if _, err := io.Copy(sink, resp.Body); err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode
}

func TestUploadOverHundredMegabytesHearsTheAnswer(t *testing.T) {
	if testing.Short() {
		t.Skip("writes 100 MB")
	}
	o := options(t, newReceiver())
	s := start(t, o)
	server := httptest.NewServer(s.Graph())
	t.Cleanup(server.Close)
	status, answer := uploadStream(t, server.URL, io.LimitReader(zeros{}, 100<<20+1))
	if status != http.StatusBadRequest || !strings.Contains(answer, `"code":131053`) {
		t.Errorf("status %d, %s", status, answer)
	}
	if left, err := os.ReadDir(o.Dir); err != nil || len(left) != 0 {
		t.Errorf("left on disk: %v, %v", left, err)
	}
}

func TestOwnFaultIsAnsweredAsMetasOwn(t *testing.T) {
	o := options(t, newReceiver())
	o.Dir += "/lost"
	if err := os.Mkdir(o.Dir, 0o700); err != nil {
		t.Fatal(err)
	}
	s := start(t, o)
	id := uploadFile(t, s, "image/png", []byte("png"))
	link := mediaInfo(t, s, id).URL
	if err := os.RemoveAll(o.Dir); err != nil {
		t.Fatal(err)
	}
	kind, body := form(t, map[string]string{"messaging_product": "whatsapp"}, "a.png", "image/png", strings.NewReader("png"))
	for name, w := range map[string]*httptest.ResponseRecorder{
		"upload":   ask(s.Graph(), http.MethodPost, "/"+numberID+"/media", token, kind, body),
		"download": ask(s.Graph(), http.MethodGet, link, token, "", nil),
	} {
		var got graphFault
		decode(t, w, http.StatusInternalServerError, &got)
		if got.Error.Code != 131000 || strings.Contains(got.Error.Data.Details, o.Dir) {
			t.Errorf("%s: %+v", name, got.Error)
		}
	}
}

func TestSayEndsWithItsContext(t *testing.T) {
	o := options(t, newReceiver())
	s := start(t, o)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := s.Say(ctx, sim.Inbound{From: user, To: numberID, Media: zeros{}})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if left, err := os.ReadDir(o.Dir); err != nil || len(left) != 0 {
		t.Errorf("left on disk: %v, %v", left, err)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}
