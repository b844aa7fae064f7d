package sim_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/waypost/waypost/internal/sim"
	"github.com/waypost/waypost/internal/sim/ledger"
)

// timed is a receiver that notes the simulated time of what it gets.
type timed struct {
	s     *sim.Sim
	begin time.Time
	down  func(since time.Duration) bool
	got   []string
}

func (r *timed) RoundTrip(req *http.Request) (*http.Response, error) {
	since := r.s.Clock().Now.Sub(r.begin)
	if r.down != nil && r.down(since) {
		return nil, errors.New("nobody is there")
	}
	var body callbackBody
	if err := json.NewDecoder(req.Body).Decode(&body); err != nil {
		return nil, err
	}
	for _, status := range body.Entry[0].Changes[0].Value.Statuses {
		r.got = append(r.got, fmt.Sprint(status.Status, " after ", since))
	}
	return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody, Request: req}, nil
}

func timedStage(t *testing.T, change func(*sim.Options)) (*sim.Sim, *timed) {
	t.Helper()
	r := &timed{begin: day0()}
	s := stage(t, func(o *sim.Options) {
		o.Client = &http.Client{Transport: r}
		o.Timing = sim.Timing{Sent: exact(time.Second), Delivered: exact(2 * time.Second), Read: exact(time.Hour)}
		change(o)
	})
	r.s = s
	return s, r
}

func TestAdvanceDoesAllThatBecomesDueInOrder(t *testing.T) {
	s, r := timedStage(t, func(*sim.Options) {})
	say(t, s, "hello")
	send(t, s, "hi")
	check(t, s.Advance(t.Context(), 2*time.Second))
	if want := []string{"sent after 1s"}; !slices.Equal(r.got, want) {
		t.Errorf("after two seconds %v", r.got)
	}
	check(t, s.Advance(t.Context(), 25*time.Hour))
	if want := []string{"sent after 1s", "delivered after 3s", "read after 1h0m3s"}; !slices.Equal(r.got, want) {
		t.Errorf("after a day %v, want %v", r.got, want)
	}
	if now := s.Clock().Now; !now.Equal(day0().Add(25*time.Hour + 2*time.Second)) {
		t.Errorf("it is %s", now)
	}
	late := send(t, s, "too late")
	check(t, s.Advance(t.Context(), time.Minute))
	if m, _ := s.Ledger().Message(late); len(m.Statuses) != 1 || m.Statuses[0].Code != 131047 {
		t.Errorf("a day later: %+v", m.Statuses)
	}
}

func TestCallbackIsRetriedForSevenDays(t *testing.T) {
	s, r := timedStage(t, func(*sim.Options) {})
	r.down = func(since time.Duration) bool { return since < 6*time.Hour }
	say(t, s, "hello")
	send(t, s, "hi")
	check(t, s.Advance(t.Context(), 24*time.Hour))
	back := s.Ledger().Callbacks(ledger.Filter{Outcome: ledger.Delivered})
	if len(r.got) != 3 || len(back) != 4 {
		t.Fatalf("after an outage of six hours %v", r.got)
	}
	for _, c := range back {
		if late := c.LastTry.Sub(day0().Add(6 * time.Hour)); late > 15*time.Minute || c.Attempts < 20 {
			t.Errorf("%v came %s after the outage, at attempt %d", c.Updates, late, c.Attempts)
		}
	}
	r.down = func(time.Duration) bool { return true }
	say(t, s, "hello again")
	check(t, s.Advance(t.Context(), 7*24*time.Hour+time.Hour))
	gone := s.Ledger().Callbacks(ledger.Filter{Outcome: ledger.Expired})
	if len(gone) != 1 || gone[0].LastTry.Sub(gone[0].Created) > 7*24*time.Hour || gone[0].Attempts < 600 {
		t.Fatalf("after seven days %+v", gone)
	}
	attempts := gone[0].Attempts
	check(t, s.Advance(t.Context(), 24*time.Hour))
	if again := s.Ledger().Callbacks(ledger.Filter{Outcome: ledger.Expired})[0].Attempts; again != attempts {
		t.Errorf("it is still tried: %d and %d attempts", attempts, again)
	}
}

func TestClockMovesWhileItRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newReceiver()
		o := options(t, c)
		o.Timing = sim.Timing{Sent: exact(time.Hour), Delivered: exact(time.Hour), Read: exact(time.Hour)}
		s := start(t, o)
		say(t, s, "hello")
		wamid := send(t, s, "hi")
		check(t, s.Advance(t.Context(), 90*time.Minute))
		if got := steps(t, c, wamid); !slices.Equal(got, []string{"sent"}) {
			t.Errorf("moved by an hour and a half: %v", got)
		}
		time.Sleep(31 * time.Minute)
		if got := steps(t, c, wamid); !slices.Equal(got, []string{"sent", "delivered"}) {
			t.Errorf("and half an hour went by: %v", got)
		}
		s.Freeze()
		time.Sleep(48 * time.Hour)
		if got := steps(t, c, wamid); len(got) != 2 {
			t.Errorf("it was frozen: %v", got)
		}
		s.Thaw()
		check(t, s.SetSpeed(60))
		time.Sleep(time.Minute + time.Second)
		if got := steps(t, c, wamid); len(got) != 3 {
			t.Errorf("an hour in a minute: %v", got)
		}
	})
}

func TestMovingTheClockWaitsForPostsUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newReceiver()
		o := options(t, c)
		o.Client = &http.Client{Transport: &slowLine{next: c}}
		s := start(t, o)
		say(t, s, "hello")
		synctest.Wait()
		check(t, s.Advance(t.Context(), 0))
		if got := c.all(); len(got) != 1 {
			t.Errorf("%d callbacks have arrived", len(got))
		}
	})
}

func TestMovingTheClockEndsWithItsContext(t *testing.T) {
	s, r := timedStage(t, func(*sim.Options) {})
	say(t, s, "hello")
	send(t, s, "hi")
	ctx, cancel := context.WithCancel(t.Context())
	r.down = func(since time.Duration) bool {
		if since >= time.Second {
			cancel()
		}
		return false
	}
	if err := s.Advance(ctx, time.Hour); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if since := s.Clock().Now.Sub(day0()); since != time.Second {
		t.Errorf("the clock got to %s", since)
	}
	if err := s.Advance(t.Context(), -time.Second); err == nil {
		t.Error("it went back by Advance")
	}
	check(t, s.SetTime(t.Context(), day0().Add(-time.Hour)))
	if !s.Clock().Now.Before(day0()) {
		t.Error("it did not go back by SetTime")
	}
}

func TestSnapshotAndReset(t *testing.T) {
	play := func(s *sim.Sim) string {
		t.Helper()
		say(t, s, "hello")
		send(t, s, "hi")
		sendTo(s, "15550131026")
		check(t, s.Advance(t.Context(), time.Minute))
		data, err := json.Marshal(s.Snapshot().Snapshot)
		check(t, err)
		return string(data)
	}
	s, _ := timedStage(t, func(*sim.Options) {})
	first := play(s)
	if !strings.Contains(first, `"outcome":"refused"`) || !strings.Contains(first, "2026-11-02T08:00:01Z") || strings.Contains(first, `"seq":1`) {
		t.Errorf("snapshot %s", first)
	}
	check(t, s.Reset(t.Context()))
	check(t, s.SetTime(t.Context(), day0()))
	if len(s.Phones()) != 0 || len(s.Sends()) != 0 || len(s.Callbacks()) != 0 {
		t.Error("something is left")
	}
	if again := play(s); again != first {
		t.Errorf("after a reset the same requests gave\n%s\nand not\n%s", again, first)
	}
}

func TestResetGivesUpWhatIsUnderWay(t *testing.T) {
	s, r := timedStage(t, func(*sim.Options) {})
	say(t, s, "hello")
	send(t, s, "hi")
	check(t, s.Reset(t.Context()))
	check(t, s.Advance(t.Context(), 2*time.Hour))
	if len(r.got) != 0 || len(s.Callbacks()) != 0 {
		t.Errorf("told %v", r.got)
	}
}

func TestControlMovesTheClock(t *testing.T) {
	s, r := timedStage(t, func(*sim.Options) {})
	say(t, s, "hello")
	send(t, s, "hi")
	var state sim.ClockState
	decode(t, askJSON(s.Control(), http.MethodPost, "/_sim/clock", "", `{"advance":"1d1h"}`), http.StatusOK, &state)
	if !state.Now.Equal(day0().Add(25*time.Hour)) || !state.Frozen || len(r.got) != 3 {
		t.Errorf("%+v, told %v", state, r.got)
	}
	decode(t, askJSON(s.Control(), http.MethodPost, "/_sim/clock", "", `{"set":"2026-12-24T00:00:00Z","freeze":false,"speed":2}`), http.StatusOK, &state)
	if state.Frozen || state.Speed != 2 || state.Now.Month() != time.December {
		t.Errorf("%+v", state)
	}
	decode(t, ask(s.Control(), http.MethodGet, "/_sim/clock", "", "", nil), http.StatusOK, &state)
	for _, bad := range []string{`{"advance":"-1h"}`, `{"advance":"soon"}`, `{"speed":0}`, `{"advance":"1h","set":"2026-12-24T00:00:00Z"}`, `{"forward":1}`} {
		if w := askJSON(s.Control(), http.MethodPost, "/_sim/clock", "", bad); w.Code != http.StatusBadRequest {
			t.Errorf("%s: %d %s", bad, w.Code, w.Body)
		}
	}
}

func TestControlShowsTheLedger(t *testing.T) {
	s, _ := timedStage(t, func(*sim.Options) {})
	say(t, s, "hello")
	send(t, s, "hi")
	sendTo(s, "15550131026")
	sendTo(s, "15550100901")
	check(t, s.Advance(t.Context(), 2*time.Hour))
	var page struct {
		Messages          []ledger.Message
		Callbacks         []ledger.Callback
		Violations        []ledger.Violation
		Recorded, Dropped int
	}
	get := func(path string) {
		t.Helper()
		page.Messages, page.Callbacks, page.Violations = nil, nil, nil
		decode(t, ask(s.Control(), http.MethodGet, path, "", "", nil), http.StatusOK, &page)
	}
	get("/_sim/messages?direction=out&outcome=accepted")
	if len(page.Messages) != 2 || page.Recorded != 4 || len(page.Messages[0].Statuses) != 3 || page.Messages[0].Nth != 1 {
		t.Errorf("messages %+v", page)
	}
	get("/_sim/messages?outcome=refused")
	if len(page.Messages) != 1 || page.Messages[0].Code != 131026 || page.Messages[0].Fault != "error 131026" {
		t.Errorf("refused %+v", page.Messages)
	}
	get("/_sim/callbacks?status=delivered")
	if len(page.Callbacks) != 1 || page.Callbacks[0].Peer != user || len(page.Callbacks[0].Tries) != 1 || page.Callbacks[0].Body == nil {
		t.Errorf("callbacks %+v", page.Callbacks)
	}
	get("/_sim/violations?rule=window")
	if len(page.Violations) != 1 || page.Violations[0].Peer != "15550100901" {
		t.Errorf("violations %+v", page.Violations)
	}
	lines := ask(s.Control(), http.MethodGet, "/_sim/callbacks?format=jsonl", "", "", nil)
	if got := strings.Count(lines.Body.String(), "\n"); got != 5 || lines.Header().Get("Content-Type") != "application/x-ndjson" {
		t.Errorf("%d lines of %s", got, lines.Header())
	}
	for _, bad := range []string{"/_sim/messages?format=xml", "/_sim/messages?too=1"} {
		if w := ask(s.Control(), http.MethodGet, bad, "", "", nil); w.Code != http.StatusBadRequest {
			t.Errorf("%s: %d", bad, w.Code)
		}
	}
	if w := ask(s.Control(), http.MethodGet, "/_sim/snapshot", "", "", nil); w.Code != http.StatusOK || !json.Valid(w.Body.Bytes()) {
		t.Errorf("snapshot: %d", w.Code)
	}
	decode(t, askJSON(s.Control(), http.MethodPost, "/_sim/reset", "", ""), http.StatusOK, &page)
	if get("/_sim/messages"); page.Recorded != 0 {
		t.Errorf("after a reset %+v", page)
	}
}

func TestControlChangesFaultsAndLimits(t *testing.T) {
	s := stage(t, func(*sim.Options) {})
	w := askJSON(s.Control(), http.MethodPut, "/_sim/faults", "", `[{"do":"error","code":131016,"nth":[1]},{"do":"lose","probability":0.5}]`)
	if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), `"name":"error 131016"`) || sendTo(s, user).Code != 500 || sendTo(s, user).Code != 200 {
		t.Errorf("script: %d %s", w.Code, w.Body)
	}
	if w := askJSON(s.Control(), http.MethodPut, "/_sim/faults", "", `[{"do":"nothing"}]`); w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), "rule 1") {
		t.Errorf("bad script: %d %s", w.Code, w.Body)
	}
	if w := askJSON(s.Control(), http.MethodPut, "/_sim/profile", "", `{"profile":"mean"}`); w.Code != http.StatusOK || !s.EnforcesLimits() {
		t.Errorf("profile: %d %s", w.Code, w.Body)
	}
	if w := askJSON(s.Control(), http.MethodPut, "/_sim/profile", "", `{"profile":"angry"}`); w.Code != http.StatusBadRequest {
		t.Errorf("bad profile: %d", w.Code)
	}
	if w := askJSON(s.Control(), http.MethodPut, "/_sim/limits", "", `{"throughput":1000,"enforce":false}`); w.Code != http.StatusOK || s.EnforcesLimits() {
		t.Errorf("limits: %d %s", w.Code, w.Body)
	}
	if w := askJSON(s.Control(), http.MethodPut, "/_sim/limits", "", `{"throughput":-1}`); w.Code != http.StatusBadRequest {
		t.Errorf("bad limits: %d", w.Code)
	}
	if w := ask(s.Control(), http.MethodGet, "/_sim/limits", "", "", nil); !strings.Contains(w.Body.String(), `"throughput":1000`) {
		t.Errorf("limits: %s", w.Body)
	}
	if w := ask(s.Control(), http.MethodGet, "/_sim/faults", "", "", nil); !strings.Contains(w.Body.String(), `"name":"mean"`) {
		t.Errorf("faults: %s", w.Body)
	}
}
