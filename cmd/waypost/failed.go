package main

import (
	"context"
	"log/slog"
	"time"

	"github.com/waypost/waypost/internal/cloudapi/fault"
	"github.com/waypost/waypost/internal/inbox"
	"github.com/waypost/waypost/internal/wa"
)

// heed acts on the errors in callbacks: what holds for a number or an account
// makes the outbox wait, and of a code that is in no table somebody hears.
func heed(
	number func(context.Context, wa.AccountID, string) (wa.Number, error),
	hold func(context.Context, wa.AccountID, wa.Number, wa.Outcome, time.Time) error, logger *slog.Logger,
) func(context.Context, inbox.Told) {
	return func(ctx context.Context, told inbox.Told) {
		o := fault.InStatus(told.Failure)
		if o.Unlisted {
			logger.LogAttrs(ctx, slog.LevelError, "error code unlisted", slog.Bool("unlisted", true), slog.Int("code", told.Failure.Code),
				slog.String("title", told.Failure.Title), slog.String("number_id", told.NumberID))
		}
		if o.Scope != wa.ScopeNumber && o.Scope != wa.ScopeAccount {
			return
		}
		n, err := wa.Number{WABAID: told.WABAID}, error(nil)
		if told.NumberID != "" {
			n, err = number(ctx, told.AccountID, told.NumberID)
		} else if o.Scope == wa.ScopeNumber {
			return // it does not say which
		}
		if err == nil {
			err = hold(ctx, told.AccountID, n, o, told.At)
		}
		if err != nil {
			// Without it, the next send finds out by itself.
			logger.LogAttrs(ctx, slog.LevelWarn, "error not heeded", slog.Int("code", told.Failure.Code),
				slog.String("number_id", told.NumberID), slog.Any("err", err))
		}
	}
}

// meaning says what an error code of Meta's is, for people who did not get it.
func meaning(code int) string {
	row, _ := fault.Lookup(code)
	return row.Meaning
}
