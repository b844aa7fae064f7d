package main

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/waypost/waypost/internal/store"
	"github.com/waypost/waypost/internal/wa"
)

// keepUncertain is a command of the scripts: it leaves a message of an account in
// the state in which a send without an answer leaves it, and its id in $MESSAGE.
//
//	uncertain ACCOUNT NUMBER
func keepUncertain(ctx context.Context) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, neg bool, args []string) {
		if neg || len(args) != 2 {
			ts.Fatalf("usage: uncertain ACCOUNT NUMBER")
		}
		h, err := openHome(ctx, ts.MkAbs("waypost-data"), false, slog.New(slog.DiscardHandler))
		ts.Check(err)
		id, err := leaveUncertain(ctx, h.store, args[0], args[1])
		ts.Check(errors.Join(err, h.close()))
		ts.Setenv("MESSAGE", string(id))
	}
}

func leaveUncertain(ctx context.Context, db store.Store, name, to string) (wa.MessageID, error) {
	account, err := db.AccountByName(ctx, name)
	if err != nil {
		return "", err
	}
	src, err := db.CreateSource(ctx, wa.Source{
		ID: wa.NewID[wa.SourceID](), AccountID: account.ID, Name: "Shop", CreatedAt: time.Now(), Number: wa.Number{
			ID: "100200300400500", WABAID: "900800700", Display: "15550109999", Token: wa.NewSecret("token"), AppSecret: wa.NewSecret("secret"),
		},
	})
	if err != nil {
		return "", err
	}
	m := wa.Message{
		ID: wa.NewID[wa.MessageID](), AccountID: account.ID, SourceID: src.ID, NumberID: src.Number.ID, Category: wa.CategoryService,
		Recipient: wa.Recipient{Kind: wa.Individual, ID: to}, Content: wa.Text{Body: "hello"}, Status: wa.StatusAccepted, AcceptedAt: time.Now(),
	}
	if err := db.Accept(ctx, []wa.Message{m}); err != nil {
		return "", err
	}
	queues, err := db.Queues(ctx)
	if err != nil {
		return "", err
	}
	var from []store.Share
	for _, q := range queues {
		from = append(from, store.Share{Queue: q.ID, Limit: 1})
	}
	claimed, err := db.ClaimMessages(ctx, from, time.Minute)
	if err != nil || len(claimed) != 1 {
		return "", errors.Join(err, errors.New("the message was not claimed"))
	}
	if m, err = db.BeginMessage(ctx, claimed[0]); err != nil {
		return "", err
	}
	return m.ID, db.SettleMessage(ctx, m, wa.Outcome{
		Kind: wa.OutcomeUnknown, Trace: "AbCdEf", Failure: wa.Failure{Title: "Meta may have taken the message: no answer came", Details: "not in time"},
	})
}

// keepStatus is a command of the scripts: it applies a status of Meta's without a
// wamid, which names the message by its tag, for a participant of a group.
//
//	status ACCOUNT STATUS PARTICIPANT
func keepStatus(ctx context.Context) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, neg bool, args []string) {
		if neg || len(args) != 3 {
			ts.Fatalf("usage: status ACCOUNT STATUS PARTICIPANT")
		}
		ts.Check(keepUpdates(ctx, ts.MkAbs("waypost-data"), args[0], wa.Update{
			NumberID: "100200300400500", MessageID: wa.MessageID(ts.Getenv("MESSAGE")), Attempt: 1, Status: &wa.StatusReport{
				NumberID: "100200300400500", Status: wa.Status(args[1]), Participant: args[2], Tag: "tag",
				At: time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC), Pricing: &wa.Pricing{Model: "PMP"},
			},
		}))
	}
}

// keepUpdates applies updates to an account, as if a callback had brought them.
func keepUpdates(ctx context.Context, dir, name string, updates ...wa.Update) error {
	h, err := openHome(ctx, dir, false, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	account, err := h.store.AccountByName(ctx, name)
	if err == nil {
		err = h.store.KeepCallback(ctx, wa.Callback{ID: wa.NewID[wa.CallbackID](), ReceivedAt: time.Now(), Body: []byte("{}")})
	}
	var claimed []wa.Callback
	if err == nil {
		claimed, err = h.store.ClaimCallbacks(ctx, 1, time.Minute)
	}
	for _, c := range claimed {
		err = errors.Join(err, h.store.SettleCallback(ctx, c, []wa.AccountUpdates{{AccountID: account.ID, Updates: updates}}))
	}
	return errors.Join(err, h.close())
}
