package main

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/waypost/waypost/internal/cloudapi/callback"
	"github.com/waypost/waypost/internal/wa"
)

func (a *app) callbacksCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "callbacks", Short: "Show what Meta has called back, and what came of it",
		Long: "Show what Meta has called back, and what came of it. Every callback is kept as it came before it is answered. One that\n" +
			"cannot be decoded is parked; a newer version may be able to: waypost callbacks retry --parked",
		Args: cobra.NoArgs, RunE: help,
	}
	cmd.AddCommand(a.callbacksList(), a.callbacksShow(), a.callbacksRetry(), a.callbacksNotices(), a.callbacksUnmatched())
	return cmd
}

// callbackView is a callback as it is printed.
type callbackView struct {
	ID         wa.CallbackID    `json:"id"`
	ReceivedAt time.Time        `json:"received_at"`
	State      wa.CallbackState `json:"state"`
	Reason     string           `json:"reason,omitempty"`
	Attempts   int              `json:"attempts"`
	Size       int              `json:"size"`
}

func newCallbackView(c wa.KeptCallback) callbackView {
	return callbackView{ID: c.ID, ReceivedAt: c.ReceivedAt, State: c.State, Reason: c.Reason, Attempts: c.Attempts, Size: c.Size}
}

// limitFlag adds the flag that bounds a list; see limitOf.
func limitFlag(cmd *cobra.Command) *cobra.Command {
	cmd.Flags().Int("limit", 50, "how many are shown at most")
	return cmd
}

func limitOf(cmd *cobra.Command) (int, error) {
	n, err := cmd.Flags().GetInt("limit")
	if err == nil && n < 1 {
		err = errors.New("--limit must be 1 or more")
	}
	return n, err
}

func (a *app) callbacksList() *cobra.Command {
	cmd := limitFlag(&cobra.Command{
		Use: "list", Short: "List callbacks, the newest first", Args: cobra.NoArgs,
	})
	cmd.Flags().Bool("parked", false, "only those that could not be decoded")
	cmd.Flags().String("before", "", "only those that are older than the callback of this id")
	return a.withHome(false, cmd, func(cmd *cobra.Command, h *home, _ []string) error {
		limit, err := limitOf(cmd)
		if err != nil {
			return err
		}
		before, parked := cmd.Flag("before").Value.String(), cmd.Flag("parked").Value.String() == "true"
		list := h.store.Callbacks
		if parked {
			list = h.store.ParkedCallbacks
		}
		all, err := list(cmd.Context(), wa.CallbackID(before), limit)
		if err != nil {
			return err
		}
		views, rows := make([]callbackView, 0, len(all)), [][]string{}
		for _, c := range all {
			views = append(views, newCallbackView(c))
			rows = append(rows, []string{
				string(c.ID), stamp(c.ReceivedAt), string(c.State), strconv.Itoa(c.Attempts), strconv.Itoa(c.Size), presentable(c.Reason),
			})
		}
		return a.show(views, []string{"ID", "RECEIVED", "STATE", "ATTEMPTS", "BYTES", "REASON"}, rows)
	})
}

// updateView is one thing that a callback tells.
type updateView struct {
	// Kind is status, incoming, or the kind of a notice; "" for what has nothing in
	// it.
	Kind string `json:"kind"`
	// Unknown names what the gateway does not understand.
	Unknown []string         `json:"unknown,omitempty"`
	Status  *wa.StatusReport `json:"status,omitempty"`
	Inbound *wa.Inbound      `json:"incoming,omitempty"`
	Notice  *wa.Notice       `json:"notice,omitempty"`
}

func newUpdateView(u wa.Update) (v updateView, event, about string) {
	v = updateView{Status: u.Status, Inbound: u.Inbound, Notice: u.Notice}
	var rest json.RawMessage
	switch {
	case u.Status != nil:
		v.Kind, event, about, rest = "status", string(u.Status.Status), u.Status.WAMID, u.Status.Rest
	case u.Inbound != nil:
		v.Kind, event, about, rest = "incoming", u.Inbound.Type, u.Inbound.WAMID, u.Inbound.Rest
		if u.Inbound.Raw != nil {
			v.Unknown = []string{"type " + u.Inbound.Type}
		}
	case u.Notice != nil:
		v.Kind, event, about, rest = string(u.Notice.Kind), u.Notice.Event, u.Notice.Field, u.Notice.Rest
	}
	v.Unknown = append(v.Unknown, namesIn(rest)...)
	return v, event, about
}

// namesIn returns the paths of the keys in a JSON value that lead to something.
func namesIn(data json.RawMessage) []string {
	var v any
	if len(data) == 0 || json.Unmarshal(data, &v) != nil {
		return nil
	}
	names := map[string]bool{}
	nameLeaves(v, nil, names)
	return slices.Sorted(maps.Keys(names))
}

func nameLeaves(v any, path []string, names map[string]bool) {
	switch v := v.(type) {
	case map[string]any:
		for key, member := range v {
			nameLeaves(member, append(path[:len(path):len(path)], key), names)
		}
	case []any:
		for _, element := range v {
			nameLeaves(element, path, names)
		}
	case nil:
	default:
		if name := strings.Join(path, "."); name != "" {
			names[name] = true
		} else {
			names["(no name)"] = true
		}
	}
}

func (a *app) callbacksShow() *cobra.Command {
	cmd := &cobra.Command{
		Use: "show ID", Short: "Show what a callback says, as this version understands it",
		Long: "Show what a callback says, as this version understands it. The table names what is not understood; --json has everything,\n" +
			"messages and numbers too, and --body the bytes as they came.",
		Args: oneArgument("name the callback by its id: waypost callbacks show ID"),
	}
	cmd.Flags().Bool("body", false, "print the body as it came")
	return a.withHome(false, cmd, func(cmd *cobra.Command, h *home, args []string) error {
		c, err := h.store.Callback(cmd.Context(), wa.CallbackID(args[0]))
		if err != nil {
			return err
		}
		if cmd.Flag("body").Value.String() == "true" {
			_, err := a.stdout.Write(append(c.Body, '\n'))
			return err
		}
		shown := struct {
			callbackView

			// Error is why the body cannot be decoded.
			Error   string       `json:"error,omitempty"`
			Updates []updateView `json:"updates"`
		}{callbackView: newCallbackView(c), Updates: []updateView{}}
		updates, err := callback.Decode(c.Body)
		if err != nil {
			shown.Error = err.Error()
		}
		rows := [][]string{
			{"received", stamp(c.ReceivedAt)},
			{"state", string(c.State), "", "", presentable(c.Reason)},
		}
		if err != nil {
			rows = append(rows, []string{"error", "", "", "", presentable(shown.Error)})
		}
		for _, u := range updates {
			v, event, about := newUpdateView(u)
			shown.Updates = append(shown.Updates, v)
			rows = append(rows, []string{"says", v.Kind, presentable(event), presentable(about), presentable(strings.Join(v.Unknown, " "))})
		}
		return a.show(shown, []string{"CALLBACK", "KIND", "EVENT", "ABOUT", "NOT UNDERSTOOD"}, rows)
	})
}

func (a *app) callbacksRetry() *cobra.Command {
	cmd := &cobra.Command{
		Use: "retry ID | --parked", Short: "Apply a callback again, or all that are parked",
		Long: "Apply a callback again, or all that are parked: after an upgrade more may be understood. What was applied before changes\n" +
			"nothing and is told nobody a second time. The gateway does it; it need not be restarted.",
		Args: cobra.MaximumNArgs(1),
	}
	cmd.Flags().Bool("parked", false, "all that could not be decoded")
	return a.withHome(false, cmd, func(cmd *cobra.Command, h *home, args []string) error {
		parked := cmd.Flag("parked").Value.String() == "true"
		if parked == (len(args) == 1) {
			return errors.New("name one callback, or say --parked: waypost callbacks retry ID")
		}
		n := 1
		var err error
		if parked {
			n, err = h.store.RetryParkedCallbacks(cmd.Context())
		} else {
			err = h.store.RetryCallback(cmd.Context(), wa.CallbackID(args[0]))
		}
		if err != nil {
			return err
		}
		return a.show(struct {
			Callbacks int `json:"callbacks"`
		}{n}, []string{"CALLBACKS THAT ARE APPLIED AGAIN"}, [][]string{{strconv.Itoa(n)}})
	})
}

func (a *app) callbacksNotices() *cobra.Command {
	return a.withAccount(limitFlag(&cobra.Command{
		Use: "notices", Short: "List what Meta told beside messages and statuses, the newest first",
		Long: "List what Meta told beside messages and statuses, the newest first: of numbers, accounts, templates, groups, calls. The\n" +
			"table names what is not understood; --json has everything.",
		Args: cobra.NoArgs,
	}), func(cmd *cobra.Command, h *home, account wa.Account, _ []string) error {
		limit, err := limitOf(cmd)
		if err != nil {
			return err
		}
		events, err := h.store.Notices(cmd.Context(), account.ID, "", limit)
		if err != nil {
			return err
		}
		type view struct {
			ID         wa.EventID `json:"id"`
			ReceivedAt time.Time  `json:"received_at"`
			wa.Notice
		}
		views, rows := make([]view, 0, len(events)), [][]string{}
		for _, e := range events {
			n := *e.Notice
			views = append(views, view{e.ID, e.At, n})
			rows = append(rows, []string{
				stamp(e.At), string(n.Kind), presentable(n.Event), presentable(n.WABAID), presentable(n.NumberID),
				presentable(strings.Join(namesIn(n.Rest), " ")),
			})
		}
		return a.show(views, []string{"RECEIVED", "KIND", "EVENT", "WABA", "NUMBER", "NOT UNDERSTOOD"}, rows)
	})
}

func (a *app) callbacksUnmatched() *cobra.Command {
	return a.withAccount(limitFlag(&cobra.Command{
		Use: "unmatched", Short: "List statuses of messages that were not sent from here, the newest first", Args: cobra.NoArgs,
	}), func(cmd *cobra.Command, h *home, account wa.Account, _ []string) error {
		limit, err := limitOf(cmd)
		if err != nil {
			return err
		}
		all, err := h.store.UnmatchedStatuses(cmd.Context(), account.ID, limit)
		if err != nil {
			return err
		}
		type view struct {
			ReceivedAt time.Time `json:"received_at"`
			wa.StatusReport
		}
		views, rows := make([]view, 0, len(all)), [][]string{}
		for _, u := range all {
			views = append(views, view{u.At, u.Status})
			rows = append(rows, []string{stamp(u.At), string(u.Status.Status), presentable(u.Status.WAMID), presentable(u.Status.NumberID)})
		}
		return a.show(views, []string{"RECEIVED", "STATUS", "MESSAGE", "NUMBER"}, rows)
	})
}
