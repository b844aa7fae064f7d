package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/waypost/waypost/internal/config"
	"github.com/waypost/waypost/internal/doctor"
	"github.com/waypost/waypost/internal/safehttp"
	"github.com/waypost/waypost/internal/store/sqlstore"
	"github.com/waypost/waypost/internal/wa"
)

const (
	// checkTimeout is how long an address may take to answer a check.
	checkTimeout = 10 * time.Second
	// diskWarn and diskFail are how much room is too little. With a full disk
	// nothing can be accepted.
	diskWarn = 1 << 30
	diskFail = 100 << 20
)

// doctorFlags are what waypost doctor is told.
type doctorFlags struct {
	account, source, gateway string
	networks                 []string
}

func (a *app) doctorCommand() *cobra.Command {
	var f doctorFlags
	cmd := &cobra.Command{
		Use: "doctor", Short: "Check everything between Meta and this gateway, and say what is wrong",
		Long: "Check everything between Meta and this gateway: data and settings, token, permissions, number, subscription, the way that\n" +
			"callbacks take, templates. For what is wrong it says whose part it is and what mends it. It uses the settings of the\n" +
			"gateway, so give it the same flags, file and environment. It changes nothing. The exit code is 1 if a check fails.",
		Example: "  waypost doctor\n  waypost doctor --source SOURCE --json",
		Args:    cobra.NoArgs,
	}
	settingFlags(cmd)
	cmd.Flags().StringVar(&f.account, "account", "", "only the numbers of this account")
	cmd.Flags().StringVar(&f.source, "source", "", "only the number of the source with this id")
	cmd.Flags().StringVar(&f.gateway, "gateway", "", "address of the running gateway; without it, that of the setting listen")
	cmd.Flags().StringSliceVar(&f.networks, "allow-networks", nil, "private networks that the address which Meta calls may be in, beside webhook.allow_networks")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return a.doctor(cmd, f) }
	return cmd
}

// examined is what was found out about one source; without a source, about the
// gateway itself.
type examined struct {
	Account  string           `json:"account,omitempty"`
	Source   string           `json:"source,omitempty"`
	Number   string           `json:"display_phone_number,omitempty"`
	Findings []doctor.Finding `json:"findings"`
}

// diagnosis is all of it.
type diagnosis struct {
	Result doctor.State `json:"result"`
	Parts  []examined   `json:"parts"`
}

func (a *app) doctor(cmd *cobra.Command, f doctorFlags) error {
	var all diagnosis
	effective, err := a.settings(cmd)
	own := examined{}
	if err != nil {
		own.Findings = []doctor.Finding{{Check: "settings", State: doctor.Fail, What: err.Error(), Whose: doctor.Yours, Do: "waypost config, docs/config.md"}}
	} else {
		own.Findings = []doctor.Finding{{Check: "settings", State: doctor.OK, What: "they can be read"}}
		own, all.Parts = a.examineAll(cmd.Context(), effective.Config, own, f)
	}
	all.Parts = append([]examined{own}, all.Parts...)
	return a.showDiagnosis(all)
}

// examineAll looks at the data directory and at every source that was asked for.
func (a *app) examineAll(ctx context.Context, c config.Config, own examined, f doctorFlags) (examined, []examined) {
	report := func(check string, state doctor.State, what, do string) {
		finding := doctor.Finding{Check: check, State: state, What: what, Do: do}
		if state != doctor.OK {
			finding.Whose = doctor.Yours
		}
		own.Findings = append(own.Findings, finding)
	}
	h, err := openHome(ctx, c.Data, false, slog.New(slog.DiscardHandler))
	if err != nil {
		report("data directory", doctor.Fail, err.Error(), "give the directory that waypost serve uses: --data")
		return own, nil
	}
	defer h.close() // nothing was written
	report("data directory", doctor.OK, c.Data+" can be read", "")
	own.Findings = append(own.Findings, room(c.Data))
	c, err = orSandbox(c)
	if err != nil {
		report("base url", doctor.Fail, err.Error(), "waypost doctor --meta-base-url ADDRESS")
		return own, nil
	}
	parts, err := a.examineSources(ctx, c, h.store, f)
	if err != nil {
		report("sources", doctor.Fail, err.Error(), "waypost account list, waypost number list --account NAME")
	}
	return own, parts
}

// examineSources examines each number once, through the first source that has it.
func (a *app) examineSources(ctx context.Context, c config.Config, db *sqlstore.Store, f doctorFlags) ([]examined, error) {
	meta, err := newMeta(c)
	if err != nil {
		return nil, err
	}
	networks, err := c.AllowedNetworks()
	for _, text := range f.networks {
		network, wrong := netip.ParsePrefix(text)
		if wrong != nil {
			err = errors.Join(err, fmt.Errorf("--allow-networks: use a form like 10.1.0.0/16, not %.80q", text))
		}
		networks = append(networks, network)
	}
	accounts, listing := accountsOf(ctx, db, f.account)
	if err := errors.Join(err, listing); err != nil {
		return nil, err
	}
	gateway := gatewayAddress(c.Listen, f.gateway)
	var parts []examined
	for _, account := range accounts {
		sources, err := db.Sources(ctx, account.ID)
		if err != nil {
			return parts, err
		}
		d := doctor.New(doctor.Options{
			Meta: meta, Records: db, Gateway: gateway, VerifyToken: c.Meta.VerifyToken, Refresh: c.Templates.Refresh, Account: account.Name,
			Local:   localClient(),
			Guarded: safehttp.NewClient(safehttp.Options{Timeout: checkTimeout, Allow: networks, Setting: "waypost doctor --allow-networks"}),
		})
		seen := map[wa.Number]bool{}
		for _, src := range sources {
			if f.source != "" && string(src.ID) != f.source || f.source == "" && seen[src.Number] {
				continue
			}
			seen[src.Number] = true
			parts = append(parts, examined{account.Name, string(src.ID), src.Number.Display, d.Examine(ctx, src)})
		}
	}
	if len(parts) == 0 {
		return nil, errors.New("there is no such source: nothing can be sent (waypost number connect makes one)")
	}
	return parts, nil
}

func accountsOf(ctx context.Context, db *sqlstore.Store, name string) ([]wa.Account, error) {
	if name == "" {
		return db.Accounts(ctx)
	}
	account, err := db.AccountByName(ctx, name)
	return []wa.Account{account}, err
}

// localClient calls this machine's own gateway, without a proxy and without
// following anybody.
func localClient() *http.Client {
	return &http.Client{
		Timeout:       checkTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport:     &http.Transport{DialContext: (&net.Dialer{Timeout: checkTimeout}).DialContext, DisableKeepAlives: true},
	}
}

// gatewayAddress is the callback address of the gateway on this machine; "" if its
// port is not known.
func gatewayAddress(listen, given string) string {
	if given != "" {
		u, err := url.Parse(given)
		if err == nil && strings.Trim(u.Path, "/") == "" {
			return strings.TrimRight(given, "/") + "/meta/callback"
		}
		return given
	}
	host, port, err := net.SplitHostPort(listen)
	if err != nil || port == "0" {
		return ""
	}
	if ip, err := netip.ParseAddr(host); host == "" || err == nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(host, port) + "/meta/callback"
}

// room says how much is left on the disk of a directory.
func room(dir string) doctor.Finding {
	free, err := freeSpace(dir)
	const do = "make room, or move the data directory"
	what := fmt.Sprintf("%.1f GB are free for %s", float64(free)/(1<<30), filepath.Clean(dir))
	switch {
	case err != nil:
		return doctor.Finding{Check: "disk", State: doctor.Warn, What: err.Error(), Whose: doctor.Yours, Do: do}
	case free < diskFail:
		return doctor.Finding{Check: "disk", State: doctor.Fail, What: what + ": messages are refused once it is full", Whose: doctor.Yours, Do: do}
	case free < diskWarn:
		return doctor.Finding{Check: "disk", State: doctor.Warn, What: what, Whose: doctor.Yours, Do: do}
	}
	return doctor.Finding{Check: "disk", State: doctor.OK, What: what}
}

// showDiagnosis prints all findings and fails if one of them does.
func (a *app) showDiagnosis(all diagnosis) error {
	all.Result = doctor.OK
	failed := 0
	var findings []doctor.Finding
	for _, p := range all.Parts {
		findings = append(findings, p.Findings...)
	}
	for _, f := range findings {
		if f.State == doctor.Fail {
			failed++
		}
	}
	all.Result = doctor.Worst(findings)
	if a.json {
		if err := a.show(all, nil, nil); err != nil {
			return err
		}
	} else if _, err := fmt.Fprint(a.stdout, a.diagnosisText(all)); err != nil {
		return err
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d checks failed", failed, len(findings))
	}
	return nil
}

func (a *app) diagnosisText(all diagnosis) string {
	var b strings.Builder
	for _, p := range all.Parts {
		if p.Source != "" {
			fmt.Fprintf(&b, "\n%s  source %s of %s\n", wa.FormatDisplay(p.Number), p.Source, p.Account)
		}
		for _, f := range p.Findings {
			fmt.Fprintf(&b, "  %s  %-27s  %s\n", a.coloured(f.State), f.Check, presentableLine(f.What))
			if f.Do != "" {
				fmt.Fprintf(&b, "        %s: %s\n", whoMends(f.Whose), presentableLine(f.Do))
			}
		}
	}
	return b.String()
}

func whoMends(w doctor.Whose) string {
	switch w {
	case doctor.Metas:
		return "It is Meta's turn"
	case doctor.Network:
		return "What to do about the network"
	case doctor.Yours:
	}
	return "What to do"
}

func (a *app) coloured(s doctor.State) string {
	text := fmt.Sprintf("%-4s", s)
	if !a.colours() {
		return text
	}
	colour := map[doctor.State]string{doctor.OK: green, doctor.Warn: yellow, doctor.Fail: red}[s]
	return "\x1b[" + colour + "m" + text + "\x1b[0m"
}

// presentableLine keeps what somebody else wrote from moving the cursor.
func presentableLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 {
			return ' '
		}
		return r
	}, s)
}
