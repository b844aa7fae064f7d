package webhook

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/waypost/waypost/internal/wa"
	"github.com/waypost/waypost/internal/waapi/hook"
	"github.com/waypost/waypost/internal/work"
)

func TestAnEventIsPostedOnceWithTheBodyAndHeadersAgreed(t *testing.T) {
	for _, status := range []int{200, 201, 202, 204, 299} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, answer(status))
				b.put(b.account, "https://acme.example/hook?key=1", map[string]wa.Secret{
					"X-Key": wa.NewSecret("endpoint key"), "content-type": wa.NewSecret("text/evil"), "User-Agent": wa.NewSecret("theirs"),
				})
				b.wrote("hello", "15550100001")
				d := must(b.db.ClaimDeliveries(t.Context(), 1, time.Minute, nil))(t)[0]
				want := string(must(hook.Writer{}.Body(d))(t))
				stop := b.seldom() // takes the delivery over
				time.Sleep(2 * time.Hour)
				stop()
				time.Sleep(80 * time.Hour)
				b.seldom()
				time.Sleep(2 * time.Hour)
				got := b.posts(1)[0]
				if got.body != want || got.url != "https://acme.example/hook?key=1" {
					t.Errorf("%s got %s, want %s", got.url, got.body, want)
				}
				for name, value := range map[string]string{
					"X-Key": "endpoint key", "Content-Type": "application/json", "User-Agent": "theirs",
				} {
					if values := got.header.Values(name); !slices.Equal(values, []string{value}) {
						t.Errorf("%s is %q, want %q", name, values, value)
					}
				}
				if k := b.deliveries()[0]; k != (kept{State: "done", Attempts: 1, Status: status}) {
					t.Errorf("kept %+v", k)
				}
			})
		})
	}
}

// faults are the ways not to take an event, with what is kept of each.
func faults() map[string]struct {
	handle http.HandlerFunc
	// takes is how long an attempt lasts.
	takes time.Duration
	kept  kept
} {
	type fault = struct {
		handle http.HandlerFunc
		takes  time.Duration
		kept   kept
	}
	broken := func(err error) http.HandlerFunc { return func(http.ResponseWriter, *http.Request) { panic(err) } }
	return map[string]fault{
		"error":    {answer(500), 0, kept{Status: 500, Reason: "the endpoint answered 500, not 2xx"}},
		"gone":     {answer(410), 0, kept{Status: 410, Reason: "the endpoint answered 410, not 2xx"}},
		"refused":  {broken(fmt.Errorf("dial: %w", syscall.ECONNREFUSED)), 0, kept{Reason: "the connection failed: connection refused"}},
		"cut":      {broken(io.EOF), 0, kept{Reason: "the endpoint closed the connection without an answer"}},
		"nonsense": {broken(errors.New("malformed HTTP response")), 0, kept{Reason: "the endpoint gave no valid answer"}},
		"timeout":  {slow(time.Hour), timeout, kept{Reason: "the endpoint did not answer in time"}},
		"redirect": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://elsewhere.example/", http.StatusTemporaryRedirect)
		}, 0, kept{Status: 307, Reason: "the endpoint answered 307, not 2xx"}},
	}
}

// schedule is the documented wait after the n-th failure, before jitter takes
// up to a quarter off: 2 s, 4 s, 8 s … 1 h.
func schedule(n int) time.Duration { return min(time.Second<<min(n, 20), time.Hour) }

// onSchedule ends the test unless the posts came at the documented times. A due
// delivery is seen at the next look, so at most look later.
func onSchedule(t *testing.T, posts []post, takes, look time.Duration) {
	t.Helper()
	for i := 1; i < len(posts); i++ {
		d := schedule(i)
		if gap := posts[i].at.Sub(posts[i-1].at) - takes; gap < d-d/4 || gap > d+look {
			t.Errorf("attempt %d came %v after the one before it had failed, want %v to %v", i+1, gap, d-d/4, d)
		}
		if posts[i].body != posts[0].body || posts[i].url != posts[0].url {
			t.Errorf("attempt %d posted something else or elsewhere: %s to %s", i+1, posts[i].body, posts[i].url)
		}
	}
}

func TestAnEventThatIsNotTakenIsPostedAgainOnScheduleToTheSecond(t *testing.T) {
	for name, fault := range faults() {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, fault.handle)
				b.wrote("hello", "15550100001")
				b.start()
				time.Sleep(5 * time.Minute)
				synctest.Wait()
				posts := b.world.got()
				if len(posts) < 7 {
					t.Fatalf("%d posts in five minutes", len(posts))
				}
				onSchedule(t, posts, fault.takes, poll)
				got := b.deliveries()[0]
				if got.Attempts < len(posts)-1 || got.Attempts > len(posts) {
					t.Errorf("%d attempts are counted of %d", got.Attempts, len(posts))
				}
				fault.kept.State, fault.kept.Attempts = "due", got.Attempts
				if got != fault.kept {
					t.Errorf("kept %+v, want %+v", got, fault.kept)
				}
			})
		})
	}
}

func TestAnEventIsGivenUpAfterThreeDaysAndNotBefore(t *testing.T) {
	for _, status := range []int{500, 410} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, answer(status))
				began := time.Now()
				b.wrote("hello", "15550100001")
				stop := b.seldom()
				const look, days = 5 * time.Minute, 72 * time.Hour
				time.Sleep(days - lastRetry - look)
				b.want("due")
				time.Sleep(lastRetry + look)
				synctest.Wait()
				b.want("dead")
				posts := b.world.got()
				onSchedule(t, posts, 0, look)
				if last := posts[len(posts)-1].at.Sub(began); last > days || last < days-lastRetry-look {
					t.Errorf("the last attempt was at %v", last)
				}
				stop()
				time.Sleep(30 * 24 * time.Hour)
				b.seldom()
				time.Sleep(time.Hour)
				b.posts(len(posts))
				if lines := b.log.lines(t, "delivery attempted"); lines[len(lines)-1]["given_up"] != true || lines[len(lines)-1]["level"] != "WARN" {
					t.Errorf("the log ends with %v", lines[len(lines)-1])
				}
			})
		})
	}
}

// The three days were counted from the event alone: after the gateway itself had
// been down that long, each event that waited got one attempt and was given up.
func TestAnEventThatWaitedForTheGatewayIsNotGivenUpAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, answer(503))
		b.wrote("hello", "15550100001")
		time.Sleep(keepTrying + 24*time.Hour)
		b.seldom()
		time.Sleep(time.Hour)
		b.want("due")
		b.world.set(answer(200))
		time.Sleep(2 * time.Hour)
		synctest.Wait()
		b.want("done")
	})
}

func TestContactsKeepTheirOrderAndDoNotWaitForEachOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const slowOne = "15550199999"
		b := newBench(t, func(w http.ResponseWriter, r *http.Request) {
			if body := must(io.ReadAll(r.Body))(t); strings.Contains(string(body), slowOne) {
				slow(10*time.Second)(w, r)
			}
		})
		for i := range 4 {
			b.wrote(fmt.Sprint("text ", i), append([]string{slowOne}, people(3)...)...)
		}
		b.run(b.dispatcher(64))
		if n := len(b.world.got()); n != 4*3+1 {
			t.Fatalf("at once there were %d posts, want 12 about the others and 1 about the slow one", n)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		texts := map[string][]string{}
		for _, p := range b.posts(4 * 4) {
			var body struct {
				Incoming []struct {
					From string
					Text struct{ Text string } `json:"text_type"`
				} `json:"incoming_message"`
			}
			check(t, json.Unmarshal([]byte(p.body), &body))
			in := body.Incoming[0]
			texts[in.From] = append(texts[in.From], in.Text.Text)
		}
		for _, from := range append([]string{slowOne}, people(3)...) {
			if want := []string{"text 0", "text 1", "text 2", "text 3"}; !slices.Equal(texts[from], want) {
				t.Errorf("about %s came %v", from, texts[from])
			}
		}
	})
}

// Attempts that hang took a place each, so an endpoint that did not answer about
// more contacts than there are places held up all others.
func TestADeadEndpointDoesNotHoldUpAnother(t *testing.T) {
	for _, name := range []string{"dead from the start", "dies when busy"} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const width, rounds = 8, 20
				b := newBench(t, answer(200))
				account := b.newAccount("dead")
				b.put(account, "https://dead.example/", nil)
				b.run(b.dispatcher(width))
				if name == "dies when busy" {
					b.wroteTo(account, "hello", people(10*width)...)
					synctest.Wait()
					b.want("done")
				}
				b.world.set(func(w http.ResponseWriter, r *http.Request) {
					if r.Host == "dead.example" {
						slow(time.Hour)(w, r)
					}
				})
				before := len(b.world.got())
				b.wroteTo(account, "hello", people(10*width)...)
				for i := range rounds {
					b.wrote("hello", people(10)...)
					time.Sleep(time.Second)
					if got, want := b.postsTo("https://acme.example/"), 10*(i+1); got != want {
						t.Fatalf("a second later %d of %d events had reached the healthy endpoint", got, want)
					}
					time.Sleep(6 * time.Second)
				}
				dead := b.postsTo("https://dead.example/") - before
				if most := (1 + width/2) + rounds*7/15; dead < rounds*7/15 || dead > most {
					t.Errorf("the dead endpoint was tried %d times, want %d to %d", dead, rounds*7/15, most)
				}
				// It loses nothing by it.
				b.world.set(answer(200))
				time.Sleep(time.Minute)
				synctest.Wait()
				b.want("done")
			})
		})
	}
}

// Nobody else needs them, but somebody may at any moment.
func TestAnEndpointThatAnswersPromptlyHasHalfOfThePlaces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const width = 16
		b := newBench(t, slow(time.Second))
		b.run(b.dispatcher(width))
		b.wrote("hello", people(200)...)
		under := func(after time.Duration) int {
			before := len(b.world.got())
			time.Sleep(after)
			synctest.Wait()
			return len(b.world.got()) - before
		}
		time.Sleep(time.Second / 2)
		b.posts(width / 8)
		if got, want := under(time.Second), width/2; got != want {
			t.Errorf("after its first answers there are %d posts a second, want %d", got, want)
		}
		b.world.set(slow(promptly + time.Second))
		if got, want := under(time.Second), width/2; got != want {
			t.Errorf("before it is known to be slow there are %d posts, want %d", got, want)
		}
		time.Sleep(promptly + time.Second)
		synctest.Wait()
		if got, want := under(promptly+time.Second), width/8; got != want {
			t.Errorf("as it is slow there are %d posts at a time, want %d", got, want)
		}
	})
}

// A delivery that waited in its lane behind slow answers until its lease was
// over was posted all the same: it had been claimed again meanwhile, so it was
// posted twice, and the result of the first post was lost.
func TestADeliveryWhoseLeaseRanOutInItsLaneIsPostedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, answer(200))
		b.start()
		b.wrote("hello", "15550100001") // it is prompt, so much is claimed for it
		synctest.Wait()
		b.world.set(slow(10 * time.Second))
		b.wrote("hello", slices.Repeat([]string{"15550100001"}, defaultWidth/2)...)
		time.Sleep(30 * time.Minute)
		synctest.Wait()
		b.want("done")
		seen := map[string]int{}
		for _, p := range b.world.got() {
			if seen[p.body]++; seen[p.body] == 2 {
				t.Errorf("posted again: %s", p.body)
			}
		}
		for _, k := range b.deliveries() {
			if k.Attempts != 1 {
				t.Errorf("%d attempts are counted, want 1", k.Attempts)
			}
		}
	})
}

// At least once: between the answer and the settle nobody knows, so the next
// process posts the same again.
func TestAProcessThatDiedAfterThePostPostsTheSameAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, answer(200))
		b.wrote("hello", "15550100001")
		last := b.dispatcher(0)
		claimed := must(b.db.ClaimDeliveries(t.Context(), 10, lease, nil))(t)
		if result := last.attempt(t.Context(), claimed[0]); !result.Done {
			t.Fatalf("the post ended with %+v", result)
		}
		// Here the last process died.
		time.Sleep(time.Second)
		stop := b.start()
		stop()
		posts := b.posts(2)
		if posts[0].body != posts[1].body {
			t.Errorf("first %s, then %s", posts[0].body, posts[1].body)
		}
		b.want("done")
		b.start()
		time.Sleep(time.Minute)
		b.posts(2)
	})
}

func TestAStopLetsThePostsInFlightEndAndBeginsNoMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, slow(10*time.Second))
		b.wrote("hello", people(10)...)
		stop := b.run(b.dispatcher(3 * 8))
		time.Sleep(4 * time.Second)
		began := time.Now()
		stop()
		if took := time.Since(began); took != 6*time.Second {
			t.Errorf("the stop took %v, want the 6s that the posts still needed", took)
		}
		b.posts(3)
		count := map[string]int{}
		for _, k := range b.deliveries() {
			count[k.State]++
		}
		if count["done"] != 3 || count["due"] != 7 {
			t.Errorf("after the stop there are %v, want 3 done and 7 due", count)
		}
		time.Sleep(time.Hour)
		b.posts(3)
		b.start()
		time.Sleep(20 * time.Second)
		synctest.Wait()
		b.posts(10)
		b.want("done")
	})
}

func TestAnEventThatCannotBeEncodedIsGivenUpAndHoldsUpNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, answer(200))
		b.wrote("odd", "15550100001")
		b.wrote("hello", "15550100001")
		d := b.dispatcher(0)
		d.Encode = func(v wa.Delivery) ([]byte, error) {
			if v.Event.Inbound.Text == "odd" {
				return nil, errors.New("odd")
			}
			return hook.Writer{}.Body(v)
		}
		b.run(d)
		b.posts(1)
		all := b.deliveries()
		if all[0].State != "dead" || all[0].Reason == "" || all[1].State != "done" {
			t.Errorf("kept %+v", all)
		}
	})
}

func TestTheEncoderMayPanicAndTheOthersGoOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, answer(200))
		b.wrote("odd", "15550100001")
		b.wrote("hello", people(5)...)
		d := b.dispatcher(0)
		d.Encode = func(v wa.Delivery) ([]byte, error) {
			if v.Event.Inbound.Text == "odd" {
				panic("boom")
			}
			return hook.Writer{}.Body(v)
		}
		b.run(d)
		b.posts(5)
		if n := len(b.log.lines(t, "job panicked")); n != 1 {
			t.Errorf("%d panics are in the log, want 1", n)
		}
	})
}

// endless is the body of an answer that never ends.
type endless struct{ read int }

func (e *endless) Read(p []byte) (int, error) { e.read += len(p); return len(p), nil }
func (*endless) Close() error                 { return nil }

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestAnAnswerThatNeverEndsIsNotReadToItsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		body := &endless{}
		b := newBench(t, nil)
		b.client.Transport = roundTrip(func(r *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: http.StatusOK, Body: body, Request: r}, nil
		})
		b.wrote("hello", "15550100001")
		b.start()
		b.want("done")
		if body.read > 2*maxAnswer {
			t.Errorf("%d bytes of the answer were read", body.read)
		}
	})
}

// The test reads the schedule from the documentation; this ties it to the code.
func TestTheScheduleIsTheOneThatIsDocumented(t *testing.T) {
	for n := 1; n < 20; n++ {
		if got := work.Backoff(n, firstRetry, lastRetry); got > schedule(n) || got < schedule(n)-schedule(n)/4 {
			t.Errorf("after failure %d the wait is %v, want about %v", n, got, schedule(n))
		}
	}
}
