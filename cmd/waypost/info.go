package main

import (
	"fmt"
	"maps"
	"runtime/debug"
	"slices"

	"github.com/spf13/cobra"
)

func (a *app) configCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "config", Short: "Print the settings in force and where each came from",
		Long: "Print the settings in force and where each came from, secrets hidden. It takes the same flags, file and\n" +
			"environment as serve, and reports every mistake in them.",
		Args: cobra.NoArgs,
	}
	settingFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		effective, err := a.settings(cmd)
		if err != nil {
			return err
		}
		rows := effective.Rows()
		var cells [][]string
		for _, r := range rows {
			cells = append(cells, []string{r.Name, r.Value, string(r.Origin)})
		}
		return a.show(rows, []string{"SETTING", "VALUE", "FROM"}, cells)
	}
	return cmd
}

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			v := map[string]string{"version": version(), "go": "unknown"}
			if info, ok := debug.ReadBuildInfo(); ok {
				v["go"] = info.GoVersion
			}
			return a.show(v, []string{fmt.Sprintf("waypost %s (%s)", v["version"], v["go"])}, nil)
		},
	}
}

// version is the program's, as the build has it.
func version() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		return info.Main.Version
	}
	return "unknown"
}

func sortedKeys[V any](m map[string]V) []string {
	keys := slices.AppendSeq([]string{}, maps.Keys(m))
	slices.Sort(keys)
	return keys
}
