package outbox

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/waypost/waypost/internal/store"
	"github.com/waypost/waypost/internal/wa"
)

// claim takes the one due message as the last process did.
func (b *bench) claim() wa.Message {
	b.Helper()
	claimed := b.claimSome(10)
	if len(claimed) != 1 {
		b.Fatalf("%d messages are due, want 1", len(claimed))
	}
	return claimed[0]
}

func TestAProcessThatDiedDuringASendLeavesTheMessageUncertain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, sent)
		m := b.accept("15550100001")[0]
		begun := must(b.db.BeginMessage(t.Context(), b.claim()))(t)
		// Here the last process died.
		b.seldom()
		time.Sleep(30 * 24 * time.Hour)
		b.calls(0)
		b.want(wa.StatusUncertain, m)
		if got := b.log.lines(t, "messages recovered"); len(got) != 1 || got[0]["uncertain"] != 1.0 || got[0]["freed"] != 0.0 {
			t.Errorf("the log says %v", got)
		}
		if err := b.db.SettleMessage(t.Context(), begun, wa.Outcome{Kind: wa.OutcomeLater}); !errors.Is(err, store.ErrLeaseLost) {
			t.Errorf("the dead process could still settle: %v", err)
		}
		b.report(t.Context(), tagged(m.ID, "wamid.1", wa.StatusSent))
		b.want(wa.StatusSent, m)
	})
}

func TestAProcessThatDiedBeforeTheSendLeavesTheMessageToTheNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, sent)
		m := b.accept("15550100001")[0]
		claimed := b.claim()
		// Here the last process died.
		b.start()
		b.calls(1)
		b.want(wa.StatusSent, m)
		if _, err := b.db.BeginMessage(t.Context(), claimed); !errors.Is(err, store.ErrLeaseLost) {
			t.Errorf("the dead process could still begin: %v", err)
		}
	})
}

// A process that dies between the begin and the first byte, while it dials, has
// sent nothing; the marks of Wire tell it from one that has.
func TestTheMarksTellWhichAttemptsHaveLeft(t *testing.T) {
	for _, c := range []struct {
		name     string
		marked   bool
		nextBoot string
		want     wa.Status
	}{
		{"no byte left", false, "boot 1", wa.StatusSent},
		{"a byte left", true, "boot 1", wa.StatusUncertain},
		{"the machine went down, no byte known", false, "boot 2", wa.StatusUncertain},
		{"boots cannot be told apart", false, "", wa.StatusUncertain},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, sent)
				path := filepath.Join(t.TempDir(), "wire")
				last := b.outbox(0)
				last.Wire = must(OpenWire(path, "boot 1", 8))(t)
				check(t, last.Recover(t.Context()))
				m := b.accept("15550100001")[0]
				begun := must(b.db.BeginMessage(t.Context(), b.claim()))(t)
				if c.marked {
					last.Wire.Mark(begun.ID, begun.Attempt)
				}
				check(t, last.Wire.Close())
				// Here the last process died.
				o := b.outbox(0)
				o.Wire = must(OpenWire(path, c.nextBoot, 8))(t)
				defer o.Wire.Close()
				stop := b.run(o)
				time.Sleep(time.Minute)
				stop()
				b.want(c.want, m)
				if want := map[wa.Status]int{wa.StatusSent: 1, wa.StatusUncertain: 0}[c.want]; len(b.meta.got()) != want {
					t.Errorf("Meta saw %d attempts, want %d", len(b.meta.got()), want)
				}
			})
		})
	}
}

// What has left must stay marked until the store knows the outcome, and only
// until then: a place is used again by the next send.
func TestAMarkStandsUntilTheOutcomeIsSettled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "wire")
		var during []bool
		b := newBench(t, func(ctx context.Context, c call) wa.Outcome {
			c.OnWire()
			c.OnWire() // a second connection, because the first was closed
			during = append(during, must(OpenWire(path, "boot", 1))(t).Left(c.Message.ID, c.Message.Attempt))
			return sent(ctx, c)
		})
		o := b.outbox(1)
		o.Wire = must(OpenWire(path, "boot", 1))(t)
		all := b.accept(people(20)...)
		stop := b.run(o)
		stop()
		b.want(wa.StatusSent, all...)
		if len(during) != 20 || slices.Contains(during, false) {
			t.Errorf("during the sends the marks said %v", during)
		}
		next := must(OpenWire(path, "boot", 1))(t)
		if next.Left(all[0].ID, 1) {
			t.Error("the first of twenty is still marked in a file of one place")
		}
		if next.Left(all[0].ID, 2) {
			t.Error("an attempt that was never made is marked")
		}
	})
}

func TestAStopLetsTheSendsInFlightEndAndBeginsNoMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, func(ctx context.Context, c call) wa.Outcome {
			time.Sleep(30 * time.Second)
			if ctx.Err() != nil {
				t.Error("the stop interrupted a send")
			}
			return sent(ctx, c)
		})
		all := b.accept(people(10)...)
		stop := b.run(b.outbox(3))
		time.Sleep(10 * time.Second)
		began := time.Now()
		stop()
		if took := time.Since(began); took != 20*time.Second {
			t.Errorf("the stop took %v, want the 20s that the sends still needed", took)
		}
		b.calls(3)
		count := map[wa.Status]int{}
		for _, m := range all {
			count[b.now(m).Status]++
		}
		if count[wa.StatusSent] != 3 || count[wa.StatusAccepted] != 7 {
			t.Errorf("after the stop there are %v, want 3 sent and 7 accepted", count)
		}
		time.Sleep(time.Hour)
		b.calls(3)

		b.start()
		time.Sleep(time.Minute)
		synctest.Wait()
		b.calls(10)
		b.want(wa.StatusSent, all...)
	})
}

// Another kind of file could be read for ever.
func TestAWireFileThatIsNoneOfOursIsRefused(t *testing.T) {
	dir := t.TempDir()
	link := filepath.Join(dir, "link")
	check(t, os.Symlink("/dev/zero", link))
	large := filepath.Join(dir, "large")
	check(t, os.WriteFile(large, nil, 0o600))
	check(t, os.Truncate(large, maxWire+1))
	for _, path := range []string{link, large, dir} {
		if _, err := OpenWire(path, "boot", 1); err == nil || !strings.Contains(err.Error(), "not a file that this program wrote") {
			t.Errorf("%s: %v", path, err)
		}
	}
}
