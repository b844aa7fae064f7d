package hook

import (
	"github.com/waypost/waypost/internal/wa"
	"github.com/waypost/waypost/internal/waapi/lenient"
)

type incomingMessages struct {
	IncomingMessage []incomingMessage `json:"incoming_message"`
}

// incomingMessage is the envelope of every kind, with one payload at most: a
// client in use tells kinds apart by which key is there.
type incomingMessage struct {
	From       string `json:"from"`
	To         string `json:"to"`
	FromName   string `json:"from_name"`
	MessageID  string `json:"message_id"`
	ReceivedAt string `json:"received_at"`
	// GroupID is ours, given when it was written in a group.
	GroupID string          `json:"group_id,omitempty"`
	Context incomingContext `json:"context"`
	// MessageType is absent for a kind that has no payload here.
	MessageType string `json:"message_type,omitempty"`
	incomingContent
	Location    *incomingLocation `json:"location_type,omitempty"`
	Interactive *incomingReply    `json:"interactive_type,omitempty"`
	Reaction    *incomingReaction `json:"reaction_type,omitempty"`

	// What follows is ours: of these the vendor sends nothing.
	Contacts    []incomingCard       `json:"contacts_type,omitempty"`
	Order       *incomingOrder       `json:"order_type,omitempty"`
	System      *incomingSystem      `json:"system_type,omitempty"`
	Unsupported *incomingUnsupported `json:"unsupported_type,omitempty"`
	Edit        *incomingEdit        `json:"edit_type,omitempty"`
	Revoke      *incomingTarget      `json:"revoke_type,omitempty"`

	Referral       *incomingReferral `json:"referral,omitempty"`
	Product        *incomingProduct  `json:"referred_product,omitempty"`
	Forwarded      bool              `json:"forwarded,omitempty"`
	OftenForwarded bool              `json:"frequently_forwarded,omitempty"`
}

// incomingContext is filled when the message answers another. Otherwise its
// values are "", as the vendor sends them today; its docs say null.
type incomingContext struct {
	NCMessageID wa.MessageID `json:"ncmessage_id"`
	MessageID   string       `json:"message_id"`
	// APIHeader is of the message that is answered, if it is one of ours.
	APIHeader *string `json:"x-apiheader,omitempty"`
}

// incomingContent is a text or a media, in a message and in an edit.
type incomingContent struct {
	Text     *incomingText `json:"text_type,omitempty"`
	Image    *incomingFile `json:"image_type,omitempty"`
	Video    *incomingFile `json:"video_type,omitempty"`
	Audio    *incomingFile `json:"audio_type,omitempty"`
	Document *incomingFile `json:"document_type,omitempty"`
	// Sticker is ours: the vendor sends nothing for one.
	Sticker *incomingFile `json:"sticker_type,omitempty"`
}

// incomingText is a text, or with a payload a tap on a quick reply of a
// template.
type incomingText struct {
	Payload *string `json:"payload,omitempty"`
	Text    string  `json:"text"`
}

// incomingFile is a media. Its id is ours: the bytes are at media/{id}.
type incomingFile struct {
	Filename string `json:"filename,omitempty"`
	MIMEType string `json:"mime_type"`
	// SHA256 is base64 as Meta writes it; that is also what the vendor sends.
	SHA256  string     `json:"sha256"`
	ID      wa.MediaID `json:"id"`
	Caption string     `json:"caption,omitempty"`
	// Voice is only there for voice notes, Animated for stickers that move.
	Voice    bool `json:"voice,omitempty"`
	Animated bool `json:"animated,omitempty"`
}

// inboundKind is a kind of inbound message: its word, and where its payload
// goes. Put reports false if the message lacks what the kind needs.
type inboundKind struct {
	word string
	put  func(*incomingMessage, wa.Inbound) bool
}

// inboundKinds is the table, by Meta's name of the type. A kind that is not in
// it is told by its bare envelope, so that nothing is dropped.
func inboundKinds() map[string]inboundKind {
	kinds := contentKinds()
	kinds["location"] = inboundKind{"LOCATION", putLocation}
	kinds["interactive"] = inboundKind{"INTERACTIVE", putReply}
	// The vendor writes this one in small letters.
	kinds["button"] = inboundKind{"button", putButton}
	kinds["reaction"] = inboundKind{"REACTION", putReaction}
	kinds["contacts"] = inboundKind{"CONTACTS", putContacts}
	kinds["order"] = inboundKind{"ORDER", putOrder}
	kinds["system"] = inboundKind{"SYSTEM", putSystem}
	kinds["edit"] = inboundKind{"EDIT", putEdit}
	kinds["revoke"] = inboundKind{"REVOKE", putRevoke}
	return kinds
}

// contentKinds is the part of the table that an edit can have too.
func contentKinds() map[string]inboundKind {
	return map[string]inboundKind{
		"text": {"TEXT", func(m *incomingMessage, in wa.Inbound) bool {
			m.Text = &incomingText{Text: in.Text}
			return true
		}},
		"image":    file("IMAGE", func(m *incomingMessage) **incomingFile { return &m.Image }),
		"video":    file("VIDEO", func(m *incomingMessage) **incomingFile { return &m.Video }),
		"audio":    file("AUDIO", func(m *incomingMessage) **incomingFile { return &m.Audio }),
		"document": file("DOCUMENT", func(m *incomingMessage) **incomingFile { return &m.Document }),
		"sticker":  file("STICKER", func(m *incomingMessage) **incomingFile { return &m.Sticker }),
	}
}

func file(word string, place func(*incomingMessage) **incomingFile) inboundKind {
	return inboundKind{word, func(m *incomingMessage, in wa.Inbound) bool {
		md := in.Media
		if md == nil {
			return false
		}
		f := &incomingFile{
			MIMEType: md.MIMEType, SHA256: md.SHA256, ID: md.ID, Caption: md.Caption, Voice: md.Voice, Animated: md.Animated,
		}
		if md.Kind == wa.KindDocument {
			f.Filename = md.Filename
		}
		*place(m) = f
		return true
	}}
}

func incomingBody(d wa.Delivery) ([]byte, error) {
	in := *d.Event.Inbound
	m := incomingMessage{
		From: in.From, To: in.To, FromName: in.FromName, MessageID: in.WAMID,
		ReceivedAt: unixSeconds(in.At, d.Event.At), GroupID: in.GroupID,
		Referral: referral(in.Referral), Forwarded: in.Forwarded, OftenForwarded: in.OftenForwarded,
	}
	if m.From == "" {
		// A person may show a user name and no number.
		m.From = in.UserID
	}
	if in.Product != nil {
		m.Product = &incomingProduct{in.Product.CatalogID, in.Product.RetailerID}
	}
	if in.ReplyTo != "" {
		m.Context = incomingContext{NCMessageID: d.Event.MessageID, MessageID: in.ReplyTo}
		if d.Message != nil {
			m.Context.APIHeader = &d.Message.APIHeader
		}
	}
	m.put(in)
	return lenient.Encode(incomingMessages{[]incomingMessage{m}})
}

// put sets the payload and the word for it.
func (m *incomingMessage) put(in wa.Inbound) {
	if kind, ok := inboundKinds()[in.Type]; ok && kind.put(m, in) {
		m.MessageType = kind.word
		return
	}
	// Meta may say of any type why it does not pass the message on.
	if in.Unsupported != nil {
		m.MessageType, m.Unsupported = "UNSUPPORTED", unsupported(*in.Unsupported)
	}
}
