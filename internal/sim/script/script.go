package script

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/waypost/waypost/internal/sim/clock"
)

const (
	maxScripts = 1000
	maxSteps   = 100
)

// When says which messages are answered. What is left out holds for every message.
type When struct {
	Contains string `json:"contains,omitempty"` // in what a person can read, in either case
	Matches  string `json:"matches,omitempty"`  // a regular expression; its groups are {1}, {2} … in the answer
	Type     string `json:"type,omitempty"`
	Template string `json:"template,omitempty"`
}

// Script is one scripted answer.
type Script struct {
	Name  string     `json:"name,omitempty"`
	Phone string     `json:"phone,omitempty"` // digits; empty: every phone
	From  string     `json:"from,omitempty"`  // id or display number of the business number; empty: every one
	When  When       `json:"when"`
	After clock.Span `json:"after"`           // the wait before the first step
	Times int        `json:"times,omitempty"` // how often it answers; 0 is always

	// Answer is what the phone writes, as the control face takes it, or a list of that. Each may have an "after" of its own,
	// the wait after the step before.
	Answer json.RawMessage `json:"answer"`

	Answered int `json:"answered"` // how often it has; given, it is ignored

	steps   []step
	pattern *regexp.Regexp
}

type step struct {
	after time.Duration
	body  any // decoded, with the places to fill in
}

// Step is one answer, filled in.
type Step struct {
	Script string        // its name, or its place
	After  time.Duration // since the step before, or since the message
	Body   json.RawMessage
}

// Message is what scripts know of a message that a phone received.
type Message struct {
	Phone, PhoneName string
	NumberID         string
	Display          string // the business number
	ID, Type         string
	Text             string // what {text} stands for
	Template         string
	Words            func() string // all that a person can read
}

// Book has the scripts. It is not safe for concurrent use.
type Book struct{ list []*Script }

// List returns the scripts as they are.
func (b *Book) List() []Script {
	list := make([]Script, len(b.list))
	for i, s := range b.list {
		list[i] = *s
	}
	return list
}

// Empty says whether nothing is answered.
func (b *Book) Empty() bool { return len(b.list) == 0 }

// Replace puts other scripts in the place of those there are, after a look at all of them.
func (b *Book) Replace(list []Script) error {
	if len(list) > maxScripts {
		return fmt.Errorf("there are at most %d scripts", maxScripts)
	}
	var errs []error
	kept := make([]*Script, len(list))
	for i := range list {
		s := list[i]
		s.Answered = 0
		if s.Name == "" {
			s.Name = strconv.Itoa(i + 1)
		}
		if err := s.prepare(); err != nil {
			errs = append(errs, fmt.Errorf("script %s: %w", s.Name, err))
		}
		kept[i] = &s
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	b.list = kept
	return nil
}

func (s *Script) prepare() (err error) {
	s.steps = nil
	if s.Times < 0 {
		return errors.New("times: give how often it answers; 0 is always")
	}
	if s.After < 0 {
		return errors.New("after: give a length of time that is not negative")
	}
	if s.When.Matches != "" {
		if s.pattern, err = regexp.Compile(s.When.Matches); err != nil {
			return fmt.Errorf("matches: %w", err)
		}
	}
	var answers []map[string]any
	if raw := bytes.TrimSpace(s.Answer); len(raw) > 0 && raw[0] == '[' {
		err = json.Unmarshal(raw, &answers)
	} else {
		answers = make([]map[string]any, 1)
		err = json.Unmarshal(raw, &answers[0])
	}
	if err != nil || len(answers) == 0 || len(answers) > maxSteps || slices.ContainsFunc(answers, func(a map[string]any) bool { return a == nil }) {
		return fmt.Errorf("answer: give what the phone writes as an object, or a list of at most %d", maxSteps)
	}
	for _, answer := range answers {
		next := step{body: answer}
		if wait, ok := answer["after"]; ok {
			if next.after, err = waitOf(wait); err != nil {
				return err
			}
			delete(answer, "after")
		}
		if !says(answer) {
			return errors.New(`answer: say what the phone writes, such as {"text":"yes"}, or {"tap":{}}`)
		}
		s.steps = append(s.steps, next)
	}
	s.steps[0].after += time.Duration(s.After)
	return nil
}

// says says whether an answer has anything in it beside where it goes and how.
func says(answer map[string]any) bool {
	for key, v := range answer {
		switch key {
		case "to", "reply_to", "type", "forwarded", "frequently_forwarded":
			continue
		}
		if text, ok := v.(string); v != nil && (!ok || strings.TrimSpace(text) != "") {
			return true
		}
	}
	return false
}

// waitOf reads the wait of a step, which is one of many keys of an answer that nobody has looked at.
func waitOf(v any) (time.Duration, error) {
	text, ok := v.(string)
	if !ok {
		return 0, errors.New(`after: give a length of time as text, such as "2s"`)
	}
	wait, err := clock.ParseSpan(text)
	if err != nil || wait < 0 {
		return 0, fmt.Errorf("after: %q is no length of time: write it like 2s, 25h or 7d", text)
	}
	return wait, nil
}

// Answer returns what is answered to a message: the steps of the first script that fits and has not answered often enough.
func (b *Book) Answer(m Message) []Step {
	for _, s := range b.list {
		groups, ok := s.fits(m)
		if !ok {
			continue
		}
		s.Answered++
		return s.fill(m, groups)
	}
	return nil
}

func (s *Script) fits(m Message) (groups []string, ok bool) {
	same := func(want string, got ...string) bool { return want == "" || slices.Contains(got, want) }
	if (s.Times > 0 && s.Answered >= s.Times) || !same(s.Phone, m.Phone) || !same(s.From, m.NumberID, m.Display) ||
		!same(s.When.Type, m.Type) || !same(s.When.Template, m.Template) {
		return nil, false
	}
	if s.When.Contains == "" && s.pattern == nil {
		return nil, true
	}
	words := m.Words()
	if !strings.Contains(strings.ToLower(words), strings.ToLower(s.When.Contains)) {
		return nil, false
	}
	if s.pattern == nil {
		return nil, true
	}
	groups = s.pattern.FindStringSubmatch(words)
	return groups, groups != nil
}

func (s *Script) fill(m Message, groups []string) (list []Step) {
	parts := []string{
		"{text}", m.Text, "{id}", m.ID, "{type}", m.Type, "{template}", m.Template, "{phone}", m.Phone, "{name}", m.PhoneName,
		"{number}", m.Display,
	}
	for i, group := range groups {
		parts = append(parts, "{"+strconv.Itoa(i)+"}", group)
	}
	into := strings.NewReplacer(parts...)
	for _, next := range s.steps {
		body, err := json.Marshal(filled(next.body, into))
		if err != nil {
			continue // it came from JSON
		}
		list = append(list, Step{Script: s.Name, After: next.after, Body: body})
	}
	return list
}

// filled copies a value with the places in its texts filled in. Keys stay as they are.
func filled(v any, into *strings.Replacer) any {
	switch v := v.(type) {
	case string:
		return into.Replace(v)
	case []any:
		list := make([]any, len(v))
		for i, item := range v {
			list[i] = filled(item, into)
		}
		return list
	case map[string]any:
		object := make(map[string]any, len(v))
		for key, item := range v {
			object[key] = filled(item, into)
		}
		return object
	}
	return v
}
