package encode

import (
	"encoding/json"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"github.com/waypost/waypost/internal/wa"
)

// sendCase is a message; testdata/send/<name>.json is how it goes to Meta.
type sendCase struct {
	name    string
	to      wa.Recipient
	content wa.Content
}

func (c sendCase) dispatch() wa.Dispatch {
	d := textDispatch()
	d.Message.Recipient, d.Message.Content = c.to, c.content
	d.MetaMedia = map[wa.MediaID]string{"m": "900000000000001", "n": "900000000000002"}
	return d
}

func TestEncodeSend(t *testing.T) {
	for _, tt := range sendCases() {
		t.Run(tt.name, func(t *testing.T) {
			d := tt.dispatch()
			got, err := Send(d)
			if err != nil {
				t.Fatal(err)
			}
			golden(t, filepath.Join("testdata", "send", tt.name+".json"), append(got, '\n'))
			isSend(t, got, d.Tag)
		})
	}
}

// isSend checks what every send has: the object that its type names, and the
// tag.
func isSend(tb testing.TB, body []byte, tag string) {
	tb.Helper()
	var back map[string]any
	if err := json.Unmarshal(body, &back); err != nil {
		tb.Fatalf("%v: %s", err, body)
	}
	kind, _ := back["type"].(string)
	object, isObject := back[kind].(map[string]any)
	list, isList := back[kind].([]any)
	if kind == "contacts" && !isList || kind != "contacts" && !isObject || len(object)+len(list) == 0 {
		tb.Errorf("body without %q: %s", kind, body)
	}
	if back["biz_opaque_callback_data"] != tag || back["messaging_product"] != "whatsapp" || (back["to"] == nil) == (back["recipient"] == nil) {
		tb.Errorf("body without tag or recipient: %s", body)
	}
}

func TestSendFilesAreAllUsed(t *testing.T) {
	used := map[string]bool{}
	for _, c := range sendCases() {
		used[c.name+".json"] = true
	}
	files, err := filepath.Glob("testdata/send/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !used[filepath.Base(f)] {
			t.Errorf("%s belongs to no case", f)
		}
	}
}

func TestEncodeSendSaysWhatIsMissing(t *testing.T) {
	content := func(c wa.Content) func(*wa.Dispatch) {
		return func(d *wa.Dispatch) { d.Message.Content = c }
	}
	component := func(c wa.Component) func(*wa.Dispatch) {
		return content(wa.Template{Name: "t", Language: "en", Components: []wa.Component{c}})
	}
	parameter := func(p wa.Parameter) func(*wa.Dispatch) {
		return component(wa.Component{Kind: wa.ComponentHeader, Parameters: []wa.Parameter{p}})
	}
	tests := []struct {
		name   string
		change func(*wa.Dispatch)
	}{
		{"no content", func(d *wa.Dispatch) { d.Message.Content = nil }},
		{"media without id", func(d *wa.Dispatch) { d.Message.Content = wa.Media{Kind: wa.KindImage, MediaID: "m"} }},
		{"media of no kind", func(d *wa.Dispatch) { d.Message.Content = wa.Media{Kind: "hologram", Link: "https://example.com"} }},
		{"pin of nothing", content(wa.Pin{Days: 1})},
		{"no form for an address", content(wa.Interactive{Kind: wa.InteractiveAddress, Body: "b"})},
		{"older order without its media", content(wa.Interactive{
			Kind: wa.InteractiveOrderDetails, Body: "b", Order: &wa.Order{Older: true}, Header: &wa.Header{Media: &wa.Media{Kind: wa.KindImage, MediaID: "x"}},
		})},
		{"minutes of none", parameter(wa.Parameter{Kind: wa.ParameterMinutes})},
		{"tap target without one", parameter(wa.Parameter{Kind: wa.ParameterTapTarget})},
		{"no recipient", func(d *wa.Dispatch) { d.Message.Recipient.ID = "" }},
		{"location nowhere", content(wa.Location{Latitude: math.NaN()})},
		{"location at infinity", content(wa.Location{Longitude: math.Inf(1)})},
		{"no contacts", content(wa.Contacts{})},
		{"reaction to nothing", content(wa.Reaction{Emoji: "\U0001F44D"})},
		{"interactive of no kind", content(wa.Interactive{Kind: "hologram", Body: "b"})},
		{"no buttons", content(wa.Interactive{Kind: wa.InteractiveButton, Body: "b"})},
		{"no list", content(wa.Interactive{Kind: wa.InteractiveList, Body: "b"})},
		{"empty list", content(wa.Interactive{Kind: wa.InteractiveList, Body: "b", List: &wa.List{Label: "l"}})},
		{"no link", content(wa.Interactive{Kind: wa.InteractiveLink, Body: "b"})},
		{"no flow", content(wa.Interactive{Kind: wa.InteractiveFlow, Body: "b"})},
		{"flow without a name", content(wa.Interactive{Kind: wa.InteractiveFlow, Body: "b", Flow: &wa.Flow{Label: "l"}})},
		{"flow with odd data", content(wa.Interactive{Kind: wa.InteractiveFlow, Body: "b", Flow: &wa.Flow{ID: "1", Data: json.RawMessage(`{`)}})},
		{"no product", content(wa.Interactive{Kind: wa.InteractiveProduct})},
		{"no products", content(wa.Interactive{Kind: wa.InteractiveProductList})},
		{"no order", content(wa.Interactive{Kind: wa.InteractiveOrderDetails, Body: "b"})},
		{"no status of an order", content(wa.Interactive{Kind: wa.InteractiveOrderStatus, Body: "b"})},
		{"no cards", content(wa.Interactive{Kind: wa.InteractiveCarousel, Body: "b"})},
		{"card with nothing to tap", content(wa.Interactive{Kind: wa.InteractiveCarousel, Body: "b", Cards: []wa.Card{{Body: "c"}}})},
		{"card without its media", content(wa.Interactive{Kind: wa.InteractiveCarousel, Body: "b", Cards: []wa.Card{{
			Media: &wa.Media{Kind: wa.KindImage, MediaID: "x"}, Link: &wa.LinkButton{Label: "l", URL: "https://example.com"},
		}}})},
		{"header without its media", content(wa.Interactive{
			Kind: wa.InteractiveLocationRequest, Body: "b", Header: &wa.Header{Media: &wa.Media{Kind: wa.KindImage, MediaID: "x"}},
		})},
		{"header that plays", content(wa.Interactive{
			Kind: wa.InteractiveLocationRequest, Body: "b", Header: &wa.Header{Media: &wa.Media{Kind: wa.KindAudio, Link: "https://example.com"}},
		})},
		{"template without a name", content(wa.Template{Language: "en"})},
		{"template without a language", content(wa.Template{Name: "t"})},
		{"component of no kind", component(wa.Component{Kind: "hologram"})},
		{"button of no kind", component(wa.Component{Kind: wa.ComponentButton})},
		{"carousel without cards", component(wa.Component{Kind: wa.ComponentCarousel})},
		{"card with an odd component", component(wa.Component{
			Kind: wa.ComponentCarousel, Cards: []wa.TemplateCard{{Components: []wa.Component{{}}}},
		})},
		{"parameter of no kind", parameter(wa.Parameter{})},
		{"image without a media", parameter(wa.Parameter{Kind: wa.ParameterImage})},
		{"image without an id", parameter(wa.Parameter{Kind: wa.ParameterImage, Media: &wa.Media{MediaID: "x"}})},
		{"currency without an amount", parameter(wa.Parameter{Kind: wa.ParameterCurrency})},
		{"location without a place", parameter(wa.Parameter{Kind: wa.ParameterLocation})},
		{"parameter that is nowhere", parameter(wa.Parameter{Kind: wa.ParameterLocation, Location: &wa.Location{Latitude: math.NaN()}})},
		{"product without one", parameter(wa.Parameter{Kind: wa.ParameterProduct})},
		{"order status without one", parameter(wa.Parameter{Kind: wa.ParameterOrderStatus})},
		{"recipient of no kind", func(d *wa.Dispatch) { d.Message.Recipient.Kind = "" }},
		{"long tag", func(d *wa.Dispatch) { d.Tag = strings.Repeat("x", 513) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := textDispatch()
			tt.change(&d)
			if got, err := Send(d); err == nil {
				t.Errorf("got %s, want an error", got)
			}
		})
	}
}

// An answer names the message that it answers; a reaction and a pin name theirs
// in their own object.
func TestEncodeSendAnswers(t *testing.T) {
	for _, c := range sendCases() {
		d := c.dispatch()
		d.Message.ReplyTo, d.Message.IdentityHash = "wamid.SYNTHETIC2", "DF2lS5v2W6x="
		got, err := Send(d)
		if err != nil {
			t.Fatal(err)
		}
		var body struct {
			Context *struct {
				ID string `json:"message_id"`
			}
			Hash string `json:"recipient_identity_key_hash"`
		}
		if err := json.Unmarshal(got, &body); err != nil {
			t.Fatal(err)
		}
		own := c.content.Type() == wa.TypeReaction || c.content.Type() == wa.TypePin
		if (body.Context == nil) != own || !own && body.Context.ID != "wamid.SYNTHETIC2" || body.Hash != "DF2lS5v2W6x=" {
			t.Errorf("%s: %s", c.name, got)
		}
	}
}

// FuzzEncodeSend: whatever passes Validate can be encoded, and what is encoded
// is a send.
func FuzzEncodeSend(f *testing.F) {
	for _, c := range sendCases() {
		kept, err := wa.EncodeContent(c.content)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(kept)
	}
	// Parameters that say what they are and have no value.
	for _, kind := range []wa.ParameterKind{
		wa.ParameterText, wa.ParameterCurrency, wa.ParameterDateTime, wa.ParameterImage, wa.ParameterLocation, wa.ParameterProduct,
		wa.ParameterPayload, wa.ParameterCouponCode, wa.ParameterAction, wa.ParameterOffer, wa.ParameterOrderStatus,
		wa.ParameterGroupID, wa.ParameterMinutes, wa.ParameterTapTarget,
	} {
		for _, part := range []string{
			`"kind":"header"`, `"kind":"body"`, `"kind":"limited_time_offer"`, `"kind":"order_status"`, `"kind":"button","button":"url"`,
			`"kind":"button","button":"quick_reply"`, `"kind":"button","button":"copy_code"`, `"kind":"button","button":"flow"`,
			`"kind":"tap_target_configuration"`, `"kind":"button","button":"voice_call"`, `"kind":"button","button":"catalog"`, `"kind":"button","button":"mpm"`, `"kind":"button","button":"order_details"`,
		} {
			f.Add([]byte(`{"type":"template","content":{"name":"a","language":"en","components":[{` + part + `,"parameters":[{"kind":"` + string(kind) + `"}]}]}}`))
		}
	}
	f.Fuzz(func(t *testing.T, kept []byte) {
		content, err := wa.DecodeContent(kept)
		if err != nil {
			return
		}
		d := textDispatch()
		d.Message.Content, d.MetaMedia = content, map[wa.MediaID]string{}
		for _, id := range wa.StoredMediaOf(content) {
			d.MetaMedia[id] = "900000000000001"
		}
		problems := content.Validate()
		body, err := Send(d)
		switch {
		case err == nil:
			isSend(t, body, d.Tag)
		case len(problems) == 0:
			t.Errorf("valid, but: %v\n%s", err, kept)
		}
	})
}

func TestSendCasesAreValid(t *testing.T) {
	for _, c := range sendCases() {
		if problems := c.dispatch().Message.Validate(); len(problems) > 0 {
			t.Errorf("%s: %+v", c.name, problems)
		}
	}
}
