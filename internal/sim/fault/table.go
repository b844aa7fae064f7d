package fault

import (
	"fmt"
	"strings"
)

// Table is the documentation of the magic recipients, in Markdown.
func Table() string {
	var b strings.Builder
	b.WriteString("| recipient | what happens |\n|---|---|\n")
	for _, t := range tricks() {
		fmt.Fprintf(&b, "| `%s` | %s |\n", t.recipient(), t.does)
	}
	b.WriteString("\n| code | title | HTTP | refused | accepted, then `failed` |\n|---|---|---|---|---|\n")
	for _, c := range Codes() {
		now, later := Recipient(c.Code)
		if later != "" {
			later = "`" + later + "`"
		}
		fmt.Fprintf(&b, "| %d | %s | %d | `%s` | %s |\n", c.Code, c.Title, c.HTTP, now, later)
	}
	return b.String()
}

// ProfileTable is the documentation of the profiles, in Markdown.
func ProfileTable() string {
	var b strings.Builder
	for _, p := range Profiles() {
		fmt.Fprintf(&b, "- `%s`: %s.\n", p.Name, p.Help)
		for _, r := range p.Rules {
			fmt.Fprintf(&b, "  - %s\n", r.words())
		}
	}
	return b.String()
}

// words says what a rule of a profile does.
func (r *Rule) words() string {
	what := r.On + ": " + r.Name
	if r.Async {
		what += ", later"
	}
	if r.Name != r.Do && r.Do != Error {
		what += ", " + r.Do
	}
	if r.Type != "" {
		what += " of " + r.Type
	}
	what += fmt.Sprintf(", %s %%", strings.TrimSuffix(strings.TrimRight(fmt.Sprintf("%.2f", r.Probability*100), "0"), "."))
	if r.For > 0 {
		what += " of the time, for " + r.For.String() + " each"
	}
	switch {
	case r.UpTo > 0 && r.After == 0:
		what += ", up to " + r.UpTo.String()
	case r.UpTo > 0:
		what += ", " + r.After.String() + " to " + r.UpTo.String()
	case r.After > 0:
		what += ", " + r.After.String()
	}
	return what
}
