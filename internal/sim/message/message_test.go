package message_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/waypost/waypost/internal/sim/message"
	"github.com/waypost/waypost/internal/sim/rule"
)

// code reads an object and returns the code of its refusal, or 0.
func code(t *testing.T, kind, object string) int {
	t.Helper()
	_, err := message.Read(kind, map[string]json.RawMessage{kind: json.RawMessage(object)})
	var refused *rule.Error
	if err != nil && !errors.As(err, &refused) {
		t.Fatalf("%s: %v is no refusal", object, err)
	}
	if err == nil {
		return 0
	}
	if refused.Details == "" || refused.Status != 400 {
		t.Errorf("%s: refusal %+v", object, refused)
	}
	return refused.Code
}

// tt is one object and the code that it is refused with; 0 is a good one.
type tt struct {
	name, object string
	code         int
}

func run(t *testing.T, kind string, tests []tt) {
	t.Helper()
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := code(t, kind, tt.object); got != tt.code {
				t.Errorf("%s\ngot code %d, want %d", tt.object, got, tt.code)
			}
		})
	}
}

// long is a text of n characters that are two bytes each.
func long(n int) string { return strings.Repeat("é", n) }

func TestPin(t *testing.T) {
	run(t, "pin", []tt{
		{"for a month", `{"type":"pin","message_id":"wamid.x","expiration_days":30}`, 0},
		{"taken away", `{"type":"unpin","message_id":"wamid.x"}`, 0},
		{"no message", `{"type":"pin","expiration_days":1}`, 131008},
		{"no days", `{"type":"pin","message_id":"wamid.x"}`, 131008},
		{"for longer", `{"type":"pin","message_id":"wamid.x","expiration_days":31}`, 131009},
		{"days as a text", `{"type":"pin","message_id":"wamid.x","expiration_days":"7"}`, 100},
		{"taken away for a day", `{"type":"unpin","message_id":"wamid.x","expiration_days":1}`, 100},
		{"nailed", `{"type":"nail","message_id":"wamid.x"}`, 131009},
	})
}

func TestLocation(t *testing.T) {
	run(t, "location", []tt{
		{"numbers", `{"latitude":52.5,"longitude":13.4,"name":"Gate","address":"Way 1"}`, 0},
		{"numerals", `{"latitude":"-37.4","longitude":"-122.1"}`, 0},
		{"no latitude", `{"longitude":13.4}`, 131008},
		{"empty latitude", `{"latitude":"","longitude":13.4}`, 131008},
		{"off the globe", `{"latitude":91,"longitude":13.4}`, 131009},
		{"no number", `{"latitude":"north","longitude":13.4}`, 131009},
		{"no finite number", `{"latitude":"NaN","longitude":13.4}`, 131009},
		{"unexpected key", `{"latitude":1,"longitude":1,"url":"https://example.com"}`, 100},
		{"no object", `"here"`, 100},
		{"name of another kind", `{"latitude":1,"longitude":1,"name":7}`, 100},
	})
}

func TestContacts(t *testing.T) {
	many := strings.TrimSuffix(strings.Repeat(`{"name":{"formatted_name":"Ada","first_name":"Ada"}},`, 258), ",")
	run(t, "contacts", []tt{
		{"whole", `[{"name":{"formatted_name":"Ada L","first_name":"Ada","last_name":"L","middle_name":"","suffix":"","prefix":"Dr"},
			"addresses":[{"street":"Way 1","city":"X","state":"Y","zip":"1","country":"Z","country_code":"ZZ","type":"HOME"}],
			"birthday":"1999-01-23","emails":[{"email":"ada@example.com","type":"WORK"}],"org":{"company":"C","department":"D","title":"T"},
			"phones":[{"phone":"+15550100900","type":"CELL","wa_id":"15550100900"}],"urls":[{"url":"https://example.com","type":"WORK"}]}]`, 0},
		{"none", `[]`, 131008},
		{"too many", `[` + many + `]`, 131009},
		{"no name", `[{"phones":[{"phone":"1"}]}]`, 131008},
		{"no formatted name", `[{"name":{"first_name":"Ada"}}]`, 131008},
		{"birthday", `[{"name":{"formatted_name":"Ada"},"birthday":"23.01.1999"}]`, 131009},
		{"unexpected key", `[{"name":{"formatted_name":"Ada","nick":"A"}}]`, 100},
		{"one object", `{"name":{"formatted_name":"Ada"}}`, 100},
	})
}

func TestReaction(t *testing.T) {
	run(t, "reaction", []tt{
		{"emoji", `{"message_id":"wamid.x","emoji":"👍🏽"}`, 0},
		{"joined emoji", `{"message_id":"wamid.x","emoji":"👩‍👩‍👧‍👦"}`, 0},
		{"removed", `{"message_id":"wamid.x","emoji":""}`, 0},
		{"no emoji", `{"message_id":"wamid.x"}`, 131008},
		{"no message", `{"emoji":"👍"}`, 131008},
		{"a word", `{"message_id":"wamid.x","emoji":"good"}`, 131009},
		{"many", `{"message_id":"wamid.x","emoji":"` + strings.Repeat("👍", 17) + `"}`, 131009},
		{"unexpected key", `{"message_id":"wamid.x","emoji":"👍","to":"x"}`, 100},
	})
}

func TestTypesThatAreNone(t *testing.T) {
	for kind, want := range map[string]int{"pin": 131008, "poem": 100, "template": 100} {
		if got := code(t, kind, `{}`); got != want {
			t.Errorf("%s: code %d, want %d", kind, got, want)
		}
	}
	for _, kind := range []string{"location", "text", "interactive"} {
		if got := code(t, kind, `null`); got != 131008 {
			t.Errorf("%s is null: code %d", kind, got)
		}
	}
}

func TestWhatIsTakenOut(t *testing.T) {
	for _, tt := range []struct {
		kind, object string
		check        func(message.Content) bool
	}{
		{"reaction", `{"message_id":"wamid.x","emoji":"👍"}`, func(c message.Content) bool { return c.Target == "wamid.x" && c.Text == "👍" }},
		{"image", `{"id":"7"}`, func(c message.Content) bool { return c.Object == nil && c.MediaID == "7" && c.Media[0].Kind == "image" }},
		{"interactive", withHeader(`{"type":"document","document":{"id":"8","filename":"a.pdf"}}`), func(c message.Content) bool {
			return c.Text == "Yes?" && c.MediaID == "8" && len(c.Media) == 1 && c.Media[0].Kind == "document" &&
				c.Media[0].Path == "interactive['header']['document']"
		}},
		{"interactive", mediaCards(`{"id":"9"}`), func(c message.Content) bool {
			return len(c.Media) == 2 && c.Media[1].Path == "interactive['action']['cards'][1]['header']['image']"
		}},
	} {
		c, err := message.Read(tt.kind, map[string]json.RawMessage{tt.kind: json.RawMessage(tt.object)})
		if err != nil || c.Type != tt.kind || !tt.check(c) {
			t.Errorf("%s: %+v, %v", tt.object, c, err)
		}
	}
}

func withHeader(header string) string {
	return `{"type":"button","header":` + header + `,"body":{"text":"Yes?"},"action":{"buttons":[{"type":"reply","reply":{"id":"y","title":"Yes"}}]}}`
}
