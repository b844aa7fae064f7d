package hook

import (
	"strconv"

	"github.com/waypost/waypost/internal/wa"
)

// incomingLocation has its degrees in strings, as the vendor sends them.
type incomingLocation struct {
	Latitude  string `json:"latitude"`
	Longitude string `json:"longitude"`
	Name      string `json:"name"`
	URL       string `json:"url"`
	Address   string `json:"address"`
}

func putLocation(m *incomingMessage, in wa.Inbound) bool {
	l := in.Location
	if l == nil {
		return false
	}
	m.Location = &incomingLocation{
		Latitude: degrees(l.Latitude), Longitude: degrees(l.Longitude), Name: l.Name, URL: l.URL, Address: l.Address,
	}
	return true
}

func degrees(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// incomingReply is the answer to an interactive message. A client in use looks
// which of the keys is there, so the others are not.
type incomingReply struct {
	Type   string            `json:"type"`
	Button *incomingButton   `json:"button_reply,omitempty"`
	Row    *incomingRow      `json:"list_reply,omitempty"`
	Flow   *incomingFlow     `json:"nfm_reply,omitempty"`             // ours
	Call   *incomingCallable `json:"call_permission_reply,omitempty"` // ours
}

type incomingButton struct {
	ID    string `json:"id"`
	Title string `json:"title"`
}

type incomingRow struct {
	ID          string `json:"id"`
	Title       string `json:"title"`
	Description string `json:"description"`
}

// incomingFlow is a form that was filled in; response_json is JSON in a string,
// as Meta sends it.
type incomingFlow struct {
	Name         string `json:"name"`
	Body         string `json:"body"`
	ResponseJSON string `json:"response_json"`
}

// incomingCallable has Meta's keys.
type incomingCallable struct {
	Response  string `json:"response"`
	Permanent bool   `json:"is_permanent"`
	ExpiresAt string `json:"expiration_timestamp,omitempty"` // unix seconds
	Source    string `json:"response_source,omitempty"`
}

func putReply(m *incomingMessage, in wa.Inbound) bool {
	r := in.Interactive
	if r == nil {
		return false
	}
	o := &incomingReply{Type: string(r.Kind)}
	switch {
	case r.Button != nil:
		o.Button = &incomingButton{r.Button.ID, r.Button.Title}
	case r.Row != nil:
		o.Row = &incomingRow{r.Row.ID, r.Row.Title, r.Row.Description}
	case r.Flow != nil:
		o.Flow = &incomingFlow{r.Flow.Name, r.Flow.Body, r.Flow.ResponseJSON}
	case r.Call != nil:
		o.Call = &incomingCallable{Response: r.Call.Response, Permanent: r.Call.Permanent, Source: r.Call.Source}
		if !r.Call.ExpiresAt.IsZero() {
			o.Call.ExpiresAt = strconv.FormatInt(r.Call.ExpiresAt.Unix(), 10)
		}
	default:
		return false
	}
	m.Interactive = o
	return true
}

func putButton(m *incomingMessage, in wa.Inbound) bool {
	b := in.Button
	if b == nil {
		return false
	}
	m.Text = &incomingText{Payload: &b.Payload, Text: b.Text}
	return true
}

// incomingReaction has the emoji "" when it was taken away. What is reacted to
// is in the context.
type incomingReaction struct {
	Emoji string `json:"emoji"`
}

func putReaction(m *incomingMessage, in wa.Inbound) bool {
	if in.Reaction == nil {
		return false
	}
	m.Reaction = &incomingReaction{in.Reaction.Emoji}
	return true
}

// incomingOrder has Meta's keys; numbers are in strings, with Meta's digits.
type incomingOrder struct {
	CatalogID string         `json:"catalog_id"`
	Text      string         `json:"text"`
	Items     []incomingItem `json:"product_items"`
}

type incomingItem struct {
	RetailerID string `json:"product_retailer_id"`
	Quantity   string `json:"quantity"`
	Price      string `json:"item_price"`
	Currency   string `json:"currency"`
}

func putOrder(m *incomingMessage, in wa.Inbound) bool {
	if in.Order == nil {
		return false
	}
	m.Order = &incomingOrder{CatalogID: in.Order.CatalogID, Text: in.Order.Text, Items: make([]incomingItem, len(in.Order.Items))}
	for i, item := range in.Order.Items {
		m.Order.Items[i] = incomingItem(item)
	}
	return true
}

// incomingSystem tells that something about a person changed; from is the old
// number.
type incomingSystem struct {
	Kind         string `json:"type"`
	Body         string `json:"body"`
	WAID         string `json:"wa_id,omitempty"`
	UserID       string `json:"user_id,omitempty"`
	ParentUserID string `json:"parent_user_id,omitempty"`
	Identity     string `json:"identity,omitempty"`
	Customer     string `json:"customer,omitempty"`
}

func putSystem(m *incomingMessage, in wa.Inbound) bool {
	if in.System == nil {
		return false
	}
	s := incomingSystem(*in.System)
	m.System = &s
	return true
}

// incomingUnsupported says what was not passed on, and why. The code is Meta's.
type incomingUnsupported struct {
	Type    string `json:"type"`
	Code    string `json:"code"`
	Title   string `json:"title"`
	Details string `json:"details"`
}

func unsupported(u wa.Unsupported) *incomingUnsupported {
	o := &incomingUnsupported{Type: u.Kind, Title: u.Title, Details: u.Details}
	if u.Code != 0 {
		o.Code = strconv.Itoa(u.Code)
	}
	return o
}

// incomingTarget is an earlier message of the same person, by Meta's id.
type incomingTarget struct {
	MessageID string `json:"message_id"`
}

// incomingEdit has the new content inside, under the keys of a message: beside
// it, a client would take it for a new message.
type incomingEdit struct {
	incomingTarget
	// MessageType is absent for content that has no payload here.
	MessageType string `json:"message_type,omitempty"`
	incomingContent
}

func putEdit(m *incomingMessage, in wa.Inbound) bool {
	if in.Edit == nil {
		return false
	}
	m.Edit = &incomingEdit{incomingTarget: incomingTarget{in.Edit.WAMID}}
	var content incomingMessage
	if kind, ok := contentKinds()[in.Edit.Type]; ok && in.Raw == nil && kind.put(&content, in) {
		m.Edit.MessageType, m.Edit.incomingContent = kind.word, content.incomingContent
	}
	return true
}

func putRevoke(m *incomingMessage, in wa.Inbound) bool {
	if in.Revoke == nil {
		return false
	}
	m.Revoke = &incomingTarget{in.Revoke.WAMID}
	return true
}

// incomingProduct is the article that the message asks about.
type incomingProduct struct {
	CatalogID  string `json:"catalog_id"`
	RetailerID string `json:"product_retailer_id"`
}

// incomingReferral is the ad or post that led here, with Meta's keys.
type incomingReferral struct {
	SourceURL    string           `json:"source_url,omitempty"`
	SourceID     string           `json:"source_id,omitempty"`
	SourceType   string           `json:"source_type,omitempty"`
	Headline     string           `json:"headline,omitempty"`
	Body         string           `json:"body,omitempty"`
	MediaType    string           `json:"media_type,omitempty"`
	ImageURL     string           `json:"image_url,omitempty"`
	VideoURL     string           `json:"video_url,omitempty"`
	ThumbnailURL string           `json:"thumbnail_url,omitempty"`
	ClickID      string           `json:"ctwa_clid,omitempty"`
	Welcome      *incomingWelcome `json:"welcome_message,omitempty"`
}

type incomingWelcome struct {
	Text string `json:"text"`
}

func referral(r *wa.Referral) *incomingReferral {
	if r == nil {
		return nil
	}
	o := &incomingReferral{
		SourceURL: r.SourceURL, SourceID: r.SourceID, SourceType: r.SourceType, Headline: r.Headline, Body: r.Body,
		MediaType: r.MediaType, ImageURL: r.ImageURL, VideoURL: r.VideoURL, ThumbnailURL: r.ThumbnailURL, ClickID: r.ClickID,
	}
	if r.Welcome != "" {
		o.Welcome = &incomingWelcome{r.Welcome}
	}
	return o
}
