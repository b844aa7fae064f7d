package waapi

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"strconv"
	"strings"

	"github.com/waypost/waypost/internal/wa"
)

// maxElements bounds every list of a message; Meta's limits, which are lower,
// are checked by wa.
const maxElements = 1000

// reader reads the parts of one object of a message. It remembers the first
// thing that is wrong, so that a decoder of many fields is a list of them; the
// decoder returns what failed says at its end. What is absent reads as nothing.
type reader struct {
	o object
	// path leads the names of fields in problems, such as "sections[0].".
	path string
	// bad is shared by all readers of a message.
	bad *error
}

func newReader(o object) reader { return reader{o: o, bad: new(error)} }

// readOne reads the only element of a type_* field, which has to be there.
func readOne(m object, field string) (reader, error) {
	o, err := m.one(field)
	return newReader(o), err
}

// failed returns the first thing that was wrong.
func (r reader) failed() error { return *r.bad }

func (r reader) refuse(field string, rule wa.Rule, detail string) {
	r.problem(wa.Problem{Field: field, Rule: rule, Detail: detail})
}

func (r reader) problem(p wa.Problem) {
	if *r.bad == nil {
		p.Field = r.path + p.Field
		*r.bad = refuse(p)
	}
}

func (r reader) has(field string) bool { return !r.o[field].absent() }

// text is a string, or the digits of a number.
func (r reader) text(field string) string {
	v := r.o[field]
	if v.absent() {
		return ""
	}
	s, ok := v.text()
	if !ok {
		r.refuse(field, wa.RuleMalformed, "must be a string")
	}
	return s
}

func (r reader) trimmed(field string) string { return strings.TrimSpace(r.text(field)) }

// word is one of a few words, in any letter case.
func (r reader) word(field string) string { return strings.ToLower(r.trimmed(field)) }

// first is the first of several fields that is not empty: clients know the same
// thing by several names.
func (r reader) first(fields ...string) string {
	for _, f := range fields {
		if s := r.text(f); strings.TrimSpace(s) != "" {
			return s
		}
	}
	return ""
}

// prose is a text that Meta wraps in an object: "hello" or {"text":"hello"}.
func (r reader) prose(field string) string {
	v := r.o[field]
	if v.absent() || (v[0] != '{' && v[0] != '[') {
		return r.text(field)
	}
	return r.part(field).text("text")
}

// part is an object or an array of one.
func (r reader) part(field string) reader {
	p := reader{path: r.path + field + ".", bad: r.bad}
	list := elements(r.o[field])
	if len(list) == 0 || list[0].absent() {
		return p
	}
	if len(list) > 1 {
		r.tooMany(field, 1, len(list))
		return p
	}
	o, ok := list[0].object()
	if !ok {
		r.refuse(field, wa.RuleMalformed, "must be an object or an array of objects")
	}
	p.o = o
	return p
}

// list is the objects of an array; one object stands for an array of one. An
// element that is null reads as nothing.
func (r reader) list(field string) []reader {
	values := elements(r.o[field])
	if len(values) > maxElements {
		r.tooMany(field, maxElements, len(values))
		return nil
	}
	var list []reader
	for i, v := range values {
		o, ok := v.object()
		if !ok && !v.absent() {
			r.refuse(field, wa.RuleMalformed, "must be an object or an array of objects")
			return nil
		}
		list = append(list, reader{o: o, path: fmt.Sprintf("%s%s[%d].", r.path, field, i), bad: r.bad})
	}
	return list
}

func (r reader) tooMany(field string, limit, found int) {
	r.problem(wa.Problem{Field: field, Rule: wa.RuleTooMany, Limit: limit, Found: found})
}

// elements are the values of an array. Anything else is an array of one, and
// what is absent an empty one.
func elements(v value) []value {
	if v.absent() {
		return nil
	}
	var list []json.RawMessage
	if v[0] != '[' || json.Unmarshal(v, &list) != nil {
		return []value{v}
	}
	values := make([]value, len(list))
	for i, raw := range list {
		values[i] = value(raw)
	}
	return values
}

// decimal is a number that has to be there, or a string with one.
func (r reader) decimal(field string) float64 {
	v := r.o[field]
	if v.absent() {
		r.refuse(field, wa.RuleRequired, "")
		return 0
	}
	s, _ := v.text() // nothing, if it is neither a number nor a string
	if s = strings.TrimSpace(s); s == "" && v[0] == '"' {
		r.refuse(field, wa.RuleRequired, "")
		return 0
	}
	// ParseFloat takes NaN, Inf, hexadecimal numbers and underscores, too.
	n, err := strconv.ParseFloat(s, 64)
	if err != nil || strings.Trim(s, "0123456789+-.eE") != "" {
		r.refuse(field, wa.RuleMalformed, "must be a number")
		return 0
	}
	return n
}

// whole is a whole number, or a string with one. Some libraries write 5.0.
func (r reader) whole(field string) int64 {
	if v := r.o[field]; v.absent() || string(v) == `""` {
		return 0
	}
	n := r.decimal(field)
	if n != math.Trunc(n) || math.Abs(n) > 1<<53 {
		r.refuse(field, wa.RuleMalformed, "must be a whole number")
		return 0
	}
	return int64(n)
}

// flag is a boolean, which clients also send as a string or a number.
func (r reader) flag(field string) bool {
	b, err := r.o.flag(field)
	if err != nil {
		r.refuse(field, wa.RuleMalformed, "can only be true or false")
	}
	return b
}

// json is JSON that is passed on, in the form in which it will be kept; nil if
// it is absent or empty.
func (r reader) json(field string) json.RawMessage {
	v := r.o[field]
	if v.absent() {
		return nil
	}
	data, err := json.Marshal(json.RawMessage(v))
	if err != nil || string(data) == "{}" || string(data) == "[]" {
		return nil // what was valid before always encodes
	}
	return data
}

// with returns a reader that finds what is in others, too. A later one wins,
// unless it has nothing to say.
func (r reader) with(others ...reader) reader {
	all := maps.Clone(r.o)
	if all == nil {
		all = object{}
	}
	for _, other := range others {
		for k, v := range other.o {
			if !v.absent() {
				all[k] = v
			}
		}
	}
	return reader{o: all, path: r.path, bad: r.bad}
}

// without returns a reader that does not find some fields.
func (r reader) without(fields ...string) reader {
	rest := maps.Clone(r.o)
	for _, f := range fields {
		delete(rest, f)
	}
	return reader{o: rest, path: r.path, bad: r.bad}
}

// media is a media by link or by id; a link wins, because a client in use sends
// a dummy id beside it. An id of ours may be written in capitals.
func (r reader) media(kind wa.MediaKind) *wa.Media {
	m := &wa.Media{Kind: kind}
	m.Link = strings.TrimSpace(r.first("url", "link", "attachment_url"))
	if m.Link == "" {
		m.MediaID = wa.MediaID(strings.ToLower(strings.TrimSpace(r.first("media_id", "id", "attachment_id"))))
	}
	if kind != wa.KindDocument {
		return m
	}
	if m.Filename = r.trimmed("filename"); m.Filename == "" && m.Link != "" {
		m.Filename = linkName(m.Link)
	}
	return m
}
