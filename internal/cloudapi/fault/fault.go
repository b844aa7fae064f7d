// Package fault owns Meta's error codes: one table that says of each code what it
// means for a message, which code of the WaAPI stands for it, and what a person can
// do.
//
// It never calls Meta and never waits. It stands under the client (cloudapi), which
// meets the codes in answers, and under callback, which meets them in statuses.
package fault

import (
	"net/http"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/waypost/waypost/internal/wa"
)

// rule says what a code of Meta's means for a message.
type rule struct {
	kind wa.OutcomeKind
	wait Delay
	// tries is with how many answers of this kind a message is refused; 0 for no
	// limit. Who sends the message counts them.
	tries int
	// fault marks Meta's own failures: with a 5xx the message may have been
	// taken all the same. Every other code is a refusal with any status.
	fault bool
	// vendor is the WaAPI's code.
	vendor string
	// remedy is what a person can do.
	remedy string
	// page is where Meta tells of it.
	page string
}

// Delay grows by factor from attempt to attempt, up to most.
type Delay struct {
	first  time.Duration
	factor int
	most   time.Duration
}

// After returns the wait after the attempt-th attempt, from 1.
func (d Delay) After(attempt int) time.Duration {
	w := d.first
	for range attempt - 1 {
		if w *= time.Duration(d.factor); w >= d.most {
			return d.most
		}
	}
	return w
}

// The WaAPI's codes. It has one for what WhatsApp refused (8012) and one for
// the platform's own troubles (8015): a wrong token or a locked account is the
// platform's, a message that Meta does not take is WhatsApp's.
const (
	VendorNoContact    = "8003" // WhatsApp contact does not exist
	VendorWindow       = "8007" // outside the support window
	VendorMedia        = "8008" // invalid media id or bad media
	VendorTemplate     = "8009" // invalid template
	VendorTemplateData = "8010" // invalid template parameter
	VendorWhatsApp     = "8012" // WhatsApp error
	VendorPlatform     = "8015" // platform error
)

// Meta's pages, all below
// https://developers.facebook.com/documentation/business-messaging/whatsapp
// and read 2026-09.
const (
	docs           = "https://developers.facebook.com/documentation/business-messaging/whatsapp"
	pageErrors     = docs + "/support/error-codes (read 2026-09)"
	pageGroups     = docs + "/groups/error-codes (read 2026-09)"
	pageThroughput = docs + "/throughput (read 2026-09)"
	pagePlatform   = docs + "/about-the-platform (read 2026-09)"
	pageUserIDs    = docs + "/business-scoped-user-ids (read 2026-09)"
	pageIdentity   = docs + "/identity-change (read 2026-09)"
	pageNoStorage  = docs + "/no-storage (read 2026-09)"
)

// Codes that are named in the code.
const (
	CodeInvalidParameter = 100
	CodeParameterValue   = 131009
	CodeMediaDownload    = 131052
	CodeMediaUpload      = 131053
	CodeNoSuchObject     = 33
	CodePermission       = 200 // to 299
)

const (
	// MendWait is how often it is looked whether a person has mended it.
	MendWait = 60 * time.Second
	// FaultTries bounds code 1, which is as often a bad request as a fault of
	// Meta's.
	FaultTries = 5
	// MediaTries bounds how often a media is fetched or uploaded for one message:
	// after that the media itself is what Meta does not like.
	MediaTries = 3
)

// codes is the table of Meta's codes. Missing are those that neither a send, a
// media call nor a failed status can meet: calling, registration, flows,
// management.
var codes = map[int]rule{ //nolint:gochecknoglobals // a table that nothing writes
	// Authorization. Nothing of the number works until a person has acted.
	0:  stop("Meta could not authenticate the app: store a new access token"),
	3:  stop("the app lacks a capability or permission: check it in the App Dashboard"),
	10: stop("the token lacks a permission: grant whatsapp_business_messaging"),
	CodeNoSuchObject: stop(
		"the phone number does not exist or the token may not use it: check phone_number_id and token"),
	190:            stop("the access token expired or was revoked: store a new one"),
	CodePermission: stop("the token lacks a permission: grant whatsapp_business_messaging"),
	131005:         stop("access denied: check the permissions of the token"),

	// The account and the number.
	368:    stop("the account is blocked for a policy violation: see the Business Support Home"),
	131031: stop("the account is locked or restricted: see the Business Support Home"),
	131037: stop("the display name of the number needs approval"),
	131042: stop("there is a problem with the payment method: check the billing settings"),
	131045: stop("the number has a certificate fault: register it again"),
	133006: stop("the number must be verified again before it is registered"),
	133010: stop("the number is not registered: register it on the Cloud API"),
	// Of one recipient, not of the number: nothing else has to stop.
	131030: refused(VendorWhatsApp, pageErrors, "the recipient is not on the allow list of the test number"),
	130497: refused(VendorWhatsApp, pageErrors, "the account may not message people of the recipient's country"),

	// Limits.
	4:     later(Delay{time.Minute, 2, time.Hour}, pageErrors, "the app made too many calls"),
	80007: later(Delay{time.Minute, 2, time.Hour}, pageErrors, "the account made too many calls"),
	80008: later(Delay{time.Minute, 2, time.Hour}, pageErrors, "the account made too many calls about templates"),
	130429: later(Delay{5 * time.Second, 2, 5 * time.Minute}, pageThroughput,
		"the number sends faster than its throughput allows"),
	// Meta asks for 4^X seconds.
	131056: later(Delay{4 * time.Second, 4, time.Hour}, pagePlatform, "too many messages to the same person"),
	131048: later(Delay{15 * time.Minute, 2, 24 * time.Hour}, pageErrors,
		"the number is restricted because messages were reported: check its quality"),
	131049: later(Delay{24 * time.Hour, 2, 96 * time.Hour}, pageErrors,
		"withheld to keep a healthy ecosystem: do not send again within a day"),
	131064: later(Delay{time.Hour, 2, 24 * time.Hour}, pageErrors,
		"limited because of violations in the classification of templates"),
	131208: later(Delay{5 * time.Second, 2, 5 * time.Minute}, pageGroups, "too many operations on groups"),
	132069: later(Delay{time.Hour, 2, 24 * time.Hour}, pageErrors, "the flow is throttled"),

	// Meta's own failures.
	1:      fault(FaultTries, "unknown to Meta's own error table: check the request, else wait"),
	2:      fault(0, "the API is down or overloaded"),
	131000: fault(0, "Meta failed for a reason it does not tell"),
	131016: fault(0, "a service of Meta's is unavailable"),
	133004: fault(0, "a server of Meta's is unavailable"),
	// Surely refused: a number in maintenance takes nothing. It lasts a minute.
	131057:  later(Delay{20 * time.Second, 2, 5 * time.Minute}, pageThroughput, "the account is in maintenance"),
	2494100: later(Delay{time.Minute, 2, 10 * time.Minute}, pageErrors, "the number is in maintenance"),

	// The recipient.
	131021: refused(VendorWhatsApp, pageErrors, "the recipient is the sender"),
	131026: refused(VendorNoContact, pageErrors,
		"undeliverable: the recipient is not on WhatsApp, has an old app or has not accepted the terms"),
	1026:   refused(VendorWhatsApp, pageErrors, "the recipient's app cannot show this type of message"),
	130472: refused(VendorWhatsApp, pageErrors, "the recipient is part of an experiment of Meta's; it will not arrive"),
	131036: refused(VendorWhatsApp, pageNoStorage, "Meta no longer had the message for one of the recipient's devices"),
	131047: refused(VendorWindow, pageErrors,
		"more than 24 hours since the recipient's last message: send a template"),
	131050: refused(VendorWhatsApp, pageErrors, "the recipient has stopped marketing messages of this business"),
	131062: refused(VendorWhatsApp, pageUserIDs, "this message needs a phone number, not a user id"),
	137000: refused(VendorWhatsApp, pageIdentity, "the recipient's identity changed: confirm it, then send again"),

	// Groups.
	131020: refused(VendorWhatsApp, pageGroups, "the group has no other member"),
	131041: refused(VendorWhatsApp, pageGroups, "there is no such group"),
	131207: refused(VendorWhatsApp, pageGroups, "the group is suspended"),
	131212: refused(VendorWhatsApp, pageGroups, "not a participant of the group"),
	131215: refused(VendorWhatsApp, pageGroups, "the number may not use groups"),

	// The message.
	CodeInvalidParameter: refused(VendorWhatsApp, pageErrors, "a parameter is invalid: compare it with Meta's documentation"),
	130501:               refused(VendorMedia, pageErrors, "this type of message is not supported"),
	131008:               refused(VendorWhatsApp, pageErrors, "a required parameter is missing"),
	CodeParameterValue:   refused(VendorWhatsApp, pageErrors, "the value of a parameter is not valid"),
	131051:               refused(VendorMedia, pageErrors, "this type of message is not supported"),
	131055:               refused(VendorWhatsApp, pageErrors, "this way of sending is not allowed for the message"),
	135000:               refused(VendorWhatsApp, pageErrors, "Meta refused the request without a reason: check its parameters"),
	CodeMediaDownload: again(MediaTries, VendorMedia,
		"Meta could not fetch the media: check the link, the type and the size"),
	CodeMediaUpload: again(MediaTries, VendorMedia,
		"Meta could not take the media: check the file's type, size and content"),

	// Templates.
	132000: refused(VendorTemplateData, pageErrors, "the number of parameters differs from the template's"),
	132001: refused(VendorTemplate, pageErrors, "no such template in this language, or it is not approved"),
	132005: refused(VendorTemplateData, pageErrors, "the text is too long with its parameters"),
	132007: refused(VendorTemplateData, pageErrors, "a parameter breaks the policy for characters"),
	132008: refused(VendorTemplateData, pageErrors, "a parameter is formatted wrongly"),
	132012: refused(VendorTemplateData, pageErrors, "a parameter does not have the format of the template's"),
	// A pause lasts three hours at least.
	132015: {
		kind: wa.OutcomeLater, wait: Delay{3 * time.Hour, 2, 24 * time.Hour}, vendor: VendorTemplate, page: pageErrors,
		remedy: "the template is paused for its quality",
	},
	132016: refused(VendorTemplate, pageErrors, "the template is disabled for its quality: make a new one"),
	132068: refused(VendorTemplate, pageErrors, "the flow of the template is blocked"),
	131063: refused(VendorTemplate, pageErrors, "marketing templates are switched off on the Cloud API"),
	134011: refused(VendorWhatsApp, pageErrors, "the terms of WhatsApp Payments are not accepted"),
}

func refused(vendor, page, remedy string) rule {
	return rule{kind: wa.OutcomeRejected, vendor: vendor, remedy: remedy, page: page}
}

func later(wait Delay, page, remedy string) rule {
	return rule{kind: wa.OutcomeLater, wait: wait, vendor: VendorWhatsApp, remedy: remedy, page: page}
}

func stop(remedy string) rule {
	return rule{kind: wa.OutcomeMisconfigured, vendor: VendorPlatform, remedy: remedy, page: pageErrors}
}

func fault(tries int, remedy string) rule {
	return rule{
		kind: wa.OutcomeLater, wait: Delay{5 * time.Second, 2, 5 * time.Minute}, tries: tries, fault: true,
		vendor: VendorWhatsApp, remedy: remedy, page: pageErrors,
	}
}

func again(tries int, vendor, remedy string) rule {
	return rule{
		kind: wa.OutcomeLater, wait: Delay{5 * time.Second, 4, time.Hour}, tries: tries,
		vendor: vendor, remedy: remedy, page: pageErrors,
	}
}

// ruleOf returns the rule of a code, and false with that of a plain refusal for
// a code that is not in the table.
func ruleOf(code int) (rule, bool) {
	if code >= CodePermission && code <= 299 {
		code = CodePermission
	}
	r, known := codes[code]
	if !known {
		r = refused(VendorWhatsApp, pageErrors, "")
	}
	return r, known
}

// Outcome says what the error means for the message of the given attempt.
// Unknown codes are refusals, unless Meta says that they pass.
func (e Error) Outcome(status, attempt int) wa.Outcome {
	r, known := ruleOf(e.Number())
	if e.MissingObject() {
		// The only object in the address of a call is the number, or the media
		// that the media calls look after themselves.
		r, known = ruleOf(CodeNoSuchObject)
	}
	if !known && e.Transient {
		r.kind, r.wait = wa.OutcomeLater, Unexplained()
	}
	o := wa.Outcome{Kind: r.kind, Failure: FailureOf(e.Number(), e.Title(), e.Details()), Trace: e.TraceID()}
	o.Failure.VendorCode = r.vendor
	switch {
	case status == http.StatusTooManyRequests:
		o.Kind = wa.OutcomeLater
		if r.wait.first == 0 {
			r.wait = Unexplained()
		}
	case status >= 500 && (r.fault || !known):
		o.Kind = wa.OutcomeUnknown
	default:
		o.Tries = r.tries
	}
	switch o.Kind {
	case wa.OutcomeLater:
		o.After = r.wait.After(attempt)
	case wa.OutcomeMisconfigured:
		o.After = MendWait
		o.Failure.Details = Clean(join(e.Details(), r.remedy))
	case wa.OutcomeSent, wa.OutcomeRejected, wa.OutcomeExpired, wa.OutcomeUnknown:
	}
	return o
}

// TraceID is Meta's name of the call, as Meta's support asks for it. It is letters
// and digits, or it is none.
func (e Error) TraceID() string {
	const longest = 64
	t := string(e.Trace)
	if len(t) > longest || strings.ContainsFunc(t, func(c rune) bool {
		return (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && c != '_' && c != '-'
	}) {
		return ""
	}
	return t
}

// Unsent is the wait after an attempt that never left.
func Unsent() Delay { return Delay{2 * time.Second, 2, time.Minute} }

// Unexplained is the wait where Meta gives no reason.
func Unexplained() Delay { return Delay{5 * time.Second, 2, 5 * time.Minute} }

// FailureOf is the failure for a code of Meta's, in an answer or in a status.
// Where Meta gives no details it has what can be done instead. Whatever could be
// a phone number, a token or somebody's link is taken out of Meta's words.
func FailureOf(code int, title, details string) wa.Failure {
	r, _ := ruleOf(code)
	if details == "" {
		details = r.remedy
	}
	return wa.Failure{Code: code, VendorCode: r.vendor, Title: Clean(title), Details: Clean(details)}
}

// Ours is a failure that no code of Meta's stands for.
func Ours(title, details string) wa.Failure {
	return wa.Failure{VendorCode: VendorPlatform, Title: title, Details: details}
}

// Misconfigured is the outcome for what a person has to mend.
func Misconfigured(f wa.Failure) wa.Outcome {
	return wa.Outcome{Kind: wa.OutcomeMisconfigured, After: MendWait, Failure: f}
}

func join(details, remedy string) string {
	if details == "" {
		return remedy
	}
	return details + "; " + remedy
}

// maxFailureText is in characters.
const maxFailureText = 500

// personal matches what must not be in a failure: links, long runs of letters
// and digits such as tokens and wamids, and phone numbers however they are
// written.
var personal = regexp.MustCompile(`[a-zA-Z][a-zA-Z0-9+.-]*://\S+|[\w|.~+/=-]{32,}|\+?\d[\d ().-]{5,}\d`)

// Clean makes a text of Meta's fit for logs and customers.
func Clean(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	s = personal.ReplaceAllStringFunc(s, mask)
	if utf8.RuneCountInString(s) > maxFailureText {
		s = string([]rune(s)[:maxFailureText])
	}
	return s
}

func mask(found string) string {
	switch {
	case strings.Contains(found, "://"):
		return "[link]"
	case strings.ContainsFunc(found, unicode.IsLetter):
		return "[secret]"
	default:
		return wa.MaskPhone(found)
	}
}
