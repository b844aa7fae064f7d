package wa

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"unicode/utf8"
)

// Content is what a message says. The set is closed: a switch over it names
// every type.
//
//sumtype:decl
type Content interface {
	// Type names the content in the store and in the journal.
	Type() ContentType
	// Validate returns everything that is wrong with it by Meta's limits.
	Validate() []Problem
	content()
}

// ContentType names a type of content.
type ContentType string

// The types of content.
const (
	TypeText        ContentType = "text"
	TypeMedia       ContentType = "media"
	TypeLocation    ContentType = "location"
	TypeContacts    ContentType = "contacts"
	TypeReaction    ContentType = "reaction"
	TypePin         ContentType = "pin"
	TypeInteractive ContentType = "interactive"
	TypeTemplate    ContentType = "template"
)

// Meta's limits, in characters.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/text-messages
// and …/messages/image-messages (read 2026-09).
const (
	MaxTextLength    = 4096
	MaxCaptionLength = 1024
	// MaxLinkLength is ours: Meta names no limit for a link.
	MaxLinkLength = 2048
	// MaxFilenameLength is ours, the longest name that file systems take.
	MaxFilenameLength = 255
)

// Text is a text message.
type Text struct {
	Body string `json:"body"`
	// PreviewURL asks for a preview of the first link in Body.
	PreviewURL bool `json:"preview_url,omitempty"`
}

// Media is a message that carries one media, named by MediaID or by Link,
// never both.
type Media struct {
	Kind MediaKind `json:"kind"`
	// MediaID is a media of ours.
	MediaID MediaID `json:"media_id,omitempty"`
	// Link is an address that the media is fetched from, by us or by Meta.
	Link string `json:"link,omitempty"`
	// Caption is shown below an image, video or document; audio and sticker
	// have none.
	Caption string `json:"caption,omitempty"`
	// Filename is what a document is called on the phone.
	Filename string `json:"filename,omitempty"`
	// Voice shows an audio as one that was recorded: OGG with Opus in mono, of
	// which up to 512 KB play at once.
	// https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/audio-messages
	// (read 2026-09)
	Voice bool `json:"voice,omitempty"`
}

func (Text) content()  {}
func (Media) content() {}

// Type implements [Content].
func (Text) Type() ContentType { return TypeText }

// Type implements [Content].
func (Media) Type() ContentType { return TypeMedia }

// Validate implements [Content].
func (t Text) Validate() []Problem {
	if strings.TrimSpace(t.Body) == "" {
		return []Problem{{Field: "content", Rule: RuleRequired}}
	}
	return text("content", t.Body, MaxTextLength)
}

// Validate implements [Content].
func (m Media) Validate() []Problem {
	var ps []Problem
	if !m.Kind.Valid() {
		ps = append(ps, Problem{Field: "attachment_type", Rule: RuleUnknown})
	}
	switch {
	case m.MediaID == "" && m.Link == "":
		ps = append(ps, Problem{Field: "attachment_id", Rule: RuleRequired})
	case m.MediaID != "" && m.Link != "":
		ps = append(ps, Problem{Field: "attachment_url", Rule: RuleMalformed, Detail: "cannot stand beside attachment_id"})
	case m.Link != "":
		ps = append(ps, link("attachment_url", m.Link)...)
	}
	if m.Voice && m.Kind != KindAudio {
		ps = append(ps, malformed("voice", "can only be true for an audio")...)
	}
	ps = append(ps, text("caption", m.Caption, MaxCaptionLength)...)
	return append(ps, text("filename", m.Filename, MaxFilenameLength)...)
}

// text checks length in characters, and refuses NUL, which neither Meta nor
// every database takes, and bytes that are not UTF-8.
func text(field, v string, limit int) []Problem {
	n := utf8.RuneCountInString(v)
	switch {
	case n > limit:
		return []Problem{{Field: field, Rule: RuleTooLong, Limit: limit, Found: n}}
	case strings.ContainsRune(v, 0) || !utf8.ValidString(v):
		return []Problem{{Field: field, Rule: RuleMalformed, Detail: "must be UTF-8 without NUL"}}
	}
	return nil
}

func link(field, v string) []Problem {
	if n := utf8.RuneCountInString(v); n > MaxLinkLength {
		return []Problem{{Field: field, Rule: RuleTooLong, Limit: MaxLinkLength, Found: n}}
	}
	u, err := url.Parse(v)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Hostname() == "" || u.User != nil {
		return []Problem{{Field: field, Rule: RuleMalformed, Detail: "must be an http or https address without user and password"}}
	}
	return nil
}

// kept is the JSON of what a message says. Fields may be added; a field or type
// that was ever kept is never renamed.
type kept struct {
	Type         ContentType     `json:"type"`
	Content      json.RawMessage `json:"content"`
	IdentityHash string          `json:"identity_hash,omitempty"`
}

// EncodeContent returns the JSON in which a content is kept.
func EncodeContent(c Content) ([]byte, error) { return EncodeSaid(Message{Content: c}) }

// DecodeContent is the inverse of [EncodeContent].
func DecodeContent(data []byte) (Content, error) {
	var m Message
	err := DecodeSaid(data, &m)
	return m.Content, err
}

// EncodeSaid returns the JSON in which that of a message is kept which nobody
// looks for: its content, and its IdentityHash.
func EncodeSaid(m Message) ([]byte, error) {
	content, err := json.Marshal(m.Content)
	if err != nil {
		return nil, fmt.Errorf("encode %s content: %w", m.Content.Type(), err)
	}
	return json.Marshal(kept{m.Content.Type(), content, m.IdentityHash})
}

// DecodeSaid is the inverse of [EncodeSaid]: it sets those fields of m.
func DecodeSaid(data []byte, m *Message) (err error) {
	var k kept
	if err := json.Unmarshal(data, &k); err != nil {
		return fmt.Errorf("decode content: %w", err)
	}
	m.IdentityHash = k.IdentityHash
	switch k.Type {
	case TypeText:
		m.Content, err = decodeAs[Text](k.Content)
	case TypeMedia:
		m.Content, err = decodeAs[Media](k.Content)
	case TypeLocation:
		m.Content, err = decodeAs[Location](k.Content)
	case TypeContacts:
		m.Content, err = decodeAs[Contacts](k.Content)
	case TypeReaction:
		m.Content, err = decodeAs[Reaction](k.Content)
	case TypePin:
		m.Content, err = decodeAs[Pin](k.Content)
	case TypeInteractive:
		m.Content, err = decodeAs[Interactive](k.Content)
	case TypeTemplate:
		m.Content, err = decodeAs[Template](k.Content)
	default:
		err = fmt.Errorf("decode content: unknown type %q", k.Type)
	}
	return err
}

func decodeAs[T Content](data []byte) (Content, error) {
	var c T
	if err := json.Unmarshal(data, &c); err != nil {
		return nil, fmt.Errorf("decode %s content: %w", c.Type(), err)
	}
	return c, nil
}
