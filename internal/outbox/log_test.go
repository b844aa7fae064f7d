package outbox

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/waypost/waypost/internal/wa"
)

func TestTheLogHasOneLineForEachAttemptAndNothingPrivate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const text, phone, token, wamid = "canary text", "15559876543", "canary-token", "wamid.canary"
		outcomes := []wa.Outcome{
			{Kind: wa.OutcomeSent, WAMID: wamid, Held: "paused"},
			{Kind: wa.OutcomeRejected, Failure: wa.Failure{Code: 131026, Title: "undeliverable", Details: "to " + phone}},
			{Kind: wa.OutcomeUnknown, Failure: wa.Failure{Title: "no answer"}},
			{Kind: wa.OutcomeLater, After: 24 * time.Hour},
			{Kind: wa.OutcomeMisconfigured, After: 24 * time.Hour, Failure: wa.Failure{Code: 190}},
		}
		b := newBench(t, in(outcomes...))
		b.newToken(b.source, token)
		b.uploads.metaID = func(context.Context, wa.Number, wa.MediaID) (string, error) { return "", errors.New("disk") }
		o := b.outbox(1)
		o.poll = time.Hour
		b.run(o)
		for range outcomes {
			b.acceptFrom(b.source, wa.Text{Body: text}, phone)
			synctest.Wait()
		}
		b.acceptFrom(b.source, wa.Text{Body: text}, phone) // meets the pause, so there is no attempt
		synctest.Wait()

		lines := b.log.lines(t, "send attempted")
		if len(lines) != len(outcomes) {
			t.Fatalf("%d lines for %d attempts:\n%s", len(lines), len(outcomes), b.log)
		}
		if n := strings.Count(b.log.String(), "\n"); n != len(lines) {
			t.Errorf("%d lines in all, want one for each attempt", n)
		}
		for i, o := range outcomes {
			for _, key := range []string{"message_id", "number_id", "attempt", "outcome", "duration_ms"} {
				if _, ok := lines[i][key]; !ok {
					t.Errorf("line %d has no %s", i, key)
				}
			}
			if lines[i]["outcome"] != string(o.Kind) {
				t.Errorf("line %d says %v, want %s", i, lines[i]["outcome"], o.Kind)
			}
		}
		if held := lines[0]["held"]; held != "paused" {
			t.Errorf("what is held back is logged as %v", held)
		}
		for _, canary := range []string{text, phone, token, wamid, "app secret"} {
			if strings.Contains(b.log.String(), canary) {
				t.Errorf("%q is in the log:\n%s", canary, b.log)
			}
		}
	})
}
