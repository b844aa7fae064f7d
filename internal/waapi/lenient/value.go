package lenient

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/waypost/waypost/internal/wa"
)

// Value is a JSON value that is known to be valid; empty if the key is absent.
type Value json.RawMessage

// Object is a JSON object. Keys are compared letter by letter, unlike those of
// a struct in encoding/json.
type Object map[string]Value

// Absent reports whether there is no value. Clients that map classes to JSON
// send null for every field they do not use.
func (v Value) Absent() bool { return len(v) == 0 || string(v) == "null" }

// Nested reports whether the value is an object or an array.
func (v Value) Nested() bool { return len(v) > 0 && (v[0] == '{' || v[0] == '[') }

// Object returns the object that the value is; false if it is none.
func (v Value) Object() (Object, bool) {
	if len(v) == 0 || v[0] != '{' {
		return nil, false
	}
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(v, &raw); err != nil {
		return nil, false
	}
	o := make(Object, len(raw))
	for k, r := range raw {
		o[k] = Value(r)
	}
	return o, true
}

// Value returns the object as JSON.
func (o Object) Value() Value {
	raw := make(map[string]json.RawMessage, len(o))
	for k, v := range o {
		raw[k] = json.RawMessage(v)
	}
	data, err := json.Marshal(raw)
	if err != nil || o == nil {
		return Value("null") // what was valid before always encodes
	}
	return Value(data)
}

// Text returns a string or the digits of a number, letter by letter: a phone
// number as a float would lose its end. Absent is "". Anything else is
// wa.RuleMalformed, as in every method here.
func (o Object) Text(field string) (string, error) {
	v := o[field]
	if v.Absent() {
		return "", nil
	}
	if s, ok := v.Text(); ok {
		return s, nil
	}
	return "", refuse(wa.Problem{Field: field, Rule: wa.RuleMalformed, Detail: "must be a string"})
}

// Text returns a string or the digits of a number; false for anything else.
func (v Value) Text() (string, bool) {
	if len(v) == 0 {
		return "", false
	}
	switch c := v[0]; {
	case c == '"':
		var s string
		err := json.Unmarshal(v, &s)
		return s, err == nil
	case c == '-' || (c >= '0' && c <= '9'):
		return string(v), true
	}
	return "", false
}

// Trimmed is Text without spaces around it.
func (o Object) Trimmed(field string) (string, error) {
	s, err := o.Text(field)
	return strings.TrimSpace(s), err
}

// Flag returns a boolean, which clients also send as a string or a number.
// Absent is false.
func (o Object) Flag(field string) (bool, error) {
	v := o[field]
	if v.Absent() {
		return false, nil
	}
	s, ok := v.Text()
	if !ok {
		s = string(v)
	}
	switch strings.ToLower(strings.TrimSpace(s)) {
	case "true", "1":
		return true, nil
	case "false", "0", "":
		return false, nil
	}
	return false, refuse(wa.Problem{Field: field, Rule: wa.RuleMalformed, Detail: "can only be true or false"})
}

// List returns the elements of an array; an object stands for an array of one.
// Absent is an empty list, an element that is null is nil. More elements than the
// limit are counted only: wa.RuleTooMany.
func (o Object) List(field string, limit int) ([]Object, error) {
	v := o[field]
	if v.Absent() {
		return nil, nil
	}
	if one, ok := v.Object(); ok {
		return []Object{one}, nil
	}
	if v[0] != '[' {
		return nil, refuse(notObjects(field))
	}
	if found := v.length(); found > limit {
		return nil, refuse(wa.Problem{Field: field, Rule: wa.RuleTooMany, Limit: limit, Found: found})
	}
	var list []json.RawMessage
	if err := json.Unmarshal(v, &list); err != nil {
		return nil, ErrNotJSON // it was checked before; this cannot happen
	}
	out := make([]Object, 0, len(list))
	for _, raw := range list {
		element, ok := Value(raw).Object()
		if !ok && !Value(raw).Absent() {
			return nil, refuse(notObjects(field))
		}
		out = append(out, element)
	}
	return out, nil
}

// length is how many elements an array has, read without keeping any: a list is
// refused for its length before it costs anything.
func (v Value) length() int {
	commas, level, empty := 0, 0, true
	quoted, escaped := false, false
	for _, b := range v {
		empty = empty && (level == 0 || space(b) || b == ']')
		switch {
		case escaped:
			escaped = false
		case quoted && b == '\\':
			escaped = true
		case b == '"':
			quoted = !quoted
		case quoted:
		case b == '{' || b == '[':
			level++
		case b == '}' || b == ']':
			level--
		case b == ',' && level == 1:
			commas++
		}
	}
	if empty {
		return 0
	}
	return commas + 1
}

// Texts returns the elements of an array of texts, trimmed; a text stands for an
// array of one. Absent is nil, an empty array is not.
func (o Object) Texts(field string, limit int) ([]string, error) {
	v := o[field]
	if v.Absent() {
		return nil, nil
	}
	bad := refuse(wa.Problem{Field: field, Rule: wa.RuleMalformed, Detail: "must be an array of strings"})
	if s, ok := v.Text(); ok {
		return []string{strings.TrimSpace(s)}, nil
	}
	if v[0] != '[' {
		return nil, bad
	}
	if found := v.length(); found > limit {
		return nil, refuse(wa.Problem{Field: field, Rule: wa.RuleTooMany, Limit: limit, Found: found})
	}
	var raw []json.RawMessage
	if json.Unmarshal(v, &raw) != nil {
		return nil, bad
	}
	all := make([]string, 0, len(raw))
	for _, r := range raw {
		s, ok := Value(r).Text()
		if !ok {
			return nil, bad
		}
		all = append(all, strings.TrimSpace(s))
	}
	return all, nil
}

func notObjects(field string) wa.Problem {
	return wa.Problem{Field: field, Rule: wa.RuleMalformed, Detail: "must be an object or an array of objects"}
}

// One returns the only element of a list that has to be there, else
// wa.RuleRequired or wa.RuleTooMany: the vendor wraps every type_* object into an array of one.
func (o Object) One(field string) (Object, error) {
	list, err := o.List(field, 1)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 || list[0] == nil {
		return nil, refuse(wa.Problem{Field: field, Rule: wa.RuleRequired})
	}
	return list[0], nil
}

// Encode is json.Marshal but for & < and >, which stay as they are: nothing of
// ours is put into HTML, and clients compare texts.
func Encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimRight(b.Bytes(), "\n"), nil
}
