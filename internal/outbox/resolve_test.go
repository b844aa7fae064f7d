package outbox

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/waypost/waypost/internal/sim"
	"github.com/waypost/waypost/internal/wa"
)

// unanswered is a Meta that gives no answer to the messages to one person, and
// takes all others.
func unanswered(ctx context.Context, c call) wa.Outcome {
	if c.Message.Recipient.ID == silent {
		return wa.Outcome{Kind: wa.OutcomeUnknown, Failure: wa.Failure{Title: "no answer"}}
	}
	return sent(ctx, c)
}

const silent = "15550100001"

// resolving starts an outbox that settles uncertain messages, with a policy for
// all of them.
func (b *bench) resolving(policy wa.Policy, change func(*Options)) {
	b.Helper()
	b.source.Uncertain = map[wa.Category]wa.Policy{wa.CategoryService: policy}
	check(b, b.db.UpdateSource(b.Context(), b.source))
	o := b.outbox(0).Options
	start := time.Now()
	o.Doubts, o.UncertainAfter, o.IntakeSince = b.db, patience, func() time.Time { return start }
	change(&o)
	out := New(o)
	out.poll = 10 * time.Second // so that virtual hours do not take real minutes
	b.run(out)
}

// sendTo accepts a message of the category service.
func (b *bench) sendTo(who string, ttl time.Duration) wa.Message {
	b.Helper()
	m := wa.Message{
		ID: wa.NewID[wa.MessageID](), AccountID: b.account, SourceID: b.source.ID, NumberID: numberA, Category: wa.CategoryService, TTL: ttl,
		Recipient: wa.Recipient{Kind: wa.Individual, ID: who}, Content: wa.Text{Body: "hello"}, Status: wa.StatusAccepted, AcceptedAt: time.Now(),
	}
	check(b, b.db.Accept(b.Context(), []wa.Message{m}))
	return m
}

// prove lets a status of a message come that was sent now.
func (b *bench) prove() {
	b.Helper()
	time.Sleep(time.Second)
	m := b.sendTo("15550109999", 0)
	time.Sleep(2 * time.Second)
	u := tagged(m.ID, "wamid."+string(m.ID), wa.StatusSent)
	u.Attempt = 1
	b.report(b.Context(), u)
}

func TestAPolicyWaitsForTheProofOfTheStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, unanswered)
		b.resolving(wa.PolicyFail, func(*Options) {})
		b.prove() // of before
		m := b.sendTo(silent, 0)
		time.Sleep(2 * time.Hour)
		b.want(wa.StatusUncertain, m)
		b.prove()
		time.Sleep(streamLook)
		b.want(wa.StatusFailed, m)
		told := b.told()
		if last := told[len(told)-1]; !strings.Contains(last, `"status_remark":"8012 `) || !strings.Contains(last, string(m.ID)) {
			t.Errorf("the customer is told %s", last)
		}
		if lines := b.log.lines(t, "uncertain message resolved"); len(lines) != 1 || lines[0]["by"] != "policy" || lines[0]["as"] != "failed" {
			t.Errorf("the log says %v", lines)
		}
	})
}

func TestAMessageIsSentAgainOnlySoOften(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, unanswered)
		b.resolving(wa.PolicyResend, func(*Options) {})
		m := b.sendTo(silent, 0)
		for range 20 {
			b.prove()
			time.Sleep(streamLook)
		}
		b.want(wa.StatusUncertain, m)
		var gaps []time.Duration
		var last time.Time
		for _, c := range b.meta.got() {
			if c.Message.ID != m.ID {
				continue
			}
			if !last.IsZero() {
				gaps = append(gaps, c.at.Sub(last))
			}
			last = c.at
		}
		if len(gaps) != wa.MaxUnanswered-1 || slices.Min(gaps) < patience {
			t.Errorf("it was sent %d times, with %v between; want %d, each after its time", len(gaps)+1, gaps, wa.MaxUnanswered)
		}
	})
}

func TestWhatIsTooOldIsNotSentAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, unanswered)
		b.resolving(wa.PolicyResend, func(*Options) {})
		m := b.sendTo(silent, patience/2)
		b.prove()
		time.Sleep(2 * time.Hour)
		b.want(wa.StatusUncertain, m)
		b.report(t.Context(), tagged(m.ID, "wamid.late", wa.StatusDelivered))
		b.want(wa.StatusDelivered, m)
	})
}

func TestAChangeOfThePolicyReachesWhatIsHeld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, unanswered)
		b.resolving(wa.PolicyHold, func(*Options) {})
		m := b.sendTo(silent, 0)
		b.prove()
		time.Sleep(time.Hour)
		b.want(wa.StatusUncertain, m)
		b.source.Uncertain = map[wa.Category]wa.Policy{wa.CategoryService: wa.PolicyFail}
		check(t, b.db.UpdateSource(t.Context(), b.source))
		time.Sleep(time.Hour)
		b.want(wa.StatusFailed, m)
	})
}

func TestWithoutASourceItIsHeld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, unanswered)
		b.resolving(wa.PolicyFail, func(*Options) {})
		m := b.sendTo(silent, 0)
		b.prove()
		check(t, b.db.DeleteSource(t.Context(), b.account, b.source.ID))
		time.Sleep(2 * time.Hour)
		b.want(wa.StatusUncertain, m)
	})
}

// asked counts how often Meta's list was asked for.
type asked struct {
	History
	mu sync.Mutex
	at []time.Time
}

func (a *asked) MessageHistory(ctx context.Context, n wa.Number, since time.Time) (wa.History, error) {
	a.mu.Lock()
	a.at = append(a.at, time.Now())
	a.mu.Unlock()
	return a.History.MessageHistory(ctx, n, since)
}

// noHistory is what a number says that has no list.
type noHistory struct{}

func (noHistory) MessageHistory(context.Context, wa.Number, time.Time) (wa.History, error) {
	return wa.History{}, &wa.OutcomeError{Outcome: wa.Outcome{Kind: wa.OutcomeRejected, Failure: wa.Failure{Code: 100}}}
}

// Where no status comes at all, Meta's list tells which messages it has, as far as
// only one can be meant.
func TestMetasListSettlesWhatNoStatusDoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, wa.PolicyResend)
		list := &asked{History: s.client}
		s.open(func(o *Options) { o.History = list })
		people := phones(1, 20)
		s.greet(people)
		time.Sleep(10 * time.Second)
		check(t, s.sim.SetFaults(must(sim.ReadFaults([]byte(`[{"on": "callback", "do": "lose"}]`)))(t)))
		taken, refused, twins := s.send(modes()[4], people[:10]...), s.send(modes()[5], people[10:15]...), s.send(modes()[4], people[15], people[15])
		time.Sleep(10 * time.Minute)
		for _, m := range taken {
			got := s.now(m)
			if got.Status != wa.StatusSent || got.WAMID == "" {
				t.Errorf("a message that Meta has is %s, %q", got.Status, got.WAMID)
			}
			if e := must(s.db.Events(t.Context(), m.AccountID, m.ID))(t); len(e) != 1 || e[0].Status.By != wa.DeciderHistory {
				t.Errorf("its events are %+v", e)
			}
		}
		// What is not in the list is not there, but that is no proof; and of two to
		// one person it does not say which is which.
		s.want(wa.StatusUncertain, refused...)
		s.want(wa.StatusUncertain, twins...)
		for i, st := range s.stories(append(taken, twins...)) {
			if st.taken[1].WAMID != st.message.WAMID && st.message.WAMID != "" || len(st.taken) != 1 {
				t.Errorf("message %s goes by %q, Meta has it as %q", i, st.message.WAMID, st.taken[1].WAMID)
			}
		}
		if n := len(list.at); n < 2 || n > 5 {
			t.Errorf("the list was asked for %d times in ten minutes", n)
		}
	})
}

func TestAListThatIsNotThereIsLeftAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, unanswered)
		list := &asked{History: noHistory{}}
		b.resolving(wa.PolicyHold, func(o *Options) { o.History = list })
		b.sendTo(silent, 0)
		time.Sleep(4 * time.Hour)
		if n := len(list.at); n < 2 || n > 4 {
			t.Errorf("it was asked for %d times in four hours", n)
		}
		for i := 1; i < len(list.at); i++ {
			if gap := list.at[i].Sub(list.at[i-1]); gap < historyOff {
				t.Errorf("it was asked for again after %v", gap)
			}
		}
	})
}

// Another account that uses the number has messages of its own.
func TestAListIsNoProofForASharedNumber(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, unanswered)
		list := &asked{History: noHistory{}}
		b.resolving(wa.PolicyHold, func(o *Options) { o.History = list })
		other := wa.NewID[wa.AccountID]()
		check(t, b.db.CreateAccount(t.Context(), wa.Account{ID: other, Name: "other", CreatedAt: time.Now()}))
		src := b.source
		src.AccountID = other
		must(b.db.CreateSource(t.Context(), src))(t)
		b.sendTo(silent, 0)
		time.Sleep(time.Hour)
		if n := len(list.at); n != 0 {
			t.Errorf("the list was asked for %d times", n)
		}
	})
}

// listed is a list of Meta's that a test fills.
type listed struct {
	mu      sync.Mutex
	entries []wa.HistoryEntry
	hang    bool
}

func (l *listed) set(entries ...wa.HistoryEntry) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.entries = entries
}

func (l *listed) MessageHistory(ctx context.Context, _ wa.Number, _ time.Time) (wa.History, error) {
	if l.hang {
		<-ctx.Done()
		return wa.History{}, ctx.Err()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return wa.History{Entries: l.entries, Whole: true}, nil
}

// Others may write to the same people with the same number, later.
func TestALaterMessageOfOthersIsNoProof(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, unanswered)
		l := &listed{}
		b.resolving(wa.PolicyHold, func(o *Options) { o.History = l })
		m, mine := b.sendTo(silent, 0), b.sendTo("15550100077", 0)
		began := time.Now()
		time.Sleep(time.Hour)
		l.set(wa.HistoryEntry{WAMID: "wamid.foreign", Digits: silent, First: time.Now()},
			wa.HistoryEntry{WAMID: "wamid.mine", Digits: "15550100077", First: began})
		time.Sleep(5 * time.Hour)
		b.want(wa.StatusUncertain, m)
		b.want(wa.StatusSent, mine)
	})
}

// A list that hangs does not keep the policies of all numbers waiting.
func TestAListThatHangsHoldsUpNoPolicyForLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, unanswered)
		b.resolving(wa.PolicyFail, func(o *Options) { o.History = &listed{hang: true} })
		m := b.sendTo(silent, 0)
		b.prove()
		time.Sleep(uncertainAfter + 2*historyLimit)
		b.want(wa.StatusFailed, m)
	})
}
