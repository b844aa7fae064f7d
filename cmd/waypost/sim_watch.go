package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/waypost/waypost/internal/sim"
)

// waitingLines is how many lines may wait to be printed; what comes beyond is counted and left out, since a slow terminal must not
// slow the simulator.
const waitingLines = 1000

// simTeller prints what happens in the simulator, one line each.
type simTeller struct {
	app     *app
	display map[string]string // business numbers by their ids
	lines   chan string
	begun   atomic.Bool
}

// teller prepares the telling of what happens. With --json or --quiet nothing is told.
func (o simOptions) teller(a *app, options *sim.Options) *simTeller {
	t := &simTeller{app: a, display: map[string]string{}, lines: make(chan string, waitingLines)}
	for _, n := range options.Numbers {
		t.display[n.ID] = n.Display
	}
	if o.quiet || a.json {
		return t
	}
	options.Watch = func(e sim.Event) {
		if !t.begun.Load() {
			return // what the simulator is filled with
		}
		select {
		case t.lines <- t.line(e):
		default: // the terminal does not follow
		}
	}
	return t
}

func (t *simTeller) print(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case line := <-t.lines:
			if _, err := fmt.Fprintln(t.app.stdout, line); err != nil {
				return nil //nolint:nilerr // whoever reads has gone; the simulator runs on
			}
		}
	}
}

// line tells one event.
func (t *simTeller) line(e sim.Event) string {
	switch {
	case e.Message != nil && e.Message.Direction == "from_phone":
		m := e.Message
		return t.say(m.At, green, "phone", "%s → %s  %s %s", m.Phone, t.number(m.NumberID), m.Type, words(m))
	case e.Message != nil:
		m := e.Message
		return t.say(m.At, cyan, "send", "%s → %s  %s %s", t.number(m.NumberID), orGroup(m.Phone), m.Type, words(m))
	case e.Refused != nil:
		m := e.Refused
		return t.say(m.At, yellow, "refused", "%s → %s  %s  error %d", t.number(m.NumberID), m.To, m.Type, m.Code)
	}
	c := e.Callback
	colour, how := "", strconv.Itoa(c.Status)
	if c.Status != 200 {
		colour, how = yellow, fmt.Sprintf("%s, attempt %d", cause(c), c.Attempts)
	}
	return t.say(c.LastTry, colour, "callback", "%s  %s", updates(c.Field, c.Body), how)
}

func (t *simTeller) say(at time.Time, colour, what, format string, args ...any) string {
	name := fmt.Sprintf("%-8s", what)
	if colour != "" && t.app.colours() {
		name = "\x1b[" + colour + "m" + name + "\x1b[0m"
	}
	return at.Local().Format("15:04:05") + "  " + name + "  " + fmt.Sprintf(format, args...)
}

// number is a business number as people know it; one that was added later is told by its id.
func (t *simTeller) number(id string) string {
	return cmp.Or(t.display[id], id)
}

func orGroup(phone string) string {
	if phone == "" {
		return "a group"
	}
	return phone
}

// words are the beginning of what a person reads.
func words(m *sim.Message) string {
	text := m.Text + m.Caption
	switch {
	case m.Template != "":
		text = m.Template + ": " + text
	case text == "" && m.Media != nil:
		text = m.Media.Filename
	}
	return short(text)
}

const longestWords = 60 // characters

func short(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if text == "" {
		return ""
	}
	if utf8.RuneCountInString(text) > longestWords {
		text = string([]rune(text)[:longestWords]) + "…"
	}
	return "“" + text + "”"
}

func cause(c *sim.Post) string {
	if c.Status != 0 {
		return fmt.Sprintf("answered %d, not 200", c.Status)
	}
	return c.Error
}

// updates says in a few words what a callback tells.
func updates(field string, body json.RawMessage) string {
	var read struct {
		Entry []struct {
			Changes []struct {
				Value struct {
					Messages []struct {
						Type string `json:"type"`
					} `json:"messages"`
					Statuses []struct {
						Status string `json:"status"`
						To     string `json:"recipient_id"`
						User   string `json:"recipient_user_id"`
					} `json:"statuses"`
				} `json:"value"`
			} `json:"changes"`
		} `json:"entry"`
	}
	if json.Unmarshal(body, &read) != nil {
		return field
	}
	var told []string
	for _, e := range read.Entry {
		for _, c := range e.Changes {
			for _, m := range c.Value.Messages {
				told = append(told, "message "+m.Type)
			}
			for _, s := range c.Value.Statuses {
				to := s.To
				if to == "" {
					to = s.User
				}
				told = append(told, s.Status+" "+to)
			}
		}
	}
	switch {
	case len(told) == 0:
		return field
	case len(told) > 3:
		return fmt.Sprintf("%s and %d more", strings.Join(told[:3], ", "), len(told)-3)
	}
	return strings.Join(told, ", ")
}
