package waapi

import (
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strings"
	"time"

	"github.com/waypost/waypost/internal/wa"
	"github.com/waypost/waypost/internal/waapi/admission"
	"github.com/waypost/waypost/internal/waapi/failure"
)

// Limits of an upload. Meta's largest media is a document of 100 MB
// (https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/media,
// read 2026-09); what is around it in the form is small.
const (
	maxUpload     = 102 << 20
	maxOtherParts = 1 << 20
	uploadTimeout = 10 * time.Minute
)

type uploaded struct {
	// MediaID is not called id: clients read data.mediaId.
	MediaID wa.MediaID `json:"mediaId"`
}

// postMedia streams the part called file into the library.
func (s *Server) postMedia(w http.ResponseWriter, r *http.Request, c caller) error {
	body, err := limited(w, r, maxUpload, uploadTimeout)
	if err != nil {
		return err
	}
	r.Body = body
	form, err := r.MultipartReader()
	if err != nil {
		return errNotForm
	}
	part, err := filePart(form)
	if err != nil {
		return err
	}
	in := &upload{r: part}
	m, err := s.media.Put(r.Context(), c.account, part.FileName(), part.Header.Get("Content-Type"), in)
	if err != nil {
		return in.blame(err)
	}
	return succeed(w, "", uploaded{MediaID: m.ID})
}

// filePart returns the first part called file and skips what comes before it.
func filePart(form *multipart.Reader) (*multipart.Part, error) {
	left := int64(maxOtherParts)
	for {
		part, err := form.NextPart()
		if errors.Is(err, io.EOF) {
			return nil, failure.Refuse(wa.Problem{Field: "file", Rule: wa.RuleRequired})
		}
		if err != nil {
			return nil, badForm(err)
		}
		if part.FormName() == "file" {
			return part, nil
		}
		n, err := io.Copy(io.Discard, io.LimitReader(part, left+1))
		if err != nil {
			return nil, badForm(err)
		}
		if left -= n; left < 0 {
			return nil, errTooLarge
		}
	}
}

// badForm tells a body that stopped from one that never was a form.
func badForm(err error) error {
	if f := unreadable(err); errors.Is(f, errTooLarge) || errors.Is(f, errTimeout) || errors.Is(err, io.ErrUnexpectedEOF) {
		return f
	}
	return errNotForm
}

// upload is the client's side of an upload. It remembers that reading failed,
// so that a client that went away is not taken for a broken disk.
type upload struct {
	r   io.Reader
	err error
}

// Read implements [io.Reader].
func (u *upload) Read(b []byte) (int, error) {
	n, err := u.r.Read(b)
	if err != nil && !errors.Is(err, io.EOF) {
		u.err = err
	}
	return n, err
}

// blame says whose fault a failed upload is.
func (u *upload) blame(err error) error {
	if u.err != nil {
		return unreadable(u.err)
	}
	e, ok := errors.AsType[*wa.Error](err)
	if !ok || (e.Code != wa.CodeInvalid && e.Code != wa.CodeTooLarge) {
		return err
	}
	detail := e.Message
	if len(e.Problems) > 0 && e.Problems[0].Detail != "" {
		detail = e.Problems[0].Detail
	}
	return failure.Refuse(wa.Problem{Field: "file", Rule: wa.RuleBadMedia, Detail: detail})
}

// getMedia answers with the bytes. A client in use takes an answer without
// Content-Length for no file, and another keeps whatever comes with 200.
func (s *Server) getMedia(w http.ResponseWriter, r *http.Request, c caller) error {
	id, err := pathMedia(r)
	if err != nil {
		return err
	}
	m, f, err := s.media.Open(r.Context(), c.account, id)
	if err != nil {
		return noMedia(err)
	}
	defer f.Close()
	h := w.Header()
	h.Set("Content-Type", m.MIMEType)
	h.Set("Content-Disposition", disposition(m.Filename))
	h.Set("ETag", `"`+m.SHA256+`"`)
	h.Set("Cache-Control", "private, no-store")
	// What a person sent may also be a page with a script: a browser that opens
	// it here must do nothing with it.
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'")
	http.ServeContent(w, r, "", m.CreatedAt, f)
	return nil
}

func (s *Server) deleteMedia(w http.ResponseWriter, r *http.Request, c caller) error {
	id, err := pathMedia(r)
	if err != nil {
		return err
	}
	if err := s.media.Delete(r.Context(), c.account, id); err != nil {
		return noMedia(err)
	}
	return succeed(w, "Media deleted successfully.", nil)
}

func pathMedia(r *http.Request) (wa.MediaID, error) {
	id := wa.MediaID(strings.ToLower(r.PathValue("id")))
	if !admission.PlausibleID(id) {
		return "", errNoMedia
	}
	return id, nil
}

func noMedia(err error) error {
	if wa.CodeOf(err) == wa.CodeNotFound {
		return errNoMedia
	}
	return err
}

// disposition names the file by RFC 6266, which also escapes it.
func disposition(filename string) string {
	if filename == "" {
		return "attachment"
	}
	if v := mime.FormatMediaType("attachment", map[string]string{"filename": filename}); v != "" {
		return v
	}
	return "attachment"
}
