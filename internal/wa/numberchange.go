package wa

import (
	"net"
	"net/mail"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// NewNumber is a phone number that a WABA is to get.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/reference/whatsapp-business-account/phone-number-management-api
// (read 2026-09).
type NewNumber struct {
	// CountryCode is the country's calling code, such as "1"; Phone is the number
	// without it. Both in digits.
	CountryCode, Phone string
	// VerifiedName is the name that people are to see; Meta reviews it.
	VerifiedName string
}

// CodeRequest asks Meta to send a code to a number, which proves that it is ours.
type CodeRequest struct {
	// Method is SMS or VOICE.
	Method string
	// Language is of the text, such as en_US.
	Language string
}

// Registration makes a verified number one that sends through the Cloud API.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/registration
// (read 2026-09).
type Registration struct {
	// PIN is six digits: that of the two-step verification, or, if the number has
	// none, what it is to be.
	PIN Secret
	// Region is where message contents are kept, as a country of two letters, such
	// as DE; "" is where Meta keeps them.
	Region string
}

// CallbackOverride is an address for callbacks instead of the app's. The zero value
// takes it away.
type CallbackOverride struct {
	URI string
	// VerifyToken is what Meta shows when it tries the address.
	VerifyToken Secret
}

// ProfileChange is what is to change of a [BusinessProfile]. Nil stays as it is.
type ProfileChange struct {
	About, Address, Description, Email, Vertical *string
	Websites                                     *[]string
	// PictureHandle is the handle of an upload.
	PictureHandle *string
}

// The limits of Meta. Lengths are in characters.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/business-profiles,
// …/webhooks/override and …/block-users (read 2026-09).
const (
	MaxProfileAbout       = 139
	MaxProfileAddress     = 256
	MaxProfileDescription = 512
	MaxProfileEmail       = 128
	MaxProfileWebsites    = 2
	MaxProfileWebsite     = 256
	MaxCallbackURI        = 200
	// MaxBlockUsers is how many people one request names.
	MaxBlockUsers       = 1000
	maxVerifiedName     = 75
	minVerifiedName     = 2
	maxVerificationCode = 6
	maxVerifyToken      = 512
)

var (
	pinForm     = regexp.MustCompile(`^[0-9]{6}$`)
	localeForm  = regexp.MustCompile(`^[a-z]{2,3}(_[A-Z]{2})?$`)
	countryForm = regexp.MustCompile(`^[A-Z]{2}$`)
	callingForm = regexp.MustCompile(`^[1-9][0-9]{0,2}$`)
)

// Validate returns everything that is wrong.
func (n NewNumber) Validate() []Problem {
	var ps []Problem
	if !callingForm.MatchString(n.CountryCode) {
		ps = append(ps, malformed("country_code", "must be the country's calling code, such as 1 or 49")...)
	}
	switch full := n.CountryCode + n.Phone; {
	case n.Phone == "" || !Digits(n.Phone):
		ps = append(ps, digits("phone_number", n.Phone)...)
	case digits("phone_number", full) != nil: // some countries have numbers of few digits
		ps = append(ps, malformed("phone_number", "must have 10 to 15 digits together with the country code")...)
	}
	if length := utf8.RuneCountInString(n.VerifiedName); length < minVerifiedName || length > maxVerifiedName || !ValidName(n.VerifiedName) {
		ps = append(ps, malformed("verified_name", "must be 2 to 75 printable characters")...)
	}
	return ps
}

// Validate returns everything that is wrong.
func (c CodeRequest) Validate() []Problem {
	var ps []Problem
	if c.Method != "SMS" && c.Method != "VOICE" {
		ps = append(ps, Problem{Field: "method", Rule: RuleUnknown, Detail: "must be SMS or VOICE"})
	}
	if !localeForm.MatchString(c.Language) {
		ps = append(ps, malformed("language", "must be a language such as en or en_US")...)
	}
	return ps
}

// ValidatePIN checks a PIN without showing it.
func ValidatePIN(pin Secret) []Problem {
	if !pinForm.MatchString(pin.Reveal()) {
		return malformed("pin", "must be exactly six digits")
	}
	return nil
}

// Validate returns everything that is wrong.
func (r Registration) Validate() []Problem {
	ps := ValidatePIN(r.PIN)
	if r.Region != "" && !countryForm.MatchString(r.Region) {
		ps = append(ps, malformed("data_localization_region", "must be a country of two letters, such as DE")...)
	}
	return ps
}

// VerificationCode takes out of a code what people write into it.
func VerificationCode(code string) (string, []Problem) {
	plain := strings.NewReplacer("-", "", " ", "").Replace(code)
	if len(plain) != maxVerificationCode || !Digits(plain) {
		return "", malformed("code", "must be the six digits that were sent to the number")
	}
	return plain, nil
}

// Validate returns everything that is wrong with an override that sets one. Meta
// wants https; http is for a simulated Meta on this machine.
func (o CallbackOverride) Validate() []Problem {
	var ps []Problem
	u, err := url.Parse(o.URI)
	switch {
	case o.URI == "":
		ps = append(ps, Problem{Field: "override_callback_uri", Rule: RuleRequired})
	case len(o.URI) > MaxCallbackURI:
		ps = append(ps, Problem{Field: "override_callback_uri", Rule: RuleTooLong, Limit: MaxCallbackURI, Found: len(o.URI)})
	case err != nil || u.Hostname() == "" || u.User != nil || u.Fragment != "" || (u.Scheme != "https" && (u.Scheme != "http" || !loopbackHost(u.Hostname()))):
		ps = append(ps, malformed("override_callback_uri", "must be an https address without user and fragment")...)
	}
	return append(ps, verifyToken(o.VerifyToken)...)
}

func verifyToken(t Secret) []Problem {
	switch v := t.Reveal(); {
	case v == "":
		return []Problem{{Field: "verify_token", Rule: RuleRequired}}
	case len(v) > maxVerifyToken:
		return []Problem{{Field: "verify_token", Rule: RuleTooLong, Limit: maxVerifyToken, Found: len(v)}}
	}
	return nil
}

func loopbackHost(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// ProfileVerticals are the lines of business that Meta knows.
func ProfileVerticals() []string {
	return []string{
		"ALCOHOL", "APPAREL", "AUTO", "BEAUTY", "EDU", "ENTERTAIN", "EVENT_PLAN", "FINANCE", "GOVT", "GROCERY", "HEALTH", "HOTEL",
		"MATRIMONY_SERVICE", "NONPROFIT", "NOT_A_BIZ", "ONLINE_GAMBLING", "OTC_DRUGS", "OTHER", "PHYSICAL_GAMBLING", "PROF_SERVICES",
		"RESTAURANT", "RETAIL", "TRAVEL", "UNDEFINED",
	}
}

// Empty reports whether nothing is to change.
func (c ProfileChange) Empty() bool { return c == ProfileChange{} }

// Validate returns everything that is wrong, by Meta's limits.
func (c ProfileChange) Validate() []Problem {
	var ps []Problem
	if c.Empty() {
		ps = append(ps, Problem{Field: "profile", Rule: RuleRequired, Detail: "name at least one field to change"})
	}
	if c.About != nil && strings.TrimSpace(*c.About) == "" {
		ps = append(ps, malformed("about", "must not be empty: Meta does not take it away")...)
	}
	for _, f := range []struct {
		name  string
		value *string
		limit int
	}{
		{"about", c.About, MaxProfileAbout},
		{"address", c.Address, MaxProfileAddress},
		{"description", c.Description, MaxProfileDescription},
		{"email", c.Email, MaxProfileEmail},
	} {
		if f.value == nil {
			continue
		}
		if found := utf8.RuneCountInString(*f.value); found > f.limit {
			ps = append(ps, Problem{Field: f.name, Rule: RuleTooLong, Limit: f.limit, Found: found})
		}
	}
	if c.Email != nil && *c.Email != "" {
		if a, err := mail.ParseAddress(*c.Email); err != nil || a.Address != *c.Email {
			ps = append(ps, malformed("email", "must be an e-mail address")...)
		}
	}
	if c.Vertical != nil && !slices.Contains(ProfileVerticals(), *c.Vertical) {
		ps = append(ps, Problem{Field: "vertical", Rule: RuleUnknown, Detail: "must be one of " + strings.Join(ProfileVerticals(), ", ")})
	}
	if c.PictureHandle != nil && *c.PictureHandle == "" {
		ps = append(ps, Problem{Field: "profile_picture_handle", Rule: RuleRequired})
	}
	return append(ps, c.websites()...)
}

func (c ProfileChange) websites() []Problem {
	if c.Websites == nil {
		return nil
	}
	var ps []Problem
	if n := len(*c.Websites); n > MaxProfileWebsites {
		ps = append(ps, Problem{Field: "websites", Rule: RuleTooMany, Limit: MaxProfileWebsites, Found: n})
	}
	for _, site := range *c.Websites {
		u, err := url.Parse(site)
		if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Hostname() == "" {
			ps = append(ps, malformed("websites", "must be addresses that begin with https:// or http://")...)
		} else if found := utf8.RuneCountInString(site); found > MaxProfileWebsite {
			ps = append(ps, Problem{Field: "websites", Rule: RuleTooLong, Limit: MaxProfileWebsite, Found: found})
		}
	}
	return ps
}

// ValidateBlockUsers checks whom a request to block or unblock names.
func ValidateBlockUsers(users []string) []Problem {
	switch n := len(users); {
	case n == 0:
		return []Problem{{Field: "users", Rule: RuleRequired}}
	case n > MaxBlockUsers:
		return []Problem{{Field: "users", Rule: RuleTooMany, Limit: MaxBlockUsers, Found: n}}
	}
	for _, u := range users {
		if u == "" || len(u) > maxMetaIDLength || !printable(u) {
			return malformed("users", "must be phone numbers or user ids")
		}
	}
	return nil
}
