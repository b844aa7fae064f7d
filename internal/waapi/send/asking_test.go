package send

import (
	"strings"
	"testing"

	"github.com/waypost/waypost/internal/wa"
	"github.com/waypost/waypost/internal/waapi/failure"
)

// The vendor has none of these: they are Meta's, in the vendor's style.
func TestDecodeWhatOnlyMetaHas(t *testing.T) {
	for _, tt := range []decoded{
		{
			"voice", `"message_type":"audio","type_audio":[{"link":"https://h.example/a.ogg","voice":true}]`,
			wa.Media{Kind: wa.KindAudio, Link: "https://h.example/a.ogg", Voice: true},
		},
		{
			"address", `"message_type":"address_message","type_address_message":[{"body":"b","country":"in","values":{"city":"Mumbai","in_pin_code":400051},
				"saved_addresses":[{"id":"home","value":{"city":""}}],"validation_errors":{"city":"no"}}]`,
			wa.Interactive{Kind: wa.InteractiveAddress, Body: "b", Address: &wa.AddressForm{
				Country: "IN", Values: map[string]string{"city": "Mumbai", "in_pin_code": "400051"},
				Saved: []wa.SavedAddress{{ID: "home", Values: map[string]string{"city": ""}}}, Errors: map[string]string{"city": "no"},
			}},
		},
		{
			"call", `"message_type":"voice_call","type_voice_call":[{"body":"b","display_text":"Call","ttl_minutes":"100","payload":"p"}]`,
			wa.Interactive{Kind: wa.InteractiveVoiceCall, Body: "b", Call: &wa.CallButton{Label: "Call", Minutes: 100, Payload: "p"}},
		},
		{
			"permission", `"message_type":"call_permission_request","type_call_permission_request":[{"body":"b"}]`,
			wa.Interactive{Kind: wa.InteractiveCallPermission, Body: "b"},
		},
		{
			"contact", `"message_type":"request_contact_info","type_request_contact_info":[{"body":"b"}]`,
			wa.Interactive{Kind: wa.InteractiveContactInfo, Body: "b"},
		},
		{
			"call, link and tap of a template", `"message_type":"template","type_template":[{"name":"a","language":{"locale":"en"}}],
				"type_media_template":{"type":"image","url":"https://h.example/a.png","tap_target_configuration":{"title":"t","url":"https://h.example/"},
				"button":[{"index":0,"ttl_minutes":5,"payload":"p"},{"index":1,"payload":"https://h.example/1","payment_link_preview":true}]}`,
			wa.Template{Name: "a", Language: "en", Components: []wa.Component{
				headerPart(wa.Parameter{Kind: wa.ParameterImage, Media: imageAt("https://h.example/a.png")}),
				{Kind: wa.ComponentTapTarget, Parameters: []wa.Parameter{
					{Kind: wa.ParameterTapTarget, TapTarget: &wa.LinkButton{Label: "t", URL: "https://h.example/"}},
				}},
				{Kind: wa.ComponentButton, Button: wa.ButtonVoiceCall, Parameters: []wa.Parameter{
					{Kind: wa.ParameterMinutes, Minutes: 5}, {Kind: wa.ParameterPayload, Text: "p"},
				}},
				buttonPart(1, wa.ButtonURL, wa.Parameter{Kind: wa.ParameterText, Text: "https://h.example/1", LinkPreview: true}),
			}},
		},
	} {
		tt.run(t)
	}
}

func TestDecodePin(t *testing.T) {
	const start, end = `{"message":[{"recipient_whatsapp":"g","recipient_type":"group","message_type":"pin","type_pin":[`, `]}]}`
	for body, want := range map[string]wa.Pin{
		`{"message_id":"wamid.A","expiration_days":7}`:                 {WAMID: "wamid.A", Days: 7},
		`{"type":"PIN","message_id":"wamid.A","expiration_days":"30"}`: {WAMID: "wamid.A", Days: 30},
		`{"type":"unpin","message_id":"wamid.A","expiration_days":7}`:  {WAMID: "wamid.A", Unpin: true},
	} {
		if got := decodeOne(t, start+body+end).Content; got != wa.Content(want) {
			t.Errorf("%s: got %v, want %v", body, got, want)
		}
	}
	for body, want := range map[string]string{
		`{"type":"nail","message_id":"wamid.A"}`:                 "type can only be pin or unpin",
		`{"message_id":"wamid.A","expiration_days":4294967297}`:  "expiration_days must be a whole number from 1 to 30",
		`{"message_id":"wamid.A","expiration_days":-4294967295}`: "expiration_days must be a whole number from 1 to 30",
		`{"expiration_days":1}`:                                  "Required parameter is missing: message_id",
	} {
		if _, err := decode(t, start+body+end); err == nil || failure.Of(err).Message != want {
			t.Errorf("%s: %v, want %q", body, err, want)
		}
	}
	body := strings.Replace(start, `"g","recipient_type":"group"`, `"15550100001"`, 1) + `{"message_id":"wamid.A","expiration_days":7}` + end
	if _, err := decode(t, body); err == nil || failure.Of(err).Message != "recipient_type can only be group for this type of message" {
		t.Errorf("pinned for a person: %v", err)
	}
}
