package wa

import (
	"cmp"
	"strings"
	"time"
)

// NumberNode is Meta's node of a business number. "" is what Meta did not say.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/phone-numbers
// (read 2026-09).
type NumberNode struct {
	// ID is the phone_number_id.
	ID string
	// Display is the phone number in digits.
	Display      string
	VerifiedName string
	// Verification is VERIFIED, NOT_VERIFIED or EXPIRED: whether the code was given
	// that was sent to the number.
	Verification string
	// NameStatus is whether Meta approves of VerifiedName, such as APPROVED,
	// PENDING_REVIEW or DECLINED.
	NameStatus string
	// Quality is GREEN, YELLOW, RED, UNKNOWN or NA.
	Quality string
	// Status is CONNECTED for a number that can send; see [NumberNode.Registered].
	Status string
	// Platform is CLOUD_API, ON_PREMISE or NOT_APPLICABLE.
	Platform string
	// Mode is LIVE or SANDBOX.
	Mode string
	// Level is the throughput level: STANDARD, HIGH or NOT_APPLICABLE.
	Level string
	// Tier is as in [NumberState].
	Tier string
	// OnBusinessApp: the WhatsApp Business app has the number.
	OnBusinessApp bool
	// Callbacks is where Meta's callbacks about the number go.
	Callbacks CallbackRoute
	// AnsweredAt is Meta's clock when it answered; zero if it did not say.
	AnsweredAt time.Time
}

// CallbackRoute is where the callbacks of a number go: to the address of the
// number, else to that of its WhatsApp Business Account (WABA), else to that of the
// app.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/override (read 2026-09).
type CallbackRoute struct {
	Number, WABA, App string
}

// Effective returns the address that counts; "" if there is none.
func (r CallbackRoute) Effective() string { return cmp.Or(r.Number, r.WABA, r.App) }

// Registered reports whether the number is registered on the Cloud API.
func (n NumberNode) Registered() bool {
	return n.Status == "CONNECTED" || n.Status == "" && n.Platform == "CLOUD_API"
}

// Coexistence reports whether the number is on the Cloud API and on the WhatsApp
// Business app at once.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/embedded-signup/onboarding-business-app-users
// (read 2026-09).
func (n NumberNode) Coexistence() bool { return n.OnBusinessApp && n.Platform == "CLOUD_API" }

// Throughput is how many messages a second Meta takes of the number, those that
// come in included; 0 if the level does not say.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/throughput (read 2026-09).
func (n NumberNode) Throughput() int {
	switch {
	case n.Coexistence():
		return ThroughputCoexistence
	case n.Level == "HIGH":
		return ThroughputHigh
	case n.Level == "STANDARD":
		return ThroughputStandard
	}
	return 0
}

// State is what an account keeps of the node, which was read at that time.
func (n NumberNode) State(account AccountID, at time.Time) NumberState {
	return NumberState{
		AccountID: account, NumberID: n.ID, Throughput: n.Throughput(), Tier: n.Tier, Quality: n.Quality, Status: n.Status,
		VerifiedName: n.VerifiedName, NameStatus: n.NameStatus, Coexistence: n.Coexistence(), ReadAt: at,
	}
}

// Health is what Meta says of whether something can send, and why not: a number, a
// WABA or a template, and what stands above it.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/support/health-status (read 2026-09).
type Health struct {
	// CanSend is AVAILABLE, LIMITED or BLOCKED.
	CanSend  string
	Entities []HealthEntity
}

// The words of [Health].
const (
	HealthAvailable = "AVAILABLE"
	HealthLimited   = "LIMITED"
	HealthBlocked   = "BLOCKED"
)

// HealthEntity is one of the things that a send goes through.
type HealthEntity struct {
	// Kind is PHONE_NUMBER, MESSAGE_TEMPLATE, WABA, BUSINESS or APP.
	Kind string
	ID   string
	// CanSend is as in [Health].
	CanSend string
	// Info is what limits it, in Meta's words.
	Info     []string
	Problems []HealthProblem
}

// HealthProblem is one reason, in Meta's words.
type HealthProblem struct {
	Code                  int
	Description, Solution string
}

// Subscription is an app that hears of what happens in a WABA.
type Subscription struct {
	AppID, AppName, Link string
	// Override is where its callbacks go instead of to the app's own address; "" for
	// that one.
	Override string
}

// BlockResult is what became of a request to block or unblock people.
type BlockResult struct {
	// Done are those with whom it worked.
	Done []BlockedUser
	// Failed are the others, each with Meta's reason.
	Failed []BlockFailure
}

// BlockedUser is somebody that a number has blocked: what was asked for, and the
// id that WhatsApp has for it.
type BlockedUser struct{ Input, WAID string }

// BlockFailure is somebody with whom it did not work.
type BlockFailure struct {
	Input   string
	Failure Failure
}

// TokenInfo is what Meta tells of an access token.
// https://developers.facebook.com/docs/graph-api/reference/debug_token (read 2026-09).
type TokenInfo struct {
	AppID string
	// Kind is USER, SYSTEM_USER, PAGE or APP.
	Kind  string
	Valid bool
	// ExpiresAt is zero for a token that never expires.
	ExpiresAt time.Time
	// Scopes are the permissions, such as whatsapp_business_messaging.
	Scopes []string
}

// The permissions that the gateway needs.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/access-tokens (read 2026-09).
const (
	ScopeMessaging  = "whatsapp_business_messaging"
	ScopeManagement = "whatsapp_business_management"
)

// FormatDisplay writes a phone number of digits with a plus.
func FormatDisplay(digits string) string {
	if digits == "" || strings.HasPrefix(digits, "+") {
		return digits
	}
	return "+" + digits
}
