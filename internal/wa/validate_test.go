package wa

import (
	"fmt"
	"strings"
	"testing"
)

func TestRecipients(t *testing.T) {
	check(t, []validation{
		{"shortest number", Recipient{Individual, "1234567890"}, nil},
		{"longest number", Recipient{Individual, "123456789012345"}, nil},
		{"too short", Recipient{Individual, "123456789"}, []string{"recipient too_short"}},
		{"too long", Recipient{Individual, "1234567890123456"}, []string{"recipient too_long"}},
		{"missing", Recipient{Individual, ""}, []string{"recipient required"}},
		{"plus", Recipient{Individual, "+491555010000"}, []string{"recipient not_digits"}},
		{"space", Recipient{Individual, "49155501 0000"}, []string{"recipient not_digits"}},
		{"Arabic digits", Recipient{Individual, "٠١٢٣٤٥٦٧٨٩"}, []string{"recipient not_digits"}},
		{"unknown kind", Recipient{"channel", "1234567890"}, []string{"recipient_type unknown"}},
		{"no kind", Recipient{"", "1234567890"}, []string{"recipient_type unknown"}},
		{"group", Recipient{Group, "Y2FwaV9ncm91cDo=-_.:@"}, nil},
		{"longest group", Recipient{Group, strings.Repeat("g", 256)}, nil},
		{"group too long", Recipient{Group, strings.Repeat("g", 257)}, []string{"recipient too_long"}},
		{"group missing", Recipient{Group, ""}, []string{"recipient required"}},
		{"group with a slash", Recipient{Group, "a/b"}, []string{"recipient malformed"}},
		{"group with a line break", Recipient{Group, "a\nb"}, []string{"recipient malformed"}},
		{"group that is not ASCII", Recipient{Group, "grüppe"}, []string{"recipient malformed"}},
		{"group that is not UTF-8", Recipient{Group, "a\xff"}, []string{"recipient malformed"}},
		{"user", Recipient{User, "US.13491208655302741918"}, nil},
		{"user of all portfolios", Recipient{User, "US.ENT.1a"}, nil},
		{"longest user", Recipient{User, "DE." + strings.Repeat("a", 128)}, nil},
		{"user too long", Recipient{User, "DE." + strings.Repeat("a", 129)}, []string{"recipient malformed"}},
		{"number as a user", Recipient{User, "4915550100001"}, []string{"recipient malformed"}},
		{"user without a country", Recipient{User, ".1"}, []string{"recipient malformed"}},
		{"user of a small country", Recipient{User, "us.1"}, []string{"recipient malformed"}},
		{"user of nothing", Recipient{User, "US.ENT."}, []string{"recipient malformed"}},
		{"user with a dash", Recipient{User, "US.1-2"}, []string{"recipient malformed"}},
		{"user that is not ASCII", Recipient{User, "US.ü"}, []string{"recipient malformed"}},
	})
}

func TestMaskPhoneKeepsThreeDigits(t *testing.T) {
	for in, want := range map[string]string{"4915550100001": "***001", "1234": "***234", "123": "***", "": "***"} {
		if got := MaskPhone(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func goodSource() Source {
	return Source{ID: "sales", Name: "Sales", Number: Number{
		ID: "100200300", WABAID: "900", Display: "4915550100000", Token: NewSecret("EAAG"), AppSecret: NewSecret("abc"),
	}}
}

func TestSources(t *testing.T) {
	with := func(change func(*Source)) Source { s := goodSource(); change(&s); return s }
	id := func(v string) Source { return with(func(s *Source) { s.ID = SourceID(v) }) }
	token := func(v string) Source { return with(func(s *Source) { s.Number.Token = NewSecret(v) }) }
	check(t, []validation{
		{"good", goodSource(), nil},
		{"nothing", Source{}, []string{
			"id malformed", "name required", "phone_number_id required", "waba_id required",
			"display_phone_number required", "access_token required", "app_secret required",
		}},
		{"longest id", id(strings.Repeat("ü", 128)), nil},
		{"id too long", id(strings.Repeat("ü", 129)), []string{"id malformed"}},
		{"id with a slash", id("a/b"), []string{"id malformed"}},
		{"id with a backslash", id(`a\b`), []string{"id malformed"}},
		{"id that climbs", id(".."), []string{"id malformed"}},
		{"id with a space at the end", id("a "), []string{"id malformed"}},
		{"id with a line break", id("a\nb"), []string{"id malformed"}},
		{"name too long", with(func(s *Source) { s.Name = strings.Repeat("ü", 101) }), []string{"name malformed"}},
		{"phone_number_id", with(func(s *Source) { s.Number.ID = "12a" }), []string{"phone_number_id not_digits"}},
		{"longest waba_id", with(func(s *Source) { s.Number.WABAID = strings.Repeat("1", 64) }), nil},
		{"waba_id too long", with(func(s *Source) { s.Number.WABAID = strings.Repeat("1", 65) }), []string{"waba_id too_long"}},
		{"display with a plus", with(func(s *Source) { s.Number.Display = "+4915550100000" }), []string{"display_phone_number not_digits"}},
		{"longest token", token(strings.Repeat("~", 4096)), nil},
		{"token too long", token(strings.Repeat("~", 4097)), []string{"access_token too_long"}},
		{"token with a line break", token("EAAG\r\nHost: a"), []string{"access_token malformed"}},
		{"token with a space", token("EA AG"), []string{"access_token malformed"}},
		{"token that is not ASCII", token("EAAGü"), []string{"access_token malformed"}},
		{"token with DEL", token("EAAG\x7f"), []string{"access_token malformed"}},
	})
}

func TestEndpoints(t *testing.T) {
	good := Endpoint{Kind: EventStatus, URL: "https://h.example/hook?a=b", Headers: map[string]Secret{"X-Key": NewSecret("ünïcödé\tok")}}
	address := func(v string) Endpoint { e := good; e.URL = v; return e }
	header := func(name, value string) Endpoint {
		e := good
		e.Headers = map[string]Secret{name: NewSecret(value)}
		return e
	}
	many := func(n int) Endpoint {
		e := good
		e.Headers = map[string]Secret{}
		for i := range n {
			e.Headers[fmt.Sprintf("X-%d", i)] = NewSecret("v")
		}
		return e
	}
	long := func(n int) string { return "https://h.example/" + strings.Repeat("a", n-len("https://h.example/")) }
	table := []validation{
		{"good", good, nil},
		{"the other kind", Endpoint{Kind: EventIncoming, URL: "http://10.0.0.1:8080"}, nil},
		{"nothing", Endpoint{}, []string{"kind unknown", "url required"}},
		{"most headers", many(20), nil},
		{"too many headers", many(21), []string{"headers too_many"}},
		{"longest address", address(long(2048)), nil},
		{"address too long", address(long(2049)), []string{"url too_long"}},
		{"longest name", Endpoint{Kind: EventStatus, URL: good.URL, Name: strings.Repeat("ü", 100)}, nil},
		{"name too long", Endpoint{Kind: EventStatus, URL: good.URL, Name: strings.Repeat("ü", 101)}, []string{"name malformed"}},
		{"name with a line break", Endpoint{Kind: EventStatus, URL: good.URL, Name: "a\nb"}, []string{"name malformed"}},
		{"one source", Endpoint{Kind: EventStatus, URL: good.URL, SourceID: "sales"}, nil},
		{"source that cannot be", Endpoint{Kind: EventStatus, URL: good.URL, SourceID: "a/b"}, []string{"source unknown"}},
		{"longest header", header(strings.Repeat("X", 100), strings.Repeat("v", 4096)), nil},
		{"header name too long", header(strings.Repeat("X", 101), "v"), []string{"headers malformed"}},
		{"header value too long", header("X-Key", strings.Repeat("v", 4097)), []string{"headers malformed"}},
		{"a header twice", Endpoint{Kind: EventStatus, URL: good.URL, Headers: map[string]Secret{
			"X-Key": NewSecret("a"), "x-key": NewSecret("b"),
		}}, []string{"headers malformed"}},
		{"value with a line break", header("X-Key", "a\r\nb: c"), []string{"headers malformed"}},
		{"value with NUL", header("X-Key", "a\x00"), []string{"headers malformed"}},
		{"value with DEL", header("X-Key", "a\x7f"), []string{"headers malformed"}},
		{"authorization", header("Authorization", "Bearer a"), nil},
	}
	for _, bad := range []string{
		"ftp://h.example", "h.example/a", "https://", "https://u:p@h.example", "https://u@h.example", "https://h.example/#f",
		"https://h.example/ a", "https://h.example\\@evil.example", "https://h.example/\n", "https://[::1", "https://h.example:0", "https://h.example:65536/", "https://h.example/\xff",
	} {
		table = append(table, validation{"address " + bad, address(bad), []string{"url malformed"}})
	}
	for _, bad := range []string{
		"", "Host", "host", "HOST", "content-length", "Content-Type", "Transfer-Encoding", "te", "TRAILER", "connection",
		"Webhook-Id", "webhook-signature", "WEBHOOK-TIMESTAMP", "X Key", "X:Key", "X-Kéy", "X\r\nKey", "Proxy-Authorization", "upgrade",
	} {
		table = append(table, validation{fmt.Sprintf("header %q", bad), header(bad, "v"), []string{"headers malformed"}})
	}
	check(t, table)
}

func TestProblemsTellNothingOfTheValue(t *testing.T) {
	const canary = "canary"
	e := Endpoint{Kind: canary, URL: canary + "://", Headers: map[string]Secret{canary + ":": NewSecret(canary + "\n")}}
	s := Source{ID: "/" + canary, Name: canary + "\n", Number: Number{ID: canary, Token: NewSecret(canary + " ")}}
	m := Media{Kind: canary, Link: canary + "\n"}
	for _, v := range []validator{e, s, m, Recipient{Individual, canary}, Recipient{Group, canary + "/"}} {
		err := &Error{Code: CodeInvalid, Problems: v.Validate()}
		if len(err.Problems) == 0 || strings.Contains(err.Error(), canary) {
			t.Errorf("%T: got %q", v, err)
		}
	}
}
