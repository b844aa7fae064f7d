package main

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/waypost/waypost/internal/config"
	"github.com/waypost/waypost/internal/telemetry"
)

// app is what the commands share.
type app struct {
	stdout, stderr io.Writer
	environ        []string
	configFile     string
	json           bool
	noColor        bool
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "waypost",
		Short: "A self-hosted WhatsApp Business gateway",
		Long: "Waypost takes WhatsApp messages in by the WaAPI v2 and delivers them through Meta's Cloud API.\n" +
			"Try it without an account: waypost demo",
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          cobra.NoArgs,
		RunE:          help,
	}
	root.PersistentFlags().StringVar(&a.configFile, "config", "", "YAML file with settings ("+config.FileEnv+")")
	root.PersistentFlags().BoolVar(&a.json, "json", false, "print JSON instead of a table")
	root.PersistentFlags().BoolVar(&a.noColor, "no-color", false, "print without colours (so does NO_COLOR)")
	root.AddCommand(a.serveCommand(), a.demoCommand(), a.simCommand(), a.conformCommand(), a.accountCommand(), a.tokenCommand(), a.webhookCommand(), a.consentCommand(), a.messagesCommand(), a.mediaCommand(), a.callbacksCommand(), a.contactCommand(), a.numberCommand(), a.doctorCommand(),
		a.configCommand(), a.explainCommand(), a.versionCommand())
	return root
}

// help is what a command does that only groups others: with a Run of its own,
// cobra refuses a name that is none of theirs.
func help(cmd *cobra.Command, _ []string) error { return cmd.Help() }

// settingFlags adds a flag for each named setting; none named: for every one
// that is no secret.
func settingFlags(cmd *cobra.Command, names ...string) {
	for _, s := range config.Settings() {
		if s.Secret || (len(names) > 0 && !slices.Contains(names, s.Name)) {
			continue
		}
		cmd.Flags().String(s.Flag(), "", fmt.Sprintf("%s (default %q)", s.Help, s.Default))
	}
}

// settings loads the settings with the flags that were given to cmd.
func (a *app) settings(cmd *cobra.Command) (config.Effective, error) {
	in := config.Input{File: a.configFile, Environ: a.environ, Flags: map[string]string{}}
	if in.File == "" {
		in.File = config.DefaultFile(a.environ)
	}
	byFlag := map[string]string{}
	for _, s := range config.Settings() {
		byFlag[s.Flag()] = s.Name
	}
	cmd.Flags().Visit(func(f *pflag.Flag) {
		if name, ok := byFlag[f.Name]; ok {
			in.Flags[name] = f.Value.String()
		}
	})
	effective, err := config.Load(in)
	if err != nil {
		return effective, fmt.Errorf("settings: %s", strings.ReplaceAll(err.Error(), "\n", "\n  "))
	}
	return effective, nil
}

// settingsAndLogger loads the settings and makes the logger they ask for. It
// writes to stderr: stdout is for what was asked for.
func (a *app) settingsAndLogger(cmd *cobra.Command) (config.Config, *slog.Logger, error) {
	effective, err := a.settings(cmd)
	if err != nil {
		return config.Config{}, nil, err
	}
	level, err := effective.Config.LogLevel()
	if err != nil {
		return config.Config{}, nil, err
	}
	logger, err := telemetry.Logger(a.stderr, level, telemetry.Format(effective.Config.Log.Format))
	return effective.Config, logger, err
}

// show prints v as JSON if that was asked for, else the table: rows of cells
// under a head.
func (a *app) show(v any, head []string, rows [][]string) error {
	if a.json {
		out := json.NewEncoder(a.stdout)
		out.SetIndent("", "  ")
		out.SetEscapeHTML(false)
		return out.Encode(v)
	}
	w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	for _, row := range append([][]string{head}, rows...) {
		fmt.Fprintln(w, strings.TrimRight(strings.Join(row, "\t"), "\t"))
	}
	return w.Flush()
}

// colours reports whether the output may be coloured.
func (a *app) colours() bool {
	if a.noColor || slices.ContainsFunc(a.environ, func(e string) bool { return strings.HasPrefix(e, "NO_COLOR=") && e != "NO_COLOR=" }) {
		return false
	}
	f, ok := a.stdout.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
