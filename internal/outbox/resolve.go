package outbox

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/waypost/waypost/internal/wa"
)

const (
	// uncertainAfter is how long a status is waited for: with a median of two
	// seconds hardly one comes later, and a one-time code is still good.
	uncertainAfter = 2 * time.Minute
	// doubtBatch is how many uncertain messages are looked at at a time. What is
	// decided of them is kept side by side, so that they share a flush.
	doubtBatch = 256
	// firstLook to lastLook is how long to wait before the next look at a message
	// that is held; streamLook is the longest while its stream is not proven. In
	// between it is a quarter of its age, so that old ones cost little.
	firstLook  = 5 * time.Second
	streamLook = 5 * time.Minute
	lastLook   = 24 * time.Hour
	lookPart   = 4
	// historyPart is the part of the patience that a status is given after the
	// attempt before Meta is asked for its list.
	historyPart = 8
)

// resolver settles uncertain messages that no status has settled: by Meta's list of
// messages, and, once the time for a status is over, by the policy of their source.
// Nothing is decided while a status may still be on its way; see wa.Doubt.
type resolver struct {
	*Outbox
	// noted is since when callbacks are taken in, as the store has it.
	noted     time.Time
	histories map[string]*historyState
}

// resolve runs until ctx ends.
func (o *Outbox) resolve(ctx context.Context) {
	if o.Doubts == nil {
		return
	}
	r := &resolver{Outbox: o, histories: map[string]*historyState{}}
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		wait := o.poll
		more, err := r.look(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			o.Logger.LogAttrs(ctx, slog.LevelError, "uncertain messages not looked at", slog.Any("err", err))
		case more:
			wait = 0
		}
		timer.Reset(wait)
	}
}

// look looks at the messages that are due, and reports whether there may be more.
func (r *resolver) look(ctx context.Context) (more bool, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = wa.Recovered(p)
		}
	}()
	if since := r.since(); !since.Equal(r.noted) {
		if err := r.Doubts.NoteIntake(ctx, since); err != nil {
			return false, err
		}
		r.noted = since
	}
	due, err := r.Doubts.DueDoubts(ctx, doubtBatch)
	if err != nil || len(due) == 0 {
		return false, err
	}
	// One limit for all numbers: the policies must not wait for lists that hang.
	asking, cancel := context.WithTimeout(ctx, historyLimit)
	defer cancel()
	policies := map[sourceKey]wa.Source{}
	var later []wa.Doubt
	var resolved []decision
	for _, group := range byNumber(due) {
		stream, err := r.Doubts.StatusStream(ctx, group[0].Message.AccountID, group[0].Message.NumberID)
		if err != nil {
			return false, err
		}
		stream.IntakeSince = r.noted
		proofs := r.fromHistory(asking, group)
		for _, d := range group {
			res := wa.Resolution{As: wa.StatusSent, By: wa.DeciderHistory, Attempt: d.Message.Attempt, WAMID: proofs[d.Message.ID]}
			if res.WAMID == "" {
				res, d.LookAt = r.decide(ctx, d, stream, policies)
			}
			if res.As == "" {
				later = append(later, d)
				continue
			}
			resolved = append(resolved, decision{d.Message, res})
		}
	}
	r.keep(ctx, resolved)
	return len(due) == doubtBatch, r.Doubts.PutOffDoubts(ctx, later)
}

func (r *resolver) since() time.Time {
	if r.IntakeSince == nil {
		return time.Time{}
	}
	return r.IntakeSince()
}

// byNumber groups doubts by account and number, in their order.
func byNumber(all []wa.Doubt) [][]wa.Doubt {
	type number struct {
		account wa.AccountID
		id      string
	}
	var groups [][]wa.Doubt
	place := map[number]int{}
	for _, d := range all {
		key := number{d.Message.AccountID, d.Message.NumberID}
		i, known := place[key]
		if !known {
			i = len(groups)
			place[key] = i
			groups = append(groups, nil)
		}
		groups[i] = append(groups[i], d)
	}
	return groups
}

// sourceKey names a source.
type sourceKey struct {
	account wa.AccountID
	id      wa.SourceID
}

// decide says what becomes of a message, or when to look again.
func (r *resolver) decide(ctx context.Context, d wa.Doubt, s wa.Stream, sources map[sourceKey]wa.Source) (res wa.Resolution, at time.Time) {
	now := r.Now()
	switch d.Wait(s, r.UncertainAfter, now) {
	case wa.WaitDeadline:
		deadline := d.Deadline(s, r.UncertainAfter)
		if look := d.Attempt.EndedAt.Add(r.UncertainAfter / historyPart); r.History != nil && now.Before(look) && look.Before(deadline) {
			return res, look
		}
		return res, deadline
	case wa.WaitIntake, wa.WaitStream, wa.WaitCallbacks:
		return res, now.Add(lookAfter(now.Sub(d.Message.DispatchedAt), streamLook))
	case wa.WaitNothing:
	}
	res = wa.Resolution{By: wa.DeciderPolicy, Attempt: d.Message.Attempt, Deadline: d.Deadline(s, r.UncertainAfter)}
	switch d.Allowed(r.policy(ctx, d.Message, sources), now) {
	case wa.PolicyResend:
		res.As = wa.StatusAccepted
		return res, at
	case wa.PolicyFail:
		res.As, res.Failure = wa.StatusFailed, wa.Unconfirmed()
		return res, at
	case wa.PolicyHold:
	}
	res = wa.Resolution{}
	return res, now.Add(lookAfter(now.Sub(d.Message.DispatchedAt), lastLook))
}

// lookAfter is how long to wait before the next look at a message of an age.
func lookAfter(age, most time.Duration) time.Duration {
	return min(max(age/lookPart, firstLook), most)
}

// policy returns what the source of a message wants done; hold, if it cannot be
// asked.
func (r *resolver) policy(ctx context.Context, m wa.Message, sources map[sourceKey]wa.Source) wa.Policy {
	key := sourceKey{m.AccountID, m.SourceID}
	src, known := sources[key]
	if !known {
		var err error
		if src, err = r.Sources.Source(ctx, m.AccountID, m.SourceID); err != nil {
			if wa.CodeOf(err) != wa.CodeNotFound {
				r.Logger.LogAttrs(ctx, slog.LevelError, "source not read", slog.String("message_id", string(m.ID)), slog.Any("err", err))
			}
			return wa.PolicyHold
		}
		sources[key] = src
	}
	return src.PolicyFor(m.Category)
}

// decision is what becomes of a message.
type decision struct {
	message wa.Message
	as      wa.Resolution
}

// keep records decisions. What cannot be kept now is decided again at the next
// look; what a status has settled meanwhile is left as it is.
func (r *resolver) keep(ctx context.Context, all []decision) {
	var kept sync.WaitGroup
	for _, d := range all {
		kept.Go(func() {
			err := r.Doubts.ResolveMessage(ctx, d.message.AccountID, d.message.ID, d.as)
			if wa.CodeOf(err) == wa.CodeConflict {
				return
			}
			level := slog.LevelWarn // each may be lost, or there twice
			if d.as.By == wa.DeciderHistory {
				level = slog.LevelInfo
			}
			if err != nil {
				level = slog.LevelError
			}
			r.Logger.LogAttrs(ctx, level, "uncertain message resolved", slog.String("message_id", string(d.message.ID)),
				slog.String("number_id", d.message.NumberID), slog.Int("attempt", d.message.Attempt),
				slog.String("as", string(d.as.As)), slog.String("by", string(d.as.By)), slog.Any("err", err))
		})
	}
	kept.Wait()
}
