package outbox

import (
	"context"
	"os"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/waypost/waypost/internal/wa"
)

// inFull reports whether each mode gets 10,000 messages, on a stage of its own, and
// not 50, or 15, beside those of the others. It takes hours then.
func inFull() bool { return os.Getenv("WAYPOST_FULL") == "1" }

// casts are the modes that are on one stage, and how many messages each gets.
func casts() (all [][]mode, n int) {
	if !inFull() {
		if raceOn {
			return [][]mode{modes()}, 15
		}
		return [][]mode{modes()}, 50
	}
	for _, m := range modes() {
		all = append(all, []mode{m})
	}
	return all, 10_000
}

// title names a cast.
func title(cast []mode) string {
	if len(cast) == 1 {
		return cast[0].name
	}
	return "all modes"
}

// figures are what came of the messages of one mode.
type figures struct {
	Sends      int // messages
	Uncertain  int // were so at some time
	Resent     int // by the policy
	Stopped    int // of these, by a status before the second attempt
	Forced     int // taken without an answer, and without a status until the second attempt
	Twice      int // taken twice
	Duplicates int // of these, known to the gateway
	Silent     int // taken, and no status ever came
	Resolved   int // of those that were uncertain and got a status
	Told       int // uncertain, and a status came
}

// trickle sends something every ten seconds that nothing happens to, so that the
// statuses of the number prove themselves.
func (s *stage) trickle(stop <-chan struct{}, people []string) (sent func() []wa.Message) {
	var all []wa.Message
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for i := 0; ; i++ {
			select {
			case <-time.After(10 * time.Second):
				all = append(all, s.send(mode{}, people[i%len(people)])...)
			case <-stop:
				return
			}
		}
	}()
	return func() []wa.Message { <-ended; return all }
}

// begin lets people write first and statuses go astray from then on.
func (s *stage) begin(people []string) (trickled func() []wa.Message) {
	s.Helper()
	others := phones(9000, 50)
	s.greet(append(others, people...))
	time.Sleep(10 * time.Second)
	stop := make(chan struct{})
	sent := s.trickle(stop, others)
	end := sync.OnceFunc(func() { close(stop) })
	s.Cleanup(end)
	return func() []wa.Message { end(); return sent() }
}

// play sends n messages of each mode and waits until all that will happen has.
// disturb is what happens to the statuses.
func play(t *testing.T, n int, cast []mode, policy wa.Policy, disturb func(*stage), change func(*Options)) (*stage, []wa.Message) {
	t.Helper()
	s := newStage(t, policy)
	s.open(change)
	// Few to each, so that nobody waits for WhatsApp's limit to one person.
	people := phones(1, n*len(cast)/10+1)
	trickled := s.begin(people)
	disturb(s)
	var all []wa.Message
	for i := range n * len(cast) {
		all = append(all, s.send(cast[i%len(cast)], people[i%len(people)])...)
	}
	s.wait(func() bool { return s.settled(all) })
	time.Sleep(slowest) // the last of them may still be sent again
	s.wait(func() bool { return s.settled(all) })
	rest := trickled()
	s.wait(func() bool { return s.calm(append(rest, all...)) })
	for id, st := range s.stories(rest) {
		if len(st.taken) != 1 {
			t.Errorf("message %s, to which nothing happened, was taken %d times", id, len(st.taken))
		}
	}
	return s, all
}

// count looks at what happened to the messages of each mode, and says what must not
// have.
func (s *stage) count(all []wa.Message, policy wa.Policy) map[string]*figures {
	s.Helper()
	counted := map[string]*figures{}
	for id, st := range s.stories(all) {
		m := s.modes[id]
		f := counted[m.name]
		if f == nil {
			f = &figures{}
			counted[m.name] = f
		}
		f.Sends++
		first, told := st.attempts[0], st.told[1]
		if first.Number != 1 || (first.Outcome == wa.OutcomeUnknown) == m.certain {
			s.Errorf("message %s (%s): attempt %d ended %s", id, m.name, first.Number, first.Outcome)
		}
		if first.Outcome == wa.OutcomeUnknown {
			f.Uncertain++
			if !told.IsZero() {
				f.Told++
				if st.message.Status != wa.StatusUncertain {
					f.Resolved++
				}
			}
		}
		if len(st.taken) > 1 {
			f.Twice++
		}
		if st.message.Duplicated {
			f.Duplicates++
		}
		if _, taken := st.taken[1]; taken && told.IsZero() {
			f.Silent++
		}
		s.judge(m, st, policy, f)
	}
	return counted
}

// judge checks that a message was sent again if and only if that was right.
func (s *stage) judge(m mode, st *story, policy wa.Policy, f *figures) {
	s.Helper()
	id, first, told := st.message.ID, st.attempts[0], st.told[1]
	deadline := wa.Doubt{Message: wa.Message{DispatchedAt: first.BeganAt}, Attempt: first}.Deadline(wa.Stream{}, patience)
	at, again := st.again[1]
	if _, taken := st.taken[1]; again {
		f.Resent++
		switch {
		case len(st.attempts) < 2:
			f.Stopped++
			if told.IsZero() {
				s.Errorf("message %s was to be sent again, and was not", id)
			}
		case taken:
			f.Forced++
			if !told.IsZero() && told.Before(st.attempts[1].BeganAt) {
				s.Errorf("message %s was sent again %v after its status had come", id, st.attempts[1].BeganAt.Sub(told))
			}
		}
		if policy != wa.PolicyResend || m.certain {
			s.Errorf("message %s was sent again", id)
		}
		if at.Before(deadline) {
			s.Errorf("message %s was sent again %v before its time was over", id, deadline.Sub(at))
		}
		if !told.IsZero() && told.Before(at) {
			s.Errorf("message %s was to be sent again %v after its status had come", id, at.Sub(told))
		}
		return
	}
	// A minute is how late the resolver may look, and the proof of the stream be.
	if policy == wa.PolicyResend && first.Outcome == wa.OutcomeUnknown && (told.IsZero() || told.After(deadline.Add(time.Minute))) {
		s.Errorf("message %s was not sent again, though no status had come for %v", id, told.Sub(first.BeganAt))
	}
}

// A message is never sent twice under hold, and under resend just if it had to be:
// Meta had taken it, gave no answer, and no status came until the time was over.
func TestAmbiguousSends(t *testing.T) {
	all, n := casts()
	for _, cast := range all {
		for _, policy := range []wa.Policy{wa.PolicyHold, wa.PolicyResend} {
			t.Run(title(cast)+", "+string(policy), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s, sent := play(t, n, cast, policy, (*stage).faultyStatuses, func(*Options) {})
					counted := s.count(sent, policy)
					for _, m := range cast {
						counted[m.name].check(t, m, policy)
					}
				})
			})
		}
	}
}

// check ends in errors if the figures of a mode are not what they must be.
func (f *figures) check(t *testing.T, m mode, policy wa.Policy) {
	t.Helper()
	t.Logf("%-24s %-6s %+v", m.name, policy, *f)
	if policy == wa.PolicyHold && f.Twice != 0 {
		t.Errorf("%s: %d messages were taken twice, want none", m.name, f.Twice)
	}
	if f.Twice != f.Forced {
		t.Errorf("%s: %d messages were taken twice, want just the %d that had to be", m.name, f.Twice, f.Forced)
	}
	if f.Resolved != f.Told {
		t.Errorf("%s: %d of the %d messages were settled whose status came", m.name, f.Resolved, f.Told)
	}
	if f.Duplicates > f.Twice {
		t.Errorf("%s: %d messages are said to be there twice, and %d are", m.name, f.Duplicates, f.Twice)
	}
	if m.taken && f.Silent > f.Sends/4 {
		t.Errorf("%s: of %d messages no status came: that is no test", m.name, f.Silent)
	}
}

// blind takes every attempt without an answer for one that was not made, as most
// programs do.
type blind struct{ Sender }

func (b blind) Send(ctx context.Context, n wa.Number, d wa.Dispatch) wa.Outcome {
	o := b.Sender.Send(ctx, n, d)
	if o.Kind == wa.OutcomeUnknown {
		o.Kind, o.After = wa.OutcomeLater, time.Second
	}
	return o
}

// The control: who sends again at once doubles what was taken.
func TestABlindRetryDoubles(t *testing.T) {
	all, n := casts()
	for _, cast := range all {
		t.Run(title(cast), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, sent := play(t, n, cast, wa.PolicyHold, (*stage).lateStatuses, func(o *Options) { o.Sender = blind{o.Sender} })
				twice := map[string]int{}
				for id, st := range s.stories(sent) {
					if len(st.taken) > 1 {
						twice[s.modes[id].name]++
					}
				}
				for _, m := range cast {
					t.Logf("%-24s blind  %d of %d taken twice", m.name, twice[m.name], n)
					want := 0
					if m.taken && !m.certain {
						want = n
					}
					if twice[m.name] != want {
						t.Errorf("%s: %d messages were taken twice, want %d", m.name, twice[m.name], want)
					}
				}
			})
		})
	}
}

// While callbacks cannot be kept, a status may be among them, so nothing is sent
// again, and for a while after.
func TestNothingIsSentAgainWhileTheIntakeIsDown(t *testing.T) {
	_, n := casts()
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, wa.PolicyResend)
		s.open(func(*Options) {})
		people := phones(1, max(1, n/10))
		trickled := s.begin(people)
		time.Sleep(time.Minute)
		s.down.Store(true)
		var all []wa.Message
		for range n / len(people) {
			all = append(all, s.send(modes()[0], people...)...)
		}
		time.Sleep(10 * patience)
		for _, st := range s.stories(all) {
			if len(st.again) != 0 {
				t.Fatalf("message %s was sent again while its status could not come", st.message.ID)
			}
		}
		s.down.Store(false)
		time.Sleep(time.Minute)
		for _, st := range s.stories(all) {
			if len(st.again) != 0 {
				t.Fatalf("message %s was sent again before Meta could tell of it again", st.message.ID)
			}
		}
		time.Sleep(15 * time.Minute) // it does so
		rest := trickled()
		s.wait(func() bool { return s.calm(append(rest, all...)) })
		f := s.count(all, wa.PolicyHold)[modes()[0].name] // in which nothing may be sent again
		t.Logf("%+v", *f)
		if f.Twice != 0 || f.Resolved != n {
			t.Errorf("%d of %d were settled, %d taken twice; want all, none", f.Resolved, n, f.Twice)
		}
	})
}
