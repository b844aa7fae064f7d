package waapi

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/waypost/waypost/internal/wa"
)

// failure is an error as a client sees it. By the vendor's ways a request that
// is understood and refused is HTTP 200; other statuses are for what never
// reached the API.
type failure struct {
	status  int
	code    string
	message string
	// err is the cause, for the log only.
	err error
}

// Error implements the error interface.
func (f *failure) Error() string { return f.code + " " + f.message }

// Unwrap returns the cause.
func (f *failure) Unwrap() error { return f.err }

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
		{"message_type", wa.RuleRequired, codeInvalid, "message_type cannot be null or blank"},
		// More types are taken than the vendor's text names, as by the vendor.
		{"message_type", wa.RuleUnknown, codeInvalid, "message_type can only be text/media/template/location."},
		{"recipient", wa.RuleRequired, codeInvalid, "recipient_whatsapp cannot be null or blank"},
		{"recipient", wa.RuleTooShort, codeInvalid, "recipient_whatsapp cannot be less than {limit} digits"},
		{"recipient", wa.RuleTooLong, codeInvalid, "recipient_whatsapp cannot be greater than {limit} digits"},
		{"recipient", wa.RuleNotDigits, codeInvalid, "Invalid value in recipient_whatsapp parameter. Only numbers are allowed"},
		// The vendor's text ends after "individual"; its send pages allow group.
		{"recipient_type", wa.RuleUnknown, codeInvalid, "recipient_type can only be individual or group"},
		{"source", wa.RuleRequired, codeInvalid, "source cannot be null or blank"},
		{"source", wa.RuleUnknown, codeInvalid, "source does not exist"},
		// The vendor docs' sample failure is " type is required."; ours names the field.
		{"attachment_type", wa.RuleRequired, codeInvalid, "attachment_type is required."},
		{"attachment_type", wa.RuleUnknown, codeInvalid, "attachment_type can only be image, video, audio, document or sticker"},
		// The same vendor text, with the words that a webhook's type has.
		{"webhook_type", wa.RuleRequired, codeInvalid, "type is required."},
		{"webhook_type", wa.RuleUnknown, codeInvalid, "type is invalid. type must be incoming/event."},
		// The consent API. In its samples two of the texts begin with a space, in its
		// table none does; the table is the contract.
		{"consent.type", wa.RuleRequired, codeInvalid, "type is required."},
		{"consent.type", wa.RuleUnknown, codeInvalid, "type is invalid. type must be {detail}."},
		{"consent.recipients", wa.RuleRequired, codeInvalid, "recipients is required."},
		// The vendor has no text for one that is missing.
		{"consent.recipient", wa.RuleRequired, codeInvalid, "recipient is required."},
		{"consent.recipient", wa.RuleNotDigits, codeInvalid, "Invalid recipient. Only numeric values allowed."},
		{"consent.recipient", wa.RuleTooShort, codeInvalid, "recipient value cannot be less than {limit} digits."},
		{"consent.recipient", wa.RuleTooLong, codeInvalid, "recipient value cannot be greater than {limit} digits."},
		{"consent.source", wa.RuleRequired, codeInvalid, "source cannot be empty."},
		{"consent.source", wa.RuleTooLong, codeInvalid, "source value cannot be greater than {limit} characters."},
		{"consent.source", wa.RuleMalformed, codeInvalid, "source {detail}"},
		{"phone_number", wa.RuleTooShort, codeInvalid, "{field} cannot be less than {limit} digits"},
		{"phone_number", wa.RuleTooLong, codeInvalid, "{field} cannot be greater than {limit} digits"},
		{"display_phone_number", wa.RuleTooShort, codeInvalid, "{field} cannot be less than {limit} digits (found {found})"},
		{"display_phone_number", wa.RuleTooLong, codeInvalid, "{field} cannot be greater than {limit} digits (found {found})"},

		{"file", wa.RuleBadMedia, codeBadMedia, textBadMedia + ": {detail}"},
		{"", wa.RuleBadMedia, codeBadMedia, textBadMedia},
		{"", wa.RuleWindow, codeWindow, textWindow},
		{"", wa.RuleConsent, codeConsent, vendorText(codeConsent)},
		{"", wa.RuleTemplateParameter, codeTemplateParameter, vendorText(codeTemplateParameter) + ": {field} {detail}"},
		{"", wa.RuleLanguage, codeTemplateLanguage, vendorText(codeTemplateLanguage)},
		{"", wa.RuleRequired, codeMissing, textMissing + ": {field}"},
		{"", wa.RuleTooShort, codeInvalid, "{field} cannot be shorter than {limit} characters (found {found})"},
		{"", wa.RuleTooLong, codeInvalid, "{field} cannot be longer than {limit} characters (found {found})"},
		{"", wa.RuleTooMany, codeInvalid, "{field} has {found} elements, the limit is {limit}"},
		{"", wa.RuleNotDigits, codeInvalid, "Invalid value in {field} parameter. Only numbers are allowed"},
		{"", wa.RuleMalformed, codeInvalid, "{field} {detail}"},
		{"", wa.RuleUnknown, codeInvalid, "{field} {detail}"},
	}
}

// Failures of whole requests.
var (
	errNoPath      error = &failure{status: http.StatusNotFound, code: codeInvalid, message: "No such path"}
	errNotProvided error = &failure{status: http.StatusNotFound, code: codeInvalid, message: "Not provided by this gateway"}
	errNoMethod    error = &failure{status: http.StatusMethodNotAllowed, code: codeInvalid, message: "Method not allowed"}
	errNoTunnel    error = &failure{status: http.StatusMethodNotAllowed, code: codeInvalid, message: "Method not allowed: this is no proxy for https, use an http address"}
	errNoMedia     error = &failure{status: http.StatusNotFound, code: codeBadMedia, message: textBadMedia}
	errNoSource    error = &failure{status: http.StatusNotFound, code: codeInvalid, message: "source does not exist"}
	errTooLarge    error = &failure{status: http.StatusRequestEntityTooLarge, code: codeInvalid, message: "Request body is too large"}
	errEncoded     error = &failure{status: http.StatusUnsupportedMediaType, code: codeInvalid, message: "Content-Encoding is not supported"}
	errTimeout     error = &failure{status: http.StatusRequestTimeout, code: codeInvalid, message: "Request body did not arrive in time"}
	errCut         error = &failure{status: http.StatusBadRequest, code: codeInvalid, message: "Request body is incomplete"}
	errNotJSON     error = &failure{status: http.StatusOK, code: codeInvalid, message: "Request body is not valid JSON"}
	errNotUTF8     error = &failure{status: http.StatusOK, code: codeInvalid, message: "Request body is not valid UTF-8"}
	errTooDeep     error = &failure{status: http.StatusOK, code: codeInvalid, message: "Request body is nested deeper than " + strconv.Itoa(maxDepth) + " levels"}
	errNotObject   error = &failure{status: http.StatusOK, code: codeInvalid, message: "Request body must be a JSON object"}
	errNotForm     error = &failure{status: http.StatusOK, code: codeInvalid, message: "Request body must be multipart/form-data"}
	errNoClient    error = &failure{status: http.StatusOK, code: codeClient, message: vendorText(codeClient)}
	errSourceTaken error = &failure{status: http.StatusOK, code: codeInvalid, message: "source id already exists"}
	errForbidden   error = &failure{status: http.StatusForbidden, code: "403", message: "Access Denied"}
)

// refuse returns the failure for one problem.
func refuse(p wa.Problem) error {
	for _, r := range rows() {
		if r.rule == p.Rule && (r.field == p.Field || r.field == "") {
			return &failure{status: http.StatusOK, code: r.code, message: r.say(p)}
		}
	}
	return fmt.Errorf("no row for rule %s of %s", p.Rule, p.Field)
}

func (r row) say(p wa.Problem) string {
	return strings.NewReplacer(
		"{field}", p.Field, "{limit}", strconv.Itoa(p.Limit), "{found}", strconv.Itoa(p.Found), "{detail}", p.Detail,
	).Replace(r.text)
}

// refuseAll returns one failure for all problems of a request, nil if there
// are none. What is missing is named together, before what does not hold.
func refuseAll(ps []wa.Problem) error {
	var missing, texts []string
	var code string
	for _, p := range ps {
		if p.Rule == wa.RuleRequired {
			missing = append(missing, p.Field)
			continue
		}
		f := asFailure(refuse(p))
		code = f.code
		texts = append(texts, f.message)
	}
	switch {
	case missing != nil:
		return refuse(wa.Problem{Field: strings.Join(missing, ", "), Rule: wa.RuleRequired})
	case texts != nil:
		return &failure{status: http.StatusOK, code: code, message: strings.Join(texts, "; ")}
	}
	return nil
}

// inElement says which of several elements a failure is about.
func inElement(i, of int, err error) error {
	f, ok := errors.AsType[*failure](err)
	if !ok || of < 2 {
		return err
	}
	return &failure{status: f.status, code: f.code, message: fmt.Sprintf("message[%d]: %s", i, f.message), err: f.err}
}

// asFailure returns what a client is told of an error. Of anything that is not
// a failure of ours it learns nothing but whether to come again.
func asFailure(err error) *failure {
	if f, ok := errors.AsType[*failure](err); ok {
		return f
	}
	status := http.StatusInternalServerError
	if wa.CodeOf(err) == wa.CodeUnavailable {
		status = http.StatusServiceUnavailable
	}
	return &failure{status: status, code: codeTechnical, message: textTechnical, err: err}
}
