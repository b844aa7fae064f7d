package inbox

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/waypost/waypost/internal/cloudapi/callback"
	"github.com/waypost/waypost/internal/wa"
)

// The number and the WABA of the samples that package callback has for each kind.
const (
	sampleNumber = "106540000000001"
	sampleWABA   = "102290000000001"
)

// samples returns a callback for each kind of thing that Meta tells. Those of one
// file have wamids of their own.
func samples(tb testing.TB) []string {
	tb.Helper()
	files := must(filepath.Glob("../cloudapi/callback/testdata/callback/*.json"))(tb)
	if len(files) < 30 {
		tb.Fatalf("only %d samples", len(files))
	}
	all := make([]string, 0, len(files))
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		all = append(all, strings.ReplaceAll(string(must(os.ReadFile(file))(tb)), `"wamid.`, `"wamid.`+name+"."))
	}
	return all
}

// newSampleBench has the number that the samples are about, two messages that
// were sent from it, and a template. It begins when the samples are in the past.
func newSampleBench(t *testing.T) *bench {
	t.Helper()
	time.Sleep(time.Until(time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC)))
	b := newBench(t)
	must(b.db.CreateSource(t.Context(), wa.Source{
		ID: "samples", AccountID: b.account, Name: "samples", CreatedAt: time.Now(),
		Number: wa.Number{
			ID: sampleNumber, WABAID: sampleWABA, Display: "15550100000",
			Token: wa.NewSecret("access token"), AppSecret: wa.NewSecret(secretA),
		},
	}))(t)
	check(t, b.db.PutTemplate(t.Context(), wa.StoredTemplate{
		AccountID: b.account, WABAID: sampleWABA, ID: "1001", Name: "order", Language: "en_US", Status: wa.TemplatePending, UpdatedAt: time.Now(),
	}))
	time.Sleep(time.Second)
	return b
}

// outcome is all that the samples and the statuses of messages have come to.
func (b *bench) outcome(sent []wa.Message) map[string][]string {
	b.Helper()
	all := map[string][]string{}
	note := func(what string, v ...any) {
		all[what] = append(all[what], strings.TrimSuffix(fmt.Sprintln(v...), "\n"))
	}
	ids := []string{}
	for i, m := range sent {
		ids = append(ids, string(m.ID), fmt.Sprint("message ", i))
		now := must(b.db.Message(b.Context(), m.AccountID, m.ID))(b)
		note("messages", i, now.Status, now.WAMID)
		for _, e := range must(b.db.Events(b.Context(), m.AccountID, m.ID))(b) {
			note("conflicts", i, e.Status.Status, e.Status.Conflict)
		}
	}
	name := strings.NewReplacer(ids...)
	db := must(sql.Open("sqlite", "file:"+b.path+"?_pragma=query_only(1)"))(b)
	defer db.Close()
	for what, query := range map[string]string{
		"events":    `SELECT kind || ' ' || subject || ' ' || fact FROM events`,
		"unmatched": `SELECT wamid || ' ' || fact FROM parked_statuses`,
		"callbacks": `SELECT DISTINCT state FROM callbacks`,
		"media":     `SELECT meta_id || ' ' || state FROM media`,
		"numbers": `SELECT number_id || ' ' || throughput || ' ' || tier || ' ' || status || ' ' || name || ' ' || name_status || ' ' ||
			coexistence FROM numbers`,
		"templates":  `SELECT name || ' ' || status || ' ' || reason || ' ' || category || ' ' || quality FROM templates`,
		"deliveries": `SELECT count(*) || '' FROM deliveries`,
	} {
		for _, line := range b.lines(db, query) {
			note(what, name.Replace(line))
		}
	}
	for _, who := range []string{"15550100001", "15550100002", "15550100003", "5521955500001", "US.1000000000000000001", "US.1000000000000000002"} {
		note("windows", who, must(b.db.Window(b.Context(), b.account, sampleNumber, who))(b))
	}
	for _, lines := range all {
		slices.Sort(lines)
	}
	return all
}

// lines returns the one column of a query.
func (b *bench) lines(db *sql.DB, query string) (all []string) {
	b.Helper()
	rows := must(db.QueryContext(b.Context(), query))(b)
	defer rows.Close()
	for rows.Next() {
		var line string
		check(b, rows.Scan(&line))
		all = append(all, line)
	}
	check(b, rows.Err())
	return all
}

// play sends the samples and the statuses of three messages, in the order that
// arrange makes of them, and returns what they come to.
func (b *bench) play(arrange func([]string) []string) map[string][]string {
	b.Helper()
	bodies := samples(b)
	var sent []wa.Message
	for i, words := range [][]string{{"sent", "delivered", "failed"}, {"sent", "delivered", "read", "played"}, {"failed"}} {
		m := b.begun()
		wamid := fmt.Sprint("wamid.ours.", i)
		b.settle(m, wamid)
		sent = append(sent, m)
		for _, word := range words {
			bodies = append(bodies, statuses(status(wamid, word)))
		}
	}
	stop := b.run()
	for _, body := range arrange(bodies) {
		b.post(body, secretA)
	}
	stop()
	return b.outcome(sent)
}

func inOrder(bodies []string) []string { return bodies }

// shuffled doubles callbacks and mixes them.
func shuffled(random *rand.Rand) func([]string) []string {
	return func(bodies []string) []string {
		bodies = slices.Concat(bodies, bodies, bodies[:10])
		random.Shuffle(len(bodies), func(i, j int) { bodies[i], bodies[j] = bodies[j], bodies[i] })
		return bodies
	}
}

func TestEveryKindOfCallbackInAnyOrderEndsTheSame(t *testing.T) {
	var want map[string][]string
	synctest.Test(t, func(t *testing.T) { want = newSampleBench(t).play(inOrder) })
	for what, least := range map[string]int{
		"messages": 3, "events": 100, "unmatched": 8, "callbacks": 1, "media": 5, "numbers": 2, "templates": 1, "windows": 6, "conflicts": 8,
	} {
		if len(want[what]) < least {
			t.Errorf("in order there are only %d %s: %q", len(want[what]), what, want[what])
		}
	}
	for what, line := range map[string]string{
		"numbers":   sampleNumber + " 20 TIER_10K CONNECTED Corner Shop DECLINED 1",
		"templates": "order PAUSED  MARKETING YELLOW",
		"messages":  "0 delivered wamid.ours.0",
		"conflicts": "0 failed true",
	} {
		if !slices.Contains(want[what], line) {
			t.Errorf("in order the %s are %q, without %s", what, want[what], line)
		}
	}
	for range 4 {
		seed := rand.Uint64()
		synctest.Test(t, func(t *testing.T) {
			got := newSampleBench(t).play(shuffled(rand.New(rand.NewPCG(seed, 0))))
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("seed %d (-in order +shuffled):\n%s", seed, diff)
			}
		})
	}
}

// The control: if the same notice looked like another each time it comes, the
// events would not be the same.
func TestWithoutItsKeyANoticeWouldCountTwice(t *testing.T) {
	run := func(arrange func([]string) []string) (all map[string][]string) {
		synctest.Test(t, func(t *testing.T) {
			b := newSampleBench(t)
			times := 0
			b.in.Decode = func(body []byte) ([]wa.Update, error) {
				updates, err := callback.Decode(body)
				for _, u := range updates {
					if u.Notice != nil {
						times++
						u.Notice.Rest = must(json.Marshal(times))(t)
					}
				}
				return updates, err
			}
			all = b.play(arrange)
		})
		return all
	}
	once := run(inOrder)
	twice := run(func(bodies []string) []string { return slices.Concat(bodies, bodies) })
	if len(twice["events"]) <= len(once["events"]) {
		t.Errorf("%d events, and %d when all came twice", len(once["events"]), len(twice["events"]))
	}
}

func TestASignatureIsOverTheBytesAsTheyCame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.run()
		spelled := []string{`é😀/`, `\u00e9\ud83d\ude00/`, `\u00E9\uD83D\uDE00/`, `é\ud83D\uDe00\/`}
		var bodies []string
		for i, word := range spelled {
			body := messages(text(fmt.Sprint("wamid.", i), "WORD"))
			bodies = append(bodies, strings.Replace(body, "WORD", word, 1))
		}
		for i, body := range bodies {
			for j, other := range bodies {
				want := http.StatusForbidden
				if i == j {
					want = http.StatusOK
				}
				if got := b.callback(body, sign(strings.Replace(other, fmt.Sprint("wamid.", j), fmt.Sprint("wamid.", i), 1), secretA)); got != want {
					t.Errorf("%s signed as %s is answered %d", spelled[i], spelled[j], got)
				}
			}
		}
		synctest.Wait()
		kept := b.kept()
		if len(kept) != len(bodies) {
			t.Fatalf("%d callbacks are kept", len(kept))
		}
		for i, k := range kept {
			if k.Body != bodies[i] {
				t.Errorf("kept %q, want %q", k.Body, bodies[i])
			}
		}
		for _, told := range b.told() {
			if !strings.Contains(told.body, "é😀/") {
				t.Errorf("told %s", told.body)
			}
		}
	})
}

// Meta's most: 3 MB, and 1,000 updates, each of which is told.
func TestTheLargestCallbackIsApplied(t *testing.T) {
	const updates = 1000
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.run()
		all := make([]object, updates)
		for i := range all {
			all[i] = text(fmt.Sprint("wamid.", i), strings.Repeat("x", 2950))
			all[i]["from"] = fmt.Sprint(15550100000 + i)
		}
		body := messages(all...)
		if len(body) < 3_000_000 || len(body) > 3<<20 {
			t.Fatalf("the body has %d bytes", len(body))
		}
		b.post(body, secretA)
		if k := b.last(); k.State != "done" || k.Body != body {
			t.Errorf("it is %s with %d bytes", k.State, len(k.Body))
		}
		if n := len(b.told()); n != updates {
			t.Errorf("%d are told, want %d", n, updates)
		}
	})
}

// A process that ends in the middle of a large callback leaves it to the next one,
// and nothing is told twice.
func TestALargeCallbackThatBreaksOffIsAppliedOnce(t *testing.T) {
	const updates = 450
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		all := make([]object, updates)
		for i := range all {
			all[i] = text(fmt.Sprint("wamid.", i), "hello")
		}
		b.post(messages(all...), secretA)
		// The first steps of it, as of a process that is killed after them.
		c := must(b.db.ClaimCallbacks(t.Context(), 1, lease))(t)[0]
		decoded := must(callback.Decode(c.Body))(t)
		first := []wa.AccountUpdates{{AccountID: b.account, Updates: decoded[:200]}}
		check(t, b.db.SettleCallback(t.Context(), c, first))
		check(t, b.db.RetryCallback(t.Context(), c.ID))
		b.run()
		if n := len(b.told()); n != updates {
			t.Errorf("%d are told, want %d", n, updates)
		}
	})
}

// One number's callbacks are applied together, in the order they came.
func TestCallbacksAreAppliedInTheOrderTheyCame(t *testing.T) {
	const callbacks = 100
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		for i := range callbacks {
			b.post(messages(text(fmt.Sprintf("wamid.%03d", i), fmt.Sprintf("number %03d.", i))), secretA)
		}
		b.run()
		told := b.told()
		if len(told) != callbacks {
			t.Fatalf("%d are told", len(told))
		}
		for i, one := range told {
			if !strings.Contains(one.body, fmt.Sprintf("number %03d.", i)) {
				t.Fatalf("the %dth is %s", i, one.body)
			}
		}
		if n := len(b.log.lines(t, "callback applied")); n != callbacks {
			t.Errorf("%d lines", n)
		}
	})
}

// refusing cannot find the sources of one number.
type refusing struct {
	Sources

	number string
}

func (r refusing) SourcesByNumber(ctx context.Context, number string) ([]wa.Source, error) {
	if number == r.number {
		return nil, &wa.Error{Code: wa.CodeUnavailable, Message: "cannot be read"}
	}
	return r.Sources.SourcesByNumber(ctx, number)
}

func TestACallbackThatCannotBeAppliedDoesNotKeepTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.newAccount("other", numberB, secretB)
		b.in.Sources = refusing{b.in.Sources, numberB}
		b.post(messages(text("wamid.1", "first")), secretA)
		b.post(envelope(numberB, object{"messages": []object{text("wamid.2", "second")}}), secretB)
		b.post(messages(text("wamid.3", "third")), secretA)
		b.run()
		var states []string
		for _, k := range b.kept() {
			states = append(states, k.State)
		}
		if want := []string{"done", "new", "done"}; !slices.Equal(states, want) {
			t.Errorf("the callbacks are %v, want %v", states, want)
		}
		if n := len(b.told()); n != 2 {
			t.Errorf("%d are told", n)
		}
	})
}

// What was parked is applied once the decoder knows better.
func TestAParkedCallbackIsAppliedAfterAnUpgrade(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.in.Decode = func([]byte) ([]wa.Update, error) { return nil, &wa.Error{Message: "an older version"} }
		stop := b.run()
		b.post(messages(text("wamid.1", "hello")), secretA)
		stop()
		if k := b.last(); k.State != "parked" {
			t.Fatalf("kept %+v", k)
		}
		b.in.Decode = callback.Decode
		b.run()
		if n := must(b.db.RetryParkedCallbacks(t.Context()))(t); n != 1 {
			t.Errorf("%d are applied again", n)
		}
		synctest.Wait()
		if got := b.told(); len(got) != 1 || b.last().State != "done" {
			t.Errorf("told %v, kept %+v", got, b.last())
		}
	})
}
