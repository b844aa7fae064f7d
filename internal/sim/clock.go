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

// CheckClock says all that is wrong with a change of the clock.
func (s *Sim) CheckClock(want clock.Change) error {
	return s.clock.Check(want) //nolint:wrapcheck // it says it all
}

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
// A receiver that does not answer holds up the clock for two seconds once, and is then asked now and then whether it is back.
// Back, nothing happens, and what is scheduled keeps its time. When ctx ends or the simulator is reset, the clock stays where it
// got to.
func (s *Sim) SetTime(ctx context.Context, t time.Time) error {
	return s.move(ctx, func(time.Time) time.Time { return t })
}

func (s *Sim) move(ctx context.Context, target func(now time.Time) time.Time) error {
	ctx, done := s.begin(ctx)
	defer done()
	if err := s.hold(ctx); err != nil {
		return fmt.Errorf("move the clock: %w", err)
	}
	defer s.rouse() // Run has looked away meanwhile
	defer func() { <-s.stepping }()
	release := s.clock.Hold()
	defer release()
	to := target(s.clock.Now())
	if err := clock.CheckTime(to); err != nil {
		return err //nolint:wrapcheck // it says it all
	}
	if err := s.settle(ctx); err != nil {
		return err
	}
	receivers := &patience{silent: map[string]time.Time{}}
	for s.step(ctx, to, receivers) {
		if ctx.Err() != nil {
			return fmt.Errorf("move the clock: %w", context.Cause(ctx))
		}
	}
	s.clock.Jump(to)
	return nil
}

// errReset ends what is under way when a simulator is reset.
var errReset = errors.New("the simulator was reset")

// move is one change of the clock that a reset can end.
type move struct{ end context.CancelCauseFunc }

// begin makes a context for a move, which ends when the simulator is reset.
func (s *Sim) begin(ctx context.Context) (moving context.Context, done func()) {
	moving, end := context.WithCancelCause(ctx)
	m := &move{end: end}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.moves[m] = true
	return moving, func() {
		end(nil)
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.moves, m)
	}
}

// hold waits until nobody else runs the schedule. Who holds it takes itself out of the channel again.
func (s *Sim) hold(ctx context.Context) error {
	select {
	case s.stepping <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx) //nolint:wrapcheck // the caller says what it was for
	}
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
func (s *Sim) step(ctx context.Context, to time.Time, receivers *patience) bool {
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
		s.post(ctx, p, receivers)
	}
	return due || len(ready) > 0
}
