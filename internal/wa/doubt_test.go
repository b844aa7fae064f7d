package wa

import (
	"testing"
	"time"
)

func TestADoubtWaitsForAProvenStream(t *testing.T) {
	const patience = 2 * time.Minute
	began := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	at := func(d time.Duration) time.Time { return began.Add(d) }
	long := at(-time.Hour)
	usual := Doubt{Message: Message{DispatchedAt: began}, Attempt: Attempt{BeganAt: began, EndedAt: at(time.Minute)}}
	soon, slow := usual, usual
	soon.Attempt.Soon, soon.Attempt.EndedAt = true, at(time.Second)
	slow.Attempt.EndedAt = at(10 * time.Minute)
	for _, c := range []struct {
		name     string
		doubt    Doubt
		stream   Stream
		now      time.Time
		deadline time.Time
		want     Wait
	}{
		{"nobody takes callbacks in", usual, Stream{}, at(time.Hour), at(patience), WaitIntake},
		{"before its time", usual, Stream{IntakeSince: long, ProvenAt: at(1)}, at(patience - 1), at(patience), WaitDeadline},
		{"in time", usual, Stream{IntakeSince: long, ProvenAt: at(1)}, at(patience), at(patience), WaitNothing},
		{"nothing later was proven", usual, Stream{IntakeSince: long, ProvenAt: began}, at(24 * time.Hour), at(patience), WaitStream},
		{"nothing at all was proven", usual, Stream{IntakeSince: long}, at(24 * time.Hour), at(patience), WaitStream},
		{"a callback from before it waits", usual, Stream{IntakeSince: long, ProvenAt: at(1), Unapplied: long}, at(patience), at(patience), WaitCallbacks},
		{"a callback in time waits", usual, Stream{IntakeSince: long, ProvenAt: at(1), Unapplied: at(patience)}, at(time.Hour), at(patience), WaitCallbacks},
		{"a callback that came too late waits", usual, Stream{IntakeSince: long, ProvenAt: at(1), Unapplied: at(patience + 1)}, at(time.Hour), at(patience), WaitNothing},
		{"a short gap after it", usual, Stream{IntakeSince: at(time.Minute), ProvenAt: at(2 * time.Minute)}, at(3 * time.Minute), at(3 * time.Minute), WaitNothing},
		{"a long gap after it", usual, Stream{IntakeSince: at(10 * time.Minute), ProvenAt: at(time.Hour)}, at(19 * time.Minute), at(20 * time.Minute), WaitDeadline},
		{"a gap of a day", usual, Stream{IntakeSince: at(24 * time.Hour), ProvenAt: at(24*time.Hour + 1)}, at(25 * time.Hour), at(25 * time.Hour), WaitNothing},
		{"proven before the gap ended", usual, Stream{IntakeSince: at(time.Minute), ProvenAt: at(time.Minute)}, at(time.Hour), at(3 * time.Minute), WaitStream},
		{"proven by a clock that was ahead", usual, Stream{IntakeSince: long, ProvenAt: at(24 * time.Hour)}, at(time.Hour), at(patience), WaitStream},
		{"explained by Meta", soon, Stream{IntakeSince: long, ProvenAt: at(1)}, at(31 * time.Second), at(31 * time.Second), WaitNothing},
		{"explained, then a gap", soon, Stream{IntakeSince: at(time.Minute), ProvenAt: at(time.Minute + 1)}, at(2 * time.Minute), at(2 * time.Minute), WaitNothing},
		{"an answer that was waited for long", slow, Stream{IntakeSince: long, ProvenAt: at(1)}, at(10 * time.Minute), at(10*time.Minute + 30*time.Second), WaitDeadline},
	} {
		if got := c.doubt.Deadline(c.stream, patience); !got.Equal(c.deadline) {
			t.Errorf("%s: the deadline is %v after, want %v", c.name, got.Sub(began), c.deadline.Sub(began))
		}
		if got := c.doubt.Wait(c.stream, patience, c.now); got != c.want {
			t.Errorf("%s: it waits for %q, want %q", c.name, got, c.want)
		}
	}
}

func TestAResendHasItsLimits(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	fresh := Doubt{Message: Message{AcceptedAt: now, TTL: time.Minute}, Unanswered: 1}
	old, often := fresh, fresh
	old.Message.AcceptedAt = now.Add(-time.Minute)
	often.Unanswered = MaxUnanswered
	for _, c := range []struct {
		name         string
		doubt        Doubt
		policy, want Policy
	}{
		{"fresh", fresh, PolicyResend, PolicyResend},
		{"its time is over", old, PolicyResend, PolicyHold},
		{"often enough", often, PolicyResend, PolicyHold},
		{"given up at any time", old, PolicyFail, PolicyFail},
		{"held at any time", often, PolicyHold, PolicyHold},
	} {
		if got := c.doubt.Allowed(c.policy, now); got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
}
