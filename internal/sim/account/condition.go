package account

import (
	"slices"

	"github.com/waypost/waypost/internal/sim/rule"
)

// Condition is what Meta thinks of a number. What is empty is as usual: quality GREEN, name APPROVED, throughput STANDARD, 2,000
// people a day, nothing wrong.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/phone-numbers (read 2026-09)
type Condition struct {
	Quality       string `json:"quality_rating,omitempty"`
	NameStatus    string `json:"name_status,omitempty"`
	Level         string `json:"throughput,omitempty"` // STANDARD or HIGH
	Tier          string `json:"messaging_limit_tier,omitempty"`
	OnBusinessApp bool   `json:"is_on_biz_app,omitempty"`

	// CanSend is what the health of the number says: LIMITED or BLOCKED; Limit is why it is limited, Problem why it is blocked.
	CanSend string   `json:"can_send_message,omitempty"`
	Limit   string   `json:"additional_info,omitempty"`
	Problem *Problem `json:"error,omitempty"`
}

// Problem is a reason in a health status.
type Problem struct {
	Code        int    `json:"error_code"`
	Description string `json:"error_description"`
	Solution    string `json:"possible_solution"`
}

// on puts the condition into an entity of a health status.
func (c Condition) on(entity map[string]any) {
	if c.CanSend != "" {
		entity["can_send_message"] = c.CanSend
	}
	if c.Limit != "" {
		entity["additional_info"] = []string{c.Limit}
	}
	if c.Problem != nil {
		entity["errors"] = []any{c.Problem}
	}
}

func or(text, usual string) string {
	if text == "" {
		return usual
	}
	return text
}

// SetCondition changes what Meta thinks of a number. An unknown number is a rule.ErrNotFound.
func (d *Directory) SetCondition(id string, c Condition) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	n := d.byID[id]
	if n == nil {
		return rule.ErrNotFound
	}
	n.condition = c
	return nil
}

// TokenNode is what debug_token tells of a token. Every token belongs to the one app.
// https://developers.facebook.com/docs/graph-api/reference/debug_token (read 2026-09)
func (d *Directory) TokenNode(token string) map[string]any {
	known := d.Knows(token)
	d.mu.RLock()
	defer d.mu.RUnlock()
	t := d.tokens[token]
	scopes, expires := slices.Clone(t.Scopes), int64(0)
	if len(scopes) == 0 {
		scopes = []string{"whatsapp_business_management", "whatsapp_business_messaging"}
	}
	if !t.ExpiresAt.IsZero() {
		expires = t.ExpiresAt.Unix()
	}
	return map[string]any{"app_id": d.appID, "type": "SYSTEM_USER", "is_valid": known, "expires_at": expires, "scopes": scopes}
}
