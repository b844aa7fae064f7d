package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/waypost/waypost/internal/api"
	"github.com/waypost/waypost/internal/cloudapi"
	"github.com/waypost/waypost/internal/cloudapi/fault"
	"github.com/waypost/waypost/internal/config"
	"github.com/waypost/waypost/internal/number"
	"github.com/waypost/waypost/internal/wa"
)

// commandTimeout is how long a command waits for an answer of Meta's.
const commandTimeout = 30 * time.Second

func (a *app) numberCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "number", Short: "Set up and look after WhatsApp numbers at Meta",
		Long: "Set up and look after WhatsApp numbers at Meta. A number is chosen by the source that uses it (--source; without it, the\n" +
			"account's default). The commands work on the data directory and call Meta themselves, also while the gateway runs.\n" +
			"docs/numbers.md goes through a new number step by step.",
		Args: cobra.NoArgs, RunE: help,
	}
	cmd.AddCommand(
		a.numberList(), a.numberShow(), a.numberAdd(), a.numberConnect(), a.numberRequestCode(), a.numberVerify(), a.numberRegister(),
		a.numberDeregister(), a.numberPIN(), a.numberProfile(), a.numberHealth(), a.numberBlock(), a.numberUnblock(), a.numberBlocked(),
		a.numberSubscribe(), a.numberUnsubscribe(), a.numberSubscription(), a.numberCallback(), a.numberRefresh(),
	)
	return cmd
}

// desk is what a command on a number works with.
type desk struct {
	*number.Desk
	config  config.Config
	account wa.Account
}

// withDesk gives a command the account and the desk. Most are about one number; see
// withNumber.
func (a *app) withDesk(cmd *cobra.Command, do func(cmd *cobra.Command, d desk, args []string) error) *cobra.Command {
	settingFlags(cmd, "meta.base_url", "meta.version")
	return a.withAccount(cmd, func(cmd *cobra.Command, h *home, account wa.Account, args []string) error {
		effective, err := a.settings(cmd)
		if err != nil {
			return err
		}
		c, err := orSandbox(effective.Config)
		if err != nil {
			return err
		}
		meta, err := newMeta(c)
		if err != nil {
			return err
		}
		d := number.New(number.Options{Store: h.store, Sources: h.store, Templates: h.store, Meta: meta, Logger: slog.New(slog.DiscardHandler)})
		return explainMeta(do(cmd, desk{Desk: d, config: c, account: account}, args))
	})
}

func newMeta(c config.Config) (*cloudapi.Client, error) {
	meta, err := cloudapi.New(cloudapi.Options{BaseURL: c.Meta.BaseURL, Version: c.Meta.Version, AnswerTimeout: commandTimeout})
	if err != nil {
		return nil, fmt.Errorf("meta: %w", err)
	}
	return meta, nil
}

// orSandbox is the settings as they are for the data of a sandbox, which has a verify
// token of its own and calls this machine. It keeps its tokens from the real Meta.
func orSandbox(c config.Config) (config.Config, error) {
	if _, err := os.Stat(filepath.Join(c.Data, sandboxFile)); err != nil {
		return c, nil //nolint:nilerr // it is no sandbox
	}
	usual, err := config.Load(config.Input{})
	if err != nil {
		return c, err
	}
	if c.Meta.BaseURL == usual.Config.Meta.BaseURL {
		return c, fmt.Errorf("%s is the data of a sandbox: name its simulated Graph API with --meta-base-url", c.Data)
	}
	secrets, err := readSandbox(c.Data)
	c.Meta.VerifyToken = wa.NewSecret(secrets.VerifyToken)
	c.Webhook.AllowNetworks = append(c.Webhook.AllowNetworks, "127.0.0.0/8")
	return c, err
}

// withNumber gives a command one number: that of --source, or the account's default.
func (a *app) withNumber(cmd *cobra.Command, do func(cmd *cobra.Command, d desk, src wa.Source, args []string) error) *cobra.Command {
	id := cmd.Flags().String("source", "", "id of the source that uses the number; without it, the account's default")
	other := cmd.Flags().String("number-id", "", "phone_number_id of another number in the source's WhatsApp Business Account")
	return a.withDesk(cmd, func(cmd *cobra.Command, d desk, args []string) error {
		src, err := d.choose(cmd.Context(), *id, *other)
		if err != nil {
			return err
		}
		return do(cmd, d, src, args)
	})
}

func (d desk) choose(ctx context.Context, id, other string) (wa.Source, error) {
	src, err := d.Choose(ctx, d.account.ID, wa.SourceID(id))
	switch {
	case wa.CodeOf(err) == wa.CodeNotFound && id == "":
		return src, fmt.Errorf("account %s has no number yet: begin with waypost number connect --account %s", d.account.Name, d.account.Name)
	case wa.CodeOf(err) == wa.CodeNotFound:
		return src, fmt.Errorf("account %s has no source %.80q: waypost number list --account %s shows them", d.account.Name, id, d.account.Name)
	case err != nil || other == "" || other == src.Number.ID:
		return src, err
	case !wa.Digits(other):
		return src, errors.New("--number-id: use a phone_number_id of digits, which waypost number list --waba shows")
	}
	src.Number.ID, src.Number.Display = other, ""
	return src, nil
}

// explainMeta says what Meta's refusal means and what to do about it.
func explainMeta(err error) error {
	e, ok := errors.AsType[*wa.OutcomeError](err)
	if !ok {
		return err
	}
	return errors.New(outcomeText(e.Outcome))
}

// outcomeText is a refusal of Meta's in words.
func outcomeText(o wa.Outcome) string {
	var b strings.Builder
	if o.Kind == wa.OutcomeLater {
		b.WriteString("not done now: ")
	} else if o.Failure.Code != 0 {
		b.WriteString("Meta refused: ")
	}
	b.WriteString(o.Failure.Title)
	if o.Failure.Code != 0 {
		fmt.Fprintf(&b, " (%d)", o.Failure.Code)
	}
	if o.Failure.Details != "" {
		b.WriteString(": " + o.Failure.Details)
	}
	if remedy := remedyOf(o.Failure.Code); remedy != "" && !strings.Contains(o.Failure.Details, remedy) {
		b.WriteString("\n  what to do: " + remedy)
	}
	if o.Trace != "" {
		b.WriteString("\n  Meta's trace: " + o.Trace)
	}
	return b.String()
}

// remedyOf is what a person can do about a code of Meta's; "" if it is not known.
func remedyOf(code int) string {
	if m, known := fault.Lookup(code); known && code != 0 {
		return m.Remedy
	}
	return ""
}

// did prints that something was done.
func (a *app) did(what, sentence string, more map[string]any) error {
	v := map[string]any{what: true}
	for key, value := range more {
		v[key] = value
	}
	return a.show(v, []string{sentence}, nil)
}

func (a *app) numberList() *cobra.Command {
	cmd := &cobra.Command{
		Use: "list", Short: "List the account's numbers and what is known of them",
		Long: "List the account's numbers and what is known of them. With --waba it lists, from Meta, all numbers of the source's\n" +
			"WhatsApp Business Account, those without a source too.",
		Args: cobra.NoArgs,
	}
	all := cmd.Flags().Bool("waba", false, "all numbers of the source's WhatsApp Business Account, from Meta")
	source := cmd.Flags().String("source", "", "with --waba: id of the source whose account it is; without it, the default")
	return a.withDesk(cmd, func(cmd *cobra.Command, d desk, _ []string) error {
		if *all {
			return a.listWABA(cmd.Context(), d, *source)
		}
		listed, err := d.List(cmd.Context(), d.account.ID)
		if err != nil {
			return err
		}
		views, rows := api.NumbersOf(listed), [][]string{}
		for _, v := range views {
			read := ""
			if v.ReadAt != nil {
				read = stamp(*v.ReadAt)
			}
			rows = append(rows, []string{
				wa.FormatDisplay(v.Display), v.ID, v.Status, v.Quality, v.Tier, perSecond(v.Throughput), presentable(v.VerifiedName),
				strings.Join(v.Sources, " "), read,
			})
		}
		return a.show(views, []string{"NUMBER", "NUMBER ID", "STATUS", "QUALITY", "TIER", "PER SECOND", "NAME", "SOURCES", "READ"}, rows)
	})
}

func (a *app) listWABA(ctx context.Context, d desk, source string) error {
	src, err := d.choose(ctx, source, "")
	if err != nil {
		return err
	}
	nodes, err := d.WABANumbers(ctx, src)
	if err != nil {
		return err
	}
	views, rows := []api.NumberDetail{}, [][]string{}
	for _, n := range nodes {
		v := api.DetailOf(api.Number{ID: n.ID, Display: n.Display, WABAID: src.Number.WABAID, Sources: []string{}}, n)
		views = append(views, v)
		rows = append(rows, []string{
			wa.FormatDisplay(n.Display), n.ID, n.Status, n.Verification, n.Quality, presentable(n.VerifiedName), n.NameStatus,
		})
	}
	return a.show(views, []string{"NUMBER", "NUMBER ID", "STATUS", "VERIFIED", "QUALITY", "NAME", "NAME STATUS"}, rows)
}

func perSecond(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

func (a *app) numberShow() *cobra.Command {
	return a.withNumber(&cobra.Command{
		Use: "show", Short: "Show a number as Meta has it now", Args: cobra.NoArgs,
	}, a.showNumber)
}

func (a *app) numberRefresh() *cobra.Command {
	return a.withNumber(&cobra.Command{
		Use: "refresh", Short: "Read a number from Meta now and keep what it says", Args: cobra.NoArgs,
	}, a.showNumber)
}

// showNumber reads the number, which keeps what Meta says.
func (a *app) showNumber(cmd *cobra.Command, d desk, src wa.Source, _ []string) error {
	node, err := d.Refresh(cmd.Context(), src)
	if err != nil {
		return err
	}
	state, err := d.State(cmd.Context(), src)
	if err != nil && wa.CodeOf(err) != wa.CodeNotFound {
		return err
	}
	if src.Number.Display == "" {
		src.Number.Display, src.ID = node.Display, ""
	}
	v := api.DetailOf(api.NumbersOf([]number.Listed{{Source: src, State: state}})[0], node)
	rows := [][]string{
		{"NUMBER ID", v.ID},
		{"WABA ID", v.WABAID},
		{"SOURCES", strings.Join(v.Sources, " ")},
		{"STATUS", v.Status},
		{"VERIFIED", v.Verification},
		{"NAME", presentable(v.VerifiedName)},
		{"NAME STATUS", v.NameStatus},
		{"QUALITY", v.Quality},
		{"TIER", v.Tier},
		{"PER SECOND", perSecond(v.Throughput)},
		{"PLATFORM", v.Platform},
		{"COEXISTENCE", strconv.FormatBool(v.Coexistence)},
	}
	if c := v.Callbacks; c != nil {
		rows = append(rows, []string{"CALLBACKS TO", presentable(c.Effective)}, []string{"OF THE NUMBER", presentable(c.Number)},
			[]string{"OF THE WABA", presentable(c.WABA)}, []string{"OF THE APP", presentable(c.App)})
	}
	return a.show(v, []string{"NUMBER", wa.FormatDisplay(v.Display)}, rows)
}
