package send

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/waypost/waypost/internal/conform"
	"github.com/waypost/waypost/internal/waapi/failure"
	"github.com/waypost/waypost/internal/waapi/lenient"
)

// FuzzDecodeConversation: whatever comes, the one message that is taken keeps
// the limits and is read from the store as it was kept, and a refusal has a code
// and a text.
func FuzzDecodeConversation(f *testing.F) {
	files, err := conform.Load(os.DirFS(filepath.Join("..", "..", "..", "conformance", "cases")), "conversation")
	check(f, err)
	seeds := 0
	for _, file := range files {
		for _, c := range file.Cases {
			f.Add([]byte(strings.NewReplacer("{writer}", "15550100001", "{group}", "group-1@g.us", "{image}", someID).Replace(c.Body)))
			seeds++
		}
	}
	if seeds < 40 {
		f.Fatalf("%d bodies in the cases", seeds)
	}
	for _, seed := range []string{
		`{"to":15550100001,"type":"text","text":"hello"}`, `{"to":"1","type":"TEXT","text":[{"body":{}}]}`, `{"type":"text","text":[]}`,
		`{"type":"contacts","contacts":[null]}`, `{"type":"\ud800"}`, `{"to":"15550100001","type":"media","media":{}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		o, err := lenient.Parse(body)
		if err != nil {
			return
		}
		r, err := DecodeConversation(o)
		if err != nil {
			if fail := failure.Of(err); fail.Code == failure.CodeTechnical || fail.Code == "" || fail.Message == "" {
				t.Errorf("refused without a code and a text: %v", err)
			}
			return
		}
		if len(r.Messages) != 1 || len(r.Where) != 1 || r.Where[0] != "" {
			t.Fatalf("took %d messages at %q", len(r.Messages), r.Where)
		}
		checkDecoded(t, r.Messages[0])
	})
}
