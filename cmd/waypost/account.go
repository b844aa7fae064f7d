package main

import (
	"errors"
	"time"

	"github.com/spf13/cobra"

	"github.com/waypost/waypost/internal/wa"
)

func (a *app) accountCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "account", Short: "Manage accounts", Args: cobra.NoArgs, RunE: help}
	cmd.AddCommand(a.accountCreate(), a.accountList())
	return cmd
}

// accountView is an account as it is printed.
type accountView struct {
	ID        wa.AccountID `json:"id"`
	Name      string       `json:"name"`
	CreatedAt time.Time    `json:"created_at"`
}

func (a *app) showAccounts(accounts []wa.Account, v func([]accountView) any) error {
	views, rows := make([]accountView, 0, len(accounts)), [][]string{}
	for _, x := range accounts {
		views = append(views, accountView{x.ID, x.Name, x.CreatedAt})
		rows = append(rows, []string{string(x.ID), x.Name, stamp(x.CreatedAt)})
	}
	return a.show(v(views), []string{"ID", "NAME", "CREATED"}, rows)
}

func (a *app) accountCreate() *cobra.Command {
	return a.withHome(true, &cobra.Command{
		Use: "create NAME", Short: "Create an account", Args: oneArgument("name the account: waypost account create NAME"),
	}, func(cmd *cobra.Command, h *home, args []string) error {
		if !wa.ValidName(args[0]) {
			return &wa.Error{Code: wa.CodeInvalid, Message: "an account's name is 1 to 100 printable characters without spaces at its ends"}
		}
		account := wa.Account{ID: wa.NewID[wa.AccountID](), Name: args[0], CreatedAt: time.Now()}
		if err := h.store.CreateAccount(cmd.Context(), account); err != nil {
			return err
		}
		return a.showAccounts([]wa.Account{account}, func(v []accountView) any { return v[0] })
	})
}

func (a *app) accountList() *cobra.Command {
	return a.withHome(false, &cobra.Command{
		Use: "list", Short: "List accounts", Args: cobra.NoArgs,
	}, func(cmd *cobra.Command, h *home, _ []string) error {
		accounts, err := h.store.Accounts(cmd.Context())
		if err != nil {
			return err
		}
		return a.showAccounts(accounts, func(v []accountView) any { return v })
	})
}

// oneArgument refuses anything but one argument, and says what is missing.
func oneArgument(missing string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) != 1 {
			return errors.New(missing)
		}
		return nil
	}
}

// withHome gives a command the data directory, which may be in use by a running
// gateway; create says whether the command may make one.
func (a *app) withHome(create bool, cmd *cobra.Command, do func(*cobra.Command, *home, []string) error) *cobra.Command {
	settingFlags(cmd, "data")
	cmd.RunE = func(cmd *cobra.Command, args []string) (err error) {
		c, logger, err := a.settingsAndLogger(cmd)
		if err != nil {
			return err
		}
		h, err := openHome(cmd.Context(), c.Data, create, logger)
		if err != nil {
			return err
		}
		defer func() {
			if closing := h.close(); err == nil {
				err = closing
			}
		}()
		return do(cmd, h, args)
	}
	return cmd
}

// withAccount gives a command the account that --account names.
func (a *app) withAccount(cmd *cobra.Command, do func(*cobra.Command, *home, wa.Account, []string) error) *cobra.Command {
	cmd.Flags().String("account", "", "name of the account")
	if err := cmd.MarkFlagRequired("account"); err != nil {
		panic(err) // the flag was defined a line above
	}
	return a.withHome(false, cmd, func(cmd *cobra.Command, h *home, args []string) error {
		name, err := cmd.Flags().GetString("account")
		if err != nil {
			return err
		}
		account, err := h.store.AccountByName(cmd.Context(), name)
		if err != nil {
			return err
		}
		return do(cmd, h, account, args)
	})
}

// stamp writes a time for people; "" if there is none.
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02 15:04:05 UTC")
}
