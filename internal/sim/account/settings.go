package account

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/waypost/waypost/internal/sim/rule"
)

// set keeps a setting.
func (n *number) set(key string, value map[string]any) {
	if n.settings == nil {
		n.settings = map[string]any{}
	}
	n.settings[key] = value
}

// Settings are the settings of a number; what was never set is as it is in the beginning.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/reference/whatsapp-business-phone-number/settings-api (read 2026-09)
func (d *Directory) Settings(id string) map[string]any {
	out := map[string]any{
		"calling": map[string]any{
			"status": "disabled", "call_icon_visibility": "visible", "callback_permission_status": "disabled",
			"ip_addresses": map[string]any{"default": []string{}},
		},
		"payload_encryption":    map[string]any{"status": "disabled"},
		"storage_configuration": map[string]any{"status": "default"},
	}
	d.mu.RLock()
	defer d.mu.RUnlock()
	for key, value := range d.byID[id].settings {
		merged := map[string]any{}
		if usual, ok := out[key].(map[string]any); ok {
			maps.Copy(merged, usual)
		}
		if given, ok := value.(map[string]any); ok {
			maps.Copy(merged, given)
		}
		out[key] = merged
	}
	return out
}

// SetSettings changes the groups of settings that are named. What is in a group is kept as it is, because nothing here acts on it.
// Every error is a *rule.Error.
func (d *Directory) SetSettings(id string, raw json.RawMessage) error {
	groups := []string{"calling", "payload_encryption", "storage_configuration", "user_identity_change"}
	fields := make([]rule.Field, len(groups))
	for i, key := range groups {
		fields[i] = rule.May(key, rule.Bag())
	}
	v, err := read(raw, fields...)
	if err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	given := 0
	for _, key := range groups {
		if group, ok := rule.Get(v, key).(map[string]any); ok {
			d.byID[id].set(key, group)
			given++
		}
	}
	if given == 0 {
		return rule.BadParameter("give one of %v", groups)
	}
	return nil
}

// Changed says what a change of a number touched, for the callbacks that it makes.
type Changed struct {
	PIN       bool
	Configure *Override // a receiver that has to prove itself before [Directory.SetOverride]
}

// Change does what a POST to a number itself asks for: its PIN, or a receiver of its own. Every error is a *rule.Error.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/two-step-verification (read 2026-09)
func (d *Directory) Change(id string, raw json.RawMessage) (c Changed, err error) {
	v, err := read(raw, rule.May("pin", rule.Text(1, 16)), rule.May("webhook_configuration", rule.Bag()), rule.May("search_visibility", rule.OneOf("VISIBLE", "NON_VISIBLE")))
	if err != nil {
		return c, err
	}
	pin, configuration := rule.String(v, "pin"), rule.Get(v, "webhook_configuration")
	if pin == "" && configuration == nil && rule.String(v, "search_visibility") == "" {
		return c, rule.BadParameter("give pin or webhook_configuration")
	}
	if configuration != nil {
		inner, err := json.Marshal(configuration)
		if err != nil {
			return c, rule.BadParameter("webhook_configuration is no JSON: %s", err)
		}
		o, ok, err := ReadOverride(inner)
		if err != nil {
			return c, err
		}
		if !ok {
			return c, rule.BadParameter("webhook_configuration needs override_callback_uri; an empty one takes it away")
		}
		c.Configure = &o
	}
	if pin != "" {
		d.mu.Lock()
		defer d.mu.Unlock()
		if err := d.byID[id].setPIN(pin); err != nil {
			return c, err
		}
		c.PIN = true
	}
	return c, nil
}

// SetOverride gives a number a receiver of its own, or takes it away.
func (d *Directory) SetOverride(id string, o Override) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.byID[id].override = o
}

// Conversational components.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/conversational-components (read 2026-09)
const (
	maxPrompts  = 4 // Meta's pages; the OpenAPI file says 3
	maxPrompt   = 80
	maxCommands = 30
	maxCommand  = 32
	maxHint     = 256
)

// SetAutomation changes the ice breakers and commands of a number. Every error is a *rule.Error.
func (d *Directory) SetAutomation(id string, raw json.RawMessage) error {
	v, err := read(raw,
		rule.May("enable_welcome_message", rule.Bool()), rule.May("prompts", rule.List(0, maxPrompts, rule.Text(1, maxPrompt))),
		rule.May("commands", rule.List(0, maxCommands, rule.Object(
			rule.Must("command_name", rule.Text(1, maxCommand)), rule.Must("command_description", rule.Text(1, maxHint)),
		))),
	)
	if err != nil {
		return err
	}
	seen := map[string]bool{}
	for _, command := range rule.Items(v, "commands") {
		name := rule.String(command, "command_name")
		if seen[name] {
			return rule.BadParameter("command names must be unique, and %s is there twice", name)
		}
		seen[name] = true
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	n := d.byID[id]
	if n.automation == nil {
		n.automation = map[string]any{}
	}
	for _, key := range []string{"enable_welcome_message", "prompts", "commands"} {
		if value := rule.Get(v, key); value != nil {
			n.automation[key] = value
		}
	}
	return nil
}

// usernameForm is 3 to 35 letters, digits, periods and underscores; what is not documented beyond that is not checked.
var (
	usernameForm  = regexp.MustCompile(`^[a-z0-9._]{3,35}$`)
	notInUsername = regexp.MustCompile(`[^a-z0-9]+`)
)

// SetUsername reserves a username for a number. Every error is a *rule.Error.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/business-scoped-user-ids (read 2026-09)
func (d *Directory) SetUsername(id string, raw json.RawMessage) error {
	v, err := read(raw, rule.May("messaging_product", rule.OneOf("whatsapp")), rule.Must("username", rule.Text(1, 128)))
	if err != nil {
		return err
	}
	name := rule.String(v, "username")
	if !usernameForm.MatchString(name) {
		return rule.Refuse(rule.CodeUsername, "Invalid username", "a username has 3 to 35 letters in lower case, digits, periods and underscores")
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if slices.ContainsFunc(d.list, func(n *number) bool { return n.username == name && n.ID != id }) {
		return rule.Refuse(rule.CodeUsername+1, "Username not available", "another number has this username")
	}
	d.byID[id].username = name
	return nil
}

// DropUsername gives a username up.
func (d *Directory) DropUsername(id string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.byID[id].username = ""
}

// Username returns a number's username and whether it is in use; the simulator approves every one at once.
func (d *Directory) Username(id string) map[string]any {
	d.mu.RLock()
	defer d.mu.RUnlock()
	if name := d.byID[id].username; name != "" {
		return map[string]any{"username": name, "status": "approved"}
	}
	return map[string]any{}
}

// Suggestions are usernames that a number may take.
func Suggestions(n Number) []string {
	base := strings.Trim(notInUsername.ReplaceAllString(strings.ToLower(n.Name), "_"), "_")
	if len(base) < 3 {
		base = "business"
	}
	base = base[:min(len(base), 24)]
	return []string{base, base + "_" + n.Display[len(n.Display)-4:], base + "_official"}
}
