package media

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
)

// Dir keeps blobs as files: <first two hex digits>/<the rest>. Everything goes
// through an [os.Root], so no name and no link leads out of the directory. One
// process owns it.
//
// A file has its name only once its bytes are on disk, and Keep returns only
// once the name is: write, flush, rename, flush the directory.
type Dir struct {
	root *os.Root
	// flush and rename are the steps whose order matters; tests watch them.
	flush  func(*os.File) error
	rename func(from, to string) error
}

var _ Blobs = (*Dir)(nil)

const (
	tmp      = "tmp"
	dirMode  = 0o700
	fileMode = 0o600
)

// OpenDir opens a directory of blobs and makes it if it is not there. What an
// earlier process had staged is removed.
func OpenDir(dir string) (*Dir, error) {
	if err := makeAll(filepath.Clean(dir)); err != nil {
		return nil, fmt.Errorf("make media directory: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("open media directory: %w", err)
	}
	d := &Dir{root: root, flush: (*os.File).Sync, rename: root.Rename}
	if err := d.prepare(); err != nil {
		return nil, errors.Join(fmt.Errorf("prepare media directory: %w", err), root.Close())
	}
	return d, nil
}

// makeAll makes a directory and those above it, and flushes the one above each:
// a directory that is gone after a power cut takes all its files along.
func makeAll(dir string) error {
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	above := filepath.Dir(dir)
	if err := makeAll(above); err != nil {
		return err
	}
	if err := os.Mkdir(dir, dirMode); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	f, err := os.Open(above) //nolint:gosec // the operator names the directory
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// prepare empties tmp and makes all directories at once, so that Keep need not
// care whether the one it renames into is on disk.
func (d *Dir) prepare() error {
	if err := d.root.RemoveAll(tmp); err != nil {
		return err
	}
	names := []string{tmp}
	for i := range 256 {
		names = append(names, fmt.Sprintf("%02x", i))
	}
	for _, name := range names {
		if err := d.root.Mkdir(name, dirMode); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	return d.flushDir(".")
}

// Close closes the directory; blobs that are open stay so.
func (d *Dir) Close() error { return d.root.Close() }

// Stage implements [Blobs].
func (d *Dir) Stage(ctx context.Context, r io.Reader) (Staged, error) {
	s := Staged{Temp: path.Join(tmp, rand.Text())}
	f, err := d.root.OpenFile(s.Temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, fileMode)
	if err != nil {
		return Staged{}, fmt.Errorf("stage media: %w", err)
	}
	hash := sha256.New()
	s.Size, err = io.Copy(io.MultiWriter(f, hash), &contextReader{ctx, r})
	if err == nil {
		err = d.flush(f)
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return Staged{}, errors.Join(fmt.Errorf("stage media: %w", err), d.Drop(ctx, s))
	}
	s.SHA256 = hex.EncodeToString(hash.Sum(nil))
	return s, nil
}

// contextReader ends with its context.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (c *contextReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}

// Keep implements [Blobs]. It renames also over a file that is there: the bytes
// are the same, unless that file is damaged and is so repaired.
func (d *Dir) Keep(_ context.Context, s Staged) (created bool, err error) {
	dir, name, err := place(s.SHA256)
	if err != nil {
		return false, fmt.Errorf("keep media: %w", err)
	}
	_, err = d.root.Lstat(name)
	created = errors.Is(err, fs.ErrNotExist)
	if err := d.rename(s.Temp, name); err != nil {
		return false, fmt.Errorf("keep media: %w", err)
	}
	if err := d.flushDir(dir); err != nil {
		err = fmt.Errorf("keep media: %w", err)
		if created {
			err = errors.Join(err, d.root.Remove(name))
		}
		return false, err
	}
	return created, nil
}

// Drop implements [Blobs].
func (d *Dir) Drop(_ context.Context, s Staged) error { return d.remove(s.Temp) }

// Open implements [Blobs].
func (d *Dir) Open(_ context.Context, sha string) (io.ReadSeekCloser, error) {
	_, name, err := place(sha)
	if err != nil {
		return nil, err
	}
	// The root keeps a link from leading out of the directory; nothing but a
	// plain file is a blob, so one that leads elsewhere inside is no blob either.
	named, err := d.root.Lstat(name)
	if err != nil {
		return nil, err
	}
	if !named.Mode().IsRegular() {
		return nil, fmt.Errorf("open %s: not a plain file", name)
	}
	return d.root.Open(name)
}

// Remove implements [Blobs].
func (d *Dir) Remove(_ context.Context, sha string) error {
	dir, name, err := place(sha)
	if err != nil {
		return err
	}
	if err := d.remove(name); err != nil {
		return err
	}
	return d.flushDir(dir) // or deleted bytes could be back after a power cut
}

func (d *Dir) remove(name string) error {
	if err := d.root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func (d *Dir) flushDir(name string) error {
	f, err := d.root.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(d.flush(f), f.Close())
}

// place says where the bytes of a hash are. What is no hash has no place.
func place(sha string) (dir, name string, err error) {
	raw, err := hex.DecodeString(sha)
	if err != nil || hex.EncodeToString(raw) != sha || len(raw) != sha256.Size {
		return "", "", fmt.Errorf("blob %q: %w", sha, fs.ErrNotExist)
	}
	return sha[:2], path.Join(sha[:2], sha[2:]), nil
}
