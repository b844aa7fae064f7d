package wa

import (
	"encoding/json"
	"strconv"
	"time"
)

// Notice is what a callback tells that is neither a message of a person nor a
// status that moves a message of ours. The parts are set as Kind says; what
// Meta's object has beyond them is in Rest, so that nothing is lost. The JSON is
// kept in the store: fields may be added, none is ever renamed.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference
// (read 2026-09).
type Notice struct {
	Kind NoticeKind `json:"kind"`
	// Field is Meta's name of the field that changed.
	Field string `json:"field"`
	// Event is Meta's word for what happened; "" for a field that has none.
	Event string `json:"event,omitempty"`
	// At is Meta's time; zero if it gave none.
	At time.Time `json:"at,omitzero"`
	// WABAID is the WhatsApp Business Account, NumberID the number that it is
	// about; Phone is the number as people write it, where Meta gives only that.
	WABAID   string `json:"waba_id,omitempty"`
	NumberID string `json:"number_id,omitempty"`
	Phone    string `json:"phone,omitempty"`

	Alert      *Alert             `json:"alert,omitempty"`
	Account    *AccountChange     `json:"account,omitempty"`
	Capability *Capability        `json:"capability,omitempty"`
	Name       *NameDecision      `json:"name,omitempty"`
	Limit      *LimitChange       `json:"limit,omitempty"`
	Template   *TemplateUpdate    `json:"template,omitempty"`
	Preference *Preference        `json:"preference,omitempty"`
	Message    *SyncedMessage     `json:"message,omitempty"`
	History    *HistoryChunk      `json:"history,omitempty"`
	Contact    *AddressBookChange `json:"contact,omitempty"`
	Call       *Call              `json:"call,omitempty"`
	Group      *GroupChange       `json:"group,omitempty"`
	Payment    *Payment           `json:"payment,omitempty"`
	// Status is a status that is not one of ours, such as deleted.
	Status *StatusReport `json:"status,omitempty"`
	// Requester is who asked for a change of security.
	Requester string `json:"requester,omitempty"`
	// Username is the name that a number has asked for.
	Username string `json:"username,omitempty"`
	// Failures are Meta's errors, in its order.
	Failures []Failure `json:"failures,omitempty"`

	// Rest is what Meta's object has that no field here holds; the whole object
	// for NoticeOther.
	Rest json.RawMessage `json:"rest,omitempty"`
}

// NoticeKind sorts notices. The set is closed: what is not known is NoticeOther.
type NoticeKind string

// The kinds of notices.
const (
	// NoticeAlert: Meta warns of something.
	NoticeAlert NoticeKind = "alert"
	// NoticeReview: Meta has reviewed a WABA.
	NoticeReview NoticeKind = "review"
	// NoticeAccount: something about a WABA changed; see [AccountChange].
	NoticeAccount NoticeKind = "account"
	// NoticeCapability: how much a business may do.
	NoticeCapability NoticeKind = "capability"
	// NoticeName: Meta has decided on the name of a number.
	NoticeName NoticeKind = "name"
	// NoticeLimit: a number may send to more or fewer people, or faster.
	NoticeLimit NoticeKind = "limit"
	// NoticeTemplate: something about a template changed.
	NoticeTemplate NoticeKind = "template"
	// NoticeSecurity: the PIN of a number was changed, or somebody wants to.
	NoticeSecurity NoticeKind = "security"
	// NoticePreference: a person wants marketing no more, or again.
	NoticePreference NoticeKind = "preference"
	// NoticeEcho: somebody wrote with the WhatsApp Business app of the number.
	NoticeEcho NoticeKind = "echo"
	// NoticeHistory: what was written before the number came to the Cloud API.
	NoticeHistory NoticeKind = "history"
	// NoticeContact: an entry in the address book of the app.
	NoticeContact NoticeKind = "contact"
	// NoticeCall: a call began, ended, or came further.
	NoticeCall NoticeKind = "call"
	// NoticeGroup: a group was made, or something about it changed.
	NoticeGroup NoticeKind = "group"
	// NoticeUsername: what became of the user name of a number.
	NoticeUsername NoticeKind = "username"
	// NoticePayment: what became of a payment.
	NoticePayment NoticeKind = "payment"
	// NoticeStatus: a status that moves no message.
	NoticeStatus NoticeKind = "status"
	// NoticeErrors: errors that belong to no message.
	NoticeErrors NoticeKind = "errors"
	// NoticeOther: a field, or a part of one, that the gateway does not know.
	NoticeOther NoticeKind = "other"
)

// Alert is a warning of Meta's.
type Alert struct {
	// EntityType is what it is about, such as BUSINESS or PHONE_NUMBER.
	EntityType string `json:"entity_type,omitempty"`
	EntityID   string `json:"entity_id,omitempty"`
	// Severity is INFORMATIONAL, WARNING or CRITICAL; Status is ACTIVE or NONE.
	Severity    string `json:"severity,omitempty"`
	Status      string `json:"status,omitempty"`
	Type        string `json:"type,omitempty"`
	Description string `json:"description,omitempty"`
}

// AccountChange is a change of a WABA. The notice's Event says which.
type AccountChange struct {
	// Country is where the business is, of two letters.
	Country string `json:"country,omitempty"`
	// Violation is which rule was broken, such as ALCOHOL.
	Violation string `json:"violation,omitempty"`
	// BanState is SCHEDULE_FOR_DISABLE, DISABLE or REINSTATE; BanDate is a date in
	// English.
	BanState     string        `json:"ban_state,omitempty"`
	BanDate      string        `json:"ban_date,omitempty"`
	Restrictions []Restriction `json:"restrictions,omitempty"`
	// OwnerID is the business that has the WABA. The other ids are of what was
	// linked to it.
	OwnerID            string   `json:"owner_id,omitempty"`
	AdAccountID        string   `json:"ad_account_id,omitempty"`
	PartnerAppID       string   `json:"partner_app_id,omitempty"`
	SolutionID         string   `json:"solution_id,omitempty"`
	SolutionPartnerIDs []string `json:"solution_partner_ids,omitempty"`
}

// Restriction is something that a WABA may not do for a time.
type Restriction struct {
	// Type is such as RESTRICTED_BIZ_INITIATED_MESSAGING.
	Type      string    `json:"type"`
	ExpiresAt time.Time `json:"expires_at,omitzero"`
}

// Capability is how much a business may do. 0 is what Meta did not say, -1 no
// limit.
type Capability struct {
	// PeoplePerDay is how many people a business may write to in a day outside
	// their windows; PeoplePerDayAndNumber the same for each number.
	PeoplePerDay          int `json:"people_per_day,omitempty"`
	PeoplePerDayAndNumber int `json:"people_per_day_and_number,omitempty"`
	NumbersPerBusiness    int `json:"numbers_per_business,omitempty"`
	NumbersPerWABA        int `json:"numbers_per_waba,omitempty"`
}

// Tier is Meta's name for how many people a business may write to in a day; "" for
// 0. It is as in [NumberState].
// https://developers.facebook.com/documentation/business-messaging/whatsapp/messaging-limits (read 2026-09).
func Tier(people int) string {
	switch {
	case people == 0:
		return ""
	case people < 0:
		return "TIER_UNLIMITED"
	case people%1000 == 0:
		return "TIER_" + strconv.Itoa(people/1000) + "K"
	}
	return "TIER_" + strconv.Itoa(people)
}

// NameDecision is what Meta says of a name; the notice's Event is APPROVED,
// REJECTED, DEFERRED or PENDING.
type NameDecision struct {
	Requested string `json:"requested,omitempty"`
	Reason    string `json:"reason,omitempty"`
}

// LimitChange is a change of a number's limits; the notice's Event is such as
// ONBOARDING, UPGRADE, DOWNGRADE, FLAGGED, UNFLAGGED or THROUGHPUT_UPGRADE.
type LimitChange struct {
	// OldTier and Tier are as in [NumberState].
	OldTier string `json:"old_tier,omitempty"`
	Tier    string `json:"tier,omitempty"`
	// PeoplePerDay is as in [Capability]; BusinessTier is the same as a tier.
	PeoplePerDay int    `json:"people_per_day,omitempty"`
	BusinessTier string `json:"business_tier,omitempty"`
}

// Preference is what a person wants to hear of a business.
type Preference struct {
	Person PersonIDs `json:"person"`
	// Category is marketing_messages; Value is stop or resume.
	Category string `json:"category,omitempty"`
	Value    string `json:"value,omitempty"`
	Detail   string `json:"detail,omitempty"`
}

// SyncedMessage is a message that the gateway did not carry: one that was
// written with the app, or before the number came to the Cloud API. Whoever wrote
// it is its From; our own number is one of the two.
type SyncedMessage struct {
	Message Inbound   `json:"message"`
	To      PersonIDs `json:"to,omitzero"`
	// Status is how far it had come, by Meta's word: PENDING, SENT, DELIVERED,
	// READ, PLAYED or ERROR.
	Status string `json:"status,omitempty"`
}

// HistoryChunk is one conversation of a part of a number's history.
type HistoryChunk struct {
	// Phase is 0 to 2, the last days first; Chunk counts the parts of it, and
	// Progress is of the whole, in percent.
	Phase    int `json:"phase"`
	Chunk    int `json:"chunk"`
	Progress int `json:"progress"`
	// Thread is whom the conversation was with.
	Thread   string          `json:"thread,omitempty"`
	Messages []SyncedMessage `json:"messages,omitempty"`
}

// AddressBookChange is an entry that was put into the app's address book or
// taken out; the notice's Event is add or remove.
type AddressBookChange struct {
	Person    PersonIDs `json:"person"`
	FirstName string    `json:"first_name,omitempty"`
}

// Call is what is told of a call. The notice's Event is connect or terminate, or,
// for a call that we began, RINGING, ACCEPTED or REJECTED.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/calling/reference
// (read 2026-09).
type Call struct {
	ID   string `json:"id"`
	From string `json:"from,omitempty"`
	To   string `json:"to,omitempty"`
	// Person is the one of the two who is not us.
	Person PersonIDs `json:"person,omitzero"`
	// Direction is USER_INITIATED or BUSINESS_INITIATED.
	Direction string `json:"direction,omitempty"`
	// Status is COMPLETED or FAILED.
	Status string `json:"status,omitempty"`
	// SDPType is offer or answer, and SDP is it (RFC 8866).
	SDPType   string    `json:"sdp_type,omitempty"`
	SDP       string    `json:"sdp,omitempty"`
	StartedAt time.Time `json:"started_at,omitzero"`
	EndedAt   time.Time `json:"ended_at,omitzero"`
	Seconds   int       `json:"seconds,omitempty"`
	// Tag is what the call carried in biz_opaque_callback_data.
	Tag string `json:"tag,omitempty"`
}

// GroupChange is what became of a group; the notice's Event is Meta's type, such
// as group_create.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/groups/webhooks
// (read 2026-09).
type GroupChange struct {
	GroupID string `json:"group_id,omitempty"`
	// RequestID is what Meta answered to the request that this is the result of.
	RequestID   string `json:"request_id,omitempty"`
	Subject     string `json:"subject,omitempty"`
	Description string `json:"description,omitempty"`
	InviteLink  string `json:"invite_link,omitempty"`
	// ApprovalMode is auto_approve or approval_required.
	ApprovalMode string `json:"approval_mode,omitempty"`
	// Reason is how somebody came in, such as invite_link; InitiatedBy who took
	// somebody out: business or participant.
	Reason        string             `json:"reason,omitempty"`
	InitiatedBy   string             `json:"initiated_by,omitempty"`
	Added         []GroupParticipant `json:"added,omitempty"`
	Removed       []GroupParticipant `json:"removed,omitempty"`
	Failed        []GroupParticipant `json:"failed,omitempty"`
	JoinRequestID string             `json:"join_request_id,omitempty"`
	// Person is who asks to be let in.
	Person PersonIDs `json:"person,omitzero"`
	// Settings are what was to change, and whether it did.
	Settings []GroupSetting `json:"settings,omitempty"`
}

// GroupParticipant is somebody in a group.
type GroupParticipant struct {
	Person PersonIDs `json:"person"`
	// Input is how the request named the person.
	Input    string    `json:"input,omitempty"`
	Failures []Failure `json:"failures,omitempty"`
}

// GroupSetting is one setting of a group.
type GroupSetting struct {
	// Name is profile_picture, group_subject or group_description.
	Name string `json:"name"`
	// Text is the new subject or description, SHA256 and MIMEType the new picture.
	Text     string    `json:"text,omitempty"`
	SHA256   string    `json:"sha256,omitempty"`
	MIMEType string    `json:"mime_type,omitempty"`
	Updated  bool      `json:"updated"`
	Failures []Failure `json:"failures,omitempty"`
}

// Payment is what became of a payment in Brazil or India; the notice's Event is
// Meta's status, such as captured.
type Payment struct {
	WAMID       string    `json:"wamid,omitempty"`
	Person      PersonIDs `json:"person,omitzero"`
	ReferenceID string    `json:"reference_id,omitempty"`
	// Amount is in units of 1/Offset of the Currency.
	Amount   string `json:"amount,omitempty"`
	Offset   string `json:"offset,omitempty"`
	Currency string `json:"currency,omitempty"`
	// TransactionID, TransactionKind and TransactionStatus are the payment
	// provider's.
	TransactionID     string `json:"transaction_id,omitempty"`
	TransactionKind   string `json:"transaction_kind,omitempty"`
	TransactionStatus string `json:"transaction_status,omitempty"`
}

// Conversation is what Meta counted a message to, in callbacks of Graph versions
// up to 23.
type Conversation struct {
	ID        string    `json:"id,omitempty"`
	ExpiresAt time.Time `json:"expires_at,omitzero"`
	// Origin is the category, such as utility.
	Origin string `json:"origin,omitempty"`
}

// Pricing is what Meta charges a message as.
type Pricing struct {
	// Billable is nil where Meta does not say.
	Billable *bool `json:"billable,omitempty"`
	// Model is PMP (per message) or CBP (per conversation).
	Model string `json:"model,omitempty"`
	// Type is regular, free_customer_service or free_entry_point.
	Type     string `json:"type,omitempty"`
	Category string `json:"category,omitempty"`
}

// Identity is a hash of a person's keys, which changes with the phone.
type Identity struct {
	Hash      string    `json:"hash,omitempty"`
	CreatedAt time.Time `json:"created_at,omitzero"`
	// Acknowledged is nil where Meta does not say.
	Acknowledged *bool `json:"acknowledged,omitempty"`
}
