// Package wa owns the nouns of the gateway: account, token, source, number,
// message and its content, status, outcome, event, callback, endpoint,
// delivery, media, consent, and the rules that hold for them wherever they are
// kept or shown.
//
// It never knows a wire format, a database or a network: Meta's JSON lives in
// cloudapi, the vendor's in waapi, SQL in store/sqlstore.
//
// It stands at the bottom: every package may import it, and it imports none of
// ours.
package wa

import "github.com/google/uuid"

// Ids. Those that we make are UUIDs of version 7, so that they sort by the
// time they were made; a SourceID may also be brought along by the customer
// and is opaque.
type (
	// AccountID names an account, the tenant: everything below belongs to
	// exactly one.
	AccountID string
	// TokenID names an API token; it is not the token.
	TokenID string
	// SourceID names a source; see [Source].
	SourceID string
	// MessageID is what a send returns and what every status of it carries.
	MessageID string
	// MediaID names a stored media.
	MediaID string
	// EventID names an event; it stays the same over every delivery attempt.
	EventID string
	// EndpointID names a webhook endpoint of a customer.
	EndpointID string
	// DeliveryID names the delivery of one event to one endpoint.
	DeliveryID string
	// CallbackID names a POST that Meta made to us, kept raw.
	CallbackID string
)

// NewID makes a time-ordered id of any of the kinds above.
func NewID[T ~string]() T {
	return T(uuid.Must(uuid.NewV7()).String())
}
