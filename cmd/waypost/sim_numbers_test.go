package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// simURLs runs waypost sim with flags until the test ends, and returns where it is.
func simURLs(t *testing.T, flags ...string) (graph, control string) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	reader, writer := io.Pipe()
	code := make(chan int, 1)
	var stderr bytes.Buffer
	go func() {
		args := append([]string{"sim", "--listen", "127.0.0.1:0", "--control", "127.0.0.1:0", "--json", "--quiet"}, flags...)
		code <- run(ctx, args, writer, &stderr, nil)
		writer.Close()
	}()
	t.Cleanup(func() {
		stop()
		if got := <-code; got != 0 {
			t.Errorf("exit code %d, stderr %q", got, stderr.String())
		}
	})
	var told struct {
		GraphURL   string `json:"graph_url"`
		ControlURL string `json:"control_url"`
	}
	if err := json.NewDecoder(reader).Decode(&told); err != nil {
		t.Fatalf("%v: %s", err, stderr.String())
	}
	go io.Copy(io.Discard, reader)
	return told.GraphURL, told.ControlURL
}

// statusOf is how a GET with a token is answered.
func statusOf(t *testing.T, address, token string) int {
	t.Helper()
	req, err := http.NewRequest(http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	io.Copy(io.Discard, resp.Body)
	return resp.StatusCode
}

func TestSimHasSeveralNumbers(t *testing.T) {
	file := filepath.Join(t.TempDir(), "numbers.json")
	if err := os.WriteFile(file, []byte(`{"numbers":[{"id":"11","display":"15550100011","access_token":"one"},`+
		`{"id":"22","waba_id":"900022","display":"15550100022","access_token":"two"}],"tokens":[{"value":"both"},{"value":"second","numbers":["22"]}]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name  string
		flags []string
		want  map[string]string // token to the numbers that it opens
	}{
		{
			"flags",
			[]string{"--number", "id=11,display=15550100011,token=one", "--number", "id=22,waba=900022,display=15550100022,token=two,name=Second"},
			map[string]string{"one": "11", "two": "22"},
		},
		{"file", []string{"--numbers", file}, map[string]string{"one": "11", "two": "22", "both": "11 22", "second": "22"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			graph, _ := simURLs(t, tt.flags...)
			for token, numbers := range tt.want {
				var opens []string
				for _, id := range []string{"11", "22"} {
					if statusOf(t, graph+"/v23.0/"+id, token) == http.StatusOK {
						opens = append(opens, id)
					}
				}
				if got := strings.Join(opens, " "); got != numbers {
					t.Errorf("%s opens %q, want %q", token, got, numbers)
				}
			}
		})
	}
}

func TestSimSaysWhatIsWrongWithNumbers(t *testing.T) {
	for _, tt := range []struct{ args, want string }{
		{"sim --number id=1,color=green", `"color" is none of id`},
		{"sim --number id=11 --phone-number-id 12", "phone-number-id"},
		{"sim --numbers testdata/none.json", "--numbers: "},
		{"sim --listen 127.0.0.1:0 --control 127.0.0.1:0 --number id=11", "display"},
	} {
		var stdout, stderr bytes.Buffer
		if code := run(t.Context(), strings.Fields(tt.args), &stdout, &stderr, nil); code != 1 || !strings.Contains(stderr.String(), tt.want) {
			t.Errorf("%s: exit code %d, stderr %q", tt.args, code, stderr.String())
		}
	}
}
