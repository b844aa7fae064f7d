package outbox

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/waypost/waypost/internal/cloudapi"
	"github.com/waypost/waypost/internal/sim"
	simledger "github.com/waypost/waypost/internal/sim/ledger"
	"github.com/waypost/waypost/internal/wa"
)

// wireTo is a transport that hands requests to a handler after a while, because Meta
// takes its time: between 200 and 500 ms.
type wireTo struct {
	handler http.Handler
	mu      sync.Mutex
	random  *rand.Rand
}

func (w *wireTo) RoundTrip(r *http.Request) (*http.Response, error) {
	w.mu.Lock()
	way, rest := time.Duration(w.random.IntN(20))*time.Millisecond, time.Duration(180+w.random.IntN(300))*time.Millisecond
	w.mu.Unlock()
	time.Sleep(way) // so that Meta gets them at other distances than they left at
	rec := httptest.NewRecorder()
	w.handler.ServeHTTP(rec, r)
	time.Sleep(rest)
	return rec.Result(), nil
}

// arrival is a send as the simulator took it.
type arrival struct {
	at time.Time
	to string
	id wa.MessageID
}

// simulated is a bench before the simulated Meta.
type simulated struct {
	*bench
	sim      *sim.Sim
	mu       sync.Mutex
	arrivals []arrival
}

func newSimulated(t *testing.T) *simulated {
	t.Helper()
	w := &simulated{bench: newBench(t, nil)}
	enforce := true
	s, err := sim.New(sim.Options{
		GraphURL: "http://127.0.0.1", Dir: t.TempDir(), Seed: 7, EnforceLimits: &enforce,
		Numbers: []sim.Number{{ID: numberA, WABAID: "900800700", Display: "4915550100000", AccessToken: "token"}},
		OnSend: func(m sim.Send) {
			id, _, _ := w.tagger.Parse(m.Tag)
			w.mu.Lock()
			defer w.mu.Unlock()
			w.arrivals = append(w.arrivals, arrival{m.At, m.To, id})
		},
	})
	check(t, err)
	w.sim = s
	w.source.Number.Token = wa.NewSecret("token")
	return w
}

// outbox makes an outbox that sends to the simulator.
func (w *simulated) outbox() *Outbox {
	w.Helper()
	client := must(cloudapi.New(cloudapi.Options{
		BaseURL: "http://127.0.0.1", Version: "v23.0", Transport: &wireTo{handler: w.sim.Graph(), random: rand.New(rand.NewPCG(7, 7))},
	}))(w)
	o := w.bench.outbox(0)
	o.Sender = client
	return o
}

// throughput sets the rate of the source; 0 is what Meta gives every number.
func (w *simulated) throughput(perSecond int) {
	w.Helper()
	w.source.Throughput, w.source.SkipOptIn = perSecond, true
	check(w, w.db.UpdateSource(w.Context(), w.source))
}

// audience is how many people n messages go to, and how many of them are blocked by
// the rate of their pair: one of fifty. The others must not be so few that they are
// blocked too: each has to wait six seconds for the next.
func audience(n int) (people, hot int) {
	people = max(n/10, min(n/3, 1000)) // seven seconds of the rate, or more
	return people, people / 50
}

// queue accepts n messages: of those who are blocked each gets half a hundred at
// once, and the others get theirs one by one. It returns how many the latter get.
func (w *simulated) queue(n int) (cold int) {
	w.Helper()
	people, hot := audience(n)
	batch := make([]wa.Message, 0, 500)
	accept := func(person int) {
		batch = append(batch, wa.Message{
			ID: wa.NewID[wa.MessageID](), AccountID: w.account, SourceID: w.source.ID, NumberID: numberA,
			Recipient: wa.Recipient{Kind: wa.Individual, ID: strconv.Itoa(15560000000 + person)},
			Content:   wa.Template{Name: "hello_world", Language: "en_US"}, Category: wa.CategoryUtility,
			Status: wa.StatusAccepted, AcceptedAt: time.Now(),
		})
		if len(batch) == cap(batch) {
			check(w, w.db.Accept(w.Context(), batch))
			batch = batch[:0]
		}
	}
	for i := range hot * 50 {
		accept(i / 50)
	}
	for i := range n - hot*50 {
		accept(hot + i%(people-hot))
		cold++
	}
	check(w, w.db.Accept(w.Context(), batch))
	return cold
}

// drained runs until the simulator has taken n messages.
func (w *simulated) drained(n int) []arrival {
	w.Helper()
	for {
		time.Sleep(10 * time.Second)
		w.mu.Lock()
		got := len(w.arrivals)
		w.mu.Unlock()
		if got >= n {
			break
		}
		if time.Since(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)) > time.Duration(n)*time.Second {
			w.Fatalf("%d of %d messages went out in %v", got, n, time.Since(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)))
		}
	}
	time.Sleep(time.Minute)
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.arrivals) != n {
		w.Errorf("the simulator took %d messages of %d", len(w.arrivals), n)
	}
	return slices.Clone(w.arrivals)
}

// TestThePaceIsThatOfTheLimits: a number with a long queue, of whose recipients one
// in fifty is blocked by the rate of its pair, is not refused once, and loses
// nothing of its rate.
//
// WAYPOST_PACE_MESSAGES=200000 runs it with as many; the usual run is short.
func TestThePaceIsThatOfTheLimits(t *testing.T) {
	n, err := strconv.Atoi(cmp.Or(os.Getenv("WAYPOST_PACE_MESSAGES"), "1800"))
	check(t, err)
	synctest.Test(t, func(t *testing.T) {
		w := newSimulated(t)
		w.throughput(0)
		cold := w.queue(n)
		began := time.Now()
		w.run(w.outbox())
		arrivals := w.drained(n)
		if broken := w.sim.Ledger().Counts().Broken; len(broken) > 0 {
			t.Errorf("violations: %v", broken)
		}
		inOrder(t, arrivals)
		withinRate(t, arrivals, wa.ThroughputStandard)
		// What can go must not wait for what cannot.
		until, sent := lastOfCold(arrivals, n)
		rate := float64(sent) / until.Sub(began).Seconds()
		t.Logf("%d messages (%d to people who are not blocked) in %v: %.2f a second while there was something to send, all in %v",
			sent, cold, until.Sub(began), rate, arrivals[len(arrivals)-1].at.Sub(began))
		if rate < 0.98*wa.ThroughputStandard {
			t.Errorf("%.2f messages a second, want 98 %% of %d", rate, wa.ThroughputStandard)
		}
		if again := w.slowed(); again > 0 {
			t.Errorf("%d attempts were refused for rate", again)
		}
	})
}

// slowed counts the attempts of which Meta said that they were too fast.
func (w *simulated) slowed() (n int) {
	w.Helper()
	for _, line := range w.log.lines(w, "send attempted") {
		if line["code"] == 130429.0 || line["code"] == 131056.0 {
			n++
		}
	}
	return n
}

// The control: without the pace the same queue breaks the limits.
func TestWithoutThePaceTheLimitsAreBroken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newSimulated(t)
		w.throughput(100_000)
		w.queue(1000)
		w.run(w.outbox())
		time.Sleep(5 * time.Second)
		if broken := w.sim.Ledger().Counts().Broken[simledger.RuleThroughput]; broken == 0 {
			t.Error("the simulator counted no violation of a number without a pace")
		}
	})
}

func inOrder(t *testing.T, arrivals []arrival) {
	t.Helper()
	last := map[string]wa.MessageID{}
	for _, a := range arrivals {
		if a.id <= last[a.to] {
			t.Fatalf("message %s to %s came after %s", a.id, a.to, last[a.to])
		}
		last[a.to] = a.id
	}
}

// withinRate counts by itself, and more strictly than the simulator: in no second
// may there be more than the rate.
func withinRate(t *testing.T, arrivals []arrival, perSecond int) {
	t.Helper()
	times := make([]time.Time, len(arrivals))
	for i, a := range arrivals {
		times[i] = a.at
	}
	slices.SortFunc(times, time.Time.Compare)
	worst := 0
	for i, from := 0, 0; i < len(times); i++ {
		for times[i].Sub(times[from]) >= time.Second {
			from++
		}
		worst = max(worst, i-from+1)
	}
	// What leaves at even distances comes up to 20 ms later, some more and some less.
	if allowed := perSecond + 2; worst > allowed {
		t.Errorf("%d messages came within a second, want %d at most", worst, allowed)
	}
}

// lastOfCold is when the last message came to somebody who is not blocked, and how
// many had come by then.
func lastOfCold(arrivals []arrival, n int) (at time.Time, sent int) {
	_, hot := audience(n)
	for i, a := range arrivals {
		if person, _ := strconv.Atoi(a.to); person >= 15560000000+hot {
			at, sent = a.at, i+1
		}
	}
	return at, sent
}

func TestAStormOfRefusalsCostsNoAttemptAndTheRateComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var storm sync.Mutex
		until := time.Now().Add(10 * time.Minute)
		var asked []time.Time
		b := newBench(t, nil)
		b.meta.answer = func(ctx context.Context, c call) wa.Outcome {
			time.Sleep(300 * time.Millisecond)
			if c.at.Before(until) {
				storm.Lock()
				defer storm.Unlock()
				asked = append(asked, c.at)
				return wa.Outcome{
					Kind: wa.OutcomeLater, After: time.Second, Scope: wa.ScopeNumber, Slowed: true, Failure: wa.Failure{Code: 130429},
				}
			}
			return sent(ctx, c)
		}
		b.source.Throughput = 20
		check(t, b.db.UpdateSource(t.Context(), b.source))
		all := b.accept(people(1000)...)
		b.start()
		time.Sleep(10 * time.Minute)
		storm.Lock()
		for i := 1; i < len(asked); i++ {
			if gap := asked[i].Sub(asked[i-1]); i > 64 && gap < time.Second {
				t.Errorf("in the storm it was asked again after %v", gap)
			}
		}
		if len(asked) > 64+10*60 {
			t.Errorf("%d messages went into the storm", len(asked))
		}
		storm.Unlock()
		time.Sleep(30 * time.Second)
		before := len(b.meta.got())
		time.Sleep(10 * time.Second)
		if rate := float64(len(b.meta.got())-before) / 10; rate < 0.98*20 {
			t.Errorf("30 s after the storm there are %.1f messages a second", rate)
		}
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		b.want(wa.StatusSent, all...)
		for _, m := range all {
			if now := b.now(m); now.Tries() != 1 {
				t.Fatalf("a message that was %d times too fast has had %d tries", now.Slowed, now.Tries())
			}
		}
	})
}

func TestADeadTokenIsAskedForByOneMessageAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dead := time.Now().Add(5 * time.Minute)
		b := newBench(t, func(ctx context.Context, c call) wa.Outcome {
			time.Sleep(300 * time.Millisecond)
			if c.at.Before(dead) {
				return wa.Outcome{Kind: wa.OutcomeMisconfigured, After: time.Minute, Scope: wa.ScopeNumber, Failure: wa.Failure{Code: 190}}
			}
			return sent(ctx, c)
		})
		b.source.Throughput = 80
		check(t, b.db.UpdateSource(t.Context(), b.source))
		all := b.accept(people(500)...)
		b.start()
		time.Sleep(30 * time.Second)
		first := len(b.meta.got())
		time.Sleep(time.Until(dead) - time.Second)
		if probes := len(b.meta.got()) - first; probes < 3 || probes > 5 {
			t.Errorf("in four minutes and a half %d messages asked, want one a minute", probes)
		}
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		b.want(wa.StatusSent, all...)
	})
}

// A Meta that takes one message in a minute to every third person,
// and refuses the others of these (131056).
func TestPairsThatMetaRefusesHoldUpNobodyElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		taken := map[string]time.Time{}
		refused := 0
		b := newBench(t, func(ctx context.Context, c call) wa.Outcome {
			time.Sleep(300 * time.Millisecond)
			mu.Lock()
			defer mu.Unlock()
			to := c.Message.Recipient.ID
			if person, _ := strconv.Atoi(to); person%3 == 0 && !taken[to].IsZero() && c.at.Sub(taken[to]) < time.Minute {
				refused++
				return wa.Outcome{
					Kind: wa.OutcomeLater, After: 4 * time.Second, Scope: wa.ScopePair, Slowed: true, Failure: wa.Failure{Code: 131056},
				}
			}
			taken[to] = c.at
			return sent(ctx, c)
		})
		b.source.Throughput = 80
		check(t, b.db.UpdateSource(t.Context(), b.source))
		var all []wa.Message
		for range 4 {
			all = append(all, b.accept(people(150)...)...)
		}
		b.start()
		time.Sleep(15 * time.Second)
		synctest.Wait()
		for _, m := range all {
			if person, _ := strconv.Atoi(m.Recipient.ID); person%3 != 0 && b.now(m).Status != wa.StatusSent {
				t.Fatalf("a message to somebody else is %s", b.now(m).Status)
			}
		}
		time.Sleep(20 * time.Minute)
		synctest.Wait()
		b.want(wa.StatusSent, all...)
		if refused == 0 || refused > 50*12 {
			t.Errorf("%d refusals", refused)
		}
		last := map[string]wa.MessageID{}
		for _, c := range b.meta.got() {
			if c.Message.ID < last[c.Message.Recipient.ID] {
				t.Fatal("the messages to one person went out of order")
			}
			last[c.Message.Recipient.ID] = c.Message.ID
		}
	})
}

// A tenant with a long queue, and fifty with a message now and then on the same
// number: these are sent within two seconds.
func TestATenantWithALongQueueHoldsUpNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, func(ctx context.Context, c call) wa.Outcome {
			time.Sleep(300 * time.Millisecond)
			return sent(ctx, c)
		})
		b.source.Throughput = 80
		check(t, b.db.UpdateSource(t.Context(), b.source))
		small := make([]wa.Source, 10)
		for i := range small {
			account := wa.NewID[wa.AccountID]()
			check(t, b.db.CreateAccount(t.Context(), wa.Account{ID: account, Name: fmt.Sprint("small ", i), CreatedAt: time.Now()}))
			src := b.source
			src.AccountID, src.ID = account, "shop"
			small[i] = must(b.db.CreateSource(t.Context(), src))(t)
		}
		b.accept(people(4000)...)
		b.start()
		time.Sleep(time.Second)
		var theirs []wa.Message
		for round := range 6 {
			for i, src := range small {
				theirs = append(theirs, b.acceptFrom(src, wa.Text{Body: "hello"}, strconv.Itoa(15551000000+100*i+round))...)
			}
			time.Sleep(3 * time.Second)
		}
		synctest.Wait()
		went := map[wa.MessageID]time.Time{}
		for _, c := range b.meta.got() {
			went[c.Message.ID] = c.at
		}
		for _, m := range theirs {
			if at, ok := went[m.ID]; !ok || at.Sub(m.AcceptedAt) > 2*time.Second {
				t.Errorf("a message of a small tenant went after %v", at.Sub(m.AcceptedAt))
			}
		}
	})
}

// A one-time code overtakes what is not urgent, however much of it waits.
func TestWhatIsUrgentGoesFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, func(ctx context.Context, c call) wa.Outcome {
			time.Sleep(300 * time.Millisecond)
			return sent(ctx, c)
		})
		b.source.Throughput = 20
		check(t, b.db.UpdateSource(t.Context(), b.source))
		b.accept(people(2000)...)
		b.start()
		time.Sleep(10 * time.Second)
		code := wa.Message{
			ID: wa.NewID[wa.MessageID](), AccountID: b.account, SourceID: b.source.ID, NumberID: numberA, Category: wa.CategoryAuthentication,
			Recipient: wa.Recipient{Kind: wa.Individual, ID: people(2000)[1999]}, Content: wa.Text{Body: "123456"},
			Status: wa.StatusAccepted, AcceptedAt: time.Now(),
		}
		check(t, b.db.Accept(t.Context(), []wa.Message{code}))
		time.Sleep(time.Second)
		synctest.Wait()
		for _, c := range b.meta.got() {
			if c.Message.ID == code.ID {
				return
			}
		}
		t.Error("the code waits behind what is not urgent")
	})
}

// Numbers whose sends hang leave room for the others.
func TestANumberThatHangsLeavesRoomForOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, func(ctx context.Context, c call) wa.Outcome {
			if c.number.ID == numberA {
				time.Sleep(time.Minute)
			}
			return sent(ctx, c)
		})
		b.accept(people(200)...)
		b.run(b.outbox(16))
		time.Sleep(time.Second)
		other := b.acceptFrom(b.newSource("service", numberB), wa.Text{Body: "good day"}, people(40)...)
		time.Sleep(time.Second)
		synctest.Wait()
		b.want(wa.StatusSent, other...)
	})
}

// Without anything to do nothing is asked of the store but now and then.
func TestIdleItHardlyAsks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, sent)
		m := b.accept("15550100001")[0]
		o := b.outbox(0)
		asked := &counting{Store: b.db}
		o.Store = asked
		b.run(o)
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		b.want(wa.StatusSent, m)
		if asked.queues > 25 || asked.claims != 1 {
			t.Errorf("in ten minutes the store was asked for queues %d times and for messages %d times", asked.queues, asked.claims)
		}
	})
}
