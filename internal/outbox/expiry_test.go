package outbox

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/waypost/waypost/internal/wa"
)

// expiring accepts a text that may be sent for a day.
func (b *bench) expiring(to string) wa.Message {
	b.Helper()
	m := wa.Message{
		ID: wa.NewID[wa.MessageID](), AccountID: b.account, SourceID: b.source.ID, NumberID: b.source.Number.ID,
		Recipient: wa.Recipient{Kind: wa.Individual, ID: to}, Content: wa.Text{Body: "today's offer"},
		Status: wa.StatusAccepted, AcceptedAt: time.Now(), TTL: 24 * time.Hour,
	}
	check(b, b.db.Accept(b.Context(), []wa.Message{m}))
	return m
}

func TestAMessageInTimeIsSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, sent)
		m := b.expiring("15550100001")
		time.Sleep(24*time.Hour - time.Second)
		b.start()
		b.calls(1)
		b.want(wa.StatusSent, m)
	})
}

func TestAnExpiredMessageIsNotSentAndItIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, sent)
		m := b.expiring("15550100001")
		behind := b.accept("15550100001")[0]
		time.Sleep(24 * time.Hour)
		b.start()
		b.want(wa.StatusExpired, m)
		b.want(wa.StatusSent, behind)
		if got := b.calls(1)[0].Message.ID; got != behind.ID {
			t.Errorf("Meta got message %s, want the one behind", got)
		}
		if got := b.facts(m); got != "expired" {
			t.Errorf("told %q, want expired", got)
		}
	})
}

// A number whose token is dead is tried every few minutes: what expires
// meanwhile is told when it expires, not at the next try.
func TestAMessageThatIsPutOffExpiresInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, func(context.Context, call) wa.Outcome {
			return wa.Outcome{Kind: wa.OutcomeLater, After: 72 * time.Hour}
		})
		m := b.expiring("15550100001")
		b.seldom()
		b.want(wa.StatusAccepted, m)
		time.Sleep(25 * time.Hour)
		synctest.Wait()
		b.want(wa.StatusExpired, m)
		b.calls(1)
	})
}
