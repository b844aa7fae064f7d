package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/waypost/waypost/internal/wa"
)

func (a *app) webhookCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "webhook", Short: "Manage where an account's events are posted",
		Long: "Manage where an account's events are posted. There are two kinds: event (statuses of messages) and\n" +
			"incoming (messages that people write), each with one address; both may have the same.",
		Args: cobra.NoArgs, RunE: help,
	}
	cmd.AddCommand(a.webhookSet(), a.webhookList(), a.webhookRemove())
	return cmd
}

// endpointView is an endpoint as it is printed: header names without values.
type endpointView struct {
	ID      wa.EndpointID `json:"id"`
	Kind    wa.EventKind  `json:"kind"`
	URL     string        `json:"url"`
	Headers []string      `json:"headers"`
}

func (a *app) showEndpoints(endpoints []wa.Endpoint) error {
	views, rows := make([]endpointView, 0, len(endpoints)), [][]string{}
	for _, e := range endpoints {
		v := endpointView{ID: e.ID, Kind: e.Kind, URL: e.URL, Headers: sortedKeys(e.Headers)}
		views = append(views, v)
		rows = append(rows, []string{string(v.Kind), v.URL, strings.Join(v.Headers, ", ")})
	}
	return a.show(views, []string{"KIND", "URL", "HEADERS"}, rows)
}

func (a *app) webhookSet() *cobra.Command {
	cmd := &cobra.Command{Use: "set", Short: "Set the address for a kind of event, or for both", Args: cobra.NoArgs}
	kind := cmd.Flags().String("kind", "both", "event, incoming or both")
	url := cmd.Flags().String("url", "", "address that events are posted to")
	headers := cmd.Flags().StringArray("header", nil, "header that is sent with every event, as 'Name: value'; may be repeated")
	headerFile := cmd.Flags().String("header-file", "", "file with such headers, one a line, or - for standard input: others can read a process's arguments")
	if err := cmd.MarkFlagRequired("url"); err != nil {
		panic(err) // the flag was defined above
	}
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
				ID: wa.NewID[wa.EndpointID](), AccountID: account.ID, Kind: k, URL: *url, Headers: parsed, CreatedAt: time.Now(),
			})
		}
		if problems := set[0].Validate(); len(problems) > 0 {
			return &wa.Error{Code: wa.CodeInvalid, Message: "the webhook is not usable", Problems: problems}
		}
		for i, e := range set {
			if set[i], err = h.store.PutEndpoint(cmd.Context(), e); err != nil {
				return err
			}
		}
		return a.showEndpoints(set)
	})
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

func (a *app) webhookRemove() *cobra.Command {
	cmd := &cobra.Command{Use: "remove", Short: "Remove the address for a kind of event and what waits for it", Args: cobra.NoArgs}
	kind := cmd.Flags().String("kind", "", "event or incoming")
	if err := cmd.MarkFlagRequired("kind"); err != nil {
		panic(err) // the flag was defined above
	}
	return a.withAccount(cmd, func(cmd *cobra.Command, h *home, account wa.Account, _ []string) error {
		if !wa.EventKind(*kind).Valid() {
			return errors.New("--kind: use event or incoming")
		}
		if err := h.store.DeleteEndpoint(cmd.Context(), account.ID, wa.EventKind(*kind)); err != nil {
			return err
		}
		return a.show(map[string]any{"kind": *kind, "removed": true}, []string{"REMOVED"}, [][]string{{*kind}})
	})
}
