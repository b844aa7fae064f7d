package sim

import (
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"strconv"
	"time"

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

// upload is what the form of an upload said.
type upload struct {
	product  string
	typ      string // the form field of that name
	partType string // the Content-Type of the file's part
	filename string
	file     *staged
}

// postMedia takes an upload of any size that Meta takes without holding it in memory.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/media (read 2026-09)
func (s *Sim) postMedia(w http.ResponseWriter, r *http.Request, token string) error {
	n, err := s.ownNumber(r, token)
	if err != nil {
		return err
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxUploadBody)
	up, err := s.readUpload(r)
	if err == nil {
		err = up.check()
	}
	if err != nil {
		if up.file != nil {
			s.media.discard(*up.file)
		}
		// The rest is read so that the client hears the answer instead of a broken connection.
		_, _ = io.Copy(io.Discard, r.Body)
		return err
	}
	m := medium{numberID: n.ID, expires: time.Now().Add(uploadLife)}
	m.MIMEType, m.Filename = up.mimeType(), up.filename
	m.Kind = kindOf(bareType(m.MIMEType))
	kept, err := s.media.keep(*up.file, m)
	if err != nil {
		s.media.discard(*up.file)
		return err
	}
	s.forgetAt(kept)
	return writeJSON(w, http.StatusOK, mediaIDAnswer{ID: kept.ID})
}

// readUpload reads the form part by part.
func (s *Sim) readUpload(r *http.Request) (up upload, err error) {
	form, err := r.MultipartReader()
	if err != nil {
		return up, rule.BadParameter("send the file as multipart/form-data: %s", err)
	}
	for {
		part, err := form.NextPart()
		if errors.Is(err, io.EOF) {
			return up, nil
		}
		if err != nil {
			return up, rule.BadParameter("the form is broken: %s", err)
		}
		if err := s.readUploadPart(part, &up); err != nil {
			return up, err
		}
	}
}

func (s *Sim) readUploadPart(part *multipart.Part, up *upload) error {
	var err error
	switch part.FormName() {
	case "messaging_product":
		up.product, err = readField(part)
	case "type":
		up.typ, err = readField(part)
	case "file":
		if up.file != nil {
			return rule.BadParameter("send one file at a time")
		}
		up.partType, up.filename = part.Header.Get("Content-Type"), part.FileName()
		st, err := s.media.stage(part, maxMedia)
		if errors.Is(err, errTooLarge) {
			return tooLarge(maxMedia)
		}
		if err != nil {
			return stageFault(err)
		}
		up.file = &st
	}
	return err
}

// stageFault tells a client that stopped in the middle from a disk that does not take the bytes.
func stageFault(err error) error {
	var tooMuch *http.MaxBytesError
	if errors.As(err, &tooMuch) {
		return tooLarge(maxMedia)
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return rule.BadParameter("the file ends in the middle")
	}
	return err
}

// readField reads a small form field.
func readField(part io.Reader) (string, error) {
	const most = 64 << 10
	data, err := io.ReadAll(io.LimitReader(part, most))
	if err != nil {
		return "", rule.BadParameter("the form is broken: %s", err)
	}
	return string(data), nil
}

// mimeType is what the file's part says, or else what the field says: many clients send every part as octet-stream.
func (u upload) mimeType() string {
	if bare := bareType(u.partType); bare != "" && bare != "application/octet-stream" {
		return u.partType
	}
	return u.typ
}

func (u upload) check() error {
	if u.product != messagingProduct {
		return rule.BadParameter("messaging_product must be whatsapp")
	}
	if u.file == nil {
		return rule.Missing("file")
	}
	bare := bareType(u.mimeType())
	kind := kindOf(bare)
	if kind == "" {
		return rule.BadParameter("file is of type %q, which is none that Meta takes", bare)
	}
	if field := bareType(u.typ); field != "" && kindOf(field) != "" && field != bare {
		return rule.BadParameter("type says %s, but the file says %s", field, bare)
	}
	if limit := sizeLimit(kind, u.file.animated); u.file.size > limit {
		return tooLarge(limit)
	}
	if u.file.size == 0 {
		return rule.BadParameter("file is empty")
	}
	return nil
}

func tooLarge(limit int64) error {
	return rule.Refuse(rule.CodeUpload, "Media upload error", "the file is larger than %d bytes", limit)
}

// ownMedium finds a medium by the id in the path, if the token may use its number.
func (s *Sim) ownMedium(r *http.Request, id, token string) (*medium, error) {
	m, ok := s.media.lookup(id, time.Now())
	if !ok {
		return nil, rule.NoObject(r.Method, id)
	}
	n, ok := s.numberByID(m.numberID)
	asked := r.URL.Query().Get("phone_number_id")
	if !ok || n.AccessToken != token || (asked != "" && asked != n.ID) {
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
		Product: messagingProduct, URL: s.media.link(m, time.Now()), MIMEType: m.MIMEType, SHA256: m.SHA256, Size: m.Size, ID: m.ID,
	})
}

// deleteObject deletes a medium; numbers cannot be deleted this way.
func (s *Sim) deleteObject(w http.ResponseWriter, r *http.Request, token string) error {
	m, err := s.ownMedium(r, r.PathValue("object"), token)
	if err != nil {
		return err
	}
	if err := s.media.remove(m.ID); err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, successAnswer{Success: true})
}

// getAttachment serves the bytes behind a download address. An address that has ended is a 404: ask for a new one.
func (s *Sim) getAttachment(w http.ResponseWriter, r *http.Request, token string) error {
	query := r.URL.Query()
	id := query.Get("mid")
	m, err := s.ownMedium(r, id, token)
	if err != nil || !s.media.opens(m, query.Get("key"), time.Now()) {
		gone := rule.NoObject(r.Method, id)
		gone.Status = http.StatusNotFound
		return gone
	}
	body, err := s.media.open(m)
	if err != nil {
		return err
	}
	defer func() { _ = body.Close() }()
	return serveMedia(w, m.Media, body)
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
func (s *Sim) forgetAt(m *medium) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.at(m.expires, func(time.Time) {
		_ = s.media.remove(m.ID) // nobody can see it any more; the bytes go with the directory at the latest
	})
}
