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
	Timestamp        stamp         `json:"timestamp"`
	Context          contextNode   `json:"context"`
	Identity         *identityNode `json:"identity"`
	Referral         *referralNode `json:"referral"`
	Errors           []statusError `json:"errors"`
	contentNode
}

// identityNode is sent to numbers that show security notifications.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages/text
// (read 2026-09)
type identityNode struct {
	Acknowledged *bool     `json:"acknowledged"`
	CreatedAt    stamp     `json:"created_timestamp"`
	Hash         node.Text `json:"hash"`
}

// contextNode is the message that is answered, and where this one comes from.
type contextNode struct {
	ID             node.Text    `json:"id"`
	From           node.Text    `json:"from"`
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

// inbound is an update for a message. Without an id a repetition could not be
// told from the next message, so that is a notice.
func (v *value) inbound(data json.RawMessage) []wa.Update {
	var m messageObject
	v.read(data, &m)
	if m.ID == "" {
		return v.other(data)
	}
	in := v.message(data, m)
	return []wa.Update{{Inbound: &in, NumberID: v.numberID()}}
}

// message reads a message, whoever wrote it.
func (v *value) message(data json.RawMessage, m messageObject) wa.Inbound {
	in := wa.Inbound{
		WAMID: string(m.ID), NumberID: v.numberID(), To: node.OnlyDigits(string(v.Metadata.Display)),
		GroupID: string(m.GroupID), At: m.Timestamp.Time(), Type: string(m.Type), ReplyTo: string(m.Context.ID), ReplyToFrom: string(m.Context.From),
		Forwarded: m.Context.Forwarded, OftenForwarded: m.Context.OftenForwarded, Referral: m.Referral.noun(),
		Identity: m.Identity.noun(),
	}
	if p := m.Context.Product; p != nil {
		in.Product = &wa.Product{CatalogID: string(p.CatalogID), RetailerID: string(p.RetailerID)}
	}
	v.sender(&in, m)
	known := m.fill(&in)
	unsupported := m.Type == "unsupported" || m.Type == "unknown"
	in.Failures = node.Each(m.Errors, statusError.failure)
	if !known && (unsupported || len(m.Errors) > 0) {
		in.Unsupported = m.unsupported()
		in.Failures = in.Failures[min(1, len(in.Failures)):]
		if !unsupported {
			in.Unsupported.Kind = in.Type // such as a video that is too large
		}
	}
	if known || unsupported {
		in.Rest = v.rest(data, m)
	} else {
		in.Raw = bytes.Clone(data)
	}
	if len(in.Failures) == 0 {
		in.Failures = nil
	}
	return in
}

// unsupported says why there is nothing to show, as far as Meta does.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages/unsupported
// (read 2026-09)
func (m messageObject) unsupported() *wa.Unsupported {
	u := &wa.Unsupported{Kind: string(m.Unsupported.Type)}
	if len(m.Errors) > 0 {
		e := m.Errors[0]
		u.Code, u.Title, u.Details = e.Code.Number(), string(e.title()), string(e.details())
	}
	return u
}

// sender fills who wrote. From is a phone number or missing; a user id has been
// seen in its place. Both may be missing, and then the only contact tells.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/business-scoped-user-ids (read 2026-09)
func (v *value) sender(in *wa.Inbound, m messageObject) {
	in.UserID, in.ParentUserID = string(m.FromUserID), string(m.FromParentUserID)
	switch number := strings.TrimPrefix(string(m.From), "+"); {
	case wa.Digits(number):
		in.From = number
	case in.UserID == "":
		in.UserID = string(m.From)
	}
	c, same := v.contact(in.From, in.UserID)
	if c == nil {
		return
	}
	in.FromName, in.Username = string(node.First(c.Profile.Name, c.Profile.Username)), string(c.Profile.Username)
	c.used = true
	if !same {
		return
	}
	if in.UserID == "" {
		in.UserID = string(c.UserID)
	}
	if in.ParentUserID == "" {
		in.ParentUserID = string(c.ParentUserID)
	}
	if in.From == "" && in.UserID == "" && wa.Digits(string(c.WAID)) {
		in.From = string(c.WAID)
	}
	if string(c.WAID) != in.From {
		in.WAID = string(c.WAID)
	}
	c.kept = wa.PersonIDs{Phone: string(c.WAID), UserID: in.UserID, ParentUserID: in.ParentUserID}
	if in.Identity == nil && c.IdentityHash != "" {
		in.Identity = &wa.Identity{Hash: c.hash()}
	}
}

func (n *identityNode) noun() *wa.Identity {
	if n == nil || *n == (identityNode{}) {
		return nil
	}
	return &wa.Identity{Hash: string(n.Hash), CreatedAt: n.CreatedAt.Time(), Acknowledged: n.Acknowledged}
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
