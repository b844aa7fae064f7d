package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"

	"github.com/spf13/cobra"

	"github.com/waypost/waypost/internal/sim"
	"github.com/waypost/waypost/internal/telemetry"
)

// simOptions are the flags of waypost sim.
type simOptions struct {
	graph, control string
	number         sim.Number
	verbose        bool
}

func (a *app) simCommand() *cobra.Command {
	o := simOptions{number: sim.Number{WABAID: demoWABAID}}
	cmd := &cobra.Command{
		Use:   "sim",
		Short: "Run the simulated Meta alone",
		Long: "Run the simulated Meta alone, for programs that talk to the Cloud API. It keeps everything in memory and\n" +
			"throws it away at the end. Control it by the second address; docs/simulator.md says how.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.sim(cmd.Context(), o) },
	}
	cmd.Flags().StringVar(&o.graph, "listen", "127.0.0.1:9090", "address of the Graph API")
	cmd.Flags().StringVar(&o.control, "control", "127.0.0.1:9091", "address of the control face; it asks for no token")
	cmd.Flags().StringVar(&o.number.ID, "phone-number-id", demoNumberID, "phone_number_id of the business number")
	cmd.Flags().StringVar(&o.number.Display, "display-phone-number", demoDisplay, "the business number, in digits")
	cmd.Flags().StringVar(&o.number.AccessToken, "access-token", "graph-token", "token that may use the number")
	cmd.Flags().BoolVar(&o.verbose, "verbose", false, "show the simulator's log")
	return cmd
}

func (a *app) sim(ctx context.Context, o simOptions) (err error) {
	logger, err := a.demoLogger(o.verbose)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "waypost-sim-")
	if err != nil {
		return fmt.Errorf("simulator: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	var lc net.ListenConfig
	graph, err := lc.Listen(ctx, "tcp", o.graph)
	if err != nil {
		return fmt.Errorf("--listen: %w", err)
	}
	control, err := lc.Listen(ctx, "tcp", o.control)
	if err != nil {
		return errors.Join(fmt.Errorf("--control: %w", err), graph.Close())
	}
	running, stop := context.WithCancel(ctx)
	parts := newParts(stop)
	defer func() { err = errors.Join(err, parts.end()) }()
	if _, err := startSim(running, parts, graph, control, dir, o.number, logger); err != nil {
		return err
	}
	if err := a.show(map[string]string{
		"graph_url": httpURL(graph), "control_url": httpURL(control), "phone_number_id": o.number.ID, "access_token": o.number.AccessToken,
	}, []string{"GRAPH API", "CONTROL", "PHONE NUMBER ID", "ACCESS TOKEN"}, [][]string{
		{httpURL(graph), httpURL(control), o.number.ID, o.number.AccessToken},
	}); err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		return nil
	case err := <-parts.failed:
		return err
	}
}

// startSim runs a simulated Meta behind two listeners, which it takes over.
func startSim(ctx context.Context, p *parts, graph, control net.Listener, dir string, n sim.Number, logger *slog.Logger) (*sim.Sim, error) {
	meta, err := sim.New(sim.Options{GraphURL: httpURL(graph), Dir: dir, Logger: logger, Numbers: []sim.Number{n}})
	if err != nil {
		return nil, errors.Join(err, graph.Close(), control.Close())
	}
	p.serve(ctx, "simulator", graph, meta.Graph())
	p.serve(ctx, "simulator control", control, meta.Control())
	p.run("simulator callbacks", func() error { return meta.Run(ctx) })
	return meta, nil
}

func httpURL(l net.Listener) string { return "http://" + l.Addr().String() }

// demoLogger shows nothing but trouble unless more is asked for: stdout tells
// the story.
func (a *app) demoLogger(verbose bool) (*slog.Logger, error) {
	level := slog.LevelWarn
	if verbose {
		level = slog.LevelDebug
	}
	return telemetry.Logger(a.stderr, level, telemetry.Text)
}
