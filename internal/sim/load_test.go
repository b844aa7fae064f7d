package sim_test

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"net/http"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/waypost/waypost/internal/sim"
	"github.com/waypost/waypost/internal/sim/ledger"
)

// flaky is a receiver that refuses the first attempt of one callback in fifty.
type flaky struct {
	mu      sync.Mutex
	refused map[uint64]bool
	posts   int
}

func (f *flaky) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	h := fnv.New64a()
	h.Write(body)
	sum, status := h.Sum64(), http.StatusOK
	f.mu.Lock()
	defer f.mu.Unlock()
	f.posts++
	if sum%50 == 0 && !f.refused[sum] {
		f.refused[sum] = true
		status = http.StatusServiceUnavailable
	}
	return &http.Response{StatusCode: status, Body: http.NoBody, Request: r}, nil
}

// answer is a writer that keeps nothing but the status.
type answer struct {
	header http.Header
	status int
	size   int
}

func (a *answer) Header() http.Header         { return a.header }
func (a *answer) WriteHeader(status int)      { a.status = status }
func (a *answer) Write(p []byte) (int, error) { a.size += len(p); return len(p), nil }

// sendDirectly calls the handler without a network. It returns the HTTP status, 0 when the connection would have been broken.
func sendDirectly(ctx context.Context, h http.Handler, body string) (status int) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://graph.test/v23.0/"+numberID+"/messages", strings.NewReader(body))
	if err != nil {
		panic(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Content-Type", "application/json")
	w := &answer{header: http.Header{}}
	defer func() {
		if broken := recover(); broken != nil {
			if err, ok := broken.(error); !ok || !errors.Is(err, http.ErrAbortHandler) {
				panic(broken)
			}
			status = 0
		}
	}()
	h.ServeHTTP(w, r)
	return w.status
}

// day0 is when simulated days begin.
func day0() time.Time { return time.Date(2026, 11, 2, 8, 0, 0, 0, time.UTC) }

// stage makes a Sim whose clock is frozen and that nobody runs: time goes on by Advance alone.
func stage(tb testing.TB, change func(*sim.Options)) *sim.Sim {
	tb.Helper()
	o := sim.Options{
		GraphURL: graphBase, Dir: tb.TempDir(), Seed: 7,
		Client:   &http.Client{Transport: yes{}},
		Numbers:  []sim.Number{{ID: numberID, WABAID: "900001", Display: display, AccessToken: token}},
		Callback: sim.Callback{URL: "http://gateway.test/callback", VerifyToken: "verify", AppSecret: secret},
	}
	change(&o)
	s, err := sim.New(o)
	if err != nil {
		tb.Fatal(err)
	}
	s.Freeze()
	if err := s.SetTime(tb.Context(), day0()); err != nil {
		tb.Fatal(err)
	}
	return s
}

// storm sends n messages to n/10 users from several connections, a second's worth at a time, and waits for what comes of them. It
// returns a digest of the snapshot.
func storm(t *testing.T, n, workers int) (digest string, s *sim.Sim) {
	t.Helper()
	const perSecond = 800
	receiver := &flaky{refused: map[uint64]bool{}}
	s = stage(t, func(o *sim.Options) {
		o.Profile, o.Throughput, o.Client = "mean", 1000, &http.Client{Transport: receiver}
	})
	gone, cancel := context.WithCancel(t.Context())
	cancel() // a client that does not wait, so that nothing hangs in real time
	h, users := s.Graph(), n/10
	for user := range users {
		if _, err := s.Say(t.Context(), sim.Inbound{From: fmt.Sprintf("1556%07d", user), Text: "hello"}); err != nil {
			t.Fatal(err)
		}
	}
	// What came in counts too, and which of too many is refused is decided by who was first.
	check(t, s.Advance(t.Context(), 2*time.Second))
	for sent := 0; sent < n; sent += perSecond {
		var wg sync.WaitGroup
		for worker := range workers {
			wg.Go(func() {
				for i := sent; i < min(sent+perSecond, n); i++ {
					if user := i % users; user%workers == worker {
						sendDirectly(gone, h, textTo(fmt.Sprintf("1556%07d", user), fmt.Sprint("message ", i)))
					}
				}
			})
		}
		wg.Wait()
		if err := s.Advance(t.Context(), time.Second); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Advance(t.Context(), 2*time.Hour); err != nil {
		t.Fatal(err)
	}
	return digestOf(t, s.Snapshot()), s
}

// digestOf is a digest of a snapshot, made entry by entry because all of it is large.
func digestOf(t *testing.T, snap sim.Snapshot) string {
	t.Helper()
	sum := sha256.New()
	enc := json.NewEncoder(sum)
	add := func(v any) {
		if err := enc.Encode(v); err != nil {
			t.Fatal(err)
		}
	}
	for i := range snap.Messages {
		add(&snap.Messages[i])
	}
	for i := range snap.Callbacks {
		add(&snap.Callbacks[i])
	}
	for i := range snap.Violations {
		add(&snap.Violations[i])
	}
	snap.Messages, snap.Callbacks, snap.Violations = nil, nil, nil
	add(snap)
	return fmt.Sprintf("%x", sum.Sum(nil))
}

// heap is how many bytes are in use.
func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// The same hundred thousand messages twice, over different numbers of connections, with everything that goes wrong: the two ledgers
// are the same to the byte, and one message costs no more memory than docs/simulator.md says.
func TestMeanProfileRepeatsItself(t *testing.T) {
	const most = 4 << 10 // bytes for a message with its callbacks
	n := 100_000
	if testing.Short() || raceDetector {
		n = 4000
	}
	defer debug.SetGCPercent(debug.SetGCPercent(400)) // the rubbish is the clients' most of all
	before := heap()
	first, s := storm(t, n, 4)
	if used := (heap() - before) / uint64(n); used > most && n == 100_000 {
		t.Errorf("%d bytes for a message, at most %d", used, most)
	}
	counts, faults := s.Ledger().Counts(), map[string]bool{}
	for _, m := range s.Ledger().Messages(ledger.Filter{}) {
		faults[m.Fault] = true
	}
	for _, c := range s.Ledger().Callbacks(ledger.Filter{}) {
		faults[c.Fault] = true
	}
	if counts.Messages.Recorded != n+n/10 || counts.Callbacks.Recorded < n || counts.Broken[ledger.RuleSignature] == 0 {
		t.Errorf("counts %+v", counts)
	}
	for _, name := range []string{"refuse", "error 131000", "reset", "502", "cut", "lose", "double", "reorder", "early", "forge", "foreign", "batch"} {
		if !faults[name] {
			t.Errorf("%s never happened", name)
		}
	}
	s = nil
	if second, _ := storm(t, n, 3); first != second {
		t.Error("the same seed and the same requests gave two ledgers")
	}
}
