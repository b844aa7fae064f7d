package inbox

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/waypost/waypost/internal/wa"
)

// gated is a body that comes once the gate is open, and counts those that are
// being read.
type gated struct {
	io.Reader
	gate    <-chan struct{}
	reading *atomic.Int32
	began   bool
}

func (g *gated) Read(p []byte) (int, error) {
	if !g.began {
		g.began = true
		g.reading.Add(1)
	}
	<-g.gate
	return g.Reader.Read(p)
}

// large is a signed callback of a length that is not announced.
func (b *bench) large(gate <-chan struct{}, reading *atomic.Int32) *http.Request {
	b.Helper()
	body := messages(text("wamid."+string(wa.NewID[wa.EventID]()), strings.Repeat("x", 100<<10)))
	r := httptest.NewRequestWithContext(b.Context(), http.MethodPost, "/meta/callback",
		&gated{Reader: strings.NewReader(body), gate: gate, reading: reading})
	r.Header.Set("X-Hub-Signature-256", sign(body, secretA))
	return r
}

// serve answers requests side by side and returns their answers; each is there
// once it has its status.
func (b *bench) serve(all ...*http.Request) []<-chan *httptest.ResponseRecorder {
	answers := make([]<-chan *httptest.ResponseRecorder, len(all))
	for i, r := range all {
		answer := make(chan *httptest.ResponseRecorder, 1)
		answers[i] = answer
		go func() {
			rec := httptest.NewRecorder()
			b.in.ServeHTTP(rec, r)
			answer <- rec
		}()
	}
	return answers
}

// count returns how many have been answered, by status.
func count(t *testing.T, answers []<-chan *httptest.ResponseRecorder) map[int]int {
	t.Helper()
	n := map[int]int{}
	for _, answer := range answers {
		select {
		case rec := <-answer:
			n[rec.Code]++
			if rec.Code == http.StatusServiceUnavailable && rec.Header().Get("Connection") != "close" {
				t.Error("the rest of the body is wanted")
			}
		default:
		}
	}
	return n
}

// 150 connections with 4 MB each and no signature took 900 MB.
func TestABodyWithoutASignatureIsNotRead(t *testing.T) {
	right := sign("{}", secretA)
	for name, signature := range map[string]string{
		"missing": "", "empty": "sha256=", "sha1": "sha1=" + strings.Repeat("0", 40), "short": right[:len(right)-1], "long": right + "0",
		"upper case": strings.ToUpper(right), "no hex": "sha256=" + strings.Repeat("g", 64), "line": right + "\n",
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t)
				sources := b.countSources()
				var reading atomic.Int32
				r := b.large(nil, &reading)
				r.Header.Set("X-Hub-Signature-256", signature)
				rec := httptest.NewRecorder()
				b.in.ServeHTTP(rec, r)
				if rec.Code != http.StatusForbidden || rec.Header().Get("Connection") != "close" {
					t.Errorf("got %d, Connection %q, want 403, close", rec.Code, rec.Header().Get("Connection"))
				}
				if reading.Load() != 0 || sources.reads.Load() != 0 {
					t.Errorf("the body was read %d times, the app secrets %d times", reading.Load(), sources.reads.Load())
				}
			})
		})
	}
}

func TestFewLargeBodiesAreInMemoryAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		gate := make(chan struct{})
		var reading atomic.Int32
		requests := make([]*http.Request, 150)
		for i := range requests {
			requests[i] = b.large(gate, &reading)
		}
		answers := b.serve(requests...)
		synctest.Wait()
		if n := reading.Load(); n != largeBodies {
			t.Errorf("%d bodies are read at a time, want %d", n, largeBodies)
		}
		// Nearly all callbacks are small, and come through.
		b.post(messages(text("wamid.1", "hello")), secretA)
		time.Sleep(turnLimit)
		synctest.Wait()
		if got, want := count(t, answers), 150-largeBodies; got[503] != want || len(got) != 1 {
			t.Errorf("after %v there are %v, want %d times 503", turnLimit, got, want)
		}
		close(gate)
		synctest.Wait()
		if got := count(t, answers); got[200] != largeBodies {
			t.Errorf("then there are %v, want %d times 200", got, largeBodies)
		}
		if n, want := len(b.kept()), largeBodies+1; n != want {
			t.Errorf("%d callbacks are kept, want %d", n, want)
		}
	})
}

func TestALargeBodyHasItsTurnWhenAnotherIsDone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		first, later := make(chan struct{}), make(chan struct{})
		var reading atomic.Int32
		var holding []*http.Request
		for range largeBodies {
			holding = append(holding, b.large(first, &reading))
		}
		b.serve(holding...)
		synctest.Wait()
		waiting := b.serve(b.large(later, &reading))
		time.Sleep(turnLimit - time.Second)
		close(first)
		synctest.Wait()
		if n := reading.Load(); n != largeBodies+1 {
			t.Errorf("%d bodies were read", n)
		}
		time.Sleep(time.Minute) // the limit is for the wait, not for the body
		close(later)
		synctest.Wait()
		if got := count(t, waiting); got[200] != 1 {
			t.Errorf("got %v", got)
		}
	})
}

// counted counts how often the app secrets are read.
type counted struct {
	Sources
	reads atomic.Int32
}

func (c *counted) AppSecrets(ctx context.Context) ([]wa.Secret, error) {
	c.reads.Add(1)
	return c.Sources.AppSecrets(ctx)
}

func (b *bench) countSources() *counted {
	c := &counted{Sources: b.in.Sources}
	b.in.Sources = c
	return c
}

func TestAppSecretsAreRememberedForAMoment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		sources := b.countSources()
		for i := range 50 {
			b.post(messages(text(fmt.Sprint("wamid.", i), "hello")), secretA)
			time.Sleep(rememberFor / 25)
		}
		if n := sources.reads.Load(); n != 2 {
			t.Errorf("they were read %d times in twice the time, want 2", n)
		}
	})
}

func TestManyCallbacksAtOnceReadTheAppSecretsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		sources := b.countSources()
		open := make(chan struct{})
		close(open)
		var requests []*http.Request
		for range largeBodies {
			requests = append(requests, b.large(open, new(atomic.Int32)))
		}
		answers := b.serve(requests...)
		synctest.Wait()
		if got := count(t, answers); got[200] != largeBodies || sources.reads.Load() != 1 {
			t.Errorf("got %v with %d reads, want 1", got, sources.reads.Load())
		}
	})
}

func TestTheFirstCallbackOfANewSourceIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.post(messages(text("wamid.1", "hello")), secretA)
		b.newAccount("other", numberB, secretB)
		b.post(envelope(numberB, object{"messages": []object{text("wamid.2", "hello")}}), secretB)
	})
}

func TestForgedSignaturesDoNotReadTheAppSecretsEachTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		sources := b.countSources()
		const seconds = 20
		for range seconds * 50 {
			if got := b.callback("{}", sign("{}", "another secret")); got != http.StatusForbidden {
				t.Fatalf("got %d", got)
			}
			time.Sleep(time.Second / 50)
		}
		if n := sources.reads.Load(); n > seconds+1 {
			t.Errorf("they were read %d times in %d seconds", n, seconds)
		}
		// Meanwhile a new source has to wait for the next look; Meta comes again.
		b.callback("{}", sign("{}", "another secret"))
		b.newAccount("other", numberB, secretB)
		time.Sleep(seekEvery)
		b.post("{}", secretB)
	})
}

// A source that is gone is remembered for a moment; what its app says then is
// kept, and applied to nothing.
func TestWhatASourceThatIsGoneSaysIsSoonRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.post(messages(text("wamid.1", "hello")), secretA)
		src := must(b.db.DefaultSource(t.Context(), b.account))(t)
		check(t, b.db.DeleteSource(t.Context(), b.account, src.ID))
		b.run()
		b.told()
		b.post(messages(text("wamid.2", "hello")), secretA)
		if got := b.told(); len(got) != 0 {
			t.Errorf("told %v", got)
		}
		time.Sleep(rememberFor)
		body := messages(text("wamid.3", "hello"))
		if got := b.callback(body, sign(body, secretA)); got != http.StatusForbidden {
			t.Errorf("got %d", got)
		}
	})
}
