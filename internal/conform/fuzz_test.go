package conform

import (
	"bytes"
	"io/fs"
	"net/http"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/waypost/waypost/conformance"
)

// FuzzParse: whatever is in a file, it is read or refused, and what was read
// is written so that it is read the same way again.
func FuzzParse(f *testing.F) {
	f.Add(hello)
	for _, text := range []string{
		"", "### a\nGET /\n", "### a\n# needs: b\nGET /{c}\n\n<<3 x ab>>\n\n>>> 200\nA: b\n\n{\"id\":\"{new}\"}\n", "\n### \n\n>>>", ">>> 200\n### a\nGET /",
	} {
		f.Add(text)
	}
	for _, name := range []string{"seed.http", "media.http"} {
		text, err := fs.ReadFile(conformance.Cases(), name)
		check(f, err)
		f.Add(string(text))
	}
	f.Fuzz(func(t *testing.T, text string) {
		file, err := Parse("x", text)
		if err != nil {
			return
		}
		var answers []string
		for _, c := range file.Cases {
			answers = append(answers, c.Answer.Text)
		}
		written := file.Text(answers)
		again, err := Parse("x", written)
		if err != nil || len(again.Cases) != len(file.Cases) {
			t.Fatalf("%d cases, then %d, %v:\n%q\n%q", len(file.Cases), len(again.Cases), err, text, written)
		}
		for i, c := range again.Cases {
			if was := file.Cases[i]; c.Title != was.Title || c.Head != was.Head || c.Answer.Status != was.Answer.Status {
				t.Errorf("%+v was\n%+v", c, was)
			}
		}
	})
}

// FuzzReadAnswer: whatever a server says, there is an answer or an error, and an
// answer can be compared and told in all ways, without the token.
func FuzzReadAnswer(f *testing.F) {
	const token = "wpt_secret"
	for _, text := range []string{
		"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n{\"id\":\"a\"}",
		"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n[]\r\n0\r\n\r\n",
		"HTTP/1.0 200 OK\r\n\r\n{\"id\":null,\"id\":[{}],\"t\":\"" + token + "\"}", "HTTP/1.1 101 Switching Protocols\r\n\r\n\xff", "SSH-2.0\r\n",
	} {
		f.Add([]byte(text), http.MethodGet)
	}
	f.Add([]byte("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"), http.MethodHead)
	want, err := parseAnswer("200\nContent-Type: application/json\n\n" + `{"id":"{new}","at":"2026-09-01T12:00:00Z","list":[1,{"a":null}],"template_id":"{new}"}`)
	check(f, err)
	f.Fuzz(func(t *testing.T, text []byte, method string) {
		answer, err := readAnswer(bytes.NewReader(text), method)
		if err != nil {
			return
		}
		if answer.Status < 100 || answer.Status > 999 || len(answer.Body) > len(text) {
			t.Errorf("status %d, %d bytes of %d", answer.Status, len(answer.Body), len(text))
		}
		for _, rule := range []Rule{{}, {Codes: true}, {Strict: true}} {
			differences, told := rule.compare(want, answer, Names{"token": token}, fstest.MapFS{})
			if all := strings.Join(differences, "\n") + told; strings.Contains(all, token) {
				t.Errorf("the token is told in %q", all)
			}
		}
	})
}
