package lenient

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"strconv"
	"strings"

	"github.com/waypost/waypost/internal/wa"
)

// MaxElements bounds every list that a [Reader] reads; Meta's limits, which are
// lower, are checked by wa.
const MaxElements = 1000

// Reader reads the parts of one object. It remembers the first thing that is
// wrong, so that a decoder of many fields is a list of them; the decoder returns
// what [Reader.Failed] says at its end. What is absent reads as nothing. The zero
// Reader finds nothing and can refuse nothing.
type Reader struct {
	o Object
	// path leads the names of fields in problems, such as "sections[0].".
	path string
	// bad is shared by all readers that come of one.
	bad *error
}

// NewReader returns a reader of an object, with nothing wrong so far.
func NewReader(o Object) Reader { return Reader{o: o, bad: new(error)} }

// ReadOne reads the only element of a type_* field, which has to be there.
func ReadOne(m Object, field string) (Reader, error) {
	o, err := m.One(field)
	return NewReader(o), err
}

// Failed returns the first thing that was wrong; nil if nothing was.
func (r Reader) Failed() error { return *r.bad }

// Refuse remembers what is wrong with a field of this object.
func (r Reader) Refuse(field string, rule wa.Rule, detail string) {
	r.Problem(wa.Problem{Field: field, Rule: rule, Detail: detail})
}

// Problem is Refuse for rules that count.
func (r Reader) Problem(p wa.Problem) {
	if *r.bad == nil {
		p.Field = r.path + p.Field
		*r.bad = refuse(p)
	}
}

// Named returns a reader whose problems name its fields below another path, such
// as "order.".
func (r Reader) Named(path string) Reader { return Reader{o: r.o, path: path, bad: r.bad} }

// Over returns a reader of another object, whose problems name its fields as if
// they stood in this one.
func (r Reader) Over(o Object) Reader { return Reader{o: o, path: r.path, bad: r.bad} }

// Path leads the names of fields in problems.
func (r Reader) Path() string { return r.path }

// Object is what is read; nil for what is not there.
func (r Reader) Object() Object { return r.o }

// Value is a field as it came.
func (r Reader) Value(field string) Value { return r.o[field] }

// Has reports whether a field is there.
func (r Reader) Has(field string) bool { return !r.o[field].Absent() }

// Text is a string, or the digits of a number.
func (r Reader) Text(field string) string {
	v := r.o[field]
	if v.Absent() {
		return ""
	}
	s, ok := v.Text()
	if !ok {
		r.Refuse(field, wa.RuleMalformed, "must be a string")
	}
	return s
}

// Trimmed is Text without spaces around it.
func (r Reader) Trimmed(field string) string { return strings.TrimSpace(r.Text(field)) }

// Word is one of a few words, in any letter case.
func (r Reader) Word(field string) string { return strings.ToLower(r.Trimmed(field)) }

// First is the first of several fields that is not empty: clients know the same
// thing by several names.
func (r Reader) First(fields ...string) string {
	for _, f := range fields {
		if s := r.Text(f); strings.TrimSpace(s) != "" {
			return s
		}
	}
	return ""
}

// Prose is a text that Meta wraps in an object: "hello" or {"text":"hello"}.
func (r Reader) Prose(field string) string {
	v := r.o[field]
	if !v.Nested() {
		return r.Text(field)
	}
	return r.Part(field).Text("text")
}

// Part is an object or an array of one.
func (r Reader) Part(field string) Reader {
	p := Reader{path: r.path + field + ".", bad: r.bad}
	list, found := Elements(r.o[field])
	if len(list) > 0 && list[0].Absent() || found == 0 {
		return p
	}
	if found > 1 {
		r.TooMany(field, 1, found)
		return p
	}
	o, ok := list[0].Object()
	if !ok {
		r.Refuse(field, wa.RuleMalformed, "must be an object or an array of objects")
	}
	p.o = o
	return p
}

// List is the objects of an array; one object stands for an array of one. An
// element that is null reads as nothing.
func (r Reader) List(field string) []Reader {
	values, found := Elements(r.o[field])
	if found > MaxElements {
		r.TooMany(field, MaxElements, found)
		return nil
	}
	var list []Reader
	for i, v := range values {
		o, ok := v.Object()
		if !ok && !v.Absent() {
			r.Refuse(field, wa.RuleMalformed, "must be an object or an array of objects")
			return nil
		}
		list = append(list, Reader{o: o, path: fmt.Sprintf("%s%s[%d].", r.path, field, i), bad: r.bad})
	}
	return list
}

// TooMany refuses a list.
func (r Reader) TooMany(field string, limit, found int) {
	r.Problem(wa.Problem{Field: field, Rule: wa.RuleTooMany, Limit: limit, Found: found})
}

// Elements are the values of an array, and how many there are; those of more than
// MaxElements are counted only. Anything else is an array of one, and what is
// absent an empty one.
func Elements(v Value) (values []Value, found int) {
	if v.Absent() {
		return nil, 0
	}
	if v[0] != '[' {
		return []Value{v}, 1
	}
	if found = v.length(); found > MaxElements {
		return nil, found
	}
	var list []json.RawMessage
	if json.Unmarshal(v, &list) != nil {
		return []Value{v}, 1 // what was valid before always decodes
	}
	for _, raw := range list {
		values = append(values, Value(raw))
	}
	return values, len(values)
}

// Decimal is a number that has to be there, or a string with one.
func (r Reader) Decimal(field string) float64 {
	v := r.o[field]
	if v.Absent() {
		r.Refuse(field, wa.RuleRequired, "")
		return 0
	}
	s, _ := v.Text() // nothing, if it is neither a number nor a string
	if s = strings.TrimSpace(s); s == "" && v[0] == '"' {
		r.Refuse(field, wa.RuleRequired, "")
		return 0
	}
	// ParseFloat takes NaN, Inf, hexadecimal numbers and underscores, too.
	n, err := strconv.ParseFloat(s, 64)
	if err != nil || strings.Trim(s, "0123456789+-.eE") != "" {
		r.Refuse(field, wa.RuleMalformed, "must be a number")
		return 0
	}
	return n
}

// Whole is a whole number, or a string with one. Some libraries write 5.0.
func (r Reader) Whole(field string) int64 {
	if v := r.o[field]; v.Absent() || string(v) == `""` {
		return 0
	}
	n := r.Decimal(field)
	if n != math.Trunc(n) || math.Abs(n) > 1<<53 {
		r.Refuse(field, wa.RuleMalformed, "must be a whole number")
		return 0
	}
	return int64(n)
}

// Flag is a boolean, which clients also send as a string or a number.
func (r Reader) Flag(field string) bool {
	b, err := r.o.Flag(field)
	if err != nil {
		r.Refuse(field, wa.RuleMalformed, "can only be true or false")
	}
	return b
}

// JSON is JSON that is passed on, in the form in which it will be kept; nil if
// it is absent or empty.
func (r Reader) JSON(field string) json.RawMessage {
	v := r.o[field]
	if v.Absent() {
		return nil
	}
	data, err := json.Marshal(json.RawMessage(v))
	if err != nil || string(data) == "{}" || string(data) == "[]" {
		return nil // what was valid before always encodes
	}
	return data
}

// With returns a reader that finds what is in others, too. A later one wins,
// unless it has nothing to say.
func (r Reader) With(others ...Reader) Reader {
	all := maps.Clone(r.o)
	if all == nil {
		all = Object{}
	}
	for _, other := range others {
		for k, v := range other.o {
			if !v.Absent() {
				all[k] = v
			}
		}
	}
	return r.Over(all)
}

// Without returns a reader that does not find some fields.
func (r Reader) Without(fields ...string) Reader {
	rest := maps.Clone(r.o)
	for _, f := range fields {
		delete(rest, f)
	}
	return r.Over(rest)
}
