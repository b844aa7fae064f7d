package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"

	"github.com/spf13/cobra"

	"github.com/waypost/waypost/internal/sim"
	simcontrol "github.com/waypost/waypost/internal/sim/control"
	"github.com/waypost/waypost/internal/telemetry"
)

// simOptions are the flags of waypost sim.
type simOptions struct {
	graph, control  string
	number          sim.Number
	numbers         simNumbers
	callback        sim.Callback
	phones          sim.PhoneSettings
	seed            uint64
	profile, script string
	faults          string
	throughput      int
	demo, untilEOF  bool
	quiet, verbose  bool
	hosts           []string // of the control face
}

func (a *app) simCommand() *cobra.Command {
	o := simOptions{}
	cmd := &cobra.Command{
		Use:   "sim",
		Short: "Run the simulated Meta alone",
		Long: "Run a pretend Meta, for programs that talk to the WhatsApp Cloud API: it takes messages and media, posts signed\n" +
			"callbacks, and has virtual phones that receive and write. No account is needed and nothing leaves this machine.\n" +
			"Everything is kept in memory and thrown away at the end.\n\n" +
			"A program takes the first address for https://graph.facebook.com. The second address controls phones, clock, faults\n" +
			"and ledger; it asks for no token, and GET / there lists what it can do. docs/simulator.md explains it all.",
		Example: "  waypost sim\n" +
			"  waypost sim --callback-url http://127.0.0.1:3000/webhook --verify-token verify --app-secret app-secret\n" +
			"  waypost sim --seed-demo --script answers.json\n" +
			"  waypost sim --json --quiet --listen 127.0.0.1:0 --control 127.0.0.1:0 --seed 1 --profile mean   # in CI",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.sim(cmd.Context(), o) },
	}
	f := cmd.Flags()
	f.StringVar(&o.graph, "listen", "127.0.0.1:9090", "address of the Graph API; port 0 takes any free one")
	f.StringVar(&o.control, "control", "127.0.0.1:9091", "address of the control face; it asks for no token")
	f.StringSliceVar(&o.hosts, "control-host", nil, "name by which the control face may be called, beside IP addresses and localhost; repeatable")
	f.StringVar(&o.number.ID, "phone-number-id", demoNumberID, "phone_number_id of the business number")
	f.StringVar(&o.number.Display, "display-phone-number", demoDisplay, "the business number, in digits")
	f.StringVar(&o.number.WABAID, "waba-id", demoWABAID, "the WhatsApp Business Account of the number")
	f.StringVar(&o.number.AccessToken, "access-token", "graph-token", "token that may use the number")
	o.numbers.flags(cmd)
	f.StringVar(&o.callback.URL, "callback-url", "", "where callbacks go; unlike PUT /callback this does no handshake")
	f.StringVar(&o.callback.VerifyToken, "verify-token", "", "token of the handshake, for the callback url")
	f.StringVar(&o.callback.AppSecret, "app-secret", "", "secret that signs callbacks; needed with --callback-url")
	f.StringVar(&o.profile, "profile", "real", "how unpleasant it is: calm, real or mean")
	f.StringVar(&o.faults, "faults", "", "file with a script of faults, as JSON; its rules come before those of the profile")
	f.IntVar(&o.throughput, "throughput", 80, "messages a second that each number may send and receive")
	f.Uint64Var(&o.seed, "seed", 0, "makes ids, delays and faults repeat; 0 draws one")
	f.StringVar(&o.script, "script", "", "file with scripted answers of the phones, as JSON")
	f.BoolVar(&o.demo, "seed-demo", false, "begin with phones, templates and a day of traffic")
	f.BoolVar(&o.phones.UnknownAbsent, "unknown-absent", false, "numbers that no phone has are not on WhatsApp; else a send makes a phone")
	f.IntVar(&o.phones.MarketingCap, "marketing-cap", 0, "marketing messages that a user gets within a day; 0 is no cap")
	f.BoolVar(&o.untilEOF, "until-eof", false, "end when standard input ends, for programs that start it")
	f.BoolVarP(&o.quiet, "quiet", "q", false, "print no line for each message and callback")
	f.BoolVar(&o.verbose, "verbose", false, "show the simulator's log")
	cmd.RegisterFlagCompletionFunc("profile", cobra.FixedCompletions([]string{"calm", "real", "mean"}, cobra.ShellCompDirectiveNoFileComp)) //nolint:errcheck // the flag is there
	cmd.MarkFlagFilename("faults", "json")                                                                                                  //nolint:errcheck // as above
	cmd.MarkFlagFilename("script", "json")                                                                                                  //nolint:errcheck // as above
	return cmd
}

func (a *app) sim(ctx context.Context, o simOptions) (err error) {
	logger, err := a.demoLogger(o.verbose)
	if err != nil {
		return err
	}
	scripts, err := readScripts(o.script)
	if err != nil {
		return err
	}
	list, err := o.numbers.read(o.number)
	if err != nil {
		return err
	}
	o.number = list.Numbers[0] // the one that is shown
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
	a.warnOpen(control)
	running, stop := context.WithCancel(ctx)
	parts := newParts(stop)
	defer func() { err = errors.Join(err, parts.end()) }()
	options := sim.Options{
		Dir: dir, Logger: logger, Numbers: list.Numbers, Tokens: list.Tokens, Seed: o.seed, Phones: o.phones,
		Throughput: o.throughput,
	}
	teller := o.teller(a, &options)
	meta, err := startSimWith(running, parts, graph, control, options, o.hosts...)
	if err != nil {
		return err
	}
	if err := o.prepare(running, meta, httpURL(graph), scripts); err != nil {
		return err
	}
	teller.begun.Store(true)
	if err := a.showSim(o, httpURL(graph), httpURL(control)); err != nil {
		return err
	}
	parts.run("printing", func() error { return teller.print(running) })
	if o.untilEOF {
		context.AfterFunc(untilEOF(running, os.Stdin), stop)
	}
	select {
	case <-running.Done():
		return nil
	case err := <-parts.failed:
		return err
	}
}

// prepare fills the simulator before anybody is told that it runs.
func (o simOptions) prepare(ctx context.Context, meta *sim.Sim, graphURL string, scripts []sim.Script) error {
	if o.demo {
		if err := seedDemo(ctx, meta, graphURL, o.number); err != nil {
			return fmt.Errorf("--seed-demo: %w", err)
		}
	}
	if err := meta.SetScripts(scripts); err != nil {
		return fmt.Errorf("--script: %w", err)
	}
	if err := meta.SetProfile(o.profile); err != nil {
		return fmt.Errorf("--profile: %w", err)
	}
	if err := setFaults(meta, o.faults); err != nil {
		return fmt.Errorf("--faults: %w", err)
	}
	if err := meta.UseCallback(o.callback); err != nil {
		return fmt.Errorf("--callback-url: %w", err)
	}
	return nil
}

// setFaults reads the file of faults, if there is one.
func setFaults(meta *sim.Sim, name string) error {
	if name == "" {
		return nil
	}
	data, err := os.ReadFile(name) //nolint:gosec // the user says which file
	if err != nil {
		return err //nolint:wrapcheck // it names the file
	}
	rules, err := sim.ReadFaults(data)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return meta.SetFaults(rules)
}

// readScripts reads the file of scripted answers, if there is one.
func readScripts(name string) ([]sim.Script, error) {
	if name == "" {
		return nil, nil
	}
	data, err := os.ReadFile(name) //nolint:gosec // the user says which file
	if err != nil {
		return nil, fmt.Errorf("--script: %w", err)
	}
	list, err := sim.ReadScripts(data)
	if err != nil {
		return nil, fmt.Errorf("--script: %s: %w", name, err)
	}
	return list, nil
}

// showSim says where the simulator is: to a program on one line, which is the first.
func (a *app) showSim(o simOptions, graphURL, controlURL string) error {
	if a.json {
		return json.NewEncoder(a.stdout).Encode(map[string]string{
			"graph_url": graphURL, "control_url": controlURL, "phone_number_id": o.number.ID, "waba_id": o.number.WABAID,
			"display_phone_number": o.number.Display, "access_token": o.number.AccessToken,
		})
	}
	return a.show(nil, []string{"GRAPH API", "CONTROL", "PHONE NUMBER ID", "ACCESS TOKEN"}, [][]string{
		{graphURL, controlURL, o.number.ID, o.number.AccessToken},
	})
}

// untilEOF returns a context that ends with the input.
func untilEOF(ctx context.Context, in io.Reader) context.Context {
	ctx, end := context.WithCancel(ctx)
	go func() {
		_, _ = io.Copy(io.Discard, in)
		end()
	}()
	return ctx
}

// startSim runs a simulated Meta, in which nothing goes wrong, behind two listeners, which it takes over.
func startSim(ctx context.Context, p *parts, graph, control net.Listener, dir string, n sim.Number, logger *slog.Logger) (*sim.Sim, error) {
	return startSimWith(ctx, p, graph, control, sim.Options{Dir: dir, Logger: logger, Numbers: []sim.Number{n}})
}

// startSimWith is startSim with all options. The control face may be called by the hosts.
func startSimWith(ctx context.Context, p *parts, graph, control net.Listener, o sim.Options, hosts ...string) (*sim.Sim, error) {
	o.GraphURL = httpURL(graph)
	meta, err := sim.New(o)
	if err != nil {
		return nil, errors.Join(err, graph.Close(), control.Close())
	}
	p.serve(ctx, "simulator", graph, meta.Graph())
	p.serve(ctx, "simulator control", control, simcontrol.New(meta, o.Logger, hosts...))
	p.run("simulator callbacks", func() error { return meta.Run(ctx) })
	return meta, nil
}

// httpURL is where a listener is reached from this machine: nobody can call an address that stands for all of them.
func httpURL(l net.Listener) string {
	at, err := netip.ParseAddrPort(l.Addr().String())
	if err == nil && at.Addr().IsUnspecified() {
		return fmt.Sprintf("http://127.0.0.1:%d", at.Port())
	}
	return "http://" + l.Addr().String()
}

// warnOpen warns of a control face that others than this machine can reach.
func (a *app) warnOpen(control net.Listener) {
	at, err := netip.ParseAddrPort(control.Addr().String())
	if err == nil && !at.Addr().Unmap().IsLoopback() {
		_, _ = fmt.Fprintf(a.stderr, "warning: the control face at %s asks for no token: whoever reaches it controls the simulator and sees its tokens\n", at)
	}
}

// demoLogger shows nothing but trouble unless more is asked for: stdout tells
// the story.
func (a *app) demoLogger(verbose bool) (*slog.Logger, error) {
	level := slog.LevelWarn
	if verbose {
		level = slog.LevelDebug
	}
	return telemetry.Logger(a.stderr, level, telemetry.Text)
}
