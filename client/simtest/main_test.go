package simtest_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/waypost/waypost/client/simtest"
)

// TestMain builds the binary that the tests start, unless there is one to test with already.
func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	if os.Getenv(simtest.BinaryEnv) != "" {
		return m.Run()
	}
	dir, err := os.MkdirTemp("", "simtest-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	binary := filepath.Join(dir, "waypost")
	build := exec.CommandContext(context.Background(), "go", "build", "-o", binary, "../../cmd/waypost")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build waypost: %v\n%s", err, out)
		return 1
	}
	if err := os.Setenv(simtest.BinaryEnv, binary); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}
