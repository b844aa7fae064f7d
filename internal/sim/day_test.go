package sim_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/waypost/waypost/internal/sim"
	"github.com/waypost/waypost/internal/sim/ledger"
)

var update = flag.Bool("update", false, "write the golden transcript anew")

// diary writes down what is done to the simulator and what it calls back, with the simulated time.
type diary struct {
	t     *testing.T
	s     *sim.Sim
	down  bool
	text  strings.Builder
	names map[string]string // of wamids, so that the text says who is who
}

func (d *diary) write(format string, args ...any) {
	line := fmt.Sprintf(format, args...)
	for wamid, name := range d.names {
		line = strings.ReplaceAll(line, wamid, name)
	}
	fmt.Fprintf(&d.text, "%s  %s\n", d.s.Clock().Now.Format("02 Jan 15:04:05.000"), line)
}

func (d *diary) name(wamid, name string) string {
	d.names[wamid] = name
	return wamid
}

// RoundTrip is the receiver of callbacks.
func (d *diary) RoundTrip(r *http.Request) (*http.Response, error) {
	if d.down {
		return nil, errors.New("nobody is there")
	}
	var body struct {
		Entry []struct {
			Changes []struct {
				Field string
				Value struct {
					Messages []struct{ ID, Type string }
					Statuses []struct {
						ID, Status string
						Errors     []struct {
							Code  int
							Title string
						}
					}
					Event, Reason string
					Template      string `json:"message_template_name"`
				}
			}
		}
	}
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		return nil, err
	}
	change := body.Entry[0].Changes[0]
	switch v := change.Value; {
	case len(v.Messages) > 0:
		d.write("    callback: a message of type %s", v.Messages[0].Type)
	case len(v.Statuses) > 0 && len(v.Statuses[0].Errors) > 0:
		d.write("    callback: %s %s with %d %s", v.Statuses[0].ID, v.Statuses[0].Status, v.Statuses[0].Errors[0].Code, v.Statuses[0].Errors[0].Title)
	case len(v.Statuses) > 0:
		d.write("    callback: %s %s", v.Statuses[0].ID, v.Statuses[0].Status)
	default:
		d.write("    callback: %s %s %s %s", change.Field, v.Template, v.Event, v.Reason)
	}
	return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody, Request: r}, nil
}

// until lets time go on to a time of the first day, or of a later one.
func (d *diary) until(days int, clock string) {
	d.t.Helper()
	at, err := time.Parse(time.TimeOnly, clock)
	check(d.t, err)
	midnight := day0().Truncate(24*time.Hour).AddDate(0, 0, days)
	check(d.t, d.s.SetTime(d.t.Context(), midnight.Add(at.Sub(at.Truncate(24*time.Hour)))))
}

func (d *diary) says(text string) {
	d.t.Helper()
	d.write("the phone writes %q", text)
	_, err := d.s.Say(d.t.Context(), sim.Inbound{From: user, Text: text})
	check(d.t, err)
}

// sends sends something to the phone, and says what became of it at once.
func (d *diary) sends(name, content string) {
	d.t.Helper()
	w := askJSON(d.s.Graph(), http.MethodPost, "/v23.0/"+numberID+"/messages", token, envelope(`"to":"`+user+`",`+content))
	var answer struct {
		Messages []struct{ ID string }
		Error    struct {
			Code    int
			Message string
		}
	}
	check(d.t, json.Unmarshal(w.Body.Bytes(), &answer))
	if w.Code != http.StatusOK {
		d.write("the business sends %s: refused, HTTP %d, %s", name, w.Code, answer.Error.Message)
		return
	}
	d.write("the business sends %s: %s", name, d.name(answer.Messages[0].ID, "<"+name+">"))
}

func (d *diary) get(what, path string) *httptest.ResponseRecorder {
	d.t.Helper()
	w := ask(d.s.Graph(), http.MethodGet, path, token, "", nil)
	d.write("the business gets %s: HTTP %d", what, w.Code)
	return w
}

// TestDay lives a day and a bit in simulated time. To write the transcript anew: go test ./internal/sim -run TestDay -update
func TestDay(t *testing.T) {
	d := &diary{t: t, names: map[string]string{}}
	d.s = stage(t, func(o *sim.Options) {
		o.Client = &http.Client{Transport: d}
		o.Timing = sim.Timing{Sent: exact(200 * time.Millisecond), Delivered: exact(time.Second), Read: exact(30 * time.Second), Review: exact(40 * time.Minute)}
	})
	const text, template = `"type":"text","text":{"body":"hello"}`, `"type":"template","template":{"name":"visit","language":{"code":"en"}}`
	create := `{"name":"visit","language":"en","category":"UTILITY","components":[{"type":"BODY","text":"See you on Monday."}]}`

	d.sends("a text before anybody wrote", text)
	d.until(0, "08:30:00")
	d.says("Good morning")
	d.sends("an answer", text)

	d.until(0, "09:00:00")
	w := askJSON(d.s.Graph(), http.MethodPost, "/v23.0/900001/message_templates", token, create)
	d.write("the business creates a template: HTTP %d", w.Code)
	d.sends("a template under review", template)
	d.until(0, "09:45:00")
	d.sends("an approved template", template)

	d.until(0, "10:00:00")
	d.write("the phone sends a picture")
	_, err := d.s.Say(t.Context(), sim.Inbound{From: user, Media: strings.NewReader("picture"), MIMEType: "image/png"})
	check(t, err)
	id := d.picture()
	var medium struct{ URL string }
	decode(t, d.get("the address of the picture", "/v23.0/"+id), http.StatusOK, &medium)
	d.until(0, "10:04:59")
	d.get("the bytes", medium.URL)
	d.until(0, "10:05:00")
	d.get("the bytes from the same address", medium.URL)

	d.until(0, "12:00:00")
	d.down = true
	d.write("the receiver of callbacks goes down")
	d.says("Is anybody there?")
	d.sends("an answer that nobody hears of", text)
	d.until(0, "18:00:00")
	d.down = false
	d.write("the receiver is back; %d callbacks wait", len(d.s.Ledger().Callbacks(ledger.Filter{Outcome: ledger.Pending})))
	d.until(0, "19:00:00")
	for _, c := range d.s.Ledger().Callbacks(ledger.Filter{Outcome: ledger.Delivered}) {
		if c.Attempts > 1 {
			d.write("%s callback: %d attempts, from %s to %s", c.Field, c.Attempts, c.Created.Format("15:04:05"), c.LastTry.Format("15:04:05"))
		}
	}

	d.until(1, "11:59:59")
	d.sends("a text in the last second", text)
	d.until(1, "12:00:00")
	d.sends("a text when the window has closed", text)
	d.sends("a template then", template)
	d.until(7, "09:59:59")
	d.get("the address of the picture in its last second", "/v23.0/"+id)
	d.until(7, "10:00:00")
	d.get("the address of the picture after seven days", "/v23.0/"+id)

	golden := filepath.Join("testdata", "day.txt")
	if *update {
		check(t, os.MkdirAll("testdata", 0o755))
		check(t, os.WriteFile(golden, []byte(d.text.String()), 0o600))
	}
	want, err := os.ReadFile(golden)
	check(t, err)
	if diff := cmp.Diff(string(bytes.TrimSpace(want)), strings.TrimSpace(d.text.String())); diff != "" {
		t.Errorf("the day was another (-want +got):\n%s", diff)
	}
}

// picture finds the id of the medium that the phone sent last.
func (d *diary) picture() string {
	d.t.Helper()
	messages, err := d.s.Messages(user)
	check(d.t, err)
	last := messages[len(messages)-1]
	if last.Media == nil {
		d.t.Fatal("no picture")
	}
	return last.Media.ID
}
