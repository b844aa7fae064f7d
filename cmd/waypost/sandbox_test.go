package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// runSandbox runs serve --sandbox on a data directory until stop is called.
func runSandbox(t *testing.T, data string, flags ...string) (view sandboxView, stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	reader, writer := io.Pipe()
	code := make(chan int, 1)
	var stderr bytes.Buffer
	args := append(sandboxArgs(data), "--json", "--log-level", "error")
	go func() {
		code <- run(ctx, append(args, flags...), writer, &stderr, nil)
		writer.Close()
	}()
	if err := json.NewDecoder(reader).Decode(&view); err != nil {
		t.Fatalf("%v: %s", err, stderr.String())
	}
	go io.Copy(io.Discard, reader)
	return view, func() {
		t.Helper()
		cancel()
		if got := <-code; got != 0 {
			t.Errorf("exit code %d, stderr %q", got, stderr.String())
		}
	}
}

func sandboxArgs(data string) []string {
	return []string{"serve", "--sandbox", "--data", data, "--listen", "127.0.0.1:0", "--sandbox-listen", "127.0.0.1:0", "--sandbox-control", "127.0.0.1:0"}
}

// postTo posts JSON and wants a 200.
func postTo(t *testing.T, url, token, body string) {
	t.Helper()
	req, err := http.NewRequest(http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, _ := io.ReadAll(resp.Body)
	if resp.StatusCode != http.StatusOK || strings.Contains(string(text), `"status":"error"`) {
		t.Fatalf("%s: %d %s", url, resp.StatusCode, text)
	}
}

// TestSandboxDeliversAndLastsARestart sends through a sandbox, ends it, and sends through the next one with what the first made.
func TestSandboxDeliversAndLastsARestart(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	var sources []string
	for i := range 2 {
		view, stop := runSandbox(t, data)
		if view.Token == "" || len(view.Sources) != 1 || (sources != nil && !slices.Equal(sources, view.Sources)) {
			t.Fatalf("view %+v, sources before %v", view, sources)
		}
		sources = view.Sources
		phone := view.SimControlURL + "/phones/" + view.Recipient + "/messages"
		postTo(t, phone, "", `{"text":"Hello"}`)
		text := fmt.Sprintf("message %d", i)
		// The window opens when the gateway has heard of the greeting; until then it refuses.
		awaitText(t, phone, text, func() {
			postTo(t, view.BaseURL+"/api/v2/message/", view.Token, fmt.Sprintf(`{"message":[{"recipient_whatsapp":%q,"message_type":"text",
				"recipient_type":"individual","source":%q,"type_text":[{"content":%q,"preview_url":"false"}]}]}`, view.Recipient, sources[0], text))
		})
		stop()
	}
	var stdout, stderr bytes.Buffer
	if code := run(t.Context(), []string{"serve", "--data", data, "--listen", "127.0.0.1:0"}, &stdout, &stderr, nil); code != 1 || !strings.Contains(stderr.String(), "is the data of a sandbox") {
		t.Errorf("real Meta with the sandbox's data: %d %s", code, stderr.String())
	}
}

// awaitText sends until a phone has read a message.
func awaitText(t *testing.T, phone, text string, send func()) {
	t.Helper()
	limit := time.Now().Add(patience)
	for i := 0; ; i++ {
		if i%50 == 0 {
			send()
		}
		resp, err := http.Get(phone)
		if err != nil {
			t.Fatal(err)
		}
		var list struct {
			Messages []struct{ Text, Status string }
		}
		err = json.NewDecoder(resp.Body).Decode(&list)
		resp.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range list.Messages {
			if m.Text == text && m.Status == "read" {
				return
			}
		}
		if time.Now().After(limit) {
			t.Fatalf("%q was not read: %+v", text, list)
		}
		<-time.After(20 * time.Millisecond)
	}
}

// TestSandboxRefusesToMix keeps access tokens of real numbers from the simulator, and the simulator's from Meta.
func TestSandboxRefusesToMix(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	view, stop := runSandbox(t, data)
	postTo(t, view.BaseURL+"/api/v2/source/", view.Token, fmt.Sprintf(`{"name":"Real","phone_number_id":%q,"waba_id":%q,
		"display_phone_number":%q,"access_token":"another","app_secret":"secret"}`, "100000000000009", demoWABAID, "15550109998"))
	stop()
	for _, tt := range []struct {
		want  string
		flags []string
	}{
		{"whose access token is not of this sandbox", nil},
		{"meta.base_url is set", []string{"--meta-base-url", "https://graph.example.com"}},
		{"use an address of this machine", []string{"--sandbox-control", "0.0.0.0:0"}},
		{"use an address of this machine", []string{"--sandbox-listen", ":0"}},
	} {
		var stdout, stderr bytes.Buffer
		if code := run(t.Context(), append(sandboxArgs(data), tt.flags...), &stdout, &stderr, nil); code != 1 || !strings.Contains(stderr.String(), tt.want) {
			t.Errorf("%v: %d %s", tt.flags, code, stderr.String())
		}
	}
	_, stop = runSandbox(t, data, "--sandbox-force")
	stop()
}
