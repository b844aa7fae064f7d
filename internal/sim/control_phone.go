package sim

import (
	"cmp"
	"encoding/json"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"slices"
	"strings"

	"github.com/waypost/waypost/internal/sim/media"
	"github.com/waypost/waypost/internal/sim/phone"
)

func (s *Sim) listPhones(w http.ResponseWriter, _ *http.Request) error {
	now, list := s.now(), []phone.Shown{}
	s.mu.Lock()
	for _, p := range s.book.Phones() {
		list = append(list, p.Shown(now))
	}
	s.mu.Unlock()
	return writeJSON(w, http.StatusOK, map[string][]phone.Shown{"phones": list})
}

func (s *Sim) showPhone(w http.ResponseWriter, r *http.Request) error {
	p, err := s.seePhone(r.PathValue("number"))
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, p)
}

func (s *Sim) seePhone(number string) (phone.Shown, error) {
	now := s.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	p, err := s.knownPhone(number)
	if err != nil {
		return phone.Shown{}, err
	}
	return p.Shown(now), nil
}

// putPhone changes what is named and leaves the rest.
func (s *Sim) putPhone(w http.ResponseWriter, r *http.Request) error {
	var wish phoneWish
	if err := readControl(w, r, &wish); err != nil {
		return err
	}
	blocks, err := s.idsOf(wish.Blocks)
	if err != nil {
		return tell(http.StatusBadRequest, "blocks: %s", err)
	}
	p, err := s.changePhone(r.PathValue("number"), func(p *phone.State) error { return wish.apply(p, s.accounts.Numbers(), blocks) })
	if err != nil {
		return tell(http.StatusBadRequest, "%s", err)
	}
	return writeJSON(w, http.StatusOK, p)
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

func (w phoneWish) apply(p *phone.State, numbers []Number, blocks []string) error {
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
func (s *Sim) idsOf(names *[]string) (ids []string, err error) {
	if names == nil {
		return nil, nil
	}
	for _, name := range *names {
		n, err := s.business(name)
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
			s.media.Discard(*file)
		}
		return err
	}
	in.From = r.PathValue("number")
	wamid, err := s.say(in, file)
	if err != nil {
		return refusal(err)
	}
	return writeJSON(w, http.StatusOK, map[string]string{"id": wamid})
}

// refusal tells what is not there from what cannot be done.
func refusal(err error) error {
	if errors.Is(err, ErrNotFound) {
		return err
	}
	return tell(http.StatusBadRequest, "%s", err)
}

// readInboundJSON reads what is no form. A file may come inside.
func (s *Sim) readInboundJSON(w http.ResponseWriter, r *http.Request) (Inbound, *media.Staged, error) {
	in, file, err := readWritten(json.NewDecoder(http.MaxBytesReader(w, r.Body, maxJSONBody)))
	if err != nil {
		return in, nil, tell(http.StatusBadRequest, "%s", err)
	}
	st, err := s.stageWritten(file)
	return in, st, err
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

func (s *Sim) readInboundForm(w http.ResponseWriter, r *http.Request) (in Inbound, file *media.Staged, err error) {
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

func (s *Sim) stageInbound(part *multipart.Part, in *Inbound) (*media.Staged, error) {
	in.Filename = part.FileName()
	if declared := part.Header.Get("Content-Type"); media.BareType(declared) != "application/octet-stream" {
		in.MIMEType = declared
	}
	st, err := s.media.Stage(part, media.MaxSize)
	var tooMuch *http.MaxBytesError
	if errors.Is(err, media.ErrTooLarge) || errors.As(err, &tooMuch) {
		return nil, tell(http.StatusRequestEntityTooLarge, "send at most %d bytes", media.MaxSize)
	}
	if err != nil {
		return nil, tell(http.StatusBadRequest, "the file did not arrive: %s", err)
	}
	return &st, nil
}

func readInboundField(part *multipart.Part, in *Inbound) error {
	text, err := media.ReadField(part)
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
