package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/waypost/waypost/internal/wa"
)

// credentials are where the secrets of a new source come from. They are never on the
// command line, which others can see.
type credentials struct{ waba, token, secret string }

func (c *credentials) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&c.waba, "waba-id", "", "id of the WhatsApp Business Account; without it, that of --source")
	f.StringVar(&c.token, "access-token-file", "", "file with the access token; without it, that of --source")
	f.StringVar(&c.secret, "app-secret-file", "", "file with the app secret; without it, that of --source")
}

// number returns the credentials, and what is missing of them from the source that
// id names.
func (c *credentials) number(ctx context.Context, d desk, id string) (n wa.Number, err error) {
	if c.waba == "" || c.token == "" || c.secret == "" {
		src, err := d.Choose(ctx, d.account.ID, wa.SourceID(id))
		if wa.CodeOf(err) == wa.CodeNotFound && id == "" {
			return n, errors.New("this is the account's first number: give --waba-id, --access-token-file and --app-secret-file")
		}
		if err != nil {
			return n, err
		}
		n = wa.Number{WABAID: src.Number.WABAID, Token: src.Number.Token, AppSecret: src.Number.AppSecret}
	}
	if c.waba != "" {
		n.WABAID = c.waba
	}
	for _, s := range []struct {
		file string
		into *wa.Secret
	}{{c.token, &n.Token}, {c.secret, &n.AppSecret}} {
		if s.file == "" {
			continue
		}
		if *s.into, err = secretFile(s.file); err != nil {
			return n, err
		}
	}
	return n, nil
}

// secretFile reads a secret, without the line break that editors add.
func secretFile(name string) (wa.Secret, error) {
	text, err := os.ReadFile(name) //nolint:gosec // the operator names the file
	if err != nil {
		return wa.Secret{}, err
	}
	return wa.NewSecret(strings.TrimSpace(string(text))), nil
}

func (a *app) numberConnect() *cobra.Command {
	cmd := &cobra.Command{
		Use: "connect", Short: "Make a source for a number that a WhatsApp Business Account has already",
		Long: "Make a source for a number that a WhatsApp Business Account has already. Meta is asked whether the token may use it.\n" +
			"The credentials come from files, or from another source of the account.",
		Example: "  waypost number connect --account shop --phone-number-id 106540000000001 --waba-id 900000000000001 \\\n" +
			"    --access-token-file token.txt --app-secret-file app-secret.txt",
		Args: cobra.NoArgs,
	}
	var c credentials
	c.flags(cmd)
	var src wa.Source
	var id string
	cmd.Flags().StringVar(&src.Number.ID, "phone-number-id", "", "Meta's phone_number_id")
	cmd.Flags().StringVar(&src.Name, "name", "", "name of the source; without it, the name that people see")
	cmd.Flags().StringVar((*string)(&src.ID), "id", "", "id of the source; without it, one is made")
	cmd.Flags().BoolVar(&src.Default, "default", false, "sends that name no source go out through it")
	cmd.Flags().StringVar(&id, "source", "", "id of a source whose credentials are to be used; without it, the default")
	return a.withDesk(cmd, func(cmd *cobra.Command, d desk, _ []string) error {
		n, err := c.number(cmd.Context(), d, id)
		if err != nil {
			return err
		}
		if !wa.Digits(src.Number.ID) || !wa.Digits(n.WABAID) {
			return errors.New("give --phone-number-id and --waba-id in digits: WhatsApp Manager shows them under API setup")
		}
		n.ID = src.Number.ID
		src.Number = n
		return a.connect(cmd.Context(), d, src)
	})
}

// connect keeps a source, after Meta has shown that its token may use the number.
func (a *app) connect(ctx context.Context, d desk, src wa.Source) error {
	src.AccountID, src.CreatedAt = d.account.ID, time.Now()
	if src.ID == "" {
		src.ID = wa.NewID[wa.SourceID]()
	}
	src, node, err := d.Connect(ctx, src)
	if err != nil {
		return err
	}
	return a.show(map[string]any{
		"source": src.ID, "name": src.Name, "number_id": src.Number.ID, "display_phone_number": src.Number.Display,
		"waba_id": src.Number.WABAID, "status": node.Status, "default": src.Default,
	}, []string{"SOURCE", "NUMBER", "NUMBER ID", "STATUS"}, [][]string{{string(src.ID), wa.FormatDisplay(src.Number.Display), src.Number.ID, node.Status}})
}

func (a *app) numberAdd() *cobra.Command {
	cmd := &cobra.Command{
		Use: "add", Short: "Give a WhatsApp Business Account another phone number, and make a source for it",
		Long: "Give a WhatsApp Business Account another phone number, and make a source for it. The number must not be on WhatsApp.\n" +
			"Then it is verified (request-code, verify) and registered (register).",
		Example: "  waypost number add --account shop --country-code 1 --phone 5550100003 --display-name \"Third Shop\"",
		Args:    cobra.NoArgs,
	}
	var c credentials
	c.flags(cmd)
	var n wa.NewNumber
	var name, id, sourceID string
	cmd.Flags().StringVar(&sourceID, "id", "", "id of the source; without it, one is made")
	cmd.Flags().StringVar(&n.CountryCode, "country-code", "", "the country's calling code, such as 1")
	cmd.Flags().StringVar(&n.Phone, "phone", "", "the phone number without the country code")
	cmd.Flags().StringVar(&n.VerifiedName, "display-name", "", "the name that people are to see; Meta reviews it")
	cmd.Flags().StringVar(&name, "name", "", "name of the source; without it, the display name")
	cmd.Flags().StringVar(&id, "source", "", "id of a source whose credentials are to be used; without it, the default")
	return a.withDesk(cmd, func(cmd *cobra.Command, d desk, _ []string) error {
		with, err := c.number(cmd.Context(), d, id)
		if err != nil {
			return err
		}
		src := wa.Source{ID: wa.SourceID(sourceID), AccountID: d.account.ID, Name: cmp.Or(name, n.VerifiedName), Number: with}
		if sourceID == "" {
			src.ID = wa.NewID[wa.SourceID]()
		}
		if err := d.Ready(cmd.Context(), src); err != nil {
			return err
		}
		added, err := d.Add(cmd.Context(), src, n)
		if err != nil {
			return err
		}
		src.Number.ID = added
		if err := a.connect(cmd.Context(), d, src); err != nil {
			return fmt.Errorf("the number was added with the id %s, but has no source yet (waypost number connect makes one): %w", added, err)
		}
		return nil
	})
}

func (a *app) numberRequestCode() *cobra.Command {
	cmd := &cobra.Command{
		Use: "request-code", Short: "Have a verification code sent to the number", Args: cobra.NoArgs,
	}
	var r wa.CodeRequest
	cmd.Flags().StringVar(&r.Method, "method", "SMS", "how it is sent: SMS or VOICE, a call")
	cmd.Flags().StringVar(&r.Language, "language", "en_US", "language of the text")
	cmd.RegisterFlagCompletionFunc("method", cobra.FixedCompletions([]string{"SMS", "VOICE"}, cobra.ShellCompDirectiveNoFileComp)) //nolint:errcheck // the flag is there
	return a.withNumber(cmd, func(cmd *cobra.Command, d desk, src wa.Source, _ []string) error {
		if err := d.RequestCode(cmd.Context(), src, r); err != nil {
			return err
		}
		return a.did("requested", "A code is on its way to the number. Give it to: waypost number verify CODE", nil)
	})
}

func (a *app) numberVerify() *cobra.Command {
	return a.withNumber(&cobra.Command{
		Use: "verify CODE", Aliases: []string{"verify-code"}, Short: "Give Meta the code that the number got",
		Args: oneArgument("give the code of six digits: waypost number verify CODE"),
	}, func(cmd *cobra.Command, d desk, src wa.Source, args []string) error {
		if err := d.VerifyCode(cmd.Context(), src, args[0]); err != nil {
			return err
		}
		return a.did("verified", "The number is verified. Register it with: waypost number register --pin-file FILE", nil)
	})
}

// pinFlags are where a PIN comes from.
type pinFlags struct{ pin, file string }

func (p *pinFlags) add(cmd *cobra.Command, what string) {
	cmd.Flags().StringVar(&p.pin, "pin", "", what+"; others may see what is on a command line, so prefer --pin-file")
	cmd.Flags().StringVar(&p.file, "pin-file", "", "file with it")
	cmd.MarkFlagsMutuallyExclusive("pin", "pin-file")
	cmd.MarkFlagsOneRequired("pin", "pin-file")
}

func (p *pinFlags) read() (wa.Secret, error) {
	if p.file != "" {
		return secretFile(p.file)
	}
	return wa.NewSecret(p.pin), nil
}

func (a *app) numberRegister() *cobra.Command {
	cmd := &cobra.Command{
		Use: "register", Short: "Let a verified number send through the Cloud API",
		Long: "Let a verified number send through the Cloud API. If the number has two-step verification, the PIN is the one it has;\n" +
			"otherwise it gets this one: keep it. Meta takes 10 registrations and deregistrations of a number in 72 hours.",
		Args: cobra.NoArgs,
	}
	var pin pinFlags
	pin.add(cmd, "PIN of the two-step verification, six digits")
	region := cmd.Flags().String("data-localization-region", "", "country in which message contents are kept, such as DE; without it, where Meta keeps them")
	return a.withNumber(cmd, func(cmd *cobra.Command, d desk, src wa.Source, _ []string) error {
		secret, err := pin.read()
		if err != nil {
			return err
		}
		if err := d.Register(cmd.Context(), src, wa.Registration{PIN: secret, Region: *region}); err != nil {
			return err
		}
		return a.did("registered", "The number is registered and can send. Check everything with: waypost doctor", nil)
	})
}

func (a *app) numberDeregister() *cobra.Command {
	cmd := &cobra.Command{
		Use: "deregister", Short: "Take a number off the Cloud API: it can neither send nor receive until it is registered again",
		Args: cobra.NoArgs,
	}
	yes := cmd.Flags().Bool("yes", false, "do not ask for the phone number")
	return a.withNumber(cmd, func(cmd *cobra.Command, d desk, src wa.Source, _ []string) error {
		if src.Number.Display == "" { // named by its id
			node, err := d.Refresh(cmd.Context(), src)
			if err != nil {
				return err
			}
			src.Number.Display = node.Display
		}
		confirm := src.Number.Display
		if !*yes {
			fmt.Fprintf(a.stderr, "%s can then neither send nor receive. Write the number to go on: ", wa.FormatDisplay(src.Number.Display))
			confirm = readLine(cmd.InOrStdin())
		}
		if err := d.Deregister(cmd.Context(), src, confirm); err != nil {
			if wa.CodeOf(err) == wa.CodeInvalid {
				return errors.New("nothing was done: the number was not written (--yes goes on without)")
			}
			return err
		}
		return a.did("deregistered", wa.FormatDisplay(src.Number.Display)+" is deregistered.", nil)
	})
}

// readLine reads what somebody answers; "" at the end of the input.
func readLine(r io.Reader) string {
	line, err := bufio.NewReader(io.LimitReader(r, 1024)).ReadString('\n')
	if err != nil && line == "" {
		return ""
	}
	return strings.TrimSpace(line)
}

func (a *app) numberPIN() *cobra.Command {
	cmd := &cobra.Command{
		Use: "pin", Short: "Set the PIN of the two-step verification, whatever it was", Args: cobra.NoArgs,
	}
	var pin pinFlags
	pin.add(cmd, "the new PIN, six digits")
	return a.withNumber(cmd, func(cmd *cobra.Command, d desk, src wa.Source, _ []string) error {
		secret, err := pin.read()
		if err != nil {
			return err
		}
		if err := d.SetPIN(cmd.Context(), src, secret); err != nil {
			return err
		}
		return a.did("pin_set", "The PIN is set.", nil)
	})
}
