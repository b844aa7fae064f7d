package sim

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

// The kinds of media, named as Meta names message types.
const (
	kindAudio    = "audio"
	kindDocument = "document"
	kindImage    = "image"
	kindSticker  = "sticker"
	kindVideo    = "video"
)

// Sizes and lives of media.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/media (read 2026-09)
const (
	maxImage           = 5 << 20
	maxAudioVideo      = 16 << 20
	maxMedia           = 100 << 20 // documents, and whatever a phone sends
	maxStaticSticker   = 100 << 10
	maxAnimatedSticker = 500 << 10

	uploadLife  = 30 * 24 * time.Hour
	inboundLife = 7 * 24 * time.Hour
	linkLife    = 5 * time.Minute
)

// attachmentPath is where media bytes are fetched. It is not Meta's path on purpose: a client must follow the address it is
// given.
const attachmentPath = "/simulated/attachments"

var errTooLarge = errors.New("larger than allowed")

// kindOf returns the kind that Meta gives a MIME type, and nothing for a type it does not take.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/media (read 2026-09)
func kindOf(mimeType string) string {
	switch mimeType {
	case "audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/ogg":
		return kindAudio
	case "image/jpeg", "image/png":
		return kindImage
	case "image/webp":
		return kindSticker
	case "video/mp4", "video/3gpp":
		return kindVideo
	case "text/plain", "application/pdf", "application/msword", "application/vnd.ms-excel", "application/vnd.ms-powerpoint",
		"application/vnd.openxmlformats-officedocument.wordprocessingml.document",
		"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
		"application/vnd.openxmlformats-officedocument.presentationml.presentation":
		return kindDocument
	}
	return ""
}

// sizeLimit returns the most bytes that Meta takes of a kind.
func sizeLimit(kind string, animated bool) int64 {
	switch kind {
	case kindImage:
		return maxImage
	case kindAudio, kindVideo:
		return maxAudioVideo
	case kindSticker:
		if animated {
			return maxAnimatedSticker
		}
		return maxStaticSticker
	}
	return maxMedia
}

// bareType cuts the parameters off a MIME type.
func bareType(mimeType string) string {
	bare, _, err := mime.ParseMediaType(mimeType)
	if err != nil {
		return ""
	}
	return bare
}

// Media describes a medium that the simulator holds.
type Media struct {
	ID       string `json:"id"`
	Kind     string `json:"kind"`
	MIMEType string `json:"mime_type"`
	Size     int64  `json:"size"`
	SHA256   string `json:"sha256"` // hexadecimal
	Filename string `json:"filename,omitempty"`
}

// medium is a Media with what the simulator keeps to itself.
type medium struct {
	Media
	numberID string
	sum      [sha256.Size]byte
	animated bool
	expires  time.Time
	links    map[string]time.Time // download keys and when they end
}

// staged is media bytes on disk that belong to nothing yet.
type staged struct {
	name     string
	size     int64
	sum      [sha256.Size]byte
	sniffed  string
	animated bool
}

// mediaStore keeps bytes on disk and what is known about them in memory.
type mediaStore struct {
	root     *os.Root
	graphURL string

	mu     sync.Mutex
	random *random
	items  map[string]*medium
	stages int
}

func newMediaStore(dir, graphURL string, seed uint64) (*mediaStore, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("directory for media: %w", err)
	}
	// A stream of its own: how many uploads there are must not change the delays.
	return &mediaStore{root: root, graphURL: graphURL, random: newRandom(seed + 1), items: map[string]*medium{}}, nil
}

// stage writes bytes to disk as they come and looks at them in passing. More than limit bytes are errTooLarge.
func (s *mediaStore) stage(r io.Reader, limit int64) (st staged, err error) {
	s.mu.Lock()
	s.stages++
	st.name = "staged-" + strconv.Itoa(s.stages)
	s.mu.Unlock()
	file, err := s.root.Create(st.name)
	if err != nil {
		return staged{}, fmt.Errorf("create media file: %w", err)
	}
	defer func() {
		if cerr := file.Close(); err == nil && cerr != nil {
			err = fmt.Errorf("close media file: %w", cerr)
		}
		if err != nil {
			s.discard(st)
		}
	}()
	head := &headWriter{}
	hash := sha256.New()
	st.size, err = io.Copy(io.MultiWriter(file, hash, head), io.LimitReader(r, limit+1))
	if err != nil {
		return st, fmt.Errorf("write media file: %w", err)
	}
	if st.size > limit {
		return st, errTooLarge
	}
	hash.Sum(st.sum[:0])
	st.sniffed = http.DetectContentType(head.kept.Bytes())
	st.animated = isAnimated(head.kept.Bytes())
	return st, nil
}

// discard removes staged bytes. What cannot be removed is overwritten by the next run.
func (s *mediaStore) discard(st staged) {
	if st.name != "" {
		_ = s.root.Remove(st.name)
	}
}

// keep turns staged bytes into a medium with an id.
func (s *mediaStore) keep(st staged, m medium) (*medium, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m.ID = s.random.digits()
	for s.items[m.ID] != nil {
		m.ID = s.random.digits()
	}
	if err := s.root.Rename(st.name, m.ID); err != nil {
		return nil, fmt.Errorf("keep media file: %w", err)
	}
	m.Size, m.sum, m.animated = st.size, st.sum, st.animated
	m.SHA256 = fmt.Sprintf("%x", st.sum)
	m.links = map[string]time.Time{}
	s.items[m.ID] = &m
	return &m, nil
}

// lookup finds a medium that has not expired, whatever its number.
func (s *mediaStore) lookup(id string, now time.Time) (*medium, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m, ok := s.items[id]
	return m, ok && now.Before(m.expires)
}

// link makes a download address that works for five minutes.
func (s *mediaStore) link(m *medium, now time.Time) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	for key, end := range m.links {
		if !now.Before(end) {
			delete(m.links, key)
		}
	}
	key := s.random.hex()
	m.links[key] = now.Add(linkLife)
	return strings.TrimSuffix(s.graphURL, "/") + attachmentPath + "?" + url.Values{"mid": {m.ID}, "key": {key}}.Encode()
}

// opens says whether key is a download key of m that has not ended.
func (s *mediaStore) opens(m *medium, key string, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	end, ok := m.links[key]
	return ok && now.Before(end)
}

// open opens the bytes of a medium.
func (s *mediaStore) open(m *medium) (io.ReadCloser, error) {
	file, err := s.root.Open(m.ID)
	if err != nil {
		return nil, fmt.Errorf("open media file: %w", err)
	}
	return file, nil
}

// remove forgets a medium. A download under way keeps its open file.
func (s *mediaStore) remove(id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.items, id)
	if err := s.root.Remove(id); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("remove media file: %w", err)
	}
	return nil
}

// OpenMedia opens any medium that the simulator holds, uploaded or sent by a phone. The caller closes the reader.
func (s *Sim) OpenMedia(id string) (Media, io.ReadCloser, error) {
	m, ok := s.media.lookup(id, time.Now())
	if !ok {
		return Media{}, nil, fmt.Errorf("media %q: %w", id, ErrNotFound)
	}
	body, err := s.media.open(m)
	if err != nil {
		return Media{}, nil, err
	}
	return m.Media, body, nil
}

// headWriter keeps the first bytes of what passes, enough to tell what it is.
type headWriter struct{ kept bytes.Buffer }

func (h *headWriter) Write(p []byte) (int, error) {
	const enough = 512 // all that http.DetectContentType looks at
	h.kept.Write(p[:min(len(p), enough-h.kept.Len())])
	return len(p), nil
}

// isAnimated reads the animation flag of an extended WebP file.
// https://developers.google.com/speed/webp/docs/riff_container (read 2026-09)
func isAnimated(head []byte) bool {
	const flagsAt, animation = 20, 0x02
	return len(head) > flagsAt && string(head[:4]) == "RIFF" && string(head[8:16]) == "WEBPVP8X" && head[flagsAt]&animation != 0
}
