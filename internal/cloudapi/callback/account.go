package callback

import (
	"time"

	"github.com/waypost/waypost/internal/cloudapi/node"
	"github.com/waypost/waypost/internal/wa"
)

// alertValue is the value of account_alerts.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/account_alerts
// (read 2026-09)
type alertValue struct {
	about

	EntityType node.Text `json:"entity_type"`
	EntityID   node.Text `json:"entity_id"`
	Info       struct {
		Severity    node.Text `json:"alert_severity"`
		Status      node.Text `json:"alert_status"`
		Type        node.Text `json:"alert_type"`
		Description node.Text `json:"alert_description"`
	} `json:"alert_info"`
}

func (v *value) alert() []wa.Update {
	var a alertValue
	v.read(v.data, &a)
	n := v.notice(wa.NoticeAlert, a.Info.Type, time.Time{})
	n.Alert = &wa.Alert{
		EntityType: string(a.EntityType), EntityID: string(a.EntityID), Severity: string(a.Info.Severity),
		Status: string(a.Info.Status), Type: string(a.Info.Type), Description: string(a.Info.Description),
	}
	return v.finish(n, a)
}

// accountValue is the value of account_update. Samples call the ad account in two
// ways.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/account_update
// (read 2026-09)
type accountValue struct {
	about

	Event     node.Text `json:"event"`
	Country   node.Text `json:"country"`
	Violation struct {
		Type node.Text `json:"violation_type"`
	} `json:"violation_info"`
	Ban struct {
		State node.Text `json:"waba_ban_state"`
		Date  node.Text `json:"waba_ban_date"`
	} `json:"ban_info"`
	Restrictions []struct {
		Type      node.Text `json:"restriction_type"`
		ExpiresAt stamp     `json:"expiration"`
	} `json:"restriction_info"`
	WABA wabaInfo `json:"waba_info"`
}

type wabaInfo struct {
	ID           node.Text   `json:"waba_id"`
	Owner        node.Text   `json:"owner_business_id"`
	AdAccount    node.Text   `json:"ad_account_id"`
	AdAccount2   node.Text   `json:"ad_account_linked"`
	PartnerApp   node.Text   `json:"partner_app_id"`
	Solution     node.Text   `json:"solution_id"`
	SolutionPart []node.Text `json:"solution_partner_business_ids"`
}

func (w wabaInfo) leaves(key string) bool {
	return key == "ad_account_linked" && w.AdAccount2 != node.First(w.AdAccount, w.AdAccount2)
}

func (v *value) account() []wa.Update {
	var a accountValue
	v.read(v.data, &a)
	n := v.notice(wa.NoticeAccount, a.Event, time.Time{})
	c := wa.AccountChange{
		Country: string(a.Country), Violation: string(a.Violation.Type), BanState: string(a.Ban.State), BanDate: string(a.Ban.Date),
		OwnerID: string(a.WABA.Owner), AdAccountID: string(node.First(a.WABA.AdAccount, a.WABA.AdAccount2)),
		PartnerAppID: string(a.WABA.PartnerApp), SolutionID: string(a.WABA.Solution),
		SolutionPartnerIDs: node.Each(a.WABA.SolutionPart, func(t node.Text) string { return string(t) }),
	}
	for _, r := range a.Restrictions {
		c.Restrictions = append(c.Restrictions, wa.Restriction{Type: string(r.Type), ExpiresAt: r.ExpiresAt.Time()})
	}
	n.Account = &c
	if a.WABA.ID != "" { // the entry may be that of a partner
		n.WABAID = string(a.WABA.ID)
	}
	return v.finish(n, a)
}

// reviewValue is the value of account_review_update.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/account_review_update
// (read 2026-09)
type reviewValue struct {
	about

	Decision node.Text `json:"decision"`
}

func (v *value) review() []wa.Update {
	var r reviewValue
	v.read(v.data, &r)
	n := v.notice(wa.NoticeReview, r.Decision, time.Time{})
	return v.finish(n, r)
}

// capabilityValue is the value of business_capability_update.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/business_capability_update
// (read 2026-09)
type capabilityValue struct {
	about

	PerDay       whole `json:"max_daily_conversations_per_business"`
	PerDayNumber whole `json:"max_daily_conversation_per_phone"`
	PerBusiness  whole `json:"max_phone_numbers_per_business"`
	PerWABA      whole `json:"max_phone_numbers_per_waba"`
}

func (v *value) capability() []wa.Update {
	var c capabilityValue
	v.read(v.data, &c)
	n := v.notice(wa.NoticeCapability, "", time.Time{})
	n.Capability = &wa.Capability{
		PeoplePerDay: c.PerDay.Number(), PeoplePerDayAndNumber: c.PerDayNumber.Number(),
		NumbersPerBusiness: c.PerBusiness.Number(), NumbersPerWABA: c.PerWABA.Number(),
	}
	return v.finish(n, c)
}

// nameValue is the value of phone_number_name_update.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/phone_number_name_update
// (read 2026-09)
type nameValue struct {
	about

	Decision  node.Text `json:"decision"`
	Requested node.Text `json:"requested_verified_name"`
	Reason    node.Text `json:"rejection_reason"`
}

func (v *value) name() []wa.Update {
	var d nameValue
	v.read(v.data, &d)
	n := v.notice(wa.NoticeName, d.Decision, time.Time{})
	n.Name = &wa.NameDecision{Requested: string(d.Requested), Reason: string(d.Reason)}
	return v.finish(n, d)
}

// limitValue is the value of phone_number_quality_update. The number of people was
// a tier of the number until Meta made it one of the business.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/phone_number_quality_update
// (read 2026-09)
type limitValue struct {
	about

	Event node.Text `json:"event"`
	Old   node.Text `json:"old_limit"`
	Tier  node.Text `json:"current_limit"`
	// PerDay is a number of people, or a tier.
	PerDay node.Text `json:"max_daily_conversations_per_business"`
}

func (v *value) limit() []wa.Update {
	var l limitValue
	v.read(v.data, &l)
	n := v.notice(wa.NoticeLimit, l.Event, time.Time{})
	n.Limit = &wa.LimitChange{OldTier: string(l.Old), Tier: string(l.Tier), PeoplePerDay: l.PerDay.Number()}
	if n.Limit.PeoplePerDay == 0 {
		n.Limit.BusinessTier = string(l.PerDay)
	}
	return v.finish(n, l)
}

// securityValue is the value of security.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/security
// (read 2026-09)
type securityValue struct {
	about

	Event     node.Text `json:"event"`
	Requester node.Text `json:"requester"`
}

func (v *value) security() []wa.Update {
	var s securityValue
	v.read(v.data, &s)
	n := v.notice(wa.NoticeSecurity, s.Event, time.Time{})
	n.Requester = string(s.Requester)
	return v.finish(n, s)
}

// usernameValue is the value of business_username_update.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/business-scoped-user-ids (read 2026-09)
type usernameValue struct {
	about

	Username node.Text `json:"username"`
	Status   node.Text `json:"status"`
}

func (v *value) username() []wa.Update {
	var u usernameValue
	v.read(v.data, &u)
	n := v.notice(wa.NoticeUsername, u.Status, time.Time{})
	n.Username = string(u.Username)
	return v.finish(n, u)
}
