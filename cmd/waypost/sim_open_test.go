package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
)

// TestSimWarnsOfAnOpenControlFace lets others reach the control face, and calls it by the address that is shown and by names.
func TestSimWarnsOfAnOpenControlFace(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	reader, writer := io.Pipe()
	code := make(chan int, 1)
	var stderr bytes.Buffer
	go func() {
		code <- run(ctx, []string{"sim", "--listen", "127.0.0.1:0", "--control", "0.0.0.0:0", "--control-host", "sim.test", "--json"}, writer, &stderr, nil)
		writer.Close()
	}()
	var told struct {
		ControlURL string `json:"control_url"`
	}
	if err := json.NewDecoder(reader).Decode(&told); err != nil {
		t.Fatalf("%v: %s", err, stderr.String())
	}
	go io.Copy(io.Discard, reader)
	if !strings.HasPrefix(told.ControlURL, "http://127.0.0.1:") {
		t.Errorf("control_url %s", told.ControlURL)
	}
	for host, want := range map[string]int{"": http.StatusOK, "sim.test": http.StatusOK, "other.test": http.StatusForbidden} {
		req, err := http.NewRequest(http.MethodGet, told.ControlURL+"/numbers", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Host = host
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("host %q: %d, want %d", host, resp.StatusCode, want)
		}
	}
	stop()
	if got := <-code; got != 0 || !strings.Contains(stderr.String(), "warning: the control face at ") {
		t.Errorf("exit code %d, stderr %q", got, stderr.String())
	}
}

// TestSandboxIsAsUnpleasantAsMeta unless it is told otherwise.
func TestSandboxIsAsUnpleasantAsMeta(t *testing.T) {
	for flag, want := range map[string]string{"": `"name":"real"`, "--sandbox-profile=calm": `"name":"calm"`} {
		view, stop := runSandbox(t, filepath.Join(t.TempDir(), "data"), strings.Fields(flag)...)
		if got := ask(t, http.MethodGet, view.SimControlURL+"/_sim/faults", ""); !strings.Contains(got, want) {
			t.Errorf("%q: %s", flag, got)
		}
		stop()
	}
}
