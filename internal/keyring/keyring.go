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
	"io/fs"
	"os"
	"path/filepath"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/tink"
)

// Keyring holds the keys of an installation.
type Keyring struct {
	tink.AEAD
	tagKey []byte
}

// TagKey signs the tags on sends.
func (k *Keyring) TagKey() []byte { return bytes.Clone(k.tagKey) }

// file is the JSON on disk. AEAD is a keyset in Tink's JSON form.
type file struct {
	AEAD   json.RawMessage `json:"aead"`
	TagKey []byte          `json:"tag_key"`
}

const tagKeySize = 32

// Open reads the key file, and makes one with new keys if there is none. Only
// its owner may read the file.
func Open(path string) (*Keyring, error) {
	data, err := os.ReadFile(path) //nolint:gosec // the operator names the path
	if errors.Is(err, fs.ErrNotExist) {
		if err := create(path); err != nil {
			return nil, err
		}
		data, err = os.ReadFile(path) //nolint:gosec // as above
	}
	if err != nil {
		return nil, fmt.Errorf("read key file: %w", err)
	}
	return parse(path, data)
}

func parse(path string, data []byte) (*Keyring, error) {
	var f file
	// The cause of a syntax error could quote the file, so it is left out.
	if json.Unmarshal(data, &f) != nil || len(f.TagKey) != tagKeySize {
		return nil, fmt.Errorf("key file %s is damaged: put back a copy, without it the secrets in the store are lost", path)
	}
	handle, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(bytes.NewReader(f.AEAD)))
	if err != nil {
		return nil, fmt.Errorf("key file %s holds no usable keyset: put back a copy", path)
	}
	primitive, err := aead.New(handle)
	if err != nil {
		return nil, fmt.Errorf("key file %s: %w", path, err)
	}
	return &Keyring{AEAD: primitive, tagKey: f.TagKey}, nil
}

// create writes a file with new keys. It links it into place, so that of two
// processes that start at the same moment one wins and both use its keys.
func create(path string) error {
	data, err := generate()
	if err != nil {
		return fmt.Errorf("make keys: %w", err)
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), ".keys-*") // mode 0600
	if err != nil {
		return fmt.Errorf("make key file: %w", err)
	}
	defer os.Remove(tmp.Name()) //nolint:errcheck // only the name goes; the link stays
	_, err = tmp.Write(data)
	if err := errors.Join(err, tmp.Sync(), tmp.Close()); err != nil {
		return fmt.Errorf("write key file: %w", err)
	}
	if err := os.Link(tmp.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("write key file: %w", err)
	}
	return syncDir(filepath.Dir(path))
}

// syncDir makes the name of a new file durable: the keys must be on disk before
// the first secret is.
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
