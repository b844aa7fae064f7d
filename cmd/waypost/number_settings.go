package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/waypost/waypost/internal/api"
	"github.com/waypost/waypost/internal/wa"
)

func (a *app) numberProfile() *cobra.Command {
	cmd := &cobra.Command{Use: "profile", Short: "What people see of a number", Args: cobra.NoArgs, RunE: help}
	cmd.AddCommand(a.profileShow(), a.profileSet())
	return cmd
}

func (a *app) profileShow() *cobra.Command {
	return a.withNumber(&cobra.Command{
		Use: "show", Short: "Show the business profile", Args: cobra.NoArgs,
	}, func(cmd *cobra.Command, d desk, src wa.Source, _ []string) error {
		p, err := d.Profile(cmd.Context(), src)
		if err != nil {
			return err
		}
		return a.showProfile(p)
	})
}

func (a *app) showProfile(p wa.BusinessProfile) error {
	return a.show(api.ProfileOf(p), []string{"ABOUT", presentable(p.About)}, [][]string{
		{"ADDRESS", presentable(p.Address)},
		{"DESCRIPTION", presentable(p.Description)},
		{"EMAIL", presentable(p.Email)},
		{"VERTICAL", p.Vertical},
		{"WEBSITES", presentable(strings.Join(p.Websites, " "))},
		{"PICTURE", presentable(p.Picture)},
	})
}

func (a *app) profileSet() *cobra.Command {
	cmd := &cobra.Command{
		Use: "set", Short: "Change the business profile; what is not named stays",
		Example: "  waypost number profile set --account shop --about \"Open 9 to 5\" --website https://shop.example",
		Args:    cobra.NoArgs,
	}
	f := cmd.Flags()
	texts := map[string]*string{
		"about":          f.String("about", "", fmt.Sprintf("the line under the name, at most %d characters", wa.MaxProfileAbout)),
		"address":        f.String("address", "", fmt.Sprintf("at most %d characters; \"\" takes it away", wa.MaxProfileAddress)),
		"description":    f.String("description", "", fmt.Sprintf("at most %d characters", wa.MaxProfileDescription)),
		"email":          f.String("email", "", fmt.Sprintf("at most %d characters", wa.MaxProfileEmail)),
		"vertical":       f.String("vertical", "", "line of business, such as RETAIL"),
		"picture-handle": f.String("picture-handle", "", "handle of an upload at Meta with the picture"),
	}
	picture := f.String("picture", "", "file with the picture, JPEG or PNG, which is uploaded to Meta")
	cmd.MarkFlagsMutuallyExclusive("picture", "picture-handle")
	sites := f.StringArray("website", nil, "address of a web site; repeatable, at most 2. \"\" takes all away")
	cmd.RegisterFlagCompletionFunc("vertical", cobra.FixedCompletions(wa.ProfileVerticals(), cobra.ShellCompDirectiveNoFileComp)) //nolint:errcheck // the flag is there
	return a.withNumber(cmd, func(cmd *cobra.Command, d desk, src wa.Source, _ []string) error {
		given := func(name string) *string {
			if !cmd.Flags().Changed(name) {
				return nil
			}
			return texts[name]
		}
		change := wa.ProfileChange{
			About: given("about"), Address: given("address"), Description: given("description"), Email: given("email"),
			Vertical: given("vertical"), PictureHandle: given("picture-handle"),
		}
		if cmd.Flags().Changed("website") {
			list := *sites
			if len(list) == 1 && list[0] == "" {
				list = nil
			}
			change.Websites = &list
		}
		if *picture != "" {
			handle, err := d.uploadPicture(cmd.Context(), src, *picture)
			if err != nil {
				return err
			}
			change.PictureHandle = &handle
		}
		p, err := d.ChangeProfile(cmd.Context(), src, change)
		if err != nil {
			return err
		}
		return a.showProfile(p)
	})
}

// uploadPicture gives Meta the picture of a profile and returns its handle.
func (d desk) uploadPicture(ctx context.Context, src wa.Source, name string) (string, error) {
	picture, err := os.ReadFile(name) //nolint:gosec // the operator names the file
	if err != nil {
		return "", err
	}
	return d.UploadPicture(ctx, src, filepath.Base(name), picture)
}

func (a *app) numberHealth() *cobra.Command {
	cmd := &cobra.Command{
		Use: "health", Short: "Ask Meta whether the number can send, and why not", Args: cobra.NoArgs,
	}
	template := cmd.Flags().String("template-id", "", "also ask for a template that waypost serve has a copy of, by Meta's id")
	return a.withNumber(cmd, func(cmd *cobra.Command, d desk, src wa.Source, _ []string) error {
		h, err := d.Health(cmd.Context(), src, *template)
		if err != nil {
			return err
		}
		v, rows := api.HealthOf(h), [][]string{}
		all := append([]api.HealthEntity{}, v.Number.Entities...)
		if v.Template != nil {
			all = append(all, v.Template.Entities...)
		}
		said := map[string]bool{}
		for _, e := range all {
			if said[e.Kind+e.ID] {
				continue
			}
			said[e.Kind+e.ID] = true
			rows = append(rows, []string{e.Kind, e.ID, e.CanSend, presentableLine(strings.Join(e.Info, "; "))})
			for _, p := range e.Problems {
				rows = append(rows, []string{"", "", "", presentableLine(strconv.Itoa(p.Code) + " " + p.Description)}, []string{"", "", "", presentableLine(p.Solution)})
			}
		}
		return a.show(v, []string{"WHAT", "ID", "CAN SEND", "WHY NOT"}, rows)
	})
}

func (a *app) numberBlock() *cobra.Command {
	return a.withNumber(&cobra.Command{
		Use: "block USER…", Short: "Block people who wrote to the number within the last 24 hours",
		Long: "Block people who wrote to the number within the last 24 hours: they cannot write to it, nor get anything from it.",
		Args: someArguments("name people by their phone numbers: waypost number block USER…"),
	}, func(cmd *cobra.Command, d desk, src wa.Source, args []string) error {
		r, err := d.Block(cmd.Context(), src, args)
		if err != nil {
			return err
		}
		return a.showBlocking("blocked", r)
	})
}

func (a *app) numberUnblock() *cobra.Command {
	return a.withNumber(&cobra.Command{
		Use: "unblock USER…", Short: "Take a block back",
		Args: someArguments("name people by their phone numbers: waypost number unblock USER…"),
	}, func(cmd *cobra.Command, d desk, src wa.Source, args []string) error {
		r, err := d.Unblock(cmd.Context(), src, args)
		if err != nil {
			return err
		}
		return a.showBlocking("unblocked", r)
	})
}

func someArguments(missing string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) == 0 {
			return errors.New(missing)
		}
		return nil
	}
}

// showBlocking prints what became of each, and fails if it did with anybody.
func (a *app) showBlocking(done string, r wa.BlockResult) error {
	v, rows := api.BlockingOf(r), [][]string{}
	for _, u := range v.Done {
		rows = append(rows, []string{presentable(u.Input), done, ""})
	}
	for _, f := range v.Failed {
		rows = append(rows, []string{presentable(f.Input), "failed", presentableLine(f.Why)})
	}
	if err := a.show(v, []string{"USER", "OUTCOME", "WHY"}, rows); err != nil {
		return err
	}
	if len(v.Failed) > 0 {
		return fmt.Errorf("%d of %d were not %s", len(v.Failed), len(v.Failed)+len(v.Done), done)
	}
	return nil
}

func (a *app) numberBlocked() *cobra.Command {
	return a.withNumber(&cobra.Command{
		Use: "blocked", Short: "List the people whom the number has blocked", Args: cobra.NoArgs,
	}, func(cmd *cobra.Command, d desk, src wa.Source, _ []string) error {
		users, err := d.Blocked(cmd.Context(), src)
		if err != nil {
			return err
		}
		rows := [][]string{}
		for _, u := range users {
			rows = append(rows, []string{presentable(u)})
		}
		return a.show(map[string][]string{"blocked": append([]string{}, users...)}, []string{"BLOCKED"}, rows)
	})
}

// callbackFlags are the address of callbacks and its verify token.
type callbackFlags struct{ url, tokenFile string }

// ownToken says when the operator's token leaves.
const ownToken = "Meta shows the address the gateway's verify token: for one that is not this gateway's, give --verify-token-file."

func (c *callbackFlags) token(cmd *cobra.Command) {
	cmd.Flags().StringVar(&c.tokenFile, "verify-token-file", "", "file with the verify token; without it, the gateway's own (meta.verify_token)")
}

func (c *callbackFlags) override(d desk) (wa.CallbackOverride, error) {
	o := wa.CallbackOverride{URI: c.url, VerifyToken: d.config.Meta.VerifyToken}
	if c.tokenFile != "" {
		var err error
		if o.VerifyToken, err = secretFile(c.tokenFile); err != nil {
			return o, err
		}
	}
	if o.VerifyToken.Empty() {
		return o, errors.New("there is no verify token: set WAYPOST_META_VERIFY_TOKEN as for the gateway, or give --verify-token-file")
	}
	return o, nil
}

func (a *app) numberSubscribe() *cobra.Command {
	cmd := &cobra.Command{
		Use: "subscribe", Short: "Have Meta call back what happens in the number's WhatsApp Business Account",
		Long: "Have Meta call back what happens in the number's WhatsApp Business Account, to the address of the app, or with --callback\n" +
			"to another one, which Meta tries at once: it must be up and know the verify token.\n" + ownToken,
		Args: cobra.NoArgs,
	}
	var c callbackFlags
	cmd.Flags().StringVar(&c.url, "callback", "", "address for the callbacks of the whole account instead of the app's, such as https://gateway.example/meta/callback")
	c.token(cmd)
	return a.withNumber(cmd, func(cmd *cobra.Command, d desk, src wa.Source, _ []string) error {
		o := wa.CallbackOverride{}
		if c.url != "" {
			var err error
			if o, err = c.override(d); err != nil {
				return err
			}
		}
		if err := d.Subscribe(cmd.Context(), src, o); err != nil {
			return err
		}
		return a.did("subscribed", "The app is subscribed to the account "+src.Number.WABAID+".", nil)
	})
}

func (a *app) numberUnsubscribe() *cobra.Command {
	cmd := &cobra.Command{
		Use: "unsubscribe", Short: "End the callbacks of the number's whole WhatsApp Business Account",
		Long: "End the callbacks of the number's whole WhatsApp Business Account: nothing that people write arrives any more, and no status.",
		Args: cobra.NoArgs,
	}
	yes := cmd.Flags().Bool("yes", false, "do not ask for the phone number")
	return a.withNumber(cmd, func(cmd *cobra.Command, d desk, src wa.Source, _ []string) error {
		if !*yes {
			fmt.Fprintf(a.stderr, "No message and no status arrives any more for any number of the account %s. Write the number %s to go on: ",
				src.Number.WABAID, wa.FormatDisplay(src.Number.Display))
			if got := phoneArgument(readLine(cmd.InOrStdin())); got == "" || got != src.Number.Display {
				return errors.New("nothing was done: the number was not written (--yes goes on without)")
			}
		}
		if err := d.Unsubscribe(cmd.Context(), src); err != nil {
			return err
		}
		return a.did("unsubscribed", "The app is not subscribed any more.", nil)
	})
}

func (a *app) numberSubscription() *cobra.Command {
	return a.withNumber(&cobra.Command{
		Use: "subscription", Aliases: []string{"subscriptions"}, Short: "List the apps that are subscribed to the number's WhatsApp Business Account",
		Args: cobra.NoArgs,
	}, func(cmd *cobra.Command, d desk, src wa.Source, _ []string) error {
		all, err := d.Subscriptions(cmd.Context(), src)
		if err != nil {
			return err
		}
		rows := [][]string{}
		for _, s := range all {
			rows = append(rows, []string{s.AppID, presentable(s.AppName), presentable(s.Override)})
		}
		return a.show(api.SubscriptionsOf(all), []string{"APP", "NAME", "CALLBACKS TO"}, rows)
	})
}

func (a *app) numberCallback() *cobra.Command {
	cmd := &cobra.Command{
		Use: "callback", Short: "An address for a number's callbacks instead of the app's", Args: cobra.NoArgs, RunE: help,
	}
	var c callbackFlags
	set := &cobra.Command{
		Use: "set URL", Short: "Give the number an address of its own, which Meta tries at once",
		Long:    "Give the number an address of its own for its callbacks, which Meta tries at once: it must be up and know the verify token.\n" + ownToken,
		Example: "  waypost number callback set https://gateway.example/meta/callback --account shop",
		Args:    oneArgument("name the address: waypost number callback set URL"),
	}
	c.token(set)
	cmd.AddCommand(
		a.withNumber(set, func(cmd *cobra.Command, d desk, src wa.Source, args []string) error {
			c.url = args[0]
			o, err := c.override(d)
			if err != nil {
				return err
			}
			if err := d.SetCallback(cmd.Context(), src, o); err != nil {
				return err
			}
			return a.did("callback_set", "Callbacks about the number go to "+presentable(c.url)+".", map[string]any{"url": c.url})
		}),
		a.withNumber(&cobra.Command{
			Use: "clear", Short: "Take the number's own address away", Args: cobra.NoArgs,
		}, func(cmd *cobra.Command, d desk, src wa.Source, _ []string) error {
			if err := d.ClearCallback(cmd.Context(), src); err != nil {
				return err
			}
			return a.did("callback_cleared", "Callbacks about the number go to the address of the account or the app.", nil)
		}),
	)
	return cmd
}
