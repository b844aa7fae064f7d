package conform

import (
	"net/http"
	"strings"
	"testing"
	"testing/fstest"
)

const (
	newUUID = "01234567-89ab-4def-8123-456789abcdef"
	ours    = "application/json"
)

// compareWith compares an answer with the text of a file.
func compareWith(t *testing.T, r Rule, want string, status int, contentType, body string, names Names) ([]string, string) {
	t.Helper()
	expected, err := parseAnswer(want)
	check(t, err)
	got := Answer{Status: status, Header: http.Header{}, Body: []byte(body)}
	if contentType != "" {
		got.Header.Set("Content-Type", contentType)
	}
	got.Header.Set("Etag", `"1"`)
	return r.compare(expected, got, names, fstest.MapFS{"a.png": {Data: []byte("\x89PNG")}})
}

// TestEveryDifferenceIsSeen by its place; "" is none.
func TestEveryDifferenceIsSeen(t *testing.T) {
	const want = "200\nContent-Type: application/json\n\n" +
		`{"status":"success","data":{"id":"{new}","ids":["{new}","{new}"],"source":"{source}","n":1,"yes":true,"none":null,` +
		`"at":"2026-09-01T12:00:00Z","text":"for {source}"},"error":{"code":"8006","message":"m"}}`
	answer := strings.NewReplacer("{new}", newUUID, "{source}", "src").Replace(want[strings.Index(want, "{"):])
	for _, tt := range []struct{ name, old, new, want string }{
		{"nothing", "", "", ""},
		{"another time", "2026-09-01T12:00:00Z", "2027-01-01T00:00:00.5+01:00", ""},
		{"ids of another form", newUUID, "wamid.A-1=", ""},
		{"ids as numbers", `"` + newUUID + `"`, "17", ""},
		{"order", `"n":1,"yes":true`, `"yes":true,"n":1`, ""},
		{"spaces", `":`, `" : `, ""},
		{"escapes", `"m"`, `"\u006d"`, ""},
		{"value", "success", "failure", "status: got"},
		{"no time", "2026-09-01T12:00:00Z", "noon", "data.at: got"},
		{"empty time", "2026-09-01T12:00:00Z", "", "data.at: got"},
		{"no id", newUUID, "", "data.id: got"},
		{"id a boolean", `"id":"` + newUUID + `"`, `"id":true`, "data.id: got true"},
		{"id null", `"id":"` + newUUID + `"`, `"id":null`, "data.id: got null"},
		{"id an object", `"id":"` + newUUID + `"`, `"id":{}`, "data.id: got {}"},
		{"too few", `["` + newUUID + `",`, `[`, "data.ids: got 1 elements"},
		{"inside of an array", `["` + newUUID + `",`, `[null,`, "data.ids[0]: got null"},
		{"no array", `["` + newUUID + `","` + newUUID + `"]`, `{}`, "data.ids: got {}"},
		{"name", `"source":"src"`, `"source":"other"`, "data.source: got"},
		{"name in a text", "for src", "for other", "data.text: got"},
		{"number", `"n":1`, `"n":2`, "data.n: got 2, want 1"},
		{"number as text", `"n":1`, `"n":"1"`, "data.n: got"},
		{"text as number", `"8006"`, `8006`, "error.code: got 8006"},
		{"boolean", `true`, `false`, "data.yes: got false"},
		{"null", `"none":null`, `"none":""`, "data.none: got"},
		{"text null", `"8006"`, `null`, "error.code: got null"},
		{"missing", `"n":1,`, ``, "data.n: it is missing"},
		{"more", `"n":1,`, `"n":1,"m":2,`, "data.m: got 2, want no such key"},
		{"twice", `"n":1,`, `"n":1,"n":1,`, "data.n: it is there twice"},
		{"letter case", `"n":1,`, `"N":1,`, "data.n: it is missing"},
		{"no object", `{"code":"8006","message":"m"}`, `"8006"`, "error: got"},
		{"message", `"m"`, `"other"`, "error.message: got"},
		{"no JSON", `{"status"`, `("status"`, "body: it is not JSON"},
		{"something behind", `"m"}}`, `"m"}}}`, "body: it is not JSON"},
		{"nothing at all", answer, "", "body: it is not JSON"},
	} {
		names := Names{"source": "src"}
		differences, _ := compareWith(t, Rule{}, want, 200, ours, strings.ReplaceAll(answer, tt.old, tt.new), names)
		if tt.old == "" {
			differences, _ = compareWith(t, Rule{}, want, 200, ours, answer, names)
		}
		got := strings.Join(differences, "; ")
		if (tt.want == "") != (got == "") || !strings.Contains(got, tt.want) {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
	// Who asks for codes does not mind texts, but everything else.
	names := Names{"source": "src"}
	if d, _ := compareWith(t, Rule{Codes: true}, want, 200, ours, strings.Replace(answer, `"m"`, `"other"`, 1), names); d != nil {
		t.Errorf("codes: %v", d)
	}
	for _, other := range []string{strings.Replace(answer, "8006", "8001", 1), strings.Replace(answer, `,"message":"m"`, "", 1)} {
		if d, _ := compareWith(t, Rule{Codes: true}, want, 200, ours, other, names); len(d) != 1 {
			t.Errorf("codes: %v", d)
		}
	}
	if d, _ := compareWith(t, Rule{FixedClock: true}, want, 200, ours, strings.Replace(answer, "12:00", "12:01", 1), names); len(d) != 1 {
		t.Errorf("another time on a fixed clock: %v", d)
	}
}

func TestStatusTypeAndOtherBodies(t *testing.T) {
	for _, tt := range []struct {
		name, want        string
		status            int
		contentType, body string
		differs           string
	}{
		{"the same", "404\nContent-Type: text/plain; charset=utf-8\n\nno", 404, "text/plain; charset=latin1", "no\n", ""},
		{"status", "404\nContent-Type: text/plain\n\nno", 200, "text/plain", "no", "HTTP status: got 200, want 404"},
		{"type", "404\nContent-Type: text/plain\n\nno", 404, "text/html", "no", "Content-Type"},
		{"no type", "404\nContent-Type: text/plain\n\nno", 404, "", "no", "Content-Type"},
		{"a type too many", "304", 304, "text/html", "", "Content-Type"},
		{"text", "404\nContent-Type: text/plain\n\nno", 404, "text/plain", "yes", "body: it is not the same"},
		{"a body too many", "304", 304, "", "x", "body: got 1 bytes, want none"},
		{"file", "200\nContent-Type: image/png\n\n<<file a.png>>", 200, "image/png", "\x89PNG", ""},
		{"another file", "200\nContent-Type: image/png\n\n<<file a.png>>", 200, "image/png", "\x89PNGx", "body: it is not the same"},
		{"bytes", "200\nContent-Type: image/png\n\n<<5 bytes>>", 200, "image/png", "\x89PNGx", ""},
		{"no answer yet", "", 200, "", "", "no answer to this request yet"},
	} {
		differences, _ := compareWith(t, Rule{}, tt.want, tt.status, tt.contentType, tt.body, Names{})
		if got := strings.Join(differences, "; "); (tt.differs == "") != (got == "") || !strings.Contains(got, tt.differs) {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.differs)
		}
	}
}

func TestStrictSeesEveryByte(t *testing.T) {
	const want = "200\nContent-Type: application/json\nEtag: \"1\"\n\n" + `{"id":"{new}","of":"{source}","at":"2026-09-01T12:00:00Z"}`
	const same = `{"id":"` + newUUID + `","of":"src","at":"2026-09-01T12:00:00Z"}`
	for _, tt := range []struct {
		name, contentType, body string
		clock, ok               bool
	}{
		{"the same", ours, same, true, true},
		{"another time", ours, strings.Replace(same, "12:00", "12:01", 1), false, true},
		{"another time on a fixed clock", ours, strings.Replace(same, "12:00", "12:01", 1), true, false},
		{"a space", ours, strings.Replace(same, ":", ": ", 1), true, false},
		{"order", ours, `{"of":"src","id":"` + newUUID + `","at":"2026-09-01T12:00:00Z"}`, true, false},
		{"id of another form", ours, strings.Replace(same, newUUID, "17", 1), true, false},
		{"a parameter of the type", ours + "; charset=utf-8", same, true, false},
		{"a longer answer", ours, same + "\nx", true, false},
		{"a shorter answer", ours, "", true, false},
	} {
		d, told := compareWith(t, Rule{Strict: true, FixedClock: tt.clock}, want, 200, tt.contentType, tt.body, Names{"source": "src"})
		if (len(d) == 0) != tt.ok {
			t.Errorf("%s: %v", tt.name, d)
		}
		if tt.name == "the same" && told != want+"\n" {
			t.Errorf("told\n%s", told)
		}
	}
	// Headers that the file does not have must not be there.
	if d, _ := compareWith(t, Rule{Strict: true}, "200\nContent-Type: application/json\n\n{}", 200, ours, "{}", Names{}); len(d) != 1 {
		t.Errorf("a header too many: %v", d)
	}
}

func TestLastIsTheLastNewID(t *testing.T) {
	const want = "200\nContent-Type: application/json\n\n" + `{"ids":["{new}","{new}"],"of":"{source}"}`
	body := func(last string) string { return `{"ids":["` + newUUID + `","` + last + `"],"of":"src"}` }
	for _, r := range []Rule{{}, {Strict: true}} {
		names := Names{"source": "src"}
		last := strings.Replace(newUUID, "0", "f", 1)
		compareWith(t, r, want, 200, ours, body(last), names)
		if names["last"] != last || names["last_in_capitals"] != strings.ToUpper(last) {
			t.Errorf("%+v: %v", r, names)
		}
	}
	names := Names{"source": "src", "last": "from before"}
	compareWith(t, Rule{}, want, 200, ours, `{"status":"failure"}`, names)
	if _, ok := names["last"]; ok {
		t.Errorf("an id that did not come is the one from before: %v", names)
	}
	compareWith(t, Rule{}, want, 200, ours, body("42"), names)
	if names["last"] != "42" {
		t.Errorf("%v", names)
	}
	compareWith(t, Rule{}, "200\nContent-Type: application/json\n\n"+`{"text":"it is {new}."}`, 200, ours, `{"text":"it is x-1."}`, names)
	if names["last"] != "x-1" {
		t.Errorf("%v", names)
	}
}

func TestShownValuesAreShortAndAnonymous(t *testing.T) {
	d, _ := compareWith(t, Rule{}, "200\nContent-Type: application/json\n\n"+`{"a":"x"}`, 200, ours,
		`{"a":"secret `+strings.Repeat("é", 500)+`"}`, Names{"token": "secret"})
	if len(d) != 1 || len(d[0]) > 300 || strings.Contains(d[0], "secret") || !strings.Contains(d[0], "{token}") {
		t.Errorf("%v", d)
	}
}

// TestFactsStayByName: an answer that is written anew has the names that the
// one before had, and no others.
func TestFactsStayByName(t *testing.T) {
	names := Names{"source": "src-1", "only_source": "src-1", "waba_id": "2", "source_name": "A"}
	d, told := compareWith(t, Rule{Strict: true}, "200\nContent-Type: application/json\n\n"+`{"id":"{only_source}","waba":"{waba_id}"}`,
		200, ours, `{"id":"src-1","waba":"2","more":"12","name":"A"}`, names)
	if want := `{"id":"{only_source}","waba":"{waba_id}","more":"12","name":"A"}`; len(d) != 1 || !strings.Contains(told, want) {
		t.Errorf("%v, told %s", d, told)
	}
}
