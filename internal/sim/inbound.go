package sim

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"time"
	"unicode/utf8"
)

// Inbound is a message that a phone writes to a business number.
type Inbound struct {
	From     string    // the phone; it is created on first use
	To       string    // id or display number of the business number; may be empty when there is one
	Type     string    // empty: text, or what the medium is by its MIME type
	Text     string    // for text
	Media    io.Reader // for everything else, at most 100 MB
	MIMEType string    // of Media; empty: told from its first bytes
	Filename string    // of Media; Meta passes it on for documents
	Caption  string    // of Media
	ReplyTo  string    // the wamid that this answers
}

// Say lets a phone write. It returns the wamid once the callback is in line to be posted.
func (s *Sim) Say(ctx context.Context, in Inbound) (string, error) {
	if in.Media == nil {
		return s.say(ctx, in, nil)
	}
	st, err := s.media.stage(contextReader{ctx, in.Media}, maxMedia)
	if err != nil {
		return "", fmt.Errorf("take medium: %w", err)
	}
	return s.say(ctx, in, &st)
}

// say is Say with the medium already on disk. It owns the staged bytes.
func (s *Sim) say(ctx context.Context, in Inbound, st *staged) (string, error) {
	n, err := s.checkInbound(&in, st)
	if err != nil {
		if st != nil {
			s.media.discard(*st)
		}
		return "", err
	}
	c := content{Type: in.Type, Text: in.Text, Caption: in.Caption, Filename: in.Filename}
	var m *medium
	if st != nil {
		m, err = s.keepInbound(n, in, *st)
		if err != nil {
			return "", err
		}
		c.MediaID = m.ID
	}
	wamid := s.arrive(n, in, c, m)
	s.log.DebugContext(ctx, "phone wrote", slog.String("wamid", wamid), slog.String("type", in.Type))
	return wamid, nil
}

// checkInbound checks a message and fills in what may be left out.
func (s *Sim) checkInbound(in *Inbound, st *staged) (Number, error) {
	in.From = plainPhone(in.From)
	if !isPhone(in.From) {
		return Number{}, fmt.Errorf("from: a phone number has %d to %d digits, with country code", phoneMin, phoneMax)
	}
	n, err := s.business(in.To)
	if err != nil {
		return Number{}, fmt.Errorf("to: %w", err)
	}
	if n.Display == in.From {
		return Number{}, errors.New("from: the business number cannot write to itself")
	}
	if in.ReplyTo != "" && !s.knows(in.ReplyTo) {
		return Number{}, fmt.Errorf("reply_to: message %w", ErrNotFound)
	}
	if st == nil {
		return n, in.checkText()
	}
	return n, in.checkMedium(*st)
}

func (in *Inbound) checkText() error {
	if in.Type == "" {
		in.Type = typeText
	}
	if in.Type != typeText {
		return fmt.Errorf("type %q: a text, or a file of kind image, audio, video, document or sticker", in.Type)
	}
	if in.Text == "" || utf8.RuneCountInString(in.Text) > maxBody {
		return fmt.Errorf("text: give 1 to %d characters", maxBody)
	}
	return nil
}

// checkMedium lets a phone send more than a business may: any file at all goes as a document.
func (in *Inbound) checkMedium(st staged) error {
	if st.size == 0 {
		return errors.New("file: it is empty")
	}
	if bareType(in.MIMEType) == "" {
		in.MIMEType = st.sniffed
	}
	kind := kindOf(bareType(in.MIMEType))
	if kind == "" {
		kind = kindDocument
	}
	if in.Type == "" {
		in.Type = kind
	}
	if in.Type != kind && in.Type != kindDocument {
		return fmt.Errorf("type %q: a file of type %s goes as %s or document", in.Type, bareType(in.MIMEType), kind)
	}
	if utf8.RuneCountInString(in.Caption) > maxCaption {
		return fmt.Errorf("caption: give at most %d characters", maxCaption)
	}
	return nil
}

func (s *Sim) knows(wamid string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.messages[wamid] != nil
}

func (s *Sim) keepInbound(n Number, in Inbound, st staged) (*medium, error) {
	m := medium{numberID: n.ID, expires: time.Now().Add(inboundLife)}
	m.Kind, m.MIMEType, m.Filename = in.Type, in.MIMEType, in.Filename
	kept, err := s.media.keep(st, m)
	if err != nil {
		s.media.discard(st)
		return nil, err
	}
	s.forgetAt(kept)
	return kept, nil
}

// arrive records the message, opens the window and puts the callback in line.
func (s *Sim) arrive(n Number, in Inbound, c content, m *medium) string {
	now := time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.phone(in.From)
	wamid := s.random.wamid(in.From)
	update := inboundMessage{From: in.From, ID: wamid, Timestamp: unixText(now), Type: c.Type}
	if quotedMessage := s.messages[in.ReplyTo]; quotedMessage != nil {
		update.Context = &inboundContext{From: n.Display, ID: in.ReplyTo}
		if slices.Contains(p.messages, quotedMessage) && quotedMessage.Direction == fromPhone {
			update.Context.From = in.From
		}
	}
	if m == nil {
		update.Text = &inboundText{Body: c.Text}
	} else {
		update.attach(m, c, s.media.link(m, now))
	}
	shown := s.newMessage(wamid, fromPhone, n, c, now)
	shown.ReplyTo, shown.phone = in.ReplyTo, p.Number
	p.messages = append(p.messages, shown)
	p.wrote[n.ID] = now
	s.emit(n, value{
		Contacts: []callbackPerson{{Profile: profile{Name: p.Name}, WAID: p.Number}},
		Messages: []inboundMessage{update},
	}, now)
	return wamid
}

// attach puts the medium under the key of its kind.
func (u *inboundMessage) attach(m *medium, c content, link string) {
	object := &inboundMedia{
		MIMEType: m.MIMEType, SHA256: base64.StdEncoding.EncodeToString(m.sum[:]), ID: m.ID, URL: link,
	}
	switch m.Kind {
	case kindImage:
		object.Caption, u.Image = c.Caption, object
	case kindVideo:
		object.Caption, u.Video = c.Caption, object
	case kindAudio:
		voice := bareType(m.MIMEType) == "audio/ogg" // what WhatsApp records itself
		object.Voice, u.Audio = &voice, object
	case kindSticker:
		object.Animated, u.Sticker = &m.animated, object
	default:
		object.Caption, object.Filename, u.Document = c.Caption, c.Filename, object
	}
}

// contextReader ends with its context.
type contextReader struct {
	ctx  context.Context
	from io.Reader
}

func (r contextReader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, fmt.Errorf("read medium: %w", err)
	}
	return r.from.Read(p)
}
