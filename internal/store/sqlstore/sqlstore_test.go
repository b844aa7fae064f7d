package sqlstore

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/waypost/waypost/internal/store"
	"github.com/waypost/waypost/internal/store/storetest"
	"github.com/waypost/waypost/internal/wa"
)

// sealer is a Cipher of the standard library's AES-GCM.
type sealer struct{ aead cipher.AEAD }

func newSealer(tb testing.TB, key byte) sealer {
	tb.Helper()
	block, err := aes.NewCipher(bytes.Repeat([]byte{key}, 32))
	if err != nil {
		tb.Fatalf("cipher: %v", err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		tb.Fatalf("cipher: %v", err)
	}
	return sealer{aead}
}

func (s sealer) Encrypt(plaintext, associatedData []byte) ([]byte, error) {
	nonce := make([]byte, s.aead.NonceSize())
	rand.Read(nonce)
	return s.aead.Seal(nonce, nonce, plaintext, associatedData), nil
}

func (s sealer) Decrypt(ciphertext, associatedData []byte) ([]byte, error) {
	n := s.aead.NonceSize()
	if len(ciphertext) < n {
		return nil, errors.New("too short")
	}
	return s.aead.Open(nil, ciphertext[:n], ciphertext[n:], associatedData)
}

// openAt opens the database of a path with the usual key.
func openAt(tb testing.TB, path string, now func() time.Time) *Store {
	tb.Helper()
	s, err := Open(tb.Context(), Options{Path: path, Cipher: newSealer(tb, 1), Now: now})
	if err != nil {
		tb.Fatalf("open: %v", err)
	}
	return s
}

// openNew opens an empty database until the end of the test.
func openNew(tb testing.TB) *Store {
	tb.Helper()
	s := openAt(tb, filepath.Join(tb.TempDir(), "test.db"), nil)
	tb.Cleanup(func() { closeStore(tb, s) })
	return s
}

func closeStore(tb testing.TB, s *Store) {
	tb.Helper()
	if err := s.Close(); err != nil {
		tb.Errorf("close: %v", err)
	}
}

func TestSQLiteKeepsThePromises(t *testing.T) {
	storetest.Run(t, func(t *testing.T, now func() time.Time) (store.Store, func() store.Store) {
		path := filepath.Join(t.TempDir(), "test.db")
		s := openAt(t, path, now)
		t.Cleanup(func() { s.Close() })
		return s, func() store.Store {
			s.Close() // again, if the test did
			s = openAt(t, path, now)
			return s
		}
	})
}

// newMessage makes a message to somebody who gets no other one.
func newMessage() wa.Message {
	id := wa.NewID[wa.MessageID]()
	return wa.Message{
		ID: id, AccountID: "account", SourceID: "source", NumberID: "1",
		Recipient: wa.Recipient{Kind: wa.Individual, ID: "to " + string(id)}, Content: wa.Text{Body: "hello"},
		AcceptedAt: time.Now(),
	}
}

func TestSecretsAreNotInTheFilesInClear(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.db")
	s := openAt(t, path, nil)
	token, text := wa.NewToken("account", "token", time.Now())
	const accessToken, appSecret, header = "canary-access-token", "canary-app-secret", "canary-endpoint-header"
	ctx := t.Context()
	_, errSource := s.CreateSource(ctx, wa.Source{ID: "source", AccountID: "account", Number: wa.Number{
		ID: "1", Token: wa.NewSecret(accessToken), AppSecret: wa.NewSecret(appSecret),
	}})
	_, errEndpoint := s.PutEndpoint(ctx, wa.Endpoint{
		ID: "endpoint", AccountID: "account", Kind: wa.EventStatus, Headers: map[string]wa.Secret{"X-Key": wa.NewSecret(header)},
	})
	m := newMessage()
	m.APIHeader = "not-a-secret"
	if err := errors.Join(errSource, errEndpoint, s.CreateToken(ctx, token), s.Accept(ctx, []wa.Message{m})); err != nil {
		t.Fatal(err)
	}

	// Once with everything in the log, once with everything in the database.
	for _, when := range []string{"open", "closed"} {
		if when == "closed" {
			closeStore(t, s)
		}
		var raw []byte
		for _, name := range []string{path, path + "-wal", path + "-shm"} {
			data, err := os.ReadFile(name)
			if err != nil && !os.IsNotExist(err) {
				t.Fatal(err)
			}
			raw = append(raw, data...)
		}
		if !bytes.Contains(raw, []byte(m.APIHeader)) {
			t.Fatalf("%s: the files do not even hold what is not secret", when)
		}
		for _, canary := range []string{accessToken, appSecret, header, text.Reveal(), text.Reveal()[8:]} {
			if bytes.Contains(raw, []byte(canary)) {
				t.Errorf("%s: %q is in the files in clear", when, canary)
			}
		}
	}
}

func TestSealedValuesCannotBeMovedToAnotherRow(t *testing.T) {
	s := openNew(t)
	for _, id := range []wa.SourceID{"a", "b"} {
		if _, err := s.CreateSource(t.Context(), wa.Source{ID: id, AccountID: "account", Number: wa.Number{
			Token: wa.NewSecret("token " + string(id)), AppSecret: wa.NewSecret("secret"),
		}}); err != nil {
			t.Fatal(err)
		}
	}
	err := s.writer.write(t.Context(), func(t *tx) error {
		_, err := t.exec(`UPDATE sources SET token = (SELECT token FROM sources WHERE id = 'a') WHERE id = 'b'`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Source(t.Context(), "account", "b"); err == nil {
		t.Error("a token of another row was taken for one's own")
	}
	if _, err := s.Source(t.Context(), "account", "a"); err != nil {
		t.Error(err)
	}
}

func TestAWrongKeyRefusesToOpen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.db")
	closeStore(t, openAt(t, path, nil))
	s, err := Open(t.Context(), Options{Path: path, Cipher: newSealer(t, 2)})
	if err == nil {
		closeStore(t, s)
		t.Fatal("opened with a wrong key")
	}
	if wa.CodeOf(err) != wa.CodeInvalid {
		t.Errorf("got error %v, want one with code %s", err, wa.CodeInvalid)
	}
	closeStore(t, openAt(t, path, nil))
}

func TestAPathMayHoldAnyCharacter(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a b.db", "50%.db", "what?.db", "#1.db", "grün&=+.db", "%20.db"} {
		path := filepath.Join(dir, name)
		closeStore(t, openAt(t, path, nil))
		if _, err := os.Stat(path); err != nil {
			t.Errorf("%q was not made: %v", name, err)
		}
	}
	t.Chdir(dir)
	closeStore(t, openAt(t, "relative.db", nil))
	if _, err := os.Stat(filepath.Join(dir, "relative.db")); err != nil {
		t.Error(err)
	}
}

func TestADirectoryThatIsNotThereIsAnError(t *testing.T) {
	_, err := Open(t.Context(), Options{Path: filepath.Join(t.TempDir(), "none", "test.db"), Cipher: newSealer(t, 1)})
	if err == nil {
		t.Fatal("opened")
	}
}

// pragmas reads what a connection is set to.
func pragmas(t *testing.T, query func(pragma string, into any) error) map[string]string {
	t.Helper()
	got := map[string]string{}
	for _, name := range []string{"synchronous", "journal_mode", "query_only", "foreign_keys", "busy_timeout"} {
		var v string
		if err := query("PRAGMA "+name, &v); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		got[name] = v
	}
	return got
}

func TestEveryConnectionIsSafe(t *testing.T) {
	s := openNew(t)
	ctx := t.Context()
	check := func(who string, got map[string]string, queryOnly string) {
		t.Helper()
		for name, want := range map[string]string{
			"synchronous": "2", "journal_mode": "wal", "query_only": queryOnly, "foreign_keys": "1", "busy_timeout": "30000",
		} {
			if got[name] != want {
				t.Errorf("%s: %s is %s, want %s", who, name, got[name], want)
			}
		}
	}
	// All readers at once, so that each is another connection.
	for range readers {
		conn, err := s.reads.Conn(ctx)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		check("reader", pragmas(t, func(q string, into any) error { return conn.QueryRowContext(ctx, q).Scan(into) }), "1")
		if _, err := conn.ExecContext(ctx, `DELETE FROM accounts`); err == nil {
			t.Error("a reader may write")
		}
	}
	if n := s.reads.Stats().OpenConnections; n != readers {
		t.Errorf("got %d readers, want %d", n, readers)
	}
	err := s.writer.write(ctx, func(tx *tx) error {
		check("writer", pragmas(t, func(q string, into any) error { return tx.row(q, nil, into) }), "0")
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func TestAccountLeadsEveryPrimaryKey(t *testing.T) {
	// settings and accounts are not of an account, a callback may be of several,
	// and the last is goose's own.
	exceptions := map[string]bool{"settings": true, "accounts": true, "callbacks": true, "goose_db_version": true}
	s := openNew(t)
	rows, err := s.reads.QueryContext(t.Context(), `SELECT m.name, coalesce((SELECT c.name FROM pragma_table_info(m.name) c WHERE c.pk = 1), '')
		FROM sqlite_master m WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%'`)
	leads, err := collect(func(row scanner) (lead [2]string, err error) { return lead, row.Scan(&lead[0], &lead[1]) })(rows, err)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, lead := range leads {
		table, column := lead[0], lead[1]
		seen[table] = true
		if !exceptions[table] && column != "account_id" {
			t.Errorf("the primary key of %s begins with %q, want account_id", table, column)
		}
	}
	if len(seen) < 12 {
		t.Errorf("got %d tables, want all", len(seen))
	}
	for table := range exceptions {
		if !seen[table] {
			t.Errorf("%s is an exception but not a table", table)
		}
	}
}

func TestTheStoreLivesInABubble(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.db")
	synctest.Test(t, func(t *testing.T) {
		s := openAt(t, path, nil)
		m := newMessage()
		if err := s.Accept(t.Context(), []wa.Message{m}); err != nil {
			t.Fatal(err)
		}
		claimed, err := claimOf(s, 1)
		if err != nil || len(claimed) != 1 {
			t.Fatalf("claim: got %d messages and error %v", len(claimed), err)
		}
		start := time.Now()
		time.Sleep(time.Hour) // costs nothing here, and the store stands still in the meantime
		if again, err := claimOf(s, 1); err != nil || len(again) != 1 {
			t.Fatalf("claim %v later: got %d messages and error %v", time.Since(start), len(again), err)
		}
		closeStore(t, s)
	})
}

func TestASchemaIsBroughtUpToDateOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.db")
	for range 3 {
		s := openAt(t, path, nil)
		var versions int
		if err := s.reads.QueryRowContext(t.Context(), `SELECT count(*) FROM goose_db_version WHERE version_id > 0`).Scan(&versions); err != nil {
			t.Fatal(err)
		}
		if versions != 1 {
			t.Errorf("got %d versions, want 1", versions)
		}
		closeStore(t, s)
	}
}

// A reader in the middle of its rows keeps nobody from writing, and goes on
// seeing what was there when it began.
func TestAReaderDoesNotStopTheWriter(t *testing.T) {
	s := openNew(t)
	if err := s.Accept(t.Context(), []wa.Message{newMessage(), newMessage()}); err != nil {
		t.Fatal(err)
	}
	rows, err := s.reads.QueryContext(t.Context(), `SELECT id FROM messages`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	seen := 0
	for rows.Next() {
		if seen++; seen == 1 {
			late := newMessage()
			if err := s.Accept(t.Context(), []wa.Message{late}); err != nil {
				t.Fatal(err)
			}
			s.keeps(t, late, true)
		}
	}
	if err := rows.Err(); err != nil || seen != 2 {
		t.Errorf("the reader saw %d messages (%v), want the 2 that were there", seen, err)
	}
}

// A closed store is one file: whoever copies it then has everything.
func TestCloseLeavesNoLogBehind(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.db")
	s := openAt(t, path, nil)
	m := newMessage()
	if err := s.Accept(t.Context(), []wa.Message{m}); err != nil {
		t.Fatal(err)
	}
	s.keeps(t, m, true) // a reader has the file open, too
	closeStore(t, s)
	for _, suffix := range []string{"-wal", "-shm"} {
		if _, err := os.Stat(path + suffix); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s is still there (%v)", suffix, err)
		}
	}
}
