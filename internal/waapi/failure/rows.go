package failure

import (
	"strconv"
	"strings"

	"github.com/waypost/waypost/internal/wa"
)

// row maps what is wrong with a value to what the vendor says about it.
type row struct {
	// field is a field of our nouns; "" means any.
	field string
	rule  wa.Rule
	code  string
	// text may name {field}, {limit}, {found} and {detail}.
	text string
}

// rows is the table; the first row that fits is the answer. Texts that the
// vendor's error page has are verbatim.
func rows() []row {
	return []row{
		{"message_type", wa.RuleRequired, CodeInvalid, "message_type cannot be null or blank"},
		// More types are taken than the vendor's text names, as by the vendor.
		{"message_type", wa.RuleUnknown, CodeInvalid, "message_type can only be text/media/template/location."},
		{"recipient", wa.RuleRequired, CodeInvalid, "recipient_whatsapp cannot be null or blank"},
		{"recipient", wa.RuleTooShort, CodeInvalid, "recipient_whatsapp cannot be less than {limit} digits"},
		{"recipient", wa.RuleTooLong, CodeInvalid, "recipient_whatsapp cannot be greater than {limit} digits"},
		{"recipient", wa.RuleNotDigits, CodeInvalid, "Invalid value in recipient_whatsapp parameter. Only numbers are allowed"},
		// The vendor's text ends after "individual"; its send pages allow group.
		{"recipient_type", wa.RuleUnknown, CodeInvalid, "recipient_type can only be individual or group"},
		{"source", wa.RuleRequired, CodeInvalid, "source cannot be null or blank"},
		{"source", wa.RuleUnknown, CodeInvalid, "source does not exist"},
		// The vendor docs' sample failure is " type is required."; ours names the field.
		{"attachment_type", wa.RuleRequired, CodeInvalid, "attachment_type is required."},
		{"attachment_type", wa.RuleUnknown, CodeInvalid, "attachment_type can only be image, video, audio, document or sticker"},
		// The same vendor text, with the words that a webhook's type has.
		{"webhook_type", wa.RuleRequired, CodeInvalid, "type is required."},
		{"webhook_type", wa.RuleUnknown, CodeInvalid, "type is invalid. type must be incoming/event."},
		// The consent API. In its samples two of the texts begin with a space, in its
		// table none does; the table is the contract.
		{"consent.type", wa.RuleRequired, CodeInvalid, "type is required."},
		{"consent.type", wa.RuleUnknown, CodeInvalid, "type is invalid. type must be {detail}."},
		{"consent.recipients", wa.RuleRequired, CodeInvalid, "recipients is required."},
		// The vendor has no text for one that is missing.
		{"consent.recipient", wa.RuleRequired, CodeInvalid, "recipient is required."},
		{"consent.recipient", wa.RuleNotDigits, CodeInvalid, "Invalid recipient. Only numeric values allowed."},
		{"consent.recipient", wa.RuleTooShort, CodeInvalid, "recipient value cannot be less than {limit} digits."},
		{"consent.recipient", wa.RuleTooLong, CodeInvalid, "recipient value cannot be greater than {limit} digits."},
		{"consent.source", wa.RuleRequired, CodeInvalid, "source cannot be empty."},
		{"consent.source", wa.RuleTooLong, CodeInvalid, "source value cannot be greater than {limit} characters."},
		{"consent.source", wa.RuleMalformed, CodeInvalid, "source {detail}"},
		{"phone_number", wa.RuleTooShort, CodeInvalid, "{field} cannot be less than {limit} digits"},
		{"phone_number", wa.RuleTooLong, CodeInvalid, "{field} cannot be greater than {limit} digits"},
		{"display_phone_number", wa.RuleTooShort, CodeInvalid, "{field} cannot be less than {limit} digits (found {found})"},
		{"display_phone_number", wa.RuleTooLong, CodeInvalid, "{field} cannot be greater than {limit} digits (found {found})"},

		{"file", wa.RuleBadMedia, CodeBadMedia, textBadMedia + ": {detail}"},
		{"", wa.RuleBadMedia, CodeBadMedia, textBadMedia},
		{"", wa.RuleWindow, CodeWindow, textWindow},
		{"", wa.RuleConsent, CodeConsent, Text(CodeConsent)},
		{"template.status", wa.RuleTemplate, CodeTemplate, Text(CodeTemplate) + ": its status is {detail}"},
		{"", wa.RuleTemplate, CodeTemplate, Text(CodeTemplate)},
		{"", wa.RuleTemplateParameter, CodeTemplateParameter, Text(CodeTemplateParameter) + ": {field} {detail}"},
		{"", wa.RuleLanguage, CodeTemplateLanguage, Text(CodeTemplateLanguage)},
		{"", wa.RuleRequired, CodeMissing, textMissing + ": {field}"},
		{"", wa.RuleTooShort, CodeInvalid, "{field} cannot be shorter than {limit} characters (found {found})"},
		{"", wa.RuleTooLong, CodeInvalid, "{field} cannot be longer than {limit} characters (found {found})"},
		{"", wa.RuleTooMany, CodeInvalid, "{field} has {found} elements, the limit is {limit}"},
		{"", wa.RuleNotDigits, CodeInvalid, "Invalid value in {field} parameter. Only numbers are allowed"},
		{"", wa.RuleMalformed, CodeInvalid, "{field} {detail}"},
		{"", wa.RuleUnknown, CodeInvalid, "{field} {detail}"},
	}
}

func (r row) say(p wa.Problem) string {
	return strings.NewReplacer(
		"{field}", p.Field, "{limit}", strconv.Itoa(p.Limit), "{found}", strconv.Itoa(p.Found), "{detail}", p.Detail,
	).Replace(r.text)
}

// rowOf returns the first row that fits.
func rowOf(p wa.Problem) (row, bool) {
	for _, r := range rows() {
		if r.rule == p.Rule && (r.field == p.Field || r.field == "") {
			return r, true
		}
	}
	return row{}, false
}
