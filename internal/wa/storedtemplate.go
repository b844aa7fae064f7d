package wa

import (
	"encoding/json"
	"slices"
	"time"
)

// TemplateStatus is what Meta has decided about a template, by its word for it.
// What is not in the list below may come too and is kept as it is.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/template-management
// (read 2026-09).
type TemplateStatus string

// The statuses that mean something to the gateway.
const (
	// TemplateApproved: it can be sent.
	TemplateApproved TemplateStatus = "APPROVED"
	// TemplatePending: Meta is looking at it.
	TemplatePending TemplateStatus = "PENDING"
	// TemplateRejected: Meta has refused it.
	TemplateRejected TemplateStatus = "REJECTED"
	// TemplatePaused: it cannot be sent for some hours, because of its quality.
	TemplatePaused TemplateStatus = "PAUSED"
	// TemplateDisabled: it cannot be sent any more, because of its quality.
	TemplateDisabled TemplateStatus = "DISABLED"
	// TemplateDeleted: there is no such template any more.
	TemplateDeleted TemplateStatus = "DELETED"
)

// StoredTemplate is the gateway's copy of a template that Meta has. Name and
// Language name it within a WhatsApp Business Account (WABA).
type StoredTemplate struct {
	AccountID AccountID
	WABAID    string
	// ID is Meta's; digits today.
	ID string
	// Name has at most 512 characters of a-z, 0-9 and _.
	Name string
	// Language is Meta's code, such as "en" or "en_US".
	Language string
	// Category is MARKETING, UTILITY or AUTHENTICATION.
	Category string
	Status   TemplateStatus
	// Quality is GREEN, YELLOW, RED or UNKNOWN; "" if Meta did not say.
	Quality string
	// Reason is why Meta refused it, such as INVALID_FORMAT; "" if it did not.
	Reason string
	// Components is a JSON array as Meta wrote it.
	Components json.RawMessage
	// Definition is what Components says.
	Definition TemplateDefinition
	// UpdatedAt is when the gateway learned what is kept here.
	UpdatedAt time.Time
}

// TemplateKind sorts templates by what they show. They are the vendor's types.
type TemplateKind string

// The kinds of templates.
const (
	TemplateText         TemplateKind = "text"
	TemplateMedia        TemplateKind = "media"
	TemplateMultiProduct TemplateKind = "multi_product"
	TemplateCatalogue    TemplateKind = "catalogue"
)

// Kind returns what the template shows.
func (d TemplateDefinition) Kind() TemplateKind {
	has := func(kind string) bool {
		return slices.ContainsFunc(d.Buttons, func(b ButtonDefinition) bool { return b.Kind == kind })
	}
	switch {
	case has("MPM"):
		return TemplateMultiProduct
	case has("CATALOG"):
		return TemplateCatalogue
	case len(d.Cards) > 0, d.Header != nil && d.Header.Format != HeaderText:
		return TemplateMedia
	}
	return TemplateText
}

// TemplateFilter chooses some of a WABA's templates. What is empty chooses all.
type TemplateFilter struct {
	// NameHas is a part of the name.
	NameHas  string
	Status   TemplateStatus
	Language string
	Category string
	Kinds    []TemplateKind
}

// TemplateUpdate is what a callback tells of one template. What is empty did
// not change.
type TemplateUpdate struct {
	// ID is Meta's; Name and Language are for a template without one.
	ID       string         `json:"id,omitempty"`
	Name     string         `json:"name,omitempty"`
	Language string         `json:"language,omitempty"`
	Status   TemplateStatus `json:"status,omitempty"`
	Category string         `json:"category,omitempty"`
	Quality  string         `json:"quality,omitempty"`
	// Reason belongs to Status.
	Reason string `json:"reason,omitempty"`
	// At is Meta's time; zero if it gave none.
	At time.Time `json:"at,omitzero"`
}

// TemplateSync is the job of bringing a WABA's templates in step with Meta.
type TemplateSync struct {
	AccountID AccountID
	WABAID    string
	// SyncedAt is when the list was last begun that is kept; zero if there was
	// none.
	SyncedAt time.Time
	// Claim is as in [Message].
	Claim int
	// Attempts counts the failed ones since the last success.
	Attempts int
}

// TemplateChange is a template as a customer wants it: the fields of Meta's
// create and edit calls by Meta's names, each a JSON value.
type TemplateChange map[string]json.RawMessage

// TemplateStatistics is a question about how templates were received.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/analytics
// (read 2026-09).
type TemplateStatistics struct {
	TemplateIDs []string
	Start, End  time.Time
	Granularity string
	MetricTypes []string
	ProductType string
	// WABATimezone: days begin when they begin for the WABA, not in UTC.
	WABATimezone bool
	Limit        int
	// Before and After are Meta's cursors.
	Before, After string
}

// StatisticsPage is a page of Meta's answer.
type StatisticsPage struct {
	// Data is a JSON array as Meta wrote it.
	Data          json.RawMessage
	Before, After string
}

// NumberDetails is what Meta tells of a business number.
type NumberDetails struct {
	Display      string
	VerifiedName string
	// Verification is VERIFIED, NOT_VERIFIED or EXPIRED.
	Verification string
	NameStatus   string
	Quality      string
	// Limit is how many people may be written to in a day, such as TIER_1K.
	Limit  string
	Status string
}

// BusinessProfile is what people see of a business number.
type BusinessProfile struct {
	About, Address, Description, Email string
	// Picture is a link that is good for some time.
	Picture  string
	Vertical string
	Websites []string
}
