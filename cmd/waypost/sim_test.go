package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
)

// TestSimRunsAlone starts the simulator by itself, asks both of its faces, and
// ends it.
func TestSimRunsAlone(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	reader, writer := io.Pipe()
	code := make(chan int, 1)
	var stderr bytes.Buffer
	go func() {
		code <- run(ctx, []string{"sim", "--listen", "127.0.0.1:0", "--control", "127.0.0.1:0", "--json"}, writer, &stderr, nil)
		writer.Close()
	}()
	var told struct {
		GraphURL    string `json:"graph_url"`
		ControlURL  string `json:"control_url"`
		NumberID    string `json:"phone_number_id"`
		AccessToken string `json:"access_token"`
	}
	if err := json.NewDecoder(reader).Decode(&told); err != nil {
		t.Fatalf("%v: %s", err, stderr.String())
	}
	go io.Copy(io.Discard, reader)
	for url, want := range map[string]string{
		told.GraphURL + "/v23.0/" + told.NumberID: demoDisplay,
		told.ControlURL + "/numbers":              demoNumberID,
	} {
		req, err := http.NewRequest(http.MethodGet, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+told.AccessToken)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || resp.StatusCode != http.StatusOK || !strings.Contains(string(body), want) {
			t.Errorf("%s: %d %s (%v)", url, resp.StatusCode, body, err)
		}
	}
	stop()
	if got := <-code; got != 0 || stderr.Len() > 0 {
		t.Errorf("exit code %d, stderr %q", got, stderr.String())
	}
}

// TestCommandsSayWhatIsWrong runs commands that must fail, and looks for the
// reason.
func TestCommandsSayWhatIsWrong(t *testing.T) {
	for _, tt := range []struct{ args, want string }{
		{"sim --listen nonsense", "waypost: --listen: "},
		{"sim --listen 127.0.0.1:0 --control nonsense", "waypost: --control: "},
		{"sim --listen 127.0.0.1:0 --control 127.0.0.1:0 --display-phone-number x", "simulator options"},
		{"sim --listen 127.0.0.1:0 --control 127.0.0.1:0 --profile nice", "--profile: profile: give one of calm, real, mean"},
		{"sim --listen 127.0.0.1:0 --control 127.0.0.1:0 --callback-url http://127.0.0.1:1", "--callback-url: callback app secret is missing"},
		{"sim --script testdata/none.json", "--script: open testdata/none.json"},
		{"demo --exit --listen 0 --timeout 1ns", "it did not within 1ns"},
		{"token revoke --account shop", "name the token by its id"},
	} {
		var stdout, stderr bytes.Buffer
		if code := run(t.Context(), strings.Fields(tt.args), &stdout, &stderr, nil); code != 1 {
			t.Errorf("%s: exit code %d, want 1", tt.args, code)
		}
		if !strings.Contains(stderr.String(), tt.want) {
			t.Errorf("%s: stderr %q, want %q in it", tt.args, stderr.String(), tt.want)
		}
	}
}

// TestDemoThatIsInterruptedHasNotSucceeded: --exit promises that 0 means read.
func TestDemoThatIsInterruptedHasNotSucceeded(t *testing.T) {
	ctx, interrupt := context.WithCancel(t.Context())
	reader, writer := io.Pipe()
	code := make(chan int, 1)
	var stderr bytes.Buffer
	go func() {
		code <- run(ctx, []string{"demo", "--exit", "--listen", "0"}, writer, &stderr, nil)
		writer.Close()
	}()
	for seen := ""; !strings.Contains(seen, "POST /api/v2/message/"); {
		part := make([]byte, 4096)
		n, err := reader.Read(part)
		if err != nil {
			t.Fatalf("%v: %s", err, stderr.String())
		}
		seen += string(part[:n])
	}
	interrupt()
	go io.Copy(io.Discard, reader)
	if got := <-code; got != 1 || !strings.Contains(stderr.String(), "interrupted before the message was read") {
		t.Errorf("exit code %d, stderr %q", got, stderr.String())
	}
}
