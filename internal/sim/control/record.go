package control

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/waypost/waypost/internal/sim/face"
	"github.com/waypost/waypost/internal/sim/fault"
	"github.com/waypost/waypost/internal/sim/ledger"
)

func (s *server) resetAll(w http.ResponseWriter, r *http.Request) error {
	if err := s.Reset(r.Context()); err != nil {
		return tell(http.StatusServiceUnavailable, "%s", err)
	}
	return face.WriteJSON(w, http.StatusOK, map[string]string{"status": "ok"})
}

func (s *server) showSnapshot(w http.ResponseWriter, _ *http.Request) error {
	snapshot, err := s.SnapshotJSON()
	if err != nil {
		return err //nolint:wrapcheck // it says it all
	}
	return face.WriteJSON(w, http.StatusOK, json.RawMessage(snapshot))
}

func (s *server) showLedgerMessages(w http.ResponseWriter, r *http.Request) error {
	return showEntries(w, r, "messages", s.Ledger().Messages, func(c ledger.Counts) ledger.Count { return c.Messages }, s.Ledger())
}

func (s *server) showLedgerCallbacks(w http.ResponseWriter, r *http.Request) error {
	return showEntries(w, r, "callbacks", s.Ledger().Callbacks, func(c ledger.Counts) ledger.Count { return c.Callbacks }, s.Ledger())
}

func (s *server) showViolations(w http.ResponseWriter, r *http.Request) error {
	return showEntries(w, r, "violations", s.Ledger().Violations, func(c ledger.Counts) ledger.Count { return c.Violations }, s.Ledger())
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
		return face.WriteJSON(w, http.StatusOK, map[string]any{name: list, "recorded": n.Recorded, "dropped": n.Dropped})
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

func (s *server) showFaults(w http.ResponseWriter, _ *http.Request) error {
	return face.WriteJSON(w, http.StatusOK, map[string]any{"profile": s.Faults().Profile(), "script": s.Faults().Script()})
}

// putFaults takes the script, a list of rules.
func (s *server) putFaults(w http.ResponseWriter, r *http.Request) error {
	var rules []fault.Rule
	if err := readControl(w, r, &rules); err != nil {
		return err
	}
	if err := s.SetFaults(rules); err != nil {
		return tell(http.StatusBadRequest, "%s", strings.ReplaceAll(err.Error(), "\n", "; "))
	}
	return s.showFaults(w, r)
}

func (s *server) putProfile(w http.ResponseWriter, r *http.Request) error {
	var wish struct {
		Profile string `json:"profile"`
	}
	if err := readControl(w, r, &wish); err != nil {
		return err
	}
	if wish.Profile == "" {
		return tell(http.StatusBadRequest, "profile: give its name")
	}
	if err := s.SetProfile(wish.Profile); err != nil {
		return tell(http.StatusBadRequest, "%s", err)
	}
	return s.showFaults(w, r)
}

func (s *server) showLimits(w http.ResponseWriter, _ *http.Request) error {
	return face.WriteJSON(w, http.StatusOK, map[string]any{
		"throughput": s.Throughput(), "enforce": s.EnforcesLimits(), "broken": s.Ledger().Counts().Broken,
	})
}

// putLimits changes what is named and leaves the rest.
func (s *server) putLimits(w http.ResponseWriter, r *http.Request) error {
	var wish struct {
		Throughput *int            `json:"throughput"`
		Enforce    json.RawMessage `json:"enforce"` // null leaves it to the profile
	}
	if err := readControl(w, r, &wish); err != nil {
		return err
	}
	var enforce *bool
	if wish.Enforce != nil {
		if err := json.Unmarshal(wish.Enforce, &enforce); err != nil {
			return tell(http.StatusBadRequest, "enforce: give true or false, or null for what the profile says")
		}
	}
	if wish.Throughput != nil {
		if err := s.SetThroughput(*wish.Throughput); err != nil {
			return tell(http.StatusBadRequest, "%s", err)
		}
	}
	if wish.Enforce != nil {
		s.EnforceLimits(enforce)
	}
	return s.showLimits(w, r)
}
