package sim_test

import (
	"bufio"
	"encoding/json"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
)

// samples are Meta's own answers, kept beside the repository; only their shape counts.
const samples = "../../../shared/fixtures/meta-responses.jsonl"

// sample returns the answer whose name ends so.
func sample(t *testing.T, ending string) map[string]any {
	t.Helper()
	file, err := os.Open(samples)
	if os.IsNotExist(err) {
		t.Skip("Meta's sample answers are not there: " + samples)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var line struct {
			Name string
			Body any
		}
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			t.Fatal(err)
		}
		if body, ok := line.Body.(map[string]any); ok && strings.HasSuffix(line.Name, ending) {
			return body
		}
	}
	t.Fatalf("no sample ends in %q: %v", ending, lines.Err())
	return nil
}

// shape lists the keys of an answer, with those of the objects and lists inside.
func shape(prefix string, v any) map[string]bool {
	keys := map[string]bool{}
	switch v := v.(type) {
	case map[string]any:
		for key, inner := range v {
			keys[prefix+key] = true
			maps.Copy(keys, shape(prefix+key+".", inner))
		}
	case []any:
		for _, inner := range v {
			maps.Copy(keys, shape(prefix, inner))
		}
	}
	return keys
}

func TestAnswersHaveTheShapeOfMetas(t *testing.T) {
	s := start(t, options(t, newReceiver()))
	png := uploadFile(t, s, "image/png", []byte("png"))
	kind, file := form(t, map[string]string{"messaging_product": "whatsapp"}, "a.png", "image/png", strings.NewReader("png"))
	gone := uploadFile(t, s, "image/png", []byte("png"))
	messages := "/v23.0/" + numberID + "/messages"
	inbound := say(t, s, "hello")
	for _, tt := range []struct {
		ending      string
		method, url string
		contentType string
		body        string
	}{
		{"#Send Text Message", "POST", messages, "application/json", textTo(user, "x")},
		{"#Send Image Message by ID", "POST", messages, "application/json", toUser(`"type":"image","image":{"id":"` + png + `"}`)},
		{"#Upload Image (form-data)", "POST", "/v23.0/" + numberID + "/media", kind, file.String()},
		{"#Retrieve Media URL", "GET", "/v23.0/" + png, "", ""},
		{"#Delete Media", "DELETE", "/v23.0/" + gone, "", ""},
		{"#Get Phone Number By ID", "GET", "/v23.0/" + numberID, "", ""},
		{"#Mark Message As Read", "POST", messages, "application/json", envelope(`"status":"read","message_id":"` + inbound + `"`)},
		{"error_codes.md#block2", "POST", messages, "application/json", toUser(`"recipient_type":"crowd"`)},
	} {
		t.Run(tt.ending, func(t *testing.T) {
			want := shape("", sample(t, tt.ending))
			w := ask(s.Graph(), tt.method, tt.url, token, tt.contentType, strings.NewReader(tt.body))
			var answer map[string]any
			if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
				t.Fatalf("%s: %v", w.Body, err)
			}
			got, theirs := slices.Sorted(maps.Keys(shape("", answer))), slices.Sorted(maps.Keys(want))
			if !slices.Equal(got, theirs) {
				t.Errorf("keys %v, Meta's sample has %v", got, theirs)
			}
		})
	}
}
