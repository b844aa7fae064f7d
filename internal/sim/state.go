package sim

import (
	"context"
	"errors"
	"fmt"

	"github.com/waypost/waypost/internal/sim/ledger"
	"github.com/waypost/waypost/internal/sim/template"
)

// Ledger is the record of what was sent, called back and done wrong.
func (s *Sim) Ledger() *ledger.Ledger { return s.ledger }

// Snapshot is all that matters of the simulator's state, in an order and with contents that depend on what was asked of it alone.
// Times are there when the clock is a simulated one.
type Snapshot struct {
	Clock     *ClockState         `json:"clock,omitempty"`
	Profile   string              `json:"profile"`
	Phones    []Phone             `json:"phones"`
	Templates []template.Template `json:"templates"`
	ledger.Snapshot
}

// Snapshot makes a snapshot.
func (s *Sim) Snapshot() Snapshot {
	state := s.Clock()
	simulated := !state.Real && state.Frozen
	snap := Snapshot{
		Profile: s.faults.Profile().Name, Phones: s.Phones(), Templates: s.templates.List(template.Filter{}),
		Snapshot: s.ledger.Snapshot(simulated),
	}
	if simulated {
		snap.Clock = &state
	}
	return snap
}

// Reset lets the same run begin again: the same requests then get the same answers and ids. It forgets messages, callbacks,
// violations, phones, all that was counted, media, uploads, groups, QR codes, and the profiles and blocked users of the business
// numbers. Templates are those of a new simulator, whatever was added, edited or paused. What is under way is given up, a move of
// the clock too. Scripts and faults stay and have answered and happened no time; so do the settings of phones, the limits, the
// profile, the clock, the receiver of callbacks and the business numbers. The numbers of messages go on, so that nobody waits for
// ever. It waits for the posts that have begun.
func (s *Sim) Reset(ctx context.Context) error {
	s.mu.Lock()
	for m := range s.moves {
		m.end(errReset)
	}
	s.mu.Unlock()
	if err := s.hold(ctx); err != nil {
		return fmt.Errorf("reset: %w", err)
	}
	defer s.rouse()
	defer func() { <-s.stepping }()
	if err := s.settle(ctx); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.schedule.Clear(upkeep)
	s.schedule.Clear(traffic)
	if err := errors.Join(s.media.Reset(), s.scripts.Replace(s.scripts.List())); err != nil {
		return fmt.Errorf("reset: %w", err)
	}
	s.random = newRandom(s.base)
	s.groups.Reset()
	s.codes.Reset()
	s.records.Reset(recordIDs(s.base))
	s.templates.Reset(s.accounts.Accounts(), templateIDs(s.base))
	s.ready = line{}
	clear(s.held)
	clear(s.batches)
	s.counter.Reset()
	s.book.Reset()
	s.ledger.Reset()
	s.faults.Reset()
	s.throughput.Reset()
	s.pairs.Reset()
	return nil
}
