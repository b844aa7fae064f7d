package outbox

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/waypost/waypost/internal/wa"
)

// ledger is a Meta that answers at random and writes down what it took and what
// it said.
type ledger struct {
	mu     sync.Mutex
	random *rand.Rand
	taken  map[wa.MessageID]int
	tried  map[wa.MessageID]int
	said   map[wa.MessageID]wa.OutcomeKind
	busy   map[string]bool
	first  map[string][]wa.MessageID
	wrong  []string
}

func newLedger(seed uint64) *ledger {
	return &ledger{
		random: rand.New(rand.NewPCG(seed, 0)), taken: map[wa.MessageID]int{}, tried: map[wa.MessageID]int{},
		said: map[wa.MessageID]wa.OutcomeKind{}, busy: map[string]bool{}, first: map[string][]wa.MessageID{},
	}
}

func (l *ledger) answer(_ context.Context, c call) wa.Outcome {
	took := l.begin(c.Message)
	time.Sleep(took)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.busy[c.Message.Recipient.ID] = false
	o := l.outcome(c.Message.ID)
	l.said[c.Message.ID] = o.Kind
	return o
}

func (l *ledger) begin(m wa.Message) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	to := m.Recipient.ID
	if l.busy[to] {
		l.wrong = append(l.wrong, "two sends at a time to "+to)
	}
	l.busy[to] = true
	if kind, again := l.said[m.ID]; again && kind != wa.OutcomeLater {
		l.wrong = append(l.wrong, fmt.Sprintf("%s was sent again after %s", m.ID, kind))
	}
	if l.tried[m.ID]++; l.tried[m.ID] == 1 {
		l.first[to] = append(l.first[to], m.ID)
	}
	return time.Duration(l.random.IntN(5_000)) * time.Millisecond
}

func (l *ledger) outcome(id wa.MessageID) wa.Outcome {
	switch n := l.random.IntN(100); {
	case n < 55:
		l.taken[id]++
		return wa.Outcome{Kind: wa.OutcomeSent, WAMID: "wamid." + string(id)}
	case n < 60:
		l.taken[id]++
		return wa.Outcome{Kind: wa.OutcomeSent} // a cut answer
	case n < 70:
		l.taken[id]++
		return wa.Outcome{Kind: wa.OutcomeUnknown}
	case n < 75:
		return wa.Outcome{Kind: wa.OutcomeUnknown}
	case n < 85:
		return wa.Outcome{Kind: wa.OutcomeRejected, Failure: wa.Failure{Code: 131026}}
	default:
		return wa.Outcome{Kind: wa.OutcomeLater, After: time.Duration(l.random.IntN(60_000)) * time.Millisecond}
	}
}

// expected is the status that the last answer leads to.
func expected(k wa.OutcomeKind) wa.Status {
	switch k {
	case wa.OutcomeSent:
		return wa.StatusSent
	case wa.OutcomeRejected:
		return wa.StatusFailed
	case wa.OutcomeUnknown:
		return wa.StatusUncertain
	case wa.OutcomeExpired:
		return wa.StatusExpired
	case wa.OutcomeLater, wa.OutcomeMisconfigured:
	}
	return wa.StatusAccepted
}

func TestAThousandMessagesWithEveryOutcome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, all, dead := flood(t, 10, 0)
		l.checkOrder(t, all, dead)
	})
}

func TestManyMessagesWithEveryOutcomeAndRestarts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, all, dead := flood(t, 4, 6)
		l.checkOrder(t, all, dead)
	})
}

// flood sends rounds messages to each of a hundred people, with that many
// restarts in between, and looks at what became of each.
func flood(t *testing.T, rounds, restarts int) (l *ledger, all, dead []wa.Message) {
	t.Helper()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	l = newLedger(seed)
	b := newBench(t, l.answer)
	for range rounds {
		all = append(all, b.accept(people(100)...)...)
		time.Sleep(time.Millisecond)
	}
	// Ten were on their way when the last process died.
	dead = b.claimSome(10)
	for i, m := range dead {
		dead[i] = must(b.db.BeginMessage(t.Context(), m))(t)
		l.said[m.ID] = wa.OutcomeUnknown
	}
	for range restarts {
		stop := b.run(b.outbox(16))
		time.Sleep(7 * time.Second)
		stop()
	}
	o := b.outbox(0)
	o.poll = 5 * time.Second
	b.run(o)
	time.Sleep(20 * time.Minute)
	synctest.Wait()

	for _, wrong := range l.wrong {
		t.Error(wrong)
	}
	count := map[wa.Status]int{}
	for _, m := range all {
		now := b.now(m)
		count[now.Status]++
		if want := expected(l.said[m.ID]); now.Status != want {
			t.Errorf("%s is %s, want %s", m.ID, now.Status, want)
		}
		if l.taken[m.ID] > 1 {
			t.Errorf("Meta took %s %d times", m.ID, l.taken[m.ID])
		}
		if facts := b.facts(m); (facts == "failed") != (now.Status == wa.StatusFailed) {
			t.Errorf("%s is %s, its events say %q", m.ID, now.Status, facts)
		}
	}
	if count[wa.StatusUncertain] < len(dead) || count[wa.StatusSent] == 0 || count[wa.StatusFailed] == 0 ||
		count[wa.StatusAccepted] != 0 || count[wa.StatusDispatched] != 0 {
		t.Errorf("in the end there are %v", maps.Collect(maps.All(count)))
	}
	if told := len(b.told()); told != count[wa.StatusFailed] {
		t.Errorf("the customer is told %d times of %d failures", told, count[wa.StatusFailed])
	}
	return l, all, dead
}

// checkOrder compares the order of first attempts to each recipient with the
// order in which the messages were accepted.
func (l *ledger) checkOrder(t *testing.T, all, dead []wa.Message) {
	t.Helper()
	skip := map[wa.MessageID]bool{}
	for _, m := range dead {
		skip[m.ID] = true
	}
	next := map[string]int{}
	for _, m := range all {
		to := m.Recipient.ID
		if skip[m.ID] {
			continue
		}
		if i := next[to]; i >= len(l.first[to]) || l.first[to][i] != m.ID {
			t.Fatalf("the messages to %s were not sent in the order in which they were accepted", to)
		}
		next[to]++
	}
}
