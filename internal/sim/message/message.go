package message

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"unicode/utf8"

	"github.com/waypost/waypost/internal/sim/rule"
)

// The types that other parts speak of, named as Meta names them.
const (
	TypeText        = "text"
	TypeReaction    = "reaction"
	TypePin         = "pin"
	TypeInteractive = "interactive"
	TypeTemplate    = "template" // read by package template
)

// Limits of what both directions share.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/send-messages (read 2026-09)
const (
	MaxBody    = 4096 // characters of a text
	MaxCaption = 1024 // characters
)

// Content is what a message says, whichever way it goes.
type Content struct {
	Type     string
	Text     string // of a text; the body of an interactive message
	Caption  string
	Filename string
	MediaID  string // the medium that a phone shows
	Voice    bool   // of audio: recorded, not a file
	Link     string
	Target   string          // of a reaction or a pin: the message that it is about
	Media    []rule.Medium   // every medium that is named by its id
	Object   json.RawMessage // the object as it came; nil for texts and media, which the fields above say whole
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

// objectKeys are the keys Meta knows in the object of a text or a medium; it refuses any other.
func objectKeys(kind string) []string {
	switch kind {
	case TypeText:
		return []string{"body", "preview_url"}
	case "image", "video":
		return []string{"id", "link", "caption"}
	case "audio":
		return []string{"id", "link", "voice"}
	case "document":
		return []string{"id", "link", "caption", "filename"}
	case "sticker":
		return []string{"id", "link"}
	}
	return nil
}

// Read checks the object that the type names among the keys of a send. Every error is a *rule.Error.
func Read(kind string, objects map[string]json.RawMessage) (Content, error) {
	keys, table := objectKeys(kind), tableOf(kind)
	if keys == nil && table == nil {
		return Content{}, rule.BadParameter("type %q is none of Meta's", kind)
	}
	raw, ok := objects[kind]
	if !ok || string(raw) == "null" {
		return Content{}, rule.Missing(kind)
	}
	if table != nil {
		return readObject(kind, raw, table)
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal(raw, &object); err != nil {
		return Content{}, rule.BadParameter("%s must be an object", kind)
	}
	for _, key := range slices.Sorted(maps.Keys(object)) {
		if !slices.Contains(keys, key) {
			return Content{}, rule.Unexpected(key, kind, keys)
		}
	}
	if kind == TypeText {
		return readText(raw)
	}
	return readMedium(kind, raw)
}

// readObject checks an object by its table and takes out what the simulator needs of it.
func readObject(kind string, raw json.RawMessage, table rule.Rule) (Content, error) {
	var w rule.Walk
	v, err := w.Read(raw, kind, table)
	if err != nil {
		return Content{}, err
	}
	c := Content{Type: kind, Media: w.Media, Object: raw}
	switch kind {
	case TypeReaction:
		c.Text, c.Target = rule.String(v, "emoji"), rule.String(v, "message_id")
	case TypePin:
		c.Target = rule.String(v, "message_id")
	case TypeInteractive:
		c.Text = cmp.Or(rule.String(v, "body", "text"), rule.String(v, "order_details", "body", "text"))
	}
	if len(w.Media) > 0 {
		c.MediaID = w.Media[0].ID
	}
	return c, nil
}

func readText(raw json.RawMessage) (Content, error) {
	var text textObject
	if err := json.Unmarshal(raw, &text); err != nil {
		return Content{}, rule.BadParameter("text has a value of the wrong kind: %s", err)
	}
	if text.Body == "" {
		return Content{}, rule.Missing("text['body']")
	}
	if utf8.RuneCountInString(text.Body) > MaxBody {
		return Content{}, rule.BadParameter("text['body'] must be at most %d characters long", MaxBody)
	}
	return Content{Type: TypeText, Text: text.Body}, nil
}

func readMedium(kind string, raw json.RawMessage) (Content, error) {
	var m mediaObject
	if err := json.Unmarshal(raw, &m); err != nil {
		return Content{}, rule.BadParameter("%s has a value of the wrong kind: %s", kind, err)
	}
	if (m.ID == "") == (m.Link == "") {
		return Content{}, rule.BadParameter("%s needs either an id or a link, and not both", kind)
	}
	if m.Link != "" && !rule.IsWebURL(m.Link) {
		return Content{}, rule.BadValue("%s['link'] is no http or https address", kind)
	}
	if utf8.RuneCountInString(m.Caption) > MaxCaption {
		return Content{}, rule.BadParameter("%s['caption'] must be at most %d characters long", kind, MaxCaption)
	}
	c := Content{Type: kind, Caption: m.Caption, Filename: m.Filename, MediaID: m.ID, Link: m.Link, Voice: m.Voice}
	if m.ID != "" {
		c.Media = []rule.Medium{{Path: kind, Kind: kind, ID: m.ID}}
	}
	return c, nil
}
