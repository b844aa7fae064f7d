package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/waypost/waypost/internal/wa"
)

func (a *app) contactCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "contact", Short: "Show what is known of a person",
		Long: "Show what is known of a person. ID is a phone number with the country code, in any of the ways in which it is\n" +
			"written, or a business-scoped user id; whichever of a person's ids is given, the answer is the same.",
		Args: cobra.NoArgs, RunE: help,
	}
	cmd.AddCommand(a.contactShow())
	return cmd
}

// contactView is what is known of a person.
type contactView struct {
	// IDs are the latest told first.
	IDs      []wa.PersonID `json:"ids"`
	Name     string        `json:"name,omitempty"`
	Username string        `json:"username,omitempty"`
	Windows  []windowView  `json:"windows"`
	Consent  consentView   `json:"consent"`
}

// windowView is how long a number may write to the person without a template.
type windowView struct {
	NumberID string `json:"number_id"`
	// Display is missing if no source has the number any more.
	Display string    `json:"display_phone_number,omitempty"`
	Open    bool      `json:"open"`
	Until   time.Time `json:"until"`
	// Left is whole seconds, 0 if the window is closed.
	Left int64 `json:"left_seconds"`
}

func (a *app) contactShow() *cobra.Command {
	return a.withAccount(&cobra.Command{
		Use: "show ID", Short: "Show a person's ids, names, 24-hour windows and consent",
		Args: oneArgument("name the person by a phone number or a user id: waypost contact show ID --account NAME"),
	}, func(cmd *cobra.Command, h *home, account wa.Account, args []string) error {
		id := phoneArgument(args[0])
		c, err := h.store.Contact(cmd.Context(), account.ID, id)
		if err != nil {
			return err
		}
		sources, err := h.store.Sources(cmd.Context(), account.ID)
		if err != nil {
			return err
		}
		v := viewContact(id, c, sources, time.Now())
		return a.show(v, []string{"WHAT", "VALUE"}, v.rows())
	})
}

func viewContact(id string, c wa.Contact, sources []wa.Source, now time.Time) contactView {
	v := contactView{IDs: c.IDs, Name: c.Name, Username: c.Username, Windows: []windowView{}}
	v.Consent, _ = viewConsent(id, c.Consent)
	display := map[string]string{}
	for _, src := range sources {
		display[src.Number.ID] = src.Number.Display
	}
	for _, w := range c.Windows {
		left := max(0, w.Until.Sub(now))
		v.Windows = append(v.Windows, windowView{
			NumberID: w.NumberID, Display: display[w.NumberID], Open: left > 0, Until: w.Until.UTC(), Left: int64(left / time.Second),
		})
	}
	return v
}

func (v contactView) rows() [][]string {
	var rows [][]string
	add := func(what, value string) {
		if value != "" {
			rows = append(rows, []string{what, value})
		}
	}
	for _, id := range v.IDs {
		value := id.ID
		if !id.ToldAt.IsZero() {
			value += ", last told about " + stamp(id.ToldAt)
		}
		add(strings.ReplaceAll(string(id.Kind), "_", " "), value)
	}
	add("name", presentable(v.Name))
	add("user name", presentable(v.Username))
	if len(v.Windows) == 0 {
		add("window", "none: never wrote to a number of this account")
	}
	for _, w := range v.Windows {
		add("window", w.String())
	}
	add("consent", v.Consent.basis())
	if v.Consent.Blocked {
		add("blocklist", "on it")
	}
	return rows
}

// String says how long the window is open.
func (w windowView) String() string {
	number := w.NumberID
	if w.Display != "" {
		number = w.Display
	}
	if !w.Open {
		return number + ": closed since " + stamp(w.Until)
	}
	left := time.Duration(w.Left) * time.Second
	return fmt.Sprintf("%s: open for %d h %d min, until %s", number, int(left.Hours()), int(left.Minutes())%60, stamp(w.Until))
}

// basis says what the state of a consent rests on.
func (v consentView) basis() string {
	switch {
	case v.OptIn != nil:
		return fmt.Sprintf("in, by %s as %s, %s", presentable(v.OptIn.Source), v.OptIn.Number, stamp(v.OptIn.At))
	case v.OptedOutAt != nil:
		return string(v.State) + ", since " + stamp(*v.OptedOutAt)
	}
	return string(v.State)
}
