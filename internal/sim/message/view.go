package message

import (
	"encoding/json"
	"strconv"

	"github.com/waypost/waypost/internal/sim/rule"
)

// The kinds of what can be tapped on a phone.
const (
	TapReply    = "reply"           // answers with button_reply
	TapRow      = "row"             // answers with list_reply
	TapQuick    = "quick_reply"     // of a template; answers with a message of type button
	TapFlow     = "flow"            // opens a form, whose answer is an nfm_reply
	TapAddress  = "address"         // opens a form for an address
	TapLocation = "location"        // answers with the phone's place
	TapContact  = "contact"         // answers with the phone's own contact
	TapCall     = "call_permission" // allows or refuses calls
	TapProduct  = "product"         // answers with an order
	TapURL      = "url"             // these open something and answer nothing
	TapPhone    = "phone_number"
	TapCode     = "copy_code"
	TapVoice    = "voice_call"
	TapPay      = "pay"
)

// View is a message as a phone shows it: every variable filled in, and what can be tapped.
type View struct {
	Header  *Header  `json:"header,omitempty"`
	Body    string   `json:"body,omitempty"`
	Footer  string   `json:"footer,omitempty"`
	Menu    string   `json:"menu,omitempty"` // the label that opens a list
	Buttons []Button `json:"buttons,omitempty"`
	Cards   []View   `json:"cards,omitempty"`
}

// Header is a text, a medium or a place. MediaID or Link says which medium it is.
type Header struct {
	Type     string          `json:"type"`
	Text     string          `json:"text,omitempty"`
	MediaID  string          `json:"media_id,omitempty"`
	Link     string          `json:"link,omitempty"`
	Filename string          `json:"filename,omitempty"`
	Location json.RawMessage `json:"location,omitempty"`
}

// Button is anything that can be tapped, a row of a list too.
type Button struct {
	Type        string   `json:"type"`
	Text        string   `json:"text"`
	ID          string   `json:"id,omitempty"` // what comes back: the id of a reply or row, the payload of a quick reply, the token of a flow
	Description string   `json:"description,omitempty"`
	Section     string   `json:"section,omitempty"`
	URL         string   `json:"url,omitempty"`
	Code        string   `json:"code,omitempty"`
	Catalog     string   `json:"catalog_id,omitempty"`
	Products    []string `json:"products,omitempty"` // ids by the shop; none means the whole catalog
}

// Show makes the view of an interactive message that Read has checked, and nil of anything else.
func Show(c Content) *View {
	if c.Type != TypeInteractive {
		return nil
	}
	var v any
	if err := json.Unmarshal(c.Object, &v); err != nil {
		return nil
	}
	view := showForm(v)
	return &view
}

// showForm reads an interactive object, or a card of one.
func showForm(v any) View {
	if older, ok := rule.Get(v, "order_details").(map[string]any); ok {
		older["type"] = "order_details"
		return showForm(older)
	}
	view := View{
		Header: HeaderOf(rule.Get(v, "header")), Body: rule.String(v, "body", "text"), Footer: rule.String(v, "footer", "text"),
		Buttons: showAction(rule.String(v, "type"), rule.Get(v, "action")),
	}
	if rule.String(v, "type") == "list" {
		view.Menu = rule.String(v, "action", "button")
	}
	for _, card := range rule.Items(v, "action", "cards") {
		view.Cards = append(view.Cards, showForm(card))
	}
	return view
}

// HeaderOf reads a header, or a parameter of one, which has the same shape; nil when there is none.
func HeaderOf(v any) *Header {
	kind := rule.String(v, "type")
	if kind == "" {
		return nil
	}
	h := &Header{Type: kind}
	switch kind {
	case TypeText:
		h.Text = rule.String(v, "text")
	case "location":
		location, err := json.Marshal(rule.Get(v, kind))
		if err != nil {
			return nil // it came from JSON
		}
		h.Location = location
	default:
		h.MediaID, h.Link, h.Filename = rule.String(v, kind, "id"), rule.String(v, kind, "link"), rule.String(v, kind, "filename")
	}
	return h
}

func showAction(kind string, action any) []Button {
	at := func(keys ...string) string { return rule.String(action, keys...) }
	switch kind {
	case "list":
		return showRows(action)
	case "flow":
		return []Button{{Type: TapFlow, Text: at("parameters", "flow_cta"), ID: at("parameters", "flow_token")}}
	case "address_message":
		return []Button{{Type: TapAddress, Text: "Provide address"}}
	case "location_request_message":
		return []Button{{Type: TapLocation, Text: "Send location"}}
	case "request_contact_info":
		return []Button{{Type: TapContact, Text: "Share contact info"}}
	case "call_permission_request":
		return []Button{{Type: TapCall, Text: "Allow", ID: "accept"}, {Type: TapCall, Text: "Don't allow", ID: "reject"}}
	case "product":
		return []Button{{Type: TapProduct, Text: "View", Catalog: at("catalog_id"), Products: []string{at("product_retailer_id")}}}
	case "product_list":
		return []Button{{Type: TapProduct, Text: "View items", Catalog: at("catalog_id"), Products: productsOf(action)}}
	case "catalog_message":
		return []Button{{Type: TapProduct, Text: "View catalog"}}
	case "order_details":
		return []Button{{Type: TapPay, Text: "Review and pay"}}
	case "voice_call":
		return []Button{{Type: TapVoice, Text: orElse(at("parameters", "display_text"), "Call Now")}}
	case "cta_url":
		return []Button{{Type: TapURL, Text: at("parameters", "display_text"), URL: at("parameters", "url")}}
	}
	return showReplies(action)
}

// showReplies reads the buttons of a message, or of a card, which names them otherwise.
func showReplies(action any) (list []Button) {
	for _, b := range rule.Items(action, "buttons") {
		kind := rule.String(b, "type")
		list = append(list, Button{Type: TapReply, Text: rule.String(b, kind, "title"), ID: rule.String(b, kind, "id")})
	}
	return list
}

func showRows(action any) (list []Button) {
	for _, section := range rule.Items(action, "sections") {
		for _, row := range rule.Items(section, "rows") {
			list = append(list, Button{
				Type: TapRow, Text: rule.String(row, "title"), ID: rule.String(row, "id"),
				Description: rule.String(row, "description"), Section: rule.String(section, "title"),
			})
		}
	}
	return list
}

func productsOf(action any) (list []string) {
	for _, section := range rule.Items(action, "sections") {
		for _, item := range rule.Items(section, "product_items") {
			list = append(list, rule.String(item, "product_retailer_id"))
		}
	}
	return list
}

func orElse(text, other string) string {
	if text == "" {
		return other
	}
	return text
}

// All lists everything that can be tapped: the message's own buttons, then those of its cards. Cards count from 0; the message
// itself is -1.
func (v *View) All() (list []Button, cards []int) {
	add := func(buttons []Button, card int) {
		for _, b := range buttons {
			list, cards = append(list, b), append(cards, card)
		}
	}
	add(v.Buttons, -1)
	for i, card := range v.Cards {
		add(card.Buttons, i)
	}
	return list, cards
}

// Labels are the texts of what can be tapped, quoted, for a sentence that says what there is.
func (v *View) Labels() (list []string) {
	buttons, _ := v.All()
	for _, b := range buttons {
		list = append(list, strconv.Quote(b.Text))
	}
	return list
}
