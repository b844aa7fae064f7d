package wa

import (
	"fmt"
	"strings"
)

// Validate returns everything that is wrong with an order. Its amounts have to
// add up.
func (o Order) Validate() []Problem {
	ps := needed("reference_id", o.ReferenceID, MaxReferenceID)
	ps = append(ps, oneOf("type", o.Goods, "digital-goods", "physical-goods")...)
	if o.PaymentType == "" && len(o.Settings) == 0 {
		ps = append(ps, Problem{Field: "payment_settings", Rule: RuleRequired})
	}
	ps = append(ps, parts("payment_type", o.PaymentType, "payment_configuration", o.Configuration)...)
	ps = append(ps, jsonOf("payment_settings", o.Settings, '[')...)
	ps = append(ps, currency("currency", o.Currency)...)
	ps = append(ps, o.Total.validate("total_amount")...)
	ps = append(ps, text("order.catalog_id", o.CatalogID, MaxPartLength)...)
	ps = append(ps, o.validateItems()...)
	ps = append(ps, jsonOf("shipping_info", o.ShippingInfo, '{')...)
	ps = append(ps, o.Subtotal.validate("order.subtotal")...)
	ps = append(ps, o.Tax.validate("order.tax")...)
	if o.Shipping != nil {
		ps = append(ps, o.Shipping.validate("order.shipping")...)
	}
	if o.Discount != nil {
		ps = append(ps, o.Discount.validate("order.discount")...)
	}
	if e := o.Expiration; e != nil {
		if e.Timestamp <= 0 {
			ps = append(ps, malformed("order.expiration.timestamp", "must be a time in unix seconds")...)
		}
		ps = append(ps, text("order.expiration.description", e.Description, MaxOrderText)...)
	}
	if ps == nil {
		return o.addsUp()
	}
	return ps // sums of what is wrong say nothing
}

// currency checks the form of an ISO 4217 code.
func currency(field, code string) []Problem {
	if code == "" {
		return []Problem{{Field: field, Rule: RuleRequired}}
	}
	if len(code) != 3 || strings.Trim(code, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		return malformed(field, "must be an ISO 4217 code, such as INR")
	}
	return nil
}

func (o Order) validateItems() []Problem {
	var ps []Problem
	if len(o.Items) == 0 {
		ps = append(ps, Problem{Field: "order.items", Rule: RuleRequired})
	}
	for i, item := range o.Items {
		part := fmt.Sprintf("order.items[%d].", i)
		ps = append(ps, text(part+"retailer_id", item.RetailerID, MaxPartLength)...)
		ps = append(ps, needed(part+"name", item.Name, MaxPartLength)...)
		ps = append(ps, item.Amount.validate(part+"amount")...)
		if item.Sale != nil {
			ps = append(ps, item.Sale.validate(part+"sale_amount")...)
		}
		ps = append(ps, under(part, parts("country_of_origin", item.CountryOfOrigin, "importer_name", item.ImporterName))...)
		ps = append(ps, jsonOf(part+"importer_address", item.ImporterAddress, '{')...)
		if item.Quantity < 1 || item.Quantity > MaxAmount {
			ps = append(ps, malformed(part+"quantity", "must be a whole number from 1 on")...)
		}
	}
	return ps
}

// validate takes the zero value for one that is missing, as every other amount
// has an offset.
func (a Amount) validate(field string) []Problem {
	if a == (Amount{}) {
		return []Problem{{Field: field, Rule: RuleRequired}}
	}
	var ps []Problem
	if a.Value < 0 || a.Value > MaxAmount {
		ps = append(ps, malformed(field+".value", fmt.Sprintf("must be a whole number from 0 to %d", int64(MaxAmount)))...)
	}
	if a.Offset != AmountOffset {
		ps = append(ps, malformed(field+".offset", fmt.Sprintf("can only be %d", AmountOffset))...)
	}
	return append(ps, text(field+".description", a.Description, MaxOrderText)...)
}

// addsUp compares the sums with their parts.
func (o Order) addsUp() []Problem {
	items := int64(0)
	for _, item := range o.Items {
		price := item.Amount.Value
		if item.Sale != nil {
			price = item.Sale.Value
		}
		// Neither can run over: each is bounded, and so is what is added up.
		if price > 0 && int64(item.Quantity) > MaxAmount/price {
			return malformed("order.items", "cost too much")
		}
		if items += price * int64(item.Quantity); items > MaxAmount {
			return malformed("order.items", "cost too much")
		}
	}
	if o.Subtotal.Value != items {
		return malformed("order.subtotal", "must be what the items cost together")
	}
	if items+o.Tax.Value+valueOf(o.Shipping).Value-valueOf(o.Discount).Value != o.Total.Value {
		return malformed("total_amount", "must be subtotal + tax + shipping - discount")
	}
	return nil
}

// Validate returns everything that is wrong with an order's status.
func (s OrderStatus) Validate() []Problem {
	ps := needed("reference_id", s.ReferenceID, MaxReferenceID)
	ps = append(ps, oneOf("order.status", s.Status, "processing", "partially_shipped", "shipped", "completed", "canceled")...)
	return append(ps, text("order.description", s.Description, MaxOrderText)...)
}
