package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
)

// unreadableError is why a row of a job could not be understood: it is damaged,
// or a newer version wrote it. It stays where it is, for a person or the newer
// version, and must not keep the others from being claimed.
type unreadableError struct {
	row string
	err error
}

// Error implements the error interface.
func (e *unreadableError) Error() string { return e.row + " cannot be read: " + e.err.Error() }

// Unwrap returns the cause.
func (e *unreadableError) Unwrap() error { return e.err }

func unreadable(what, id string, err error) error {
	if err == nil {
		return nil
	}
	return &unreadableError{row: fmt.Sprintf("%s %s", what, id), err: err}
}

// read is what was read of a row, and why that is not all.
type read[T any] struct {
	value T
	err   error
}

// tolerant lets a scan go on behind a row that cannot be read.
func tolerant[T any](scan func(scanner) (T, error)) func(scanner) (read[T], error) {
	return func(row scanner) (read[T], error) {
		v, err := scan(row)
		if _, ok := errors.AsType[*unreadableError](err); ok {
			return read[T]{v, err}, nil
		}
		return read[T]{v, nil}, err
	}
}

// readable returns the rows that could be read. The others are reported each
// time they are claimed: when their lease has run out.
func readable[T any](ctx context.Context, logger *slog.Logger, rows []read[T]) []T {
	var all []T
	for _, r := range rows {
		if r.err != nil {
			logger.LogAttrs(ctx, slog.LevelError, "row skipped", slog.Any("err", r.err))
			continue
		}
		all = append(all, r.value)
	}
	return all
}
