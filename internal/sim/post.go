package sim

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/waypost/waypost/internal/sim/draw"
	"github.com/waypost/waypost/internal/sim/face"
	"github.com/waypost/waypost/internal/sim/fault"
	"github.com/waypost/waypost/internal/sim/ledger"
	"github.com/waypost/waypost/internal/sim/wire"
)

// How often and how long a callback is repeated. Meta says that the frequency decreases and that it ends after seven days, and no
// more; ours doubles up to a quarter of an hour.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/overview (read 2026-09)
const (
	firstBackoff = 200 * time.Millisecond
	maxBackoff   = 15 * time.Minute
	callbackLife = 7 * 24 * time.Hour

	keptPosts = 1000 // what Callbacks returns
)

// Post is one callback and how posting it went so far.
type Post = ledger.Callback

// Callbacks returns the last thousand callbacks, oldest first.
func (s *Sim) Callbacks() []Post { return s.ledger.Callbacks(ledger.Filter{Limit: keptPosts}) }

// posting is a callback on its way.
type posting struct {
	entry    *Post // the ledger's own
	body     []byte
	waba     string // whose callbacks go where this one goes
	numberID string
	key      draw.Key // of what it tells
	pair     draw.Key // the business number and the user; 0 when it is about nobody
	until    time.Time
	tries    int
	forged   bool // the first attempt is badly signed
}

// subject is what a callback is about, beside its number and field.
type subject struct {
	peer   string // the user or group, if there is one
	nth    int    // the how manyth message between the two
	update string // what it tells, for the ledger
	status string
	act    *fault.Act // what is to be done to it, if that was asked before
}

// emit calls back about messages of a number. The lock must be held.
func (s *Sim) emit(n Number, of subject, v wire.Value, now time.Time) *posting {
	v.Product, v.Metadata = face.Product, wire.Metadata{Display: n.Display, NumberID: n.ID}
	_, p := s.emitAbout(Post{WABAID: n.WABAID, NumberID: n.ID, Field: wire.FieldMessages}, of, v, now)
	return p
}

// emitField records a callback of any field and puts it in line. about says what it is about. It returns the number of the
// callback in the ledger; 0 if it has none yet. The lock must be held.
func (s *Sim) emitField(about Post, v any, now time.Time) (id int) {
	id, _ = s.emitAbout(about, subject{update: about.Field}, v, now)
	return id
}

// tell is emitField for who does not hold the lock.
func (s *Sim) tell(about Post, v any, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.emitField(about, v, now)
}

// emitAbout records a callback and sends it on its way, which may be a wrong one. It returns the callback when its maker is to
// post it before anything else. The lock must be held.
func (s *Sim) emitAbout(about Post, of subject, v any, now time.Time) (id int, early *posting) {
	u, err := wire.NewUpdate(about.Field, v)
	if err != nil {
		s.log.Error("callback not encoded", slog.Any("err", err))
		return 0, nil
	}
	about.Peer, about.Updates, about.Created, about.Outcome = of.peer, []string{of.update}, now, ledger.Pending
	if _, err := s.manage.Target(s.Callback(), about.WABAID, about.NumberID); err != nil {
		about.Outcome, about.Error = ledger.Dropped, "dropped: "+err.Error()
		about.Body = wire.Encode(about.WABAID, []wire.Update{u}, wire.AsChanges, now)
		s.ledger.AddCallback(&about)
		return about.ID, nil
	}
	act := s.actOn(about, of, u, now)
	about.Fault = act.Name
	if act.Do == fault.Batch {
		s.gather(about, u, act, now)
		return 0, nil
	}
	p := s.newPosting(about, wire.Encode(about.WABAID, []wire.Update{u}, wire.AsChanges, now), now)
	return p.entry.ID, s.dispatch(p, act, now)
}

// actOn asks what is to be done to a callback.
func (s *Sim) actOn(about Post, of subject, u wire.Update, now time.Time) fault.Act {
	if of.act != nil {
		return *of.act
	}
	key := s.seed.Text(about.NumberID).Text(of.peer).Text(of.update)
	if of.status == "" {
		key = key.Text(u.Raw())
	}
	act := s.faults.Of(fault.Call{
		On: fault.OnCallback, NumberID: about.NumberID, Peer: of.peer, Nth: of.nth, Types: []string{about.Field, of.status},
		Key: key, At: now,
	})
	if act.Do == fault.Early && of.status != statusSent {
		return fault.Act{} // only the first status of a send can come before its answer
	}
	return act
}

// newPosting records a callback. The lock must be held.
func (s *Sim) newPosting(about Post, body []byte, now time.Time) *posting {
	about.Body = body
	p := &posting{entry: &about, body: body, waba: about.WABAID, numberID: about.NumberID, until: now.Add(callbackLife)}
	for _, told := range about.Updates {
		p.key = p.key.Text(told)
	}
	if about.Peer != "" {
		p.pair = s.seed.Text(about.NumberID).Text(about.Peer)
	}
	s.ledger.AddCallback(p.entry)
	return p
}

// dispatch does to a callback what is to be done to it. The lock must be held.
func (s *Sim) dispatch(p *posting, act fault.Act, now time.Time) (early *posting) {
	switch act.Do {
	case fault.Lose:
		s.ledger.Settle(p.entry, ledger.Lost)
	case fault.Delay:
		s.later(now.Add(act.After), p.key, func(time.Time) { s.lineUp(p) })
	case fault.Double:
		s.lineUp(p)
		again := *p.entry
		again.ID, again.Fault = 0, act.Name+", copy"
		twin := s.newPosting(again, p.body, now)
		s.later(now.Add(act.After), p.key, func(time.Time) { s.lineUp(twin) })
	case fault.Reorder:
		s.holdBack(p, now.Add(act.After))
	case fault.Early:
		return p
	case fault.Forge:
		p.forged = true
		s.lineUp(p)
	case fault.Foreign:
		s.lineUp(p)
		s.lineUp(s.stranger(p, act, now))
	default:
		s.lineUp(p)
	}
	return nil
}

// lineUp lets a callback be posted as soon as there is room, and one after it that it was to overtake. The lock must be held.
func (s *Sim) lineUp(p *posting) {
	s.ready.add(p)
	if held := s.held[p.pair]; held != nil && held != p {
		delete(s.held, p.pair)
		s.ready.add(held)
	}
	s.rouse()
}

// holdBack lets a callback wait until the next one about the same user, but no longer than given. Only one waits at a time. The
// lock must be held.
func (s *Sim) holdBack(p *posting, until time.Time) {
	if p.pair == 0 || s.held[p.pair] != nil {
		s.lineUp(p)
		return
	}
	s.held[p.pair] = p
	s.later(until, p.key, func(time.Time) {
		if s.held[p.pair] == p {
			delete(s.held, p.pair)
			s.lineUp(p)
		}
	})
}

// stranger makes a callback about a number that is none of ours, well signed. The lock must be held.
func (s *Sim) stranger(beside *posting, act fault.Act, now time.Time) *posting {
	n := Number{ID: act.Key.Text("number").Digits(), WABAID: act.Key.Text("account").Digits(), Display: "15550109998"}
	id := act.Key.WAMID(beside.entry.Peer)
	u, err := wire.NewUpdate(wire.FieldMessages, wire.Value{
		Product: face.Product, Metadata: wire.Metadata{Display: n.Display, NumberID: n.ID},
		Statuses: []wire.Status{{ID: id, Status: statusSent, Timestamp: wire.Seconds(now), RecipientID: beside.entry.Peer}},
	})
	if err != nil {
		s.log.Error("callback not encoded", slog.Any("err", err))
	}
	about := Post{
		WABAID: n.WABAID, NumberID: n.ID, Field: wire.FieldMessages, Updates: []string{id + " " + statusSent}, Created: now,
		Outcome: ledger.Pending, Fault: act.Name,
	}
	p := s.newPosting(about, wire.Encode(n.WABAID, []wire.Update{u}, wire.AsChanges, now), now)
	p.waba, p.numberID = beside.waba, beside.numberID
	return p
}

// post makes one attempt. Anything but 200 is tried again later with the same bytes. While the clock is moved, receivers says how
// long the receiver may take; else it is nil.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/create-webhook-endpoint (read 2026-09)
func (s *Sim) post(ctx context.Context, p *posting, receivers *patience) {
	target, _ := s.manage.Target(s.Callback(), p.waba, p.numberID) // without an address the attempt fails, and is made again
	p.tries++
	attempt := p.tries // the next attempt may begin before this one ends
	forged := p.forged && attempt == 1
	within := receivers.with(target.URL)
	status, err := s.try(ctx, target, p.body, forged, within)
	slow := errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil
	receivers.note(target.URL, slow, err)
	now := s.now()
	made, outcome := ledger.Try{At: now, Status: status, Forged: forged}, ledger.Pending
	next := now.Add(backoff(attempt))
	switch {
	case err != nil:
		made.Error = err.Error()
		if slow && within == postTimeout {
			s.violate(ledger.Violation{Rule: ledger.RuleSlowReceipt, NumberID: p.numberID, Detail: "a callback was not answered within 10 s"})
		}
	case status == http.StatusOK && forged:
		s.violate(ledger.Violation{Rule: ledger.RuleSignature, NumberID: p.numberID, Detail: "a callback with a wrong signature was answered with 200"})
	case status == http.StatusOK:
		outcome = ledger.Delivered
	}
	if outcome == ledger.Pending && next.After(p.until) {
		outcome = ledger.Expired
	}
	kept := s.ledger.Tried(p.entry, made, outcome)
	if outcome == ledger.Pending && kept {
		s.mu.Lock()
		s.later(next, p.key, func(time.Time) { s.lineUp(p) })
		s.mu.Unlock()
	}
	s.inFlight.Add(-1)
	s.rouse()
	select {
	case s.settled <- struct{}{}:
	default: // nobody has looked since the last one
	}
	s.log.DebugContext(ctx, "callback attempted", slog.Int("attempt", attempt), slog.Int("status", status))
}

func (s *Sim) try(ctx context.Context, target Callback, body []byte, forged bool, within time.Duration) (int, error) {
	if target.URL == "" {
		return 0, errors.New("no callback is set")
	}
	if within == 0 {
		return 0, errSilent
	}
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	if forged {
		target.AppSecret += "?"
	}
	req, err := target.Request(ctx, body)
	if err != nil {
		return 0, err
	}
	resp, err := s.client.Do(req)
	if err != nil {
		return 0, fmt.Errorf("post callback: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<16)) // lets the connection be used again
	return resp.StatusCode, nil
}

// backoff is how long after the nth failed attempt the next one is due: 200 ms, 400 ms, … 15 min.
func backoff(attempt int) time.Duration {
	wait := firstBackoff
	for i := 1; i < attempt && wait < maxBackoff; i++ {
		wait *= 2
	}
	return min(wait, maxBackoff)
}

// line is callbacks in the order in which they are to be posted.
type line struct {
	list []*posting
	next int
}

func (l *line) add(p *posting) { l.list = append(l.list, p) }

func (l *line) len() int { return len(l.list) - l.next }

// take takes the first n out. The slice is the taker's.
func (l *line) take(n int) []*posting {
	first := append([]*posting(nil), l.list[l.next:l.next+n]...)
	l.next += n
	if l.next > len(l.list)/2 {
		l.list = append([]*posting(nil), l.list[l.next:]...)
		l.next = 0
	}
	return first
}
