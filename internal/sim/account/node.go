package account

import (
	"net/url"

	"github.com/waypost/waypost/internal/sim/rule"
)

const (
	appName    = "Simulated App"
	businessID = "800000000000008"

	available = "AVAILABLE"
	blocked   = "BLOCKED"
)

// status is how far a number is, as Graph says it.
func (n *number) status() string {
	switch {
	case n.registered:
		return "CONNECTED"
	case n.verified:
		return "DISCONNECTED"
	}
	return "UNVERIFIED"
}

// NumberNode is a business number as Graph answers it, with the fields asked for. appURL is where the app's callbacks go. Every
// error is a *rule.Error.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/phone-numbers (read 2026-09)
func (d *Directory) NumberNode(id, fields, appURL string) (map[string]any, error) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.node(d.byID[id], fields, appURL)
}

func (d *Directory) node(n *number, fields, appURL string) (map[string]any, error) {
	node := map[string]any{
		"id": n.ID, "display_phone_number": n.Display, "verified_name": n.Name, "quality_rating": or(n.condition.Quality, "GREEN"),
		"code_verification_status": "VERIFIED", "status": n.status(), "name_status": or(n.condition.NameStatus, "APPROVED"),
		"platform_type": "CLOUD_API", "account_mode": "LIVE", "is_pin_enabled": n.pin != "",
		"throughput": map[string]any{"level": or(n.condition.Level, "STANDARD")}, "is_on_biz_app": n.condition.OnBusinessApp,
		"whatsapp_business_manager_messaging_limit": or(n.condition.Tier, "TIER_2K"),
		"messaging_limit_tier":                      or(n.condition.Tier, "TIER_2K"), "username": nil,
		"is_official_business_account": false, "search_visibility": "NON_VISIBLE", "conversational_automation": nil,
		"webhook_configuration": d.configuration(n, appURL), "health_status": d.health(n.entity(), n.WABAID),
	}
	if !n.verified {
		node["code_verification_status"] = "NOT_VERIFIED"
	}
	if !n.registered {
		node["platform_type"], node["throughput"] = "NOT_APPLICABLE", map[string]any{"level": "NOT_APPLICABLE"}
		node["quality_rating"] = "UNKNOWN"
	}
	if n.username != "" {
		node["username"] = n.username
	}
	if n.automation != nil {
		node["conversational_automation"] = n.automation
	}
	return rule.Select(fields, node, "verified_name", "display_phone_number", "quality_rating")
}

// AccountNode is a WhatsApp Business Account as Graph answers it.
// Meta's Postman collection, "Get WABA" (2025-09)
func (d *Directory) AccountNode(id, fields string) (map[string]any, error) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	name := ""
	for _, n := range d.list {
		if n.WABAID == id {
			name = n.Name
			break
		}
	}
	return rule.Select(fields, map[string]any{
		"id": id, "name": name, "currency": "USD", "timezone_id": "1", "country": "US",
		"message_template_namespace": "00000000_0000_4000_8000_00" + padded(id), "account_review_status": "APPROVED",
		"business_verification_status": "verified", "ownership_type": "SELF", "is_enabled_for_insights": true,
		"health_status": d.health(entity("WABA", id), ""),
	}, "name", "timezone_id", "message_template_namespace")
}

// padded makes ten digits of an id.
func padded(id string) string {
	const zeros = "0000000000"
	text := zeros + id
	return text[len(text)-len(zeros):]
}

// AppNode is the app as Graph answers it.
func (d *Directory) AppNode(fields string) (map[string]any, error) {
	return rule.Select(fields, map[string]any{"id": d.appID, "name": appName, "health_status": d.health(entity("APP", d.appID), "")}, "name")
}

// Page is one page of an account's numbers, as far as the token may see them. Every error is a *rule.Error.
// Meta's Postman collection, "Get Phone Numbers" (2025-09)
func (d *Directory) Page(token, wabaID string, query url.Values, address, appURL string) (rule.Page[map[string]any], error) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	none := rule.Page[map[string]any]{}
	var places []int
	for i, n := range d.list {
		if n.WABAID == wabaID && d.may(token, n) {
			places = append(places, i)
		}
	}
	page, err := rule.Paged(places, func(i int) int { return i }, query, address)
	if err != nil {
		return none, err
	}
	out := rule.Page[map[string]any]{Data: []map[string]any{}, Paging: page.Paging}
	for _, i := range page.Data {
		node, err := d.node(d.list[i], query.Get("fields"), appURL)
		if err != nil {
			return none, err
		}
		out.Data = append(out.Data, node)
	}
	return out, nil
}

func (n *number) entity() map[string]any {
	e := entity("PHONE_NUMBER", n.ID)
	if !n.registered {
		e["can_send_message"] = blocked
		e["errors"] = []any{map[string]any{
			"error_code": rule.CodeUnregistered, "error_description": "The phone number is not registered.",
			"possible_solution": "Register the phone number with its PIN.",
		}}
		return e
	}
	n.condition.on(e)
	return e
}

func entity(kind, id string) map[string]any {
	return map[string]any{"entity_type": kind, "id": id, "can_send_message": available}
}

// Health is the health_status of something of an account; e is its own entity. What stands above it follows.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/support/health-status (read 2026-09)
func (d *Directory) Health(kind, id string, canSend bool, wabaID string) map[string]any {
	e := entity(kind, id)
	if !canSend {
		e["can_send_message"] = blocked
	}
	return d.health(e, wabaID)
}

func (d *Directory) health(e map[string]any, wabaID string) map[string]any {
	entities := []any{e}
	if wabaID != "" {
		entities = append(entities, entity("WABA", wabaID))
	}
	if e["entity_type"] != "APP" {
		entities = append(entities, entity("BUSINESS", businessID), entity("APP", d.appID))
	}
	return map[string]any{"can_send_message": e["can_send_message"], "entities": entities}
}
