package outbox

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/waypost/waypost/internal/pace"
	"github.com/waypost/waypost/internal/store"
	"github.com/waypost/waypost/internal/wa"
)

// scheduler chooses what is claimed, so that no more is taken from the store than
// can go soon, and says when a message may go.
//
// Each number has a pace; of each only what fits into its next fifth of a second
// is claimed: what is urgent before what is not, of one account after another. What
// cannot go because of its pair is given back until it can. A number whose sends
// hang does not get all of the width: each may have three times what is left free.
//
// The store is asked which queues have messages only after it has said that
// something changed, or when something comes due, and never for more than a tenth
// of the time.
type scheduler struct {
	o *Outbox
	// ping wakes the loop.
	ping chan struct{}

	mu      sync.Mutex
	numbers map[lineKey]*number
	proven  map[lineKey]bool // of an account: Meta has shown it the number
	holds   map[holdKey]*pace.Hold
	// probing counts the messages that were claimed beside a hold and have not met it.
	probing map[*pace.Hold]int
	pairs   *pace.Pairs
	queues  []store.Queue
	// stale: what is in queues is out of date; readFrom is when it may be read again,
	// and brokenUntil when after an error.
	stale       bool
	told        int // counts what the store has told
	readFrom    time.Time
	brokenUntil time.Time
	expiry      time.Time      // when the next message expires; zero: none does
	owed        []store.PutOff // what could not be given back
	inFlight    int            // messages that are claimed and have not ended
	next        int            // which number comes first
}

// number is what is known of a number that sends.
type number struct {
	line lineKey
	pace *pace.Number
	// tokens are those of its sources; an account with several tokens has none here.
	tokens map[wa.AccountID]wa.Secret
	// met is the WABA of the last message of each account; before that of one of its
	// sources.
	met    map[wa.AccountID]string
	readAt time.Time
	// readFrom is when it may be read again, and told what the store had told then.
	readFrom time.Time
	told     int
	waiting  int // claimed and not yet gone, but for what waits for a media
	inFlight int
	next     int // which account comes first
}

// holdKey says what is held back: a line, with one token or with whichever, or a
// WhatsApp Business Account for one account, because whose it is nobody has shown.
type holdKey struct {
	scope wa.Scope
	line  lineKey
	waba  string
	token wa.Secret
}

func numberHold(l lineKey, token wa.Secret) holdKey {
	return holdKey{scope: wa.ScopeNumber, line: l, token: token}
}

func accountHold(account wa.AccountID, waba string) holdKey {
	return holdKey{scope: wa.ScopeAccount, line: lineKey{account: account}, waba: waba}
}

// ticket is a message that was claimed.
type ticket struct {
	wa.Message
	number *number
	// probes are the holds that it seemed to have in front of it when it was claimed,
	// and asks those that it was let through.
	probes []*pace.Hold
	asks   map[*pace.Hold]pace.Ask
	// over: its answer shows that these are over.
	over bool
	// ready: it waits for its turn at the number's pace. left is when it went.
	ready bool
	left  time.Time
}

const (
	// ahead is how much time of a number is claimed at once.
	ahead = 200 * time.Millisecond
	// share is how many times what is left free a number may have.
	share = 3
	// knownFor is how long it is not asked again what is known of a number, unless
	// it is held back: a new token should free it at once.
	knownFor = 5 * time.Second
	// readShare is the part of the time that reading the same may take.
	readShare = 10
	// afterError is how long nothing is claimed after an error of the store.
	afterError = time.Second
	// remembered is how long an attempt counts for the pace.
	remembered = 5 * time.Minute
	// longestIdle is how long to wait without a reason to look again: the store says
	// what changes, and what is in queues says when something comes due.
	longestIdle = 30 * time.Second
	// expireAtOnce is how many messages are expired before something else is done.
	expireAtOnce = 100
	// maxHolds is how many holds are kept before those that are over are forgotten.
	maxHolds = 1024
)

func newScheduler(o *Outbox) *scheduler {
	return &scheduler{
		o: o, ping: make(chan struct{}, 1), numbers: map[lineKey]*number{}, proven: map[lineKey]bool{}, holds: map[holdKey]*pace.Hold{},
		probing: map[*pace.Hold]int{}, pairs: pace.NewPairs(), stale: true,
	}
}

// wake makes the loop look again.
func (s *scheduler) wake() {
	select {
	case s.ping <- struct{}{}:
	default: // it is about to
	}
}

// listen hands on what the store says until ctx ends.
func (s *scheduler) listen(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.o.Wake:
			s.mu.Lock()
			s.stale = true
			s.told++
			s.mu.Unlock()
			s.wake()
		}
	}
}

// remember takes into account what was sent of late.
func (s *scheduler) remember(ctx context.Context) error {
	now := s.o.Now()
	all, err := s.o.Store.RecentAttempts(ctx, now.Add(-remembered))
	if err != nil {
		return err
	}
	if err := s.proveAll(ctx, all); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range all {
		began := a.BeganAt
		if began.After(now) {
			began = now // the clock was ahead, and the pair need not wait for that
		}
		s.pairs.Sent(s.pair(a.AccountID, a.NumberID, a.Person), began)
		if now.Sub(began) < time.Second {
			s.number(s.lineOf(a.AccountID, a.NumberID)).pace.Spend(1, now)
		}
	}
	return nil
}

// number returns what is known of a line. The lock must be held.
func (s *scheduler) number(l lineKey) *number {
	n := s.numbers[l]
	if n == nil {
		n = newNumber(l)
		s.numbers[l] = n
	}
	return n
}

func newNumber(l lineKey) *number {
	return &number{line: l, pace: pace.NewNumber(wa.ThroughputStandard)}
}

// holdsOf returns what may hold back a message of an account in a line. The lock
// must be held.
func (s *scheduler) holdsOf(l lineKey, account wa.AccountID, wabaID string, token wa.Secret) []*pace.Hold {
	var all []*pace.Hold
	for _, key := range []holdKey{numberHold(l, wa.Secret{}), numberHold(l, token), accountHold(account, wabaID)} {
		if h := s.holds[key]; h != nil && h.On() && !slices.Contains(all, h) {
			all = append(all, h)
		}
	}
	return all
}

// holdsFor returns what is likely to hold back the messages of an account from a
// number: a guess, because each source of the account has its own token. The lock
// must be held.
func (s *scheduler) holdsFor(n *number, account wa.AccountID) []*pace.Hold {
	return s.holdsOf(n.line, account, n.met[account], n.tokens[account])
}

// meets notes of which WhatsApp Business Account a message of an account was.
func (n *number) meets(account wa.AccountID, waba string) {
	if n.met == nil {
		n.met = map[wa.AccountID]string{}
	}
	n.met[account] = waba
}

// roomIn is how many messages may be claimed that a hold stands in front of: one at
// a time, until one has asked. The lock must be held.
func (s *scheduler) roomIn(h *pace.Hold, now time.Time, most int) int {
	return min(h.Room(now, most), max(0, 1-s.probing[h]))
}

// put holds something back. The lock must be held.
func (s *scheduler) put(key holdKey, until time.Time, why string) {
	h := s.holds[key]
	if h == nil {
		if len(s.holds) >= maxHolds {
			s.forgetHolds()
		}
		h = &pace.Hold{}
		s.holds[key] = h
	}
	h.Put(until, why)
}

// forgetHolds drops the holds that are over, and those of tokens that were given
// up long ago.
func (s *scheduler) forgetHolds() {
	now := s.o.Now()
	for key, h := range s.holds {
		if until, _ := h.Until(); !h.On() || now.Sub(until) > time.Hour {
			delete(s.holds, key)
		}
	}
}

// claim takes messages that can go soon.
func (s *scheduler) claim(ctx context.Context, room int) ([]*ticket, error) {
	for {
		if s.broken() || !s.giveBack(ctx) {
			return nil, nil
		}
		from, err := s.choose(ctx, room)
		if err != nil || len(from) == 0 {
			return nil, s.failed(err)
		}
		claimed, err := s.o.Store.ClaimMessages(ctx, from, lease)
		if err != nil {
			return nil, s.failed(err)
		}
		tickets, back := s.admit(claimed, from)
		if !s.giveBack(ctx, back...) || len(tickets) > 0 {
			return tickets, nil // whoever has a ticket takes up room until it ends
		}
	}
}

// giveBack puts messages off that cannot go now, and those that could not be given
// back before: nobody else would look at them until their lease is over. What
// fails is tried again.
func (s *scheduler) giveBack(ctx context.Context, back ...store.PutOff) (given bool) {
	s.mu.Lock()
	back = append(s.owed, back...)
	s.owed = nil
	s.mu.Unlock()
	if len(back) == 0 {
		return true
	}
	err := s.failed(s.o.Store.PutOffMessages(ctx, back))
	if err != nil {
		s.mu.Lock()
		s.owed = append(s.owed, back...)
		s.mu.Unlock()
		s.o.Logger.LogAttrs(ctx, slog.LevelWarn, "messages not given back", slog.Int("messages", len(back)), slog.Any("err", err))
	}
	return err == nil
}

// failed makes the next claim wait after an error.
func (s *scheduler) failed(err error) error {
	if err != nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.brokenUntil, s.stale = s.o.Now().Add(afterError), true
	}
	return err
}

// broken reports whether nothing is claimed because the store has just failed.
func (s *scheduler) broken() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.o.Now().Before(s.brokenUntil)
}

// choose says how many messages of which queues are claimed next.
func (s *scheduler) choose(ctx context.Context, room int) ([]store.Share, error) {
	if err := s.look(ctx); err != nil {
		return nil, err
	}
	s.learn(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.o.Now()
	return s.shares(s.due(now), now, room), nil
}

// look reads the queues if something may have changed, and has expired what waits
// there for too long: what is held back is not claimed, but it is told in time.
func (s *scheduler) look(ctx context.Context) error {
	began := s.o.Now()
	s.mu.Lock()
	expired := !s.expiry.IsZero() && !began.Before(s.expiry)
	if !s.stale && !expired || began.Before(s.readFrom) {
		s.mu.Unlock()
		return nil
	}
	s.stale = false // what changes from here on makes it stale again
	s.mu.Unlock()
	expiry, err := s.o.Store.ExpireMessages(ctx, expireAtOnce)
	var queues []store.Queue
	if err == nil {
		queues, err = s.o.Store.Queues(ctx)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		s.stale = true
		return err
	}
	now := s.o.Now()
	s.queues, s.expiry, s.readFrom = queues, expiry, now.Add((readShare-1)*now.Sub(began))
	return nil
}

// backlog is what waits in a number: its queues that are due.
type backlog struct {
	number       *number
	urgent, bulk []*store.Queue
}

// due returns the numbers with messages that are due. The lock must be held.
func (s *scheduler) due(now time.Time) []backlog {
	var all []backlog
	place := map[lineKey]int{}
	for i := range s.queues {
		q := &s.queues[i]
		if q.DueAt.IsZero() || q.DueAt.After(now) {
			continue
		}
		l := s.lineOf(q.AccountID, q.NumberID)
		at, known := place[l]
		if !known {
			at = len(all)
			place[l] = at
			all = append(all, backlog{number: s.number(l)})
		}
		if q.Urgent {
			all[at].urgent = append(all[at].urgent, q)
		} else {
			all[at].bulk = append(all[at].bulk, q)
		}
	}
	return all
}

// shares divides the room between the numbers, and that of each number between its
// accounts. The lock must be held.
func (s *scheduler) shares(lines []backlog, now time.Time, room int) []store.Share {
	var all []store.Share
	s.next++
	claimed := 0
	for i := range lines {
		l := lines[(i+s.next)%len(lines)]
		n := min(s.roomOf(l.number, now, claimed), room-claimed)
		for _, queues := range [][]*store.Queue{l.urgent, l.bulk} {
			var given int
			if all, given = s.divide(all, l.number, queues, now, n); given > 0 {
				claimed += given
				break // what is not urgent waits until nothing urgent does
			}
		}
	}
	return all
}

// divide gives each queue the same, and the first ones one more. The lock must be
// held.
func (s *scheduler) divide(all []store.Share, n *number, queues []*store.Queue, now time.Time, room int) (_ []store.Share, given int) {
	n.next++
	for i := range queues {
		q := queues[(i+n.next)%len(queues)]
		rest := len(queues) - i
		limit := (room - given + rest - 1) / rest
		for _, h := range s.holdsFor(n, q.AccountID) {
			limit = s.roomIn(h, now, limit)
		}
		limit = min(limit, room-given)
		if limit > 0 {
			all = append(all, store.Share{Queue: q.ID, Limit: limit})
			given += limit
		}
	}
	return all, given
}

// roomOf is how many messages of a number may be claimed, beside those of others
// that are about to be. The lock must be held.
func (s *scheduler) roomOf(n *number, now time.Time, others int) int {
	fits := lookahead(n, now)
	if 2*n.waiting > fits {
		return 0 // a claim costs the same for one message and for many
	}
	free := s.o.Width - s.inFlight - others
	return min(fits-n.waiting, (share*free-n.inFlight+share)/(share+1))
}

// lookahead is how many messages of a number are claimed before they go.
func lookahead(n *number, now time.Time) int {
	return max(2, int(n.pace.Rate(now)*ahead.Seconds()))
}

// admit makes tickets of what was claimed, but for what its pair does not let go
// now. It notes which queues have nothing more that is due.
func (s *scheduler) admit(claimed []wa.Message, from []store.Share) (tickets []*ticket, back []store.PutOff) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.o.Now()
	queues := make(map[queueKey]*store.Queue, len(s.queues))
	got := map[queueKey]int{}
	for i, q := range s.queues {
		queues[queueKey{q.AccountID, q.NumberID, q.Urgent}] = &s.queues[i]
	}
	for _, m := range claimed {
		got[queueOf(m)]++
		if at := s.pairFree(m, now); at.After(now) && !m.Expired(now) {
			back = append(back, putOff(m, at))
			continue
		}
		tickets = append(tickets, s.issue(m))
	}
	limits := map[int64]int{}
	for _, share := range from {
		limits[share.Queue] = share.Limit
	}
	for key, q := range queues {
		if limit, asked := limits[q.ID]; asked && got[key] < limit {
			q.DueAt, s.stale = time.Time{}, true
		}
	}
	s.stale = s.stale || len(back) > 0
	return tickets, back
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

// putOff gives a message back until a time. The store counts in microseconds: were
// it due one too early, it would be claimed again before it can go.
func putOff(m wa.Message, until time.Time) store.PutOff {
	return store.PutOff{Message: m, Until: until.Add(time.Microsecond)}
}

type queueKey struct {
	account wa.AccountID
	number  string
	urgent  bool
}

func queueOf(m wa.Message) queueKey { return queueKey{m.AccountID, m.NumberID, m.Category.Urgent()} }

// issue makes a ticket. The lock must be held.
func (s *scheduler) issue(m wa.Message) *ticket {
	n := s.number(s.lineOf(m.AccountID, m.NumberID))
	t := &ticket{Message: m, number: n, ready: true}
	s.inFlight++
	n.inFlight++
	n.waiting++
	t.probes = s.holdsFor(n, m.AccountID)
	for _, h := range t.probes {
		s.probing[h]++
	}
	return t
}

// pairFree is when the pair of a message lets it go. The lock must be held.
func (s *scheduler) pairFree(m wa.Message, now time.Time) time.Time {
	if m.Recipient.Kind == wa.Group {
		return now // Meta has no such rate for groups
	}
	return s.pairs.Next(s.pairOf(m), m.Category.Urgent(), now)
}

// idle is how long there is nothing to claim, unless something happens.
func (s *scheduler) idle() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.o.Now()
	until := now.Add(max(s.o.poll, longestIdle))
	at := func(t time.Time) {
		if t.Before(until) {
			until = t
		}
	}
	if s.stale {
		at(s.readFrom)
	}
	if !s.expiry.IsZero() {
		at(later(s.expiry, s.readFrom))
	}
	for i := range s.queues {
		if q := &s.queues[i]; q.DueAt.After(now) {
			at(q.DueAt)
		}
	}
	for _, l := range s.due(now) {
		if free := s.heldUntil(l, now); free.After(now) {
			at(free)
			if l.number.told != s.told {
				at(l.number.readFrom)
			}
		} else if s.roomOf(l.number, now, 0) > 0 && free.Equal(now) {
			at(now)
		}
	}
	if until.Before(s.brokenUntil) {
		until = s.brokenUntil
	}
	return max(0, until.Sub(now))
}

// heldUntil is when the first of the queues of a number is not held back: now, at
// a later time, or, if it waits for an answer, never. The lock must be held.
func (s *scheduler) heldUntil(l backlog, now time.Time) time.Time {
	var first time.Time
	for _, queues := range [][]*store.Queue{l.urgent, l.bulk} {
		for _, q := range queues {
			at, asking := now, false
			for _, h := range s.holdsFor(l.number, q.AccountID) {
				until, _ := h.Until()
				if until.After(at) {
					at = until
				} else if s.roomIn(h, now, 1) == 0 {
					asking = true
				}
			}
			if !asking && (first.IsZero() || at.Before(first)) {
				first = at
			}
		}
	}
	return first
}
