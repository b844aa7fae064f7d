package waapi

import (
	"context"
	"net/http"
	"strings"

	"github.com/waypost/waypost/internal/wa"
	"github.com/waypost/waypost/internal/waapi/failure"
	"github.com/waypost/waypost/internal/waapi/lenient"
	"github.com/waypost/waypost/internal/waapi/metainfo"
)

// textRead is the message of a success.
const textRead = "Message marked as read."

// postRead tells a person that a message was read, and with it all earlier ones.
// It is ours: the vendor has no such call. The message is named by the id that
// its webhook gave, and goes to Meta by the number that it was written to:
//
//	{"message_id":"wamid.HBgL","typing":true}
//
// Meta's own shape is taken as well:
//
//	{"messaging_product":"whatsapp","status":"read","message_id":"wamid.HBgL","typing_indicator":{"type":"text"}}
func (s *Server) postRead(w http.ResponseWriter, r *http.Request, c caller) error {
	body, err := readJSON(w, r)
	if err != nil {
		return err
	}
	wamid, typing, err := decodeRead(body)
	if err != nil {
		return err
	}
	number, err := s.numberWrittenTo(r.Context(), c.account, wamid)
	if err != nil {
		return err
	}
	if err := s.meta.MarkRead(r.Context(), number, wamid, typing); err != nil {
		return metainfo.Failure(err)
	}
	return succeed(w, textRead, nil)
}

func decodeRead(o lenient.Object) (wamid string, typing bool, err error) {
	r := lenient.NewReader(o)
	if status := r.Word("status"); status != "" && status != "read" {
		r.Refuse("status", wa.RuleUnknown, "can only be read")
	}
	typing = r.Flag("typing")
	if indicator := r.Part("typing_indicator"); indicator.Object() != nil {
		typing = true
		if kind := indicator.Word("type"); kind != "" && kind != "text" {
			indicator.Refuse("type", wa.RuleUnknown, "can only be text")
		}
	}
	wamid = r.Trimmed("message_id")
	switch {
	case wamid == "":
		r.Refuse("message_id", wa.RuleRequired, "")
	case len(wamid) > wa.MaxPartLength || strings.ContainsRune(wamid, 0):
		r.Refuse("message_id", wa.RuleUnknown, notReceived) // none of Meta's is
	}
	return wamid, typing, r.Failed()
}

const notReceived = "names no message that was received"

// numberWrittenTo finds the number of an inbound message. One of another account
// is as unknown as one that there is not.
func (s *Server) numberWrittenTo(ctx context.Context, account wa.AccountID, wamid string) (wa.Number, error) {
	refuse := func(detail string) (wa.Number, error) {
		return wa.Number{}, failure.Refuse(wa.Problem{Field: "message_id", Rule: wa.RuleUnknown, Detail: detail})
	}
	in, err := s.journal.Received(ctx, account, wamid)
	switch {
	case wa.CodeOf(err) == wa.CodeNotFound:
		return refuse(notReceived)
	case err != nil:
		return wa.Number{}, err
	case in.GroupID != "":
		return refuse("names a message of a group, which has no receipts") // Meta's groups have none
	}
	sources, err := s.sources.Sources(ctx, account)
	if err != nil {
		return wa.Number{}, err
	}
	for _, source := range sources {
		if source.Number.ID == in.NumberID {
			return source.Number, nil
		}
	}
	return refuse("names a message to a number that has no source any more")
}
