package wa

import "time"

// Delivery is one event on its way to one endpoint.
type Delivery struct {
	ID        DeliveryID
	AccountID AccountID
	Endpoint  Endpoint
	Event     Event
	// Message is the message that Event.MessageID names; nil if there is none.
	Message *Message
	// Attempts counts the attempts that were made.
	Attempts  int
	CreatedAt time.Time
	// Claim is as in [Message].
	Claim int
}

// Contact is who the event is about: deliveries of one contact to one endpoint
// go out in order.
func (d Delivery) Contact() string {
	switch {
	case d.Event.Inbound != nil:
		return d.Event.Inbound.Contact()
	case d.Message != nil:
		return d.Message.Recipient.ID
	default:
		return ""
	}
}

// DeliveryResult is what became of one attempt to deliver.
type DeliveryResult struct {
	// Done: the endpoint answered 2xx.
	Done bool
	// GiveUp: it did not, and no further attempt will be made.
	GiveUp bool
	// After is how long to wait before the next attempt otherwise.
	After time.Duration
	// Status is the HTTP status, 0 if there was none.
	Status int
	// Reason says why it is not done, without anything secret.
	Reason string
	// Took is how long the attempt lasted.
	Took time.Duration
}
