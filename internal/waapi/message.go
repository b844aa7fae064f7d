package waapi

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/waypost/waypost/internal/wa"
)

// maxMessages is how many messages one request may carry. It is ours: the
// vendor docs name none, and clients in use send one.
const maxMessages = 1000

const textReceived = "Request received successfully."

// accepted is the data of a send. IDs is given for more than one message only:
// for one, the reply is the vendor's to the byte.
type accepted struct {
	ID  wa.MessageID   `json:"id"`
	IDs []wa.MessageID `json:"ids,omitempty"`
}

// postMessage takes all messages of a request, or none.
func (s *Server) postMessage(w http.ResponseWriter, r *http.Request, c caller) error {
	body, err := readJSON(w, r)
	if err != nil {
		return err
	}
	ms, err := decodeMessages(body)
	if err != nil {
		return err
	}
	if err := s.take(r.Context(), c.account, ms); err != nil {
		return err
	}
	return succeed(w, textReceived, receipt(ms))
}

// take completes messages and accepts them, all or none.
func (s *Server) take(ctx context.Context, account wa.AccountID, ms []wa.Message) error {
	if err := s.admit(ctx, account, ms); err != nil {
		return err
	}
	if err := s.intake.Accept(ctx, ms); err != nil {
		return err
	}
	for _, m := range ms {
		s.log.LogAttrs(ctx, slog.LevelInfo, "message accepted", slog.String("message_id", string(m.ID)),
			slog.String("account", string(m.AccountID)), slog.String("source_id", string(m.SourceID)),
			slog.String("number_id", m.NumberID), slog.String("type", string(m.Content.Type())))
	}
	return nil
}

func receipt(ms []wa.Message) accepted {
	a := accepted{ID: ms[0].ID}
	if len(ms) > 1 {
		for _, m := range ms {
			a.IDs = append(a.IDs, m.ID)
		}
	}
	return a
}

// contentType is a message_type: decode reads what belongs to it from the
// message's object.
type contentType struct {
	name   string
	decode func(object) (wa.Content, error)
}

// contents is the table of message types. The first six are the vendor's.
func contents() []contentType {
	return []contentType{
		{"text", decodeText},
		{"media", decodeMedia},
		{"location", decodeLocation},
		{"template", decodeTemplate},
		{"media_template", decodeTemplate},
		{"interactive", decodeInteractive},
		{"contact", decodeContacts},
		{"contacts", decodeContacts},
		{"reaction", decodeReaction},
		{"image", decodeKind(wa.KindImage)},
		{"video", decodeKind(wa.KindVideo)},
		{"audio", decodeKind(wa.KindAudio)},
		{"document", decodeKind(wa.KindDocument)},
		{"sticker", decodeKind(wa.KindSticker)},
		{"product", decodeAction(wa.InteractiveProduct, "type_product")},
		{"product_list", decodeAction(wa.InteractiveProductList, "type_product_list")},
		{"catalog", decodeAction(wa.InteractiveCatalog, catalogFields()...)},
		{"catalogue", decodeAction(wa.InteractiveCatalog, catalogFields()...)},
		{"catalog_message", decodeAction(wa.InteractiveCatalog, catalogFields()...)},
		{"flow", decodeAction(wa.InteractiveFlow, "type_flow")},
		{"location_request", decodeAction(wa.InteractiveLocationRequest, "type_location_request")},
		{"order_details", templateOr(decodeAction(wa.InteractiveOrderDetails, "type_order_details"))},
		{"order_status", templateOr(decodeAction(wa.InteractiveOrderStatus, "type_order_status"))},
		{"carousel", templateOr(decodeAction(wa.InteractiveCarousel, "type_carousel"))},
		{"limited_time_offer", decodeOffer},
	}
}

// decodeMessages reads a send and checks all that needs no look into the store.
// What the store knows is filled in by admit: the source, a media's kind.
func decodeMessages(body object) ([]wa.Message, error) {
	list, err := body.list("message", maxMessages)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, refuse(wa.Problem{Field: "message", Rule: wa.RuleRequired})
	}
	ms := make([]wa.Message, 0, len(list))
	for i, o := range list {
		parts, err := spread(o)
		if err != nil {
			return nil, inElement(i, len(list), err)
		}
		for j, o := range parts {
			m, err := decodeMessage(o)
			if err != nil {
				return nil, inElement(i, len(list), inAttachment(j, len(parts), err))
			}
			ms = append(ms, m)
		}
	}
	if len(ms) > maxMessages {
		return nil, refuse(wa.Problem{Field: "message", Rule: wa.RuleTooMany, Limit: maxMessages, Found: len(ms)})
	}
	return ms, nil
}

// decodeMessage checks in the order message_type, recipient, body, so that a
// client sees the same failure first whatever else is wrong.
func decodeMessage(o object) (wa.Message, error) {
	var m wa.Message
	if o == nil {
		return m, refuse(wa.Problem{Field: "message", Rule: wa.RuleRequired})
	}
	decode, err := messageType(o)
	if err != nil {
		return m, err
	}
	if m.Recipient, err = recipient(o); err != nil {
		return m, err
	}
	if m.Content, err = decode(o); err != nil {
		return m, err
	}
	source, err := o.trimmed("source")
	if err != nil {
		return m, err
	}
	m.SourceID = wa.SourceID(source)
	if m.APIHeader, err = apiHeader(o); err != nil {
		return m, err
	}
	if err := linkTrack(o); err != nil {
		return m, err
	}
	if m.TTL, err = timeToLive(o); err != nil {
		return m, err
	}
	return m, firstProblem(m)
}

// firstProblem leaves out the kind of a media that is named by id: only the
// store knows it.
func firstProblem(m wa.Message) error {
	md, isMedia := m.Content.(wa.Media)
	for _, p := range m.Validate() {
		if p.Field == "attachment_type" && isMedia && md.MediaID != "" {
			continue
		}
		return refuse(p)
	}
	return nil
}

// messageType is matched in any letter case: clients send "Text".
func messageType(o object) (func(object) (wa.Content, error), error) {
	name, err := o.trimmed("message_type")
	switch {
	case err != nil:
		return nil, refuse(wa.Problem{Field: "message_type", Rule: wa.RuleUnknown})
	case name == "":
		return nil, refuse(wa.Problem{Field: "message_type", Rule: wa.RuleRequired})
	}
	for _, t := range contents() {
		if strings.EqualFold(t.name, name) {
			return t.decode, nil
		}
	}
	return nil, refuse(wa.Problem{Field: "message_type", Rule: wa.RuleUnknown})
}

// linkTrack looks at cta_link_track, which the vendor's service counts clicks
// with and this one does not: every value that clients send is taken, with no
// effect.
func linkTrack(o object) error {
	const field = "cta_link_track"
	if v := o[field]; !v.absent() && (v[0] == '{' || v[0] == '[') {
		return refuse(wa.Problem{Field: field, Rule: wa.RuleMalformed, Detail: "can only be true or false"})
	}
	return nil
}

// recipient reads whom a message goes to. A number may be written with a + in
// front and with spaces; anything else but digits is a mistake that must not
// reach a stranger.
func recipient(o object) (wa.Recipient, error) {
	to := wa.Recipient{Kind: wa.Individual}
	kind, err := o.trimmed("recipient_type")
	if err != nil {
		return to, refuse(wa.Problem{Field: "recipient_type", Rule: wa.RuleUnknown})
	}
	if kind != "" {
		to.Kind = wa.RecipientKind(strings.ToLower(kind))
	}
	id, err := o.text("recipient_whatsapp")
	if err != nil {
		return to, refuse(wa.Problem{Field: "recipient", Rule: wa.RuleNotDigits})
	}
	if to.Kind == wa.Group {
		to.ID = strings.TrimSpace(id)
	} else {
		to.ID = strings.TrimPrefix(strings.ReplaceAll(id, " ", ""), "+")
	}
	ps := to.Validate()
	if len(ps) == 0 {
		return to, nil
	}
	// The vendor's texts for a number do not fit a group id.
	if to.Kind == wa.Group && ps[0].Rule != wa.RuleRequired {
		ps[0].Field = "recipient_whatsapp"
	}
	return to, refuse(ps[0])
}

// apiHeader is custom data that comes back with every status; clients put
// order numbers there, as text or not.
func apiHeader(o object) (string, error) {
	const field = "x-apiheader"
	if v := o[field]; string(v) == "true" || string(v) == "false" {
		return string(v), nil
	}
	return o.text(field)
}

// maxTTL is ours: Meta itself gives up after 30 days.
const maxTTL = 365

// timeToLive reads after how many days a message that has not been sent is not
// sent any more. 0, "" and null are as good as nothing.
func timeToLive(o object) (time.Duration, error) {
	const field = "ttl"
	text, err := o.trimmed(field)
	if err == nil && text == "" {
		return 0, nil
	}
	days, err := strconv.Atoi(text)
	switch {
	case errors.Is(err, strconv.ErrRange) || days > maxTTL:
		return 0, refuse(wa.Problem{Field: field, Rule: wa.RuleMalformed, Detail: fmt.Sprintf("cannot be more than %d days", maxTTL)})
	case err != nil || days < 0:
		return 0, refuse(wa.Problem{Field: field, Rule: wa.RuleMalformed, Detail: "must be a whole number of days"})
	}
	return time.Duration(days) * 24 * time.Hour, nil
}

func decodeText(m object) (wa.Content, error) {
	body, err := m.one("type_text")
	if err != nil {
		return nil, err
	}
	content, err := body.text("content")
	if err != nil {
		return nil, err
	}
	preview, err := body.flag("preview_url")
	if err != nil {
		return nil, err
	}
	return wa.Text{Body: content, PreviewURL: preview}, nil
}
