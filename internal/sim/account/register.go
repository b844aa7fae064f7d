package account

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/waypost/waypost/internal/sim/rule"
)

// The limits of registration.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/registration (read 2026-09)
const (
	maxMoves   = 10 // requests to register or deregister a number …
	movesSpan  = 72 * time.Hour
	maxNumbers = 20 // numbers of an account

	// How long a number is locked after so many wrong PINs is not documented; Meta says it in the details.
	maxMisses = 5
	lockTime  = 10 * time.Minute
)

var (
	sixDigits = regexp.MustCompile(`^[0-9]{6}$`)
	locale    = regexp.MustCompile(`^[a-z]{2,3}(_[A-Z]{2})?$`)
)

// method is a refusal of what the object cannot do now, as the OpenAPI file has it.
func method(status int, message string) *rule.Error {
	return &rule.Error{Status: status, Code: rule.CodeParameter, Kind: rule.TypeMethod, Message: message}
}

// asParameter gives a table's refusals the one code that management has.
func asParameter(err error) error {
	var e *rule.Error
	if errors.As(err, &e) {
		return rule.BadParameter("%s", e.Details)
	}
	return err
}

// read checks a body with a table. Every error is a *rule.Error.
func read(raw json.RawMessage, fields ...rule.Field) (any, error) {
	if len(raw) == 0 {
		raw = json.RawMessage("{}")
	}
	var w rule.Walk
	v, err := w.Read(raw, "", rule.Object(fields...))
	if err != nil {
		return nil, asParameter(err)
	}
	return v, nil
}

// Create adds a number to an account. The token that asked may use it. It must be verified and registered before it can send.
// Every error is a *rule.Error.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/reference/whatsapp-business-account/phone-number-management-api (read 2026-09)
func (d *Directory) Create(wabaID, token string, raw json.RawMessage) (string, error) {
	v, err := read(raw,
		rule.Must("phone_number", rule.Text(1, 32)), rule.Must("verified_name", rule.Text(2, 75)), rule.May("cc", rule.Text(1, 4)),
		rule.May("migrate_phone_number", rule.Bool()), rule.May("preverified_id", rule.Text(1, 64)),
	)
	if err != nil {
		return "", err
	}
	plain := digitsOf(rule.String(v, "cc")) + digitsOf(rule.String(v, "phone_number"))
	if len(plain) < phoneMin || len(plain) > phoneMax {
		return "", rule.BadParameter("phone_number must have %d to %d digits together with cc", phoneMin, phoneMax)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	inAccount := 0
	for _, n := range d.list {
		if n.Display == plain {
			return "", method(http.StatusConflict, "Phone number is already registered with WhatsApp Business")
		}
		if n.WABAID == wabaID {
			inAccount++
		}
	}
	if inAccount >= maxNumbers {
		return "", &rule.Error{
			Status: http.StatusForbidden, Code: rule.CodePermission, Subcode: 1349175, Kind: rule.TypeOAuth,
			Message: "Phone number limit exceeded for this WhatsApp Business Account", UserTitle: "Limit Exceeded",
			UserMessage: fmt.Sprintf("An account of the simulator has at most %d numbers", maxNumbers),
		}
	}
	n := &number{Number: Number{WABAID: wabaID, Display: plain, AccessToken: token, Name: rule.String(v, "verified_name")}}
	for try := 0; n.ID == "" || d.byID[n.ID] != nil; try++ {
		n.ID = d.key.Text(plain).Int(try).Digits()[:15]
	}
	d.add(n)
	return n.ID, nil
}

func digitsOf(text string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, text)
}

// RequestCode has a verification code sent; Views shows it. Every error is a *rule.Error.
func (d *Directory) RequestCode(id string, raw json.RawMessage) error {
	v, err := read(raw, rule.Must("code_method", rule.OneOf("SMS", "VOICE")), rule.May("language", rule.Text(2, 10)), rule.May("locale", rule.Text(2, 10)))
	if err != nil {
		return err
	}
	language := rule.String(v, "language") + rule.String(v, "locale") // Meta's Postman collection has the other name
	if !locale.MatchString(language) {
		return rule.BadParameter("language must be a locale such as en_US")
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	n := d.byID[id]
	if n.verified {
		return method(http.StatusUnprocessableEntity, "Phone number is not eligible for verification at this time")
	}
	n.codes++
	n.code = d.key.Text(id).Text("code").Int(n.codes).Digits()[:6]
	return nil
}

// VerifyCode takes the code that was sent. Every error is a *rule.Error.
func (d *Directory) VerifyCode(id string, raw json.RawMessage) error {
	v, err := read(raw, rule.Must("code", rule.Text(1, 16)))
	if err != nil {
		return err
	}
	code := strings.ReplaceAll(rule.String(v, "code"), "-", "") // as it is shown to people
	if !sixDigits.MatchString(code) {
		return rule.BadParameter("code must be six digits")
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	n := d.byID[id]
	if n.code == "" || code != n.code {
		refused := method(http.StatusUnprocessableEntity, "The verification code is invalid or has expired")
		refused.UserTitle, refused.UserMessage = "Verification Failed", "The verification code you entered is invalid or has expired"
		return refused
	}
	n.verified, n.code = true, ""
	return nil
}

// Register lets a verified number send. The first PIN that it is registered with becomes that of its two-step verification; later
// ones must be the same. Every error is a *rule.Error.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/registration (read 2026-09)
func (d *Directory) Register(id string, raw json.RawMessage, now time.Time) error {
	v, err := read(raw,
		rule.Must("messaging_product", rule.OneOf("whatsapp")), rule.Must("pin", rule.Text(1, 16)), rule.May("tier", rule.Text(1, 16)),
		rule.May("data_localization_region", rule.Text(2, 2)), rule.May("backup", rule.Bag()),
		rule.May("meta_store_retention_minutes", rule.Int(60, 60)),
	)
	if err != nil {
		return err
	}
	pin := rule.String(v, "pin")
	if !sixDigits.MatchString(pin) {
		return rule.BadParameter("pin must be exactly 6 digits")
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	n := d.byID[id]
	if err := n.move(now); err != nil {
		return err
	}
	if !n.verified {
		return rule.Refuse(rule.CodeReverify, "Phone number re-verification needed", "request a code and verify it before registering the number")
	}
	if err := n.guess(pin, now); err != nil {
		return err
	}
	n.registered, n.pin = true, pin
	if region := rule.String(v, "data_localization_region"); region != "" {
		n.set("storage_configuration", map[string]any{"status": "in_country_storage_enabled", "data_localization_region": region})
	}
	return nil
}

// move counts a request to register or deregister.
func (n *number) move(now time.Time) error {
	n.moves = slices.DeleteFunc(n.moves, func(t time.Time) bool { return now.Sub(t) >= movesSpan })
	if len(n.moves) >= maxMoves {
		return rule.Refuse(rule.CodeMoves, "Account register deregister rate limit exceeded",
			"the number was registered or deregistered %d times in 72 hours; the next time is %s", maxMoves, n.moves[0].Add(movesSpan).UTC().Format(time.RFC3339))
	}
	n.moves = append(n.moves, now)
	return nil
}

// guess compares a PIN and locks the number after too many wrong ones.
func (n *number) guess(pin string, now time.Time) error {
	switch {
	case now.Before(n.lockedUntil):
		return rule.Refuse(rule.CodePINGuesses, "Two step verification PIN guess too many",
			"wait %s before the next guess", n.lockedUntil.Sub(now).Round(time.Second))
	case n.pin == "" || n.pin == pin:
		n.misses = 0
		return nil
	}
	if n.misses++; n.misses >= maxMisses {
		n.misses, n.lockedUntil = 0, now.Add(lockTime)
	}
	return rule.Refuse(rule.CodePIN, "Two step verification PIN mismatch", "pin is not the number's PIN")
}

// Deregister takes a number off; it cannot send until it is registered again. Every error is a *rule.Error.
func (d *Directory) Deregister(id string, now time.Time) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	n := d.byID[id]
	if err := n.move(now); err != nil {
		return err
	}
	if !n.registered {
		refused := method(http.StatusBadRequest, "Phone number not registered on the WhatsApp Business Platform.")
		refused.Subcode = 2207051
		return refused
	}
	n.registered = false
	return nil
}

// Ready refuses what only a registered number can do. Every error is a *rule.Error.
func (d *Directory) Ready(id string) error {
	d.mu.RLock()
	defer d.mu.RUnlock()
	if n := d.byID[id]; n == nil || !n.registered {
		return rule.Refuse(rule.CodeUnregistered, "Account not registered", "the number is not registered: register it first")
	}
	return nil
}

// setPIN changes the PIN of the two-step verification.
func (n *number) setPIN(pin string) error {
	if !sixDigits.MatchString(pin) {
		return rule.BadParameter("pin must be exactly 6 digits")
	}
	n.pin, n.misses, n.lockedUntil = pin, 0, time.Time{}
	return nil
}
