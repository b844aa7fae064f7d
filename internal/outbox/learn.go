package outbox

import (
	"cmp"
	"context"
	"log/slog"
	"slices"

	"github.com/waypost/waypost/internal/wa"
)

// learn reads what has to be known of the numbers that have something to send. One
// of which it cannot be read goes on with what is known.
func (s *scheduler) learn(ctx context.Context) {
	s.mu.Lock()
	now := s.o.Now()
	var ask []string
	for _, l := range s.due(now) {
		n := l.number
		news := n.told != s.told && !now.Before(n.readFrom) && s.heldUntil(l, now).After(now)
		if n.readAt.IsZero() || now.Sub(n.readAt) >= knownFor || news {
			n.told, n.readAt = s.told, now
			if !slices.Contains(ask, n.line.numberID) {
				ask = append(ask, n.line.numberID)
			}
		}
	}
	s.mu.Unlock()
	for _, id := range ask {
		if err := s.learnNumber(ctx, id); err != nil {
			s.o.Logger.LogAttrs(ctx, slog.LevelWarn, "number not read", slog.String("number_id", id), slog.Any("err", err))
		}
	}
}

// rates are how fast the owners of a line say that it may be; 0 is unknown.
type rates struct {
	set   int // by their sources: the least counts
	known int // by Meta
}

// with adds what a source and Meta say. With the WhatsApp Business app the number
// is slow for everybody, whatever Meta told another account before.
func (r rates) with(src wa.Source, state wa.NumberState) rates {
	if src.Throughput > 0 && (r.set == 0 || src.Throughput < r.set) {
		r.set = src.Throughput
	}
	switch {
	case state.ReadAt.IsZero(): // a callback alone may have told it, and anybody can sign one
	case r.known == wa.ThroughputCoexistence, state.Throughput == wa.ThroughputCoexistence:
		r.known = wa.ThroughputCoexistence
	default:
		r.known = max(r.known, state.Throughput)
	}
	return r
}

// ceiling is how many messages a second a number may have: what its sources say,
// else what Meta said, else what Meta gives every number.
func (r rates) ceiling() int { return cmp.Or(r.set, r.known, wa.ThroughputStandard) }

// learnNumber reads what is known of the lines of a number.
func (s *scheduler) learnNumber(ctx context.Context, id string) error {
	began := s.o.Now()
	sources, err := s.o.Sources.SourcesByNumber(ctx, id)
	if err != nil {
		return err
	}
	states := map[wa.AccountID]wa.NumberState{}
	for _, src := range sources {
		if _, seen := states[src.AccountID]; !seen {
			if states[src.AccountID], err = s.prove(ctx, src.AccountID, id); err != nil {
				return err
			}
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now, speeds := s.o.Now(), map[lineKey]rates{}
	for _, src := range sources {
		l := s.lineOf(src.AccountID, id)
		n, first := s.number(l), false
		if _, seen := speeds[l]; !seen {
			n.tokens, n.readAt, n.readFrom = map[wa.AccountID]wa.Secret{}, now, now.Add((readShare-1)*now.Sub(began))
		}
		if token, seen := n.tokens[src.AccountID]; !seen {
			first, n.tokens[src.AccountID] = true, src.Number.Token
		} else if token != src.Number.Token {
			n.tokens[src.AccountID] = wa.Secret{} // it has several
		}
		if _, known := n.met[src.AccountID]; first && !known {
			n.meets(src.AccountID, src.Number.WABAID)
		}
		speeds[l] = speeds[l].with(src, states[src.AccountID])
	}
	for l, r := range speeds {
		s.number(l).pace.SetCeiling(r.ceiling())
	}
	return nil
}
