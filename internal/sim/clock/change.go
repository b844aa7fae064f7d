package clock

import (
	"errors"
	"fmt"
	"time"
)

// How fast time may pass.
const (
	slowest = 0.001
	fastest = 36_000 // an hour in a tenth of a second
)

// first and last are the times between which a clock can be set. Spans within them fit into a [time.Duration].
func first() time.Time { return time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC) }
func last() time.Time  { return time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC) }

// Change is what is wanted of a clock. What is nil stays as it is.
type Change struct {
	Freeze  *bool      `json:"freeze"`
	Speed   *float64   `json:"speed"` // simulated seconds in a real one, from 0.001 to 36000
	Set     *time.Time `json:"set"`   // from 2000-01-01 to 2200-01-01
	Advance *Span      `json:"advance"`
}

// Check says all that is wrong with a change of this clock as it stands, so that it can be made whole or not at all.
func (c *Clock) Check(want Change) error {
	var errs []error
	if want.Speed != nil {
		errs = append(errs, checkSpeed(*want.Speed))
	}
	switch {
	case want.Set != nil && want.Advance != nil:
		errs = append(errs, errors.New("give set or advance, not both"))
	case want.Set != nil:
		errs = append(errs, CheckTime(*want.Set))
	case want.Advance != nil && *want.Advance < 0:
		errs = append(errs, errors.New("advance: give a length of time that is not negative; set moves the clock back"))
	case want.Advance != nil:
		errs = append(errs, CheckTime(c.Now().Add(time.Duration(*want.Advance))))
	}
	return errors.Join(errs...)
}

// CheckTime says whether a clock can be set to t. The error tells between which times.
func CheckTime(t time.Time) error {
	if t.Before(first()) || t.After(last()) {
		return fmt.Errorf("the clock goes from %s to %s: %s is not in between",
			first().Format(time.DateOnly), last().Format(time.DateOnly), t.UTC().Format(time.DateOnly))
	}
	return nil
}

func checkSpeed(times float64) error {
	if !(times >= slowest && times <= fastest) { // written so that what is no number is refused too
		return fmt.Errorf("speed: give %v to %d; to stop the clock, freeze it", slowest, fastest)
	}
	return nil
}

// within is the time that is nearest to t and can be set.
func within(t time.Time) time.Time {
	switch {
	case t.Before(first()):
		return first()
	case t.After(last()):
		return last()
	}
	return t
}
