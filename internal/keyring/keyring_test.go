package keyring

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
)

func open(t testing.TB, path string) *Keyring {
	t.Helper()
	k, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// names returns what is in a directory.
func names(t testing.TB, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return all
}

func TestKeysAreMadeOnceForTheOwnerOnly(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "keys.json")
	first := open(t, path)
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	second := open(t, path)
	after, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(before, after) {
		t.Error("the second open changed the file")
	}
	if !bytes.Equal(first.TagKey(), second.TagKey()) || len(first.TagKey()) != 32 {
		t.Error("the tag keys differ")
	}
	sealed, err := first.Encrypt([]byte("secret"), []byte("row 1"))
	if err != nil {
		t.Fatal(err)
	}
	if plain, err := second.Decrypt(sealed, []byte("row 1")); err != nil || string(plain) != "secret" {
		t.Errorf("got %q, %v after a restart", plain, err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode() != 0o600 {
		t.Errorf("mode is %v, want 0600", info.Mode())
	}
	if got := names(t, dir); len(got) != 1 {
		t.Errorf("left behind: %v", got)
	}
}

// TestNameOfNewKeysIsFlushed: without it a power cut could take the keys and
// leave a store that nobody can decrypt.
func TestNameOfNewKeysIsFlushed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys.json")
	for _, who := range []string{"the winner", "the loser"} {
		var flushed []string
		broken := errors.New("disk gone")
		err := create(path, func(dir string) error {
			if _, err := os.Stat(path); err != nil {
				t.Errorf("%s flushed before there was a name: %v", who, err)
			}
			flushed = append(flushed, dir)
			return broken
		})
		if len(flushed) != 1 || flushed[0] != filepath.Dir(path) {
			t.Errorf("%s flushed %v", who, flushed)
		}
		if !errors.Is(err, broken) {
			t.Errorf("%s: got %v, want the error of the flush", who, err)
		}
	}
	if err := syncDir(filepath.Dir(path)); err != nil {
		t.Error(err)
	}
	if err := syncDir(path + ".missing"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v for a directory that is gone", err)
	}
}

func TestStartsAtTheSameMomentShareTheKeys(t *testing.T) {
	dir := t.TempDir()
	rings := make([]*Keyring, 50)
	start := make(chan struct{})
	var wg sync.WaitGroup
	for i := range rings {
		wg.Go(func() {
			<-start
			k, err := Open(filepath.Join(dir, "keys.json"))
			if err != nil {
				t.Error(err)
			}
			rings[i] = k
		})
	}
	close(start)
	wg.Wait()
	if t.Failed() {
		return
	}
	sealed, err := rings[0].Encrypt([]byte("secret"), nil)
	if err != nil {
		t.Fatal(err)
	}
	for i, k := range rings {
		if !bytes.Equal(k.TagKey(), rings[0].TagKey()) {
			t.Errorf("%d has a tag key of its own", i)
		}
		if plain, err := k.Decrypt(sealed, nil); err != nil || string(plain) != "secret" {
			t.Errorf("%d cannot decrypt: %v", i, err)
		}
	}
	if got := names(t, dir); len(got) != 1 {
		t.Errorf("left behind: %v", got)
	}
}

func TestDamagedFileIsRefused(t *testing.T) {
	const canary = "canary5f2c"
	data, err := generate()
	if err != nil {
		t.Fatal(err)
	}
	with := func(name string, v any) string {
		var f map[string]any
		if err := json.Unmarshal(data, &f); err != nil {
			t.Fatal(err)
		}
		if f[name] = v; v == nil {
			delete(f, name)
		}
		changed, err := json.Marshal(f)
		if err != nil {
			t.Fatal(err)
		}
		return string(changed)
	}
	for name, content := range map[string]string{
		"empty":             "",
		"truncated":         string(data[:len(data)/2]),
		"last byte missing": string(data[:len(data)-1]),
		"more after it":     string(data) + canary,
		"no JSON":           canary,
		"JSON of something": `["` + canary + `"]`,
		"null":              "null",
		"empty object":      "{}",
		"no tag key":        with("tag_key", nil),
		"short tag key":     with("tag_key", base64.StdEncoding.EncodeToString([]byte(canary))),
		"tag key no base64": with("tag_key", canary+"!"),
		"no keyset":         with("aead", nil),
		"keyset of texts":   with("aead", canary),
		"keyset without":    with("aead", map[string]any{}),
		"keyset of no use": with("aead", map[string]any{"primaryKeyId": 1, "key": []any{map[string]any{
			"keyData": map[string]any{"typeUrl": "type.googleapis.com/" + canary, "value": "AAAA", "keyMaterialType": "SYMMETRIC"},
			"status":  "ENABLED", "keyId": 1, "outputPrefixType": "TINK",
		}}}),
		"key of wrong length": strings.Replace(string(data), `"value": "`, `"value": "AAAA`, 1),
		"huge":                string(data) + strings.Repeat(" ", fileLimit),
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "keys.json")
			if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
			k, err := Open(path)
			want := "key file " + path + " is damaged: put back a copy, without it the secrets in the store are lost"
			if err == nil || err.Error() != want {
				t.Errorf("got %v, %v", k, err)
			}
			if after, _ := os.ReadFile(path); string(after) != content {
				t.Error("the file was changed")
			}
		})
	}
}

func TestFileThatOthersCanOpenIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys.json")
	open(t, path)
	for _, mode := range []fs.FileMode{0o640, 0o604, 0o620, 0o602, 0o610, 0o644, 0o666} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		_, err := Open(path)
		if err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "chmod 600") {
			t.Errorf("mode %o: got %v, want to be told what to do", mode, err)
		}
	}
	for _, mode := range []fs.FileMode{0o600, 0o400} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		open(t, path)
	}
}

func TestPathWithoutAFileIsRefused(t *testing.T) {
	dir := t.TempDir()
	pipe, link := filepath.Join(dir, "pipe"), filepath.Join(dir, "link")
	if err := errors.Join(syscall.Mkfifo(pipe, 0o600), os.Symlink("nowhere", link)); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{dir, pipe, link, filepath.Join(dir, "missing", "keys.json")} {
		if _, err := Open(path); err == nil || !strings.Contains(err.Error(), filepath.Dir(path)) {
			t.Errorf("%s: got %v, want an error that names it", path, err)
		}
	}
	if got := names(t, dir); len(got) != 2 {
		t.Errorf("left behind: %v", got)
	}
}

func TestSecretIsBoundToItsPlace(t *testing.T) {
	k := open(t, filepath.Join(t.TempDir(), "keys.json"))
	for _, plain := range []string{"", "token", strings.Repeat("x", 1<<20)} {
		sealed, err := k.Encrypt([]byte(plain), []byte("number 1"))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := k.Decrypt(sealed, []byte("number 1")); err != nil || string(got) != plain {
			t.Errorf("%d bytes do not come back: %v", len(plain), err)
		}
		if plain != "" && bytes.Contains(sealed, []byte(plain)) {
			t.Error("the secret stands in what was sealed")
		}
		for _, place := range []string{"number 2", "number 1 ", ""} {
			if got, err := k.Decrypt(sealed, []byte(place)); err == nil {
				t.Errorf("opened at %q: %.20q", place, got)
			}
		}
		sealed[len(sealed)-1] ^= 1
		if _, err := k.Decrypt(sealed, []byte("number 1")); err == nil {
			t.Error("opened with a bit turned")
		}
	}
	other := open(t, filepath.Join(t.TempDir(), "keys.json"))
	sealed, err := k.Encrypt([]byte("token"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.Decrypt(sealed, nil); err == nil {
		t.Error("opened with the keys of another installation")
	}
	if bytes.Equal(k.TagKey(), other.TagKey()) {
		t.Error("two installations share a tag key")
	}
}

func TestTagKeyIsACopy(t *testing.T) {
	k := open(t, filepath.Join(t.TempDir(), "keys.json"))
	want := k.TagKey()
	clear(k.TagKey())
	if !bytes.Equal(k.TagKey(), want) {
		t.Error("a caller can change the key")
	}
}

func TestKeysAreNeverShown(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys.json")
	k := open(t, path)
	holder := struct {
		Keys  *Keyring
		Value Keyring
	}{k, *k}
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x", "%X", "%b"} {
		for _, v := range []any{k, *k} {
			if got := fmt.Sprintf(format, v); got != mask {
				t.Errorf("%s of %T shows %q", format, v, got)
			}
		}
		if got := fmt.Sprintf(format, holder); strings.Count(got, mask) < 1 || leaks(k, got) {
			t.Errorf("%s of a struct around it shows %q", format, got)
		}
	}
	for _, v := range []any{k, *k, holder, map[string]any{"keys": k}} {
		var text, logged strings.Builder
		slog.New(slog.NewTextHandler(&text, nil)).LogAttrs(t.Context(), slog.LevelInfo, "keys shown", slog.Any("keys", v))
		slog.New(slog.NewJSONHandler(&logged, nil)).LogAttrs(t.Context(), slog.LevelInfo, "keys shown", slog.Any("keys", v))
		encoded, err := json.Marshal(v)
		if err != nil {
			t.Error(err)
		}
		for _, got := range []string{text.String(), logged.String(), string(encoded)} {
			if !strings.Contains(got, mask) || leaks(k, got) {
				t.Errorf("%T shows %s", v, got)
			}
		}
	}
}

// leaks looks for the beginning of the tag key in the usual spellings.
func leaks(k *Keyring, shown string) bool {
	key := k.tagKey[:8]
	for _, spelling := range []string{
		strings.Trim(fmt.Sprintf("%d", key), "[]"), fmt.Sprintf("%x", key), fmt.Sprintf("%X", key), string(key),
		base64.StdEncoding.EncodeToString(key)[:10],
	} {
		if strings.Contains(shown, spelling) {
			return true
		}
	}
	return false
}

// FuzzParse wants no panic, and never a keyring that cannot seal.
func FuzzParse(f *testing.F) {
	data, err := generate()
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{string(data), string(data[:100]), "", "{}", `{"tag_key":"` + strings.Repeat("A", 43) + `=","aead":{}}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		k, err := parse("keys.json", data)
		if err != nil {
			if err.Error() != damaged("keys.json").Error() {
				t.Errorf("says more than it should: %v", err)
			}
			return
		}
		sealed, err := k.Encrypt([]byte("secret"), []byte("row"))
		if err != nil {
			t.Fatal(err)
		}
		if plain, err := k.Decrypt(sealed, []byte("row")); err != nil || string(plain) != "secret" {
			t.Errorf("got %q, %v", plain, err)
		}
	})
}
