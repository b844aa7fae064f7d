package sim

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"
)

// Meta's limits on a send.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/send-messages (read 2026-09)
const (
	maxBody    = 4096 // characters
	maxCaption = 1024 // characters
	maxTag     = 512  // bytes

	recipientIndividual = "individual"
	recipientGroup      = "group"
	typeText            = "text"
)

// sendRequest is the envelope of POST /{phone-number-id}/messages. The object named by its type is read apart.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/send-messages (read 2026-09)
type sendRequest struct {
	Product       string  `json:"messaging_product"`
	RecipientType string  `json:"recipient_type"`
	To            string  `json:"to"`
	Type          string  `json:"type"`
	Tag           string  `json:"biz_opaque_callback_data"`
	Context       *quoted `json:"context"`

	// A read receipt uses the same URL.
	// https://developers.facebook.com/docs/whatsapp/cloud-api/guides/mark-message-as-read (read 2026-09)
	Status    string `json:"status"`
	MessageID string `json:"message_id"`
	Typing    *struct {
		Type string `json:"type"`
	} `json:"typing_indicator"`
}

type quoted struct {
	MessageID string `json:"message_id"`
}

// textObject is a text. https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/text-messages (read 2026-09)
type textObject struct {
	Body       string `json:"body"`
	PreviewURL bool   `json:"preview_url"`
}

// mediaObject is any medium; which keys it may have depends on the type.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/image-messages and its siblings (read 2026-09)
type mediaObject struct {
	ID       string `json:"id"`
	Link     string `json:"link"`
	Caption  string `json:"caption"`
	Filename string `json:"filename"`
	Voice    bool   `json:"voice"`
}

// content is what a message says, whichever way it goes.
type content struct {
	Type     string
	Text     string
	Caption  string
	Filename string
	MediaID  string
	Link     string
}

// objectKeys are the keys Meta knows in the object of each type; it refuses any other.
func objectKeys(kind string) []string {
	switch kind {
	case typeText:
		return []string{"body", "preview_url"}
	case kindImage, kindVideo:
		return []string{"id", "link", "caption"}
	case kindAudio:
		return []string{"id", "link", "voice"}
	case kindDocument:
		return []string{"id", "link", "caption", "filename"}
	case kindSticker:
		return []string{"id", "link"}
	}
	return nil
}

// isMetaType says whether Meta knows the type, although this face does not.
func isMetaType(kind string) bool {
	return slices.Contains([]string{"template", "interactive", "location", "contacts", "reaction", "pin"}, kind)
}

// readBody reads a JSON body into each of the targets. A body that does not say it is JSON is not read: Meta would look for
// form fields in it.
func readBody(w http.ResponseWriter, r *http.Request, targets ...any) (json.RawMessage, error) {
	if bareType(r.Header.Get("Content-Type")) != "application/json" {
		return nil, badParameter("send the body as application/json")
	}
	var body json.RawMessage
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxJSONBody)).Decode(&body); err != nil {
		return nil, badParameter("the body is no JSON of at most %d bytes: %s", maxJSONBody, err)
	}
	for _, target := range targets {
		if err := json.Unmarshal(body, target); err != nil {
			return nil, badParameter("the body has a value of the wrong kind: %s", err)
		}
	}
	return body, nil
}

// checkEnvelope checks everything but the content and puts the recipient into one form.
func (q *sendRequest) checkEnvelope(from Number) error {
	switch q.RecipientType {
	case "":
		q.RecipientType = recipientIndividual
	case recipientIndividual, recipientGroup:
	default:
		return badParameter("recipient_type must be individual or group")
	}
	if q.To == "" {
		return missing("to")
	}
	if len(q.Tag) > maxTag {
		return badParameter("biz_opaque_callback_data must be at most %d bytes long", maxTag)
	}
	if q.Context != nil && q.Context.MessageID == "" {
		return missing("context['message_id']")
	}
	if q.Type == "" {
		q.Type = typeText
	}
	to := plainPhone(q.To)
	if q.RecipientType == recipientGroup {
		if isDigits(to) {
			return badParameter("recipient_type is group, but to is a phone number")
		}
		return nil
	}
	if !isPhone(to) {
		return badValue("to is no phone number with country code")
	}
	if to == from.Display {
		return refuse(codeSelf, "Recipient cannot be sender", "to is the business number itself")
	}
	q.To = to
	return nil
}

// readContent checks the object that the type names.
func readContent(kind string, objects map[string]json.RawMessage) (content, error) {
	known := objectKeys(kind)
	if known == nil && isMetaType(kind) {
		return content{}, refuse(codeUnsupported, "Unsupported message type", "this simulator does not take type %s yet", kind)
	}
	if known == nil {
		return content{}, badParameter("type %q is none of Meta's", kind)
	}
	raw, ok := objects[kind]
	if !ok {
		return content{}, missing(kind)
	}
	var keys map[string]json.RawMessage
	if err := json.Unmarshal(raw, &keys); err != nil {
		return content{}, badParameter("%s must be an object", kind)
	}
	for key := range keys {
		if !slices.Contains(known, key) {
			return content{}, refuse(codeParameter, "Unexpected key \""+key+"\" on param \""+kind+"\"", "%s takes %s", kind,
				strings.Join(known, ", "))
		}
	}
	if kind == typeText {
		return readText(raw)
	}
	return readMedium(kind, raw)
}

func readText(raw json.RawMessage) (content, error) {
	var text textObject
	if err := json.Unmarshal(raw, &text); err != nil {
		return content{}, badParameter("text has a value of the wrong kind: %s", err)
	}
	if text.Body == "" {
		return content{}, missing("text['body']")
	}
	if utf8.RuneCountInString(text.Body) > maxBody {
		return content{}, badParameter("text['body'] must be at most %d characters long", maxBody)
	}
	return content{Type: typeText, Text: text.Body}, nil
}

func readMedium(kind string, raw json.RawMessage) (content, error) {
	var m mediaObject
	if err := json.Unmarshal(raw, &m); err != nil {
		return content{}, badParameter("%s has a value of the wrong kind: %s", kind, err)
	}
	if (m.ID == "") == (m.Link == "") {
		return content{}, badParameter("%s needs either an id or a link, and not both", kind)
	}
	if m.Link != "" && !isWebURL(m.Link) {
		return content{}, badValue("%s['link'] is no http or https address", kind)
	}
	if utf8.RuneCountInString(m.Caption) > maxCaption {
		return content{}, badParameter("%s['caption'] must be at most %d characters long", kind, maxCaption)
	}
	return content{Type: kind, Caption: m.Caption, Filename: m.Filename, MediaID: m.ID, Link: m.Link}, nil
}
