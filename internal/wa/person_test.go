package wa

import (
	"strings"
	"testing"
	"time"
)

func TestOnlyWhatHasTheFormIsAnID(t *testing.T) {
	for _, tt := range []struct {
		name string
		ids  PersonIDs
		want string
	}{
		{"all", PersonIDs{Phone: "15550100001", UserID: "US.1", ParentUserID: "US.ENT.2"}, "phone 15550100001, user_id US.1, parent_user_id US.ENT.2"},
		{"names alone", PersonIDs{Username: "@ada", Name: "Ada"}, ""},
		{"nothing", PersonIDs{}, ""},
		{"a plus", PersonIDs{Phone: "+15550100001"}, "phone 15550100001"},
		{"two", PersonIDs{Phone: "++15550100001"}, ""},
		{"a user id for a number", PersonIDs{Phone: "US.1"}, ""},
		{"a number for a user id", PersonIDs{UserID: "15550100001"}, ""},
		{"a short number", PersonIDs{Phone: "15550"}, ""},
		{"a long number", PersonIDs{Phone: "1555010000100000"}, ""},
		{"one id for both", PersonIDs{UserID: "US.1", ParentUserID: "US.1"}, "user_id US.1"},
		{"a slip of Meta's", PersonIDs{UserID: "uUS.1"}, ""},
		{"a group", PersonIDs{UserID: "Y2FwaV9ncm91cDo="}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for _, id := range tt.ids.Known() {
				got = append(got, string(id.Kind)+" "+id.ID)
			}
			if got := strings.Join(got, ", "); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func FuzzPersonIDs(f *testing.F) {
	f.Add("+5521987650001", "US.ENT.1", "US.2")
	f.Add("", "\x00", "US.1\n")
	f.Fuzz(func(t *testing.T, phone, user, parent string) {
		seen := map[string]bool{}
		for _, id := range (PersonIDs{Phone: phone, UserID: user, ParentUserID: parent}).Known() {
			key := ContactKey(id.ID)
			switch {
			case seen[key]:
				t.Errorf("%q is there twice", key)
			case key == "", strings.ContainsFunc(id.ID, func(c rune) bool { return c <= ' ' || c > 'z' }):
				t.Errorf("%q is no id", id.ID)
			case Digits(id.ID) != (id.Kind == IDPhone), UserID(id.ID) == (id.Kind == IDPhone):
				t.Errorf("%q is no %s", id.ID, id.Kind)
			case ContactKey(key) != key:
				t.Errorf("the key of %q has another key", id.ID)
			}
			seen[key] = true
		}
	})
}

func TestARecipientHasItsID(t *testing.T) {
	for _, tt := range []struct {
		to   Recipient
		want PersonIDs
	}{
		{Recipient{Kind: Individual, ID: "15550100001"}, PersonIDs{Phone: "15550100001"}},
		{Recipient{Kind: User, ID: "US.1"}, PersonIDs{UserID: "US.1"}},
		{Recipient{Kind: Group, ID: "15550100001"}, PersonIDs{}},
	} {
		if got := IDsOf(tt.to); got != tt.want {
			t.Errorf("%v: got %v", tt.to, got)
		}
	}
}

func TestTheNumberOfAContactIsTheLatest(t *testing.T) {
	c := Contact{IDs: []PersonID{{Kind: IDUser, ID: "US.1"}, {Kind: IDPhone, ID: "15550100002"}, {Kind: IDPhone, ID: "15550100001"}}}
	if got := c.Phone(); got != "15550100002" {
		t.Errorf("got %q", got)
	}
	if got := (Contact{}).Phone(); got != "" {
		t.Errorf("of nobody: got %q", got)
	}
}

// consentAt is what comes of words, each a second after the one before, with a
// point in front half a second later, and with an exclamation mark a minute.
func consentAt(said string) Consent {
	noon := time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC)
	c := Consent{State: ConsentNone}
	for i, word := range strings.Fields(said) {
		r := ConsentRecord{ID: ConsentID(said), Kind: ConsentKind(strings.Trim(word, ".!")), At: noon.Add(time.Duration(i) * time.Second)}
		if strings.HasPrefix(word, ".") {
			r.At = r.At.Add(time.Second / 2)
		}
		if strings.HasSuffix(word, "!") {
			r.At = r.At.Add(time.Minute)
		}
		if r.Kind != "-" {
			c, _ = c.After(r)
		}
	}
	return c
}

func TestConsentsAreJoined(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want ConsentState
		of   string // whose opt-in it is
	}{
		{"", "", ConsentNone, ""},
		{"optin", "", ConsentIn, "optin"},
		{"optout", "", ConsentOut, ""},
		{"optin", "- optout", ConsentOut, ""},
		{"optout", "- optin", ConsentIn, "- optin"},
		{"optin", "optout", ConsentOut, ""},
		{".optin", "optout", ConsentOut, ""}, // which may have been said at .6
		{"- .optin", "optout", ConsentIn, "- .optin"},
		{"optin", "- optin", ConsentIn, "- optin"},
		{"optin - optout optin", "- optout", ConsentIn, "optin - optout optin"},
		{"optin - optout", "- optin", ConsentOut, ""},
		{"blocklist", "- whitelist", ConsentNone, ""},
		{"optout! optin", "", ConsentIn, "optout! optin"}, // by a clock that was put back
	} {
		a, b := consentAt(tt.a), consentAt(tt.b)
		got, turned := a.Join(b), b.Join(a)
		if got != turned {
			t.Errorf("%q and %q: %+v, the other way round %+v", tt.a, tt.b, got, turned)
		}
		if got.State != tt.want || string(got.OptIn.ID) != tt.of || got.Blocked != (a.Blocked || b.Blocked) {
			t.Errorf("%q and %q: got %+v", tt.a, tt.b, got)
		}
	}
	if got := (Consent{}).Join(Consent{}); got.State != ConsentNone {
		t.Errorf("of nobody: %+v", got)
	}
}
