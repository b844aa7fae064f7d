package conform

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"
)

// Outcome is what a case came to.
type Outcome string

// The outcomes.
const (
	Passed Outcome = "passed"
	Failed Outcome = "failed"
	// NotApplicable is a case that needs a name whose value nobody knows.
	NotApplicable Outcome = "not applicable"
)

// Result is a case that was played. Its texts have names for values.
type Result struct {
	Title   string
	Outcome Outcome
	// Why says of a case that did not pass what is different or missing, one line each.
	Why []string
	// Request begins with the line of method and path; macros are not put in.
	Request string
	// Got and Want are the answers as a file has them; Got is "" when none came.
	Got, Want string
	Took      time.Duration
	// Answer is the answer as it came. It is not for showing.
	Answer Answer
}

// Player plays cases against a server.
type Player struct {
	Target Target
	// Media has the files that cases send.
	Media fs.FS
	Rule  Rule
	// Timeout bounds one case.
	Timeout time.Duration
	// Reasons say why a name has no value, for those who can do something about
	// it. A reason that is not [NotKnown] makes the case fail.
	Reasons map[string]error
}

// NotKnown is why a name has no value where nothing went wrong.
type NotKnown string

// Error implements error.
func (n NotKnown) Error() string { return string(n) }

// Play plays one case. It changes the names: the last new id of an answer is
// {last} in the next cases; where there should have been one and was none,
// nothing is.
func (p *Player) Play(ctx context.Context, c Case, names Names) Result {
	r := Result{Title: c.Title, Request: names.Tell(strings.TrimSpace(c.Head + "\n\n" + c.Body)), Want: c.Answer.Text}
	if missing := names.Missing(c.Needs); len(missing) > 0 {
		p.lose(c, names)
		r.Outcome, r.Why = p.missing(missing, names)
		return r
	}
	begin := time.Now()
	ctx, cancel := context.WithTimeout(ctx, p.Timeout)
	defer cancel()
	answer, err := p.Target.Play(ctx, c, names, p.Media)
	r.Took = time.Since(begin)
	if err != nil {
		p.lose(c, names)
		r.Outcome, r.Why = Failed, []string{names.Tell(err.Error())}
		return r
	}
	r.Answer = answer
	r.Why, r.Got = p.Rule.compare(c.Answer, answer, names, p.Media)
	r.Outcome = Passed
	if len(r.Why) > 0 {
		r.Outcome = Failed
	}
	return r
}

// missing tells what a case without some of its names comes to.
func (p *Player) missing(list []string, names Names) (o Outcome, why []string) {
	o = NotApplicable
	for _, name := range list {
		text := "{" + name + "} is not known"
		if reason := p.Reasons[name]; reason != nil {
			text += ": " + names.Tell(reason.Error())
			if _, fine := errors.AsType[NotKnown](reason); !fine {
				o = Failed
			}
		}
		why = append(why, text)
	}
	return o, why
}

// lose forgets the last id when a case should have made a new one.
func (p *Player) lose(c Case, names Names) {
	if strings.Contains(c.Answer.Body, "{"+newID+"}") {
		names.forgetLast()
	}
}

// Count is how many cases came to what.
type Count struct{ Passed, Failed, NotApplicable int }

// Add counts an outcome.
func (c *Count) Add(o Outcome) {
	switch o {
	case Passed:
		c.Passed++
	case Failed:
		c.Failed++
	case NotApplicable:
		c.NotApplicable++
	}
}

// String tells the counts in words.
func (c *Count) String() string {
	return fmt.Sprintf("%d passed, %d failed, %d not applicable", c.Passed, c.Failed, c.NotApplicable)
}
