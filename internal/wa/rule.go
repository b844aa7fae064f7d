package wa

import (
	"fmt"
	"strings"
)

// Limits of ours, for what Meta names no limit: generous, so that nothing that
// Meta would take is refused, and nothing without an end is kept.
const (
	// MaxPartLength is the longest of the small parts of a message, such as a
	// line of an address, in characters.
	MaxPartLength = 1024
	// MaxAmount is the largest amount of money that sums are taken of.
	MaxAmount = 1_000_000_000_000_000
)

// needed checks a text that has to be there and not blank.
func needed(field, v string, limit int) []Problem {
	if strings.TrimSpace(v) == "" {
		return []Problem{{Field: field, Rule: RuleRequired}}
	}
	return text(field, v, limit)
}

// oneOf checks a word; its problem names all there are.
func oneOf(field, v string, words ...string) []Problem {
	for _, w := range words {
		if v == w {
			return nil
		}
	}
	if v == "" {
		return []Problem{{Field: field, Rule: RuleRequired}}
	}
	last := len(words) - 1
	list := strings.Join(words[:last], ", ") + " or " + words[last]
	return []Problem{{Field: field, Rule: RuleUnknown, Detail: "can only be " + strings.TrimPrefix(list, " or ")}}
}

// count checks a list that has to have one element at least.
func count(field string, found, limit int) []Problem {
	switch {
	case found == 0:
		return []Problem{{Field: field, Rule: RuleRequired}}
	case found > limit:
		return []Problem{{Field: field, Rule: RuleTooMany, Limit: limit, Found: found}}
	}
	return nil
}

func malformed(field, detail string) []Problem {
	return []Problem{{Field: field, Rule: RuleMalformed, Detail: detail}}
}

// repeats says which of several values repeats an earlier one. field makes the
// path of the i-th value. Values that are missing are another problem.
func repeats(values []string, field func(i int) string) []Problem {
	seen := map[string]bool{"": false}
	var ps []Problem
	for i, v := range values {
		if seen[v] {
			ps = append(ps, malformed(field(i), "is there twice")...)
		}
		seen[v] = v != ""
	}
	return ps
}

// at is the path of an element's part: at("buttons", 1, "title") is
// buttons[1].title.
func at(list string, i int, part string) string { return fmt.Sprintf("%s[%d].%s", list, i, part) }

// under puts a path before the fields of problems.
func under(path string, ps []Problem) []Problem {
	for i := range ps {
		ps[i].Field = path + ps[i].Field
	}
	return ps
}
