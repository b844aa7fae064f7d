package main

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/waypost/waypost/internal/wa"
)

// keepPeople is a command of the scripts: it applies callbacks by which somebody
// with a number and a user id wrote to two numbers, an hour and two days ago.
//
//	people ACCOUNT NUMBER USERID
func keepPeople(ctx context.Context) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, neg bool, args []string) {
		if neg || len(args) != 3 {
			ts.Fatalf("usage: people ACCOUNT NUMBER USERID")
		}
		h, err := openHome(ctx, ts.MkAbs("waypost-data"), false, slog.New(slog.DiscardHandler))
		ts.Check(err)
		account, err := h.store.AccountByName(ctx, args[0])
		ts.Check(errors.Join(err, h.store.KeepCallback(ctx, wa.Callback{ID: wa.NewID[wa.CallbackID](), ReceivedAt: time.Now(), Body: []byte("{}")})))
		callbacks, err := h.store.ClaimCallbacks(ctx, 1, time.Minute)
		ts.Check(err)
		wrote := func(numberID string, ago time.Duration) wa.Update {
			return wa.Update{NumberID: numberID, Inbound: &wa.Inbound{
				WAMID: "wamid." + numberID, NumberID: numberID, From: args[1], UserID: args[2], FromName: "Ada\x1b[31m", Username: "@ada",
				At: time.Now().Add(-ago), Type: "text", Text: "hello",
			}}
		}
		err = h.store.SettleCallback(ctx, callbacks[0], []wa.AccountUpdates{{AccountID: account.ID, Updates: []wa.Update{
			wrote("100200300400500", time.Hour), wrote("100200300400501", 48*time.Hour),
		}}})
		ts.Check(errors.Join(err, h.close()))
	}
}
