package media

import (
	"errors"
	"io"
	"mime/multipart"
	"net/http"

	"github.com/waypost/waypost/internal/sim/rule"
)

const product = "whatsapp"

// form is what the form of an upload said.
type form struct {
	product  string
	typ      string // the form field of that name
	partType string // the Content-Type of the file's part
	filename string
	file     *Staged
}

// Upload takes the form of an upload, of any size that Meta takes, without holding it in memory. now begins its life. What is
// wrong with the form is a *rule.Error.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/media (read 2026-09)
func (s *Store) Upload(r *http.Request, m Item) (*Item, error) {
	f, err := s.readForm(r)
	if err == nil {
		err = f.check()
	}
	if err != nil {
		if f.file != nil {
			s.Discard(*f.file)
		}
		// The rest is read so that the client hears the answer instead of a broken connection.
		_, _ = io.Copy(io.Discard, r.Body)
		return nil, err
	}
	m.MIMEType, m.Filename = f.mimeType(), f.filename
	m.Kind = KindOf(BareType(m.MIMEType))
	kept, err := s.Keep(*f.file, m)
	if err != nil {
		s.Discard(*f.file)
		return nil, err
	}
	return kept, nil
}

// readForm reads the form part by part.
func (s *Store) readForm(r *http.Request) (f form, err error) {
	parts, err := r.MultipartReader()
	if err != nil {
		return f, rule.BadParameter("send the file as multipart/form-data: %s", err)
	}
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return f, nil
		}
		if err != nil {
			return f, rule.BadParameter("the form is broken: %s", err)
		}
		if err := s.readPart(part, &f); err != nil {
			return f, err
		}
	}
}

func (s *Store) readPart(part *multipart.Part, f *form) error {
	var err error
	switch part.FormName() {
	case "messaging_product":
		f.product, err = ReadField(part)
	case "type":
		f.typ, err = ReadField(part)
	case "file":
		if f.file != nil {
			return rule.BadParameter("send one file at a time")
		}
		f.partType, f.filename = part.Header.Get("Content-Type"), part.FileName()
		st, err := s.Stage(part, MaxSize)
		if errors.Is(err, ErrTooLarge) {
			return tooLarge(MaxSize)
		}
		if err != nil {
			return stageFault(err)
		}
		f.file = &st
	}
	return err
}

// stageFault tells a client that stopped in the middle from a disk that does not take the bytes.
func stageFault(err error) error {
	var tooMuch *http.MaxBytesError
	if errors.As(err, &tooMuch) {
		return tooLarge(MaxSize)
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return rule.BadParameter("the file ends in the middle")
	}
	return err
}

// ReadField reads a small form field; a broken one is a *rule.Error.
func ReadField(part io.Reader) (string, error) {
	const most = 64 << 10
	data, err := io.ReadAll(io.LimitReader(part, most))
	if err != nil {
		return "", rule.BadParameter("the form is broken: %s", err)
	}
	return string(data), nil
}

// mimeType is what the file's part says, or else what the field says: many clients send every part as octet-stream.
func (f form) mimeType() string {
	if bare := BareType(f.partType); bare != "" && bare != "application/octet-stream" {
		return f.partType
	}
	return f.typ
}

func (f form) check() error {
	if f.product != product {
		return rule.BadParameter("messaging_product must be whatsapp")
	}
	if f.file == nil {
		return rule.Missing("file")
	}
	bare := BareType(f.mimeType())
	kind := KindOf(bare)
	if kind == "" {
		return rule.BadParameter("file is of type %q, which is none that Meta takes", bare)
	}
	if field := BareType(f.typ); field != "" && KindOf(field) != "" && field != bare {
		return rule.BadParameter("type says %s, but the file says %s", field, bare)
	}
	if limit := Limit(kind, f.file.animated); f.file.Size > limit {
		return tooLarge(limit)
	}
	if f.file.Size == 0 {
		return rule.BadParameter("file is empty")
	}
	return nil
}

func tooLarge(limit int64) error {
	return rule.Refuse(rule.CodeUpload, "Media upload error", "the file is larger than %d bytes", limit)
}
