package cloudapi

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/waypost/waypost/internal/cloudapi/fault"
	"github.com/waypost/waypost/internal/cloudapi/node"
	"github.com/waypost/waypost/internal/wa"
)

// change posts an object to an edge of the number or its WABA and wants Meta to say
// that it was done.
func (c *Client) change(ctx context.Context, n wa.Number, method, address string, sent any) error {
	body, err := c.put(ctx, n, method, address, sent)
	if err != nil {
		return err
	}
	return done(body)
}

// put sends an object and returns the answer.
func (c *Client) put(ctx context.Context, n wa.Number, method, address string, sent any) ([]byte, error) {
	var data []byte
	if sent != nil {
		var err error
		if data, err = json.Marshal(sent); err != nil {
			return nil, fmt.Errorf("encode change: %w", err)
		}
	}
	return c.manage(ctx, n, method, address, data)
}

// AddNumber gives the number's WABA another phone number and returns its
// phone_number_id. It has to be verified and registered before it can send. An
// error is a [*wa.OutcomeError].
// https://developers.facebook.com/documentation/business-messaging/whatsapp/reference/whatsapp-business-account/phone-number-management-api
// (read 2026-09)
func (c *Client) AddNumber(ctx context.Context, n wa.Number, add wa.NewNumber) (string, error) {
	if !wa.Digits(n.WABAID) {
		return "", &wa.OutcomeError{Outcome: fault.Misconfigured(fault.Ours("the number has no waba_id", ""))}
	}
	n.ID = n.WABAID // the new number has no id yet, and this call needs none
	body, err := c.put(ctx, n, http.MethodPost, c.endpoint(n.WABAID, "phone_numbers"), map[string]string{
		"cc": add.CountryCode, "phone_number": add.Phone, "verified_name": add.VerifiedName,
	})
	if err != nil {
		return "", err
	}
	var got struct {
		ID node.Text `json:"id"`
	}
	node.Read(body, &got)
	if !wa.Digits(string(got.ID)) {
		return "", managedLater("Meta may have added the number: its answer has no id", "")
	}
	return string(got.ID), nil
}

// RequestCode has a code sent to the number. An error is a [*wa.OutcomeError].
// https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/phone-numbers
// (read 2026-09), as that of VerifyCode.
func (c *Client) RequestCode(ctx context.Context, n wa.Number, r wa.CodeRequest) error {
	return c.change(ctx, n, http.MethodPost, c.endpoint(n.ID, "request_code"), map[string]string{"code_method": r.Method, "language": r.Language})
}

// VerifyCode gives Meta the code that the number got. An error is a
// [*wa.OutcomeError].
func (c *Client) VerifyCode(ctx context.Context, n wa.Number, code string) error {
	return c.change(ctx, n, http.MethodPost, c.endpoint(n.ID, "verify_code"), map[string]string{"code": code})
}

// Register makes a verified number one that sends. Meta takes 10 of these and of
// Deregister in 72 hours. An error is a [*wa.OutcomeError].
// https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/registration
// (read 2026-09)
func (c *Client) Register(ctx context.Context, n wa.Number, r wa.Registration) error {
	sent := map[string]string{"messaging_product": "whatsapp", "pin": r.PIN.Reveal()}
	if r.Region != "" {
		sent["data_localization_region"] = r.Region
	}
	return c.change(ctx, n, http.MethodPost, c.endpoint(n.ID, "register"), sent)
}

// Deregister takes a number off the Cloud API: it can neither send nor receive until
// it is registered again. An error is a [*wa.OutcomeError].
func (c *Client) Deregister(ctx context.Context, n wa.Number) error {
	return c.change(ctx, n, http.MethodPost, c.endpoint(n.ID, "deregister"), struct{}{})
}

// SetPIN sets the PIN of the two-step verification, whatever it was. An error is a
// [*wa.OutcomeError].
// https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/two-step-verification
// (read 2026-09)
func (c *Client) SetPIN(ctx context.Context, n wa.Number, pin wa.Secret) error {
	return c.change(ctx, n, http.MethodPost, c.endpoint(n.ID), map[string]string{"pin": pin.Reveal()})
}

// ChangeProfile changes what people see of a number. An error is a
// [*wa.OutcomeError].
// https://developers.facebook.com/documentation/business-messaging/whatsapp/business-profiles (read 2026-09)
func (c *Client) ChangeProfile(ctx context.Context, n wa.Number, change wa.ProfileChange) error {
	sent := map[string]any{"messaging_product": "whatsapp"}
	for key, value := range map[string]*string{
		"about": change.About, "address": change.Address, "description": change.Description, "email": change.Email,
		"vertical": change.Vertical, "profile_picture_handle": change.PictureHandle,
	} {
		if value != nil {
			sent[key] = *value
		}
	}
	if change.Websites != nil {
		sent["websites"] = append([]string{}, *change.Websites...)
	}
	body, err := c.put(ctx, n, http.MethodPost, c.endpoint(n.ID, "whatsapp_business_profile"), sent)
	if err != nil {
		return err
	}
	// Meta's own sample answers with the profile instead of success.
	var got struct {
		Data []json.RawMessage `json:"data"`
	}
	if node.Read(body, &got); len(got.Data) > 0 {
		return nil
	}
	return done(body)
}

// SetCallback gives the number an address of its own for its callbacks, or takes it
// away. Meta tries the address first. An error is a [*wa.OutcomeError].
// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/override (read 2026-09)
func (c *Client) SetCallback(ctx context.Context, n wa.Number, o wa.CallbackOverride) error {
	configuration := map[string]string{"override_callback_uri": o.URI}
	if o.URI != "" {
		configuration["verify_token"] = o.VerifyToken.Reveal()
	}
	return c.change(ctx, n, http.MethodPost, c.endpoint(n.ID), map[string]any{"webhook_configuration": configuration})
}

// Subscriptions returns the apps that hear of what happens in the number's WABA. An
// error is a [*wa.OutcomeError].
// https://developers.facebook.com/documentation/business-messaging/whatsapp/reference/whatsapp-business-account/subscribed-apps-api
// (read 2026-09), as those of Subscribe and Unsubscribe.
func (c *Client) Subscriptions(ctx context.Context, n wa.Number) ([]wa.Subscription, error) {
	body, err := c.manage(ctx, n, http.MethodGet, c.endpoint(n.WABAID, "subscribed_apps"), nil)
	if err != nil {
		return nil, err
	}
	var got struct {
		Data *[]struct {
			App struct {
				ID   node.Text `json:"id"`
				Name node.Text `json:"name"`
				Link node.Text `json:"link"`
			} `json:"whatsapp_business_api_data"`
			Override node.Text `json:"override_callback_uri"`
		} `json:"data"`
	}
	node.Read(body, &got)
	if got.Data == nil {
		return nil, managedLater("the answer has no list of apps", "")
	}
	var all []wa.Subscription
	for _, s := range *got.Data {
		all = append(all, wa.Subscription{
			AppID: string(s.App.ID), AppName: string(s.App.Name), Link: string(s.App.Link), Override: string(s.Override),
		})
	}
	return all, nil
}

// Subscribe subscribes the token's app to the number's WABA, with an address of its
// own if o has one. An error is a [*wa.OutcomeError].
func (c *Client) Subscribe(ctx context.Context, n wa.Number, o wa.CallbackOverride) error {
	sent := map[string]string{}
	if o.URI != "" {
		sent["override_callback_uri"], sent["verify_token"] = o.URI, o.VerifyToken.Reveal()
	}
	body, err := c.put(ctx, n, http.MethodPost, c.endpoint(n.WABAID, "subscribed_apps"), sent)
	if err != nil {
		return err
	}
	// With an override Meta answers with the list of apps.
	var got struct {
		Data []json.RawMessage `json:"data"`
	}
	if node.Read(body, &got); len(got.Data) > 0 {
		return nil
	}
	return done(body)
}

// Unsubscribe ends the callbacks of the number's WABA to the token's app. An error
// is a [*wa.OutcomeError].
func (c *Client) Unsubscribe(ctx context.Context, n wa.Number) error {
	return c.change(ctx, n, http.MethodDelete, c.endpoint(n.WABAID, "subscribed_apps"), nil)
}
