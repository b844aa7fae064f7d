package business

import (
	"encoding/json"
	"sync"

	"github.com/waypost/waypost/internal/sim/rule"
)

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

// Reset forgets all records, as if they were new.
func (r *Records) Reset(newID func() string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.newID = newID
	clear(r.profiles)
	clear(r.blocked)
	clear(r.uploads)
	clear(r.handles)
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
