package work

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/waypost/waypost/internal/wa"
)

const poll = time.Minute

// job is a row with a lane and how long it takes.
type job struct {
	id   int
	lane string
	took time.Duration
}

// world is what a loop claims from and what it did.
type world struct {
	mu      sync.Mutex
	queue   []job
	claims  []time.Duration // when, since the start
	began   []int
	ended   []int
	running int
	most    int // jobs at a time
	do      func(context.Context, job)
	claim   func(context.Context) error

	start  time.Time
	log    bytes.Buffer
	wake   chan struct{}
	cancel context.CancelFunc
	done   chan struct{}
}

// begin runs a loop over a world inside a bubble. At the end of the test the
// loop is stopped, and the bubble sees to it that no goroutine is left.
func begin(t *testing.T, w *world, width int, lanes bool) {
	t.Helper()
	w.start, w.wake, w.done = time.Now(), make(chan struct{}, 1), make(chan struct{})
	l := Loop[job]{
		Name: "test", Claim: w.take, Do: w.work, Wake: w.wake, Poll: poll, Width: width,
		Logger: slog.New(slog.NewTextHandler(&w.log, nil)),
	}
	if lanes {
		l.Lane = func(j job) string { return j.lane }
	}
	ctx, cancel := context.WithCancel(context.Background())
	w.cancel = cancel
	go func() {
		defer close(w.done)
		l.Run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-w.done
	})
	synctest.Wait()
}

func (w *world) take(ctx context.Context, limit int) ([]job, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.claims = append(w.claims, time.Since(w.start))
	if w.claim != nil {
		if err := w.claim(ctx); err != nil {
			return nil, err
		}
	}
	n := min(limit, len(w.queue))
	jobs := slices.Clone(w.queue[:n])
	w.queue = w.queue[n:]
	return jobs, nil
}

func (w *world) work(ctx context.Context, j job) {
	w.mu.Lock()
	w.began = append(w.began, j.id)
	w.running++
	w.most = max(w.most, w.running)
	w.mu.Unlock()
	defer func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.running--
		w.ended = append(w.ended, j.id)
	}()
	time.Sleep(j.took)
	if w.do != nil {
		w.do(ctx, j)
	}
}

// add makes jobs due and wakes the loop.
func (w *world) add(jobs ...job) {
	w.mu.Lock()
	w.queue = append(w.queue, jobs...)
	w.mu.Unlock()
	w.wakeUp()
}

func (w *world) wakeUp() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

func (w *world) counts() (began, ended, left int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.began), len(w.ended), len(w.queue)
}

func (w *world) want(t *testing.T, when string, began, ended int) {
	t.Helper()
	gotBegan, gotEnded, _ := w.counts()
	if gotBegan != began || gotEnded != ended {
		t.Errorf("%s: got %d begun and %d ended, want %d and %d", when, gotBegan, gotEnded, began, ended)
	}
}

func jobs(n int, took time.Duration) []job {
	all := make([]job, n)
	for i := range all {
		all[i] = job{id: i, lane: fmt.Sprint(i), took: took}
	}
	return all
}

func TestWakeIsImmediate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{}
		begin(t, w, 2, false)
		time.Sleep(poll / 2)
		w.add(jobs(1, 0)...)
		synctest.Wait()
		w.want(t, "after the wake", 1, 1)
		if since := time.Since(w.start); since != poll/2 {
			t.Errorf("%v have passed, want %v", since, poll/2)
		}
	})
}

func TestLoopLooksAtTheStartAndByItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{queue: jobs(1, 0)}
		begin(t, w, 2, false)
		w.want(t, "at the start", 1, 1)
		w.mu.Lock()
		w.queue = jobs(1, 0) // nobody wakes the loop
		w.mu.Unlock()
		time.Sleep(poll - time.Nanosecond)
		synctest.Wait()
		w.want(t, "before the poll", 1, 1)
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		w.want(t, "after the poll", 2, 2)
	})
}

func TestIdleLoopOnlyPolls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{}
		begin(t, w, 2, true)
		time.Sleep(10*poll + time.Second)
		synctest.Wait()
		if n := len(w.claims); n != 11 {
			t.Errorf("got %d claims in 10 polls, want 11: %v", n, w.claims)
		}
	})
}

func TestWidthIsRespected(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{queue: jobs(20, time.Second)}
		begin(t, w, 4, false)
		if _, _, left := w.counts(); left != 12 {
			t.Errorf("%d jobs are left, want 12: twice the width is claimed", left)
		}
		w.want(t, "at the start", 4, 0)
		time.Sleep(5 * time.Second)
		synctest.Wait()
		w.want(t, "after five rounds", 20, 20)
		if w.most != 4 {
			t.Errorf("%d jobs ran at a time, want 4", w.most)
		}
	})
}

func TestFullLoopResumesWhenAJobEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{queue: jobs(5, 0)}
		var short atomic.Bool
		w.do = func(context.Context, job) {
			took := time.Hour
			if short.CompareAndSwap(false, true) {
				took = time.Second
			}
			time.Sleep(took)
		}
		begin(t, w, 2, false) // claims four
		w.wakeUp()            // lost on a full loop, and not missed
		synctest.Wait()
		w.want(t, "full", 2, 0)
		time.Sleep(time.Second)
		synctest.Wait()
		w.want(t, "after the short job", 3, 1)
		if _, _, left := w.counts(); left != 0 {
			t.Errorf("%d jobs were left until the poll", left)
		}
	})
}

func TestABacklogIsClaimedWithoutWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{queue: jobs(1000, 0)}
		begin(t, w, 3, false)
		w.want(t, "at once", 1000, 1000)
		if since := time.Since(w.start); since != 0 {
			t.Errorf("it took %v", since)
		}
	})
}

func TestLanesKeepTheirOrder(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		width := rapid.IntRange(1, 5).Draw(rt, "width")
		n := rapid.IntRange(0, 40).Draw(rt, "jobs")
		all := make([]job, n)
		for i := range all {
			all[i] = job{
				id: i, lane: rapid.SampledFrom([]string{"", "a", "b", "c"}).Draw(rt, "lane"),
				took: time.Duration(rapid.IntRange(0, 5).Draw(rt, "seconds")) * time.Second,
			}
		}
		synctest.Test(t, func(t *testing.T) {
			var mu sync.Mutex
			busy := map[string]int{}
			w := &world{queue: slices.Clone(all)}
			enter := func(lane string, by int) int {
				mu.Lock()
				defer mu.Unlock()
				busy[lane] += by
				return busy[lane]
			}
			w.do = func(_ context.Context, j job) {
				if enter(j.lane, 1) != 1 {
					t.Errorf("lane %q has two jobs at a time", j.lane)
				}
				time.Sleep(j.took)
				enter(j.lane, -1)
			}
			begin(t, w, width, true)
			time.Sleep(time.Duration(n+1) * 10 * time.Second)
			synctest.Wait()
			w.want(t, "at the end", n, n)
			last := map[string]int{}
			for _, id := range w.began {
				lane := all[id].lane
				if before, ok := last[lane]; ok && before > id {
					t.Errorf("lane %q: job %d began after job %d", lane, id, before)
				}
				last[lane] = id
			}
			if w.most > width {
				t.Errorf("%d jobs ran at a time, want at most %d", w.most, width)
			}
		})
	})
}

func TestASlowJobDelaysItsLaneOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{queue: []job{{0, "slow", time.Hour}, {1, "slow", 0}, {2, "quick", 0}, {3, "other", 0}}}
		begin(t, w, 2, true)
		w.mu.Lock()
		ended := slices.Sorted(slices.Values(w.ended))
		w.mu.Unlock()
		if !slices.Equal(ended, []int{2, 3}) {
			t.Errorf("got %v ended, want the jobs of the other lanes", ended)
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		w.want(t, "in the end", 4, 4)
	})
}

func TestStopFinishesWhatHasBegunAndStartsNothingNew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		all := jobs(6, 10*time.Second)
		all[1].lane = "0" // waits behind the first
		w := &world{queue: all}
		w.do = func(ctx context.Context, j job) {
			if err := ctx.Err(); err != nil {
				t.Errorf("job %d: its context ended: %v", j.id, err)
			}
		}
		begin(t, w, 2, true)
		w.want(t, "begun", 2, 0)
		time.Sleep(time.Second)
		w.cancel()
		w.add(jobs(5, 0)...)
		synctest.Wait()
		select {
		case <-w.done:
			t.Error("the loop returned before its jobs")
		default:
		}
		claims := len(w.claims)
		<-w.done
		if since := time.Since(w.start); since != 10*time.Second {
			t.Errorf("it returned after %v, want 10s", since)
		}
		w.want(t, "at the end", 2, 2)
		if len(w.claims) != claims || claims != 1 {
			t.Errorf("got %d claims, then %d, want 1", claims, len(w.claims))
		}
	})
}

// Whether the loop sees a wake or its end first is a matter of chance, so the
// chance is taken many times.
func TestNothingIsClaimedAfterTheEnd(t *testing.T) {
	for range 50 {
		synctest.Test(t, func(t *testing.T) {
			w := &world{}
			begin(t, w, 2, true)
			w.claim = func(context.Context) error { w.cancel(); w.wakeUp(); return nil }
			claims := len(w.claims)
			w.wakeUp()
			<-w.done // the loop came back to a wake and to its end
			if got := len(w.claims) - claims; got != 1 {
				t.Fatalf("claimed %d times after the end", got-1)
			}
		})
	}
}

func TestWhatIsClaimedWhileTheEndComesIsNotBegun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{}
		begin(t, w, 2, true)
		w.claim = func(ctx context.Context) error { w.cancel(); <-ctx.Done(); return nil }
		w.add(jobs(3, 0)...)
		<-w.done
		w.want(t, "at the end", 0, 0)
		if w.log.Len() > 0 {
			t.Errorf("got log %s, want none", w.log.String())
		}
	})
}

func TestAClaimThatEndsWithTheLoopIsNotLogged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{}
		begin(t, w, 2, false)
		w.claim = func(ctx context.Context) error { w.cancel(); return ctx.Err() }
		w.add(jobs(1, 0)...)
		<-w.done
		if w.log.Len() > 0 {
			t.Errorf("got log %s, want none", w.log.String())
		}
	})
}

func TestAnEndedContextClaimsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		for range 20 {
			Loop[job]{
				Claim: func(context.Context, int) ([]job, error) { t.Error("claimed"); return nil, nil },
				Do:    func(context.Context, job) {}, Poll: poll, Width: 1, Logger: slog.New(slog.DiscardHandler),
			}.Run(ctx)
		}
	})
}

// The rule is written down twice, because this package imports nothing of ours.
func TestAPanicIsToldAsEverywhereElse(t *testing.T) {
	var none map[string]int
	broken := func() (p any) {
		defer func() { p = recover() }()
		none["15550100001"]++
		return nil
	}()
	for _, p := range []any{"15550100001", errors.New("15550100001"), job{lane: "15550100001"}, broken} {
		if got, want := panicText(p), wa.PanicText(p); got != want || strings.Contains(got, "15550100001") {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestAPanicDoesNotStopTheLoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{queue: []job{{0, "a", 0}, {1, "a", 0}, {2, "b", 0}}}
		w.do = func(_ context.Context, j job) {
			if j.id == 0 {
				panic("boom")
			}
		}
		begin(t, w, 1, true) // the one slot comes back
		w.want(t, "beside the panic", 3, 3)
		if n := strings.Count(w.log.String(), "job panicked"); n != 1 || !strings.Contains(w.log.String(), "panic=string") {
			t.Errorf("got log %s, want the panic once, by its type", w.log.String())
		}
		if strings.Contains(w.log.String(), "boom") {
			t.Errorf("the log tells what was panicked with: %s", w.log.String())
		}
		w.add(jobs(4, 0)...)
		synctest.Wait()
		w.want(t, "after it", 7, 7)
	})
}

func TestAFailedClaimIsTriedAgainAtTheNextPoll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{queue: jobs(1, 0)}
		failed := errors.New("disk full")
		w.claim = func(context.Context) error { err := failed; failed = nil; return err }
		begin(t, w, 2, false)
		w.want(t, "after the failure", 0, 0)
		if !strings.Contains(w.log.String(), "disk full") {
			t.Errorf("got log %s, want the failure", w.log.String())
		}
		time.Sleep(poll)
		synctest.Wait()
		w.want(t, "after the poll", 1, 1)
	})
}

// Jobs of random lengths come at random times; however that falls, none is
// left lying when everything is quiet, long before the next poll.
func TestNoWakeIsLost(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		width := rapid.IntRange(1, 3).Draw(rt, "width")
		waits := rapid.SliceOfN(rapid.IntRange(0, 3), 1, 30).Draw(rt, "waits")
		tooks := rapid.SliceOfN(rapid.IntRange(0, 4), len(waits), len(waits)).Draw(rt, "tooks")
		synctest.Test(t, func(t *testing.T) {
			w := &world{}
			begin(t, w, width, true)
			total := time.Duration(0)
			for i, wait := range waits {
				time.Sleep(time.Duration(wait) * time.Millisecond)
				took := time.Duration(tooks[i]) * time.Millisecond
				total += took
				w.add(job{id: i, lane: fmt.Sprint(i % 4), took: took})
			}
			time.Sleep(total)
			synctest.Wait()
			if time.Since(w.start) >= poll {
				t.Fatal("a poll could have helped")
			}
			w.want(t, "when all is quiet", len(waits), len(waits))
		})
	})
}

// The same without a bubble, where goroutines really run side by side.
func TestManyLanesUnderLoad(t *testing.T) {
	const n = 5000
	var next, ended atomic.Int64
	wake := make(chan struct{}, 1)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second) // a hang is a failure too
	defer cancel()
	last := make([]atomic.Int64, 7)
	Loop[int64]{
		Name: "load",
		Claim: func(_ context.Context, limit int) ([]int64, error) {
			var out []int64
			for range limit {
				if i := next.Add(1); i <= n {
					out = append(out, i)
				}
			}
			return out, nil
		},
		Do: func(_ context.Context, i int64) {
			if before := last[i%7].Swap(i); before > i {
				t.Errorf("job %d was done after job %d", i, before)
			}
			if ended.Add(1) == n {
				cancel()
			}
		},
		Lane: func(i int64) string { return fmt.Sprint(i % 7) },
		Wake: wake, Poll: time.Hour, Width: 4, Logger: slog.New(slog.DiscardHandler),
	}.Run(ctx)
	if got := ended.Load(); got != n {
		t.Errorf("%d jobs ended, want %d", got, n)
	}
}

func TestBackoffStaysWithinItsBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		first := time.Duration(rapid.Int64Range(0, int64(time.Hour)).Draw(t, "first"))
		most := time.Duration(rapid.Int64Range(0, int64(365*24*time.Hour)).Draw(t, "most"))
		attempt := rapid.IntRange(-1, 10_000).Draw(t, "attempt")
		full := first
		for i := 1; i < attempt && full < most && full > 0; i++ {
			full *= 2
		}
		full = min(full, most)
		got := Backoff(attempt, first, most)
		if got > full || got < full-full/4 {
			t.Fatalf("got %v, want between %v and %v", got, full-full/4, full)
		}
	})
}

func TestBackoffDoublesAndSpreads(t *testing.T) {
	seen := map[time.Duration]bool{}
	for range 100 {
		seen[Backoff(3, time.Second, time.Minute)] = true
	}
	if len(seen) < 50 {
		t.Errorf("got %d different waits out of 100", len(seen))
	}
	for attempt, full := range map[int]time.Duration{1: time.Second, 2: 2 * time.Second, 6: 32 * time.Second, 7: time.Minute, 100: time.Minute} {
		if got := Backoff(attempt, time.Second, time.Minute); got > full || got < full*3/4 {
			t.Errorf("attempt %d: got %v, want up to a quarter less than %v", attempt, got, full)
		}
	}
}

func TestBackoffKeepsALimitOfAnySize(t *testing.T) {
	const forever = time.Duration(1<<63 - 1)
	if got := Backoff(1000, time.Hour, forever); got < forever/2 {
		t.Errorf("got %v, want about the limit", got)
	}
}
