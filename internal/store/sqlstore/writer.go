package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"modernc.org/sqlite"

	"github.com/waypost/waypost/internal/store"
	"github.com/waypost/waypost/internal/wa"
)

// writer runs all writes on one connection, one after another. Writes that
// arrive while a transaction runs share the next one: they cost one flush
// together, and each caller is answered only after it. A write that fails is
// rolled back alone.
type writer struct {
	db     *sql.DB
	conn   *sql.Conn
	stmts  map[string]*sql.Stmt
	wake   func(store.Stage)
	logger *slog.Logger

	// queue has no buffer: a write that was taken from it is always answered.
	queue  chan *write
	quit   chan struct{}
	ended  chan struct{}
	failed chan struct{}
	once   sync.Once
}

// write is one transaction's worth of work of one caller.
type write struct {
	do   func(*tx) error
	done chan error
	tx   tx
	err  error
}

// maxBatch is how many writes share a transaction at most, so that the first
// of them does not wait long.
const maxBatch = 256

func startWriter(ctx context.Context, db *sql.DB, wake func(store.Stage), logger *slog.Logger) (*writer, error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("open writer: %w", err)
	}
	w := &writer{
		db: db, conn: conn, stmts: map[string]*sql.Stmt{}, wake: wake, logger: logger,
		queue: make(chan *write), quit: make(chan struct{}), ended: make(chan struct{}), failed: make(chan struct{}),
	}
	// The transactions outlive the context of whoever opened the store.
	go w.run(context.WithoutCancel(ctx))
	return w, nil
}

// write runs do in a transaction and returns once it is on disk or has failed.
// do may run only once and must not keep tx.
func (w *writer) write(ctx context.Context, do func(*tx) error) error {
	op := &write{do: do, done: make(chan error, 1)}
	select {
	case w.queue <- op:
		// From here on the outcome is waited for even if ctx ends: an answer
		// comes soon, and without it the caller would not know.
		return <-op.done
	case <-w.ended:
		return unavailable(errors.New("the store is closed"))
	case <-ctx.Done():
		return fmt.Errorf("write: %w", ctx.Err())
	}
}

// stop waits for the transaction under way; what is written after that is
// refused.
func (w *writer) stop() {
	w.once.Do(func() { close(w.quit) })
	<-w.ended
}

func (w *writer) close() error {
	w.stop()
	var errs []error
	for _, stmt := range w.stmts { // SQLite does not close behind an open one
		errs = append(errs, stmt.Close())
	}
	return errors.Join(append(errs, w.conn.Close(), w.db.Close())...)
}

func (w *writer) run(ctx context.Context) {
	defer close(w.ended)
	for {
		select {
		case op := <-w.queue:
			if err := w.commit(ctx, w.gather(op)); err != nil {
				w.logger.LogAttrs(ctx, slog.LevelError, "commit failed", slog.Any("err", err))
				close(w.failed)
				return
			}
		case <-w.quit:
			return
		}
	}
}

// gather adds the writes that wait now to the first one.
func (w *writer) gather(first *write) []*write {
	batch := []*write{first}
	for len(batch) < maxBatch {
		select {
		case op := <-w.queue:
			batch = append(batch, op)
		default:
			return batch
		}
	}
	return batch
}

// commit runs a batch in one transaction and answers its callers. It returns
// an error if what is on disk is no longer known.
func (w *writer) commit(ctx context.Context, batch []*write) error {
	if err := w.exec(ctx, "BEGIN IMMEDIATE"); err != nil {
		answer(batch, unavailable(err))
		return nil // nothing was written
	}
	for _, op := range batch {
		if err := w.one(ctx, op); err != nil {
			return w.abandon(ctx, batch, err)
		}
	}
	if err := w.exec(ctx, "COMMIT"); err != nil {
		if diskFull(err) {
			return w.abandon(ctx, batch, err)
		}
		// The flush may have failed after the pages were written: only a new
		// start shows whether the commit is there.
		answer(batch, unavailable(err))
		return fmt.Errorf("commit: %w", err)
	}
	for _, op := range batch {
		if op.err == nil {
			for stage := range op.tx.wakes {
				w.wake(stage)
			}
		}
		op.done <- op.err
	}
	return nil
}

func answer(batch []*write, err error) {
	for _, op := range batch {
		op.done <- err
	}
}

// abandon takes a whole transaction back because one write in it could not be
// taken back alone, or because the disk is full. SQLite may have done so
// already.
func (w *writer) abandon(ctx context.Context, batch []*write, cause error) error {
	err := w.exec(ctx, "ROLLBACK")
	answer(batch, unavailable(cause))
	if err != nil && !strings.Contains(err.Error(), "no transaction is active") {
		return fmt.Errorf("roll back: %w", err)
	}
	w.logger.LogAttrs(ctx, slog.LevelError, "writes refused", slog.Int("writes", len(batch)), slog.Any("err", cause))
	return nil
}

func diskFull(err error) bool {
	const sqliteFull = 13 // https://www.sqlite.org/rescode.html#full
	e, ok := errors.AsType[*sqlite.Error](err)
	return ok && e.Code()&0xff == sqliteFull
}

// one runs a single write inside a savepoint and keeps its error in op. It
// returns an error of its own if the savepoint could not be ended.
func (w *writer) one(ctx context.Context, op *write) error {
	if err := w.exec(ctx, "SAVEPOINT op"); err != nil {
		return err
	}
	op.tx = tx{ctx: ctx, w: w}
	op.err = w.guarded(ctx, op)
	if op.err != nil {
		if err := w.exec(ctx, "ROLLBACK TO op"); err != nil {
			return errors.Join(op.err, err)
		}
	}
	return w.exec(ctx, "RELEASE op")
}

// guarded turns a panic into an error: it must not take down the other writes.
func (w *writer) guarded(ctx context.Context, op *write) (err error) {
	defer func() {
		if p := recover(); p != nil {
			failed := wa.Recovered(p)
			err = fmt.Errorf("write: %w", failed)
			// The caller may be a stage, whose errors end in a few words.
			w.logger.LogAttrs(ctx, slog.LevelError, "write panicked", slog.Any("err", err), slog.String("stack", failed.Stack))
		}
	}()
	return op.do(&op.tx)
}

func (w *writer) exec(ctx context.Context, query string) error {
	stmt, err := w.stmt(ctx, query)
	if err != nil {
		return err
	}
	_, err = stmt.ExecContext(ctx)
	return err
}

// stmt prepares each query once.
func (w *writer) stmt(ctx context.Context, query string) (*sql.Stmt, error) {
	if stmt, ok := w.stmts[query]; ok {
		return stmt, nil
	}
	stmt, err := w.conn.PrepareContext(ctx, query)
	if err != nil {
		return nil, fmt.Errorf("prepare: %w", err)
	}
	w.stmts[query] = stmt // closed when the store is
	return stmt, nil
}

func unavailable(err error) error {
	return &wa.Error{Code: wa.CodeUnavailable, Message: "the store cannot be written now", Err: err}
}

// tx is one write's view of the transaction. A query must be read to its end
// before the next one.
type tx struct {
	ctx   context.Context //nolint:containedctx // lives as long as the write
	w     *writer
	wakes map[store.Stage]bool
	// proven is what the statuses of a callback prove; see prove.
	proven map[numberKey]time.Time
	// heard are the numbers that a callback is about, and when it came.
	heard map[numberKey]time.Time
}

// wake wakes a stage after the commit.
func (t *tx) wake(stage store.Stage) {
	if t.wakes == nil {
		t.wakes = map[store.Stage]bool{}
	}
	t.wakes[stage] = true
}

// exec returns how many rows were changed.
func (t *tx) exec(query string, args ...any) (int64, error) {
	stmt, err := t.w.stmt(t.ctx, query)
	if err != nil {
		return 0, err
	}
	res, err := stmt.ExecContext(t.ctx, args...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

func (t *tx) query(query string, args ...any) (*sql.Rows, error) {
	stmt, err := t.w.stmt(t.ctx, query)
	if err != nil {
		return nil, err
	}
	return stmt.QueryContext(t.ctx, args...)
}

// row scans the one row of a query; sql.ErrNoRows if there is none.
func (t *tx) row(query string, args []any, into ...any) error {
	stmt, err := t.w.stmt(t.ctx, query)
	if err != nil {
		return err
	}
	return stmt.QueryRowContext(t.ctx, args...).Scan(into...)
}

// collect returns a function that reads all rows of a query with scan and
// closes it.
func collect[T any](scan func(scanner) (T, error)) func(*sql.Rows, error) ([]T, error) {
	return func(rows *sql.Rows, err error) ([]T, error) {
		if err != nil {
			return nil, err
		}
		defer rows.Close() // the error that counts is rows.Err
		var all []T
		for rows.Next() {
			v, err := scan(rows)
			if err != nil {
				return nil, err
			}
			all = append(all, v)
		}
		return all, rows.Err()
	}
}

// scanner is a row, be it of many or of one.
type scanner interface{ Scan(into ...any) error }
