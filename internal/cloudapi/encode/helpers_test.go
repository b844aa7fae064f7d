package encode

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/waypost/waypost/internal/wa"
)

var update = flag.Bool("update", false, "write the golden files")

func textDispatch() wa.Dispatch {
	return wa.Dispatch{
		Tag: "g1.0123456789ABCDEF.1.0123456789",
		Message: wa.Message{
			Recipient: wa.Recipient{Kind: wa.Individual, ID: "15550100001"},
			Content:   wa.Text{Body: "hello"}, Attempt: 1,
		},
	}
}

// fixtures reads a file of samples of Meta's, by their name.
func fixtures(tb testing.TB, file string) map[string]json.RawMessage {
	tb.Helper()
	f, err := os.Open(filepath.Join("..", "..", "..", "..", "shared", "fixtures", file))
	if errors.Is(err, fs.ErrNotExist) {
		tb.Skip("Meta's samples are not beside this checkout")
	}
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	all := make(map[string]json.RawMessage)
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var line struct {
			Name    string
			Payload json.RawMessage
		}
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			tb.Fatal(err)
		}
		all[line.Name] = line.Payload
	}
	if err := lines.Err(); err != nil {
		tb.Fatal(err)
	}
	return all
}

// golden compares got with a file, or writes it.
func golden(tb testing.TB, path string, got []byte) {
	tb.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			tb.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			tb.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		tb.Fatal(err)
	}
	if !bytes.Equal(want, got) {
		tb.Errorf("%s:\nwant %s\ngot  %s", path, want, got)
	}
}
