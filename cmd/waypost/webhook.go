package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/waypost/waypost/internal/store"
	"github.com/waypost/waypost/internal/wa"
)

func (a *app) webhookCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "webhook", Short: "Manage where an account's events are posted",
		Long: "Manage where an account's events are posted. There are two kinds: event (statuses of messages) and\n" +
			"incoming (messages that people write). Each may have several addresses, which are known by their names; an event\n" +
			"goes to all of them, but one with a source gets the events of that source only.",
		Args: cobra.NoArgs, RunE: help,
	}
	cmd.AddCommand(a.webhookSet(), a.webhookList(), a.webhookSwitch("enable", false), a.webhookSwitch("disable", true), a.webhookRemove())
	return cmd
}

// endpointView is an endpoint as it is printed: header names without values.
type endpointView struct {
	ID       wa.EndpointID `json:"id"`
	Kind     wa.EventKind  `json:"kind"`
	Name     string        `json:"name"`
	Source   wa.SourceID   `json:"source"`
	Disabled bool          `json:"disabled"`
	URL      string        `json:"url"`
	Headers  []string      `json:"headers"`
}

func (a *app) showEndpoints(endpoints []wa.Endpoint) error {
	views, rows := make([]endpointView, 0, len(endpoints)), [][]string{}
	for _, e := range endpoints {
		v := endpointView{
			ID: e.ID, Kind: e.Kind, Name: e.Name, Source: e.SourceID, Disabled: e.Disabled, URL: e.URL, Headers: sortedKeys(e.Headers),
		}
		views = append(views, v)
		source, status := string(v.Source), "enabled"
		if source == "" {
			source = "(all)"
		}
		if v.Disabled {
			status = "disabled"
		}
		rows = append(rows, []string{string(v.Kind), v.Name, source, status, v.URL, strings.Join(v.Headers, ", ")})
	}
	return a.show(views, []string{"KIND", "NAME", "SOURCE", "STATUS", "URL", "HEADERS"}, rows)
}

func (a *app) webhookSet() *cobra.Command {
	cmd := &cobra.Command{
		Use: "set", Short: "Set the address for a kind of event, or for both", Args: cobra.NoArgs,
		Long: "Set the address, headers and source of a webhook, in place of those there were. Without a name it is the one\n" +
			"called by its kind. What waits goes to the new address. A webhook that is disabled stays so.",
	}
	kind := cmd.Flags().String("kind", "both", "event, incoming or both")
	url := cmd.Flags().String("url", "", "address that events are posted to")
	name := nameFlag(cmd)
	source := cmd.Flags().String("source", "", "id of the source whose events it gets (default: the events of all)")
	headers := cmd.Flags().StringArray("header", nil, "header that is sent with every event, as 'Name: value'; may be repeated")
	headerFile := cmd.Flags().String("header-file", "", "file with such headers, one a line, or - for standard input: others can read a process's arguments")
	require(cmd, "url")
	return a.withAccount(cmd, func(cmd *cobra.Command, h *home, account wa.Account, _ []string) error {
		lines, err := headerLines(*headers, *headerFile, cmd.InOrStdin())
		if err != nil {
			return err
		}
		parsed, err := parseHeaders(lines)
		if err != nil {
			return err
		}
		kinds := []wa.EventKind{wa.EventKind(*kind)}
		if *kind == "both" {
			kinds = []wa.EventKind{wa.EventStatus, wa.EventIncoming}
		}
		var set []wa.Endpoint
		for _, k := range kinds {
			set = append(set, wa.Endpoint{
				ID: wa.NewID[wa.EndpointID](), AccountID: account.ID, Kind: k, SourceID: wa.SourceID(*source), Name: *name,
				URL: *url, Headers: parsed, CreatedAt: time.Now(),
			})
		}
		if problems := set[0].Validate(); len(problems) > 0 {
			return &wa.Error{Code: wa.CodeInvalid, Message: "the webhook is not usable", Problems: problems}
		}
		if err := putEndpoints(cmd.Context(), h.store, set); err != nil {
			return err
		}
		return a.showEndpoints(set)
	})
}

func nameFlag(cmd *cobra.Command) *string {
	return cmd.Flags().String("name", "", "name of the webhook (default: its kind)")
}

func require(cmd *cobra.Command, flag string) {
	if err := cmd.MarkFlagRequired(flag); err != nil {
		panic(err) // the flag was defined above
	}
}

// putEndpoints keeps the endpoints of one account and completes them with what
// is kept. Without a name none may come in the place of one for another source:
// that is more likely a name that was forgotten.
func putEndpoints(ctx context.Context, db store.Catalog, set []wa.Endpoint) error {
	old, err := db.Endpoints(ctx, set[0].AccountID)
	if err != nil {
		return err
	}
	for _, e := range set {
		for _, o := range old {
			if e.Name == "" && o.Kind == e.Kind && o.Name == string(e.Kind) && o.SourceID != e.SourceID {
				return fmt.Errorf("the webhook called %s is for other sources: give this one a --name, or repeat --name %s to change that one", o.Name, o.Name)
			}
		}
	}
	for i, e := range set {
		if set[i], err = db.PutEndpoint(ctx, e); err != nil {
			return err
		}
	}
	return nil
}

// headerLines adds the lines of a file to those that were given as flags.
func headerLines(lines []string, file string, stdin io.Reader) ([]string, error) {
	if file == "" {
		return lines, nil
	}
	text, err := readAll(file, stdin)
	if err != nil {
		return nil, fmt.Errorf("--header-file: %w", err)
	}
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	return lines, nil
}

func readAll(file string, stdin io.Reader) ([]byte, error) {
	if file == "-" {
		return io.ReadAll(stdin)
	}
	return os.ReadFile(file) //nolint:gosec // the operator names the file
}

func parseHeaders(lines []string) (map[string]wa.Secret, error) {
	headers := map[string]wa.Secret{}
	for _, line := range lines {
		name, value, ok := strings.Cut(line, ":")
		if !ok {
			return nil, errors.New("--header: write 'Name: value'")
		}
		headers[strings.TrimSpace(name)] = wa.NewSecret(strings.TrimSpace(value))
	}
	return headers, nil
}

func (a *app) webhookList() *cobra.Command {
	return a.withAccount(&cobra.Command{
		Use: "list", Short: "List an account's webhooks", Args: cobra.NoArgs,
	}, func(cmd *cobra.Command, h *home, account wa.Account, _ []string) error {
		endpoints, err := h.store.Endpoints(cmd.Context(), account.ID)
		if err != nil {
			return err
		}
		return a.showEndpoints(endpoints)
	})
}

// webhookSwitch is the command that enables or disables.
func (a *app) webhookSwitch(word string, disabled bool) *cobra.Command {
	short := "Post events again, with those that came while it was disabled"
	if disabled {
		short = "Keep events instead of posting them, until it is enabled"
	}
	cmd := &cobra.Command{Use: word, Short: short, Args: cobra.NoArgs}
	return a.withEndpoint(cmd, func(cmd *cobra.Command, h *home, key store.EndpointKey) error {
		if err := h.store.SetEndpointDisabled(cmd.Context(), key, disabled); err != nil {
			return err
		}
		endpoints, err := h.store.Endpoints(cmd.Context(), key.AccountID)
		if err != nil {
			return err
		}
		return a.showEndpoints(slices.DeleteFunc(endpoints, func(e wa.Endpoint) bool {
			return e.Kind != key.Kind || e.Name != key.Name
		}))
	})
}

func (a *app) webhookRemove() *cobra.Command {
	cmd := &cobra.Command{Use: "remove", Short: "Remove a webhook and what waits for it", Args: cobra.NoArgs}
	return a.withEndpoint(cmd, func(cmd *cobra.Command, h *home, key store.EndpointKey) error {
		if err := h.store.DeleteEndpoint(cmd.Context(), key); err != nil {
			return err
		}
		return a.show(map[string]any{"kind": key.Kind, "name": key.Name, "removed": true}, []string{"REMOVED", "NAME"}, [][]string{{string(key.Kind), key.Name}})
	})
}

// withEndpoint gives a command the flags that name an endpoint.
func (a *app) withEndpoint(cmd *cobra.Command, run func(*cobra.Command, *home, store.EndpointKey) error) *cobra.Command {
	kind := cmd.Flags().String("kind", "", "event or incoming")
	name := nameFlag(cmd)
	require(cmd, "kind")
	return a.withAccount(cmd, func(cmd *cobra.Command, h *home, account wa.Account, _ []string) error {
		key := store.EndpointKey{AccountID: account.ID, Kind: wa.EventKind(*kind), Name: cmp.Or(*name, *kind)}
		if !key.Kind.Valid() {
			return errors.New("--kind: use event or incoming")
		}
		return run(cmd, h, key)
	})
}
