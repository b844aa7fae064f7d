package waapi

import (
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/waypost/waypost/internal/wa"
)

// What is left of the vendor's management paths: a second way to send, in the
// shape of Meta's own API, the settings, and what Waypost does not do.

// otherRoutes are served as the vendor's client sends them; some have no /api.
func (s *Server) otherRoutes() []route {
	all := []route{
		{"/api/v3/metainfo/messages", map[string]handler{http.MethodPost: s.postConversation}},
		{"/settings", map[string]handler{http.MethodGet: s.getSettings}},
	}
	for _, pattern := range notProvided() {
		all = append(all, route{pattern, nil})
	}
	return all
}

// notProvided are paths of the vendor's for things that this gateway does not
// do. They answer so, whatever the method, because a client's author should
// not look for a mistake in the path.
func notProvided() []string {
	return []string{
		// Flows are made at Meta; a message can open one.
		"/api/v3/metainfo/flow/{call}",
		"/api/v3/metainfo/flow/edit/metadata",
		// Payments are set up and settled at Meta.
		"/api/v2/payments/status/{configuration}/{reference}",
		"/api/v2/payments/refund/payments_refund",
		"/api/v2/payments/configuration",
		"/api/v2/payments/configuration/{name}",
		// The doubled v2 is in the vendor's client.
		"/api/v2/v2/payments/configuration",
		"/api/v2/v2/payments/configuration/{name}",
		"/api/v3/metainfo/dispatch_capi_event",
		"/stats",
		"/messages",
		"/summary_stats",
	}
}

// settingsView is what the vendor's client asks for by these names. Links in
// messages are never tracked.
type settingsView struct {
	LinkTrack bool `json:"linktrack"`
	SkipOptIn bool `json:"skipoptin"`
}

// getSettings shows those of the account's default source.
func (s *Server) getSettings(w http.ResponseWriter, r *http.Request, c caller) error {
	source, err := s.sources.DefaultSource(r.Context(), c.account)
	if err != nil && wa.CodeOf(err) != wa.CodeNotFound {
		return err
	}
	return succeed(w, "", settingsView{SkipOptIn: source.SkipOptIn})
}

// sentMessage is the data of a send in Meta's shape.
type sentMessage struct {
	MessageID wa.MessageID `json:"message_id"`
}

// postConversation takes one message in Meta's shape:
//
//	{"to":"15550100001","type":"text","text":{"body":"hello"}}
//
// recipient stands for to; source, x-apiheader and ttl are the vendor's, and
// may be left out. A media is named by link or by an id of ours. Meta's
// context, which makes a message an answer to another, is ignored: the message
// is sent without it.
func (s *Server) postConversation(w http.ResponseWriter, r *http.Request, c caller) error {
	body, err := readJSON(w, r)
	if err != nil {
		return err
	}
	m, err := decodeConversation(body)
	if err != nil {
		return err
	}
	ms := []wa.Message{m}
	if err := s.take(r.Context(), c.account, ms); err != nil {
		return err
	}
	return succeed(w, textReceived, sentMessage{MessageID: ms[0].ID})
}

// conversationTypes are Meta's types of messages, each with the vendor's name
// of it.
func conversationTypes() map[string]string {
	return map[string]string{
		"text": "text", "image": "image", "video": "video", "audio": "audio", "document": "document", "sticker": "sticker",
		"location": "location", "contacts": "contact", "reaction": "reaction", "interactive": "interactive", "template": "template",
	}
}

// decodeConversation reads a message in Meta's shape by the vendor's decoders,
// which take the objects of most types in both shapes.
func decodeConversation(o object) (wa.Message, error) {
	kind, err := o.trimmed("type")
	if err != nil {
		return wa.Message{}, err
	}
	kind = strings.ToLower(kind)
	name, ok := conversationTypes()[kind]
	switch {
	case kind == "":
		return wa.Message{}, refuse(wa.Problem{Field: "type", Rule: wa.RuleRequired})
	case !ok:
		return wa.Message{}, refuse(wa.Problem{
			Field: "type", Rule: wa.RuleMalformed,
			Detail: "can only be " + strings.Join(slices.Sorted(maps.Keys(conversationTypes())), "/"),
		})
	case o[kind].absent():
		return wa.Message{}, refuse(wa.Problem{Field: kind, Rule: wa.RuleRequired})
	}
	content, words := o[kind], []string{"recipient_whatsapp", "to", "type_" + name, kind}
	if kind == "text" {
		words = append(words, "content", "text.body")
		if content, err = textFromMeta(o); err != nil {
			return wa.Message{}, err
		}
	}
	m, err := decodeMessage(object{
		"message_type": value(`"` + name + `"`), "type_" + name: content,
		"recipient_whatsapp": either(o, "to", "recipient"), "recipient_type": o["recipient_type"],
		"source": o["source"], "ttl": o["ttl"],
		// What Meta gives back with every status.
		"x-apiheader": either(o, "x-apiheader", "biz_opaque_callback_data"),
	})
	return m, inWords(err, words)
}

// either is the first of two fields that is there.
func either(o object, first, second string) value {
	if o[first].absent() {
		return o[second]
	}
	return o[first]
}

// textFromMeta writes a text the way the vendor does, with another name for its
// body.
func textFromMeta(o object) (value, error) {
	if v := o["text"]; v[0] == '"' {
		return object{"content": v}.value(), nil
	}
	text, err := o.one("text")
	if err != nil {
		return nil, err
	}
	return object{"content": text["body"], "preview_url": text["preview_url"]}.value(), nil
}

// inWords names fields in a failure the way the client knows them; words are
// pairs of ours and the client's.
func inWords(err error, words []string) error {
	f, ok := errors.AsType[*failure](err)
	if !ok {
		return err
	}
	return &failure{status: f.status, code: f.code, message: strings.NewReplacer(words...).Replace(f.message), err: f.err}
}
