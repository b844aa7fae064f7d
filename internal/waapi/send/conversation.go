package send

import (
	"maps"
	"slices"
	"strings"

	"github.com/waypost/waypost/internal/wa"
	"github.com/waypost/waypost/internal/waapi/failure"
	"github.com/waypost/waypost/internal/waapi/lenient"
)

// conversationTypes are Meta's types of messages, each with the vendor's name
// of it.
func conversationTypes() map[string]string {
	return map[string]string{
		"text": "text", "image": "image", "video": "video", "audio": "audio", "document": "document", "sticker": "sticker",
		"location": "location", "contacts": "contact", "reaction": "reaction", "pin": "pin", "interactive": "interactive", "template": "template",
	}
}

// DecodeConversation reads a message in Meta's shape by the vendor's decoders,
// which take the objects of most types in both shapes:
//
//	{"to":"15550100001","type":"text","text":{"body":"hello"}}
//
// recipient stands for to, and is where Meta has a business-scoped user id;
// source, x-apiheader and ttl are the vendor's, and may be left out. A media is
// named by link or by an id of ours. Meta's context makes a message the answer to
// another, named by Meta's id or by ours.
func DecodeConversation(o lenient.Object) (Request, error) {
	kind, err := o.Trimmed("type")
	if err != nil {
		return Request{}, err
	}
	kind = strings.ToLower(kind)
	name, ok := conversationTypes()[kind]
	switch {
	case kind == "":
		return Request{}, failure.Refuse(wa.Problem{Field: "type", Rule: wa.RuleRequired})
	case !ok:
		return Request{}, failure.Refuse(wa.Problem{
			Field: "type", Rule: wa.RuleMalformed,
			Detail: "can only be " + strings.Join(slices.Sorted(maps.Keys(conversationTypes())), "/"),
		})
	case o[kind].Absent():
		return Request{}, failure.Refuse(wa.Problem{Field: kind, Rule: wa.RuleRequired})
	}
	content, words := o[kind], []string{"recipient_whatsapp", "to", "type_" + name, kind}
	if kind == "text" {
		words = append(words, "content", "text.body")
		if content, err = textFromMeta(o); err != nil {
			return Request{}, err
		}
	}
	var r Request
	err = r.add(lenient.Object{
		"message_type": lenient.Value(`"` + name + `"`), "type_" + name: content,
		"recipient_whatsapp": either(o, "to", "recipient"), "recipient_type": o["recipient_type"],
		"source": o["source"], "ttl": o["ttl"], "context": o["context"], "recipient_identity_key_hash": o["recipient_identity_key_hash"],
		// What Meta gives back with every status.
		"x-apiheader": either(o, "x-apiheader", "biz_opaque_callback_data"),
	}, "")
	if err != nil {
		return Request{}, failure.InWords(err, words...)
	}
	return r, nil
}

// either is the first of two fields that is there.
func either(o lenient.Object, first, second string) lenient.Value {
	if o[first].Absent() {
		return o[second]
	}
	return o[first]
}

// textFromMeta writes a text the way the vendor does, with another name for its
// body.
func textFromMeta(o lenient.Object) (lenient.Value, error) {
	if v := o["text"]; v[0] == '"' {
		return lenient.Object{"content": v}.Value(), nil
	}
	text, err := o.One("text")
	if err != nil {
		return nil, err
	}
	return lenient.Object{"content": text["body"], "preview_url": text["preview_url"]}.Value(), nil
}
