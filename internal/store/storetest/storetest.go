// Package storetest owns the proof of store's promises: one function per
// promise, named for it, run against a real database.
//
// It never looks below the interfaces of store, so that every database can be
// held to the same suite; what is particular to one (its files, its plans, its
// flushes) is tested beside it.
//
// It stands beside store: the tests of each implementation call [Run], and
// nothing that ends up in a binary imports it.
package storetest

import (
	"testing"
	"time"

	"github.com/waypost/waypost/internal/store"
)

// Open opens an empty database whose clock is now, and closes it at the end of
// the test. Reopen closes the store and opens the same database again, as a new
// process would.
type Open func(t *testing.T, now func() time.Time) (s store.Store, reopen func() store.Store)

// promise is one sentence of package store and its proof.
type promise struct {
	name  string
	prove func(*kit)
}

// Run proves every promise on a database of its own.
func Run(t *testing.T, open Open) {
	for _, part := range []struct {
		name     string
		promises []promise
	}{
		{"Accounts", accounts()},
		{"Sources", sources()},
		{"Endpoints", endpoints()},
		{"Intake", intake()},
		{"Consents", consents()},
		{"Persons", persons()},
		{"Changes", changes()},
		{"Outbox", outbox()},
		{"Turns", turns()},
		{"Queues", queues()},
		{"Settle", settle()},
		{"Doubts", doubts()},
		{"Attempts", attempts()},
		{"Inbox", inbox()},
		{"Statuses", statuses()},
		{"Inbound", inbound()},
		{"Deliveries", deliveries()},
		{"Media", media()},
		{"Links", links()},
		{"Fetches", fetches()},
		{"Templates", templates()},
		{"TemplateSyncs", templateSyncs()},
		{"Numbers", numbers()},
		{"Notices", notices()},
		{"Journal", journal()},
		{"Waker", waker()},
		{"Isolation", isolation()},
		{"Concurrency", concurrency()},
	} {
		t.Run(part.name, func(t *testing.T) {
			for _, p := range part.promises {
				t.Run(p.name, func(t *testing.T) {
					t.Parallel()
					p.prove(newKit(t, open))
				})
			}
		})
	}
}
