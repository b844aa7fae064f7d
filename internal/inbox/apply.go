package inbox

import (
	"context"
	"log/slog"

	"github.com/waypost/waypost/internal/store"
	"github.com/waypost/waypost/internal/wa"
	"github.com/waypost/waypost/internal/work"
)

// updatesInHand is from how many updates on callbacks are applied before the next
// ones are decoded, so that few large ones are in memory at a time.
const updatesInHand = 1000

// claim takes up to limit batches. A batch is applied as a whole, because a
// transaction and its flush cost as much for one callback as for many. While one
// takes long it takes none: it would be given those whose lease has run out in hand,
// and take them from itself for ever.
func (in *Inbox) claim(ctx context.Context, limit int) ([][]wa.Callback, error) {
	var batches [][]wa.Callback
	for range limit {
		now := in.Now()
		if in.held.old(now) {
			break
		}
		batch, err := in.Store.ClaimCallbacks(ctx, width, lease)
		if err != nil {
			return batches, err
		}
		if len(batch) > 0 {
			in.held.begin(now)
			batches = append(batches, batch)
		}
		if len(batch) < width {
			break
		}
	}
	return batches, nil
}

// read is a callback with what it says.
type read struct {
	store.Decoded

	updates, foreign int
}

// apply applies callbacks in their order.
func (in *Inbox) apply(ctx context.Context, batch []wa.Callback) {
	defer in.held.end()
	sources := in.remembering()
	all, updates := make([]read, 0, len(batch)), 0
	for _, c := range batch {
		r, ok := in.read(ctx, c, sources)
		if !ok {
			continue
		}
		all, updates = append(all, r), updates+r.updates
		if updates >= updatesInHand {
			in.settle(ctx, all)
			clear(all)
			all, updates = all[:0], 0
		}
	}
	in.settle(ctx, all)
}

// settle applies what callbacks say.
func (in *Inbox) settle(ctx context.Context, all []read) {
	decoded := make([]store.Decoded, len(all))
	for i, r := range all {
		decoded[i] = r.Decoded
	}
	for i, err := range in.Store.SettleCallbacks(ctx, decoded) {
		in.applied(ctx, all[i], err)
	}
}

// read decodes a callback and finds whose it is. It reports false for one that it
// put off, and for one at which the decoder panicked: its lease runs out, and the
// others are applied.
func (in *Inbox) read(ctx context.Context, c wa.Callback, sources Sources) (r read, ok bool) {
	defer func() {
		if p := recover(); p != nil {
			failed := wa.Recovered(p)
			in.Logger.LogAttrs(ctx, slog.LevelError, "callback panicked", slog.String("callback_id", string(c.ID)),
				slog.Any("err", failed), slog.String("stack", failed.Stack))
			r, ok = read{}, false
		}
	}()
	updates, err := in.Decode(c.Body)
	if err != nil {
		in.putOff(ctx, c, 0, true, err)
		return r, false
	}
	all, foreign, err := in.byAccount(ctx, c, updates, sources)
	if err != nil {
		in.tryAgain(ctx, c, err)
		return r, false
	}
	return read{store.Decoded{Callback: c, Updates: all}, len(updates), foreign}, true
}

// applied tells what became of a callback.
func (in *Inbox) applied(ctx context.Context, r read, err error) {
	c := r.Callback
	if err != nil {
		in.tryAgain(ctx, c, err)
		return
	}
	in.tellFailed(ctx, c, r.Updates)
	in.tellCame(c, r.Updates)
	in.Logger.LogAttrs(ctx, slog.LevelInfo, "callback applied", slog.String("callback_id", string(c.ID)),
		slog.Int("updates", r.updates), slog.Int("foreign", r.foreign), slog.Int("attempt", c.Attempts),
		slog.Int64("age_ms", in.Now().Sub(c.ReceivedAt).Milliseconds()))
}

func (in *Inbox) tryAgain(ctx context.Context, c wa.Callback, cause error) {
	in.putOff(ctx, c, work.Backoff(c.Attempts, firstRetry, lastRetry), false, cause)
}

// rememberedSources are sources that are read once for a batch, in which most callbacks
// are about the same number.
type rememberedSources struct {
	Sources

	known map[subject][]wa.Source
}

func (in *Inbox) remembering() *rememberedSources {
	return &rememberedSources{Sources: in.Sources, known: map[subject][]wa.Source{}}
}

// SourcesByNumber implements [Sources].
func (r *rememberedSources) SourcesByNumber(ctx context.Context, numberID string) ([]wa.Source, error) {
	return r.find(subject{numberID: numberID}, func() ([]wa.Source, error) { return r.Sources.SourcesByNumber(ctx, numberID) })
}

// SourcesByWABA implements [Sources].
func (r *rememberedSources) SourcesByWABA(ctx context.Context, wabaID string) ([]wa.Source, error) {
	return r.find(subject{wabaID: wabaID}, func() ([]wa.Source, error) { return r.Sources.SourcesByWABA(ctx, wabaID) })
}

func (r *rememberedSources) find(about subject, read func() ([]wa.Source, error)) ([]wa.Source, error) {
	if all, known := r.known[about]; known {
		return all, nil
	}
	all, err := read()
	if err == nil {
		r.known[about] = all
	}
	return all, err
}
