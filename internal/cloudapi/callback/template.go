package callback

import (
	"strings"
	"time"

	"github.com/waypost/waypost/internal/cloudapi/node"
	"github.com/waypost/waypost/internal/wa"
)

// The fields of changes that tell of a template.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference
// (read 2026-09)
const (
	fieldTemplateStatus     = "message_template_status_update"
	fieldTemplateQuality    = "message_template_quality_update"
	fieldTemplateComponents = "message_template_components_update"
	fieldTemplateCategory   = "template_category_update"
)

// templateChange is the value of any of them. A sample of Meta's has the value
// of one under the name of another, so what is there is read.
type templateChange struct {
	about

	ID       node.Text `json:"message_template_id"`
	Name     node.Text `json:"message_template_name"`
	Language node.Text `json:"message_template_language"`
	Event    node.Text `json:"event"`
	Reason   node.Text `json:"reason"`
	Category node.Text `json:"message_template_category"`
	Quality  node.Text `json:"new_quality_score"`
	// NewCategory is the one it has now, unlike correct_category, which it is
	// going to get.
	NewCategory node.Text `json:"new_category"`
}

// template is an update for a change of a template, which is also a notice.
func (v *value) template() []wa.Update {
	var c templateChange
	v.read(v.data, &c)
	if c.ID == "" && c.Name == "" {
		return v.other(v.data)
	}
	n := v.notice(wa.NoticeTemplate, c.Event, time.Time{})
	n.Template = c.noun()
	n.Template.At = n.At
	updates := v.finish(n, c)
	updates[0].Template = n.Template
	return updates
}

// leaves what the noun does not say as Meta does, and the category if there is
// a newer one.
func (v templateChange) leaves(key string) bool {
	switch key {
	case "message_template_category":
		return v.Category != node.First(v.NewCategory, v.Category)
	case "reason":
		return statusAfter(string(v.Event)) == "" && v.Reason != "NONE"
	}
	return v.about.leaves(key)
}

func (v templateChange) noun() *wa.TemplateUpdate {
	u := &wa.TemplateUpdate{
		ID: string(v.ID), Name: string(v.Name),
		// Samples write en-US here and en_US in the list.
		Language: strings.ReplaceAll(string(v.Language), "-", "_"),
		Status:   statusAfter(string(v.Event)), Category: string(node.First(v.NewCategory, v.Category)), Quality: string(v.Quality),
	}
	if u.Status != "" {
		u.Reason = reason(v.Reason)
	}
	return u
}

// statusAfter returns what an event makes of a template's status; "" for one
// that is only a warning.
func statusAfter(event string) wa.TemplateStatus {
	switch event {
	case "REINSTATED", "UNPAUSED":
		return wa.TemplateApproved
	case "FLAGGED":
		return ""
	}
	return wa.TemplateStatus(event)
}

// reason leaves out Meta's word for none.
func reason(t node.Text) string {
	if t == "NONE" {
		return ""
	}
	return string(t)
}
