package outbox

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/waypost/waypost/internal/store"
	"github.com/waypost/waypost/internal/wa"
)

// History is Meta's list of what became of a number's messages. Not every account
// has it.
type History interface {
	// MessageHistory lists the messages back to a time. An error that is a
	// *wa.OutcomeError says by its kind whether to ask again.
	MessageHistory(ctx context.Context, n wa.Number, since time.Time) (wa.History, error)
}

const (
	// historyRest to historyRestMost is how long a number's list is left alone
	// after it was read: twice as long each time that it told nothing.
	historyRest     = time.Minute
	historyRestMost = time.Hour
	// historyOff is how long it is left alone if Meta says that there is none.
	historyOff = time.Hour
	// unnamedReach is how far before the first of the messages an attempt may have
	// been begun that the list tells of only now.
	unnamedReach = 24 * time.Hour
	// historyLimit is how long the lists of one look may take.
	historyLimit = 20 * time.Second
	// acceptedWithin is how long after the begin of an attempt the first event of
	// what it sent may lie: a send takes ten minutes at most, and Meta a moment.
	acceptedWithin = 15 * time.Minute
)

// historyState is when a number's list may be read again.
type historyState struct {
	from time.Time
	rest time.Duration
}

// fromHistory returns the wamids under which Meta has messages of a number. A list
// does not say whose a message is, so one is proof only if it is the only one that
// could be this message, and this message the only one that could be it.
func (r *resolver) fromHistory(ctx context.Context, group []wa.Doubt) map[wa.MessageID]string {
	if r.History == nil {
		return nil
	}
	number := group[0].Message.NumberID
	state := r.histories[number]
	if state == nil {
		state = &historyState{rest: historyRest}
		r.histories[number] = state
	}
	now := r.Now()
	group, since := askable(group, now.Add(-r.UncertainAfter/historyPart))
	if len(group) == 0 || now.Before(state.from) {
		return nil
	}
	proofs, err := r.search(ctx, group, since)
	state.from = now.Add(state.rest)
	switch {
	case err != nil:
		state.from = now.Add(r.historyPause(ctx, number, err))
	case len(proofs) == 0:
		state.rest = min(2*state.rest, historyRestMost)
	default:
		state.rest = historyRest
	}
	return proofs
}

// askable returns the messages that a list may tell of: those to a phone number
// whose attempt ended before a time. Since is when the first of them was begun.
func askable(group []wa.Doubt, before time.Time) (rest []wa.Doubt, since time.Time) {
	for _, d := range group {
		if d.Message.Recipient.Kind != wa.Individual || d.Attempt.EndedAt.After(before) {
			continue
		}
		if began := second(d.Message.DispatchedAt); len(rest) == 0 || began.Before(since) {
			since = began
		}
		rest = append(rest, d)
	}
	return rest, since
}

// second cuts a time to Meta's, which has whole seconds.
func second(t time.Time) time.Time { return t.Truncate(time.Second) }

// historyPause is how long a number's list is left alone after an error.
func (r *resolver) historyPause(ctx context.Context, number string, err error) time.Duration {
	pause := historyRest
	if e, ok := errors.AsType[*wa.OutcomeError](err); ok {
		pause = max(pause, e.Outcome.After)
		if e.Outcome.Kind == wa.OutcomeRejected || e.Outcome.Kind == wa.OutcomeMisconfigured {
			pause = historyOff
		}
	}
	r.Logger.LogAttrs(ctx, slog.LevelInfo, "message history not read", slog.String("number_id", number),
		slog.Duration("after", pause), slog.Any("err", err))
	return pause
}

// search reads the list and finds the messages in it.
func (r *resolver) search(ctx context.Context, group []wa.Doubt, since time.Time) (map[wa.MessageID]string, error) {
	first := group[0].Message
	n, ok, err := r.ownNumber(ctx, first)
	if err != nil || !ok {
		return nil, err
	}
	list, err := r.History.MessageHistory(ctx, n, since)
	if err != nil || !list.Whole {
		return nil, err // in what is missing there may be one that fits as well
	}
	// What was sent to a person, by any program, in the order of the list.
	entries := map[string][]wa.HistoryEntry{}
	for _, e := range list.Entries {
		if e.Digits != "" && !e.First.Before(since) {
			key := wa.ContactKey(e.Digits)
			entries[key] = append(entries[key], e)
		}
	}
	// Asked after the list: what was under way then has a name by now, or is among
	// these.
	others, err := r.Doubts.UnnamedAttempts(ctx, first.AccountID, n.ID, since.Add(-unnamedReach))
	if err != nil {
		return nil, err
	}
	proofs := map[wa.MessageID]string{}
	for _, d := range group {
		wamid, err := r.proof(ctx, d, entries[wa.ContactKey(d.Message.Recipient.ID)], others)
		if err != nil {
			return nil, err
		}
		if wamid != "" {
			proofs[d.Message.ID] = wamid
		}
	}
	return proofs, nil
}

// ownNumber returns the number of a message, unless others write with it too,
// accounts or a person in the WhatsApp Business app: what they have sent is not ours
// to know.
func (r *resolver) ownNumber(ctx context.Context, m wa.Message) (n wa.Number, ok bool, err error) {
	if r.Numbers != nil {
		known, err := r.Numbers.Number(ctx, m.AccountID, m.NumberID)
		if err != nil && wa.CodeOf(err) != wa.CodeNotFound || known.Coexistence {
			return n, false, err
		}
	}
	all, err := r.Sources.SourcesByNumber(ctx, m.NumberID)
	for _, src := range all {
		if src.AccountID != m.AccountID {
			return n, false, nil
		}
		if src.ID == m.SourceID {
			n, ok = src.Number, true
		}
	}
	return n, ok, err
}

// proof returns the wamid of a message, if just one of those that Meta has of its
// recipient can be it.
func (r *resolver) proof(ctx context.Context, d wa.Doubt, entries []wa.HistoryEntry, others []store.Unnamed) (string, error) {
	m := d.Message
	var fits []wa.HistoryEntry
	for _, e := range entries {
		if e.First.Before(second(m.DispatchedAt)) || e.First.After(m.DispatchedAt.Add(acceptedWithin)) {
			continue // somebody else's, who writes to the same people
		}
		known, err := r.Doubts.KnowsWAMID(ctx, m.AccountID, e.WAMID)
		if err != nil {
			return "", err
		}
		if !known {
			fits = append(fits, e)
		}
	}
	if len(fits) != 1 {
		return "", nil
	}
	for _, u := range others {
		same := u.Attempt.MessageID == m.ID && u.Attempt.Number == m.Attempt
		if !same && !second(u.Attempt.BeganAt).After(fits[0].First) && maybeTo(u, m) {
			return "", nil
		}
	}
	return fits[0].WAMID, nil
}

// maybeTo reports whether an attempt may have gone to the recipient of m: who is
// named by a user id may be anybody.
func maybeTo(u store.Unnamed, m wa.Message) bool {
	switch u.Recipient.Kind {
	case wa.Individual:
		return wa.ContactKey(u.Recipient.ID) == wa.ContactKey(m.Recipient.ID)
	case wa.User:
		return true
	case wa.Group:
	}
	return false
}
