package inbox

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/waypost/waypost/internal/cloudapi/callback"
	"github.com/waypost/waypost/internal/wa"
)

// A signature proves who sent a callback, not that what it says is the sender's
// business.
func TestACallbackOfOneAppCannotSpeakOfANumberOfAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		other := b.newAccount("other", numberB, secretB)
		m := b.begunBy(other, numberB)
		b.settle(m, "wamid.B")
		b.run()
		forged := func(s object) string { return envelope(numberB, object{"statuses": []object{s}}) }
		for _, body := range []string{
			forged(status("wamid.B", "failed")),
			forged(tagged(b.tagger.Tag(m.ID, 1), "wamid.B", "failed")),
			envelope(numberB, object{"messages": []object{text("wamid.X", "hello")}}),
			// Its own number, but the other's message.
			statuses(tagged(b.tagger.Tag(m.ID, 1), "wamid.B", "failed")),
			statuses(status("wamid.B", "failed")),
		} {
			b.post(body, secretA)
			if k := b.last(); k.State != "done" {
				t.Errorf("kept %+v", k)
			}
		}
		if n := len(b.log.lines(t, "callback applied")); n != 5 {
			t.Fatalf("%d callbacks were applied, want 5", n)
		}
		foreign := 0
		for _, line := range b.log.lines(t, "callback applied") {
			if line["foreign"] == 1.0 {
				foreign++
			}
		}
		if foreign != 3 {
			t.Errorf("%d callbacks are logged as foreign, want 3", foreign)
		}
		b.want(wa.StatusSent, m)
		if got := b.told(); len(got) != 0 {
			t.Errorf("customers are told %v", got)
		}
		if until := must(b.db.Window(t.Context(), other, numberB, person))(t); !until.IsZero() {
			t.Error("a forged message opened a window")
		}
		// The control: signed by the right app, the first one counts.
		b.post(forged(status("wamid.B", "failed")), secretB)
		b.want(wa.StatusFailed, m)
	})
}

func TestOneCallbackMayMixNumbersThatItsAppHasAndHasNot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.newAccount("other", numberB, secretB)
		b.run()
		var mixed, foreign map[string]any
		check(t, json.Unmarshal([]byte(messages(text("wamid.1", "mine"))), &mixed))
		check(t, json.Unmarshal([]byte(envelope(numberB, object{"messages": []object{text("wamid.2", "not mine")}})), &foreign))
		mixed["entry"] = append(foreign["entry"].([]any), mixed["entry"].([]any)...)
		b.post(string(must(json.Marshal(mixed))(t)), secretA)
		got := b.told()
		if len(got) != 1 || got[0].account != b.account || !strings.Contains(got[0].body, "mine") || strings.Contains(got[0].body, "not") {
			t.Errorf("told %v", got)
		}
	})
}

func TestANumberInTwoAccountsReachesThoseWhoseSecretSigned(t *testing.T) {
	for _, c := range []struct {
		name, second, signer string
		first, other         bool
	}{
		{"same secret", secretA, secretA, true, true},
		{"different secrets, the first signs", secretB, secretA, true, false},
		{"different secrets, the second signs", secretB, secretB, false, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t)
				other := b.newAccount("other", numberA, c.second)
				b.run()
				b.post(messages(text("wamid.1", "hello")), c.signer)
				reached := map[wa.AccountID]int{}
				for _, told := range b.told() {
					reached[told.account]++
				}
				want := map[wa.AccountID]int{}
				for account, told := range map[wa.AccountID]bool{b.account: c.first, other: c.other} {
					if told {
						want[account] = 1
					}
					if until := must(b.db.Window(t.Context(), account, numberA, person))(t); until.IsZero() == told {
						t.Errorf("window until %v, told %v", until, told)
					}
				}
				if diff := cmp.Diff(want, reached); diff != "" {
					t.Errorf("reached (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// While an app secret is changed, an account may have the same number under two
// sources with a secret each; the message must come once, whichever signs.
func TestANumberInTwoSourcesOfAnAccountIsToldOnce(t *testing.T) {
	for _, signer := range []string{secretA, secretB} {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t)
			b.newSource(b.account, numberA, secretB)
			b.newSource(b.account, numberA, secretB)
			b.run()
			b.post(messages(text("wamid.1", "hello")), signer)
			if got := b.told(); len(got) != 1 {
				t.Errorf("signed by %s, told %d times", signer, len(got))
			}
		})
	}
}

func TestATagFindsItsMessageAndAForgedOneDoesNot(t *testing.T) {
	for _, c := range []struct {
		name string
		tag  func(b *bench, m wa.Message) string
		want wa.Status
	}{
		{"ours", func(b *bench, m wa.Message) string { return b.tagger.Tag(m.ID, 1) }, wa.StatusDelivered},
		{"ours, of an earlier attempt", func(b *bench, m wa.Message) string { return b.tagger.Tag(m.ID, 7) }, wa.StatusDelivered},
		{"signed with another key", func(_ *bench, m wa.Message) string {
			return wa.NewTagger(make([]byte, 32)).Tag(m.ID, 1)
		}, wa.StatusDispatched},
		{"another attempt under its signature", func(b *bench, m wa.Message) string {
			return strings.Replace(b.tagger.Tag(m.ID, 1), ".1.", ".2.", 1)
		}, wa.StatusDispatched},
		{"cut", func(b *bench, m wa.Message) string { return b.tagger.Tag(m.ID, 1)[:40] }, wa.StatusDispatched},
		{"the bare id", func(_ *bench, m wa.Message) string { return string(m.ID) }, wa.StatusDispatched},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t)
				m := b.begun()
				b.run()
				b.post(statuses(tagged(c.tag(b, m), "wamid.1", "delivered")), secretA)
				b.want(c.want, m)
				if want := map[bool]int{true: 1}[c.want == wa.StatusDelivered]; len(b.told()) != want {
					t.Errorf("the customer is not told %d times", want)
				}
				// The wamid is Meta's word, whatever the tag says.
				b.settle(m, "wamid.1")
				b.want(wa.StatusDelivered, m)
			})
		})
	}
}

func TestAStatusBeforeTheAnswerIsMatchedByItAndToldOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		m := b.begun()
		b.run()
		b.post(statuses(status("wamid.1", "delivered")), secretA)
		b.post(statuses(status("wamid.1", "sent")), secretA)
		if got := b.told(); len(got) != 0 {
			t.Errorf("before the answer the customer is told %v", got)
		}
		b.want(wa.StatusDispatched, m)
		time.Sleep(time.Minute)
		b.settle(m, "wamid.1")
		b.want(wa.StatusDelivered, m)
		b.post(statuses(status("wamid.1", "sent"), status("wamid.1", "read")), secretA)
		b.want(wa.StatusRead, m)
		var words []string
		for _, told := range b.told() {
			if !strings.Contains(told.body, string(m.ID)) || !strings.Contains(told.body, `"x-apiheader":"{\"order\":\"7\"}"`) {
				t.Errorf("told %s", told.body)
			}
			for _, word := range []string{"sent", "delivered", "read"} {
				if strings.Contains(told.body, `"status":"`+word+`"`) {
					words = append(words, word)
				}
			}
		}
		slices.Sort(words)
		if want := []string{"delivered", "read", "sent"}; !slices.Equal(words, want) {
			t.Errorf("told %v, want each of %v once", words, want)
		}
	})
}

// Messages may be sent with the same number by other software.
func TestStatusesOfMessagesThatAreNotOursAreToldNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		m := b.sent("wamid.1")
		b.run()
		for _, word := range []string{"sent", "delivered", "failed"} {
			b.post(statuses(status("wamid.foreign", word)), secretA)
		}
		if got := b.told(); len(got) != 0 {
			t.Errorf("the customer is told %v", got)
		}
		b.want(wa.StatusSent, m)
		if k := b.last(); k.State != "done" {
			t.Errorf("kept %+v", k)
		}
	})
}

// state is everything that the callbacks of a test lead to, in a form that can
// be compared.
func (b *bench) state(all []wa.Message) []string {
	b.Helper()
	var lines []string
	for i, m := range all {
		now := must(b.db.Message(b.Context(), m.AccountID, m.ID))(b)
		facts := map[string]bool{}
		for _, e := range must(b.db.Events(b.Context(), m.AccountID, m.ID))(b) {
			facts[string(e.Status.Status)+e.Status.Participant] = true
		}
		lines = append(lines, fmt.Sprint(i, " ", now.Status, " ", now.WAMID, " ", facts))
	}
	count := map[wa.EventKind]int{}
	for _, told := range b.told() {
		count[told.kind]++
	}
	until := must(b.db.Window(b.Context(), b.account, numberA, person))(b)
	fetches := must(b.db.ClaimFetches(b.Context(), 1000, time.Hour))(b)
	return append(lines, fmt.Sprint(count, until, len(fetches)))
}

func TestRepetitionAndOrderOfCallbacksChangeNothing(t *testing.T) {
	const wamids = 6
	var want []string
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	for round := range 6 {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t)
			var all []wa.Message
			var bodies []string
			for i := range wamids {
				m := b.begun()
				all = append(all, m)
				wamid := fmt.Sprint("wamid.", i)
				if i%2 == 0 {
					b.settle(m, wamid)
				}
				tag := b.tagger.Tag(m.ID, 1)
				bodies = append(bodies, statuses(tagged(tag, wamid, "sent")), statuses(tagged(tag, wamid, "delivered")),
					messages(text(fmt.Sprint("wamid.in", i), "hello")),
					messages(message(fmt.Sprint("wamid.pic", i), "image", object{"id": fmt.Sprint(900 + i), "mime_type": "image/png"})))
				if i%3 == 0 {
					bodies = append(bodies, statuses(tagged(tag, wamid, "read")))
				} else {
					bodies = append(bodies, statuses(tagged(tag, wamid, "failed")))
				}
			}
			if round > 0 { // the first is in order and without repetition
				bodies = append(bodies, bodies...)
				bodies = append(bodies, bodies[:10]...)
				random.Shuffle(len(bodies), func(i, j int) { bodies[i], bodies[j] = bodies[j], bodies[i] })
			}
			stop := b.run()
			for i, body := range bodies {
				b.post(body, secretA)
				if round > 0 && i == len(bodies)/2 {
					stop()
					b.run()
				}
			}
			for _, k := range b.kept() {
				if k.State != "done" || k.Attempts != 1 {
					t.Errorf("kept %+v", k)
				}
			}
			got := b.state(all)
			if round == 0 {
				want = got
			} else if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("round %d (-in order +shuffled):\n%s", round, diff)
			}
		})
	}
	if len(want) != wamids+1 || !strings.Contains(want[0], "read") || !strings.Contains(want[1], "delivered") {
		t.Errorf("in order it came to %v", want)
	}
}

func TestWhatTheGatewayDoesNotKnowIsKeptAndAnswered(t *testing.T) {
	for name, body := range map[string]string{
		"a field of another product": `{"object":"whatsapp_business_account","entry":[{"id":"1","changes":[{"field":"account_update","value":{"event":"BAN"}}]}]}`,
		"an unknown field":           `{"entry":[{"changes":[{"field":"messages","value":{"metadata":{"phone_number_id":"` + numberA + `"},"news":[1,{"x":null}]}}]}],"new":true}`,
		"an unknown status":          statuses(status("wamid.1", "teleported")),
		"null everywhere":            `{"object":null,"entry":[null,{"id":null,"changes":null},{"changes":[null,{"field":null,"value":null},{"field":"messages","value":null}]}]}`,
		"no entries":                 `{"entry":[]}`,
		"odd types":                  `{"entry":[{"changes":[{"field":"messages","value":{"metadata":{"phone_number_id":` + numberA + `},"messages":["x",1,{"id":7,"type":[],"text":"no object"}],"statuses":[{}]}}]}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t)
				m := b.sent("wamid.1")
				b.run()
				b.post(body, secretA)
				if k := b.last(); k.State != "done" || k.Body != body || k.Attempts != 1 {
					t.Errorf("kept %+v", k)
				}
				b.want(wa.StatusSent, m)
				b.post(statuses(status("wamid.1", "delivered")), secretA)
				b.want(wa.StatusDelivered, m)
			})
		})
	}
}

func TestAMessageOfAnUnknownTypeIsToldWithoutItsContent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.run()
		b.post(messages(message("wamid.1", "hologram", object{"deep": []any{nil, object{"x": 1}}})), secretA)
		got := b.told()
		if len(got) != 1 || !strings.Contains(got[0].body, `"message_id":"wamid.1"`) || strings.Contains(got[0].body, "hologram") {
			t.Errorf("told %v", got)
		}
		if until := must(b.db.Window(t.Context(), b.account, numberA, person))(t); until.IsZero() {
			t.Error("it opened no window")
		}
		if !strings.Contains(b.last().Body, "hologram") {
			t.Error("the raw callback is not kept")
		}
	})
}

func TestWhatIsSignedButCannotBeDecodedIsParkedAndNotAskedForAgain(t *testing.T) {
	for i, body := range []string{"<html>", "", "[]", `{"entry":`, `{"object":"x"}`, `{"entry":` + strings.Repeat("[", 10_000) + `}`} {
		t.Run(fmt.Sprint("body ", i), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t)
				stop := b.run()
				b.post(body, secretA) // is answered 200
				k := b.last()
				if k.State != "parked" || k.Reason == "" || k.Body != body {
					t.Errorf("kept %+v", k)
				}
				b.post(messages(text("wamid.1", "hello")), secretA)
				if got := b.told(); len(got) != 1 {
					t.Errorf("the next callback was told %d times", len(got))
				}
				stop()
				time.Sleep(24 * time.Hour)
				b.run()
				time.Sleep(2 * poll)
				if again := b.kept()[0]; again != k {
					t.Errorf("a day later it is %+v", again)
				}
				if n := len(b.log.lines(t, "callback put off")); n != 1 {
					t.Errorf("%d lines say so, want 1", n)
				}
			})
		})
	}
}

func TestAnInboundTextOpensTheWindowAndIsToldOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.run()
		wrote := time.Now()
		body := messages(text("wamid.1", "hello"))
		time.Sleep(time.Hour) // Meta was late
		b.post(body, secretA)
		if until := must(b.db.Window(t.Context(), b.account, numberA, person))(t); !until.Equal(wrote.Add(wa.WindowLength)) {
			t.Errorf("the window is open until %v, want 24 hours from %v", until, wrote)
		}
		got := b.told()
		if len(got) != 1 || got[0].kind != wa.EventIncoming {
			t.Fatalf("told %v", got)
		}
		for _, part := range []string{`"from":"` + person + `"`, `"to":"4915550100000"`, `"from_name":"Ada"`, `"text_type":{"text":"hello"}`} {
			if !strings.Contains(got[0].body, part) {
				t.Errorf("%s is not in %s", part, got[0].body)
			}
		}
	})
}

func TestAnInboundMediaIsToldAndWaitsToBeFetched(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const digest = "OoVDfKTzvB+tCL7Sh1JzEMRY2RWyYDDu8Q6u9yqdQ4o="
		b := newBench(t)
		b.run()
		body := messages(message("wamid.1", "image", object{"id": "900", "mime_type": "image/jpeg", "sha256": digest, "caption": "look"}))
		b.post(body, secretA)
		b.post(body, secretA)
		fetches := must(b.db.ClaimFetches(t.Context(), 10, time.Minute))(t)
		if len(fetches) != 1 {
			t.Fatalf("%d media wait, want 1", len(fetches))
		}
		m := fetches[0]
		want := &wa.InboundFile{MetaID: "900", NumberID: numberA, WAMID: "wamid.1", SHA256: "3a85437ca4f3bc1fad08bed287527310c458d915b26030eef10eaef72a9d438a"}
		if diff := cmp.Diff(want, m.Inbound); diff != "" || m.State != wa.MediaPending || m.Kind != wa.KindImage || m.AccountID != b.account {
			t.Errorf("%+v waits (-want +got):\n%s", m, diff)
		}
		got := b.told()
		if len(got) != 1 || !strings.Contains(got[0].body, string(m.ID)) || !strings.Contains(got[0].body, `"caption":"look"`) {
			t.Errorf("told %v, want once, with the id of the media", got)
		}
		if until := must(b.db.Window(t.Context(), b.account, numberA, person))(t); until.IsZero() {
			t.Error("it opened no window")
		}
	})
}

func TestAReplyNamesTheMessageThatItAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		m := b.sent("wamid.1")
		b.run()
		for _, c := range []struct {
			to   string
			ours bool
		}{{"wamid.1", true}, {"wamid.foreign", false}} {
			reply := text("wamid.to."+c.to, "yes")
			reply["context"] = object{"from": "4915550100000", "id": c.to}
			b.post(messages(reply), secretA)
			got := b.told()
			if len(got) != 1 || !strings.Contains(got[0].body, `"message_id":"`+c.to+`"`) {
				t.Fatalf("told %v", got)
			}
			if strings.Contains(got[0].body, string(m.ID)) != c.ours || strings.Contains(got[0].body, "order") != c.ours {
				t.Errorf("a reply to %s is told as %s", c.to, got[0].body)
			}
		}
	})
}

// A parser with a bug must cost neither the callback nor those behind it.
func TestADecoderThatPanicsLosesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.in.Decode = func(body []byte) ([]wa.Update, error) {
			if strings.Contains(string(body), "poison") {
				panic("boom")
			}
			return callback.Decode(body)
		}
		stop := b.run()
		b.post(messages(text("wamid.1", "poison")), secretA)
		b.post(messages(text("wamid.2", "hello")), secretA)
		if got := b.told(); len(got) != 1 {
			t.Errorf("the callback behind it was told %d times", len(got))
		}
		stop()
		b.in.Decode = callback.Decode // the next version
		b.run()
		if got := b.told(); len(got) != 1 || !strings.Contains(got[0].body, "poison") {
			t.Errorf("told %v", got)
		}
	})
}

func TestACallbackThatCannotBeAppliedIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		closed := newBench(t)
		closed.close()
		b.post(messages(text("wamid.1", "hello")), secretA)
		working := b.in.Sources
		b.in.Sources = closed.db
		stop := b.run()
		time.Sleep(time.Minute)
		stop()
		k := b.last()
		if k.State != "new" || k.Attempts < 5 || k.Attempts > 8 {
			t.Errorf("after a minute kept %+v", k)
		}
		b.in.Sources = working
		b.run()
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		if got := b.told(); len(got) != 1 || b.last().State != "done" {
			t.Errorf("told %v, kept %+v", got, b.last())
		}
	})
}

func TestTheLogHasOneLineForEachCallbackAndNothingPrivate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const canary = "canary text"
		b := newBench(t)
		m := b.sent("wamid.canary")
		b.run()
		bodies := []string{
			messages(text("wamid.canary.in", canary)),
			statuses(tagged(b.tagger.Tag(m.ID, 1), "wamid.canary", "delivered")),
			envelope(numberB, object{"messages": []object{text("wamid.canary.x", canary)}}),
			`{"entry":"` + canary + person + `"}`, // is parked
		}
		for _, body := range bodies {
			b.post(body, secretA)
		}
		if got := b.callback(bodies[0], sign(bodies[0], "wrong")); got != 403 {
			t.Errorf("got %d", got)
		}
		applied := b.log.lines(t, "callback applied")
		if len(applied) != 3 || strings.Count(b.log.String(), "\n") != 5 {
			t.Errorf("want 3 applied, 1 parked and 1 refused and no more:\n%s", b.log)
		}
		for _, line := range applied {
			for _, key := range []string{"callback_id", "updates", "foreign", "attempt", "age_ms"} {
				if _, ok := line[key]; !ok {
					t.Errorf("a line has no %s: %v", key, line)
				}
			}
		}
		for _, private := range []string{canary, person, "canary", secretA, "access token", verifyToken, "Ada", sign(bodies[0], secretA)} {
			if strings.Contains(b.log.String(), private) {
				t.Errorf("%q is in the log:\n%s", private, b.log)
			}
		}
		if b.number("callback refused", "bytes") != len(bodies[0]) {
			t.Error("the refused callback is not sized")
		}
	})
}
