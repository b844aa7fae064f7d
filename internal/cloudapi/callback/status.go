package callback

import (
	"encoding/json"

	"github.com/waypost/waypost/internal/cloudapi/fault"
	"github.com/waypost/waypost/internal/cloudapi/node"
	"github.com/waypost/waypost/internal/wa"
)

// statusObject is one element of statuses. The ids of the recipient have several
// names in Meta's samples.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages/status
// (read 2026-09)
type statusObject struct {
	ID                node.Text         `json:"id"`
	Type              node.Text         `json:"type"`
	Status            node.Text         `json:"status"`
	Timestamp         stamp             `json:"timestamp"`
	Recipient         node.Text         `json:"recipient_id"`
	RecipientType     node.Text         `json:"recipient_type"`
	RecipientUser     node.Text         `json:"recipient_user_id"`
	Participant       node.Text         `json:"recipient_participant_id"`
	Participant2      node.Text         `json:"participant_recipient_id"`
	ParentUser        node.Text         `json:"parent_recipient_user_id"`
	ParentUser2       node.Text         `json:"recipient_parent_user_id"`
	ParentUser3       node.Text         `json:"parent_user_id"`
	IdentityHash      node.Text         `json:"recipient_identity_key_hash"`
	Tag               node.Text         `json:"biz_opaque_callback_data"`
	Conversation      *conversationNode `json:"conversation"`
	Pricing           *pricingNode      `json:"pricing"`
	Payment           *paymentNode      `json:"payment"`
	Errors            []statusError     `json:"errors"`
	asPayment, asCall bool
}

// leaves what is said a second time in other words.
func (s statusObject) leaves(key string) bool {
	switch key {
	case "recipient_type":
		return s.RecipientType != "individual" && (s.RecipientType != "group" || s.participant() == "")
	case "participant_recipient_id":
		return s.Participant2 != s.participant()
	case "recipient_parent_user_id":
		return s.ParentUser2 != s.parent()
	case "parent_user_id":
		return s.ParentUser3 != s.parent()
	case "type":
		understood := s.message() || s.asPayment && s.Type == "payment" || s.asCall && s.Type == "call"
		return !understood
	case "payment":
		return !s.asPayment
	case "biz_opaque_callback_data":
		return s.asPayment
	case "conversation", "pricing", "recipient_identity_key_hash":
		return s.asPayment || s.asCall
	case "recipient_participant_id":
		return s.asCall
	}
	return false
}

func (s statusObject) message() bool { return s.Type == "" || s.Type == "message" }

func (s statusObject) participant() node.Text { return node.First(s.Participant, s.Participant2) }

func (s statusObject) parent() node.Text {
	return node.First(s.ParentUser, node.First(s.ParentUser2, s.ParentUser3))
}

// conversationNode and pricingNode tell what a message costs.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/pricing (read 2026-09)
type conversationNode struct {
	ID        node.Text `json:"id"`
	ExpiresAt stamp     `json:"expiration_timestamp"`
	Origin    struct {
		Type node.Text `json:"type"`
	} `json:"origin"`
}

type pricingNode struct {
	Billable *bool     `json:"billable"`
	Model    node.Text `json:"pricing_model"`
	Type     node.Text `json:"type"`
	Category node.Text `json:"category"`
}

// paymentNode is what became of a payment. Samples from India have a transaction.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/payments/payments-in/pg (read 2026-09)
type paymentNode struct {
	ReferenceID node.Text `json:"reference_id"`
	Currency    node.Text `json:"currency"`
	Amount      struct {
		Value  node.Text `json:"value"`
		Offset node.Text `json:"offset"`
	} `json:"amount"`
	Transaction struct {
		ID     node.Text `json:"id"`
		Type   node.Text `json:"type"`
		Status node.Text `json:"status"`
	} `json:"transaction"`
}

// statusError is an error in a status. Old samples have the details beside the
// code.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes (read 2026-09)
type statusError struct {
	Code    whole           `json:"code"`
	Title   node.Text       `json:"title"`
	Message node.Text       `json:"message"`
	Data    fault.ErrorData `json:"error_data"`
	Details node.Text       `json:"details"`
}

func (e statusError) leaves(key string) bool {
	switch key {
	case "message":
		return e.Message != e.title()
	case "details":
		return e.Details != e.details()
	}
	return false
}

func (e statusError) title() node.Text   { return node.First(e.Title, e.Message) }
func (e statusError) details() node.Text { return node.First(e.Data.Details, e.Details) }

func (e statusError) failure() wa.Failure {
	return fault.FailureOf(e.Code.Number(), string(e.title()), string(e.details()))
}

// status is an update for every status: names that do not move a message, and the
// statuses of payments, which have the same shape and a "failed" of their own, are
// notices.
func (v *value) status(data json.RawMessage) []wa.Update {
	var s statusObject
	v.read(data, &s)
	reported := wa.Status(s.Status)
	switch {
	case s.Type == "payment" && s.Payment != nil:
		return v.payment(data, s)
	case s.ID == "" && s.Tag == "", !s.message() && s.Status == "":
		return v.other(data)
	}
	r := v.report(s)
	r.Rest = v.rest(data, s)
	if !s.message() || !reported.Reported() {
		n := v.notice(wa.NoticeStatus, s.Status, s.Timestamp.Time())
		n.Status = r
		return v.update(n)
	}
	return []wa.Update{{Status: r, NumberID: v.numberID()}}
}

func (v *value) report(s statusObject) *wa.StatusReport {
	r := &wa.StatusReport{
		WAMID: string(s.ID), NumberID: v.numberID(), Status: wa.Status(s.Status), At: s.Timestamp.Time(),
		Recipient:   string(node.First(s.Recipient, s.RecipientUser)),
		Participant: string(s.participant()), Tag: string(s.Tag), IdentityHash: string(s.IdentityHash),
		Conversation: s.Conversation.noun(), Pricing: s.Pricing.noun(),
		Failures: node.Each(s.Errors, statusError.failure),
	}
	who, c := v.recipient(s)
	r.Person = who
	if r.IdentityHash == "" && c != nil {
		r.IdentityHash = c.hash()
	}
	if r.Status != wa.StatusFailed {
		return r
	}
	if len(r.Failures) == 0 {
		r.Failure = &wa.Failure{VendorCode: fault.VendorWhatsApp, Title: "Meta gave no reason"}
		return r
	}
	r.Failure, r.Failures = &r.Failures[0], r.Failures[1:]
	return r
}

// recipient is who the status is about: in a group the participant.
func (v *value) recipient(s statusObject) (wa.PersonIDs, *contact) {
	return v.person(node.First(s.participant(), s.individual()), s.RecipientUser, s.parent())
}

// individual is the recipient unless that is a group.
func (s statusObject) individual() node.Text {
	if s.RecipientType == "group" {
		return ""
	}
	return s.Recipient
}

func (v *value) payment(data json.RawMessage, s statusObject) []wa.Update {
	s.asPayment = true
	who, _ := v.recipient(s)
	n := v.notice(wa.NoticePayment, s.Status, s.Timestamp.Time())
	n.Payment = &wa.Payment{
		WAMID: string(s.ID), Person: who, ReferenceID: string(s.Payment.ReferenceID), Currency: string(s.Payment.Currency),
		Amount: string(s.Payment.Amount.Value), Offset: string(s.Payment.Amount.Offset),
		TransactionID: string(s.Payment.Transaction.ID), TransactionKind: string(s.Payment.Transaction.Type),
		TransactionStatus: string(s.Payment.Transaction.Status),
	}
	n.Failures = node.Each(s.Errors, statusError.failure)
	n.Rest = v.rest(data, s)
	return v.update(n)
}

func (c *conversationNode) noun() *wa.Conversation {
	if c == nil || *c == (conversationNode{}) {
		return nil
	}
	return &wa.Conversation{ID: string(c.ID), ExpiresAt: c.ExpiresAt.Time(), Origin: string(c.Origin.Type)}
}

func (p *pricingNode) noun() *wa.Pricing {
	if p == nil || *p == (pricingNode{}) {
		return nil
	}
	return &wa.Pricing{Billable: p.Billable, Model: string(p.Model), Type: string(p.Type), Category: string(p.Category)}
}
