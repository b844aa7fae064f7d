package template

import (
	"encoding/json"

	"github.com/waypost/waypost/internal/sim/rule"
)

// Limits of what fills a template in.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/template-messages (read 2026-09)
const (
	maxParameters = 100
	maxParameter  = 32 << 10 // characters; what is too long once it is filled in has a code of its own
	maxCoupon     = 20
	maxCode       = 15 // of a one-time password
	maxPayload    = 256
	maxIndex      = 9
)

// Send is the object of a template message, read.
type Send struct {
	Name       string
	Language   string
	Media      []rule.Medium // the media that its parameters name by id
	components []sent
}

// sent is a component of a send. Types are as the client writes them, in either case.
type sent struct {
	Type       string      `json:"type"`
	SubType    string      `json:"sub_type"`
	Index      any         `json:"index"`
	Parameters []parameter `json:"parameters"`
	Cards      []struct {
		Index      any    `json:"card_index"`
		Components []sent `json:"components"`
	} `json:"cards"`
}

type parameter struct {
	Type     string `json:"type"`
	Text     string `json:"text"`
	Name     string `json:"parameter_name"`
	Currency struct {
		Fallback string `json:"fallback_value"`
	} `json:"currency"`
	GroupID string `json:"group_id"`
	Date    struct {
		Fallback string `json:"fallback_value"`
	} `json:"date_time"`
}

// value is what stands in the text in the end.
func (p parameter) value() string { return p.Text + p.Currency.Fallback + p.Date.Fallback + p.GroupID }

// ReadSend checks the shape of a template message; whether it fits a template is for Fit. Every error is a *rule.Error.
func ReadSend(raw json.RawMessage) (Send, error) {
	if raw == nil || string(raw) == "null" {
		return Send{}, rule.Missing("template")
	}
	var w rule.Walk
	if _, err := w.Read(raw, "template", sendRule()); err != nil {
		return Send{}, err
	}
	var object struct {
		Name     string `json:"name"`
		Language struct {
			Code string `json:"code"`
		} `json:"language"`
		Components []sent `json:"components"`
	}
	if err := json.Unmarshal(raw, &object); err != nil {
		return Send{}, rule.BadParameter("template has a value of the wrong kind: %s", err)
	}
	return Send{Name: object.Name, Language: object.Language.Code, Media: w.Media, components: object.Components}, nil
}

func sendRule() rule.Rule {
	return rule.Object(
		rule.Must("name", rule.Text(1, maxName)),
		rule.Must("language", rule.Object(rule.Must("code", rule.Text(1, maxPart)), rule.May("policy", rule.OneOf("deterministic")))),
		rule.May("components", rule.List(0, maxParameters, sentRule(true))),
		rule.May("namespace", rule.Text(0, maxPart)),
	)
}

// sentRule is the shape of each component of a send; cards have no cards inside.
func sentRule(cards bool) rule.Rule {
	kind := rule.Must("type", rule.Any())
	parameters := rule.List(0, maxParameters, parameterRule())
	cases := map[string]rule.Rule{
		"header": rule.Object(kind, rule.Must("parameters", parameters)),
		"body":   rule.Object(kind, rule.Must("parameters", parameters)),
		"button": rule.Object(kind, rule.Must("sub_type", rule.Text(1, maxPart)), rule.May("index", rule.Index(maxIndex)),
			rule.Must("parameters", rule.List(1, maxParameters, parameterRule()))),
	}
	if cards {
		card := rule.Object(rule.Must("card_index", rule.Index(maxCards-1)), rule.Must("components", rule.List(0, maxParameters, sentRule(false))))
		cases["carousel"] = rule.Object(kind, rule.Must("cards", rule.List(1, maxCards, card)))
		cases["limited_time_offer"] = rule.Object(kind, rule.Must("parameters", rule.List(1, 1, parameterRule())))
		cases["order_status"] = rule.Object(kind, rule.Must("parameters", rule.List(1, 1, parameterRule())))
		cases["tap_target_configuration"] = rule.Object(kind, rule.Must("parameters", rule.List(1, 1, rule.Bag())))
	}
	return rule.Switch("type", true, cases)
}

// parameterRule is the shape of each parameter, by its type.
func parameterRule() rule.Rule {
	part := rule.Text(0, maxPart)
	of := func(key string, r rule.Rule, more ...rule.Field) rule.Rule {
		return rule.Object(append(more, rule.Must("type", rule.Any()), rule.Must(key, r), rule.May("parameter_name", part))...)
	}
	fallback := rule.Must("fallback_value", rule.Text(1, maxPart))
	return rule.Switch("type", true, map[string]rule.Rule{
		"text": of("text", rule.Text(1, maxParameter), rule.May("payment_link_preview", rule.Bool())),
		"currency": of("currency", rule.Object(fallback, rule.Must("code", rule.Text(3, 3)),
			rule.Must("amount_1000", rule.Numeral(-1e15, 1e15)))),
		"date_time": of("date_time", rule.Object(fallback, rule.May("day_of_week", rule.Any()), rule.May("year", rule.Any()),
			rule.May("month", rule.Any()), rule.May("day_of_month", rule.Any()), rule.May("hour", rule.Any()),
			rule.May("minute", rule.Any()), rule.May("calendar", part), rule.May("timestamp", rule.Any()))),
		"image": of("image", rule.Media("image")), "video": of("video", rule.Media("video")),
		"document": of("document", rule.Media("document", rule.May("filename", part))),
		"location": of("location", rule.Object(rule.Must("latitude", rule.Numeral(-90, 90)), rule.Must("longitude", rule.Numeral(-180, 180)),
			rule.May("name", part), rule.May("address", part))),
		"product":     of("product", rule.Object(rule.Must("product_retailer_id", rule.Text(1, maxPart)), rule.Must("catalog_id", rule.Text(1, maxPart)))),
		"payload":     of("payload", rule.Text(1, maxPayload)),
		"coupon_code": of("coupon_code", rule.Text(1, maxCoupon)),
		"action":      of("action", rule.Bag()),
		"ttl_minutes": of("ttl_minutes", rule.Numeral(1, 43200)),
		"group_id":    of("group_id", rule.Text(1, maxPart)),
		"limited_time_offer": of("limited_time_offer", rule.Object(
			rule.Must("expiration_time_ms", rule.Numeral(1, 1e15)))),
		"order_status": of("order_status", rule.Object(rule.Must("reference_id", rule.Text(1, maxPart)), rule.Must("order", rule.Bag()))),
	})
}
