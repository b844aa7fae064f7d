package waapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/waypost/waypost/internal/wa"
)

// Limits of a JSON request. A send of 1,000 messages fits; the deepest body of
// the vendor's has nine levels.
const (
	maxJSON     = 1 << 20
	maxDepth    = 32
	jsonTimeout = 30 * time.Second
)

// readJSON reads the body and checks everything about it but what it says.
// The Content-Type is not looked at: clients send whatever their library does.
func readJSON(w http.ResponseWriter, r *http.Request) (object, error) {
	data, err := readBody(w, r)
	if err != nil {
		return nil, err
	}
	return parse(data)
}

// readBody reads the whole body of a JSON request.
func readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	body, err := limited(w, r, maxJSON, jsonTimeout)
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(body)
	if err != nil {
		return nil, unreadable(err)
	}
	// The deadline was for the body; if it passed while the request is worked
	// on, the server would take it for a client that is gone.
	_ = http.NewResponseController(w).SetReadDeadline(time.Time{})
	return data, nil
}

// limited returns the body with a limit on its size, and sets how long it may
// take to arrive.
func limited(w http.ResponseWriter, r *http.Request, size int64, timeout time.Duration) (io.ReadCloser, error) {
	// A compressed body is a bomb until proven otherwise, and no client sends one.
	if e := r.Header.Get("Content-Encoding"); e != "" && !strings.EqualFold(e, "identity") {
		return nil, errEncoded
	}
	if r.ContentLength > size {
		return nil, errTooLarge
	}
	// Not every ResponseWriter has deadlines; the size limit holds without.
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(timeout))
	return http.MaxBytesReader(w, r.Body, size), nil
}

// unreadable says why a body could not be read.
func unreadable(err error) error {
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return errTooLarge
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return errTimeout
	}
	return errCut
}

// parse takes one JSON object and nothing after it.
func parse(data []byte) (object, error) {
	switch {
	case !utf8.Valid(data):
		return nil, errNotUTF8 // encoding/json would replace the bad bytes in silence
	case depth(data) > maxDepth:
		return nil, errTooDeep
	case !json.Valid(data):
		return nil, errNotJSON
	}
	o, ok := value(bytes.TrimSpace(data)).object()
	if !ok {
		return nil, errNotObject
	}
	return o, nil
}

// depth returns how deeply arrays and objects are nested, without caring
// whether the text is JSON otherwise.
func depth(data []byte) int {
	deepest, level := 0, 0
	quoted, escaped := false, false
	for _, b := range data {
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
			deepest = max(deepest, level)
		case b == '}' || b == ']':
			level--
		}
	}
	return deepest
}

// value is a JSON value that is known to be valid; empty if the key is absent.
type value json.RawMessage

// object is a JSON object. Keys are compared letter by letter, unlike those of
// a struct in encoding/json.
type object map[string]value

// absent reports whether there is no value. Clients that map classes to JSON
// send null for every field they do not use.
func (v value) absent() bool { return len(v) == 0 || string(v) == "null" }

func (v value) object() (object, bool) {
	if len(v) == 0 || v[0] != '{' {
		return nil, false
	}
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(v, &raw); err != nil {
		return nil, false
	}
	o := make(object, len(raw))
	for k, r := range raw {
		o[k] = value(r)
	}
	return o, true
}

// value returns the object as JSON.
func (o object) value() value {
	raw := make(map[string]json.RawMessage, len(o))
	for k, v := range o {
		raw[k] = json.RawMessage(v)
	}
	data, err := json.Marshal(raw)
	if err != nil || o == nil {
		return value("null") // what was valid before always encodes
	}
	return value(data)
}

// text returns a string or the digits of a number, letter by letter: a phone
// number as a float would lose its end. Absent is "".
func (o object) text(field string) (string, error) {
	v := o[field]
	if v.absent() {
		return "", nil
	}
	if s, ok := v.text(); ok {
		return s, nil
	}
	return "", refuse(wa.Problem{Field: field, Rule: wa.RuleMalformed, Detail: "must be a string"})
}

func (v value) text() (string, bool) {
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

// trimmed is text without spaces around it.
func (o object) trimmed(field string) (string, error) {
	s, err := o.text(field)
	return strings.TrimSpace(s), err
}

// flag returns a boolean, which clients also send as a string or a number.
// Absent is false.
func (o object) flag(field string) (bool, error) {
	v := o[field]
	if v.absent() {
		return false, nil
	}
	s, ok := v.text()
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

// list returns the elements of an array; an object stands for an array of one.
// Absent is an empty list. What is over the limit is counted, not kept.
func (o object) list(field string, limit int) ([]object, error) {
	v := o[field]
	if v.absent() {
		return nil, nil
	}
	if one, ok := v.object(); ok {
		return []object{one}, nil
	}
	if v[0] != '[' {
		return nil, refuse(notObjects(field))
	}
	var out []object
	found := 0
	d := json.NewDecoder(bytes.NewReader(v))
	_, err := d.Token()
	for ; err == nil && d.More(); found++ {
		var raw json.RawMessage
		if err = d.Decode(&raw); err != nil || found >= limit {
			continue
		}
		element, ok := value(raw).object()
		if !ok && !value(raw).absent() {
			return nil, refuse(notObjects(field))
		}
		out = append(out, element)
	}
	if err != nil {
		return nil, errNotJSON // it was checked before; this cannot happen
	}
	if found > limit {
		return nil, refuse(wa.Problem{Field: field, Rule: wa.RuleTooMany, Limit: limit, Found: found})
	}
	return out, nil
}

// texts returns the elements of an array of texts, trimmed; a text stands for an
// array of one. Absent is nil, an empty array is not.
func (o object) texts(field string, limit int) ([]string, error) {
	v := o[field]
	if v.absent() {
		return nil, nil
	}
	bad := refuse(wa.Problem{Field: field, Rule: wa.RuleMalformed, Detail: "must be an array of strings"})
	if s, ok := v.text(); ok {
		return []string{strings.TrimSpace(s)}, nil
	}
	var raw []json.RawMessage
	if v[0] != '[' || json.Unmarshal(v, &raw) != nil {
		return nil, bad
	}
	if len(raw) > limit {
		return nil, refuse(wa.Problem{Field: field, Rule: wa.RuleTooMany, Limit: limit, Found: len(raw)})
	}
	all := make([]string, 0, len(raw))
	for _, r := range raw {
		s, ok := value(r).text()
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

// one returns the only element of a list that has to be there: the vendor
// wraps every type_* object into an array of one.
func (o object) one(field string) (object, error) {
	list, err := o.list(field, 1)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 || list[0] == nil {
		return nil, refuse(wa.Problem{Field: field, Rule: wa.RuleRequired})
	}
	return list[0], nil
}
