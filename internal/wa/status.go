package wa

import "cmp"

// Status is how far a message has come, as the gateway sees it. It only moves
// forward, but for an uncertain message that is decided to be sent again; what
// Meta reported in which order stays in the events.
type Status string

// The statuses, in order.
const (
	// StatusAccepted: durable, waiting to be sent.
	StatusAccepted Status = "accepted"
	// StatusDispatched: an attempt is under way. It is durable before the first
	// byte goes out, because Meta has no idempotency key.
	StatusDispatched Status = "dispatched"
	// StatusExpired: it was not sent in the time that its sender gave it.
	StatusExpired Status = "expired"
	// StatusUncertain: an attempt ended without an answer, so Meta may have the
	// message. A status that carries the attempt's tag settles it; what else may is
	// said at Doubt.
	StatusUncertain Status = "uncertain"
	// StatusSent: Meta took the message.
	StatusSent Status = "sent"
	// StatusDelivered: it is on the recipient's phone.
	StatusDelivered Status = "delivered"
	// StatusRead: the recipient has seen it.
	StatusRead Status = "read"
	// StatusPlayed: the recipient has played the voice message.
	StatusPlayed Status = "played"
	// StatusFailed: it will not arrive.
	StatusFailed Status = "failed"
)

// rank orders the statuses; 0 is no status at all.
func (s Status) rank() int {
	switch s {
	case StatusAccepted:
		return 1
	case StatusDispatched:
		return 2
	case StatusExpired:
		return 3
	case StatusUncertain:
		return 4
	case StatusSent:
		return 5
	case StatusFailed:
		return 6
	case StatusDelivered:
		return 7
	case StatusRead:
		return 8
	case StatusPlayed:
		return 9
	}
	return 0
}

// Compare orders statuses by how far the message has come.
func (s Status) Compare(other Status) int { return cmp.Compare(s.rank(), other.rank()) }

// Valid reports whether s is one of the statuses.
func (s Status) Valid() bool { return s.rank() > 0 }

// Reported reports whether Meta can report s in a callback.
func (s Status) Reported() bool { return s.rank() >= StatusSent.rank() }

// After returns the status of a message in s of which reported arrives. A
// later status wins whatever the order of arrival. Failed ranks below
// delivered: a message that reached the phone did so, even if a failure is
// reported too (both stay in the events).
func (s Status) After(reported Status) Status {
	if reported.rank() > s.rank() {
		return reported
	}
	return s
}
