package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// simRun is a waypost sim inside the test.
type simRun struct {
	lines          *bufio.Scanner // of stdout
	code           chan int
	graph, control string
	stderr         bytes.Buffer
}

// runSim runs waypost sim on free ports until the test ends.
func runSim(t *testing.T, args ...string) *simRun {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	reader, writer := io.Pipe()
	s := &simRun{lines: bufio.NewScanner(reader), code: make(chan int, 1)}
	go func() {
		args = append([]string{"sim", "--listen", "127.0.0.1:0", "--control", "127.0.0.1:0", "--seed", "5"}, args...)
		s.code <- run(ctx, args, writer, &s.stderr, []string{"NO_COLOR=1"})
		writer.Close()
	}()
	t.Cleanup(func() {
		stop()
		go io.Copy(io.Discard, reader)
		if got := <-s.code; got != 0 || s.stderr.Len() > 0 {
			t.Errorf("exit code %d, stderr %q", got, s.stderr.String())
		}
	})
	s.line(t) // the head of the table
	cells := strings.Fields(s.line(t))
	s.graph, s.control = cells[0], cells[1]
	return s
}

func (s *simRun) line(t *testing.T) string {
	t.Helper()
	if !s.lines.Scan() {
		t.Fatalf("it prints no more: %v %s", s.lines.Err(), s.stderr.String())
	}
	return s.lines.Text()
}

// ask returns the answer of a face of the simulator.
func ask(t *testing.T, method, url, body string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer graph-token")
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestSimTellsWhatHappens(t *testing.T) {
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, r.URL.Query().Get("hub.challenge"))
	}))
	defer receiver.Close()
	s := runSim(t, "--profile", "calm", "--callback-url", receiver.URL, "--app-secret", "secret")
	ask(t, http.MethodPost, s.control+"/phones/15550100001/messages", `{"text":"good  morning, here is a text that is longer than one would like to see in one line of a terminal"}`)
	told := []string{s.line(t), s.line(t)}
	ask(t, http.MethodPost, s.graph+"/"+demoNumberID+"/messages", `{"messaging_product":"whatsapp","to":"15550100001","type":"text","text":{"body":"hi"}}`)
	for !strings.Contains(told[len(told)-1], "read 15550100001") {
		told = append(told, s.line(t))
	}
	ask(t, http.MethodPost, s.graph+"/"+demoNumberID+"/messages", `{"messaging_product":"whatsapp","to":"15550100001","type":"text","text":{}}`)
	told = append(told, s.line(t))
	for i, want := range []string{
		"phone     15550100001 → 15550109999  text “good morning, here is a text that is longer than one would l…”",
		"callback  message text  200", "send      15550109999 → 15550100001  text “hi”",
		"callback  sent 15550100001  200", "callback  delivered 15550100001  200", "callback  read 15550100001  200",
		"refused   15550109999 → 15550100001  text  error 131008",
	} {
		if i >= len(told) || !strings.HasSuffix(told[i], want) || strings.Contains(told[i], "\x1b") {
			t.Errorf("line %d of %q, want %q", i, told, want)
		}
	}
}

func TestSimBeginsWithADayOfTraffic(t *testing.T) {
	script := filepath.Join(t.TempDir(), "answers.json")
	if err := os.WriteFile(script, []byte(`{"scripts":[{"when":{"type":"text"},"answer":{"text":"I see"}}]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	s := runSim(t, "--seed-demo", "--quiet", "--script", script)
	var phones struct {
		Phones []struct{ Name string }
	}
	if err := json.Unmarshal([]byte(ask(t, http.MethodGet, s.control+"/phones", "")), &phones); err != nil || len(phones.Phones) != 8 {
		t.Errorf("phones %+v, %v", phones, err)
	}
	var seen struct {
		Messages []struct{ Direction, Type, Status string }
	}
	if err := json.Unmarshal([]byte(ask(t, http.MethodGet, s.control+"/_sim/seen?direction=any", "")), &seen); err != nil {
		t.Fatal(err)
	}
	counts := map[string]int{}
	for _, m := range seen.Messages {
		counts[m.Direction+" "+m.Status]++
	}
	if counts["to_phone failed"] != 4 || counts["to_phone read"] < 10 || counts["from_phone sent"] < 10 {
		t.Errorf("counts %v", counts)
	}
	if log := ask(t, http.MethodGet, s.control+"/_sim/callbacks?outcome=delivered", ""); !strings.Contains(log, `"callbacks":[]`) {
		t.Errorf("callbacks of the past were posted: %s", log)
	}
	if clock := ask(t, http.MethodGet, s.control+"/_sim/clock", ""); !strings.Contains(clock, `"frozen":false`) {
		t.Errorf("clock %s", clock)
	}
	if scripts := ask(t, http.MethodGet, s.control+"/_sim/scripts", ""); !strings.Contains(scripts, `"answered":0`) {
		t.Errorf("scripts %s", scripts)
	}
}

func TestSimEndsWithItsInput(t *testing.T) {
	reader, writer := io.Pipe()
	ctx := untilEOF(t.Context(), reader)
	if err := ctx.Err(); err != nil {
		t.Fatalf("it ended before its input: %v", err)
	}
	writer.Close()
	<-ctx.Done()
}

func TestCompletionKnowsSim(t *testing.T) {
	var stdout, stderr bytes.Buffer
	if code := run(t.Context(), []string{"completion", "bash"}, &stdout, &stderr, nil); code != 0 || !strings.Contains(stdout.String(), "__start_waypost") {
		t.Errorf("exit code %d, stderr %q", code, stderr.String())
	}
	stdout.Reset()
	if code := run(t.Context(), []string{"__complete", "sim", "--profile", ""}, &stdout, &stderr, nil); code != 0 || !strings.HasPrefix(stdout.String(), "calm\nreal\nmean\n") {
		t.Errorf("exit code %d, stdout %q", code, stdout.String())
	}
}
