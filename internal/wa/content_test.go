package wa

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

// rules returns "field rule" of each problem.
func rules(ps []Problem) []string {
	var out []string
	for _, p := range ps {
		out = append(out, p.Field+" "+string(p.Rule))
	}
	return out
}

type validator interface{ Validate() []Problem }

type validation struct {
	name string
	v    validator
	want []string
}

func check(t *testing.T, table []validation) {
	t.Helper()
	for _, row := range table {
		if diff := cmp.Diff(row.want, rules(row.v.Validate())); diff != "" {
			t.Errorf("%s (-want +got):\n%s", row.name, diff)
		}
	}
}

// Limits count characters: each text here is longer in bytes.
func TestContentLimits(t *testing.T) {
	image := Media{Kind: KindImage, MediaID: "id"}
	with := func(change func(*Media)) Media { m := image; change(&m); return m }
	address := func(n int) string { return "https://h.example/" + strings.Repeat("ü", n-len("https://h.example/")) }
	check(t, []validation{
		{"text", Text{Body: "a"}, nil},
		{"longest text", Text{Body: strings.Repeat("€", MaxTextLength)}, nil},
		{"text too long", Text{Body: strings.Repeat("€", MaxTextLength+1)}, []string{"content too_long"}},
		{"no text", Text{}, []string{"content required"}},
		{"blank text", Text{Body: " \n\t\u00a0"}, []string{"content required"}},
		{"text with NUL", Text{Body: "a\x00"}, []string{"content malformed"}},
		{"text that is not UTF-8", Text{Body: "a\xff"}, []string{"content malformed"}},

		{"media", image, nil},
		{"no media", Media{Kind: KindImage}, []string{"attachment_id required"}},
		{"unknown kind", Media{Kind: "gif", MediaID: "id"}, []string{"attachment_type unknown"}},
		{"everything wrong", Media{Caption: "\x00", Filename: "\xff"}, []string{
			"attachment_type unknown", "attachment_id required", "caption malformed", "filename malformed",
		}},
		{"longest caption", with(func(m *Media) { m.Caption = strings.Repeat("😀", MaxCaptionLength) }), nil},
		{"caption too long", with(func(m *Media) { m.Caption = strings.Repeat("😀", MaxCaptionLength+1) }), []string{"caption too_long"}},
		{"longest filename", with(func(m *Media) { m.Filename = strings.Repeat("ü", MaxFilenameLength) }), nil},
		{"filename too long", with(func(m *Media) { m.Filename = strings.Repeat("ü", MaxFilenameLength+1) }), []string{"filename too_long"}},

		{"link", Media{Kind: KindVideo, Link: "http://h.example:8080/a b?c=d#e"}, nil},
		{"longest link", Media{Kind: KindVideo, Link: address(MaxLinkLength)}, nil},
		{"link too long", Media{Kind: KindVideo, Link: address(MaxLinkLength + 1)}, []string{"attachment_url too_long"}},
		{"link without a host", Media{Kind: KindVideo, Link: "https:///a"}, []string{"attachment_url malformed"}},
		{"link with a password", Media{Kind: KindVideo, Link: "https://u:p@h.example/"}, []string{"attachment_url malformed"}},
		{"link to a file", Media{Kind: KindVideo, Link: "file:///etc/passwd"}, []string{"attachment_url malformed"}},
		{"relative link", Media{Kind: KindVideo, Link: "//h.example/a"}, []string{"attachment_url malformed"}},
		{"link with a line break", Media{Kind: KindVideo, Link: "https://h.example/\n"}, []string{"attachment_url malformed"}},
	})
	p := Text{Body: strings.Repeat("€", MaxTextLength+3)}.Validate()[0]
	if p.Limit != 4096 || p.Found != 4099 {
		t.Errorf("got limit %d and found %d, want characters", p.Limit, p.Found)
	}
}

func TestMessageSaysAllThatIsWrong(t *testing.T) {
	check(t, []validation{
		{"good", Message{Recipient: Recipient{Individual, "4915550100001"}, Content: Text{Body: "a"}, APIHeader: strings.Repeat("ü", 4096)}, nil},
		{"bad", Message{Recipient: Recipient{Individual, "12"}, Content: Text{}, APIHeader: strings.Repeat("ü", 4097)}, []string{
			"recipient too_short", "content required", "x-apiheader too_long",
		}},
		{"pin to a group", Message{Recipient: Recipient{Group, "g"}, Content: Pin{WAMID: "w", Days: 1}}, nil},
		{"pin to a person", Message{Recipient: Recipient{Individual, "4915550100001"}, Content: Pin{WAMID: "w", Days: 1}}, []string{
			"recipient_type malformed",
		}},
		{"long ids", Message{
			Recipient: Recipient{User, "US.1"}, Content: Text{Body: "a"}, ReplyTo: chars(MaxPartLength + 1), IdentityHash: chars(MaxPartLength + 1),
		}, []string{"context.message_id too_long", "recipient_identity_key_hash too_long"}},
	})
}

func TestMediaKinds(t *testing.T) {
	for kind, caption := range map[MediaKind]bool{
		KindImage: true, KindVideo: true, KindDocument: true, KindAudio: false, KindSticker: false,
	} {
		if !kind.Valid() || kind.HasCaption() != caption {
			t.Errorf("%s: got valid %v and caption %v, want true and %v", kind, kind.Valid(), kind.HasCaption(), caption)
		}
	}
	if MediaKind("").Valid() || MediaKind("gif").Valid() {
		t.Error("an unknown kind is valid")
	}
}

func drawContent(t *rapid.T) Content {
	if rapid.Bool().Draw(t, "text") {
		return Text{Body: rapid.String().Draw(t, "body"), PreviewURL: rapid.Bool().Draw(t, "preview")}
	}
	return Media{
		Kind:    rapid.SampledFrom([]MediaKind{KindImage, KindVideo, KindAudio, KindDocument, KindSticker}).Draw(t, "kind"),
		MediaID: MediaID(rapid.String().Draw(t, "id")), Link: rapid.String().Draw(t, "link"),
		Caption: rapid.String().Draw(t, "caption"), Filename: rapid.String().Draw(t, "filename"),
	}
}

// everyContent has every type of content, with every field that it can have.
func everyContent() []Content {
	media := &Media{Kind: KindImage, MediaID: "m", Caption: "c"}
	amount := Amount{Value: 5, Offset: 100, Description: "d"}
	product := &Product{"c", "p"}
	sections := []ProductSection{{"t", []string{"p"}}}
	order := &Order{
		ReferenceID: "r", Goods: "digital-goods", PaymentType: "upi", Configuration: "c", Settings: json.RawMessage(`[{"a":1}]`), Currency: "INR",
		Total: amount, CatalogID: "c", Items: []OrderItem{{"p", "n", amount, &amount, 1, "India", "i", json.RawMessage(`{"a":1}`)}}, Subtotal: amount, Tax: amount, Shipping: &amount,
		Discount: &amount, Expiration: &Expiration{1, "d"}, ShippingInfo: json.RawMessage(`{"a":1}`), Older: true,
	}
	status := &OrderStatus{"r", "shipped", "d"}
	parameters := []Parameter{{
		Kind: ParameterText, Name: "n", Text: "t", Media: media, Location: &Location{1, 2, "n", "a"}, Currency: &Currency{"f", "USD", 1000},
		Product: product, Action: &ButtonAction{"t", json.RawMessage(`{"a":1}`), "p", sections}, Order: order, ExpiresAtMillis: 1, OrderStatus: status,
		Minutes: 5, LinkPreview: true, TapTarget: &LinkButton{"l", "u"},
	}}
	button := Component{Kind: ComponentButton, Button: ButtonURL, Index: 1, Parameters: parameters}
	return []Content{
		Text{"b", true},
		*media,
		Location{1, 2, "n", "a"},
		Media{Kind: KindAudio, Link: "l", Voice: true},
		Reaction{"w", "👍"},
		Pin{"w", true, 5},
		Contacts{[]ContactCard{{
			ContactName{"f", "1", "2", "3", "4", "5"},
			"2000-02-29",
			ContactOrg{"c", "d", "t"},
			[]ContactPhone{{"p", "t", "1"}},
			[]ContactEmail{{"e", "t"}},
			[]ContactURL{{"u", "t"}},
			[]ContactAddress{{"s", "c", "st", "z", "co", "cc", "t"}},
		}}},
		Interactive{
			Kind: InteractiveButton, Header: &Header{"t", media, "p"}, Body: "b", Footer: "f", Buttons: []ReplyButton{{"i", "t"}},
			List: &List{"l", []ListSection{{"t", []ListRow{{"i", "t", "d"}}}}}, Link: &LinkButton{"l", "u"},
			Flow: &Flow{"i", "n", "l", "3", true, "t", true, "s", json.RawMessage(`{"a":1}`)}, Product: product,
			Products: &ProductList{"c", sections}, Thumbnail: "p", Order: order, OrderStatus: status,
			Cards:   []Card{{media, "b", &LinkButton{"l", "u"}, []ReplyButton{{"i", "t"}}, product}},
			Address: &AddressForm{"IN", map[string]string{"a": "b"}, []SavedAddress{{"i", map[string]string{"a": ""}}}, map[string]string{"a": "c"}},
			Call:    &CallButton{"l", 5, "p"},
		},
		Template{"n", "en", true, true, []Component{button, {Kind: ComponentCarousel, Cards: []TemplateCard{{[]Component{button}}}}}},
	}
}

func TestEveryContentIsReadAsItWasKept(t *testing.T) {
	for _, want := range everyContent() {
		data, err := EncodeContent(want)
		if err != nil {
			t.Fatal(err)
		}
		got, err := DecodeContent(data)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", want.Type(), diff)
		}
	}
}

func TestContentIsReadAsItWasKept(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := drawContent(t)
		data, err := EncodeContent(want)
		if err != nil {
			t.Fatal(err)
		}
		got, err := DecodeContent(data)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("(-want +got):\n%s", diff)
		}
	})
}

func TestIdentityIsKeptWithTheContent(t *testing.T) {
	for _, want := range []Message{{Content: Text{Body: "a"}, IdentityHash: "hash="}, {Content: Text{Body: "a"}}} {
		data, err := EncodeSaid(want)
		if err != nil {
			t.Fatal(err)
		}
		got := Message{IdentityHash: "another"}
		if err := DecodeSaid(data, &got); err != nil || !cmp.Equal(got, want) {
			t.Errorf("%s: got %#v and error %v, want %#v", data, got, err, want)
		}
	}
}

// What was kept by an older version has to be read for ever.
func TestKeptContentStaysReadable(t *testing.T) {
	for kept, want := range map[string]Content{
		`{"type":"text","content":{"body":"a","preview_url":true}}`: Text{Body: "a", PreviewURL: true},
		`{"type":"media","content":{"kind":"image","media_id":"1","link":"l","caption":"c","filename":"f"}}`: Media{
			Kind: KindImage, MediaID: "1", Link: "l", Caption: "c", Filename: "f",
		},
		`{"type":"text","content":{"body":"a","of the future":1}}`: Text{Body: "a"},
	} {
		got, err := DecodeContent([]byte(kept))
		if err != nil || !cmp.Equal(got, want) {
			t.Errorf("%s: got %#v and error %v, want %#v", kept, got, err, want)
		}
	}
	for _, bad := range []string{``, `{}`, `[]`, `{"type":"poll","content":{}}`, `{"type":"text"}`, `{"type":"text","content":"a"}`} {
		if got, err := DecodeContent([]byte(bad)); err == nil {
			t.Errorf("%s: got %#v, want an error", bad, got)
		}
	}
}

// sameJSON compares what is kept as JSON by what it says, not by its spaces.
func sameJSON() cmp.Option {
	given := func(a, b json.RawMessage) bool { return len(a)+len(b) > 0 }
	return cmp.FilterValues(given, cmp.Comparer(func(a, b json.RawMessage) bool {
		var x, y any
		return json.Unmarshal(a, &x) == nil && json.Unmarshal(b, &y) == nil && cmp.Equal(x, y)
	}))
}

func FuzzDecodeContent(f *testing.F) {
	f.Add([]byte(`{"type":"text","content":{"body":"a","preview_url":true}}`))
	f.Add([]byte(`{"type":"media","content":{"kind":"image","link":"https://h.example/"}}`))
	f.Add([]byte(`{"type":"text","content":null}`))
	f.Add([]byte(`{"type":"interactive","content":{"flow":{}}}`))
	for _, c := range everyContent() {
		data, err := EncodeContent(c)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := DecodeContent(data)
		if err != nil {
			return
		}
		c.Validate()
		ForGroups(c)
		if t, ok := c.(Template); ok {
			FillingOf(t).Fit(TemplateDefinition{Authentication: true, Buttons: []ButtonDefinition{{Kind: "URL", URL: "https://h.example/{{1}}"}}})
		}
		once, err := EncodeContent(c)
		if err != nil {
			t.Fatal(err)
		}
		again, err := DecodeContent(once)
		if err != nil || !cmp.Equal(again, c, cmpopts.EquateEmpty(), sameJSON()) {
			t.Fatalf("got %#v and error %v, want %#v", again, err, c)
		}
		if twice, err := EncodeContent(again); err != nil || !bytes.Equal(once, twice) {
			t.Fatalf("got %s and error %v, want %s", twice, err, once)
		}
	})
}
