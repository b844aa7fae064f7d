package media

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/waypost/waypost/internal/store"
	"github.com/waypost/waypost/internal/wa"
)

var (
	errNoSpace = errors.New("no space left on device")
	errNoRow   = errors.New("constraint failed")
)

type rows = store.Media

// noRows is the store with a fault: it takes no row for a media.
type noRows struct{ rows }

func (noRows) CreateMedia(context.Context, wa.StoredMedia) error { return errNoRow }

func openDir(t testing.TB, dir string) *Dir {
	t.Helper()
	d, err := OpenDir(dir)
	check(t, err)
	t.Cleanup(func() { d.Close() })
	return d
}

// TestDirMakesBytesDurableBeforeTheirName watches the steps and what is on disk
// at each of them.
func TestDirMakesBytesDurableBeforeTheirName(t *testing.T) {
	d := openDir(t, t.TempDir())
	var steps []string
	flush, rename := d.flush, d.rename
	d.flush = func(f *os.File) error {
		info, err := f.Stat()
		check(t, err)
		switch {
		case info.IsDir():
			steps = append(steps, "flush directory")
		case info.Size() == int64(len(aPDF)):
			steps = append(steps, "flush whole file")
		default:
			steps = append(steps, "flush part of file")
		}
		return flush(f)
	}
	d.rename = func(from, to string) error {
		if !strings.HasPrefix(from, "tmp/") || strings.HasPrefix(to, "tmp/") {
			t.Errorf("rename of %s to %s", from, to)
		}
		steps = append(steps, "rename")
		return rename(from, to)
	}
	s, err := d.Stage(t.Context(), strings.NewReader(string(aPDF)))
	check(t, err)
	created, err := d.Keep(t.Context(), s)
	check(t, err)
	if want := []string{"flush whole file", "rename", "flush directory"}; !slices.Equal(steps, want) || !created {
		t.Errorf("got %v, created %t, want %v", steps, created, want)
	}
}

// TestDirAfterACrashHasAllOrNothing stops after each step and opens the
// directory anew, as the next process does.
func TestDirAfterACrashHasAllOrNothing(t *testing.T) {
	for _, step := range []string{"write", "flush", "rename", "flush directory", "none"} {
		t.Run(step, func(t *testing.T) {
			path := t.TempDir()
			d := openDir(t, path)
			crash := errors.New("crash")
			flush := d.flush
			d.flush = func(f *os.File) error {
				info, err := f.Stat()
				check(t, err)
				if info.IsDir() == (step == "flush directory") && step != "rename" && step != "none" {
					return crash
				}
				return flush(f)
			}
			if step == "rename" {
				d.rename = func(string, string) error { return crash }
			}
			var r io.Reader = strings.NewReader(string(aPDF))
			if step == "write" {
				r = io.MultiReader(r, &cut{})
			}
			s, err := d.Stage(t.Context(), r)
			if err == nil {
				_, err = d.Keep(t.Context(), s)
			}
			if (err == nil) != (step == "none") {
				t.Fatalf("got %v", err)
			}
			again := openDir(t, path)
			names := filesIn(t, again)
			if want := step == "none"; (len(names) == 1) != want || len(names) > 1 {
				t.Errorf("the next process finds %v", names)
			}
			for _, name := range names {
				data, err := again.root.ReadFile(name)
				if err != nil || string(data) != string(aPDF) {
					t.Errorf("%s is not whole (%v)", name, err)
				}
			}
		})
	}
}

func TestOpenDirSweepsWhatWasStaged(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "media")
	d := openDir(t, path)
	kept, err := d.Stage(t.Context(), strings.NewReader("kept"))
	check(t, err)
	_, err = d.Keep(t.Context(), kept)
	check(t, err)
	_, err = d.Stage(t.Context(), strings.NewReader("staged"))
	check(t, err)
	if n := len(filesIn(t, d)); n != 2 {
		t.Fatalf("got %d files, want 2", n)
	}
	if names := filesIn(t, openDir(t, path)); len(names) != 1 || strings.HasPrefix(names[0], "tmp") {
		t.Errorf("got %v, want the kept one", names)
	}
}

func TestDirIsForItsOwnerOnly(t *testing.T) {
	path := filepath.Join(t.TempDir(), "media")
	d := openDir(t, path)
	s, err := d.Stage(t.Context(), strings.NewReader("x"))
	check(t, err)
	_, err = d.Keep(t.Context(), s)
	check(t, err)
	check(t, filepath.WalkDir(path, func(name string, e fs.DirEntry, err error) error {
		check(t, err)
		info, err := e.Info()
		check(t, err)
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %s", name, info.Mode())
		}
		return nil
	}))
}

func TestDirFollowsNoLink(t *testing.T) {
	path := t.TempDir()
	d := openDir(t, path)
	s, err := d.Stage(t.Context(), strings.NewReader("bytes"))
	check(t, err)
	_, err = d.Keep(t.Context(), s)
	check(t, err)
	_, blob, err := place(s.SHA256)
	check(t, err)

	outside := filepath.Join(t.TempDir(), "secret")
	check(t, os.WriteFile(outside, []byte("secret"), 0o600))
	out, in := strings.Repeat("ab", 32), strings.Repeat("cd", 32)
	check(t, os.Symlink(outside, filepath.Join(path, "ab", out[2:])))
	check(t, os.Symlink(filepath.Join("..", blob), filepath.Join(path, "cd", in[2:])))
	for _, sha := range []string{out, in} {
		if _, err := d.Open(t.Context(), sha); err == nil {
			t.Errorf("a link was followed")
		}
	}

	// A directory that is a link leads nowhere either.
	ef := strings.Repeat("ef", 32)
	check(t, os.WriteFile(filepath.Join(filepath.Dir(outside), ef[2:]), []byte("secret"), 0o600))
	check(t, os.Remove(filepath.Join(path, "ef")))
	check(t, os.Symlink(filepath.Dir(outside), filepath.Join(path, "ef")))
	if _, err := d.Open(t.Context(), ef); err == nil {
		t.Error("a linked directory was followed")
	}
}

func TestDirKnowsNoNameButAHash(t *testing.T) {
	d := openDir(t, t.TempDir())
	for _, sha := range []string{"", "ab", "../../etc/passwd", "..", strings.Repeat("AB", 32), strings.Repeat("ab", 31) + "/x", "tmp/x"} {
		if _, err := d.Open(t.Context(), sha); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("open %q: got %v", sha, err)
		}
		if err := d.Remove(t.Context(), sha); err == nil {
			t.Errorf("remove %q: no error", sha)
		}
	}
}

func TestDirRepairsADamagedBlob(t *testing.T) {
	d := openDir(t, t.TempDir())
	for i := range 2 {
		s, err := d.Stage(t.Context(), strings.NewReader("bytes"))
		check(t, err)
		created, err := d.Keep(t.Context(), s)
		check(t, err)
		if created != (i == 0) {
			t.Errorf("round %d: created is %t", i, created)
		}
		body, err := d.Open(t.Context(), s.SHA256)
		check(t, err)
		data, err := io.ReadAll(body)
		check(t, errors.Join(err, body.Close()))
		if string(data) != "bytes" {
			t.Errorf("round %d: got %q", i, data)
		}
		_, name, _ := place(s.SHA256)
		check(t, d.root.WriteFile(name, []byte("byt"), 0o600))
	}
}
