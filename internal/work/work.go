// Package work owns claim · do · settle: the loop that every stage runs, and
// the waits between attempts. It is generic and knows no noun.
//
// It never decides what an outcome means, never talks to a store or a network
// by itself, and never starts a job of a lane before the one in front of it has
// ended.
//
// It stands under the stages (outbox, inbox, webhook, media): they hand it the
// two functions it calls.
//
// Failure: a claim that fails is tried again at the next poll. A job that
// panics is logged and left alone: its lease runs out and it is claimed again.
// When the context ends, nothing more is claimed, the jobs that have begun run
// to their end, and those that were claimed but not begun are left to their
// lease or to the recovery at the next start.
package work

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime"
	"runtime/debug"
	"sync"
	"time"
)

// Loop claims jobs of one kind and does them side by side. All fields but Lane,
// Wake and Next must be set.
type Loop[T any] struct {
	// Name is what the loop is called in the log.
	Name string
	// Claim returns up to limit jobs that are due.
	Claim func(ctx context.Context, limit int) ([]T, error)
	// Do does one job and settles it. Its context is not ended by a stop: a job
	// that has begun runs to its end.
	Do func(ctx context.Context, job T)
	// Lane returns what a job queues behind: jobs of the same lane are done one
	// after another, in the order they were claimed. Nil: no job waits for
	// another.
	Lane func(T) string
	// Wake tells that there may be jobs.
	Wake <-chan struct{}
	// Poll is how long to wait without a wake before looking again.
	Poll time.Duration
	// Next, if it is set, is asked for that instead after each look.
	Next func() time.Duration
	// Width is how many jobs run at a time. Twice as many are claimed, so that a
	// slow job does not leave the others idle behind it.
	Width int
	// Logger must be set.
	Logger *slog.Logger
}

// Run works until ctx ends and then returns once the jobs in flight are done.
func (l Loop[T]) Run(ctx context.Context) {
	r := &run[T]{
		loop:  l,
		lanes: map[string][]T{},
		ended: make(chan struct{}, 1),
		slots: make(chan struct{}, l.Width),
	}
	defer r.inFlight.Wait()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		case <-l.Wake:
		case <-r.ended:
		}
		if ctx.Err() != nil { // select is fair, so look again
			return
		}
		wait := time.Duration(0)
		switch more := r.fill(ctx); {
		case more:
		case l.Next != nil:
			wait = l.Next()
		default:
			wait = l.Poll
		}
		timer.Reset(wait)
	}
}

// run is the state of one Run.
type run[T any] struct {
	loop     Loop[T]
	inFlight sync.WaitGroup
	// ended receives when a job has ended while the loop may have been full.
	ended chan struct{}
	// slots holds a token for each job that runs.
	slots chan struct{}

	mu   sync.Mutex
	held int // jobs that were claimed and have not ended
	// lanes holds the jobs that wait in each lane that has one running.
	lanes map[string][]T
}

// fill claims as many jobs as there is room for and starts them. It reports
// whether there may be more.
func (r *run[T]) fill(ctx context.Context) bool {
	r.mu.Lock()
	room := 2*r.loop.Width - r.held
	r.mu.Unlock()
	if room <= 0 {
		return false // the next job that ends comes back here
	}
	jobs, err := r.loop.Claim(ctx, room)
	if err != nil {
		if ctx.Err() == nil {
			r.loop.Logger.LogAttrs(ctx, slog.LevelError, "claim refused", slog.String("loop", r.loop.Name), slog.Any("err", err))
		}
		return false
	}
	for _, job := range jobs {
		r.start(ctx, job)
	}
	return len(jobs) == room
}

func (r *run[T]) start(ctx context.Context, job T) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.held++
	lane := ""
	if r.loop.Lane != nil {
		lane = r.loop.Lane(job)
		if waiting, busy := r.lanes[lane]; busy {
			r.lanes[lane] = append(waiting, job)
			return
		}
		r.lanes[lane] = nil
	}
	r.inFlight.Go(func() { r.work(ctx, lane, job) })
}

// work does a job and then those that queued behind it.
func (r *run[T]) work(ctx context.Context, lane string, job T) {
	for more := true; more; {
		select {
		case r.slots <- struct{}{}:
			if ctx.Err() == nil { // select is fair, so look again
				r.do(context.WithoutCancel(ctx), job)
			}
			<-r.slots
		case <-ctx.Done():
		}
		job, more = r.next(lane)
	}
}

func (r *run[T]) do(ctx context.Context, job T) {
	defer func() {
		if p := recover(); p != nil {
			r.loop.Logger.LogAttrs(ctx, slog.LevelError, "job panicked", slog.String("loop", r.loop.Name),
				slog.String("panic", panicText(p)), slog.String("stack", string(debug.Stack())))
		}
	}()
	r.loop.Do(ctx, job)
}

// panicText is wa.PanicText, which this package may not import: the runtime's
// own words, or else only the type, because the value may hold a customer's.
func panicText(p any) string {
	if e, ok := p.(runtime.Error); ok {
		return e.Error()
	}
	return fmt.Sprintf("%T", p)
}

// next ends a job and returns the one that waits behind it in its lane.
func (r *run[T]) next(lane string) (job T, more bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.held--
	select {
	case r.ended <- struct{}{}:
	default: // the loop has not seen the last one yet
	}
	waiting := r.lanes[lane]
	if len(waiting) == 0 {
		delete(r.lanes, lane)
		return job, false
	}
	r.lanes[lane] = waiting[1:]
	return waiting[0], true
}

// Backoff returns how long to wait after the attempt-th failure in a row (from
// 1): first, doubling up to most, each shortened by up to a quarter at random
// so that what failed together does not come back together.
func Backoff(attempt int, first, most time.Duration) time.Duration {
	d := first
	for i := 1; i < attempt && d < most; i++ {
		d += min(d, most-d) // and never beyond what a Duration holds
	}
	d = min(d, most)
	return d - rand.N(d/4+1) //nolint:gosec // jitter is no secret
}
