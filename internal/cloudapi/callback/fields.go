package callback

import (
	"github.com/waypost/waypost/internal/wa"
)

// how says how the value of a field is read: as a whole, or by its lists. What is
// in neither becomes a notice as it came.
type how struct {
	whole func(*value) []wa.Update
	lists []list
}

// understood are the fields whose values are read. docs/callbacks.md says the same
// in words.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference (read 2026-09)
func understood() map[string]how {
	groups := how{lists: []list{{"groups", (*value).group}}}
	template := how{whole: (*value).template}
	return map[string]how{
		"messages":                    {lists: []list{{"messages", (*value).inbound}, {"statuses", (*value).status}}},
		"calls":                       {lists: []list{{"calls", (*value).call}, {"statuses", (*value).callStatus}}},
		"user_preferences":            {lists: []list{{"user_preferences", (*value).preference}}},
		"smb_message_echoes":          {lists: []list{{"message_echoes", (*value).echo}}},
		"smb_app_state_sync":          {lists: []list{{"state_sync", (*value).addressBook}}},
		"history":                     {lists: []list{{"history", (*value).history}, {"messages", (*value).historyMedia}}},
		"account_alerts":              {whole: (*value).alert},
		"account_update":              {whole: (*value).account},
		"account_review_update":       {whole: (*value).review},
		"business_capability_update":  {whole: (*value).capability},
		"business_username_update":    {whole: (*value).username},
		"phone_number_name_update":    {whole: (*value).name},
		"phone_number_quality_update": {whole: (*value).limit},
		"security":                    {whole: (*value).security},
		fieldTemplateStatus:           template,
		fieldTemplateQuality:          template,
		fieldTemplateComponents:       template,
		fieldTemplateCategory:         template,
		"group_lifecycle_update":      groups,
		"group_participants_update":   groups,
		"group_participant_update":    groups, // as Meta's OpenAPI file spells it
		"group_settings_update":       groups,
		"group_status_update":         groups,
	}
}
