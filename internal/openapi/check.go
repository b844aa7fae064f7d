package openapi

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// Doc is a description.
type Doc struct{ root map[string]any }

// Parse reads the text of a description.
func Parse(text string) (*Doc, error) {
	v, err := readYAML(text)
	if err != nil {
		return nil, fmt.Errorf("read openapi file: %w", err)
	}
	root, ok := v.(map[string]any)
	if !ok {
		return nil, errors.New("read openapi file: it is no mapping")
	}
	return &Doc{root}, nil
}

// At walks down the keys from the top, following references. It returns nil
// where there is nothing.
func (d *Doc) At(keys ...string) map[string]any { return d.under(d.root, keys...) }

func (d *Doc) under(v any, keys ...string) map[string]any {
	for _, key := range keys {
		v = d.resolve(v)[key]
	}
	return d.resolve(v)
}

func (d *Doc) resolve(v any) map[string]any {
	object, ok := v.(map[string]any)
	if !ok {
		return nil
	}
	if ref, ok := object["$ref"].(string); ok {
		return d.At(strings.Split(strings.TrimPrefix(ref, "#/"), "/")...)
	}
	return object
}

// Check compares a value, as encoding/json decodes it, with a schema, and
// returns the differences. Each begins with its place, below where, and has a
// name that does not depend on places in lists.
func (d *Doc) Check(schema map[string]any, v any, where string) []string {
	c := &comparison{doc: d}
	c.check(schema, v, where)
	return c.found
}

// comparison collects differences.
type comparison struct {
	doc   *Doc
	found []string
}

func (c *comparison) differ(where, format string, args ...any) {
	c.found = append(c.found, where+" "+fmt.Sprintf(format, args...))
}

// check compares a value with what its discriminator names, or with the schema.
func (c *comparison) check(schema, v any, where string) {
	rules := c.doc.resolve(schema)
	if v == nil && rules["nullable"] == true {
		return
	}
	discriminator := c.doc.under(rules, "discriminator")
	by, _ := discriminator["propertyName"].(string)
	object, isObject := v.(map[string]any)
	mapping := c.doc.under(discriminator, "mapping")
	if mapping == nil || !isObject {
		c.compare(c.whole(rules), v, where)
		return
	}
	name, _ := object[by].(string)
	ref, ok := mapping[name].(string)
	if !ok {
		c.differ(where, "has the %s %q, which the file does not know", by, name)
		return
	}
	c.compare(c.whole(c.doc.resolve(map[string]any{"$ref": ref})), v, where)
}

// whole makes one schema of the parts of an allOf.
func (c *comparison) whole(rules map[string]any) map[string]any {
	parts, ok := rules["allOf"].([]any)
	if !ok {
		return rules
	}
	one, properties := map[string]any{}, map[string]any{}
	var required []any
	for _, part := range append(slices.Clone(parts), without(rules, "allOf")) {
		part := c.whole(c.doc.resolve(part))
		for key, v := range part {
			one[key] = v
		}
		for key, v := range c.doc.resolve(part["properties"]) {
			if before := properties[key]; before != nil {
				v = map[string]any{"allOf": []any{before, v}}
			}
			properties[key] = v
		}
		more, _ := part["required"].([]any)
		required = append(required, more...)
	}
	one["required"] = required
	if len(properties) > 0 {
		one["properties"] = properties
	}
	delete(one, "discriminator") // that of a part leads back here
	return one
}

func without(rules map[string]any, key string) map[string]any {
	rest := map[string]any{}
	for k, v := range rules {
		if k != key {
			rest[k] = v
		}
	}
	return rest
}

func (c *comparison) compare(rules map[string]any, v any, where string) {
	for _, word := range []string{"oneOf", "anyOf"} {
		if list, ok := rules[word].([]any); ok {
			c.choose(list, rules, v, where)
		}
	}
	if kind, ok := rules["type"].(string); ok && kindOf(v, kind) != kind {
		c.differ(where, "is no %s", kind)
		return
	}
	if list, ok := rules["enum"].([]any); ok && !slices.ContainsFunc(list, func(may any) bool { return reflect.DeepEqual(may, v) }) {
		c.differ(where, "is %v, which is none of the values", v)
	}
	switch v := v.(type) {
	case string:
		c.text(rules, v, where)
	case float64:
		if least, ok := rules["minimum"].(float64); ok && v < least {
			c.differ(where, "is below %v", least)
		}
		if most, ok := rules["maximum"].(float64); ok && v > most {
			c.differ(where, "is above %v", most)
		}
	case []any:
		c.list(rules, v, where)
	case map[string]any:
		c.object(rules, v, where)
	}
}

// choose looks for the alternative that fits. If none does, its differences are
// those from the nearest.
func (c *comparison) choose(list []any, rules map[string]any, v any, where string) {
	fitting := 0
	var nearest []string
	for _, part := range list {
		trial := &comparison{doc: c.doc}
		trial.check(part, v, where)
		if len(trial.found) == 0 {
			fitting++
		}
		if nearest == nil || len(trial.found) < len(nearest) {
			nearest = trial.found
		}
	}
	_, one := rules["oneOf"]
	switch {
	case fitting == 0:
		c.found = append(c.found, nearest...)
	case one && fitting > 1:
		c.differ(where, "fits %d of oneOf", fitting)
	}
}

func (c *comparison) text(rules map[string]any, v, where string) {
	if pattern, ok := rules["pattern"].(string); ok {
		if form, err := regexp.Compile(pattern); err != nil || !form.MatchString(v) {
			c.differ(where, "does not match %s", pattern)
		}
	}
	if least, ok := rules["minLength"].(float64); ok && utf8.RuneCountInString(v) < int(least) {
		c.differ(where, "is shorter than %v", least)
	}
	if most, ok := rules["maxLength"].(float64); ok && utf8.RuneCountInString(v) > int(most) {
		c.differ(where, "is longer than %v", most)
	}
}

func (c *comparison) list(rules map[string]any, v []any, where string) {
	if least, ok := rules["minItems"].(float64); ok && len(v) < int(least) {
		c.differ(where, "has less than %v items", least)
	}
	if most, ok := rules["maxItems"].(float64); ok && len(v) > int(most) {
		c.differ(where, "has more than %v items", most)
	}
	if rules["items"] == nil {
		return
	}
	for _, item := range v {
		c.check(rules["items"], item, where+"[]")
	}
}

// object also finds keys that the schema does not have.
func (c *comparison) object(rules, v map[string]any, where string) {
	required, _ := rules["required"].([]any)
	for _, key := range required {
		if name, ok := key.(string); ok && v[name] == nil {
			c.differ(where, "has no %s", name)
		}
	}
	properties := c.doc.resolve(rules["properties"])
	for key, inner := range v {
		switch {
		case properties[key] != nil:
			c.check(properties[key], inner, where+"."+key)
		case properties != nil && (rules["additionalProperties"] == nil || rules["additionalProperties"] == false):
			c.differ(where, "has %s, which the file does not know", key)
		}
	}
}

// kindOf names the kind of a value; a whole number is an integer if one is
// wanted.
func kindOf(v any, wanted string) string {
	switch v := v.(type) {
	case string:
		return "string"
	case bool:
		return "boolean"
	case float64:
		if wanted == "integer" && v == math.Trunc(v) {
			return "integer"
		}
		return "number"
	case []any:
		return "array"
	case map[string]any:
		return "object"
	}
	return "null"
}
