package waapi

import (
	"sync"

	"github.com/waypost/waypost/internal/wa"
)

// accountLocks lets the changes of one account go one after another, and
// nobody wait for another account's. The zero value is ready.
type accountLocks struct {
	mu sync.Mutex
	// of has a lock for each account that ever changed something. They are never
	// removed: accounts are made by the operator, so they are few.
	of map[wa.AccountID]*sync.Mutex
}

// lock waits until it is the caller's turn, and returns what ends it.
func (l *accountLocks) lock(account wa.AccountID) (unlock func()) {
	l.mu.Lock()
	if l.of == nil {
		l.of = map[wa.AccountID]*sync.Mutex{}
	}
	one := l.of[account]
	if one == nil {
		one = &sync.Mutex{}
		l.of[account] = one
	}
	l.mu.Unlock()
	one.Lock()
	return one.Unlock
}
