package manage

import (
	"net/http"

	"github.com/waypost/waypost/internal/sim/face"
	"github.com/waypost/waypost/internal/sim/media"
	"github.com/waypost/waypost/internal/sim/rule"
)

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

// PostMedia takes an upload.
func (s *Face) PostMedia(w http.ResponseWriter, r *http.Request, token string) error {
	n, err := s.OwnNumber(r, token)
	if err != nil {
		return err
	}
	r.Body = http.MaxBytesReader(w, r.Body, media.MaxUpload)
	kept, err := s.Media.Upload(r, media.Item{NumberID: n.ID, Expires: s.Now().Add(media.UploadLife)})
	if err != nil {
		return err
	}
	s.Forget(kept)
	return face.WriteJSON(w, http.StatusOK, mediaIDAnswer{ID: kept.ID})
}

// ownMedium finds a medium by the id in the path, if the token may use its number.
func (s *Face) ownMedium(r *http.Request, id, token string) (*media.Item, error) {
	m, ok := s.Media.Lookup(id, s.Now())
	if !ok {
		return nil, rule.NoObject(r.Method, id)
	}
	_, ok = s.Accounts.Of(token, m.NumberID)
	asked := r.URL.Query().Get("phone_number_id")
	if !ok || (asked != "" && asked != m.NumberID) {
		return nil, rule.NoObject(r.Method, id)
	}
	return m, nil
}

// GetMedia tells what a medium is and where its bytes are.
func (s *Face) GetMedia(w http.ResponseWriter, r *http.Request, token string) error {
	m, err := s.ownMedium(r, r.PathValue("object"), token)
	if err != nil {
		return err
	}
	return face.WriteJSON(w, http.StatusOK, mediaAnswer{
		Product: face.Product, URL: s.Media.Link(m, s.Now()), MIMEType: m.MIMEType, SHA256: m.SHA256, Size: m.Size, ID: m.ID,
	})
}

// GetAttachment serves the bytes behind a download address. An address that has ended is a 404: ask for a new one.
func (s *Face) GetAttachment(w http.ResponseWriter, r *http.Request, token string) error {
	query := r.URL.Query()
	id := query.Get("mid")
	m, err := s.ownMedium(r, id, token)
	if err != nil || !s.Media.Opens(m, query.Get("key"), s.Now()) {
		gone := rule.NoObject(r.Method, id)
		gone.Status = http.StatusNotFound
		return gone
	}
	body, err := s.Media.Open(m)
	if err != nil {
		return err
	}
	defer func() { _ = body.Close() }()
	return face.ServeMedia(w, m.MIMEType, m.Size, body)
}

// DeleteMedia deletes a medium.
func (s *Face) DeleteMedia(w http.ResponseWriter, r *http.Request, token string) error {
	m, err := s.ownMedium(r, r.PathValue("object"), token)
	if err != nil {
		return err
	}
	if err := s.Media.Remove(m.ID); err != nil {
		return err //nolint:wrapcheck // it says it all
	}
	return face.WriteJSON(w, http.StatusOK, face.Success{Success: true})
}
