package wa

import "testing"

func TestMarkConflicts(t *testing.T) {
	event := func(s Status, participant string, another bool) Event {
		return Event{Status: &StatusReport{Status: s, Participant: participant, Copy: another}}
	}
	for _, row := range []struct {
		name   string
		events []Event
		want   []bool
	}{
		{"none", []Event{event(StatusSent, "", false), event(StatusRead, "", false), {}}, []bool{false, false, false}},
		{"failed", []Event{event(StatusSent, "", false), event(StatusFailed, "", false)}, []bool{false, false}},
		{"both", []Event{event(StatusFailed, "", false), event(StatusSent, "", false), event(StatusPlayed, "", false)}, []bool{true, false, true}},
		{"two people", []Event{event(StatusFailed, "a", false), event(StatusRead, "b", false)}, []bool{false, false}},
		{"two copies", []Event{event(StatusFailed, "", true), event(StatusRead, "", false)}, []bool{false, false}},
	} {
		MarkConflicts(row.events)
		for i, e := range row.events {
			if e.Status != nil && e.Status.Conflict != row.want[i] {
				t.Errorf("%s: the %dth is marked %t", row.name, i, e.Status.Conflict)
			}
		}
	}
}

func TestTier(t *testing.T) {
	for people, want := range map[int]string{
		0: "", -1: "TIER_UNLIMITED", 50: "TIER_50", 250: "TIER_250", 1000: "TIER_1K", 2000: "TIER_2K", 100_000: "TIER_100K",
	} {
		if got := Tier(people); got != want {
			t.Errorf("%d: %s, want %s", people, got, want)
		}
	}
}
