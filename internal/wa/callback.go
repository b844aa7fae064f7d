package wa

import "time"

// Callback is one POST of Meta's, kept as it came.
type Callback struct {
	ID         CallbackID
	ReceivedAt time.Time
	// Body is the raw bytes that the signature is over.
	Body []byte
	// Signature is the X-Hub-Signature-256 header.
	Signature string
	// Claim is as in [Message].
	Claim int
	// Attempts counts how often it was tried to apply it.
	Attempts int
}

// Update is one thing that a callback tells: exactly one of the first fields is
// set, or none for what the gateway does not know (it stays in the raw
// callback).
type Update struct {
	Status   *StatusReport
	Inbound  *Inbound
	Template *TemplateUpdate
	// Consent is what the person said by Inbound, if it is one of the words for
	// that. It is kept with the message, and once only, as the message is.
	Consent *ConsentRecord
	// NumberID is the phone_number_id that the update is about.
	NumberID string
	// WABAID is the WhatsApp Business Account that the update is about, if it is
	// about a template.
	WABAID string
	// MessageID is the message that a status's tag names, "" if it has no tag
	// of ours.
	MessageID MessageID
}

// AccountUpdates is what a callback tells one account.
type AccountUpdates struct {
	AccountID AccountID
	Updates   []Update
}
