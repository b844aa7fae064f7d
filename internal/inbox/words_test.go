package inbox

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/waypost/waypost/internal/wa"
)

func (b *bench) ledger(account wa.AccountID, person string) []wa.ConsentRecord {
	b.Helper()
	return must(b.db.ConsentHistory(b.Context(), account, person))(b)
}

func (b *bench) agreed(account wa.AccountID) wa.ConsentState {
	b.Helper()
	return must(b.db.Consent(b.Context(), account, person))(b).State
}

// words gives the account's only source these words.
func (b *bench) words(account wa.AccountID, stop, start []string) {
	b.Helper()
	src := must(b.db.Sources(b.Context(), account))(b)[0]
	src.StopWords, src.StartWords = stop, start
	check(b, b.db.UpdateSource(b.Context(), src))
}

func TestAStopWordIsRecordedWithItsMessage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.run()
		wrote := time.Unix(time.Now().Unix(), 0).UTC()
		body := messages(text("wamid.stop", " Stop! "))
		b.post(body, secretA)
		b.post(body, secretA) // Meta repeats itself
		want := []wa.ConsentRecord{{
			AccountID: b.account, Person: person, Kind: wa.ConsentOptOut, Source: "WHATSAPP", Text: " Stop! ", WAMID: "wamid.stop", At: wrote,
		}}
		got := b.ledger(b.account, person)
		if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(wa.ConsentRecord{}, "ID")); diff != "" {
			t.Errorf("ledger (-want +got):\n%s", diff)
		}
		if b.agreed(b.account) != wa.ConsentOut {
			t.Errorf("the person is %q", b.agreed(b.account))
		}
		// The customer gets the message as any other, once, and may answer it.
		if told := b.told(); len(told) != 1 || !strings.Contains(told[0].body, " Stop! ") {
			t.Errorf("told %v", told)
		}
		if until := must(b.db.Window(t.Context(), b.account, numberA, person))(t); !until.After(time.Now()) {
			t.Error("a stop word closed the window")
		}
		time.Sleep(2 * time.Second) // of two words in one second the opt-out holds
		b.post(messages(text("wamid.start", "START")), secretA)
		if b.agreed(b.account) != wa.ConsentIn {
			t.Errorf("after START the person is %q", b.agreed(b.account))
		}
	})
}

func TestAButtonMaySayAWord(t *testing.T) {
	for name, m := range map[string]object{
		"quick reply of a template": message("wamid.1", "button", object{"text": "Stop", "payload": "no more offers"}),
		"button of a message": message("wamid.1", "interactive", object{
			"type": "button_reply", "button_reply": object{"id": "no more offers", "title": "Stop"},
		}),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t)
				b.run()
				b.post(messages(m), secretA)
				got := b.ledger(b.account, person)
				if len(got) != 1 || got[0].Kind != wa.ConsentOptOut || got[0].Text != "Stop" {
					t.Errorf("the ledger has %+v", got)
				}
			})
		})
	}
}

func TestOnlyAWordAsAWholeSaysSomething(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.run()
		inGroup := text("wamid.group", "STOP")
		inGroup["group_id"] = "group-1"
		b.post(messages(
			text("wamid.1", "please stop"), text("wamid.2", "stop it"), inGroup,
			message("wamid.3", "image", object{"id": "1", "mime_type": "image/png", "caption": "STOP"}),
			message("wamid.4", "reaction", object{"emoji": "STOP"}),
			// What a customer puts behind a button is not what the person said.
			message("wamid.5", "button", object{"text": "No, thanks", "payload": "STOP"}),
		), secretA)
		if got := b.ledger(b.account, person); len(got) != 0 {
			t.Errorf("the ledger has %+v", got)
		}
		if n := len(b.told()); n != 6 {
			t.Errorf("the customer is told of %d messages, want 6", n)
		}
	})
}

func TestEachAccountHasItsOwnWords(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		off := b.newAccount("off", numberA, secretA)
		own := b.newAccount("own", numberA, secretA)
		b.words(off, []string{}, []string{})
		b.words(own, []string{"Abmelden"}, nil)
		b.run()
		want := func(usual, none, theirs wa.ConsentState) {
			t.Helper()
			if got := []wa.ConsentState{b.agreed(b.account), b.agreed(off), b.agreed(own)}; !cmp.Equal(got, []wa.ConsentState{usual, none, theirs}) {
				t.Errorf("states %q, want %q", got, []wa.ConsentState{usual, none, theirs})
			}
		}
		b.post(messages(text("wamid.1", "stop")), secretA)
		want(wa.ConsentOut, wa.ConsentNone, wa.ConsentNone)
		b.post(messages(text("wamid.2", "ABMELDEN.")), secretA)
		want(wa.ConsentOut, wa.ConsentNone, wa.ConsentOut)
		time.Sleep(2 * time.Second) // of two words in one second the opt-out holds
		b.post(messages(text("wamid.3", "Start")), secretA)
		want(wa.ConsentIn, wa.ConsentNone, wa.ConsentIn)
	})
}

// An account that uses a number through several sources means all of their
// words, and a stop before a start.
func TestTheWordsOfAllSourcesOfANumberCount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.words(b.account, []string{"Ende"}, []string{"Halt"})
		b.newSource(b.account, numberA, secretB) // of another app
		sources := must(b.db.Sources(t.Context(), b.account))(t)
		sources[1].StopWords = []string{"Halt"}
		check(t, b.db.UpdateSource(t.Context(), sources[1]))
		b.run()
		b.post(messages(text("wamid.1", "start")), secretA)
		if got := b.agreed(b.account); got != wa.ConsentIn {
			t.Errorf("a word of the second source: the person is %q", got)
		}
		b.post(messages(text("wamid.2", "halt")), secretA)
		if got := b.agreed(b.account); got != wa.ConsentOut {
			t.Errorf("a stop of one source and a start of the other: the person is %q", got)
		}
	})
}

// A person may show a user name and no number.
func TestAPersonWithoutANumberCanStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.run()
		m := text("wamid.1", "STOP")
		delete(m, "from")
		m["from_user_id"] = "user-7"
		b.post(envelope(numberA, object{"messages": []object{m}}), secretA)
		if got := b.ledger(b.account, "user-7"); len(got) != 1 || got[0].Kind != wa.ConsentOptOut {
			t.Errorf("the ledger has %+v", got)
		}
	})
}

func TestAWordWithAGreatDealBehindItIsCut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.run()
		b.post(messages(text("wamid.1", "STOP"+strings.Repeat("！", 5000))), secretA)
		got := b.ledger(b.account, person)
		if len(got) != 1 || got[0].Text != "STOP"+strings.Repeat("！", wa.MaxConsentText-4) {
			t.Errorf("%d records", len(got))
		}
	})
}
