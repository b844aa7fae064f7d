package waapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/waypost/waypost/internal/media"
	"github.com/waypost/waypost/internal/wa"
	"github.com/waypost/waypost/internal/waapi/send"
)

// do sends a request as a client with the named token would.
func (g *gateway) do(method, path, token, body string) *httptest.ResponseRecorder {
	g.t.Helper()
	r := httptest.NewRequestWithContext(g.t.Context(), method, path, strings.NewReader(body))
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+g.names[token])
	}
	w := httptest.NewRecorder()
	g.face.ServeHTTP(w, r)
	return w
}

func TestSendIsKeptAsItWasAsked(t *testing.T) {
	g := newGateway(t)
	body := g.expand(t, `{"message":[
		{"recipient_whatsapp":"+1 555 010 0001","message_type":"media","source":"{source}","x-apiheader":"Your_unique_identifier",
		 "type_media":[{"attachments":[{"attachment_id":"{document}","caption":"yourdocumentcaption"}]}]},
		{"recipient_whatsapp":15550100002,"message_type":"media","type_media":[{"attachments":[{"attachment_id":"{audio}","caption":"c"}]}]},
		{"recipient_whatsapp":"group-1@g.us","recipient_type":"group","message_type":"media",
		 "type_media":[{"attachments":[{"attachment_url":"https://files.example/s.webp","attachment_type":"sticker","caption":"c"}]}]},
		{"recipient_whatsapp":"15550100001","message_type":"text","type_text":[{"content":"hello <&>","preview_url":"true"}]}]}`)
	w := g.do(http.MethodPost, "/api/v2/message/", "token", body)
	var reply struct {
		Data struct {
			ID  wa.MessageID
			IDs []wa.MessageID
		}
	}
	check(t, json.Unmarshal(w.Body.Bytes(), &reply))
	if len(reply.Data.IDs) != 4 || reply.Data.ID != reply.Data.IDs[0] {
		t.Fatalf("reply %s", w.Body)
	}
	individual := wa.Recipient{Kind: wa.Individual, ID: writer}
	want := []wa.Message{
		{
			Recipient: individual, APIHeader: "Your_unique_identifier",
			Content: wa.Media{
				Kind: wa.KindDocument, MediaID: wa.MediaID(g.names["document"]), Caption: "yourdocumentcaption", Filename: "document.pdf",
			},
		},
		{
			Recipient: wa.Recipient{Kind: wa.Individual, ID: justInTo},
			Content:   wa.Media{Kind: wa.KindAudio, MediaID: wa.MediaID(g.names["audio"])},
		},
		{
			Recipient: wa.Recipient{Kind: wa.Group, ID: group},
			Content:   wa.Media{Kind: wa.KindSticker, Link: "https://files.example/s.webp"},
		},
		{Recipient: individual, Content: wa.Text{Body: "hello <&>", PreviewURL: true}},
	}
	for i, id := range reply.Data.IDs {
		got, err := g.store.Message(t.Context(), g.alpha, id)
		check(t, err)
		want[i].ID, want[i].AccountID, want[i].SourceID, want[i].NumberID = id, g.alpha, seedSource, "10991"
		want[i].Status, want[i].AcceptedAt = wa.StatusAccepted, noon()
		want[i].Person, want[i].Category = got.Person, got.Category // known to the store and to admission only
		if got != want[i] {
			t.Errorf("message %d\ngot  %+v\nwant %+v", i, got, want[i])
		}
	}
}

func TestRefusedSendKeepsNothing(t *testing.T) {
	g := newGateway(t)
	ok := `{"recipient_whatsapp":"15550100001","message_type":"text","type_text":[{"content":"hello"}]}`
	for _, bad := range []string{
		`{}`,
		`{"recipient_whatsapp":"15550100003","message_type":"text","type_text":[{"content":"hello"}]}`,
		`{"recipient_whatsapp":"15550100001","message_type":"text","source":"none","type_text":[{"content":"hello"}]}`,
		g.expand(t, `{"recipient_whatsapp":"15550100001","message_type":"media","type_media":[{"attachments":[{"attachment_id":"{beta_image}"}]}]}`),
	} {
		w := g.do(http.MethodPost, "/api/v2/message/", "token", `{"message":[`+ok+`,`+bad+`]}`)
		if !strings.Contains(w.Body.String(), "message[1]: ") {
			t.Errorf("%s: %s", bad, w.Body)
		}
	}
	if kept := g.waiting(); len(kept) != 0 {
		t.Errorf("kept %d messages", len(kept))
	}
}

func TestThousandMessagesInOneRequest(t *testing.T) {
	g := newGateway(t)
	one := `{"recipient_whatsapp":"15550100001","message_type":"text","type_text":[{"content":"hello"}]},`
	w := g.do(http.MethodPost, "/api/v2/message/", "token", `{"message":[`+strings.TrimSuffix(strings.Repeat(one, send.MaxMessages), ",")+`]}`)
	var answer struct{ Data struct{ IDs []wa.MessageID } }
	check(t, json.Unmarshal(w.Body.Bytes(), &answer))
	if w.Code != http.StatusOK || len(answer.Data.IDs) != send.MaxMessages {
		t.Fatalf("%d with %d ids: %.200s", w.Code, len(answer.Data.IDs), w.Body)
	}
	waiting := g.waiting()
	if len(waiting) != 1 {
		t.Fatalf("%d messages have their turn, want the first", len(waiting))
	}
	for _, id := range answer.Data.IDs {
		_, err := g.store.Message(t.Context(), waiting[0].AccountID, id)
		check(t, err)
	}
}

// TestRouteTable walks the table: every route is there with and without a
// slash at the end, asks for a token, and refuses the methods it has not. What
// is not provided says so to all of them, to whoever has a token.
func TestRouteTable(t *testing.T) {
	g := newGateway(t)
	all := []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions}
	for _, rt := range g.face.table {
		path := strings.ReplaceAll(rt.pattern, "{id}", "x")
		for _, slash := range []string{"", "/", "//"} {
			for _, method := range all {
				w := g.do(method, path+slash, "", "")
				if rt.methods == nil {
					if w.Code != http.StatusForbidden {
						t.Errorf("%s %s without a token: %d", method, path+slash, w.Code)
					}
					w = g.do(method, path+slash, "token", "")
					if w.Code != http.StatusNotFound || !strings.Contains(w.Body.String(), "Not provided by this gateway") {
						t.Errorf("%s %s: %d %s", method, path+slash, w.Code, w.Body)
					}
					continue
				}
				if _, served := rt.handler(method); served {
					if w.Code != http.StatusForbidden || w.Body.String() != forbidden {
						t.Errorf("%s %s without a token: %d %s", method, path+slash, w.Code, w.Body)
					}
					continue
				}
				if w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != rt.allow() {
					t.Errorf("%s %s: %d, Allow %q", method, path+slash, w.Code, w.Header().Get("Allow"))
				}
			}
		}
		beside := slices.Contains([]string{"/settings", "/stats", "/messages", "/summary_stats"}, rt.pattern)
		if beside == strings.HasPrefix(rt.pattern, "/api/") || strings.HasSuffix(rt.pattern, "/") {
			t.Errorf("pattern %s", rt.pattern)
		}
	}
}

// TestAccountsDoNotSeeEachOther asks for alpha's things with beta's token, on
// every route: the answer is the one for a thing that does not exist, and
// nothing changes.
func TestAccountsDoNotSeeEachOther(t *testing.T) {
	g := newGateway(t)
	ids := map[string]string{"media": "image", "source": "source"}
	unknown := "00000000-0000-4000-8000-000000000000"
	for _, rt := range g.face.table {
		for method := range rt.methods {
			t.Run(method+rt.pattern, func(t *testing.T) {
				if !strings.Contains(rt.pattern, "{id}") {
					g.checkOwnOnly(t, method, rt.pattern)
					return
				}
				kind, body := strings.Split(rt.pattern, "/")[3], `{"name":"taken over"}`
				foreign := g.do(method, strings.ReplaceAll(rt.pattern, "{id}", g.names[ids[kind]]), "beta_token", body)
				missing := g.do(method, strings.ReplaceAll(rt.pattern, "{id}", unknown), "beta_token", body)
				if foreign.Code != http.StatusNotFound || foreign.Body.String() != missing.Body.String() {
					t.Errorf("foreign: %d %s, missing: %d %s", foreign.Code, foreign.Body, missing.Code, missing.Body)
				}
			})
		}
	}
	src, err := g.store.Source(t.Context(), g.alpha, seedSource)
	check(t, err)
	if src.Name != "alpha's number" {
		t.Errorf("source is now %q", src.Name)
	}
	_, err = g.media.Stat(t.Context(), g.alpha, wa.MediaID(g.names["image"]))
	check(t, err)
	if kept := g.waiting(); len(kept) != 0 {
		t.Errorf("kept %d messages", len(kept))
	}
}

// checkOwnOnly tries alpha's ids in the body of a route that has none in its
// path.
func (g *gateway) checkOwnOnly(t *testing.T, method, pattern string) {
	t.Helper()
	bodies := []string{
		`{"message":[{"recipient_whatsapp":"15550100001","message_type":"text","source":"{source}","type_text":[{"content":"hello"}]}]}`,
		`{"message":[{"recipient_whatsapp":"15550100001","message_type":"media","type_media":[{"attachments":[{"attachment_id":"{image}"}]}]}]}`,
		`{"to":"15550100001","type":"image","image":{"id":"{image}"}}`,
		`{"to":"15550100001","type":"text","text":{"body":"hello"},"source":"{source}"}`,
		`{"type":"event","name":"taken over","url":"https://beta.example/","source":"{source}"}`,
	}
	for _, body := range bodies {
		w := g.do(method, pattern, "beta_token", g.expand(t, body))
		for _, id := range []string{g.names["image"], `"` + seedSource} {
			if strings.Contains(w.Body.String(), id) {
				t.Errorf("answer names %s: %s", id, w.Body)
			}
		}
		if strings.Contains(pattern, "message") && !strings.Contains(w.Body.String(), `"failure"`) {
			t.Errorf("accepted: %s", w.Body)
		}
	}
}

// TestRotationsDoNotUndoEachOther changes name, token and secret at once, many
// times over: each change must hold.
func TestRotationsDoNotUndoEachOther(t *testing.T) {
	g := newGateway(t)
	for i := range 20 {
		var all sync.WaitGroup
		for _, field := range []string{"name", "access_token", "app_secret"} {
			all.Go(func() {
				g.do(http.MethodPatch, "/api/v2/source/"+seedSource, "token", fmt.Sprintf(`{%q:"v%d"}`, field, i))
			})
		}
		all.Wait()
		src, err := g.store.Source(t.Context(), g.alpha, seedSource)
		check(t, err)
		want := fmt.Sprintf("v%d", i)
		if src.Name != want || src.Number.Token.Reveal() != want || src.Number.AppSecret.Reveal() != want {
			t.Fatalf("after %s: %s, %s, %s", want, src.Name, src.Number.Token.Reveal(), src.Number.AppSecret.Reveal())
		}
	}
}

func TestDiskThatFailsIsNotTheClientsFault(t *testing.T) {
	g := newGateway(t)
	blobs, err := media.OpenDir(filepath.Join(t.TempDir(), "media"))
	check(t, err)
	check(t, blobs.Close())
	g.face.media = media.New(media.Options{Store: g.store, Blobs: blobs, Logger: slog.New(slog.DiscardHandler), Now: noon})
	w := g.upload(t, bytes.NewReader(form(sample(t, "image.png"))))
	want := `{"status":"failure","error":{"code":"8005","message":"Technical error occurred"}}`
	if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") != "5" || w.Body.String() != want {
		t.Errorf("%d, Retry-After %q, %s", w.Code, w.Header().Get("Retry-After"), w.Body)
	}
	if !strings.Contains(g.logs.String(), "level=WARN") {
		t.Errorf("log: %s", g.logs)
	}
}

func TestUploadThatIsCutLeavesNothing(t *testing.T) {
	g := newGateway(t)
	whole := form(append(sample(t, "document.pdf"), bytes.Repeat([]byte("x"), 100_000)...))
	for _, failed := range []error{io.ErrUnexpectedEOF, os.ErrDeadlineExceeded, context.Canceled} {
		w := g.upload(t, io.MultiReader(bytes.NewReader(whole[:50_000]), failing{failed}))
		want := http.StatusBadRequest
		if errors.Is(failed, os.ErrDeadlineExceeded) {
			want = http.StatusRequestTimeout
		}
		if w.Code != want {
			t.Errorf("%v: %d %s", failed, w.Code, w.Body)
		}
	}
	if w := g.upload(t, bytes.NewReader(whole)); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "mediaId") {
		t.Errorf("whole: %d %s", w.Code, w.Body)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func form(file []byte) []byte {
	return slices.Concat([]byte("--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f.pdf\"\r\n\r\n"), file, []byte("\r\n--b--"))
}

func (g *gateway) upload(t *testing.T, body io.Reader) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/api/v2/media/upload", body)
	r.Header.Set("Authorization", "Bearer "+g.names["token"])
	r.Header.Set("Content-Type", "multipart/form-data; boundary=b")
	w := httptest.NewRecorder()
	g.face.ServeHTTP(w, r)
	return w
}

func TestPanicIsOurFault(t *testing.T) {
	g := newGateway(t)
	g.face.media = nil
	w := g.do(http.MethodGet, "/api/v2/media/"+g.names["image"], "token", "")
	want := `{"status":"failure","error":{"code":"8005","message":"Technical error occurred"}}`
	if w.Code != http.StatusInternalServerError || w.Body.String() != want {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	for _, part := range []string{"level=ERROR", "nil pointer", "getMedia"} {
		if !strings.Contains(g.logs.String(), part) {
			t.Errorf("log has no %s: %s", part, g.logs)
		}
	}
}

// TestPanicKeepsWhatItSaidToItself: only the runtime's own words are logged.
func TestPanicKeepsWhatItSaidToItself(t *testing.T) {
	if got := panicked("15550100001").Error(); got != "panic: string" {
		t.Errorf("got %q", got)
	}
}

func TestHalfAnAnswerIsCut(t *testing.T) {
	g := newGateway(t)
	g.face.table = []route{{"/api/half", map[string]handler{
		http.MethodGet: func(w http.ResponseWriter, _ *http.Request, _ caller) error {
			_, _ = io.WriteString(w, "half")
			return errors.New("no more")
		},
	}}}
	defer func() {
		if p := recover(); !errors.Is(p.(error), http.ErrAbortHandler) {
			t.Errorf("recovered %v", p)
		}
	}()
	g.do(http.MethodGet, "/api/half", "token", "")
	t.Error("the connection lives on")
}

func TestOneLineIsLoggedForEachRequest(t *testing.T) {
	g := newGateway(t)
	g.do(http.MethodPost, "/api/v2/message/nc//", "token", `{"message":[{"recipient_whatsapp":"15550100003","message_type":"text","type_text":[{"content":"canary"}]}]}`)
	want := "level=INFO msg=\"request served\" method=POST route=/api/v2/message/nc status=200 duration_ms=0 account=" + string(g.alpha) +
		" outcome=failure code=8007\n"
	if _, line, _ := strings.Cut(g.logs.String(), " "); line != want {
		t.Errorf("\ngot  %s\nwant %s", line, want)
	}
	g.noSecretsIn(t, g.logs.String())
}

func TestClientThatLeavesWakesNobody(t *testing.T) {
	g := newGateway(t)
	ctx, leave := context.WithCancel(t.Context())
	leave()
	r := httptest.NewRequestWithContext(ctx, http.MethodGet, "/api/v2/source", nil)
	r.Header.Set("Authorization", "Bearer "+g.names["token"])
	g.face.ServeHTTP(httptest.NewRecorder(), r)
	if got := g.logs.String(); !strings.Contains(got, "level=INFO") || !strings.Contains(got, "outcome=cancelled") {
		t.Errorf("log: %s", got)
	}
}

func TestMethodNobodyKnowsIsNotLogged(t *testing.T) {
	g := newGateway(t)
	g.do("BREW", "/api/v2/source", "", "")
	if got := g.logs.String(); !strings.Contains(got, "method=other") || strings.Contains(got, "BREW") {
		t.Errorf("log: %s", got)
	}
}

// timed records the deadlines that are set.
type timed struct {
	*httptest.ResponseRecorder
	deadlines []time.Time
}

func (d *timed) SetReadDeadline(at time.Time) error {
	d.deadlines = append(d.deadlines, at)
	return nil
}

func TestBodyHasADeadline(t *testing.T) {
	g := newGateway(t)
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/api/v2/message", failing{os.ErrDeadlineExceeded})
	r.Header.Set("Authorization", "Bearer "+g.names["token"])
	w := &timed{ResponseRecorder: httptest.NewRecorder()}
	g.face.ServeHTTP(w, r)
	if w.Code != http.StatusRequestTimeout {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if len(w.deadlines) != 1 || time.Until(w.deadlines[0]) > jsonTimeout || time.Until(w.deadlines[0]) < jsonTimeout-10*time.Second {
		t.Errorf("deadlines %v", w.deadlines)
	}
	// Once the body is there, the deadline is gone.
	r = httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/api/v2/message", strings.NewReader("{}"))
	r.Header.Set("Authorization", "Bearer "+g.names["token"])
	w = &timed{ResponseRecorder: httptest.NewRecorder()}
	g.face.ServeHTTP(w, r)
	if len(w.deadlines) != 2 || !w.deadlines[1].IsZero() {
		t.Errorf("deadlines %v", w.deadlines)
	}
}
