package sim

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"github.com/waypost/waypost/internal/sim/inbound"
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
	in, file, err := inbound.ReadJSON(json.NewDecoder(bytes.NewReader(body)))
	if err != nil {
		return err
	}
	in.From, in.At = p.Number, now
	if in.To == "" {
		in.To = m.NumberID
	}
	st, err := s.StageWritten(file)
	if err != nil {
		return err
	}
	_, err = s.speak(in, st)
	return err
}

// StageWritten puts a file on disk that came inside JSON; without one it returns nil. It is small, as JSON is, so that a script
// may do it with the lock held.
func (s *Sim) StageWritten(file []byte) (*media.Staged, error) {
	if file == nil {
		return nil, nil //nolint:nilnil // no file is no error
	}
	st, err := s.media.Stage(bytes.NewReader(file), media.MaxSize)
	if err != nil {
		return nil, fmt.Errorf("take medium: %w", err)
	}
	return &st, nil
}
