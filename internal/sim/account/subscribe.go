package account

import (
	"encoding/json"
	"strings"

	"github.com/waypost/waypost/internal/sim/rule"
)

const maxCallbackURI = 200

// Override is a receiver for the callbacks of one account or number, instead of the app's. The zero value is none.
type Override struct {
	URI         string
	VerifyToken string
}

// ReadOverride reads what a subscription says. ok tells whether it names a receiver at all; an empty one takes the receiver away.
// Every error is a *rule.Error.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/override (read 2026-09)
func ReadOverride(raw json.RawMessage) (o Override, ok bool, err error) {
	v, err := read(raw, rule.May("override_callback_uri", rule.Text(0, maxCallbackURI)), rule.May("verify_token", rule.Text(0, 512)))
	if err != nil {
		return o, false, err
	}
	_, ok = rule.Get(v, "override_callback_uri").(string)
	o = Override{URI: rule.String(v, "override_callback_uri"), VerifyToken: rule.String(v, "verify_token")}
	switch {
	case o.URI != "" && !rule.IsWebURL(o.URI):
		return o, ok, rule.BadParameter("override_callback_uri is no http or https address")
	case o.URI != "" && o.VerifyToken == "":
		return o, ok, rule.BadParameter("verify_token is required with override_callback_uri")
	}
	return o, ok, nil
}

// Subscribe subscribes the app to an account's callbacks, which go to the override if there is one.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/reference/whatsapp-business-account/subscribed-apps-api (read 2026-09)
func (d *Directory) Subscribe(wabaID string, o Override) {
	d.mu.Lock()
	defer d.mu.Unlock()
	*d.wabas[wabaID] = waba{subscribed: true, override: o}
}

// Unsubscribe ends an account's callbacks.
func (d *Directory) Unsubscribe(wabaID string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	*d.wabas[wabaID] = waba{}
}

// Subscriptions lists who is subscribed to an account.
func (d *Directory) Subscriptions(wabaID string) []map[string]any {
	d.mu.RLock()
	defer d.mu.RUnlock()
	w := d.wabas[wabaID]
	if !w.subscribed {
		return []map[string]any{}
	}
	entry := map[string]any{"whatsapp_business_api_data": map[string]any{
		"id": d.appID, "name": appName, "link": "https://www.facebook.com/games/?app_id=" + d.appID,
	}}
	if w.override.URI != "" {
		entry["override_callback_uri"] = w.override.URI
	}
	return []map[string]any{entry}
}

// Route says where the callbacks of a number of an account go; the number is empty for callbacks about the account. Without an
// override the address is empty, and the app's own counts. subscribed is false if nobody is to hear of the account.
// The priority is number, account, app.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/override (read 2026-09)
func (d *Directory) Route(wabaID, numberID string) (o Override, subscribed bool) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	w := d.wabas[wabaID]
	if w == nil {
		return Override{}, true // a callback that was made up through the control face
	}
	if n := d.byID[numberID]; n != nil && n.override.URI != "" {
		return n.override, w.subscribed
	}
	return w.override, w.subscribed
}

// configuration is how a number's receivers read, the app's address among them. The lock must be held.
func (d *Directory) configuration(n *number, appURL string) map[string]any {
	out := map[string]any{}
	for key, uri := range map[string]string{
		"phone_number": n.override.URI, "whatsapp_business_account": d.wabas[n.WABAID].override.URI, "application": appURL,
	} {
		if strings.TrimSpace(uri) != "" {
			out[key] = uri
		}
	}
	return out
}
