package clock

import (
	"errors"
	"sync"
	"time"
)

// fastest is the most that time may be sped up: an hour in a tenth of a second.
const fastest = 36_000

// Clock is simulated time. It begins as the real time. Its methods may be called from many goroutines.
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
	case c.speed == 1:
		return c.at.Add(time.Since(c.since))
	}
	return c.at.Add(time.Duration(float64(time.Since(c.since)) * c.speed))
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

// SetSpeed lets simulated time pass so many times as fast as the real one, from now on.
func (c *Clock) SetSpeed(times float64) error {
	if !(times > 0 && times <= fastest) {
		return errors.New("speed: give more than 0 and at most 36000; to stop the clock, freeze it")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.anchor()
	c.speed = times
	return nil
}

// Jump sets the clock, forward or back. Nothing is fired by it.
func (c *Clock) Jump(to time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.anchor()
	c.at = to.UTC().Round(0)
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

// Wait is the real time until the simulated one is t, at least 0. It returns false while the clock stands.
func (c *Clock) Wait(t time.Time) (time.Duration, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	span := t.Sub(c.now())
	if span <= 0 {
		return 0, true
	}
	if c.frozen || c.held > 0 {
		return 0, false
	}
	if c.speed == 1 {
		return span, true
	}
	return time.Duration(float64(span)/c.speed) + 1, true // rounded up, or it would be asked once more
}
