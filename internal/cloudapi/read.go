package cloudapi

import (
	"context"
	"net/http"

	"github.com/waypost/waypost/internal/cloudapi/encode"
	"github.com/waypost/waypost/internal/cloudapi/fault"
	"github.com/waypost/waypost/internal/wa"
)

// readReceipt says that a message was read. It goes where sends go, but is none:
// to say it twice changes nothing.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/mark-message-as-read
// and …/typing-indicators (read 2026-09)
type readReceipt struct {
	Product   string           `json:"messaging_product"`
	Status    string           `json:"status"`
	MessageID string           `json:"message_id"`
	Typing    *typingIndicator `json:"typing_indicator,omitempty"`
}

// typingIndicator shows that an answer is being written, until it comes or 25
// seconds have passed.
type typingIndicator struct {
	Type string `json:"type"`
}

// MarkRead tells the sender of an inbound message, named by Meta's id, that it
// was read, and with it all earlier ones of the conversation. With typing, the
// person also sees that an answer is being written. Meta takes it for messages of
// the last 30 days that were not written in a group. An error is a
// [*wa.OutcomeError].
func (c *Client) MarkRead(ctx context.Context, n wa.Number, wamid string, typing bool) error {
	if wamid == "" {
		return &wa.OutcomeError{Outcome: wa.Outcome{
			Kind: wa.OutcomeRejected, Failure: fault.Ours("there is no message to mark as read", ""),
		}}
	}
	receipt := readReceipt{Product: encode.Product, Status: "read", MessageID: wamid}
	if typing {
		receipt.Typing = &typingIndicator{Type: "text"}
	}
	return c.change(ctx, n, http.MethodPost, c.endpoint(n.ID, "messages"), receipt)
}
