package wa

import (
	"encoding/json"
	"time"
)

// Inbound is a message that a person wrote, or a notice of Meta's in its place.
// What it says is in the field that its type needs; a type that has none is
// kept whole in Raw. The JSON is kept in the store: fields may be added, none
// is ever renamed.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages
// (read 2026-09).
type Inbound struct {
	WAMID    string `json:"wamid"`
	NumberID string `json:"number_id"`
	// To is the display number it was written to, in digits.
	To string `json:"to,omitempty"`
	// From is the phone number of who wrote; missing for a person who shows
	// only a user name, who then has a UserID.
	From   string `json:"from,omitempty"`
	UserID string `json:"user_id,omitempty"`
	// ParentUserID is the same person for all portfolios of a business.
	ParentUserID string `json:"parent_user_id,omitempty"`
	// WAID is the person's id by the contact, if it is not From.
	WAID     string `json:"wa_id,omitempty"`
	FromName string `json:"from_name,omitempty"`
	Username string `json:"username,omitempty"`
	// GroupID is set when it was written in a group.
	GroupID string    `json:"group_id,omitempty"`
	At      time.Time `json:"at"`
	// Type is Meta's name of the type: text, image, …
	Type string `json:"type"`

	// Text is the text of a text, and of an edit to one.
	Text string `json:"text,omitempty"`
	// Media is set for the types that carry one, and for an edit to its caption.
	Media       *InboundMedia     `json:"media,omitempty"`
	Location    *InboundLocation  `json:"location,omitempty"`
	Contacts    *InboundContacts  `json:"contacts,omitempty"`
	Reaction    *Reaction         `json:"reaction,omitempty"` // its Emoji is "" when it was taken away
	Button      *ButtonReply      `json:"button,omitempty"`
	Interactive *InteractiveReply `json:"interactive,omitempty"`
	Order       *InboundOrder     `json:"order,omitempty"`
	System      *SystemNotice     `json:"system,omitempty"`
	Unsupported *Unsupported      `json:"unsupported,omitempty"`
	Edit        *Edit             `json:"edit,omitempty"`
	Revoke      *Revoke           `json:"revoke,omitempty"`

	// ReplyTo is the wamid of the message it answers or reacts to, ReplyToFrom who
	// wrote that: a number, perhaps ours.
	ReplyTo     string `json:"reply_to,omitempty"`
	ReplyToFrom string `json:"reply_to_from,omitempty"`
	// Product is the article of ours that it asks about.
	Product *Product `json:"product,omitempty"`
	// Referral is the ad or post that led here.
	Referral *Referral `json:"referral,omitempty"`
	// Forwarded: up to five times; OftenForwarded: more.
	Forwarded      bool `json:"forwarded,omitempty"`
	OftenForwarded bool `json:"often_forwarded,omitempty"`
	// Identity is sent to numbers that show security notifications.
	Identity *Identity `json:"identity,omitempty"`
	// Failures are Meta's errors beside the one in Unsupported.
	Failures []Failure `json:"failures,omitempty"`
	// Raw is Meta's object, whole, if what it says has no field here.
	Raw json.RawMessage `json:"raw,omitempty"`
	// Rest is what Meta's object has beyond these fields, unless it is in Raw.
	Rest json.RawMessage `json:"rest,omitempty"`
}

// Contact is who the 24-hour window is opened for: the group, or the person by
// number, or by user id where the number is not shown.
func (in Inbound) Contact() string {
	switch {
	case in.GroupID != "":
		return in.GroupID
	case in.From != "":
		return in.From
	default:
		return in.UserID
	}
}

// InboundMedia is a media in an inbound message.
type InboundMedia struct {
	// ID is the media of ours under which the customer gets the bytes.
	ID     MediaID   `json:"id,omitempty"`
	MetaID string    `json:"meta_id"`
	Kind   MediaKind `json:"kind"`
	// MIMEType may carry parameters, such as "audio/ogg; codecs=opus".
	MIMEType string `json:"mime_type,omitempty"`
	// SHA256 is as Meta wrote it: base64 in callbacks.
	SHA256   string `json:"sha256,omitempty"`
	Caption  string `json:"caption,omitempty"`
	Filename string `json:"filename,omitempty"`
	// Voice: recorded on the phone, an audio.
	Voice bool `json:"voice,omitempty"`
	// Animated: a sticker that moves.
	Animated bool `json:"animated,omitempty"`
}

// InboundLocation is a place that a person sent.
type InboundLocation struct {
	// Latitude is -90 to 90 and Longitude -180 to 180, in degrees.
	Latitude  float64 `json:"latitude"`
	Longitude float64 `json:"longitude"`
	Name      string  `json:"name,omitempty"`
	Address   string  `json:"address,omitempty"`
	URL       string  `json:"url,omitempty"`
}

// InboundContacts is address book entries that a person sent.
type InboundContacts struct {
	Cards []InboundCard `json:"cards"`
	// Origin is contact_request for the answer to a request for the person's
	// own number, otherwise other or "".
	Origin string `json:"origin,omitempty"`
}

// InboundCard is one entry of an address book.
type InboundCard struct {
	ContactCard

	// VCard is the whole entry as a vCard, if Meta gave it.
	VCard string `json:"vcard,omitempty"`
}

// ButtonReply is a tap on a quick reply of a template.
type ButtonReply struct {
	// Payload is what the template was sent with, Text what the button says.
	Payload string `json:"payload,omitempty"`
	Text    string `json:"text,omitempty"`
}

// InteractiveReply is the answer to an interactive message. Kind says which
// other field is set.
type InteractiveReply struct {
	Kind   ReplyKind       `json:"kind"`
	Button *ReplyButton    `json:"button,omitempty"`
	Row    *ListRow        `json:"row,omitempty"`
	Flow   *FlowReply      `json:"flow,omitempty"`
	Call   *CallPermission `json:"call,omitempty"`
}

// ReplyKind names a kind of answer by Meta's word for it.
type ReplyKind string

// The kinds of answers to interactive messages.
const (
	ReplyToButtons        ReplyKind = "button_reply"
	ReplyToList           ReplyKind = "list_reply"
	ReplyToFlow           ReplyKind = "nfm_reply"
	ReplyToCallPermission ReplyKind = "call_permission_reply"
)

// FlowReply is a form that a person filled in: a flow, or an address.
type FlowReply struct {
	// Name is flow or address_message.
	Name string `json:"name,omitempty"`
	Body string `json:"body,omitempty"`
	// ResponseJSON is what was filled in, JSON of the flow's own making.
	ResponseJSON string `json:"response_json,omitempty"`
}

// CallPermission says whether a person may be called.
type CallPermission struct {
	// Response is accept or reject.
	Response  string `json:"response"`
	Permanent bool   `json:"permanent,omitempty"`
	// ExpiresAt is zero for a permission that does not expire, and for none.
	ExpiresAt time.Time `json:"expires_at,omitzero"`
	// Source is user_action or automatic.
	Source string `json:"source,omitempty"`
}

// InboundOrder is articles of a catalog that a person orders.
type InboundOrder struct {
	CatalogID string             `json:"catalog_id,omitempty"`
	Text      string             `json:"text,omitempty"`
	Items     []InboundOrderItem `json:"items,omitempty"`
}

// InboundOrderItem is one line of an order. Quantity and Price are decimal
// numbers, with the digits that Meta wrote.
type InboundOrderItem struct {
	RetailerID string `json:"retailer_id"`
	Quantity   string `json:"quantity,omitempty"`
	Price      string `json:"price,omitempty"` // of one
	// Currency is an ISO 4217 code.
	Currency string `json:"currency,omitempty"`
}

// SystemNotice tells that something about a person changed. The person's old
// number is the message's From.
type SystemNotice struct {
	// Kind is user_changed_number, user_changed_user_id or
	// customer_identity_changed.
	Kind string `json:"kind,omitempty"`
	// Body says it in words, in English.
	Body string `json:"body,omitempty"`
	// WAID, UserID and ParentUserID are the new ones.
	WAID         string `json:"wa_id,omitempty"`
	UserID       string `json:"user_id,omitempty"`
	ParentUserID string `json:"parent_user_id,omitempty"`
	// Identity is a hash of the person's new keys.
	Identity string `json:"identity,omitempty"`
	Customer string `json:"customer,omitempty"`
}

// Unsupported stands for a message that Meta does not pass on.
type Unsupported struct {
	// Kind is what it was, such as edit or poll; "" if Meta did not say.
	Kind string `json:"kind,omitempty"`
	// Code is Meta's error code; 0 if there was none.
	Code    int    `json:"code,omitempty"`
	Title   string `json:"title,omitempty"`
	Details string `json:"details,omitempty"`
}

// Edit is a change to an earlier message. The new content is in the Text or
// Media of the [Inbound].
type Edit struct {
	// WAMID is the earlier message.
	WAMID string `json:"wamid"`
	// Type is its type by Meta's name, such as text.
	Type string `json:"type,omitempty"`
}

// Revoke takes an earlier message back.
type Revoke struct {
	// WAMID is the earlier message.
	WAMID string `json:"wamid"`
}

// Referral is an ad or a post on Facebook or Instagram.
type Referral struct {
	SourceURL string `json:"source_url,omitempty"`
	SourceID  string `json:"source_id,omitempty"`
	// SourceType is ad or post.
	SourceType string `json:"source_type,omitempty"`
	Headline   string `json:"headline,omitempty"`
	Body       string `json:"body,omitempty"`
	// MediaType is image or video, and says which URL is there.
	MediaType    string `json:"media_type,omitempty"`
	ImageURL     string `json:"image_url,omitempty"`
	VideoURL     string `json:"video_url,omitempty"`
	ThumbnailURL string `json:"thumbnail_url,omitempty"`
	// ClickID is the ctwa_clid, for reports on the ad.
	ClickID string `json:"click_id,omitempty"`
	Welcome string `json:"welcome,omitempty"`
}
