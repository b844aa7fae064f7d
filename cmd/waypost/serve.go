package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/waypost/waypost/internal/api"
	"github.com/waypost/waypost/internal/cloudapi"
	"github.com/waypost/waypost/internal/cloudapi/callback"
	"github.com/waypost/waypost/internal/config"
	"github.com/waypost/waypost/internal/inbox"
	"github.com/waypost/waypost/internal/media"
	"github.com/waypost/waypost/internal/number"
	"github.com/waypost/waypost/internal/outbox"
	"github.com/waypost/waypost/internal/safehttp"
	"github.com/waypost/waypost/internal/store"
	"github.com/waypost/waypost/internal/template"
	"github.com/waypost/waypost/internal/wa"
	"github.com/waypost/waypost/internal/waapi"
	"github.com/waypost/waypost/internal/waapi/hook"
	"github.com/waypost/waypost/internal/webhook"
	"github.com/waypost/waypost/internal/weblink"
)

func (a *app) serveCommand() *cobra.Command {
	var sandbox sandboxFlags
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run the gateway",
		Long: "Run the gateway. It serves the WaAPI v2 under /api/v2/ and Meta's callbacks at /meta/callback,\n" +
			"and stops in order on an interrupt: intake closes, sends in flight finish.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, logger, err := a.settingsAndLogger(cmd)
			if err != nil {
				return err
			}
			if err := sandbox.refuseMix(c); err != nil {
				return err
			}
			if sandbox.on {
				return a.serveSandbox(cmd.Context(), c, logger, sandbox)
			}
			g, err := newGateway(cmd.Context(), c, logger)
			if err != nil {
				return err
			}
			logger.LogAttrs(cmd.Context(), slog.LevelInfo, "gateway ready", slog.String("url", g.url()),
				slog.String("data", c.Data))
			return g.run(cmd.Context())
		},
	}
	settingFlags(cmd)
	sandbox.add(cmd)
	return cmd
}

// gateway is everything that runs in one process.
type gateway struct {
	config       config.Config
	log          *slog.Logger
	home         *home
	lock         *os.File
	blobs        *media.Dir
	wire         *outbox.Wire
	listener     net.Listener
	server       *http.Server
	mediaLibrary *media.Library
	templates    *template.Library
	desk         *number.Desk
	outbox       *outbox.Outbox
	inbox        *inbox.Inbox
	webhooks     *webhook.Dispatcher
}

// newGateway opens the store and wires the stages, in the order in which a
// message travels. Nothing runs yet.
func newGateway(ctx context.Context, c config.Config, logger *slog.Logger) (g *gateway, err error) {
	g = &gateway{config: c, log: logger}
	defer func() {
		if err != nil {
			err = errors.Join(err, g.close())
		}
	}()
	networks, err := c.AllowedNetworks()
	if err != nil {
		return g, err
	}
	linked, err := c.MediaNetworks()
	if err != nil {
		return g, err
	}
	meta, err := cloudapi.New(cloudapi.Options{
		BaseURL: c.Meta.BaseURL, Version: c.Meta.Version, AnswerTimeout: c.Send.Timeout, MediaHosts: c.Meta.MediaHosts,
	})
	if err != nil {
		return g, fmt.Errorf("meta: %w", err)
	}
	if err := g.open(ctx); err != nil {
		return g, err
	}
	db, tagger := g.home.store, wa.NewTagger(g.home.keys.TagKey())
	g.mediaLibrary = media.New(media.Options{
		Store: db, Blobs: g.blobs, Uploader: meta, Downloader: meta, Sources: numbers(db),
		Links:  weblink.New(weblink.Options{Allow: linked, Self: g.address()}),
		Logger: logger, Wake: db.Wake(store.StageFetches),
	})
	g.templates = template.New(template.Options{
		Store: db, Sources: db, Meta: meta, Logger: logger, Refresh: c.Templates.Refresh, Wake: db.Wake(store.StageTemplates),
	})
	g.desk = number.New(number.Options{Store: db, Sources: db, Templates: db, Meta: meta, Logger: logger, Wake: db.Wake(store.StageNumbers)})
	face := waapi.New(waapi.Options{
		Accounts: db, Sources: db, Endpoints: db, Intake: db, Journal: db, Consents: db, Contacts: db, Media: g.mediaLibrary,
		Templates: g.templates, Meta: meta, Logger: logger, FailureStatus: c.API.FailureStatus,
	})
	g.outbox = outbox.New(outbox.Options{
		Store: db, Sources: db, Consents: db, Numbers: db, Meaning: meaning, Media: g.mediaLibrary, Sender: meta, Tagger: tagger,
		Doubts: db, History: meta, UncertainAfter: c.Send.UncertainAfter,
		IntakeSince: func() time.Time { return g.inbox.Since() }, // it is made below
		Wake:        db.Wake(store.StageOutbox), Logger: logger, Wire: g.wire, Width: c.Send.Concurrency, PassLinks: c.Media.Links == "pass",
	})
	g.inbox = inbox.New(inbox.Options{
		Store: db, Sources: db, Tagger: tagger, Verify: cloudapi.VerifySignature, Decode: callback.Decode,
		VerifyToken: c.Meta.VerifyToken, Failed: heed(numbers(db), g.outbox.Heed, logger), Came: g.outbox.Came,
		Wake: db.Wake(store.StageInbox), Logger: logger,
	})
	g.webhooks = webhook.New(webhook.Options{
		Store: db, Encode: hook.Writer{DateForm: c.Webhook.ReceivedAt == "date"}.Body, Wake: db.Wake(store.StageDeliveries), Logger: logger,
		Client: safehttp.NewClient(safehttp.Options{Timeout: c.Webhook.Timeout, Allow: networks, Setting: "webhook.allow_networks"}),
	})
	v1, err := api.New(api.Options{
		Accounts: db, Numbers: g.desk, When: g.outbox.When,
		Narrator: api.Narrator{Kept: db, Patience: c.Send.UncertainAfter, Now: time.Now},
		Curator:  api.Curator{Library: g.mediaLibrary, Journal: db},
		Remedy:   remedyOf, Version: version(), Logger: logger,
	})
	if err != nil {
		return g, err
	}
	g.server = newServer(routes(face, g.inbox, v1), logger)
	return g, g.recover(ctx)
}

// open takes the data directory and the address.
func (g *gateway) open(ctx context.Context) (err error) {
	if g.home, err = openHome(ctx, g.config.Data, true, g.log); err != nil {
		return err
	}
	if g.lock, err = g.home.lock(); err != nil {
		return err
	}
	if g.blobs, err = media.OpenDir(filepath.Join(g.config.Data, "media")); err != nil {
		return err
	}
	// More slots than sends at a time: one whose outcome could not be kept holds
	// its slot.
	if g.wire, err = outbox.OpenWire(filepath.Join(g.config.Data, "wire"), bootID(), 4*g.config.Send.Concurrency); err != nil {
		return err
	}
	var lc net.ListenConfig
	if g.listener, err = lc.Listen(ctx, "tcp", g.config.Listen); err != nil {
		return fmt.Errorf("listen: %w (choose another address with --listen)", err)
	}
	return nil
}

// recover takes over what the last process left behind.
func (g *gateway) recover(ctx context.Context) error {
	_, err := g.home.store.RecoverFetches(ctx)
	return errors.Join(g.outbox.Recover(ctx), g.inbox.Recover(ctx), g.webhooks.Recover(ctx), g.templates.Recover(ctx), g.desk.Recover(ctx), err)
}

// numbers finds the number that an inbound media of an account came to.
func numbers(db store.Sources) func(context.Context, wa.AccountID, string) (wa.Number, error) {
	return func(ctx context.Context, account wa.AccountID, numberID string) (wa.Number, error) {
		sources, err := db.SourcesByNumber(ctx, numberID)
		if err != nil {
			return wa.Number{}, err
		}
		for _, src := range sources {
			if src.AccountID == account {
				return src.Number, nil
			}
		}
		return wa.Number{}, wa.NotFound("number")
	}
}

// routes shares the address between the vendor's face, our own, and Meta's callbacks.
// The standard multiplexer would answer a doubled slash with a redirect, which
// turns a client's POST into a GET.
func routes(face, callbacks, v1 http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch path := strings.TrimRight(r.URL.Path, "/"); {
		case path == "/meta/callback":
			callbacks.ServeHTTP(w, r)
		case path == "/healthz":
			w.WriteHeader(http.StatusNoContent)
		case path == api.Prefix, strings.HasPrefix(r.URL.Path, api.Prefix+"/"):
			v1.ServeHTTP(w, r)
		default:
			face.ServeHTTP(w, r)
		}
	})
}

// newServer bounds how long and how much a client may take; the handlers set
// shorter limits of their own.
func newServer(h http.Handler, logger *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       15 * time.Minute,
		WriteTimeout:      15 * time.Minute,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(logger.Handler(), slog.LevelDebug),
	}
}

// address is where the gateway listens.
func (g *gateway) address() netip.AddrPort {
	if tcp, ok := g.listener.Addr().(*net.TCPAddr); ok {
		return tcp.AddrPort()
	}
	return netip.AddrPort{}
}

// url is the base URL that clients use.
func (g *gateway) url() string { return "http://" + g.listener.Addr().String() }

// run serves until ctx ends, and then stops in the order that loses nothing:
// intake closes, the stages finish what they have begun, the store closes.
func (g *gateway) run(ctx context.Context) (err error) {
	defer func() { err = errors.Join(err, g.close()) }()
	working, stopWork := context.WithCancel(context.WithoutCancel(ctx))
	defer stopWork()
	var stages sync.WaitGroup
	for _, stage := range []func(context.Context){g.outbox.Run, g.inbox.Run, g.webhooks.Run, g.mediaLibrary.Run, g.templates.Run, g.desk.Run} {
		stages.Go(func() { stage(working) })
	}
	served := make(chan error, 1)
	go func() { served <- g.server.Serve(g.listener) }()

	select {
	case err := <-served:
		return fmt.Errorf("serve: %w", err)
	case <-g.home.store.Failed():
		// Only a new start shows what is on disk, so nothing is waited for.
		return errors.New("the store failed and was closed: mend the disk and start again, nothing that was confirmed is given up")
	case <-ctx.Done():
	}
	g.log.LogAttrs(ctx, slog.LevelInfo, "gateway stopping", slog.Duration("at_most", g.config.StopTimeout))
	limit, cancel := context.WithTimeout(context.WithoutCancel(ctx), g.config.StopTimeout)
	defer cancel()
	// The stages begin nothing new from here on, whatever the requests do.
	stopWork()
	var intake sync.WaitGroup
	intake.Go(func() { g.closeIntake(limit) })
	err = waitFor(limit, &stages)
	intake.Wait()
	return err
}

// closeIntake lets the requests in flight end, but a slow client does not get
// to hold up the stop for long: it has no answer yet, so nothing is lost.
func (g *gateway) closeIntake(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, min(g.config.StopTimeout/2, requestLimit))
	defer cancel()
	if g.server.Shutdown(ctx) == nil {
		return
	}
	g.log.LogAttrs(ctx, slog.LevelWarn, "requests cut", slog.String("reason", "they did not end in time"))
	_ = g.server.Close() // the connections are dropped, whatever it says
}

// requestLimit is how long a request in flight may take when the gateway stops.
const requestLimit = 10 * time.Second

// waitFor waits for the stages, but not for ever: a send without an answer is
// made uncertain by the next start.
func waitFor(limit context.Context, stages *sync.WaitGroup) error {
	done := make(chan struct{})
	go func() { stages.Wait(); close(done) }()
	select {
	case <-done:
		return nil
	case <-limit.Done():
		return errors.New("stopped with sends in flight, which the next start takes for uncertain: give stop_timeout more time")
	}
}

// close lets go of everything that was opened.
func (g *gateway) close() error {
	var errs []error
	if g.listener != nil {
		// Serve has closed it if it ran.
		if err := g.listener.Close(); !errors.Is(err, net.ErrClosed) {
			errs = append(errs, err)
		}
	}
	if g.home != nil {
		errs = append(errs, g.home.close())
	}
	if g.blobs != nil {
		errs = append(errs, g.blobs.Close())
	}
	if g.wire != nil {
		errs = append(errs, g.wire.Close())
	}
	if g.lock != nil {
		errs = append(errs, g.lock.Close())
	}
	return errors.Join(errs...)
}
