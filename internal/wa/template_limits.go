package wa

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Limits of template messages, in characters.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/overview
// (read 2026-09).
const (
	MaxTemplateName = 512
	// MaxTemplateTexts is for all text parameters together: Meta takes no
	// longer body once they are filled in.
	MaxTemplateTexts = 32_768
	// MaxTemplateBody is for a body with its values that is not alone: something
	// stands above or below it.
	MaxTemplateBody = 1024
	// MaxTemplateCode is for a code of one use.
	MaxTemplateCode = 15
	// MaxReplyPayload is for the payload of what is known to be a quick reply.
	MaxReplyPayload    = 256
	MaxCouponCode      = 20
	MaxURLParameter    = MaxButtonURL
	MaxTemplateButtons = 10
	// maxLanguage is longer than every code of Meta's.
	maxLanguage = 16
	// earliestOffer and latestOffer bound when an offer may end, in unix
	// milliseconds: 2020 and 2100. Whoever counts in seconds is outside.
	earliestOffer = 1_577_836_800_000
	latestOffer   = 4_102_444_800_000
	// maxSpaces is how many spaces may follow each other in a text.
	maxSpaces = 4
)

// Validate implements [Content]. The fields of problems are the names of the
// vendor's payload: attributes are the texts of header and body in order.
func (t Template) Validate() []Problem {
	ps := needed("name", t.Name, MaxTemplateName)
	if ps == nil && !templateName(t.Name) {
		ps = malformed("name", "can only have letters, digits and _")
	}
	if t.Language == "" {
		ps = append(ps, Problem{Field: "locale", Rule: RuleRequired})
	} else if !languageCode(t.Language) {
		ps = append(ps, Problem{Field: "locale", Rule: RuleLanguage})
	}
	return append(ps, validateComponents(t.Components, false)...)
}

// templateName takes capitals, too: Meta says better than we can that there is
// no such template.
func templateName(s string) bool {
	for i := range len(s) {
		if c := s[i]; c != '_' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return true
}

// languageCode takes what has the form of a code: en, en_US, zh_Hant_HK.
func languageCode(s string) bool {
	if len(s) < 2 || len(s) > maxLanguage || s[0] == '_' || s[len(s)-1] == '_' {
		return false
	}
	return templateName(s)
}

// validateComponents checks the parts of a template, or of one of its cards. In
// the vendor's form only the header of a template stands in an object of its
// own.
func validateComponents(cs []Component, inCard bool) []Problem {
	var ps []Problem
	top := "type_media_template."
	if inCard {
		top = ""
	}
	seen := map[string]bool{}
	texts, length := 0, 0
	for _, c := range cs {
		name := c.name()
		if seen[name] {
			ps = append(ps, malformed(name, "is there twice")...)
		}
		seen[name] = true
		if inCard && c.Kind != ComponentHeader && c.Kind != ComponentBody && c.Kind != ComponentButton {
			ps = append(ps, malformed(name, "cannot stand in a card")...)
			continue
		}
		for _, p := range c.Parameters {
			if c.Kind == ComponentHeader || c.Kind == ComponentBody {
				length += utf8.RuneCountInString(p.Text)
			}
		}
		ps = append(ps, c.validate(top, &texts)...)
	}
	if length > MaxTemplateTexts {
		ps = append(ps, Problem{Field: "attributes", Rule: RuleTooLong, Limit: MaxTemplateTexts, Found: length})
	}
	return ps
}

// name is what a component is called in a problem.
func (c Component) name() string {
	if c.Kind == ComponentButton {
		return fmt.Sprintf("button[%d]", c.Index)
	}
	return string(c.Kind)
}

// validate counts the texts of header and body on.
func (c Component) validate(top string, texts *int) []Problem {
	switch c.Kind {
	case ComponentHeader:
		if len(c.Parameters) != 1 {
			return parameter("header", "must have one parameter")
		}
		if k := c.Parameters[0].Kind; k != ParameterText && !k.Heads() {
			return []Problem{{Field: "header", Rule: RuleUnknown, Detail: "cannot be of this type"}}
		}
		return validateParameters(top, c.Parameters, texts)
	case ComponentBody:
		for _, p := range c.Parameters {
			if !p.Kind.fillsText() {
				return []Problem{{Field: "body", Rule: RuleUnknown, Detail: "can only have text, currency, date_time and group_id parameters"}}
			}
		}
		return validateParameters(top, c.Parameters, texts)
	case ComponentButton:
		return under(c.name()+".", c.validateButton())
	case ComponentCarousel:
		ps := cardCount(len(c.Cards))
		for i, card := range c.Cards {
			ps = append(ps, under(fmt.Sprintf("cards[%d].", i), validateComponents(card.Components, true))...)
		}
		return ps
	case ComponentOffer:
		if len(c.Parameters) != 1 || c.Parameters[0].Kind != ParameterOffer {
			return malformed("expiration_time_ms", "must be a time in unix milliseconds")
		}
		if at := c.Parameters[0].ExpiresAtMillis; at < earliestOffer || at > latestOffer {
			return malformed("expiration_time_ms", "must be a time in unix milliseconds")
		}
		return nil
	case ComponentOrderStatus:
		if len(c.Parameters) != 1 || c.Parameters[0].Kind != ParameterOrderStatus || c.Parameters[0].OrderStatus == nil {
			return []Problem{{Field: "order_status", Rule: RuleRequired}}
		}
		return c.Parameters[0].OrderStatus.Validate()
	case ComponentTapTarget:
		if len(c.Parameters) != 1 || c.Parameters[0].Kind != ParameterTapTarget || c.Parameters[0].TapTarget == nil {
			return []Problem{{Field: "tap_target_configuration", Rule: RuleRequired}}
		}
		return under("tap_target_configuration.", c.Parameters[0].TapTarget.validateTapTarget())
	}
	return []Problem{{Field: "type", Rule: RuleUnknown, Detail: "is not a part of a template"}}
}

// Heads reports whether a parameter that is not text can stand in a header.
func (k ParameterKind) Heads() bool {
	switch k {
	case ParameterImage, ParameterVideo, ParameterDocument, ParameterLocation, ParameterProduct:
		return true
	case ParameterText, ParameterCurrency, ParameterDateTime, ParameterPayload, ParameterCouponCode, ParameterAction,
		ParameterOffer, ParameterOrderStatus, ParameterGroupID, ParameterMinutes, ParameterTapTarget:
	}
	return false
}

// fillsText reports whether a parameter can stand for a variable of a text.
func (k ParameterKind) fillsText() bool {
	return k == ParameterText || k == ParameterCurrency || k == ParameterDateTime || k == ParameterGroupID
}

func parameter(field, detail string) []Problem {
	return []Problem{{Field: field, Rule: RuleTemplateParameter, Detail: detail}}
}

// validateParameters checks what stands in a header or a body. top leads the
// fields of what is no text.
func validateParameters(top string, list []Parameter, texts *int) []Problem {
	var ps []Problem
	for _, p := range list {
		switch p.Kind {
		case ParameterImage, ParameterVideo, ParameterDocument:
			ps = append(ps, attached(top, valueOf(p.Media), MediaKind(p.Kind))...)
		case ParameterLocation:
			if p.Location == nil {
				return append(ps, Problem{Field: top + "location", Rule: RuleRequired})
			}
			ps = append(ps, under(top, p.Location.Validate())...)
		case ParameterProduct:
			ps = append(ps, under(top, valueOf(p.Product).validate())...)
		case ParameterCurrency:
			ps = append(ps, attribute(*texts, valueOf(p.Currency).Fallback)...)
			ps = append(ps, currency(fmt.Sprintf("attributes[%d].code", *texts), valueOf(p.Currency).Code)...)
			*texts++
		case ParameterText, ParameterDateTime, ParameterGroupID:
			ps = append(ps, attribute(*texts, p.Text)...)
			if p.Kind == ParameterText {
				ps = append(ps, oneLine(*texts, p.Text)...)
			}
			ps = append(ps, text(fmt.Sprintf("attributes[%d].parameter_name", *texts), p.Name, MaxPartLength)...)
			*texts++
		case ParameterPayload, ParameterCouponCode, ParameterAction, ParameterOffer, ParameterOrderStatus, ParameterMinutes,
			ParameterTapTarget:
			// The caller has looked.
		}
	}
	return ps
}

// attribute checks one text. An empty one is refused by Meta, after the message
// was taken.
func attribute(i int, v string) []Problem {
	field := fmt.Sprintf("attributes[%d]", i)
	if v == "" {
		return parameter(field, "cannot be empty")
	}
	return text(field, v, MaxTemplateTexts)
}

// oneLine checks what Meta refuses in a text of any template, after the message
// was taken: line breaks, tabs and wide gaps (code 132007).
func oneLine(i int, v string) []Problem {
	if !strings.ContainsAny(v, "\n\r\t") && !strings.Contains(v, strings.Repeat(" ", maxSpaces+1)) {
		return nil
	}
	return parameter(fmt.Sprintf("attributes[%d]", i), "cannot have line breaks, tabs or more than four spaces in a row")
}

func (c Component) validateButton() []Problem {
	var ps []Problem
	if c.Index < 0 || c.Index >= MaxTemplateButtons {
		ps = append(ps, malformed("index", "can only be 0 to 9")...)
	}
	if c.Button.parameter() == "" {
		return append(ps, Problem{Field: "sub_type", Rule: RuleUnknown, Detail: "is not a kind of button that takes a value"})
	}
	if c.Button == ButtonVoiceCall {
		return append(ps, validateCall(c.Parameters)...)
	}
	if len(c.Parameters) != 1 {
		return append(ps, parameter("payload", "must be one value")...)
	}
	p := c.Parameters[0]
	if p.Kind != c.Button.parameter() {
		return append(ps, malformed("sub_type", "does not go with the type of its parameter")...)
	}
	switch c.Button {
	case ButtonURL:
		ps = append(ps, payload(p.Text, MaxURLParameter)...)
	case ButtonQuickReply:
		ps = append(ps, payload(p.Text, MaxPartLength)...)
	case ButtonCopyCode:
		ps = append(ps, payload(p.Text, MaxCouponCode)...)
	case ButtonFlow, ButtonCatalog:
		ps = append(ps, valueOf(p.Action).validate()...)
	case ButtonProducts:
		ps = append(ps, needed("thumbnail_product_retailer_id", valueOf(p.Action).Thumbnail, MaxPartLength)...)
		ps = append(ps, validateProducts(valueOf(p.Action).Sections)...)
	case ButtonOrderDetails:
		ps = append(ps, valueOf(p.Order).Validate()...)
	case ButtonVoiceCall:
		// It has been looked at.
	}
	return ps
}

// validateCall checks what a call button takes: minutes, a payload, or both.
func validateCall(list []Parameter) []Problem {
	var ps []Problem
	kinds := make([]string, len(list))
	for i, p := range list {
		kinds[i] = string(p.Kind)
		switch p.Kind { //nolint:exhaustive // a call button takes no others
		case ParameterMinutes:
			ps = append(ps, between("ttl_minutes", p.Minutes, MaxCallMinutes)...)
		case ParameterPayload:
			ps = append(ps, payload(p.Text, MaxCallPayload)...)
		default:
			ps = append(ps, malformed("sub_type", "does not go with the type of its parameter")...)
		}
	}
	if len(list) == 0 {
		ps = parameter("payload", "is needed, or ttl_minutes")
	}
	return append(ps, repeats(kinds, func(int) string { return "parameters" })...)
}

// validateTapTarget checks what a tap opens. Of its title Meta names no limit.
func (b LinkButton) validateTapTarget() []Problem {
	ps := needed("title", b.Label, MaxPartLength)
	if b.URL == "" {
		return append(ps, Problem{Field: "url", Rule: RuleRequired})
	}
	return append(ps, link("url", b.URL)...)
}

// parameter is the kind of parameter that a button takes.
func (k ButtonKind) parameter() ParameterKind {
	switch k {
	case ButtonURL:
		return ParameterText
	case ButtonQuickReply:
		return ParameterPayload
	case ButtonCopyCode:
		return ParameterCouponCode
	case ButtonFlow, ButtonCatalog, ButtonProducts, ButtonOrderDetails:
		return ParameterAction
	case ButtonVoiceCall:
		return ParameterMinutes // and a payload
	}
	return ""
}

func payload(v string, limit int) []Problem {
	if v == "" {
		return parameter("payload", "cannot be empty")
	}
	return text("payload", v, limit)
}

func (a ButtonAction) validate() []Problem {
	ps := parts("flow_token", a.FlowToken, "thumbnail_product_retailer_id", a.Thumbnail)
	return append(ps, jsonOf("flow_action_data", a.FlowData, '{')...)
}
