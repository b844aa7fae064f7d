package business

import (
	"encoding/json"
	"sync"

	"github.com/waypost/waypost/internal/sim/rule"
)

const verifiedName = "Simulated Business"

// Records keeps profiles, blocked users and uploads. Its methods may be called from many goroutines.
type Records struct {
	mu       sync.Mutex
	newID    func() string
	profiles map[string]map[string]any // by phone_number_id
	blocked  map[string][]string       // by phone_number_id, in the order of blocking
	uploads  map[string]*upload
	handles  map[string]bool
}

// New makes empty records. newID makes hexadecimal text; it is called under the records' lock.
func New(newID func() string) *Records {
	return &Records{
		newID: newID, profiles: map[string]map[string]any{}, blocked: map[string][]string{},
		uploads: map[string]*upload{}, handles: map[string]bool{},
	}
}

// Number is a business number as Graph answers it, with the fields asked for.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/phone-numbers (read 2026-09)
func Number(id, wabaID, display, fields string) (map[string]any, error) {
	return rule.Select(fields, map[string]any{
		"id": id, "display_phone_number": display, "verified_name": verifiedName, "quality_rating": "GREEN",
		"code_verification_status": "VERIFIED", "status": "CONNECTED", "name_status": "APPROVED", "platform_type": "CLOUD_API",
		"account_mode": "LIVE", "throughput": map[string]any{"level": "STANDARD"},
		"whatsapp_business_manager_messaging_limit": "TIER_2K", "messaging_limit_tier": "TIER_2K",
		"health_status": health(entity("PHONE_NUMBER", id), entity("WABA", wabaID)),
	}, "verified_name", "display_phone_number", "quality_rating")
}

// Account is a WhatsApp Business Account as Graph answers it.
// Meta's Postman collection, "Get WABA" (2025-09)
func Account(id, fields string) (map[string]any, error) {
	return rule.Select(fields, map[string]any{
		"id": id, "name": verifiedName, "currency": "USD", "timezone_id": "1",
		"message_template_namespace": "00000000_0000_4000_8000_00" + padded(id), "account_review_status": "APPROVED",
		"health_status": health(entity("WABA", id)),
	}, "name", "timezone_id", "message_template_namespace")
}

// padded makes ten digits of an id.
func padded(id string) string {
	const zeros = "0000000000"
	text := zeros + id
	return text[len(text)-len(zeros):]
}

// App is an app as Graph answers it.
func App(id, fields string) (map[string]any, error) {
	return rule.Select(fields, map[string]any{"id": id, "name": "Simulated App"}, "name")
}

func entity(kind, id string) map[string]any {
	return map[string]any{"entity_type": kind, "id": id, "can_send_message": "AVAILABLE"}
}

func health(entities ...map[string]any) map[string]any {
	return map[string]any{"can_send_message": "AVAILABLE", "entities": entities}
}

// verticals are the lines of business that a profile may name.
func verticals() []string {
	return []string{
		"ALCOHOL", "APPAREL", "AUTO", "BEAUTY", "EDU", "ENTERTAIN", "EVENT_PLAN", "FINANCE", "GOVT", "GROCERY", "HEALTH", "HOTEL",
		"MATRIMONY_SERVICE", "NONPROFIT", "NOT_A_BIZ", "ONLINE_GAMBLING", "OTC_DRUGS", "OTHER", "PHYSICAL_GAMBLING", "PROF_SERVICES",
		"RESTAURANT", "RETAIL", "TRAVEL", "UNDEFINED",
	}
}

// Profile is the profile of a number.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/business-profiles (read 2026-09)
func (r *Records) Profile(numberID, fields string) (map[string]any, error) {
	known := []string{"about", "address", "description", "email", "profile_picture_url", "websites", "vertical", "messaging_product"}
	node := map[string]any{}
	for _, key := range known {
		node[key] = nil
	}
	r.mu.Lock()
	for key, value := range r.profiles[numberID] {
		node[key] = value
	}
	r.mu.Unlock()
	node["messaging_product"] = "whatsapp"
	out, err := rule.Select(fields, node, known...)
	if err != nil {
		return nil, err
	}
	out["messaging_product"] = "whatsapp"
	return out, nil
}

// SetProfile changes what is named and leaves the rest. Every error is a *rule.Error.
func (r *Records) SetProfile(numberID string, raw json.RawMessage) error {
	var w rule.Walk
	v, err := w.Read(raw, "", rule.Object(
		rule.Must("messaging_product", rule.OneOf("whatsapp")),
		rule.May("about", rule.Text(1, 139)), rule.May("address", rule.Text(0, 256)), rule.May("description", rule.Text(0, 512)),
		rule.May("email", rule.Text(0, 128)), rule.May("vertical", rule.OneOf(verticals()...)),
		rule.May("websites", rule.List(0, 2, rule.Link(256))), rule.May("profile_picture_handle", rule.Text(1, 4096)),
	))
	if err != nil {
		return asParameter(err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	handle := rule.String(v, "profile_picture_handle")
	if handle != "" && !r.handles[handle] {
		return rule.BadParameter("profile_picture_handle is none that an upload was given")
	}
	profile := r.profiles[numberID]
	if profile == nil {
		profile = map[string]any{}
		r.profiles[numberID] = profile
	}
	for _, key := range []string{"about", "address", "description", "email", "vertical", "websites"} {
		if value := rule.Get(v, key); value != nil {
			profile[key] = value
		}
	}
	if handle != "" {
		profile["profile_picture_url"] = "https://pictures.example/" + numberID + "/" + r.newID()
	}
	return nil
}
