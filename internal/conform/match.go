package conform

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"regexp"
	"strings"
)

// Rule says how an answer is compared.
type Rule struct {
	// Strict compares the answer byte for byte with all headers that the files
	// speak of. Else it is the status, the media type, and the body: JSON by its
	// values, whatever their order.
	Strict bool
	// Codes leaves the text of an error out: what a program looks at is the code.
	// It means nothing with Strict.
	Codes bool
	// FixedClock says that the server's clock stands where the files say: noon
	// of the first of September 2026, UTC. Else a time has to be a time.
	FixedClock bool
}

// toldHeaders are the headers that the files speak of.
func toldHeaders(h http.Header) []string {
	names := []string{
		"Allow", "Cache-Control", "Content-Disposition", "Content-Range", "Content-Security-Policy", "Content-Type", "Etag", "Retry-After",
	}
	if !strings.HasPrefix(h.Get("Content-Type"), "application/json") {
		names = append(names, "Content-Length")
	}
	return names
}

// tellAnswer writes an answer the way it stands in a file, with some facts by
// their names. The last new id in it is {last} from then on.
func (n Names) tellAnswer(a Answer, media fs.FS, some []string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d\n", a.Status)
	for _, name := range toldHeaders(a.Header) {
		if v := a.Header.Get(name); v != "" {
			fmt.Fprintf(&b, "%s: %s\n", name, n.Tell(v))
		}
	}
	if len(a.Body) == 0 {
		return b.String()
	}
	body := metaIDForm.ReplaceAllStringFunc(n.tellBody(a.Body, media, some), func(member string) string {
		part := metaIDForm.FindStringSubmatch(member)
		n.setLast(part[2])
		return part[1] + "{" + newID + "}" + part[3]
	})
	body = idForm.ReplaceAllStringFunc(body, func(id string) string {
		n.setLast(id)
		return "{" + newID + "}"
	})
	return b.String() + "\n" + body + "\n"
}

// compare returns what is different, one line for each, and the answer as a
// file would have it.
func (r Rule) compare(want Expected, got Answer, names Names, media fs.FS) (differences []string, told string) {
	some := factsIn(want.Text)
	told = names.tellAnswer(got, media, some)
	if want.Status == 0 {
		return []string{"the file has no answer to this request yet"}, told
	}
	if r.Strict {
		// Told the same way, what is the same is the same, by whatever name.
		return r.compareText(names.Tell(names.tellFacts(names.Fill(want.Text), some)), told), told
	}
	m := matcher{rule: r, names: names}
	m.compare(want, got, media)
	return m.differences, told
}

func (r Rule) compareText(want, got string) []string {
	if !r.FixedClock {
		want, got = timeForm.ReplaceAllString(want, "{time}"), timeForm.ReplaceAllString(got, "{time}")
	}
	if want == got {
		return nil
	}
	wanted, came := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i, line := range wanted {
		if i >= len(came) || came[i] != line {
			return []string{fmt.Sprintf("line %d of the answer is not the same", i+1)}
		}
	}
	return []string{"the answer is longer"}
}

// matcher collects the differences of one answer.
type matcher struct {
	rule        Rule
	names       Names
	differences []string
}

func (m *matcher) differ(format string, args ...any) {
	m.differences = append(m.differences, fmt.Sprintf(format, args...))
}

func (m *matcher) compare(want Expected, got Answer, media fs.FS) {
	if got.Status != want.Status {
		m.differ("HTTP status: got %d, want %d", got.Status, want.Status)
	}
	if wanted := want.value("Content-Type"); mediaType(wanted) != mediaType(got.Header.Get("Content-Type")) {
		m.differ("Content-Type: got %q, want %q", got.Header.Get("Content-Type"), wanted)
	}
	if strings.Contains(want.Body, "{"+newID+"}") {
		m.names.forgetLast()
	}
	switch wanted := []byte(want.Body); {
	case want.Body == "" && len(got.Body) > 0:
		m.differ("body: got %d bytes, want none", len(got.Body))
	case want.Body == "":
	case json.Valid(wanted) && json.Valid(got.Body):
		m.value("", wanted, got.Body)
	case json.Valid(wanted):
		m.differ("body: it is not JSON")
	case m.names.tellBody(got.Body, media, nil) != m.names.Tell(m.names.Fill(want.Body)):
		m.differ("body: it is not the same")
	}
}

func mediaType(contentType string) string {
	t, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		return contentType
	}
	return t
}

// value compares two JSON values. at is where they are, such as data.ids[1].
func (m *matcher) value(at string, want, got json.RawMessage) {
	want, got = bytes.TrimSpace(want), bytes.TrimSpace(got)
	switch {
	case want[0] == '{' && got[0] == '{':
		m.object(at, members(want), members(got))
	case want[0] == '[' && got[0] == '[':
		m.array(at, elements(want), elements(got))
	case want[0] == '"':
		m.text(at, want, got)
	case !bytes.Equal(want, got):
		m.differ("%s: got %s, want %s", place(at), m.show(got), want)
	}
}

func (m *matcher) object(at string, want, got []member) {
	came := map[string]json.RawMessage{}
	for _, g := range got {
		if _, twice := came[g.key]; twice {
			m.differ("%s: it is there twice", place(join(at, g.key)))
		}
		came[g.key] = g.value
	}
	for _, w := range want {
		value, ok := came[w.key]
		delete(came, w.key)
		switch {
		case !ok:
			m.differ("%s: it is missing, want %s", place(join(at, w.key)), w.value)
		case m.rule.Codes && at == "error" && w.key == "message":
		default:
			m.value(join(at, w.key), w.value, value)
		}
	}
	for _, g := range got {
		if value, ok := came[g.key]; ok {
			m.differ("%s: got %s, want no such key", place(join(at, g.key)), m.show(value))
			delete(came, g.key)
		}
	}
}

func (m *matcher) array(at string, want, got []json.RawMessage) {
	if len(want) != len(got) {
		m.differ("%s: got %d elements, want %d", place(at), len(got), len(want))
		return
	}
	for i := range want {
		m.value(fmt.Sprintf("%s[%d]", at, i), want[i], got[i])
	}
}

// text compares with a wanted string, which may have names in it.
func (m *matcher) text(at string, wantRaw, gotRaw json.RawMessage) {
	var want, got string
	if json.Unmarshal(wantRaw, &want) != nil {
		m.differ("%s: the file's text cannot be read", place(at))
		return
	}
	// An id may be a number elsewhere.
	isText := json.Unmarshal(gotRaw, &got) == nil
	if want == "{"+newID+"}" && (gotRaw[0] == '-' || gotRaw[0] >= '0' && gotRaw[0] <= '9') {
		m.names.setLast(string(gotRaw))
		return
	}
	// null unmarshals into a string, too.
	if !isText || gotRaw[0] != '"' || !m.sameText(want, got) {
		m.differ("%s: got %s, want %s", place(at), m.show(gotRaw), m.names.Tell(string(wantRaw)))
	}
}

func (m *matcher) sameText(want, got string) bool {
	want = m.names.Fill(want)
	if !m.rule.FixedClock && timeForm.FindString(want) == want && want != "" {
		return timeForm.FindString(got) == got && got != ""
	}
	if !strings.Contains(want, "{"+newID+"}") {
		return want == got
	}
	form := strings.ReplaceAll(regexp.QuoteMeta(want), regexp.QuoteMeta("{"+newID+"}"), `([0-9A-Za-z._:=+/-]+)`)
	found := regexp.MustCompile(`\A` + form + `\z`).FindStringSubmatch(got)
	if found == nil {
		return false
	}
	m.names.setLast(found[len(found)-1])
	return true
}

// shownValue is how much of a value a difference shows, in bytes.
const shownValue = 200

func (m *matcher) show(value json.RawMessage) string {
	text := m.names.Tell(string(value))
	if len(text) > shownValue {
		return strings.ToValidUTF8(text[:shownValue], "") + "…"
	}
	return text
}

func join(at, key string) string {
	if at == "" {
		return key
	}
	return at + "." + key
}

func place(at string) string {
	if at == "" {
		return "body"
	}
	return at
}

// member is a key of an object with its value.
type member struct {
	key   string
	value json.RawMessage
}

// members are the keys of a valid object in their order, for a map would lose
// it and the ones that are there twice.
func members(object json.RawMessage) []member {
	var list []member
	dec := json.NewDecoder(bytes.NewReader(object))
	if _, err := dec.Token(); err != nil {
		return nil
	}
	for dec.More() {
		token, err := dec.Token()
		key, ok := token.(string)
		var value json.RawMessage
		if err != nil || !ok || dec.Decode(&value) != nil {
			return list
		}
		list = append(list, member{key: key, value: value})
	}
	return list
}

func elements(array json.RawMessage) []json.RawMessage {
	var list []json.RawMessage
	if json.Unmarshal(array, &list) != nil {
		return nil
	}
	return list
}
