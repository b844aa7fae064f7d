package sim

import (
	"context"

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

// Reset forgets messages, callbacks, violations, phones, limits and all that was counted, as if no message had ever been sent: the
// same requests then get the same answers and ids again. What is under way is given up. Numbers, templates, media, the clock, the
// receiver of callbacks and the faults stay as they are.
func (s *Sim) Reset(ctx context.Context) error {
	s.stepping.Lock()
	defer s.stepping.Unlock()
	if err := s.settle(ctx); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.schedule.Clear(traffic)
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
