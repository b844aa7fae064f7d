package inbox

import (
	"maps"
	"testing"
	"time"

	"github.com/waypost/waypost/internal/wa"
)

// Meta counts what comes in like what goes out. What is old or told again came before.
func TestMessagesThatComeAreCounted(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	from := func(number string, at time.Time) wa.Update {
		return wa.Update{NumberID: number, Inbound: &wa.Inbound{NumberID: number, At: at}}
	}
	text := func(number string) wa.Update { return from(number, now.Add(-3*time.Second)) }
	got := map[string]map[wa.AccountID]int{}
	in := &Inbox{Options: Options{Came: func(number string, n map[wa.AccountID]int) { got[number] = n }}}
	first, again := wa.Callback{Attempts: 1, ReceivedAt: now}, wa.Callback{Attempts: 2, ReceivedAt: now}
	in.tellCame(again, []wa.AccountUpdates{{AccountID: "one", Updates: []wa.Update{text("3")}}})
	in.tellCame(first, []wa.AccountUpdates{
		{AccountID: "one", Updates: []wa.Update{text("1"), {NumberID: "1", Status: &wa.StatusReport{}}, text("1"), text("2"), from("1", now.Add(-time.Minute))}},
		{AccountID: "two", Updates: []wa.Update{text("1"), text("1"), from("1", now.AddDate(10, 0, 0)), from("2", time.Time{})}},
	})
	if want := (map[string]map[wa.AccountID]int{"1": {"one": 2, "two": 2}, "2": {"one": 1}}); !maps.EqualFunc(got, want, maps.Equal) {
		t.Errorf("got %v, want %v", got, want)
	}
	(&Inbox{}).tellCame(first, []wa.AccountUpdates{{Updates: []wa.Update{text("1")}}}) // nobody listens
}
