package main

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/waypost/waypost/internal/wa"
)

// keepLedger is a command of the scripts: it keeps records about one person in
// the ledger of an account, as the gateway would.
//
//	ledger ACCOUNT NUMBER
func keepLedger(ctx context.Context) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, neg bool, args []string) {
		if neg || len(args) != 2 {
			ts.Fatalf("usage: ledger ACCOUNT NUMBER")
		}
		h, err := openHome(ctx, ts.MkAbs("waypost-data"), false, slog.New(slog.DiscardHandler))
		ts.Check(err)
		account, errAccount := h.store.AccountByName(ctx, args[0])
		at := time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC)
		records := []wa.ConsentRecord{
			{Kind: wa.ConsentOptIn, Source: "WEB", UserAgent: "Mozilla", IP: "192.0.2.7", Text: "Send me news\nby WhatsApp \x1b[31m"},
			{Kind: wa.ConsentOptOut, Source: wa.ConsentByMessage, Text: "STOP", WAMID: "wamid.SYNTHETIC"},
			{Kind: wa.ConsentBlock, Source: "DESK"},
			{Kind: wa.ConsentOptIn, Source: "SHOP"},
		}
		for i := range records {
			r := &records[i]
			r.ID, r.AccountID, r.Person, r.At = wa.NewID[wa.ConsentID](), account.ID, args[1], at.Add(time.Duration(i)*time.Hour)
		}
		_, errRecords := h.store.RecordConsents(ctx, records)
		ts.Check(errors.Join(errAccount, errRecords, h.close()))
	}
}

func TestNothingHiddenReachesTheTerminal(t *testing.T) {
	for in, want := range map[string]string{
		"":                   "",
		"plain ünïcödé 👍":    "plain ünïcödé 👍",
		"a\tb\n\x1b[31m":     `"a\tb\n\x1b[31m"`,
		"right\u202eto left": `"right\u202eto left"`,
	} {
		if got := presentable(in); got != want {
			t.Errorf("%q: got %s, want %s", in, got, want)
		}
	}
	long := presentable(string(make([]rune, 5000)))
	if len(long) > 60*len(`\x00`)+10 {
		t.Errorf("%d characters of a long text", len(long))
	}
}
