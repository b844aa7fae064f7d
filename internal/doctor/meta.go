package doctor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/waypost/waypost/internal/wa"
)

// The pages of Meta's where a person mends things.
const (
	pageTokens  = "https://business.facebook.com/latest/settings/system_users" // system users, their tokens and permissions
	pageManager = "https://business.facebook.com/latest/whatsapp_manager/phone_numbers"
	pageApp     = "https://developers.facebook.com/apps" // the app's dashboard
)

const (
	// expiresSoon is how long before its end a token is spoken of.
	expiresSoon = 14 * 24 * time.Hour
	// clockWarn and clockFail are how far our clock may be from Meta's. The 24-hour
	// windows and the times of messages go by ours.
	clockWarn = 30 * time.Second
	clockFail = 10 * time.Minute
)

// Codes of Meta's that say where to look.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes (read 2026-09)
const (
	codeAuth      = 0
	codeObject    = 33
	codeParameter = 100
	codeToken     = 190
	codeTooMany   = 80007
)

// reached reads the number, and says how far the call got. Without it nothing else
// at Meta can be checked.
func (v *visit) reached(ctx context.Context) bool {
	const reach, token, visible = "Meta is reachable", "access token", "phone_number_id"
	node, err := v.Meta.NumberNode(ctx, v.src.Number)
	v.node = node
	e, isMeta := errors.AsType[*wa.OutcomeError](err)
	newToken := "put a new token of a system user into the source (PATCH /api/v2/source/" + string(v.src.ID) + "/, docs/source-api.md): " + pageTokens
	switch {
	case err == nil:
		v.ok(reach, "it answered")
		return true
	case !isMeta:
		v.fail(reach, "the number was read, but not kept: "+err.Error(), Yours, "look at the disk and the data directory")
		return false
	case e.Outcome.Failure.Code == 0 && e.Outcome.Kind == wa.OutcomeLater:
		v.fail(reach, said(err), Network, "check the network, the firewall and meta.base_url (waypost config)")
		return false
	case e.Outcome.Failure.Code == 0 && e.Outcome.Kind == wa.OutcomeMisconfigured && e.Outcome.Trace == "" && strings.Contains(e.Outcome.Failure.Title, "token"):
		v.fail(token, said(err), Yours, newToken)
		return false
	}
	v.ok(reach, "it answered")
	switch code := e.Outcome.Failure.Code; {
	case code == codeToken || code == codeAuth:
		v.fail(token, "Meta does not take it any more: "+said(err), Yours, newToken)
	case code == codeParameter || code == codeObject:
		v.fail(visible, "there is no number "+v.src.Number.ID+", or the token may not see it: "+said(err), Yours,
			"compare the id with "+pageManager+" and give the system user the WhatsApp account as an asset: "+pageTokens)
	case permission(code):
		v.fail("permissions", said(err), Yours, "give the token "+wa.ScopeManagement+" and "+wa.ScopeMessaging+": "+pageTokens)
	case code == codeTooMany:
		v.warn(reach, "it wants fewer calls for the account: "+said(err), Yours, "run waypost doctor again in "+e.Outcome.After.Round(time.Second).String())
	default:
		v.fail(visible, said(err), Metas, "waypost explain "+strconv.Itoa(code))
	}
	return false
}

func permission(code int) bool {
	return code == 3 || code == 10 || code >= 200 && code <= 299 || code == 131005
}

// said is what Meta, or the way to it, said.
func said(err error) string {
	e, ok := errors.AsType[*wa.OutcomeError](err)
	if !ok {
		return err.Error()
	}
	f := e.Outcome.Failure
	text := f.Title
	if f.Code != 0 {
		text += " (" + strconv.Itoa(f.Code) + ")"
	}
	if f.Details != "" {
		text += ": " + f.Details
	}
	return text
}

// permissions looks at the token itself. Meta does not tell of every token; then
// only what works is known.
func (v *visit) permissions(ctx context.Context) {
	info, err := v.Meta.TokenInfo(ctx, v.src.Number)
	if err != nil || info.AppID == "" {
		v.ok("access token", "it works; Meta does not say when it ends")
		v.ok("permissions", "reading works; Meta does not list what else the token may do")
		return
	}
	v.token = &info
	left := info.ExpiresAt.Sub(v.Now())
	switch {
	case !info.Valid:
		v.fail("access token", "Meta says that it is not valid", Yours, "make a new one: "+pageTokens)
	case info.ExpiresAt.IsZero():
		v.ok("access token", "it works and never ends ("+info.Kind+" of the app "+info.AppID+")")
	case left < expiresSoon:
		v.warn("access token", fmt.Sprintf("it ends at %s, in %s", info.ExpiresAt.UTC().Format(time.RFC3339), days(left)), Yours,
			"replace it before then by one of a system user that never ends: "+pageTokens)
	default:
		v.ok("access token", "it works and ends in "+days(left))
	}
	var missing []string
	for _, scope := range []string{wa.ScopeMessaging, wa.ScopeManagement} {
		if !slices.Contains(info.Scopes, scope) {
			missing = append(missing, scope)
		}
	}
	if len(missing) > 0 {
		v.fail("permissions", "the token lacks "+strings.Join(missing, " and "), Yours, "make a token with both permissions: "+pageTokens)
		return
	}
	v.ok("permissions", strings.Join([]string{wa.ScopeMessaging, wa.ScopeManagement}, " and "))
}

func days(d time.Duration) string {
	if d < 48*time.Hour {
		return d.Round(time.Minute).String()
	}
	return strconv.Itoa(int(d.Hours()/24)) + " days"
}

// belongs checks that the source names the WABA that has the number.
func (v *visit) belongs(ctx context.Context) {
	const check = "WhatsApp Business Account"
	n := v.src.Number
	all, err := v.Meta.NumbersOf(ctx, n)
	switch {
	case err != nil:
		v.fail(check, "its numbers cannot be listed: "+said(err), Yours,
			"compare waba_id "+n.WABAID+" with "+pageManager+"; a source with another one is made with waypost number connect")
		return
	case !slices.ContainsFunc(all, func(o wa.NumberNode) bool { return o.ID == n.ID }):
		v.fail(check, fmt.Sprintf("%s has no number %s", n.WABAID, n.ID), Yours,
			"make the source anew with the account that has the number: waypost number connect --phone-number-id "+n.ID+" --waba-id …")
		return
	}
	v.ok(check, n.WABAID+" has the number")
	if v.node.Display != "" && v.node.Display != n.Display {
		v.fail("phone number", fmt.Sprintf("the source says %s, Meta says %s", wa.FormatDisplay(n.Display), wa.FormatDisplay(v.node.Display)), Yours,
			"make the source anew: waypost number connect --phone-number-id "+n.ID)
	}
}

// number goes through what Meta says of the number.
func (v *visit) number() {
	n := v.node
	switch {
	case n.Registered():
		v.ok("registration", "the number is "+strings.ToLower(orText(n.Status, "registered")))
	case n.Verification != "" && n.Verification != "VERIFIED":
		v.fail("registration", "the number is not verified ("+n.Verification+")", Yours,
			v.command("number request-code")+", then verify and register")
	default:
		v.fail("registration", "the number is not registered on the Cloud API (status "+orText(n.Status, "unknown")+")", Yours,
			v.command("number register")+" --pin-file FILE")
	}
	switch n.NameStatus {
	case "APPROVED", "AVAILABLE_WITHOUT_REVIEW", "":
		v.ok("display name", fmt.Sprintf("%q %s", n.VerifiedName, strings.ToLower(n.NameStatus)))
	case "PENDING_REVIEW":
		v.warn("display name", fmt.Sprintf("Meta is still looking at %q", n.VerifiedName), Metas, "wait for the review: "+pageManager)
	default:
		v.fail("display name", fmt.Sprintf("%q is %s", n.VerifiedName, n.NameStatus), Yours, "give the number another name: "+pageManager)
	}
	v.rating(n)
}

func (v *visit) rating(n wa.NumberNode) {
	switch n.Quality {
	case "RED":
		v.fail("quality", "RED: people block or report the number, and Meta will lower its limit", Yours, "write to fewer people who did not ask for it: "+pageManager)
	case "YELLOW":
		v.warn("quality", "YELLOW: people begin to block or report the number", Yours, "look at the templates that were sent last: "+pageManager)
	default:
		v.ok("quality", orText(n.Quality, "not rated"))
	}
	v.ok("messaging limit", orText(n.Tier, "Meta does not say"))
	switch perSecond := n.Throughput(); {
	case n.Coexistence():
		v.ok("throughput", fmt.Sprintf("%d messages a second, because the WhatsApp Business app uses the number as well", perSecond))
	case perSecond > 0:
		v.ok("throughput", fmt.Sprintf("%d messages a second (%s)", perSecond, n.Level))
	default:
		v.ok("throughput", "Meta does not say")
	}
}

// health passes on what Meta itself finds.
func (v *visit) health(ctx context.Context) {
	const check = "health"
	h, err := v.Meta.NumberHealth(ctx, v.src.Number)
	if err != nil {
		v.warn(check, "Meta does not say: "+said(err), Metas, "run waypost doctor again later")
		return
	}
	if h.CanSend == wa.HealthAvailable {
		v.ok(check, "Meta says that messages can be sent")
		return
	}
	report := v.fail
	if h.CanSend == wa.HealthLimited {
		report = v.warn
	}
	told := false
	for _, e := range h.Entities {
		if e.CanSend == wa.HealthAvailable {
			continue
		}
		for _, p := range e.Problems {
			report(check, fmt.Sprintf("%s %s is %s: %s (%d)", e.Kind, e.ID, e.CanSend, p.Description, p.Code), Yours, orText(p.Solution, pageManager))
			told = true
		}
		if len(e.Problems) == 0 && len(e.Info) > 0 {
			report(check, fmt.Sprintf("%s %s is %s: %s", e.Kind, e.ID, e.CanSend, strings.Join(e.Info, "; ")), Yours, pageManager)
			told = true
		}
	}
	if !told {
		report(check, "Meta says "+h.CanSend+" and not why", Metas, pageManager)
	}
}

// subscription checks that the token's app hears of the account.
func (v *visit) subscription(ctx context.Context) {
	const check = "subscription"
	all, err := v.Meta.Subscriptions(ctx, v.src.Number)
	mine := func(s wa.Subscription) bool { return v.token == nil || s.AppID == v.token.AppID }
	switch {
	case err != nil:
		v.fail(check, "it cannot be read: "+said(err), Yours, "give the token "+wa.ScopeManagement+": "+pageTokens)
	case !slices.ContainsFunc(all, mine):
		v.fail(check, "the app is not subscribed to the account "+v.src.Number.WABAID+": nothing is called back", Yours, v.command("number subscribe"))
	default:
		v.ok(check, "the app hears of the account "+v.src.Number.WABAID)
	}
}

// clock compares our clock with Meta's, whose header has whole seconds.
func (v *visit) clock() {
	if v.node.AnsweredAt.IsZero() {
		return
	}
	off := v.Now().Sub(v.node.AnsweredAt).Round(time.Second)
	const do = "let the machine set its clock by the network (NTP)"
	switch {
	case off.Abs() >= clockFail:
		v.fail("clock", fmt.Sprintf("it is %s from Meta's: windows and waits are wrong", off), Yours, do)
	case off.Abs() >= clockWarn:
		v.warn("clock", fmt.Sprintf("it is %s from Meta's", off), Yours, do)
	default:
		v.ok("clock", "within "+clockWarn.String()+" of Meta's")
	}
}

func orText(text, other string) string {
	if text == "" {
		return other
	}
	return text
}

// quoted writes a word for a shell.
func quoted(word string) string {
	plain := func(r rune) bool {
		return r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || strings.ContainsRune("-_.@:", r)
	}
	if word != "" && !strings.ContainsFunc(word, func(r rune) bool { return !plain(r) }) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
