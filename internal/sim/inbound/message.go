package inbound

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
	"unicode/utf8"

	"github.com/waypost/waypost/internal/sim/media"
	"github.com/waypost/waypost/internal/sim/message"
	"github.com/waypost/waypost/internal/sim/rule"
	"github.com/waypost/waypost/internal/sim/wire"
)

// Message is a message that a phone writes to a business number.
type Message struct {
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

	Origin string    // of contacts that were asked for
	At     time.Time // when; zero is now
}

// CheckText checks a text and fills in its type.
func (in *Message) CheckText() error {
	if in.Type == "" {
		in.Type = message.TypeText
	}
	if in.Type != message.TypeText {
		return fmt.Errorf("type %q: a text, a file of kind image, audio, video, document or sticker, or an object of %v", in.Type, Kinds())
	}
	if in.Text == "" || utf8.RuneCountInString(in.Text) > message.MaxBody {
		return fmt.Errorf("text: give 1 to %d characters", message.MaxBody)
	}
	return nil
}

// CheckMedium lets a phone send more than a business may: any file at all goes as a document.
func (in *Message) CheckMedium(st media.Staged) error {
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

// ReadJSON reads what a phone writes as JSON. It returns the bytes of a file that came with it, or nil.
func ReadJSON(dec *json.Decoder) (Message, []byte, error) {
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
		wire.Objects
	}
	dec.DisallowUnknownFields()
	if err := dec.Decode(&body); err != nil {
		return Message{}, nil, fmt.Errorf("send a JSON object with the documented keys: %w", err)
	}
	in := Message{
		To: body.To, Type: body.Type, Text: body.Text, ReplyTo: body.ReplyTo, Caption: body.Caption,
		Forwarded: body.Forwarded, Often: body.Often, Referral: body.Referral,
	}
	if err := choose(body.Objects, &in); err != nil {
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

// choose takes over the one object that was given; without a type it says the type too.
func choose(o wire.Objects, in *Message) error {
	raw, err := json.Marshal(o)
	if err != nil {
		return fmt.Errorf("an object is no JSON: %w", err)
	}
	var given map[string]json.RawMessage
	if err := json.Unmarshal(raw, &given); err != nil {
		return fmt.Errorf("an object is no JSON: %w", err)
	}
	for kind, object := range given {
		in.Type = cmp.Or(in.Type, kind)
		if len(given) > 1 || in.Type != kind || in.Text != "" {
			return errors.New("give one thing to send: text, or the object that type names")
		}
		in.Object = object
	}
	return nil
}

// Field takes over a field of a form that is not the file. The error says what to do.
func (in *Message) Field(name, text string) error {
	switch name {
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
		return fmt.Errorf("unknown field %q: use file, to, type, caption, reply_to, forwarded, frequently_forwarded and referral", name)
	}
	return nil
}

// Attach puts the medium under the key of its kind.
func Attach(u *wire.Inbound, m *media.Item, c message.Content, link string) {
	object := &wire.Media{
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

// Embed puts an object under the name of its type.
func Embed(u *wire.Inbound, c message.Content) {
	named, err := json.Marshal(map[string]json.RawMessage{c.Type: c.Object})
	if err == nil {
		err = json.Unmarshal(named, &u.Objects)
	}
	if err != nil || c.Type != TypeUnsupported {
		return // the object was encoded by Read, so there is no error
	}
	const title = "Message type unknown"
	u.Errors = []wire.Error{{
		Code: rule.CodeUnsupported, Title: title, Message: title, Data: wire.ErrorData{Details: "Message type is currently not supported."},
	}}
}
