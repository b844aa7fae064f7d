package outbox

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/waypost/waypost/internal/wa"
)

func (b *bench) when(o *Outbox, m wa.Message) (wa.Forecast, time.Duration) {
	b.Helper()
	f := must(o.When(b.Context(), b.now(m)))(b)
	if f.At.IsZero() {
		return f, 0
	}
	return f, time.Until(f.At)
}

func TestItIsSaidWhenAMessageGoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, func(ctx context.Context, c call) wa.Outcome {
			time.Sleep(300 * time.Millisecond)
			return sent(ctx, c)
		})
		b.source.Throughput = 80
		check(t, b.db.UpdateSource(t.Context(), b.source))
		all := b.accept(people(1000)...)
		o := b.outbox(0)
		b.run(o)
		time.Sleep(2 * time.Second)
		last := all[len(all)-1]
		f, in := b.when(o, last)
		if f.Reason != wa.ForecastQueue || f.Ahead < 800 || f.Ahead > 900 || f.PerSecond != 80 {
			t.Errorf("the last of a thousand: %+v", f)
		}
		time.Sleep(in + time.Second)
		synctest.Wait()
		b.want(wa.StatusSent, last)
		if at := b.now(last).DispatchedAt; f.At.Sub(at).Abs() > time.Second {
			t.Errorf("it was said to go at %v and went at %v", f.At, at)
		}
		if f, _ := b.when(o, last); f.Reason != wa.ForecastNone {
			t.Errorf("a message that was sent: %+v", f)
		}
	})
}

func TestItIsSaidWhyAMessageWaits(t *testing.T) {
	for _, c := range []struct {
		name    string
		outcome wa.Outcome
		want    wa.ForecastReason
		in      time.Duration
		details string
	}{
		{
			"the number",
			wa.Outcome{Kind: wa.OutcomeMisconfigured, After: time.Hour, Scope: wa.ScopeNumber, Failure: wa.Failure{Code: 190, Title: "words of Meta's"}},
			wa.ForecastPaused, time.Hour, "the token",
		},
		{
			"its account",
			wa.Outcome{Kind: wa.OutcomeLater, After: time.Hour, Scope: wa.ScopeAccount, Failure: wa.Failure{Code: 80007, Title: "words of Meta's"}},
			wa.ForecastPaused, time.Hour, "calls",
		},
		{
			"the pair",
			wa.Outcome{Kind: wa.OutcomeLater, After: time.Second, Scope: wa.ScopePair, Slowed: true, Failure: wa.Failure{Code: 131056}},
			wa.ForecastPair, 4 * time.Second, "the number has sent this person as much as WhatsApp lets it",
		},
		{
			"the message",
			wa.Outcome{Kind: wa.OutcomeLater, After: time.Hour, Failure: wa.Failure{Code: 132015, Title: "paused"}},
			wa.ForecastRetry, time.Hour, "paused",
		},
		{"nobody knows", wa.Outcome{Kind: wa.OutcomeUnknown}, wa.ForecastUncertain, 0, "Meta may have taken it: a status or a decision is awaited"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, in(c.outcome))
				m := b.accept("15550100001")[0]
				o := b.outbox(0)
				o.Meaning = func(code int) string { return map[int]string{190: "the token", 80007: "calls"}[code] }
				b.run(o)
				f, in := b.when(o, m)
				if f.Reason != c.want || f.Details != c.details || (in-c.in).Abs() > time.Millisecond {
					t.Errorf("got %+v, in %v; want %s in %v", f, in, c.want, c.in)
				}
			})
		})
	}
}
