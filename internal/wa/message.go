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
	Content   Content
	// APIHeader is the customer's x-apiheader, returned with every status.
	APIHeader string
	Status    Status
	// Attempt counts the attempts that were begun.
	Attempt int
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
	return append(ps, text("x-apiheader", m.APIHeader, MaxAPIHeaderLength)...)
}

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
