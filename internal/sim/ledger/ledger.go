package ledger

import (
	"slices"
	"sync"
)

const (
	// DefaultKeep is how many messages are kept when nobody says: enough for 100,000 sends and what comes back.
	DefaultKeep = 120_000

	callbacksPerMessage = 4         // three statuses, doubles and strangers
	keptViolations      = 20_000    // beyond that they say nothing new
	keptBodies          = 1000      // bodies of callbacks that are over
	keptBytes           = 256 << 20 // of the bodies of messages, all together
	keptTries           = 16        // of one callback
)

// Ledger is the record. Its methods may be called from many goroutines; entries that it returns are copies.
type Ledger struct {
	mu         sync.Mutex
	messages   ring[*Message]
	byID       map[string]*Message // by wamid
	bytes      int                 // of the bodies of messages
	light      int                 // messages with a lower number have no body any more
	callbacks  ring[*Callback]
	bodies     ring[*Callback] // which still have a body though they are over
	violations ring[Violation]
	broken     map[string]int // violations ever, by rule
	made       struct{ messages, callbacks, violations int }
	watch      Watch
}

// Watch is told of entries as they come. Its functions get copies, must not block, and must not ask the ledger.
type Watch struct {
	Refused func(Message)  // a send that got no id
	Tried   func(Callback) // an attempt to post
}

// SetWatch says who watches. It may be called once, before anything else.
func (l *Ledger) SetWatch(w Watch) { l.watch = w }

// New makes a ledger for so many messages; 0 is DefaultKeep. A ledger for n messages keeps 4n callbacks.
func New(keep int) *Ledger {
	if keep <= 0 {
		keep = DefaultKeep
	}
	return &Ledger{
		messages:   ring[*Message]{limit: keep},
		byID:       map[string]*Message{},
		callbacks:  ring[*Callback]{limit: callbacksPerMessage * keep},
		bodies:     ring[*Callback]{limit: keptBodies},
		violations: ring[Violation]{limit: keptViolations},
		broken:     map[string]int{},
	}
}

// AddMessage records a message and gives it its number. The ledger then owns it: it may be changed by the ledger's methods alone.
func (l *Ledger) AddMessage(m *Message) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.made.messages++
	m.Seq = l.made.messages
	if m.Statuses == nil {
		m.Statuses = []Status{}
	}
	if m.WAMID != "" {
		l.byID[m.WAMID] = m
	}
	if gone, dropped := l.messages.push(m); dropped {
		delete(l.byID, gone.WAMID)
		l.bytes -= len(gone.Body)
	}
	l.bytes += len(m.Body)
	if l.watch.Refused != nil && m.Outcome == Refused {
		l.watch.Refused(*m)
	}
	l.lighten()
}

// lighten lets go of the oldest bodies when all of them together are too much. The lock must be held.
func (l *Ledger) lighten() {
	for l.bytes > keptBytes {
		oldest := l.made.messages - l.messages.len() + 1
		l.light = max(l.light, oldest)
		m := l.messages.at(l.light - oldest)
		l.bytes -= len(m.Body)
		m.Body = nil
		l.light++
	}
}

// Climb adds a step to a message.
func (l *Ledger) Climb(m *Message, step Status) {
	l.mu.Lock()
	defer l.mu.Unlock()
	m.Statuses = append(m.Statuses, step)
}

// AddCallback records a callback and gives it its number. The ledger then owns it, as it does messages.
func (l *Ledger) AddCallback(c *Callback) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.made.callbacks++
	c.ID = l.made.callbacks
	if gone, dropped := l.callbacks.push(c); dropped {
		gone.forgotten = true
	}
	if c.Outcome != Pending {
		l.fade(c)
	}
}

// Tried records an attempt and what it made of the callback. It returns false if the callback had to give way to newer ones.
func (l *Ledger) Tried(c *Callback, t Try, outcome string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	c.Attempts++
	c.LastTry, c.Status, c.Error = t.At, t.Status, t.Error
	if len(c.Tries) == keptTries {
		c.Tries = slices.Delete(c.Tries, 0, 1)
	}
	c.Tries = append(c.Tries, t)
	if l.watch.Tried != nil {
		l.watch.Tried(*c)
	}
	l.settle(c, outcome)
	return !c.forgotten
}

// Settle records what became of a callback without an attempt.
func (l *Ledger) Settle(c *Callback, outcome string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.settle(c, outcome)
}

func (l *Ledger) settle(c *Callback, outcome string) {
	c.Outcome, c.Delivered = outcome, outcome == Delivered
	if outcome != Pending {
		l.fade(c)
	}
}

// fade lets the body of an older callback go that is over. The lock must be held.
func (l *Ledger) fade(c *Callback) {
	if old, full := l.bodies.push(c); full {
		old.Body = nil
	}
}

// AddViolation records that a client broke a rule.
func (l *Ledger) AddViolation(v Violation) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.made.violations++
	v.Seq = l.made.violations
	l.broken[v.Rule]++
	l.violations.push(v)
}

// Reset forgets everything.
func (l *Ledger) Reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.messages.clear()
	clear(l.byID)
	l.bytes, l.light = 0, 0
	l.callbacks.clear()
	l.bodies.clear()
	l.violations.clear()
	clear(l.broken)
	l.made = struct{ messages, callbacks, violations int }{}
}
