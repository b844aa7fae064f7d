package callback

import (
	"strings"

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

// template returns the update for a change that has no messages: empty unless it
// is about a template.
func (e entry) template(c change) wa.Update {
	switch c.Field {
	case fieldTemplateStatus, fieldTemplateQuality, fieldTemplateComponents, fieldTemplateCategory:
	default:
		return wa.Update{}
	}
	var v templateChange
	node.Read(c.Value, &v)
	if v.ID == "" && v.Name == "" {
		return wa.Update{}
	}
	return wa.Update{WABAID: string(e.ID), Template: v.noun()}
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
