package lenient

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestParseRefusesWhatIsNoObject(t *testing.T) {
	tests := []struct {
		name string
		body string
		want error
	}{
		{"nothing", "", ErrNotJSON},
		{"a word", "hello", ErrNotJSON},
		{"cut", `{"message":[`, ErrNotJSON},
		{"two values", `{} {}`, ErrNotJSON},
		{"trailing text", `{}x`, ErrNotJSON},
		{"array", `[{}]`, ErrNotObject},
		{"null", `null`, ErrNotObject},
		{"bad UTF-8", "{\"message\":\"\xff\"}", ErrNotUTF8},
		{"33 levels", strings.Repeat(`{"a":`, 33) + `1` + strings.Repeat(`}`, 33), ErrTooDeep},
		{"10,000 levels", strings.Repeat(`[`, 10_000), ErrTooDeep},
		{"32 levels", strings.Repeat(`{"a":`, 32) + `1` + strings.Repeat(`}`, 32), nil},
		{"1,001 keys", keys(1001), ErrTooWide},
		{"1,000 keys", keys(1000), nil},
		{"1,001 keys further in", `{"a":[{"b":1},` + keys(1001) + `]}`, ErrTooWide},
		{"1,000 keys at each level", `{"a":[` + keys(1000) + `,` + keys(1000) + `,{"b":` + keys(1000) + `}]}`, nil},
		{"the same key again and again", `{` + strings.Repeat(`"a":1,`, 1000) + `"a":1}`, ErrTooWide},
		{"colons in text", `{"a":"` + strings.Repeat(`:\":`, 1001) + `"}`, nil},
		{"brackets that close nothing", strings.Repeat("]", 100) + ":", ErrNotJSON},
		{"brackets in text", `{"a":"` + strings.Repeat(`[{\"`, 100) + `"}`, nil},
		{"spaces around", " \r\n{}\t", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := Parse([]byte(tt.body)); !errors.Is(err, tt.want) {
				t.Errorf("Parse = %v, want %v", err, tt.want)
			}
		})
	}
}

func TestACommaTooManyIsTakenOut(t *testing.T) {
	for in, want := range map[string]string{
		`{"a":"1",}`:               `{"a":"1"}`,
		"{\"a\":[1,2 , \n],\t}":    "{\"a\":[1,2  \n]\t}",
		`{"a":"x,}","b":",]",}`:    `{"a":"x,}","b":",]"}`,
		`{"a":"\",}",}`:            `{"a":"\",}"}`,
		`{"a":"\\",}`:              `{"a":"\\"}`,
		`{"a":{"b":[{},],},}`:      `{"a":{"b":[{}]}}`,
		`{"a":null,"b":true , }`:   `{"a":null,"b":true  }`,
		`{,}`:                      `{,}`,
		`[,]`:                      `[,]`,
		`{"a":1,,}`:                `{"a":1,,}`,
		`{"a":,}`:                  `{"a":,}`,
		`{"a":1},`:                 `{"a":1},`,
		`{"a":1,"b":[1,2]}`:        `{"a":1,"b":[1,2]}`,
		`{"a":"open,}`:             `{"a":"open,}`,
		``:                         ``,
		`,`:                        `,`,
		"{\"phone_number\":\"1\",": "{\"phone_number\":\"1\",",
	} {
		if got := string(WithoutTrailingCommas([]byte(in))); got != want {
			t.Errorf("%s:\ngot  %s\nwant %s", in, got, want)
		}
	}
}

// keys is an object with n keys.
func keys(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `,"k%d":1`, i)
	}
	return "{" + b.String()[1:] + "}"
}
