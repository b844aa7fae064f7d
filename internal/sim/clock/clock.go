package clock

import (
	"sync"
	"time"
)

// longestWait is the most that Wait tells; who waited that long asks once more.
const longestWait = 365 * 24 * time.Hour

// Clock is simulated time. It begins as the real time, and once it is touched stays between the years 2000 and 2200. Its methods
// may be called from many goroutines.
type Clock struct {
	mu     sync.Mutex
	moved  bool      // false while this is the real time
	at     time.Time // the simulated time …
	since  time.Time // … at this real one
	speed  float64
	frozen bool
	held   int // how many want it to stand still for a while, beside frozen
}

// State is a clock as it is shown.
type State struct {
	Now    time.Time `json:"now"`
	Frozen bool      `json:"frozen"`
	Speed  float64   `json:"speed"` // simulated seconds in a real one
	Real   bool      `json:"real"`  // it was never touched
}

// New makes a clock that shows the real time.
func New() *Clock { return &Clock{speed: 1} }

// Now is the simulated time, in UTC.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now()
}

func (c *Clock) now() time.Time {
	switch {
	case !c.moved:
		return time.Now().UTC()
	case c.frozen || c.held > 0:
		return c.at
	}
	passed := time.Since(c.since)
	if c.speed != 1 {
		fast := float64(passed) * c.speed
		if fast >= float64(last().Sub(c.at)) {
			return last() // and not what does not fit into a duration
		}
		passed = time.Duration(fast)
	}
	return within(c.at.Add(passed))
}

// anchor notes the present, so that the way in which time goes on can change.
func (c *Clock) anchor() {
	c.at, c.since, c.moved = c.now().Round(0), time.Now(), true // Round takes off the reading of the real clock
}

// State returns the clock as it is.
func (c *Clock) State() State {
	c.mu.Lock()
	defer c.mu.Unlock()
	return State{Now: c.now(), Frozen: c.frozen, Speed: c.speed, Real: !c.moved}
}

// Freeze stops the clock. It can still be moved.
func (c *Clock) Freeze() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.anchor()
	c.frozen = true
}

// Thaw lets a frozen clock go on from where it stands.
func (c *Clock) Thaw() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.anchor()
	c.frozen = false
}

// SetSpeed lets simulated time pass so many times as fast as the real one, from now on. It refuses what is not between a
// thousandth and an hour in a tenth of a second.
func (c *Clock) SetSpeed(times float64) error {
	if err := checkSpeed(times); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.anchor()
	c.speed = times
	return nil
}

// Jump sets the clock, forward or back. Nothing is fired by it. It goes no further than [CheckTime] allows.
func (c *Clock) Jump(to time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.anchor()
	c.at = within(to.UTC().Round(0))
}

// Hold makes the clock stand still until release is called, once. Meanwhile it moves by Jump alone.
func (c *Clock) Hold() (release func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.anchor()
	c.held++
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.anchor()
		c.held--
	}
}

// Wait is the real time until the simulated one is t, at least 0 and at most a year. It returns false while the clock stands, and
// for a time after the last one that it can show.
func (c *Clock) Wait(t time.Time) (time.Duration, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	span := t.Sub(c.now())
	if span <= 0 {
		return 0, true
	}
	if c.frozen || c.held > 0 || c.moved && t.After(last()) {
		return 0, false
	}
	if c.speed == 1 {
		return min(span, longestWait), true
	}
	wait := float64(span)/c.speed + 1 // rounded up, or it would be asked once more
	return time.Duration(min(wait, float64(longestWait))), true
}
