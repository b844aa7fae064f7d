package lenient

import (
	"errors"
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
