package control

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"slices"
	"strings"

	"github.com/waypost/waypost/internal/sim/account"
	"github.com/waypost/waypost/internal/sim/face"
	"github.com/waypost/waypost/internal/sim/inbound"
	"github.com/waypost/waypost/internal/sim/media"
	"github.com/waypost/waypost/internal/sim/phone"
	"github.com/waypost/waypost/internal/sim/rule"
)

func (s *server) listPhones(w http.ResponseWriter, _ *http.Request) error {
	return face.WriteJSON(w, http.StatusOK, map[string][]phone.Shown{"phones": s.ShownPhones()})
}

func (s *server) showPhone(w http.ResponseWriter, r *http.Request) error {
	p, err := s.SeePhone(r.PathValue("number"))
	if err != nil {
		return err
	}
	return face.WriteJSON(w, http.StatusOK, p)
}

// putPhone changes what is named and leaves the rest.
func (s *server) putPhone(w http.ResponseWriter, r *http.Request) error {
	var wish phoneWish
	if err := readControl(w, r, &wish); err != nil {
		return err
	}
	blocks, err := s.idsOf(wish.Blocks)
	if err != nil {
		return tell(http.StatusBadRequest, "blocks: %s", err)
	}
	p, err := s.ChangePhone(r.PathValue("number"), func(p *phone.State) error { return wish.apply(p, s.Accounts().Numbers(), blocks) })
	if err != nil {
		return tell(http.StatusBadRequest, "%s", err)
	}
	return face.WriteJSON(w, http.StatusOK, p)
}

// phoneWish is what can be changed on a phone.
type phoneWish struct {
	Name     *string   `json:"name"`
	About    *string   `json:"about"`
	Picture  *string   `json:"picture"`
	Username *string   `json:"username"`
	Hidden   *bool     `json:"hidden"`
	Absent   *bool     `json:"absent"`
	Receipts *bool     `json:"receipts"`
	Played   *bool     `json:"played"`
	Online   *bool     `json:"online"`
	Blocks   *[]string `json:"blocks"`
}

func (w phoneWish) apply(p *phone.State, numbers []account.Number, blocks []string) error {
	if w.Name != nil && *w.Name == "" {
		return errors.New("name: it cannot be empty")
	}
	set(&p.Name, w.Name)
	set(&p.About, w.About)
	set(&p.Picture, w.Picture)
	set(&p.Username, w.Username)
	set(&p.Hidden, w.Hidden)
	set(&p.Absent, w.Absent)
	set(&p.Receipts, w.Receipts)
	set(&p.Played, w.Played)
	set(&p.Online, w.Online)
	if w.Blocks != nil {
		for _, n := range numbers {
			p.Block(n.ID, slices.Contains(blocks, n.ID))
		}
	}
	return nil
}

// idsOf finds business numbers by id or display number.
func (s *server) idsOf(names *[]string) (ids []string, err error) {
	if names == nil {
		return nil, nil
	}
	for _, name := range *names {
		n, err := s.Business(name)
		if err != nil {
			return nil, err
		}
		ids = append(ids, n.ID)
	}
	return ids, nil
}

// set takes over a value that was given.
func set[T any](target, given *T) {
	if given != nil {
		*target = *given
	}
}

func (s *server) listMessages(w http.ResponseWriter, r *http.Request) error {
	list, err := s.Messages(r.PathValue("number"))
	if err != nil {
		return err
	}
	return face.WriteJSON(w, http.StatusOK, map[string][]phone.Message{"messages": list})
}

// postInbound takes a text as JSON, or a form with a file of any size that a phone may send.
func (s *server) postInbound(w http.ResponseWriter, r *http.Request) error {
	read := s.readInboundJSON
	if strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/form-data") {
		read = s.readInboundForm
	}
	in, file, err := read(w, r)
	if err != nil {
		if file != nil {
			s.MediaStore().Discard(*file)
		}
		return err
	}
	in.From = r.PathValue("number")
	wamid, err := s.SayStaged(in, file)
	if err != nil {
		return refusal(err)
	}
	return face.WriteJSON(w, http.StatusOK, map[string]string{"id": wamid})
}

// refusal tells what is not there from what cannot be done.
func refusal(err error) error {
	if errors.Is(err, rule.ErrNotFound) {
		return err
	}
	return tell(http.StatusBadRequest, "%s", err)
}

// readInboundJSON reads what is no form. A file may come inside.
func (s *server) readInboundJSON(w http.ResponseWriter, r *http.Request) (inbound.Message, *media.Staged, error) {
	raw, err := readValue(w, r)
	if err != nil {
		return inbound.Message{}, nil, err
	}
	in, file, err := inbound.ReadJSON(json.NewDecoder(bytes.NewReader(raw)))
	if err != nil {
		return in, nil, tell(http.StatusBadRequest, "%s", err)
	}
	st, err := s.StageWritten(file)
	return in, st, err
}

func (s *server) readInboundForm(w http.ResponseWriter, r *http.Request) (in inbound.Message, file *media.Staged, err error) {
	r.Body = http.MaxBytesReader(w, r.Body, media.MaxUpload)
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
			err = readField(part, &in)
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

func (s *server) stageInbound(part *multipart.Part, in *inbound.Message) (*media.Staged, error) {
	in.Filename = part.FileName()
	if declared := part.Header.Get("Content-Type"); media.BareType(declared) != "application/octet-stream" {
		in.MIMEType = declared
	}
	st, err := s.MediaStore().Stage(part, media.MaxSize)
	var tooMuch *http.MaxBytesError
	if errors.Is(err, media.ErrTooLarge) || errors.As(err, &tooMuch) {
		return nil, tell(http.StatusRequestEntityTooLarge, "send at most %d bytes", media.MaxSize)
	}
	if err != nil {
		return nil, tell(http.StatusBadRequest, "the file did not arrive: %s", err)
	}
	return &st, nil
}

func readField(part *multipart.Part, in *inbound.Message) error {
	text, err := media.ReadField(part)
	if err != nil {
		return tell(http.StatusBadRequest, "the form is broken: %s", err)
	}
	if err := in.Field(part.FormName(), text); err != nil {
		return tell(http.StatusBadRequest, "%s", err)
	}
	return nil
}
