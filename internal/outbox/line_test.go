package outbox

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/waypost/waypost/internal/wa"
)

// shown is what Meta has shown to each account of every number.
type shown map[wa.AccountID]wa.NumberState

func (s shown) Number(_ context.Context, account wa.AccountID, _ string) (wa.NumberState, error) {
	state, known := s[account]
	if !known {
		return state, wa.NotFound("number")
	}
	return state, nil
}

// other makes another account with a source for a number, with a token of its own.
func (b *bench) other(number string) wa.Source {
	b.Helper()
	account := wa.NewID[wa.AccountID]()
	check(b, b.db.CreateAccount(b.Context(), wa.Account{ID: account, Name: "other", CreatedAt: time.Now()}))
	return must(b.db.CreateSource(b.Context(), wa.Source{
		ID: "other", AccountID: account, Name: "source", CreatedAt: time.Now(),
		Number: wa.Number{
			ID: number, WABAID: b.source.Number.WABAID, Display: "4915550100000",
			Token: wa.NewSecret("bogus token"), AppSecret: wa.NewSecret("another secret"),
		},
	}))(b)
}

// Anybody can make a source for any number and sign callbacks about it. Only those
// to whom Meta has shown the number change anything for the others.
func TestAnAccountWithoutTheNumberChangesNothingForItsOwner(t *testing.T) {
	hold := wa.Outcome{Kind: wa.OutcomeLater, Scope: wa.ScopeNumber, After: time.Hour, Failure: wa.Failure{Code: 131048}}
	mend := wa.Outcome{Kind: wa.OutcomeMisconfigured, Scope: wa.ScopeNumber, After: time.Hour, Failure: wa.Failure{Code: 190}}
	account := wa.Outcome{Kind: wa.OutcomeMisconfigured, Scope: wa.ScopeAccount, After: time.Hour, Failure: wa.Failure{Code: 131031}}
	slow := wa.Outcome{Kind: wa.OutcomeLater, Scope: wa.ScopeNumber, Slowed: true, After: time.Hour, Failure: wa.Failure{Code: 130429}}
	heeds := func(what wa.Outcome) func(*bench, *Outbox, wa.Source) {
		return func(b *bench, o *Outbox, src wa.Source) {
			for range 20 {
				check(b, o.Heed(b.Context(), src.AccountID, src.Number, what, time.Now()))
			}
		}
	}
	sends := func(answer wa.Outcome) func(*bench, *Outbox, wa.Source) {
		return func(b *bench, _ *Outbox, src wa.Source) {
			b.meta.answers(func(ctx context.Context, c call) wa.Outcome {
				if c.Message.AccountID == src.AccountID {
					return answer
				}
				return sent(ctx, c)
			})
			b.acceptFrom(src, wa.Text{Body: "good day"}, people(50)...)
			time.Sleep(10 * time.Second)
		}
	}
	for _, tt := range []struct {
		name   string
		attack func(*bench, *Outbox, wa.Source)
		// owns: Meta has shown the other account the number too. held: then the owner
		// is held back.
		held bool
	}{
		{"a callback about the number", heeds(hold), true},
		{"a callback about the account", heeds(account), false},
		{"a callback about the rate", heeds(slow), true},
		{"an answer about the number", sends(hold), true},
		{"an answer about the token", sends(mend), false},
		{"an answer about the account", sends(account), false},
		{"an answer about the rate", sends(slow), true},
		{"messages to the same person", func(b *bench, _ *Outbox, src wa.Source) {
			for range 60 {
				b.acceptFrom(src, wa.Text{Body: "good day"}, people(1)...)
			}
			time.Sleep(10 * time.Second)
		}, true},
		{"its throughput", func(b *bench, _ *Outbox, src wa.Source) {
			src.Throughput = 1
			check(b, b.db.UpdateSource(b.Context(), src))
		}, true},
	} {
		for _, owns := range []bool{false, true} {
			t.Run(tt.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					b := newBench(t, sent)
					src := b.other(numberA)
					o := b.outbox(0)
					known := shown{b.account: {ReadAt: time.Now()}}
					if owns {
						known[src.AccountID] = wa.NumberState{ReadAt: time.Now()}
					}
					o.Numbers = known
					b.run(o)
					b.accept("15550100999") // both are known of now
					b.acceptFrom(src, wa.Text{Body: "good day"}, "15550100999")
					time.Sleep(10 * time.Second)
					tt.attack(b, o, src)
					all := b.accept(people(50)...)
					time.Sleep(2 * time.Second)
					synctest.Wait()
					went := 0
					for _, m := range all {
						if b.now(m).Status == wa.StatusSent {
							went++
						}
					}
					if held := went < len(all); held != (owns && tt.held) {
						t.Errorf("owned %v: %d of %d messages went", owns, went, len(all))
					}
				})
			})
		}
	}
}

// Those who share a number get the same messages, so they count once; what others
// sign does not count.
func TestMessagesCountForThoseWhoShareTheNumber(t *testing.T) {
	for _, c := range []struct {
		shares      bool
		own         int
		least, most int // at least and at most so many go in four seconds, of 320
	}{{false, 0, 300, 330}, {true, 0, 140, 180}, {true, 4, 140, 180}} {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t, sent)
			b.rate(80)
			src := b.other(numberA)
			o, known := b.outbox(0), shown{b.account: {ReadAt: time.Now()}}
			if c.shares {
				known[src.AccountID] = wa.NumberState{ReadAt: time.Now()}
			}
			o.Numbers = known
			b.accept(people(400)...)
			b.acceptFrom(src, wa.Text{Body: "good day"}, "15550100999")
			b.run(o)
			for range 40 {
				time.Sleep(100 * time.Millisecond)
				o.Came(numberA, map[wa.AccountID]int{b.account: c.own, src.AccountID: 4})
			}
			if n := len(b.meta.got()); n < c.least || n > c.most {
				t.Errorf("%+v: %d messages went out", c, n)
			}
		})
	}
}

// What a line is told holds for itself, whoever else has the number.
func TestAnAccountWithoutTheNumberIsHeldBackItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, sent)
		src := b.other(numberA)
		o := b.outbox(0)
		o.Numbers = shown{b.account: {ReadAt: time.Now()}}
		b.run(o)
		hold := wa.Outcome{Kind: wa.OutcomeLater, Scope: wa.ScopeNumber, After: time.Hour}
		check(t, o.Heed(t.Context(), src.AccountID, src.Number, hold, time.Now()))
		m := b.acceptFrom(src, wa.Text{Body: "good day"}, "15550100001")[0]
		time.Sleep(50 * time.Minute)
		synctest.Wait()
		b.want(wa.StatusAccepted, m)
		time.Sleep(11 * time.Minute)
		synctest.Wait()
		b.want(wa.StatusSent, m)
	})
}

// The app on a phone makes a number slow for everybody; what callbacks alone told
// is no rate.
func TestTheRateIsWhatMetaHasShown(t *testing.T) {
	now := time.Now()
	src := wa.Source{}
	for _, tt := range []struct {
		states []wa.NumberState
		want   int
	}{
		{nil, wa.ThroughputStandard},
		{[]wa.NumberState{{Throughput: 1000}}, wa.ThroughputStandard},
		{[]wa.NumberState{{Throughput: 80, ReadAt: now}, {Throughput: 1000, ReadAt: now}}, 1000},
		{[]wa.NumberState{{Throughput: 20, ReadAt: now}, {Throughput: 1000, ReadAt: now}}, 20},
		{[]wa.NumberState{{Throughput: 1000, ReadAt: now}, {Throughput: 20, ReadAt: now}, {Throughput: 1000, ReadAt: now}}, 20},
		{[]wa.NumberState{{Throughput: 1000, ReadAt: now}, {Throughput: 20}}, 1000},
	} {
		var r rates
		for _, state := range tt.states {
			r = r.with(src, state)
		}
		if got := r.ceiling(); got != tt.want {
			t.Errorf("%+v: %d a second, want %d", tt.states, got, tt.want)
		}
	}
}

// A failure's words are for the account that got them.
func TestTheReasonOfAHoldIsInOurWords(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, sent)
		o := b.outbox(0)
		b.run(o)
		hold := wa.Outcome{Kind: wa.OutcomeLater, Scope: wa.ScopeNumber, After: time.Hour, Failure: wa.Failure{Code: 1, Title: "call 15550100009"}}
		check(t, o.Heed(t.Context(), b.account, b.source.Number, hold, time.Now()))
		m := b.accept("15550100001")[0]
		if f, _ := b.when(o, m); f.Details != "Meta lets the number send nothing now" {
			t.Errorf("it waits because of %q", f.Details)
		}
	})
}
