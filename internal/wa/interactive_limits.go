package wa

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Meta's limits of interactive messages, in characters or elements.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/interactive-list-messages
// and its neighbours (read 2026-09). Of a list's body Meta's pages say 4,096
// and its OpenAPI 1,024; the larger one is taken.
const (
	MaxInteractiveBody = 1024
	MaxListBody        = 4096
	MaxHeaderText      = 60
	MaxFooter          = 60
	MaxReplyButtons    = 3
	MaxReplyID         = 256
	MaxButtonLabel     = 20
	MaxButtonURL       = 2000 // of a template's button; of a cta_url Meta names none
	MaxListSections    = 10
	MaxListRows        = 10 // in all sections together
	MaxSectionTitle    = 24
	MaxRowID           = 200
	MaxRowTitle        = 24
	MaxRowDescription  = 72
	MaxProductSections = 10
	MaxProducts        = 30 // in all sections together
	MaxFlowLabel       = 30
	MinCards           = 2
	MaxCards           = 10
	MaxCardBody        = 160
	MaxCardBreaks      = 2
	MaxReferenceID     = 60 // in Brazil; in India 35
	MaxOrderText       = 120
	// AmountOffset is the only offset that Meta takes.
	AmountOffset = 100
)

// Validate implements [Content]. The fields of problems are the names of the
// vendor's payload, such as buttons[1].title.
func (i Interactive) Validate() []Problem {
	limit := MaxInteractiveBody
	if i.Kind == InteractiveList {
		limit = MaxListBody
	}
	ps := i.validateHeader()
	if i.Kind == InteractiveProduct || i.Kind == InteractiveCallPermission {
		ps = append(ps, text("body", i.Body, limit)...)
	} else {
		ps = append(ps, needed("body", i.Body, limit)...)
	}
	if i.Footer != "" && i.Kind == InteractiveCarousel {
		ps = append(ps, malformed("footer", "cannot stand in a carousel")...)
	}
	ps = append(ps, text("footer", i.Footer, MaxFooter)...)
	return append(ps, i.validateAction()...)
}

func (i Interactive) validateAction() []Problem {
	switch i.Kind {
	case InteractiveButton:
		return replies("buttons", i.Buttons)
	case InteractiveList:
		return valueOf(i.List).validate()
	case InteractiveLink:
		return valueOf(i.Link).validate()
	case InteractiveFlow:
		return valueOf(i.Flow).validate()
	case InteractiveProduct:
		return valueOf(i.Product).validate()
	case InteractiveProductList:
		return valueOf(i.Products).validate()
	case InteractiveCatalog:
		return text("thumbnail_product_retailer_id", i.Thumbnail, MaxPartLength)
	case InteractiveOrderDetails:
		return valueOf(i.Order).Validate()
	case InteractiveOrderStatus:
		return valueOf(i.OrderStatus).Validate()
	case InteractiveCarousel:
		return validateCards(i.Cards)
	case InteractiveAddress:
		return valueOf(i.Address).validate()
	case InteractiveVoiceCall:
		return valueOf(i.Call).validate()
	case InteractiveLocationRequest, InteractiveCallPermission, InteractiveContactInfo:
		return nil
	}
	return []Problem{{Field: "type", Rule: RuleUnknown, Detail: "is not a kind of interactive message"}}
}

// valueOf turns a part that is not there into an empty one, whose problems say
// what is missing.
func valueOf[T any](p *T) T {
	if p == nil {
		return *new(T)
	}
	return *p
}

// headers says which headers a kind of message may have.
func (k InteractiveKind) headers() (text, media bool) {
	switch k {
	case InteractiveList, InteractiveProductList, InteractiveAddress:
		return true, false
	case InteractiveButton, InteractiveLink, InteractiveFlow, InteractiveOrderDetails:
		return true, true
	case InteractiveProduct, InteractiveCatalog, InteractiveOrderStatus, InteractiveLocationRequest, InteractiveCarousel,
		InteractiveVoiceCall, InteractiveCallPermission, InteractiveContactInfo:
	}
	return false, false
}

func (i Interactive) validateHeader() []Problem {
	takesText, takesMedia := i.Kind.headers()
	switch h := i.Header; {
	case h == nil && i.Kind == InteractiveProductList:
		return []Problem{{Field: "header", Rule: RuleRequired}}
	case h == nil:
		return nil
	case h.Provider != "" && !valueOf(i.Order).Older:
		return malformed("header.provider", "can only stand in the older shape of an order")
	case len(text("header.provider", h.Provider, MaxPartLength)) > 0:
		return text("header.provider", h.Provider, MaxPartLength)
	case !takesText && !takesMedia:
		return malformed("header", "cannot stand in this type of message")
	case h.Media == nil:
		return needed("header.text", h.Text, MaxHeaderText)
	case h.Text != "":
		return malformed("header", "can have a text or a media, not both")
	case !takesMedia:
		return malformed("header.type", "can only be text in this type of message")
	default:
		return attached("header.", *h.Media, KindImage, KindVideo, KindDocument)
	}
}

// attached checks a media that stands in a part of a message, and names its
// fields as the vendor does there: url, media_id, filename and type.
func attached(part string, m Media, kinds ...MediaKind) []Problem {
	ps := m.Validate()
	for i := range ps {
		switch ps[i].Field {
		case "attachment_type":
			ps[i].Field = "type"
		case "attachment_id", "attachment_url":
			ps[i].Field = "url"
		}
		if ps[i].Field == "url" && ps[i].Rule == RuleMalformed && m.MediaID != "" {
			ps[i].Detail = "cannot stand beside media_id"
		}
	}
	if !slices.Contains(kinds, m.Kind) {
		ps = slices.DeleteFunc(ps, func(p Problem) bool { return p.Field == "type" })
		words := make([]string, len(kinds))
		for i, k := range kinds {
			words[i] = string(k)
		}
		ps = append(ps, oneOf("type", string(m.Kind), words...)...)
	}
	return under(part, ps)
}

// replies checks reply buttons. Meta refuses ids and titles that are there
// twice.
func replies(field string, bs []ReplyButton) []Problem {
	ps := count(field, len(bs), MaxReplyButtons)
	ids, titles := make([]string, len(bs)), make([]string, len(bs))
	for i, b := range bs {
		ids[i], titles[i] = b.ID, b.Title
		ps = append(ps, needed(at(field, i, "id"), b.ID, MaxReplyID)...)
		ps = append(ps, needed(at(field, i, "title"), b.Title, MaxButtonLabel)...)
	}
	ps = append(ps, repeats(ids, func(i int) string { return at(field, i, "id") })...)
	return append(ps, repeats(titles, func(i int) string { return at(field, i, "title") })...)
}

// validate checks a list. The same id in two sections is taken: a client in use
// sends that.
func (l List) validate() []Problem {
	ps := needed("button", l.Label, MaxButtonLabel)
	ps = append(ps, count("sections", len(l.Sections), MaxListSections)...)
	rows := 0
	for _, s := range l.Sections {
		rows += len(s.Rows)
	}
	if rows > MaxListRows {
		// What is wrong with each of them would be a very long list.
		return append(ps, Problem{Field: "rows", Rule: RuleTooMany, Limit: MaxListRows, Found: rows})
	}
	for i, s := range l.Sections {
		ps = append(ps, under(fmt.Sprintf("sections[%d].", i), s.validate(len(l.Sections) > 1))...)
	}
	return ps
}

func (s ListSection) validate(several bool) []Problem {
	ps := sectionTitle(s.Title, several)
	if len(s.Rows) == 0 {
		ps = append(ps, Problem{Field: "rows", Rule: RuleRequired})
	}
	ids := make([]string, len(s.Rows))
	for i, r := range s.Rows {
		ids[i] = r.ID
		ps = append(ps, needed(at("rows", i, "id"), r.ID, MaxRowID)...)
		ps = append(ps, needed(at("rows", i, "title"), r.Title, MaxRowTitle)...)
		ps = append(ps, text(at("rows", i, "description"), r.Description, MaxRowDescription)...)
	}
	return append(ps, repeats(ids, func(i int) string { return at("rows", i, "id") })...)
}

func sectionTitle(title string, several bool) []Problem {
	if several {
		return needed("title", title, MaxSectionTitle)
	}
	return text("title", title, MaxSectionTitle)
}

func (b LinkButton) validate() []Problem {
	ps := needed("display_text", b.Label, MaxButtonLabel)
	if b.URL == "" {
		return append(ps, Problem{Field: "url", Rule: RuleRequired})
	}
	if found := text("url", b.URL, MaxButtonURL); found != nil {
		return append(ps, found...)
	}
	return append(ps, link("url", b.URL)...)
}

// flowVersion is the only flow_message_version there has been.
const flowVersion = "3"

func (f Flow) validate() []Problem {
	var ps []Problem
	switch {
	case f.ID == "" && f.Name == "":
		ps = append(ps, Problem{Field: "flow_id", Rule: RuleRequired})
	case f.ID != "" && f.Name != "":
		ps = append(ps, malformed("flow_name", "cannot stand beside flow_id")...)
	}
	ps = append(ps, parts("flow_id", f.ID, "flow_name", f.Name, "flow_token", f.Token)...)
	if f.Version != "" && f.Version != flowVersion {
		ps = append(ps, malformed("flow_message_version", "can only be "+flowVersion)...)
	}
	ps = append(ps, needed("flow_cta", f.Label, MaxFlowLabel)...)
	if f.Exchange && (f.Screen != "" || f.Data != nil) {
		ps = append(ps, malformed("flow_action_payload", "cannot stand beside flow_action data_exchange")...)
	}
	if f.Screen == "" && f.Data != nil {
		ps = append(ps, Problem{Field: "flow_action_payload.screen", Rule: RuleRequired})
	}
	ps = append(ps, text("flow_action_payload.screen", f.Screen, MaxPartLength)...)
	return append(ps, jsonOf("flow_action_payload.data", f.Data, '{')...)
}

// jsonOf checks JSON that is passed on as it is.
func jsonOf(field string, v json.RawMessage, first byte) []Problem {
	switch {
	case len(v) == 0 || (v[0] == first && json.Valid(v)):
		return nil
	case first == '[':
		return malformed(field, "must be an array")
	default:
		return malformed(field, "must be an object")
	}
}

func (p Product) validate() []Problem {
	ps := needed("catalog_id", p.CatalogID, MaxPartLength)
	return append(ps, needed("product_retailer_id", p.RetailerID, MaxPartLength)...)
}

func (l ProductList) validate() []Problem {
	ps := needed("catalog_id", l.CatalogID, MaxPartLength)
	return append(ps, validateProducts(l.Sections)...)
}

func validateProducts(sections []ProductSection) []Problem {
	ps := count("sections", len(sections), MaxProductSections)
	products := 0
	for _, s := range sections {
		products += len(s.RetailerIDs)
	}
	if products > MaxProducts {
		return append(ps, Problem{Field: "product_items", Rule: RuleTooMany, Limit: MaxProducts, Found: products})
	}
	for i, s := range sections {
		part := fmt.Sprintf("sections[%d].", i)
		ps = append(ps, under(part, sectionTitle(s.Title, len(sections) > 1))...)
		if len(s.RetailerIDs) == 0 {
			ps = append(ps, Problem{Field: part + "product_items", Rule: RuleRequired})
		}
		for j, id := range s.RetailerIDs {
			ps = append(ps, needed(part+at("product_items", j, "product_retailer_id"), id, MaxPartLength)...)
		}
	}
	return ps
}

// validateCards checks the cards of a carousel, which have to be alike: all of
// one catalog, or all with the same kind of media and the same kind and number
// of buttons.
func validateCards(cards []Card) []Problem {
	ps := cardCount(len(cards))
	for i, c := range cards {
		part := fmt.Sprintf("cards[%d].", i)
		ps = append(ps, under(part, c.validate())...)
		if first := cards[0]; !c.like(first) {
			ps = append(ps, malformed(fmt.Sprintf("cards[%d]", i), "must have the same media type, catalog and kind of buttons as cards[0]")...)
		}
	}
	return ps
}

func cardCount(found int) []Problem {
	if found > 0 && found < MinCards {
		return malformed("cards", "must have two elements at least")
	}
	return count("cards", found, MaxCards)
}

func (c Card) like(other Card) bool {
	a, b := valueOf(c.Product), valueOf(other.Product)
	return (c.Product == nil) == (other.Product == nil) && a.CatalogID == b.CatalogID &&
		(c.Media == nil) == (other.Media == nil) && valueOf(c.Media).Kind == valueOf(other.Media).Kind &&
		(c.Link == nil) == (other.Link == nil) && len(c.Buttons) == len(other.Buttons)
}

func (c Card) validate() []Problem {
	if c.Product != nil {
		ps := c.Product.validate()
		if c.Media != nil || c.Body != "" || c.Link != nil || c.Buttons != nil {
			ps = append(ps, malformed("product_retailer_id", "cannot stand beside a header, a body or buttons")...)
		}
		return ps
	}
	var ps []Problem
	if c.Media == nil {
		ps = append(ps, Problem{Field: "header", Rule: RuleRequired})
	} else {
		ps = append(ps, attached("header.", *c.Media, KindImage, KindVideo)...)
	}
	ps = append(ps, text("body", c.Body, MaxCardBody)...)
	if n := strings.Count(c.Body, "\n"); n > MaxCardBreaks {
		ps = append(ps, malformed("body", fmt.Sprintf("cannot have more than %d line breaks (found %d)", MaxCardBreaks, n))...)
	}
	switch {
	case c.Link != nil && c.Buttons != nil:
		return append(ps, malformed("buttons", "cannot stand beside a url")...)
	case c.Link != nil:
		return append(ps, c.Link.validate()...)
	}
	return append(ps, replies("buttons", c.Buttons)...)
}
