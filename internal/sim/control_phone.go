package sim

import (
	"cmp"
	"encoding/json"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
)

func (s *Sim) listPhones(w http.ResponseWriter, _ *http.Request) error {
	return writeJSON(w, http.StatusOK, map[string][]Phone{"phones": s.Phones()})
}

func (s *Sim) showPhone(w http.ResponseWriter, r *http.Request) error {
	p, err := s.Phone(r.PathValue("number"))
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, p)
}

// putPhone changes what is named and leaves the rest.
func (s *Sim) putPhone(w http.ResponseWriter, r *http.Request) error {
	var wish struct {
		Name     *string `json:"name"`
		Receipts *bool   `json:"receipts"`
		Online   *bool   `json:"online"`
	}
	if err := readControl(w, r, &wish); err != nil {
		return err
	}
	p, err := s.changePhone(r.PathValue("number"), func(p *Phone) {
		set(&p.Name, wish.Name)
		set(&p.Receipts, wish.Receipts)
		set(&p.Online, wish.Online)
	})
	if err != nil {
		return tell(http.StatusBadRequest, "%s", err)
	}
	return writeJSON(w, http.StatusOK, p)
}

// set takes over a value that was given.
func set[T any](target, given *T) {
	if given != nil {
		*target = *given
	}
}

func (s *Sim) listMessages(w http.ResponseWriter, r *http.Request) error {
	list, err := s.Messages(r.PathValue("number"))
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, map[string][]Message{"messages": list})
}

// postInbound takes a text as JSON, or a form with a file of any size that a phone may send.
func (s *Sim) postInbound(w http.ResponseWriter, r *http.Request) error {
	read := s.readInboundJSON
	if strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/form-data") {
		read = s.readInboundForm
	}
	in, file, err := read(w, r)
	if err != nil {
		if file != nil {
			s.media.discard(*file)
		}
		return err
	}
	in.From = r.PathValue("number")
	wamid, err := s.say(r.Context(), in, file)
	if errors.Is(err, ErrNotFound) {
		return err
	}
	if err != nil {
		return tell(http.StatusBadRequest, "%s", err)
	}
	return writeJSON(w, http.StatusOK, map[string]string{"id": wamid})
}

func (s *Sim) readInboundJSON(w http.ResponseWriter, r *http.Request) (Inbound, *staged, error) {
	var body struct {
		To        string          `json:"to"`
		Type      string          `json:"type"`
		Text      string          `json:"text"`
		ReplyTo   string          `json:"reply_to"`
		Forwarded bool            `json:"forwarded"`
		Often     bool            `json:"frequently_forwarded"`
		Referral  json.RawMessage `json:"referral"`
		inboundObjects
	}
	if err := readControl(w, r, &body); err != nil {
		return Inbound{}, nil, err
	}
	in := Inbound{
		To: body.To, Type: body.Type, Text: body.Text, ReplyTo: body.ReplyTo,
		Forwarded: body.Forwarded, Often: body.Often, Referral: body.Referral,
	}
	return in, nil, body.choose(&in)
}

// choose takes over the one object that was given; without a type it says the type too.
func (o inboundObjects) choose(in *Inbound) error {
	raw, err := json.Marshal(o)
	if err != nil {
		return tell(http.StatusBadRequest, "an object is no JSON: %s", err)
	}
	var given map[string]json.RawMessage
	if err := json.Unmarshal(raw, &given); err != nil {
		return tell(http.StatusBadRequest, "an object is no JSON: %s", err)
	}
	for kind, object := range given {
		in.Type = cmp.Or(in.Type, kind)
		if len(given) > 1 || in.Type != kind || in.Text != "" {
			return tell(http.StatusBadRequest, "give one thing to send: text, or the object that type names")
		}
		in.Object = object
	}
	return nil
}

func (s *Sim) readInboundForm(w http.ResponseWriter, r *http.Request) (in Inbound, file *staged, err error) {
	r.Body = http.MaxBytesReader(w, r.Body, maxUploadBody)
	form, err := r.MultipartReader()
	if err != nil {
		return in, nil, tell(http.StatusBadRequest, "the form is broken: %s", err)
	}
	for {
		part, err := form.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return in, file, tell(http.StatusBadRequest, "the form is broken: %s", err)
		}
		if part.FormName() == "file" && file == nil {
			file, err = s.stageInbound(part, &in)
		} else {
			err = readInboundField(part, &in)
		}
		if err != nil {
			return in, file, err
		}
	}
	if file == nil {
		return in, nil, tell(http.StatusBadRequest, "the form has no part named file: add one, or send a text as JSON")
	}
	return in, file, nil
}

func (s *Sim) stageInbound(part *multipart.Part, in *Inbound) (*staged, error) {
	in.Filename = part.FileName()
	if declared := part.Header.Get("Content-Type"); bareType(declared) != "application/octet-stream" {
		in.MIMEType = declared
	}
	st, err := s.media.stage(part, maxMedia)
	var tooMuch *http.MaxBytesError
	if errors.Is(err, errTooLarge) || errors.As(err, &tooMuch) {
		return nil, tell(http.StatusRequestEntityTooLarge, "send at most %d bytes", maxMedia)
	}
	if err != nil {
		return nil, tell(http.StatusBadRequest, "the file did not arrive: %s", err)
	}
	return &st, nil
}

func readInboundField(part *multipart.Part, in *Inbound) error {
	text, err := readField(part)
	if err != nil {
		return tell(http.StatusBadRequest, "the form is broken: %s", err)
	}
	switch part.FormName() {
	case "to":
		in.To = text
	case "type":
		in.Type = text
	case "caption":
		in.Caption = text
	case "reply_to":
		in.ReplyTo = text
	case "forwarded":
		in.Forwarded = text == "true"
	case "frequently_forwarded":
		in.Often = text == "true"
	case "referral":
		in.Referral = json.RawMessage(text)
	default:
		return tell(http.StatusBadRequest,
			"unknown field %q: use file, to, type, caption, reply_to, forwarded, frequently_forwarded and referral", part.FormName())
	}
	return nil
}
