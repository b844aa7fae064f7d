package failure

import (
	"cmp"
	"net/http"

	"github.com/waypost/waypost/internal/wa"
)

// The vendor's codes and texts for a message, as its error page has them. The
// vendor docs name no text for a body that cannot be read at all: a missing
// part is 8001, anything that does not hold is 8006.
const (
	CodeMissing           = "8001"
	CodeConsent           = "8002"
	CodeClient            = "8004"
	CodeTechnical         = "8005"
	CodeInvalid           = "8006"
	CodeWindow            = "8007"
	CodeBadMedia          = "8008"
	CodeTemplate          = "8009"
	CodeTemplateParameter = "8010"
	CodeTemplateLanguage  = "8011"
	CodePlatform          = "8015"

	textMissing   = "Required parameter is missing"
	textTechnical = "Technical error occurred"
	textWindow    = "Failed to send message because you are outside the support window for freeform messages to this user. " +
		"Please use a valid template or reconsider"
	textBadMedia = "Invalid Media id or bad media"
)

// Code is one of the vendor's codes with all that is known of it. The
// table in codes is where docs/errors.md comes from.
type Code struct {
	// Code is as it stands in error.code and at the beginning of
	// status_remark.
	Code string `json:"code"`
	// Text is the vendor's own; "" for a code that stands for many texts, which
	// are in Texts.
	Text string `json:"text,omitempty"`
	// AtOnce: it answers the request. ByStatus: it comes in the status_remark of
	// a failed status, after the request was accepted.
	AtOnce   bool `json:"at_once"`
	ByStatus bool `json:"by_status"`
	// Meaning and Remedy are sentences for people.
	Meaning string     `json:"meaning"`
	Remedy  string     `json:"remedy"`
	Texts   []CodeText `json:"texts,omitempty"`
}

// CodeText is one of the texts of a code, as it is answered at once.
type CodeText struct {
	// Field and Rule say what was wrong; "" is any field. The text may name
	// {field}, {limit}, {found} and {detail}.
	Field  string `json:"field,omitempty"`
	Rule   string `json:"rule,omitempty"`
	Text   string `json:"text"`
	Remedy string `json:"remedy"`
	// HTTP is the HTTP status.
	HTTP int `json:"http"`
}

// codes is the table of the vendor's codes, in their order.
func codes() []Code {
	return []Code{
		{
			Code: CodeMissing, Text: textMissing, AtOnce: true,
			Meaning: "A part of the request that is always needed is not there. The fields are named after the text.",
			Remedy:  "Send the fields that are named.",
		},
		{
			Code: CodeConsent, Text: "Phone number is not opted in", AtOnce: true, ByStatus: true,
			Meaning: "The person has not agreed to be written to, has opted out, or is on the blocklist. It is checked when the message " +
				"comes in and again before it is sent.",
			Remedy: "Record the opt-in with POST /api/v2/consent/manage/ (for the blocklist: whitelist with /api/v2/consent/blocklist), " +
				"or wait until the person writes. A source with skip_optin does not ask for an opt-in.",
		},
		{
			Code: "8003", Text: "WhatsApp contact does not exist", ByStatus: true,
			Meaning: "WhatsApp cannot deliver to this number: nobody has it there, the app is too old, or its terms were not accepted.",
			Remedy:  "Check the number and its country code. Do not send to it again.",
		},
		{
			Code: CodeClient, Text: "Client details not found", AtOnce: true, ByStatus: true,
			Meaning: "The account has no source to send from, or the source was deleted while the message waited.",
			Remedy:  "Create a source with POST /api/v2/source/ and send again.",
		},
		{
			Code: CodeTechnical, Text: textTechnical, AtOnce: true,
			Meaning: "The gateway could not do it now: HTTP 503 with Retry-After if it is worth trying again, 500 if a person has to look " +
				"at its log. For an opt-in: it was recorded before.",
			Remedy: "Repeat the request after the time in Retry-After. Nothing was accepted, unless the connection broke before the answer.",
		},
		{
			Code: CodeInvalid, AtOnce: true,
			Meaning: "A value does not hold, or the request is not one that the gateway knows. The text names the field, the limit and what was found.",
			Remedy:  "Mend the value that the text names; nothing was accepted.",
		},
		{
			Code: CodeWindow, Text: textWindow, AtOnce: true, ByStatus: true,
			Meaning: "More than 24 hours have passed since the person last wrote to the number, so WhatsApp takes templates only.",
			Remedy:  "Send a template, or wait until the person writes.",
		},
		{
			Code: CodeBadMedia, Text: textBadMedia, AtOnce: true, ByStatus: true,
			Meaning: "The media is not one of this account's, is not of a type or size that WhatsApp takes, or could not be fetched from its address.",
			Remedy:  "Upload the file with POST /api/v2/media/upload/ and use the mediaId of the answer.",
		},
		{
			Code: CodeTemplate, Text: "Invalid Template", AtOnce: true, ByStatus: true,
			Meaning: "The template does not exist, or Meta has not approved it, has paused or disabled it.",
			Remedy:  "Look at GET /api/v3/metainfo/template/status?templatename=…; send another template, or wait for the approval.",
		},
		{
			Code: CodeTemplateParameter, Text: "Invalid Template parameter", AtOnce: true, ByStatus: true,
			Meaning: "The values do not fit the template: their number, a media in the header, a button's variable.",
			Remedy:  "Compare with GET /api/v3/metainfo/template/preview?templatename=…; one attribute for each variable, in order.",
		},
		{
			Code: CodeTemplateLanguage, Text: "Invalid Template language", AtOnce: true,
			Meaning: "The template exists, but not in this language. Of a template that is not known here, Meta tells no difference: 8009.",
			Remedy:  "Use a locale that the template has, or the policy fallback.",
		},
		{
			Code: "8012", Text: "WhatsApp Docker Error", AtOnce: true, ByStatus: true,
			Meaning: "WhatsApp refused the message, or at once a call about templates or numbers. The text has Meta's code and title; " +
				"see Meta's codes below.",
			Remedy: "Act on Meta's code.",
		},
		{
			Code: CodePlatform, Text: "Platform Error", AtOnce: true, ByStatus: true,
			Meaning: "The number, its token or the account at Meta has a fault that a person has to mend.",
			Remedy:  "Look at the gateway's log for the number; act on Meta's code.",
		},
	}
}

// Text is what the vendor's error page says to a code; "" for a code
// that is not on it, or stands for many texts.
func Text(code string) string {
	for _, c := range codes() {
		if c.Code == code {
			return c.Text
		}
	}
	return ""
}

// Codes returns the table, each code with the texts that a rule leads to.
func Codes() []Code {
	all := codes()
	for i := range all {
		for _, r := range rows() {
			if r.code == all[i].Code {
				all[i].Texts = append(all[i].Texts, CodeText{
					Field: r.field, Rule: string(r.rule), Text: r.text, Remedy: cmp.Or(remedyOf(r.rule), all[i].Remedy), HTTP: http.StatusOK,
				})
			}
		}
	}
	return all
}

// remedyOf says what to do about a broken rule.
func remedyOf(rule wa.Rule) string {
	return map[wa.Rule]string{
		wa.RuleRequired:  "Send the field with a value.",
		wa.RuleTooShort:  "Send a longer value.",
		wa.RuleTooLong:   "Shorten the value; characters are counted, not bytes.",
		wa.RuleTooMany:   "Send fewer elements, or several requests.",
		wa.RuleNotDigits: "Send digits only, with the country code.",
		wa.RuleUnknown:   "Send one of the values that there are.",
		wa.RuleMalformed: "Send the value in the form that the text asks for.",
		wa.RuleWindow:    "Send a template, or wait until the person writes.",
		wa.RuleConsent:   "Record the person's opt-in, or wait until the person writes.",
		wa.RuleBadMedia:  "Upload the file and use the mediaId of the answer.",
	}[rule]
}
