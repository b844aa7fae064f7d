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

const reader = "15550100001"

// says records what a person agreed to.
func (b *bench) says(ctx context.Context, kind wa.ConsentKind) {
	b.Helper()
	already := must(b.db.RecordConsents(ctx, []wa.ConsentRecord{{
		ID: wa.NewID[wa.ConsentID](), AccountID: b.account, Person: reader, Kind: kind, Source: "WEB", At: time.Now(),
	}}))(b)
	if len(already) > 0 {
		b.Fatalf("%s changed nothing", kind)
	}
}

// writes opens the window.
func (b *bench) writes() {
	b.Helper()
	b.report(b.Context(), wa.Update{NumberID: numberA, Inbound: &wa.Inbound{
		WAMID: "wamid.in", NumberID: numberA, From: reader, At: time.Now(), Type: "text", Text: "hi",
	}})
}

// strict is an outbox that looks up windows, too.
func (b *bench) strict() *Outbox {
	b.Helper()
	o := b.outbox(0)
	o.Consents = b.db
	return o
}

func offer() wa.Template { return wa.Template{Name: "offer", Language: "en"} }

func TestConsentIsAskedForAgainBeforeTheSend(t *testing.T) {
	greeting := wa.Text{Body: "good day"}
	for _, tt := range []struct {
		name    string
		content wa.Content
		// before is what happens before the message is accepted, while what
		// happens before it is sent.
		before, while func(*bench)
		want          string // the code of the failure, "" if it is sent
	}{
		{"an opt-in that holds", offer(), func(b *bench) { b.says(b.Context(), wa.ConsentOptIn) }, nil, ""},
		{"an opt-in taken back", offer(), func(b *bench) { b.says(b.Context(), wa.ConsentOptIn) }, func(b *bench) { b.says(b.Context(), wa.ConsentOptOut) }, "8002"},
		{"an opt-out in the window, and a template", offer(), (*bench).writes, func(b *bench) { b.says(b.Context(), wa.ConsentOptOut) }, "8002"},
		{"an opt-out in the window, and an answer", greeting, (*bench).writes, func(b *bench) { b.says(b.Context(), wa.ConsentOptOut) }, ""},
		{"a block in the window", greeting, (*bench).writes, func(b *bench) { b.says(b.Context(), wa.ConsentBlock) }, "8002"},
		{"a window that is open", greeting, (*bench).writes, func(*bench) { time.Sleep(24*time.Hour - time.Second) }, ""},
		{"a window that closed", greeting, (*bench).writes, func(*bench) { time.Sleep(24 * time.Hour) }, "8007"},
		{"a window that closed, and a template to who opted in", offer(), func(b *bench) {
			b.says(b.Context(), wa.ConsentOptIn)
			b.writes()
		}, func(*bench) { time.Sleep(24 * time.Hour) }, ""},
		{"a window that closed, and a template to who did not", offer(), (*bench).writes, func(*bench) { time.Sleep(24 * time.Hour) }, "8002"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, sent)
				tt.before(b)
				m := b.acceptFrom(b.source, tt.content, reader)[0]
				if tt.while != nil {
					tt.while(b)
				}
				b.run(b.strict())
				b.fate(m, tt.want)
			})
		})
	}
}

// fate ends the test unless the message is sent, or has failed with the code
// and without an attempt.
func (b *bench) fate(m wa.Message, code string) {
	b.Helper()
	if code == "" {
		b.calls(1)
		b.want(wa.StatusSent, m)
		return
	}
	b.calls(0)
	b.want(wa.StatusFailed, m)
	if told := b.told(); len(told) != 1 || !strings.Contains(told[0], `"status":"failed"`) ||
		!strings.Contains(told[0], `"status_remark":"`+code+" ") {
		b.Errorf("the customer is told %s, want code %s", told, code)
	}
}

// An upload may take minutes, in which the person may say STOP.
func TestConsentThatEndsDuringTheUploadIsSeen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, sent)
		b.says(t.Context(), wa.ConsentOptIn)
		b.uploads.metaID = func(ctx context.Context, _ wa.Number, _ wa.MediaID) (string, error) {
			b.says(ctx, wa.ConsentOptOut)
			return "meta-1", nil
		}
		header := picture()
		content := offer()
		content.Components = []wa.Component{{
			Kind: wa.ComponentHeader, Parameters: []wa.Parameter{{Kind: wa.ParameterImage, Media: &header}},
		}}
		m := b.acceptFrom(b.source, content, reader)[0]
		b.run(b.strict())
		b.fate(m, "8002")
	})
}

// A throttled message is tried again for hours.
func TestConsentThatEndsBetweenAttemptsIsSeen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, in(wa.Outcome{Kind: wa.OutcomeLater, After: time.Hour}))
		b.says(t.Context(), wa.ConsentOptIn)
		m := b.acceptFrom(b.source, offer(), reader)[0]
		b.run(b.strict())
		b.says(t.Context(), wa.ConsentOptOut)
		time.Sleep(2 * time.Hour)
		synctest.Wait()
		b.calls(1)
		b.want(wa.StatusFailed, m)
	})
}

func TestASourceMayDoWithoutOptIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, sent)
		b.source.SkipOptIn = true
		check(t, b.db.UpdateSource(t.Context(), b.source))
		m := b.acceptFrom(b.source, offer(), reader)[0]
		b.run(b.strict())
		b.fate(m, "")
	})
}

// dimmed is a store that cannot be read for a while.
type dimmed struct {
	Consents
	failures int
}

func (d *dimmed) Consent(ctx context.Context, account wa.AccountID, person string) (wa.Consent, error) {
	if d.failures--; d.failures >= 0 {
		return wa.Consent{}, errors.New("disk")
	}
	return d.Consents.Consent(ctx, account, person)
}

func TestAMessageWaitsUntilConsentCanBeRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, sent)
		b.says(t.Context(), wa.ConsentOptIn)
		m := b.acceptFrom(b.source, offer(), reader)[0]
		o := b.strict()
		o.Consents = &dimmed{b.db, 3}
		b.run(o)
		b.want(wa.StatusAccepted, m)
		b.calls(0)
		time.Sleep(time.Minute)
		synctest.Wait()
		b.fate(m, "")
	})
}
