package callback

import (
	"encoding/json"

	"github.com/waypost/waypost/internal/cloudapi/node"
	"github.com/waypost/waypost/internal/wa"
)

// callObject is one element of calls.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/calling/reference (read 2026-09)
type callObject struct {
	ID         node.Text `json:"id"`
	From       node.Text `json:"from"`
	To         node.Text `json:"to"`
	FromUserID node.Text `json:"from_user_id"`
	FromParent node.Text `json:"from_parent_user_id"`
	ToUserID   node.Text `json:"to_user_id"`
	ToParent   node.Text `json:"to_parent_user_id"`
	Event      node.Text `json:"event"`
	Timestamp  stamp     `json:"timestamp"`
	Direction  node.Text `json:"direction"`
	Session    struct {
		Type node.Text `json:"sdp_type"`
		SDP  node.Text `json:"sdp"`
	} `json:"session"`
	Status    node.Text     `json:"status"`
	StartTime stamp         `json:"start_time"`
	EndTime   stamp         `json:"end_time"`
	Duration  whole         `json:"duration"`
	Tag       node.Text     `json:"biz_opaque_callback_data"`
	Errors    []statusError `json:"errors"`
}

func (v *value) call(data json.RawMessage) []wa.Update {
	var o callObject
	v.read(data, &o)
	if o.ID == "" {
		return v.other(data)
	}
	n := v.notice(wa.NoticeCall, o.Event, o.Timestamp.Time())
	n.Call = &wa.Call{
		ID: string(o.ID), From: string(o.From), To: string(o.To), Direction: string(o.Direction), Status: string(o.Status),
		SDPType: string(o.Session.Type), SDP: string(o.Session.SDP), StartedAt: o.StartTime.Time(), EndedAt: o.EndTime.Time(),
		Seconds: o.Duration.Number(), Tag: string(o.Tag),
	}
	if o.Direction == "BUSINESS_INITIATED" {
		n.Call.Person, _ = v.person(o.To, o.ToUserID, o.ToParent)
	} else {
		n.Call.Person, _ = v.person(o.From, o.FromUserID, o.FromParent)
	}
	n.Failures = node.Each(o.Errors, statusError.failure)
	n.Rest = v.rest(data, o)
	return v.update(n)
}

func (o callObject) leaves(key string) bool {
	switch key {
	case "from_user_id", "from_parent_user_id":
		return o.Direction == "BUSINESS_INITIATED"
	case "to_user_id", "to_parent_user_id":
		return o.Direction != "BUSINESS_INITIATED"
	}
	return false
}

// callStatus is how far a call of ours has come; it has the shape of a message's.
func (v *value) callStatus(data json.RawMessage) []wa.Update {
	var s statusObject
	v.read(data, &s)
	if s.ID == "" {
		return v.other(data)
	}
	s.asCall = true
	n := v.notice(wa.NoticeCall, s.Status, s.Timestamp.Time())
	n.Call = &wa.Call{ID: string(s.ID), To: string(s.Recipient), Tag: string(s.Tag)}
	n.Call.Person, _ = v.recipient(s)
	n.Failures = node.Each(s.Errors, statusError.failure)
	n.Rest = v.rest(data, s)
	return v.update(n)
}

// groupObject is one element of groups.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/groups/webhooks (read 2026-09)
type groupObject struct {
	Timestamp     stamp               `json:"timestamp"`
	GroupID       node.Text           `json:"group_id"`
	Type          node.Text           `json:"type"`
	RequestID     node.Text           `json:"request_id"`
	Subject       node.Text           `json:"subject"`
	Description   node.Text           `json:"description"`
	InviteLink    node.Text           `json:"invite_link"`
	ApprovalMode  node.Text           `json:"join_approval_mode"`
	Reason        node.Text           `json:"reason"`
	InitiatedBy   node.Text           `json:"initiated_by"`
	Added         []participantObject `json:"added_participants"`
	Removed       []participantObject `json:"removed_participants"`
	Failed        []participantObject `json:"failed_participants"`
	JoinRequestID node.Text           `json:"join_request_id"`
	WAID          node.Text           `json:"wa_id"`
	UserID        node.Text           `json:"user_id"`
	ParentUserID  node.Text           `json:"parent_user_id"`
	Picture       *settingObject      `json:"profile_picture"`
	NewSubject    *settingObject      `json:"group_subject"`
	NewText       *settingObject      `json:"group_description"`
	Errors        []statusError       `json:"errors"`
}

type participantObject struct {
	Input        node.Text     `json:"input"`
	WAID         node.Text     `json:"wa_id"`
	UserID       node.Text     `json:"user_id"`
	ParentUserID node.Text     `json:"parent_user_id"`
	Username     node.Text     `json:"username"`
	Errors       []statusError `json:"errors"`
}

type settingObject struct {
	Text     node.Text     `json:"text"`
	MIMEType node.Text     `json:"mime_type"`
	SHA256   node.Text     `json:"sha256"`
	Updated  bool          `json:"update_successful"`
	Errors   []statusError `json:"errors"`
}

func (v *value) group(data json.RawMessage) []wa.Update {
	var o groupObject
	v.read(data, &o)
	if o.Type == "" && o.GroupID == "" && o.RequestID == "" {
		return v.other(data)
	}
	n := v.notice(wa.NoticeGroup, o.Type, o.Timestamp.Time())
	n.Group = &wa.GroupChange{
		GroupID: string(o.GroupID), RequestID: string(o.RequestID), Subject: string(o.Subject), Description: string(o.Description),
		InviteLink: string(o.InviteLink), ApprovalMode: string(o.ApprovalMode), Reason: string(o.Reason),
		InitiatedBy: string(o.InitiatedBy), JoinRequestID: string(o.JoinRequestID),
		Added:   node.Each(o.Added, participantObject.noun),
		Removed: node.Each(o.Removed, participantObject.noun),
		Failed:  node.Each(o.Failed, participantObject.noun),
		Person:  wa.PersonIDs{Phone: string(o.WAID), UserID: string(o.UserID), ParentUserID: string(o.ParentUserID)},
	}
	for _, s := range []struct {
		name string
		node *settingObject
	}{{"profile_picture", o.Picture}, {"group_subject", o.NewSubject}, {"group_description", o.NewText}} {
		if s.node != nil {
			n.Group.Settings = append(n.Group.Settings, s.node.noun(s.name))
		}
	}
	n.Failures = node.Each(o.Errors, statusError.failure)
	n.Rest = v.rest(data, o)
	return v.update(n)
}

func (o participantObject) noun() wa.GroupParticipant {
	return wa.GroupParticipant{
		Input: string(o.Input), Failures: node.Each(o.Errors, statusError.failure), Person: wa.PersonIDs{
			Phone: string(o.WAID), UserID: string(o.UserID), ParentUserID: string(o.ParentUserID), Username: string(o.Username),
		},
	}
}

func (o settingObject) noun(name string) wa.GroupSetting {
	return wa.GroupSetting{
		Name: name, Text: string(o.Text), SHA256: string(o.SHA256), MIMEType: string(o.MIMEType), Updated: o.Updated,
		Failures: node.Each(o.Errors, statusError.failure),
	}
}
