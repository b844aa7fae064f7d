package media

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/waypost/waypost/internal/sim/draw"
)

// Path is where media bytes are fetched. It is not Meta's path on purpose: a client must follow the address it is given.
const Path = "/simulated/attachments"

// ErrTooLarge is returned for more bytes than allowed.
var ErrTooLarge = errors.New("larger than allowed")

// Info describes a medium that the simulator holds.
type Info struct {
	ID       string `json:"id"`
	Kind     string `json:"kind"`
	MIMEType string `json:"mime_type"`
	Size     int64  `json:"size"`
	SHA256   string `json:"sha256"` // hexadecimal
	Filename string `json:"filename,omitempty"`
}

// Item is an Info with what the simulator keeps to itself. Its fields do not change once it is kept.
type Item struct {
	Info
	NumberID string // the business number that it was uploaded to or sent to
	Animated bool   // stickers only
	Expires  time.Time

	sum   [sha256.Size]byte
	links map[string]time.Time // download keys and when they end; guarded by the store
	made  int                  // how many keys there were
}

// Digest is the digest in the form of callbacks: base64, where Info has hexadecimal, as Meta has it.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages/image (read 2026-09)
func (m *Item) Digest() string { return base64.StdEncoding.EncodeToString(m.sum[:]) }

// Staged is media bytes on disk that belong to nothing yet.
type Staged struct {
	Size    int64
	Sniffed string // the MIME type that the first bytes look like

	name     string
	sum      [sha256.Size]byte
	animated bool
}

// Store keeps bytes on disk and what is known about them in memory. Its methods may be called from many goroutines.
type Store struct {
	root     *os.Root
	graphURL string
	key      draw.Key

	mu     sync.Mutex
	items  map[string]*Item
	made   map[string]int // how many media there were of the same number and bytes, gone ones too
	stages int
}

// New makes a store in an existing directory of its own. Download addresses begin with graphURL. The same seed and the same
// uploads give the same ids, in whatever order they come.
func New(dir, graphURL string, seed uint64) (*Store, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("directory for media: %w", err)
	}
	return &Store{root: root, graphURL: strings.TrimSuffix(graphURL, "/"), key: draw.New(seed).Text("media"), items: map[string]*Item{}, made: map[string]int{}}, nil
}

// Stage writes bytes to disk as they come and looks at them in passing. More than limit bytes are [ErrTooLarge].
func (s *Store) Stage(r io.Reader, limit int64) (st Staged, err error) {
	s.mu.Lock()
	s.stages++
	st.name = "staged-" + strconv.Itoa(s.stages)
	s.mu.Unlock()
	file, err := s.root.Create(st.name)
	if err != nil {
		return Staged{}, fmt.Errorf("create media file: %w", err)
	}
	defer func() {
		if cerr := file.Close(); err == nil && cerr != nil {
			err = fmt.Errorf("close media file: %w", cerr)
		}
		if err != nil {
			s.Discard(st)
		}
	}()
	head := &headWriter{}
	hash := sha256.New()
	st.Size, err = io.Copy(io.MultiWriter(file, hash, head), io.LimitReader(r, limit+1))
	if err != nil {
		return st, fmt.Errorf("write media file: %w", err)
	}
	if st.Size > limit {
		return st, ErrTooLarge
	}
	hash.Sum(st.sum[:0])
	st.Sniffed = http.DetectContentType(head.kept.Bytes())
	st.animated = isAnimated(head.kept.Bytes())
	return st, nil
}

// Discard removes staged bytes. What cannot be removed is overwritten by the next run.
func (s *Store) Discard(st Staged) {
	if st.name != "" {
		_ = s.root.Remove(st.name)
	}
}

// Keep turns staged bytes into a medium with an id. On an error the staged bytes are still there.
func (s *Store) Keep(st Staged, m Item) (*Item, error) {
	m.Size, m.sum, m.Animated = st.Size, st.sum, st.animated
	m.SHA256 = hex.EncodeToString(st.sum[:])
	m.links = map[string]time.Time{}
	s.mu.Lock()
	defer s.mu.Unlock()
	for m.ID == "" || s.items[m.ID] != nil {
		m.ID = s.newID(m)
	}
	if err := s.root.Rename(st.name, m.ID); err != nil {
		return nil, fmt.Errorf("keep media file: %w", err)
	}
	s.items[m.ID] = &m
	return &m, nil
}

// newID makes a number of sixteen digits, as media ids are, that was not given before. The lock must be held.
func (s *Store) newID(m Item) string {
	key := m.NumberID + " " + m.SHA256
	s.made[key]++
	return s.key.Text(key).Int(s.made[key]).Digits()
}

// Lookup finds a medium that has not expired, whatever its number.
func (s *Store) Lookup(id string, now time.Time) (*Item, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m, ok := s.items[id]
	return m, ok && now.Before(m.Expires)
}

// Link makes a download address that works for five minutes.
func (s *Store) Link(m *Item, now time.Time) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	for key, end := range m.links {
		if !now.Before(end) {
			delete(m.links, key)
		}
	}
	m.made++
	key := s.key.Text("link").Text(m.ID).Int(m.made).Hex()
	m.links[key] = now.Add(LinkLife)
	return s.graphURL + Path + "?" + url.Values{"mid": {m.ID}, "key": {key}}.Encode()
}

// Opens says whether key is a download key of m that has not ended.
func (s *Store) Opens(m *Item, key string, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	end, ok := m.links[key]
	return ok && now.Before(end)
}

// Open opens the bytes of a medium; the caller closes them.
func (s *Store) Open(m *Item) (io.ReadCloser, error) {
	file, err := s.root.Open(m.ID)
	if err != nil {
		return nil, fmt.Errorf("open media file: %w", err)
	}
	return file, nil
}

// Remove forgets a medium. A download under way keeps its open file.
func (s *Store) Remove(id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.items, id)
	if err := s.root.Remove(id); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("remove media file: %w", err)
	}
	return nil
}

// Reset forgets all media, as if none had ever been kept. A download under way keeps its open file, and staged bytes stay.
func (s *Store) Reset() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	for id := range s.items {
		if err := s.root.Remove(id); err != nil && !errors.Is(err, os.ErrNotExist) {
			errs = append(errs, fmt.Errorf("remove media file: %w", err))
		}
	}
	clear(s.items)
	clear(s.made)
	return errors.Join(errs...)
}

// headWriter keeps the first bytes of what passes, enough to tell what it is.
type headWriter struct{ kept bytes.Buffer }

func (h *headWriter) Write(p []byte) (int, error) {
	const enough = 512 // all that http.DetectContentType looks at
	h.kept.Write(p[:min(len(p), enough-h.kept.Len())])
	return len(p), nil
}
