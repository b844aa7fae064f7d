package callback

import (
	"bytes"
	"encoding/json"
	"maps"
	"reflect"
	"strings"
	"time"

	"github.com/waypost/waypost/internal/cloudapi/node"
)

// stamp is a time: seconds since 1970, or milliseconds where Meta has that.
type stamp struct{ node.Text }

// Time returns the zero time for what is none.
func (s stamp) Time() time.Time {
	if t := s.Text.Time(); !t.IsZero() || !strings.HasSuffix(string(s.Text), "000") {
		return t
	}
	return node.Text(strings.TrimSuffix(string(s.Text), "000")).Time()
}

func (s stamp) understood() bool { return !s.Time().IsZero() }

// whole is a whole number.
type whole struct{ node.Text }

func (w whole) understood() bool { return w.Number() != 0 || w.Text == "0" }

// leaf is a value of which not every text is one.
type leaf interface{ understood() bool }

// leaver is an object that does not take all that it has a field for.
type leaver interface{ leaves(key string) bool }

// reader reads objects and says what it did not take of them. It remembers the
// fields of types for as long as a callback is decoded.
type reader struct {
	fields map[reflect.Type]map[string][]int
	// updates counts what the callback tells, before anything is made of it.
	updates int
}

// full reports whether the callback tells of more than it may.
func (r *reader) full() bool { return r.updates > maxUpdates }

// read decodes an object into what v points to, leniently.
func (r *reader) read(data []byte, v any) { node.Read(data, v) }

// rest returns data without what v, which was read from it, holds; nil if
// nothing is left. Null, {} and [] say nothing. In a list, null stands for what
// was taken.
func (r *reader) rest(data []byte, v any) json.RawMessage {
	return r.left(bytes.TrimSpace(data), reflect.ValueOf(v))
}

func (r *reader) left(data json.RawMessage, v reflect.Value) json.RawMessage {
	if empty(data) {
		return nil
	}
	var l leaver
	for v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return data
		}
		l, _ = v.Interface().(leaver)
		v = v.Elem()
	}
	if l == nil {
		l, _ = v.Interface().(leaver)
	}
	if v.Type() == reflect.TypeFor[json.RawMessage]() {
		return nil // somebody else reads it
	}
	if one, ok := v.Interface().(leaf); ok {
		return unless(one.understood(), data)
	}
	switch v.Kind() { //nolint:exhaustive // what objects are read into
	case reflect.String:
		return unless(data[0] == '"' || data[0] == '-' || '0' <= data[0] && data[0] <= '9', data)
	case reflect.Bool:
		return unless(data[0] == 't' || data[0] == 'f', data)
	case reflect.Slice:
		return r.leftOfList(data, v)
	case reflect.Struct:
		return r.leftOfObject(data, v, l)
	}
	return data
}

func unless(taken bool, data json.RawMessage) json.RawMessage {
	if taken {
		return nil
	}
	return data
}

// empty reports whether there is nothing in a value.
func empty(data []byte) bool {
	switch string(data) {
	case "", "null", "{}", "[]":
		return true
	}
	return false
}

func (r *reader) leftOfList(data json.RawMessage, v reflect.Value) json.RawMessage {
	var all []json.RawMessage
	if json.Unmarshal(data, &all) != nil || v.Len() != len(all) {
		return data
	}
	some := false
	for i, one := range all {
		all[i] = r.left(one, v.Index(i))
		some = some || all[i] != nil
	}
	if !some {
		return nil
	}
	return encode(all)
}

func (r *reader) leftOfObject(data json.RawMessage, v reflect.Value, l leaver) json.RawMessage {
	var members map[string]json.RawMessage
	if json.Unmarshal(data, &members) != nil {
		return data
	}
	fields := r.fieldsOf(v.Type())
	maps.DeleteFunc(members, func(key string, member json.RawMessage) bool {
		index, known := fields[key]
		if !known || l != nil && l.leaves(key) {
			return empty(member)
		}
		left := r.left(member, v.FieldByIndex(index))
		members[key] = left
		return left == nil
	})
	if len(members) == 0 {
		return nil
	}
	return encode(members)
}

// encode writes what was read.
func encode(v any) json.RawMessage {
	data, err := json.Marshal(v)
	if err != nil {
		return nil // cannot be: it is made of valid JSON
	}
	return data
}

// fieldsOf returns the fields of a struct by their names in JSON.
func (r *reader) fieldsOf(t reflect.Type) map[string][]int {
	if f, ok := r.fields[t]; ok {
		return f
	}
	f := map[string][]int{}
	for _, field := range reflect.VisibleFields(t) {
		if name, _, _ := strings.Cut(field.Tag.Get("json"), ","); name != "" && name != "-" {
			f[name] = field.Index
		}
	}
	r.fields[t] = f
	return f
}
