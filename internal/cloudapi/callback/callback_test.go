package callback

import (
	"bytes"
	"encoding/json"
	"maps"
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
			updates, err := Decode(raw)
			if err != nil {
				t.Fatal(err)
			}
			got, err := json.MarshalIndent(shown(updates), "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			golden(t, filepath.Join("testdata", "callback", name+".golden"), append(got, '\n'))
		})
	}
}

// shownUpdate is what an update says, without what the inbox adds to it.
type shownUpdate struct {
	Status   *wa.StatusReport   `json:"status,omitempty"`
	Inbound  *wa.Inbound        `json:"inbound,omitempty"`
	Notice   *wa.Notice         `json:"notice,omitempty"`
	Template *wa.TemplateUpdate `json:"template,omitempty"`
	NumberID string             `json:"number_id,omitempty"`
	WABAID   string             `json:"waba_id,omitempty"`
}

func shown(updates []wa.Update) []shownUpdate {
	all := make([]shownUpdate, 0, len(updates))
	for _, u := range updates {
		all = append(all, shownUpdate{u.Status, u.Inbound, u.Notice, u.Template, u.NumberID, u.WABAID})
	}
	return all
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
			if u.Status != nil && (u.Inbound != nil || u.Notice != nil || !u.Status.Status.Reported()) {
				t.Fatalf("odd update %+v", u)
			}
			if u.Notice != nil {
				checkNotice(t, u)
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

// noticeKinds returns all kinds of notices.
func noticeKinds() []wa.NoticeKind {
	return []wa.NoticeKind{
		wa.NoticeAlert, wa.NoticeReview, wa.NoticeAccount, wa.NoticeCapability, wa.NoticeName, wa.NoticeLimit, wa.NoticeTemplate, wa.NoticeSecurity,
		wa.NoticePreference, wa.NoticeEcho, wa.NoticeHistory, wa.NoticeContact, wa.NoticeCall, wa.NoticeGroup, wa.NoticeUsername, wa.NoticePayment,
		wa.NoticeStatus, wa.NoticeErrors, wa.NoticeOther,
	}
}

// checkNotice checks that a notice is of a kind that there is, that it says
// something, and that it can be kept.
func checkNotice(t *testing.T, u wa.Update) {
	t.Helper()
	n := *u.Notice
	if !slices.Contains(noticeKinds(), n.Kind) || u.Inbound != nil || n.Kind == wa.NoticeOther && n.Rest == nil {
		t.Fatalf("odd notice %+v", n)
	}
	kept, err := json.Marshal(n)
	if err != nil {
		t.Fatalf("notice cannot be kept: %v", err)
	}
	var back wa.Notice
	if err := json.Unmarshal(kept, &back); err != nil {
		t.Fatalf("notice is lost: %v\n%s", err, kept)
	}
	if again, err := json.Marshal(back); err != nil || !bytes.Equal(kept, again) {
		t.Fatalf("kept %s\nread %s, %v", kept, again, err)
	}
}

// FuzzNotice puts any value under each field that is understood: it never panics,
// and what comes out can be kept.
func FuzzNotice(f *testing.F) {
	fields := slices.Sorted(maps.Keys(understood()))
	f.Add(uint8(0), `{"event":"DISABLED_UPDATE","ban_info":{"waba_ban_state":"DISABLE"}}`)
	f.Add(uint8(3), `{"calls":[{"id":"wacid.1","session":{"sdp":"v=0"}}],"contacts":[null]}`)
	f.Add(uint8(7), `{"groups":[{"group_id":"1","added_participants":[{"wa_id":"1"}]}],"errors":[{}]}`)
	f.Add(uint8(9), `{"history":[{"threads":[{"messages":[{"id":"wamid.1","type":"image","image":{"id":"1"}}]}]}]}`)
	f.Add(uint8(11), `{"message_template_id":"x","event":7}`)
	f.Fuzz(func(t *testing.T, which uint8, value string) {
		field := fields[int(which)%len(fields)]
		updates, err := Decode([]byte(`{"entry":[{"id":"1","time":1750090702,"changes":[{"field":"` + field + `","value":` + value + `}]}]}`))
		if err != nil {
			return
		}
		for _, u := range updates {
			if u.Notice != nil {
				checkNotice(t, u)
			}
			if u.Template != nil && (u.Notice == nil || u.Notice.Template != u.Template) {
				t.Fatalf("odd update %+v", u)
			}
		}
	})
}
