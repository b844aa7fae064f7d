package main

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/waypost/waypost/internal/api"
	"github.com/waypost/waypost/internal/wa"
)

func (a *app) messagesCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "messages", Short: "Show what became of messages, and settle those that are uncertain",
		Long: "Show what became of messages, and settle those that are uncertain: Meta may or may not have them. A status of\n" +
			"Meta's settles most of them by itself; see docs/uncertain.md.",
		Args: cobra.NoArgs, RunE: help,
	}
	cmd.AddCommand(a.messagesShow(), a.messagesUncertain(), a.messagesResolve())
	return cmd
}

// narrator tells what became of messages in the words that /v1 has for it.
func (a *app) narrator(cmd *cobra.Command, h *home) (api.Narrator, error) {
	effective, err := a.settings(cmd)
	return api.Narrator{Kept: h.store, Patience: effective.Config.Send.UncertainAfter, Now: time.Now}, err
}

func (a *app) messagesShow() *cobra.Command {
	return a.withAccount(&cobra.Command{
		Use: "show ID", Short: "Show a message: its status, its attempts and its events",
		Args: oneArgument("name the message: waypost messages show ID --account NAME"),
	}, func(cmd *cobra.Command, h *home, account wa.Account, args []string) error {
		n, err := a.narrator(cmd, h)
		if err != nil {
			return err
		}
		v, err := n.Message(cmd.Context(), account.ID, wa.MessageID(args[0]))
		if err != nil {
			return err
		}
		return a.showMessage(v)
	})
}

// showMessage prints a message as three tables, or as one object of JSON.
func (a *app) showMessage(v api.Message) error {
	if a.json {
		return a.show(v, nil, nil)
	}
	rows := [][]string{
		{"SOURCE", presentable(string(v.Source))},
		{"PHONE NUMBER ID", v.NumberID},
		{"TO", presentable(v.To)},
		{"CATEGORY", string(v.Category)},
		{"STATUS", string(v.Status)},
	}
	if v.Duplicated {
		rows = append(rows, []string{"DUPLICATED", "Meta took it twice"})
	}
	rows = append(rows, []string{"WAMID", presentable(v.WAMID)}, []string{"ACCEPTED", stamp(v.AcceptedAt)})
	if v.DispatchedAt != nil {
		rows = append(rows, []string{"DISPATCHED", stamp(*v.DispatchedAt)})
	}
	if u := v.Uncertain; u != nil {
		rows = append(rows, []string{"UNCERTAIN", u.Why}, []string{"SINCE", stamp(u.Since)}, []string{"POLICY", string(u.Policy)},
			[]string{"DEADLINE", stamp(u.Deadline)}, []string{"NEXT", u.Next})
	}
	if err := a.show(nil, []string{"ID", string(v.ID)}, rows); err != nil {
		return err
	}
	fmt.Fprintln(a.stdout)
	var attempts, events [][]string
	for _, t := range v.Attempts {
		ended, reason := "", ""
		if t.Ended != nil {
			ended = stamp(*t.Ended)
		}
		if t.Failure != nil {
			reason = presentable(api.Why(*t.Failure))
		}
		attempts = append(attempts, []string{
			strconv.Itoa(t.Number), stamp(t.Began), ended, string(t.Outcome), t.Trace, presentable(t.WAMID), reason,
		})
	}
	if err := a.show(nil, []string{"ATTEMPT", "BEGAN", "ENDED", "OUTCOME", "TRACE", "WAMID", "WHY"}, attempts); err != nil {
		return err
	}
	fmt.Fprintln(a.stdout)
	for _, e := range v.Events {
		status, reason, attempt, said := string(e.Status), "", "", ""
		if e.Copy {
			status += " (another copy)"
		}
		if e.Conflict {
			status += " (conflict)"
		}
		if e.Failure != nil {
			reason = presentable(api.Why(*e.Failure))
		}
		if e.Attempt != 0 {
			attempt = strconv.Itoa(e.Attempt)
		}
		if e.MetaAt != nil {
			said = stamp(*e.MetaAt)
		}
		events = append(events, []string{stamp(e.At), said, status, e.By, attempt, presentable(e.Participant), reason})
	}
	return a.show(nil, []string{"EVENT AT", "META'S TIME", "STATUS", "BY", "ATTEMPT", "PARTICIPANT", "WHY"}, events)
}

// uncertainList is the uncertain messages of an account, and how many messages of
// it Meta is known to have taken twice.
type uncertainList struct {
	Messages   []api.Message `json:"messages"`
	More       bool          `json:"more"`
	Duplicates int           `json:"duplicates"`
}

func (a *app) messagesUncertain() *cobra.Command {
	cmd := &cobra.Command{
		Use: "uncertain", Short: "List the messages of which Meta never said whether it took them", Args: cobra.NoArgs,
	}
	limit := cmd.Flags().Int("limit", 100, "how many messages to list")
	return a.withAccount(cmd, func(cmd *cobra.Command, h *home, account wa.Account, _ []string) error {
		if *limit < 1 || *limit > 100_000 {
			return errors.New("--limit: use 1 to 100000")
		}
		n, err := a.narrator(cmd, h)
		if err != nil {
			return err
		}
		doubts, err := h.store.DoubtsOf(cmd.Context(), account.ID, *limit+1)
		if err != nil {
			return err
		}
		list := uncertainList{Messages: []api.Message{}, More: len(doubts) > *limit}
		if list.Duplicates, err = h.store.Duplicates(cmd.Context(), account.ID); err != nil {
			return err
		}
		var rows [][]string
		for _, d := range doubts[:min(len(doubts), *limit)] {
			v := api.MessageOf(d.Message)
			if v.Uncertain, err = n.Explain(cmd.Context(), d); err != nil {
				return err
			}
			v.Attempts = append(v.Attempts, api.AttemptOf(d.Attempt))
			list.Messages = append(list.Messages, v)
			rows = append(rows, []string{
				string(v.ID), presentable(v.To), stamp(v.Uncertain.Since), strconv.Itoa(d.Attempt.Number), string(v.Uncertain.Policy),
				presentable(v.Uncertain.Why), v.Uncertain.Next,
			})
		}
		if err := a.show(list, []string{"ID", "TO", "SINCE", "ATTEMPT", "POLICY", "WHY", "NEXT"}, rows); err != nil || a.json {
			return err
		}
		if list.More {
			fmt.Fprintf(a.stdout, "There are more than %d: --limit shows more.\n", *limit)
		}
		if list.Duplicates > 0 {
			fmt.Fprintf(a.stdout, "Of this account, Meta is known to have taken %d messages twice.\n", list.Duplicates)
		}
		return nil
	})
}

func (a *app) messagesResolve() *cobra.Command {
	cmd := &cobra.Command{
		Use: "resolve ID", Short: "Decide what an uncertain message is: sent, failed, or to be sent again",
		Long: "Decide what an uncertain message is, and keep who decided:\n" +
			"  sent    it arrived, as somebody says; the customer is told so\n" +
			"  failed  it is given up; the customer is told so\n" +
			"  resend  it is sent again, and may arrive twice\n" +
			"A status of Meta's that comes later still counts.",
		Args: oneArgument("name the message: waypost messages resolve ID --as sent --account NAME"),
	}
	as := cmd.Flags().String("as", "", "sent, failed or resend")
	yes := cmd.Flags().Bool("yes", false, "do not ask")
	require(cmd, "as")
	return a.withAccount(cmd, func(cmd *cobra.Command, h *home, account wa.Account, args []string) error {
		res := wa.Resolution{By: wa.DeciderOperator}
		effect := ""
		switch *as {
		case "sent":
			res.As, effect = wa.StatusSent, "it counts as sent"
		case "failed":
			res.As, res.Failure, effect = wa.StatusFailed, wa.Unconfirmed(), "it is given up"
		case "resend":
			res.As, effect = wa.StatusAccepted, "it is sent again, and may arrive twice"
		default:
			return fmt.Errorf("--as: use sent, failed or resend, not %.80q", *as)
		}
		d, err := h.store.Doubt(cmd.Context(), account.ID, wa.MessageID(args[0]))
		if err != nil {
			return err
		}
		m := d.Message
		if !*yes && m.Status == wa.StatusUncertain {
			fmt.Fprintf(a.stderr, "Message %s to %s, uncertain since %s: %s. Write %s to go on: ", m.ID, presentable(m.Recipient.ID),
				stamp(d.Attempt.EndedAt), effect, *as)
			if readLine(cmd.InOrStdin()) != *as {
				return fmt.Errorf("nothing was done: %q was not written (--yes goes on without)", *as)
			}
		}
		// Only what was seen is decided: there may be another attempt by now.
		res.Attempt = m.Attempt
		if err := h.store.ResolveMessage(cmd.Context(), account.ID, m.ID, res); err != nil {
			return err
		}
		now, err := h.store.Message(cmd.Context(), account.ID, m.ID)
		if err != nil {
			return err
		}
		return a.show(api.MessageOf(now), []string{"ID", "STATUS"}, [][]string{{string(now.ID), string(now.Status)}})
	})
}
