package outbox

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/waypost/waypost/internal/store"
	"github.com/waypost/waypost/internal/store/sqlstore"
	"github.com/waypost/waypost/internal/wa"
)

// faulty is a store of which parts fail for a while.
type faulty struct {
	*sqlstore.Store
	putOff, settle, source, begin atomic.Bool
}

func fails(now *atomic.Bool) error {
	if now.Load() {
		return &wa.Error{Code: wa.CodeUnavailable, Message: "the store cannot be written now", Err: errors.New("disk full")}
	}
	return nil
}

func (f *faulty) PutOffMessages(ctx context.Context, p []store.PutOff) error {
	if err := fails(&f.putOff); err != nil {
		return err
	}
	return f.Store.PutOffMessages(ctx, p)
}

func (f *faulty) SettleMessage(ctx context.Context, m wa.Message, o wa.Outcome) error {
	if err := fails(&f.settle); err != nil {
		return err
	}
	return f.Store.SettleMessage(ctx, m, o)
}

func (f *faulty) BeginMessage(ctx context.Context, m wa.Message) (wa.Message, error) {
	if err := fails(&f.begin); err != nil {
		return m, err
	}
	return f.Store.BeginMessage(ctx, m)
}

func (f *faulty) Source(ctx context.Context, a wa.AccountID, id wa.SourceID) (wa.Source, error) {
	if err := fails(&f.source); err != nil {
		return wa.Source{}, err
	}
	return f.Store.Source(ctx, a, id)
}

// faulty makes an outbox whose store fails when it is told to.
func (b *bench) faulty() (*faulty, *Outbox) {
	b.Helper()
	f := &faulty{Store: b.db}
	o := b.outbox(0).Options
	o.Store, o.Sources = f, f
	return f, New(o)
}

// Some of what was claimed cannot be given back: the rest goes, and nothing of the
// room is lost for ever.
func TestAClaimThatCannotBeGivenBackIsLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, sent)
		b.rate(80)
		f, o := b.faulty()
		b.run(o)
		const often = "15550177777"
		for range 10 {
			b.accept(often)
		}
		time.Sleep(2 * time.Second)
		f.putOff.Store(true)
		all := b.accept(append([]string{often}, people(10)...)...)
		time.Sleep(5 * time.Second)
		b.want(wa.StatusSent, all[1:]...)
		f.putOff.Store(false)
		time.Sleep(2 * time.Minute)
		b.want(wa.StatusSent, all...)
		o.schedule.mu.Lock()
		defer o.schedule.mu.Unlock()
		if n := o.schedule.inFlight + o.schedule.number(o.schedule.lineOf(b.account, numberA)).waiting; n != 0 {
			t.Errorf("%d places are taken up by nobody", n)
		}
	})
}

func TestAnErrorBeforeTheAttemptIsSoonForgotten(t *testing.T) {
	for _, what := range []string{"source", "begin"} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, sent)
				f, o := b.faulty()
				down := &f.source
				if what == "begin" {
					down = &f.begin
				}
				down.Store(true)
				b.run(o)
				line := b.accept("15550177777", "15550177777")
				time.Sleep(time.Second)
				down.Store(false)
				time.Sleep(10 * time.Second)
				b.want(wa.StatusSent, line...)
				b.calls(2)
			})
		})
	}
}

func TestASourceThatCannotBeReadIsLookedAtEveryMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, sent)
		f, o := b.faulty()
		f.source.Store(true)
		b.run(o)
		m := b.accept("15550177777")[0]
		time.Sleep(3 * time.Hour)
		if n := b.now(m).Claim; n > 3*80+5 {
			t.Errorf("it was claimed %d times in three hours", n)
		}
		f.source.Store(false)
		time.Sleep(time.Minute + time.Second)
		b.want(wa.StatusSent, m)
	})
}

func TestAnOutcomeIsKeptOnceTheStoreIsBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, sent)
		f, o := b.faulty()
		f.settle.Store(true)
		b.run(o)
		line := b.accept("15550177777", "15550177777")
		time.Sleep(time.Hour)
		f.settle.Store(false)
		time.Sleep(2 * time.Minute)
		b.want(wa.StatusSent, line...)
		b.calls(2)
	})
}

// A gateway that is to stop does not wait for its store for ever.
func TestAStopEndsTheWaitForTheStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, sent)
		f, o := b.faulty()
		f.settle.Store(true)
		stop := b.run(o)
		m := b.accept("15550177777")[0]
		time.Sleep(time.Hour)
		before := time.Now()
		stop()
		if waited := time.Since(before); waited > time.Second {
			t.Errorf("the stop took %v", waited)
		}
		b.want(wa.StatusDispatched, m)
	})
}

// uncounting is a store that breaks when it is to count a refusal.
type uncounting struct{ *sqlstore.Store }

func (uncounting) CountRefusal(context.Context, wa.Message) (int, error) { panic("broken") }

func TestAPanicAfterTheAnswerLeavesTheOutcome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, func(context.Context, call) wa.Outcome {
			return wa.Outcome{Kind: wa.OutcomeLater, After: time.Hour, Tries: 3, Failure: wa.Failure{Code: 131053}}
		})
		o := b.outbox(0)
		o.Store = uncounting{b.db}
		b.run(o)
		m := b.accept("15550177777")[0]
		synctest.Wait()
		b.want(wa.StatusAccepted, m)
		b.calls(1)
	})
}

// What it takes to know whether a number is free again is known only of the
// message itself: a source may have a token or an account at Meta of its own.
func TestAHoldEndsWhicheverSourceTheMessageIsOf(t *testing.T) {
	for _, how := range []string{"one source", "two tokens", "two WhatsApp Business Accounts"} {
		t.Run(how, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var mended atomic.Bool
				scope := wa.ScopeNumber
				if how == "two WhatsApp Business Accounts" {
					scope = wa.ScopeAccount
				}
				b := newBench(t, func(ctx context.Context, c call) wa.Outcome {
					if mended.Load() {
						return sent(ctx, c)
					}
					return wa.Outcome{Kind: wa.OutcomeMisconfigured, Scope: scope, After: time.Minute, Failure: wa.Failure{Code: 133010}}
				})
				switch how {
				case "two tokens":
					b.newToken(b.newSource("second", numberA), "another token")
				case "two WhatsApp Business Accounts":
					b.foreign("111")
				}
				b.start()
				all := b.accept(people(3)...)
				time.Sleep(30 * time.Second)
				tries := len(b.meta.got())
				mended.Store(true)
				time.Sleep(2 * time.Minute)
				b.want(wa.StatusSent, all...)
				if tries > 3 {
					t.Errorf("Meta was asked %d times in half a minute", tries)
				}
			})
		})
	}
}

// foreign makes a source of another account with the same number.
func (b *bench) foreign(waba string) wa.Source {
	b.Helper()
	src := b.source
	src.AccountID, src.Number.WABAID = wa.NewID[wa.AccountID](), waba
	check(b, b.db.CreateAccount(b.Context(), wa.Account{ID: src.AccountID, Name: "other", CreatedAt: time.Now()}))
	return must(b.db.CreateSource(b.Context(), src))(b)
}

// The account whose token is dead shares the number with one that always sends.
func TestAHoldIsAskedForBesideABusyAccount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mended atomic.Bool
		b := newBench(t, func(ctx context.Context, c call) wa.Outcome {
			if mended.Load() || c.number.Token.Reveal() == "good" {
				return sent(ctx, c)
			}
			return wa.Outcome{Kind: wa.OutcomeMisconfigured, Scope: wa.ScopeNumber, After: time.Minute, Failure: wa.Failure{Code: 190}}
		})
		b.rate(20)
		busy := b.foreign(b.source.Number.WABAID)
		b.newToken(busy, "good")
		b.acceptFrom(busy, wa.Text{Body: "offer"}, people(20*80)...)
		b.start()
		all := b.accept(people(5)...)
		time.Sleep(5 * time.Second)
		mended.Store(true)
		time.Sleep(70 * time.Second)
		b.want(wa.StatusSent, all...)
	})
}

// bringing accepts a video whose media takes that long to bring to Meta.
func (b *bench) bringing(takes, ttl time.Duration) wa.Message {
	b.Helper()
	b.uploads.metaID = func(context.Context, wa.Number, wa.MediaID) (string, error) {
		<-time.After(takes)
		return "1", nil
	}
	m := wa.Message{
		ID: wa.NewID[wa.MessageID](), AccountID: b.account, SourceID: b.source.ID, NumberID: numberA, Category: wa.CategoryService,
		Recipient: wa.Recipient{Kind: wa.Individual, ID: "15550100002"}, Content: wa.Media{Kind: wa.KindVideo, MediaID: wa.NewID[wa.MediaID]()},
		Status: wa.StatusAccepted, AcceptedAt: time.Now(), TTL: ttl,
	}
	check(b, b.db.Accept(b.Context(), []wa.Message{m}))
	return m
}

func TestNobodyWaitsForAnUploadAfterAPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		paused := false
		b := newBench(t, func(ctx context.Context, c call) wa.Outcome {
			if !paused {
				paused = true
				return wa.Outcome{Kind: wa.OutcomeLater, Scope: wa.ScopeNumber, Slowed: true, After: time.Second, Failure: wa.Failure{Code: 130429}}
			}
			return sent(ctx, c)
		})
		b.start()
		first := b.accept("15550100001")[0]
		synctest.Wait()
		video := b.bringing(10*time.Minute, 0)
		time.Sleep(2 * time.Second)
		code := b.accept("15550100003")[0]
		time.Sleep(5 * time.Second)
		b.want(wa.StatusSent, first, code)
		time.Sleep(11 * time.Minute)
		b.want(wa.StatusSent, video)
	})
}

func TestAMessageExpiresWhileItsMediaIsBrought(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, sent)
		b.start()
		m := b.bringing(10*time.Minute, time.Minute)
		time.Sleep(11 * time.Minute)
		b.want(wa.StatusExpired, m)
		b.calls(0)
	})
}

func TestAMessageExpiresInTimeWhileItsNumberIsHeldBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, func(context.Context, call) wa.Outcome {
			return wa.Outcome{Kind: wa.OutcomeLater, Scope: wa.ScopeNumber, After: 15 * time.Minute, Failure: wa.Failure{Code: 131048}}
		})
		b.start()
		b.accept("15550100001")
		time.Sleep(5 * time.Second)
		m := b.expiring("15550100002")
		time.Sleep(24*time.Hour - time.Second)
		b.want(wa.StatusAccepted, m)
		time.Sleep(2 * time.Second)
		b.want(wa.StatusExpired, m)
		if got := b.facts(m); got != "expired" {
			t.Errorf("told %q, want expired", got)
		}
	})
}

// The clock of the last process was a day ahead.
func TestAPairDoesNotWaitForAClockThatWasAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, sent)
		stop := b.run(b.outbox(0))
		var m wa.Message
		for range 10 {
			m = b.accept("15550177777")[0]
		}
		time.Sleep(2 * time.Second)
		b.want(wa.StatusSent, m)
		stop()
		o := b.outbox(0).Options
		o.Now = func() time.Time { return time.Now().Add(-24 * time.Hour) }
		out := New(o)
		check(t, out.Recover(t.Context()))
		out.schedule.mu.Lock()
		defer out.schedule.mu.Unlock()
		if wait := out.schedule.pairs.Next(out.schedule.pairOf(b.now(m)), false, o.Now()).Sub(o.Now()); wait > 61*time.Second {
			t.Errorf("the pair waits for %v", wait)
		}
	})
}
