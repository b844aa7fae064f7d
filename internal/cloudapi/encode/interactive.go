package encode

import (
	"cmp"
	"encoding/json"
	"errors"

	"github.com/waypost/waypost/internal/cloudapi/node"
	"github.com/waypost/waypost/internal/wa"
)

// interactiveObject is a message that is answered by a tap.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/interactive-reply-buttons-messages
// and its neighbors (read 2026-09)
type interactiveObject struct {
	Type   string        `json:"type"`
	Header *headerObject `json:"header,omitempty"`
	Body   *lineObject   `json:"body,omitempty"`
	Footer *lineObject   `json:"footer,omitempty"`
	Action *actionObject `json:"action,omitempty"`
	// Older has what stands above, in the older shape of an order.
	Older *olderOrder `json:"order_details,omitempty"`
}

type headerObject struct {
	Type string `json:"type"`
	Text string `json:"text,omitempty"`
	mediaSlots
}

type lineObject struct {
	Text string `json:"text"`
}

// actionObject is what the taps do. The kind of the message says which fields
// are there.
type actionObject struct {
	Name       string            `json:"name,omitempty"`
	Parameters any               `json:"parameters,omitempty"`
	Button     string            `json:"button,omitempty"`
	Buttons    []replyButton     `json:"buttons,omitempty"`
	Sections   []sectionObject   `json:"sections,omitempty"`
	CatalogID  string            `json:"catalog_id,omitempty"`
	RetailerID string            `json:"product_retailer_id,omitempty"`
	Cards      []interactiveCard `json:"cards,omitempty"`
}

// replyButton is called reply in a message, and quick_reply on a card.
type replyButton struct {
	Type       string       `json:"type"`
	Reply      *replyObject `json:"reply,omitempty"`
	QuickReply *replyObject `json:"quick_reply,omitempty"`
}

type replyObject struct {
	ID    string `json:"id"`
	Title string `json:"title"`
}

// sectionObject has the rows of a list, or articles.
type sectionObject struct {
	Title    string          `json:"title,omitempty"`
	Rows     []rowObject     `json:"rows,omitempty"`
	Products []productObject `json:"product_items,omitempty"`
}

type rowObject struct {
	ID          string `json:"id"`
	Title       string `json:"title"`
	Description string `json:"description,omitempty"`
}

type productObject struct {
	RetailerID string `json:"product_retailer_id"`
	CatalogID  string `json:"catalog_id,omitempty"`
}

// interactiveCard is one card of a carousel. Its type is cta_url for quick
// replies too.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/interactive-media-carousel-messages
// (read 2026-09)
type interactiveCard struct {
	Index  int           `json:"card_index"`
	Type   string        `json:"type"`
	Header *headerObject `json:"header,omitempty"`
	Body   *lineObject   `json:"body,omitempty"`
	Action *actionObject `json:"action"`
}

type linkParameters struct {
	Label string `json:"display_text"`
	URL   string `json:"url"`
}

type thumbnailParameters struct {
	Thumbnail string `json:"thumbnail_product_retailer_id,omitempty"`
}

// flowParameters open a flow. Without a mode it is a published one.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/flows (read 2026-09)
type flowParameters struct {
	Version string       `json:"flow_message_version"`
	ID      string       `json:"flow_id,omitempty"`
	Name    string       `json:"flow_name,omitempty"`
	Label   string       `json:"flow_cta"`
	Mode    string       `json:"mode,omitempty"`
	Token   string       `json:"flow_token,omitempty"`
	Action  string       `json:"flow_action"`
	Payload *flowPayload `json:"flow_action_payload,omitempty"`
}

type flowPayload struct {
	Screen string          `json:"screen,omitempty"`
	Data   json.RawMessage `json:"data,omitempty"`
}

// flowVersion is the only flow_message_version there has been.
const flowVersion = "3"

func (e encoder) interactive(c wa.Interactive) (*interactiveObject, error) {
	if c.Kind == wa.InteractiveOrderDetails && c.Order != nil && c.Order.Older {
		return e.olderOrder(c)
	}
	action, err := e.action(c)
	if err != nil {
		return nil, err
	}
	header, err := e.header(c.Header)
	if err != nil {
		return nil, err
	}
	return &interactiveObject{Type: string(c.Kind), Header: header, Body: line(c.Body), Footer: line(c.Footer), Action: action}, nil
}

// line is nil for no text: an empty one is refused by Meta.
func line(v string) *lineObject {
	if v == "" {
		return nil
	}
	return &lineObject{v}
}

func (e encoder) header(h *wa.Header) (*headerObject, error) {
	switch {
	case h == nil || *h == wa.Header{}:
		return nil, nil
	case h.Media == nil:
		return &headerObject{Type: "text", Text: h.Text}, nil
	}
	o := &headerObject{Type: string(h.Media.Kind)}
	return o, o.header(h.Media.Kind, *h.Media, e)
}

func (e encoder) action(c wa.Interactive) (*actionObject, error) {
	switch c.Kind {
	case wa.InteractiveButton:
		return buttonsAction("reply", c.Buttons)
	case wa.InteractiveList:
		return listAction(c.List)
	case wa.InteractiveLink:
		return linkAction(c.Link)
	case wa.InteractiveLocationRequest:
		return &actionObject{Name: "send_location"}, nil
	case wa.InteractiveFlow:
		return flowAction(c.Flow)
	case wa.InteractiveProduct:
		return productAction(c.Product)
	case wa.InteractiveProductList:
		return productListAction(c.Products)
	case wa.InteractiveCatalog:
		return catalogAction(c.Thumbnail), nil
	case wa.InteractiveOrderDetails:
		return orderAction(c.Order)
	case wa.InteractiveOrderStatus:
		return orderStatusAction(c.OrderStatus)
	case wa.InteractiveCarousel:
		return e.carouselAction(c.Cards)
	case wa.InteractiveAddress:
		return addressAction(c.Address)
	case wa.InteractiveVoiceCall:
		return callAction(c.Call), nil
	case wa.InteractiveCallPermission, wa.InteractiveContactInfo:
		return &actionObject{Name: string(c.Kind)}, nil
	}
	return nil, errors.New("the interactive message is of no kind")
}

func buttonsAction(kind string, buttons []wa.ReplyButton) (*actionObject, error) {
	if len(buttons) == 0 {
		return nil, errors.New("the interactive message has no buttons")
	}
	return &actionObject{Buttons: node.Each(buttons, func(b wa.ReplyButton) replyButton {
		reply := &replyObject{ID: b.ID, Title: b.Title}
		if kind == "quick_reply" {
			return replyButton{Type: kind, QuickReply: reply}
		}
		return replyButton{Type: kind, Reply: reply}
	})}, nil
}

func listAction(l *wa.List) (*actionObject, error) {
	if l == nil || len(l.Sections) == 0 {
		return nil, errors.New("the interactive message has no list")
	}
	return &actionObject{Button: l.Label, Sections: node.Each(l.Sections, func(s wa.ListSection) sectionObject {
		return sectionObject{Title: s.Title, Rows: node.Each(s.Rows, func(r wa.ListRow) rowObject {
			return rowObject{ID: r.ID, Title: r.Title, Description: r.Description}
		})}
	})}, nil
}

func linkAction(l *wa.LinkButton) (*actionObject, error) {
	if l == nil {
		return nil, errors.New("the interactive message has no link")
	}
	return &actionObject{Name: "cta_url", Parameters: linkParameters{Label: l.Label, URL: l.URL}}, nil
}

func flowAction(f *wa.Flow) (*actionObject, error) {
	if f == nil || f.ID == "" && f.Name == "" {
		return nil, errors.New("the interactive message has no flow")
	}
	p := flowParameters{
		Version: cmp.Or(f.Version, flowVersion), ID: f.ID, Name: f.Name, Label: f.Label, Token: f.Token, Action: "navigate",
	}
	if f.Draft {
		p.Mode = "draft"
	}
	switch {
	case f.Exchange:
		// The endpoint of the flow says where it begins.
		p.Action = "data_exchange"
	case f.Screen != "" || len(f.Data) > 0:
		p.Payload = &flowPayload{Screen: f.Screen, Data: f.Data}
	}
	return &actionObject{Name: "flow", Parameters: p}, nil
}

func productAction(p *wa.Product) (*actionObject, error) {
	if p == nil {
		return nil, errors.New("the interactive message has no product")
	}
	return &actionObject{CatalogID: p.CatalogID, RetailerID: p.RetailerID}, nil
}

func productListAction(l *wa.ProductList) (*actionObject, error) {
	if l == nil || len(l.Sections) == 0 {
		return nil, errors.New("the interactive message has no products")
	}
	return &actionObject{CatalogID: l.CatalogID, Sections: productSections(l.Sections)}, nil
}

func productSections(sections []wa.ProductSection) []sectionObject {
	return node.Each(sections, func(s wa.ProductSection) sectionObject {
		return sectionObject{Title: s.Title, Products: node.Each(s.RetailerIDs, func(id string) productObject {
			return productObject{RetailerID: id}
		})}
	})
}

func catalogAction(thumbnail string) *actionObject {
	a := &actionObject{Name: "catalog_message"}
	if thumbnail != "" {
		a.Parameters = thumbnailParameters{thumbnail}
	}
	return a
}

func (e encoder) carouselAction(cards []wa.Card) (*actionObject, error) {
	if len(cards) == 0 {
		return nil, errors.New("the interactive message has no cards")
	}
	a := &actionObject{Cards: make([]interactiveCard, len(cards))}
	for i, c := range cards {
		o, err := e.card(c)
		if err != nil {
			return nil, err
		}
		o.Index = i
		a.Cards[i] = o
	}
	return a, nil
}

func (e encoder) card(c wa.Card) (o interactiveCard, err error) {
	if c.Product != nil {
		o.Type = "product"
		o.Action, err = productAction(c.Product)
		return o, err
	}
	o.Type, o.Body = "cta_url", line(c.Body)
	if o.Header, err = e.header(&wa.Header{Media: c.Media}); err != nil {
		return o, err
	}
	if c.Link != nil {
		o.Action, err = linkAction(c.Link)
		return o, err
	}
	o.Action, err = buttonsAction("quick_reply", c.Buttons)
	return o, err
}
