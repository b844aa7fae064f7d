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

// CallbackState is what became of a callback.
type CallbackState string

// The states of callbacks.
const (
	// CallbackNew: it waits to be applied, perhaps again.
	CallbackNew CallbackState = "new"
	// CallbackDone: it was applied.
	CallbackDone CallbackState = "done"
	// CallbackParked: it cannot be decoded.
	CallbackParked CallbackState = "parked"
)

// KeptCallback is a callback as it is kept.
type KeptCallback struct {
	Callback

	State CallbackState
	// Reason is why it was last put off or parked.
	Reason string
	// Size is that of the body in bytes, which a list does without.
	Size int
}

// Update is one thing that a callback tells: a status, a message or a notice, of
// which exactly one is set. What is said of a template is a notice with Template.
// None is set for what has nothing in it.
type Update struct {
	Status   *StatusReport
	Inbound  *Inbound
	Notice   *Notice
	Template *TemplateUpdate
	// Consent is what the person said by Inbound, if it is one of the words for
	// that. It is kept with the message, and once only, as the message is.
	Consent *ConsentRecord
	// NumberID is the phone_number_id that the update is about.
	NumberID string
	// WABAID is the WhatsApp Business Account that the update is about, if it is
	// not about one number.
	WABAID string
	// MessageID is the message that a status's tag names, "" if it has no tag
	// of ours, and Attempt the attempt that it names.
	MessageID MessageID
	Attempt   int
}

// AccountUpdates is what a callback tells one account.
type AccountUpdates struct {
	AccountID AccountID
	Updates   []Update
}
