// Command waypost is a self-hosted WhatsApp Business gateway: it takes messages
// in by the WaAPI v2 and delivers them through Meta's Cloud API.
//
// It owns the wiring: this is the only place where all packages meet, and each
// of them is handed what it needs.
//
// It never holds a rule of its own; what a message may be and what becomes of it
// is decided in the packages under internal.
//
// It stands above all of them: serve.go wires the gateway in the order in which
// a message travels, demo.go runs it beside the simulator, and each further
// command has a file of its own.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/waypost/waypost/internal/config"
)

func main() {
	privateFiles()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// The first signal asks for an orderly stop; from then on a second one ends
	// the process.
	context.AfterFunc(ctx, stop)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr, config.Environ())
	stop()
	os.Exit(code)
}

// run executes the command line and returns the exit code: 0 when it did what
// was asked, 1 when it could not.
func run(ctx context.Context, args []string, stdout, stderr io.Writer, environ []string) int {
	a := &app{stdout: stdout, stderr: stderr, environ: environ}
	root := a.root() //nolint:contextcheck // each command gets its context from cobra when it runs
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	if err := root.ExecuteContext(ctx); err != nil {
		fmt.Fprintf(stderr, "waypost: %v\n", err)
		return 1
	}
	return 0
}
