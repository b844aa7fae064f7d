package openapi

import (
	"fmt"
	"strconv"
	"strings"
)

// readYAML reads as much of YAML as Meta's OpenAPI file uses: block mappings and sequences, plain, single-quoted and double-quoted
// scalars over several lines, and empty flow collections. Values come out as encoding/json has them.
func readYAML(text string) (v any, err error) {
	r := &yamlReader{lines: strings.Split(text, "\n")}
	defer func() {
		if problem := recover(); problem != nil {
			err = fmt.Errorf("line %d: %v", r.at+1, problem)
		}
	}()
	r.skipBlank()
	v = r.block(0)
	if r.skipBlank(); r.at < len(r.lines) {
		return nil, fmt.Errorf("line %d: %q belongs to nothing", r.at+1, r.lines[r.at])
	}
	return v, nil
}

type yamlReader struct {
	lines []string
	at    int
}

func (r *yamlReader) skipBlank() {
	for r.at < len(r.lines) && strings.TrimSpace(r.lines[r.at]) == "" {
		r.at++
	}
}

func indentOf(line string) int { return len(line) - len(strings.TrimLeft(line, " ")) }

// block reads the mapping or sequence whose lines begin at an indent.
func (r *yamlReader) block(indent int) any {
	if isItem(r.lines[r.at][indent:]) {
		list := []any{}
		for r.here(indent) && isItem(r.lines[r.at][indent:]) {
			list = append(list, r.item(indent))
			r.skipBlank()
		}
		return list
	}
	object := map[string]any{}
	for r.here(indent) && !isItem(r.lines[r.at][indent:]) {
		key, rest, ok := cutKey(r.lines[r.at][indent:])
		if !ok {
			panic(fmt.Sprintf("no key in %q", r.lines[r.at]))
		}
		object[key] = r.value(rest, indent)
		r.skipBlank()
	}
	return object
}

func (r *yamlReader) here(indent int) bool {
	return r.at < len(r.lines) && indentOf(r.lines[r.at]) == indent
}

func isItem(text string) bool { return text == "-" || strings.HasPrefix(text, "- ") }

// item reads one item of a sequence. What follows the dash is as good as a line of its own.
func (r *yamlReader) item(indent int) any {
	rest := strings.TrimPrefix(r.lines[r.at][indent:], "-")
	inner := indent + 1 + indentOf(rest)
	rest = strings.TrimLeft(rest, " ")
	if _, _, ok := cutKey(rest); ok || isItem(rest) {
		r.lines[r.at] = strings.Repeat(" ", inner) + rest
		return r.block(inner)
	}
	return r.value(rest, indent)
}

// cutKey splits a line at the colon after its key.
func cutKey(text string) (key, rest string, ok bool) {
	if text != "" && (text[0] == '\'' || text[0] == '"') {
		end := strings.IndexByte(text[1:], text[0])
		if end < 0 || !strings.HasPrefix(text[end+2:], ":") {
			return "", "", false
		}
		return text[1 : end+1], strings.TrimSpace(text[end+3:]), true
	}
	if key, rest, ok = strings.Cut(text, ": "); ok {
		return key, strings.TrimSpace(rest), true
	}
	key, ok = strings.CutSuffix(text, ":")
	return key, "", ok
}

// value reads what stands after a key or a dash. indent is that of the line.
func (r *yamlReader) value(rest string, indent int) any {
	r.at++
	switch {
	case rest == "":
		r.skipBlank()
		if r.at < len(r.lines) && (indentOf(r.lines[r.at]) > indent || (indentOf(r.lines[r.at]) == indent && isItem(r.lines[r.at][indent:]))) {
			return r.block(indentOf(r.lines[r.at]))
		}
		return nil
	case rest == "[]":
		return []any{}
	case rest == "{}":
		return map[string]any{}
	case rest[0] == '\'':
		return r.single(rest[1:])
	case rest[0] == '"':
		return r.double(rest[1:])
	}
	words := []string{rest}
	for r.at < len(r.lines) && strings.TrimSpace(r.lines[r.at]) != "" && indentOf(r.lines[r.at]) > indent {
		words = append(words, strings.TrimSpace(r.lines[r.at]))
		r.at++
	}
	return plain(strings.Join(words, " "))
}

// single reads the rest of a single-quoted scalar. A line break is a space, and an empty line is a line break.
func (r *yamlReader) single(rest string) string {
	text := ""
	for {
		for i := 0; i < len(rest); i++ {
			if rest[i] != '\'' {
				continue
			}
			if i+1 < len(rest) && rest[i+1] == '\'' {
				rest = rest[:i] + rest[i+1:]
				continue
			}
			return text + rest[:i]
		}
		text += rest + r.fold()
		rest = strings.TrimSpace(r.lines[r.at])
		r.at++
	}
}

// double reads the rest of a double-quoted scalar.
func (r *yamlReader) double(rest string) string {
	text := ""
	for {
		for i := 0; i < len(rest); i++ {
			switch rest[i] {
			case '\\':
				i++
			case '"':
				return unescaped(text + rest[:i])
			}
		}
		if cut, ok := strings.CutSuffix(rest, `\`); ok {
			text += cut
		} else {
			text += rest + r.fold()
		}
		rest = strings.TrimPrefix(strings.TrimSpace(r.lines[r.at]), `\`)
		r.at++
	}
}

// fold goes to the next line that has anything on it and says what the break stands for.
func (r *yamlReader) fold() string {
	breaks := 0
	for strings.TrimSpace(r.lines[r.at]) == "" {
		r.at++
		breaks++
	}
	if breaks == 0 {
		return " "
	}
	return strings.Repeat("\n", breaks)
}

func unescaped(text string) string {
	text = strings.ReplaceAll(text, "\n", `\n`)
	if plain, err := strconv.Unquote(`"` + text + `"`); err == nil {
		return plain
	}
	return text
}

func plain(text string) any {
	switch text {
	case "true":
		return true
	case "false":
		return false
	case "null", "~":
		return nil
	}
	if n, err := strconv.ParseFloat(text, 64); err == nil && !strings.ContainsAny(text, "xXnN_") {
		return n
	}
	return text
}
