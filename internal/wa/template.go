package wa

import "encoding/json"

// Template is a message made from a template that Meta has approved. It may be
// sent outside the 24-hour window.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/template-messages
// (read 2026-09).
type Template struct {
	Name string `json:"name"`
	// Language is Meta's code, such as "en" or "en_US".
	Language string `json:"language"`
	// Fallback: another language will do if there is not this one. It is
	// settled before the message is accepted.
	Fallback bool `json:"fallback,omitempty"`
	// Placed: the components are the customer's own, so that each text belongs to
	// the part in which it stands. Otherwise they were guessed (see
	// [Filling.Guess]). It is settled before the message is accepted, too.
	Placed     bool        `json:"placed,omitempty"`
	Components []Component `json:"components,omitempty"`
}

// Component fills one part of a template.
type Component struct {
	Kind ComponentKind `json:"kind"`
	// Button and Index say which button it is; the first has index 0.
	Button     ButtonKind  `json:"button,omitempty"`
	Index      int         `json:"index,omitempty"`
	Parameters []Parameter `json:"parameters,omitempty"`
	// Cards are the cards of a carousel, in order.
	Cards []TemplateCard `json:"cards,omitempty"`
}

// TemplateCard fills one card of a carousel.
type TemplateCard struct {
	Components []Component `json:"components"`
}

// ComponentKind names a part by Meta's word for it.
type ComponentKind string

// The parts of a template.
const (
	ComponentHeader      ComponentKind = "header"
	ComponentBody        ComponentKind = "body"
	ComponentButton      ComponentKind = "button"
	ComponentCarousel    ComponentKind = "carousel"
	ComponentOffer       ComponentKind = "limited_time_offer"
	ComponentOrderStatus ComponentKind = "order_status"
	// ComponentTapTarget changes what a tap on the image of the header opens.
	// Meta permits it to some businesses.
	// https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/tap-target-url-title-override
	// (read 2026-09)
	ComponentTapTarget ComponentKind = "tap_target_configuration"
)

// ButtonKind names a kind of button by Meta's word for it (sub_type).
type ButtonKind string

// The kinds of buttons that take parameters.
const (
	ButtonURL          ButtonKind = "url"
	ButtonQuickReply   ButtonKind = "quick_reply"
	ButtonCopyCode     ButtonKind = "copy_code"
	ButtonFlow         ButtonKind = "flow"
	ButtonCatalog      ButtonKind = "catalog"
	ButtonProducts     ButtonKind = "mpm"
	ButtonOrderDetails ButtonKind = "order_details"
	// ButtonVoiceCall takes one parameter or two: minutes and payload.
	ButtonVoiceCall ButtonKind = "voice_call"
)

// ParameterKind names a kind of parameter by Meta's word for it. It says which
// field of the parameter is set.
type ParameterKind string

// The kinds of parameters.
const (
	ParameterText        ParameterKind = "text"               // Text
	ParameterCurrency    ParameterKind = "currency"           // Currency
	ParameterDateTime    ParameterKind = "date_time"          // Text, the fallback
	ParameterImage       ParameterKind = "image"              // Media
	ParameterVideo       ParameterKind = "video"              // Media
	ParameterDocument    ParameterKind = "document"           // Media
	ParameterLocation    ParameterKind = "location"           // Location
	ParameterProduct     ParameterKind = "product"            // Product
	ParameterPayload     ParameterKind = "payload"            // Text
	ParameterCouponCode  ParameterKind = "coupon_code"        // Text
	ParameterAction      ParameterKind = "action"             // Action or Order
	ParameterOffer       ParameterKind = "limited_time_offer" // ExpiresAtMillis
	ParameterOrderStatus ParameterKind = "order_status"       // OrderStatus
	ParameterGroupID     ParameterKind = "group_id"           // Text
	ParameterMinutes     ParameterKind = "ttl_minutes"        // Minutes
	// ParameterTapTarget has TapTarget.
	ParameterTapTarget ParameterKind = "tap_target_configuration"
)

// Parameter is one value.
type Parameter struct {
	Kind ParameterKind `json:"kind"`
	// Name is for templates whose variables have names.
	Name     string        `json:"name,omitempty"`
	Text     string        `json:"text,omitempty"`
	Media    *Media        `json:"media,omitempty"`
	Location *Location     `json:"location,omitempty"`
	Currency *Currency     `json:"currency,omitempty"`
	Product  *Product      `json:"product,omitempty"`
	Action   *ButtonAction `json:"action,omitempty"`
	Order    *Order        `json:"order,omitempty"`
	// ExpiresAtMillis is unix milliseconds.
	ExpiresAtMillis int64        `json:"expires_at_ms,omitempty"`
	OrderStatus     *OrderStatus `json:"order_status,omitempty"`
	// Minutes is how long a call button works.
	Minutes int `json:"minutes,omitempty"`
	// LinkPreview shows what a link to a payment leads to, for the text of a url
	// button.
	// https://developers.facebook.com/documentation/business-messaging/whatsapp/payments/payments-in/enhanced-payment-links
	// (read 2026-09)
	LinkPreview bool        `json:"link_preview,omitempty"`
	TapTarget   *LinkButton `json:"tap_target,omitempty"`
}

// Currency is an amount of money that the phone writes in its own way.
type Currency struct {
	Fallback string `json:"fallback"`
	// Code is ISO 4217.
	Code string `json:"code"`
	// Amount1000 is the amount times 1,000.
	Amount1000 int64 `json:"amount_1000"`
}

// ButtonAction is what a button opens: a flow, a catalog or some articles.
type ButtonAction struct {
	FlowToken string `json:"flow_token,omitempty"`
	// FlowData is a JSON object of the flow's own making.
	FlowData  json.RawMessage  `json:"flow_data,omitempty"`
	Thumbnail string           `json:"thumbnail,omitempty"`
	Sections  []ProductSection `json:"sections,omitempty"`
}

func (Template) content() {}

// Type implements [Content].
func (Template) Type() ContentType { return TypeTemplate }
