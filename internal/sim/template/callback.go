package template

import (
	"encoding/json"
	"time"
)

const reasonRejected = "INVALID_FORMAT"

// Update is a callback about templates: the field and its value. Unlike those of messages it says nothing of a phone number.
type Update struct {
	Field string
	Value any
}

// named are the keys that every such value begins with. The id is a number here and a string everywhere else, as Meta has it.
type named struct {
	ID       json.Number `json:"message_template_id"`
	Name     string      `json:"message_template_name"`
	Language string      `json:"message_template_language"`
}

func (t *Template) named() named {
	return named{ID: json.Number(t.ID), Name: t.Name, Language: t.Language}
}

// statusValue is the value of message_template_status_update.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/message_template_status_update (read 2026-09)
type statusValue struct {
	Event string `json:"event"`
	named
	Reason    *string    `json:"reason"` // null when it was deleted
	Category  string     `json:"message_template_category"`
	Disable   *disabled  `json:"disable_info,omitempty"`
	Other     *other     `json:"other_info,omitempty"`
	Rejection *rejection `json:"rejection_info,omitempty"`
}

type disabled struct {
	Date string `json:"disable_date"`
}

type other struct {
	Title       string `json:"title"`
	Description string `json:"description,omitempty"`
}

type rejection struct {
	Reason         string `json:"reason"`
	Recommendation string `json:"recommendation"`
}

// StatusUpdate tells that a template came into a state; Deleted is one too.
func StatusUpdate(t Template, event string, now time.Time) Update {
	reason := "NONE"
	v := statusValue{Event: event, named: t.named(), Reason: &reason, Category: t.Category}
	switch event {
	case Rejected:
		reason = reasonRejected
		v.Rejection = &rejection{Reason: "The name of the template asks for a rejection.", Recommendation: "Use a name without it."}
	case Deleted:
		v.Reason = nil
	case Disabled:
		v.Disable = &disabled{Date: now.UTC().Format(time.DateOnly)}
		if t.pauses >= lastPause {
			v.Other = &other{Title: "DISABLED", Description: "The template was paused too often because of its quality."}
		}
	case Paused:
		v.Other = &other{Title: "FIRST_PAUSE", Description: "The template is paused because of its quality."}
		if t.pauses == 2 {
			v.Other.Title = "SECOND_PAUSE"
		}
	case Reinstated:
		v.Other = &other{Title: "UNPAUSE", Description: "The template can be sent again."}
	}
	return Update{Field: "message_template_status_update", Value: v}
}

// Updates are the callbacks that a change makes.
func Updates(before, after Template, now time.Time) (list []Update) {
	if before.Status != after.Status {
		list = append(list, StatusUpdate(after, after.Status, now))
	}
	if before.Category != after.Category {
		list = append(list, Update{"template_category_update", struct {
			named
			Previous string `json:"previous_category"`
			New      string `json:"new_category"`
		}{after.named(), before.Category, after.Category}})
	}
	if before.Quality != after.Quality {
		list = append(list, Update{"message_template_quality_update", struct {
			Previous string `json:"previous_quality_score"`
			New      string `json:"new_quality_score"`
			named
		}{before.Quality, after.Quality, after.named()}})
	}
	return list
}
