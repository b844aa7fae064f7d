package inbox

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
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

	"github.com/waypost/waypost/internal/wa"
)

var update = flag.Bool("update", false, "write the golden files")

// metaSample is a callback of Meta's documentation, as it is there, and what it is
// about, read without the code under test.
type metaSample struct {
	name, body     string
	numbers, wabas []string
	// wamids are those of its statuses.
	wamids    []string
	templates []wa.StoredTemplate
	// left is the number that somebody gives up in it.
	left string
}

// metaSamples reads Meta's samples where they lie, sorted by their name.
func metaSamples(tb testing.TB) (all []metaSample) {
	tb.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", "..", "shared", "fixtures", "meta-webhooks.jsonl"))
	if errors.Is(err, fs.ErrNotExist) {
		tb.Skip("Meta's samples are not beside this checkout")
	}
	check(tb, err)
	for line := range bytes.Lines(data) {
		var one struct {
			Name    string
			Payload json.RawMessage
		}
		check(tb, json.Unmarshal(line, &one))
		s := metaSample{name: one.Name, body: string(one.Payload)}
		all = append(all, s.looked(tb))
	}
	slices.SortFunc(all, func(a, b metaSample) int { return strings.Compare(a.name, b.name) })
	return all
}

// looked returns the sample with what it is about.
func (s metaSample) looked(tb testing.TB) metaSample {
	tb.Helper()
	var said struct {
		Entry []struct {
			ID      string
			Changes []struct {
				Value struct {
					Metadata struct {
						NumberID string `json:"phone_number_id"`
					}
					Statuses []struct{ ID string }
					Messages []struct {
						From   string
						System struct{ Type string }
					}
					About struct {
						WABAID string `json:"waba_id"`
					} `json:"waba_info"`
					Template json.Number `json:"message_template_id"`
					Name     string      `json:"message_template_name"`
					Language string      `json:"message_template_language"`
				}
			}
		}
	}
	check(tb, json.Unmarshal([]byte(s.body), &said))
	for _, e := range said.Entry {
		s.wabas = append(s.wabas, e.ID)
		for _, c := range e.Changes {
			s.numbers, s.wabas = append(s.numbers, c.Value.Metadata.NumberID), append(s.wabas, c.Value.About.WABAID)
			if v := c.Value; v.Template != "" {
				s.templates = append(s.templates, wa.StoredTemplate{
					WABAID: e.ID, ID: string(v.Template), Name: v.Name, Language: v.Language, Status: wa.TemplatePending,
				})
			}
			for _, m := range c.Value.Messages {
				if m.System.Type == "user_changed_number" {
					s.left = m.From
				}
			}
			for _, status := range c.Value.Statuses {
				s.wamids = append(s.wamids, status.ID)
			}
		}
	}
	s.numbers, s.wabas, s.wamids = distinct(s.numbers), distinct(s.wabas), distinct(s.wamids)
	return s
}

// distinct returns the words that are not empty, each once and sorted.
func distinct(words []string) []string {
	words = slices.DeleteFunc(slices.Clone(words), func(w string) bool { return w == "" })
	slices.Sort(words)
	return slices.Compact(words)
}

// owns gives an account the numbers and the WABAs of samples, under an app with
// this secret, and the messages and templates that they are about.
func (b *bench) owns(account wa.AccountID, secret string, samples ...metaSample) {
	b.Helper()
	var numbers, wabas []string
	for _, s := range samples {
		numbers, wabas = append(numbers, s.numbers...), append(wabas, s.wabas...)
	}
	numbers, wabas = distinct(numbers), distinct(wabas)
	for i := range max(len(numbers), len(wabas)) {
		n := wa.Number{
			ID: fmt.Sprint("number of WABA ", i), WABAID: fmt.Sprint("WABA of number ", i), Display: "15550100000",
			Token: wa.NewSecret("access token"), AppSecret: wa.NewSecret(secret),
		}
		if i < len(numbers) {
			n.ID = numbers[i]
		}
		if i < len(wabas) {
			n.WABAID = wabas[i]
		}
		must(b.db.CreateSource(b.Context(), wa.Source{
			ID: wa.NewID[wa.SourceID](), AccountID: account, Name: fmt.Sprint("source ", i), CreatedAt: time.Now(), Number: n,
		}))(b)
	}
	for _, s := range samples {
		for _, template := range s.templates {
			template.AccountID, template.UpdatedAt = account, time.Now()
			check(b, b.db.PutTemplate(b.Context(), template))
		}
		for _, wamid := range s.wamids {
			b.settle(b.begunBy(account, s.numbers[0]), wamid)
		}
	}
}

// each calls do with each row of a query, of which every column is text.
func (b *bench) each(db *sql.DB, columns int, query string, do func(row []string), args ...any) {
	b.Helper()
	rows := must(db.QueryContext(b.Context(), query, args...))(b)
	defer rows.Close()
	for rows.Next() {
		row, into := make([]string, columns), make([]any, columns)
		for i := range row {
			into[i] = &row[i]
		}
		check(b, rows.Scan(into...))
		do(row)
	}
	check(b, rows.Err())
}

// members returns the names of what a JSON value has, without what they hold.
// Below raw they are Meta's.
func members(v any, at string) (names []string) {
	switch v := v.(type) {
	case map[string]any:
		for key, member := range v {
			if key != "raw" {
				names = append(names, members(member, strings.TrimPrefix(at+"."+key, "."))...)
			}
		}
	case []any:
		for _, element := range v {
			names = append(names, members(element, at)...)
		}
	default:
		return []string{at}
	}
	return distinct(names)
}

// eventLine is an event without its values.
func (b *bench) eventLine(kind, fact, data string) string {
	b.Helper()
	var said map[string]any
	check(b, json.Unmarshal([]byte(data), &said))
	if notice, ok := said["notice"].(map[string]any); ok {
		fact = fmt.Sprint(notice["kind"]) // else it is a sum
	}
	return strings.Join(append([]string{kind, strings.TrimSuffix(fact, "/")}, members(said, "")...), " ")
}

// Each sample is posted as it is to an account of its own. What is committed has
// no value of Meta's.
func TestMetasSamplesBecomeTheseEvents(t *testing.T) {
	all := metaSamples(t)
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC)))
		b := newBench(t)
		accounts := make([]wa.AccountID, len(all))
		for i, s := range all {
			secret := fmt.Sprint("app secret ", i)
			accounts[i] = b.newAccount(fmt.Sprint("account ", i), fmt.Sprint("number ", i), secret)
			b.owns(accounts[i], secret, s)
		}
		time.Sleep(time.Second)
		stop := b.run()
		for i, s := range all {
			b.post(s.body, fmt.Sprint("app secret ", i))
			if k := b.last(); k.Body != s.body || k.State != "done" {
				t.Errorf("%s: it is %s %s, the same bytes: %t", s.name, k.State, k.Reason, k.Body == s.body)
			}
			if n := b.number("callback applied", "foreign"); n != 0 {
				t.Errorf("%s: %d updates are nobody's", s.name, n)
			}
		}
		stop()
		db := must(sql.Open("sqlite", "file:"+b.path+"?_pragma=query_only(1)"))(t)
		defer db.Close()
		var out bytes.Buffer
		for i, s := range all {
			var lines []string
			b.each(db, 3, `SELECT kind, fact, data FROM events WHERE account_id = $1`, func(row []string) {
				lines = append(lines, b.eventLine(row[0], row[1], row[2]))
			}, accounts[i])
			b.each(db, 1, `SELECT fact FROM parked_statuses WHERE account_id = $1`, func(row []string) {
				t.Errorf("%s: the status %s waits for a message", s.name, row[0])
			}, accounts[i])
			if len(lines) == 0 {
				t.Errorf("%s: no event", s.name)
			}
			slices.Sort(lines)
			fmt.Fprintf(&out, "%s\n", s.name)
			for _, line := range lines {
				fmt.Fprintf(&out, "\t%s\n", line)
			}
		}
		golden(t, filepath.Join("testdata", "samples.golden"), out.Bytes())
	})
}

// golden compares with a file, or writes it.
func golden(tb testing.TB, path string, got []byte) {
	tb.Helper()
	if *update {
		check(tb, os.MkdirAll(filepath.Dir(path), 0o755))
		check(tb, os.WriteFile(path, got, 0o644))
		return
	}
	if diff := cmp.Diff(string(must(os.ReadFile(path))(tb)), string(got)); diff != "" {
		tb.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

// ended is all that one account came to. Ids and times of ours differ each time and
// are left out. How a person is called inside is by chance, so it goes by its ids.
func (b *bench) ended() map[string][]string {
	b.Helper()
	db := must(sql.Open("sqlite", "file:"+b.path+"?_pragma=query_only(1)"))(b)
	defer db.Close()
	ids := map[string][]string{}
	b.each(db, 2, `SELECT person, id FROM person_ids ORDER BY id`, func(row []string) { ids[row[0]] = append(ids[row[0]], row[1]) })
	all := map[string][]string{}
	for what, query := range map[string]string{
		"messages":  `SELECT '', status || ' ' || wamid || ' ' || duplicated FROM messages`,
		"statuses":  `SELECT '', m.wamid || ' ' || e.fact || ' ' || e.data FROM events e JOIN messages m ON m.id = e.message_id`,
		"events":    `SELECT '', kind || ' ' || subject || ' ' || fact || ' ' || json_remove(data, '$.inbound.media.id') FROM events WHERE message_id = ''`,
		"unmatched": `SELECT '', wamid || ' ' || fact FROM parked_statuses`,
		"callbacks": `SELECT DISTINCT '', state FROM callbacks`,
		"media":     `SELECT '', meta_id || ' ' || state || ' ' || number_id || ' ' || wamid FROM media`,
		"numbers": `SELECT '', number_id || ' ' || throughput || ' ' || tier || ' ' || status || ' ' || name || ' ' || name_status || ' ' ||
			coexistence FROM numbers`,
		"templates":  `SELECT '', waba_id || ' ' || name || ' ' || status || ' ' || reason || ' ' || category || ' ' || quality FROM templates`,
		"windows":    `SELECT contact, number_id || ' ' || wrote_at FROM windows`,
		"consents":   `SELECT person, state || ' ' || blocked FROM consents`,
		"ids":        `SELECT person, id || ' ' || kind FROM person_ids`,
		"names":      `SELECT person, name || ' ' || username FROM persons`,
		"deliveries": `SELECT '', count(*) || '' FROM deliveries`,
	} {
		b.each(db, 2, query, func(row []string) {
			who := row[0]
			if known := ids[who]; known != nil {
				who = strings.Join(known, "+")
			}
			all[what] = append(all[what], who+" "+row[1])
		})
		slices.Sort(all[what])
	}
	return all
}

// own gives a sample wamids of its own, as Meta's messages have them: its examples
// repeat one another's. Who gives up a number is somebody of the sample's own as
// well: in others the same number goes on writing within hours, which no number
// does, and what came before the notice is then the former owner's.
func (s metaSample) own(i int) metaSample {
	prefix := fmt.Sprintf("wamid.%03d.", i)
	s.body = strings.ReplaceAll(s.body, `"wamid.`, `"`+prefix)
	if s.left != "" {
		s.body = strings.ReplaceAll(s.body, s.left, "15550100001")
	}
	s.wamids = slices.Clone(s.wamids)
	for j, wamid := range s.wamids {
		if rest, is := strings.CutPrefix(wamid, "wamid."); is {
			s.wamids[j] = prefix + rest
		}
	}
	return s
}

// playMeta gives one account all samples in the order that arrange makes of them.
func playMeta(t *testing.T, all []metaSample, arrange func([]string) []string) (state map[string][]string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC)))
		b := newBench(t)
		b.owns(b.account, secretA, all...)
		time.Sleep(time.Second)
		bodies := make([]string, len(all))
		for i, s := range all {
			bodies[i] = s.body
		}
		stop := b.run()
		for i, body := range arrange(bodies) {
			if got := b.callback(body, sign(body, secretA)); got != http.StatusOK {
				t.Errorf("answered %d to %s", got, body)
			}
			if i%10 == 0 { // else they come while others are applied
				synctest.Wait()
			}
		}
		synctest.Wait()
		stop()
		state = b.ended()
	})
	return state
}

func TestMetasSamplesInAnyOrderEndTheSame(t *testing.T) {
	all := metaSamples(t)
	for i, s := range all {
		all[i] = s.own(i)
	}
	if len(all) < 100 {
		t.Fatalf("only %d samples", len(all))
	}
	want := playMeta(t, all, inOrder)
	for what, least := range map[string]int{
		"callbacks": 1, "events": 100, "statuses": 8, "messages": 8, "media": 9, "numbers": 20, "templates": 3, "windows": 10, "ids": 4, "names": 5,
	} {
		if len(want[what]) < least {
			t.Errorf("in order there are only %d %s: %q", len(want[what]), what, want[what])
		}
	}
	if !slices.Equal(want["callbacks"], []string{" done"}) || len(want["unmatched"]) > 0 {
		t.Errorf("in order the callbacks are %q, and %q wait", want["callbacks"], want["unmatched"])
	}
	for range 3 {
		seed := rand.Uint64()
		got := playMeta(t, all, shuffled(rand.New(rand.NewPCG(seed, 0))))
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("seed %d (-in order +shuffled):\n%s", seed, diff)
		}
	}
}
