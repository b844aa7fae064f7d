package node_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/waypost/waypost/internal/cloudapi/node"
)

func TestTextTakesWhatComes(t *testing.T) {
	for given, want := range map[string]node.Text{
		`"a"`: "a", `""`: "", `12`: "12", `-1.5e3`: "-1.5e3", `null`: "", `true`: "", `[1]`: "", `{"a":1}`: "",
		`"15550100001"`: "15550100001", `15550100001`: "15550100001", `"a\u0000b"`: "a\uFFFDb", `"\ud800"`: "\uFFFD",
	} {
		var got node.Text
		if err := json.Unmarshal([]byte(given), &got); err != nil || got != want {
			t.Errorf("%s: %q, %v, want %q", given, got, err, want)
		}
	}
}

// TestReadKeepsTheRest: one odd field must not cost the others.
func TestReadKeepsTheRest(t *testing.T) {
	var got struct {
		A node.Text `json:"a"`
		N int       `json:"n"`
		L []string  `json:"l"`
		Z node.Text `json:"z"`
	}
	node.Read([]byte(`{"a":1,"n":"no number","l":{"no":"list"},"z":"last"}`), &got)
	if got.A != "1" || got.N != 0 || got.L != nil || got.Z != "last" {
		t.Errorf("%+v", got)
	}
}

func TestTextAsNumbersAndTimes(t *testing.T) {
	for given, want := range map[node.Text]int{"7": 7, "-7": -7, "": 0, "7.5": 0, "x": 0, "99999999999999999999": 0} {
		if got := given.Number(); got != want {
			t.Errorf("%q: %d, want %d", given, got, want)
		}
	}
	for given, want := range map[node.Text]time.Time{
		"1700000000": time.Unix(1700000000, 0).UTC(), "253402300799": time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC),
		"253402300800": {}, "0": {}, "-1": {}, "": {}, "soon": {}, "1.5": {},
	} {
		if got := given.Time(); !got.Equal(want) {
			t.Errorf("%q: %v, want %v", given, got, want)
		}
	}
	for given, want := range map[node.Text]bool{"48.1": true, "-90": true, "90.001": false, "": false, "NaN": false, "Inf": false} {
		if _, ok := given.Degrees(90); ok != want {
			t.Errorf("%q: %v, want %v", given, ok, want)
		}
	}
}

func TestSmallParts(t *testing.T) {
	if node.First("", "b") != "b" || node.First("a", "b") != "a" {
		t.Error("first")
	}
	if got := node.OnlyDigits("+1 (555) 010-0001 ٣"); got != "15550100001" {
		t.Errorf("digits %q", got)
	}
	for given, want := range map[string]bool{" \r\n\t{}": true, "[]": false, "": false, "x{": false} {
		if node.IsObject([]byte(given)) != want {
			t.Errorf("%q", given)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(`{"a":"x","b":[{"a":1},{"a":null}]}`))
	f.Add([]byte(`{"a":"\u0000\ud800","b":3}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var got struct {
			A node.Text `json:"a"`
			B []struct {
				A node.Text `json:"a"`
			} `json:"b"`
		}
		node.Read(data, &got)
		for _, text := range append([]node.Text{got.A}, texts(got.B)...) {
			if strings.ContainsRune(string(text), 0) || !utf8.ValidString(string(text)) {
				t.Errorf("%q", text)
			}
			_, _ = text.Number(), text.Time()
		}
	})
}

func texts(list []struct {
	A node.Text `json:"a"`
},
) []node.Text {
	var all []node.Text
	for _, e := range list {
		all = append(all, e.A)
	}
	return all
}
