package message

import (
	"strings"

	"github.com/waypost/waypost/internal/sim/rule"
)

// The limits of interactive messages, in characters unless they are counts.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/interactive-list-messages and its siblings (read 2026-09)
const (
	maxInteractiveBody = 1024
	maxListBody        = 4096
	maxHeader          = 60
	maxFooter          = 60
	maxLabel           = 20 // of any button
	maxButtons         = 3
	maxReplyID         = 256
	maxRows            = 10
	maxRowID           = 200
	maxRowTitle        = 24
	maxRowDescription  = 72
	maxSections        = 10
	maxSectionTitle    = 24
	maxProducts        = 30
	maxFlowLabel       = 30
	maxTTL             = 43200 // minutes
	maxPayload         = 512
	maxURL             = 2000
)

// interactive has one case for each interactive type.
func interactive() rule.Rule {
	return rule.Switch("type", false, map[string]rule.Rule{
		"button":                   form(maxInteractiveBody, anyHeader(), replyButtons()),
		"list":                     form(maxListBody, textHeader(false), listAction()),
		"cta_url":                  form(maxInteractiveBody, anyHeader(), named("cta_url", urlButton())),
		"location_request_message": form(maxInteractiveBody, nil, rule.Object(rule.Must("name", rule.OneOf("send_location")))),
		"flow":                     form(maxInteractiveBody, anyHeader(), named("flow", flow())),
		"address_message":          form(maxInteractiveBody, textHeader(false), named("address_message", address())),
		"product":                  loose(product()),
		"product_list":             form(maxInteractiveBody, textHeader(true), productList()),
		"catalog_message":          form(maxInteractiveBody, nil, catalog()),
		"order_details":            orderMessage(),
		"order_status":             form(maxInteractiveBody, nil, named("review_order", orderStatus())),
		"carousel":                 bare(maxInteractiveBody, carousel()),
		"voice_call":               form(maxInteractiveBody, nil, voiceCall()),
		"call_permission_request":  loose(rule.Object(rule.Must("name", rule.OneOf("call_permission_request")))),
		"request_contact_info":     form(maxInteractiveBody, nil, rule.Object(rule.Must("name", rule.OneOf("request_contact_info")))),
	})
}

// form is what most interactive messages look like: a body, maybe a header and a footer, and an action. A nil header is one
// that Meta does not take; it is a Field because some have to be there.
func form(maxBody int, header *rule.Field, action rule.Rule) rule.Rule {
	fields := []rule.Field{
		rule.Must("type", rule.Any()),
		rule.Must("body", textOf(maxBody)),
		rule.May("footer", textOf(maxFooter)),
		rule.Must("action", action),
	}
	if header != nil {
		fields = append(fields, *header)
	}
	return rule.Object(fields...)
}

// loose is a form whose body may be left out and that has no header.
func loose(action rule.Rule) rule.Rule {
	return rule.Object(rule.Must("type", rule.Any()), rule.May("body", textOf(maxInteractiveBody)),
		rule.May("footer", textOf(maxFooter)), rule.Must("action", action))
}

// bare is a form with neither header nor footer.
func bare(maxBody int, action rule.Rule) rule.Rule {
	return rule.Object(rule.Must("type", rule.Any()), rule.Must("body", textOf(maxBody)), rule.Must("action", action))
}

// named is an action of this name with parameters.
func named(name string, parameters rule.Rule) rule.Rule {
	return rule.Object(rule.Must("name", rule.OneOf(name)), rule.Must("parameters", parameters))
}

func textOf(most int) rule.Rule { return rule.Object(rule.Must("text", rule.Text(1, most))) }

func anyHeader() *rule.Field {
	cases := map[string]rule.Rule{"text": headerText()}
	for _, kind := range []string{"image", "video", "document"} {
		cases[kind] = mediaHeader(kind)
	}
	f := rule.May("header", rule.Switch("type", false, cases))
	return &f
}

func textHeader(need bool) *rule.Field {
	only := rule.Switch("type", false, map[string]rule.Rule{"text": headerText()})
	f := rule.May("header", only)
	if need {
		f = rule.Must("header", only)
	}
	return &f
}

func headerText() rule.Rule {
	return rule.Object(rule.Must("type", rule.Any()), rule.Must("text", rule.Text(1, maxHeader)))
}

func mediaHeader(kind string, more ...rule.Field) rule.Rule {
	if kind == "document" {
		more = append(more, rule.May("filename", rule.Text(0, maxPart)))
	}
	return rule.Object(rule.Must("type", rule.Any()), rule.Must(kind, rule.Media(kind, more...)))
}

// https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/interactive-reply-buttons-messages (read 2026-09)
func replyButtons() rule.Rule {
	button := rule.Object(rule.Must("type", rule.OneOf("reply")), rule.Must("reply", reply()))
	return rule.Object(rule.Must("buttons", rule.Then(rule.List(1, maxButtons, button), unique("reply", "id", "title"))))
}

func reply() rule.Rule {
	return rule.Object(rule.Must("id", rule.Text(1, maxReplyID)), rule.Must("title", rule.Text(1, maxLabel)))
}

// unique says that no two items have the same string under any of the keys below inner.
func unique(inner string, keys ...string) rule.Rule {
	return func(_ *rule.Walk, path string, v any) error {
		list, ok := v.([]any)
		seen := map[string]bool{}
		for _, item := range list {
			for _, key := range keys {
				mark := key + "\x00" + rule.String(item, inner, key)
				if !ok || seen[mark] {
					return rule.BadValue("%s has the %s %q twice", path, key, rule.String(item, inner, key))
				}
				seen[mark] = true
			}
		}
		return nil
	}
}

// https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/interactive-list-messages (read 2026-09)
func listAction() rule.Rule {
	row := rule.Object(
		rule.Must("id", rule.Text(1, maxRowID)), rule.Must("title", rule.Text(1, maxRowTitle)),
		rule.May("description", rule.Text(0, maxRowDescription)),
	)
	section := rule.Object(rule.May("title", rule.Text(0, maxSectionTitle)), rule.Must("rows", rule.List(1, maxRows, row)))
	sections := rule.Then(rule.List(1, maxSections, section), func(w *rule.Walk, path string, v any) error {
		var rows []any
		list, _ := v.([]any) // the table has looked
		for _, s := range list {
			rows = append(rows, rule.Items(s, "rows")...)
		}
		if len(rows) > maxRows {
			return rule.BadValue("%s has %d rows in all, but takes %d", path, len(rows), maxRows)
		}
		seen := map[string]bool{}
		for _, r := range rows {
			id := rule.String(r, "id")
			if seen[id] {
				return rule.BadValue("%s has the row id %q twice", path, id)
			}
			seen[id] = true
		}
		return titled(w, path, v)
	})
	return rule.Object(rule.Must("button", rule.Text(1, maxLabel)), rule.Must("sections", sections))
}

// titled wants a title for each section where there are several.
func titled(_ *rule.Walk, path string, v any) error {
	list, _ := v.([]any) // the table has looked
	for _, s := range list {
		if len(list) > 1 && rule.String(s, "title") == "" {
			return rule.Missing(path + "['title']")
		}
	}
	return nil
}

// https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/interactive-cta-url-messages (read 2026-09)
func urlButton() rule.Rule {
	return rule.Object(rule.Must("display_text", rule.Text(1, maxLabel)), rule.Must("url", rule.Link(maxURL)))
}

// Meta's OpenAPI for v23.0, "flow"
func flow() rule.Rule {
	parameters := rule.Object(
		rule.Must("flow_message_version", rule.OneOf("3")),
		rule.May("flow_id", rule.Text(1, maxPart)), rule.May("flow_name", rule.Text(1, maxPart)),
		rule.Must("flow_cta", rule.Text(1, maxFlowLabel)),
		rule.May("mode", rule.OneOf("draft", "published")),
		rule.May("flow_token", rule.Text(1, maxPart)),
		rule.May("flow_action", rule.OneOf("navigate", "data_exchange")),
		rule.May("flow_action_payload", rule.Object(rule.Must("screen", rule.Text(1, maxPart)), rule.May("data", rule.Bag()))),
	)
	return rule.Then(parameters, func(_ *rule.Walk, path string, v any) error {
		switch id, name := rule.String(v, "flow_id"), rule.String(v, "flow_name"); {
		case id == "" && name == "":
			return rule.Missing(path + "['flow_id']")
		case id != "" && name != "":
			return rule.BadParameter("%s needs either a flow_id or a flow_name, and not both", path)
		case isEmoji(rule.String(v, "flow_cta")):
			return rule.BadValue("%s['flow_cta'] must not have emoji", path)
		}
		return nil
	})
}

// address is for India alone.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/address-messages (read 2026-09)
func address() rule.Rule {
	return rule.Object(
		rule.Must("country", rule.OneOf("IN")), rule.May("values", rule.Bag()), rule.May("validation_errors", rule.Bag()),
		rule.May("saved_addresses", rule.List(1, maxPart,
			rule.Object(rule.Must("id", rule.Text(1, maxPart)), rule.Must("value", rule.Bag())))),
	)
}

// voiceCall is a button that calls; its label is Call Now unless it says another.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/calling/call-button-messages-deep-links (read 2026-09)
func voiceCall() rule.Rule {
	return rule.Object(rule.Must("name", rule.OneOf("voice_call")), rule.May("parameters", rule.Object(
		rule.May("display_text", rule.Text(1, maxLabel)), rule.May("ttl_minutes", rule.Int(1, maxTTL)),
		rule.May("payload", rule.Text(0, maxPayload)),
	)))
}

// breaks counts the line breaks of a text.
func breaks(text string) int { return strings.Count(text, "\n") }
