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
	found := findSample(t, func(name string) bool { return strings.HasSuffix(name, ending) })
	if found == nil {
		t.Fatalf("no sample ends in %q", ending)
	}
	return found
}

// sampleLines reads a file of Meta's samples, one in a line. They do not belong
// to the project: where they are not, there is nothing to compare with.
func sampleLines(t *testing.T, path string) *bufio.Scanner {
	t.Helper()
	file, err := os.Open(path)
	if os.IsNotExist(err) {
		t.Skip("Meta's samples are not there: " + path)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { file.Close() })
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	return lines
}

// findSample returns the first answer with a name that is wanted, or nil.
func findSample(t *testing.T, wanted func(name string) bool) map[string]any {
	t.Helper()
	lines := sampleLines(t, samples)
	for lines.Scan() {
		var line struct {
			Name string
			Body any
		}
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			t.Fatal(err)
		}
		if body, ok := line.Body.(map[string]any); ok && wanted(line.Name) {
			return body
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
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

func TestManagementHasTheShapeOfMetas(t *testing.T) {
	s := start(t, options(t, newReceiver()))
	say(t, s, "hello")
	const promo = `{"name":"promo","language":"en_US","category":"MARKETING","components":[{"type":"HEADER","format":"TEXT","text":"Sale"},` +
		`{"type":"BODY","text":"Hi {{1}}, use {{2}} now!","example":{"body_text":[["Ada","X1"]]}},{"type":"FOOTER","text":"Bye"},` +
		`{"type":"BUTTONS","buttons":[{"type":"QUICK_REPLY","text":"Stop"}]}]}`
	var put, upload struct{ ID string }
	decode(t, askJSON(s.Control(), "POST", "/templates", "", `{"waba_id":"900001",`+promo[1:]), 200, &put)
	decode(t, askJSON(s.Graph(), "POST", "/app/uploads?file_length=1&file_type=image/png", token, ""), 200, &upload)
	block := envelope(`"block_users":[{"user":"` + user + `"}]`)
	for _, tt := range []struct{ ending, method, url, body string }{
		{"/Get template by ID (default fields)#Example response", "GET", "/v23.0/" + put.ID, ""},
		{"/Get template by name (default fields)#Example response", "GET", templates + "?name=promo", ""},
		{"/Create catalog template#Example response", "POST", templates, news},
		{"/Edit template#Example response", "POST", "/v23.0/" + put.ID, promo},
		{"/Delete template by name#Example response", "DELETE", templates + "?name=promo", ""},
		{"/Get WABA#Example response", "GET", "/v23.0/900001", ""},
		{"/Get namespace#Example response", "GET", "/v23.0/900001?fields=message_template_namespace", ""},
		{"#Get Display Name Status (Beta)", "GET", "/v23.0/" + numberID + "?fields=name_status", ""},
		{"#Resumable Upload - Create an Upload Session", "POST", "/v23.0/app/uploads?file_length=1&file_type=image/png", ""},
		{"#Resumable Upload - Query File Upload Status", "GET", "/v23.0/" + upload.ID, ""},
		{"#Block user(s)", "POST", "/v23.0/" + numberID + "/block_users", block},
		{"#Get blocked users", "GET", "/v23.0/" + numberID + "/block_users", ""},
		{"#Unblock user(s)", "DELETE", "/v23.0/" + numberID + "/block_users", block},
	} {
		t.Run(tt.ending, func(t *testing.T) {
			theirs := slices.Sorted(maps.Keys(shape("", sample(t, tt.ending))))
			var answer map[string]any
			decode(t, askJSON(s.Graph(), tt.method, tt.url, token, tt.body), 200, &answer)
			if got := slices.Sorted(maps.Keys(shape("", answer))); !slices.Equal(got, theirs) {
				t.Errorf("keys %v, Meta's sample has %v", got, theirs)
			}
		})
	}
}
