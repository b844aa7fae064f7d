package cloudapi

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/waypost/waypost/internal/wa"
)

func historyWAMID(digits, rest string) string {
	record := "\x1c\x18" + string(rune(len(digits))) + digits + "\x15\x02\x00\x11\x18\x14" + rest
	return "wamid." + base64.StdEncoding.EncodeToString([]byte(record))
}

func TestAWAMIDHintsAtTheRecipient(t *testing.T) {
	for _, c := range []struct{ name, wamid, want string }{
		{"eleven digits", historyWAMID("15550100001", "9A3DA067F0F8E4F01234"), "15550100001"},
		{"ten digits", historyWAMID("9615550100", "0123456789"), "9615550100"},
		{"fifteen digits", historyWAMID("155501000012345", ""), "155501000012345"},
		{"at its end", "wamid." + base64.StdEncoding.EncodeToString([]byte("\x0b15550100001")), "15550100001"},
		{"digits of a user id", historyWAMID("US.1349120865", "ABCDEF"), "1349120865"},
		{"too short", historyWAMID("155501000", "ABCDEF"), ""},
		{"too long", historyWAMID("1555010000123456", "ABCDEF"), ""},
		{"no base64", "wamid.***", ""},
		{"nothing", "", ""},
		{"without padding", strings.TrimRight(historyWAMID("15550100001", "A"), "="), "15550100001"},
	} {
		if got := digitsOf(c.wamid); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

// historyServer lists so many messages, the newest first, one a second back from
// the given time.
func historyServer(t *testing.T, count int, newest time.Time) *Client {
	t.Helper()
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		if !strings.HasSuffix(r.URL.Path, "/v23.0/106540000000001/message_history") || q.Get("limit") != "100" ||
			q.Get("fields") != historyFields || r.Header.Get("Authorization") != "Bearer "+canary {
			t.Errorf("asked for %s", r.URL)
		}
		begin, _ := strconv.Atoi(q.Get("after"))
		end := min(begin+100, count)
		var data []string
		for i := begin; i < end; i++ {
			at := newest.Add(-time.Duration(i) * time.Second)
			data = append(data, fmt.Sprintf(`{"id":"%d","message_id":"wamid.%d","events":{"data":[{"timestamp":%d},{"timestamp":"%d"}]}}`,
				i, i, at.Unix()+1, at.Unix()))
		}
		next := ""
		if end < count {
			next = `"next":"https://graph.example/?access_token=secret",`
		}
		fmt.Fprintf(w, `{"data":[%s],"paging":{%s"cursors":{"after":"%d"}}}`, strings.Join(data, ","), next, end)
	})
	return client(t, Options{BaseURL: s.URL})
}

func TestHistoryGoesBackAsFarAsAsked(t *testing.T) {
	newest := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name    string
		count   int
		back    time.Duration
		entries int
		whole   bool
	}{
		{"nothing there", 0, time.Hour, 0, true},
		{"one page", 70, time.Hour, 70, true},
		{"all pages", 250, time.Hour, 250, true},
		{"until all are older", 950, 150 * time.Second, 300, true},
		{"too many", 1500, time.Hour, 1000, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			h, err := historyServer(t, c.count, newest).MessageHistory(t.Context(), testNumber(), newest.Add(-c.back))
			if err != nil {
				t.Fatal(err)
			}
			if len(h.Entries) != c.entries || h.Whole != c.whole {
				t.Fatalf("got %d entries, whole %v, want %d, %v", len(h.Entries), h.Whole, c.entries, c.whole)
			}
			if c.entries > 0 {
				want := wa.HistoryEntry{WAMID: "wamid.0", First: newest}
				if diff := cmp.Diff(want, h.Entries[0]); diff != "" {
					t.Error(diff)
				}
			}
		})
	}
}

func TestHistoryIsReadLeniently(t *testing.T) {
	s := serve(t, answerWith(200, `{"data":[{"message_id":"wamid.1"},{"id":7,"message_id":null,"events":{"data":[{}]}},
		{"message_id":"wamid.2","events":{"data":[{"timestamp":"soon"},{"timestamp":1640995200,"delivery_status":5}]}}]}`))
	h, err := client(t, Options{BaseURL: s.URL}).MessageHistory(t.Context(), testNumber(), time.Unix(1, 0))
	if err != nil {
		t.Fatal(err)
	}
	want := wa.History{Whole: true, Entries: []wa.HistoryEntry{{WAMID: "wamid.1"}, {WAMID: "wamid.2", First: time.Unix(1640995200, 0).UTC()}}}
	if diff := cmp.Diff(want, h); diff != "" {
		t.Error(diff)
	}
}

func TestAHistoryThatIsNotThereIsRefused(t *testing.T) {
	for _, c := range []struct {
		name   string
		status int
		body   string
		want   wa.OutcomeKind
	}{
		{"not for this account", 400, `{"error":{"code":100,"message":"nonexisting field (message_history)"}}`, wa.OutcomeRejected},
		{"no permission", 403, `{"error":{"code":10,"message":"denied"}}`, wa.OutcomeMisconfigured},
		{"too often", 429, `{"error":{"code":4,"message":"limit"}}`, wa.OutcomeLater},
		{"no list", 200, `{}`, wa.OutcomeLater},
		{"down", 502, `<html>`, wa.OutcomeLater},
	} {
		s := serve(t, answerWith(c.status, c.body))
		_, err := client(t, Options{BaseURL: s.URL}).MessageHistory(t.Context(), testNumber(), time.Unix(1, 0))
		e, ok := errors.AsType[*wa.OutcomeError](err)
		if !ok || e.Outcome.Kind != c.want {
			t.Errorf("%s: got %v, want %s", c.name, err, c.want)
		}
	}
}
