package waapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/waypost/waypost/internal/wa"
	"github.com/waypost/waypost/internal/waapi/failure"
	"github.com/waypost/waypost/internal/waapi/lenient"
)

// FuzzLookup: what is JSON stays what it is, and what becomes JSON is what it
// was but for commas.
func FuzzLookup(f *testing.F) {
	for _, seed := range []string{`{"phone_number":"15550100001",}`, `{"a":[1,],"b":",}",}`, `{,}`, `"\",}"`, `[1,,]`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		was := bytes.Clone(body)
		got := lenient.WithoutTrailingCommas(body)
		if !bytes.Equal(body, was) {
			t.Fatal("the body was changed in place")
		}
		if json.Valid(body) && !bytes.Equal(got, body) {
			t.Errorf("changed valid JSON:\n%s\n%s", body, got)
		}
		if !bytes.Equal(bytes.ReplaceAll(got, []byte(","), nil), bytes.ReplaceAll(body, []byte(","), nil)) {
			t.Errorf("took out more than commas:\n%s\n%s", body, got)
		}
		if again := lenient.WithoutTrailingCommas(got); json.Valid(got) && !bytes.Equal(again, got) {
			t.Errorf("not done at once:\n%s\n%s", got, again)
		}
		o, err := lenient.Parse(got)
		if err != nil {
			return
		}
		if number, err := phoneNumber(o); err == nil && (!wa.Digits(number) || len(number) > wa.MaxPhoneDigits) {
			t.Errorf("looks up %q", number)
		}
	})
}

// FuzzDecodeConsent: whatever comes, a record that is taken keeps the limits and
// its type is one of the call's, and a refusal has a code and a text.
func FuzzDecodeConsent(f *testing.F) {
	for _, seed := range []string{
		`{"type":"optin","recipients":[{"recipient":"15550100001","source":"WEB","user_agent":"Mozilla","ip":"192.0.2.7","text":"yes"}]}`,
		`{"type":"OPTOUT","recipients":{"recipient":15550100001,"source":7,"ip":null}}`,
		`{"type":"blocklist","recipients":[{"recipient":"155501","source":"WEB"},null,{}]}`,
		`{"type":"whitelist","recipients":[]}`, `{"type":"optin","recipients":[[]]}`, `{"type":{}}`, `{"recipients":"\ud800"}`,
	} {
		f.Add([]byte(seed), true)
		f.Add([]byte(seed), false)
	}
	f.Fuzz(func(t *testing.T, body []byte, manage bool) {
		o, err := lenient.Parse(body)
		if err != nil {
			return
		}
		kinds := []wa.ConsentKind{wa.ConsentBlock, wa.ConsentUnblock}
		if manage {
			kinds = []wa.ConsentKind{wa.ConsentOptIn, wa.ConsentOptOut}
		}
		records, err := decodeConsents(o, kinds...)
		if err != nil {
			if fail := failure.Of(err); fail.Code == failure.CodeTechnical || fail.Code == "" || fail.Message == "" {
				t.Errorf("refused without a code and a text: %v", err)
			}
			return
		}
		if len(records) == 0 || len(records) > maxRecipients {
			t.Errorf("took %d records", len(records))
		}
		for _, r := range records {
			if ps := r.Validate(); len(ps) > 0 || (r.Kind != kinds[0] && r.Kind != kinds[1]) || r.Kind != records[0].Kind {
				t.Errorf("took %+v: %v", r, ps)
			}
		}
	})
}

// A client is told with the vendor's words, and by the status whether to come
// again; the operator gets the cause.
func TestAConsentThatCannotBeKeptHasTheVendorsText(t *testing.T) {
	cause := errors.New("disk")
	for _, tt := range []struct {
		err    error
		status int
	}{
		{cause, http.StatusInternalServerError},
		{&wa.Error{Code: wa.CodeUnavailable, Message: "the store cannot be written now", Err: cause}, http.StatusServiceUnavailable},
	} {
		f := failure.Of(consentFailed(tt.err))
		if f.Code != "8005" || f.Message != "Error occurred while updating optin for mobilenumber" || f.Status != tt.status || !errors.Is(f, cause) {
			t.Errorf("%v: told %q with %d", tt.err, f.Error(), f.Status)
		}
	}
}

// What is kept is what came, with our clock and an id for each record.
func TestConsentIsKeptAsItCame(t *testing.T) {
	g := newGateway(t)
	const body = `{"type":"optin","recipients":[{"recipient":"+1 555 010 0061","source":" WEB ","user_agent":"Mozilla","ip":"192.0.2.7",` +
		`"text":" I agree "},{"recipient":15550100062,"source":"APP"}]}`
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, g.http.URL+"/api/v2/consent/manage/", strings.NewReader(body))
	check(t, err)
	r.Header.Set("Authorization", "Bearer "+g.names["token"])
	answer, err := g.http.Client().Do(r)
	check(t, err)
	check(t, answer.Body.Close())
	for _, want := range []wa.ConsentRecord{
		{Person: "15550100061", Source: "WEB", UserAgent: "Mozilla", IP: "192.0.2.7", Text: " I agree "},
		{Person: "15550100062", Source: "APP"},
	} {
		want.AccountID, want.Kind, want.At = g.alpha, wa.ConsentOptIn, noon()
		got, err := g.store.ConsentHistory(t.Context(), g.alpha, want.Person)
		check(t, err)
		if len(got) != 1 {
			t.Fatalf("%d records, want 1", len(got))
		}
		if want.ID = got[0].ID; got[0] != want || want.ID == "" {
			t.Errorf("got  %+v\nwant %+v", got[0], want)
		}
	}
	if strings.Contains(g.logs.String(), "1555010006") {
		t.Error("a phone number is in the log")
	}
}
