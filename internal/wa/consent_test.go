package wa

import (
	"strings"
	"testing"
	"time"
)

func TestAConsentRecordKeepsItsLimits(t *testing.T) {
	full := ConsentRecord{
		Person: "15550100001", Kind: ConsentOptIn, Source: strings.Repeat("é", 25), UserAgent: strings.Repeat("é", 500),
		IP: "2001:db8::7", Text: strings.Repeat("é", 4096),
	}
	with := func(change func(*ConsentRecord)) ConsentRecord {
		r := full
		change(&r)
		return r
	}
	for _, tt := range []struct {
		name   string
		record ConsentRecord
		want   string
	}{
		{"as much as it may", full, ""},
		{"as little as it may", ConsentRecord{Person: "1555010000", Kind: ConsentOptOut, Source: "W"}, ""},
		{"nothing", ConsentRecord{}, "consent.type: unknown; consent.recipient: required; consent.source: required"},
		{"another kind", with(func(r *ConsentRecord) { r.Kind = "maybe" }), "consent.type: unknown"},
		{"a user id", with(func(r *ConsentRecord) { r.Person = "US.13491208655302741918" }), ""},
		{"a user id to block", with(func(r *ConsentRecord) { r.Person, r.Kind = "US.ENT.13491208655302741918", ConsentBlock }), ""},
		{"a user id in small letters", with(func(r *ConsentRecord) { r.Person = "us.13491208655302741918" }), "consent.recipient: not_digits"},
		{"a word for a number", with(func(r *ConsentRecord) { r.Person = "1555010000x" }), "consent.recipient: not_digits"},
		{"9 digits", with(func(r *ConsentRecord) { r.Person = "155501000" }), "consent.recipient: too_short (limit 10, found 9)"},
		{"16 digits", with(func(r *ConsentRecord) { r.Person = "1555010000000001" }), "consent.recipient: too_long (limit 15, found 16)"},
		{"6 digits to block", with(func(r *ConsentRecord) { r.Person, r.Kind = "155501", ConsentBlock }), ""},
		{"5 digits to block", with(func(r *ConsentRecord) { r.Person, r.Kind = "15550", ConsentBlock }), "consent.recipient: too_short (limit 6, found 5)"},
		{"6 digits to unblock", with(func(r *ConsentRecord) { r.Person, r.Kind = "155501", ConsentUnblock }), ""},
		{"a long source", with(func(r *ConsentRecord) { r.Source += "é" }), "consent.source: too_long (limit 25, found 26)"},
		{"a long user agent", with(func(r *ConsentRecord) { r.UserAgent += "é" }), "user_agent: too_long (limit 500, found 501)"},
		{"a long text", with(func(r *ConsentRecord) { r.Text += "é" }), "text: too_long (limit 4096, found 4097)"},
		{"NUL", with(func(r *ConsentRecord) { r.Source = "W\x00" }), "consent.source: must be UTF-8 without NUL"},
		{"an address", with(func(r *ConsentRecord) { r.IP = "192.0.2.7" }), ""},
		{"an address with a port", with(func(r *ConsentRecord) { r.IP = "192.0.2.7:80" }), "ip: must be a valid IP address"},
		{"an address with a zone", with(func(r *ConsentRecord) { r.IP = "fe80::1%eth0" }), "ip: must be a valid IP address"},
		{"a network", with(func(r *ConsentRecord) { r.IP = "192.0.2.0/24" }), "ip: must be a valid IP address"},
		{"a name", with(func(r *ConsentRecord) { r.IP = "localhost" }), "ip: must be a valid IP address"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var all []string
			for _, p := range tt.record.Validate() {
				all = append(all, p.String())
			}
			if got := strings.Join(all, "; "); got != tt.want {
				t.Errorf("got  %q\nwant %q", got, tt.want)
			}
		})
	}
}

func TestMayWrite(t *testing.T) {
	text, template := Text{Body: "hello"}, Template{Name: "offer", Language: "en"}
	none, in, out := Consent{State: ConsentNone}, Consent{State: ConsentIn}, Consent{State: ConsentOut}
	blocked := func(c Consent) Consent { c.Blocked = true; return c }
	for _, tt := range []struct {
		name    string
		content Content
		open    bool
		consent Consent
		skip    bool
		want    Rule
	}{
		{"an answer to a stranger", text, true, none, false, ""},
		{"an answer to who opted out", text, true, out, false, ""},
		{"an answer to who is blocked", text, true, blocked(in), false, RuleConsent},
		{"an answer too late", text, false, in, false, RuleWindow},
		{"an answer too late, to who opted out", text, false, out, true, RuleWindow},
		{"an answer too late, to who is blocked", text, false, blocked(in), true, RuleConsent},
		{"a template to who wrote", template, true, none, false, ""},
		{"a template to who wrote and opted out", template, true, out, false, RuleConsent},
		{"the same of a source that skips", template, true, out, true, RuleConsent},
		{"a template to who opted in", template, false, in, false, ""},
		{"a template to a stranger", template, false, none, false, RuleConsent},
		{"a template to nobody known", template, false, Consent{}, false, RuleConsent},
		{"a template to a stranger of a source that skips", template, false, none, true, ""},
		{"a template to who opted out", template, false, out, false, RuleConsent},
		{"a template to who opted out of a source that skips", template, false, out, true, RuleConsent},
		{"a template to who is blocked", template, true, blocked(in), true, RuleConsent},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := Message{Recipient: Recipient{Kind: Individual, ID: "15550100001"}, Content: tt.content}
			if got := MayWrite(m, tt.open, tt.consent, Source{SkipOptIn: tt.skip}); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
	group := Message{Recipient: Recipient{Kind: Group, ID: "group-1"}, Content: template}
	if got := MayWrite(group, false, blocked(out), Source{}); got != "" {
		t.Errorf("a template to a group: got %q", got)
	}
	group.Content = text
	if got := MayWrite(group, false, in, Source{}); got != RuleWindow {
		t.Errorf("a text to a group outside the window: got %q", got)
	}
}

func TestALateStartIsOlderThanTheStop(t *testing.T) {
	noon := time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC)
	out, _ := Consent{}.After(ConsentRecord{Kind: ConsentOptOut, At: noon})
	for _, tt := range []struct {
		name   string
		record ConsentRecord
		want   ConsentState
	}{
		{"a word from before", ConsentRecord{Kind: ConsentOptIn, WAMID: "wamid.1", At: noon.Add(-time.Second)}, ConsentOut},
		{"a word of the same second", ConsentRecord{Kind: ConsentOptIn, WAMID: "wamid.1", At: noon}, ConsentOut},
		{"a word of the next second", ConsentRecord{Kind: ConsentOptIn, WAMID: "wamid.1", At: noon.Add(time.Second)}, ConsentIn},
		// Our own clock may be put back, and the customer is told that it worked.
		{"a customer's opt-in from before", ConsentRecord{Kind: ConsentOptIn, At: noon.Add(-time.Second)}, ConsentIn},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, kept := out.After(tt.record)
			if !kept || got.State != tt.want {
				t.Errorf("got state %q, kept %v; want %q and kept", got.State, kept, tt.want)
			}
		})
	}
}

func TestConsentWordsAreTheWholeText(t *testing.T) {
	own := Source{StopWords: []string{" Auf  Wiedersehen! ", "STRASSE", "both", "СТОП"}, StartWords: []string{"both", "yes please", "さあ"}}
	off := Source{StopWords: []string{}, StartWords: []string{}}
	for _, tt := range []struct {
		source Source
		text   string
		want   ConsentKind
	}{
		{Source{}, "STOP", ConsentOptOut},
		{Source{}, " stop \n", ConsentOptOut},
		{Source{}, "Stop!!! …", ConsentOptOut},
		{Source{}, "opt\t out.", ConsentOptOut},
		{Source{}, "Unsubscribe", ConsentOptOut},
		{Source{}, "start", ConsentOptIn},
		{Source{}, "Opt In", ConsentOptIn},
		{Source{}, "please stop", ""},
		{Source{}, "stop it", ""},
		{Source{}, "!stop", ""},
		{Source{}, "st op", ""},
		{Source{}, "stopp", ""},
		{Source{}, "", ""},
		{Source{}, "...", ""},
		{own, "auf wiedersehen", ConsentOptOut},
		{own, "straſſe", ConsentOptOut}, // long s folds to s
		{own, "стоп", ConsentOptOut},
		{own, "BOTH", ConsentOptOut},
		{own, "Yes  please?", ConsentOptIn},
		{own, "さあ！", ConsentOptIn},
		{own, "STOP", ""},
		{off, "STOP", ""},
		{off, "START", ""},
		{off, "", ""},
	} {
		if got, ok := tt.source.ConsentSaid(tt.text); got != tt.want || ok != (tt.want != "") {
			t.Errorf("%q: got %q, %v; want %q", tt.text, got, ok, tt.want)
		}
	}
}

func TestConsentWordsKeepTheirLimits(t *testing.T) {
	many := make([]string, 51)
	for i := range many {
		many[i] = "word"
	}
	for _, tt := range []struct {
		name  string
		words []string
		want  string
	}{
		{"never set", nil, ""},
		{"none", []string{}, ""},
		{"50 of 50", append(many[:49:49], strings.Repeat("é", 50)), ""},
		{"51", many, "stop_words: too_many (limit 50, found 51)"},
		{"a long one", []string{"stop", strings.Repeat("é", 51)}, "stop_words[1]: too_long (limit 50, found 51)"},
		{"an empty one", []string{""}, "stop_words[0]: must be printable characters, not punctuation alone"},
		{"punctuation", []string{"!!"}, "stop_words[0]: must be printable characters, not punctuation alone"},
		{"a line break", []string{"a\nb"}, "stop_words[0]: must be printable characters, not punctuation alone"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			src := Source{
				ID: "s", Name: "s", StopWords: tt.words,
				Number: Number{ID: "1", WABAID: "2", Display: "15550109999", Token: NewSecret("t"), AppSecret: NewSecret("s")},
			}
			var all []string
			for _, p := range src.Validate() {
				all = append(all, p.String())
			}
			if got := strings.Join(all, "; "); got != tt.want {
				t.Errorf("got  %q\nwant %q", got, tt.want)
			}
		})
	}
}
