package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"modernc.org/sqlite"

	"github.com/waypost/waypost/internal/wa"
)

// countCommits counts the transactions that the writer commits from now on.
func countCommits(tb testing.TB, s *Store) *atomic.Int64 {
	tb.Helper()
	var n atomic.Int64
	err := s.writer.conn.Raw(func(conn any) error {
		hooks, ok := conn.(sqlite.HookRegisterer)
		if !ok {
			return fmt.Errorf("%T has no hooks", conn)
		}
		hooks.RegisterCommitHook(func() int32 { n.Add(1); return 0 })
		return nil
	})
	if err != nil {
		tb.Fatal(err)
	}
	return &n
}

// hold keeps the writer busy until the returned function is called. Inside a
// bubble, everything that is written in between waits for the next transaction.
func hold(t *testing.T, s *Store) (release func()) {
	t.Helper()
	gate := make(chan struct{})
	go func() {
		if err := s.writer.write(t.Context(), func(*tx) error { <-gate; return nil }); err != nil {
			t.Errorf("the first write: %v", err)
		}
	}()
	synctest.Wait()
	return func() { close(gate) }
}

// inBubble runs a test with a fresh store inside a bubble.
func inBubble(t *testing.T, test func(t *testing.T, s *Store)) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "test.db")
	synctest.Test(t, func(t *testing.T) {
		s := openAt(t, path, nil)
		test(t, s)
		closeStore(t, s)
	})
}

func (s *Store) keeps(t *testing.T, m wa.Message, want bool) {
	t.Helper()
	_, err := s.Message(t.Context(), m.AccountID, m.ID)
	if got := err == nil; got != want {
		t.Errorf("message is there: %v (%v), want %v", got, err, want)
	}
}

func TestWritesThatWaitShareATransaction(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Store) {
		const writers = 50
		release := hold(t, s)
		commits := countCommits(t, s)
		batch := make([]wa.Message, writers)
		answers := make([]error, writers)
		for i := range batch {
			batch[i] = newMessage()
			if i == 7 {
				batch[i].ID = batch[0].ID // it is kept once
			}
			go func() { answers[i] = s.Accept(t.Context(), batch[i:i+1]) }()
		}
		synctest.Wait()
		release()
		synctest.Wait()
		failed := 0
		for i, err := range answers {
			if err != nil {
				failed++
				if i != 0 && i != 7 {
					t.Errorf("writer %d: %v", i, err)
				}
			}
			s.keeps(t, batch[i], true)
		}
		if failed != 1 {
			t.Errorf("%d writes failed, want one of the two with the same id", failed)
		}
		if n := commits.Load(); n != 2 { // the one that was held, and the others together
			t.Errorf("got %d commits, want 2", n)
		}
	})
}

func TestABatchIsBounded(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Store) {
		release := hold(t, s)
		commits := countCommits(t, s)
		for range maxBatch + 1 {
			go func() {
				if err := s.Accept(t.Context(), []wa.Message{newMessage()}); err != nil {
					t.Error(err)
				}
			}()
		}
		synctest.Wait()
		release()
		synctest.Wait()
		if n := commits.Load(); n != 3 {
			t.Errorf("got %d commits, want 3", n)
		}
	})
}

func TestAPanicInOneWriteDoesNotHurtTheOthers(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Store) {
		release := hold(t, s)
		before, after, half := newMessage(), newMessage(), newMessage()
		var errs [3]error
		write := func(i int, do func(*tx) error) {
			go func() { errs[i] = s.writer.write(t.Context(), do) }()
			synctest.Wait() // they wait in this order
		}
		write(0, func(tx *tx) error { return tx.insertMessage(before) })
		write(1, func(tx *tx) error {
			if err := tx.insertMessage(half); err != nil {
				return err
			}
			panic("boom")
		})
		write(2, func(tx *tx) error { return tx.insertMessage(after) })
		release()
		synctest.Wait()
		if errs[0] != nil || errs[2] != nil {
			t.Errorf("got errors %v and %v beside the panic", errs[0], errs[2])
		}
		if wa.CodeOf(errs[1]) != wa.CodeInternal {
			t.Errorf("got error %v, want one with code %s", errs[1], wa.CodeInternal)
		}
		// It may be kept as the reason why a message failed.
		if got, want := errs[1].Error(), "write: panic: string"; got != want {
			t.Errorf("got error %q, want %q", got, want)
		}
		s.keeps(t, before, true)
		s.keeps(t, half, false)
		s.keeps(t, after, true)
	})
}

func TestAPanicWithOpenRowsDoesNotHurtTheNextWrite(t *testing.T) {
	s := openNew(t)
	for range 3 {
		if err := s.Accept(t.Context(), []wa.Message{newMessage()}); err != nil {
			t.Fatal(err)
		}
	}
	err := s.writer.write(t.Context(), func(tx *tx) error {
		_, err := collect(func(scanner) (int, error) { panic("boom") })(tx.query(`SELECT id FROM messages`))
		return err
	})
	if err == nil {
		t.Error("a panic is no error")
	}
	if err := s.Accept(t.Context(), []wa.Message{newMessage()}); err != nil {
		t.Error(err)
	}
}

func TestCloseAnswersTheWritesThatWait(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.db")
	synctest.Test(t, func(t *testing.T) {
		s := openAt(t, path, nil)
		const writers = 300 // more than a batch
		release := hold(t, s)
		batch := make([]wa.Message, writers)
		answers := make([]error, writers)
		answered := make([]bool, writers)
		for i := range batch {
			batch[i] = newMessage()
			go func() {
				answers[i] = s.Accept(t.Context(), batch[i:i+1])
				answered[i] = true
			}()
		}
		synctest.Wait()
		closed := make(chan error, 1)
		go func() { closed <- s.Close() }()
		synctest.Wait()
		select {
		case err := <-closed:
			t.Fatalf("closed under a running transaction: %v", err)
		default:
		}
		release()
		synctest.Wait()
		if err := <-closed; err != nil {
			t.Error(err)
		}
		again := openAt(t, path, nil)
		for i, m := range batch {
			if !answered[i] {
				t.Errorf("write %d was not answered", i)
			}
			if err := answers[i]; err != nil && wa.CodeOf(err) != wa.CodeUnavailable {
				t.Errorf("write %d: got error %v, want one with code %s", i, err, wa.CodeUnavailable)
			}
			again.keeps(t, m, answers[i] == nil)
		}
		closeStore(t, again)
	})
}

// A commit that fails leaves it open what is on disk: all who shared it are
// told so, and the store takes nothing more.
func TestAFailedCommitEndsTheStore(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.db")
	synctest.Test(t, func(t *testing.T) {
		s := openAt(t, path, nil)
		if err := s.writer.write(t.Context(), func(tx *tx) error {
			_, err := tx.exec(`CREATE TABLE child (parent TEXT REFERENCES accounts (id) DEFERRABLE INITIALLY DEFERRED)`)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		release := hold(t, s)
		var good, bad error
		m := newMessage()
		go func() { good = s.Accept(t.Context(), []wa.Message{m}) }()
		go func() {
			bad = s.writer.write(t.Context(), func(tx *tx) error {
				_, err := tx.exec(`INSERT INTO child (parent) VALUES ('nobody')`) // found out at the commit only
				return err
			})
		}()
		synctest.Wait()
		release()
		synctest.Wait()
		for _, err := range []error{good, bad, s.Accept(t.Context(), []wa.Message{newMessage()})} {
			if wa.CodeOf(err) != wa.CodeUnavailable {
				t.Errorf("got error %v, want one with code %s", err, wa.CodeUnavailable)
			}
		}
		select {
		case <-s.Failed():
		default:
			t.Error("the store does not say that it failed")
		}
		closeStore(t, s)
		again := openAt(t, path, nil)
		again.keeps(t, m, false)
		closeStore(t, again)
	})
}

// Whatever a full disk does to the transaction, what was confirmed is there
// and what was refused for good is not.
func TestAFullDatabaseConfirmsNothingItLost(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.db")
	s := openAt(t, path, nil)
	var limited int
	if err := s.writer.write(t.Context(), func(tx *tx) error {
		return tx.row(`PRAGMA max_page_count = 120`, nil, &limited)
	}); err != nil || limited != 120 {
		t.Fatalf("limit: %d, %v", limited, err)
	}
	const writers, rounds = 16, 20
	var mu sync.Mutex
	answers := map[wa.MessageID]error{}
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			for range rounds {
				pair := []wa.Message{newMessage(), newMessage()}
				pair[0].APIHeader = string(make([]byte, 2000))
				pair[1].APIHeader = pair[0].APIHeader
				err := s.Accept(t.Context(), pair)
				mu.Lock()
				answers[pair[0].ID], answers[pair[1].ID] = err, err
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	s.Close()
	again := openAt(t, path, nil)
	defer closeStore(t, again)
	kept, refused := 0, 0
	for id, err := range answers {
		m := wa.Message{AccountID: "account", ID: id}
		switch {
		case err == nil:
			kept++
			again.keeps(t, m, true)
		case wa.CodeOf(err) != wa.CodeUnavailable:
			refused++
			again.keeps(t, m, false)
		}
	}
	if kept == 0 || kept == len(answers) {
		t.Errorf("%d of %d messages were kept: the limit was not met", kept, len(answers))
	}
	t.Logf("%d kept, %d refused, %d unknown", kept, refused, len(answers)-kept-refused)
}

// A full disk refuses writes and nothing else: once there is room, the same
// store goes on.
func TestAFullDatabaseGoesOnOnceThereIsRoom(t *testing.T) {
	s := openAt(t, filepath.Join(t.TempDir(), "test.db"), nil)
	defer closeStore(t, s)
	limit := func(pages int) {
		t.Helper()
		var got int
		if err := s.writer.write(t.Context(), func(tx *tx) error {
			return tx.row(fmt.Sprintf(`PRAGMA max_page_count = %d`, pages), nil, &got)
		}); err != nil {
			t.Fatal(err)
		}
	}
	limit(1) // SQLite takes as many pages as there are
	var err error
	for range 1000 {
		m := newMessage()
		m.APIHeader = string(make([]byte, 4000))
		if err = s.Accept(t.Context(), []wa.Message{m}); err != nil {
			break
		}
	}
	if err == nil {
		t.Fatal("the limit was not met")
	}
	select {
	case <-s.Failed():
		t.Fatal("a full disk ended the store")
	default:
	}
	limit(1 << 20)
	m := newMessage()
	if err := s.Accept(t.Context(), []wa.Message{m}); err != nil {
		t.Fatalf("with room again: %v", err)
	}
	s.keeps(t, m, true)
}

// A row that cannot be read stays where it is and does not keep the others from
// being claimed.
func TestARowThatCannotBeReadDoesNotHoldUpTheOthers(t *testing.T) {
	s := openAt(t, filepath.Join(t.TempDir(), "test.db"), nil)
	defer closeStore(t, s)
	poison, good := newMessage(), newMessage()
	if err := s.Accept(t.Context(), []wa.Message{poison, good}); err != nil {
		t.Fatal(err)
	}
	if err := s.writer.write(t.Context(), func(tx *tx) error {
		_, err := tx.exec(`UPDATE messages SET content = '{"type":"from a later version"}' WHERE id = $1`, poison.ID)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		claimed, err := claimOf(s, 1)
		if err != nil {
			t.Fatal(err)
		}
		if len(claimed) == 1 && claimed[0].ID == good.ID {
			var status string
			if err := s.reads.QueryRow(`SELECT status FROM messages WHERE id = $1`, poison.ID).Scan(&status); err != nil || status != "accepted" {
				t.Errorf("the row that cannot be read is %q (%v), want accepted", status, err)
			}
			return
		}
	}
	t.Error("the row behind the one that cannot be read was not claimed")
}

func TestAWriteThatGivesUpWaitingWasNotMade(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Store) {
		release := hold(t, s)
		m := newMessage()
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		answer := make(chan error, 1)
		go func() { answer <- s.Accept(ctx, []wa.Message{m}) }()
		synctest.Wait()
		cancel()
		synctest.Wait()
		if err := <-answer; !errors.Is(err, ctx.Err()) {
			t.Errorf("got error %v, want %v", err, ctx.Err())
		}
		release()
		synctest.Wait()
		s.keeps(t, m, false)
	})
}

func BenchmarkAccept(b *testing.B) {
	for _, callers := range []int{1, 64} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			s := openNew(b)
			commits := countCommits(b, s)
			procs := runtime.GOMAXPROCS(0)
			if callers == 1 {
				defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
				procs = 1
			}
			b.SetParallelism(callers / procs)
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if err := s.Accept(b.Context(), []wa.Message{newMessage()}); err != nil {
						b.Error(err)
					}
				}
			})
			b.ReportMetric(float64(commits.Load())/float64(b.N), "commits/msg")
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "msg/s")
		})
	}
}
