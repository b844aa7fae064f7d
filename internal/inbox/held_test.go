package inbox

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/waypost/waypost/internal/store"
	"github.com/waypost/waypost/internal/wa"
)

// slow takes longer than the lease for each settling.
type slow struct {
	store.Inbox

	claims, settled atomic.Int64
	most            int // updates that were handed over together
}

func (s *slow) ClaimCallbacks(ctx context.Context, limit int, lease time.Duration) ([]wa.Callback, error) {
	all, err := s.Inbox.ClaimCallbacks(ctx, limit, lease)
	s.claims.Add(int64(len(all)))
	return all, err
}

func (s *slow) SettleCallbacks(ctx context.Context, all []store.Decoded) []error {
	time.Sleep(2 * lease)
	s.settled.Add(int64(len(all)))
	updates := 0
	for _, d := range all {
		for _, account := range d.Updates {
			updates += len(account.Updates)
		}
	}
	s.most = max(s.most, updates)
	return s.Inbox.SettleCallbacks(ctx, all)
}

// It would lose the claim to itself, and begin again for ever.
func TestWhatIsInHandIsNotClaimedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		s := &slow{Inbox: b.in.Store}
		b.in.Store = s
		const callbacks = 2*width + 5
		for i := range callbacks {
			b.post(messages(text(fmt.Sprintf("wamid.%d", i), "hello")), secretA)
		}
		b.run()
		time.Sleep(20 * lease)
		synctest.Wait()
		if claims, settled := s.claims.Load(), s.settled.Load(); claims != callbacks || settled != callbacks {
			t.Errorf("%d claims and %d settlings, want %d of each", claims, settled, callbacks)
		}
		for _, k := range b.kept() {
			if k.State != "done" || k.Attempts != 1 {
				t.Fatalf("a callback is %s after %d attempts", k.State, k.Attempts)
			}
		}
		// It goes on with what comes later.
		b.post(messages(text("wamid.late", "hello")), secretA)
		time.Sleep(3 * lease)
		synctest.Wait()
		if k := b.last(); k.State != "done" {
			t.Errorf("a later callback is %s", k.State)
		}
	})
}

func TestFewLargeCallbacksAreInMemoryAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		s := &slow{Inbox: b.in.Store}
		b.in.Store = s
		const updates = updatesInHand - 1
		for i := range 4 {
			all := make([]object, updates)
			for j := range all {
				all[j] = status(fmt.Sprintf("wamid.%d.%d", i, j), "read")
			}
			b.post(statuses(all...), secretA)
		}
		b.run()
		time.Sleep(10 * lease)
		synctest.Wait()
		if s.settled.Load() != 4 || s.most > 2*updates {
			t.Errorf("%d callbacks were applied, up to %d updates at a time", s.settled.Load(), s.most)
		}
	})
}
