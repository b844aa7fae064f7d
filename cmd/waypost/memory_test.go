package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"regexp"
	"runtime"
	"strconv"
	"testing"
)

// TestALargeDocumentGoesThroughInLittleMemory sends the largest document that
// Meta takes and looks at the most memory that the gateway ever held.
func TestALargeDocumentGoesThroughInLittleMemory(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the peak of resident memory is read from /proc, which only Linux has")
	}
	const size, most = 100 << 20, 80 << 20
	r := newRig(t)
	id := r.send(r.upload(io.LimitReader(io.MultiReader(bytes.NewReader(samplePDF), zeros{}), size)), "large")
	r.awaitRead(id)
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", r.process.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	peak := regexp.MustCompile(`VmHWM:\s+(\d+) kB`).FindSubmatch(status)
	if peak == nil {
		t.Fatalf("no VmHWM in:\n%s", status)
	}
	kb, err := strconv.Atoi(string(peak[1]))
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("peak of resident memory: %d kB", kb)
	if kb<<10 >= most {
		t.Errorf("the gateway held %d kB, want less than %d kB", kb, most>>10)
	}
}

// zeros is an endless file of nothing.
type zeros struct{}

func (zeros) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}
