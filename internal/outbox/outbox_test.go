package outbox

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/waypost/waypost/internal/wa"
)

func TestAMessageIsSentOnceAndSettled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, sent)
		stop := b.seldom()
		m := b.accept("15550100001")[0]
		synctest.Wait()
		c := b.calls(1)[0]
		if id, attempt, ok := b.tagger.Parse(c.Tag); !ok || id != m.ID || attempt != 1 {
			t.Errorf("the tag %q names message %q, attempt %d, %v", c.Tag, id, attempt, ok)
		}
		if c.number.ID != numberA || c.number.Token.Reveal() != "old token" || c.Message.Recipient != m.Recipient {
			t.Errorf("Meta got %+v from number %s", c.Message.Recipient, c.number.ID)
		}
		b.want(wa.StatusSent, m)
		if got := b.now(m).WAMID; got != "wamid."+string(m.ID) {
			t.Errorf("kept wamid %q", got)
		}
		time.Sleep(30 * 24 * time.Hour)
		stop()
		b.seldom()
		time.Sleep(30 * 24 * time.Hour)
		b.calls(1)
		if told := b.told(); len(told) != 0 {
			t.Errorf("the answer alone told the customer %s", told)
		}
	})
}

// The answer may be lost at any moment after the first byte, so the attempt has
// to be on disk before it.
func TestAnAttemptIsOnDiskBeforeItsFirstByte(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var seen wa.Message
		b := newBench(t, nil)
		b.meta.answer = func(ctx context.Context, c call) wa.Outcome {
			seen = must(b.db.Message(ctx, c.Message.AccountID, c.Message.ID))(t)
			return sent(ctx, c)
		}
		b.accept("15550100001")
		b.start()
		if seen.Status != wa.StatusDispatched || seen.Attempt != 1 {
			t.Errorf("during the send the store says %s, attempt %d", seen.Status, seen.Attempt)
		}
	})
}

func TestAThrottledMessageIsSentAgainAfterJustItsWait(t *testing.T) {
	for _, wait := range []time.Duration{0, 1500 * time.Millisecond, 90 * time.Second, 20 * time.Minute} {
		t.Run(wait.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				later := wa.Outcome{Kind: wa.OutcomeLater, After: wait, Failure: wa.Failure{Code: 130429}}
				b := newBench(t, in(later, later, wa.Outcome{Kind: wa.OutcomeSent, WAMID: "wamid.1"}))
				m := b.accept("15550100001")[0]
				b.start()
				time.Sleep(2*wait + 3*poll)
				synctest.Wait()
				calls := b.calls(3)
				for i := 1; i < len(calls); i++ {
					// A due message is seen at the next look, so at most poll later.
					if gap := calls[i].at.Sub(calls[i-1].at); gap < wait || gap > wait+poll {
						t.Errorf("attempt %d came after %v, want %v", i+1, gap, wait)
					}
					if calls[i].Message.Attempt != i+1 || calls[i].Tag == calls[i-1].Tag {
						t.Errorf("attempt %d is numbered %d", i+1, calls[i].Message.Attempt)
					}
				}
				b.want(wa.StatusSent, m)
				if got := b.facts(m); got != "" {
					t.Errorf("waiting left events: %s", got)
				}
			})
		})
	}
}

func TestAnUncertainMessageIsNeverSentAgain(t *testing.T) {
	month := func(t *testing.T, o wa.Outcome) (*bench, wa.Message) {
		b := newBench(t, in(o))
		m := b.accept("15550100001")[0]
		stop := b.seldom()
		time.Sleep(15 * 24 * time.Hour)
		stop()
		b.newToken(b.source, "new token") // frees what waits
		b.seldom()
		time.Sleep(15 * 24 * time.Hour)
		synctest.Wait()
		return b, m
	}
	synctest.Test(t, func(t *testing.T) {
		b, m := month(t, wa.Outcome{Kind: wa.OutcomeUnknown, Failure: wa.Failure{Title: "no answer"}})
		b.calls(1)
		b.want(wa.StatusUncertain, m)
		b.report(t.Context(), tagged(m.ID, "wamid.1", wa.StatusDelivered))
		b.want(wa.StatusDelivered, m)
		if got := b.now(m).WAMID; got != "wamid.1" {
			t.Errorf("the status left wamid %q", got)
		}
	})
	// The control: the same month is long enough to see what is sent again.
	synctest.Test(t, func(t *testing.T) {
		b, _ := month(t, wa.Outcome{Kind: wa.OutcomeLater, After: 24 * time.Hour})
		if n := len(b.meta.got()); n < 29 {
			t.Errorf("a message that waits a day each time was tried %d times in a month", n)
		}
	})
}

func TestARejectedMessageFailsAndTheCustomerIsToldWhy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, in(wa.Outcome{
			Kind: wa.OutcomeRejected, Failure: wa.Failure{Code: 131026, VendorCode: "8003", Title: "Message undeliverable"},
		}))
		m := b.accept("15550100001")[0]
		b.seldom()
		time.Sleep(7 * 24 * time.Hour)
		b.calls(1)
		b.want(wa.StatusFailed, m)
		if got := b.facts(m); got != "failed" {
			t.Errorf("the events say %q, want one failed", got)
		}
		told := b.told()
		if len(told) != 1 {
			t.Fatalf("the customer is told %d times: %s", len(told), told)
		}
		for _, part := range []string{
			string(m.ID), `"status":"failed"`, `"recipient":"15550100001"`, `"status_remark":"8003 `,
			"(Meta 131026: Message undeliverable)", `"x-apiheader":"{\"order\":\"7\"}"`,
		} {
			if !strings.Contains(told[0], part) {
				t.Errorf("%s is not in %s", part, told[0])
			}
		}
	})
}

// refuseOld refuses everything under the old token, as Meta does when it has
// expired.
func refuseOld(ctx context.Context, c call) wa.Outcome {
	if c.number.ID == numberA && c.number.Token.Reveal() == "old token" {
		return wa.Outcome{Kind: wa.OutcomeMisconfigured, After: 10 * time.Minute, Failure: wa.Failure{Code: 190}}
	}
	return sent(ctx, c)
}

func TestAMisconfiguredNumberIsPausedAndOthersAreNot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const width = 4
		b := newBench(t, refuseOld)
		waiting := b.accept(people(20)...)
		other := b.acceptFrom(b.newSource("service", numberB), wa.Text{Body: "good day"}, people(20)...)
		began := time.Now()
		b.run(b.outbox(width))
		time.Sleep(10*time.Minute - poll)
		synctest.Wait()
		b.want(wa.StatusSent, other...)
		b.want(wa.StatusAccepted, waiting...)
		// Those that were under way together may all ask, and no more.
		if n := len(b.meta.got()) - len(other); n < 1 || n > width {
			t.Errorf("the dead token was tried %d times, want 1 to %d", n, width)
		}
		time.Sleep(2 * poll)
		synctest.Wait()
		if last := b.meta.got()[len(b.meta.got())-1]; last.at.Sub(began) < 10*time.Minute {
			t.Error("after the pause nothing was tried")
		}
		var failed int
		for _, line := range b.log.lines(t, "send attempted") {
			if line["outcome"] == "misconfigured" && line["level"] == "ERROR" {
				failed++
			}
		}
		if failed == 0 {
			t.Error("nobody was woken")
		}
	})
}

func TestANewTokenFreesThePausedMessagesAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, refuseOld)
		all := b.accept(people(20)...)
		b.run(b.outbox(4))
		time.Sleep(time.Minute)
		synctest.Wait()
		b.want(wa.StatusAccepted, all...)
		b.newToken(b.source, "new token")
		synctest.Wait()
		b.want(wa.StatusSent, all...)
	})
}

// A message that was on its way with the old token when the new one came waited
// for the whole pause: the update had not seen it waiting.
func TestANewTokenFreesAMessageThatWasUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, func(ctx context.Context, c call) wa.Outcome {
			time.Sleep(time.Minute)
			return refuseOld(ctx, c)
		})
		m := b.accept("15550100001")[0]
		b.start()
		time.Sleep(30 * time.Second)
		b.newToken(b.source, "new token")
		time.Sleep(95 * time.Second)
		synctest.Wait()
		b.calls(2)
		b.want(wa.StatusSent, m)
	})
}

func TestRecipientsKeepTheirOrderAndDoNotWaitForEachOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const slow = "15550199999"
		b := newBench(t, func(ctx context.Context, c call) wa.Outcome {
			if c.Message.Recipient.ID == slow {
				time.Sleep(time.Minute)
			}
			return sent(ctx, c)
		})
		var order []wa.MessageID
		for range 5 {
			for _, m := range b.accept(append([]string{slow}, people(3)...)...) {
				if m.Recipient.ID == slow {
					order = append(order, m.ID)
				}
			}
			time.Sleep(time.Millisecond)
		}
		began := time.Now()
		b.start()
		if n := len(b.meta.got()); n != 3*5+1 {
			t.Fatalf("at once Meta saw %d attempts, want 15 of the others and 1 of the slow one", n)
		}
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		var got []wa.MessageID
		for _, c := range b.calls(4 * 5) {
			if c.Message.Recipient.ID != slow {
				continue
			}
			if want := time.Duration(len(got)) * time.Minute; c.at.Sub(began) != want {
				t.Errorf("the slow recipient's message %d went out at %v, want %v", len(got), c.at.Sub(began), want)
			}
			got = append(got, c.Message.ID)
		}
		if !slices.Equal(got, order) {
			t.Errorf("order %v, want %v", got, order)
		}
		for _, to := range people(3) {
			var ids []wa.MessageID
			for _, c := range b.meta.got() {
				if c.Message.Recipient.ID == to {
					ids = append(ids, c.Message.ID)
				}
			}
			if !slices.IsSorted(ids) {
				t.Errorf("the messages to one recipient went out of order: %v", ids)
			}
		}
	})
}

func TestASenderThatPanicsDoesNotStopTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, func(ctx context.Context, c call) wa.Outcome {
			if c.Message.Recipient.ID == people(3)[1] {
				panic("boom")
			}
			return sent(ctx, c)
		})
		all := b.accept(append(people(3), people(3)...)...)
		stop := b.seldom()
		time.Sleep(7 * 24 * time.Hour)
		synctest.Wait()
		b.calls(6)
		b.want(wa.StatusSent, all[0], all[2], all[3], all[5])
		b.want(wa.StatusUncertain, all[1], all[4])
		if n := len(b.log.lines(t, "sender panicked")); n != 2 {
			t.Errorf("%d panics are in the log, want 2", n)
		}
		stop()
		b.seldom()
		time.Sleep(7 * 24 * time.Hour)
		b.calls(6)
		b.want(wa.StatusUncertain, all[1], all[4])
	})
}

func TestAMessageOfADeletedSourceFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, sent)
		m := b.accept("15550100001")[0]
		check(t, b.db.DeleteSource(t.Context(), b.account, b.source.ID))
		b.start()
		b.calls(0)
		b.want(wa.StatusFailed, m)
		if told := b.told(); len(told) != 1 || !strings.Contains(told[0], `"status_remark":"8004 `) {
			t.Errorf("the customer is told %s", told)
		}
	})
}

// A source that came back under its old id with another number was used for
// what had been accepted for the first number: people got messages from a number
// they did not know.
func TestAMessageIsNotSentFromAnotherNumberOfTheSameSource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, sent)
		m := b.accept("15550100001")[0]
		check(t, b.db.DeleteSource(t.Context(), b.account, b.source.ID))
		fresh := b.newSource(b.source.ID, numberB)
		b.start()
		b.calls(0)
		b.want(wa.StatusFailed, m)
		next := b.acceptFrom(fresh, wa.Text{Body: "good day"}, "15550100001")[0]
		synctest.Wait()
		b.want(wa.StatusSent, next)
	})
}

func TestAStatusThatComesDuringTheSendIsNotTakenBack(t *testing.T) {
	for _, o := range []wa.Outcome{
		{Kind: wa.OutcomeSent, WAMID: "wamid.1"},
		{Kind: wa.OutcomeSent},
		{Kind: wa.OutcomeUnknown},
		{Kind: wa.OutcomeLater, After: time.Second},
		{Kind: wa.OutcomeMisconfigured, After: time.Second},
		{Kind: wa.OutcomeRejected},
	} {
		t.Run(fmt.Sprint(o.Kind, o.WAMID), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, nil)
				b.meta.answer = func(ctx context.Context, c call) wa.Outcome {
					b.report(ctx, tagged(c.Message.ID, "wamid.1", wa.StatusDelivered))
					return o
				}
				m := b.accept("15550100001")[0]
				b.seldom()
				time.Sleep(7 * 24 * time.Hour)
				b.calls(1)
				b.want(wa.StatusDelivered, m)
				if got := b.now(m).WAMID; got != "wamid.1" {
					t.Errorf("kept wamid %q", got)
				}
				if got := b.facts(m); got != "delivered" {
					t.Errorf("the events say %q", got)
				}
			})
		})
	}
}

func TestAStatusWithoutATagThatComesBeforeTheAnswerIsMatchedByIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		b.meta.answer = func(ctx context.Context, _ call) wa.Outcome {
			b.report(ctx, status("wamid.1", wa.StatusDelivered))
			b.report(ctx, status("wamid.1", wa.StatusSent))
			return wa.Outcome{Kind: wa.OutcomeSent, WAMID: "wamid.1"}
		}
		m := b.accept("15550100001")[0]
		b.start()
		b.want(wa.StatusDelivered, m)
		if told := b.told(); len(told) != 2 {
			t.Errorf("the customer is told %s, want sent and delivered", told)
		}
	})
}

// people returns n phone numbers.
func people(n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprint(15550100000 + i)
	}
	return all
}
