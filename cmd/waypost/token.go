package main

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/waypost/waypost/internal/wa"
)

func (a *app) tokenCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "token", Short: "Manage API tokens",
		Long: "Manage API tokens. Only a hash of a token is kept: it is shown once, when it is created.",
		Args: cobra.NoArgs, RunE: help,
	}
	cmd.AddCommand(a.tokenCreate(), a.tokenList(), a.tokenRevoke())
	return cmd
}

// tokenView is a token as it is printed. Token is set only when it was just
// created.
type tokenView struct {
	ID        wa.TokenID `json:"id"`
	Name      string     `json:"name,omitempty"`
	Hint      string     `json:"hint"`
	Token     string     `json:"token,omitempty"`
	CreatedAt time.Time  `json:"created_at"`
	RevokedAt *time.Time `json:"revoked_at,omitempty"`
}

func newTokenView(k wa.Token) tokenView {
	v := tokenView{ID: k.ID, Name: k.Name, Hint: k.Hint + "…", CreatedAt: k.CreatedAt}
	if !k.RevokedAt.IsZero() {
		v.RevokedAt = &k.RevokedAt
	}
	return v
}

func (a *app) tokenCreate() *cobra.Command {
	cmd := &cobra.Command{Use: "create", Short: "Create a token and show it, once", Args: cobra.NoArgs}
	label := cmd.Flags().String("name", "", "what the token is for")
	return a.withAccount(cmd, func(cmd *cobra.Command, h *home, account wa.Account, _ []string) error {
		if *label != "" && !wa.ValidName(*label) {
			return &wa.Error{Code: wa.CodeInvalid, Message: "a token's name is at most 100 printable characters"}
		}
		kept, secret := wa.NewToken(account.ID, *label, time.Now())
		if err := h.store.CreateToken(cmd.Context(), kept); err != nil {
			return err
		}
		v := newTokenView(kept)
		v.Token = secret.Reveal()
		return a.show(v, []string{"ID", "TOKEN (shown only now)"}, [][]string{{string(v.ID), v.Token}})
	})
}

func (a *app) tokenList() *cobra.Command {
	return a.withAccount(&cobra.Command{
		Use: "list", Short: "List tokens", Args: cobra.NoArgs,
	}, func(cmd *cobra.Command, h *home, account wa.Account, _ []string) error {
		tokens, err := h.store.Tokens(cmd.Context(), account.ID)
		if err != nil {
			return err
		}
		views, rows := make([]tokenView, 0, len(tokens)), [][]string{}
		for _, k := range tokens {
			v := newTokenView(k)
			views = append(views, v)
			rows = append(rows, []string{string(v.ID), v.Name, v.Hint, stamp(k.CreatedAt), stamp(k.RevokedAt)})
		}
		return a.show(views, []string{"ID", "NAME", "BEGINS", "CREATED", "REVOKED"}, rows)
	})
}

func (a *app) tokenRevoke() *cobra.Command {
	return a.withAccount(&cobra.Command{
		Use: "revoke ID", Short: "Revoke a token at once",
		Args: oneArgument("name the token by its id, which waypost token list shows"),
	}, func(cmd *cobra.Command, h *home, account wa.Account, args []string) error {
		id := wa.TokenID(args[0])
		if err := h.store.RevokeToken(cmd.Context(), account.ID, id, time.Now()); err != nil {
			return err
		}
		return a.show(map[string]any{"id": id, "revoked": true}, []string{"REVOKED"}, [][]string{{args[0]}})
	})
}
