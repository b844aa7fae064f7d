package callback

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
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
			updates, err := Decode(raw)
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
		if got, err := Decode([]byte(raw)); err == nil {
			t.Errorf("%s: got %+v", name, got)
		}
	}
	for name, raw := range map[string]string{
		"nothing in it":     ` {"entry":[]}`,
		"brackets in texts": `{"entry":[],"x":"` + strings.Repeat(`[{\"`, 200) + `"}`,
	} {
		if got, err := Decode([]byte(raw)); err != nil || len(got) != 0 {
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
		got, err := Decode([]byte(`{"entry":[{"changes":[{"field":"messages","value":{"statuses":[{"id":"w","status":"sent","timestamp":` + timestamp + `}]}}]}]}`))
		if err != nil || len(got) != 1 || got[0].Status == nil {
			t.Fatalf("%s: %+v, %v", timestamp, got, err)
		}
		if at := got[0].Status.At; !at.Equal(want) || at.Location() != time.UTC {
			t.Errorf("%s: %v, want %v", timestamp, at, want)
		}
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
		updates, err := Decode(raw)
		if err != nil && updates != nil {
			t.Fatal("updates and an error")
		}
		for _, u := range updates {
			if u.Status != nil && (u.Inbound != nil || !u.Status.Status.Reported()) {
				t.Fatalf("odd update %+v", u)
			}
			if u.Inbound == nil {
				continue
			}
			kept, err := json.Marshal(u.Inbound)
			if err != nil {
				t.Fatalf("message cannot be kept: %v", err)
			}
			var back wa.Inbound
			if err := json.Unmarshal(kept, &back); err != nil {
				t.Fatalf("message is lost: %v\n%s", err, kept)
			}
			if again, err := json.Marshal(back); err != nil || !bytes.Equal(kept, again) {
				t.Fatalf("kept %s\nread %s, %v", kept, again, err)
			}
			if len(said(*u.Inbound)) == 0 {
				t.Fatalf("nothing of the message is kept: %s", kept)
			}
		}
	})
}
