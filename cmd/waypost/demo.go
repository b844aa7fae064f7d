package main

import (
	"context"
	"crypto/rand"
	_ "embed" // the sample
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/waypost/waypost/internal/config"
	"github.com/waypost/waypost/internal/sim"
	"github.com/waypost/waypost/internal/wa"
)

//go:embed sample/welcome.pdf
var samplePDF []byte

// What the demo is made of. The numbers are of the range kept for fiction.
const (
	demoPhone    = "15550100001"
	demoName     = "Ada"
	demoDisplay  = "15550109999"
	demoNumberID = "100000000000001"
	demoWABAID   = "200000000000002"
	demoCaption  = "yourdocumentcaption"
	demoHeader   = "Your_unique_identifier"
	demoLimit    = 30 * time.Second
)

func (a *app) demoCommand() *cobra.Command {
	o := demoOptions{}
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Run gateway and simulator together and send a first message",
		Long: "Run the gateway beside a simulated Meta, with throw-away data, and send a first media message by its id.\n" +
			"Everything stays on this machine. It then stays up for your own messages; with --exit it ends with 0 once\n" +
			"the message was read, or with the reason why it was not.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.demo(cmd.Context(), o) },
	}
	cmd.Flags().StringVar(&o.listen, "listen", "127.0.0.1:8080", "address of the gateway: host:port, or a port on 127.0.0.1; 0 takes any free port")
	cmd.Flags().BoolVar(&o.exit, "exit", false, "end with 0 once the first message was read, or the reason why it was not")
	cmd.Flags().DurationVar(&o.limit, "timeout", demoLimit, "how long the first message may take")
	cmd.Flags().StringVar(&o.info, "info", "", "write what was set up and sent to this file, as JSON")
	cmd.Flags().BoolVar(&o.verbose, "verbose", false, "show the gateway's log")
	return cmd
}

type demoOptions struct {
	listen, info  string
	exit, verbose bool
	limit         time.Duration
}

// demoInfo is what --info writes.
type demoInfo struct {
	BaseURL       string   `json:"base_url"`
	Token         string   `json:"token"`
	SourceID      string   `json:"source_id"`
	Recipient     string   `json:"recipient"`
	MediaID       string   `json:"media_id"`
	MessageID     string   `json:"message_id"`
	Statuses      []string `json:"statuses"`
	WebhookURL    string   `json:"webhook_url"`
	SimGraphURL   string   `json:"sim_graph_url"`
	SimControlURL string   `json:"sim_control_url"`
}

// demo is one run of the demo.
type demo struct {
	demoOptions
	log      *slog.Logger
	story    *story
	info     demoInfo
	receiver *receiver
	meta     *sim.Sim
	gateway  *gateway
	client   *http.Client
	secrets  struct{ access, app, verify string }
}

func (a *app) demo(ctx context.Context, o demoOptions) (err error) {
	logger, err := a.demoLogger(o.verbose)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "waypost-demo-")
	if err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	d := &demo{demoOptions: o, log: logger, story: newStory(a.stdout, a.colours()), client: &http.Client{Timeout: o.limit}}
	d.secrets.access, d.secrets.app, d.secrets.verify = rand.Text(), rand.Text(), rand.Text()

	// A reader that goes away (a pipe into head) must not end the process before
	// its data is thrown away; the story then ends the demo.
	signal.Ignore(syscall.SIGPIPE)
	running, stop := context.WithCancel(ctx)
	d.story.unread = stop
	parts := newParts(stop)
	defer func() { err = errors.Join(err, parts.end()) }()
	if err := d.start(running, parts, dir); err != nil {
		return err
	}
	return d.play(running, parts)
}

// start brings up the receiver, the simulator and the gateway, in this order:
// each needs the address of the one before.
func (d *demo) start(ctx context.Context, p *parts, dir string) (err error) {
	if d.receiver, err = startReceiver(ctx, p); err != nil {
		return err
	}
	d.info.WebhookURL = d.receiver.url
	if err := d.startMeta(ctx, p, filepath.Join(dir, "meta")); err != nil {
		return err
	}
	c, err := d.gatewayConfig(filepath.Join(dir, "data"))
	if err != nil {
		return err
	}
	if d.gateway, err = newGateway(ctx, c, d.log); err != nil {
		return err
	}
	d.info.BaseURL = d.gateway.url()
	p.run("gateway", func() error { return d.gateway.run(ctx) })
	return nil
}

func (d *demo) startMeta(ctx context.Context, p *parts, dir string) error {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	graph, err := listenLoopback(ctx)
	if err != nil {
		return err
	}
	control, err := listenLoopback(ctx)
	if err != nil {
		return errors.Join(err, graph.Close())
	}
	d.info.SimGraphURL, d.info.SimControlURL = httpURL(graph), httpURL(control)
	number := sim.Number{ID: demoNumberID, WABAID: demoWABAID, Display: demoDisplay, AccessToken: d.secrets.access}
	if d.meta, err = startSim(ctx, p, graph, control, dir, number, d.log); err != nil {
		return err
	}
	return d.meta.SetPhone(sim.Phone{Number: demoPhone, Name: demoName, Receipts: true, Online: true})
}

// gatewayConfig is serve's configuration but for what a demo changes; the
// environment and files of a real installation do not reach it.
func (d *demo) gatewayConfig(data string) (config.Config, error) {
	effective, err := config.Load(config.Input{Flags: map[string]string{
		"listen": d.address(), "data": data, "meta.base_url": d.info.SimGraphURL, "meta.verify_token": d.secrets.verify,
		"webhook.allow_networks": "127.0.0.0/8", "media.allow_networks": "127.0.0.0/8",
	}})
	return effective.Config, err
}

// address lets --listen be a bare port.
func (d *demo) address() string {
	if wa.Digits(d.listen) {
		return "127.0.0.1:" + d.listen
	}
	return d.listen
}

// play tells the story, writes what came of it and stays up unless it was told
// to end.
func (d *demo) play(ctx context.Context, p *parts) error {
	limit, cancel := context.WithTimeoutCause(ctx, d.limit, fmt.Errorf("it did not within %s", d.limit))
	defer cancel()
	err := d.firstMessage(limit)
	if cause := context.Cause(limit); err != nil && cause != nil && !errors.Is(err, cause) {
		// Whatever was under way only says, each part in its line, that it was broken off.
		broken, _, _ := strings.Cut(err.Error(), "\n")
		err = fmt.Errorf("%s: %w", broken, cause)
	}
	if ctx.Err() != nil {
		if d.exit {
			return errors.New("interrupted before the message was read")
		}
		return nil // the user has seen enough
	}
	err = errors.Join(err, d.writeInfo())
	if d.exit {
		return err
	}
	if err != nil {
		d.story.trouble(err)
	}
	d.story.invite(d.info)
	for {
		select {
		case <-ctx.Done():
			return nil
		case err := <-p.failed:
			return err
		case e := <-d.receiver.events:
			d.story.event(e)
		}
	}
}

// writeInfo puts the file in place as a whole: whoever waits for it never reads
// half of it.
func (d *demo) writeInfo() error {
	if d.demoOptions.info == "" {
		return nil
	}
	text, err := json.MarshalIndent(d.info, "", "  ")
	if err != nil {
		return fmt.Errorf("--info: %w", err)
	}
	tmp, err := os.CreateTemp(filepath.Dir(d.demoOptions.info), ".waypost-info-*") // only the user may read the token in it
	if err != nil {
		return fmt.Errorf("--info: %w", err)
	}
	_, err = tmp.Write(append(text, '\n'))
	if err = errors.Join(err, tmp.Close()); err == nil {
		err = os.Rename(tmp.Name(), d.demoOptions.info)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("--info: %w", err), os.Remove(tmp.Name()))
	}
	return nil
}
