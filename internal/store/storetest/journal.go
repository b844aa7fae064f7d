package storetest

import (
	"errors"
	"sync"
	"time"

	"github.com/waypost/waypost/internal/store"
	"github.com/waypost/waypost/internal/wa"
)

func journal() []promise {
	return []promise{
		{"AMessageThatDoesNotExistIsNotFound", aMessageThatDoesNotExistIsNotFound},
		{"EventsAreListedOldestFirst", eventsAreListedOldestFirst},
		{"AnInboundMessageIsFoundByItsID", anInboundMessageIsFoundByItsID},
		{"AClosedStoreConfirmsNothing", aClosedStoreConfirmsNothing},
		{"CloseAnswersEveryWrite", closeAnswersEveryWrite},
	}
}

func aMessageThatDoesNotExistIsNotFound(k *kit) {
	_, err := k.s.Message(k.Context(), k.account, wa.NewID[wa.MessageID]())
	k.code(err, wa.CodeNotFound)
	_, err = k.s.Message(k.Context(), k.account, "")
	k.code(err, wa.CodeNotFound)
	k.equal("events", []wa.Event(nil), must(k.s.Events(k.Context(), k.account, wa.NewID[wa.MessageID]()))(k))
}

func eventsAreListedOldestFirst(k *kit) {
	m, other := k.sent("wamid.1"), k.sent("wamid.2")
	for _, status := range []wa.Status{wa.StatusRead, wa.StatusSent, wa.StatusDelivered} {
		k.apply(k.report("wamid.1", status))
		k.apply(k.report("wamid.2", status))
		k.clock.advance(time.Second)
	}
	k.equal("facts", []string{"read ", "sent ", "delivered "}, k.facts(m))
	k.equal("facts of the other", []string{"read ", "sent ", "delivered "}, k.facts(other))
}

func anInboundMessageIsFoundByItsID(k *kit) {
	u := k.wrote("wamid.in")
	k.apply(u)
	got := must(k.s.Received(k.Context(), k.account, "wamid.in"))(k)
	k.equal("sender and number", []string{u.Inbound.From, u.Inbound.NumberID}, []string{got.From, got.NumberID})
	m := k.sent("wamid.out")
	for _, id := range []string{"wamid.other", "wamid.out", string(m.ID), ""} {
		_, err := k.s.Received(k.Context(), k.account, id)
		k.code(err, wa.CodeNotFound)
	}
	_, err := k.s.Received(k.Context(), wa.NewID[wa.AccountID](), "wamid.in")
	k.code(err, wa.CodeNotFound)
}

func aClosedStoreConfirmsNothing(k *kit) {
	m := k.build()
	k.ok(k.s.Close())
	k.code(k.s.Accept(k.Context(), []wa.Message{m}), wa.CodeUnavailable)
	select {
	case <-k.s.Failed():
		k.Fatalf("a store that was closed says that it failed")
	default:
	}
	k.restart()
	_, err := k.s.Message(k.Context(), m.AccountID, m.ID)
	k.code(err, wa.CodeNotFound)
}

// closeAnswersEveryWrite closes the store while many write: each is answered,
// and what was confirmed is there afterwards.
func closeAnswersEveryWrite(k *kit) {
	const writers = 32
	batch := make([]wa.Message, writers)
	answers := make([]error, writers)
	started := make(chan struct{}, writers)
	var wg sync.WaitGroup
	for i := range batch {
		batch[i] = k.build()
		wg.Go(func() {
			started <- struct{}{}
			answers[i] = k.s.Accept(k.Context(), batch[i:i+1])
		})
	}
	<-started
	k.ok(k.s.Close())
	wg.Wait()
	k.restart()
	for i, m := range batch {
		_, err := k.s.Message(k.Context(), m.AccountID, m.ID)
		switch {
		case answers[i] == nil:
			k.ok(err)
		case wa.CodeOf(answers[i]) != wa.CodeUnavailable, errors.Is(answers[i], store.ErrLeaseLost):
			k.Fatalf("got error %v, want one with code %s", answers[i], wa.CodeUnavailable)
		}
	}
}
