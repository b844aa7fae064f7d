package main

import (
	"bytes"
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/waypost/waypost/internal/inbox"
	"github.com/waypost/waypost/internal/wa"
)

// An error of the whole account is heeded without a number; one of a number is not
// without it. Neither is worth a warning.
func TestErrorsAreHeededForWhatTheyAreAbout(t *testing.T) {
	for _, tt := range []struct {
		name string
		told inbox.Told
		want string // the WABA that is held back
	}{
		{"account, of a number", inbox.Told{NumberID: "1", Failure: wa.Failure{Code: 80007}}, "of the source"},
		{"account, without a number", inbox.Told{WABAID: "2", Failure: wa.Failure{Code: 80007}}, "2"},
		{"number", inbox.Told{NumberID: "1", Failure: wa.Failure{Code: 130429}}, "of the source"},
		{"number, without one", inbox.Told{WABAID: "2", Failure: wa.Failure{Code: 130429}}, ""},
		{"message", inbox.Told{NumberID: "1", Failure: wa.Failure{Code: 131026}}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var log bytes.Buffer
			got := ""
			heed(
				func(_ context.Context, _ wa.AccountID, id string) (wa.Number, error) {
					if id == "" {
						return wa.Number{}, wa.NotFound("number")
					}
					return wa.Number{ID: id, WABAID: "of the source"}, nil
				},
				func(_ context.Context, _ wa.AccountID, n wa.Number, _ wa.Outcome, _ time.Time) error {
					got = n.WABAID
					return nil
				}, slog.New(slog.NewTextHandler(&log, nil)),
			)(t.Context(), tt.told)
			if got != tt.want || log.Len() > 0 {
				t.Errorf("held back %q, want %q; logged %q", got, tt.want, &log)
			}
		})
	}
}
