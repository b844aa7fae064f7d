package sim

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/waypost/waypost/internal/sim/media"
	"github.com/waypost/waypost/internal/sim/rule"
)

// Media describes a medium that the simulator holds.
type Media = media.Info

// mediaAnswer is a medium read back; its url works for five minutes and needs the token too.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/media (read 2026-09)
type mediaAnswer struct {
	Product  string `json:"messaging_product"`
	URL      string `json:"url"`
	MIMEType string `json:"mime_type"`
	SHA256   string `json:"sha256"`
	Size     int64  `json:"file_size"`
	ID       string `json:"id"`
}

type mediaIDAnswer struct {
	ID string `json:"id"`
}

// OpenMedia opens any medium that the simulator holds, uploaded or sent by a phone. The caller closes the reader.
func (s *Sim) OpenMedia(id string) (Media, io.ReadCloser, error) {
	m, ok := s.media.Lookup(id, s.now())
	if !ok {
		return Media{}, nil, fmt.Errorf("media %q: %w", id, ErrNotFound)
	}
	body, err := s.media.Open(m)
	if err != nil {
		return Media{}, nil, err
	}
	return m.Info, body, nil
}

// postMedia takes an upload.
func (s *Sim) postMedia(w http.ResponseWriter, r *http.Request, token string) error {
	n, err := s.ownNumber(r, token)
	if err != nil {
		return err
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxUploadBody)
	kept, err := s.media.Upload(r, media.Item{NumberID: n.ID, Expires: s.now().Add(media.UploadLife)})
	if err != nil {
		return err
	}
	s.forgetAt(kept)
	return writeJSON(w, http.StatusOK, mediaIDAnswer{ID: kept.ID})
}

// ownMedium finds a medium by the id in the path, if the token may use its number.
func (s *Sim) ownMedium(r *http.Request, id, token string) (*media.Item, error) {
	m, ok := s.media.Lookup(id, s.now())
	if !ok {
		return nil, rule.NoObject(r.Method, id)
	}
	_, ok = s.accounts.Of(token, m.NumberID)
	asked := r.URL.Query().Get("phone_number_id")
	if !ok || (asked != "" && asked != m.NumberID) {
		return nil, rule.NoObject(r.Method, id)
	}
	return m, nil
}

func (s *Sim) getMedia(w http.ResponseWriter, r *http.Request, token string) error {
	m, err := s.ownMedium(r, r.PathValue("object"), token)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, mediaAnswer{
		Product: messagingProduct, URL: s.media.Link(m, s.now()), MIMEType: m.MIMEType, SHA256: m.SHA256, Size: m.Size, ID: m.ID,
	})
}

// deleteObject deletes a medium or a group; numbers cannot be deleted this way.
func (s *Sim) deleteObject(w http.ResponseWriter, r *http.Request, token string) error {
	if ok, err := s.onGroup(w, r, token); ok {
		return err
	}
	m, err := s.ownMedium(r, r.PathValue("object"), token)
	if err != nil {
		return err
	}
	if err := s.media.Remove(m.ID); err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, successAnswer{Success: true})
}

// getAttachment serves the bytes behind a download address. An address that has ended is a 404: ask for a new one.
func (s *Sim) getAttachment(w http.ResponseWriter, r *http.Request, token string) error {
	query := r.URL.Query()
	id := query.Get("mid")
	m, err := s.ownMedium(r, id, token)
	if err != nil || !s.media.Opens(m, query.Get("key"), s.now()) {
		gone := rule.NoObject(r.Method, id)
		gone.Status = http.StatusNotFound
		return gone
	}
	body, err := s.media.Open(m)
	if err != nil {
		return err
	}
	defer func() { _ = body.Close() }()
	return serveMedia(w, m.Info, body)
}

// serveMedia streams bytes whose type somebody else chose, so that no browser makes a page of them.
func serveMedia(w http.ResponseWriter, m Media, body io.Reader) error {
	h := w.Header()
	h.Set("Content-Type", m.MIMEType)
	h.Set("Content-Length", strconv.FormatInt(m.Size, 10))
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "sandbox")
	_, _ = io.Copy(w, body) // a client that leaves early is no fault of ours, and the answer has begun
	return nil
}

// forgetAt removes a medium when its life ends.
func (s *Sim) forgetAt(m *media.Item) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.at(m.Expires, func(time.Time) {
		_ = s.media.Remove(m.ID) // nobody can see it any more; the bytes go with the directory at the latest
	})
}
