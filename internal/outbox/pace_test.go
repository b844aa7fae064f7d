package outbox

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/waypost/waypost/internal/wa"
)

// rate gives the number of the bench a rate; 0 is what Meta gives every number.
func (b *bench) rate(perSecond int) {
	b.Helper()
	b.source.Throughput = perSecond
	check(b, b.db.UpdateSource(b.Context(), b.source))
}

// codes accepts n one-time codes to one person.
func (b *bench) codes(n int) []wa.Message {
	b.Helper()
	all := make([]wa.Message, n)
	for i := range all {
		all[i] = wa.Message{
			ID: wa.NewID[wa.MessageID](), AccountID: b.account, SourceID: b.source.ID, NumberID: numberA, Category: wa.CategoryAuthentication,
			Recipient: wa.Recipient{Kind: wa.Individual, ID: "15550100001"}, Content: wa.Text{Body: "123456"},
			Status: wa.StatusAccepted, AcceptedAt: time.Now(),
		}
	}
	check(b, b.db.Accept(b.Context(), all))
	return all
}

func TestAPairBorrowsFromTheFutureAndPaysBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, sent)
		all := b.codes(60)
		began := time.Now()
		b.start()
		time.Sleep(4 * time.Minute)
		b.calls(45)
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		b.want(wa.StatusSent, all...)
		calls := b.calls(60)
		if at := calls[45].at.Sub(began); at < 270*time.Second || at > 271*time.Second {
			t.Errorf("the next after 45 went at %v, want four and a half minutes", at)
		}
		for i, c := range calls {
			if c.Message.ID != all[i].ID {
				t.Fatalf("message %d went out of order", i)
			}
		}
		if now := b.now(all[59]); now.Attempt != 1 || now.Claim != 1 {
			t.Errorf("waiting counted: %d attempts, %d claims", now.Attempt, now.Claim)
		}
	})
}

// What the last process sent still counts.
func TestThePaceOutlastsARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, sent)
		b.codes(45)
		began := time.Now()
		stop := b.run(b.outbox(0))
		b.calls(45)
		stop()
		next := b.codes(1)[0]
		b.start()
		time.Sleep(4 * time.Minute)
		b.calls(45)
		time.Sleep(time.Minute)
		synctest.Wait()
		b.want(wa.StatusSent, next)
		if at := b.calls(46)[45].at.Sub(began); at < 270*time.Second || at > 271*time.Second {
			t.Errorf("the next went at %v, want four and a half minutes", at)
		}
	})
}

func TestInboundMessagesTakePlaces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, sent)
		b.rate(80)
		b.accept(people(400)...)
		o := b.outbox(0)
		b.run(o)
		for range 40 {
			time.Sleep(100 * time.Millisecond)
			o.Came(numberA, map[wa.AccountID]int{b.account: 4}) // forty in a second
		}
		if n := len(b.meta.got()); n < 4*35 || n > 4*45 {
			t.Errorf("beside 160 inbound messages %d went out in four seconds, want some 160", n)
		}
	})
}

// state is what is known of every number.
type state struct {
	mu    sync.Mutex
	known wa.NumberState
}

// read makes a state that Meta told, with so many messages a second.
func read(throughput int) *state {
	return &state{known: wa.NumberState{Throughput: throughput, ReadAt: time.Now()}}
}

func (s *state) Number(context.Context, wa.AccountID, string) (wa.NumberState, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.known, nil
}

func (s *state) raise(throughput int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.known.Throughput = throughput
}

func TestTheRateIsWhatTheSourceSaysOrMeta(t *testing.T) {
	for _, c := range []struct{ set, known, want int }{{0, 0, 80}, {0, 1000, 1000}, {0, 20, 20}, {40, 1000, 40}} {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t, sent)
			b.rate(c.set)
			b.accept(people(4 * c.want)...)
			o := b.outbox(0)
			o.Numbers = read(c.known)
			b.run(o)
			time.Sleep(2 * time.Second)
			if n := len(b.meta.got()); n < c.want*19/10 || n > 2*c.want+1 {
				t.Errorf("%+v: %d messages went out in two seconds", c, n)
			}
		})
	}
}

func TestARateThatIsRaisedHoldsSoon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, sent)
		b.rate(0)
		b.accept(people(1000)...)
		o, known := b.outbox(0), read(20)
		o.Numbers = known
		b.run(o)
		time.Sleep(3 * time.Second)
		known.raise(300)
		time.Sleep(4 * time.Second)
		synctest.Wait()
		if n := len(b.meta.got()); n < 300 {
			t.Errorf("%d messages have gone out, want the new rate for some seconds", n)
		}
	})
}

// Meta says of the whole account that it does too much: its other numbers stop as
// well, and one message asks.
func TestAnAccountIsHeldBackWithAllItsNumbers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		over := time.Now().Add(10 * time.Minute)
		b := newBench(t, func(ctx context.Context, c call) wa.Outcome {
			if c.at.Before(over) {
				return wa.Outcome{
					Kind: wa.OutcomeLater, After: time.Minute, Scope: wa.ScopeAccount, Slowed: true, Failure: wa.Failure{Code: 80007},
				}
			}
			return sent(ctx, c)
		})
		second := b.newSource("service", numberB)
		all := b.accept(people(50)...)
		b.start()
		time.Sleep(time.Second)
		first := len(b.meta.got())
		all = append(all, b.acceptFrom(second, wa.Text{Body: "good day"}, people(50)...)...)
		time.Sleep(9 * time.Minute)
		if asked := len(b.meta.got()) - first; asked > 12 {
			t.Errorf("%d messages asked in nine minutes, want one a minute", asked)
		}
		time.Sleep(3 * time.Minute)
		synctest.Wait()
		b.want(wa.StatusSent, all...)
	})
}
