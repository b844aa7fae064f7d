package sim

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/waypost/waypost/internal/sim/fault"
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

func (s *Sim) resetAll(w http.ResponseWriter, r *http.Request) error {
	if err := s.Reset(r.Context()); err != nil {
		return tell(http.StatusServiceUnavailable, "%s", err)
	}
	return writeJSON(w, http.StatusOK, map[string]string{"status": "ok"})
}

func (s *Sim) showSnapshot(w http.ResponseWriter, _ *http.Request) error {
	return writeJSON(w, http.StatusOK, s.Snapshot())
}

func (s *Sim) showLedgerMessages(w http.ResponseWriter, r *http.Request) error {
	return showEntries(w, r, "messages", s.ledger.Messages, func(c ledger.Counts) ledger.Count { return c.Messages }, s.ledger)
}

func (s *Sim) showLedgerCallbacks(w http.ResponseWriter, r *http.Request) error {
	return showEntries(w, r, "callbacks", s.ledger.Callbacks, func(c ledger.Counts) ledger.Count { return c.Callbacks }, s.ledger)
}

func (s *Sim) showViolations(w http.ResponseWriter, r *http.Request) error {
	return showEntries(w, r, "violations", s.ledger.Violations, func(c ledger.Counts) ledger.Count { return c.Violations }, s.ledger)
}

// showEntries writes the entries that the query chooses, as one object or, with format=jsonl, as a line each.
func showEntries[T any](
	w http.ResponseWriter, r *http.Request, name string, choose func(ledger.Filter) []T, count func(ledger.Counts) ledger.Count,
	l *ledger.Ledger,
) error {
	filter, err := ledger.ReadFilter(r.URL.Query())
	if err != nil {
		return tell(http.StatusBadRequest, "%s", err)
	}
	list := choose(filter)
	switch format := r.URL.Query().Get("format"); format {
	case "", "json":
		n := count(l.Counts())
		return writeJSON(w, http.StatusOK, map[string]any{name: list, "recorded": n.Recorded, "dropped": n.Dropped})
	case "jsonl":
	default:
		return tell(http.StatusBadRequest, "format: give json or jsonl")
	}
	w.Header().Set("Content-Type", "application/x-ndjson")
	enc := json.NewEncoder(w)
	for i := range list {
		if err := enc.Encode(list[i]); err != nil {
			return fmt.Errorf("write entries: %w", err)
		}
	}
	return nil
}

func (s *Sim) showFaults(w http.ResponseWriter, _ *http.Request) error {
	return writeJSON(w, http.StatusOK, map[string]any{"profile": s.faults.Profile(), "script": s.faults.Script()})
}

// putFaults takes the script, a list of rules.
func (s *Sim) putFaults(w http.ResponseWriter, r *http.Request) error {
	var rules []fault.Rule
	if err := readControl(w, r, &rules); err != nil {
		return err
	}
	if err := s.SetFaults(rules); err != nil {
		return tell(http.StatusBadRequest, "%s", strings.ReplaceAll(err.Error(), "\n", "; "))
	}
	return s.showFaults(w, r)
}

func (s *Sim) putProfile(w http.ResponseWriter, r *http.Request) error {
	var wish struct {
		Profile string `json:"profile"`
	}
	if err := readControl(w, r, &wish); err != nil {
		return err
	}
	if err := s.SetProfile(wish.Profile); err != nil {
		return tell(http.StatusBadRequest, "%s", err)
	}
	return s.showFaults(w, r)
}

func (s *Sim) showLimits(w http.ResponseWriter, _ *http.Request) error {
	return writeJSON(w, http.StatusOK, map[string]any{
		"throughput": s.perSecond.Load(), "enforce": s.EnforcesLimits(), "broken": s.ledger.Counts().Broken,
	})
}

func (s *Sim) putLimits(w http.ResponseWriter, r *http.Request) error {
	var wish struct {
		Throughput int   `json:"throughput"`
		Enforce    *bool `json:"enforce"`
	}
	if err := readControl(w, r, &wish); err != nil {
		return err
	}
	if err := s.SetLimits(wish.Throughput, wish.Enforce); err != nil {
		return tell(http.StatusBadRequest, "%s", err)
	}
	return s.showLimits(w, r)
}
