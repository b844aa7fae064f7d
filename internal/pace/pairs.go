package pace

import "time"

// The rate between a number and one person: one message in six seconds. Within six
// seconds up to 45 may go, and then none until all of them would have gone one by
// one.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/about-the-platform (read 2026-09).
const (
	pairEvery = 6 * time.Second
	pairBurst = 45
	// bulkBurst is how many of them bulk may use: whoever uses all has nothing left
	// for a one-time code in the next four minutes.
	bulkBurst = 10
	// slack is for messages that are late or early on the way.
	slack = 100 * time.Millisecond
	// longestRefusal bounds the wait of 4^X seconds.
	longestRefusal = time.Hour
	// minSweep is how many pairs are not worth sweeping.
	minSweep = 1024
)

// Pair is a number and a person.
type Pair struct{ NumberID, Person string }

// Pairs is the pace of all pairs. A pair that says nothing any more is forgotten.
type Pairs struct {
	pairs map[Pair]pair
	sweep int // how many there may be before the next sweep
}

// pair is what was sent since began, when nothing was owed.
type pair struct {
	began time.Time
	sent  int
	// blocked is until when Meta wants nothing after a refusal, and careful until
	// when nothing is sent ahead: what we know of the pair was wrong.
	blocked, careful time.Time
	refusedAt        time.Time
	refusals         int // in a row
}

// NewPairs makes a Pairs.
func NewPairs() *Pairs { return &Pairs{pairs: map[Pair]pair{}, sweep: minSweep} }

// Next is when the next message of a pair may go: now, or later.
func (p *Pairs) Next(key Pair, urgent bool, now time.Time) time.Time {
	s, known := p.pairs[key]
	if !known {
		return now
	}
	most := bulkBurst
	if urgent {
		most = pairBurst
	}
	if now.Before(s.careful) {
		most = 1
	}
	at := now
	if free := s.free(); s.sent > 0 && now.Before(free) && (s.sent >= most || !now.Before(s.began.Add(pairEvery-slack))) {
		at = free
	}
	if at.Before(s.blocked) {
		at = s.blocked
	}
	return at
}

// free is when nothing is owed.
func (s pair) free() time.Time { return s.began.Add(time.Duration(s.sent)*pairEvery + slack) }

// Sent counts a message that goes now.
func (p *Pairs) Sent(key Pair, now time.Time) {
	s := p.pairs[key]
	if s.sent == 0 || !now.Before(s.free()) {
		s.began, s.sent = now, 0
	}
	s.sent++
	p.pairs[key] = s
	if len(p.pairs) > p.sweep {
		p.clean(now)
	}
}

// Refused tells that a message that had left at that time was one too many for
// Meta (131056). It returns until when the pair has to wait: 4^X seconds, where X
// counts refusals in a row. Two that were on the way together count once.
func (p *Pairs) Refused(key Pair, left, now time.Time) time.Time {
	s := p.pairs[key]
	if s.refusals > 0 && left.Before(s.refusedAt) {
		return s.blocked
	}
	if now.After(s.careful) {
		s.refusals = 0
	}
	s.refusals++
	wait := time.Second
	for range s.refusals {
		wait = min(4*wait, longestRefusal)
	}
	s.sent, s.refusedAt, s.blocked = 0, now, now.Add(wait)
	s.careful = s.blocked.Add(pairBurst * pairEvery)
	p.pairs[key] = s
	return s.blocked
}

// Took tells that Meta took a message of a pair that had left at that time.
func (p *Pairs) Took(key Pair, left time.Time) {
	if s, known := p.pairs[key]; known && s.refusals > 0 && !left.Before(s.refusedAt) {
		s.refusals = 0
		p.pairs[key] = s
	}
}

// clean forgets the pairs that say nothing.
func (p *Pairs) clean(now time.Time) {
	for key, s := range p.pairs {
		if !now.Before(s.free()) && !now.Before(s.blocked) && !now.Before(s.careful) {
			delete(p.pairs, key)
		}
	}
	p.sweep = max(minSweep, 2*len(p.pairs))
}
