package callback

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files")

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

// sampleNode is an object of a sample.
type sampleNode map[string]any

func (n sampleNode) at(key string) sampleNode {
	v, _ := n[key].(map[string]any)
	return v
}

func (n sampleNode) str(key string) string {
	v, _ := n[key].(string)
	return v
}
