package wa

import (
	"slices"
	"strings"
	"testing"
)

func TestProfileChangeIsWithinLimits(t *testing.T) {
	text := func(n int) *string { s := strings.Repeat("ü", n); return &s }
	exact := func(s string) *string { return &s }
	sites := func(s ...string) *[]string { return &s }
	long := "https://shop.example/" + strings.Repeat("x", MaxProfileWebsite)
	for _, tt := range []struct {
		name   string
		change ProfileChange
		wrong  string // the field, or ""
	}{
		{"all at their limits", ProfileChange{
			About: text(139), Address: text(256), Description: text(512), Email: exact("a@shop.example"), Vertical: exact("RETAIL"),
			Websites: sites("https://shop.example", long[:MaxProfileWebsite]), PictureHandle: exact("4::x"),
		}, ""},
		{"taken away", ProfileChange{Address: text(0), Description: text(0), Email: text(0), Websites: sites()}, ""},
		{"nothing", ProfileChange{}, "profile"},
		{"no about", ProfileChange{About: exact(" ")}, "about"},
		{"about", ProfileChange{About: text(140)}, "about"},
		{"address", ProfileChange{Address: text(257)}, "address"},
		{"description", ProfileChange{Description: text(513)}, "description"},
		{"e-mail", ProfileChange{Email: exact("shop.example")}, "email"},
		{"e-mail with a name", ProfileChange{Email: exact("Shop <a@shop.example>")}, "email"},
		{"vertical", ProfileChange{Vertical: exact("retail")}, "vertical"},
		{"three sites", ProfileChange{Websites: sites("https://a.example", "https://b.example", "https://c.example")}, "websites"},
		{"long site", ProfileChange{Websites: sites(long)}, "websites"},
		{"no address", ProfileChange{Websites: sites("shop.example")}, "websites"},
		{"picture", ProfileChange{PictureHandle: text(0)}, "profile_picture_handle"},
	} {
		problems := tt.change.Validate()
		if tt.wrong == "" && len(problems) > 0 || tt.wrong != "" && !slices.ContainsFunc(problems, func(p Problem) bool { return p.Field == tt.wrong }) {
			t.Errorf("%s: %v", tt.name, problems)
		}
	}
}

func TestCallbackOverrideIsAnAddress(t *testing.T) {
	for uri, want := range map[string]bool{
		"https://gateway.example/meta/callback": true, "http://127.0.0.1:8080/meta/callback": true, "http://localhost/x": true,
		"https://" + strings.Repeat("x", 184) + ".example": true, "https://" + strings.Repeat("x", 185) + ".example": false,
		"http://gateway.example": false, "gateway.example": false, "": false, "https://a:b@gateway.example": false, "https://gateway.example/#x": false,
	} {
		problems := CallbackOverride{URI: uri, VerifyToken: NewSecret("v")}.Validate()
		if (len(problems) == 0) != want {
			t.Errorf("%s: %v", uri, problems)
		}
	}
}

func TestCodesAndPINsAreSixDigits(t *testing.T) {
	for code, want := range map[string]string{"123456": "123456", "123-456": "123456", "123 456": "123456", "12345": "", "1234567": "", "12345a": ""} {
		got, problems := VerificationCode(code)
		if got != want || (want == "") != (len(problems) > 0) {
			t.Errorf("%q: %q, %v", code, got, problems)
		}
	}
	for pin, want := range map[string]bool{"000000": true, "12345": false, "1234567": false, "12 456": false, "": false} {
		if problems := ValidatePIN(NewSecret(pin)); (len(problems) == 0) != want {
			t.Errorf("%q: %v", pin, problems)
		}
	}
}

func TestUsersToBlockAreCounted(t *testing.T) {
	for n, want := range map[int]bool{0: false, 1: true, MaxBlockUsers: true, MaxBlockUsers + 1: false} {
		users := slices.Repeat([]string{"15550100001"}, n)
		if problems := ValidateBlockUsers(users); (len(problems) == 0) != want {
			t.Errorf("%d: %v", n, problems)
		}
	}
}

func TestNumberNodeIsRegisteredOrNot(t *testing.T) {
	for want, nodes := range map[bool][]NumberNode{
		true:  {{Status: "CONNECTED"}, {Platform: "CLOUD_API"}},
		false: {{}, {Status: "DISCONNECTED", Platform: "CLOUD_API"}, {Platform: "NOT_APPLICABLE"}},
	} {
		for _, n := range nodes {
			if n.Registered() != want {
				t.Errorf("%+v", n)
			}
		}
	}
}

func TestNewNumberIsOneOfAnyCountry(t *testing.T) {
	for _, tt := range []struct {
		code, phone, wrong string
	}{
		{"1", "5550100003", ""},
		{"45", "55501000", ""}, // eight digits at home
		{"1", "55501000", "phone_number"},
		{"49", "55501000031234", "phone_number"},
		{"1", "555-010", "phone_number"},
		{"1", "", "phone_number"},
		{"", "5550100003", "country_code"},
	} {
		problems := NewNumber{CountryCode: tt.code, Phone: tt.phone, VerifiedName: "Shop"}.Validate()
		if tt.wrong == "" && len(problems) > 0 || tt.wrong != "" && (len(problems) != 1 || problems[0].Field != tt.wrong) {
			t.Errorf("%s %s: %v, want %q", tt.code, tt.phone, problems, tt.wrong)
		}
	}
}
