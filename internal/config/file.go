package config

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/knadh/koanf/parsers/yaml"
)

// fromFile reads the YAML file, flat by name, and refuses names that are not
// settings.
func fromFile(in Input) (map[string]any, error) {
	if in.File == "" {
		return nil, nil
	}
	data, err := os.ReadFile(in.File)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: there is no such file", in.File)
	}
	if err != nil {
		return nil, fmt.Errorf("read settings: %w", err)
	}
	tree, err := yaml.Parser().Unmarshal(data)
	if err != nil {
		return nil, inFile(in.File, yamlMistakes(err))
	}
	values := map[string]any{}
	mistakes := flatten("", tree, values)
	if severalDocuments(string(data)) {
		mistakes = append(mistakes, errors.New("put all settings into one YAML document"))
	}
	return values, inFile(in.File, mistakes)
}

func inFile(path string, mistakes []error) error {
	for i, err := range mistakes {
		mistakes[i] = fmt.Errorf("%s: %w", path, err)
	}
	return errors.Join(mistakes...)
}

// flatten puts the settings below prefix into values, by their full name. What
// a setting's value is does not matter here.
func flatten(prefix string, tree, values map[string]any) (mistakes []error) {
	for _, key := range slices.Sorted(maps.Keys(tree)) {
		name, v := prefix+key, tree[key]
		level, isLevel := asLevel(v)
		switch {
		case strings.Contains(key, ".") && known(name):
			mistakes = append(mistakes, fmt.Errorf("%s: write the part after a dot below the part before it", name))
		case known(name):
			values[name] = v
		case section(name) && isLevel:
			mistakes = append(mistakes, flatten(name+".", level, values)...)
		case section(name):
			mistakes = append(mistakes, fmt.Errorf("%s: write its settings below it, one on a line", name))
		case known(nameOnly(name)):
			mistakes = append(mistakes, fmt.Errorf("%s: write name: value, with a space after the colon", nameOnly(name)))
		default:
			name = nameOnly(name)
			mistakes = append(mistakes, fmt.Errorf("there is no setting %q%s", name, suggestion(name, settingName)))
		}
	}
	return mistakes
}

// asLevel returns the settings of a level; a name with nothing below it has
// none.
func asLevel(v any) (map[string]any, bool) {
	switch v := v.(type) {
	case nil:
		return nil, true
	case map[string]any:
		return v, true
	case map[any]any: // some name is no text
		level := map[string]any{}
		for key, below := range v {
			level[fmt.Sprint(key)] = below
		}
		return level, true
	}
	return nil, false
}

// nameOnly cuts what stands where a name should down to a name: with a space
// forgotten, {verify_token:abc} is one, and its end is a secret.
func nameOnly(name string) string {
	end := strings.IndexFunc(name, func(r rune) bool {
		return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-", r)
	})
	if end < 0 {
		end = len(name)
	}
	return name[:min(end, 80)]
}

// severalDocuments reports whether there is more than one YAML document, of
// which the parser would read the first and leave out the others.
func severalDocuments(data string) bool {
	documents := 0
	for _, part := range regexp.MustCompile(`(?m)^(---|\.\.\.)(\s|$)`).Split(data, -1) {
		if regexp.MustCompile(`(?m)^[ \t]*[^\s#%]`).MatchString(part) {
			documents++
		}
	}
	return documents > 1
}

// yamlMistakes translates an error of the YAML parser. That can hold several
// lines, names of Go types, and pieces of the file, so of secrets.
func yamlMistakes(err error) (mistakes []error) {
	text, syntax := strings.CutPrefix(err.Error(), "yaml: ")
	if !syntax {
		return []error{errors.New("not valid YAML")}
	}
	if list, ok := strings.CutPrefix(text, "unmarshal errors:\n"); ok {
		twice := regexp.MustCompile(`(line \d+): mapping key ".*" already defined at (line \d+)`)
		for _, m := range twice.FindAllStringSubmatch(list, -1) {
			mistakes = append(mistakes, fmt.Errorf("%s: this name was given before, on %s", m[1], m[2]))
		}
		if len(mistakes) == 0 {
			mistakes = append(mistakes, errors.New("write settings in the form name: value"))
		}
		return mistakes
	}
	line := regexp.MustCompile(`^(line \d+: )?`).FindString(text)
	return []error{errors.New(line + yamlMistake(text[len(line):]))}
}

func yamlMistake(what string) string {
	switch {
	case strings.HasPrefix(what, "unknown anchor"):
		return "not valid YAML: put a value that begins with * in quotes"
	case strings.ContainsAny(what, "`\"{}\n") || strings.HasPrefix(what, "anchor"):
		return "not valid YAML" // it quotes the file
	}
	return "not valid YAML: " + what
}
