package send

import (
	"fmt"
	"strings"
	"time"

	"github.com/waypost/waypost/internal/wa"
	"github.com/waypost/waypost/internal/waapi/failure"
	"github.com/waypost/waypost/internal/waapi/lenient"
)

// MaxMessages is how many messages one request may carry. It is ours: the
// vendor docs name none, and clients in use send one.
const MaxMessages = 1000

// content is what is sent in one message, and where in its element of the
// request it stands: "attachments[1]: ", or "" for the whole.
type content struct {
	wa.Content
	where string
}

// contentType is a message_type: decode reads what belongs to it from the
// message's object. Of [mediaType], decodeMedia reads it.
type contentType struct {
	name   string
	decode func(lenient.Object) (wa.Content, error)
}

// contents is the table of message types. The first six are the vendor's.
func contents() []contentType {
	return []contentType{
		{"text", decodeText},
		{mediaType, nil},
		{"location", decodeLocation},
		{"template", decodeTemplate},
		{"media_template", decodeTemplate},
		{"interactive", decodeInteractive},
		{"contact", decodeContacts},
		{"contacts", decodeContacts},
		{"reaction", decodeReaction},
		{"pin", decodePin},
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
		{"address_message", decodeAction(wa.InteractiveAddress, "type_address_message")},
		{"voice_call", decodeAction(wa.InteractiveVoiceCall, "type_voice_call")},
		{"call_permission_request", decodeAction(wa.InteractiveCallPermission, "type_call_permission_request")},
		{"request_contact_info", decodeAction(wa.InteractiveContactInfo, "type_request_contact_info")},
		{"order_details", templateOr(decodeAction(wa.InteractiveOrderDetails, "type_order_details"))},
		{"order_status", templateOr(decodeAction(wa.InteractiveOrderStatus, "type_order_status"))},
		{"carousel", templateOr(decodeAction(wa.InteractiveCarousel, "type_carousel"))},
		{"limited_time_offer", decodeOffer},
	}
}

// Request is what a client asks to send.
type Request struct {
	// Messages are complete but for what only the store knows: the source, where
	// none is named, and the kind of a media that is named by id.
	Messages []wa.Message
	// Where says of each message where it stands in the request, to lead a
	// failure: "message[1]: attachments[0]: ". Of the only one it says nothing.
	Where []string
}

// Decode reads a send and checks all that needs no look into the store.
func Decode(body lenient.Object) (Request, error) {
	list, err := body.List("message", MaxMessages)
	if err != nil {
		return Request{}, err
	}
	if len(list) == 0 {
		return Request{}, failure.Refuse(wa.Problem{Field: "message", Rule: wa.RuleRequired})
	}
	var r Request
	for i, o := range list {
		element := position("message", i, len(list))
		if err := r.add(o, element); err != nil {
			return Request{}, failure.At(element, err)
		}
		if len(r.Messages) > MaxMessages {
			return Request{}, failure.Refuse(wa.Problem{
				Field: "message", Rule: wa.RuleMalformed, Detail: fmt.Sprintf("cannot come to more than %d messages with all attachments", MaxMessages),
			})
		}
	}
	return r, nil
}

// add reads one element of the request: one message, or one for each attachment.
func (r *Request) add(o lenient.Object, element string) error {
	m, contents, err := decodeElement(o)
	if err != nil {
		return err
	}
	for _, c := range contents {
		m.Content = c.Content
		if err := firstProblem(m); err != nil {
			return failure.At(c.where, err)
		}
		r.Messages, r.Where = append(r.Messages, m), append(r.Where, element+c.where)
	}
	return nil
}

// position says which of several elements is meant; of the only one it says
// nothing.
func position(list string, i, of int) string {
	if of < 2 {
		return ""
	}
	return fmt.Sprintf("%s[%d]: ", list, i)
}

// decodeElement reads what all messages of an element have in common, and the
// content of each. It checks in the order message_type, recipient, body, so that
// a client sees the same failure first whatever else is wrong.
func decodeElement(o lenient.Object) (m wa.Message, contents []content, err error) {
	if o == nil {
		return m, nil, failure.Refuse(wa.Problem{Field: "message", Rule: wa.RuleRequired})
	}
	kind, err := messageType(o)
	if err != nil {
		return m, nil, err
	}
	if m.Recipient, err = recipient(o); err != nil {
		return m, nil, err
	}
	if contents, err = kind.contents(o); err != nil {
		return m, nil, err
	}
	source, err := o.Trimmed("source")
	if err != nil {
		return m, nil, err
	}
	m.SourceID = wa.SourceID(source)
	if m.ReplyTo, m.IdentityHash, err = readEnvelope(o); err != nil {
		return m, nil, err
	}
	if m.APIHeader, err = apiHeader(o); err != nil {
		return m, nil, err
	}
	if err := linkTrack(o); err != nil {
		return m, nil, err
	}
	m.TTL, err = timeToLive(o)
	return m, contents, err
}

// contents reads what is sent.
func (t contentType) contents(o lenient.Object) ([]content, error) {
	if t.decode == nil {
		return decodeMedia(o)
	}
	c, err := t.decode(o)
	return []content{{Content: c}}, err
}

// firstProblem leaves out the kind of a media that is named by id: only the
// store knows it.
func firstProblem(m wa.Message) error {
	md, isMedia := m.Content.(wa.Media)
	for _, p := range m.Validate() {
		if p.Field == "attachment_type" && isMedia && md.MediaID != "" {
			continue
		}
		return failure.Refuse(p)
	}
	return nil
}

// messageType is matched in any letter case: clients send "Text".
func messageType(o lenient.Object) (contentType, error) {
	name, err := o.Trimmed("message_type")
	switch {
	case err != nil:
		return contentType{}, failure.Refuse(wa.Problem{Field: "message_type", Rule: wa.RuleUnknown})
	case name == "":
		return contentType{}, failure.Refuse(wa.Problem{Field: "message_type", Rule: wa.RuleRequired})
	}
	for _, t := range contents() {
		if strings.EqualFold(t.name, name) {
			return t, nil
		}
	}
	return contentType{}, failure.Refuse(wa.Problem{Field: "message_type", Rule: wa.RuleUnknown})
}

// linkTrack looks at cta_link_track, which the vendor's service counts clicks
// with and this one does not: every value that clients send is taken, with no
// effect.
func linkTrack(o lenient.Object) error {
	const field = "cta_link_track"
	if v := o[field]; v.Nested() {
		return failure.Refuse(wa.Problem{Field: field, Rule: wa.RuleMalformed, Detail: "can only be true or false"})
	}
	return nil
}

// recipient reads whom a message goes to. A number may be written with a + in
// front and with spaces. What has the form of a business-scoped user id is one,
// such as US.13491208655302741918; anything else but digits is a mistake that
// must not reach a stranger.
func recipient(o lenient.Object) (wa.Recipient, error) {
	to := wa.Recipient{Kind: wa.Individual}
	kind, err := o.Trimmed("recipient_type")
	if err != nil {
		return to, failure.Refuse(wa.Problem{Field: "recipient_type", Rule: wa.RuleUnknown})
	}
	if kind != "" {
		to.Kind = wa.RecipientKind(strings.ToLower(kind))
	}
	if to.Kind != wa.Individual && to.Kind != wa.Group { // nobody says that it is a user
		return to, failure.Refuse(wa.Problem{Field: "recipient_type", Rule: wa.RuleUnknown})
	}
	id, err := o.Text("recipient_whatsapp")
	if err != nil {
		return to, failure.Refuse(wa.Problem{Field: "recipient", Rule: wa.RuleNotDigits})
	}
	switch trimmed := strings.TrimSpace(id); {
	case to.Kind == wa.Group:
		to.ID = trimmed
	case wa.UserID(trimmed):
		to.Kind, to.ID = wa.User, trimmed
	default:
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
	return to, failure.Refuse(ps[0])
}

// readEnvelope reads what Meta has beside a content and the vendor has not: which
// message this one answers, by Meta's id or by ours, and for which keys of the
// recipient it is. Both may be left out.
//
//	"context":{"message_id":"wamid.HBgL"},"recipient_identity_key_hash":"DF2lS5v2W6x="
func readEnvelope(o lenient.Object) (replyTo, identity string, err error) {
	r := lenient.NewReader(o)
	if o["context"].Nested() { // anything else was ignored before there were answers
		replyTo = r.Part("context").Trimmed("message_id")
	}
	identity = r.Trimmed("recipient_identity_key_hash")
	return replyTo, identity, r.Failed()
}

// apiHeader is custom data that comes back with every status; clients put
// order numbers there, as text or not.
func apiHeader(o lenient.Object) (string, error) {
	const field = "x-apiheader"
	if v := o[field]; string(v) == "true" || string(v) == "false" {
		return string(v), nil
	}
	return o.Text(field)
}

// maxTTL is ours: Meta itself gives up after 30 days.
const maxTTL = 365

// timeToLive reads after how many days a message that has not been sent is not
// sent any more. 0, "" and null are as good as nothing.
func timeToLive(o lenient.Object) (time.Duration, error) {
	const field = "ttl"
	refuse := func(format string, args ...any) (time.Duration, error) {
		return 0, failure.Refuse(wa.Problem{Field: field, Rule: wa.RuleMalformed, Detail: fmt.Sprintf(format, args...)})
	}
	if text, err := o.Trimmed(field); err == nil && text == "" {
		return 0, nil
	}
	r := lenient.NewReader(o)
	switch days := r.Whole(field); {
	case r.Failed() != nil:
		return refuse("must be a whole number of days, 0 to %d", maxTTL)
	case days < 0:
		return refuse("cannot be less than 0 days (found %d)", days)
	case days > maxTTL:
		return refuse("cannot be more than %d days (found %d)", maxTTL, days)
	default:
		return time.Duration(days) * 24 * time.Hour, nil
	}
}

func decodeText(m lenient.Object) (wa.Content, error) {
	body, err := m.One("type_text")
	if err != nil {
		return nil, err
	}
	content, err := body.Text("content")
	if err != nil {
		return nil, err
	}
	preview, err := body.Flag("preview_url")
	if err != nil {
		return nil, err
	}
	return wa.Text{Body: content, PreviewURL: preview}, nil
}
