package sim

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"
	"unicode/utf8"

	"github.com/waypost/waypost/internal/sim/inbound"
	"github.com/waypost/waypost/internal/sim/ledger"
	"github.com/waypost/waypost/internal/sim/limit"
	"github.com/waypost/waypost/internal/sim/media"
	"github.com/waypost/waypost/internal/sim/message"
	"github.com/waypost/waypost/internal/sim/phone"
	"github.com/waypost/waypost/internal/sim/rule"
)

// Inbound is a message that a phone writes to a business number.
type Inbound struct {
	From     string    // the phone; it is created on first use
	To       string    // id or display number of the business number; may be empty when there is one
	Type     string    // empty: text, or what the medium is by its MIME type
	Text     string    // for text
	Media    io.Reader // for a file, at most 100 MB
	MIMEType string    // of Media; empty: told from its first bytes
	Filename string    // of Media; Meta passes it on for documents
	Caption  string    // of Media
	ReplyTo  string    // the wamid that this answers

	// Object is for every other type: what Meta's callback has under the type's name.
	Object    json.RawMessage
	Referral  json.RawMessage // the advertisement or post that led here, as Meta's callback has it
	Forwarded bool            // the message was passed on by the user
	Often     bool            // … and by many before

	origin string    // of contacts that were asked for
	at     time.Time // when; zero is now
}

// Say lets a phone write. It returns the wamid once the callback is in line to be posted.
func (s *Sim) Say(ctx context.Context, in Inbound) (string, error) {
	if in.Media == nil {
		return s.say(in, nil)
	}
	st, err := s.media.Stage(contextReader{ctx, in.Media}, media.MaxSize)
	if err != nil {
		return "", fmt.Errorf("take medium: %w", err)
	}
	return s.say(in, &st)
}

// say is Say with the medium already on disk. It owns the staged bytes.
func (s *Sim) say(in Inbound, st *media.Staged) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.speak(in, st)
}

// speak is say with the lock held.
func (s *Sim) speak(in Inbound, st *media.Staged) (string, error) {
	if in.at.IsZero() {
		in.at = s.now()
	}
	n, err := s.checkInbound(&in, st)
	if err != nil {
		if st != nil {
			s.media.Discard(*st)
		}
		return "", err
	}
	c := message.Content{Type: in.Type, Text: in.Text, Caption: in.Caption, Filename: in.Filename}
	if inbound.Is(in.Type) {
		if c, err = s.readObject(&in); err != nil {
			return "", err
		}
	}
	var m *media.Item
	if st != nil {
		m, err = s.keepInbound(n, in, *st)
		if err != nil {
			return "", err
		}
		c.MediaID = m.ID
	}
	wamid := s.arrive(n, in, c, m)
	s.log.Debug("phone wrote", slog.String("wamid", wamid), slog.String("type", in.Type))
	return wamid, nil
}

// checkInbound checks a message and fills in what may be left out.
func (s *Sim) checkInbound(in *Inbound, st *media.Staged) (Number, error) {
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
	switch p := s.book.Find(in.From); {
	case p == nil:
	case p.Absent:
		return Number{}, errors.New("from: this number is not on WhatsApp")
	case p.HasBlocked(n.ID):
		return Number{}, errors.New("from: the phone has blocked this business number")
	}
	if s.records.Blocks(n.ID, in.From) {
		return Number{}, errors.New("from: the business number has blocked this phone")
	}
	if in.Referral != nil {
		if err := inbound.Referral(in.Referral); err != nil {
			return Number{}, plainly(err)
		}
	}
	if in.ReplyTo != "" && !s.knows(in.ReplyTo) {
		return Number{}, fmt.Errorf("reply_to: message %w", ErrNotFound)
	}
	switch {
	case st != nil && inbound.Is(in.Type):
		return n, fmt.Errorf("type %q: it takes no file", in.Type)
	case st == nil && inbound.Is(in.Type):
		return n, nil
	case st == nil:
		return n, in.checkText()
	}
	return n, in.checkMedium(*st)
}

func (in *Inbound) checkText() error {
	if in.Type == "" {
		in.Type = typeText
	}
	if in.Type != typeText {
		return fmt.Errorf("type %q: a text, a file of kind image, audio, video, document or sticker, or an object of %v", in.Type, inbound.Kinds())
	}
	if in.Text == "" || utf8.RuneCountInString(in.Text) > message.MaxBody {
		return fmt.Errorf("text: give 1 to %d characters", message.MaxBody)
	}
	return nil
}

// checkMedium lets a phone send more than a business may: any file at all goes as a document.
func (in *Inbound) checkMedium(st media.Staged) error {
	if st.Size == 0 {
		return errors.New("file: it is empty")
	}
	if media.BareType(in.MIMEType) == "" {
		in.MIMEType = st.Sniffed
	}
	kind := media.KindOf(media.BareType(in.MIMEType))
	if kind == "" {
		kind = media.Document
	}
	if in.Type == "" {
		in.Type = kind
	}
	if in.Type != kind && in.Type != media.Document {
		return fmt.Errorf("type %q: a file of type %s goes as %s or document", in.Type, media.BareType(in.MIMEType), kind)
	}
	if utf8.RuneCountInString(in.Caption) > message.MaxCaption {
		return fmt.Errorf("caption: give at most %d characters", message.MaxCaption)
	}
	return nil
}

// knows says whether there is such a message. The lock must be held.
func (s *Sim) knows(wamid string) bool {
	return s.book.Message(wamid) != nil
}

func (s *Sim) keepInbound(n Number, in Inbound, st media.Staged) (*media.Item, error) {
	m := media.Item{NumberID: n.ID, Expires: in.at.Add(media.InboundLife)}
	m.Kind, m.MIMEType, m.Filename = in.Type, in.MIMEType, in.Filename
	kept, err := s.media.Keep(st, m)
	if err != nil {
		s.media.Discard(st)
		return nil, err
	}
	s.at(kept.Expires, func(time.Time) { _ = s.media.Remove(kept.ID) }) // as [Sim.forgetAt] does
	return kept, nil
}

// arrive records the message, opens the window and puts the callback in line. The lock must be held.
func (s *Sim) arrive(n Number, in Inbound, c message.Content, m *media.Item) string {
	now, p := in.at, s.book.Open(in.From)
	who := s.person(p)
	nth, key := s.count(n.ID, in.From, ledger.In)
	wamid := wamid(in.From, key)
	s.throughput.Take(n.ID, limit.PerSecond(int(s.perSecond.Load())), now) // what comes in counts too
	update := inboundMessage{
		From: who.WAID, FromUser: who.UserID, ID: wamid, Timestamp: unixText(now), Type: c.Type, Referral: in.Referral,
		Origin: in.origin, Context: s.contextOf(n, in, who),
	}
	switch {
	case c.Object != nil:
		update.embed(c)
	case m == nil:
		update.Text = &inboundText{Body: c.Text}
	default:
		update.attach(m, c, s.media.Link(m, now))
	}
	shown := s.newMessage(wamid, phone.FromPhone, n, c, now)
	shown.ReplyTo = cmp.Or(in.ReplyTo, c.Target)
	s.book.Add(p, shown)
	s.ledger.AddMessage(&ledger.Message{
		Direction: ledger.In, Outcome: ledger.Accepted, Nth: nth, WAMID: wamid, NumberID: n.ID, From: in.From, Type: c.Type, At: now,
	})
	v := value{Messages: []inboundMessage{update}}
	if c.Type != inbound.TypeSystem { // what the system says was not written by the user, and names no contact
		p.Wrote(n.ID, now)
		v.Contacts = []callbackPerson{who}
	}
	s.emit(n, subject{peer: in.From, nth: nth, update: wamid + " " + c.Type, status: c.Type}, v, now)
	return wamid
}

// contextOf says what a message answers and whether it was passed on; nil when there is nothing to say. The lock must be held.
func (s *Sim) contextOf(n Number, in Inbound, who callbackPerson) *inboundContext {
	c := inboundContext{Forwarded: in.Forwarded && !in.Often, Often: in.Often}
	if quotedMessage := s.book.Message(in.ReplyTo); quotedMessage != nil {
		c.From, c.ID = n.Display, in.ReplyTo
		if quotedMessage.Phone == in.From && quotedMessage.Direction == phone.FromPhone {
			c.From = who.WAID
		}
	}
	if c == (inboundContext{}) {
		return nil
	}
	return &c
}

// attach puts the medium under the key of its kind.
func (u *inboundMessage) attach(m *media.Item, c message.Content, link string) {
	object := &inboundMedia{
		MIMEType: m.MIMEType, SHA256: m.Digest(), ID: m.ID, URL: link,
	}
	switch m.Kind {
	case media.Image:
		object.Caption, u.Image = c.Caption, object
	case media.Video:
		object.Caption, u.Video = c.Caption, object
	case media.Audio:
		voice := media.BareType(m.MIMEType) == "audio/ogg" // what WhatsApp records itself
		object.Voice, u.Audio = &voice, object
	case media.Sticker:
		object.Animated, u.Sticker = &m.Animated, object
	default:
		object.Caption, object.Filename, u.Document = c.Caption, c.Filename, object
	}
}

// embed puts an object under the name of its type.
func (u *inboundMessage) embed(c message.Content) {
	named, err := json.Marshal(map[string]json.RawMessage{c.Type: c.Object})
	if err == nil {
		err = json.Unmarshal(named, &u.inboundObjects)
	}
	if err != nil || c.Type != inbound.TypeUnsupported {
		return // the object was encoded by package inbound, so there is no error
	}
	const title = "Message type unknown"
	u.Errors = []statusError{{
		Code: rule.CodeUnsupported, Title: title, Message: title, Data: errorData{Details: "Message type is currently not supported."},
	}}
}

// readObject reads what is neither a text nor a file, and finds what it is about.
func (s *Sim) readObject(in *Inbound) (message.Content, error) {
	c, err := inbound.Read(in.Type, in.Object)
	if err != nil {
		return message.Content{}, plainly(err)
	}
	if c.Target != "" && !s.knows(c.Target) {
		return message.Content{}, fmt.Errorf("%s: message %w", in.Type, ErrNotFound)
	}
	if in.Type == inbound.TypeSystem && c.Text == "" {
		c, err = s.numberChanged(in.From, in.Object)
	}
	return message.Content{Type: in.Type, Text: c.Text, Target: c.Target, Object: c.Object}, err
}

// numberChanged writes the sentence that comes with a changed number.
func (s *Sim) numberChanged(from string, raw json.RawMessage) (inbound.Content, error) {
	var change struct {
		Body string `json:"body"`
		WAID string `json:"wa_id"`
		Type string `json:"type"`
	}
	if err := json.Unmarshal(raw, &change); err != nil {
		return inbound.Content{}, fmt.Errorf("system: %w", err)
	}
	change.Body = fmt.Sprintf("User %s changed from %s to %s", s.book.Open(from).Name, from, change.WAID)
	object, err := json.Marshal(change)
	if err != nil {
		return inbound.Content{}, fmt.Errorf("system: %w", err)
	}
	return inbound.Content{Text: change.Body, Object: object}, nil
}

// plainly takes the sentence for people out of a refusal in Meta's shape.
func plainly(err error) error {
	var refused *rule.Error
	if errors.As(err, &refused) {
		return errors.New(refused.Details)
	}
	return err
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
