package media

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"sync"

	"github.com/waypost/waypost/internal/wa"
)

// stripes is a lock per key. Keys that share a stripe wait for each other,
// which costs time only.
type stripes [256]sync.Mutex

func (s *stripes) lock(key string) (unlock func()) {
	h := fnv.New32a()
	h.Write([]byte(key))
	m := &s[h.Sum32()%uint32(len(s))]
	m.Lock()
	return m.Unlock
}

// arrivals tells those who wait for a media that it is no longer pending.
type arrivals struct {
	mu      sync.Mutex
	waiting map[wa.MediaID]*arrival
}

type arrival struct {
	done  chan struct{}
	count int
}

// join returns a channel that is closed when the media arrives. The caller
// leaves in any case.
func (a *arrivals) join(id wa.MediaID) (done <-chan struct{}, leave func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	w := a.waiting[id]
	if w == nil {
		w = &arrival{done: make(chan struct{})}
		if a.waiting == nil {
			a.waiting = map[wa.MediaID]*arrival{}
		}
		a.waiting[id] = w
	}
	w.count++
	return w.done, func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		if w.count--; w.count == 0 && a.waiting[id] == w {
			delete(a.waiting, id)
		}
	}
}

func (a *arrivals) announce(id wa.MediaID) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if w := a.waiting[id]; w != nil {
		delete(a.waiting, id)
		close(w.done)
	}
}

// flights lets callers with the same key share one call. The call belongs to
// all of them: it goes on when the one who began it leaves, and is cancelled
// when the last one does.
type flights[K comparable, V any] struct {
	mu    sync.Mutex
	under map[K]*flight[V]
}

type flight[V any] struct {
	done   chan struct{}
	cancel context.CancelFunc
	count  int // callers who wait
	value  V
	err    error
}

// errFlightEnded is what remains if the call ended its goroutine.
var errFlightEnded = errors.New("the shared call ended without a result")

func (g *flights[K, V]) do(ctx context.Context, key K, call func(context.Context) (V, error)) (V, error) {
	f := g.join(ctx, key, call)
	select {
	case <-f.done:
		return f.value, f.err
	case <-ctx.Done():
		g.leave(key, f)
		var none V
		return none, ctx.Err()
	}
}

func (g *flights[K, V]) join(ctx context.Context, key K, call func(context.Context) (V, error)) *flight[V] {
	g.mu.Lock()
	defer g.mu.Unlock()
	f := g.under[key]
	if f == nil {
		shared, cancel := context.WithCancel(context.WithoutCancel(ctx)) //nolint:gosec // fly and leave call it
		f = &flight[V]{done: make(chan struct{}), cancel: cancel, err: errFlightEnded}
		if g.under == nil {
			g.under = map[K]*flight[V]{}
		}
		g.under[key] = f
		go g.fly(shared, key, f, call)
	}
	f.count++
	return f
}

func (g *flights[K, V]) fly(ctx context.Context, key K, f *flight[V], call func(context.Context) (V, error)) {
	defer func() {
		// A panic here would end the process, with no caller to recover it.
		if p := recover(); p != nil {
			f.err = fmt.Errorf("shared call: %w", wa.Recovered(p))
		}
		g.mu.Lock()
		g.forget(key, f)
		g.mu.Unlock()
		close(f.done)
		f.cancel()
	}()
	f.value, f.err = call(ctx)
}

func (g *flights[K, V]) leave(key K, f *flight[V]) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if f.count--; f.count > 0 {
		return
	}
	g.forget(key, f)
	f.cancel()
}

// forget is called with the lock held.
func (g *flights[K, V]) forget(key K, f *flight[V]) {
	if g.under[key] == f {
		delete(g.under, key)
	}
}
