package rule

import (
	"encoding/json"
	"maps"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Medium is a medium that a value names by its id.
type Medium struct {
	Path string // where it is named, as Meta writes it
	Kind string // what it has to be: image, video, document, …
	ID   string
}

// Walk is one look at a value. It collects the media that are named by id on the way.
type Walk struct{ Media []Medium }

// Rule checks a value that was decoded from JSON into any; path names it in Meta's way: interactive['action'].
type Rule func(w *Walk, path string, v any) error

// Read decodes raw and walks it, so that the answer can be used as an any of the checked shape.
func (w *Walk) Read(raw json.RawMessage, path string, r Rule) (any, error) {
	var v any
	if err := json.Unmarshal(raw, &v); err != nil {
		return nil, BadParameter("%s is no JSON: %s", path, err)
	}
	return v, r(w, path, v)
}

// Field is one key of an object.
type Field struct {
	key  string
	rule Rule
	need bool
}

// Must is a key that has to be there.
func Must(key string, r Rule) Field { return Field{key, r, true} }

// May is a key that may be left out, or null.
func May(key string, r Rule) Field { return Field{key, r, false} }

// Object is an object with these keys and no others.
func Object(fields ...Field) Rule {
	known := make([]string, len(fields))
	for i, f := range fields {
		known[i] = f.key
	}
	return func(w *Walk, path string, v any) error {
		object, ok := v.(map[string]any)
		if !ok {
			return BadParameter("%s must be an object", path)
		}
		for _, key := range slices.Sorted(maps.Keys(object)) {
			if !slices.Contains(known, key) {
				return Unexpected(key, path, known)
			}
		}
		for _, f := range fields {
			inner := object[f.key]
			if inner == nil && f.need {
				return Missing(Sub(path, f.key))
			}
			if inner == nil {
				continue
			}
			if err := f.rule(w, Sub(path, f.key), inner); err != nil {
				return err
			}
		}
		return nil
	}
}

// Sub is the path of a key.
func Sub(path, key string) string {
	if path == "" {
		return key
	}
	return path + "['" + key + "']"
}

// List is a list of least to most items. An empty list where one is needed counts as missing.
func List(least, most int, item Rule) Rule {
	return func(w *Walk, path string, v any) error {
		list, ok := v.([]any)
		switch {
		case !ok:
			return BadParameter("%s must be a list", path)
		case len(list) == 0 && least > 0:
			return Missing(path)
		case len(list) < least || len(list) > most:
			return BadValue("%s has %d items, but takes %d to %d", path, len(list), least, most)
		}
		for i, inner := range list {
			if err := item(w, path+"["+strconv.Itoa(i)+"]", inner); err != nil {
				return err
			}
		}
		return nil
	}
}

// Text is a string of least to most characters. An empty string where one is needed counts as missing.
func Text(least, most int) Rule {
	return func(w *Walk, path string, v any) error {
		text, ok := v.(string)
		n := utf8.RuneCountInString(text)
		switch {
		case !ok:
			return BadParameter("%s must be a string", path)
		case n == 0 && least > 0:
			return Missing(path)
		case n < least || n > most:
			return BadValue("%s has %d characters, but takes %d to %d", path, n, least, most)
		}
		return nil
	}
}

// OneOf is one of these strings.
func OneOf(values ...string) Rule {
	return func(w *Walk, path string, v any) error {
		text, ok := v.(string)
		if !ok {
			return BadParameter("%s must be a string", path)
		}
		if !slices.Contains(values, text) {
			return BadValue("%s is %q, but must be %s", path, text, strings.Join(values, " or "))
		}
		return nil
	}
}

// Int is a whole number.
func Int(least, most float64) Rule {
	return func(w *Walk, path string, v any) error {
		n, ok := v.(float64)
		if !ok {
			return BadParameter("%s must be a number", path)
		}
		if n != math.Trunc(n) || n < least || n > most {
			return BadValue("%s must be a whole number from %.0f to %.0f", path, least, most)
		}
		return nil
	}
}

// Index is a whole number from zero, as a number or as a string.
func Index(most int) Rule {
	return func(w *Walk, path string, v any) error {
		if n, ok := Number(v); !ok || n != math.Trunc(n) || n < 0 || n > float64(most) {
			return BadValue("%s must be a whole number from 0 to %d", path, most)
		}
		return nil
	}
}

// Numeral is a number, or a string that reads as one: Meta's pages show both.
func Numeral(least, most float64) Rule {
	return func(w *Walk, path string, v any) error {
		if text, ok := v.(string); ok && text == "" {
			return Missing(path)
		}
		if n, ok := Number(v); !ok || n < least || n > most {
			return BadValue("%s must be a number from %.0f to %.0f", path, least, most)
		}
		return nil
	}
}

// Number reads a number from a number or a string.
func Number(v any) (float64, bool) {
	switch v := v.(type) {
	case float64:
		return v, true
	case string:
		n, err := strconv.ParseFloat(v, 64)
		return n, err == nil && !math.IsNaN(n) && !math.IsInf(n, 0)
	}
	return 0, false
}

// Bool is true or false.
func Bool() Rule {
	return func(_ *Walk, path string, v any) error {
		if _, ok := v.(bool); !ok {
			return BadParameter("%s must be true or false", path)
		}
		return nil
	}
}

// Any is anything at all.
func Any() Rule { return func(*Walk, string, any) error { return nil } }

// Bag is an object with keys that nobody lists.
func Bag() Rule {
	return func(_ *Walk, path string, v any) error {
		if _, ok := v.(map[string]any); !ok {
			return BadParameter("%s must be an object", path)
		}
		return nil
	}
}

// Link is a web address of at most so many characters.
func Link(most int) Rule {
	return Then(Text(1, most), func(w *Walk, path string, v any) error {
		if text, ok := v.(string); !ok || !IsWebURL(text) {
			return BadValue("%s is no http or https address", path)
		}
		return nil
	})
}

// IsWebURL says whether text is an http or https address.
func IsWebURL(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
}

// Media is a medium by id or by link, with further keys. An id is collected, because only the media's keeper knows it.
func Media(kind string, more ...Field) Rule {
	object := Object(append([]Field{May("id", Text(1, 256)), May("link", Link(4096))}, more...)...)
	return Then(object, func(w *Walk, path string, v any) error {
		id, link := String(v, "id"), String(v, "link")
		if (id == "") == (link == "") {
			return BadParameter("%s needs either an id or a link, and not both", path)
		}
		if id != "" {
			w.Media = append(w.Media, Medium{Path: path, Kind: kind, ID: id})
		}
		return nil
	})
}

// Then is a rule and, where it holds, a further one.
func Then(first, further Rule) Rule {
	return func(w *Walk, path string, v any) error {
		if err := first(w, path, v); err != nil {
			return err
		}
		return further(w, path, v)
	}
}

// Switch chooses the rule by the string under a key. fold takes the string in upper or lower case alike; the cases are in
// lower case then.
func Switch(key string, fold bool, cases map[string]Rule) Rule {
	return func(w *Walk, path string, v any) error {
		object, ok := v.(map[string]any)
		if !ok {
			return BadParameter("%s must be an object", path)
		}
		if object[key] == nil {
			return Missing(Sub(path, key))
		}
		name, ok := object[key].(string)
		if !ok {
			return BadParameter("%s must be a string", Sub(path, key))
		}
		if fold {
			name = strings.ToLower(name)
		}
		chosen, ok := cases[name]
		if !ok {
			return BadValue("%s is %q, but must be %s", Sub(path, key), name, strings.Join(slices.Sorted(maps.Keys(cases)), " or "))
		}
		return chosen(w, path, v)
	}
}

// Get follows keys through objects. It returns nil where there is nothing.
func Get(v any, keys ...string) any {
	for _, key := range keys {
		object, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = object[key]
	}
	return v
}

// String is Get for a string; it is empty where there is none.
func String(v any, keys ...string) string {
	text, _ := Get(v, keys...).(string) // no string is an empty one
	return text
}

// Items is Get for a list.
func Items(v any, keys ...string) []any {
	list, _ := Get(v, keys...).([]any) // no list is an empty one
	return list
}
