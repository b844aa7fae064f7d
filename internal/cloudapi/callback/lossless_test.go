package callback

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/waypost/waypost/internal/wa"
)

// dropped are the parts of callbacks that no update holds, on purpose, each with
// the reason. A path is that of the keys, without the places in lists.
var dropped = []struct {
	path *regexp.Regexp
	why  string
}{
	{regexp.MustCompile(`^object$`), "the same in every callback"},
	{regexp.MustCompile(`^entry\.changes\.field$`), "how the value was read, which is a notice's Field or a message"},
	{regexp.MustCompile(`^entry\.(id|time)$`), "that of the WABA, of what is about a number and has times of its own"},
	{regexp.MustCompile(`\.metadata\.display_phone_number$`), "another name of the number; a message has its digits"},
	{regexp.MustCompile(`\.(image|video|audio|document|sticker)\.url$`), "a link for some minutes, beside an id for a week"},
}

// leafPath is where a value is.
type leafPath []any

func (p leafPath) keys() string {
	var keys []string
	for _, step := range p {
		if key, ok := step.(string); ok {
			keys = append(keys, key)
		}
	}
	return strings.Join(keys, ".")
}

// leaves calls visit with every value that is no object and no list.
func leaves(v any, at leafPath, visit func(leafPath, any)) {
	switch v := v.(type) {
	case map[string]any:
		for key, member := range v {
			leaves(member, append(at[:len(at):len(at)], key), visit)
		}
	case []any:
		for i, element := range v {
			leaves(element, append(at[:len(at):len(at)], i), visit)
		}
	default:
		visit(at, v)
	}
}

// with returns a copy of v with another value in one place.
func with(v any, at leafPath, other any) any {
	if len(at) == 0 {
		return other
	}
	switch step := at[0].(type) {
	case string:
		old, _ := v.(map[string]any)
		changed := make(map[string]any, len(old))
		for key, member := range old {
			changed[key] = member
		}
		changed[step] = with(old[step], at[1:], other)
		return changed
	case int:
		old, _ := v.([]any)
		changed := append([]any(nil), old...)
		changed[step] = with(old[step], at[1:], other)
		return changed
	}
	return nil
}

// changed is another value of the same form.
func changed(v any) any {
	switch v := v.(type) {
	case json.Number:
		if i, err := strconv.ParseInt(string(v), 10, 64); err == nil {
			return json.Number(strconv.FormatInt(i+1000, 10))
		}
		return v + "1"
	case bool:
		return !v
	case string:
		if i, err := strconv.ParseInt(v, 10, 64); err == nil {
			return strconv.FormatInt(i+1000, 10)
		}
		return v + "q"
	}
	return nil
}

// decoder is what is tested; see [TestTheTestSeesWhatIsLost].
type decoder func([]byte) ([]wa.Update, error)

func (d decoder) text(t *testing.T, v any) string {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	updates, err := d(raw)
	if err != nil {
		t.Fatal(err)
	}
	out, err := json.Marshal(shown(updates))
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// lost changes every value of a callback, one at a time, and returns those of
// which the updates do not tell the difference, but for what is dropped on
// purpose.
func (d decoder) lost(t *testing.T, raw []byte, used map[string]bool) (all []string) {
	t.Helper()
	in := json.NewDecoder(bytes.NewReader(raw))
	in.UseNumber()
	var whole any
	if err := in.Decode(&whole); err != nil {
		t.Fatal(err)
	}
	before := d.text(t, whole)
	leaves(whole, nil, func(at leafPath, v any) {
		if v == nil || d.text(t, with(whole, at, changed(v))) != before {
			return
		}
		for _, drop := range dropped {
			if drop.path.MatchString(at.keys()) {
				used[drop.why] = true
				return
			}
		}
		all = append(all, fmt.Sprint(at, " = ", v))
	})
	return all
}

func TestNothingOfACallbackIsLost(t *testing.T) {
	used := map[string]bool{}
	files, err := filepath.Glob("testdata/callback/*.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(strings.TrimSuffix(filepath.Base(file), ".json"), func(t *testing.T) {
			for _, value := range decoder(Decode).lost(t, raw, used) {
				t.Errorf("%s is lost", value)
			}
		})
	}
	for _, drop := range dropped {
		if !used[drop.why] {
			t.Errorf("nothing is dropped because it is %s", drop.why)
		}
	}
}

func TestNothingOfMetasSamplesIsLost(t *testing.T) {
	for name, payload := range fixtures(t, "meta-webhooks.jsonl") {
		t.Run(name, func(t *testing.T) {
			for _, value := range decoder(Decode).lost(t, payload, map[string]bool{}) {
				t.Errorf("%s is lost", value)
			}
		})
	}
}

// The control: without what is left over, something is lost.
func TestTheTestSeesWhatIsLost(t *testing.T) {
	raw, err := os.ReadFile("testdata/callback/unknown_fields.json")
	if err != nil {
		t.Fatal(err)
	}
	without := decoder(func(raw []byte) ([]wa.Update, error) {
		updates, err := Decode(raw)
		for _, u := range updates {
			if u.Notice != nil {
				u.Notice.Rest = nil
			}
		}
		return updates, err
	})
	if lost := without.lost(t, raw, map[string]bool{}); len(lost) < 10 {
		t.Errorf("only these are lost: %q", lost)
	}
}
