package callback

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/waypost/waypost/internal/wa"
)

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

// fixtures reads a file of samples of Meta's, by their name.
func fixtures(tb testing.TB, file string) map[string]json.RawMessage {
	tb.Helper()
	f, err := os.Open(filepath.Join("..", "..", "..", "..", "shared", "fixtures", file))
	if errors.Is(err, fs.ErrNotExist) {
		tb.Skip("Meta's samples are not beside this checkout")
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
	for name, payload := range fixtures(t, "meta-webhooks.jsonl") {
		if !bytes.Contains(payload, []byte(`"entry"`)) {
			continue // a part of a callback, shown alone
		}
		var want sample
		if err := json.Unmarshal(payload, &want); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		updates, err := Decode(payload)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		decoded++
		for _, e := range want.Entry {
			for _, c := range e.Changes {
				if c.Field != "messages" {
					for len(updates) > 0 && updates[0].Notice != nil {
						updates = updates[1:] // see TestWhatMetasSamplesBecome
					}
					continue
				}
				n := len(c.Value.Messages) + len(c.Value.Statuses)
				if len(updates) < n {
					t.Fatalf("%s: %d updates are missing", name, n-len(updates))
				}
				for i, m := range c.Value.Messages {
					checkMessage(t, name, m, updates[i])
					if in := updates[i].Inbound; len(c.Value.Contacts) > 0 && in != nil && in.FromName == "" {
						t.Errorf("%s: no name", name)
					}
				}
				for i, s := range c.Value.Statuses {
					checkStatus(t, name, s, updates[len(c.Value.Messages)+i])
				}
				updates = updates[n:]
				if len(updates) > 0 && updates[0].Notice != nil { // what stands beside them
					updates = updates[1:]
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

// TestWhatMetasSamplesBecome keeps the names of what each sample becomes, and none
// of its values.
func TestWhatMetasSamplesBecome(t *testing.T) {
	samples := fixtures(t, "meta-webhooks.jsonl")
	var out bytes.Buffer
	for _, name := range slices.Sorted(maps.Keys(samples)) {
		updates, err := Decode(samples[name])
		if err != nil || len(updates) == 0 {
			t.Errorf("%s: %d updates, %v", name, len(updates), err)
		}
		fmt.Fprintln(&out, name)
		for _, u := range shown(updates) {
			fmt.Fprintf(&out, "\t%s\n", strings.Join(told(t, u), " "))
			if u.Status == nil && u.Inbound == nil && u.Notice == nil {
				t.Errorf("%s: an update says nothing", name)
			}
		}
	}
	golden(t, filepath.Join("testdata", "samples.golden"), out.Bytes())
}

// told returns the kind of an update and the names of its parts, as they are in
// the JSON.
func told(t *testing.T, u shownUpdate) []string {
	t.Helper()
	kind, part := "nothing", any(nil)
	switch {
	case u.Status != nil:
		kind, part = "status", u.Status
	case u.Inbound != nil:
		kind, part = "incoming", u.Inbound
	case u.Notice != nil:
		kind, part = "notice="+string(u.Notice.Kind), u.Notice
	}
	data, err := json.Marshal(part)
	if err != nil {
		t.Fatal(err)
	}
	var members map[string]any
	if err := json.Unmarshal(data, &members); err != nil {
		t.Fatal(err)
	}
	var names []string
	leaves(members, nil, func(at leafPath, _ any) {
		if keys := at.keys(); !strings.Contains(keys, "raw") { // whose names are Meta's
			names = append(names, keys)
		}
	})
	slices.Sort(names)
	return append([]string{kind}, slices.Compact(names)...)
}

// kept names the field that each type is kept in.
func kept() map[string]string {
	return map[string]string{
		"text": "text", "image": "media", "audio": "media", "video": "media", "document": "media", "sticker": "media",
		"location": "location", "contacts": "contacts", "reaction": "reaction", "button": "button", "interactive": "interactive",
		"order": "order", "system": "system", "revoke": "revoke", "unsupported": "unsupported", "unknown": "unsupported",
		"": "raw", // a sample of Meta's forgets the type
	}
}

// said names the fields that say what the message says.
func said(in wa.Inbound) (fields []string) {
	for field, set := range map[string]bool{
		"text": in.Text != "", "media": in.Media != nil, "location": in.Location != nil, "contacts": in.Contacts != nil,
		"reaction": in.Reaction != nil, "button": in.Button != nil, "interactive": in.Interactive != nil, "order": in.Order != nil,
		"system": in.System != nil, "unsupported": in.Unsupported != nil, "edit": in.Edit != nil, "revoke": in.Revoke != nil,
		"raw": in.Raw != nil,
	} {
		if set {
			fields = append(fields, field)
		}
	}
	slices.Sort(fields)
	return fields
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
	want := []string{kept()[in.Type]}
	if in.Type == "edit" {
		want = []string{"edit", "media"} // with the new content
	}
	if got := said(*in); !slices.Equal(got, want) {
		tb.Errorf("%s: type %q is kept in %v", name, in.Type, got)
	}
	if group, _ := m["group_id"].(string); in.GroupID != group {
		tb.Errorf("%s: group %q", name, in.GroupID)
	}
	o := sampleNode(m)
	if (in.Referral != nil) != (m["referral"] != nil) || (in.Product != nil) != (o.at("context")["referred_product"] != nil) {
		tb.Errorf("%s: referral %+v, product %+v", name, in.Referral, in.Product)
	}
	if to := o.at("reaction").str("message_id"); to != "" && in.ReplyTo != to {
		tb.Errorf("%s: reacts to %q", name, in.ReplyTo)
	}
	if to := o.at("context").str("id"); to != "" && in.ReplyTo != to {
		tb.Errorf("%s: replies to %q", name, in.ReplyTo)
	}
}

func checkStatus(tb testing.TB, name string, s map[string]any, u wa.Update) {
	tb.Helper()
	status, _ := s["status"].(string)
	if _, odd := s["type"]; odd || !wa.Status(status).Reported() {
		if u.Status != nil || u.Notice == nil {
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
