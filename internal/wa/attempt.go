package wa

import "time"

// Attempt is one attempt to send a message that was begun, as the timeline of the
// message shows it.
type Attempt struct {
	AccountID AccountID
	MessageID MessageID
	// Number counts the attempts of a message from 1; the tag of the send carries
	// it.
	Number   int
	NumberID string
	// Person is whom it went to; see [Message.Person].
	Person  string
	BeganAt time.Time
	// EndedAt is when the outcome was known: for one that the process did not
	// outlive, when the next one found it. Zero while it is under way.
	EndedAt time.Time
	Outcome OutcomeKind
	// WAMID is Meta's id of what this attempt sent, once it is known.
	WAMID string
	// Failure is why, for every outcome but sent.
	Failure Failure
	// Soon is as in [Outcome].
	Soon bool
	// Held is as in [Outcome].
	Held string
	// Trace is Meta's fbtrace_id.
	Trace string
}
