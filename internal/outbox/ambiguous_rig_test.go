package outbox

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/waypost/waypost/internal/cloudapi"
	"github.com/waypost/waypost/internal/cloudapi/callback"
	"github.com/waypost/waypost/internal/inbox"
	"github.com/waypost/waypost/internal/sim"
	"github.com/waypost/waypost/internal/sim/fault"
	simledger "github.com/waypost/waypost/internal/sim/ledger"
	"github.com/waypost/waypost/internal/store"
	"github.com/waypost/waypost/internal/wa"
)

// pipes is a network in memory, so that a bubble's time goes on while somebody
// waits for bytes.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newPipes() *pipes { return &pipes{conns: make(chan net.Conn), closed: make(chan struct{})} }

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error { p.once.Do(func() { close(p.closed) }); return nil }

func (p *pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1} }

func (p *pipes) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	near, far := net.Pipe()
	reset := &atomic.Bool{}
	select {
	case p.conns <- pipeEnd{far, reset}:
		return pipeEnd{near, reset}, nil
	case <-p.closed:
		return nil, &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// pipeEnd is an end of a connection that one side may reset.
type pipeEnd struct {
	net.Conn
	reset *atomic.Bool
}

func (p pipeEnd) Read(b []byte) (int, error) {
	n, err := p.Conn.Read(b)
	if p.reset.Load() && errors.Is(err, io.EOF) {
		err = &net.OpError{Op: "read", Err: syscall.ECONNRESET}
	}
	return n, err
}

// endKey is where a request's context has its connection.
type endKey struct{}

// mode is one way in which the first attempt of a message goes wrong.
type mode struct {
	name string
	// taken: Meta takes the message all the same.
	taken bool
	act   fault.Act
	// answer takes the place of Meta's own.
	answer *fault.Answer
	// certain: the outcome is known, so that nothing is ever sent again.
	certain bool
}

// modes are those of the ambiguous send, each with a message that is taken and,
// where that can be, with one that is not.
func modes() []mode {
	const minute = time.Minute
	graph := &fault.Answer{
		Status: http.StatusInternalServerError, Type: "application/json",
		Body: []byte(`{"error":{"message":"(#131000) Something went wrong","type":"OAuthException","code":131000,"fbtrace_id":"AbCdEf"}}`),
	}
	return []mode{
		{name: "answer lost", taken: true, act: fault.Act{Do: fault.Hang, After: 10 * minute}},
		{name: "answer lost, not taken", act: fault.Act{Do: fault.Hang, After: 10 * minute}},
		{name: "reset", taken: true, act: fault.Act{Do: fault.Reset}},
		{name: "reset, not taken", act: fault.Act{Do: fault.Reset}},
		{name: "502", taken: true, act: fault.Act{Do: fault.Gateway}},
		{name: "502, not taken", act: fault.Act{Do: fault.Gateway}},
		{name: "closed", taken: true, act: fault.Act{Do: fault.Refuse}},
		{name: "closed, not taken", act: fault.Act{Do: fault.Refuse}},
		{name: "500 of Meta's", taken: true, answer: graph},
		{name: "500 of Meta's, not taken", answer: graph},
		{name: "cut", taken: true, act: fault.Act{Do: fault.Cut}, certain: true},
		{name: "slow drip", taken: true, act: fault.Act{Do: fault.Drip, After: 5 * time.Second}, certain: true},
		{name: "drip without end", taken: true, act: fault.Act{Do: fault.Drip, After: 5 * minute}, certain: true},
	}
}

// stage is a gateway with a simulated Meta behind it, where the first attempts of
// messages go wrong.
type stage struct {
	*bench
	sim    *sim.Sim
	inbox  *inbox.Inbox
	down   atomic.Bool // callbacks cannot be kept
	client *cloudapi.Client

	mu    sync.Mutex
	modes map[wa.MessageID]mode // of what goes wrong
}

const (
	stageDisplay = "15550109999"
	stageToken   = "simulated-token"
	patience     = time.Minute
	// slowest is how late a status comes at most.
	slowest = 3 * patience
)

// faultyStatuses is what happens to callbacks: of each status one in ten is lost,
// and half of them are late. So about one message in twelve has no status when its
// time is over.
func (s *stage) faultyStatuses() {
	s.Helper()
	check(s, s.sim.SetFaults(must(sim.ReadFaults([]byte(`[
		{"on": "callback", "do": "lose", "probability": 0.1},
		{"on": "callback", "do": "delay", "probability": 0.55, "after": "1s", "up_to": "3m"},
		{"on": "callback", "do": "double", "probability": 0.2},
		{"on": "callback", "do": "early", "probability": 0.2}
	]`)))(s)))
}

// lateStatuses makes all statuses come late.
func (s *stage) lateStatuses() {
	s.Helper()
	check(s, s.sim.SetFaults(must(sim.ReadFaults([]byte(`[{"on": "callback", "do": "delay", "after": "3m"}]`)))(s)))
}

// newStage must be called inside a bubble.
func newStage(t *testing.T, policy wa.Policy) *stage {
	t.Helper()
	s := &stage{bench: newBench(t, nil), modes: map[wa.MessageID]mode{}}
	src := s.source
	src.Number.Token, src.SkipOptIn = wa.NewSecret(stageToken), true
	src.Uncertain = map[wa.Category]wa.Policy{wa.CategoryService: policy}
	check(t, s.db.UpdateSource(t.Context(), src))
	s.source = src
	free := false
	s.sim = must(sim.New(sim.Options{
		GraphURL: "http://127.0.0.1:1", Dir: t.TempDir(), Seed: 11, Throughput: 1_000_000, EnforceLimits: &free,
		Numbers:  []sim.Number{{ID: numberA, WABAID: "900800700", Display: stageDisplay, AccessToken: stageToken}},
		Callback: sim.Callback{URL: "http://gateway.test/meta/callback", VerifyToken: "verify", AppSecret: "app secret"},
		Client:   &http.Client{Transport: calledBack(func(w http.ResponseWriter, r *http.Request) { s.inbox.ServeHTTP(w, r) })},
	}))(t)
	s.inbox = inbox.New(inbox.Options{
		Store: shaky{s.db, &s.down}, Sources: s.db, Tagger: s.tagger, Verify: cloudapi.VerifySignature, Decode: callback.Decode,
		VerifyToken: wa.NewSecret("verify"), Wake: s.db.Wake(store.StageInbox), Logger: slog.New(slog.DiscardHandler),
	})
	network := newPipes()
	server := &http.Server{
		Handler: http.HandlerFunc(s.serve), ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError),
		ConnContext: func(ctx context.Context, c net.Conn) context.Context { return context.WithValue(ctx, endKey{}, c) },
	}
	go func() { _ = server.Serve(network) }()
	transport := &http.Transport{DialContext: network.dial, IdleConnTimeout: 30 * time.Second, MaxIdleConnsPerHost: 64}
	s.client = must(cloudapi.New(cloudapi.Options{BaseURL: "http://127.0.0.1:1", Version: "v23.0", Transport: transport}))(t)
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		check(t, server.Close())
		check(t, network.Close())
	})
	return s
}

// calledBack posts to a handler.
type calledBack http.HandlerFunc

func (c calledBack) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	c(w, r)
	return w.Result(), nil
}

// shaky is a store that cannot be written at times.
type shaky struct {
	store.Inbox
	down *atomic.Bool
}

func (s shaky) KeepCallback(ctx context.Context, c wa.Callback) error {
	if s.down.Load() {
		return &wa.Error{Code: wa.CodeUnavailable, Message: "the disk is full"}
	}
	return s.Inbox.KeepCallback(ctx, c)
}

// serve is Meta's face: the simulator's, but for what goes wrong on the way.
func (s *stage) serve(w http.ResponseWriter, r *http.Request) {
	graph := s.sim.Graph()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	m, wrong := s.goesWrong(r, body)
	if !wrong {
		graph.ServeHTTP(w, r)
		return
	}
	answer := fault.Answer{Status: http.StatusOK, Type: "application/json", Body: []byte("{}")}
	if m.taken {
		kept := httptest.NewRecorder()
		graph.ServeHTTP(kept, r)
		answer = fault.Answer{Status: kept.Code, Type: kept.Header().Get("Content-Type"), Body: kept.Body.Bytes()}
	}
	if m.answer != nil {
		answer = *m.answer
	}
	if end, ok := r.Context().Value(endKey{}).(pipeEnd); ok {
		end.reset.Store(m.act.Do == fault.Reset)
	}
	_ = fault.Break(w, r, m.act, answer)
}

// goesWrong returns what happens to a send: only to first attempts.
func (s *stage) goesWrong(r *http.Request, body []byte) (m mode, wrong bool) {
	if r.Method != http.MethodPost {
		return m, false
	}
	var send struct {
		Tag string `json:"biz_opaque_callback_data"`
	}
	check(s, json.Unmarshal(body, &send))
	id, attempt, ok := s.tagger.Parse(send.Tag)
	s.mu.Lock()
	defer s.mu.Unlock()
	m, wrong = s.modes[id]
	return m, wrong && ok && attempt == 1
}

// send accepts a message to each recipient; something happens to it if m has a
// name.
func (s *stage) send(m mode, recipients ...string) []wa.Message {
	s.Helper()
	var all []wa.Message
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, to := range recipients {
		next := wa.Message{
			ID: wa.NewID[wa.MessageID](), AccountID: s.account, SourceID: s.source.ID, NumberID: numberA,
			Recipient: wa.Recipient{Kind: wa.Individual, ID: to}, Content: wa.Text{Body: "your code"}, Category: wa.CategoryService,
			Status: wa.StatusAccepted, AcceptedAt: time.Now(),
		}
		if m.name != "" {
			s.modes[next.ID] = m
		}
		all = append(all, next)
	}
	check(s, s.db.Accept(s.Context(), all))
	return all
}

// open starts everything; change may change who sends.
func (s *stage) open(change func(*Options)) {
	s.Helper()
	o := Options{
		Store: s.db, Sources: s.db, Consents: talkers{s.db}, Media: s.uploads, Sender: s.client, Tagger: s.tagger, Width: 4096,
		Wake: s.db.Wake(store.StageOutbox), Logger: slog.New(slog.NewJSONHandler(s.log, nil)),
		Doubts: s.db, IntakeSince: s.inbox.Since, UncertainAfter: patience,
	}
	change(&o)
	check(s, s.inbox.Recover(s.Context()))
	ctx, cancel := context.WithCancel(s.Context())
	var running sync.WaitGroup
	running.Go(func() { s.inbox.Run(ctx) })
	running.Go(func() { check(s, s.sim.Run(ctx)) })
	s.Cleanup(func() { cancel(); running.Wait() })
	out := New(o)
	out.poll = 10 * time.Second // a tenth of the looks of virtual hours
	s.run(out)
}

// people names n phones.
func phones(from, n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf("1555010%04d", from+i)
	}
	return all
}

// greet lets people write first, so that they may be written to.
func (s *stage) greet(people []string) {
	s.Helper()
	for _, who := range people {
		must(s.sim.Say(s.Context(), sim.Inbound{From: who, Text: "hello"}))(s)
	}
}

// wait lets time go on until a condition holds, looked at now and then.
func (s *stage) wait(done func() bool) {
	s.Helper()
	const most = 24 * time.Hour
	for end := time.Now().Add(most); !done(); {
		if time.Now().After(end) {
			s.Fatalf("it does not end within %v", most)
		}
		time.Sleep(slowest)
	}
	synctest.Wait()
}

// settled reports whether none of these messages is under way any more.
func (s *stage) settled(all []wa.Message) bool {
	s.Helper()
	for _, m := range all {
		if got := s.now(m).Status; got == wa.StatusAccepted || got == wa.StatusDispatched {
			return false
		}
	}
	return true
}

// calm reports whether no callback is under way either.
func (s *stage) calm(all []wa.Message) bool {
	s.Helper()
	return len(s.sim.Ledger().Callbacks(simledger.Filter{Outcome: simledger.Pending, Limit: 1})) == 0 && s.settled(all)
}

// story is what happened to one message, by the books of the simulator, the
// attempts and the events.
type story struct {
	message wa.Message
	// taken are the sends that Meta took, by attempt.
	taken map[int]simledger.Message
	// told is when the first status of each of them was kept by the gateway, zero if
	// none was.
	told map[int]time.Time
	// again is when a policy sent it again, by the attempt before.
	again    map[int]time.Time
	attempts []wa.Attempt
}

// stories reads what happened.
func (s *stage) stories(all []wa.Message) map[wa.MessageID]*story {
	s.Helper()
	found := map[wa.MessageID]*story{}
	for _, m := range all {
		st := &story{message: s.now(m), taken: map[int]simledger.Message{}, told: map[int]time.Time{}, again: map[int]time.Time{}}
		st.attempts = must(s.db.Attempts(s.Context(), m.AccountID, m.ID))(s)
		for _, e := range must(s.db.Events(s.Context(), m.AccountID, m.ID))(s) {
			if e.Status.By == wa.DeciderPolicy && e.Status.Status == wa.StatusAccepted {
				st.again[e.Status.Attempt] = e.At
			}
		}
		found[m.ID] = st
	}
	type send struct {
		id      wa.MessageID
		attempt int
	}
	sends := map[string]send{}
	for _, got := range s.sim.Ledger().Messages(simledger.Filter{Direction: simledger.Out, Outcome: simledger.Accepted}) {
		id, attempt, ok := s.tagger.Parse(got.Tag)
		st := found[id]
		if !ok || st == nil {
			continue
		}
		if _, twice := st.taken[attempt]; twice {
			s.Errorf("attempt %d of message %s was made twice", attempt, id)
		}
		st.taken[attempt], sends[got.WAMID] = got, send{id, attempt}
	}
	for _, c := range s.sim.Ledger().Callbacks(simledger.Filter{Outcome: simledger.Delivered}) {
		for _, update := range c.Updates {
			var wamid, word string
			_, _ = fmt.Sscan(update, &wamid, &word)
			about, ours := sends[wamid]
			if !ours {
				continue
			}
			told := found[about.id].told
			if at := told[about.attempt]; at.IsZero() || c.LastTry.Before(at) {
				told[about.attempt] = c.LastTry
			}
		}
	}
	return found
}
