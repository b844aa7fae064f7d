package encode

import (
	"encoding/json"
	"errors"
	"strconv"

	"github.com/waypost/waypost/internal/wa"
)

// templateObject is a message made from a template.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/template-messages
// (read 2026-09)
type templateObject struct {
	Name       string            `json:"name"`
	Language   languageObject    `json:"language"`
	Components []componentObject `json:"components,omitempty"`
}

type languageObject struct {
	Code string `json:"code"`
	// Policy is deterministic: it is the only one that Meta still has.
	Policy string `json:"policy"`
}

type componentObject struct {
	Type string `json:"type"`
	// SubType and Index say which button it is. Index is "0" to "9".
	SubType    string            `json:"sub_type,omitempty"`
	Index      string            `json:"index,omitempty"`
	Parameters []parameterObject `json:"parameters,omitempty"`
	Cards      []templateCard    `json:"cards,omitempty"`
}

type templateCard struct {
	Index      int               `json:"card_index"`
	Components []componentObject `json:"components"`
}

// parameterObject is one value: the field that Type names.
type parameterObject struct {
	Type string `json:"type"`
	// Name is for templates whose variables have names.
	Name string  `json:"parameter_name,omitempty"`
	Text *string `json:"text,omitempty"`
	mediaSlots
	Currency    *currencyObject    `json:"currency,omitempty"`
	DateTime    *dateTimeObject    `json:"date_time,omitempty"`
	Location    *locationObject    `json:"location,omitempty"`
	Product     *productObject     `json:"product,omitempty"`
	Payload     *string            `json:"payload,omitempty"`
	CouponCode  *string            `json:"coupon_code,omitempty"`
	Action      *templateAction    `json:"action,omitempty"`
	Offer       *offerObject       `json:"limited_time_offer,omitempty"`
	OrderStatus *orderStatusObject `json:"order_status,omitempty"`
	GroupID     *string            `json:"group_id,omitempty"`
	Minutes     int                `json:"ttl_minutes,omitempty"`
	TapTarget   []tapTargetObject  `json:"tap_target_configuration,omitempty"`
	// LinkPreview stands beside the text of a link to a payment.
	LinkPreview bool `json:"payment_link_preview,omitempty"`
}

// tapTargetObject is what a tap on the header opens.
type tapTargetObject struct {
	URL   string `json:"url"`
	Title string `json:"title"`
}

type currencyObject struct {
	Fallback   string `json:"fallback_value"`
	Code       string `json:"code"`
	Amount1000 int64  `json:"amount_1000"`
}

type dateTimeObject struct {
	Fallback string `json:"fallback_value"`
}

type offerObject struct {
	ExpiresAtMillis int64 `json:"expiration_time_ms"`
}

// templateAction is what a button opens.
type templateAction struct {
	FlowToken    string          `json:"flow_token,omitempty"`
	FlowData     json.RawMessage `json:"flow_action_data,omitempty"`
	Thumbnail    string          `json:"thumbnail_product_retailer_id,omitempty"`
	Sections     []sectionObject `json:"sections,omitempty"`
	OrderDetails *orderDetails   `json:"order_details,omitempty"`
}

func (e encoder) template(t wa.Template) (*templateObject, error) {
	if t.Name == "" || t.Language == "" {
		return nil, errors.New("the template has no name or no language")
	}
	components, err := e.components(t.Components)
	if err != nil {
		return nil, err
	}
	return &templateObject{t.Name, languageObject{t.Language, "deterministic"}, components}, nil
}

func (e encoder) components(cs []wa.Component) ([]componentObject, error) {
	out := make([]componentObject, len(cs))
	for i, c := range cs {
		var err error
		if out[i], err = e.component(c); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (e encoder) component(c wa.Component) (o componentObject, err error) {
	o.Type = string(c.Kind)
	switch c.Kind {
	case wa.ComponentHeader, wa.ComponentBody, wa.ComponentOffer, wa.ComponentOrderStatus, wa.ComponentTapTarget:
	case wa.ComponentButton:
		if o.SubType, err = subType(c.Button); err != nil {
			return o, err
		}
		o.Index = strconv.Itoa(c.Index)
	case wa.ComponentCarousel:
		o.Cards, err = e.templateCards(c.Cards)
		return o, err
	default:
		return o, errors.New("a component of the template is of no kind")
	}
	o.Parameters = make([]parameterObject, len(c.Parameters))
	for i, p := range c.Parameters {
		if o.Parameters[i], err = e.parameter(p); err != nil {
			return o, err
		}
	}
	return o, nil
}

func subType(b wa.ButtonKind) (string, error) {
	switch b {
	case wa.ButtonURL, wa.ButtonQuickReply, wa.ButtonCopyCode, wa.ButtonFlow, wa.ButtonCatalog, wa.ButtonProducts, wa.ButtonOrderDetails,
		wa.ButtonVoiceCall:
		return string(b), nil
	}
	return "", errors.New("a button of the template is of no kind")
}

func (e encoder) templateCards(cards []wa.TemplateCard) ([]templateCard, error) {
	if len(cards) == 0 {
		return nil, errors.New("the carousel of the template has no cards")
	}
	out := make([]templateCard, len(cards))
	for i, c := range cards {
		components, err := e.components(c.Components)
		if err != nil {
			return nil, err
		}
		out[i] = templateCard{i, components}
	}
	return out, nil
}

func (e encoder) parameter(p wa.Parameter) (parameterObject, error) {
	o := parameterObject{Type: string(p.Kind), Name: p.Name}
	switch p.Kind {
	case wa.ParameterText:
		o.Text, o.LinkPreview = &p.Text, p.LinkPreview
	case wa.ParameterGroupID:
		o.GroupID = &p.Text
	case wa.ParameterDateTime:
		o.DateTime = &dateTimeObject{p.Text}
	case wa.ParameterPayload:
		o.Payload = &p.Text
	case wa.ParameterCouponCode:
		o.CouponCode = &p.Text
	case wa.ParameterOffer:
		o.Offer = &offerObject{p.ExpiresAtMillis}
	case wa.ParameterImage, wa.ParameterVideo, wa.ParameterDocument:
		if p.Media == nil {
			return o, errNoValue()
		}
		return o, o.header(wa.MediaKind(p.Kind), *p.Media, e)
	case wa.ParameterCurrency, wa.ParameterLocation, wa.ParameterProduct, wa.ParameterOrderStatus, wa.ParameterAction,
		wa.ParameterMinutes, wa.ParameterTapTarget:
		return o, o.object(p)
	default:
		return o, errors.New("a parameter of the template is of no kind")
	}
	return o, nil
}

// object sets the value of a parameter that is an object.
func (o *parameterObject) object(p wa.Parameter) (err error) {
	switch {
	case p.Kind == wa.ParameterCurrency && p.Currency != nil:
		o.Currency = &currencyObject{p.Currency.Fallback, p.Currency.Code, p.Currency.Amount1000}
	case p.Kind == wa.ParameterLocation && p.Location != nil:
		o.Location, err = newLocation(*p.Location)
	case p.Kind == wa.ParameterProduct && p.Product != nil:
		o.Product = &productObject{p.Product.RetailerID, p.Product.CatalogID}
	case p.Kind == wa.ParameterOrderStatus && p.OrderStatus != nil:
		o.OrderStatus = newOrderStatus(*p.OrderStatus)
	case p.Kind == wa.ParameterMinutes && p.Minutes > 0:
		o.Minutes = p.Minutes
	case p.Kind == wa.ParameterTapTarget && p.TapTarget != nil:
		o.TapTarget = []tapTargetObject{{p.TapTarget.URL, p.TapTarget.Label}}
	case p.Kind == wa.ParameterAction && p.Order != nil:
		o.Action = &templateAction{OrderDetails: newOrder(*p.Order)}
	case p.Kind == wa.ParameterAction && p.Action == nil:
		// All of it is optional.
		o.Action = &templateAction{}
	case p.Kind == wa.ParameterAction:
		o.Action = &templateAction{
			FlowToken: p.Action.FlowToken, FlowData: p.Action.FlowData,
			Thumbnail: p.Action.Thumbnail, Sections: productSections(p.Action.Sections),
		}
	default:
		err = errNoValue()
	}
	return err
}

func errNoValue() error { return errors.New("a parameter of the template has no value") }
