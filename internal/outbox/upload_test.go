package outbox

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/waypost/waypost/internal/cloudapi"
	"github.com/waypost/waypost/internal/media"
	"github.com/waypost/waypost/internal/wa"
)

// graph is a Graph API that refuses uploads.
type graph struct {
	*httptest.Server
	mu sync.Mutex
	// refusals are given one after another, and then the last one; "" takes the
	// upload.
	refusals []string
	uploads  int
	sends    int
}

// newGraph must be called outside of a bubble: a server that waits for a
// connection would hold the bubble's clock.
func newGraph(t *testing.T, refusals ...string) *graph {
	t.Helper()
	g := &graph{refusals: refusals}
	g.Server = httptest.NewServer(g)
	t.Cleanup(g.Close)
	return g
}

// ServeHTTP implements [http.Handler].
func (g *graph) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	g.mu.Lock()
	defer g.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	if !strings.HasSuffix(r.URL.Path, "/media") {
		g.sends++
		_, _ = io.WriteString(w, `{"messages":[{"id":"wamid.1"}]}`)
		return
	}
	g.uploads++
	refusal := g.refusals[0]
	if len(g.refusals) > 1 {
		g.refusals = g.refusals[1:]
	}
	status, code, refused := strings.Cut(refusal, "/")
	switch {
	case !refused:
		_, _ = fmt.Fprintf(w, `{"id":"%d"}`, g.uploads)
	case status == "500":
		w.WriteHeader(http.StatusInternalServerError)
	default:
		w.WriteHeader(http.StatusBadRequest)
	}
	if refused {
		_, _ = fmt.Fprintf(w, `{"error":{"message":"(#%[1]s) Refused","type":"OAuthException","code":%[1]s}}`, code)
	}
}

func (g *graph) count() (uploads, sends int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.uploads, g.sends
}

// network hands requests to the network and notes when.
type network struct {
	transport *http.Transport
	mu        sync.Mutex
	at        []time.Time
}

// RoundTrip implements [http.RoundTripper].
func (n *network) RoundTrip(r *http.Request) (*http.Response, error) {
	n.mu.Lock()
	n.at = append(n.at, time.Now())
	n.mu.Unlock()
	return n.transport.RoundTrip(r)
}

// waits returns the time between the requests.
func (n *network) waits() []time.Duration {
	n.mu.Lock()
	defer n.mu.Unlock()
	var all []time.Duration
	for i := 1; i < len(n.at); i++ {
		all = append(all, n.at[i].Sub(n.at[i-1]))
	}
	return all
}

// line is an outbox with the media and the client that it has in the product.
type line struct {
	*bench
	dir          *media.Dir
	network      *network
	client       *cloudapi.Client
	mediaLibrary *media.Library
}

// newLine must be called inside a bubble.
func newLine(t *testing.T, base string) *line {
	t.Helper()
	l := &line{bench: newBench(t, nil)}
	l.newToken(l.source, "EAAtoken") // of a form that goes into a header
	l.dir = must(media.OpenDir(filepath.Join(t.TempDir(), "media")))(t)
	t.Cleanup(func() { check(t, l.dir.Close()) })
	// A connection that is kept would hold the bubble's clock.
	l.network = &network{transport: &http.Transport{DisableKeepAlives: true}}
	l.client = must(cloudapi.New(cloudapi.Options{BaseURL: base, Version: "v23.0", Transport: l.network}))(t)
	l.linkTo(nil)
	return l
}

// linkTo makes a library whose links lead to a server.
func (l *line) linkTo(server media.Linker) {
	l.mediaLibrary = media.New(media.Options{
		Store: l.db, Blobs: l.dir, Uploader: l.client, Downloader: l.client, Links: server, Logger: slog.New(slog.DiscardHandler),
		Sources: func(context.Context, wa.AccountID, string) (wa.Number, error) {
			return wa.Number{}, errors.New("not asked")
		},
	})
}

func (l *line) start() (stop func()) {
	l.Helper()
	o := l.outbox(0)
	o.Media, o.Sender = l.mediaLibrary, l.client
	return l.run(o)
}

// acceptMedia accepts a message with a media of ours.
func (l *line) acceptMedia() (wa.Message, wa.StoredMedia) {
	l.Helper()
	stored := must(l.mediaLibrary.Put(l.Context(), l.account, "a.pdf", "", bytes.NewReader([]byte("%PDF-1.7\n%%EOF\n"))))(l)
	return l.acceptFrom(l.source, wa.Media{Kind: stored.Kind, MediaID: stored.ID}, "15550100001")[0], stored
}

// wantFailed8008 ends the test unless the customer is told once that the media
// was bad.
func (l *line) wantFailed8008(m wa.Message) {
	l.Helper()
	l.want(wa.StatusFailed, m)
	if told := l.told(); len(told) != 1 || !strings.Contains(told[0], `"status":"failed"`) || !strings.Contains(told[0], `"status_remark":"8008 `) {
		l.Errorf("the customer is told %s", told)
	}
}

// The same bytes went up every five seconds for ever.
func TestAMediaThatMetaRefusesForGoodFailsAfterItsTries(t *testing.T) {
	for _, c := range []struct {
		refusal string
		uploads int
	}{{"400/131053", 3}, {"400/131052", 3}, {"400/1", 5}, {"400/100", 1}} {
		t.Run(c.refusal, func(t *testing.T) {
			g := newGraph(t, c.refusal)
			synctest.Test(t, func(t *testing.T) {
				l := newLine(t, g.URL)
				m, _ := l.acceptMedia()
				l.start()
				time.Sleep(10 * time.Minute)
				synctest.Wait()
				if uploads, sends := g.count(); uploads != c.uploads || sends != 0 {
					t.Errorf("%d uploads and %d sends, want %d and none", uploads, sends, c.uploads)
				}
				waits := l.network.waits()
				for i := 1; i < len(waits); i++ {
					if waits[i] <= waits[i-1] {
						t.Fatalf("the waits %v do not grow", waits)
					}
				}
				if len(waits) > 0 && waits[0] < localRetry {
					t.Errorf("the first wait is %v", waits[0])
				}
				l.wantFailed8008(m)
			})
		})
	}
}

func TestTheTriesOfAMediaSurviveARestart(t *testing.T) {
	g := newGraph(t, "400/131053")
	synctest.Test(t, func(t *testing.T) {
		l := newLine(t, g.URL)
		m, _ := l.acceptMedia()
		for range 5 {
			stop := l.start()
			time.Sleep(15 * time.Second) // enough for one upload more
			stop()
		}
		if uploads, _ := g.count(); uploads != 3 {
			t.Errorf("%d uploads over the restarts, want 3", uploads)
		}
		l.wantFailed8008(m)
	})
}

func TestAFaultOfMetasDuringAnUploadIsWaitedForEverMorePatiently(t *testing.T) {
	const faults = 9
	g := newGraph(t, append(slices.Repeat([]string{"500/131000"}, faults), "")...)
	synctest.Test(t, func(t *testing.T) {
		l := newLine(t, g.URL)
		m, _ := l.acceptMedia()
		l.start()
		time.Sleep(25 * time.Minute)
		synctest.Wait()
		l.want(wa.StatusSent, m)
		waits := l.network.waits()
		if len(waits) != faults+1 {
			t.Fatalf("%d requests, want %d uploads and a send", len(waits)+1, faults+1)
		}
		for i, wait := range waits[:faults] {
			full := min(localRetry<<i, longestRetry)
			if wait < full*3/4 || wait > full+poll {
				t.Errorf("wait %d is %v, want about %v", i+1, wait, full)
			}
		}
	})
}

// The customer has to send another one, and the operator to look at the disk.
func TestAMediaWhoseBytesAreLostFailsAtOnce(t *testing.T) {
	g := newGraph(t, "")
	synctest.Test(t, func(t *testing.T) {
		l := newLine(t, g.URL)
		m, stored := l.acceptMedia()
		check(t, l.dir.Remove(t.Context(), stored.SHA256))
		l.start()
		if uploads, sends := g.count(); uploads+sends != 0 {
			t.Errorf("%d uploads and %d sends, want none", uploads, sends)
		}
		l.wantFailed8008(m)
		got := l.log.lines(t, "media broken")
		if len(got) != 1 || got[0]["level"] != "ERROR" || !strings.Contains(fmt.Sprint(got[0]["err"]), fs.ErrNotExist.Error()) {
			t.Errorf("the log says %v", got)
		}
	})
}
