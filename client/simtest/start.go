package simtest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// BinaryEnv is the environment variable that says where the waypost binary is.
const BinaryEnv = "WAYPOST_BIN"

const (
	startPatience = 20 * time.Second // how long the simulator may take to say that it runs
	stopPatience  = 5 * time.Second  // how long it may take to end
)

// Options say how to start a simulator. The zero value starts a calm one with one business number, on free ports of the loopback
// interface.
type Options struct {
	Binary     string // path of the waypost binary; empty: what WAYPOST_BIN says, or else waypost from PATH
	Seed       uint64 // the same seed gives the same ids, delays and faults; 0 is 1, so that tests repeat
	Profile    string // calm, real or mean; empty is calm
	ScriptFile string // scripted answers, as docs/simulator.md has them

	// Args are more flags of waypost sim; waypost sim --help lists them.
	Args []string
	// Log receives what the simulator writes to its standard error; nil keeps it for the message of a start that went wrong.
	Log io.Writer
}

// Sim is a simulator that runs. Its methods may be called from many goroutines.
type Sim struct {
	GraphURL    string // what the program under test takes for https://graph.facebook.com
	ControlURL  string
	NumberID    string // phone_number_id of the first business number
	WABAID      string
	Display     string // that number itself, in digits
	AccessToken string // the token that may use it

	client  *http.Client
	cmd     *exec.Cmd
	stdin   io.Closer
	stopped chan error
}

// Attach speaks to a simulator that runs already, by the address of its control face. It returns an error when none answers there.
func Attach(ctx context.Context, controlURL string) (*Sim, error) {
	s := &Sim{ControlURL: strings.TrimSuffix(controlURL, "/"), client: &http.Client{}}
	var info struct {
		GraphURL string `json:"graph_url"`
		Numbers  []struct {
			ID          string `json:"id"`
			WABAID      string `json:"waba_id"`
			Display     string `json:"display"`
			AccessToken string `json:"access_token"`
		} `json:"numbers"`
	}
	if err := s.get(ctx, "/_sim/info", &info); err != nil {
		return nil, fmt.Errorf("attach to the simulator: %w", err)
	}
	s.GraphURL = info.GraphURL
	if len(info.Numbers) > 0 {
		n := info.Numbers[0]
		s.NumberID, s.WABAID, s.Display, s.AccessToken = n.ID, n.WABAID, n.Display, n.AccessToken
	}
	return s, nil
}

// Start starts a simulator of its own. [Sim.Close] ends it; so does the end of this process, however it comes. ctx is for the
// start alone.
func Start(ctx context.Context, o Options) (*Sim, error) {
	binary, err := o.binary()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(binary, o.args()...) //nolint:gosec,noctx // the caller says which binary; Close ends it
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("start the simulator: %w", err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("start the simulator: %w", err)
	}
	var trouble bytes.Buffer
	cmd.Stderr = &trouble
	if o.Log != nil {
		cmd.Stderr = io.MultiWriter(&trouble, o.Log)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the simulator: %w", err)
	}
	s := &Sim{cmd: cmd, stdin: in, stopped: make(chan error, 1)}
	told := make(chan string, 1)
	go s.watch(out, told)
	ctx, cancel := context.WithTimeout(ctx, startPatience)
	defer cancel()
	select {
	case controlURL := <-told:
		attached, err := Attach(ctx, controlURL)
		if err != nil {
			return nil, errors.Join(err, s.Close())
		}
		attached.cmd, attached.stdin, attached.stopped = s.cmd, s.stdin, s.stopped
		return attached, nil
	case err := <-s.stopped:
		return nil, fmt.Errorf("start the simulator: it ended: %s: %w", strings.TrimSpace(trouble.String()), ended(err))
	case <-ctx.Done():
		return nil, errors.Join(fmt.Errorf("start the simulator: it does not say that it runs: %w", context.Cause(ctx)), s.Close())
	}
}

// ended is how a simulator ended that should not have.
func ended(err error) error {
	if err == nil {
		return errors.New("exit status 0")
	}
	return err
}

// watch reads the line that says where the simulator is, then lets it write what it wants, and sees it end.
func (s *Sim) watch(out io.Reader, told chan<- string) {
	var info struct {
		ControlURL string `json:"control_url"`
	}
	dec := json.NewDecoder(out)
	if dec.Decode(&info) == nil && info.ControlURL != "" {
		told <- info.ControlURL
	}
	_, _ = io.Copy(io.Discard, out) // until it ends
	s.stopped <- s.cmd.Wait()
}

func (o Options) binary() (string, error) {
	if o.Binary != "" {
		return o.Binary, nil
	}
	if named := os.Getenv(BinaryEnv); named != "" { //nolint:forbidigo // a test's environment is how it is told what to test with
		return named, nil
	}
	found, err := exec.LookPath("waypost")
	if err != nil {
		return "", fmt.Errorf("there is no waypost binary: build it, put it into PATH, or say in %s where it is", BinaryEnv)
	}
	return found, nil
}

func (o Options) args() []string {
	seed, profile := o.Seed, o.Profile
	if seed == 0 {
		seed = 1
	}
	if profile == "" {
		profile = "calm"
	}
	args := []string{
		"sim", "--json", "--until-eof", "--listen", "127.0.0.1:0", "--control", "127.0.0.1:0",
		"--seed", strconv.FormatUint(seed, 10), "--profile", profile,
	}
	if o.ScriptFile != "" {
		args = append(args, "--script", o.ScriptFile)
	}
	return append(args, o.Args...)
}

// Close ends a simulator that Start started, and does nothing to one that was attached to.
func (s *Sim) Close() error {
	if s.cmd == nil {
		return nil
	}
	_ = s.stdin.Close() // the simulator takes this for the end
	select {
	case err := <-s.stopped:
		s.stopped <- err // for whoever closes once more
		if err != nil {
			return fmt.Errorf("the simulator ended badly: %w", err)
		}
		return nil
	case <-time.After(stopPatience):
		return errors.Join(errors.New("the simulator did not end by itself"), s.cmd.Process.Kill())
	}
}

// TB is what Run needs of a test; *testing.T and *testing.B have it.
type TB interface {
	Helper()
	Context() context.Context
	Cleanup(func())
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// Run starts a simulator for a test and ends it with the test. It fails the test when there is none to start.
func Run(t TB, o Options) *Sim {
	t.Helper()
	s, err := Start(t.Context(), o)
	if err != nil {
		t.Fatalf("%v", err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("%v", err)
		}
	})
	return s
}
