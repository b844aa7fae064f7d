package ledger_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/waypost/waypost/internal/sim/ledger"
)

func at(seconds int) time.Time {
	return time.Date(2026, 11, 2, 8, 0, 0, 0, time.UTC).Add(time.Duration(seconds) * time.Second)
}

// add records n sends to two users in turn.
func add(l *ledger.Ledger, n int) (list []*ledger.Message) {
	for i := range n {
		m := &ledger.Message{
			Direction: ledger.Out, Outcome: ledger.Accepted, NumberID: "1", To: fmt.Sprint("1555010090", i%2), Nth: i/2 + 1,
			WAMID: fmt.Sprint("wamid.", i), Type: "text", Body: json.RawMessage(`{}`), At: at(i),
		}
		l.AddMessage(m)
		list = append(list, m)
	}
	return list
}

func TestOldestGiveWayAndAreCounted(t *testing.T) {
	l := ledger.New(10)
	add(l, 25)
	for i := range 50 {
		l.AddCallback(&ledger.Callback{Outcome: ledger.Pending, Updates: []string{fmt.Sprint("wamid.", i, " sent")}})
	}
	list := l.Messages(ledger.Filter{})
	if len(list) != 10 || list[0].Seq != 16 || list[9].Seq != 25 || list[9].WAMID != "wamid.24" {
		t.Errorf("%d kept, %d to %d", len(list), list[0].Seq, list[9].Seq)
	}
	if _, ok := l.Message("wamid.3"); ok {
		t.Error("a message that gave way is still found")
	}
	if m, ok := l.Message("wamid.20"); !ok || m.Seq != 21 {
		t.Errorf("found %+v", m)
	}
	if _, ok := l.Message(""); ok {
		t.Error("no id found something")
	}
	counts := l.Counts()
	if counts.Messages != (ledger.Count{Recorded: 25, Dropped: 15}) || counts.Callbacks != (ledger.Count{Recorded: 50, Dropped: 10}) {
		t.Errorf("counts %+v", counts)
	}
	l.Reset()
	if counts := l.Counts(); counts.Messages.Recorded != 0 || len(l.Messages(ledger.Filter{})) != 0 || len(l.Callbacks(ledger.Filter{})) != 0 {
		t.Errorf("after a reset %+v", counts)
	}
}

func TestCallbackThatGaveWayIsNotTriedAgain(t *testing.T) {
	l := ledger.New(1) // four callbacks
	first := &ledger.Callback{Outcome: ledger.Pending}
	l.AddCallback(first)
	if !l.Tried(first, ledger.Try{Status: 500}, ledger.Pending) {
		t.Error("it is given up at once")
	}
	for range 4 {
		l.AddCallback(&ledger.Callback{Outcome: ledger.Pending})
	}
	if l.Tried(first, ledger.Try{Status: 500}, ledger.Pending) {
		t.Error("it is not given up")
	}
}

func TestTriesAreKeptToALimit(t *testing.T) {
	l := ledger.New(10)
	c := &ledger.Callback{Outcome: ledger.Pending, Body: json.RawMessage(`{}`)}
	l.AddCallback(c)
	for i := range 100 {
		l.Tried(c, ledger.Try{At: at(i), Status: 503}, ledger.Pending)
	}
	l.Tried(c, ledger.Try{At: at(100), Status: 200}, ledger.Delivered)
	got := l.Callbacks(ledger.Filter{})[0]
	if got.Attempts != 101 || len(got.Tries) != 16 || !got.Tries[15].At.Equal(at(100)) || !got.Delivered || got.Status != 200 {
		t.Errorf("%+v", got)
	}
}

func TestBodiesOfWhatIsOverAreKeptToALimit(t *testing.T) {
	l := ledger.New(1000)
	for range 1500 {
		c := &ledger.Callback{Outcome: ledger.Pending, Body: json.RawMessage(`{}`)}
		l.AddCallback(c)
		l.Tried(c, ledger.Try{Status: 200}, ledger.Delivered)
	}
	pending := &ledger.Callback{Outcome: ledger.Pending, Body: json.RawMessage(`{}`)}
	l.AddCallback(pending)
	with := 0
	for _, c := range l.Callbacks(ledger.Filter{}) {
		if c.Body != nil {
			with++
		}
	}
	if with != 1001 {
		t.Errorf("%d have a body", with)
	}
}

func TestLargeBodiesGiveWayFirst(t *testing.T) {
	l := ledger.New(1000)
	for range 300 {
		l.AddMessage(&ledger.Message{Body: make(json.RawMessage, 1<<20)})
	}
	kept := 0
	for i, m := range l.Messages(ledger.Filter{}) {
		if m.Body != nil {
			kept++
		} else if i > 50 {
			t.Fatalf("message %d has no body", i)
		}
	}
	if kept != 256 {
		t.Errorf("%d bodies of a megabyte are kept", kept)
	}
}

func TestFilters(t *testing.T) {
	l := ledger.New(100)
	list := add(l, 10)
	l.AddMessage(&ledger.Message{Direction: ledger.In, Outcome: ledger.Accepted, NumberID: "2", From: "15550100900", Type: "text", Nth: 1})
	l.AddMessage(&ledger.Message{Direction: ledger.Out, Outcome: ledger.Refused, NumberID: "1", To: "15550100900", Code: 131056, Fault: "storm"})
	l.Climb(list[4], ledger.Status{Name: "failed", Code: 131047})
	for query, want := range map[string]int{
		"":                     12,
		"direction=in":         1,
		"to=15550100900":       7,
		"peer=15550100901":     5,
		"number_id=2":          1,
		"outcome=refused":      1,
		"code=131047":          1,
		"code=131056":          1,
		"status=failed":        1,
		"fault=storm":          1,
		"wamid=wamid.3":        1,
		"after=10":             2,
		"limit=3":              3,
		"type=text&limit=20":   11,
		"direction=out&code=7": 0,
	} {
		values, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		f, err := ledger.ReadFilter(values)
		if err != nil {
			t.Errorf("%s: %v", query, err)
		}
		if got := l.Messages(f); len(got) != want {
			t.Errorf("%s: %d, want %d", query, len(got), want)
		}
	}
	for _, query := range []string{"too=1", "limit=x", "after=-1"} {
		values, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ledger.ReadFilter(values); err == nil {
			t.Errorf("%s was taken", query)
		}
	}
	l.AddCallback(&ledger.Callback{Outcome: ledger.Pending, Field: "messages", Updates: []string{"wamid.1 sent", "wamid.2 sent"}})
	for _, f := range []ledger.Filter{{WAMID: "wamid.2"}, {Status: "sent"}, {Field: "messages", Outcome: ledger.Pending}} {
		if got := l.Callbacks(f); len(got) != 1 {
			t.Errorf("%+v found %d callbacks", f, len(got))
		}
	}
	if got := l.Callbacks(ledger.Filter{WAMID: "wamid.3"}); len(got) != 0 {
		t.Errorf("found %+v", got)
	}
}

func TestDocumentationHasTheRules(t *testing.T) {
	page, err := os.ReadFile("../../../docs/simulator.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range ledger.Rules() {
		if row := "| `" + r[0] + "` | " + r[1] + " |\n"; !strings.Contains(string(page), row) {
			t.Errorf("docs/simulator.md does not say %s", row)
		}
	}
}

func TestEntriesAreCopies(t *testing.T) {
	l := ledger.New(10)
	m := add(l, 1)[0]
	l.Climb(m, ledger.Status{Name: "sent"})
	got := l.Messages(ledger.Filter{})
	l.Climb(m, ledger.Status{Name: "delivered"})
	if len(got[0].Statuses) != 1 {
		t.Error("a copy changed")
	}
	got[0].Statuses[0].Name = "read"
	if l.Messages(ledger.Filter{})[0].Statuses[0].Name != "sent" {
		t.Error("the ledger changed")
	}
}

func TestSnapshotDoesNotKnowWhoWasFirst(t *testing.T) {
	snapshot := func(order []int, times bool) string {
		l := ledger.New(100)
		for _, i := range order {
			l.AddMessage(&ledger.Message{Direction: ledger.Out, NumberID: "1", To: fmt.Sprint(i % 3), Nth: i, At: at(i)})
			l.AddCallback(&ledger.Callback{NumberID: "1", Updates: []string{fmt.Sprint(i)}, Created: at(i), Body: json.RawMessage(`{}`)})
			l.AddViolation(ledger.Violation{Rule: ledger.RuleWindow, Peer: fmt.Sprint(i), At: at(i)})
		}
		data, err := json.Marshal(l.Snapshot(times))
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	one, other := []int{1, 2, 3, 4, 5, 6}, []int{6, 2, 4, 1, 5, 3}
	for _, times := range []bool{true, false} {
		if a, b := snapshot(one, times), snapshot(other, times); a != b {
			t.Errorf("with times %t:\n%s\n%s", times, a, b)
		}
	}
	if snapshot(one, true) == snapshot(one, false) {
		t.Error("times make no difference")
	}
}
