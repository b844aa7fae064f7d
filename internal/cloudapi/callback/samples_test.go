package callback

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
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
					if mine[0].Status != nil || mine[0].Inbound != nil {
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
