package waapi

import (
	"testing"

	"github.com/waypost/waypost/internal/wa"
	"github.com/waypost/waypost/internal/waapi/failure"
	"github.com/waypost/waypost/internal/waapi/lenient"
)

// refusedWell checks that a refusal has a code and a text.
func refusedWell(t *testing.T, err error) {
	t.Helper()
	if fail := failure.Of(err); fail.Code == failure.CodeTechnical || fail.Code == "" || fail.Message == "" {
		t.Errorf("refused without a code and a text: %v", err)
	}
}

// FuzzDecodeWebhook: whatever comes, headers in a string among it, an endpoint
// that would be kept keeps the limits, and nothing of another one's filter is
// taken away without a name.
func FuzzDecodeWebhook(f *testing.F) {
	for _, seed := range []string{
		`{"type":"event","name":"Orders","url":"https://shop.example/statuses","headers":"{\"X-Key\":\"v\"}"}`,
		`{"type":"INCOMING","url":"http://127.0.0.1:8080/?a=b","headers":{"X-Key":7,"X-Nothing":null},"source":"s1"}`,
		`{"type":"event","name":null,"url":"https://shop.example","source":"","headers":""}`,
		`{"type":"event","url":"https://shop.example","headers":"[]"}`, `{"type":"event","url":"https://shop.example","headers":"{\"a\":{}}"}`,
		`{"type":"event","url":"https://shop.example","headers":"null"}`, `{"type":{}}`, `{"type":"event","headers":"\ud800"}`,
	} {
		f.Add([]byte(seed))
	}
	all := []wa.Endpoint{{Kind: wa.EventStatus, Name: "only", SourceID: "s1"}, {Kind: wa.EventIncoming, Name: "a"}, {Kind: wa.EventIncoming, Name: "b"}}
	f.Fuzz(func(t *testing.T, body []byte) {
		o, err := lenient.Parse(body)
		if err != nil {
			return
		}
		wish, err := decodeWebhook(o)
		if err != nil {
			refusedWell(t, err)
			return
		}
		e, err := wish.place(all)
		if err != nil {
			refusedWell(t, err)
			return
		}
		e.URL, e.Headers = wish.url, wish.headers
		if err := failure.Refuse(e.Validate()...); err != nil {
			refusedWell(t, err)
			return
		}
		if e.Name == "" || (wish.name != "" && e.Name != wish.name) || len(e.Headers) > wa.MaxEndpointHeaders {
			t.Errorf("took %+v for %+v", e, wish)
		}
		if e.Name == "only" && wish.name == "" && e.SourceID != "s1" {
			t.Errorf("%s took the filter of another webhook away", body)
		}
	})
}

// FuzzDecodeSource: whatever comes, a source that is taken keeps the limits, a
// change leaves its number alone, and a refusal has a code and a text.
func FuzzDecodeSource(f *testing.F) {
	for _, seed := range []string{
		`{"id":"fa9d647a-c8d7-423e-bd27-7d2ca2875dc1","name":"Shop","phone_number_id":"109912345678901","waba_id":209912345678901,
		  "display_phone_number":"+1 (555) 010-9999","access_token":"EAAG","app_secret":"0123","default":"true","skip_optin":1}`,
		`{"name":"Shop","phone_number_id":"1","waba_id":"2","display_phone_number":"15550109999","access_token":"t","app_secret":"s",
		  "stop_words":["STOP","Halt"],"start_words":[]}`,
		`{"access_token":"EAAH"}`, `{"default":false}`, `{"stop_words":"STOP","skip_optin":"no"}`, `{"stop_words":[{}]}`, `{"id":null,"name":"new"}`,
	} {
		f.Add([]byte(seed))
	}
	old := wa.Source{ID: "s1", Name: "old", Number: wa.Number{
		ID: "1", WABAID: "2", Display: "15550109999", Token: wa.NewSecret("t"), AppSecret: wa.NewSecret("s"),
	}}
	f.Fuzz(func(t *testing.T, body []byte) {
		o, err := lenient.Parse(body)
		if err != nil {
			return
		}
		if src, err := decodeSource(o); err != nil {
			refusedWell(t, err)
		} else if ps := src.Validate(); len(ps) > 0 || src.ID == "" {
			t.Errorf("took %+v: %v", src, ps)
		}
		src, err := change(old, o)
		if err != nil {
			refusedWell(t, err)
			return
		}
		number := src.Number
		number.Token, number.AppSecret = old.Number.Token, old.Number.AppSecret
		if ps := src.Validate(); len(ps) > 0 || src.ID != old.ID || number != old.Number {
			t.Errorf("changed to %+v: %v", src, ps)
		}
	})
}
