package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/waypost/waypost/internal/config"
	"github.com/waypost/waypost/internal/sim"
	"github.com/waypost/waypost/internal/wa"
)

// sandboxFlags are what serve --sandbox is told.
type sandboxFlags struct {
	on, force      bool
	graph, control string
	profile        string
}

func (f *sandboxFlags) add(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&f.on, "sandbox", false, "run the simulated Meta beside the gateway, instead of the real one")
	cmd.Flags().BoolVar(&f.force, "sandbox-force", false, "with --sandbox: even if the data directory has sources of real numbers")
	cmd.Flags().StringVar(&f.graph, "sandbox-listen", "127.0.0.1:9090", "with --sandbox: address of the simulated Graph API, on this machine")
	cmd.Flags().StringVar(&f.control, "sandbox-control", "127.0.0.1:9091", "with --sandbox: address of the simulator's control face, on this machine")
	cmd.Flags().StringVar(&f.profile, "sandbox-profile", "real", "with --sandbox: how unpleasant the simulated Meta is: calm, real or mean")
}

// sandboxFile marks a data directory as a sandbox and keeps its secrets, so that a source works after a restart.
const sandboxFile = "sandbox.json"

// sandboxSecrets are the contents of the file. Nothing in it opens anything at Meta.
type sandboxSecrets struct {
	AccessToken string `json:"access_token"`
	AppSecret   string `json:"app_secret"`
	VerifyToken string `json:"verify_token"`
	Token       string `json:"token,omitempty"` // of the account that the sandbox made
}

// sandbox is a gateway beside a simulated Meta.
type sandbox struct {
	secrets sandboxSecrets
	meta    *sim.Sim
	gateway *gateway
	view    sandboxView
}

// sandboxView is what a sandbox prints of itself.
type sandboxView struct {
	BaseURL       string   `json:"base_url"`
	SimGraphURL   string   `json:"sim_graph_url"`
	SimControlURL string   `json:"sim_control_url"`
	Token         string   `json:"token,omitempty"`
	Sources       []string `json:"source_ids"` // those that use the simulated number
	Recipient     string   `json:"recipient"`
}

// refuseMix keeps real Meta and sandbox apart: the access tokens of one must not be sent to the other.
func (f *sandboxFlags) refuseMix(c config.Config) error {
	_, err := os.Stat(filepath.Join(c.Data, sandboxFile))
	isSandbox := err == nil
	usual, err := config.Load(config.Input{})
	if err != nil {
		return err
	}
	switch {
	case !f.on && isSandbox:
		return fmt.Errorf("%s is the data of a sandbox: start it with --sandbox, or name another directory with --data", c.Data)
	case !f.on:
		return nil
	case c.Meta.BaseURL != usual.Config.Meta.BaseURL:
		return errors.New("meta.base_url is set, and --sandbox would set it itself: take one of them away")
	}
	for name, address := range map[string]string{"--sandbox-listen": f.graph, "--sandbox-control": f.control} {
		host, _, err := net.SplitHostPort(address)
		ip, _ := netip.ParseAddr(host)
		if err != nil || (host != "localhost" && !ip.IsLoopback()) {
			return fmt.Errorf("%s: use an address of this machine like 127.0.0.1:9090, not %.80q", name, address)
		}
	}
	return nil
}

// serveSandbox runs the gateway beside a simulated Meta until ctx ends.
func (a *app) serveSandbox(ctx context.Context, c config.Config, logger *slog.Logger, f sandboxFlags) (err error) {
	dir, err := os.MkdirTemp("", "waypost-sandbox-")
	if err != nil {
		return fmt.Errorf("sandbox: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	// The simulator outlives the gateway, which finishes its sends.
	simulating, stop := context.WithCancel(context.WithoutCancel(ctx))
	parts := newParts(stop)
	defer func() { err = errors.Join(err, parts.end()) }()
	b := &sandbox{}
	if err := b.start(ctx, simulating, parts, c, logger, f, dir); err != nil {
		return err
	}
	stopped := make(chan error, 1)
	go func() { stopped <- b.gateway.run(ctx) }()
	if err := b.meta.SetCallback(ctx, sim.Callback{
		URL: b.gateway.url() + "/meta/callback", VerifyToken: b.secrets.VerifyToken, AppSecret: b.secrets.AppSecret,
	}); err != nil && ctx.Err() == nil {
		logger.LogAttrs(ctx, slog.LevelError, "callback refused", slog.Any("err", err))
	}
	if err := a.show(b.view, []string{"GATEWAY", "SIMULATED GRAPH API", "SIMULATOR CONTROL", "TOKEN", "PHONE"}, [][]string{
		{b.view.BaseURL, b.view.SimGraphURL, b.view.SimControlURL, b.view.Token, b.view.Recipient},
	}); err != nil {
		return err
	}
	return <-stopped
}

// start brings up the simulator and makes the gateway, with whatever its data directory lacks.
func (b *sandbox) start(ctx, simulating context.Context, p *parts, c config.Config, logger *slog.Logger, f sandboxFlags, dir string) error {
	if err := os.MkdirAll(c.Data, 0o700); err != nil {
		return fmt.Errorf("data directory: %w", err)
	}
	var err error
	if b.secrets, err = readSandbox(c.Data); err != nil {
		return err
	}
	var lc net.ListenConfig
	graph, err := lc.Listen(ctx, "tcp", f.graph)
	if err != nil {
		return fmt.Errorf("--sandbox-listen: %w", err)
	}
	control, err := lc.Listen(ctx, "tcp", f.control)
	if err != nil {
		return errors.Join(fmt.Errorf("--sandbox-control: %w", err), graph.Close())
	}
	b.view.SimGraphURL, b.view.SimControlURL, b.view.Recipient = httpURL(graph), httpURL(control), demoPhone
	if b.meta, err = startSimWith(simulating, p, graph, control, sim.Options{
		Dir: dir, Logger: logger, Numbers: []sim.Number{b.number()}, Profile: f.profile,
	}); err != nil {
		return err
	}
	if err := b.meta.SetPhone(sim.Phone{Number: demoPhone, Name: demoName, Receipts: true, Online: true}); err != nil {
		return err
	}
	c.Meta.BaseURL, c.Meta.VerifyToken = b.view.SimGraphURL, wa.NewSecret(b.secrets.VerifyToken)
	// Where a developer's own receiver and files are.
	c.Webhook.AllowNetworks = append(c.Webhook.AllowNetworks, "127.0.0.0/8")
	c.Media.AllowNetworks = append(c.Media.AllowNetworks, "127.0.0.0/8")
	if b.gateway, err = newGateway(ctx, c, logger); err != nil {
		return err
	}
	b.view.BaseURL = b.gateway.url()
	if err := b.furnish(ctx, c.Data, f.force); err != nil {
		return errors.Join(err, b.gateway.close())
	}
	return nil
}

func (b *sandbox) number() sim.Number {
	return sim.Number{ID: demoNumberID, WABAID: demoWABAID, Display: demoDisplay, AccessToken: b.secrets.AccessToken}
}

// furnish makes an account if there is none, and a source for each account without one. It refuses sources of real numbers before
// it changes anything. The secrets are on disk before the database knows them.
func (b *sandbox) furnish(ctx context.Context, data string, force bool) error {
	db := b.gateway.home.store
	accounts, err := db.Accounts(ctx)
	if err != nil {
		return err
	}
	var bare []wa.Account // without a source
	for _, account := range accounts {
		sources, err := db.Sources(ctx, account.ID)
		if err != nil {
			return err
		}
		if err := b.recognize(account, sources, force); err != nil {
			return err
		}
		if len(sources) == 0 {
			bare = append(bare, account)
		}
	}
	var token wa.Token
	if len(accounts) == 0 {
		account := wa.Account{ID: wa.NewID[wa.AccountID](), Name: "sandbox", CreatedAt: time.Now()}
		made, secret := wa.NewToken(account.ID, "sandbox", time.Now())
		token, b.secrets.Token = made, secret.Reveal()
		bare = append(bare, account)
	}
	if err := writeSandbox(data, b.secrets); err != nil {
		return err
	}
	if len(accounts) == 0 {
		if err := errors.Join(db.CreateAccount(ctx, bare[0]), db.CreateToken(ctx, token)); err != nil {
			return err
		}
	}
	for _, account := range bare {
		if err := b.createSource(ctx, account); err != nil {
			return err
		}
	}
	b.view.Token = b.secrets.Token
	return nil
}

// recognize looks for the sandbox's own sources among those of an account, and refuses others.
func (b *sandbox) recognize(account wa.Account, sources []wa.Source, force bool) error {
	for _, source := range sources {
		if source.Number.Token.Reveal() == b.secrets.AccessToken {
			b.view.Sources = append(b.view.Sources, string(source.ID))
		} else if !force {
			return fmt.Errorf("account %s has the source %s, whose access token is not of this sandbox and would be sent to it: "+
				"name another directory with --data, or insist with --sandbox-force", account.Name, source.ID)
		}
	}
	return nil
}

func (b *sandbox) createSource(ctx context.Context, account wa.Account) error {
	source, err := b.gateway.home.store.CreateSource(ctx, wa.Source{
		ID: wa.NewID[wa.SourceID](), AccountID: account.ID, Name: "Sandbox", CreatedAt: time.Now(),
		Number: wa.Number{
			ID: demoNumberID, WABAID: demoWABAID, Display: demoDisplay,
			Token: wa.NewSecret(b.secrets.AccessToken), AppSecret: wa.NewSecret(b.secrets.AppSecret),
		},
	})
	if err != nil {
		return err
	}
	b.view.Sources = append(b.view.Sources, string(source.ID))
	return nil
}

// readSandbox reads the secrets of a sandbox, or makes them.
func readSandbox(data string) (s sandboxSecrets, err error) {
	text, err := os.ReadFile(filepath.Join(data, sandboxFile)) //nolint:gosec // the operator names the directory
	if errors.Is(err, fs.ErrNotExist) {
		return sandboxSecrets{AccessToken: rand.Text(), AppSecret: rand.Text(), VerifyToken: rand.Text()}, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &s)
	}
	if err != nil {
		return s, fmt.Errorf("%s: %w", sandboxFile, err)
	}
	return s, nil
}

func writeSandbox(data string, s sandboxSecrets) error {
	text, err := json.MarshalIndent(s, "", "  ") //nolint:gosec // the file is for these secrets, and for its owner only
	if err == nil {
		err = os.WriteFile(filepath.Join(data, sandboxFile), append(text, '\n'), 0o600)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", sandboxFile, err)
	}
	return nil
}
