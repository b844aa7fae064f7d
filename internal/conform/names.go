package conform

import (
	"bytes"
	"cmp"
	"encoding/hex"
	"fmt"
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Names are the values that cases call by name.
type Names map[string]string

const (
	// newID stands in an answer for an id that was not known before.
	newID = "new"
	// LastName is the name of the last new id.
	LastName = "last"
	// lastCapitals is the same in capitals.
	lastCapitals = "last_in_capitals"
)

// facts are names whose values are too short or too common to be recognized
// wherever they stand: they are put back only where a file has them.
func facts() []string {
	return []string{
		LastName, lastCapitals, "only_source", "source_name", "number_id", "waba_id", "display_number", "writer_spaced", "fixed_clock",
		"webhooks", "meta_templates",
	}
}

var (
	nameForm  = regexp.MustCompile(`\{+[a-z][a-z_]*\}+`)
	macroForm = regexp.MustCompile(`<<(?:(\d+) x (.*?)|hex ([0-9a-f]+)|file ([a-z.]+))>>`)
	// metaIDForm is an id of Meta's that an answer brings, which can have any form.
	metaIDForm = regexp.MustCompile(`("(?:template_id|sample_id)":")([^"{}]+)(")`)
	idForm     = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)
	// timeForm is a time of RFC 3339, or with a space as the vendor has it.
	timeForm = regexp.MustCompile(`\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)?`)
)

// oneName splits what nameForm found: {{name}} is the parameter of a template
// and no name of ours.
func oneName(found string) (name, rest string, ok bool) {
	if strings.HasPrefix(found, "{{") {
		return "", "", false
	}
	name, rest, _ = strings.Cut(found[1:], "}")
	return name, rest, true
}

func namesIn(s string) []string {
	var list []string
	for _, found := range nameForm.FindAllString(s, -1) {
		if name, _, ok := oneName(found); ok {
			list = append(list, name)
		}
	}
	return list
}

// Fill puts values in for names. A name without a value is left as it is.
func (n Names) Fill(s string) string {
	return nameForm.ReplaceAllStringFunc(s, func(found string) string {
		name, rest, ok := oneName(found)
		value, known := n[name]
		if !ok || !known {
			return found
		}
		return value + rest
	})
}

// Missing returns those of the wanted names that have no value.
func (n Names) Missing(wanted []string) []string {
	var list []string
	for _, name := range wanted {
		if _, ok := n[name]; !ok {
			list = append(list, name)
		}
	}
	return list
}

// Tell puts names in for values, so that a text can be shown: no token is left
// in it.
func (n Names) Tell(text string) string {
	known := slices.DeleteFunc(slices.Collect(maps.Keys(n)), func(name string) bool {
		return n[name] == "" || slices.Contains(facts(), name)
	})
	// Longest first: one value may be part of another.
	slices.SortFunc(known, func(a, b string) int {
		return cmp.Or(cmp.Compare(len(n[b]), len(n[a])), cmp.Compare(a, b))
	})
	for _, name := range known {
		text = strings.ReplaceAll(text, n[name], "{"+name+"}")
	}
	return text
}

// factsIn are the facts that a text names.
func factsIn(text string) []string {
	return slices.DeleteFunc(namesIn(text), func(name string) bool { return !slices.Contains(facts(), name) })
}

// tellFacts puts some facts in for JSON texts that are nothing but their values.
func (n Names) tellFacts(text string, some []string) string {
	for _, name := range some {
		if n[name] != "" {
			text = strings.ReplaceAll(text, `"`+n[name]+`"`, `"{`+name+`}"`)
		}
	}
	return text
}

// setLast keeps a new id under the names it has in the next cases.
func (n Names) setLast(id string) {
	n[LastName], n[lastCapitals] = id, strings.ToUpper(id)
}

func (n Names) forgetLast() {
	delete(n, LastName)
	delete(n, lastCapitals)
}

// Expand puts names and macros in. Files come from media.
func (n Names) Expand(s string, media fs.FS) (string, error) {
	return expandMacros(n.Fill(s), media)
}

// largestMacro bounds what a macro may become, in bytes.
const largestMacro = 256 << 20

func expandMacros(s string, media fs.FS) (string, error) {
	var failed error
	s = macroForm.ReplaceAllStringFunc(s, func(m string) string {
		part := macroForm.FindStringSubmatch(m)
		switch {
		case part[1] != "":
			count, err := strconv.Atoi(part[1])
			if err != nil || count*len(part[2]) > largestMacro {
				failed = fmt.Errorf("%.40s: that is too much", m)
				return m
			}
			return strings.Repeat(part[2], count)
		case part[3] != "":
			b, err := hex.DecodeString(part[3])
			if err != nil {
				failed = fmt.Errorf("%.40s: %w", m, err)
			}
			return string(b)
		default:
			b, err := fs.ReadFile(media, part[4])
			if err != nil {
				failed = fmt.Errorf("%.40s: %w", m, err)
			}
			return string(b)
		}
	})
	return s, failed
}

// tellBody writes a body the way it stands in a file: media by its name, other
// bytes by their number, ids and some facts by their names.
func (n Names) tellBody(body []byte, media fs.FS, some []string) string {
	entries, err := fs.ReadDir(media, ".")
	if err != nil {
		entries = nil // then no body is one of the files
	}
	for _, e := range entries {
		if b, err := fs.ReadFile(media, e.Name()); err == nil && bytes.Equal(b, body) {
			return "<<file " + e.Name() + ">>"
		}
	}
	if !utf8.Valid(body) {
		return fmt.Sprintf("<<%d bytes>>", len(body))
	}
	return strings.TrimSpace(n.Tell(n.tellFacts(string(body), some)))
}
