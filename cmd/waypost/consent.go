package main

import (
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/spf13/cobra"

	"github.com/waypost/waypost/internal/wa"
)

func (a *app) consentCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "consent", Short: "Show who agreed to be written to, and the records that prove it",
		Long: "Show who agreed to be written to, and the records that prove it. NUMBER is a phone number with the country code;\n" +
			"a person is found by any of the ways in which the number is written.",
		Args: cobra.NoArgs, RunE: help,
	}
	cmd.AddCommand(a.consentShow(), a.consentHistory())
	return cmd
}

// consentView is what holds for a person now.
type consentView struct {
	Number  string          `json:"number"`
	State   wa.ConsentState `json:"state"`
	Blocked bool            `json:"blocked"`
	// OptIn is the record that the state "in" rests on.
	OptIn      *consentRecordView `json:"optin,omitempty"`
	OptedOutAt *time.Time         `json:"opted_out_at,omitempty"`
}

// consentRecordView is a record of the ledger, whole.
type consentRecordView struct {
	ID        wa.ConsentID   `json:"id"`
	At        time.Time      `json:"at"`
	Kind      wa.ConsentKind `json:"kind"`
	Number    string         `json:"number"`
	Source    string         `json:"source"`
	UserAgent string         `json:"user_agent,omitempty"`
	IP        string         `json:"ip,omitempty"`
	Text      string         `json:"text,omitempty"`
	WAMID     string         `json:"wamid,omitempty"`
}

func newConsentRecordView(r wa.ConsentRecord) consentRecordView {
	return consentRecordView{
		ID: r.ID, At: r.At.UTC(), Kind: r.Kind, Number: r.Person, Source: r.Source, UserAgent: r.UserAgent, IP: r.IP, Text: r.Text, WAMID: r.WAMID,
	}
}

func (a *app) consentShow() *cobra.Command {
	return a.withAccount(&cobra.Command{
		Use: "show NUMBER", Short: "Show what holds for a person now, whatever the 24-hour window",
		Args: oneArgument("name the person by the phone number: waypost consent show NUMBER --account NAME"),
	}, func(cmd *cobra.Command, h *home, account wa.Account, args []string) error {
		number := phoneArgument(args[0])
		c, err := h.store.Consent(cmd.Context(), account.ID, number)
		if err != nil {
			return err
		}
		v, row := viewConsent(number, c)
		return a.show(v, []string{"NUMBER", "STATE", "BLOCKED", "OPTED IN", "SOURCE", "OPTED OUT"}, [][]string{row})
	})
}

func viewConsent(number string, c wa.Consent) (consentView, []string) {
	v := consentView{Number: number, State: c.State, Blocked: c.Blocked}
	if v.State == "" {
		v.State = wa.ConsentNone
	}
	if v.State == wa.ConsentIn {
		r := newConsentRecordView(c.OptIn)
		v.OptIn = &r
	}
	if !c.OptedOutAt.IsZero() {
		at := c.OptedOutAt.UTC()
		v.OptedOutAt = &at
	}
	return v, []string{
		number, string(v.State), strconv.FormatBool(v.Blocked), stamp(c.OptIn.At), presentable(c.OptIn.Source), stamp(c.OptedOutAt),
	}
}

func (a *app) consentHistory() *cobra.Command {
	return a.withAccount(&cobra.Command{
		Use: "history NUMBER", Short: "List every record about a person, oldest first",
		Long: "List every record about a person, oldest first. The table shortens long texts and leaves the browser out; --json\n" +
			"has everything as it was recorded.",
		Args: oneArgument("name the person by the phone number: waypost consent history NUMBER --account NAME"),
	}, func(cmd *cobra.Command, h *home, account wa.Account, args []string) error {
		records, err := h.store.ConsentHistory(cmd.Context(), account.ID, phoneArgument(args[0]))
		if err != nil {
			return err
		}
		views, rows := make([]consentRecordView, 0, len(records)), [][]string{}
		for _, r := range records {
			views = append(views, newConsentRecordView(r))
			rows = append(rows, []string{
				stamp(r.At), string(r.Kind), r.Person, presentable(r.Source), presentable(r.IP), presentable(r.WAMID), presentable(r.Text),
			})
		}
		return a.show(views, []string{"AT", "KIND", "NUMBER", "SOURCE", "IP", "MESSAGE", "TEXT"}, rows)
	})
}

// phoneArgument takes out what people write between the digits. What is no
// number may be the user id of a person who shows none.
func phoneArgument(s string) string {
	digits := strings.NewReplacer("+", "", "(", "", ")", "", "-", "", " ", "").Replace(s)
	if wa.Digits(digits) {
		return digits
	}
	return s
}

// presentable makes one cell of what somebody else wrote: nothing in it reaches
// the terminal but what can be seen.
func presentable(s string) string {
	const longest = 60
	if runes := []rune(s); len(runes) > longest {
		s = string(runes[:longest-1]) + "…"
	}
	if strings.ContainsFunc(s, func(c rune) bool { return !unicode.IsPrint(c) }) {
		return strconv.Quote(s)
	}
	return s
}
