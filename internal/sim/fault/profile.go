package fault

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/waypost/waypost/internal/sim/clock"
)

// Profile is a named set of rules.
type Profile struct {
	Name          string `json:"name"`
	Help          string `json:"help"`
	EnforceLimits bool   `json:"enforce_limits"` // sends beyond throughput and pair rate are refused, and not only counted
	Rules         []Rule `json:"rules"`
}

// The names of the profiles.
const (
	Calm = "calm"
	Real = "real"
	Mean = "mean"
)

// Named returns the profile of this name; an empty name is calm.
func Named(name string) (Profile, error) {
	if name == "" {
		name = Calm
	}
	list := Profiles()
	i := slices.IndexFunc(list, func(p Profile) bool { return p.Name == name })
	if i < 0 {
		var names []string
		for _, p := range list {
			names = append(names, p.Name)
		}
		return Profile{}, errors.New("profile: give one of " + strings.Join(names, ", "))
	}
	return list[i], nil
}

// Profiles lists the profiles.
func Profiles() []Profile {
	list := []Profile{
		{Name: Calm, Help: "nothing goes wrong; limits are counted and not enforced", Rules: []Rule{}},
		{Name: Real, Help: "small delays, rare duplicates and reordering; limits are enforced", EnforceLimits: true, Rules: []Rule{
			{Do: Slow, Probability: 0.02, After: ms(100), UpTo: ms(600)},
			{Do: Double, Probability: 0.005, UpTo: ms(5000)},
			{Do: Reorder, Probability: 0.01, After: ms(2000)},
			{Do: Delay, Probability: 0.03, After: ms(200), UpTo: ms(3000)},
		}},
		{Name: Mean, Help: "everything goes wrong now and then, for continuous integration; limits are enforced", EnforceLimits: true, Rules: mean()},
	}
	for i := range list {
		for j := range list[i].Rules {
			_ = list[i].Rules[j].Check() // a test checks that there is nothing to say
		}
	}
	return list
}

func ms(n int) clock.Span { return clock.Span(time.Duration(n) * time.Millisecond) }

func mean() []Rule {
	return []Rule{
		{Name: "storm", Do: Error, Code: 130429, HTTP: 429, For: ms(3000), Probability: 0.02},
		{Do: Refuse, Probability: 0.01},
		{Do: Error, Code: 131000, Probability: 0.01},
		{Do: Error, Code: 131016, Probability: 0.005},
		{Do: Error, Code: 2, Probability: 0.005},
		{Do: Error, Code: 131026, Async: true, Probability: 0.003},
		{Do: Error, Code: 131053, Async: true, Probability: 0.001},
		{Do: Reset, Probability: 0.01},
		{Do: Gateway, Probability: 0.01},
		{Do: Cut, Probability: 0.005},
		{Do: Hang, Probability: 0.001, After: ms(20_000)},
		{Do: Drip, Probability: 0.003, After: ms(2000)},
		{Do: Slow, Probability: 0.02, After: ms(300), UpTo: ms(3000)},

		{On: OnUpload, Do: Refuse, Probability: 0.01},
		{On: OnUpload, Do: Error, Code: 131000, Probability: 0.01},
		{On: OnUpload, Do: Reset, Probability: 0.01},
		{On: OnGraph, Do: Refuse, Probability: 0.01},
		{On: OnGraph, Do: Gateway, Probability: 0.01},

		{Do: Lose, Probability: 0.003},
		{Do: Double, Probability: 0.05, UpTo: ms(60_000)},
		{Do: Reorder, Probability: 0.05, After: ms(5000)},
		{Do: Delay, Probability: 0.03, After: ms(1000), UpTo: ms(30_000)},
		{Do: Early, Type: "sent", Probability: 0.03},
		{Do: Forge, Probability: 0.01},
		{Do: Foreign, Probability: 0.005},
		{Do: Batch, Probability: 0.5, After: ms(50), Max: 100},
	}
}
