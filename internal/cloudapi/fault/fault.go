// Package fault owns Meta's error codes: one table that says of each code what it
// means for a message, which code of the WaAPI stands for it, and what a person can
// do.
//
// It never calls Meta and never waits. It stands under the client (cloudapi), which
// meets the codes in answers, and under callback, which meets them in statuses.
package fault

import (
	"cmp"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/waypost/waypost/internal/wa"
)

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
	pageCalling    = docs + "/calling/troubleshooting (read 2026-09)"
	pageFlows      = docs + "/flows/reference/error-codes (read 2026-09)"
	pageBlock      = docs + "/block-users (read 2026-09)"
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
	// faultTries bounds code 1, which is as often a bad request as a fault of
	// Meta's.
	faultTries = 5
	// MediaTries bounds how often a media is fetched or uploaded for one message:
	// after that the media itself is what Meta does not like.
	MediaTries = 3
)

// codes is the table, in the order of the codes. A range stands at its first.
var codes = table() //nolint:gochecknoglobals // a table that nothing writes

func table() []MetaCode {
	all := slices.Concat(platformRows(), messageRows(), managementRows())
	for i := range all {
		all[i].Outcome = all[i].kind()
		if all[i].Area == "" {
			all[i].Area = Message
		}
	}
	slices.SortFunc(all, func(a, b MetaCode) int { return cmp.Compare(a.Code, b.Code) })
	return all
}

// MetaCodes returns every code of Meta's that the gateway knows, by number.
func MetaCodes() []MetaCode { return slices.Clone(codes) }

// Lookup returns the row of a code, or [Unlisted] and false.
func Lookup(code int) (MetaCode, bool) {
	i, found := slices.BinarySearchFunc(codes, code, func(m MetaCode, code int) int { return cmp.Compare(m.Code, code) })
	if !found {
		i-- // perhaps the range before it
	}
	if i >= 0 && codes[i].Covers(code) {
		return codes[i], true
	}
	return Unlisted(), false
}

// Unlisted is what is done about a code that is not in the table: Meta has new
// ones from time to time, and somebody should look. Until then the message is
// tried again, seldom, and then fails.
func Unlisted() MetaCode {
	return MetaCode{
		Class: Later, Outcome: wa.OutcomeLater, Wait: Delay{15 * time.Minute, 4, 4 * time.Hour}, Tries: unlistedTries,
		VendorCode: VendorWhatsApp, Whose: Operator, Page: pageErrors,
	}
}

// unlistedTries makes three further attempts, over more than five hours.
const unlistedTries = 4

// brief is the wait where Meta names none.
func brief() Delay { return Delay{5 * time.Second, 2, 5 * time.Minute} }

// probing is the wait where only a person can mend it.
func probing() Delay { return Delay{MendWait, 1, MendWait} }

// Outcome says what the error means for a message that got it in an answer with
// that HTTP status; the zero message stands for a call that is no send. The code
// decides. The status does only where the code tells nothing: 429 is a limit
// then, and of Meta's own failures those with 5xx may have taken the message.
func (e Error) Outcome(status int, m wa.Message) wa.Outcome {
	r, known := Lookup(e.Number())
	if e.MissingObject() {
		// The only object in the address of a call is the number, or the media
		// that the media calls look after themselves.
		r, known = Lookup(CodeNoSuchObject)
	}
	blurred := !known || r.Class == Uncertain
	if blurred && status == http.StatusTooManyRequests {
		r.Class, r.Outcome, r.Scope, r.Slowed = PauseNumber, wa.OutcomeLater, wa.ScopeNumber, true
		r.Wait, r.Tries = brief(), 0
	}
	o := wa.Outcome{
		Kind: r.Outcome, Scope: r.Scope, Slowed: r.Slowed, Tries: r.Tries, Unlisted: !known,
		Failure: FailureOf(e.Number(), e.Title(), e.Details()), Trace: e.TraceID(),
	}
	o.Failure.VendorCode = r.VendorCode
	switch {
	case blurred && status >= http.StatusInternalServerError:
		o.Kind, o.Tries, o.Soon = wa.OutcomeUnknown, 0, true
	case o.Kind == wa.OutcomeLater:
		o.After = r.Wait.After(tried(r, m))
	case o.Kind == wa.OutcomeMisconfigured:
		o.After = r.Wait.After(1)
	}
	if r.Class == Configuration {
		o.Failure.Details = Clean(join(e.Details(), r.explained()))
	}
	return o
}

// InStatus is what a failure in a status says beyond its message, which has
// failed: what else waits, and for how long. A code 0 is that of a status without a
// reason.
func InStatus(f wa.Failure) wa.Outcome {
	if f.Code == 0 {
		return wa.Outcome{Kind: wa.OutcomeRejected, Failure: f}
	}
	r, known := Lookup(f.Code)
	return wa.Outcome{
		Kind: r.Outcome, Scope: r.Scope, Slowed: r.Slowed, After: r.Wait.After(1), Unlisted: !known, Failure: f,
	}
}

// tried is how often a message was tried in the way that the waits of a row
// grow by: what was only too fast is counted apart.
func tried(r MetaCode, m wa.Message) int {
	if r.Slowed {
		return m.Slowed + 1
	}
	return m.Tries()
}

// Slowed is the outcome where Meta only says that it was too fast: with a 429
// without a code.
func Slowed(m wa.Message) wa.Outcome {
	return wa.Outcome{
		Kind: wa.OutcomeLater, Scope: wa.ScopeNumber, Slowed: true, After: brief().After(m.Slowed + 1),
		Failure: Ours("too many requests", ""),
	}
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
func Unexplained() Delay { return brief() }

// FailureOf is the failure for a code of Meta's, in an answer or in a status.
// Where Meta gives no details it has what can be done instead. Whatever could be
// a phone number, a token or somebody's link is taken out of Meta's words.
func FailureOf(code int, title, details string) wa.Failure {
	r, _ := Lookup(code)
	if details == "" {
		details = r.explained()
	}
	return wa.Failure{Code: code, VendorCode: r.VendorCode, Title: Clean(title), Details: Clean(details)}
}

// Ours is a failure that no code of Meta's stands for.
func Ours(title, details string) wa.Failure {
	return wa.Failure{VendorCode: VendorPlatform, Title: title, Details: details}
}

// Misconfigured is the outcome for what a person has to mend for a number.
func Misconfigured(f wa.Failure) wa.Outcome {
	return wa.Outcome{Kind: wa.OutcomeMisconfigured, Scope: wa.ScopeNumber, After: MendWait, Failure: f}
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
