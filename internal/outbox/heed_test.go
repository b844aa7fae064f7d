package outbox

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/waypost/waypost/internal/wa"
)

// A status says what an answer would have said of the number; a status that comes
// late says nothing of now.
func TestHeedHoldsBackWhatTheOutcomeHoldsFor(t *testing.T) {
	minute := wa.Outcome{Kind: wa.OutcomeLater, Scope: wa.ScopeNumber, After: time.Minute}
	with := func(change func(*wa.Outcome)) wa.Outcome {
		o := minute
		change(&o)
		return o
	}
	for _, tt := range []struct {
		name    string
		outcome wa.Outcome
		age     time.Duration
		// this and other say whether the number and the account's other one wait.
		this, other bool
	}{
		{"number", minute, 0, true, false},
		{"account", with(func(o *wa.Outcome) { o.Scope = wa.ScopeAccount }), 0, true, true},
		{"to be mended for the number", with(func(o *wa.Outcome) { o.Kind = wa.OutcomeMisconfigured }), 0, true, false},
		{"to be mended for the account", with(func(o *wa.Outcome) {
			o.Kind, o.Scope = wa.OutcomeMisconfigured, wa.ScopeAccount
		}), 0, true, true},
		{"message", with(func(o *wa.Outcome) { o.Scope = wa.ScopeMessage }), 0, false, false},
		{"pair", with(func(o *wa.Outcome) { o.Scope = wa.ScopePair }), 0, false, false},
		{"in ten years", minute, -10 * 365 * 24 * time.Hour, true, false},
		{"long ago", minute, 2 * time.Minute, false, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, sent)
				sister := b.newSource("other", numberB)
				o := b.outbox(0)
				b.run(o)
				check(t, o.Heed(t.Context(), b.account, b.source.Number, tt.outcome, time.Now().Add(-tt.age)))
				m, n := b.accept("15550100001")[0], b.acceptFrom(sister, wa.Text{Body: "good day"}, "15550100002")[0]
				time.Sleep(30 * time.Second)
				synctest.Wait()
				for _, x := range []struct {
					m     wa.Message
					waits bool
				}{{m, tt.this}, {n, tt.other}} {
					if got := b.now(x.m); (got.Attempt == 0) != x.waits {
						t.Errorf("a message of %s was tried %d times, want waits %v", x.m.NumberID, got.Attempt, x.waits)
					}
				}
				time.Sleep(time.Minute)
				synctest.Wait()
				b.want(wa.StatusSent, m, n)
			})
		})
	}
}
