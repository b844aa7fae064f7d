package sim

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/waypost/waypost/internal/sim/clock"
)

// ClockState is the simulator's clock as it is shown.
type ClockState = clock.State

// now is the time in the simulator. Everything that looks at a clock looks at this one.
func (s *Sim) now() time.Time { return s.clock.Now() }

// Clock returns the simulator's clock as it is.
func (s *Sim) Clock() ClockState { return s.clock.State() }

// Freeze stops the simulator's clock, and Thaw lets it go on. A frozen clock can be moved.
func (s *Sim) Freeze() { s.clock.Freeze() }

// Thaw lets a frozen clock go on from where it stands.
func (s *Sim) Thaw() {
	s.clock.Thaw()
	s.rouse()
}

// SetSpeed lets simulated time pass so many times as fast as the real one.
func (s *Sim) SetSpeed(times float64) error {
	if err := s.clock.SetSpeed(times); err != nil {
		return err //nolint:wrapcheck // it says it all
	}
	s.rouse()
	return nil
}

// Advance moves the clock forward by d, as [Sim.SetTime] does.
func (s *Sim) Advance(ctx context.Context, d time.Duration) error {
	if d < 0 {
		return errors.New("advance: give a length of time that is not negative; SetTime moves the clock back")
	}
	return s.move(ctx, func(now time.Time) time.Time { return now.Add(d) })
}

// SetTime sets the clock. Forward, everything that becomes due happens at its own time and in order, and each callback is made,
// one at a time, before time goes on: when SetTime returns, all that was due has been done or has failed. Run need not be running.
// Back, nothing happens, and what is scheduled keeps its time. When ctx ends, the clock stays where it got to.
func (s *Sim) SetTime(ctx context.Context, t time.Time) error {
	return s.move(ctx, func(time.Time) time.Time { return t })
}

func (s *Sim) move(ctx context.Context, target func(now time.Time) time.Time) error {
	s.stepping.Lock()
	defer s.rouse() // Run has looked away meanwhile
	defer s.stepping.Unlock()
	release := s.clock.Hold()
	defer release()
	to := target(s.clock.Now())
	if err := s.settle(ctx); err != nil {
		return err
	}
	for s.step(ctx, to) {
		if ctx.Err() != nil {
			return fmt.Errorf("move the clock: %w", context.Cause(ctx))
		}
	}
	s.clock.Jump(to)
	return nil
}

// settle waits for the posts that Run has begun.
func (s *Sim) settle(ctx context.Context) error {
	for {
		if s.inFlight.Load() == 0 {
			return nil
		}
		select {
		case <-s.settled:
		case <-ctx.Done():
			return fmt.Errorf("move the clock: callbacks are under way: %w", context.Cause(ctx))
		}
	}
}

// step posts what is ready. When nothing is, it goes to the next time, up to the given one, at which something is due, and does it.
// It returns false when there is nothing more to do.
func (s *Sim) step(ctx context.Context, to time.Time) bool {
	s.mu.Lock()
	ready := s.ready.take(s.ready.len())
	next, ok := s.schedule.Next()
	due := len(ready) == 0 && ok && !next.After(to)
	if due {
		if next.After(s.clock.Now()) {
			s.clock.Jump(next)
		}
		for s.schedule.RunNext(next) {
			continue
		}
	}
	s.inFlight.Add(int32(len(ready))) //nolint:gosec // not that many
	s.mu.Unlock()
	for _, p := range ready {
		s.post(ctx, p)
	}
	return due || len(ready) > 0
}
