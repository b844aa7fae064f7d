package fault

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/waypost/waypost/internal/sim/draw"
)

// Call is what a rule is held against.
type Call struct {
	On       string
	NumberID string
	Peer     string   // the user or group; empty when there is none
	Types    []string // the type of the message; of a callback its field and its status
	Nth      int      // the how manyth between the two; 0 when that says nothing
	Key      draw.Key // chance for this call: the same call has the same key, whatever else happens
	At       time.Time
}

// Act is what is to be done to a call. The zero value is nothing.
type Act struct {
	Name  string // for the ledger
	Do    string
	Code  Code
	Async bool
	After time.Duration
	Max   int
	Key   draw.Key // chance for whatever else has to be decided
}

// None says whether nothing is to be done.
func (a Act) None() bool { return a.Do == "" }

// Faults holds rules against calls. Its methods may be called from many goroutines.
type Faults struct {
	seed  draw.Key
	magic book

	mu      sync.Mutex
	profile Profile
	script  []*ruleState
	usual   []*ruleState // of the profile
}

type ruleState struct {
	Rule
	calls int
	fired int
	until time.Time // of the storm
}

// New makes Faults of a profile.
func New(seed draw.Key, p Profile) *Faults {
	f := &Faults{seed: seed, magic: newBook()}
	f.SetProfile(p)
	return f
}

// SetProfile changes the profile. The script stays.
func (f *Faults) SetProfile(p Profile) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.profile, f.usual = p, states(p.Rules)
}

// Profile returns the profile.
func (f *Faults) Profile() Profile {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.profile
}

// SetScript replaces the script, whose rules come before those of the profile. It takes all rules or none, and says all that is
// wrong with them.
func (f *Faults) SetScript(rules []Rule) error {
	rules = slices.Clone(rules)
	for i := range rules {
		if err := rules[i].Check(); err != nil {
			return fmt.Errorf("rule %d: %w", i+1, err)
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.script = states(rules)
	return nil
}

// Script returns the script.
func (f *Faults) Script() []Rule {
	f.mu.Lock()
	defer f.mu.Unlock()
	list := make([]Rule, len(f.script))
	for i, r := range f.script {
		list[i] = r.Rule
	}
	return list
}

// Reset lets every rule forget what it has counted.
func (f *Faults) Reset() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, r := range slices.Concat(f.script, f.usual) {
		r.calls, r.fired, r.until = 0, 0, time.Time{}
	}
}

func states(rules []Rule) []*ruleState {
	list := make([]*ruleState, len(rules))
	for i, r := range rules {
		list[i] = &ruleState{Rule: r}
	}
	return list
}

// Of says what is to be done to a call: what its recipient asks for, or else what the first rule does that applies.
func (f *Faults) Of(c Call) Act {
	if act := f.magic.act(c); !act.None() {
		return act
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, list := range [][]*ruleState{f.script, f.usual} {
		for i, r := range list {
			if r.applies(c, f.seed, i) {
				return r.act(c.Key.Int(i))
			}
		}
	}
	return Act{}
}

// applies counts the call and says whether the rule is about it.
func (r *ruleState) applies(c Call, seed draw.Key, index int) bool {
	is := func(wish, have string) bool { return wish == "" || wish == have }
	if r.On != c.On || !is(r.NumberID, c.NumberID) || !is(r.To, c.Peer) || (r.Type != "" && !slices.Contains(c.Types, r.Type)) {
		return false
	}
	r.calls++
	if r.Times > 0 && r.fired >= r.Times {
		return false
	}
	if c.At.Before(r.until) {
		r.fired++
		return true
	}
	if len(r.Nth) > 0 && !slices.Contains(r.Nth, c.Nth) || len(r.Calls) > 0 && !slices.Contains(r.Calls, r.calls) {
		return false
	}
	if r.Probability > 0 {
		chance := c.Key.Text(r.Name).Int(index)
		if r.For > 0 {
			piece := int(c.At.UnixNano() / int64(r.For))
			chance = seed.Text(r.Name).Text(c.NumberID).Int(index).Int(piece)
		}
		if chance.Float() >= r.Probability {
			return false
		}
	} else if r.For > 0 {
		r.until = c.At.Add(time.Duration(r.For))
	}
	r.fired++
	return true
}

func (r *ruleState) act(key draw.Key) Act {
	a := Act{Name: r.Name, Do: r.Do, Async: r.Async, Max: r.Max, Key: key.Text("act")}
	if r.Do == Error {
		a.Code = named(r.Code)
		if r.HTTP != 0 {
			a.Code.HTTP = r.HTTP
		}
	}
	a.After = key.Text("after").Between(time.Duration(r.After), time.Duration(r.UpTo))
	return a.withDefaults()
}

// withDefaults gives an action the span and the code that it has when nobody says.
func (a Act) withDefaults() Act {
	usual := time.Duration(0)
	switch a.Do {
	case Hang:
		usual = time.Minute
	case Drip, Slow, Delay, Reorder:
		usual = 5 * time.Second
	case Double:
		usual = time.Second
	case Batch:
		usual = 100 * time.Millisecond
	case Pause:
		a.Code, _ = Find(codePaused)
	}
	if a.After == 0 {
		a.After = usual
	}
	if a.Max == 0 {
		a.Max = MaxBatch
	}
	return a
}

const codePaused = 132015
