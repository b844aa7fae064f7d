package simtest_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/waypost/waypost/client/simtest"
)

// TestExamplesInOtherLanguages runs what docs/simulator.md shows. An interpreter that is not installed is not a failure of ours,
// and the log says which examples did not run.
func TestExamplesInOtherLanguages(t *testing.T) {
	dir, err := filepath.Abs("../../docs/examples/simulator")
	check(t, err)
	for _, tt := range []struct {
		name    string
		needs   string
		command []string
	}{
		{"curl", "curl", []string{"sh", "order.sh"}},
		{"python", "python3", []string{"python3", "-B", "test_order.py"}},
		{"node", "node", []string{"node", "--test", "order.test.mjs"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := exec.LookPath(tt.needs); err != nil {
				t.Logf("%s is not installed: its example was not run", tt.needs)
				return
			}
			sim := simtest.Run(t, simtest.Options{})
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			cmd := exec.CommandContext(ctx, tt.command[0], tt.command[1:]...)
			cmd.Dir = dir
			cmd.Env = append(os.Environ(), "SIM_CONTROL="+sim.ControlURL)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v: %v\n%s", tt.command, err, out)
			}
		})
	}
}
