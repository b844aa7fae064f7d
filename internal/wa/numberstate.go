package wa

import "time"

// NumberState is what an account knows of one of its numbers: what Meta's node of
// the number said last, and what callbacks have told since. "" and 0 are not
// known.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/phone-numbers
// and …/throughput (read 2026-09).
type NumberState struct {
	AccountID AccountID
	NumberID  string
	// Throughput is how many messages a second Meta takes, those that come in
	// included: 80, 1000, or 20 for a number that the WhatsApp Business app uses as
	// well.
	Throughput int
	// Tier is how many people a day may be written to outside their windows:
	// TIER_250, TIER_2K, TIER_10K, TIER_100K or TIER_UNLIMITED.
	Tier string
	// Quality is GREEN, YELLOW, RED or UNKNOWN.
	Quality string
	// Status is Meta's word for the number, such as CONNECTED.
	Status       string
	VerifiedName string
	NameStatus   string
	// Coexistence: the WhatsApp Business app uses the number as well.
	Coexistence bool
	// ProvenAt is the latest time at which a message was dispatched of which a
	// status has come: until then Meta's statuses have reached us.
	ProvenAt time.Time
	// ReadAt is when Meta's node of the number was read, ToldAt when a callback
	// last changed something.
	ReadAt, ToldAt time.Time
}

// NumberRead is the job of reading a number from Meta.
type NumberRead struct {
	AccountID AccountID
	NumberID  string
	// ReadAt is as in [NumberState].
	ReadAt time.Time
	// Claim is as in [Message].
	Claim int
	// Attempts counts the failed ones since the last success.
	Attempts int
}

// The throughputs of Meta, in messages a second.
const (
	ThroughputStandard    = 80
	ThroughputHigh        = 1000
	ThroughputCoexistence = 20
)
