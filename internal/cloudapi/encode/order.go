package encode

import (
	"encoding/json"
	"errors"
	"strconv"

	"github.com/waypost/waypost/internal/wa"
)

// orderDetails asks for a payment, in an interactive message and on a button
// of a template.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/payments (read 2026-09)
type orderDetails struct {
	ReferenceID   string          `json:"reference_id"`
	Goods         string          `json:"type"`
	PaymentType   string          `json:"payment_type,omitempty"`
	Configuration string          `json:"payment_configuration,omitempty"`
	Settings      json.RawMessage `json:"payment_settings,omitempty"`
	ShippingInfo  json.RawMessage `json:"shipping_info,omitempty"`
	Currency      string          `json:"currency"`
	Total         *amountObject   `json:"total_amount"`
	Order         orderObject     `json:"order"`
}

// orderObject has the status pending: the payment is what is asked for.
type orderObject struct {
	Status     string            `json:"status"`
	CatalogID  string            `json:"catalog_id,omitempty"`
	Expiration *expirationObject `json:"expiration,omitempty"`
	Items      []itemObject      `json:"items"`
	Subtotal   *amountObject     `json:"subtotal"`
	Tax        *amountObject     `json:"tax"`
	Shipping   *amountObject     `json:"shipping,omitempty"`
	Discount   *amountObject     `json:"discount,omitempty"`
}

type amountObject struct {
	Value       int64  `json:"value"`
	Offset      int64  `json:"offset"`
	Description string `json:"description,omitempty"`
	// Program is only there for a discount.
	Program string `json:"discount_program_name,omitempty"`
}

type itemObject struct {
	RetailerID string        `json:"retailer_id,omitempty"`
	Name       string        `json:"name"`
	Amount     *amountObject `json:"amount"`
	Sale       *amountObject `json:"sale_amount,omitempty"`
	Quantity   int           `json:"quantity"`

	CountryOfOrigin string          `json:"country_of_origin,omitempty"`
	ImporterName    string          `json:"importer_name,omitempty"`
	ImporterAddress json.RawMessage `json:"importer_address,omitempty"`
}

// expirationObject has unix seconds in a string.
type expirationObject struct {
	Timestamp   string `json:"timestamp"`
	Description string `json:"description,omitempty"`
}

// orderStatusObject tells how far an order has come.
type orderStatusObject struct {
	ReferenceID string            `json:"reference_id"`
	Order       orderStatusDetail `json:"order"`
}

type orderStatusDetail struct {
	Status      string `json:"status"`
	Description string `json:"description,omitempty"`
}

// olderOrder is an order in the shape of the payments API of Singapore, in
// Meta's Postman collection (read 2025-09): the whole message stands in it, and
// the action is the order itself.
type olderOrder struct {
	Header *headerObject `json:"header,omitempty"`
	Body   *lineObject   `json:"body,omitempty"`
	Footer *lineObject   `json:"footer,omitempty"`
	Action *orderDetails `json:"action"`
}

func (e encoder) olderOrder(c wa.Interactive) (*interactiveObject, error) {
	header, err := e.header(c.Header)
	if err != nil {
		return nil, err
	}
	if header != nil && c.Header.Provider != "" {
		for _, m := range []*mediaObject{header.Image, header.Video, header.Document} {
			if m != nil && m.Link != "" { // what we have uploaded, nobody fetches
				m.Provider = &providerObject{c.Header.Provider}
			}
		}
	}
	return &interactiveObject{Type: string(c.Kind), Older: &olderOrder{
		Header: header, Body: line(c.Body), Footer: line(c.Footer), Action: newOrder(*c.Order),
	}}, nil
}

func orderAction(o *wa.Order) (*actionObject, error) {
	if o == nil {
		return nil, errors.New("the interactive message has no order")
	}
	return &actionObject{Name: "review_and_pay", Parameters: newOrder(*o)}, nil
}

func orderStatusAction(s *wa.OrderStatus) (*actionObject, error) {
	if s == nil {
		return nil, errors.New("the interactive message has no status of an order")
	}
	return &actionObject{Name: "review_order", Parameters: newOrderStatus(*s)}, nil
}

func newOrderStatus(s wa.OrderStatus) *orderStatusObject {
	return &orderStatusObject{s.ReferenceID, orderStatusDetail{s.Status, s.Description}}
}

func newOrder(o wa.Order) *orderDetails {
	d := &orderDetails{
		ReferenceID: o.ReferenceID, Goods: o.Goods,
		PaymentType: o.PaymentType, Configuration: o.Configuration, Settings: o.Settings, ShippingInfo: o.ShippingInfo,
		Currency: o.Currency, Total: amount(&o.Total),
		Order: orderObject{
			Status: "pending", CatalogID: o.CatalogID, Items: make([]itemObject, len(o.Items)),
			Subtotal: amount(&o.Subtotal), Tax: amount(&o.Tax), Shipping: amount(o.Shipping), Discount: amount(o.Discount),
		},
	}
	for i, item := range o.Items {
		d.Order.Items[i] = itemObject{
			RetailerID: item.RetailerID, Name: item.Name, Amount: amount(&item.Amount), Sale: amount(item.Sale), Quantity: item.Quantity,
			CountryOfOrigin: item.CountryOfOrigin, ImporterName: item.ImporterName, ImporterAddress: item.ImporterAddress,
		}
	}
	if d.Order.Discount != nil {
		d.Order.Discount.Program = o.DiscountProgram
	}
	if e := o.Expiration; e != nil {
		d.Order.Expiration = &expirationObject{strconv.FormatInt(e.Timestamp, 10), e.Description}
	}
	return d
}

func amount(a *wa.Amount) *amountObject {
	if a == nil {
		return nil
	}
	return &amountObject{Value: a.Value, Offset: a.Offset, Description: a.Description}
}
