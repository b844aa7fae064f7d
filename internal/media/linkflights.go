package media

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/waypost/waypost/internal/wa"
)

const (
	// linkPatience is how long a fetch holds up the messages that want it. Then
	// they let others pass, and come back.
	linkPatience = 3 * time.Second
	// How many fetches are under way at a time: in all, of one account and from
	// one host. So no customer's slow server holds up another customer, and
	// nobody's server is asked by all of them at once.
	maxLinks        = 128
	maxLinksAccount = 32
	maxLinksHost    = 32
	// maxRefused is how many links that gave nothing are remembered before the
	// list is looked through.
	maxRefused = 1000
)

// linkFlights lets messages that want the same link share one fetch. Unlike the
// call of [flights], it goes on when they leave, and its failure is told for a
// while to those who come after it.
type linkFlights struct {
	now func() time.Time

	mu      sync.Mutex
	stopped bool
	all     map[linkKey]*linkFlight
	refused int // those in all that have failed
	// load counts the fetches under way, by account and by host.
	load    map[string]int
	running sync.WaitGroup
}

type linkFlight struct {
	began  time.Time
	done   chan struct{}
	cancel context.CancelFunc
	// What follows is set when done is closed.
	media wa.StoredMedia
	err   error
	// until is how long the failure is told; guarded by linkFlights.mu.
	until time.Time
}

func newLinkFlights(now func() time.Time) *linkFlights {
	return &linkFlights{now: now, all: map[linkKey]*linkFlight{}, load: map[string]int{}}
}

func (g *linkFlights) do(ctx context.Context, key linkKey, host string, fetch func(context.Context) (wa.StoredMedia, error)) (wa.StoredMedia, error) {
	f, err := g.join(ctx, key, host, fetch)
	if err != nil {
		return wa.StoredMedia{}, err
	}
	patience := time.NewTimer(linkPatience - g.now().Sub(f.began))
	defer patience.Stop()
	select {
	case <-f.done:
		return f.media, f.err
	default:
	}
	select {
	case <-f.done:
		return f.media, f.err
	case <-patience.C:
		return wa.StoredMedia{}, waiting("the link is being fetched")
	case <-ctx.Done():
		return wa.StoredMedia{}, ctx.Err()
	}
}

// join returns the fetch of a link that is under way, the failure that is still
// told, or a new fetch if there is room.
func (g *linkFlights) join(ctx context.Context, key linkKey, host string, fetch func(context.Context) (wa.StoredMedia, error)) (*linkFlight, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if f := g.all[key]; f != nil && (f.until.IsZero() || g.now().Before(f.until)) {
		return f, nil
	}
	ofAccount, ofHost := "account "+string(key.account), "host "+host
	switch {
	case g.stopped:
		return nil, waiting("the gateway is stopping")
	case len(g.all)-g.refused >= maxLinks, g.load[ofAccount] >= maxLinksAccount, g.load[ofHost] >= maxLinksHost:
		return nil, waiting("the link waits until others are fetched")
	}
	fetching, cancel := context.WithCancel(context.WithoutCancel(ctx))
	f := &linkFlight{began: g.now(), done: make(chan struct{}), cancel: cancel, err: errFlightEnded}
	g.drop(key)
	g.all[key] = f
	for _, who := range []string{ofAccount, ofHost} {
		g.load[who]++
	}
	g.running.Go(func() {
		defer func() {
			if p := recover(); p != nil {
				f.err = fmt.Errorf("fetch link: %w", wa.Recovered(p))
			}
			g.land(key, f, ofAccount, ofHost)
		}()
		f.media, f.err = fetch(fetching)
	})
	return f, nil
}

// land ends a fetch. What it brought is in the store; that it failed is known
// only here.
func (g *linkFlights) land(key linkKey, f *linkFlight, load ...string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	defer close(f.done) // when all is as those who wait may find it
	for _, who := range load {
		if g.load[who]--; g.load[who] == 0 {
			delete(g.load, who)
		}
	}
	if g.stopped && errors.Is(f.err, context.Canceled) {
		f.err = waiting("the gateway is stopping")
	}
	f.cancel()
	if f.until = g.now().Add(toldFor(f.err)); f.err != nil {
		g.refused++
		if g.refused > maxRefused {
			g.pruneRefused()
		}
		return
	}
	delete(g.all, key)
}

// toldFor is how long a failure stands for the link: less than the wait of those
// who were told it, so that each of their tries is a fetch.
func toldFor(err error) time.Duration {
	e, ok := errors.AsType[*wa.OutcomeError](err)
	switch {
	case !ok:
		return 0
	case e.Outcome.Kind == wa.OutcomeRejected:
		return refusedFor
	}
	return e.Outcome.After * 3 / 4
}

// drop forgets a failure; called with the lock held.
func (g *linkFlights) drop(key linkKey) {
	if g.all[key] != nil {
		delete(g.all, key)
		g.refused--
	}
}

// prune forgets the failures that are no longer told.
func (g *linkFlights) prune() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.forget(func(f *linkFlight) bool { return !g.now().Before(f.until) })
}

// pruneRefused makes room for as many failures again as are kept: those that are
// no longer told go, and if that is not enough, others. Their links are fetched
// once more, which is no harm.
func (g *linkFlights) pruneRefused() {
	g.forget(func(f *linkFlight) bool { return !g.now().Before(f.until) })
	g.forget(func(*linkFlight) bool { return g.refused > maxRefused/2 })
}

// forget drops the failures that are chosen; called with the lock held.
func (g *linkFlights) forget(chosen func(*linkFlight) bool) {
	for key, f := range g.all {
		if !f.until.IsZero() && chosen(f) {
			g.drop(key)
		}
	}
}

// open lets fetches begin, again after a stop.
func (g *linkFlights) open() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.stopped = false
}

// stop breaks off what is under way, and returns once it has ended.
func (g *linkFlights) stop() {
	g.mu.Lock()
	g.stopped = true
	for _, f := range g.all {
		f.cancel()
	}
	g.mu.Unlock()
	g.running.Wait()
}
