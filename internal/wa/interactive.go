package wa

import "encoding/json"

// Interactive is a message that is answered by a tap. Kind says which of the
// fields below Footer is set.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/interactive-reply-buttons-messages
// and its neighbours (read 2026-09).
type Interactive struct {
	Kind   InteractiveKind `json:"kind"`
	Header *Header         `json:"header,omitempty"`
	Body   string          `json:"body,omitempty"`
	Footer string          `json:"footer,omitempty"`

	Buttons     []ReplyButton `json:"buttons,omitempty"`      // button
	List        *List         `json:"list,omitempty"`         // list
	Link        *LinkButton   `json:"link,omitempty"`         // cta_url
	Flow        *Flow         `json:"flow,omitempty"`         // flow
	Product     *Product      `json:"product,omitempty"`      // product
	Products    *ProductList  `json:"products,omitempty"`     // product_list
	Thumbnail   string        `json:"thumbnail,omitempty"`    // catalog_message: a product_retailer_id, may be ""
	Order       *Order        `json:"order,omitempty"`        // order_details
	OrderStatus *OrderStatus  `json:"order_status,omitempty"` // order_status
	Cards       []Card        `json:"cards,omitempty"`        // carousel
	Address     *AddressForm  `json:"address,omitempty"`      // address_message
	Call        *CallButton   `json:"call,omitempty"`         // voice_call
}

// InteractiveKind names a kind by Meta's word for it.
type InteractiveKind string

// The kinds of interactive messages.
const (
	InteractiveButton          InteractiveKind = "button"
	InteractiveList            InteractiveKind = "list"
	InteractiveLink            InteractiveKind = "cta_url"
	InteractiveLocationRequest InteractiveKind = "location_request_message"
	InteractiveFlow            InteractiveKind = "flow"
	InteractiveProduct         InteractiveKind = "product"
	InteractiveProductList     InteractiveKind = "product_list"
	InteractiveCatalog         InteractiveKind = "catalog_message"
	InteractiveOrderDetails    InteractiveKind = "order_details"
	InteractiveOrderStatus     InteractiveKind = "order_status"
	InteractiveCarousel        InteractiveKind = "carousel"
	InteractiveAddress         InteractiveKind = "address_message"
	InteractiveVoiceCall       InteractiveKind = "voice_call"
	// InteractiveCallPermission asks whether the business may call. A person can
	// be asked once in 24 hours, and twice in seven days.
	// https://developers.facebook.com/documentation/business-messaging/whatsapp/calling/user-call-permissions
	// (read 2026-09)
	InteractiveCallPermission InteractiveKind = "call_permission_request"
	// InteractiveContactInfo asks somebody of whom only the user id is known for
	// the phone number.
	// https://developers.facebook.com/documentation/business-messaging/whatsapp/business-scoped-user-ids
	// (read 2026-09)
	InteractiveContactInfo InteractiveKind = "request_contact_info"
)

// Header stands above the body: a text or a media, never both.
type Header struct {
	Text  string `json:"text,omitempty"`
	Media *Media `json:"media,omitempty"`
	// Provider names who fetches the link of Media. There is one in the older
	// shape of an order only; see [Order.Older].
	Provider string `json:"provider,omitempty"`
}

// ReplyButton is a quick answer.
type ReplyButton struct {
	ID    string `json:"id"`
	Title string `json:"title"`
}

// List is a menu that Label opens.
type List struct {
	Label    string        `json:"label"`
	Sections []ListSection `json:"sections"`
}

// ListSection is a part of a list.
type ListSection struct {
	Title string    `json:"title,omitempty"`
	Rows  []ListRow `json:"rows"`
}

// ListRow is one choice.
type ListRow struct {
	ID          string `json:"id"`
	Title       string `json:"title"`
	Description string `json:"description,omitempty"`
}

// LinkButton opens a web page.
type LinkButton struct {
	Label string `json:"label"`
	URL   string `json:"url"`
}

// Flow opens a WhatsApp Flow, named by ID or by Name.
type Flow struct {
	ID    string `json:"id,omitempty"`
	Name  string `json:"name,omitempty"`
	Label string `json:"label"`
	// Version is flow_message_version; "" is "3".
	Version string `json:"version,omitempty"`
	// Draft sends the flow before it is published.
	Draft bool   `json:"draft,omitempty"`
	Token string `json:"token,omitempty"`
	// Exchange lets the flow's endpoint choose the first screen, instead of
	// Screen.
	Exchange bool   `json:"exchange,omitempty"`
	Screen   string `json:"screen,omitempty"`
	// Data is what the screen gets: a JSON object of the flow's own making.
	Data json.RawMessage `json:"data,omitempty"`
}

// Product is one article of a catalog.
type Product struct {
	CatalogID  string `json:"catalog_id,omitempty"`
	RetailerID string `json:"retailer_id"`
}

// ProductList is several articles of a catalog.
type ProductList struct {
	CatalogID string           `json:"catalog_id"`
	Sections  []ProductSection `json:"sections"`
}

// ProductSection is a part of a list of articles.
type ProductSection struct {
	Title       string   `json:"title,omitempty"`
	RetailerIDs []string `json:"retailer_ids"`
}

// Order asks for a payment.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/payments (read 2026-09).
type Order struct {
	// ReferenceID is the customer's own name of the order.
	ReferenceID string `json:"reference_id"`
	// Goods is digital-goods or physical-goods.
	Goods string `json:"goods"`
	// PaymentType, Configuration and Settings say how it can be paid, which
	// differs by country. Settings is Meta's payment_settings, a JSON array.
	PaymentType   string          `json:"payment_type,omitempty"`
	Configuration string          `json:"configuration,omitempty"`
	Settings      json.RawMessage `json:"settings,omitempty"`
	// Currency is an ISO 4217 code.
	Currency  string      `json:"currency"`
	Total     Amount      `json:"total"`
	CatalogID string      `json:"catalog_id,omitempty"`
	Items     []OrderItem `json:"items"`
	Subtotal  Amount      `json:"subtotal"`
	Tax       Amount      `json:"tax"`
	Shipping  *Amount     `json:"shipping,omitempty"`
	Discount  *Amount     `json:"discount,omitempty"`
	// DiscountProgram names what Discount is given for; may be "".
	DiscountProgram string      `json:"discount_program,omitempty"`
	Expiration      *Expiration `json:"expiration,omitempty"`
	// ShippingInfo says where goods go to, for India: Meta's shipping_info, a JSON
	// object.
	ShippingInfo json.RawMessage `json:"shipping_info,omitempty"`
	// Older asks for the shape of Meta's first payments API, in Singapore, in
	// which the whole message stands below order_details.
	Older bool `json:"older,omitempty"`
}

// Amount is money: Value is Offset times the amount, so 1250 with offset 100
// is 12.50.
type Amount struct {
	Value       int64  `json:"value"`
	Offset      int64  `json:"offset"`
	Description string `json:"description,omitempty"`
}

// OrderItem is one line of an order.
type OrderItem struct {
	RetailerID string  `json:"retailer_id,omitempty"`
	Name       string  `json:"name"`
	Amount     Amount  `json:"amount"`
	Sale       *Amount `json:"sale,omitempty"`
	Quantity   int     `json:"quantity"`
	// CountryOfOrigin and the importer have to be given for imported goods in
	// India. ImporterAddress is Meta's importer_address, a JSON object.
	CountryOfOrigin string          `json:"country_of_origin,omitempty"`
	ImporterName    string          `json:"importer_name,omitempty"`
	ImporterAddress json.RawMessage `json:"importer_address,omitempty"`
}

// Expiration is until when an order can be paid.
type Expiration struct {
	// Timestamp is unix seconds.
	Timestamp   int64  `json:"timestamp"`
	Description string `json:"description,omitempty"`
}

// OrderStatus tells how far an order has come.
type OrderStatus struct {
	ReferenceID string `json:"reference_id"`
	// Status is processing, partially_shipped, shipped, completed or canceled.
	Status      string `json:"status"`
	Description string `json:"description,omitempty"`
}

// Card is one card of a carousel: a media with a text and buttons, or an
// article of a catalog.
type Card struct {
	Media   *Media        `json:"media,omitempty"`
	Body    string        `json:"body,omitempty"`
	Link    *LinkButton   `json:"link,omitempty"`
	Buttons []ReplyButton `json:"buttons,omitempty"`
	Product *Product      `json:"product,omitempty"`
}

func (Interactive) content() {}

// Type implements [Content].
func (Interactive) Type() ContentType { return TypeInteractive }
