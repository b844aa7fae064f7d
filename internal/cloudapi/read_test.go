package cloudapi

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/waypost/waypost/internal/wa"
)

func TestMarkReadIsMetasRequest(t *testing.T) {
	var asked []string
	srv := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || r.Header.Get("Authorization") != "Bearer "+canary || r.Header.Get("Content-Type") != "application/json" {
			t.Errorf("%v, header %v", err, r.Header)
		}
		asked = append(asked, r.Method+" "+r.URL.Path+" "+string(body))
		answerWith(http.StatusOK, `{"success":true}`)(w, r)
	})
	c := client(t, Options{BaseURL: srv.URL, Version: "v26.0"})
	for _, typing := range []bool{false, true} {
		if err := c.MarkRead(t.Context(), testNumber(), "wamid.SYNTHETIC1", typing); err != nil {
			t.Error(err)
		}
	}
	const to = "POST /v26.0/106540000000001/messages "
	want := []string{
		to + `{"messaging_product":"whatsapp","status":"read","message_id":"wamid.SYNTHETIC1"}`,
		to + `{"messaging_product":"whatsapp","status":"read","message_id":"wamid.SYNTHETIC1","typing_indicator":{"type":"text"}}`,
	}
	if diff := cmp.Diff(want, asked); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestMarkReadSaysWhatBecameOfIt(t *testing.T) {
	for _, tt := range []struct {
		name   string
		status int
		body   string
		want   wa.OutcomeKind
	}{
		{"nothing was done", 200, `{"success":false}`, wa.OutcomeLater},
		{"nothing is said", 200, `{}`, wa.OutcomeLater},
		{"an error in a good answer", 200, `{"success":true,"error":{"code":100,"message":"m"}}`, wa.OutcomeRejected},
		{"no such message", 400, `{"error":{"code":131009,"message":"m"}}`, wa.OutcomeRejected},
		{"a bad token", 401, `{"error":{"code":190,"message":"m"}}`, wa.OutcomeMisconfigured},
		{"too fast", 400, `{"error":{"code":130429,"message":"m"}}`, wa.OutcomeLater},
		{"no answer of Meta's", 502, `<html>`, wa.OutcomeLater},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := client(t, Options{BaseURL: serve(t, answerWith(tt.status, tt.body)).URL})
			err := c.MarkRead(t.Context(), testNumber(), "wamid.SYNTHETIC1", false)
			if e, ok := errors.AsType[*wa.OutcomeError](err); !ok || e.Outcome.Kind != tt.want {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
	c := client(t, Options{BaseURL: "https://graph.example"})
	for _, err := range []error{
		c.MarkRead(t.Context(), testNumber(), "", false), c.MarkRead(t.Context(), wa.Number{}, "wamid.SYNTHETIC1", false),
	} {
		if _, ok := errors.AsType[*wa.OutcomeError](err); !ok {
			t.Errorf("got %v", err)
		}
	}
}

// TestReceiptsHaveTheShapeOfMetasSamples compares with what of the samples is
// neither a message nor a call of management.
func TestReceiptsHaveTheShapeOfMetasSamples(t *testing.T) {
	f, err := os.Open(filepath.Join("..", "..", "..", "shared", "fixtures", "meta-send-requests.jsonl"))
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("Meta's samples are not beside this checkout")
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	compared := 0
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var line struct {
			Name    string
			Payload map[string]any
		}
		if json.Unmarshal(lines.Bytes(), &line) != nil || line.Payload["status"] != "read" {
			continue
		}
		var got map[string]any
		srv := serve(t, func(w http.ResponseWriter, r *http.Request) {
			if err := json.NewDecoder(r.Body).Decode(&got); err != nil {
				t.Error(err)
			}
			answerWith(http.StatusOK, `{"success":true}`)(w, r)
		})
		id, _ := line.Payload["message_id"].(string)
		if err := client(t, Options{BaseURL: srv.URL}).MarkRead(t.Context(), testNumber(), id, line.Payload["typing_indicator"] != nil); err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff(line.Payload, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", line.Name, diff)
		}
		compared++
	}
	if compared < 6 {
		t.Errorf("only %d samples", compared)
	}
}
