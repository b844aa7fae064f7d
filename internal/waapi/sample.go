package waapi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"time"

	"github.com/waypost/waypost/internal/wa"
	"github.com/waypost/waypost/internal/waapi/failure"
	"github.com/waypost/waypost/internal/waapi/lenient"
	"github.com/waypost/waypost/internal/waapi/metainfo"
)

// sampleView is the sample for the header of a template.
type sampleView struct {
	// SampleID goes into header_handle.
	SampleID string `json:"sample_id"`
	// URL is where the file is got from the media API.
	URL string `json:"url"`
}

// postSample keeps the file like any other media and gives it to Meta.
func (s *Server) postSample(w http.ResponseWriter, r *http.Request, c caller) error {
	fields, err := queryFields(r)
	if err != nil {
		return err
	}
	src, err := s.gate.Source(r.Context(), c.account, wa.SourceID(lenient.NewReader(fields).Trimmed("source")))
	if err != nil {
		return err
	}
	m, form, err := s.readSample(w, r, c)
	if err != nil {
		return err
	}
	ctx, handle := context.WithoutCancel(r.Context()), ""
	if form["source"] != "" {
		src, err = s.gate.Source(r.Context(), c.account, wa.SourceID(form["source"]))
	}
	if err == nil {
		err = sampleFits(m, strings.ToLower(form["format"]))
	}
	if err == nil {
		handle, err = s.meta.UploadSample(r.Context(), src.Number, s.fileOf(ctx, c.account, m))
	}
	if err != nil {
		// Nobody has heard of the media.
		return errors.Join(metainfo.Failure(err), s.media.Delete(ctx, c.account, m.ID))
	}
	return succeed(w, "", sampleView{SampleID: handle, URL: baseURL(r) + "/api/v2/media/" + string(m.ID)})
}

// readSample reads the form: the file goes into the library, format and source
// may stand before or after it.
func (s *Server) readSample(w http.ResponseWriter, r *http.Request, c caller) (m wa.StoredMedia, fields map[string]string, err error) {
	fields = map[string]string{}
	body, err := limited(w, r, maxUpload, uploadTimeout)
	if err != nil {
		return m, nil, err
	}
	r.Body = body
	form, err := r.MultipartReader()
	if err != nil {
		return m, nil, errNotForm
	}
	ctx := context.WithoutCancel(r.Context())
	defer func() {
		if err != nil && m.ID != "" {
			err = errors.Join(err, s.media.Delete(ctx, c.account, m.ID))
		}
	}()
	for range maxSampleParts {
		part, err := form.NextPart()
		switch {
		case errors.Is(err, io.EOF) && m.ID == "":
			return m, nil, failure.Refuse(wa.Problem{Field: "file", Rule: wa.RuleRequired})
		case errors.Is(err, io.EOF):
			_ = http.NewResponseController(w).SetReadDeadline(time.Time{}) // see readBody
			return m, fields, nil
		case err != nil:
			return m, nil, badForm(err)
		case part.FormName() == "file" && m.ID == "":
			in := &upload{r: part}
			if m, err = s.media.Put(r.Context(), c.account, part.FileName(), part.Header.Get("Content-Type"), in); err != nil {
				return wa.StoredMedia{}, nil, in.blame(err)
			}
		case part.FormName() == "format", part.FormName() == "source":
			if fields[part.FormName()], err = smallPart(part); err != nil {
				return m, nil, err
			}
		}
	}
	return m, nil, errTooLarge
}

const (
	maxSampleParts = 20
	maxSmallPart   = 256 // an id of a source is shorter
)

func smallPart(part *multipart.Part) (string, error) {
	data, err := io.ReadAll(io.LimitReader(part, maxSmallPart))
	if err != nil {
		return "", badForm(err)
	}
	return strings.TrimSpace(string(data)), nil
}

// sampleFits checks the file against what the client says it is; a client that
// says nothing is not asked.
func sampleFits(m wa.StoredMedia, format string) error {
	switch kind := wa.MediaKind(format); {
	case m.Kind != wa.KindImage && m.Kind != wa.KindVideo && m.Kind != wa.KindDocument:
		return failure.Refuse(wa.Problem{Field: "file", Rule: wa.RuleBadMedia, Detail: "a header is an image, a video or a document"})
	case kind != "" && kind != wa.KindImage && kind != wa.KindVideo && kind != wa.KindDocument:
		return failure.Refuse(wa.Problem{Field: "format", Rule: wa.RuleUnknown, Detail: "can only be image, video or document"})
	case kind != "" && kind != m.Kind:
		return failure.Refuse(wa.Problem{Field: "format", Rule: wa.RuleMalformed, Detail: "is not what the file is: " + string(m.Kind)})
	}
	return nil
}

// fileOf is a stored media as it goes to Meta. Closing it is what ends its
// reading, not the end of the request.
func (s *Server) fileOf(ctx context.Context, account wa.AccountID, m wa.StoredMedia) wa.File {
	name := m.Filename
	if name == "" {
		name = "sample"
	}
	return wa.File{Name: name, MIMEType: m.MIMEType, Size: m.Size, Open: func() (io.ReadCloser, error) {
		_, f, err := s.media.Open(ctx, account, m.ID)
		if err != nil {
			return nil, fmt.Errorf("open sample: %w", err)
		}
		return f, nil
	}}
}

// baseURL is the address that the client has called us by.
func baseURL(r *http.Request) string {
	scheme := "http"
	if r.TLS != nil || strings.EqualFold(r.Header.Get("X-Forwarded-Proto"), "https") {
		scheme = "https"
	}
	return scheme + "://" + r.Host
}
