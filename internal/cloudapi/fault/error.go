package fault

import (
	"strings"

	"github.com/waypost/waypost/internal/cloudapi/node"
	"github.com/waypost/waypost/internal/wa"
)

// Error is an error as Meta writes it in an answer. Decide on the code,
// not on the title.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes (read 2026-09)
type Error struct {
	Code     node.Text `json:"code"`
	Subcode  node.Text `json:"error_subcode"`
	Message  node.Text `json:"message"`
	Data     ErrorData `json:"error_data"`
	UserText node.Text `json:"error_user_msg"`
	Trace    node.Text `json:"fbtrace_id"`
}

// ErrorData is the part of an error that says more.
type ErrorData struct {
	Details node.Text `json:"details"`
}

// Number returns the code; 0 if it is none.
func (e Error) Number() int { return e.Code.Number() }

// MissingObject is Meta's way to say that an id in the request is nothing, or
// nothing that the token may see. The subcode is deprecated, but this one has
// no code of its own.
func (e Error) MissingObject() bool {
	return e.Number() == CodeInvalidParameter && e.Subcode == "33"
}

// Title is the message without the "(#131056) " before it.
func (e Error) Title() string {
	s := string(e.Message)
	if rest, found := strings.CutPrefix(s, "(#"); found {
		if _, after, found := strings.Cut(rest, ") "); found {
			return after
		}
	}
	return s
}

// Details returns what Meta says beside the title; may be "".
func (e Error) Details() string {
	if e.Data.Details != "" {
		return string(e.Data.Details)
	}
	return string(e.UserText)
}

// Without takes the number's token out of everything that will be shown. Meta
// repeats a token that it cannot read.
func (e Error) Without(token wa.Secret) Error {
	if token.Empty() {
		return e
	}
	for _, t := range []*node.Text{&e.Message, &e.Data.Details, &e.UserText, &e.Trace} {
		*t = node.Text(strings.ReplaceAll(string(*t), token.Reveal(), "[secret]"))
	}
	return e
}
