// Package inbound reads what a virtual phone sends besides texts and files: places, contacts, reactions, taps on buttons and
// lists, orders, edits and the like.
//
// It owns the shapes that Meta's callbacks have for them, which are the shapes in which the control face takes them too. It never
// knows who sends or what was sent before: the simulator puts the object into a message and posts it.
package inbound

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/waypost/waypost/internal/sim/message"
	"github.com/waypost/waypost/internal/sim/rule"
)

// The types whose meaning the simulator has to know.
const (
	TypeReaction    = "reaction"
	TypeSystem      = "system"
	TypeUnsupported = "unsupported"
	TypeEdit        = "edit"
	TypeRevoke      = "revoke"
)

const (
	maxPart  = 4096    // characters of whatever a phone writes
	maxForm  = 1 << 16 // characters of a form's answer
	maxItems = 100
	maxMoney = 1e12
)

// Kinds are the types that this package reads.
func Kinds() []string {
	return []string{
		"location", "contacts", TypeReaction, "button", "interactive", "order", TypeSystem, TypeUnsupported, TypeEdit, TypeRevoke,
	}
}

// Content is an object that a phone sends.
type Content struct {
	Object json.RawMessage // as the callback has it
	Text   string          // what a person sees of it, if that is a line
	Target string          // the message that it is about: reacted to, edited or revoked
}

// Read checks the object of a type. The error is a *rule.Error, whose details say what to do.
func Read(kind string, raw json.RawMessage) (Content, error) {
	if raw == nil && kind == TypeUnsupported {
		raw = json.RawMessage(`{"type":"unknown"}`)
	}
	if raw == nil {
		return Content{}, rule.Missing(kind)
	}
	var w rule.Walk
	v, err := w.Read(raw, kind, ruleOf(kind))
	if err != nil {
		return Content{}, err
	}
	object, c := v, Content{}
	switch kind {
	case "location":
		object = withNumbers(v)
	case TypeReaction:
		c.Text, c.Target = rule.String(v, "emoji"), rule.String(v, "message_id")
		object = withoutEmpty(v, "emoji")
	case TypeEdit, TypeRevoke:
		c.Text, c.Target = rule.String(v, "message", "text", "body"), rule.String(v, "original_message_id")
	default:
		c.Text = line(v)
	}
	c.Object, err = json.Marshal(object)
	if err != nil {
		return Content{}, fmt.Errorf("encode %s: %w", kind, err)
	}
	return c, nil
}

// line finds the words that a person sees of a tap.
func line(v any) string {
	for _, keys := range [][]string{
		{"text"}, {"button_reply", "title"}, {"list_reply", "title"}, {"nfm_reply", "body"}, {"call_permission_reply", "response"}, {"body"},
	} {
		if text := rule.String(v, keys...); text != "" {
			return text
		}
	}
	return ""
}

// withNumbers makes numbers of the coordinates, which may be given as numerals too.
func withNumbers(v any) any {
	object, ok := v.(map[string]any)
	for _, key := range []string{"latitude", "longitude"} {
		if n, isNumber := rule.Number(rule.Get(v, key)); ok && isNumber {
			object[key] = n
		}
	}
	return v
}

// withoutEmpty leaves out a key that has no text: Meta says so that a reaction was removed.
func withoutEmpty(v any, key string) any {
	if object, ok := v.(map[string]any); ok && rule.String(v, key) == "" {
		delete(object, key)
	}
	return v
}

// ruleOf is the shape of each type.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages and its siblings (read 2026-09)
func ruleOf(kind string) rule.Rule {
	part, need := rule.Text(0, maxPart), rule.Text(1, maxPart)
	switch kind {
	case "location":
		return rule.Object(rule.Must("latitude", rule.Numeral(-90, 90)), rule.Must("longitude", rule.Numeral(-180, 180)),
			rule.May("name", part), rule.May("address", part), rule.May("url", part))
	case "contacts":
		return message.Contacts()
	case TypeReaction:
		return rule.Object(rule.Must("message_id", need), rule.May("emoji", part))
	case "button":
		return rule.Object(rule.Must("payload", need), rule.Must("text", need))
	case "interactive":
		return interactive()
	case "order":
		item := rule.Object(rule.Must("product_retailer_id", need), rule.Must("quantity", rule.Int(1, maxMoney)),
			rule.Must("item_price", rule.Numeral(0, maxMoney)), rule.Must("currency", rule.Text(3, 3)))
		return rule.Object(rule.Must("catalog_id", need), rule.May("text", part), rule.Must("product_items", rule.List(1, maxItems, item)))
	case TypeSystem:
		return system()
	case TypeUnsupported:
		return rule.Object(rule.Must("type", need))
	case TypeEdit:
		return rule.Object(rule.Must("original_message_id", need), rule.Must("message", edited()))
	case TypeRevoke:
		return rule.Object(rule.Must("original_message_id", need))
	}
	return func(*rule.Walk, string, any) error {
		return rule.BadParameter("type %q: a phone sends text, files and %v", kind, Kinds())
	}
}

// The notices that a user has other ids now.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages/system (read 2026-09)
const (
	ChangedNumber = "user_changed_number"
	ChangedUserID = "user_changed_user_id" // of a user whose number is not told
)

func system() rule.Rule {
	kind, id, body := rule.Must("type", rule.Any()), rule.Text(1, maxPart), rule.May("body", rule.Text(0, maxPart))
	return rule.Switch("type", false, map[string]rule.Rule{
		ChangedNumber: rule.Object(kind, rule.Must("wa_id", rule.Text(7, 15)), rule.May("user_id", id), rule.May("parent_user_id", id), body),
		ChangedUserID: rule.Object(kind, rule.Must("user_id", id), rule.May("parent_user_id", id), body),
	})
}

func interactive() rule.Rule {
	part, need := rule.Text(0, maxPart), rule.Text(1, maxPart)
	reply := func(key string, r rule.Rule) rule.Rule {
		return rule.Object(rule.Must("type", rule.Any()), rule.Must(key, r))
	}
	return rule.Switch("type", false, map[string]rule.Rule{
		"button_reply": reply("button_reply", rule.Object(rule.Must("id", need), rule.Must("title", need))),
		"list_reply":   reply("list_reply", rule.Object(rule.Must("id", need), rule.Must("title", need), rule.May("description", part))),
		"nfm_reply": reply("nfm_reply", rule.Object(rule.May("name", part), rule.May("body", part),
			rule.Must("response_json", rule.Text(1, maxForm)))),
		"call_permission_reply": reply("call_permission_reply", rule.Object(rule.Must("response", rule.OneOf("accept", "reject")),
			rule.May("is_permanent", rule.Bool()), rule.May("expiration_timestamp", rule.Any()),
			rule.May("response_source", rule.OneOf("user_action", "automatic")))),
	})
}

// edited is the message as it is after an edit: a text, or a medium with another caption.
func edited() rule.Rule {
	kinds := map[string]rule.Rule{
		"text": rule.Object(rule.Must("type", rule.Any()), rule.May("context", rule.Bag()),
			rule.Must("text", rule.Object(rule.Must("body", rule.Text(1, message.MaxBody))))),
	}
	for _, kind := range []string{"image", "video", "document"} {
		kinds[kind] = rule.Object(rule.Must("type", rule.Any()), rule.May("context", rule.Bag()), rule.Must(kind, rule.Bag()))
	}
	return rule.Switch("type", false, kinds)
}

// Referral checks what tells of the advertisement that a message came from.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages/text (read 2026-09)
func Referral(raw json.RawMessage) error {
	fields := []rule.Field{
		rule.Must("source_type", rule.OneOf("ad", "post")),
		rule.May("welcome_message", rule.Object(rule.Must("text", rule.Text(0, maxPart)))),
	}
	for _, key := range []string{
		"source_url", "source_id", "body", "headline", "media_type", "image_url", "video_url", "thumbnail_url", "ctwa_clid",
	} {
		fields = append(fields, rule.May(key, rule.Text(0, maxPart)))
	}
	var w rule.Walk
	_, err := w.Read(raw, "referral", rule.Object(fields...))
	return err
}

// Is says whether this package reads the type.
func Is(kind string) bool { return slices.Contains(Kinds(), kind) }
