package callback

import (
	"bytes"
	"encoding/json"

	"github.com/waypost/waypost/internal/cloudapi/node"
	"github.com/waypost/waypost/internal/wa"
)

// contentNode is what a message says: Type names the object.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages
// and the pages below it (read 2026-09)
type contentNode struct {
	Type node.Text `json:"type"`
	Text struct {
		Body node.Text `json:"body"`
	} `json:"text"`
	Image    *mediaNode    `json:"image"`
	Video    *mediaNode    `json:"video"`
	Audio    *mediaNode    `json:"audio"`
	Document *mediaNode    `json:"document"`
	Sticker  *mediaNode    `json:"sticker"`
	Location *locationNode `json:"location"`
	Contacts []node.Card   `json:"contacts"`
	// Origin stands beside the contacts.
	Origin      node.Text     `json:"origin"`
	Reaction    *reactionNode `json:"reaction"`
	Button      *tapNode      `json:"button"`
	Interactive replyNode     `json:"interactive"`
	Order       *orderNode    `json:"order"`
	System      *systemNode   `json:"system"`
	Unsupported struct {
		Type node.Text `json:"type"`
	} `json:"unsupported"`
	Edit   *editNode `json:"edit"`
	Revoke struct {
		Original node.Text `json:"original_message_id"`
	} `json:"revoke"`
}

// leaves what belongs to another type than the one that is named.
func (c contentNode) leaves(key string) bool {
	switch key {
	case "text", "image", "video", "audio", "document", "sticker", "location", "contacts", "reaction", "button", "interactive",
		"order", "system", "unsupported", "edit", "revoke":
		return key != string(c.Type)
	case "origin":
		return c.Type != "contacts"
	}
	return false
}

// mediaNode is the media of a message. The url beside the id is not used: it is
// good for minutes, the id for a week.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages/image
// (read 2026-09)
type mediaNode struct {
	ID       node.Text `json:"id"`
	MIMEType node.Text `json:"mime_type"`
	SHA256   node.Text `json:"sha256"`
	Caption  node.Text `json:"caption"`
	Filename node.Text `json:"filename"`
	URL      node.Text `json:"url"`
	Voice    bool      `json:"voice"`
	Animated bool      `json:"animated"`
}

type locationNode struct {
	Latitude  node.Text `json:"latitude"`
	Longitude node.Text `json:"longitude"`
	Name      node.Text `json:"name"`
	Address   node.Text `json:"address"`
	URL       node.Text `json:"url"`
}

// reactionNode has no emoji when the reaction was taken away.
type reactionNode struct {
	MessageID node.Text `json:"message_id"`
	Emoji     node.Text `json:"emoji"`
}

type tapNode struct {
	Payload node.Text `json:"payload"`
	Text    node.Text `json:"text"`
}

// replyNode is the answer to an interactive message: Type names the object.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages/interactive
// (read 2026-09)
type replyNode struct {
	Type   node.Text `json:"type"`
	Button *rowNode  `json:"button_reply"`
	Row    *rowNode  `json:"list_reply"`
	Flow   *flowNode `json:"nfm_reply"`
	Call   *callNode `json:"call_permission_reply"`
}

func (n replyNode) leaves(key string) bool {
	return key != "type" && key != string(n.Type)
}

type rowNode struct {
	ID          node.Text `json:"id"`
	Title       node.Text `json:"title"`
	Description node.Text `json:"description"`
}

type flowNode struct {
	Name     node.Text       `json:"name"`
	Body     node.Text       `json:"body"`
	Response json.RawMessage `json:"response_json"`
}

type callNode struct {
	Response  node.Text `json:"response"`
	Permanent bool      `json:"is_permanent"`
	ExpiresAt stamp     `json:"expiration_timestamp"`
	Source    node.Text `json:"response_source"`
}

type orderNode struct {
	CatalogID node.Text `json:"catalog_id"`
	Text      node.Text `json:"text"`
	Items     []struct {
		RetailerID node.Text `json:"product_retailer_id"`
		Quantity   node.Text `json:"quantity"`
		Price      node.Text `json:"item_price"`
		Currency   node.Text `json:"currency"`
	} `json:"product_items"`
}

// systemNode is a notice. Old samples call the new number new_wa_id.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages/system
// (read 2026-09)
type systemNode struct {
	Type         node.Text `json:"type"`
	Body         node.Text `json:"body"`
	WAID         node.Text `json:"wa_id"`
	NewWAID      node.Text `json:"new_wa_id"`
	UserID       node.Text `json:"user_id"`
	ParentUserID node.Text `json:"parent_user_id"`
	Identity     node.Text `json:"identity"`
	Customer     node.Text `json:"customer"`
}

func (n *systemNode) leaves(key string) bool {
	return key == "new_wa_id" && n.NewWAID != node.First(n.WAID, n.NewWAID)
}

// editNode is a change to an earlier message, with all of the new content.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages/edit
// (read 2026-09)
type editNode struct {
	Original node.Text   `json:"original_message_id"`
	Message  contentNode `json:"message"`
}

// fill sets what the message says. It reports false if the type is not known,
// or not with this content.
func (c contentNode) fill(in *wa.Inbound) bool {
	switch c.Type {
	case "location":
		in.Location = c.Location.noun()
		return in.Location != nil
	case "contacts":
		in.Contacts = c.contacts()
		return in.Contacts != nil
	case "reaction":
		return c.Reaction.fill(in)
	case "button":
		if c.Button == nil {
			return false
		}
		in.Button = &wa.ButtonReply{Payload: string(c.Button.Payload), Text: string(c.Button.Text)}
		return true
	case "interactive":
		in.Interactive = c.Interactive.noun()
		return in.Interactive != nil
	case "order":
		in.Order = c.Order.noun()
		return in.Order != nil
	case "system":
		in.System = c.System.noun()
		return in.System != nil
	case "edit":
		return c.Edit.fill(in)
	case "revoke":
		if c.Revoke.Original == "" {
			return false
		}
		in.Revoke = &wa.Revoke{WAMID: string(c.Revoke.Original)}
		return true
	}
	return c.fillEditable(in)
}

// fillEditable sets a text or a media.
func (c contentNode) fillEditable(in *wa.Inbound) bool {
	if c.Type == "text" {
		in.Text = string(c.Text.Body)
		return in.Text != ""
	}
	m := c.media()
	if m == nil || m.ID == "" {
		return false
	}
	in.Media = m.noun(wa.MediaKind(c.Type))
	return true
}

func (c contentNode) media() *mediaNode {
	switch wa.MediaKind(c.Type) {
	case wa.KindImage:
		return c.Image
	case wa.KindVideo:
		return c.Video
	case wa.KindAudio:
		return c.Audio
	case wa.KindDocument:
		return c.Document
	case wa.KindSticker:
		return c.Sticker
	}
	return nil
}

func (n mediaNode) noun(kind wa.MediaKind) *wa.InboundMedia {
	return &wa.InboundMedia{
		MetaID: string(n.ID), Kind: kind, MIMEType: string(n.MIMEType), SHA256: string(n.SHA256),
		Caption: string(n.Caption), Filename: string(n.Filename), Voice: n.Voice, Animated: n.Animated,
	}
}

// noun returns nil for what is no place on the map.
func (n *locationNode) noun() *wa.InboundLocation {
	if n == nil {
		return nil
	}
	latitude, okLatitude := n.Latitude.Degrees(90)
	longitude, okLongitude := n.Longitude.Degrees(180)
	if !okLatitude || !okLongitude {
		return nil
	}
	return &wa.InboundLocation{
		Latitude: latitude, Longitude: longitude, Name: string(n.Name), Address: string(n.Address), URL: string(n.URL),
	}
}

func (c contentNode) contacts() *wa.InboundContacts {
	if len(c.Contacts) == 0 {
		return nil
	}
	return &wa.InboundContacts{Cards: node.Each(c.Contacts, node.Card.Noun), Origin: string(c.Origin)}
}

// fill makes the message that is reacted to the one that is answered.
func (n *reactionNode) fill(in *wa.Inbound) bool {
	if n == nil {
		return false
	}
	in.Reaction = &wa.Reaction{WAMID: string(n.MessageID), Emoji: string(n.Emoji)}
	if n.MessageID != "" {
		in.ReplyTo = in.Reaction.WAMID
	}
	return true
}

func (n replyNode) noun() *wa.InteractiveReply {
	r := &wa.InteractiveReply{Kind: wa.ReplyKind(n.Type)}
	switch {
	case r.Kind == wa.ReplyToButtons && n.Button != nil:
		r.Button = &wa.ReplyButton{ID: string(n.Button.ID), Title: string(n.Button.Title)}
	case r.Kind == wa.ReplyToList && n.Row != nil:
		r.Row = &wa.ListRow{ID: string(n.Row.ID), Title: string(n.Row.Title), Description: string(n.Row.Description)}
	case r.Kind == wa.ReplyToFlow && n.Flow != nil:
		r.Flow = &wa.FlowReply{Name: string(n.Flow.Name), Body: string(n.Flow.Body), ResponseJSON: n.Flow.response()}
	case r.Kind == wa.ReplyToCallPermission && n.Call != nil:
		r.Call = &wa.CallPermission{
			Response: string(n.Call.Response), Permanent: n.Call.Permanent,
			ExpiresAt: n.Call.ExpiresAt.Time(), Source: string(n.Call.Source),
		}
	default:
		return nil
	}
	return r
}

// response is JSON in a string; JSON as it is is taken too.
func (n flowNode) response() string {
	if node.IsObject(n.Response) {
		var b bytes.Buffer
		if json.Compact(&b, n.Response) == nil {
			return b.String()
		}
	}
	var t node.Text
	node.Read(n.Response, &t)
	return string(t)
}

func (n *orderNode) noun() *wa.InboundOrder {
	if n == nil {
		return nil
	}
	o := &wa.InboundOrder{CatalogID: string(n.CatalogID), Text: string(n.Text)}
	for _, item := range n.Items {
		o.Items = append(o.Items, wa.InboundOrderItem{
			RetailerID: string(item.RetailerID), Quantity: string(item.Quantity), Price: string(item.Price), Currency: string(item.Currency),
		})
	}
	return o
}

func (n *systemNode) noun() *wa.SystemNotice {
	if n == nil {
		return nil
	}
	return &wa.SystemNotice{
		Kind: string(n.Type), Body: string(n.Body), WAID: string(node.First(n.WAID, n.NewWAID)),
		UserID: string(n.UserID), ParentUserID: string(n.ParentUserID),
		Identity: string(n.Identity), Customer: string(n.Customer),
	}
}

// fill keeps the new content where that of a new message stands, so that its
// media is fetched too.
func (n *editNode) fill(in *wa.Inbound) bool {
	if n == nil || n.Original == "" {
		return false
	}
	in.Edit = &wa.Edit{WAMID: string(n.Original), Type: string(n.Message.Type)}
	return n.Message.fillEditable(in)
}
