package encode

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/waypost/waypost/internal/cloudapi/node"
	"github.com/waypost/waypost/internal/wa"
)

// TestEncodeSendHasTheShapeOfMetasSamples reads each sample into nouns and
// compares what they are encoded to.
func TestEncodeSendHasTheShapeOfMetasSamples(t *testing.T) {
	compared := 0
	for name, payload := range fixtures(t, "meta-send-requests.jsonl") {
		var sample sampleNode
		if json.Unmarshal(payload, &sample) != nil || sample["to"] == nil {
			continue // not a message: the client's calls are tested with it
		}
		d := dispatchOf(filledIn(sample))
		got, err := Send(d)
		differences := []string{fmt.Sprint(err)}
		if err == nil {
			differences = differ("", likeOurs(sample), likeTheirs(t, got, sample))
		}
		if len(differences) > 0 {
			t.Errorf("%s: %s\n%s", name, strings.Join(differences, "\n"), got)
		}
		compared++
	}
	if compared < samplesOfSends {
		t.Errorf("only %d samples", compared)
	}
}

// samplesOfSends is how many of the samples have a recipient.
const samplesOfSends = 110

// filledIn puts values where a sample has words of prose that are no values of
// the kind.
func filledIn(sample sampleNode) sampleNode {
	sample.each(func(n sampleNode) {
		for key, v := range n {
			switch v {
			case "JSON Payload":
				n[key] = map[string]any{"country": "IN"}
			case "utc_timestamp_in_seconds":
				n[key] = "1900000000"
			case "<PIN_OPERATION>":
				n[key] = "pin"
			case "<EXPIRATION>":
				n[key] = 7.0
			}
		}
	})
	return sample
}

// likeOurs takes out of a sample what is spelled in several ways.
func likeOurs(sample sampleNode) sampleNode {
	if sample["type"] == nil {
		sample["type"] = "text"
	}
	sample.each(func(n sampleNode) {
		if v, ok := n["sub_type"].(string); ok {
			n["sub_type"] = strings.ToLower(v)
		}
		if v, ok := n["index"].(float64); ok {
			n["index"] = fmt.Sprint(v)
		}
		if date, ok := n["date_time"].(map[string]any); ok {
			// Meta shows the fallback, whatever else is there.
			n["date_time"] = map[string]any{"fallback_value": date["fallback_value"]}
		}
	})
	return sample
}

// likeTheirs takes out what we always say and the samples sometimes.
func likeTheirs(t *testing.T, body []byte, sample sampleNode) sampleNode {
	var got sampleNode
	if err := json.Unmarshal(body, &got); err != nil {
		t.Fatal(err)
	}
	delete(got, "biz_opaque_callback_data")
	if sample["recipient_type"] == nil {
		delete(got, "recipient_type")
	}
	if sample.at("template").at("language")["policy"] == nil {
		delete(got.at("template").at("language"), "policy")
	}
	got.each(func(n sampleNode) {
		// Where a template has one button, samples leave its place out.
		if n["sub_type"] == "voice_call" && n["index"] == "0" {
			delete(n, "index")
		}
	})
	if sample.at("text")["preview_url"] == nil {
		delete(got.at("text"), "preview_url")
	}
	return got
}

// differ compares keys, kinds and values; placeholders only have a kind.
func differ(at string, want, got any) []string {
	var all []string
	switch want := want.(type) {
	case sampleNode:
		return differ(at, map[string]any(want), got)
	case map[string]any:
		if n, ok := got.(sampleNode); ok {
			got = map[string]any(n)
		}
		got, ok := got.(map[string]any)
		if !ok {
			return []string{at + ": no object"}
		}
		for key := range got {
			if _, ok := want[key]; !ok {
				all = append(all, at+"."+key+": too many")
			}
		}
		for key, v := range want {
			all = append(all, differ(at+"."+key, v, got[key])...)
		}
	case []any:
		got, ok := got.([]any)
		if !ok || len(got) != len(want) {
			return []string{at + ": another list"}
		}
		for i := range want {
			all = append(all, differ(fmt.Sprint(at, ".", i), want[i], got[i])...)
		}
	case string:
		same, ok := got.(string)
		free := at == ".to" || strings.HasPrefix(want, "<") || strings.HasPrefix(want, "{{")
		if !ok || !free && same != want {
			return []string{fmt.Sprintf("%s: %v, want %q", at, got, want)}
		}
	default:
		if got != want {
			return []string{fmt.Sprintf("%s: %v, want %v", at, got, want)}
		}
	}
	return all
}

// sampleNode is an object of a sample.
type sampleNode map[string]any

func (n sampleNode) at(key string) sampleNode {
	v, _ := n[key].(map[string]any)
	return v
}

func (n sampleNode) str(key string) string {
	v, _ := n[key].(string)
	return v
}

func (n sampleNode) texts(key string) map[string]string {
	var out map[string]string
	for name := range n.at(key) {
		if out == nil {
			out = map[string]string{}
		}
		out[name] = n.at(key).str(name)
	}
	return out
}

func (n sampleNode) num(key string) int64 {
	v, _ := n[key].(float64)
	return int64(v)
}

// raw is nil for nothing.
func (n sampleNode) raw(key string) json.RawMessage {
	data, err := json.Marshal(n[key])
	if err != nil || n[key] == nil {
		return nil
	}
	return data
}

func (n sampleNode) list(key string) []sampleNode {
	var out []sampleNode
	list, _ := n[key].([]any)
	for _, v := range list {
		o, _ := v.(map[string]any)
		out = append(out, o)
	}
	return out
}

// each calls see with every object in n, and n.
func (n sampleNode) each(see func(sampleNode)) {
	see(n)
	for key, v := range n {
		if o, ok := v.(map[string]any); ok {
			sampleNode(o).each(see)
		}
		for _, o := range n.list(key) {
			o.each(see)
		}
	}
}

func dispatchOf(sample sampleNode) wa.Dispatch {
	d := textDispatch()
	d.Message.Recipient = wa.Recipient{Kind: wa.Individual, ID: "15550100001"}
	if sample.str("recipient_type") == "group" {
		d.Message.Recipient = wa.Recipient{Kind: wa.Group, ID: sample.str("to")}
	}
	d.Message.ReplyTo, d.Message.IdentityHash = sample.at("context").str("message_id"), sample.str("recipient_identity_key_hash")
	d.MetaMedia = map[wa.MediaID]string{}
	sample.each(func(n sampleNode) {
		if id := n.str("id"); id != "" {
			d.MetaMedia[wa.MediaID("m "+id)] = id
		}
	})
	d.Message.Content = contentOf(sample)
	return d
}

func contentOf(sample sampleNode) wa.Content {
	kind := sample.str("type")
	n := sample.at(kind)
	switch kind {
	case "text", "":
		n := sample.at("text")
		preview, _ := n["preview_url"].(bool)
		return wa.Text{Body: n.str("body"), PreviewURL: preview}
	case "image", "video", "audio", "document", "sticker":
		return *mediaOf(kind, sample)
	case "location":
		return *locationOf(n)
	case "pin":
		return wa.Pin{WAMID: n.str("message_id"), Unpin: n.str("type") == "unpin", Days: int(n.num("expiration_days"))}
	case "reaction":
		return wa.Reaction{WAMID: n.str("message_id"), Emoji: n.str("emoji")}
	case "contacts":
		return wa.Contacts{Cards: node.Each(sample.list("contacts"), cardOf)}
	case "interactive":
		return interactiveOf(n)
	case "template":
		return wa.Template{Name: n.str("name"), Language: n.at("language").str("code"), Components: node.Each(n.list("components"), componentOf)}
	}
	return nil
}

func mediaOf(kind string, beside sampleNode) *wa.Media {
	n := beside.at(kind)
	m := &wa.Media{Kind: wa.MediaKind(kind), Link: n.str("link"), Caption: n.str("caption"), Filename: n.str("filename")}
	m.Voice, _ = n["voice"].(bool)
	if id := n.str("id"); id != "" {
		m.MediaID = wa.MediaID("m " + id)
	}
	return m
}

func locationOf(n sampleNode) *wa.Location {
	latitude, _ := strconv.ParseFloat(n.str("latitude"), 64)
	longitude, _ := strconv.ParseFloat(n.str("longitude"), 64)
	return &wa.Location{Latitude: latitude, Longitude: longitude, Name: n.str("name"), Address: n.str("address")}
}

func cardOf(n sampleNode) wa.ContactCard {
	name, org := n.at("name"), n.at("org")
	return wa.ContactCard{
		Name: wa.ContactName{
			Formatted: name.str("formatted_name"), First: name.str("first_name"), Last: name.str("last_name"),
			Middle: name.str("middle_name"), Suffix: name.str("suffix"), Prefix: name.str("prefix"),
		},
		Birthday: n.str("birthday"),
		Org:      wa.ContactOrg{Company: org.str("company"), Department: org.str("department"), Title: org.str("title")},
		Phones: node.Each(n.list("phones"), func(n sampleNode) wa.ContactPhone {
			return wa.ContactPhone{Phone: n.str("phone"), Type: n.str("type"), WAID: n.str("wa_id")}
		}),
		Emails: node.Each(n.list("emails"), func(n sampleNode) wa.ContactEmail { return wa.ContactEmail{Email: n.str("email"), Type: n.str("type")} }),
		URLs:   node.Each(n.list("urls"), func(n sampleNode) wa.ContactURL { return wa.ContactURL{URL: n.str("url"), Type: n.str("type")} }),
		Addresses: node.Each(n.list("addresses"), func(n sampleNode) wa.ContactAddress {
			return wa.ContactAddress{
				Street: n.str("street"), City: n.str("city"), State: n.str("state"), Zip: n.str("zip"),
				Country: n.str("country"), CountryCode: n.str("country_code"), Type: n.str("type"),
			}
		}),
	}
}

func headerOf(n sampleNode) *wa.Header {
	switch {
	case n == nil:
		return nil
	case n["text"] != nil:
		return &wa.Header{Text: n.str("text")}
	}
	return &wa.Header{Media: mediaOf(n.str("type"), n), Provider: n.at(n.str("type")).at("provider").str("name")}
}

func interactiveOf(n sampleNode) wa.Interactive {
	if older := n.at("order_details"); older != nil {
		i := interactiveOf(older)
		i.Kind, i.Order = wa.InteractiveOrderDetails, orderOf(older.at("action"))
		i.Order.Older = true
		return i
	}
	action := n.at("action")
	p := action.at("parameters")
	i := wa.Interactive{
		Kind: wa.InteractiveKind(n.str("type")), Header: headerOf(n.at("header")),
		Body: n.at("body").str("text"), Footer: n.at("footer").str("text"),
		Buttons:   buttonsOf(action, "reply"),
		Thumbnail: p.str("thumbnail_product_retailer_id"),
		Cards: node.Each(action.list("cards"), func(n sampleNode) wa.Card {
			if n.str("type") == "product" {
				return wa.Card{Product: productOf(n.at("action"))}
			}
			return wa.Card{
				Media: headerOf(n.at("header")).Media, Body: n.at("body").str("text"),
				Buttons: buttonsOf(n.at("action"), "quick_reply"), Link: linkOf(n.at("action").at("parameters")),
			}
		}),
	}
	switch i.Kind { //nolint:exhaustive // the others have nothing further
	case wa.InteractiveList:
		i.List = &wa.List{Label: action.str("button"), Sections: node.Each(action.list("sections"), func(n sampleNode) wa.ListSection {
			return wa.ListSection{Title: n.str("title"), Rows: node.Each(n.list("rows"), func(n sampleNode) wa.ListRow {
				return wa.ListRow{ID: n.str("id"), Title: n.str("title"), Description: n.str("description")}
			})}
		})}
	case wa.InteractiveLink:
		i.Link = linkOf(p)
	case wa.InteractiveFlow:
		payload := p.at("flow_action_payload")
		i.Flow = &wa.Flow{
			ID: p.str("flow_id"), Name: p.str("flow_name"), Label: p.str("flow_cta"), Version: p.str("flow_message_version"),
			Draft: p.str("mode") == "draft", Token: p.str("flow_token"), Screen: payload.str("screen"), Data: payload.raw("data"),
		}
	case wa.InteractiveAddress:
		i.Address = &wa.AddressForm{
			Country: p.str("country"), Values: p.texts("values"), Errors: p.texts("validation_errors"),
			Saved: node.Each(p.list("saved_addresses"), func(n sampleNode) wa.SavedAddress {
				return wa.SavedAddress{ID: n.str("id"), Values: n.texts("value")}
			}),
		}
	case wa.InteractiveVoiceCall:
		i.Call = &wa.CallButton{Label: p.str("display_text"), Minutes: int(p.num("ttl_minutes")), Payload: p.str("payload")}
	case wa.InteractiveProduct:
		i.Product = productOf(action)
	case wa.InteractiveProductList:
		i.Products = &wa.ProductList{CatalogID: action.str("catalog_id"), Sections: sectionsOf(action)}
	case wa.InteractiveOrderDetails:
		i.Order = orderOf(p)
	case wa.InteractiveOrderStatus:
		i.OrderStatus = &wa.OrderStatus{
			ReferenceID: p.str("reference_id"), Status: p.at("order").str("status"), Description: p.at("order").str("description"),
		}
	}
	return i
}

func buttonsOf(action sampleNode, kind string) []wa.ReplyButton {
	return node.Each(action.list("buttons"), func(n sampleNode) wa.ReplyButton {
		return wa.ReplyButton{ID: n.at(kind).str("id"), Title: n.at(kind).str("title")}
	})
}

func linkOf(p sampleNode) *wa.LinkButton {
	if p["url"] == nil {
		return nil
	}
	return &wa.LinkButton{Label: p.str("display_text"), URL: p.str("url")}
}

func productOf(n sampleNode) *wa.Product {
	return &wa.Product{CatalogID: n.str("catalog_id"), RetailerID: n.str("product_retailer_id")}
}

func sectionsOf(n sampleNode) []wa.ProductSection {
	return node.Each(n.list("sections"), func(n sampleNode) wa.ProductSection {
		return wa.ProductSection{Title: n.str("title"), RetailerIDs: node.Each(n.list("product_items"), func(n sampleNode) string {
			return n.str("product_retailer_id")
		})}
	})
}

func orderOf(p sampleNode) *wa.Order {
	order := p.at("order")
	amount := func(n sampleNode) *wa.Amount {
		if n == nil {
			return nil
		}
		return &wa.Amount{Value: n.num("value"), Offset: n.num("offset"), Description: n.str("description")}
	}
	o := &wa.Order{
		ReferenceID: p.str("reference_id"), Goods: p.str("type"), PaymentType: p.str("payment_type"),
		Configuration: p.str("payment_configuration"), Currency: p.str("currency"), CatalogID: order.str("catalog_id"),
		Settings: p.raw("payment_settings"), ShippingInfo: p.raw("shipping_info"),
		Items: node.Each(order.list("items"), func(n sampleNode) wa.OrderItem {
			return wa.OrderItem{
				RetailerID: n.str("retailer_id"), Name: n.str("name"), Amount: *amount(n.at("amount")), Sale: amount(n.at("sale_amount")),
				Quantity: int(n.num("quantity")), CountryOfOrigin: n.str("country_of_origin"), ImporterName: n.str("importer_name"),
				ImporterAddress: n.raw("importer_address"),
			}
		}),
		Shipping: amount(order.at("shipping")), Discount: amount(order.at("discount")),
		DiscountProgram: order.at("discount").str("discount_program_name"),
	}
	if e := order.at("expiration"); e != nil {
		at, _ := strconv.ParseInt(e.str("timestamp"), 10, 64)
		o.Expiration = &wa.Expiration{Timestamp: at, Description: e.str("description")}
	}
	for n, into := range map[*wa.Amount]*wa.Amount{
		amount(p.at("total_amount")): &o.Total, amount(order.at("subtotal")): &o.Subtotal, amount(order.at("tax")): &o.Tax,
	} {
		if n != nil {
			*into = *n
		}
	}
	return o
}

func componentOf(n sampleNode) wa.Component {
	index, _ := strconv.Atoi(fmt.Sprint(n["index"]))
	return wa.Component{
		Kind: wa.ComponentKind(n.str("type")), Button: wa.ButtonKind(strings.ToLower(n.str("sub_type"))), Index: index,
		Parameters: node.Each(n.list("parameters"), parameterOf),
		Cards: node.Each(n.list("cards"), func(n sampleNode) wa.TemplateCard {
			return wa.TemplateCard{Components: node.Each(n.list("components"), componentOf)}
		}),
	}
}

func parameterOf(n sampleNode) wa.Parameter {
	p := wa.Parameter{Kind: wa.ParameterKind(n.str("type")), Name: n.str("parameter_name"), Text: n.str("text")}
	switch p.Kind {
	case wa.ParameterText:
		p.LinkPreview, _ = n["payment_link_preview"].(bool)
	case wa.ParameterGroupID:
		p.Text = n.str("group_id")
	case wa.ParameterMinutes:
		p.Minutes = int(n.num("ttl_minutes"))
	case wa.ParameterTapTarget:
		p.TapTarget = &wa.LinkButton{Label: n.list("tap_target_configuration")[0].str("title"), URL: n.list("tap_target_configuration")[0].str("url")}
	case wa.ParameterCurrency:
		c := n.at("currency")
		p.Currency = &wa.Currency{Fallback: c.str("fallback_value"), Code: c.str("code"), Amount1000: c.num("amount_1000")}
	case wa.ParameterDateTime:
		p.Text = n.at("date_time").str("fallback_value")
	case wa.ParameterImage, wa.ParameterVideo, wa.ParameterDocument:
		p.Media = mediaOf(n.str("type"), n)
	case wa.ParameterLocation:
		p.Location = locationOf(n.at("location"))
	case wa.ParameterProduct:
		p.Product = productOf(n.at("product"))
	case wa.ParameterPayload, wa.ParameterCouponCode:
		p.Text = n.str(n.str("type"))
	case wa.ParameterAction:
		a := n.at("action")
		if a["order_details"] != nil {
			p.Order = orderOf(a.at("order_details"))
			return p
		}
		p.Action = &wa.ButtonAction{
			FlowToken: a.str("flow_token"), FlowData: a.raw("flow_action_data"),
			Thumbnail: a.str("thumbnail_product_retailer_id"), Sections: sectionsOf(a),
		}
	case wa.ParameterOffer:
		p.ExpiresAtMillis = n.at("limited_time_offer").num("expiration_time_ms")
	case wa.ParameterOrderStatus:
		s := n.at("order_status")
		p.OrderStatus = &wa.OrderStatus{ReferenceID: s.str("reference_id"), Status: s.at("order").str("status")}
	default:
		p.Kind = wa.ParameterText // a placeholder
	}
	return p
}
