// Package sqlstore owns the one SQL implementation of store's promises, and the
// schema. SQL and database drivers are known nowhere else.
//
// It never decides what a message means: which status follows which is asked of
// wa. It never keeps a credential in clear.
//
// It stands below store: cmd opens it and hands it to the stages.
//
// Writes go through one connection, and concurrent ones share a transaction and
// so a flush (see writer); reads have a pool of their own. A second handle that
// writes would starve the first, so Open makes both and nothing else does.
package sqlstore

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"time"

	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite" // the driver, by name "sqlite"

	"github.com/waypost/waypost/internal/store"
	"github.com/waypost/waypost/internal/wa"
)

// Cipher encrypts what is secret in the store. The associated data names the
// row and column, so that a value cannot be moved to another row.
type Cipher interface {
	Encrypt(plaintext, associatedData []byte) ([]byte, error)
	Decrypt(ciphertext, associatedData []byte) ([]byte, error)
}

// Options says how to open a store. Path and Cipher must be set.
type Options struct {
	// Path is the database file; it is made if it is not there.
	Path   string
	Cipher Cipher
	// Now is the clock that leases and times of change are taken from; nil is
	// time.Now.
	Now func() time.Time
	// Logger receives what the store does by itself; nil discards it.
	Logger *slog.Logger
}

// Store is a [store.Store] in a SQLite file.
type Store struct {
	cipher Cipher
	now    func() time.Time
	logger *slog.Logger
	reads  *sql.DB
	writer *writer
	wakers map[store.Stage]chan struct{}
}

var _ store.Store = (*Store)(nil)

//go:embed migrations/*.sql
var migrations embed.FS

// readers is how many reads run at a time; each holds a connection with a page
// cache of its own.
const readers = 4

// Open opens or makes the database, brings its schema up to date, and checks
// that it keeps what it confirms and that the cipher is the one its secrets
// were written with.
func Open(ctx context.Context, o Options) (*Store, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	writes, err := sql.Open("sqlite", dsn(o.Path))
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	writes.SetMaxOpenConns(1)
	s := &Store{cipher: o.Cipher, now: o.Now, logger: o.Logger, wakers: newWakers()}
	if err := s.prepare(ctx, writes, o); err != nil {
		return nil, errors.Join(err, writes.Close())
	}
	return s, nil
}

func (s *Store) prepare(ctx context.Context, writes *sql.DB, o Options) error {
	if err := migrate(ctx, writes); err != nil {
		return err
	}
	if err := probe(ctx, writes); err != nil {
		return err
	}
	if err := s.checkKey(ctx, writes); err != nil {
		return err
	}
	reads, err := sql.Open("sqlite", dsn(o.Path, "query_only(1)"))
	if err != nil {
		return fmt.Errorf("open database: %w", err)
	}
	reads.SetMaxOpenConns(readers)
	reads.SetMaxIdleConns(readers)
	s.reads = reads
	s.writer, err = startWriter(ctx, writes, s.wake, o.Logger)
	if err != nil {
		return errors.Join(err, reads.Close())
	}
	return nil
}

// dsn sets everything on each connection by name: a pragma that is run once
// after opening holds for one connection of the pool only.
//   - synchronous(FULL) flushes the log at each commit; anything less loses
//     confirmed rows when the power goes.
//   - cache_size(-4096) is 4 MB for each connection, so that memory stays flat.
func dsn(path string, more ...string) string {
	q := url.Values{"_txlock": {"immediate"}}
	for _, p := range append([]string{
		"busy_timeout(30000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)",
		"cache_size(-4096)", "temp_store(MEMORY)", "journal_size_limit(67108864)",
	}, more...) {
		q.Add("_pragma", p)
	}
	return (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: q.Encode()}).String()
}

func migrate(ctx context.Context, db *sql.DB) error {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, db, files)
	if err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("migrate database: %w", err)
	}
	return nil
}

// probe refuses a connection that would confirm what it has not flushed.
func probe(ctx context.Context, db *sql.DB) error {
	const full = 2
	var mode string
	var level int
	if err := db.QueryRowContext(ctx, "PRAGMA journal_mode").Scan(&mode); err != nil {
		return fmt.Errorf("probe database: %w", err)
	}
	if err := db.QueryRowContext(ctx, "PRAGMA synchronous").Scan(&level); err != nil {
		return fmt.Errorf("probe database: %w", err)
	}
	if mode != "wal" || level < full {
		return fmt.Errorf("probe database: journal_mode is %s and synchronous is %d, want wal and %d: "+
			"the file system may not support it", mode, level, full)
	}
	return nil
}

// keyCheck is the row that tells whether the cipher is the right one before
// anything is done with a wrong one.
const keyCheck = "key_check"

func (s *Store) checkKey(ctx context.Context, db *sql.DB) error {
	var sealed []byte
	err := db.QueryRowContext(ctx, `SELECT value FROM settings WHERE name = $1`, keyCheck).Scan(&sealed)
	switch {
	case err == nil:
		if _, err := s.cipher.Decrypt(sealed, []byte(keyCheck)); err != nil {
			return &wa.Error{Code: wa.CodeInvalid, Message: "the key file does not belong to this database: " +
				"put back the one it was made with"}
		}
		return nil
	case !errors.Is(err, sql.ErrNoRows):
		return fmt.Errorf("check key: %w", err)
	}
	if sealed, err = s.cipher.Encrypt([]byte(keyCheck), []byte(keyCheck)); err != nil {
		return fmt.Errorf("check key: %w", err)
	}
	if _, err := db.ExecContext(ctx, `INSERT INTO settings (name, value) VALUES ($1, $2)`, keyCheck, sealed); err != nil {
		return fmt.Errorf("check key: %w", err)
	}
	return nil
}

// Failed implements [store.Store].
func (s *Store) Failed() <-chan struct{} { return s.writer.failed }

// Close implements [store.Store].
//
// The writer goes last: whoever closes the last connection moves the log into
// the database, which a connection that may only read cannot.
func (s *Store) Close() error {
	s.writer.stop()
	return errors.Join(s.reads.Close(), s.writer.close())
}

func newWakers() map[store.Stage]chan struct{} {
	w := map[store.Stage]chan struct{}{}
	for _, stage := range []store.Stage{store.StageOutbox, store.StageInbox, store.StageDeliveries, store.StageFetches, store.StageTemplates, store.StageNumbers} {
		w[stage] = make(chan struct{}, 1)
	}
	return w
}

// Wake implements [store.Waker].
func (s *Store) Wake(stage store.Stage) <-chan struct{} { return s.wakers[stage] }

func (s *Store) wake(stage store.Stage) {
	select {
	case s.wakers[stage] <- struct{}{}:
	default: // a wake is already waiting
	}
}

// seal encrypts a secret for one column of one row.
func (s *Store) seal(v wa.Secret, row ...string) ([]byte, error) {
	sealed, err := s.cipher.Encrypt([]byte(v.Reveal()), rowName(row))
	if err != nil {
		return nil, fmt.Errorf("encrypt: %w", err)
	}
	return sealed, nil
}

func (s *Store) unseal(sealed []byte, row ...string) (wa.Secret, error) {
	v, err := s.cipher.Decrypt(sealed, rowName(row))
	if err != nil {
		return wa.Secret{}, fmt.Errorf("decrypt %s: %w", row[0], err)
	}
	return wa.NewSecret(string(v)), nil
}

// rowName joins with a byte that ids do not hold, so that no two rows share a
// name.
func rowName(parts []string) []byte {
	var name []byte
	for _, p := range parts {
		name = append(append(name, p...), 0)
	}
	return name
}

func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func fromMicros(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}
