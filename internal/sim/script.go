package sim

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/waypost/waypost/internal/sim/media"
	"github.com/waypost/waypost/internal/sim/phone"
	"github.com/waypost/waypost/internal/sim/script"
)

// Script is a scripted answer.
type Script = script.Script

// SetScripts puts scripted answers in the place of those there are; every mistake in them is reported at once.
func (s *Sim) SetScripts(list []Script) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.scripts.Replace(list)
}

// ReadScripts reads scripted answers as the control face takes them: {"scripts":[…]}.
func ReadScripts(data []byte) ([]Script, error) {
	var file struct {
		Scripts []Script `json:"scripts"`
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&file); err != nil {
		return nil, fmt.Errorf("scripts: %w", err)
	}
	return file.Scripts, nil
}

// answer looks for a scripted answer to a message that has arrived and schedules it. The lock must be held.
func (s *Sim) answer(m *outbound, now time.Time) {
	if s.scripts.Empty() {
		return
	}
	p := m.phone
	steps := s.scripts.Answer(script.Message{
		Phone: p.Number, PhoneName: p.Name, NumberID: m.NumberID, Display: m.from.Display, ID: m.WAMID, Type: m.Type,
		Text: m.shown.Text, Template: m.shown.Template, Words: m.shown.Words,
	})
	at := now
	for _, step := range steps {
		at = at.Add(step.After)
		s.at(at, func(now time.Time) { s.play(p, m.shown, step, now) })
	}
}

// play lets a phone do a step of a script, once it is online. The lock must be held.
func (s *Sim) play(p *phone.State, m *Message, step script.Step, now time.Time) {
	if !p.Online {
		p.Wait(func(now time.Time) { s.play(p, m, step, now) })
		return
	}
	if err := s.perform(p, m, step.Body, now); err != nil {
		s.log.Warn("script not played", slog.String("script", step.Script), slog.Any("err", err))
	}
}

func (s *Sim) perform(p *phone.State, m *Message, body json.RawMessage, now time.Time) error {
	var tap struct {
		Tap *phone.Tap `json:"tap"`
	}
	if err := json.Unmarshal(body, &tap); err != nil {
		return fmt.Errorf("tap: %w", err)
	}
	if tap.Tap != nil {
		_, _, err := s.tap(p, m.ID, *tap.Tap, now)
		return err
	}
	in, file, err := readWritten(json.NewDecoder(bytes.NewReader(body)))
	if err != nil {
		return err
	}
	in.From, in.at = p.Number, now
	if in.To == "" {
		in.To = m.NumberID
	}
	st, err := s.stageWritten(file)
	if err != nil {
		return err
	}
	_, err = s.speak(in, st)
	return err
}

// stageWritten puts a file on disk that came inside JSON; without one it returns nil. It is small, as JSON is, so that a script
// may do it with the lock held.
func (s *Sim) stageWritten(file []byte) (*media.Staged, error) {
	if file == nil {
		return nil, nil //nolint:nilnil // no file is no error
	}
	st, err := s.media.Stage(bytes.NewReader(file), media.MaxSize)
	if err != nil {
		return nil, fmt.Errorf("take medium: %w", err)
	}
	return &st, nil
}

func (s *Sim) showScripts(w http.ResponseWriter, _ *http.Request) error {
	s.mu.Lock()
	list := s.scripts.List()
	s.mu.Unlock()
	return writeJSON(w, http.StatusOK, map[string][]Script{"scripts": list})
}

func (s *Sim) putScripts(w http.ResponseWriter, r *http.Request) error {
	var wish struct {
		Scripts []Script `json:"scripts"`
	}
	if err := readControl(w, r, &wish); err != nil {
		return err
	}
	if err := s.SetScripts(wish.Scripts); err != nil {
		return tell(http.StatusBadRequest, "%s", err)
	}
	return s.showScripts(w, r)
}

// readWritten reads what a phone writes as JSON. It returns the bytes of a file that came with it, or nil.
func readWritten(dec *json.Decoder) (Inbound, []byte, error) {
	var body struct {
		To        string          `json:"to"`
		Type      string          `json:"type"`
		Text      string          `json:"text"`
		ReplyTo   string          `json:"reply_to"`
		Caption   string          `json:"caption"`
		Forwarded bool            `json:"forwarded"`
		Often     bool            `json:"frequently_forwarded"`
		Referral  json.RawMessage `json:"referral"`
		File      *struct {
			Data     []byte `json:"data"` // base64
			MIMEType string `json:"mime_type"`
			Filename string `json:"filename"`
		} `json:"file"`
		inboundObjects
	}
	dec.DisallowUnknownFields()
	if err := dec.Decode(&body); err != nil {
		return Inbound{}, nil, fmt.Errorf("send a JSON object with the documented keys: %w", err)
	}
	in := Inbound{
		To: body.To, Type: body.Type, Text: body.Text, ReplyTo: body.ReplyTo, Caption: body.Caption,
		Forwarded: body.Forwarded, Often: body.Often, Referral: body.Referral,
	}
	if err := body.choose(&in); err != nil {
		return in, nil, err
	}
	if body.File == nil {
		return in, nil, nil
	}
	if in.Text != "" || in.Object != nil {
		return in, nil, errors.New("give one thing to send: a file has a caption, and neither text nor an object")
	}
	in.MIMEType, in.Filename = body.File.MIMEType, body.File.Filename
	return in, append([]byte{}, body.File.Data...), nil
}
