package sqlstore

import (
	"context"
	"fmt"
	"time"

	"github.com/waypost/waypost/internal/store"
	"github.com/waypost/waypost/internal/wa"
)

// updatesAtOnce is how many updates one transaction applies, so that messages do
// not wait long behind a callback. It takes some 50 ms on a small machine.
const updatesAtOnce = 100

// addressed is an update for an account.
type addressed struct {
	account wa.AccountID
	update  wa.Update
}

func flat(all []wa.AccountUpdates) []addressed {
	var list []addressed
	for _, account := range all {
		for _, u := range account.Updates {
			list = append(list, addressed{account.AccountID, u})
		}
	}
	return list
}

// SettleCallback implements [store.Inbox].
func (s *Store) SettleCallback(ctx context.Context, c wa.Callback, all []wa.AccountUpdates) error {
	list := flat(all)
	for {
		n := min(len(list), updatesAtOnce)
		step, last := list[:n], n == len(list)
		err := s.writer.write(ctx, func(t *tx) error {
			if err := t.holdCallback(c, last, s.now().Add(store.StepLease)); err != nil {
				return err
			}
			return s.applyAll(t, c, step)
		})
		if err != nil || last {
			return err
		}
		list = list[n:]
	}
}

// SettleCallbacks implements [store.Inbox].
func (s *Store) SettleCallbacks(ctx context.Context, all []store.Decoded) []error {
	errs := make([]error, len(all))
	for begin := 0; begin < len(all); {
		n := together(all[begin:])
		group := all[begin : begin+n]
		if n == 1 || s.settleGroup(ctx, group) != nil {
			for i, d := range group { // so that one does not keep the others
				errs[begin+i] = s.SettleCallback(ctx, d.Callback, d.Updates)
			}
		}
		begin += n
	}
	return errs
}

// together is how many of the first callbacks fit into one transaction; at least
// one.
func together(all []store.Decoded) int {
	updates := 0
	for i, d := range all {
		for _, account := range d.Updates {
			updates += len(account.Updates)
		}
		if updates > updatesAtOnce {
			return max(i, 1)
		}
	}
	return len(all)
}

func (s *Store) settleGroup(ctx context.Context, group []store.Decoded) error {
	return s.writer.write(ctx, func(t *tx) error {
		for _, d := range group {
			if err := t.holdCallback(d.Callback, true, time.Time{}); err != nil {
				return err
			}
			if err := s.applyAll(t, d.Callback, flat(d.Updates)); err != nil {
				return err
			}
		}
		return nil
	})
}

// holdCallback checks the claim on a callback, and ends it with its last step; with
// another one it holds it until then at least.
func (t *tx) holdCallback(c wa.Callback, last bool, until time.Time) error {
	n, err := t.exec(`UPDATE callbacks SET state = CASE WHEN $3 THEN 'done' ELSE state END, claimed = CASE WHEN $3 THEN 0 ELSE 1 END,
		due_at = CASE WHEN $3 THEN due_at ELSE max(due_at, $4) END
		WHERE id = $1 AND claim = $2 AND claimed = 1 AND state = 'new'`, c.ID, c.Claim, last, micros(until))
	if err == nil && n == 0 {
		return store.ErrLeaseLost
	}
	return wrap("settle callback", err)
}

func (s *Store) applyAll(t *tx, c wa.Callback, list []addressed) error {
	for _, a := range list {
		if err := s.apply(t, a.account, c, a.update); err != nil {
			return fmt.Errorf("apply callback: %w", err)
		}
		t.hear(a.account, a.update.NumberID, c.ReceivedAt)
	}
	if err := t.keepHeard(); err != nil {
		return err
	}
	return t.keepProof(s.now())
}
