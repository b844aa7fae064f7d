package cloudapi

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/waypost/waypost/internal/wa"
)

func TestDecodeCallback(t *testing.T) {
	files, err := filepath.Glob("testdata/callback/*.json")
	if err != nil || len(files) == 0 {
		t.Fatal("no cases", err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		t.Run(name, func(t *testing.T) {
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			updates, err := DecodeCallback(raw)
			if err != nil {
				t.Fatal(err)
			}
			got, err := json.MarshalIndent(updates, "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			golden(t, filepath.Join("testdata", "callback", name+".golden"), append(got, '\n'))
		})
	}
}

func TestDecodeCallbackRefusesWhatIsNone(t *testing.T) {
	for name, raw := range map[string]string{
		"empty":             ``,
		"not JSON":          `<html>`,
		"two values":        `{"entry":[]}{"entry":[]}`,
		"cut":               `{"entry":[{"id":"1"`,
		"list":              `[]`,
		"null":              `null`,
		"no entry":          `{"object":"whatsapp_business_account"}`,
		"entry of one":      `{"entry":{"id":"1"}}`,
		"deep":              `{"entry":` + strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000) + `}`,
		"deeper than Meta":  `{"entry":` + strings.Repeat("[", maxDepth) + strings.Repeat("]", maxDepth) + `}`,
		"deep in a message": `{"entry":[{"changes":[{"field":"messages","value":{"messages":[{"x":` + strings.Repeat(`{"a":`, 9999) + `1` + strings.Repeat(`}`, 9999) + `}]}}]}]}`,
	} {
		if got, err := DecodeCallback([]byte(raw)); err == nil {
			t.Errorf("%s: got %+v", name, got)
		}
	}
	for name, raw := range map[string]string{
		"nothing in it":     ` {"entry":[]}`,
		"brackets in texts": `{"entry":[],"x":"` + strings.Repeat(`[{\"`, 200) + `"}`,
	} {
		if got, err := DecodeCallback([]byte(raw)); err != nil || len(got) != 0 {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

func TestDecodeCallbackTimes(t *testing.T) {
	for timestamp, want := range map[string]time.Time{
		`"1750090702"`:          time.Date(2025, 6, 16, 16, 18, 22, 0, time.UTC),
		`1750090702`:            time.Date(2025, 6, 16, 16, 18, 22, 0, time.UTC),
		`"<TIMESTAMP>"`:         {},
		`99999999999999999999`:  {},
		`"9223372036854775807"`: {},
		`-5`:                    {},
		`null`:                  {},
	} {
		got, err := DecodeCallback([]byte(`{"entry":[{"changes":[{"field":"messages","value":{"statuses":[{"id":"w","status":"sent","timestamp":` + timestamp + `}]}}]}]}`))
		if err != nil || len(got) != 1 || got[0].Status == nil {
			t.Fatalf("%s: %+v, %v", timestamp, got, err)
		}
		if at := got[0].Status.At; !at.Equal(want) || at.Location() != time.UTC {
			t.Errorf("%s: %v, want %v", timestamp, at, want)
		}
	}
}

// sample is what a sample of Meta's tells, read without the code under test.
type sample struct {
	Entry []struct {
		Changes []struct {
			Field string
			Value struct {
				Metadata struct {
					NumberID string `json:"phone_number_id"`
				}
				Contacts []any
				Messages []map[string]any
				Statuses []map[string]any
			}
		}
	}
}

func samples(tb testing.TB) map[string]json.RawMessage {
	tb.Helper()
	f, err := os.Open("../../../shared/fixtures/meta-webhooks.jsonl")
	if errors.Is(err, fs.ErrNotExist) {
		tb.Skip("Meta's sample webhooks are not beside this checkout")
	}
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	all := make(map[string]json.RawMessage)
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var line struct {
			Name    string
			Payload json.RawMessage
		}
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			tb.Fatal(err)
		}
		all[line.Name] = line.Payload
	}
	if err := lines.Err(); err != nil {
		tb.Fatal(err)
	}
	return all
}

func TestDecodeCallbackTakesMetasSamples(t *testing.T) {
	decoded := 0
	for name, payload := range samples(t) {
		if !bytes.Contains(payload, []byte(`"entry"`)) {
			continue // a part of a callback, shown alone
		}
		var want sample
		if err := json.Unmarshal(payload, &want); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		updates, err := DecodeCallback(payload)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		decoded++
		for _, e := range want.Entry {
			for _, c := range e.Changes {
				n := 1
				if c.Field == "messages" {
					n = max(1, len(c.Value.Messages)+len(c.Value.Statuses))
				}
				if len(updates) < n {
					t.Fatalf("%s: %d updates are missing", name, n-len(updates))
				}
				mine := updates[:n]
				updates = updates[n:]
				if c.Field != "messages" {
					if mine[0] != (wa.Update{}) {
						t.Errorf("%s: field %s gave %+v", name, c.Field, mine[0])
					}
					continue
				}
				for i, m := range c.Value.Messages {
					checkMessage(t, name, m, mine[i])
					if len(c.Value.Contacts) > 0 && mine[i].Inbound != nil && mine[i].Inbound.FromName == "" {
						t.Errorf("%s: no name", name)
					}
				}
				for i, s := range c.Value.Statuses {
					checkStatus(t, name, s, mine[len(c.Value.Messages)+i])
				}
			}
		}
		if len(updates) != 0 {
			t.Errorf("%s: %d updates too many", name, len(updates))
		}
	}
	if decoded < 80 {
		t.Errorf("only %d samples", decoded)
	}
}

func checkMessage(tb testing.TB, name string, m map[string]any, u wa.Update) {
	tb.Helper()
	in := u.Inbound
	if in == nil || in.WAMID != m["id"] {
		tb.Errorf("%s: message %v became %+v", name, m["id"], in)
		return
	}
	if kind, _ := m["type"].(string); in.Type != kind {
		tb.Errorf("%s: type %q became %q", name, kind, in.Type)
	}
	if in.From == "" && in.UserID == "" {
		tb.Errorf("%s: nobody wrote %+v", name, in)
	}
	if in.Text == "" && in.Media == nil && in.Raw == nil {
		tb.Errorf("%s: nothing of %v is kept", name, m)
	}
	known := slices.Contains([]string{"text", "image", "audio", "video", "document", "sticker"}, in.Type)
	if known == (in.Raw != nil) {
		tb.Errorf("%s: type %q and raw %s", name, in.Type, in.Raw)
	}
	if group, _ := m["group_id"].(string); in.GroupID != group {
		tb.Errorf("%s: group %q", name, in.GroupID)
	}
}

func checkStatus(tb testing.TB, name string, s map[string]any, u wa.Update) {
	tb.Helper()
	status, _ := s["status"].(string)
	if _, odd := s["type"]; odd || !wa.Status(status).Reported() {
		if u.Status != nil {
			tb.Errorf("%s: status %v became %+v", name, s, u.Status)
		}
		return
	}
	if u.Status == nil || string(u.Status.Status) != status || u.Status.WAMID != s["id"] || u.Status.Recipient == "" {
		tb.Errorf("%s: status %v became %+v", name, s, u.Status)
		return
	}
	if (u.Status.Failure != nil) != (status == "failed") {
		tb.Errorf("%s: failure %+v", name, u.Status.Failure)
	}
}

func FuzzDecodeCallback(f *testing.F) {
	files, err := filepath.Glob("testdata/callback/*.json")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		updates, err := DecodeCallback(raw)
		if err != nil && updates != nil {
			t.Fatal("updates and an error")
		}
		for _, u := range updates {
			if u.Status != nil && (u.Inbound != nil || !u.Status.Status.Reported()) {
				t.Fatalf("odd update %+v", u)
			}
			if _, err := json.Marshal(u); err != nil {
				t.Fatalf("update cannot be kept: %v", err)
			}
		}
	})
}
