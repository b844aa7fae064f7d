package template

import (
	"encoding/json"
	"errors"
	"regexp"
	"strings"

	"github.com/waypost/waypost/internal/sim/rule"
)

// The limits of a new template, in characters unless they are counts.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/overview (read 2026-09)
const (
	maxName    = 512
	maxHeader  = 60
	maxBody    = 1024
	maxFooter  = 60
	maxOffer   = 16
	maxButtons = 10
	maxLabel   = 25
	maxURL     = 2000
	maxPhone   = 20
	leastCards = 2
	maxCards   = 10
	maxPart    = 1024 // characters of a part whose limit Meta does not say

	minTTL = -1 // thirty days
	maxTTL = 30 * 24 * 60 * 60

	// What Meta's pages leave open about the subcodes of templates is decided here.
	subcodeExists    = 2388024 // the name is taken in this language
	subcodeLocked    = 2388023 // a template of this name and language was deleted lately
	subcodeNotFound  = 2593002 // nothing to delete
	subcodeLength    = 2388040 // too long, too many, none of the values
	subcodeMissing   = 2388043 // a part or an example is missing
	subcodeComponent = 2388072 // the components do not go together
	subcodeVariables = 2388299 // a variable at the beginning or the end
)

var (
	goodName     = regexp.MustCompile(`^[a-z0-9_]+$`)
	goodLanguage = regexp.MustCompile(`^[a-z]{2,3}(_[A-Z]{2,3})?$`)
)

// refuse is a refusal of template management: code 100 with words for the user.
func refuse(subcode int, title, format string, args ...any) *rule.Error {
	e := rule.BadParameter(format, args...)
	e.Subcode, e.UserTitle, e.UserMessage = subcode, title, e.Details
	return e
}

// managed turns the refusals of a table, which have the codes of a send, into those of template management.
func managed(err error) error {
	var e *rule.Error
	switch {
	case !errors.As(err, &e):
		return err
	case e.Code == rule.CodeRequired:
		return refuse(subcodeMissing, "A Part Is Missing", "%s", e.Details)
	case e.Code == rule.CodeValue:
		return refuse(subcodeLength, "Value Is Not Acceptable", "%s", e.Details)
	}
	return e
}

// draft is a template as a client writes it.
type draft struct {
	Name       string          `json:"name"`
	Language   string          `json:"language"`
	Category   string          `json:"category"`
	Format     string          `json:"parameter_format"`
	TTL        int             `json:"message_send_ttl_seconds"`
	Components json.RawMessage `json:"components"`
}

// read checks a new template.
func read(raw json.RawMessage) (Template, error) {
	t, err := readLoosely(raw)
	if err != nil {
		return Template{}, err
	}
	return t, checkExamples(parse(t.Components), t.Format)
}

// readLoosely is read without the examples, which only Meta's reviewers look at.
func readLoosely(raw json.RawMessage) (Template, error) {
	var w rule.Walk
	if _, err := w.Read(raw, "", draftRule(true)); err != nil {
		return Template{}, managed(err)
	}
	t := Template{Status: Pending, Quality: "UNKNOWN", Format: formatPositional}
	return t, t.take(raw)
}

// readEdit is the template with what an edit changes.
func readEdit(t Template, raw json.RawMessage) (Template, error) {
	var w rule.Walk
	if _, err := w.Read(raw, "", draftRule(false)); err != nil {
		return Template{}, managed(err)
	}
	name, language := t.Name, t.Language
	if err := t.take(raw); err != nil {
		return Template{}, err
	}
	if t.Name != name || t.Language != language {
		return Template{}, refuse(0, "Name Cannot Be Changed", "name and language of a template cannot be edited")
	}
	return t, checkExamples(parse(t.Components), t.Format)
}

// take copies what a draft says and checks the whole. The table has looked at the draft.
func (t *Template) take(raw json.RawMessage) error {
	d := draft{Name: t.Name, Language: t.Language, Category: t.Category, Format: t.Format, TTL: t.TTL, Components: t.Components}
	if err := json.Unmarshal(raw, &d); err != nil {
		return rule.BadParameter("the template has a value of the wrong kind: %s", err)
	}
	t.Name, t.Language, t.Category, t.TTL = d.Name, d.Language, d.Category, d.TTL
	t.Format = strings.ToUpper(d.Format)
	if !goodName.MatchString(t.Name) {
		return refuse(0, "Name Is Not Acceptable", "name takes small letters, digits and underscores")
	}
	if !goodLanguage.MatchString(t.Language) {
		return refuse(0, "Language Is Not Acceptable", "language must be a code such as en or en_US")
	}
	if err := t.checkTTL(); err != nil {
		return err
	}
	parts := parse(d.Components)
	if t.Category == Authentication {
		d.Components, parts = fillCode(d.Components, parts)
	}
	t.Components = d.Components
	return t.checkParts(parts)
}

// fillCode gives the body of an authentication template the text that Meta writes itself.
func fillCode(raw json.RawMessage, parts []component) (json.RawMessage, []component) {
	var list []map[string]any
	if err := json.Unmarshal(raw, &list); err != nil {
		return raw, parts
	}
	for _, part := range list {
		if strings.EqualFold(rule.String(part, "type"), partBody) && rule.String(part, "text") == "" {
			part["text"] = "*{{1}}* is your verification code."
		}
	}
	filled, err := json.Marshal(list)
	if err != nil {
		return raw, parts
	}
	return filled, parse(filled)
}

// checkTTL knows how long a message of each category may be kept.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/time-to-live (read 2026-09)
func (t *Template) checkTTL() error {
	least, most := 30, 43200
	switch t.Category {
	case Authentication:
		most = 900
	case Marketing:
		least, most = 43200, maxTTL
	}
	if t.TTL != 0 && t.TTL != minTTL && (t.TTL < least || t.TTL > most) {
		return refuse(0, "Time To Live Is Not Acceptable", "message_send_ttl_seconds of %s is %d to %d", t.Category, least, most)
	}
	return nil
}

// draftRule is the shape of a new template, or of an edit, which may leave out everything.
func draftRule(whole bool) rule.Rule {
	must := rule.May
	if whole {
		must = rule.Must
	}
	return rule.Object(
		must("name", rule.Text(1, maxName)), must("language", rule.Text(1, maxPart)), must("category", rule.OneOf(categories()...)),
		must("components", rule.List(1, maxButtons, componentRule())),
		rule.May("parameter_format", rule.OneOf(formatNamed, formatPositional, "named", "positional")),
		rule.May("message_send_ttl_seconds", rule.Int(minTTL, maxTTL)),
		rule.May("allow_category_change", rule.Bool()), rule.May("cta_url_link_tracking_opted_out", rule.Bool()),
		rule.May("sub_category", rule.Text(1, maxPart)), rule.May("status", rule.OneOf(Statuses()...)),
	)
}

// componentRule is the shape of each component. Types are taken in upper and lower case, as Meta's own samples have both.
func componentRule() rule.Rule {
	kind := rule.Must("type", rule.Any())
	card := rule.Object(rule.Must("components", rule.List(1, maxCards, rule.Switch("type", true, map[string]rule.Rule{
		"header": headerRule(), "body": bodyRule(), "buttons": buttonsRule(),
	}))))
	return rule.Switch("type", true, map[string]rule.Rule{
		"header":  headerRule(),
		"body":    bodyRule(),
		"footer":  rule.Object(kind, rule.May("text", rule.Text(1, maxFooter)), rule.May("code_expiration_minutes", rule.Int(1, 90))),
		"buttons": buttonsRule(),
		"limited_time_offer": rule.Object(kind, rule.Must("limited_time_offer", rule.Object(
			rule.Must("text", rule.Text(1, maxOffer)), rule.May("has_expiration", rule.Bool())))),
		"carousel":                rule.Object(kind, rule.Must("cards", rule.List(leastCards, maxCards, card))),
		"call_permission_request": rule.Object(kind),
		"order_status":            rule.Object(kind),
	})
}

func bodyRule() rule.Rule {
	return rule.Object(rule.Must("type", rule.Any()), rule.May("text", rule.Text(1, maxBody)), rule.May("example", rule.Bag()),
		rule.May("add_security_recommendation", rule.Bool()))
}

func headerRule() rule.Rule {
	kind, format, example := rule.Must("type", rule.Any()), rule.Must("format", rule.Any()), rule.May("example", rule.Bag())
	cases := map[string]rule.Rule{
		"text":     rule.Object(kind, format, rule.Must("text", rule.Text(1, maxHeader)), example),
		"location": rule.Object(kind, format), "product": rule.Object(kind, format, example),
	}
	for _, medium := range []string{"image", "video", "document"} {
		cases[medium] = rule.Object(kind, format, example)
	}
	return rule.Switch("format", true, cases)
}

func buttonsRule() rule.Rule {
	label := rule.Must("text", rule.Text(1, maxLabel))
	button := func(fields ...rule.Field) rule.Rule {
		return rule.Object(append(fields, rule.Must("type", rule.Any()))...)
	}
	part := func(key string) rule.Field { return rule.May(key, rule.Text(0, maxPart)) }
	return rule.Object(rule.Must("type", rule.Any()), rule.Must("buttons", rule.List(1, maxButtons, rule.Switch("type", true, map[string]rule.Rule{
		"quick_reply":  button(label),
		"url":          button(label, rule.Must("url", rule.Link(maxURL)), rule.May("example", rule.List(1, 1, rule.Text(1, maxURL)))),
		"phone_number": button(label, rule.Must("phone_number", rule.Text(1, maxPhone))),
		"copy_code":    button(rule.May("text", rule.Text(1, maxLabel)), rule.May("example", rule.Any())),
		"flow": button(label, part("flow_id"), part("flow_name"), rule.May("flow_json", rule.Text(1, 1<<20)), part("flow_action"),
			part("navigate_screen"), part("icon")),
		"otp": button(rule.May("text", rule.Text(1, maxLabel)), rule.Must("otp_type", rule.OneOf("COPY_CODE", "ONE_TAP", "ZERO_TAP")),
			part("autofill_text"), part("package_name"), part("signature_hash"), rule.May("supported_apps", rule.List(1, maxCards, rule.Bag())),
			rule.May("zero_tap_terms_accepted", rule.Bool())),
		"catalog": button(label), "mpm": button(label), "spm": button(label), "order_details": button(label),
		"voice_call":           button(label, rule.May("ttl_minutes", rule.Int(1440, 43200))),
		"request_contact_info": button(rule.May("text", rule.Text(1, maxLabel))),
	}))))
}
