package lenient

import (
	"encoding/json"
	"testing"
)

// FuzzLength: an array has as many elements as it is read to have.
func FuzzLength(f *testing.F) {
	for _, seed := range []string{
		`[]`, ` [ ] `, "[\n]", `[1]`, `[null]`, `[[]]`, `[{}]`, `[""]`, `[",","]"]`, `[{"a":[1,2]},"\\",3]`, `["\",",2]`, `[[1,2],[3,4]]`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var list []json.RawMessage
		if len(data) == 0 || data[0] != '[' || json.Unmarshal(data, &list) != nil {
			return
		}
		if got := Value(data).length(); got != len(list) {
			t.Errorf("%s: got %d elements, want %d", data, got, len(list))
		}
	})
}
