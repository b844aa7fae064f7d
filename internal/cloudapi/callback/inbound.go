package callback

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/waypost/waypost/internal/cloudapi/node"
	"github.com/waypost/waypost/internal/wa"
)

// messageObject is one element of messages.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages (read 2026-09)
type messageObject struct {
	ID               node.Text     `json:"id"`
	From             node.Text     `json:"from"`
	FromUserID       node.Text     `json:"from_user_id"`
	FromParentUserID node.Text     `json:"from_parent_user_id"`
	GroupID          node.Text     `json:"group_id"`
	Timestamp        node.Text     `json:"timestamp"`
	Context          contextNode   `json:"context"`
	Referral         *referralNode `json:"referral"`
	Errors           []statusError `json:"errors"`
	contentNode
}

// contextNode is the message that is answered, and where this one comes from.
type contextNode struct {
	ID             node.Text    `json:"id"`
	Forwarded      bool         `json:"forwarded"`
	OftenForwarded bool         `json:"frequently_forwarded"`
	Product        *productNode `json:"referred_product"`
}

type productNode struct {
	CatalogID  node.Text `json:"catalog_id"`
	RetailerID node.Text `json:"product_retailer_id"`
}

// referralNode is the ad or post that led to the message.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages/text
// (read 2026-09)
type referralNode struct {
	SourceURL    node.Text `json:"source_url"`
	SourceID     node.Text `json:"source_id"`
	SourceType   node.Text `json:"source_type"`
	Headline     node.Text `json:"headline"`
	Body         node.Text `json:"body"`
	MediaType    node.Text `json:"media_type"`
	ImageURL     node.Text `json:"image_url"`
	VideoURL     node.Text `json:"video_url"`
	ThumbnailURL node.Text `json:"thumbnail_url"`
	ClickID      node.Text `json:"ctwa_clid"`
	Welcome      struct {
		Text node.Text `json:"text"`
	} `json:"welcome_message"`
}

// inbound returns nil for what has no id: without one a repetition could not be
// told from the next message.
func (v value) inbound(data json.RawMessage) *wa.Inbound {
	var m messageObject
	node.Read(data, &m)
	if m.ID == "" {
		return nil
	}
	in := &wa.Inbound{
		WAMID: string(m.ID), NumberID: string(v.Metadata.NumberID), To: node.OnlyDigits(string(v.Metadata.Display)),
		GroupID: string(m.GroupID), At: m.Timestamp.Time(), Type: string(m.Type), ReplyTo: string(m.Context.ID),
		Forwarded: m.Context.Forwarded, OftenForwarded: m.Context.OftenForwarded, Referral: m.Referral.noun(),
	}
	if p := m.Context.Product; p != nil {
		in.Product = &wa.Product{CatalogID: string(p.CatalogID), RetailerID: string(p.RetailerID)}
	}
	v.sender(in, m)
	if m.fill(in) {
		return in
	}
	unsupported := m.Type == "unsupported" || m.Type == "unknown"
	if unsupported || len(m.Errors) > 0 {
		in.Unsupported = m.unsupported()
	}
	if unsupported {
		return in
	}
	if in.Unsupported != nil {
		in.Unsupported.Kind = in.Type // such as a video that is too large
	}
	in.Raw = bytes.Clone(data)
	return in
}

// unsupported says why there is nothing to show, as far as Meta does.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages/unsupported
// (read 2026-09)
func (m messageObject) unsupported() *wa.Unsupported {
	u := &wa.Unsupported{Kind: string(m.Unsupported.Type)}
	if len(m.Errors) > 0 {
		e := m.Errors[0]
		u.Code, u.Title, u.Details = e.Code.Number(), string(node.First(e.Title, e.Message)), string(node.First(e.Data.Details, e.Details))
	}
	return u
}

// sender fills who wrote. From is a phone number or missing; a user id has been
// seen in its place. Both may be missing, and then the only contact tells.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/business-scoped-user-ids (read 2026-09)
func (v value) sender(in *wa.Inbound, m messageObject) {
	in.UserID, in.ParentUserID = string(m.FromUserID), string(m.FromParentUserID)
	switch number := strings.TrimPrefix(string(m.From), "+"); {
	case wa.Digits(number):
		in.From = number
	case in.UserID == "":
		in.UserID = string(m.From)
	}
	c, found := v.contact(in.From, in.UserID)
	if !found {
		return
	}
	in.FromName, in.Username = string(node.First(c.Profile.Name, c.Profile.Username)), string(c.Profile.Username)
	if in.UserID == "" {
		in.UserID = string(c.UserID)
	}
	if in.ParentUserID == "" {
		in.ParentUserID = string(c.ParentUserID)
	}
	if in.From == "" && in.UserID == "" && wa.Digits(string(c.WAID)) {
		in.From = string(c.WAID)
	}
}

// contact finds who wrote. The numbers need not be equal where Meta changes
// prefixes (Brazil, Mexico); with one contact there is no doubt.
func (v value) contact(from, userID string) (contact, bool) {
	for _, c := range v.Contacts {
		if from != "" && string(c.WAID) == from || userID != "" && string(c.UserID) == userID {
			return c, true
		}
	}
	if len(v.Contacts) == 1 {
		return v.Contacts[0], true
	}
	return contact{}, false
}

func (n *referralNode) noun() *wa.Referral {
	if n == nil || *n == (referralNode{}) {
		return nil
	}
	return &wa.Referral{
		SourceURL: string(n.SourceURL), SourceID: string(n.SourceID), SourceType: string(n.SourceType),
		Headline: string(n.Headline), Body: string(n.Body), MediaType: string(n.MediaType),
		ImageURL: string(n.ImageURL), VideoURL: string(n.VideoURL), ThumbnailURL: string(n.ThumbnailURL),
		ClickID: string(n.ClickID), Welcome: string(n.Welcome.Text),
	}
}
