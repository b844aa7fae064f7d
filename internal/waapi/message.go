package waapi

import (
	"log/slog"
	"net/http"
	"strings"

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
	if err := s.admit(r.Context(), c.account, ms); err != nil {
		return err
	}
	if err := s.intake.Accept(r.Context(), ms); err != nil {
		return err
	}
	for _, m := range ms {
		s.log.LogAttrs(r.Context(), slog.LevelInfo, "message accepted", slog.String("message_id", string(m.ID)),
			slog.String("account", string(m.AccountID)), slog.String("source_id", string(m.SourceID)),
			slog.String("number_id", m.NumberID), slog.String("type", string(m.Content.Type())))
	}
	return succeed(w, textReceived, receipt(ms))
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

// contents is the table of message types.
func contents() []contentType {
	return []contentType{
		{"text", decodeText},
		{"media", decodeMedia},
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
		m, err := decodeMessage(o)
		if err != nil {
			return nil, inElement(i, len(list), err)
		}
		ms = append(ms, m)
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
	var names []string
	name, err := o.trimmed("message_type")
	for _, t := range contents() {
		if err == nil && strings.EqualFold(t.name, name) {
			return t.decode, nil
		}
		names = append(names, t.name)
	}
	if err == nil && name == "" {
		return nil, refuse(wa.Problem{Field: "message_type", Rule: wa.RuleRequired})
	}
	return nil, refuse(wa.Problem{Field: "message_type", Rule: wa.RuleUnknown, Detail: strings.Join(names, "/")})
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
