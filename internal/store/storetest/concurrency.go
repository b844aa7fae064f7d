package storetest

import (
	"errors"
	"fmt"
	"sync"

	"github.com/waypost/waypost/internal/wa"
)

func concurrency() []promise {
	return []promise{
		{"ConcurrentClaimsNeverOverlap", concurrentClaimsNeverOverlap},
		{"ConcurrentSettlesOfOneClaimCountOnce", concurrentSettlesOfOneClaimCountOnce},
		{"ConcurrentWritesShareATransactionAndEachFailsAlone", concurrentWritesShareATransactionAndEachFailsAlone},
	}
}

const (
	workers = 8
	rows    = 60 // more than one round of claims takes
)

// together runs f in as many goroutines as there are workers.
func together(f func(worker int)) {
	var wg sync.WaitGroup
	for i := range workers {
		wg.Go(func() { f(i) })
	}
	wg.Wait()
}

// claimAll lets the workers claim until nothing is left and returns how often
// each row was claimed.
func claimAll[T any](k *kit, claim func(limit int) ([]T, error), id func(T) string) map[string]int {
	k.Helper()
	var mu sync.Mutex
	times := map[string]int{}
	var failed error
	together(func(worker int) {
		for range 10 * rows { // more only if rows come back for ever
			got, err := claim(worker + 1)
			mu.Lock()
			failed = errors.Join(failed, err)
			for _, row := range got {
				times[id(row)]++
			}
			mu.Unlock()
			if len(got) == 0 {
				return
			}
		}
	})
	k.ok(failed)
	return times
}

func (k *kit) oncePerRow(what string, times map[string]int) {
	k.Helper()
	if len(times) != rows {
		k.Errorf("%s: got %d different rows, want %d", what, len(times), rows)
	}
	for id, n := range times {
		if n != 1 {
			k.Errorf("%s: %s was claimed %d times", what, id, n)
		}
	}
}

func concurrentClaimsNeverOverlap(k *kit) {
	ctx := k.Context()
	k.newEndpoint(k.account, wa.EventIncoming)
	k.accept(rows)
	photos := make([]wa.Update, rows)
	for i := range photos {
		photos[i] = k.photo(fmt.Sprintf("wamid.%d", i))
	}
	k.apply(photos...) // as many deliveries and fetches
	for range rows {
		k.keep()
	}
	k.oncePerRow("messages", claimAll(k,
		k.claimMessages,
		func(m wa.Message) string { return string(m.ID) }))
	k.oncePerRow("callbacks", claimAll(k,
		func(limit int) ([]wa.Callback, error) { return k.s.ClaimCallbacks(ctx, limit, lease) },
		func(c wa.Callback) string { return string(c.ID) }))
	k.oncePerRow("deliveries", claimAll(k,
		func(limit int) ([]wa.Delivery, error) { return k.s.ClaimDeliveries(ctx, limit, lease, nil) },
		func(d wa.Delivery) string { return string(d.ID) }))
	k.oncePerRow("fetches", claimAll(k,
		func(limit int) ([]wa.StoredMedia, error) { return k.s.ClaimFetches(ctx, limit, lease) },
		func(m wa.StoredMedia) string { return string(m.ID) }))
}

func concurrentSettlesOfOneClaimCountOnce(k *kit) {
	m := k.begun()
	answers := make([]error, workers)
	together(func(worker int) {
		answers[worker] = k.s.SettleMessage(k.Context(), m, wa.Outcome{
			Kind: wa.OutcomeSent, WAMID: fmt.Sprintf("wamid.%d", worker),
		})
	})
	winner := -1
	for i, err := range answers {
		if err == nil {
			if winner >= 0 {
				k.Fatalf("workers %d and %d both settled the claim", winner, i)
			}
			winner = i
			continue
		}
		k.lost(err)
	}
	k.equal("wamid", fmt.Sprintf("wamid.%d", winner), k.now(m).WAMID)
}

// concurrentWritesShareATransactionAndEachFailsAlone: every second writer sends
// a taken id behind a good message. Whether they did share a transaction is for
// each database to show; here none may feel the other.
func concurrentWritesShareATransactionAndEachFailsAlone(k *kit) {
	const each = 10
	taken := k.accept(1)[0]
	var mu sync.Mutex
	outcome := map[wa.MessageID]error{}
	together(func(worker int) {
		for range each {
			m := k.build()
			batch := []wa.Message{m}
			if worker%2 == 1 {
				batch = append(batch, taken)
			}
			err := k.s.Accept(k.Context(), batch)
			mu.Lock()
			outcome[m.ID] = err
			mu.Unlock()
			if (worker%2 == 1) != (err != nil) {
				k.Errorf("worker %d: got error %v", worker, err)
			}
		}
	})
	k.restart()
	for id, err := range outcome {
		_, read := k.s.Message(k.Context(), k.account, id)
		if err == nil {
			k.ok(read)
		} else {
			k.code(read, wa.CodeNotFound)
		}
	}
	k.equal("messages", 1+workers*each/2, len(k.claim(1000)))
}
