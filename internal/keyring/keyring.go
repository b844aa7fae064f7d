// Package keyring owns the keys of an installation: the one that encrypts what
// is secret in the store, and the one that signs the tags on sends. They live
// in one file, beside the database and never in it.
//
// It never writes a key anywhere else and never shows one.
//
// It stands beside the store; only cmd uses it, and hands the keys on.
package keyring

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/tink"
)

// Keyring holds the keys of an installation. However it is printed, logged or
// encoded, it shows as "[keys]".
type Keyring struct {
	tink.AEAD
	tagKey []byte
}

const mask = "[keys]"

// TagKey signs the tags on sends.
func (k Keyring) TagKey() []byte { return bytes.Clone(k.tagKey) }

// Format implements [fmt.Formatter], so that no verb shows a key.
func (k Keyring) Format(f fmt.State, _ rune) { io.WriteString(f, mask) } //nolint:errcheck // fmt keeps it

// MarshalText keeps the keys out of JSON, logs and everything else that encodes
// text.
func (k Keyring) MarshalText() ([]byte, error) { return []byte(mask), nil }

// file is the JSON on disk. AEAD is a keyset in Tink's JSON form.
type file struct {
	AEAD   json.RawMessage `json:"aead"`
	TagKey []byte          `json:"tag_key"`
}

const (
	tagKeySize = 32
	// fileLimit is far more than a keyset takes.
	fileLimit = 64 << 10
)

// Open reads the key file, and makes one with new keys if there is none. It
// refuses a file that others than its owner can read: who has the keys has
// every secret in the store.
func Open(path string) (*Keyring, error) {
	data, err := read(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err := create(path, syncDir); err != nil {
			return nil, err
		}
		data, err = read(path)
	}
	if err != nil {
		return nil, err
	}
	return parse(path, data)
}

// read looks before it opens: to open a pipe is to wait for its other end.
func read(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("read key file: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("key file %s is not a file", path)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("key file %s is open to others on this machine (mode %04o): chmod 600 it", path, info.Mode().Perm())
	}
	if info.Size() > fileLimit {
		return nil, damaged(path)
	}
	data, err := os.ReadFile(path) //nolint:gosec // the operator names the path
	if err != nil {
		return nil, fmt.Errorf("read key file: %w", err)
	}
	return data, nil
}

// damaged leaves the cause out: it could quote the file.
func damaged(path string) error {
	return fmt.Errorf("key file %s is damaged: put back a copy, without it the secrets in the store are lost", path)
}

func parse(path string, data []byte) (*Keyring, error) {
	var f file
	if json.Unmarshal(data, &f) != nil || len(f.TagKey) != tagKeySize {
		return nil, damaged(path)
	}
	handle, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(bytes.NewReader(f.AEAD)))
	if err != nil {
		return nil, damaged(path)
	}
	primitive, err := aead.New(handle)
	if err != nil {
		return nil, damaged(path)
	}
	return &Keyring{AEAD: primitive, tagKey: f.TagKey}, nil
}

// create writes a file with new keys, which only its owner may read. It links
// it into place, so that of two processes that start at the same moment one
// wins and both use its keys. flush makes the new name durable, also for the
// one that lost: the keys must be on disk before the first secret is.
func create(path string, flush func(dir string) error) error {
	data, err := generate()
	if err != nil {
		return fmt.Errorf("make keys: %w", err)
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), ".keys-*") // mode 0600
	if err != nil {
		return fmt.Errorf("make key file: %w", err)
	}
	defer os.Remove(tmp.Name()) // only the name goes; the link stays
	_, err = tmp.Write(data)
	if err := errors.Join(err, tmp.Sync(), tmp.Close()); err != nil {
		return fmt.Errorf("write key file: %w", err)
	}
	if err := os.Link(tmp.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("write key file: %w", err)
	}
	return flush(filepath.Dir(path))
}

func syncDir(dir string) error {
	d, err := os.Open(dir) //nolint:gosec // the operator names the path
	if err != nil {
		return fmt.Errorf("flush key directory: %w", err)
	}
	if err := errors.Join(d.Sync(), d.Close()); err != nil {
		return fmt.Errorf("flush key directory: %w", err)
	}
	return nil
}

func generate() ([]byte, error) {
	handle, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err != nil {
		return nil, err
	}
	var keys bytes.Buffer
	if err := insecurecleartextkeyset.Write(handle, keyset.NewJSONWriter(&keys)); err != nil {
		return nil, err
	}
	f := file{AEAD: keys.Bytes(), TagKey: make([]byte, tagKeySize)}
	rand.Read(f.TagKey)
	return json.MarshalIndent(f, "", "  ")
}
