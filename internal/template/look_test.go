package template

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// looked looks for a name and says whether it is there.
func (b *bench) looked(name string) bool {
	b.t.Helper()
	list, err := b.lib.Look(b.t.Context(), b.source, name)
	if err != nil {
		b.t.Error(err)
	}
	return len(list) > 0
}

func TestANameOfAMomentAgoIsFoundWithOneList(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, "order")
		b.start()
		synctest.Wait()
		b.meta.set(func(m *meta) { m.names = append(m.names, "sale") })
		b.meta.calls()
		if b.looked("sale") || len(b.meta.calls()) != 0 {
			t.Error("the list was made again at once")
		}
		time.Sleep(distance)
		var looking sync.WaitGroup
		for range 5 {
			looking.Go(func() {
				if !b.looked("sale") {
					t.Error("it was not found")
				}
			})
		}
		looking.Wait()
		if calls := b.meta.calls(); len(calls) != 1 {
			t.Errorf("asked %v", calls)
		}
	})
}

// A client that goes on with a wrong name costs a list a minute in the end.
func TestLooksInVainBecomeRare(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, "order")
		for range 600 {
			time.Sleep(time.Second)
			if b.looked("none") {
				t.Fatal("found")
			}
		}
		if n := len(b.meta.calls()); n < 10 || n > 20 {
			t.Errorf("%d lists in ten minutes", n)
		}
		b.meta.set(func(m *meta) { m.names = append(m.names, "none") })
		time.Sleep(longestDistance)
		if !b.looked("none") {
			t.Error("it was not found")
		}
	})
}

func TestALookIsShortAndNeverAnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, "order")
		b.meta.set(func(m *meta) { m.down = true })
		if b.looked("order") {
			t.Error("found")
		}
		hold := make(chan struct{})
		b.meta.set(func(m *meta) { m.down, m.hold = false, hold })
		time.Sleep(distance)
		begun := time.Now()
		var looking sync.WaitGroup
		for range 3 {
			looking.Go(func() {
				if b.looked("order") {
					t.Error("found")
				}
			})
		}
		looking.Wait()
		if took := time.Since(begun); took > lookTimeout {
			t.Errorf("it took %v", took)
		}
		close(hold)
		b.start()
		synctest.Wait()
		b.want("what was too long for a look", "order")
	})
}
