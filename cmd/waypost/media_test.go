package main

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/waypost/waypost/internal/wa"
)

// keepPhoto is a command of the scripts: it applies a callback by which somebody
// sent a photo, whose id it leaves in $MEDIA, or ends its fetch well.
//
//	photo ACCOUNT pending
//	photo ACCOUNT ready
func keepPhoto(ctx context.Context) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, neg bool, args []string) {
		if neg || len(args) != 2 {
			ts.Fatalf("usage: photo ACCOUNT pending|ready")
		}
		dir := ts.MkAbs("waypost-data")
		if args[1] == "pending" {
			ts.Check(keepUpdates(ctx, dir, args[0], wa.Update{NumberID: "100200300400500", Inbound: &wa.Inbound{
				WAMID: "wamid.PHOTO", NumberID: "100200300400500", From: "15550100001", At: time.Now(), Type: "image",
				Media: &wa.InboundMedia{MetaID: "7788", Kind: wa.KindImage, MIMEType: "image/jpeg"},
			}}))
		}
		id, err := fetchOne(ctx, dir, wa.MediaState(args[1]))
		ts.Check(err)
		ts.Setenv("MEDIA", string(id))
	}
}

// fetchOne takes the media that is to be fetched, and leaves it in a state.
func fetchOne(ctx context.Context, dir string, state wa.MediaState) (wa.MediaID, error) {
	h, err := openHome(ctx, dir, false, slog.New(slog.DiscardHandler))
	if err != nil {
		return "", err
	}
	claimed, err := h.store.ClaimFetches(ctx, 1, time.Minute)
	if err != nil || len(claimed) != 1 {
		return "", errors.Join(err, errors.New("no media is to be fetched"), h.close())
	}
	m := claimed[0]
	if m.State = state; state == wa.MediaReady {
		m.SHA256, m.Size = strings.Repeat("a", 64), 42
	}
	return m.ID, errors.Join(h.store.SettleFetch(ctx, m, 0), h.close())
}
