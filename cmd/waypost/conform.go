package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/waypost/waypost/conformance"
	"github.com/waypost/waypost/internal/conform"
)

// conformOptions are the flags of waypost conform.
type conformOptions struct {
	address           string
	token, otherToken string
	set               []string
	simulator         string
	only, cases       string
	strict, codes     bool
	timeout           time.Duration
}

func (a *app) conformCommand() *cobra.Command {
	var o conformOptions
	cmd := &cobra.Command{
		Use:   "conform URL",
		Short: "Play the golden cases against a server",
		Long: "Play the golden cases against any server that speaks the WaAPI, and show where it answers otherwise. It sends\n" +
			"messages and makes and deletes media and sources: use an account for tests. conformance/README.md describes\n" +
			"the cases and the names that --set gives values to.\n\n" +
			"It compares the status, the media type and the values in the body. The exit code is 0 if no case failed.",
		Example: "  waypost conform http://127.0.0.1:8080 --token wpt_… --simulator http://127.0.0.1:9091\n" +
			"  waypost conform https://waapi.example --token - --set writer=15550100001 --only text",
		Args: oneArgument("name the server by its address, such as http://127.0.0.1:8080"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.address = args[0]
			return a.conform(cmd, o)
		},
	}
	cmd.Flags().StringVar(&o.token, "token", "", "token of the account, or - to read it from standard input: others can read a process's arguments")
	cmd.Flags().StringVar(&o.otherToken, "other-token", "", "token of another account, for the cases about what belongs to somebody else")
	cmd.Flags().StringArrayVar(&o.set, "set", nil, "value for a name in the cases, as name=value; may be repeated")
	cmd.Flags().StringVar(&o.simulator, "simulator", "", "control address of the simulator that the server takes for Meta, to let people write")
	cmd.Flags().StringVar(&o.only, "only", "", "play only files with such a name, as text or media*")
	cmd.Flags().StringVar(&o.cases, "cases", "", "directory of case files (default the built-in ones)")
	cmd.Flags().BoolVar(&o.strict, "strict", false, "compare byte for byte, with the headers")
	cmd.Flags().BoolVar(&o.codes, "codes", false, "leave the texts of errors out and compare their codes")
	cmd.Flags().DurationVar(&o.timeout, "timeout", 30*time.Second, "how long to wait for an answer")
	cmd.MarkFlagsMutuallyExclusive("strict", "codes")
	if err := cmd.MarkFlagRequired("token"); err != nil {
		panic(err) // the flag was defined above
	}
	return cmd
}

func (a *app) conform(cmd *cobra.Command, o conformOptions) (err error) {
	ctx := cmd.Context()
	access, err := o.access(cmd)
	if err != nil {
		return err
	}
	cases, media := o.directories()
	files, err := conform.Load(cases, o.only)
	if err != nil {
		return err
	}
	access.Media = media
	if access.Templates, err = conform.ReadTemplates(conformance.Templates()); err != nil {
		return err
	}
	remote := conform.NewRemote(access)
	if err := remote.CheckNames(files); err != nil {
		return err
	}
	if err := reach(ctx, access.Target, o.timeout); err != nil {
		return err
	}
	if err := remote.Check(ctx); err != nil {
		return err
	}
	// What was changed is put back, even after an interruption.
	defer func() {
		err = errors.Join(err, remote.CleanUp(context.WithoutCancel(ctx)))
	}()
	player := conform.Player{
		Target: access.Target, Media: media, Rule: conform.Rule{Strict: o.strict, Codes: o.codes}, Timeout: o.timeout,
	}
	report := newConformReport(a, access.Target.URL(), files)
	for _, f := range files {
		if err := playFile(ctx, report, remote, player, f); err != nil {
			return err
		}
	}
	return report.end()
}

// playFile plays the cases of one file, one after the other.
func playFile(ctx context.Context, report *conformReport, remote *conform.Remote, player conform.Player, f conform.File) error {
	report.begin(f)
	names, reasons := remote.Names(ctx, f)
	player.Reasons = reasons
	for _, c := range f.Cases {
		r := player.Play(ctx, c, names)
		if ctx.Err() != nil {
			return fmt.Errorf("interrupted in %s, %s", f.Name, c.Title)
		}
		report.add(r)
	}
	report.finish()
	return nil
}

func reach(ctx context.Context, t conform.Target, timeout time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	return t.Reach(ctx)
}

// access reads what the flags say about the server.
func (o *conformOptions) access(cmd *cobra.Command) (conform.Access, error) {
	target, err := conform.NewTarget(o.address)
	if err != nil {
		return conform.Access{}, err
	}
	if o.token == "-" {
		line, err := bufio.NewReader(cmd.InOrStdin()).ReadString('\n')
		if err != nil && line == "" {
			return conform.Access{}, fmt.Errorf("--token -: no line on standard input: %w", err)
		}
		o.token = strings.TrimSpace(line)
	}
	if o.token == "" || strings.ContainsAny(o.token, "\r\n") {
		return conform.Access{}, errors.New("--token: give the token of an account, on one line")
	}
	set, err := parseSet(o.set)
	if err != nil {
		return conform.Access{}, err
	}
	if u, err := url.Parse(o.simulator); o.simulator != "" && (err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https") {
		return conform.Access{}, errors.New("--simulator: give the control address of waypost sim, such as http://127.0.0.1:9091")
	}
	return conform.Access{
		Target: target, Token: o.token, OtherToken: o.otherToken, Set: set,
		Simulator: strings.TrimRight(o.simulator, "/"), Patience: o.timeout,
		// The API never redirects, and a token is for nobody else.
		Client: &http.Client{Timeout: o.timeout, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
	}, nil
}

func parseSet(list []string) (map[string]string, error) {
	set := map[string]string{}
	for _, s := range list {
		name, value, ok := strings.Cut(s, "=")
		if name = strings.Trim(name, "{} "); !ok || name == "" || value == "" {
			return nil, errors.New("--set: write name=value, such as writer=15550100001")
		}
		set[name] = value
	}
	return set, nil
}

// directories are where cases and media come from. Media that belong to a
// directory of cases stand beside it.
func (o *conformOptions) directories() (cases, media fs.FS) {
	if o.cases == "" {
		return conformance.Cases(), conformance.Media()
	}
	beside := filepath.Join(o.cases, "..", "media")
	if info, err := os.Stat(beside); err == nil && info.IsDir() {
		return os.DirFS(o.cases), os.DirFS(beside)
	}
	return os.DirFS(o.cases), conformance.Media()
}
