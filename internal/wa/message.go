package wa

import "time"

// Message is one message of a customer on its way to one recipient.
type Message struct {
	ID        MessageID
	AccountID AccountID
	SourceID  SourceID
	// NumberID is the phone_number_id of the source when the message was
	// accepted.
	NumberID  string
	Recipient Recipient
	// Person is the account's own id of whom Recipient names, whichever of a
	// person's ids that is; see [PersonIDs]. The store sets it when the message is
	// accepted.
	Person  string
	Content Content
	// ReplyTo is the wamid of the message that this one answers; may be "".
	ReplyTo string
	// IdentityHash is for a number that checks identities: Meta sends the message
	// only to the keys with this hash, which came with an inbound message. It is
	// kept with the content.
	IdentityHash string
	// Category says what the message is for; "" is not known.
	Category Category
	// APIHeader is the customer's x-apiheader, returned with every status.
	APIHeader string
	Status    Status
	// Attempt counts the attempts that were begun.
	Attempt int
	// Slowed counts those of them that Meta refused only because they came too
	// fast; see [Message.Tries].
	Slowed int
	// DispatchedAt is when the last attempt was begun.
	DispatchedAt time.Time
	// Duplicated: Meta is known to have taken the message twice.
	Duplicated bool
	// WAMID is Meta's id, once it is known.
	WAMID      string
	AcceptedAt time.Time
	// TTL is how long after AcceptedAt the message may be sent; 0 for ever.
	TTL time.Duration
	// Claim is the number of the claim under which a worker holds the message.
	// Whoever settles shows it; if it has moved on, somebody else holds the
	// message now.
	Claim int
}

// MaxAPIHeaderLength is the longest x-apiheader, in characters.
const MaxAPIHeaderLength = 4096

// Validate returns everything that is wrong with a message by the rules that
// need no look into the store.
func (m Message) Validate() []Problem {
	ps := m.Recipient.Validate()
	ps = append(ps, m.Content.Validate()...)
	if m.Recipient.Kind == Group && !ForGroups(m.Content) {
		ps = append(ps, malformed("recipient_type", "cannot be group for this type of message")...)
	}
	if _, pin := m.Content.(Pin); pin && m.Recipient.Kind != Group {
		ps = append(ps, malformed("recipient_type", "can only be group for this type of message")...)
	}
	ps = append(ps, text("context.message_id", m.ReplyTo, MaxPartLength)...)
	ps = append(ps, text("recipient_identity_key_hash", m.IdentityHash, MaxPartLength)...)
	return append(ps, text("x-apiheader", m.APIHeader, MaxAPIHeaderLength)...)
}

// Tries returns how many attempts count: one that was only too fast does not.
func (m Message) Tries() int { return m.Attempt - m.Slowed }

// ExpiresAt returns when it is too late to send the message; zero for never.
func (m Message) ExpiresAt() time.Time {
	if m.TTL == 0 {
		return time.Time{}
	}
	return m.AcceptedAt.Add(m.TTL)
}

// Expired reports whether it is too late to send the message.
func (m Message) Expired(now time.Time) bool { return m.TTL != 0 && !now.Before(m.ExpiresAt()) }

// WindowLength is how long after a person's last message a business may write
// without a template.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/send-messages#customer-service-windows
// (read 2026-09).
const WindowLength = 24 * time.Hour
