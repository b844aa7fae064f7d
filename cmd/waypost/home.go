package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/waypost/waypost/internal/keyring"
	"github.com/waypost/waypost/internal/store/sqlstore"
)

// home is the data directory: the database, the media and the keys.
type home struct {
	dir   string
	keys  *keyring.Keyring
	store *sqlstore.Store
}

// openHome opens the data directory. If it is not there, or empty, it is made
// into one only if create is true: a mistyped name must not look like an
// installation without accounts. Several processes may have it open; only one
// may serve from it (see lock).
func openHome(ctx context.Context, dir string, create bool, logger *slog.Logger) (*home, error) {
	database, keyFile := filepath.Join(dir, "waypost.db"), filepath.Join(dir, "keys.json")
	switch {
	case missing(database) && !create:
		return nil, fmt.Errorf("there is no data in %s: name the directory with --data, or begin with: waypost account create NAME", dir)
	case !missing(database) && missing(keyFile):
		return nil, fmt.Errorf("%s is missing: put back the one that belongs to the database, the secrets in it cannot be read without", keyFile)
	}
	// What is made in it is for its owner only; see privateFiles.
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("data directory: %w", err)
	}
	keys, err := keyring.Open(keyFile)
	if err != nil {
		return nil, err
	}
	store, err := sqlstore.Open(ctx, sqlstore.Options{Path: database, Cipher: keys, Logger: logger})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", dir, err)
	}
	return &home{dir: dir, keys: keys, store: store}, nil
}

func missing(file string) bool {
	_, err := os.Stat(file)
	return errors.Is(err, fs.ErrNotExist)
}

func (h *home) close() error { return h.store.Close() }

// lock makes this process the only one that serves from the directory. The
// system frees the lock when the process ends, however it ends.
func (h *home) lock() (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(h.dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock data directory: %w", err)
	}
	if err := flock(f); err != nil {
		return nil, errors.Join(fmt.Errorf("another waypost serves from %s: stop it, or name another directory with --data", h.dir), f.Close())
	}
	return f, nil
}

// bootID names the boot of the machine, "" where there is no way to tell one
// from another.
func bootID() string {
	id, err := os.ReadFile("/proc/sys/kernel/random/boot_id") // Linux
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(id))
}
